"""Transactions on both databases; the shared commit of SQLite; what happens when the disk is full."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from candor.core.database import Database, UtcDateTime, _TurnLock
from candor.core.errors import DatabaseGone
from candor.core.ids import new_id
from candor.people.tables import unit

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def add(database: Database, name: str) -> None:
    with database.write() as tx:
        tx.execute(unit.insert(), {"id": new_id(), "name": name, "created_at": NOW})


def names(database: Database) -> list[str]:
    with database.read() as tx:
        return list(tx.execute(sa.select(unit.c.name).order_by(unit.c.name)).scalars())


def test_an_act_is_whole_or_not_at_all(database: Database) -> None:
    class Failed(Exception):
        pass

    with pytest.raises(Failed), database.write() as tx:
        tx.execute(unit.insert(), {"id": new_id(), "name": "half", "created_at": NOW})
        raise Failed
    add(database, "whole")
    assert names(database) == ["whole"]


def test_reading_changes_nothing(database: Database) -> None:
    with database.read() as tx:
        tx.execute(unit.insert(), {"id": new_id(), "name": "by mistake", "created_at": NOW})
    assert names(database) == []


def test_many_writers_at_once_each_succeed_or_fail_alone(database: Database) -> None:
    """Every third breaks a rule of the database; the others, which may share a commit with it, are all there."""
    add(database, "taken")
    failed: list[int] = []

    def write(number: int) -> None:
        try:
            add(database, "taken" if number % 3 == 0 else f"{number:03}")
        except sa.exc.IntegrityError:
            failed.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(failed) == [number for number in range(60) if number % 3 == 0]
    assert names(database) == [f"{number:03}" for number in range(60) if number % 3] + ["taken"]


def test_nobody_returns_before_what_they_wrote_is_committed(database: Database) -> None:
    """Each writer, once back, looks with another connection, as a second process would."""
    missing: list[str] = []

    def write(number: int) -> None:
        for step in range(5):
            name = f"{number}-{step}"
            add(database, name)
            with database.read() as tx:
                if tx.execute(sa.select(unit.c.id).where(unit.c.name == name)).first() is None:
                    missing.append(name)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missing == []
    assert len(names(database)) == 80


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_acts_that_share_a_commit_fail_together_when_the_disk_is_full(database: Database) -> None:
    """SQLite gives up the whole transaction then; nobody in it may be told that it worked."""
    with database.read() as tx:
        pages = tx.exec_driver_sql("PRAGMA page_count").scalar()
    outcome: dict[str, str] = {}
    inside, go_on = threading.Event(), threading.Event()

    def first() -> None:
        try:
            with database.write() as tx:
                tx.execute(unit.insert(), {"id": new_id(), "name": "first", "created_at": NOW})
                inside.set()
                go_on.wait(10)
            outcome["first"] = "acknowledged"
        except DatabaseGone:
            outcome["first"] = "refused"

    def second() -> None:
        try:
            with database.write() as tx:
                tx.exec_driver_sql(f"PRAGMA max_page_count={pages}")
                for _ in range(2000):
                    tx.execute(unit.insert(), {"id": new_id(), "name": new_id() * 50, "created_at": NOW})
            outcome["second"] = "acknowledged"
        except (DatabaseGone, sa.exc.OperationalError):
            outcome["second"] = "refused"

    one, two = threading.Thread(target=first), threading.Thread(target=second)
    one.start()
    assert inside.wait(10)
    two.start()
    while not database._turn.others_wait():
        pass
    go_on.set()
    one.join()
    two.join()
    assert outcome["second"] == "refused"
    assert ("first" in names(database)) == (outcome["first"] == "acknowledged")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_act_after_the_one_that_broke_the_shared_commit_does_not_hide_it(database: Database) -> None:
    """The first act waits for its commit, the second makes SQLite give everything up, the third fails ordinarily: with
    a transaction opened anew by the third, the first would be acknowledged and gone."""
    add(database, "taken")
    outcome: dict[str, str] = {}

    def act(name: str, statement: str) -> threading.Thread:
        def run() -> None:
            try:
                with database.write() as tx:
                    tx.exec_driver_sql(statement)
                outcome[name] = "acknowledged"
            except (DatabaseGone, sa.exc.SQLAlchemyError):
                outcome[name] = "refused"

        thread = threading.Thread(target=run)
        thread.start()
        while len(database._turn._waiting) < waiting:
            pass
        return thread

    insert = "INSERT {} INTO unit (id, name, created_at) VALUES ('{}', '{}', 0)"
    waiting, threads = 0, []
    with suppress(DatabaseGone), database.write():  # everybody queues behind this one, which may share their fate
        for name, statement in (
            ("first", insert.format("", new_id(), "first")),
            ("second", insert.format("OR ROLLBACK", new_id(), "taken")),
            ("third", insert.format("", new_id(), "taken")),
        ):
            waiting += 1
            threads.append(act(name, statement))
    for thread in threads:
        thread.join()
    assert (outcome["second"], outcome["third"]) == ("refused", "refused")
    assert ("first" in names(database)) == (outcome["first"] == "acknowledged")


def test_a_database_that_is_not_there_is_named(tmp_path: Path) -> None:
    gone = Database("postgresql://nobody@127.0.0.1:9/none")
    with pytest.raises(DatabaseGone, match="Nothing was changed"), gone.read():
        pass
    gone.dispose()


def test_sqlite_keeps_what_it_committed(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.sqlite3")
    with database.write() as tx:
        assert tx.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert tx.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert tx.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    database.dispose()


class TestTurnLock:
    def test_turns_are_given_in_the_order_of_asking(self) -> None:
        lock, order = _TurnLock(), []
        lock.acquire()
        threads = []
        for number in range(5):

            def take(number: int = number) -> None:
                lock.acquire()
                order.append(number)
                lock.release()

            threads.append(threading.Thread(target=take))
            threads[-1].start()
            while len(lock._waiting) <= number:
                pass
        lock.release()
        for thread in threads:
            thread.join()
        assert order == [0, 1, 2, 3, 4]
        assert not lock._held

    def test_who_is_interrupted_while_waiting_does_not_hold_up_the_rest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        lock = _TurnLock()
        lock.acquire()
        real = threading.Lock

        class Interrupted:
            """The second acquire, where the waiting happens, is interrupted."""

            def __init__(self) -> None:
                self.lock, self.asked = real(), 0

            def acquire(self) -> None:
                self.asked += 1
                if self.asked == 2:
                    raise KeyboardInterrupt
                self.lock.acquire()

        monkeypatch.setattr(threading, "Lock", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            lock.acquire()
        lock.release()
        assert not lock._held
        lock.acquire()
        lock.release()


class TestUtcDateTime:
    @given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=9))])))
    def test_what_goes_in_comes_out(self, moment: datetime) -> None:
        if not datetime(1, 1, 3, tzinfo=UTC) < moment < datetime(9999, 12, 29, tzinfo=UTC):
            return
        kind = UtcDateTime()
        stored = kind.process_bind_param(moment, None)
        assert kind.process_result_value(stored, None) == moment

    def test_a_time_without_a_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="zone"):
            UtcDateTime().process_bind_param(datetime(2026, 11, 22), None)


def test_the_driver_reports_a_transaction_that_sqlite_gave_up() -> None:
    """What `_must_still_be_open` relies on."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("BEGIN")
    assert connection.in_transaction
    connection.execute("ROLLBACK")
    assert not connection.in_transaction
    connection.commit()  # silent, and that is the trap
    connection.close()
