"""The ledger of a camera's clock as a small drawing: how far it was off, over time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from candor.fleet.clock_rules import Reading
from candor.web import formats

__all__ = ["Chart", "Dot", "chart_of"]

#: Units of the drawing; it is as wide as its place.
WIDTH, HEIGHT, EDGE = 640, 120, 10
#: Offsets smaller than this, in seconds, are drawn as small as they are: a good clock is a flat line.
_LEAST_REACH = 5.0


@dataclass(frozen=True)
class Dot:
    """A reading: where it is drawn, how far its uncertainty reaches up and down, what it says."""

    x: float
    y: float
    half: float
    words: str
    clock_set: bool


@dataclass(frozen=True)
class Chart:
    """`lines`: one per stretch without a setting of the clock, as SVG points. `reach`: seconds at the upper edge."""

    dots: tuple[Dot, ...]
    lines: tuple[str, ...]
    zero: float
    reach: float
    first: str
    last: str


def chart_of(readings: Sequence[Reading], zone: str) -> Chart | None:
    """The drawing of readings in the order of time; None where there are fewer than two."""
    if len(readings) < 2:
        return None
    begin, end = readings[0].reference_at, readings[-1].reference_at
    whole = max((end - begin).total_seconds(), 1.0)
    reach = max(_LEAST_REACH, max(abs(one.offset.total_seconds()) for one in readings))
    middle = HEIGHT / 2

    def x_of(one: Reading) -> float:
        return round(EDGE + (WIDTH - 2 * EDGE) * (one.reference_at - begin).total_seconds() / whole, 1)

    def y_of(seconds: float) -> float:
        return round(middle - (middle - EDGE) * max(-1.0, min(1.0, seconds / reach)), 1)

    dots = [_dot(one, x_of(one), y_of(one.offset.total_seconds()), reach, zone) for one in readings]
    lines: list[list[str]] = [[]]
    for one, dot in zip(readings, dots, strict=True):
        lines[-1].append(f"{dot.x},{dot.y}")
        if one.clock_set:  # from here on it goes on without an offset
            lines.append([f"{dot.x},{y_of(0)}"])
    drawn = tuple(" ".join(points) for points in lines if len(points) > 1)
    ends = [formats.date_and_time(moment, zone, seconds=False) for moment in (begin, end)]
    return Chart(tuple(dots), drawn, y_of(0), reach, *ends)


def _dot(one: Reading, x: float, y: float, reach: float, zone: str) -> Dot:
    half = (HEIGHT / 2 - EDGE) * min(1.0, one.uncertainty.total_seconds() / reach)
    words = f"{formats.date_and_time(one.reference_at, zone)}: {one.offset.total_seconds():+.1f} s"
    return Dot(x, y, round(half, 1), words, one.clock_set)
