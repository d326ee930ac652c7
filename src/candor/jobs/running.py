"""One dispatch of one job: claim it, run its handler, settle what came of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from candor.core import logs, outbox, tracing
from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.errors import DatabaseGone
from candor.core.ids import new_id
from candor.jobs.context import JobContext, JobStopped
from candor.jobs.engine import Dispatcher, split
from candor.jobs.errors import JobDied
from candor.jobs.handlers import DEATHS, Failure, Registration, in_words
from candor.jobs.records import JobState, get
from candor.jobs.tables import job

T = TypeVar("T")

log = logging.getLogger("candor.jobs")

#: Seconds after which a job whose handler this process does not know is offered again, to another one.
UNKNOWN_WAIT = 5.0


def send_back(
    tx: Connection, engine: Dispatcher, clock: Clock, job_id: str, *, delay: float = 0.0, **changes: Any
) -> None:
    """Let the job wait again, with a new dispatch due `delay` seconds from now, in the caller's
    transaction."""
    number = tx.scalar(
        job.update()
        .where(job.c.id == job_id)
        .values(
            state=JobState.WAITING,
            dispatch=job.c.dispatch + 1,
            worker=None,
            execution=None,
            due_at=clock.now() + timedelta(seconds=delay),
            **changes,
        )
        .returning(job.c.dispatch)
    )
    assert number is not None, "the caller holds the job's row"
    engine.dispatch(tx, job_id, int(number), delay)


def for_update(tx: Connection, job_id: str) -> sa.Row[Any] | None:
    """The job's row, held until the transaction ends."""
    return tx.execute(sa.select(job).where(job.c.id == job_id).with_for_update()).first()


@dataclass(frozen=True)
class _Claim:
    context: JobContext
    registration: Registration
    deaths: int


class _Unsettled(BaseException):
    """Passes the engine by, which would put an Exception on record as the end of the dispatch."""


