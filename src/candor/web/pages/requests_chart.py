"""Requests received and answered by month, as a drawing of bars. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from candor.disclosure.requests.statistics import Month
from candor.web.i18n import gettext as _

__all__ = ["Bar", "Chart", "chart_of"]

#: Units of the drawing; it is as wide as its place.
WIDTH, HEIGHT, LEFT, FOOT, TOP = 960, 220, 36, 22, 8
#: Months whose names fit below it.
_NAMED = 14


@dataclass(frozen=True)
class Bar:
    """A bar: where it is drawn, what it says. `kind`: received; "" where `fill` is a pattern."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    fill: str
    words: str


@dataclass(frozen=True)
class Mark:
    """Words at a place: `x` below the drawing, or `y` beside it."""

    words: str
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True)
class Chart:
    """The drawing."""

    bars: tuple[Bar, ...]
    lines: tuple[Mark, ...]
    labels: tuple[Mark, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def chart_of(months: Sequence[Month]) -> Chart | None:
    """The bars of each month: received, and beside it answered in time (or without a clock) with late above; None where
    nothing was received or answered."""
    most = max((max(one.received, one.answered) for one in months), default=0)
    if not most:
        return None
    top = _round(most)
    unit = (HEIGHT - FOOT - TOP) / top
    slot = (WIDTH - LEFT) / len(months)
    wide = min(slot * 0.36, 40.0)
    bars: list[Bar] = []
    labels: list[Mark] = []
    every = ceil(len(months) / _NAMED)
    for at, one in enumerate(months):
        middle = LEFT + slot * (at + 0.5)
        name = f"{one.first:%Y-%m}"
        bars += _bars(one, name, middle, wide, unit)
        if at % every == 0:
            labels.append(Mark(name, x=round(middle, 1)))
    steps = dict.fromkeys((0, top // 2, top))
    lines = tuple(Mark(str(count), y=round(HEIGHT - FOOT - count * unit, 1)) for count in steps)
    return Chart(tuple(bars), lines, tuple(labels))


def _bars(one: Month, name: str, middle: float, wide: float, unit: float) -> list[Bar]:
    in_time, found = one.answered - one.late, []
    if one.received:
        words = _("%(month)s: %(count)s received", month=name, count=one.received)
        found.append(_bar(middle - wide - 1, 0, one.received, wide, unit, "received", "", words))
    if in_time:
        words = _("%(month)s: %(count)s answered in time", month=name, count=in_time)
        found.append(_bar(middle + 1, 0, in_time, wide, unit, "", "url(#time-lines)", words))
    if one.late:
        words = _("%(month)s: %(count)s answered late", month=name, count=one.late)
        found.append(_bar(middle + 1, in_time, one.late, wide, unit, "", "url(#late-stripes)", words))
    return found


def _bar(x: float, below: int, count: int, width: float, unit: float, kind: str, fill: str, words: str) -> Bar:
    y = HEIGHT - FOOT - (below + count) * unit
    return Bar(round(x, 1), round(y, 1), round(width, 1), round(count * unit, 1), kind, fill, words)


def _round(most: int) -> int:
    """The next even round number."""
    step = max(2, int(f"1{'0' * (len(str(most)) - 1)}") // 2)
    return ceil(most / step) * step
