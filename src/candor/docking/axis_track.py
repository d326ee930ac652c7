"""Reading an Axis camera system's location track: runs in a limited process, which is to import little, and so not the
package `candor.docking.axis`.

{"CoordinateEntries": [{"LocationWKT": "POINT(lon lat)", "SecondsFromStart": 64.0, "Timestamp": "…Z"}]}
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from candor.core.clock import possible
from candor.core.limited_task import Refused, Task

__all__ = ["parse_track"]

#: Points that are read; a track has one in some seconds, so this is days.
MOST_POINTS = 200_000
_NUMBER = r"([-+]?\d{1,3}(?:\.\d{1,15})?)"
_POINT = re.compile(rf"\s*POINT\s*Z?\s*\(\s*{_NUMBER}\s+{_NUMBER}(?:\s+\S+)?\s*\)\s*", re.IGNORECASE)


def parse_track(task: Task) -> dict[str, Any]:
    """{"points": [[seconds, latitude, longitude, RFC 3339 or None], …], "left_out": entries that say no place}.

    Raises Refused ("not-a-track") for what has no list of entries.
    """
    try:
        found = json.loads(task.source.read())
        entries = found["CoordinateEntries"]
        if not isinstance(entries, list):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("not-a-track", "it is no list of places") from error
    points = [point for point in map(_point, entries[:MOST_POINTS]) if point is not None]
    return {"points": points, "left_out": len(entries) - len(points)}


def _point(entry: Any) -> list[Any] | None:
    if not isinstance(entry, dict):
        return None
    place = _POINT.fullmatch(str(entry.get("LocationWKT", "")))
    seconds = entry.get("SecondsFromStart")
    if place is None or isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    longitude, latitude = float(place[1]), float(place[2])
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90 and -1e7 < seconds < 1e7):
        return None
    return [float(seconds), latitude, longitude, _time(entry.get("Timestamp"))]


def _time(value: Any) -> str | None:
    try:
        found = datetime.fromisoformat(str(value))
        at = None if found.tzinfo is None else possible(found.astimezone(UTC))
    except (ValueError, OverflowError):
        return None
    return None if at is None else at.isoformat()
