"""The ledger of a discovery: what was given to whom, and when, so that both sides are seen to be treated alike.

It holds what everybody may know: access, entries, downloads, receipts. What a side watched is not in it, nor how often.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.custody import Event, find
from candor.custody.tables import custody_event
from candor.disclosure.discovery.access import sides_of
from candor.disclosure.discovery.reading import Discovery
from candor.disclosure.discovery.rules import PartySide
from candor.matters.tables import matter_history

__all__ = ["Apart", "Line", "apart", "ledger"]

_KINDS = (
    Event.DISCOVERY_ACCESS_GIVEN,
    Event.DISCOVERY_ACCESS_ENDED,
    Event.DISCOVERY_ENTERED,
    Event.DISCOVERY_DOWNLOADED,
    Event.DISCOVERY_RECEIPT_GIVEN,
)


@dataclass(frozen=True)
class Line:
    """Something that happened with one side's access, as everybody may know it."""

    at: datetime
    side: PartySide
    kind: Event
    event_id: str


@dataclass(frozen=True)
class Apart:
    """How far the two sides are apart: `given` between the first accesses, None while one has none; `waiting`: the
    sides that were never given any, though the other was."""

    given: timedelta | None
    waiting: tuple[PartySide, ...]


def ledger(tx: Connection, found: Discovery) -> list[Line]:
    """Every line, the oldest first."""
    query = (
        sa.select(custody_event.c.id)
        .join(matter_history, matter_history.c.event_id == custody_event.c.id)
        .where(matter_history.c.matter_id == found.matter_id, custody_event.c.kind.in_([kind.value for kind in _KINDS]))
        .order_by(custody_event.c.seq)
    )
    events = [find(tx, event_id) for event_id in tx.scalars(query).all()]
    return [
        Line(event.at, PartySide(event.details["side"]), event.kind, event.id)
        for event in events
        if event is not None and event.details.get("discovery") == found.id
    ]


def apart(tx: Connection, found: Discovery) -> Apart:
    """How far apart access was given."""
    first: dict[PartySide, datetime] = {}
    for side in sides_of(tx, found.id):
        first[side.side] = min(first.get(side.side, side.given_at), side.given_at)
    waiting = tuple(side for side in PartySide if first and side not in first)
    moments = sorted(first.values())
    return Apart(moments[-1] - moments[0] if len(moments) == len(PartySide) else None, waiting)
