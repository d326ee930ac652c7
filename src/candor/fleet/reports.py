"""What cameras say they recorded, or lost: one row per stretch, kept as it was said.

Cameras, docks and cards report in three ways, and each is a `ReportKind`:

- `recorded`: from this moment to that one the camera recorded. A container's or a clip's start and stop, a line of a
  card's listing.
- `lost`: as above, but the camera, the dock or the card says itself that it cannot be handed over whole, and why.
- `counter`: the camera numbers its files, and a file had this number; nothing is known of its times. Where they are
  known, the stretch is `recorded` and carries its number. Whoever compares finds the numbers that are left out
  (`docking.reconciling`); a left-out number is a file of unknown length, never a number of seconds.

Rules it keeps:

1. A report is never refused and never lost: an impossible time, an unknown reason, a missing end are kept as said.
2. The same stretch said again (the same device, source and ref) changes one row, and only so that it says more: times
   grow outward, what was blank is filled, what was lost stays lost. So nothing that is said later makes a loss smaller.
3. Nothing is ever removed.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, possible
from candor.core.ids import new_id
from candor.fleet.tables import reported_stretch

__all__ = ["LossReason", "Report", "ReportKind", "Reported", "is_reported", "note_report", "note_reports", "reports_of"]

#: The longest texts kept of what is said, in characters; what is longer ends in an ellipsis.
_LONGEST_NAME, _LONGEST_REASON = 500, 200
_LARGEST = 2**63 - 1


class ReportKind(StrEnum):
    """In which way a camera accounts for what it recorded."""

    RECORDED = "recorded"
    LOST = "lost"
    COUNTER = "counter"


class LossReason(StrEnum):
    """Why seconds that were recorded are not here, where a camera, dock or card says so."""

    BATTERY = "battery"
    CARD_FULL = "card-full"
    CORRUPT = "corrupt"
    ENCRYPTED = "encrypted"
    OVERWRITTEN = "overwritten"
    REFUSED = "refused"
    REJECTED = "rejected"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Report:
    """What is said of one stretch.

    `source` names who says it, so that refs of one source cannot meet another's: "axis", "card:<reader>", "tus".
    `ref` names the stretch within the source for good: the container and clip, the path on the card.
    `from_at`, `to_at`: by the camera's own clock, as said; None where nothing was said. `size` in bytes, `sha256` raw.
    `reason`: a `LossReason` or the camera's own words. `counter`: the number that the camera gave the file.
    """

    source: str
    ref: str
    from_at: datetime | None = None
    to_at: datetime | None = None
    kind: ReportKind | str = ReportKind.RECORDED
    size: int | None = None
    sha256: bytes | None = None
    reason: str | None = None
    counter: int | None = None


@dataclass(frozen=True)
class Reported:
    """A report as it is kept."""

    id: str
    device_id: str
    dock_id: str | None
    source: str
    ref: str
    kind: ReportKind
    from_at: datetime | None
    to_at: datetime | None
    size: int | None
    sha256: bytes | None
    reason: str | None
    counter: int | None
    first_said_at: datetime
    last_said_at: datetime


def note_report(
    tx: Connection, device_id: str, report: Report, *, dock_id: str | None = None, clock: Clock | None = None
) -> str:
    """Keep what is said, in the caller's transaction; the row's id. Said before: the row says more afterwards.

    Raises ValueError for a time without a zone, a hash that is not 32 bytes long or a kind that there is not: faults
    of the caller, not of the camera.
    """
    now = (clock or SystemClock()).now()
    row = _row(report) | {"device_id": device_id, "dock_id": dock_id, "first_said_at": now, "last_said_at": now}
    insert = sqlite_insert if tx.dialect.name == "sqlite" else postgresql_insert
    made = new_id()
    added = tx.execute(insert(reported_stretch).values(id=made, **row).on_conflict_do_nothing())
    if added.rowcount == 1:
        return made
    same = sa.and_(
        reported_stretch.c.device_id == device_id,
        reported_stretch.c.source == row["source"],
        reported_stretch.c.ref == row["ref"],
    )
    kept = tx.execute(sa.select(reported_stretch).where(same).with_for_update()).one()
    changed = _said_more(_reported(kept), row)
    tx.execute(reported_stretch.update().where(reported_stretch.c.id == kept.id).values(**changed, last_said_at=now))
    return str(kept.id)


def is_reported(tx: Connection, device_id: str, report: Report) -> bool:
    """Whether this stretch of a camera was said before, whatever was said of it."""
    column = reported_stretch.c
    same = (column.device_id == device_id, column.source == _name(report.source), column.ref == _name(report.ref))
    return tx.scalar(sa.select(column.id).where(*same)) is not None


def note_reports(
    tx: Connection,
    device_id: str,
    reports: Iterable[Report],
    *,
    dock_id: str | None = None,
    clock: Clock | None = None,
) -> int:
    """A whole listing, such as a card's; how many there were."""
    return sum(1 for report in reports if note_report(tx, device_id, report, dock_id=dock_id, clock=clock))


