"""What is known of a recording as far as the law asks for it: made here, the one place, for a page, a plan and a run.

When it was recorded is the start that is shown, except where somebody set that by hand or it cannot well be true: then
it is the later of that and the receipt, and never more than a day after the receipt. So no start that a person enters
lets footage go sooner. Which day's law applies follows from the same moment.

What rooms above know of recordings they say through the registries: which cases are open, what happened, what is held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.footage.classification_rows import labels_for
from candor.footage.errors import RecordingUnknown
from candor.footage.rules import Flag, TimeSource
from candor.footage.tables import recording
from candor.law.model import Facts, HoldFact
from candor.law.vocabulary import LawEvent

__all__ = ["CASES", "EVENTS", "HOLDS", "facts_for", "facts_of", "recorded_moment"]

#: Who knows of moments in the life of recordings, such as a request that came: rooms above. Recordings of which one
#: knows nothing are left out of what it gives.
EVENTS: list[Callable[[Connection, Sequence[str]], Mapping[str, Mapping[LawEvent, datetime]]]] = []
#: Who knows the numbers of cases that are open and have a recording in them.
CASES: list[Callable[[Connection, Sequence[str]], Mapping[str, tuple[str, ...]]]] = []
#: Who knows what is held.
HOLDS: list[Callable[[Connection, Sequence[str]], Mapping[str, tuple[HoldFact, ...]]]] = []

_LATEST = timedelta(days=1)
_NAMES = ("id", "category", "started_at", "started_source", "received_at", "flags")
_CORRECTED = TimeSource.CORRECTED.value
_UNLIKELY = Flag.TIME_UNLIKELY.value
_NO_EVENTS: Mapping[LawEvent, datetime] = {}


def facts_of(tx: Connection, recording_id: str) -> Facts:
    """What is known of one recording. Whoever calls has checked that it may be known. Raises RecordingUnknown."""
    query = sa.select(*(recording.c[name] for name in _NAMES)).where(recording.c.id == recording_id)
    row = tx.execute(query).first()
    if row is None:
        raise RecordingUnknown(id=recording_id)
    return facts_for(tx, [row])[0]


def facts_for(tx: Connection, rows: Sequence[sa.Row[Any]]) -> list[Facts]:
    """The same for rows of `recording` with at least its identifier, category, start and its source, receipt and
    flags, in their order: one question to each registry for all of them."""
    ids = [row.id for row in rows]
    labels = labels_for(tx, ids)
    events = _events(tx, ids)
    cases = _joined(tx, ids, CASES)
    holds = _joined(tx, ids, HOLDS)
    return [
        Facts(
            recorded_moment(row.started_at, row.started_source, row.received_at, row.flags),
            row.received_at,
            row.category,
            labels[row.id],
            events.get(row.id, _NO_EVENTS),
            cases.get(row.id, ()),
            holds.get(row.id, ()),
        )
        for row in rows
    ]


def recorded_moment(started_at: datetime, started_source: str, received_at: datetime, flags: Sequence[str]) -> datetime:
    """The moment from which the law counts a recording, in UTC."""
    if (started_source == _CORRECTED or _UNLIKELY in flags) and started_at < received_at:
        return received_at
    return started_at if started_at <= received_at else min(started_at, received_at + _LATEST)


def _events(tx: Connection, ids: Sequence[str]) -> dict[str, Mapping[LawEvent, datetime]]:
    found: dict[str, Mapping[LawEvent, datetime]] = {}
    for known in EVENTS:
        for one, events in known(tx, ids).items():
            found[one] = {**found.get(one, {}), **events}
    return found


def _joined(
    tx: Connection, ids: Sequence[str], registry: Sequence[Callable[[Connection, Sequence[str]], Mapping[str, Any]]]
) -> dict[str, tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}
    for known in registry:
        for one, several in known(tx, ids).items():
            found[one] = (*found.get(one, ()), *several)
    return found
