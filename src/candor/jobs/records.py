"""Reading the job table: what waits, what runs, what came of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.jobs.tables import job


class JobState(StrEnum):
    """Where a job is."""

    WAITING = "waiting"  # for a free slot, or for its next attempt
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # for good; on_failure has run
    CANCELLED = "cancelled"


#: States in which something is still to be done.
OPEN = (JobState.WAITING, JobState.RUNNING)


@dataclass(frozen=True)
class Job:
    """One job as it stood when it was read."""

    id: str
    name: str
    params: dict[str, Any]
    state: JobState
    fraction: float  # progress, 0..1
    attempts: int  # runs that ended in an error
    problem: str | None  # the latest error, in words
    cancel_requested: bool
    enqueued_at: datetime
    due_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


_COLUMNS = [
    job.c[name]
    for name in (
        "id",
        "name",
        "params",
        "state",
        "fraction",
        "attempts",
        "problem",
        "cancel_requested",
        "enqueued_at",
        "due_at",
        "started_at",
        "ended_at",
    )
]


def get(tx: Connection, job_id: str) -> Job | None:
    """One job, or None."""
    row = tx.execute(sa.select(*_COLUMNS).where(job.c.id == job_id)).first()
    return None if row is None else _job(row)


def newest(
    tx: Connection, *, states: Collection[JobState] = (), names: Collection[str] = (), limit: int = 100
) -> list[Job]:
    """Jobs, the newest first: of some states (default: all) and some names (default: all), `limit` at
    most."""
    query = sa.select(*_COLUMNS).order_by(job.c.enqueued_at.desc(), job.c.id.desc()).limit(limit)
    if states:
        query = query.where(job.c.state.in_([state.value for state in states]))
    if names:
        query = query.where(job.c.name.in_(names))
    return [_job(row) for row in tx.execute(query)]


def count_open(tx: Connection) -> int:
    """How many jobs wait or run."""
    found = tx.scalar(
        sa.select(sa.func.count()).select_from(job).where(job.c.state.in_([state.value for state in OPEN]))
    )
    return int(found or 0)


def _job(row: sa.Row[Any]) -> Job:
    values = dict(row._mapping)
    return Job(**{**values, "state": JobState(values["state"])})
