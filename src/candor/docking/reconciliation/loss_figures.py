"""Figures of what is missing, per month and unit: what an agency can publish. No names, no serial numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.docking.reconciliation.periods import month_of
from candor.docking.reconciliation.reconciling import Totals, cut
from candor.docking.reconciliation.rows import stays
from candor.docking.reconciliation.service import Camera, Reconciliation, Whereabouts, reconcile
from candor.docking.reconciliation.spans import Span, clipped, without
from candor.people.tables import account

__all__ = ["Figure", "figures"]


@dataclass(frozen=True)
class Figure:
    """One month of one unit. `unit_id` None: cameras that nobody of a unit had at the time.

    Seconds that are missing have no recording to tell their unit: it is that of whoever had the camera then. What has
    no time (files left out of a camera's counting, reports without usable times) counts where its camera's last
    assignment of the month puts it, and so do cameras of which nothing was reported (`silent`).
    """

    month: str  # 2026-11
    unit_id: str | None
    totals: Totals
    cameras: int
    silent: int
    files_left_out: int
    unplaced_missing: int


def figures(tx: Connection, year: int, month: int, *, zone: str, now: datetime) -> list[Figure]:
    """The figures of one month, by the agency's zone; units in the order of their ids, without one last."""
    period = month_of(year, month, zone)
    found = reconcile(tx, period, now=now)
    units = {row.id: row.unit_id for row in tx.execute(sa.select(account.c.id, account.c.unit_id))}
    by: dict[str | None, list[Figure]] = {}
    label = f"{year:04d}-{month:02d}"
    for one in found.cameras:
        for figure in _of_camera(one, period, units, label):
            by.setdefault(figure.unit_id, []).append(figure)
    for unit_id in _silent_units(tx, found, units):
        by.setdefault(unit_id, []).append(Figure(label, unit_id, Totals(), 0, 1, 0, 0))
    made = [_together(label, unit_id, some) for unit_id, some in by.items()]
    return sorted(made, key=lambda one: (one.unit_id is None, one.unit_id or ""))


def _of_camera(one: Camera, period: Span, units: dict[str, str | None], label: str) -> list[Figure]:
    """A camera's figures, cut where it changed units."""
    rest, pieces = [period], []
    for stay in one.stays:
        end = min(stay.to_at or period.to_at, period.to_at)
        if end > max(stay.from_at, period.from_at):
            had = clipped(rest, Span(max(stay.from_at, period.from_at), end))
            rest = without(rest, had)
            pieces += [(span, units.get(stay.account_id or "")) for span in had]
    pieces += [(span, None) for span in rest]
    last = units.get(one.stays[-1].account_id or "") if one.stays else None
    totals: dict[str | None, Totals] = {last: Totals()}
    for span, unit_id in pieces:
        totals[unit_id] = totals.get(unit_id, Totals()) + cut(one.account, span).totals
    gone = sum(1 for each in one.unplaced if each.whereabouts is Whereabouts.MISSING)
    found = []
    for unit_id, together in totals.items():
        whole = unit_id == last
        if whole or together != Totals():
            reported = bool(one.reports) and (whole or bool(together.reported))
            left, lost = (one.files_left_out, gone) if whole else (0, 0)
            found.append(Figure(label, unit_id, together, int(reported), 0, left, lost))
    return found


def _silent_units(tx: Connection, found: Reconciliation, units: dict[str, str | None]) -> list[str | None]:
    who = stays(tx, found.period, None)
    last = {device_id: some[-1].account_id for device_id, some in who.items()}
    return [units.get(last.get(one.device_id) or "") for one in found.silent]


def _together(label: str, unit_id: str | None, some: list[Figure]) -> Figure:
    return Figure(
        label,
        unit_id,
        sum((one.totals for one in some), Totals()),
        sum(one.cameras for one in some),
        sum(one.silent for one in some),
        sum(one.files_left_out for one in some),
        sum(one.unplaced_missing for one in some),
    )
