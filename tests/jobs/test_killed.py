"""Jobs whose processes are killed, frozen or cut off, on real processes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from candor.core.database import Database
from candor.jobs import Jobs, JobState
from candor.jobs.tables import job, job_worker
from candor.jobs.workers import Process

pytestmark = pytest.mark.long

MakeJobs = Callable[..., Jobs]
StartWorker = Callable[..., Any]  # Worker of conftest.py beside this file
Until = Callable[..., Any]
Effects = Any


def enqueue(jobs: Jobs, database: Database, name: str, number: int = 1, **params: Any) -> list[str]:
    with database.write() as tx:
        return [jobs.enqueue(tx, name, params) for _ in range(number)]


def states(jobs: Jobs, database: Database) -> list[JobState]:
    with database.read() as tx:
        return [found.state for found in jobs.list(tx)]


def column(database: Database, name: str) -> list[Any]:
    with database.read() as tx:
        return list(tx.scalars(sa.select(job.c[name]).order_by(job.c.id)))


def move_elsewhere(database: Database) -> None:
    """Let the workers so far look as if they ran on another machine, so that only their silence tells."""
    with database.write() as tx:
        tx.execute(job_worker.update().values(pid_space="of another machine"))


def test_killed_in_the_middle_of_a_step_it_goes_on_there(
    database: Database, make_jobs: MakeJobs, start_worker: StartWorker, effects: Effects, until: Until, tmp_path: Path
) -> None:
    jobs = make_jobs()
    (job_id,) = enqueue(jobs, database, "test.steps@1", go="go")
    first = start_worker()
    until(lambda: "middle begins" in effects.of(job_id))
    first.kill()
    assert states(jobs, database) == [JobState.RUNNING]
    (tmp_path / "go").touch()
    start_worker()  # its predecessor's process is gone from this machine: no minute of silence is waited for
    jobs.wait_idle(30)
    assert states(jobs, database) == [JobState.DONE]
    assert effects.of(job_id) == ["first", "middle begins", "middle begins", "middle ends", "last"]
    assert column(database, "deaths") == [1]
    assert column(database, "attempts") == [0]


@pytest.mark.parametrize(
    ("die", "expected"),
    [
        ("after commit", ["committed", "ordinary"]),
        ("before the record", ["committed", "ordinary", "ordinary"]),
    ],
)
def test_a_transactional_step_is_done_once_an_ordinary_one_at_least_once(
    die: str,
    expected: list[str],
    database: Database,
    make_jobs: MakeJobs,
    start_worker: StartWorker,
    effects: Effects,
) -> None:
    jobs = make_jobs()
    (job_id,) = enqueue(jobs, database, "test.commit@1", die=die)
    assert start_worker().wait() == -9
    start_worker()
    jobs.wait_idle(30)
    assert effects.of(job_id) == expected


def test_workers_share_and_adopt_by_silence(
    database: Database, make_jobs: MakeJobs, start_worker: StartWorker, effects: Effects, until: Until, tmp_path: Path
) -> None:
    jobs = make_jobs()
    holding = enqueue(jobs, database, "test.steps@1", 2, go="go")
    first = start_worker(slots=2)
    until(lambda: all("middle begins" in effects.of(job_id) for job_id in holding))
    second = start_worker(slots=2, silence=3.0)
    quick = enqueue(jobs, database, "test.pid@1", 4)
    until(lambda: all(effects.of(job_id) for job_id in quick))
    assert {effects.of(job_id)[0] for job_id in quick} == {str(second.pid)}, "the first one has no slot free"
    move_elsewhere(database)
    first.kill()
    (tmp_path / "go").touch()
    time.sleep(0.5)
    assert states(jobs, database).count(JobState.RUNNING) == 2, "not silent for long enough"
    jobs.wait_idle(30)
    for job_id in holding:
        assert effects.of(job_id) == ["first", "middle begins", "middle begins", "middle ends", "last"]
    with database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(job_worker)) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_workers_take_from_one_queue_and_one_goes_on_for_both(
    database: Database, make_jobs: MakeJobs, start_worker: StartWorker, effects: Effects, until: Until
) -> None:
    jobs = make_jobs()
    workers = [start_worker(slots=2, silence=3.0) for _ in range(2)]

    def _present() -> bool:
        with database.read() as tx:
            return tx.scalar(sa.select(sa.func.count()).select_from(job_worker)) == 2

    until(_present)
    made = enqueue(jobs, database, "test.pid@1", 16, seconds=0.3)
    until(lambda: len({effects.of(job_id)[0] for job_id in made if effects.of(job_id)}) == 2)
    workers[0].kill()
    jobs.wait_idle(30)
    assert states(jobs, database) == [JobState.DONE] * 16
    done = [effects.of(job_id) for job_id in made]
    assert {pids[-1] for pids in done} == {str(worker.pid) for worker in workers}
    assert max(len(pids) for pids in done) <= 2, "a job that was being done when its worker died is done again"


def test_frozen_taken_for_dead_and_thawed(
    database: Database, make_jobs: MakeJobs, start_worker: StartWorker, effects: Effects, until: Until, tmp_path: Path
) -> None:
    jobs = make_jobs()
    (job_id,) = enqueue(jobs, database, "test.steps@1", go="go")
    frozen = start_worker(silence=1.0)
    until(lambda: "middle begins" in effects.of(job_id))
    frozen.freeze()
    other = start_worker(silence=1.0)
    until(lambda: effects.of(job_id).count("middle begins") == 2)
    # Both are in the middle now; the frozen one ends its step, but may neither record it nor go on.
    (tmp_path / "go").touch()
    frozen.thaw()
    jobs.wait_idle(30)
    until(lambda: effects.of(job_id).count("middle ends") == 2)
    (later,) = enqueue(jobs, database, "test.pid@1")
    jobs.wait_idle(30)
    assert effects.of(job_id).count("last") == 1
    assert effects.of(job_id).count("first") == 1
    assert len(effects.of(later)) == 1

    def _back() -> bool:
        with database.read() as tx:
            return tx.scalar(sa.select(sa.func.count()).select_from(job_worker)) == 2

    until(_back)  # the thawed one is a worker again
    other.kill()


def test_killed_between_claiming_and_beginning(
    database: Database, make_jobs: MakeJobs, start_worker: StartWorker, effects: Effects
) -> None:
    jobs = make_jobs()
    (job_id,) = enqueue(jobs, database, "test.pid@1")
    assert start_worker(claims_and_dies=True).wait() == -9
    assert states(jobs, database) == [JobState.WAITING]
    assert jobs._engine.claimed() == [(f"{job_id}.1", "somebody")]
    worker = start_worker()
    jobs.wait_idle(30)
    assert effects.of(job_id) == [str(worker.pid)]
    assert column(database, "deaths") == [0]


def test_cancelled_over_a_death(
    database: Database, make_jobs: MakeJobs, start_worker: StartWorker, effects: Effects, until: Until
) -> None:
    jobs = make_jobs()
    (job_id,) = enqueue(jobs, database, "test.steps@1", go="never")
    worker = start_worker()
    until(lambda: "middle begins" in effects.of(job_id))
    worker.kill()
    with database.write() as tx:
        assert jobs.cancel(tx, job_id)
    start_worker()
    jobs.wait_idle(30)
    assert states(jobs, database) == [JobState.CANCELLED]
    assert effects.of(job_id) == ["first", "middle begins"]


def test_killed_at_random_moments(
    database: Database, make_jobs: MakeJobs, start_worker: StartWorker, effects: Effects
) -> None:
    """Five transactional steps in each of twelve jobs, and workers killed whenever it happens: each step once, in
    order, and no job left over."""
    jobs = make_jobs()
    made = enqueue(jobs, database, "test.many@1", 12, steps=5)
    random = Random(7)
    for _ in range(4):
        worker = start_worker(slots=3)
        time.sleep(random.uniform(0.05, 0.5))
        worker.kill()
    start_worker(slots=3)
    jobs.wait_idle(30)
    assert states(jobs, database) == [JobState.DONE] * 12
    assert [effects.of(job_id) for job_id in made] == [["0", "1", "2", "3", "4"]] * 12


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_database_cuts_every_connection(
    database: Database, make_jobs: MakeJobs, start_worker: StartWorker, effects: Effects, until: Until
) -> None:
    jobs = make_jobs()
    start_worker(slots=3)
    made = enqueue(jobs, database, "test.many@1", 12, steps=5)
    for _ in range(3):
        before = sum(len(effects.of(job_id)) for job_id in made)
        until(lambda before=before: sum(len(effects.of(job_id)) for job_id in made) > before)
        with database.read() as tx:
            tx.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
    jobs.wait_idle(30)
    assert states(jobs, database) == [JobState.DONE] * 12
    assert [effects.of(job_id) for job_id in made] == [["0", "1", "2", "3", "4"]] * 12


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_leaves_the_machine(
    database: Database, make_jobs: MakeJobs, start_worker: StartWorker, effects: Effects, tmp_path: Path
) -> None:
    jobs = make_jobs()
    worker = start_worker(watch_network=True)
    (job_id,) = enqueue(jobs, database, "test.pid@1")
    jobs.wait_idle(30)
    (tmp_path / "end").touch()
    assert worker.wait() == 0
    assert effects.of(job_id) == [str(worker.pid)]
    assert json.loads((tmp_path / "network").read_text()) == []


@pytest.mark.parametrize(
    ("process", "one_machine", "gone"),
    [
        (Process.this(), True, False),
        (Process(Process.this().boot, Process.this().pid_space, "1@77777777777"), False, True),  # number used again
        (Process(Process.this().boot, Process.this().pid_space, "4194305@1"), False, True),  # no such number
        (Process(Process.this().boot, "another container", "4194305@1"), True, False),
        (Process("another boot", Process.this().pid_space, "4194305@1"), True, True),
        (Process("another boot", Process.this().pid_space, "4194305@1"), False, False),
        (Process("", "", "4194305@"), True, False),  # a system that does not say
    ],
)
def test_which_processes_are_certainly_gone(process: Process, one_machine: bool, gone: bool) -> None:
    assert process.gone(Process.this(), one_machine=one_machine) is gone
