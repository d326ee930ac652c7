"""Where a camera says that it was, point by point. Every point is a claim; nothing is filled in between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, from_iso, iso
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.holder import holder_of
from candor.footage.tables import location_track

__all__ = ["MOST_POINTS", "Point", "Track", "keep_track", "tracks_of"]

#: Points of one track: one a second for three days. What comes beyond is left out, and the sidecar has it raw.
MOST_POINTS = 260_000


@dataclass(frozen=True)
class Point:
    """One point. `seconds` from the start of the part, or of the recording where there is no part; degrees (WGS 84);
    metres; km/h; `at`: by the track's own clock."""

    seconds: float
    latitude: float
    longitude: float
    at: datetime | None = None
    accuracy_m: float | None = None
    speed_kmh: float | None = None

    @property
    def sound(self) -> bool:
        """Whether it can be a place on earth at all."""
        return -90 <= self.latitude <= 90 and -180 <= self.longitude <= 180 and abs(self.seconds) < 1e9


@dataclass(frozen=True)
class Track:
    """A track. `source`: which dialect, and where it was found."""

    source: str
    points: tuple[Point, ...]
    part_id: str | None = None
    sidecar_id: str | None = None
    id: str = ""


def keep_track(tx: Connection, recording_id: str, track: Track, *, actor: str, clock: Clock) -> str | None:
    """Keep a track of a recording; its id, None when no point of it can be a place, or the recording was destroyed.
    The same track again changes nothing."""
    points = [_kept(point) for point in track.points[:MOST_POINTS] if point.sound]
    if not points:
        return None
    holder = holder_of(tx, recording_id)
    if holder.destroyed:
        return None
    recording_id = holder.id
    for known in tracks_of(tx, recording_id):
        same_place = (known.source, known.part_id) == (track.source, track.part_id)
        if same_place and [_kept(point) for point in known.points] == points:
            return known.id
    track_id = new_id()
    row = {
        "id": track_id,
        "recording_id": recording_id,
        "part_id": track.part_id,
        "sidecar_id": track.sidecar_id,
        "source": track.source[:200],
        "points": points,
        "received_at": clock.now(),
    }
    tx.execute(location_track.insert(), row)
    left_out = len(track.points) - len(points)
    details = {"track": track_id, "source": row["source"], "points": len(points), "left_out": left_out}
    details |= {"part": track.part_id, "sidecar": track.sidecar_id}
    custody.append(tx, Event.TRACK_KEPT, actor=actor, recording=recording_id, details=details, clock=clock)
    return track_id


def tracks_of(tx: Connection, recording_id: str) -> list[Track]:
    """The tracks of a recording, oldest first; whoever calls has checked that the reader may see it."""
    query = sa.select(location_track).where(location_track.c.recording_id == recording_id)
    return [
        Track(row.source, tuple(_points(row.points)), row.part_id, row.sidecar_id, row.id)
        for row in tx.execute(query.order_by(location_track.c.id))
    ]


def _kept(point: Point) -> list[Any]:
    at = None if point.at is None else iso(point.at)
    return [point.seconds, point.latitude, point.longitude, at, point.accuracy_m, point.speed_kmh]


def _points(kept: Iterable[list[Any]]) -> Iterable[Point]:
    for seconds, latitude, longitude, at, accuracy, speed in kept:
        yield Point(seconds, latitude, longitude, None if at is None else from_iso(at), accuracy, speed)
