"""The job that brings a recording back from the archive, and the daily round that sends others there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.footage import archiving
from candor.footage.archive_tables import archived_recording
from candor.jobs import Failure, JobContext, Jobs
from candor.store import Vault

__all__ = ["EVERY", "RUN_JOB", "go_round", "register"]

RUN_JOB = "footage.archive@1"
EVERY = timedelta(days=1)


def register(jobs: Jobs, database: Database, vault: Vault, *, clock: Clock, older_than: timedelta) -> None:
    """Have this process know how to do them. `older_than`: so long nobody has opened what goes."""

    def bring_back(context: JobContext, params: dict[str, Any]) -> None:
        archiving.bring_back(database, vault, params["recording"], clock=clock, cancelled=context.cancelled)

    def give_up(tx: Connection, failure: Failure) -> None:
        """It lies in the archive still, and can be asked for again."""
        mine = archived_recording.c.recording_id == failure.job.params["recording"]
        values = {"state": archiving.ArchiveState.ARCHIVED.value, "problem": failure.problem, "job_id": None}
        tx.execute(archived_recording.update().where(mine).values(values))

    def send(context: JobContext, params: dict[str, Any]) -> None:
        archiving.run(database, vault, older_than=older_than, clock=clock, cancelled=context.cancelled)

    jobs.register(archiving.JOB, bring_back, on_failure=give_up)
    jobs.register(RUN_JOB, send)


def go_round(database: Database, jobs: Jobs, vault: Vault) -> None:
    """Once a day: send what is due, if there is an archive."""
    if vault.archive is not None:
        with database.write() as tx:
            jobs.enqueue(tx, RUN_JOB, {})
