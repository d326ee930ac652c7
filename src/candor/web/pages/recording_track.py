"""Where the camera says that it was: a line without a map, and what it says of speed. Nothing is asked of anybody."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy.engine import Connection

from candor.footage.tracks import Point, Track, tracks_of
from candor.web import formats
from candor.web.i18n import gettext as _

WIDTH, HEIGHT, MARGIN = 400, 220, 14
_MOST_POINTS = 600  # of the line
_MOST_ROWS = 12  # of the table: first, last, and between them evenly
_METRES_PER_DEGREE = 111_320.0
_SMALLEST = 20.0  # metres that the picture spans at least: standing still is not drawn as a journey


@dataclass(frozen=True)
class Moment:
    """A row of the table."""

    seconds: float
    text: str
    at: datetime | None
    place: str
    speed: str


@dataclass(frozen=True)
class TrackTold:
    """A track as it is drawn. `line`: of an SVG path; `scale`: what the bar of `bar` units stands for."""

    source: str
    line: str
    begin: tuple[float, float]
    end: tuple[float, float]
    bar: float
    scale: str
    points: int
    length: str
    fastest: str
    moments: tuple[Moment, ...]


def tracks_told(tx: Connection, recording_id: str) -> list[TrackTold]:
    """The tracks of a recording that the reader may see."""
    return [track_told(one) for one in tracks_of(tx, recording_id) if one.points]


def track_told(track: Track) -> TrackTold:
    """One track, drawn north up, both directions to the same scale."""
    points = sorted(track.points, key=lambda point: point.seconds)
    flat = _flat(points)
    (left, right), (low, high) = _extent([x for x, _y in flat]), _extent([y for _x, y in flat])
    scale = min((WIDTH - 2 * MARGIN) / (right - left), (HEIGHT - 2 * MARGIN) / (high - low))

    def drawn(place: tuple[float, float]) -> tuple[float, float]:
        x = WIDTH / 2 + (place[0] - (left + right) / 2) * scale
        y = HEIGHT / 2 - (place[1] - (low + high) / 2) * scale
        return round(x, 1), round(y, 1)

    kept = [drawn(flat[place]) for place in _evenly(len(flat), _MOST_POINTS)]
    metres = _round_length((WIDTH / 4) / scale)
    speeds = [point.speed_kmh for point in points if point.speed_kmh is not None]
    return TrackTold(
        source=track.source,
        line="M" + " L".join(f"{x:g} {y:g}" for x, y in kept),
        begin=kept[0],
        end=kept[-1],
        bar=round(metres * scale, 1),
        scale=_metres(metres),
        points=len(points),
        length=_metres(sum(math.dist(a, b) for a, b in pairwise(flat))),
        fastest=_speed(max(speeds)) if speeds else "–",
        moments=tuple(_moment(points[place]) for place in _evenly(len(points), _MOST_ROWS)),
    )


def _flat(points: Sequence[Point]) -> list[tuple[float, float]]:
    """Metres east and north of the first point; good enough for what a camera covers in a shift."""
    first = points[0]
    east = _METRES_PER_DEGREE * max(0.01, math.cos(math.radians(first.latitude)))
    return [
        (_turn(point.longitude - first.longitude) * east, (point.latitude - first.latitude) * _METRES_PER_DEGREE)
        for point in points
    ]


def _turn(degrees: float) -> float:
    """The shorter way round, over the antimeridian too."""
    return (degrees + 180) % 360 - 180


def _extent(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    more = max(0.0, _SMALLEST - (high - low)) / 2
    return low - more, high + more


def _evenly(count: int, most: int) -> list[int]:
    if count <= most:
        return list(range(count))
    return [round(number * (count - 1) / (most - 1)) for number in range(most)]


def _round_length(metres: float) -> float:
    """1, 2 or 5 times a power of ten, no longer than this."""
    power: float = 10.0 ** math.floor(math.log10(metres))
    return next(step * power for step in (5, 2, 1) if step * power <= metres)


def _metres(metres: float) -> str:
    if metres < 1000:
        return _("%(count)s m", count=f"{metres:.0f}")
    return _("%(count)s km", count=f"{metres / 1000:.3g}")


def _speed(speed: float) -> str:
    return _("%(count)s km/h", count=f"{speed:.0f}")


def _moment(point: Point) -> Moment:
    return Moment(
        seconds=max(0.0, point.seconds),
        text=formats.duration(round(point.seconds * 1000)) if point.seconds >= 0 else "–",
        at=point.at,
        place=f"{point.latitude:.5f}, {point.longitude:.5f}",
        speed="–" if point.speed_kmh is None else _speed(point.speed_kmh),
    )
