"""Lines of the log that a job causes name it, and its trace does."""

from __future__ import annotations

from typing import Any

from candor.core import logs
from candor.core.database import Database
from candor.jobs import JobContext, Jobs


def test_what_a_job_logs_names_the_job(database: Database) -> None:
    seen: list[dict[str, str]] = []

    def handler(context: JobContext, params: dict[str, Any]) -> None:
        seen.append(logs.bound_now())

    jobs = Jobs(database, poll=0.05)
    jobs.register("test.lines@1", handler)
    with database.write() as tx:
        job_id = jobs.enqueue(tx, "test.lines@1", {})
    jobs.launch()
    try:
        jobs.wait_idle(30)
    finally:
        jobs.shutdown()
    assert seen == [{"job": job_id, "job_name": "test.lines@1"}]
    assert logs.bound_now() == {}
