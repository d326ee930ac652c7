"""Who wore the camera: what is said, against who had it.

The rule, for a recording of a device that somebody is known to have had about its start:

1. Its true start is estimated from what the camera's clock was found to be off (`fleet.clock_rules`), with an
   uncertainty. A clock that was never compared counts as right to five minutes; a start read from a file's name as
   right to a minute more; the file's own date is the end of the recording, so its start lies up to an hour before. The
   time of receipt says nothing of the start, and nothing follows from it.
2. If one person alone can have had the device then, that person is the wearer. Where the file, the dock or whoever
   handed it in says somebody else, that is a conflict.
3. If several can have had it, because it changed hands within the uncertainty, it is whoever is said, if one of them;
   otherwise nobody, and a conflict: no guess is made.
4. If nobody is known to have had it, it is whoever is said.

What a person set by hand or settled stays, whatever is entered later of who had the device.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, iso
from candor.custody import record as custody
from candor.custody.events import Event
from candor.fleet import assignments, clocks
from candor.fleet.assignments import Assignment, Changed
from candor.fleet.spans import Span, gaps
from candor.footage.discrepancies import Conflict, Field, Why, end_open, note_conflict, put_wearer
from candor.footage.errors import WearersTooMany
from candor.footage.rules import RecordingState
from candor.footage.tables import recording, recording_wearing
from candor.footage.times import TimeSource
from candor.people.tables import account

__all__ = ["Basis", "Wearing", "derive_again", "derive_one", "note_conflicts", "set_by_hand", "wearer_of"]

#: How far off a clock may be that was never compared.
NEVER_COMPARED = timedelta(minutes=5)
#: What a start that is read from a name may be off besides, and how long before its file's date a recording began.
NAME_RESOLUTION, LONGEST_BEFORE_DATE = timedelta(minutes=1), timedelta(hours=1)
#: Recordings whose wearer one entry of who had a camera may change.
MOST_AT_ONCE = 2000
#: How far around what is entered recordings are looked at, besides the largest offset of the camera's clock.
_AROUND = timedelta(days=1)
#: No start before 2000 counts as likely (`footage.times`), so no offset beyond this leads to one.
_LARGEST_OFFSET = timedelta(days=366 * 60)
_MOMENT = timedelta(microseconds=1)


class Basis(StrEnum):
    """What a recording's wearer follows from."""

    ASSIGNMENT = "assignment"
    SAID = "said"
    NOBODY = "nobody"
    HAND = "hand"


@dataclass(frozen=True)
class Wearing:
    """Who counts as wearer, of which unit, and what is said otherwise. The last fields are what it was made from."""

    wearer_id: str | None
    unit_id: str | None
    conflicts: tuple[Conflict, ...] = ()
    basis: Basis = Basis.SAID
    said_wearer_id: str | None = None
    said_unit_id: str | None = None
    face: str = ""


def wearer_of(
    tx: Connection,
    *,
    said_wearer: str | None,
    said_unit: str | None,
    device_id: str | None,
    face: str,
    started_at: datetime,
    source: TimeSource = TimeSource.CLAIM,
    handed_over_at: datetime | None = None,
    by_hand: bool = False,
) -> Wearing:
    """Who wore the camera of a recording that began then, by the rule above.

    `source`: where the start comes from; `handed_over_at`: when it came in; `by_hand`: what is said was set by a
    person and stays.
    """
    basis = Basis.HAND if by_hand else Basis.NOBODY if said_wearer is None else Basis.SAID
    said = Wearing(said_wearer, said_unit, (), basis, said_wearer, said_unit, face)
    if device_id is None or by_hand or source is TimeSource.RECEIPT:
        return said
    span = _span_of(tx, device_id, started_at, source, handed_over_at)
    return _decided(tx, said, span, assignments.assignments_between(tx, device_id, span))


