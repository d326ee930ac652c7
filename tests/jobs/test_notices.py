"""A job that fails for good is told of; many of one kind on one day are one notice."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import Database
from candor.core.outbox import NoticeKind, outbox_notice
from candor.jobs import JobContext, Jobs


def _breaks(context: JobContext, params: dict[str, object]) -> None:
    raise ValueError("it is broken")


def test_failed_jobs_are_told_of_once_a_day(database: Database) -> None:
    jobs = Jobs(database)
    jobs.register("test.breaks@1", _breaks, attempts=1)
    with database.write() as tx:
        for _ in range(3):
            jobs.enqueue(tx, "test.breaks@1", {})
    jobs.launch()
    try:
        jobs.wait_idle(60)
    finally:
        jobs.shutdown()
    with database.read() as tx:
        told = tx.execute(sa.select(outbox_notice).where(outbox_notice.c.kind == NoticeKind.JOB_FAILED)).all()
    assert [(row.about, row.times) for row in told] == [("/activity", 3)]
