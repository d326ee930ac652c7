"""What the tests of jobs share: a table of effects, jobs that are shut down, and worker processes to kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from candor.core.database import Database
from candor.jobs import Jobs

PROGRAM = Path(__file__).with_name("worker_program.py")


class Effects:
    """What jobs did: one row per deed, in order."""

    def __init__(self, database: Database) -> None:
        self.database = database
        number = "INTEGER PRIMARY KEY" if database.is_sqlite else "SERIAL PRIMARY KEY"
        with database.write() as tx:
            tx.execute(sa.text(f"CREATE TABLE effect (n {number}, job TEXT, what TEXT)"))

    def add(self, tx: sa.Connection, job_id: str, what: str) -> None:
        tx.execute(sa.text("INSERT INTO effect (job, what) VALUES (:job, :what)"), {"job": job_id, "what": what})

    def of(self, job_id: str) -> list[str]:
        with self.database.read() as tx:
            query = sa.text("SELECT what FROM effect WHERE job = :job ORDER BY n")
            return list(tx.scalars(query, {"job": job_id}))


@pytest.fixture
def effects(database: Database) -> Effects:
    return Effects(database)


@pytest.fixture
def make_jobs(database: Database) -> Iterator[Callable[..., Jobs]]:
    """Makes Jobs that look often, and shuts them down."""
    made: list[Jobs] = []

    def _make(on: Database = database, **given: Any) -> Jobs:
        made.append(Jobs(on, **{"poll": 0.02, **given}))
        return made[-1]

    yield _make
    for one in made:
        one.shutdown()


class Nursery:
    """A process that has everything imported and forks workers, which saves each of them a second or two."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, request: dict[str, Any]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate(timeout=20)


class Worker:
    """A process that runs jobs."""

    def __init__(self, nursery: Nursery, url: str, folder: Path, options: dict[str, Any]) -> None:
        self._nursery = nursery
        self.pid = nursery.ask({"start": [url, str(folder), options]})
        self._ended: int | None = None

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        if self._ended is None:
            self._ended = self._nursery.ask({"wait": self.pid})
        return self._ended

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        if self._ended is None:
            self.kill()


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    started = Nursery()
    yield started
    started.close()


@pytest.fixture
def start_worker(nursery: Nursery, database_url: str, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Starts worker processes on the test's database, and ends them."""
    started: list[Worker] = []

    def _start(**options: Any) -> Worker:
        started.append(Worker(nursery, database_url, tmp_path, options))
        return started[-1]

    yield _start
    for one in started:
        one.close()


def until(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Wait until the condition gives something true, and return that."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not so after {seconds} seconds"
        time.sleep(0.02)


@pytest.fixture(name="until")
def _until() -> Callable[..., Any]:
    return until