def note_conflicts(tx: Connection, recording_id: str, wearing: Wearing, *, actor: str, clock: Clock) -> None:
    """Keep what the wearer was made from, and open what somebody has to settle (or end what agrees now), once the
    recording's row is there."""
    row = {
        "said_wearer_id": wearing.said_wearer_id,
        "said_unit_id": wearing.said_unit_id,
        "face": wearing.face,
        "basis": wearing.basis.value,
        "derived_at": clock.now(),
    }
    same = recording_wearing.c.recording_id == recording_id
    if not tx.execute(recording_wearing.update().where(same).values(row)).rowcount:
        tx.execute(recording_wearing.insert(), {"recording_id": recording_id, **row})
    if wearing.basis is Basis.HAND:
        return
    for conflict in wearing.conflicts:
        note_conflict(tx, recording_id, conflict, actor=actor, clock=clock)
    if not wearing.conflicts:
        end_open(tx, recording_id, Field.WEARER, actor=actor, clock=clock)


def derive_again(tx: Connection, changed: Changed, clock: Clock) -> None:
    """Derive the wearer anew of every recording that what was entered can concern, but for those that a person set;
    each change is an event. Raises WearersTooMany, and then nothing is changed."""
    count = 0
    for row in _concerned(tx, changed):
        said = _said(tx, row)
        if said is None:
            continue
        source = TimeSource(row.started_source)
        if source is TimeSource.RECEIPT:
            continue
        span = _span_of(tx, changed.device_id, row.started_at, source, row.received_at)
        held = assignments.assignments_between(tx, changed.device_id, span)
        wearing = _decided(tx, said, span, held)
        if (wearing.wearer_id, wearing.unit_id) != (row.wearer_id, row.unit_id):
            count += 1
            if count > MOST_AT_ONCE:
                raise WearersTooMany(most=MOST_AT_ONCE)
            _change(tx, row, wearing, changed.assignment_id, changed.actor, clock)
        note_conflicts(tx, row.id, wearing, actor=changed.actor, clock=clock)


def derive_one(tx: Connection, recording_id: str, *, actor: str, clock: Clock) -> None:
    """Derive the wearer of one recording anew after its camera or its start was set right; what a person set of the
    wearer stays. One that is still coming in is derived when it is complete."""
    row = tx.execute(sa.select(recording).where(recording.c.id == recording_id).with_for_update()).one()
    said = _said(tx, row) if row.state == RecordingState.SEALED.value else None
    if said is None:
        return
    wearing = wearer_of(
        tx,
        said_wearer=said.said_wearer_id,
        said_unit=said.said_unit_id,
        device_id=row.device_id,
        face=said.face,
        started_at=row.started_at,
        source=TimeSource(row.started_source),
        handed_over_at=row.received_at,
    )
    if (wearing.wearer_id, wearing.unit_id) != (row.wearer_id, row.unit_id):
        _change(tx, row, wearing, None, actor, clock)
    note_conflicts(tx, recording_id, wearing, actor=actor, clock=clock)


assignments.AFTER.append(derive_again)


def _span_of(
    tx: Connection, device_id: str, started_at: datetime, source: TimeSource, handed_over_at: datetime | None
) -> Span:
    """From when until just before when the recording can have begun."""
    if source is TimeSource.CORRECTED:
        return Span(started_at, started_at + _MOMENT)
    found = clocks.estimate_start(tx, device_id, started_at, handed_over_at=handed_over_at)
    width = NEVER_COMPARED if found.uncertainty is None else found.uncertainty
    before = width + (LONGEST_BEFORE_DATE if source is TimeSource.FILE_DATE else timedelta(0))
    after = width + (NAME_RESOLUTION if source is TimeSource.NAME else timedelta(0))
    try:
        return Span(found.at - before, found.at + after + _MOMENT)
    except OverflowError:  # a clock that claimed the first or the last year there is says nothing of the start
        return Span(started_at - NEVER_COMPARED, started_at + NEVER_COMPARED)


