"""What people do to restrictions: restrict, lift, let in, keep out; with the right to it, and never for oneself."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.footage.errors import RecordingUnknown
from candor.footage.restriction_errors import (
    RestrictionFollows,
    RestrictionOwn,
    RestrictionPersonWrong,
)
from candor.footage.restriction_rules import Hidden, RestrictionKind
from candor.footage.restriction_tables import restriction_person
from candor.footage.restrictions import (
    end_named,
    held_restriction,
    must_not_hold,
    name_person,
    one_after_another,
    place,
    restrictions_of,
    take_away,
)
from candor.footage.rules import closed_to, reach, visible_to
from candor.footage.tables import recording
from candor.people import auditing
from candor.people.rules import Actor, Permission
from candor.people.tables import account

__all__ = ["end_person", "keep_out", "let_in", "lift", "may_manage", "restrict", "why_not"]

#: What people place by themselves; the others follow from a label, a case or an order.
_BY_HAND = (RestrictionKind.CASE, RestrictionKind.OFFICER)
_FOLLOWS = {
    RestrictionKind.LABEL: "a label of the recording",
    RestrictionKind.STATEMENT: "a case",
    RestrictionKind.COMPELLED: "a case",
    RestrictionKind.ERASED: "an order",
}
_OWN = "footage.restriction not-for-oneself"


def may_manage(tx: Connection, actor: Actor, recording_id: str) -> None:
    """Raise Refused, or RecordingUnknown where the recording lies beyond the actor's role or the actor is kept out of
    it. Whoever may restrict deals with recordings that a restriction hides from them, without seeing them."""
    actor.require(Permission.RESTRICTIONS_MANAGE)
    named = restriction_person.c
    kept_out = named.recording_id == recording_id, named.account_id == actor.account_id, named.may.is_(sa.false())
    within = sa.select(recording.c.id).where(recording.c.id == recording_id, reach(actor).by_role())
    if (
        tx.execute(within).first() is None
        or tx.execute(sa.select(named.id).where(*kept_out, named.ended_at.is_(None))).first() is not None
    ):
        raise RecordingUnknown(id=recording_id)


def restrict(
    tx: Connection,
    actor: Actor,
    recording_id: str,
    kind: RestrictionKind,
    *,
    account_id: str | None = None,
    reason: str,
    rule: str = "",
    clock: Clock | None = None,
) -> str:
    """Restrict a recording: to people who will be let in (`case`), or an officer out of it (`officer`, `account_id`);
    the restriction's id. Whoever restricts it to named people is the first of them; whoever wore the camera does not.

    Raises Refused, RecordingUnknown, RestrictionFollows, RestrictionPersonWrong, RestrictedAlready.
    """
    may_manage(tx, actor, recording_id)
    if kind not in _BY_HAND:
        raise RestrictionFollows(what=_FOLLOWS[kind], act="placed")
    _not_the_wearer(tx, actor, recording_id)
    if kind is RestrictionKind.OFFICER:
        if account_id is None:
            raise RestrictionPersonWrong(reason="say which officer is kept out")
        _known(tx, account_id)
        if account_id == actor.account_id:
            raise RestrictionOwn(rule=_OWN, reason="nobody is their own judge of what they are kept out of")
    ref = account_id if kind is RestrictionKind.OFFICER and account_id else ""
    must_not_hold(tx, recording_id, kind, ref)
    made = place(tx, recording_id, kind, ref=ref, reason=reason, rule=rule, actor=actor.account_id, clock=clock)
    if kind is RestrictionKind.OFFICER and account_id:
        name_person(tx, made, account_id, may=False, reason=reason, actor=actor.account_id, clock=clock)
    elif _is_account(tx, actor.account_id):
        name_person(tx, made, actor.account_id, may=True, reason=reason, actor=actor.account_id, clock=clock)
    return made


def lift(tx: Connection, actor: Actor, restriction_id: str, *, reason: str, clock: Clock | None = None) -> None:
    """Lift what was placed by hand. What an order closed is opened by an order; a wall is lifted by no account, and by
    an operator of the machine alone, where it was put up by mistake. Raises Refused, RestrictionOwn where it hides the
    recording from whoever would lift it, RecordingUnknown, RestrictionUnknown, RestrictionFollows."""
    row = _managed(tx, actor, restriction_id)
    if row.kind in (RestrictionKind.LABEL.value, RestrictionKind.STATEMENT.value, RestrictionKind.ERASED.value):
        raise RestrictionFollows(what=_FOLLOWS[RestrictionKind(row.kind)], act="lifted")
    if not _sees(tx, actor, row.recording_id):
        reason_of_rule = "whoever a restriction keeps out does not lift it"
        raise RestrictionOwn(rule=_OWN, reason=reason_of_rule)
    if row.kind == RestrictionKind.COMPELLED.value and Hidden.from_actor(actor) is not None:
        raise RestrictionFollows(what=_FOLLOWS[RestrictionKind.COMPELLED], act="lifted")
    take_away(tx, restriction_id, reason=reason, actor=actor.account_id, clock=clock)


def let_in(
    tx: Connection, actor: Actor, restriction_id: str, account_id: str, *, reason: str, clock: Clock | None = None
) -> None:
    """Let another person in. Raises Refused, RestrictionOwn, RestrictionUnknown, RestrictionPersonWrong, and what a
    wall refuses."""
    one_after_another(tx)
    row = _managed(tx, actor, restriction_id)
    if account_id == actor.account_id:
        raise RestrictionOwn(rule=_OWN, reason="nobody lets themselves in")
    _known(tx, account_id)
    if row.kind in (RestrictionKind.OFFICER.value, RestrictionKind.STATEMENT.value):
        raise RestrictionPersonWrong(reason="this restriction keeps officers out; end their entry instead")
    name_person(tx, restriction_id, account_id, may=True, reason=reason, actor=actor.account_id, clock=clock)


def keep_out(
    tx: Connection, actor: Actor, restriction_id: str, account_id: str, *, reason: str, clock: Clock | None = None
) -> None:
    """Keep a person out, whoever wore the camera and whatever their roles. Raises as `let_in`."""
    _managed(tx, actor, restriction_id)
    _known(tx, account_id)
    name_person(tx, restriction_id, account_id, may=False, reason=reason, actor=actor.account_id, clock=clock)


def end_person(
    tx: Connection, actor: Actor, restriction_id: str, account_id: str, *, reason: str, clock: Clock | None = None
) -> None:
    """End what a restriction says of a person. Raises Refused, RestrictionOwn, RestrictionUnknown, and
    RestrictionFollows for those whom a wall keeps out."""
    row = _managed(tx, actor, restriction_id)
    if account_id == actor.account_id:
        raise RestrictionOwn(rule=_OWN, reason="nobody changes what is said of themselves")
    walled = row.kind == RestrictionKind.COMPELLED.value
    people = [person for one in restrictions_of(tx, row.recording_id) for person in one.people if one.id == row.id]
    if walled and any(person.account_id == account_id and not person.may for person in people):
        raise RestrictionFollows(what="the sides of its case", act="ended")
    if not end_named(tx, restriction_id, account_id, reason=reason, actor=actor.account_id, clock=clock):
        raise RestrictionPersonWrong(reason="the restriction says nothing of them")


def why_not(tx: Connection, actor: Actor, recording_id: str) -> list[str]:
    """By which rules a recording is hidden from the actor; nothing where it is not. Raises as `may_manage` for whoever
    may not even know that it exists."""
    may_manage(tx, actor, recording_id)
    if _sees(tx, actor, recording_id) or Hidden.from_actor(actor) is None:
        return []
    told = []
    for one in restrictions_of(tx, recording_id):
        if not any(person.may and person.account_id == actor.account_id for person in one.people):
            told.append(one.rule)
    return told


def _withheld(tx: Connection, actor: Actor, recording_ids: Collection[str]) -> set[str]:
    """Of which of these recordings the record of events does not tell the actor what it says: those that a wall, a
    case or a name closes to them. What a label restricts is told, or nobody could oversee who watches it."""
    return set(tx.scalars(sa.select(recording.c.id).where(recording.c.id.in_(recording_ids), closed_to(actor))))


auditing.WITHHELD.append(_withheld)


def _managed(tx: Connection, actor: Actor, restriction_id: str) -> sa.Row[Any]:
    row = held_restriction(tx, restriction_id)
    may_manage(tx, actor, row.recording_id)
    return row


def _not_the_wearer(tx: Connection, actor: Actor, recording_id: str) -> None:
    if tx.scalar(sa.select(recording.c.wearer_id).where(recording.c.id == recording_id)) == actor.account_id:
        raise RestrictionOwn(rule=_OWN, reason="nobody restricts who sees what they recorded themselves")


def _sees(tx: Connection, actor: Actor, recording_id: str) -> bool:
    query = sa.select(recording.c.id).where(recording.c.id == recording_id, visible_to(actor).expression)
    return tx.execute(query).first() is not None


def _is_account(tx: Connection, account_id: str) -> bool:
    return tx.execute(sa.select(account.c.id).where(account.c.id == account_id)).first() is not None


def _known(tx: Connection, account_id: str) -> None:
    if not _is_account(tx, account_id):
        raise RestrictionPersonWrong(reason=f"there is no account with the identifier {account_id}")
