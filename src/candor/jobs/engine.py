"""The dispatching engine: DBOS Transact in the same database, the only module that knows it.

One workflow of its is one dispatch of a job, named `JOB.NUMBER`. The engine stores it in the transaction of
the caller, lets one worker claim it when it is due, and runs `run("JOB.NUMBER")` on a thread of that worker.

What was found out about 3.4.0, and what is done about it:

- Its datasource's transactional step asks the database, on a second connection and inside the transaction,
  whether it still owns the workflow. Where a transaction begins IMMEDIATE that waits for itself until it
  fails. So steps are ours (`candor.jobs.context`), and on SQLite it gets an engine of its own: same file,
  same durability, but with the driver's own transactions, in which a SELECT locks nothing and the first write
  locks at once.
- Limits of a queue registered in the database are the same for all processes. Slots are a matter of each
  process, so the queue is one in memory, as the engine's own are (`_register_internal_queue`).
- A workflow that is resumed cannot be delayed, and one of a dead process is given back in a transaction of
  the engine's. A new dispatch for each attempt does both in the transaction that changes the job.
- The default serialisation is pickle: whoever can write the database could run code. Ours is JSON.
- It is one per process: `launch` refuses a second one, `shutdown` takes its registry down as well.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from dbos import (
    DBOS,
    DBOSClient,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    EnqueueOptions,
    Queue,
)
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from candor.core.database import Database
from candor.jobs.errors import JobsRunningAlready

_APPLICATION = "candor"
_SCHEMA = "dbos"  # on PostgreSQL; SQLite has none
_QUEUE = "candor-jobs"
_WORKFLOW = "candor.dispatch@1"
#: Pinned: by default it is a hash of the program, and after an upgrade nobody would take up what was begun.
_VERSION = "1"

# With a handler in place the engine adds none of its own, which would write to standard error.
logging.getLogger("dbos").addHandler(logging.NullHandler())

_one_per_process = threading.Lock()


def migrate_engine(database: Database) -> None:
    """Make the engine's tables, or bring them up to date; harmless when they are."""
    DBOS.migrate(database.url.render_as_string(hide_password=False), schema=_SCHEMA)


class Dispatcher:
    """The engine as the rest of this room sees it."""

    def __init__(self, database: Database) -> None:
        self._own = _sqlite_engine(database) if database.is_sqlite else None
        self._engine = self._own or database.engine
        self._serializer = DBOSPortableJSONSerializer()
        self._client = DBOSClient(
            system_database_engine=self._engine,
            dbos_system_schema=_SCHEMA,
            serializer=self._serializer,
            application_name=_APPLICATION,
            lazy=True,
        )
        self._queue: Queue | None = None

    def launch(self, worker: str, slots: int, poll: float, run: Callable[[str], None]) -> None:
        """Begin to claim due dispatches: `slots` at a time, looking every `poll` seconds."""
        if not _one_per_process.acquire(blocking=False):
            raise JobsRunningAlready()
        try:
            dbos = DBOS(config=self._config(worker, poll))

            @DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=None)
            def dispatch() -> None:
                own_id = DBOS.workflow_id
                assert own_id is not None
                run(own_id)

            self._queue = dbos._registry._register_internal_queue(
                _QUEUE, worker_concurrency=slots, polling_interval_sec=poll
            )
            DBOS.launch()
        except BaseException:
            self._end()
            raise

    def _config(self, worker: str, poll: float) -> DBOSConfig:
        return {
            "name": _APPLICATION,
            "system_database_engine": self._engine,
            "dbos_system_schema": _SCHEMA,
            "serializer": self._serializer,
            "application_version": _VERSION,
            "executor_id": worker,
            "log_level": "WARNING",
            "enable_otlp": False,
            # Nothing is listened for; this is how long its listener, on SQLite, takes to notice the end.
            "notification_listener_polling_interval_sec": min(0.25, poll),
        }

    def dispatch(self, tx: Connection, job_id: str, number: int, delay: float = 0.0) -> None:
        """Store a dispatch in the caller's transaction, due `delay` seconds from now."""
        options: EnqueueOptions = {
            "workflow_name": _WORKFLOW,
            "queue_name": _QUEUE,
            "workflow_id": f"{job_id}.{number}",
            "app_version": _VERSION,
        }
        if delay > 0:
            options["delay_seconds"] = delay
        self._client.enqueue_in_transaction(tx, options)

    def claimed(self) -> list[tuple[str, str]]:
        """Dispatches that a worker has claimed and not ended: (`JOB.NUMBER`, worker)."""
        found = self._client.list_workflows(
            status="PENDING", name=_WORKFLOW, load_input=False, load_output=False, limit=10_000
        )
        return [(one.workflow_id, one.executor_id or "") for one in found]

    def drop(self, dispatches: list[str]) -> None:
        """Let nobody wait for these any more."""
        if dispatches:
            self._client.cancel_workflows(dispatches)

    def forget(self, dispatches: list[str]) -> None:
        """Delete what the engine keeps of these."""
        if dispatches:
            self._client.delete_workflows(dispatches)

    def pause(self) -> None:
        """Claim nothing more in this process."""
        if self._queue is not None:
            self._queue._worker_concurrency = 0

    def shutdown(self) -> None:
        """End what `launch` began; dispatches still running in this process end on their own."""
        if self._queue is not None:
            self._end()

    def _end(self) -> None:
        self._queue = None
        try:
            DBOS.destroy(destroy_registry=True)
        finally:
            _one_per_process.release()

    def close(self) -> None:
        """Close the engine's connections."""
        self._client.destroy()
        if self._own is not None:
            self._own.dispose()


def split(dispatch: str) -> tuple[str, int]:
    """Job and number of a dispatch `JOB.NUMBER`."""
    job_id, _, number = dispatch.rpartition(".")
    return job_id, int(number)


def _sqlite_engine(database: Database) -> Engine:
    """Another engine on the same file, with the transactions of the driver (see above)."""
    engine = sa.create_engine(
        database.url,
        poolclass=sa.QueuePool,
        pool_size=5,
        max_overflow=20,
        hide_parameters=True,
        connect_args={"timeout": 30, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    return engine