def _decided(tx: Connection, said: Wearing, span: Span, held: Sequence[Assignment]) -> Wearing:
    """The rule."""
    given = [one for one in held if one.account_id is not None]
    persons = sorted({one.account_id for one in given if one.account_id is not None})
    if not persons:
        return said
    always = not gaps(span, (one.span for one in given))
    middle = span.from_at + ((span.to_at or span.from_at) - span.from_at) / 2
    if len(persons) == 1 and (always or any(one.span.holds(middle) for one in given)):
        (holder,) = persons
        unit = _unit_of(tx, holder)
        decided = replace(said, wearer_id=holder, basis=Basis.ASSIGNMENT)
        if said.said_wearer_id in (None, holder):
            return replace(decided, unit_id=said.said_unit_id or unit)
        conflict = Conflict(Field.WEARER, Why.DIFFERS, (_by(said), *_by_assignments(given)))
        return replace(decided, unit_id=unit or said.said_unit_id, conflicts=(conflict,))
    if said.said_wearer_id in persons:
        return said
    named = () if said.said_wearer_id is None else (_by(said),)
    conflict = Conflict(Field.WEARER, Why.UNCERTAIN, (*named, *_by_assignments(given)))
    units = {_unit_of(tx, person) for person in persons}
    unit = units.pop() if len(units) == 1 else None
    return replace(said, wearer_id=None, unit_id=said.said_unit_id or unit, conflicts=(conflict,), basis=Basis.NOBODY)


def _by(said: Wearing) -> Mapping[str, Any]:
    return {"says": said.face, "value": said.said_wearer_id}


def _by_assignments(given: Sequence[Assignment]) -> tuple[Mapping[str, Any], ...]:
    return tuple(
        {
            "says": "assignment",
            "value": one.account_id,
            "assignment": one.id,
            "from": iso(one.from_at),
            "to": None if one.to_at is None else iso(one.to_at),
        }
        for one in given
    )


def _unit_of(tx: Connection, account_id: str) -> str | None:
    return tx.scalar(sa.select(account.c.unit_id).where(account.c.id == account_id))


def _concerned(tx: Connection, changed: Changed) -> list[sa.Row[Any]]:
    """The sealed recordings of the device whose start can lie in what was entered, held until the transaction ends.
    What is still coming in is derived when it is complete."""
    offsets = [abs(one.offset) for one in clocks.readings_of(tx, changed.device_id)]
    around = _AROUND + LONGEST_BEFORE_DATE + min(max(offsets, default=timedelta(0)), _LARGEST_OFFSET)
    query = sa.select(recording).where(
        recording.c.device_id == changed.device_id,
        recording.c.state == RecordingState.SEALED.value,
        recording.c.started_at >= changed.span.from_at - around,
    )
    if changed.span.to_at is not None:
        query = query.where(recording.c.started_at <= changed.span.to_at + around)
    # Over one recording after another in one order: two who correct at once wait, and do not lock each other out.
    return list(tx.execute(query.order_by(recording.c.started_key).with_for_update(of=recording)).all())


def _said(tx: Connection, row: sa.Row[Any]) -> Wearing | None:
    """What was said of the wearer when it came in; None when a person set it since."""
    kept = tx.execute(sa.select(recording_wearing).where(recording_wearing.c.recording_id == row.id)).first()
    if kept is not None and kept.basis == Basis.HAND.value:
        return None
    if row.version > 1 and set_by_hand(tx, row.id):
        return None
    if kept is None:  # it came in before this was kept
        if row.wearer_id is not None:
            return None
        return Wearing(None, row.unit_id, (), Basis.NOBODY, None, row.unit_id, "")
    basis = Basis.NOBODY if kept.said_wearer_id is None else Basis.SAID
    said = (kept.said_wearer_id, kept.said_unit_id)
    return Wearing(*said, (), basis, *said, kept.face)


def set_by_hand(tx: Connection, recording_id: str) -> bool:
    """Whether a person set wearer or unit, or settled a conflict about them."""
    for event in custody.history(tx, recording_id):
        if event.is_erased:  # by order; nobody derives anything of it any more
            continue
        if event.kind is Event.RECORDING_CHANGED and {"wearer", "unit"} & event.details["changed"].keys():
            return True
        if event.kind is Event.DISCREPANCY_SETTLED and event.details["field"] == Field.WEARER.value:
            return True
    return False


def _change(
    tx: Connection, row: sa.Row[Any], wearing: Wearing, assignment_id: str | None, actor: str, clock: Clock
) -> None:
    told = put_wearer(tx, row, wearing.wearer_id, wearing.unit_id, disputed=bool(wearing.conflicts))
    details = {**told, "assignment": assignment_id, "basis": wearing.basis.value}
    custody.append(tx, Event.RECORDING_WEARER_DERIVED, actor=actor, recording=row.id, details=details, clock=clock)
