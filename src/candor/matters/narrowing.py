"""What a case closes: its recordings to everybody but its own people, and an officer out of the footage of the
investigation of what they did. Both follow from the case: its people, its recordings and its state.

`follow` makes it so after any change of a case, and writes only what is not so yet. Whoever is let in or kept out by
hand stays so.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody.events import Event
from candor.footage import access_policy
from candor.footage.access_policy import read_policy
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.restriction_tables import restriction, restriction_person
from candor.footage.restrictions import clean_reason, end_named, name_person, place, take_away
from candor.law.vocabulary import CaseKind
from candor.matters.holding import held, note
from candor.matters.rules import WALLS, CaseState, Part
from candor.matters.tables import matter, matter_person, matter_recording
from candor.matters.wall_errors import CircleWrong
from candor.matters.wall_tables import matter_closed_circle
from candor.matters.walls import apply_walls
from candor.people.rules import Actor, Permission

__all__ = ["close_circle", "follow", "is_closed_circle", "open_circle"]

#: In these an officer's own acts are looked into.
_OF_OFFICERS = (CaseKind.COMPLAINT, CaseKind.DISCIPLINARY, CaseKind.FORCE_REVIEW)
#: Who works on a case, besides its owner. An officer whose acts are looked into, and a witness, do not.
_WORKING = (Part.COUNSEL, Part.INVESTIGATOR, Part.OTHER, Part.PROSECUTOR)
_OF_THE_CASE = "of the case"
_SUBJECT = "their acts are looked into"


def follow(tx: Connection, case_id: str, actor: Actor, *, clock: Clock | None = None) -> None:
    """Bring restrictions into line with a case as it stands now in this transaction."""
    clock, by = clock or SystemClock(), actor.account_id
    row = tx.execute(sa.select(matter).where(matter.c.id == case_id)).one()
    inside = matter_recording.c.matter_id == case_id, matter_recording.c.removed_at.is_(None)
    recordings = sorted(set(tx.scalars(sa.select(matter_recording.c.recording_id).where(*inside))))
    subjects: set[str] = set()
    if row.state == CaseState.OPEN and row.kind in _OF_OFFICERS and read_policy(tx).subjects_kept_out:
        subjects = _people(tx, case_id, (Part.SUBJECT_OFFICER,))
    _keep(tx, case_id, RestrictionKind.STATEMENT, recordings if subjects else [], subjects, _SUBJECT, by, clock)
    closed = is_closed_circle(tx, case_id)
    circle = {row.owner_id, *_people(tx, case_id, _WORKING)}
    _keep(tx, case_id, RestrictionKind.CASE, recordings if closed else [], circle, _OF_THE_CASE, by, clock)
    apply_walls(tx, case_id, by, clock=clock)


def close_circle(tx: Connection, actor: Actor, case_id: str, *, reason: str, clock: Clock | None = None) -> None:
    """Let nobody see a case and its recordings but its own people. Raises Refused, CaseUnknown, CircleWrong."""
    actor.require(Permission.RESTRICTIONS_MANAGE)
    clock, why = clock or SystemClock(), clean_reason(reason)
    row = held(tx, actor, case_id, must_be_open=False)
    if is_closed_circle(tx, row.id):
        raise CircleWrong(number=row.number, reason="is open to its own people alone already")
    entry = {"id": new_id(), "matter_id": row.id, "reason": why}
    tx.execute(matter_closed_circle.insert(), {**entry, "placed_by": actor.account_id, "placed_at": clock.now()})
    note(tx, Event.CASE_CIRCLE_CLOSED, actor, row.id, {"reason": why}, clock=clock)
    follow(tx, row.id, actor, clock=clock)


def open_circle(tx: Connection, actor: Actor, case_id: str, *, reason: str, clock: Clock | None = None) -> None:
    """Let roles decide again who sees a case and its recordings. Only its own people can: others do not see it.
    Raises Refused, CaseUnknown, CircleWrong."""
    actor.require(Permission.RESTRICTIONS_MANAGE)
    clock, why = clock or SystemClock(), clean_reason(reason)
    row = held(tx, actor, case_id, must_be_open=False)
    if not is_closed_circle(tx, row.id):
        raise CircleWrong(number=row.number, reason="is not restricted to its own people")
    open_now = matter_closed_circle.c.matter_id == row.id, matter_closed_circle.c.lifted_at.is_(None)
    lifted = {"lifted_by": actor.account_id, "lifted_at": clock.now(), "lift_reason": why}
    tx.execute(matter_closed_circle.update().where(*open_now).values(lifted))
    note(tx, Event.CASE_CIRCLE_OPENED, actor, row.id, {"reason": why}, clock=clock)
    follow(tx, row.id, actor, clock=clock)


def is_closed_circle(tx: Connection, case_id: str) -> bool:
    """Whether a case is open to its own people alone."""
    open_now = matter_closed_circle.c.matter_id == case_id, matter_closed_circle.c.lifted_at.is_(None)
    return tx.execute(sa.select(matter_closed_circle.c.id).where(*open_now)).first() is not None


def _people(tx: Connection, case_id: str, parts: Collection[Part]) -> set[str]:
    person = matter_person.c
    query = sa.select(person.account_id).where(
        person.matter_id == case_id,
        person.part.in_([part.value for part in parts]),
        person.account_id.is_not(None),
        person.ended_at.is_(None),
    )
    return {str(one) for one in tx.scalars(query)}


def _keep(
    tx: Connection,
    case_id: str,
    kind: RestrictionKind,
    recordings: Collection[str],
    people: set[str],
    why: str,
    by: str,
    clock: Clock,
) -> None:
    """Restrict exactly these recordings by the case, and name exactly these people for that reason."""
    may = kind is RestrictionKind.CASE
    query = sa.select(restriction.c.id, restriction.c.recording_id).where(
        restriction.c.ref == case_id, restriction.c.kind == kind.value, restriction.c.lifted_at.is_(None)
    )
    held_now = {row.recording_id: row.id for row in tx.execute(query)}
    for recording_id in sorted(held_now.keys() - set(recordings)):
        take_away(tx, held_now.pop(recording_id), reason="the case does not ask for it now", actor=by, clock=clock)
    named = sa.select(restriction_person.c.restriction_id, restriction_person.c.account_id, restriction_person.c.reason)
    named = named.where(restriction_person.c.restriction_id.in_(held_now.values()))
    rows = tx.execute(named.where(restriction_person.c.ended_at.is_(None))).all()
    there = {(row.restriction_id, row.account_id) for row in rows}
    for row in rows:
        if row.reason == why and row.account_id not in people:
            end_named(tx, row.restriction_id, row.account_id, reason=f"no longer {why}", actor=by, clock=clock)
    for recording_id in recordings:
        one = held_now.get(recording_id) or place(
            tx, recording_id, kind, ref=case_id, reason=f"by its case: {why}", actor=by, clock=clock
        )
        for account_id in sorted(people):
            if (one, account_id) not in there:
                name_person(tx, one, account_id, may=may, reason=why, actor=by, clock=clock)


def _outside_the_circle(actor: Actor) -> sa.ColumnElement[bool]:
    """Which cases are hidden from whoever is not one of their own people."""
    if actor.account_id.startswith("system:"):
        return sa.false()
    closed = sa.select(matter_closed_circle.c.matter_id).where(matter_closed_circle.c.lifted_at.is_(None))
    inside = sa.select(matter_person.c.matter_id).where(
        matter_person.c.account_id == actor.account_id,
        matter_person.c.part.in_([part.value for part in _WORKING]),
        matter_person.c.ended_at.is_(None),
    )
    return sa.and_(matter.c.id.in_(closed), matter.c.owner_id != actor.account_id, matter.c.id.not_in(inside))


def _follow_policy(tx: Connection, actor: Actor, clock: Clock | None) -> None:
    """The agency says anew whether officers are kept out: that holds for every case that goes on."""
    of_officers = matter.c.kind.in_([kind.value for kind in _OF_OFFICERS])
    going_on = sa.select(matter.c.id).where(of_officers, matter.c.state == CaseState.OPEN.value)
    for case_id in tx.scalars(going_on.order_by(matter.c.id)).all():
        follow(tx, case_id, actor, clock=clock)


WALLS.append(_outside_the_circle)
access_policy.CHANGED.append(_follow_policy)
