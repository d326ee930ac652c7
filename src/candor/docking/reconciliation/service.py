"""What cameras say they recorded against what arrived: per camera, per shift, and together. Reads only.

The loss count is never hidden: what was reported, what arrived, what is missing and what of it nobody can explain are
always said together, and beside them the cameras of which nothing was reported at all: silence is not zero loss.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.docking.reconciliation import rows
from candor.docking.reconciliation.reconciling import (
    ROUNDING,
    Account,
    Arrival,
    Explained,
    MissingNumbers,
    Numbered,
    Shift,
    Stay,
    Told,
    Totals,
    compare,
    cut,
    missing_numbers,
    shifts,
    usable,
)
from candor.docking.reconciliation.rows import Explanation, File, Here, Offset, Refusal
from candor.docking.reconciliation.spans import NOTHING, Span, length, without
from candor.fleet.reports import LossReason, Reported, ReportKind
from candor.fleet.rules import DeviceKind, DeviceState
from candor.fleet.tables import assignment, device, reported_stretch

__all__ = ["Camera", "LeftOut", "Reconciliation", "Silence", "Summary", "Unplaced", "Whereabouts", "reconcile"]

#: A camera that reported something so shortly before the period is expected to do so in it.
EXPECTED_FOR = timedelta(days=31)


class Whereabouts(StrEnum):
    """What is known of a report without usable times."""

    HERE = "here"
    MISSING = "missing"
    UNKNOWN = "unknown"  # nothing was said by which it could be found


@dataclass(frozen=True)
class Unplaced:
    """A report whose times are missing or cannot be true. `length`: as said, where that is possible."""

    report: Reported
    whereabouts: Whereabouts
    length: timedelta | None
    explanation: str | None = None


@dataclass(frozen=True)
class LeftOut:
    """Numbers that a camera's counting leaves out. `source`: whose counting it is."""

    source: str
    numbers: MissingNumbers


@dataclass(frozen=True)
class Silence:
    """A camera of which nothing was reported. `arrived`: what came of it all the same."""

    device_id: str
    serial: str
    kind: DeviceKind
    arrived: timedelta


@dataclass(frozen=True)
class Camera:
    """One camera's account of a period."""

    device_id: str
    serial: str
    kind: DeviceKind
    account: Account
    left_out: tuple[LeftOut, ...]
    unplaced: tuple[Unplaced, ...]
    stays: tuple[Stay, ...]
    reports: int
    offset: Offset | None
    explanations: dict[str, Explanation]

    @cached_property
    def totals(self) -> Totals:
        """The figures of the whole period."""
        return self.account.totals

    @property
    def files_left_out(self) -> int:
        """How many files its counting says are missing."""
        return sum(one.numbers.count for one in self.left_out)

    @property
    def lost(self) -> bool:
        """Whether anything is missing, explained or not."""
        gone = any(one.whereabouts is Whereabouts.MISSING for one in self.unplaced)
        return bool(self.account.missing or self.left_out or gone)

    def by_shift(self, period: Span, zone: str) -> list[tuple[Shift, Account]]:
        """The account per shift; those of which there is nothing to say are left out."""
        pairs = [(shift, cut(self.account, shift.span)) for shift in shifts(period, zone, self.stays)]
        return [(shift, account) for shift, account in pairs if not account.empty]


@dataclass(frozen=True)
class Summary:
    """What is always shown together. `cameras`: that reported something; `silent`: of which nothing was reported."""

    totals: Totals
    cameras: int
    silent: int
    with_loss: int
    files_left_out: int
    unplaced: int  # reports without usable times
    unplaced_missing: int  # of them, what is known not to be here
    unplaced_length: timedelta  # of those, as far as said

    @property
    def lost(self) -> bool:
        """Whether anything is missing."""
        return bool(self.totals.missing or self.files_left_out or self.unplaced_missing)


@dataclass(frozen=True)
class Reconciliation:
    """The accounts of a period, the greatest loss first."""

    period: Span
    cameras: tuple[Camera, ...]
    silent: tuple[Silence, ...]
    refusals: tuple[Refusal, ...]

    @cached_property
    def summary(self) -> Summary:
        """Everything together."""
        gone = [o for one in self.cameras for o in one.unplaced if o.whereabouts is Whereabouts.MISSING]
        return Summary(
            totals=sum((one.totals for one in self.cameras), Totals()),
            cameras=sum(1 for one in self.cameras if one.reports),
            silent=len(self.silent),
            with_loss=sum(1 for one in self.cameras if one.lost),
            files_left_out=sum(one.files_left_out for one in self.cameras),
            unplaced=sum(len(one.unplaced) for one in self.cameras),
            unplaced_missing=len(gone),
            unplaced_length=sum((one.length or NOTHING for one in gone), NOTHING),
        )


