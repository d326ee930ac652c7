"""Who runs jobs, who of them is dead, and taking over what the dead left behind."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.errors import DatabaseGone
from candor.jobs.engine import Dispatcher, split
from candor.jobs.handlers import in_words
from candor.jobs.records import JobState
from candor.jobs.running import for_update, send_back
from candor.jobs.tables import job, job_worker

log = logging.getLogger("candor.jobs")


@dataclass(frozen=True)
class Process:
    """Which process of which run of which machine; empty texts where the system does not say."""

    boot: str  # the kernel's id of this boot, different on every machine
    pid_space: str  # the namespace that process numbers belong to (a container has its own)
    process: str  # "NUMBER@START", the start in clock ticks after boot

    @classmethod
    def this(cls) -> Process:
        """This process."""
        return cls(_boot(), _pid_space(), f"{os.getpid()}@{_start(os.getpid())}")

    def gone(self, here: Process, *, one_machine: bool) -> bool:
        """Whether the process has certainly ended, as seen from `here`; False also when that cannot be known.

        `one_machine`: nothing but this machine can use the database (SQLite), so another boot is an earlier
        one.
        """
        if not (self.boot and here.boot):
            return False
        if self.boot != here.boot:
            return one_machine
        if not self.pid_space or self.pid_space != here.pid_space:
            return False
        number, _, start = self.process.partition("@")
        return bool(start) and _start(int(number)) != start


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _pid_space() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _start(number: int) -> str:
    """When a process started (proc(5), field 22 of stat); empty when there is none, or only its remains."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()  # the name, in parentheses, may hold anything
    return "" if fields[0] in "ZX" else fields[19]


#: Seconds between two rounds of housekeeping.
HOUSEKEEPING_EVERY = 3600.0


class Presence:
    """This worker's place among the workers: it beats, watches the others, adopts from the dead, and once per hour
    keeps house."""

    def __init__(
        self,
        database: Database,
        engine: Dispatcher,
        clock: Clock,
        worker: str,
        *,
        slots: int,
        silence: float,
        housekeeping: Callable[[], object],
    ) -> None:
        self._database = database
        self._engine = engine
        self._clock = clock
        self._worker = worker
        self._slots = slots
        self._silence = silence
        self._housekeeping = housekeeping
        self._kept_house = time.monotonic()
        self._here = Process.this()
        self._seen: dict[str, tuple[int, float]] = {}  # worker: its beat, and when we first saw that beat
        self._watched = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="candor-jobs-presence", daemon=True)

    def enter(self) -> None:
        """Be a worker from now on."""
        with self._database.write() as tx:
            self._insert(tx)

    def begin(self) -> None:
        """Beat and watch in the background; first take over what is certainly left behind."""
        self.adopt()
        self._thread.start()

    def leave(self) -> None:
        """Be a worker no more, and give back what is still marked as running here."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            with self._database.write() as tx:
                self._take_from(tx, self._worker, deaths=0)
        except (DatabaseGone, DBAPIError) as error:
            log.warning("jobs are not given back, others will adopt them: %s", in_words(error))

    def _keep(self) -> None:
        while not self._ended.wait(self._silence / 6):
            try:
                self.beat()
                self.adopt()
                if time.monotonic() - self._kept_house > HOUSEKEEPING_EVERY:
                    self._kept_house = time.monotonic()
                    self._housekeeping()
            except Exception as error:
                # While the database is away nobody's beats are seen, ours neither: judge nobody by that time.
                self._seen.clear()
                log.warning("no beat: %s", in_words(error))

    def beat(self) -> None:
        """Tell the others that this process lives."""
        with self._database.write() as tx:
            mine = tx.execute(
                job_worker.update()
                .where(job_worker.c.id == self._worker)
                .values(beat=job_worker.c.beat + 1, beat_at=self._clock.now())
            )
            if mine.rowcount == 0:
                log.warning("this process was silent for so long that its jobs went to others")
                self._insert(tx)

    def _insert(self, tx: sa.Connection) -> None:
        now = self._clock.now()
        tx.execute(
            job_worker.insert(),
            {
                "id": self._worker,
                "boot": self._here.boot,
                "pid_space": self._here.pid_space,
                "process": self._here.process,
                "slots": self._slots,
                "beat": 0,
                "beat_at": now,
                "started_at": now,
            },
        )

    def adopt(self) -> int:
        """Let what dead workers left behind wait for somebody else; how many jobs that were."""
        adopted = 0
        for worker in self._dead():
            with self._database.write() as tx:
                count = self._take_from(tx, worker, deaths=1)
            if count:
                log.warning("a worker died over %d jobs; they go on", count)
            adopted += count
            self._seen.pop(worker, None)
        return adopted + self._adopt_strays()

    def _dead(self) -> list[str]:
        now = time.monotonic()
        if now - self._watched > self._silence / 2:
            self._seen.clear()  # we slept ourselves, and what we saw before says nothing about the meantime
        self._watched = now
        with self._database.read() as tx:
            others = tx.execute(sa.select(job_worker).where(job_worker.c.id != self._worker)).all()
        self._seen = {worker: seen for worker, seen in self._seen.items() if worker in {row.id for row in others}}
        dead = []
        for row in others:
            beat, since = self._seen.get(row.id, (None, now))
            if beat != row.beat:
                self._seen[row.id] = (row.beat, now)
                since = now
            process = Process(row.boot, row.pid_space, row.process)
            if now - since > self._silence or process.gone(self._here, one_machine=self._database.is_sqlite):
                dead.append(row.id)
        return dead

    def _take_from(self, tx: sa.Connection, worker: str, *, deaths: int) -> int:
        """Send back a worker's running jobs and strike it off; two that do so at once share the jobs out."""
        taken = tx.scalars(
            sa.select(job.c.id)
            .where(job.c.state == JobState.RUNNING, job.c.worker == worker)
            .order_by(job.c.id)
            .with_for_update()
        ).all()
        for job_id in taken:
            send_back(tx, self._engine, self._clock, job_id, deaths=job.c.deaths + deaths)
        tx.execute(job_worker.delete().where(job_worker.c.id == worker))
        return len(taken)

    def _adopt_strays(self) -> int:
        """Dispatches claimed by somebody who is no worker (any more): killed between claiming and beginning,
        or struck off while frozen."""
        claimed = self._engine.claimed()
        with self._database.read() as tx:  # after the claims: whoever claims was a worker before
            workers = set(tx.scalars(sa.select(job_worker.c.id)))
        strays = [(dispatch, worker) for dispatch, worker in claimed if worker not in workers]
        adopted = 0
        for dispatch, worker in strays:
            job_id, number = split(dispatch)
            with self._database.write() as tx:
                row = for_update(tx, job_id)
                if row is not None and row.dispatch == number:
                    begun = row.state == JobState.RUNNING and row.worker == worker
                    if begun or row.state == JobState.WAITING:
                        send_back(tx, self._engine, self._clock, job_id, deaths=row.deaths + begun)
                        adopted += 1
        self._engine.drop([dispatch for dispatch, _ in strays])
        return adopted
