"""What a request is expected to cost in hours of work, by what redactions have cost here before.

A redaction counts as finished once a copy of it is ready. Of each person who worked on one, two things are known: when
they made edits, and which seconds they watched. Time between two edits of the same person counts where it is no longer
than a pause; the first edit after a pause counts a minute. Watching and editing go on at the same time, so of the two
the longer counts. What is left out is waiting for the machine, telephone calls and letters: the figure is a floor, and
a page says so, and on how many redactions it rests.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from candor.disclosure.requests.rules import Meant
from candor.disclosure.requests.tables import request_recording
from candor.footage.tables import recording
from candor.redaction.rules import CopyState
from candor.redaction.tables import redacted_copy, redaction_edit, redaction_part, redaction_watched

__all__ = ["Hours", "Pace", "expected", "pace", "worked"]

#: A longer time between two edits is a pause, not work.
PAUSE = timedelta(minutes=5)
#: What the first edit after a pause counts.
FIRST = timedelta(minutes=1)
#: The newest finished redactions that are looked at.
MOST = 100


@dataclass(frozen=True)
class Pace:
    """What redacting costs here: `work` for `footage`, of `redactions` finished redactions."""

    work: timedelta
    footage: timedelta
    redactions: int

    @property
    def per_minute(self) -> timedelta:
        """Work for a minute of footage."""
        return self.work * (60 / self.footage.total_seconds())


@dataclass(frozen=True)
class Hours:
    """What a request is expected to cost: `work` for its `footage`, going by `redactions` finished ones."""

    work: timedelta
    footage: timedelta
    redactions: int


_guard = threading.Lock()
_kept: WeakKeyDictionary[Engine, tuple[tuple[object, ...], Pace | None]] = WeakKeyDictionary()


def pace(tx: Connection) -> Pace | None:
    """What redacting costs here; None before the first redaction was finished. Kept until another one is."""
    ready = redacted_copy.c.state == CopyState.READY.value
    stamp = tuple(tx.execute(sa.select(sa.func.count(), sa.func.max(redacted_copy.c.ready_at)).where(ready)).one())
    with _guard:
        kept = _kept.get(tx.engine)
    if kept is not None and kept[0] == stamp:
        return kept[1]
    found = _measured(tx)
    with _guard:
        _kept[tx.engine] = (stamp, found)
    return found


def expected(tx: Connection, request_ids: Sequence[str]) -> Mapping[str, Hours]:
    """What requests are expected to cost, for those of which recordings are meant. Nothing where nothing is known."""
    known = pace(tx) if request_ids else None
    if known is None:
        return {}
    joined = request_recording.join(recording, recording.c.id == request_recording.c.recording_id)
    query = sa.select(request_recording.c.request_id, sa.func.sum(recording.c.duration_ms).label("length"))
    query = query.select_from(joined).where(
        request_recording.c.request_id.in_(request_ids), request_recording.c.meant == Meant.MEANT.value
    )
    found = {}
    for row in tx.execute(query.group_by(request_recording.c.request_id)):
        footage = timedelta(milliseconds=int(row.length or 0))
        if footage:
            work = known.work * (footage / known.footage)
            found[row.request_id] = Hours(work, footage, known.redactions)
    return found


def worked(edits: Iterable[tuple[str, datetime]], watched: Mapping[str, int]) -> timedelta:
    """How long people worked on a redaction: `edits`: who made one when; `watched`: seconds by account."""
    times: dict[str, list[datetime]] = {}
    for author, at in edits:
        times.setdefault(author, []).append(at)
    people = {*times, *watched}
    parts = (max(_edited(sorted(times.get(one, []))), timedelta(seconds=watched.get(one, 0))) for one in people)
    return sum(parts, timedelta(0))


def _edited(times: Sequence[datetime]) -> timedelta:
    if not times:
        return timedelta(0)
    between = (later - earlier for earlier, later in pairwise(times))
    return FIRST + sum((one if one <= PAUSE else FIRST for one in between), timedelta(0))


def _measured(tx: Connection) -> Pace | None:
    ready = sa.select(redacted_copy.c.redaction_id, sa.func.max(redacted_copy.c.ready_at).label("at"))
    ready = ready.where(redacted_copy.c.state == CopyState.READY.value).group_by(redacted_copy.c.redaction_id)
    ids = [row.redaction_id for row in tx.execute(ready.order_by(sa.desc("at")).limit(MOST))]
    footage = _footage(tx, ids)
    ids = [one for one in ids if footage.get(one)]  # of what was destroyed since no length is known
    edits: dict[str, list[tuple[str, datetime]]] = {}
    columns = (redaction_edit.c.redaction_id, redaction_edit.c.author, redaction_edit.c.made_at)
    for row in tx.execute(sa.select(*columns).where(redaction_edit.c.redaction_id.in_(ids))):
        if not row.author.startswith("system:"):
            edits.setdefault(row.redaction_id, []).append((row.author, row.made_at))
    watched: dict[str, dict[str, int]] = {}
    for row in tx.execute(sa.select(redaction_watched).where(redaction_watched.c.redaction_id.in_(ids))):
        seconds = sum(last - first + 1 for first, last in row.runs)
        its = watched.setdefault(row.redaction_id, {})
        its[row.account_id] = its.get(row.account_id, 0) + seconds
    times = {one: worked(edits.get(one, []), watched.get(one, {})) for one in ids}
    counted = [one for one in ids if times[one]]  # nobody worked on it: it says nothing of work
    if not counted:
        return None
    return Pace(
        sum((times[one] for one in counted), timedelta(0)),
        sum((footage[one] for one in counted), timedelta(0)),
        len(counted),
    )


def _footage(tx: Connection, ids: Sequence[str]) -> dict[str, timedelta]:
    found: dict[str, timedelta] = {}
    query = sa.select(redaction_part.c.redaction_id, redaction_part.c.facts)
    for row in tx.execute(query.where(redaction_part.c.redaction_id.in_(ids))):
        length = timedelta(seconds=float((row.facts or {}).get("duration", 0)))
        found[row.redaction_id] = found.get(row.redaction_id, timedelta(0)) + length
    return found