def reconcile(tx: Connection, period: Span, *, now: datetime, devices: Collection[str] | None = None) -> Reconciliation:
    """The accounts of all cameras, or of some, over a period. `now`: until when a transfer under way may last."""
    told, here = rows.reports(tx, period, devices), rows.arrivals(tx, period, devices)
    open_ones, who = rows.pending(tx, now), rows.stays(tx, period, devices)
    said, clocks = rows.explanations(tx, period, devices), rows.offsets(tx, devices)
    counted = rows.numbered(tx, period, devices)
    refused = rows.refusals(tx, period, devices)
    known = _devices(tx, devices)
    hashes = {one.sha256 for reports in told.values() for one in reports if one.sha256 is not None}
    same = rows.files_with(tx, hashes)
    cameras = []
    for device_id in sorted({*told, *here, *(one.device_id for one in refused if one.device_id)} & set(known)):
        words = said.get(device_id, [])
        spans = [one.span for one in refused if one.device_id == device_id and one.span is not None]
        account, unplaced = _account(
            tx, device_id, told.get(device_id, []), here.get(device_id, Here()), same, spans, open_ones, words
        )
        inside = cut(account, period)
        unplaced = [one for one in unplaced if period.from_at <= one.report.first_said_at < period.to_at]
        left = _left_out(counted.get(device_id, []), words)
        reports = _within(told.get(device_id, []), period)
        serial, kind, _ = known[device_id]
        if not (unplaced or left or reports) and (inside.empty or kind is DeviceKind.CITIZEN):
            continue
        cameras.append(
            Camera(
                device_id,
                serial,
                kind,
                inside,
                tuple(left),
                tuple(unplaced),
                tuple(who.get(device_id, [])),
                reports,
                clocks.get(device_id),
                {one.id: one for one in words},
            )
        )
    cameras.sort(key=lambda one: (-one.totals.unexplained, -one.totals.missing, -one.files_left_out, one.serial))
    silent = _silent(tx, period, known, cameras, devices)
    return Reconciliation(period, tuple(cameras), tuple(silent), tuple(refused))


def _within(reports: list[Reported], period: Span) -> int:
    """How many reports speak of the period itself."""
    spans = [(one, usable(one.from_at, one.to_at, one.first_said_at)) for one in reports]
    return sum(
        1
        for one, span in spans
        if (span and span.within(period)) or (span is None and period.from_at <= one.first_said_at < period.to_at)
    )


def _account(
    tx: Connection,
    device_id: str,
    reports: list[Reported],
    here: Here,
    same: dict[bytes, File],
    refused: list[Span],
    open_ones: dict[str, list[tuple[Span, str]]],
    words: list[Explanation],
) -> tuple[Account, list[Unplaced]]:
    """One camera's account, not yet cut to the period, and its reports without usable times."""
    told = [Told(span, LossReason.REFUSED.value) for span in refused]
    damaged, placed, moved, unplaced = list(here.damaged), [], set(), []
    for one in reports:
        span = usable(one.from_at, one.to_at, one.first_said_at)
        file = same.get(one.sha256) if one.sha256 is not None else None
        if span is None:
            nothing = one.from_at is not None and one.from_at == one.to_at
            lost = one.kind is ReportKind.LOST or one.reason is not None or (one.sha256 is not None and file is None)
            if one.kind is not ReportKind.COUNTER and (lost or not nothing):
                unplaced.append((one, file))
            continue
        told.append(Told(span, one.reason, one.id))
        if file is not None and file.sha256 not in moved:
            # The very bytes that were reported: they lie where the camera says, whatever else is said of them.
            moved.add(file.sha256)
            arrival, lack = _as_reported(file, span)
            placed += [arrival] if arrival else []
            damaged += [lack] if lack else []
    arrivals = [one.arrival for one in here.files if one.arrival is not None and one.sha256 not in moved]
    account = compare(
        told,
        [*arrivals, *placed],
        locked=here.locked,
        damaged=damaged,
        pending=[span for span, _ in open_ones.get(device_id, [])],
        explained=[
            Explained(Span(one.from_at, one.to_at), one.id) for one in words if one.from_at is not None and one.to_at
        ],
    )
    return account, _looked_for(tx, device_id, unplaced, words)