class Runner:
    """Runs the jobs of one worker."""

    def __init__(
        self,
        database: Database,
        engine: Dispatcher,
        clock: Clock,
        registrations: Mapping[str, Registration],
        worker: str,
    ) -> None:
        self._database = database
        self._engine = engine
        self._clock = clock
        self._registrations = registrations
        self._worker = worker
        self._unknown: set[str] = set()
        self._running: set[str] = set()
        self._changed = threading.Condition()
        self.shutting_down = threading.Event()
        self.engine_gone = threading.Event()

    def run(self, dispatch: str) -> None:
        """Do one dispatch. Whatever happens is in the job's row afterwards; only when that cannot be written
        this raises, so that the dispatch stays claimed by this worker and is adopted when the worker has
        ended."""
        job_id, number = split(dispatch)
        with self._changed:
            self._running.add(dispatch)
        try:
            claim = self._settle(lambda tx: self._claim(tx, job_id, number))
            if claim is not None:
                with logs.bound(job=job_id, job_name=claim.context.name):
                    self._do(claim)
        except Exception as error:
            log.exception("job %s cannot be settled; it is taken up again when this process has ended", job_id)
            raise _Unsettled from error
        finally:
            with self._changed:
                self._running.discard(dispatch)
                self._changed.notify_all()
        if self.engine_gone.is_set():
            raise _Unsettled  # there is nobody left to tell that the dispatch has ended

    def wait(self, timeout: float) -> bool:
        """Wait until nothing runs here, `timeout` seconds at most; whether it is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, timeout)

    def _claim(self, tx: Connection, job_id: str, number: int) -> _Claim | None:
        row = for_update(tx, job_id)
        if row is None or row.state != JobState.WAITING or row.dispatch != number:
            return None  # done, cancelled, or dispatched anew since
        if self.shutting_down.is_set():
            send_back(tx, self._engine, self._clock, job_id)
            return None
        if row.cancel_requested:  # asked for while a run was on that then died
            now = self._clock.now()
            tx.execute(job.update().where(job.c.id == job_id).values(state=JobState.CANCELLED, ended_at=now))
            return None
        registration = self._registrations.get(row.name)
        if registration is None:
            if row.name not in self._unknown:
                self._unknown.add(row.name)
                log.warning("no handler for %s in this process; its jobs are left to others", row.name)
            send_back(tx, self._engine, self._clock, job_id, delay=UNKNOWN_WAIT)
            return None
        context = JobContext(
            self._database,
            self._clock,
            job_id=job_id,
            name=row.name,
            params=row.params,
            execution=new_id(),
            shutting_down=self.shutting_down,
        )
        tx.execute(
            job.update()
            .where(job.c.id == job_id)
            .values(
                state=JobState.RUNNING,
                worker=self._worker,
                execution=context.execution,
                started_at=row.started_at or self._clock.now(),
            )
        )
        return _Claim(context, registration, row.deaths)

    def _do(self, claim: _Claim) -> None:
        context = claim.context
        error: BaseException | None = None
        try:
            if claim.deaths >= DEATHS:
                raise JobDied(deaths=claim.deaths)
            with tracing.span(f"job {context.name}", {"candor.job.id": context.job_id}):
                claim.registration.handler(context, context.params)
        except JobStopped as stop:
            context.stopped = stop.reason
        except BaseException as raised:  # also SystemExit: a handler does not end the process
            error = raised
        if context.stopped is not None:
            self._settle(lambda tx: self._stopped(tx, context))
        elif error is None:
            self._settle(lambda tx: self._end(tx, context, JobState.DONE, fraction=1.0))
        else:
            self._failed(claim, error)

    def _end(self, tx: Connection, context: JobContext, state: JobState, **changes: Any) -> None:
        ended = tx.execute(
            job.update()
            .where(job.c.id == context.job_id, job.c.execution == context.execution)
            .values(state=state, ended_at=self._clock.now(), worker=None, execution=None, **changes)
        )
        if state is JobState.FAILED and ended.rowcount:
            today = (
                f"job:{context.name}:{self._clock.now():%Y-%m-%d}"  # one notice a day counts up for each kind of job
            )
            outbox.tell(tx, outbox.NoticeKind.JOB_FAILED, about="/activity", once=today, clock=self._clock)

    def _stopped(self, tx: Connection, context: JobContext) -> None:
        row = for_update(tx, context.job_id)
        if row is None or row.execution != context.execution:
            return  # lost: it is another one's to settle
        if row.cancel_requested:
            self._end(tx, context, JobState.CANCELLED)
        else:
            send_back(tx, self._engine, self._clock, context.job_id)

    def _failed(self, claim: _Claim, error: BaseException) -> None:
        context = claim.context
        log.warning("job %s (%s): %s", context.job_id, context.name, in_words(error), exc_info=error)
        try:
            self._settle(lambda tx: self._retry_or_give_up(tx, claim, error))
        except Exception as second:
            log.exception("the failure of job %s could not be put on record", context.job_id)
            problem = f"{in_words(error)} (putting this on record failed too: {in_words(second)})"
            self._settle(lambda tx: self._end(tx, context, JobState.FAILED, problem=problem))

    def _retry_or_give_up(self, tx: Connection, claim: _Claim, error: BaseException) -> None:
        context, registration, problem = claim.context, claim.registration, in_words(error)
        row = for_update(tx, context.job_id)
        if row is None or row.execution != context.execution:
            return
        attempts = row.attempts if isinstance(error, JobDied) else row.attempts + 1
        if row.cancel_requested:
            self._end(tx, context, JobState.CANCELLED, attempts=attempts, problem=problem)
        elif attempts < registration.attempts and not isinstance(error, JobDied):
            wait = registration.wait(attempts)
            changes = {"attempts": attempts, "problem": problem}
            send_back(tx, self._engine, self._clock, context.job_id, delay=wait, **changes)
        else:
            self._end(tx, context, JobState.FAILED, attempts=attempts, problem=problem)
            if registration.on_failure is not None:
                record = get(tx, context.job_id)
                assert record is not None
                registration.on_failure(tx, Failure(job=record, error=error, problem=problem))

    def _settle(self, act: Callable[[Connection], T]) -> T:
        """One writing transaction: tried again while the database is away, until this process shuts down."""
        refused = 0
        while True:
            try:
                with self._database.write() as tx:
                    return act(tx)
            except (DatabaseGone, OperationalError, InterfaceError) as gone:
                # A deadlock or a lost connection passes; a statement that is wrong does not.
                refused += 0 if isinstance(gone, DatabaseGone) else 1
                log.warning("the database does not take the state of a job: %s", in_words(gone))
                if refused > 5 or self.shutting_down.wait(1.0):
                    raise
