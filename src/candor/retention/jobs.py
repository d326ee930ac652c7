"""Retention's work in the background: plans and dry runs, and carrying out dispositions."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.settings import Settings
from candor.footage import purging
from candor.jobs import Failure, JobContext, Jobs
from candor.retention import plans, running
from candor.retention.errors import PlanStopped, RetentionError
from candor.store import Vault
from candor.store.tombstones import KeysLedger

__all__ = ["register"]


def register(jobs: Jobs, database: Database, vault: Vault, settings: Settings, *, clock: Clock) -> None:
    """Have this process know how to do them."""
    worker = _Worker(jobs, database, vault, settings, clock)
    jobs.register(plans.JOB, worker.plan, on_failure=worker.give_up_plan)
    jobs.register(running.JOB, worker.run, on_failure=worker.give_up_run)


class _Worker:
    def __init__(self, jobs: Jobs, database: Database, vault: Vault, settings: Settings, clock: Clock) -> None:
        self._jobs, self._database, self._vault = jobs, database, vault
        self._settings, self._clock = settings, clock

    def plan(self, context: JobContext, params: dict[str, Any]) -> None:
        """Work a plan out. Stopped because the process ends, it is worked out anew elsewhere."""
        try:
            plans.work_out(
                self._database,
                params["plan"],
                clock=self._clock,
                progress=context.progress,
                cancelled=context.cancelled,
            )
        except PlanStopped:
            return

    def give_up_plan(self, tx: Connection, failure: Failure) -> None:
        """Put down that it could not be worked out."""
        plans.fail(tx, failure.job.params["plan"], failure.problem, self._clock)

    def run(self, context: JobContext, params: dict[str, Any]) -> None:
        """Carry out a disposition. What stops it by a rule is put down for people; another attempt would not help."""
        try:
            running.run(
                self._database,
                self._vault,
                self._jobs,
                params["disposition"],
                pause_days=self._settings.retention_pause_days,
                settle=self._settle,
                clock=self._clock,
                progress=context.progress,
                cancelled=context.cancelled,
            )
        except RetentionError as error:
            with self._database.write() as tx:
                self._stop(tx, params["disposition"], str(error))

    def give_up_run(self, tx: Connection, failure: Failure) -> None:
        """Put down why it stopped, and tell somebody."""
        self._stop(tx, failure.job.params["disposition"], failure.problem)

    def _stop(self, tx: Connection, disposition_id: str, problem: str) -> None:
        found = running.stopped(tx, disposition_id, problem)
        outbox.tell(
            tx,
            outbox.NoticeKind.DISPOSITION_STOPPED,
            details={"disposition": found.number, "words": problem},
            about=f"/retention/dispositions/{found.id}",
            clock=self._clock,
        )

    def _settle(self) -> None:
        purging.settle(self._database, self._vault, KeysLedger(self._settings.keys_folder), clock=self._clock)
