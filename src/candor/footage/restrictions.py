"""Restrictions: what narrows who may see a recording, whatever their roles, and who is let in or kept out by name.

Rules it keeps:

1. A restriction narrows and never widens: to be let in is to be treated as if it were not there, and roles decide then.
   What opens a recording beyond roles is an opening (`openings`), for one granted purpose.
2. To be kept out by name beats being let in, and every role.
3. Each act is an event of the recording in the same transaction. What is taken back is ended with a reason.
4. Nobody lets themselves in, lifts what hides the recording from them, or lifts what keeps them out: another person
   does (CJIS Security Policy AC-5, separation of duties).
5. Where the recording stands restricted is written beside it in the same transaction (`restricted_place`), after the
   event, so that acts on one recording follow each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import regrouping
from candor.footage.restriction_errors import RestrictedAlready, RestrictionUnknown, RestrictionWordsMissing
from candor.footage.restriction_rules import NAMED_ONLY, RULES, Level, RestrictionKind
from candor.footage.restriction_tables import restricted_place, restriction, restriction_person
from candor.footage.tables import recording
from candor.people.rules import Actor

__all__ = [
    "BEFORE_LET_IN",
    "LONGEST_REASON",
    "NamedPerson",
    "Restriction",
    "clean_reason",
    "end_named",
    "held_restriction",
    "name_person",
    "one_after_another",
    "pass_on_restrictions",
    "place",
    "restrictions_of",
    "take_away",
]

LONGEST_REASON = 500
#: What rooms above ask before somebody is let in: (tx, the restriction's row, account's id). They raise what refuses.
BEFORE_LET_IN: list[Callable[[Connection, sa.Row[Any], str], None]] = []
#: Acts that ask who has seen what, and then decide who may, queue (SQLite's writers queue anyway).
_TURN = 0x63616E_77616C


@dataclass(frozen=True)
class NamedPerson:
    """Somebody who is let in (`may`) or kept out."""

    id: str
    account_id: str
    may: bool
    reason: str
    said_by: str
    said_at: datetime


@dataclass(frozen=True)
class Restriction:
    """A restriction that holds, and who is named in it."""

    id: str
    recording_id: str
    kind: RestrictionKind
    ref: str
    reason: str
    rule: str
    placed_by: str
    placed_at: datetime
    people: tuple[NamedPerson, ...]


def place(
    tx: Connection,
    recording_id: str,
    kind: RestrictionKind,
    *,
    ref: str = "",
    reason: str,
    rule: str = "",
    actor: str,
    clock: Clock | None = None,
) -> str:
    """Restrict a recording on behalf of a room that has decided it; the restriction's id. `actor`: who acts, by id.

    Where it holds already for that `ref`, its id, and nothing is written. Raises RestrictionWordsMissing.
    """
    clock, reason = clock or SystemClock(), clean_reason(reason)
    known = tx.scalar(
        sa.select(restriction.c.id).where(
            restriction.c.recording_id == recording_id,
            restriction.c.kind == kind.value,
            restriction.c.ref == ref,
            restriction.c.lifted_at.is_(None),
        )
    )
    if known is not None:
        return str(known)
    row = {
        "id": new_id(),
        "recording_id": recording_id,
        "kind": kind.value,
        "ref": ref,
        "reason": reason,
        "rule": rule or RULES[kind],
        "placed_by": actor,
        "placed_at": clock.now(),
    }
    tx.execute(restriction.insert(), row)
    details = {"restriction": row["id"], "kind": kind.value, "ref": ref, "reason": reason, "rule": row["rule"]}
    _told(tx, Event.RECORDING_RESTRICTED, recording_id, details, actor, clock)
    return str(row["id"])


def take_away(tx: Connection, restriction_id: str, *, reason: str, actor: str, clock: Clock | None = None) -> None:
    """Lift a restriction on behalf of a room that has decided it. Raises RestrictionUnknown when none holds."""
    clock, reason = clock or SystemClock(), clean_reason(reason)
    row = held_restriction(tx, restriction_id)
    values = {"lifted_by": actor, "lifted_at": clock.now(), "lift_reason": reason}
    tx.execute(restriction.update().where(restriction.c.id == restriction_id).values(values))
    named = restriction_person.c.restriction_id == restriction_id, restriction_person.c.ended_at.is_(None)
    ended = {"ended_by": actor, "ended_at": clock.now(), "end_reason": reason}
    tx.execute(restriction_person.update().where(*named).values(ended))
    details = {"restriction": restriction_id, "kind": row.kind, "ref": row.ref, "reason": reason}
    _told(tx, Event.RECORDING_RESTRICTION_LIFTED, row.recording_id, details, actor, clock)


def name_person(
    tx: Connection,
    restriction_id: str,
    account_id: str,
    *,
    may: bool,
    reason: str,
    actor: str,
    clock: Clock | None = None,
) -> None:
    """Let somebody in, or keep somebody out, on behalf of a room that has decided it; what was said of them by this
    restriction before is ended. Raises RestrictionUnknown, and what `BEFORE_LET_IN` raises."""
    clock, reason = clock or SystemClock(), clean_reason(reason)
    row = held_restriction(tx, restriction_id)
    if may:
        for check in BEFORE_LET_IN:
            check(tx, row, account_id)
    now = restriction_person.c.restriction_id == restriction_id, restriction_person.c.ended_at.is_(None)
    mine = restriction_person.c.account_id == account_id
    before = tx.execute(sa.select(restriction_person).where(*now, mine)).first()
    if before is not None and before.may == may:
        return
    if before is not None:
        ended = {"ended_by": actor, "ended_at": clock.now(), "end_reason": reason}
        tx.execute(restriction_person.update().where(restriction_person.c.id == before.id).values(ended))
    entry = {
        "id": new_id(),
        "restriction_id": restriction_id,
        "recording_id": row.recording_id,
        "account_id": account_id,
        "may": may,
        "reason": reason,
        "said_by": actor,
        "said_at": clock.now(),
    }
    tx.execute(restriction_person.insert(), entry)
    event = Event.RECORDING_LET_IN if may else Event.RECORDING_KEPT_OUT
    details = {"restriction": restriction_id, "kind": row.kind, "account": account_id, "reason": reason}
    _told(tx, event, row.recording_id, details, actor, clock)


def end_named(
    tx: Connection, restriction_id: str, account_id: str, *, reason: str, actor: str, clock: Clock | None = None
) -> bool:
    """End what a restriction says of somebody; whether it said anything."""
    clock, reason = clock or SystemClock(), clean_reason(reason)
    person = restriction_person.c
    held = person.restriction_id == restriction_id, person.account_id == account_id, person.ended_at.is_(None)
    before = tx.execute(sa.select(restriction_person).where(*held)).first()
    if before is None:
        return False
    ended = {"ended_by": actor, "ended_at": clock.now(), "end_reason": reason}
    tx.execute(restriction_person.update().where(person.id == before.id).values(ended))
    details = {"restriction": restriction_id, "account": account_id, "could": before.may, "reason": reason}
    _told(tx, Event.RECORDING_PERSON_ENDED, before.recording_id, details, actor, clock)
    return True


def restrictions_of(tx: Connection, recording_id: str) -> list[Restriction]:
    """What holds for a recording, the oldest first. Whoever calls has checked that the reader may know of it."""
    query = sa.select(restriction).where(restriction.c.recording_id == recording_id, restriction.c.lifted_at.is_(None))
    rows = tx.execute(query.order_by(restriction.c.placed_at, restriction.c.id)).all()
    named = sa.select(restriction_person).where(
        restriction_person.c.recording_id == recording_id, restriction_person.c.ended_at.is_(None)
    )
    people = tx.execute(named.order_by(restriction_person.c.said_at, restriction_person.c.id)).all()
    return [
        Restriction(
            row.id,
            row.recording_id,
            RestrictionKind(row.kind),
            row.ref,
            row.reason,
            row.rule,
            row.placed_by,
            row.placed_at,
            tuple(
                NamedPerson(one.id, one.account_id, one.may, one.reason, one.said_by, one.said_at)
                for one in people
                if one.restriction_id == row.id
            ),
        )
        for row in rows
    ]


def held_restriction(tx: Connection, restriction_id: str) -> sa.Row[Any]:
    """The row of a restriction that holds, held until the transaction ends. Raises RestrictionUnknown."""
    query = sa.select(restriction).where(restriction.c.id == restriction_id, restriction.c.lifted_at.is_(None))
    row = tx.execute(query.with_for_update()).first()
    if row is None:
        raise RestrictionUnknown(id=restriction_id)
    return row


def pass_on_restrictions(tx: Connection, from_id: str, to_id: str, *, actor: str, clock: Clock | None = None) -> None:
    """What holds for a recording whose parts join another holds for that one too. Who was let in to the one is not
    thereby let in to more: only where the other had no such restriction are people let in along with it."""
    there = {(one.kind, one.ref) for one in restrictions_of(tx, to_id)}
    for one in restrictions_of(tx, from_id):
        kept = place(tx, to_id, one.kind, ref=one.ref, reason=one.reason, rule=one.rule, actor=actor, clock=clock)
        for person in one.people:
            if not person.may or (one.kind, one.ref) not in there:
                name_person(tx, kept, person.account_id, may=person.may, reason=person.reason, actor=actor, clock=clock)


def _pass_on(tx: Connection, whole_id: str, other_id: str, actor: Actor, clock: Clock) -> None:
    pass_on_restrictions(tx, other_id, whole_id, actor=actor.account_id, clock=clock)


regrouping.PASS_ON.append(_pass_on)


def one_after_another(tx: Connection) -> None:
    """Wait, until the transaction ends, for whoever decides at the same moment who may see or do what: two acts that
    are each allowed must not together put somebody on both sides of a wall."""
    if tx.dialect.name == "postgresql":
        tx.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TURN})


def must_not_hold(tx: Connection, recording_id: str, kind: RestrictionKind, ref: str) -> None:
    """Raise RestrictedAlready where such a restriction holds."""
    if any(one.kind is kind and one.ref == ref for one in restrictions_of(tx, recording_id)):
        raise RestrictedAlready()


def clean_reason(text: str) -> str:
    """A reason as it is kept. Raises RestrictionWordsMissing."""
    words = " ".join(text.split())
    if not 1 <= len(words) <= LONGEST_REASON or not words.isprintable():
        raise RestrictionWordsMissing(longest=LONGEST_REASON)
    return words


def _told(tx: Connection, event: Event, recording_id: str, details: dict[str, Any], actor: str, clock: Clock) -> None:
    custody.append(tx, event, actor=actor, recording=recording_id, details=details, clock=clock)
    _write_down(tx, recording_id)


def _write_down(tx: Connection, recording_id: str) -> None:
    """Where the recording stands restricted now, after whoever acted on it before this transaction."""
    level = _level(tx, recording_id)
    mine = restricted_place.c.recording_id == recording_id
    if level is None:
        tx.execute(restricted_place.delete().where(mine))
        return
    if tx.execute(restricted_place.update().where(mine).values(level=int(level))).rowcount == 0:
        key = tx.scalar(sa.select(recording.c.started_key).where(recording.c.id == recording_id))
        tx.execute(restricted_place.insert(), {"recording_id": recording_id, "key": key, "level": int(level)})


def _level(tx: Connection, recording_id: str) -> Level | None:
    held = restriction.c.recording_id == recording_id, restriction.c.lifted_at.is_(None)
    kinds: set[str] = set(tx.scalars(sa.select(restriction.c.kind).where(*held)))
    named = restriction_person.c
    kept_out = named.recording_id == recording_id, named.may.is_(sa.false()), named.ended_at.is_(None)
    somebody = tx.execute(sa.select(named.id).where(*kept_out).limit(1)).first() is not None
    if somebody or kinds & {kind.value for kind in NAMED_ONLY}:
        return Level.PEOPLE
    return Level.LABEL if RestrictionKind.LABEL.value in kinds else None
