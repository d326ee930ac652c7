"""Where a recording was made, as it or a file beside it says; and what its time says of the camera's clock.

The clock is compared only where a track has both the place of its points in the recording and a receiver's time: then
the camera's time of a point is known apart from the receiver's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from candor.core.clock import Clock, from_iso
from candor.fleet import clocks
from candor.footage.tracks import Point, Track, keep_track

__all__ = ["Placed", "keep_points", "offset_of", "points_of"]

#: A name's second, and the second that a block stands for.
_UNCERTAINTY_MS = 2000
#: A difference of at least so much may be a time zone that somebody took for another; it is no reading of a clock.
_MAY_BE_A_ZONE = timedelta(minutes=12)


@dataclass(frozen=True)
class Placed:
    """A recording that a track belongs to. `started_at`: by the camera's own clock, None where that is not known."""

    recording_id: str
    part_id: str | None
    device_id: str | None
    started_at: datetime | None


def points_of(rows: Sequence[Sequence[Any]], started_at: datetime | None) -> list[Point]:
    """Points of a track from the rows of a limited process. Those without a place in the recording get it from their
    own times: counted from the first of them, or from the start where they begin after it."""
    times = [from_iso(row[3]) for row in rows if row[3] is not None]
    origin = times[0] if times else None
    if origin is not None and started_at is not None and timedelta(0) <= origin - started_at <= timedelta(hours=24):
        origin = started_at
    found = []
    for seconds, latitude, longitude, written, speed in rows:
        at = None if written is None else from_iso(written)
        if seconds is None:
            if at is None or origin is None or at < origin:
                continue
            seconds = (at - origin).total_seconds()
        found.append(Point(float(seconds), latitude, longitude, at, speed_kmh=speed))
    return found


def offset_of(
    rows: Sequence[Sequence[Any]], started_at: datetime | None, *, utc: bool
) -> tuple[datetime, datetime] | None:
    """(the camera's time, the receiver's time) of the first point that has both; None where nothing can be told.

    `utc`: whether the receiver's times are certain to be UTC; otherwise a difference that could be a zone says nothing.
    """
    if started_at is None:
        return None
    for seconds, _, _, written, _ in rows:
        if seconds is None or written is None:
            continue
        camera, receiver = started_at + timedelta(seconds=seconds), from_iso(written)
        return (camera, receiver) if utc or abs(camera - receiver) < _MAY_BE_A_ZONE else None
    return None


def keep_points(
    tx: Connection,
    placed: Placed,
    read: Mapping[str, Any],
    *,
    source: str,
    sidecar_id: str | None = None,
    compare: bool,
    utc: bool,
    actor: str,
    clock: Clock,
) -> str | None:
    """Keep what a limited process read as a track, and note what it says of the camera's clock; the track's id."""
    rows = read.get("points") or ()
    points = points_of(rows, placed.started_at)
    if not points:
        return None
    track = Track(source, tuple(points), part_id=placed.part_id, sidecar_id=sidecar_id)
    kept = keep_track(tx, placed.recording_id, track, actor=actor, clock=clock)
    found = offset_of(rows, placed.started_at, utc=utc) if compare else None
    if found is not None and placed.device_id is not None:
        clocks.note_reading(
            tx, placed.device_id, *found, source=clocks.ReadingSource.GNSS, uncertainty_ms=_UNCERTAINTY_MS,
            recording_id=placed.recording_id, actor=actor, clock=clock,
        )  # fmt: skip
    return kept
