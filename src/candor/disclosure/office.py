"""What decisions and releases say to the queue and the statistics of requests, which are below them. What was withheld,
and whether a request can be answered, `decisions.answers` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.decisions.tables import release_decision
from candor.disclosure.releases.rules import ReleaseState
from candor.disclosure.releases.tables import release
from candor.disclosure.requests import queue, statistics
from candor.disclosure.requests.rules import Meant
from candor.disclosure.requests.tables import records_request, request_recording

__all__ = ["decided_of", "released_between", "second_person"]


def second_person() -> sa.ColumnElement[bool]:
    """Whether a release of a request waits for a second person: a condition on `records_request`."""
    waiting = release.c.request_id == records_request.c.id, release.c.state == ReleaseState.PREPARED.value
    return sa.exists().where(*waiting).correlate(records_request)


def decided_of(tx: Connection, request_ids: Sequence[str]) -> Mapping[str, int]:
    """Of how many recordings that are meant it is decided what is released."""
    if not request_ids:
        return {}
    joined = release_decision.join(
        request_recording,
        sa.and_(
            request_recording.c.request_id == release_decision.c.request_id,
            request_recording.c.recording_id == release_decision.c.recording_id,
            request_recording.c.meant == Meant.MEANT.value,
        ),
    )
    several = sa.func.count(release_decision.c.recording_id.distinct())
    query = sa.select(release_decision.c.request_id, several.label("several")).select_from(joined)
    query = query.where(release_decision.c.request_id.in_(request_ids), release_decision.c.withdrawn_at.is_(None))
    return {row.request_id: row.several for row in tx.execute(query.group_by(release_decision.c.request_id))}


def released_between(tx: Connection, begin: datetime, end: datetime) -> timedelta:
    """How long the videos are that were published in that time: the parts that went out, not the recordings that they
    are of. The same file counts once in a release."""
    within = release.c.published_at >= begin, release.c.published_at < end
    lengths = (
        one.get("duration_ms") or 0
        for files in tx.scalars(sa.select(release.c.files).where(*within))
        for one in files or ()
        if one["kind"] == "copy"
    )
    return timedelta(milliseconds=sum(lengths))


queue.SECOND.append(second_person)
queue.DECIDED.append(decided_of)
statistics.RELEASED.append(released_between)
