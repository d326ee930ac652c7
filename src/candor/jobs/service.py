"""Jobs: what the other rooms use."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.jobs import records
from candor.jobs.context import as_json
from candor.jobs.errors import JobNameWrong, JobsNotIdle
from candor.jobs.handlers import ATTEMPTS, BACKOFF, FailureHandler, Handler, Registration, check_name
from candor.jobs.records import Job, JobState
from candor.jobs.tables import job, job_step

if TYPE_CHECKING:
    from candor.jobs.engine import Dispatcher
    from candor.jobs.running import Runner
    from candor.jobs.workers import Presence


class Jobs:
    """The jobs of one database, seen from one process.

    Any process may enqueue, look and cancel. One that is to do jobs registers their handlers and launches:
    `slots` jobs at a time, looking for new ones every `poll` seconds. After `silence` seconds without a beat
    a worker counts as dead.
    """

    def __init__(
        self,
        database: Database,
        *,
        slots: int = 2,
        silence: float = 60.0,
        poll: float = 0.5,
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._slots = slots
        self._silence = silence
        self._poll = poll
        self._clock = clock or SystemClock()
        self._engine_made: Dispatcher | None = None
        self._registrations: dict[str, Registration] = {}
        self._runner: Runner | None = None
        self._presence: Presence | None = None
        self._guard = threading.Lock()

    @property
    def _engine(self) -> Dispatcher:
        """Loaded when it is first needed: it takes most of a second, and many commands never need it."""
        if self._engine_made is None:
            from candor.jobs.engine import Dispatcher

            self._engine_made = Dispatcher(self._database)
        return self._engine_made

    def register(
        self,
        name: str,
        handler: Handler,
        *,
        on_failure: FailureHandler | None = None,
        attempts: int = ATTEMPTS,
        backoff: float = BACKOFF,
    ) -> None:
        """Say who does the jobs of a name (room.act@version), before `launch`.

        A handler that raises is run again after `backoff` seconds, then after four times as long, up to
        `attempts` times in all; steps that were done are not repeated. Then on_failure(tx, failure) runs in
        the transaction that marks the job as failed. Raises JobNameWrong.
        """
        check_name(name)
        if name in self._registrations:
            raise JobNameWrong(name=name)
        self._registrations[name] = Registration(name, handler, on_failure, attempts, backoff)

    def enqueue(self, tx: Connection, name: str, params: Mapping[str, Any], *, delay: float = 0.0) -> str:
        """Have a job done, `delay` seconds from now at the earliest, if the caller's transaction commits; its
        id.

        The handler may be registered in another process. Raises JobNameWrong, ParametersNotJson.
        """
        check_name(name)
        job_id, now = new_id(), self._clock.now()
        tx.execute(
            job.insert(),
            {
                "id": job_id,
                "name": name,
                "params": as_json(dict(params), "What is given", name),
                "state": JobState.WAITING,
                "dispatch": 1,
                "enqueued_at": now,
                "due_at": now + timedelta(seconds=delay),
            },
        )
        self._engine.dispatch(tx, job_id, 1, delay)
        return job_id

    def cancel(self, tx: Connection, job_id: str) -> bool:
        """Want a job no more, if the caller's transaction commits; False when it has ended already, or never
        was.

        A waiting job is cancelled at once; a running one when its handler next looks or begins a step. Steps
        done by then stay done.
        """
        waiting = tx.execute(
            job.update()
            .where(job.c.id == job_id, job.c.state == JobState.WAITING)
            .values(state=JobState.CANCELLED, cancel_requested=True, ended_at=self._clock.now())
        )
        if waiting.rowcount:
            return True
        running = tx.execute(
            job.update().where(job.c.id == job_id, job.c.state == JobState.RUNNING).values(cancel_requested=True)
        )
        return bool(running.rowcount)

    def dispatch_again(self, tx: Connection) -> int:
        """Let every open job wait with a new dispatch, if the caller's transaction commits; how many. For a database
        that was restored: the engine's own tables are not in a backup, and whoever ran a job then is gone."""
        from candor.jobs.running import send_back

        query = sa.select(job.c.id).where(job.c.state.in_([state.value for state in records.OPEN])).order_by(job.c.id)
        found = tx.scalars(query).all()
        for job_id in found:
            send_back(tx, self._engine, self._clock, job_id)
        return len(found)

    def get(self, tx: Connection, job_id: str) -> Job | None:
        """One job, or None."""
        return records.get(tx, job_id)

    def list(
        self,
        tx: Connection,
        states: Collection[JobState] = (),
        limit: int = 100,
        *,
        names: Collection[str] = (),
    ) -> list[Job]:
        """Jobs, the newest first: of some states (default: all) and some names (default: all)."""
        return records.newest(tx, states=states, names=names, limit=limit)

    def launch(self) -> None:
        """Begin to do jobs in threads of this process. Raises JobsRunningAlready when it does so already."""
        from candor.jobs.running import Runner
        from candor.jobs.workers import Presence

        with self._guard:
            worker = new_id()
            runner = Runner(self._database, self._engine, self._clock, self._registrations, worker)
            presence = Presence(
                self._database,
                self._engine,
                self._clock,
                worker,
                slots=self._slots,
                silence=self._silence,
                housekeeping=self.forget,
            )
            presence.enter()
            try:
                self._engine.launch(worker, self._slots, self._poll, runner.run)
            except BaseException:
                presence.leave()
                raise
            self._runner, self._presence = runner, presence
            presence.begin()

    def wait_idle(self, timeout: float) -> None:
        """Wait until no job waits or runs, here or elsewhere. Raises JobsNotIdle after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            with self._database.read() as tx:
                count = records.count_open(tx)
            if count == 0:
                return
            left = deadline - time.monotonic()
            if left <= 0:
                raise JobsNotIdle(count=count, seconds=timeout)
            time.sleep(min(0.05, left))

    def shutdown(self, timeout: float = 10.0) -> None:
        """Begin nothing more, stop what runs at its next look, give it back, and end, after `timeout` seconds
        at the latest; a handler that looks later finds that the job is another's. Harmless when nothing was
        launched."""
        with self._guard:
            runner, presence = self._runner, self._presence
            self._runner = self._presence = None
            try:
                if runner is not None and presence is not None:
                    self._engine.pause()
                    runner.shutting_down.set()
                    runner.wait(timeout)
                    runner.engine_gone.set()
                    try:
                        self._engine.shutdown()
                    finally:
                        presence.leave()
            finally:
                if self._engine_made is not None:
                    self._engine_made.close()

    def forget(self, days: int = 90, limit: int = 1000) -> int:
        """Delete what is kept of jobs that ended more than `days` days ago, `limit` at most; how many. A launched
        process does so once per hour."""
        before = self._clock.now() - timedelta(days=days)
        with self._database.write() as tx:
            old = tx.execute(
                sa.select(job.c.id, job.c.dispatch)
                .where(job.c.ended_at < before)
                .order_by(job.c.ended_at)
                .limit(limit)
                .with_for_update(skip_locked=True)
            ).all()
            ids = [row.id for row in old]
            tx.execute(job_step.delete().where(job_step.c.job_id.in_(ids)))
            tx.execute(job.delete().where(job.c.id.in_(ids)))
        self._engine.forget([f"{row.id}.{number}" for row in old for number in range(1, row.dispatch + 1)])
        return len(old)
