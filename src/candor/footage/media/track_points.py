"""Points of a track as a parser in a limited process gives them: checked, bounded, nothing filled in."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

__all__ = ["KNOT", "MOST_POINTS", "Row", "moment", "row"]

#: Points that are given of one file.
MOST_POINTS: Final = 100_000
#: One knot in km/h.
KNOT: Final = 1.852

Row = list[float | str | None]
"""[seconds from the start or None, latitude, longitude, time as ISO 8601 in UTC or None, km/h or None]."""


def row(
    seconds: float | None, latitude: float, longitude: float, at: datetime | None = None, speed: float | None = None
) -> Row | None:
    """A point, or None when it can be no place. A speed that cannot be is left away."""
    if not (math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    if seconds is not None and not (math.isfinite(seconds) and 0 <= seconds < 1e9):
        return None
    fast = speed if speed is not None and math.isfinite(speed) and 0 <= speed < 2000 else None
    written = None if at is None else at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    return [
        None if seconds is None else round(seconds, 3),
        round(latitude, 7),
        round(longitude, 7),
        written,
        None if fast is None else round(fast, 2),
    ]


def moment(year: int, month: int, day: int, hour: int, minute: int, second: float) -> datetime | None:
    """The moment in UTC that these numbers name, if there is one from 1980 to 2200."""
    if not (1980 <= year < 2200 and 0 <= second < 60):
        return None
    try:
        whole = int(second)
        return datetime(year, month, day, hour, minute, whole, int((second - whole) * 1e6), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
