"""How jobs end in one process: retried, given up, cancelled, shut down in the middle."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from candor.core.clock import SystemClock
from candor.core.database import Database
from candor.jobs import (
    Failure,
    JobContext,
    Jobs,
    JobsRunningAlready,
    JobState,
)
from candor.jobs.handlers import DEATHS
from candor.jobs.running import Runner
from candor.jobs.tables import job, job_worker

MakeJobs = Callable[..., Jobs]
Effects = Any  # of conftest.py beside this file


def enqueue(jobs: Jobs, database: Database, name: str, **params: Any) -> str:
    with database.write() as tx:
        return jobs.enqueue(tx, name, params)


def state(jobs: Jobs, database: Database, job_id: str) -> JobState:
    with database.read() as tx:
        found = jobs.get(tx, job_id)
    assert found is not None
    return found.state


def dispatches(database: Database) -> int:
    schema = "" if database.is_sqlite else "dbos."
    with database.read() as tx:
        return int(tx.scalar(sa.text(f"SELECT count(*) FROM {schema}workflow_status")) or 0)


def test_a_retry_repeats_no_step_that_is_done(database: Database, make_jobs: MakeJobs, effects: Effects) -> None:
    tries: list[int] = []

    def _handler(context: JobContext, params: dict[str, Any]) -> None:
        context.transaction("first", lambda tx: effects.add(tx, context.job_id, "first"))
        again = context.step("second", lambda: ("tuple", len(tries)))
        assert again == ["tuple", 0], "a result comes back as JSON, and as it was the first time"
        tries.append(1)

        def _third(tx: sa.Connection) -> None:
            effects.add(tx, context.job_id, "third")
            if len(tries) < 3:
                raise ValueError(f"try {len(tries)}")

        context.transaction("third", _third)

    jobs = make_jobs()
    jobs.register("test.flaky@1", _handler, attempts=3, backoff=0.01)
    jobs.launch()
    job_id = enqueue(jobs, database, "test.flaky@1")
    jobs.wait_idle(30)
    assert effects.of(job_id) == ["first", "third"]
    with database.read() as tx:
        found = jobs.get(tx, job_id)
    assert found is not None
    assert (found.state, found.attempts, found.problem) == (JobState.DONE, 2, "ValueError: try 2")


def test_backoff_grows_and_frees_the_slot(database: Database, make_jobs: MakeJobs) -> None:
    jobs = make_jobs(slots=1)
    done: list[str] = []

    def _fails(context: JobContext, params: dict[str, Any]) -> None:
        raise OSError("no")

    jobs.register("test.fails@1", _fails, attempts=3, backoff=1000)
    jobs.register("test.works@1", lambda context, params: done.append(context.job_id))
    jobs.launch()
    failing = enqueue(jobs, database, "test.fails@1")
    deadline = time.monotonic() + 30
    while True:
        with database.read() as tx:
            found = jobs.get(tx, failing)
        assert found is not None
        if found.attempts:
            break
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert found.state is JobState.WAITING
    assert found.started_at is not None
    assert timedelta(seconds=990) < found.due_at - found.started_at < timedelta(seconds=1010)
    working = enqueue(jobs, database, "test.works@1")
    while not done:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert done == [working]


def test_given_up_with_its_failure_on_record(database: Database, make_jobs: MakeJobs, effects: Effects) -> None:
    failures: list[Failure] = []

    def _fails(context: JobContext, params: dict[str, Any]) -> None:
        raise OSError("the disk\nis full")

    def _on_failure(tx: sa.Connection, failure: Failure) -> None:
        failures.append(failure)
        effects.add(tx, failure.job.id, failure.problem)

    jobs = make_jobs()
    jobs.register("test.fails@1", _fails, on_failure=_on_failure, attempts=2, backoff=0.01)
    jobs.launch()
    job_id = enqueue(jobs, database, "test.fails@1", part="p1")
    jobs.wait_idle(30)
    assert effects.of(job_id) == ["OSError: the disk is full"]
    assert [(one.job.params, one.job.state, one.job.attempts) for one in failures] == [
        ({"part": "p1"}, JobState.FAILED, 2)
    ]
    assert isinstance(failures[0].error, OSError)
    with database.read() as tx:
        found = jobs.get(tx, job_id)
    assert found is not None
    assert (found.state, found.problem) == (JobState.FAILED, "OSError: the disk is full")


def test_a_failure_that_cannot_be_recorded_ends_the_job_all_the_same(
    database: Database, make_jobs: MakeJobs, effects: Effects
) -> None:
    def _fails(context: JobContext, params: dict[str, Any]) -> None:
        raise SystemExit("leaving")

    def _on_failure(tx: sa.Connection, failure: Failure) -> None:
        effects.add(tx, failure.job.id, "half")
        raise RuntimeError("on_failure is wrong")

    jobs = make_jobs()
    jobs.register("test.fails@1", _fails, on_failure=_on_failure, attempts=1)
    jobs.launch()
    job_id = enqueue(jobs, database, "test.fails@1")
    jobs.wait_idle(30)
    assert effects.of(job_id) == []
    with database.read() as tx:
        found = jobs.get(tx, job_id)
    assert found is not None
    assert found.state is JobState.FAILED
    assert found.problem is not None
    assert found.problem.startswith("SystemExit: leaving (")
    assert "on_failure is wrong" in found.problem


def test_given_up_when_its_processes_keep_dying(database: Database, make_jobs: MakeJobs, effects: Effects) -> None:
    jobs = make_jobs()
    jobs.register(
        "test.crash@1",
        lambda context, params: pytest.fail("is not run"),
        on_failure=lambda tx, failure: effects.add(tx, failure.job.id, failure.problem),
    )
    job_id = enqueue(jobs, database, "test.crash@1")
    with database.write() as tx:
        tx.execute(job.update().values(deaths=DEATHS))
    jobs.launch()
    jobs.wait_idle(30)
    assert state(jobs, database, job_id) is JobState.FAILED
    assert [text[:51] for text in effects.of(job_id)] == ["The process that ran this job ended 5 times in the "]


def test_cancelled_while_it_waits(database: Database, make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    jobs.register("test.never@1", lambda context, params: pytest.fail("is not run"))
    job_id = enqueue(jobs, database, "test.never@1")

    def _take_back() -> None:
        with database.write() as tx:
            assert jobs.cancel(tx, job_id)
            raise KeyError

    with pytest.raises(KeyError):
        _take_back()
    assert state(jobs, database, job_id) is JobState.WAITING, "the cancellation was rolled back"
    with database.write() as tx:
        assert jobs.cancel(tx, job_id)
        assert not jobs.cancel(tx, job_id), "it has ended"
        assert not jobs.cancel(tx, "nobody")
    jobs.launch()
    time.sleep(0.3)
    jobs.wait_idle(30)
    assert state(jobs, database, job_id) is JobState.CANCELLED


@pytest.mark.parametrize("way", ["looks and returns", "looks and raises", "next step"])
def test_cancelled_while_it_runs(way: str, database: Database, make_jobs: MakeJobs, effects: Effects) -> None:
    running, cancelled = threading.Event(), threading.Event()

    def _handler(context: JobContext, params: dict[str, Any]) -> None:
        context.transaction("done", lambda tx: effects.add(tx, context.job_id, "done"))
        running.set()
        assert cancelled.wait(30)
        try:
            if way != "next step":
                while not context.cancelled():
                    time.sleep(0.01)
                if way == "looks and raises":
                    raise RuntimeError("stopped half-way")
                return
            context.transaction("not done", lambda tx: effects.add(tx, context.job_id, "not done"))
        finally:
            with database.write() as tx:
                effects.add(tx, context.job_id, "tidied up")

    jobs = make_jobs()
    jobs.register("test.long@1", _handler, on_failure=lambda tx, failure: pytest.fail("it did not fail"))
    jobs.launch()
    job_id = enqueue(jobs, database, "test.long@1")
    assert running.wait(30)
    with database.write() as tx:
        assert jobs.cancel(tx, job_id)
    assert state(jobs, database, job_id) is JobState.RUNNING
    cancelled.set()
    jobs.wait_idle(30)
    assert state(jobs, database, job_id) is JobState.CANCELLED
    assert effects.of(job_id) == ["done", "tidied up"]


def test_shut_down_in_the_middle_it_goes_on_in_the_next(
    database: Database, make_jobs: MakeJobs, effects: Effects
) -> None:
    running, let_end = threading.Event(), threading.Event()

    def _handler(context: JobContext, params: dict[str, Any]) -> None:
        context.step("first", lambda: None)
        context.transaction("once", lambda tx: effects.add(tx, context.job_id, "once"))
        running.set()
        while not let_end.is_set():
            if context.cancelled():
                return
            time.sleep(0.01)
        context.transaction("end", lambda tx: effects.add(tx, context.job_id, "end"))

    first = make_jobs(slots=1)
    first.register("test.long@1", _handler)
    first.launch()
    job_id = enqueue(first, database, "test.long@1")
    waiting = enqueue(first, database, "test.long@1")
    assert running.wait(30)
    with pytest.raises(JobsRunningAlready):
        make_jobs().launch()
    first.shutdown()
    assert state(first, database, job_id) is JobState.WAITING
    with database.read() as tx:
        assert tx.execute(sa.select(job.c.attempts, job.c.deaths).where(job.c.id == job_id)).one() == (0, 0)
        assert tx.scalar(sa.select(sa.func.count()).select_from(job_worker)) == 0
    let_end.set()
    second = make_jobs(slots=1)
    second.register("test.long@1", _handler)
    second.launch()
    second.wait_idle(30)
    assert effects.of(job_id) == ["once", "end"]
    assert effects.of(waiting) == ["once", "end"]


def test_a_handler_that_does_not_look_loses_its_job(
    database: Database, make_jobs: MakeJobs, effects: Effects, caplog: pytest.LogCaptureFixture
) -> None:
    running, let_go = threading.Event(), threading.Event()
    stopped: list[str] = []

    def _stubborn(context: JobContext, params: dict[str, Any]) -> None:
        running.set()
        let_go.wait(20)
        try:
            context.transaction("late", lambda tx: effects.add(tx, context.job_id, "too late"))
        except BaseException as stop:
            stopped.append(str(stop))
            raise

    first = make_jobs()
    first.register("test.stubborn@1", _stubborn)
    first.launch()
    job_id = enqueue(first, database, "test.stubborn@1")
    assert running.wait(30)
    first.shutdown(timeout=0.1)
    second = make_jobs()
    second.register(
        "test.stubborn@1",
        lambda context, params: context.transaction("late", lambda tx: effects.add(tx, context.job_id, "in time")),
    )
    second.launch()
    second.wait_idle(30)
    let_go.set()
    deadline = time.monotonic() + 30
    while not stopped and time.monotonic() < deadline:
        time.sleep(0.01)
    assert stopped == ["lost"]
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    assert effects.of(job_id) == ["in time"]
    assert state(second, database, job_id) is JobState.DONE


def test_a_late_dispatch_finds_nothing_to_do(database: Database, make_jobs: MakeJobs) -> None:
    ran: list[str] = []
    jobs = make_jobs()
    jobs.register("test.once@1", lambda context, params: ran.append(context.job_id), attempts=1)
    job_id = enqueue(jobs, database, "test.once@1")
    with database.write() as tx:
        tx.execute(job.update().values(dispatch=3))
    runner = Runner(database, jobs._engine, SystemClock(), jobs._registrations, "worker")
    for number, runs in ((1, 0), (2, 0), (4, 0), (3, 1), (3, 1)):
        runner.run(f"{job_id}.{number}")
        assert ran == [job_id] * runs
    runner.run("nobody.1")


def test_a_job_nobody_here_knows_is_left_to_others(
    database: Database, make_jobs: MakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("candor.jobs.running.UNKNOWN_WAIT", 0.2)
    jobs = make_jobs()
    jobs.launch()
    job_id = enqueue(jobs, database, "test.other@1")
    deadline = time.monotonic() + 30
    while dispatches(database) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert state(jobs, database, job_id) is JobState.WAITING
    jobs.shutdown()
    other = make_jobs()
    done: list[str] = []
    other.register("test.other@1", lambda context, params: done.append(context.job_id))
    other.launch()
    other.wait_idle(30)
    assert done == [job_id]
