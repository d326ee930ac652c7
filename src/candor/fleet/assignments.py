"""Who had which device when: one function per act, in the caller's transaction.

An assignment runs from a moment until just before another; without end it runs until the next one begins or somebody
ends it. Those of one device that count never overlap: whoever writes holds the device's row, so two people who enter
something at once do so one after the other, on either database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.fleet.errors import (
    AccountUnknown,
    AssignmentEnded,
    AssignmentNeedsEnd,
    AssignmentOverlaps,
    AssignmentUnknown,
    DeviceNotUsable,
    DeviceUnknown,
    ReasonMissing,
)
from candor.fleet.rules import LONGEST_NOTE, STATE_WORDS, DeviceState, clean_text
from candor.fleet.spans import Span, first_overlap
from candor.fleet.tables import assignment as assignment_table
from candor.fleet.tables import device as device_table
from candor.people.rules import Actor, Permission
from candor.people.tables import account

__all__ = [
    "AFTER",
    "REQUIREMENTS",
    "Assignment",
    "Changed",
    "assign",
    "assignment",
    "assignments_between",
    "assignments_of",
    "assignments_of_account",
    "correct_assignment",
    "end_assignment",
    "end_running",
    "holders_now",
    "lacking",
    "must_be_of",
    "wearer_at",
    "withdraw_assignment",
]


@dataclass(frozen=True)
class Assignment:
    """That somebody had a device from `from_at` until just before `to_at`. `account_id` None: it lay in the pool."""

    id: str
    device_id: str
    account_id: str | None
    from_at: datetime
    to_at: datetime | None
    note: str | None
    created_at: datetime
    created_by: str
    withdrawn_at: datetime | None
    replaces: str | None

    @property
    def span(self) -> Span:
        """When."""
        return Span(self.from_at, self.to_at)


@dataclass(frozen=True)
class Changed:
    """That for some stretch it is said otherwise than before who had a device."""

    device_id: str
    span: Span
    assignment_id: str
    actor: str


#: What rooms above want done in the same transaction when it is said otherwise who had a device.
AFTER: list[Callable[[Connection, Changed, Clock], None]] = []


#: What somebody must have before being given a device: each says in words what they lack, or None. Given: account,
#: device, moment. Nobody is kept from a camera by it; whoever gives one out is told.
REQUIREMENTS: list[Callable[[Connection, str, str, datetime], str | None]] = []


def lacking(tx: Connection, account_id: str, device_id: str, at: datetime) -> tuple[str, ...]:
    """What somebody lacks who is to have a device, in words."""
    said = (asks(tx, account_id, device_id, at) for asks in REQUIREMENTS)
    return tuple(words for words in said if words is not None)


def assign(
    tx: Connection,
    actor: Actor,
    device_id: str,
    account_id: str | None,
    from_at: datetime,
    to_at: datetime | None = None,
    *,
    note: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Enter that somebody has, had or will have a device (None: it lies in the pool); the assignment's id.

    One without end that began before ends where this one begins. Raises AssignmentOverlaps, AssignmentSpanWrong,
    AssignmentNeedsEnd (a pooled device), DeviceNotUsable, DeviceUnknown, AccountUnknown.
    """
    actor.require(Permission.DOCKS_MANAGE)
    clock = clock or SystemClock()
    span, held = Span(from_at, to_at), _hold(tx, device_id)
    _must_be_usable(held, span, clock.now())
    if held.pooled and account_id is not None and to_at is None:
        raise AssignmentNeedsEnd(serial=held.serial)
    open_before = [one for one in _counting(tx, device_id) if one.to_at is None and one.from_at < from_at]
    for earlier in open_before:
        _end(tx, earlier, from_at, actor.account_id, "the next one begins", clock)
    row = _enter(tx, held, account_id, span, note, actor.account_id, clock)
    details = _told(row) | {"serial": held.serial, "note": row["note"]}
    custody.append(tx, Event.ASSIGNMENT_MADE, actor=actor.account_id, details=details, clock=clock)
    # Until the end of what was ended: after `to_at` nobody has it where somebody had before.
    touched = Span(from_at, None) if open_before else span
    _after(tx, Changed(device_id, touched, str(row["id"]), actor.account_id), clock)
    return str(row["id"])


def end_assignment(
    tx: Connection, actor: Actor, assignment_id: str, at: datetime | None = None, *, clock: Clock | None = None
) -> str:
    """End an assignment, now or at a moment; the event's id. Raises AssignmentEnded where it ended before that,
    AssignmentSpanWrong where it had not begun."""
    actor.require(Permission.DOCKS_MANAGE)
    clock = clock or SystemClock()
    found = assignment(tx, assignment_id)
    _hold(tx, found.device_id)
    found, at = assignment(tx, assignment_id), at or clock.now()
    if found.to_at is not None and found.to_at <= at:
        raise AssignmentEnded(to_at=iso(found.to_at))
    event = _end(tx, found, at, actor.account_id, None, clock)
    _after(tx, Changed(found.device_id, Span(at, found.to_at), found.id, actor.account_id), clock)
    return event


