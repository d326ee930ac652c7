"""Critical incidents: opening one, its recordings, reading, looking at its clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody.events import Event
from candor.disclosure.critical import telling
from candor.disclosure.critical.errors import CriticalUnknown, CriticalWrong
from candor.disclosure.critical.holding import by_name, held, note, put
from candor.disclosure.critical.lawful import ever_in, put_due, recordings_of
from candor.disclosure.critical.rules import CriticalState
from candor.disclosure.critical.tables import critical_counter, critical_incident, critical_recording
from candor.disclosure.critical.words import digest, line, moment, one_of, text
from candor.footage.errors import RecordingUnknown
from candor.footage.rules import RecordingState, visible_to
from candor.footage.tables import recording
from candor.law.vocabulary import Critical, HoldKind
from candor.matters.rules import visible_cases
from candor.matters.tables import matter
from candor.people.rules import Actor, Permission, system_actor
from candor.retention import holds

__all__ = [
    "EVERY",
    "CriticalIncident",
    "CriticalRecording",
    "add_recordings",
    "change",
    "critical_incident_of",
    "critical_incidents",
    "go_round",
    "open_incident",
    "recordings_in",
]

#: How often it is looked whether clocks are still what they were.
EVERY = timedelta(minutes=5)
MOST_AT_ONCE = 200
#: Incidents of a list.
MOST_LISTED = 500
#: Holds of critical incidents are the program's: whoever works on one need not be allowed to place others.
_SYSTEM = system_actor("critical")


@dataclass(frozen=True)
class CriticalIncident:
    """A critical incident as it is shown. Moments in UTC; `due_at`: when its first clock ends, put off as it was."""

    id: str
    number: str
    kind: Critical
    state: CriticalState
    occurred_at: datetime
    place: str
    summary: str
    matter_id: str | None
    opened_by: str
    opened_at: datetime
    closed_by: str | None
    closed_at: datetime | None
    close_reason: str | None
    due_at: datetime | None
    due_rule: str | None
    version: int

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return self.state is CriticalState.OPEN


@dataclass(frozen=True)
class CriticalRecording:
    """A recording of it that somebody may see."""

    recording_id: str
    title: str
    state: RecordingState
    started_at: datetime
    duration_ms: int | None
    added_at: datetime


def open_incident(
    tx: Connection,
    actor: Actor,
    *,
    kind: Critical | str,
    occurred_at: datetime,
    place: str,
    summary: str,
    case_id: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Open a critical incident; its id. It gets the next number of the year. Raises Refused, CriticalWrong."""
    actor.require(Permission.REQUESTS_MANAGE)
    clock = clock or SystemClock()
    now = clock.now()
    row: dict[str, Any] = {
        "id": new_id(),
        "number": _next_number(tx, now.year),
        "kind": one_of(Critical, "kind", kind).value,
        "state": CriticalState.OPEN.value,
        "occurred_at": moment("time", occurred_at, until=now),
        "place": line("place", place),
        "summary": text("summary", summary),
        "matter_id": _case(tx, actor, case_id),
        "opened_by": actor.account_id,
        "opened_at": now,
        "version": 1,
    }
    tx.execute(critical_incident.insert(), row)
    details = {"number": row["number"], "kind": row["kind"], "occurred_at": iso(row["occurred_at"])}
    details |= {"case": row["matter_id"], "summary_sha256": digest(row["summary"])}
    note(tx, Event.CRITICAL_OPENED, actor, row["id"], details, clock=clock)
    put_due(tx, row["id"], clock=clock)
    return str(row["id"])


def change(
    tx: Connection,
    actor: Actor,
    critical_id: str,
    *,
    place: str | None = None,
    summary: str | None = None,
    case_id: str | None = None,
    clock: Clock | None = None,
) -> None:
    """Correct what is said of a critical incident; what is None stays. Raises Refused, CriticalUnknown, CriticalClosed,
    CriticalWrong."""
    before = held(tx, actor, critical_id)
    values: dict[str, Any] = {}
    if place is not None:
        values["place"] = line("place", place)
    if summary is not None:
        values["summary"] = text("summary", summary)
    if case_id is not None:
        values["matter_id"] = _case(tx, actor, case_id)
    changed = {name: one for name, one in values.items() if getattr(before, name) != one}
    if not changed:
        return
    put(tx, before, **changed)
    details: dict[str, Any] = {f"{name}_sha256": digest(str(one)) for name, one in sorted(changed.items())}
    note(tx, Event.CRITICAL_CHANGED, actor, before.id, details, clock=clock)


def add_recordings(
    tx: Connection,
    actor: Actor,
    critical_id: str,
    recording_ids: Sequence[str],
    *,
    clock: Clock | None = None,
) -> list[str]:
    """Put recordings with a critical incident; the ids of those that were not there. They are held from then on.

    All or none: raises Refused, CriticalUnknown, CriticalClosed, CriticalWrong, and RecordingUnknown for the first that
    the actor may not see."""
    clock = clock or SystemClock()
    before = held(tx, actor, critical_id)
    given = list(dict.fromkeys(recording_ids))
    if not 1 <= len(given) <= MOST_AT_ONCE:
        raise CriticalWrong(what="recordings", reason=f"name 1 to {MOST_AT_ONCE} at a time")
    there = set(tx.scalars(ever_in(before.id)))
    chosen = list(dict.fromkeys(_whole(tx, actor, one) for one in given))
    fresh = [one for one in chosen if one not in there]
    for one in fresh:
        reason = f"the critical incident {before.number}"
        hold_id = holds.place(tx, _SYSTEM, HoldKind.REQUEST, recording_id=one, reason=reason, clock=clock)
        row = {"critical_id": before.id, "recording_id": one, "added_by": actor.account_id, "added_at": clock.now()}
        tx.execute(critical_recording.insert(), {**row, "hold_id": hold_id})
        note(tx, Event.CRITICAL_RECORDING_ADDED, actor, before.id, {"hold": hold_id}, recording=one, clock=clock)
    if fresh:
        put(tx, before)
        put_due(tx, before.id, clock=clock)
    return fresh


