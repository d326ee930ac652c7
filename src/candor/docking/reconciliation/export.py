"""The reconciliation for other programs: one JSON document, or CSV with a line per camera and shift."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from candor.core.clock import iso
from candor.core.spreadsheets import safe_cell
from candor.docking.reconciliation.periods import Days
from candor.docking.reconciliation.reconciling import Totals
from candor.docking.reconciliation.service import Camera, Reconciliation, Summary, Unplaced, Whereabouts
from candor.docking.reconciliation.spans import Span

__all__ = ["COLUMNS", "as_csv", "as_json", "seconds"]

FIGURES = tuple(one.name for one in fields(Totals))
COLUMNS = (
    "camera",
    "kind",
    "shift_from",
    "shift_to",
    "shift",  # assignment | day | without-time | silent
    "wearer",
    *(f"{name}_s" for name in FIGURES),
    "files_left_out",
    "reports_without_time_missing",
)


def seconds(length: timedelta) -> float | int:
    """Seconds to the millisecond; a whole number where it is one."""
    whole = round(length.total_seconds(), 3)
    return int(whole) if whole == int(whole) else whole


def as_csv(found: Reconciliation, days: Days) -> Iterator[str]:
    """Lines of a CSV file (RFC 4180) with a header: a line per camera and shift, one more where files are left out of
    a camera's counting or reports have no usable time, and one per camera of which nothing was reported. The seconds
    of a column add up to the summary's."""
    yield _line(COLUMNS)
    for one in found.cameras:
        for shift, account in one.by_shift(found.period, days.zone):
            sort = "assignment" if shift.assignment else "day"
            yield _row(one.serial, one.kind, shift.span, sort, shift.account_id, account.totals, 0, 0)
        gone = sum(1 for each in one.unplaced if each.whereabouts is Whereabouts.MISSING)
        if one.files_left_out or gone:
            yield _row(one.serial, one.kind, None, "without-time", None, None, one.files_left_out, gone)
    for silence in found.silent:
        yield _row(silence.serial, silence.kind, None, "silent", None, None, 0, 0)


def as_json(found: Reconciliation, days: Days) -> dict[str, Any]:
    """One document: the period, the summary, every camera with its stretches, cameras of which nothing was reported."""
    return {
        "from": days.first.isoformat(),
        "to": days.last.isoformat(),
        "zone": days.zone,
        "summary": _summary(found.summary),
        "cameras": [_camera(one, found.period, days.zone) for one in found.cameras],
        "silent": [
            {"camera": one.serial, "device": one.device_id, "arrived_s": seconds(one.arrived)} for one in found.silent
        ],
        "refused_calls": [
            {
                "device": one.device_id,
                "container": one.container,
                "reason": one.reason,
                "times": one.times,
                "last_at": iso(one.last_at),
                **_times(one.span),
            }
            for one in found.refusals
        ],
    }


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        **_figures(summary.totals),
        "cameras": summary.cameras,
        "cameras_with_loss": summary.with_loss,
        "cameras_silent": summary.silent,
        "files_left_out": summary.files_left_out,
        "reports_without_time": summary.unplaced,
        "reports_without_time_missing": summary.unplaced_missing,
        "reports_without_time_missing_s": seconds(summary.unplaced_length),
        "anything_missing": summary.lost,
    }


def _camera(one: Camera, period: Span, zone: str) -> dict[str, Any]:
    said = one.explanations
    ahead = one.offset
    return {
        "camera": one.serial,
        "device": one.device_id,
        "kind": one.kind.value,
        **_figures(one.totals),
        "clock_ahead_s": None if ahead is None else seconds(ahead.ahead),
        "shifts": [
            {
                **_times(shift.span),
                "assignment": shift.assignment,
                "account": shift.account_id,
                **_figures(account.totals),
            }
            for shift, account in one.by_shift(period, zone)
        ],
        "missing": [
            {**_times(piece.span), "reason": piece.reason, "explained": _explained(said, piece.explanation)}
            for piece in one.account.missing
        ],
        "surplus": [_times(span) for span in one.account.surplus],
        "doubled": [_times(span) for span in one.account.doubled],
        "numbers_left_out": [
            {
                "source": left.source,
                "first": left.numbers.first,
                "last": left.numbers.last,
                "after": _iso(left.numbers.after),
                "before": _iso(left.numbers.before),
                "explained": _explained(said, left.numbers.explanation),
            }
            for left in one.left_out
        ],
        "without_time": [_unplaced(each, said) for each in one.unplaced],
    }


def _unplaced(one: Unplaced, said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "source": one.report.source,
        "ref": one.report.ref,
        "from": _iso(one.report.from_at),
        "to": _iso(one.report.to_at),
        "said_at": iso(one.report.first_said_at),
        "whereabouts": one.whereabouts.value,
        "explained": _explained(said, one.explanation),
    }


def _explained(said: Mapping[str, Any], explanation_id: str | None) -> dict[str, Any] | None:
    found = said.get(explanation_id or "")
    if found is None:
        return None
    return {"cause": found.cause, "words": found.words, "by": found.actor, "at": iso(found.at)}


def _figures(totals: Totals) -> dict[str, Any]:
    return {f"{name}_s": seconds(getattr(totals, name)) for name in FIGURES}


def _times(span: Span | None) -> dict[str, Any]:
    return {
        "from": None if span is None else iso(span.from_at),
        "to": None if span is None else iso(span.to_at),
        "seconds": None if span is None else seconds(span.length),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def _row(
    serial: str,
    kind: str,
    span: Span | None,
    sort: str,
    account_id: str | None,
    totals: Totals | None,
    left_out: int,
    gone: int,
) -> str:
    # A serial number could pass for a formula in a spreadsheet.
    shown = safe_cell(serial)
    figures = ["" if totals is None else seconds(getattr(totals, name)) for name in FIGURES]
    times = ("", "") if span is None else (iso(span.from_at), iso(span.to_at))
    return _line([shown, kind, *times, sort, account_id or "", *figures, left_out, gone])


def _line(cells: list[Any] | tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()
