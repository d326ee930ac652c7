"""The ledger of clocks: what each device's clock said, beside one that is trusted more. Rows are only ever added.

The rules by which an estimate follows are in `clock_rules`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.core.ids import new_id
from candor.core.outbox import NoticeKind, resolve, tell
from candor.custody import record as custody
from candor.custody.events import Event
from candor.fleet.clock_rules import (
    Basis,
    ClockFinding,
    ClockState,
    Estimate,
    Reading,
    ReadingSource,
    estimate,
    find,
)
from candor.fleet.errors import DeviceUnknown, ReadingWrong
from candor.fleet.tables import clock_reading as reading_table
from candor.fleet.tables import device as device_table

__all__ = [
    "Basis",
    "ClockFinding",
    "ClockState",
    "Estimate",
    "KeptReading",
    "Reading",
    "ReadingSource",
    "estimate",
    "estimate_start",
    "finding_from",
    "finding_of",
    "findings",
    "note_reading",
    "readings_of",
]

#: How many readings of a device an estimate or a finding is made from: years of daily docking.
MOST_READINGS = 2000
#: How many of the latest readings say what state a clock is in.
_FOR_FINDING = 10


@dataclass(frozen=True)
class KeptReading(Reading):
    """A reading with where it is kept."""

    id: str = ""
    recording_id: str | None = None
    actor: str = ""
    noted_at: datetime | None = None


def note_reading(
    tx: Connection,
    device_id: str,
    camera_at: datetime,
    server_at: datetime,
    *,
    source: ReadingSource | str,
    uncertainty_ms: int,
    recording_id: str | None = None,
    clock_set: bool = False,
    actor: str,
    clock: Clock | None = None,
) -> str:
    """Keep that a device's clock showed `camera_at` when the other clock showed `server_at`; the reading's id.

    The same reading again is kept once. A clock that is wrong, drifts or was reset is told of; one that is right again
    ends that. Raises ReadingWrong, DeviceUnknown.
    """
    clock = clock or SystemClock()
    serial = tx.scalar(
        sa.select(device_table.c.serial).where(device_table.c.id == device_id).with_for_update(key_share=True)
    )
    if serial is None:
        raise DeviceUnknown(id=device_id)
    row = _row(device_id, camera_at, server_at, source, uncertainty_ms)
    same = sa.and_(*(reading_table.c[name] == row[name] for name in _SAME))
    known = tx.scalar(sa.select(reading_table.c.id).where(same))
    if known is not None:
        return str(known)
    more = {"recording_id": recording_id, "clock_set": clock_set, "actor": actor, "noted_at": clock.now()}
    tx.execute(reading_table.insert(), row | more)
    details = {
        "reading": row["id"],
        "device": device_id,
        "camera_at": iso(camera_at),
        "reference_at": iso(server_at),
        "source": row["source"],
        "uncertainty_ms": uncertainty_ms,
        "clock_set": clock_set,
    }
    custody.append(tx, Event.CLOCK_READ, actor=actor, recording=recording_id, details=details, clock=clock)
    if not recording_id:
        tx.execute(device_table.update().where(device_table.c.id == device_id).values(seen_at=clock.now()))
    _tell(tx, device_id, serial, clock)
    return str(row["id"])


def readings_of(tx: Connection, device_id: str, *, limit: int = MOST_READINGS) -> list[KeptReading]:
    """The latest readings of a device's clock, in the order of the trusted clock."""
    query = sa.select(reading_table).where(reading_table.c.device_id == device_id)
    query = query.order_by(reading_table.c.reference_at.desc(), reading_table.c.id.desc()).limit(limit)
    return [_reading(row) for row in reversed(tx.execute(query).all())]


def estimate_start(
    tx: Connection, device_id: str, started_at: datetime, *, handed_over_at: datetime | None = None
) -> Estimate:
    """The true time of what a device's clock called `started_at`, with its uncertainty; what was claimed stays.
    `handed_over_at`: when the recording came in; it began before."""
    return estimate(started_at, readings_of(tx, device_id), until=handed_over_at)


def finding_of(tx: Connection, device_id: str) -> ClockFinding:
    """What is to be thought of a device's clock now."""
    return finding_from(readings_of(tx, device_id, limit=_FOR_FINDING))


def finding_from(readings: Sequence[Reading]) -> ClockFinding:
    """The same from readings in the order of time."""
    return find(readings[-_FOR_FINDING:])


def findings(tx: Connection, device_ids: Collection[str]) -> dict[str, ClockFinding]:
    """The same of many devices, in one question; those never compared are there as well."""
    number = sa.func.row_number().over(
        partition_by=reading_table.c.device_id,
        order_by=(reading_table.c.reference_at.desc(), reading_table.c.id.desc()),
    )
    latest = (
        sa.select(reading_table, number.label("n")).where(reading_table.c.device_id.in_(list(device_ids))).subquery()
    )
    columns = [latest.c[column.name] for column in reading_table.c]
    held: dict[str, list[KeptReading]] = {device_id: [] for device_id in device_ids}
    for row in tx.execute(sa.select(*columns).where(latest.c.n <= _FOR_FINDING)):
        held[row.device_id].append(_reading(row))
    return {device_id: find(readings) for device_id, readings in held.items()}


_SAME = ("device_id", "camera_at", "reference_at", "source")


def _row(
    device_id: str, camera_at: datetime, server_at: datetime, source: ReadingSource | str, uncertainty_ms: int
) -> dict[str, Any]:
    if camera_at.tzinfo is None or server_at.tzinfo is None:
        raise ReadingWrong(reason="a time names no zone")
    if not 0 <= uncertainty_ms < 1 << 40:
        raise ReadingWrong(reason=f"an uncertainty of {uncertainty_ms} ms")
    try:
        kind = ReadingSource(source)
    except ValueError as error:
        raise ReadingWrong(reason=f"there is no source called “{source}”") from error
    return {
        "id": new_id(),
        "device_id": device_id,
        "camera_at": camera_at,
        "reference_at": server_at,
        "source": kind.value,
        "uncertainty_ms": uncertainty_ms,
    }


def _tell(tx: Connection, device_id: str, serial: str, clock: Clock) -> None:
    """Have somebody told of a clock that needs a look, once while it lasts."""
    state, once = finding_of(tx, device_id).state, f"camera:clock {device_id}"
    if not state.bad:
        resolve(tx, once, clock=clock)
        return
    details = {"device": device_id, "serial": serial, "state": state.value}
    tell(tx, NoticeKind.CAMERA_CLOCK, details=details, about=f"/cameras/{device_id}", once=once, clock=clock)


def _reading(row: sa.Row[Any]) -> KeptReading:
    return KeptReading(
        camera_at=row.camera_at,
        reference_at=row.reference_at,
        uncertainty=timedelta(milliseconds=row.uncertainty_ms),
        source=ReadingSource(row.source),
        clock_set=bool(row.clock_set),
        id=row.id,
        recording_id=row.recording_id,
        actor=row.actor,
        noted_at=row.noted_at,
    )
