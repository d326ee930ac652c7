"""Worker processes for the tests, forked from one that has everything imported.

Reads requests, one JSON line each, and answers each with one number: {"start": [URL, FOLDER, OPTIONS]} with the
number of the new process, {"wait": NUMBER} with its exit code. A worker runs until it is killed, or until FOLDER/end
is there.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from candor.core.database import Database
from candor.jobs import JobContext, Jobs
from candor.jobs.engine import Dispatcher


class Acts:
    """The handlers."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder

    def effect(self, tx: sa.Connection, context: JobContext, what: str) -> None:
        values = {"job": context.job_id, "what": what}
        tx.execute(sa.text("INSERT INTO effect (job, what) VALUES (:job, :what)"), values)

    def note(self, context: JobContext, what: str) -> None:
        with self.database.write() as tx:
            self.effect(tx, context, what)

    def steps(self, context: JobContext, params: dict[str, Any]) -> None:
        """first, then a long middle until the file `go` is there, then last in a transaction."""
        context.step("first", lambda: self.note(context, "first"))

        def _middle() -> int:
            self.note(context, "middle begins")
            while not (self.folder / params["go"]).exists():
                time.sleep(0.02)
            self.note(context, "middle ends")
            return os.getpid()

        context.step("middle", _middle)
        context.transaction("last", lambda tx: self.effect(tx, context, "last"))

    def commit(self, context: JobContext, params: dict[str, Any]) -> None:
        """A transactional step and an ordinary one; the process dies when the first is committed, or when the second
        is done and not yet on record."""
        once = self.folder / "died"

        def _die(when: str) -> None:
            if params["die"] == when and not once.exists():
                once.touch()
                os.kill(os.getpid(), signal.SIGKILL)

        context.transaction("commit", lambda tx: self.effect(tx, context, "committed"))
        _die("after commit")

        def _ordinary() -> None:
            self.note(context, "ordinary")
            _die("before the record")

        context.step("ordinary", _ordinary)

    def many(self, context: JobContext, params: dict[str, Any]) -> None:
        """Transactional steps, one after the other."""
        for number in range(params["steps"]):
            context.transaction("part", lambda tx, n=number: self.effect(tx, context, str(n)))
            time.sleep(0.01)

    def pid(self, context: JobContext, params: dict[str, Any]) -> None:
        """Says which process did it."""

        def _pid() -> None:
            time.sleep(params.get("seconds", 0))
            self.note(context, str(os.getpid()))

        context.step("pid", _pid)


def work(url: str, folder: Path, options: dict[str, Any]) -> None:
    """Be a worker."""
    connected: list[str] = []
    if options.pop("watch_network", False):
        watched = ("socket.connect", "socket.bind", "socket.getaddrinfo")
        sys.addaudithook(lambda event, _: connected.append(event) if event in watched else None)
    database = Database(url)
    if options.pop("claims_and_dies", False):
        engine = Dispatcher(database)
        engine.launch("somebody", 1, 0.02, lambda _: os.kill(os.getpid(), signal.SIGKILL))
        time.sleep(20)
    acts = Acts(database, folder)
    jobs = Jobs(database, poll=0.02, **options)
    jobs.register("test.steps@1", acts.steps, backoff=0.01)
    jobs.register("test.commit@1", acts.commit)
    jobs.register("test.many@1", acts.many, attempts=10, backoff=0.01)
    jobs.register("test.pid@1", acts.pid)
    jobs.launch()
    while not (folder / "end").exists():
        time.sleep(0.02)
    jobs.shutdown()
    database.dispose()
    (folder / "network").write_text(json.dumps(connected))


def start(url: str, folder: str, options: dict[str, Any]) -> int:
    """Fork a worker and return its number."""
    assert threading.active_count() == 1, "a process with threads is not to be forked"
    number = os.fork()
    if number:
        return number
    try:
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        work(url, Path(folder), options)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


for line in sys.stdin:
    request = json.loads(line)
    if "start" in request:
        answer = start(*request["start"])
    else:
        answer = os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
    print(answer, flush=True)
