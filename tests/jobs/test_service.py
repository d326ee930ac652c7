"""Jobs in one process: enqueueing, steps, progress, slots, and the engine's tables."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.jobs import (
    ENGINE_TABLES,
    JobContext,
    JobNameWrong,
    Jobs,
    JobsNotIdle,
    JobState,
    ParametersNotJson,
    make_engine_tables,
)
from candor.jobs.tables import job_step

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


def test_a_job_is_done_with_its_parameters(database: Database, make_jobs: MakeJobs) -> None:
    seen: list[dict[str, Any]] = []
    jobs = make_jobs()
    jobs.register("test.note@1", lambda context, params: seen.append(params))
    jobs.launch()
    params = {"list": [1, "zwei", None], "float": 0.5, "nested": {"ß": True}}
    job_id = enqueue(jobs, database, "test.note@1", **params)
    jobs.wait_idle(30)
    assert seen == [params]
    with database.read() as tx:
        found = jobs.get(tx, job_id)
    assert found is not None
    assert (found.state, found.fraction, found.attempts, found.problem) == (JobState.DONE, 1.0, 0, None)
    assert found.params == params
    assert found.started_at is not None
    assert found.ended_at is not None
    assert found.enqueued_at <= found.started_at <= found.ended_at


def test_rolled_back_it_never_was(database: Database, make_jobs: MakeJobs) -> None:
    seen: list[str] = []
    jobs = make_jobs()
    jobs.register("test.note@1", lambda context, params: seen.append(params["n"]))
    jobs.launch()

    def _act(n: str, fails: bool) -> None:
        with database.write() as tx:
            jobs.enqueue(tx, "test.note@1", {"n": n})
            if fails:
                raise KeyError(n)

    with pytest.raises(KeyError):
        _act("rolled back", fails=True)
    with database.read() as tx:
        assert jobs.list(tx) == []
    assert dispatches(database) == 0
    _act("committed", fails=False)
    jobs.wait_idle(30)
    assert seen == ["committed"]


def test_enqueued_where_nothing_is_launched(database: Database, make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    job_id = enqueue(jobs, database, "elsewhere.act@1")
    with database.read() as tx:
        assert [found.id for found in jobs.list(tx, [JobState.WAITING])] == [job_id]
    with pytest.raises(JobsNotIdle, match="1 jobs are still open"):
        jobs.wait_idle(0.05)


def test_listing_by_state_name_and_number(database: Database, make_jobs: MakeJobs, fixed_clock: FixedClock) -> None:
    jobs = make_jobs(clock=fixed_clock)
    made = []
    for number in range(6):
        fixed_clock.advance(1)
        made.append(enqueue(jobs, database, f"test.{'ab'[number % 2]}@1"))
    with database.write() as tx:
        assert jobs.cancel(tx, made[5])
    with database.read() as tx:
        assert [found.id for found in jobs.list(tx)] == made[::-1]
        assert [found.id for found in jobs.list(tx, [JobState.WAITING], 2)] == [made[4], made[3]]
        assert [found.id for found in jobs.list(tx, {JobState.WAITING, JobState.CANCELLED}, 1)] == [made[5]]
        assert [found.id for found in jobs.list(tx, names=["test.a@1"])] == [made[4], made[2], made[0]]
        assert jobs.get(tx, "nobody") is None


def test_progress_is_readable_and_written_seldom(database: Database, make_jobs: MakeJobs) -> None:
    written: list[str] = []

    @sa.event.listens_for(database.engine, "before_cursor_execute")
    def _count(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE job SET fraction"):
            written.append(statement)

    moved, seen = threading.Event(), threading.Event()

    def _handler(context: JobContext, params: dict[str, Any]) -> None:
        for number in range(2000):
            context.progress(0.25 + number / 1e6)
        moved.set()
        assert seen.wait(30)
        # Inside a transactional step it may be called, and must not wait for itself.
        context.transaction("t", lambda tx: [context.progress(0.5), context.cancelled()][1])

    jobs = make_jobs()
    jobs.register("test.slow@1", _handler)
    jobs.launch()
    job_id = enqueue(jobs, database, "test.slow@1")
    assert moved.wait(30)
    with database.read() as tx:
        found = jobs.get(tx, job_id)
    assert found is not None
    assert found.fraction == 0.25
    assert len(written) == 1
    seen.set()
    jobs.wait_idle(30)
    assert state(jobs, database, job_id) is JobState.DONE


def test_slots_bound_what_runs_at_once(database: Database, make_jobs: MakeJobs) -> None:
    guard, running, peak = threading.Lock(), 0, 0
    together = threading.Barrier(3)

    def _handler(context: JobContext, params: dict[str, Any]) -> None:
        nonlocal running, peak
        with guard:
            running += 1
            peak = max(peak, running)
        together.wait(20)
        time.sleep(0.05)  # time for a fourth one to begin
        with guard:
            running -= 1

    jobs = make_jobs(slots=3)
    jobs.register("test.count@1", _handler)
    jobs.launch()
    made = [enqueue(jobs, database, "test.count@1") for _ in range(9)]
    jobs.wait_idle(60)
    assert peak == 3
    assert {state(jobs, database, job_id) for job_id in made} == {JobState.DONE}


def test_not_before_its_time(database: Database, make_jobs: MakeJobs) -> None:
    began: list[float] = []
    jobs = make_jobs()
    jobs.register("test.later@1", lambda context, params: began.append(time.monotonic()))
    jobs.launch()
    start = time.monotonic()
    with database.write() as tx:
        jobs.enqueue(tx, "test.later@1", {}, delay=0.5)
    jobs.wait_idle(30)
    assert began[0] - start >= 0.5


def test_steps_of_one_name_are_counted(database: Database, make_jobs: MakeJobs) -> None:
    results: list[list[int]] = []

    def _handler(context: JobContext, params: dict[str, Any]) -> None:
        results.append([context.step("part", lambda n=n: n) for n in range(3)])
        if len(results) == 1:
            raise ValueError("once more")

    jobs = make_jobs()
    jobs.register("test.parts@1", _handler, backoff=0.01)
    jobs.launch()
    enqueue(jobs, database, "test.parts@1")
    jobs.wait_idle(30)
    assert results == [[0, 1, 2], [0, 1, 2]]
    with database.read() as tx:
        assert sorted(tx.scalars(sa.select(job_step.c.key))) == ["part", "part#2", "part#3"]


@pytest.mark.parametrize("result", [object(), float("nan"), b"bytes"])
@pytest.mark.parametrize("kind", ["step", "transaction"])
def test_a_result_that_is_no_json(kind: str, result: Any, database: Database, make_jobs: MakeJobs) -> None:
    def _handler(context: JobContext, params: dict[str, Any]) -> None:
        if kind == "step":
            context.step("odd", lambda: result)
        else:
            context.transaction("odd", lambda tx: result)

    jobs = make_jobs()
    jobs.register("test.odd@1", _handler, attempts=1)
    jobs.launch()
    job_id = enqueue(jobs, database, "test.odd@1")
    jobs.wait_idle(30)
    with database.read() as tx:
        found = jobs.get(tx, job_id)
    assert found is not None
    assert found.state is JobState.FAILED
    assert found.problem is not None
    assert found.problem.startswith("The result of step odd of the job test.odd@1 cannot be written as JSON")


def test_a_step_inside_a_transaction_is_refused(database: Database, make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    jobs.register(
        "test.nested@1",
        lambda context, params: context.transaction("outer", lambda tx: context.step("inner", lambda: 1)),
        attempts=1,
    )
    jobs.launch()
    job_id = enqueue(jobs, database, "test.nested@1")
    jobs.wait_idle(30)
    with database.read() as tx:
        found = jobs.get(tx, job_id)
    assert found is not None
    assert found.problem == "RuntimeError: step inner of test.nested@1 is called inside a transactional step"


def test_a_step_may_enqueue_the_next_job(database: Database, make_jobs: MakeJobs) -> None:
    done: list[int] = []
    jobs = make_jobs()

    def _handler(context: JobContext, params: dict[str, Any]) -> None:
        if params["n"] < 3:
            context.transaction("next", lambda tx: jobs.enqueue(tx, "test.chain@1", {"n": params["n"] + 1}))
        done.append(params["n"])

    jobs.register("test.chain@1", _handler)
    jobs.launch()
    enqueue(jobs, database, "test.chain@1", n=0)
    jobs.wait_idle(30)
    assert sorted(done) == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["", "act@1", "room.act", "room.act@0", "Room.act@1", "room.act@1 ", "room.act@x"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_names_that_are_refused(name: str, database: Database, make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    with pytest.raises(JobNameWrong):
        jobs.register(name, lambda context, params: None)
    with pytest.raises(JobNameWrong), database.write() as tx:
        jobs.enqueue(tx, name, {})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_name_is_registered_once(make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    jobs.register("room.act@1", lambda context, params: None)
    with pytest.raises(JobNameWrong):
        jobs.register("room.act@1", lambda context, params: None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_parameters_that_are_no_json(database: Database, make_jobs: MakeJobs) -> None:
    with pytest.raises(ParametersNotJson, match=r"What is given of the job room\.act@1"), database.write() as tx:
        make_jobs().enqueue(tx, "room.act@1", {"path": object()})


def test_old_jobs_are_forgotten_and_young_ones_kept(
    database: Database, make_jobs: MakeJobs, fixed_clock: FixedClock
) -> None:
    jobs = make_jobs(clock=fixed_clock)
    jobs.register("test.note@1", lambda context, params: context.step("s", lambda: 1))
    jobs.launch()
    old = enqueue(jobs, database, "test.note@1")
    jobs.wait_idle(30)
    fixed_clock.advance(91 * 86400)
    young = enqueue(jobs, database, "test.note@1")
    jobs.wait_idle(30)
    jobs.shutdown()
    assert jobs.forget() == 1
    with database.read() as tx:
        assert [found.id for found in jobs.list(tx)] == [young]
        assert list(tx.scalars(sa.select(job_step.c.job_id))) == [young]
        assert jobs.get(tx, old) is None
    assert dispatches(database) == 1
    assert jobs.forget() == 0


def test_tables_of_the_engine(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    for _ in range(2):
        make_engine_tables(database)
        with database.read() as tx:
            assert set(sa.inspect(tx).get_table_names()) == ENGINE_TABLES
    database.dispose()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_tables_of_the_engine_are_in_a_schema_of_their_own(database: Database) -> None:
    with database.read() as tx:
        assert set(sa.inspect(tx).get_table_names(schema="dbos")) >= ENGINE_TABLES
        assert not set(sa.inspect(tx).get_table_names()) & ENGINE_TABLES


def test_launched_on_a_database_without_the_engines_tables(database: Database, make_jobs: MakeJobs) -> None:
    with database.write() as tx:
        if database.is_sqlite:
            for name in ENGINE_TABLES:
                tx.execute(sa.text(f"DROP TABLE {name}"))
        else:
            tx.execute(sa.text("DROP SCHEMA dbos CASCADE"))
    jobs = make_jobs()
    done: list[int] = []
    jobs.register("test.note@1", lambda context, params: done.append(1))
    jobs.launch()
    enqueue(jobs, database, "test.note@1")
    jobs.wait_idle(30)
    assert done == [1]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_finds_the_file_locked(
    database: Database, make_jobs: MakeJobs, effects: Effects, caplog: pytest.LogCaptureFixture
) -> None:
    """Writers of the application and jobs, all at once on one SQLite file: nothing fails, nothing is repeated."""
    end = time.monotonic() + 2
    errors: list[BaseException] = []
    written = [0, 0, 0, 0]

    def _write(number: int) -> None:
        try:
            while time.monotonic() < end:
                with database.write() as tx:
                    effects.add(tx, "application", str(number))
                written[number] += 1
        except BaseException as error:
            errors.append(error)

    def _handler(context: JobContext, params: dict[str, Any]) -> None:
        context.step("a", lambda: 1)
        context.transaction("b", lambda tx: effects.add(tx, context.job_id, "b"))
        context.progress(0.9)

    jobs = make_jobs(slots=4)
    jobs.register("test.busy@1", _handler, attempts=1)
    jobs.launch()
    made = [enqueue(jobs, database, "test.busy@1") for _ in range(30)]
    threads = [threading.Thread(target=_write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    jobs.wait_idle(30)
    assert errors == []
    assert min(written) > 0
    assert [effects.of(job_id) for job_id in made] == [["b"]] * 30
    assert [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []
    with database.read() as tx:
        assert {found.state for found in jobs.list(tx)} == {JobState.DONE}
        texts = tx.scalars(sa.text("SELECT inputs FROM workflow_input"))
        assert {json.dumps(json.loads(text)) for text in texts} != set(), "inputs of the engine are JSON"
