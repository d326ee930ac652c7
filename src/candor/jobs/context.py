"""What a handler is given: its steps, its progress, and word that it is to stop."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.errors import DatabaseGone
from candor.jobs.errors import ParametersNotJson
from candor.jobs.tables import job, job_step

#: Seconds between two looks at the database for a request to stop, and between two writes of progress.
LOOK_EVERY = 0.25
PROGRESS_EVERY = 1.0


class StopReason(Enum):
    """Why a run is to end before the job is done."""

    CANCELLED = "cancelled"  # somebody wants the job no more
    SHUTDOWN = "shutdown"  # this process ends; the job goes on elsewhere or later
    LOST = "lost"  # another execution has the job now


class JobStopped(BaseException):
    """Ends a run at a step. No Exception, so that a handler's `except Exception` lets it pass: tidy up in
    `finally` and leave the rest to the caller."""

    def __init__(self, reason: StopReason) -> None:
        self.reason = reason
        super().__init__(reason.value)


class JobContext:
    """One run of one job. `step` and `transaction` belong to the handler's own thread; `progress` and
    `cancelled` may be called from any."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        job_id: str,
        name: str,
        params: dict[str, Any],
        execution: str,
        shutting_down: threading.Event,
    ) -> None:
        self.job_id = job_id
        self.name = name
        self.params = params
        self.execution = execution  # as in the job's row while this run has the job
        self.stopped: StopReason | None = None
        self._database = database
        self._clock = clock
        self._shutting_down = shutting_down
        self._times: Counter[str] = Counter()
        self._in_transaction: int | None = None  # the thread that is in one
        self._looked = time.monotonic()
        self._progressed = float("-inf")

    def step(self, name: str, function: Callable[[], Any]) -> Any:
        """Run function() unless it is on record as done, and return its result, a JSON value.

        Killed in its middle, or before its result is recorded, it runs again. Raises what the function raises
        (then nothing is recorded), ParametersNotJson, and JobStopped.
        """
        key = self._key(name)
        with self._database.read() as tx:
            self._check(tx)
            done, result = _recorded(tx, self.job_id, key)
        if done:
            return result
        result = as_json(function(), f"The result of step {key}", self.name)
        with self._database.write() as tx:
            self._own(tx)
            self._record(tx, key, result)
        return result

    def transaction(self, name: str, function: Callable[[Connection], Any]) -> Any:
        """Run function(tx) exactly once, in one writing transaction with the record of its result, a JSON
        value.

        Other steps cannot be called inside. Raises what the function raises (then nothing it wrote is kept),
        ParametersNotJson, and JobStopped.
        """
        key = self._key(name)
        with self._database.write() as tx:
            self._in_transaction = threading.get_ident()
            try:
                self._own(tx)
                self._check(tx)
                done, result = _recorded(tx, self.job_id, key)
                if not done:
                    result = as_json(function(tx), f"The result of step {key}", self.name)
                    self._record(tx, key, result)
            finally:
                self._in_transaction = None
        return result

    def cancelled(self) -> bool:
        """Whether to stop now. A handler that stops puts away what is half-done and returns; whatever the
        reason was, the job's state comes out right. Looks at the database a few times per second at most."""
        if self.stopped is None and self._shutting_down.is_set():
            self.stopped = StopReason.SHUTDOWN
        if self.stopped is None and not self._within() and time.monotonic() - self._looked >= LOOK_EVERY:
            self._looked = time.monotonic()
            try:
                with self._database.read() as tx:
                    self.stopped = self._reason(tx)
            except (DatabaseGone, DBAPIError):
                return False  # a database that is away for a moment is no reason to throw away an hour's work
        return self.stopped is not None

    def progress(self, fraction: float) -> None:
        """Say how much of the job is done, 0 to 1. Written once per second at most; never raises for the
        database's sake."""
        if self._within() or time.monotonic() - self._progressed < PROGRESS_EVERY:
            return
        self._progressed = time.monotonic()
        try:
            with self._database.write() as tx:
                tx.execute(
                    job.update()
                    .where(job.c.id == self.job_id, job.c.execution == self.execution)
                    .values(fraction=min(1.0, max(0.0, float(fraction))))
                )
        except (DatabaseGone, DBAPIError):
            return

    def _key(self, name: str) -> str:
        if self._within():
            raise RuntimeError(f"step {name} of {self.name} is called inside a transactional step")
        self._times[name] += 1
        times = self._times[name]
        return name if times == 1 else f"{name}#{times}"

    def _within(self) -> bool:
        return self._in_transaction == threading.get_ident()

    def _check(self, tx: Connection) -> None:
        """Raise JobStopped if this run is to go no further."""
        if self.stopped is None:
            self.stopped = StopReason.SHUTDOWN if self._shutting_down.is_set() else self._reason(tx)
        if self.stopped is not None:
            raise JobStopped(self.stopped)

    def _reason(self, tx: Connection) -> StopReason | None:
        row = tx.execute(sa.select(job.c.execution, job.c.cancel_requested).where(job.c.id == self.job_id)).first()
        if row is None or row.execution != self.execution:
            return StopReason.LOST
        return StopReason.CANCELLED if row.cancel_requested else None

    def _own(self, tx: Connection) -> None:
        """Hold the job until the transaction ends, so that nobody takes it away in between; raise JobStopped
        when it is gone already."""
        held = tx.scalar(sa.select(job.c.execution).where(job.c.id == self.job_id).with_for_update(read=True))
        if held != self.execution:
            self.stopped = StopReason.LOST
            raise JobStopped(StopReason.LOST)

    def _record(self, tx: Connection, key: str, result: Any) -> None:
        tx.execute(
            job_step.insert(),
            {"job_id": self.job_id, "key": key, "result": result, "done_at": self._clock.now()},
        )


def _recorded(tx: Connection, job_id: str, key: str) -> tuple[bool, Any]:
    row = tx.execute(sa.select(job_step.c.result).where(job_step.c.job_id == job_id, job_step.c.key == key)).first()
    return (False, None) if row is None else (True, row.result)


def as_json(value: Any, what: str, name: str) -> Any:
    """The value as it comes back from the database (a tuple as a list), so that a run and its repetition see
    the same. Raises ParametersNotJson."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ParametersNotJson(what=what, name=name, reason=error) from error
