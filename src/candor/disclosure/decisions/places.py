"""Where the parts of a recording stand on its own clock: one after the other, each as long as its content says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.footage.tables import part, recording

__all__ = ["Place", "length_of", "places_of"]


@dataclass(frozen=True)
class Place:
    """A part, from `begin` until before `end`, milliseconds of the recording's clock. `end` None: nobody knows how long
    the part is; `begin` None: nobody knows that of a part before it."""

    part_id: str
    number: int
    begin: int | None
    end: int | None


def places_of(tx: Connection, recording_id: str) -> list[Place]:
    """The parts of a recording in order. Whoever calls has checked that the recording may be seen."""
    query = sa.select(part.c.id, part.c.number, part.c.claims).where(part.c.recording_id == recording_id)
    found: list[Place] = []
    begin: int | None = 0
    for row in tx.execute(query.order_by(part.c.number)):
        length = _length(row.claims)
        end = None if begin is None or length is None else begin + length
        found.append(Place(row.id, row.number, begin, end))
        begin = end
    return found


def length_of(tx: Connection, recording_id: str) -> int | None:
    """How long a recording is, in milliseconds; None where nobody knows."""
    return tx.scalar(sa.select(recording.c.duration_ms).where(recording.c.id == recording_id))


def _length(claims: Any) -> int | None:
    """What the content says of itself; a claim, which may be absurd."""
    seconds = claims.get("media", {}).get("duration")
    if not isinstance(seconds, int | float) or not 0 <= seconds < 1e9:
        return None
    return round(seconds * 1000)