def reports_of(
    tx: Connection, device_id: str, *, from_at: datetime | None = None, to_at: datetime | None = None
) -> list[Reported]:
    """What was said of one camera, by start; with a period, what `touches` it."""
    query = sa.select(reported_stretch).where(reported_stretch.c.device_id == device_id)
    if from_at is not None and to_at is not None:
        query = query.where(touches(from_at, to_at))
    order = (sa.func.coalesce(reported_stretch.c.from_at, reported_stretch.c.first_said_at), reported_stretch.c.id)
    return [_reported(row) for row in tx.execute(query.order_by(*order))]


def touches(from_at: datetime, to_at: datetime) -> sa.ColumnElement[bool]:
    """Whether a report speaks of [from_at, to_at), or was first said in it: then it may be one whose own times are
    missing or cannot be true."""
    column = reported_stretch.c
    said = sa.and_(column.first_said_at >= from_at, column.first_said_at < to_at)
    return sa.or_(said, sa.and_(column.from_at < to_at, column.to_at > from_at))


def _row(report: Report) -> dict[str, Any]:
    for moment in (report.from_at, report.to_at):
        if moment is not None and moment.tzinfo is None:
            raise ValueError("a time without a zone cannot be reported")
    if report.sha256 is not None and len(report.sha256) != 32:
        raise ValueError("a SHA-256 has 32 bytes")
    return {
        "source": _name(report.source),
        "ref": _name(report.ref),
        "kind": ReportKind(report.kind).value,
        "from_at": possible(report.from_at),
        "to_at": possible(report.to_at),
        "size": _number(report.size),
        "sha256": report.sha256,
        "reason": _kept(report.reason, _LONGEST_REASON) if report.reason else None,
        "counter": _number(report.counter),
    }


def _kept(text: str, longest: int) -> str:
    """Text of outside origin as a column can hold it, and no longer than it may be."""
    clean = "".join(one for one in unicodedata.normalize("NFC", text) if one.isprintable())
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def _name(text: str) -> str:
    """As `_kept`, and two different names stay different: one that had to be changed carries a mark of what it was."""
    kept = _kept(text, _LONGEST_NAME)
    if kept == text:
        return kept
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{kept[: _LONGEST_NAME - 17]} {mark}"


def _number(value: int | None) -> int | None:
    """A claim may be absurd; what no column can hold is not kept as a number."""
    return value if value is not None and 0 <= value <= _LARGEST else None


def _said_more(kept: Reported, row: dict[str, Any]) -> dict[str, Any]:
    """What changes in a row when the same stretch is said again."""
    starts = [moment.astimezone(UTC) for moment in (kept.from_at, row["from_at"]) if moment is not None]
    ends = [moment.astimezone(UTC) for moment in (kept.to_at, row["to_at"]) if moment is not None]
    return {
        "from_at": min(starts, default=None),
        "to_at": max(ends, default=None),
        "kind": max(kept.kind, ReportKind(row["kind"]), key=_BY_WEIGHT.index).value,
        **{name: _first(row[name], getattr(kept, name)) for name in ("dock_id", "size", "sha256", "reason", "counter")},
    }


#: A stretch that was said to be recorded stays one, and one that was said to be lost stays lost.
_BY_WEIGHT = (ReportKind.COUNTER, ReportKind.RECORDED, ReportKind.LOST)


def _first(new: Any, old: Any) -> Any:
    return old if new is None else new


def _reported(row: sa.Row[Any]) -> Reported:
    values = dict(row._mapping)
    return Reported(**values | {"kind": ReportKind(values["kind"])})