def critical_incident_of(tx: Connection, actor: Actor, critical_id: str) -> CriticalIncident:
    """One critical incident, by identifier or number. Raises Refused, CriticalUnknown."""
    actor.require(Permission.REQUESTS_VIEW)
    row = tx.execute(sa.select(*_COLUMNS).where(by_name(critical_id))).first()
    if row is None:
        raise CriticalUnknown(id=critical_id)
    return _incident(row)


def critical_incidents(tx: Connection, actor: Actor, *, closed: bool = False) -> list[CriticalIncident]:
    """The open ones, those that are due first first; with `closed`, those that were closed, newest first. Raises
    Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    table = critical_incident.c
    state = CriticalState.CLOSED if closed else CriticalState.OPEN
    order = (table.closed_at.desc(),) if closed else (table.due_at.is_(None), table.due_at, table.occurred_at.desc())
    query = sa.select(*_COLUMNS).where(table.state == state.value).order_by(*order, table.id).limit(MOST_LISTED)
    return [_incident(row) for row in tx.execute(query)]


def recordings_in(tx: Connection, actor: Actor, critical_id: str) -> tuple[list[CriticalRecording], int]:
    """Its recordings that the actor may see, the earliest first, and how many more there are. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    joined = critical_recording.join(recording, recording.c.id == critical_recording.c.recording_id)
    columns = [recording.c[name] for name in ("title", "state", "started_at", "duration_ms")]
    query = sa.select(critical_recording.c.recording_id, critical_recording.c.added_at, *columns).select_from(joined)
    query = query.where(critical_recording.c.critical_id == critical_id, visible_to(actor).expression)
    query = query.where(recording.c.state != RecordingState.REGROUPED.value)
    rows = tx.execute(query.order_by(recording.c.started_key)).all()
    found = [CriticalRecording(**{**row._mapping, "state": RecordingState(row.state)}) for row in rows]
    return found, len(recordings_of(tx, critical_id)) - len(found)


def go_round(database: Database, clock: Clock) -> int:
    """Work out anew when the clocks of open incidents end, as facts may have changed elsewhere, and tell of those that
    end soon or are over. How many changed. Done again and again while a process stays."""
    table = critical_incident.c
    with database.read() as tx:
        ids = tx.scalars(sa.select(table.id).where(table.state == CriticalState.OPEN.value)).all()
    changed = 0
    for one in ids:
        with database.write() as tx:
            still = table.id == one, table.state == CriticalState.OPEN.value
            query = sa.select(table.due_at, table.due_rule)
            before = tx.execute(query.where(*still).with_for_update()).first()
            if before is None:
                continue
            telling.of_clocks(tx, one, put_due(tx, one, clock=clock), clock=clock)
            changed += tx.execute(query.where(table.id == one)).one() != before
    return changed


_COLUMNS = [critical_incident.c[name] for name in CriticalIncident.__dataclass_fields__]


def _incident(row: sa.Row[Any]) -> CriticalIncident:
    return CriticalIncident(**{**row._mapping, "kind": Critical(row.kind), "state": CriticalState(row.state)})


def _whole(tx: Connection, actor: Actor, recording_id: str) -> str:
    """The recording, or the one that it became part of. Raises RecordingUnknown."""
    query = sa.select(recording.c.id, recording.c.state, recording.c.regrouped_into).where(visible_to(actor).expression)
    row = tx.execute(query.where(recording.c.id == recording_id)).first()
    while row is not None and row.state == RecordingState.REGROUPED and row.regrouped_into:
        row = tx.execute(query.where(recording.c.id == row.regrouped_into)).first()
    if row is None:
        raise RecordingUnknown(id=recording_id)
    return str(row.id)


def _case(tx: Connection, actor: Actor, case_id: str | None) -> str | None:
    """The case's identifier, by that or by its number. Raises CriticalWrong."""
    if not case_id:
        return None
    mine = sa.or_(matter.c.id == case_id, matter.c.number == case_id), visible_cases(actor)
    found = tx.scalar(sa.select(matter.c.id).where(*mine))
    if found is None:
        raise CriticalWrong(what="case", reason=f"there is no case {case_id[:80]}, or it may not be seen")
    return str(found)


def _next_number(tx: Connection, year: int) -> str:
    """The next number of a year; nobody else gets it."""
    insert: Any = sqlite_insert if tx.dialect.name == "sqlite" else postgresql_insert
    counted = (
        insert(critical_counter)
        .values(year=year, last=1)
        .on_conflict_do_update(index_elements=["year"], set_={"last": critical_counter.c.last + 1})
        .returning(critical_counter.c.last)
    )
    return f"C-{year}-{tx.execute(counted).scalar_one():04d}"
