"""What a card says that its camera recorded, for the comparison with what arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.docking.cards.grouping import Measured, end_of, start_of
from candor.fleet.reports import LossReason, Report, ReportKind, is_reported, note_report

__all__ = ["report_file", "report_unreadable", "rising"]


def rising(files: Sequence[Measured]) -> bool:
    """Whether the camera's numbers rise with the time, so that what is left out between them can be told."""
    numbers = [one.clip.number for one in files if one.clip.number is not None]
    return len(numbers) == len(files) and all(one < two for one, two in pairwise(numbers))


def report_file(
    tx: Connection,
    device_id: str,
    file: Measured,
    fingerprint: bytes,
    sha256: bytes,
    *,
    reader: str,
    zone: str | None,
    counted: bool,
    dock_id: str | None,
    clock: Clock,
) -> None:
    """Keep that a camera has this file on its card. Times are by its own clock, None where no zone is known."""
    report = Report(
        source=f"card:{reader}",
        ref=_ref(file, fingerprint),
        from_at=start_of(file, zone),
        to_at=_end(file, zone),
        kind=ReportKind.RECORDED,
        size=file.clip.file.size,
        sha256=sha256,
        counter=file.clip.number if counted else None,
    )
    note_report(tx, device_id, report, dock_id=dock_id, clock=clock)
    if (found := replace(report, ref=_unread(file), counter=None)) and is_reported(tx, device_id, found):
        note_report(tx, device_id, found, dock_id=dock_id, clock=clock)  # it could not be read before: here it is


def report_unreadable(
    tx: Connection,
    device_id: str,
    file: Measured,
    *,
    reader: str,
    zone: str | None,
    dock_id: str | None,
    clock: Clock,
) -> None:
    """Keep that a file is on the card and cannot be read."""
    report = Report(
        source=f"card:{reader}",
        ref=_unread(file),
        from_at=start_of(file, zone),
        to_at=_end(file, zone),
        kind=ReportKind.LOST,
        size=file.clip.file.size,
        reason=LossReason.UNREADABLE.value,
    )
    note_report(tx, device_id, report, dock_id=dock_id, clock=clock)


def _ref(file: Measured, fingerprint: bytes) -> str:
    return f"{file.path}#{fingerprint.hex()[:16]}"


def _unread(file: Measured) -> str:
    return f"{file.path}#{file.clip.file.size}/{file.clip.file.modified_ns}"


def _end(file: Measured, zone: str | None) -> datetime | None:
    """As a dock's record says, otherwise by the file's own length."""
    until = file.clip.until.at(zone) if file.clip.until is not None else None
    return until or end_of(file, zone)
