"""candor dock report: what cameras say they recorded, against what arrived."""

from __future__ import annotations

import sys

import click

from candor.cli.common import actor, as_account, as_json, needs, opened, put_json, say, table
from candor.core.errors import NotFound
from candor.docking.reconciliation.export import as_csv
from candor.docking.reconciliation.export import as_json as document
from candor.docking.reconciliation.periods import days_named
from candor.docking.reconciliation.reconciling import Totals
from candor.docking.reconciliation.service import Reconciliation, reconcile
from candor.fleet import service as fleet
from candor.health.findings import minutes
from candor.people import service
from candor.people.rules import Permission

#: A check failed (docs/reference/exit-codes.md).
SOMETHING_MISSING = 6


@click.command()
@click.option("--from", "first", metavar="DAY", help="The first local day, e.g. 2026-11-16. Default: a week.")
@click.option("--to", "last", metavar="DAY", help="The last local day. Default: today.")
@click.option("--camera", metavar="SERIAL", help="Only this camera.")
@click.option("--csv", "csv_out", is_flag=True, help="CSV on standard output, a line per camera and shift.")
@as_account
@needs(Permission.DOCKS_VIEW)
@as_json
def command(
    first: str | None, last: str | None, camera: str | None, csv_out: bool, acting: str | None, json_out: bool
) -> None:
    """What cameras say they recorded, against what arrived: which seconds are missing, and why.

    Leaves with exit code 6 when anything is missing, whether or not somebody has explained it, and 0 when nothing is.
    """
    with opened() as installation:
        actor(installation, acting).require(Permission.DOCKS_VIEW)
        with installation.database.read() as tx:
            agency = service.agency(tx)
            now = installation.clock.now()
            days = days_named(first, last, agency.time_zone if agency else "UTC", now)
            device = None if camera is None else fleet.find_by_serial(tx, camera)
            if camera is not None and device is None:
                raise NotFound(what="camera", id=camera)
            found = reconcile(tx, days.span, now=now, devices=None if device is None else [device.id])
    if json_out:
        put_json(document(found, days))
    elif csv_out:
        sys.stdout.writelines(as_csv(found, days))
    else:
        _show(found, f"{days.first} to {days.last} ({days.zone})")
    if found.summary.lost:
        raise SystemExit(SOMETHING_MISSING)


def _show(found: Reconciliation, period: str) -> None:
    if found.cameras:
        table(
            ("CAMERA", "REPORTED", "ARRIVED", "MISSING", "UNEXPLAINED", "OTHER"),
            (
                (
                    one.serial,
                    clock(one.totals.reported.total_seconds()),
                    clock(one.totals.arrived.total_seconds()),
                    clock(one.totals.missing.total_seconds()),
                    clock(one.totals.unexplained.total_seconds()),
                    _other(one.totals, one.files_left_out, len(one.unplaced)),
                )
                for one in found.cameras
            ),
        )
    for one in found.silent:
        here = f"; {minutes(one.arrived.total_seconds())} arrived all the same" if one.arrived else ""
        say(f"{one.serial}: nothing was reported{here}.")
    for line in _summary(found, period):
        say(line)


def _summary(found: Reconciliation, period: str) -> list[str]:
    """What is always said together."""
    summary, totals = found.summary, found.summary.totals
    lines = [
        f"{period}: reported {clock(totals.reported.total_seconds())}, arrived "
        f"{clock(totals.arrived.total_seconds())}, missing {clock(totals.missing.total_seconds())} (unexplained "
        f"{clock(totals.unexplained.total_seconds())}, explained {clock(totals.explained.total_seconds())}, the camera "
        f"says why {clock(totals.reasoned.total_seconds())}, still docked {clock(totals.pending.total_seconds())}), "
        f"within clock rounding {clock(totals.rounding.total_seconds())}.",
        f"Nothing was reported by {summary.silent} {'camera' if summary.silent == 1 else 'cameras'}. That is no proof "
        "that nothing is lost."
        if summary.silent
        else "Every camera that was to report did.",
    ]
    if summary.files_left_out:
        lines.append(f"Left out of cameras' own counting: {summary.files_left_out} files of unknown length.")
    if summary.unplaced:
        lines.append(
            f"Reports without usable times: {summary.unplaced}, of which {summary.unplaced_missing} are not here."
        )
    if found.refusals:
        lines.append(f"Calls of camera systems that could not be understood: {len(found.refusals)}.")
    return lines


def _other(totals: Totals, left_out: int, unplaced: int) -> str:
    said = [
        f"rounding {clock(totals.rounding.total_seconds())}" if totals.rounding else "",
        f"never reported {clock(totals.surplus.total_seconds())}" if totals.surplus else "",
        f"twice {clock(totals.doubled.total_seconds())}" if totals.doubled else "",
        f"in damaged files {clock(totals.doubtful.total_seconds())}" if totals.doubtful else "",
        f"{left_out} files left out" if left_out else "",
        f"{unplaced} without time" if unplaced else "",
    ]
    return ", ".join(one for one in said if one)


def clock(seconds: float) -> str:
    """`1:02:03`, and tenths where there are only seconds: `0:00:01.5`."""
    whole = int(seconds)
    rest = f"{seconds - whole:.1f}"[1:] if 0.05 <= seconds - whole < 0.95 else ""
    whole += 1 if seconds - whole >= 0.95 else 0
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}{rest}"