def _as_reported(file: File, span: Span) -> tuple[Arrival | None, Span | None]:
    """A file in the place of the report of it, and what of the report it does not hold."""
    held = file.held or NOTHING
    if abs(held - span.length) <= ROUNDING:
        return Arrival(span, file.recording_id, file.doubtful), None
    arrival = Arrival(Span(span.from_at, span.from_at + held), file.recording_id, file.doubtful) if held else None
    return arrival, Span(span.from_at + held, span.to_at) if held < span.length else None


def _looked_for(
    tx: Connection, device_id: str, reports: list[tuple[Reported, File | None]], words: list[Explanation]
) -> list[Unplaced]:
    """What became of reports without usable times: found by their bytes, or by a time that only the camera believed."""
    spans = {one.id: _claimed(one) for one, _ in reports}
    there = rows.files_at(tx, device_id, [span for span in spans.values() if span is not None])
    said = {one.report_id: one.id for one in reversed(words) if one.report_id is not None}
    found = []
    for one, file in reports:
        span = spans[one.id]
        lack = without([span], there) if span is not None else []
        if file is not None or (span is not None and length(lack) <= ROUNDING):
            where = Whereabouts.HERE
        elif one.sha256 is not None or span is not None or one.kind is ReportKind.LOST:
            where = Whereabouts.MISSING
        else:
            where = Whereabouts.UNKNOWN
        found.append(Unplaced(one, where, None if span is None else span.length, said.get(one.id)))
    return found


def _claimed(report: Reported) -> Span | None:
    """The stretch as said, wherever it lies; None where there is none of a possible length."""
    if report.from_at is None or report.to_at is None:
        return None
    return usable(report.from_at, report.to_at, report.from_at)


def _left_out(reports: list[Reported], words: list[Explanation]) -> list[LeftOut]:
    """The numbers that each counting leaves out."""
    found = []
    for source in sorted({one.source for one in reports}):
        files = [Numbered(one.counter or 0, one.from_at, one.to_at) for one in reports if one.source == source]
        for gap in missing_numbers(files):
            said = next(
                (
                    one.id
                    for one in words
                    if one.source == source
                    and one.first_number is not None
                    and one.last_number is not None
                    and one.first_number <= gap.first
                    and gap.last <= one.last_number
                    and _near(one, gap)
                ),
                None,
            )
            found.append(LeftOut(source, replace(gap, explanation=said)))
    return found


def _near(one: Explanation, gap: MissingNumbers) -> bool:
    """Whether an explanation of numbers is about this gap: a camera comes to the same numbers again, at other times."""
    return one.from_at is None and (one.to_at is None or one.to_at == (gap.before or gap.after))


def _devices(tx: Connection, devices: Collection[str] | None) -> dict[str, tuple[str, DeviceKind, DeviceState]]:
    query = sa.select(device.c.id, device.c.serial, device.c.kind, device.c.state)
    if devices is not None:
        query = query.where(device.c.id.in_(list(devices)))
    return {row.id: (row.serial, DeviceKind(row.kind), DeviceState(row.state)) for row in tx.execute(query)}


def _silent(
    tx: Connection,
    period: Span,
    known: dict[str, tuple[str, DeviceKind, DeviceState]],
    cameras: list[Camera],
    devices: Collection[str] | None,
) -> list[Silence]:
    """Cameras of ours that somebody had, that sent something, or that reported lately, and of which nothing was
    reported in the period."""
    spoke = {one.device_id for one in cameras if one.reports}
    arrived = {one.device_id: one.totals.surplus for one in cameras if not one.reports}
    had = sa.select(assignment.c.device_id).where(
        assignment.c.withdrawn_at.is_(None),
        assignment.c.account_id.is_not(None),
        assignment.c.from_at < period.to_at,
        sa.or_(assignment.c.to_at.is_(None), assignment.c.to_at > period.from_at),
    )
    lately = sa.select(reported_stretch.c.device_id).where(
        reported_stretch.c.first_said_at >= period.from_at - EXPECTED_FOR,
        reported_stretch.c.first_said_at < period.from_at,
    )
    # One that somebody had is expected to have reported, whatever has become of it since: a camera that is lost has
    # lost what it recorded.
    sure = set(tx.scalars(had.distinct())) | set(arrived)
    expected = sure | set(tx.scalars(lately.distinct()))
    if devices is not None:
        expected &= set(devices)
    found = []
    for device_id in sorted(expected - spoke):
        serial, kind, state = known[device_id]
        gone = state in (DeviceState.RETIRED, DeviceState.LOST, DeviceState.REPAIR)
        if kind is not DeviceKind.CITIZEN and (not gone or device_id in sure):
            found.append(Silence(device_id, serial, kind, arrived.get(device_id, NOTHING)))
    return sorted(found, key=lambda one: one.serial)
