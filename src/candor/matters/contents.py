"""The recordings of a case: adding them one by one, chosen ones, those of an incident; taking one out.

What a recording's own history says of it names the case by its id alone and gives no reason: that history is handed
out with the recording, to people who may not know of the case. The reason stands with the case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody.events import Event
from candor.footage import indexing, regrouping, search
from candor.footage.errors import RecordingUnknown
from candor.footage.query import Query
from candor.footage.rules import RecordingState, visible_to
from candor.footage.tables import recording
from candor.footage.words import Fact, fact
from candor.matters.errors import CaseEntryUnknown, NothingToAdd, TooManyForCase
from candor.matters.holding import held, note
from candor.matters.narrowing import follow
from candor.matters.reading import find_case
from candor.matters.rules import check_reason
from candor.matters.tables import matter_recording
from candor.matters.walls import check_recordings
from candor.people.rules import Actor

__all__ = ["MOST_AT_ONCE", "add_by_incident", "add_recordings", "pass_on", "remove_recording"]

#: Recordings that are added by one act, which is one transaction.
MOST_AT_ONCE = 500


def add_recordings(
    tx: Connection,
    actor: Actor,
    case_id: str,
    recording_ids: Sequence[str],
    *,
    reason: str,
    clock: Clock | None = None,
) -> list[str]:
    """Add recordings to an open case; the ids of those that were not in it before, in order.

    A recording that became part of another one stands for that. All or none: raises Refused, CaseUnknown, CaseClosed,
    CaseReasonMissing, TooManyForCase, WallRefused, and RecordingUnknown for the first that the actor may not see.
    """
    clock, why = clock or SystemClock(), check_reason(reason)
    before = held(tx, actor, case_id)
    given = set(recording_ids)
    if len(given) > MOST_AT_ONCE:
        raise TooManyForCase(most=MOST_AT_ONCE, count=len(given))
    if not given:
        raise NothingToAdd(incident="–")
    # One order for everybody: two such acts cannot wait for each other.
    chosen = sorted({_whole(tx, actor, one) for one in given})
    there = set(tx.scalars(sa.select(matter_recording.c.recording_id).where(_now(before.id, chosen))))
    added = [one for one in chosen if one not in there]
    check_recordings(tx, before.id, added)
    # Whoever is about to destroy one is waited for, or waits and hears of the case and of what holds it.
    tx.execute(sa.select(recording.c.id).where(recording.c.id.in_(added)).order_by(recording.c.id).with_for_update())
    for one in added:
        _add(tx, actor, before.id, one, why, clock)
    follow(tx, before.id, actor, clock=clock)
    return added


def add_by_incident(
    tx: Connection, actor: Actor, case_id: str, incident: str, *, reason: str, clock: Clock | None = None
) -> list[str]:
    """Add the recordings of an incident that the actor may see; the ids of those that were not in the case before.

    Raises NothingToAdd when there is none, and what `add_recordings` raises.
    """
    number = incident.strip()
    found = search.find_ids(tx, actor, Query(incident=number), MOST_AT_ONCE + 1) if number else []
    if not found:
        held(tx, actor, case_id)
        raise NothingToAdd(incident=number or "–")
    return add_recordings(tx, actor, case_id, found, reason=reason, clock=clock)


def remove_recording(
    tx: Connection, actor: Actor, case_id: str, recording_id: str, *, reason: str, clock: Clock | None = None
) -> None:
    """Take a recording out of an open case; that it was in it stays on record.

    One that the actor may not see cannot be taken out either. Raises Refused, CaseUnknown, CaseClosed,
    CaseReasonMissing, CaseEntryUnknown.
    """
    clock, why = clock or SystemClock(), check_reason(reason)
    before = held(tx, actor, case_id)
    seen = sa.exists().where(recording.c.id == recording_id, visible_to(actor).expression)
    row = tx.execute(sa.select(matter_recording.c.id).where(_now(before.id, [recording_id]), seen)).first()
    if row is None:
        raise CaseEntryUnknown(number=before.number)
    values = {"removed_at": clock.now(), "removed_by": actor.account_id, "remove_reason": why}
    tx.execute(matter_recording.update().where(matter_recording.c.id == row.id).values(**values))
    details = {"entry": row.id, "reason_sha256": _digest(why)}
    note(tx, Event.CASE_RECORDING_REMOVED, actor, before.id, details, recording=recording_id, clock=clock)
    indexing.index_recording(tx, recording_id)
    follow(tx, before.id, actor, clock=clock)


def pass_on(tx: Connection, whole_id: str, other_id: str, actor: Actor, clock: Clock) -> None:
    """A recording became part of another one: that belongs to its cases as well, open and closed ones. The recording
    that was joined stays in them, as it was."""
    query = sa.select(matter_recording.c.matter_id, matter_recording.c.reason).where(
        matter_recording.c.recording_id == other_id, matter_recording.c.removed_at.is_(None)
    )
    for row in tx.execute(query.order_by(matter_recording.c.matter_id)).all():
        if tx.execute(sa.select(matter_recording.c.id).where(_now(row.matter_id, [whole_id]))).first() is None:
            check_recordings(tx, row.matter_id, [whole_id])
            _add(tx, actor, row.matter_id, whole_id, row.reason, clock)
            follow(tx, row.matter_id, actor, clock=clock)


def _words(tx: Connection, recording_id: str) -> list[str]:
    """The words by which a recording is found for the cases that it is in."""
    inside = (matter_recording.c.recording_id == recording_id, matter_recording.c.removed_at.is_(None))
    cases = tx.scalars(sa.select(matter_recording.c.matter_id).where(*inside))
    return [fact(Fact.MATTER, case_id) for case_id in cases]


def _meant(tx: Connection, actor: Actor, number: str) -> str | None:
    found = find_case(tx, actor, number)
    return None if found is None else found.id


regrouping.PASS_ON.append(pass_on)
indexing.MORE.append(_words)
search.CASES.append(_meant)


def _add(tx: Connection, actor: Actor, case_id: str, recording_id: str, why: str, clock: Clock) -> None:
    row = {
        "id": new_id(),
        "matter_id": case_id,
        "recording_id": recording_id,
        "reason": why,
        "added_by": actor.account_id,
        "added_at": clock.now(),
    }
    tx.execute(matter_recording.insert(), row)
    details = {"entry": row["id"], "reason_sha256": _digest(why)}
    note(tx, Event.CASE_RECORDING_ADDED, actor, case_id, details, recording=recording_id, clock=clock)
    indexing.index_recording(tx, recording_id)


def _whole(tx: Connection, actor: Actor, recording_id: str) -> str:
    """The recording itself, or the one that it became part of. Raises RecordingUnknown unless the actor may see it."""
    columns = (recording.c.id, recording.c.state, recording.c.regrouped_into)
    query = sa.select(*columns).where(visible_to(actor).expression)
    row = tx.execute(query.where(recording.c.id == recording_id)).first()
    while row is not None and row.state == RecordingState.REGROUPED and row.regrouped_into:
        row = tx.execute(query.where(recording.c.id == row.regrouped_into)).first()
    if row is None:
        raise RecordingUnknown(id=recording_id)
    return str(row.id)


def _now(case_id: str, recording_ids: Sequence[str]) -> sa.ColumnElement[bool]:
    return sa.and_(
        matter_recording.c.matter_id == case_id,
        matter_recording.c.recording_id.in_(recording_ids),
        matter_recording.c.removed_at.is_(None),
    )


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()