def end_running(
    tx: Connection, actor: str, device_id: str, at: datetime, *, because: str, clock: Clock | None = None
) -> list[str]:
    """End what runs then for a device that nobody can have any longer; the ids of the events. Asks for no right:
    whoever calls has."""
    clock = clock or SystemClock()
    _hold(tx, device_id)
    running = [one for one in _counting(tx, device_id) if one.span.holds(at) and one.from_at < at]
    events = [_end(tx, one, at, actor, because, clock) for one in running]
    for one in running:
        _after(tx, Changed(device_id, Span(at, one.to_at), one.id, actor), clock)
    return events


def correct_assignment(
    tx: Connection,
    actor: Actor,
    assignment_id: str,
    account_id: str | None,
    from_at: datetime,
    to_at: datetime | None,
    *,
    reason: str,
    clock: Clock | None = None,
) -> str:
    """Say rightly what was entered wrongly: withdraws the assignment and puts another in its place, whose id it
    returns. What was entered stays on record. Raises as `assign`, and ReasonMissing."""
    actor.require(Permission.DOCKS_MANAGE)
    clock = clock or SystemClock()
    why, span = _reason(reason), Span(from_at, to_at)
    held = _hold(tx, assignment(tx, assignment_id).device_id)
    before = assignment(tx, assignment_id)
    if (before.account_id, before.from_at, before.to_at) == (account_id, from_at, to_at):
        return assignment_id
    _must_be_usable(held, span, clock.now())
    if held.pooled and account_id is not None and to_at is None:
        raise AssignmentNeedsEnd(serial=held.serial)
    row = _enter(tx, held, account_id, span, before.note, actor.account_id, clock, replaces=assignment_id)
    withdrawn = assignment_table.update().where(assignment_table.c.id == assignment_id)
    tx.execute(withdrawn.values(withdrawn_at=clock.now()))
    old = {"account": before.account_id, "from": iso(before.from_at), "to": _iso(before.to_at)}
    details = _told(row) | {"serial": held.serial, "replaces": assignment_id, "old": old, "reason": why}
    custody.append(tx, Event.ASSIGNMENT_CORRECTED, actor=actor.account_id, details=details, clock=clock)
    first = min(before.from_at, from_at)
    last = None if before.to_at is None or to_at is None else max(before.to_at, to_at)
    _after(tx, Changed(before.device_id, Span(first, last), str(row["id"]), actor.account_id), clock)
    return str(row["id"])


def withdraw_assignment(
    tx: Connection, actor: Actor, assignment_id: str, *, reason: str, clock: Clock | None = None
) -> str:
    """Say that an assignment never was; the event's id. It stays on record, and counts no longer."""
    actor.require(Permission.DOCKS_MANAGE)
    clock = clock or SystemClock()
    why = _reason(reason)
    held = _hold(tx, assignment(tx, assignment_id).device_id)
    before = assignment(tx, assignment_id)
    withdrawn = assignment_table.update().where(assignment_table.c.id == assignment_id)
    tx.execute(withdrawn.values(withdrawn_at=clock.now()))
    details = {
        "assignment": before.id,
        "device": before.device_id,
        "serial": held.serial,
        "account": before.account_id,
        "from": iso(before.from_at),
        "to": _iso(before.to_at),
        "reason": why,
    }
    event = custody.append(tx, Event.ASSIGNMENT_WITHDRAWN, actor=actor.account_id, details=details, clock=clock)
    _after(tx, Changed(before.device_id, before.span, before.id, actor.account_id), clock)
    return event


def assignment(tx: Connection, assignment_id: str) -> Assignment:
    """One that counts, by its id; raises AssignmentUnknown."""
    counts = assignment_table.c.withdrawn_at.is_(None)
    row = tx.execute(_all().where(assignment_table.c.id == assignment_id, counts)).first()
    if row is None:
        raise AssignmentUnknown(id=assignment_id)
    return Assignment(*row)


def must_be_of(tx: Connection, assignment_id: str, device_id: str) -> None:
    """Raises AssignmentUnknown unless the assignment counts and is of this device."""
    if assignment(tx, assignment_id).device_id != device_id:
        raise AssignmentUnknown(id=assignment_id)


def wearer_at(tx: Connection, device_id: str, at: datetime) -> Assignment | None:
    """Who had a device then; None when it is not known."""
    column = assignment_table.c
    query = _all().where(column.device_id == device_id, column.withdrawn_at.is_(None), column.from_at <= at)
    row = tx.execute(query.order_by(column.from_at.desc()).limit(1)).first()
    found = None if row is None else Assignment(*row)
    return found if found is not None and found.span.holds(at) else None


def assignments_between(tx: Connection, device_id: str, span: Span) -> list[Assignment]:
    """Those of a device that count and share a moment with the span, by their beginning."""
    column = assignment_table.c
    query = _all().where(column.device_id == device_id, column.withdrawn_at.is_(None))
    query = query.where(sa.or_(column.to_at.is_(None), column.to_at > span.from_at))
    if span.to_at is not None:
        query = query.where(column.from_at < span.to_at)
    return [Assignment(*row) for row in tx.execute(query.order_by(column.from_at))]


def assignments_of(tx: Connection, device_id: str, *, withdrawn: bool = False, limit: int = 1000) -> list[Assignment]:
    """The latest assignments of a device, the latest first; with `withdrawn` those that no longer count too."""
    column = assignment_table.c
    query = _all().where(column.device_id == device_id)
    if not withdrawn:
        query = query.where(column.withdrawn_at.is_(None))
    query = query.order_by(column.from_at.desc(), column.created_at.desc()).limit(limit)
    return [Assignment(*row) for row in tx.execute(query)]


def assignments_of_account(tx: Connection, account_id: str, *, limit: int = 1000) -> list[Assignment]:
    """What somebody has and had, the latest first."""
    column = assignment_table.c
    query = _all().where(column.account_id == account_id, column.withdrawn_at.is_(None))
    return [Assignment(*row) for row in tx.execute(query.order_by(column.from_at.desc()).limit(limit))]


def holders_now(tx: Connection, at: datetime) -> dict[str, Assignment]:
    """Who has which device then, by the device's id; what lies in the pool is left out."""
    column = assignment_table.c
    runs = sa.and_(column.from_at <= at, sa.or_(column.to_at.is_(None), column.to_at > at))
    query = _all().where(column.withdrawn_at.is_(None), column.account_id.is_not(None), runs)
    return {found.device_id: found for found in (Assignment(*row) for row in tx.execute(query))}


def _all() -> sa.Select[Any]:
    return sa.select(*(assignment_table.c[name] for name in Assignment.__dataclass_fields__))


def _counting(tx: Connection, device_id: str) -> list[Assignment]:
    counts = assignment_table.c.withdrawn_at.is_(None)
    return [Assignment(*row) for row in tx.execute(_all().where(assignment_table.c.device_id == device_id, counts))]


def _hold(tx: Connection, device_id: str) -> sa.Row[Any]:
    """The device's row, held until the transaction ends: the turn of whoever changes who had it. Only its key stays
    free, so that footage that names the device comes in meanwhile."""
    query = sa.select(device_table).where(device_table.c.id == device_id).with_for_update(key_share=True)
    row = tx.execute(query).first()
    if row is None:
        raise DeviceUnknown(id=device_id)
    return row


def _must_be_usable(held: sa.Row[Any], span: Span, now: datetime) -> None:
    state = DeviceState(held.state)
    later = span.to_at is None or span.to_at > now
    if later and state in (DeviceState.REPAIR, DeviceState.LOST, DeviceState.RETIRED):
        raise DeviceNotUsable(serial=held.serial, state=STATE_WORDS[state].lower())


def _enter(
    tx: Connection,
    held: sa.Row[Any],
    account_id: str | None,
    span: Span,
    note: str | None,
    actor: str,
    clock: Clock,
    *,
    replaces: str | None = None,
) -> dict[str, Any]:
    """The row, if it overlaps nothing that counts but what it replaces."""
    if account_id is not None and tx.execute(sa.select(account.c.id).where(account.c.id == account_id)).first() is None:
        raise AccountUnknown(id=account_id)
    others = (one.span for one in _counting(tx, held.id) if one.id != replaces)
    other = first_overlap(span, others)
    if other is not None:
        until = "open end" if other.to_at is None else iso(other.to_at)
        raise AssignmentOverlaps(serial=held.serial, from_at=iso(other.from_at), to_at=until)
    row = {
        "id": new_id(),
        "device_id": held.id,
        "account_id": account_id,
        "from_at": span.from_at,
        "to_at": span.to_at,
        "note": clean_text("note", note, LONGEST_NOTE),
        "created_at": clock.now(),
        "created_by": actor,
        "replaces": replaces,
    }
    tx.execute(assignment_table.insert(), row)
    return row


def _end(tx: Connection, found: Assignment, at: datetime, actor: str, because: str | None, clock: Clock) -> str:
    span = Span(found.from_at, at)
    tx.execute(assignment_table.update().where(assignment_table.c.id == found.id).values(to_at=span.to_at))
    details = {
        "assignment": found.id,
        "device": found.device_id,
        "account": found.account_id,
        "from": iso(found.from_at),
        "to": iso(at),
        "was_to": _iso(found.to_at),
        "because": because,
    }
    return custody.append(tx, Event.ASSIGNMENT_ENDED, actor=actor, details=details, clock=clock)


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "assignment": row["id"],
        "device": row["device_id"],
        "account": row["account_id"],
        "from": iso(row["from_at"]),
        "to": _iso(row["to_at"]),
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def _reason(reason: str) -> str:
    cleaned = clean_text("reason", reason, LONGEST_NOTE)
    if cleaned is None:
        raise ReasonMissing(longest=LONGEST_NOTE)
    return cleaned


def _after(tx: Connection, changed: Changed, clock: Clock) -> None:
    for act in AFTER:
        act(tx, changed, clock)
