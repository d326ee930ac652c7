"""The watch: who watches, what is kept, who is told when, and what happens while the database is away."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from tests.web.visitor import make_installation

from candor.core import outbox
from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody import Event, append
from candor.custody.tables import log_head
from candor.health.examination import CHECKS, Check
from candor.health.findings import Finding, Level, bad, ok, warn
from candor.health.state import is_watched, keep, kept, take_lease
from candor.health.watch import Watch
from candor.installation import Installation

N = outbox.NoticeKind
CHECK = Check("log", lambda _: None, alarm=N.LOG_NOT_SIGNING, warning=N.LOG_LAGGING)
LENGTH = timedelta(minutes=3)
CHEAP = [check for check in CHECKS if not check.dear]


def notices(database: Database) -> list[tuple[str, str | None, bool]]:
    """Kind, key and whether it is open, of every notice so far."""
    table = outbox.outbox_notice
    with database.read() as tx:
        rows = tx.execute(sa.select(table).order_by(table.c.created_at, table.c.id)).all()
    return [(row.kind, row.once_key, row.open_key is not None) for row in rows]


def found(database: Database, clock: FixedClock, finding: Finding | None) -> list[Finding]:
    """As if the watch had found this."""
    clock.advance(60)
    with database.write() as tx:
        return keep(tx, [finding] if finding else [], [CHECK], clock)


def test_people_are_told_of_changes_and_when_it_is_over(database: Database, fixed_clock: FixedClock) -> None:
    well, late, still = ok("log", "Signed."), warn("log", "Late.", "Look."), bad("log", "Nothing signs.", "Mend.")
    assert found(database, fixed_clock, well) == []
    assert notices(database) == []
    for _ in range(3):
        found(database, fixed_clock, late)
    assert notices(database) == [(N.LOG_LAGGING, "health:log:warn", True)]
    assert found(database, fixed_clock, still) == [still]
    found(database, fixed_clock, still)
    alarm = (N.LOG_NOT_SIGNING, "health:log", True)
    assert notices(database) == [(N.LOG_LAGGING, "health:log:warn", True), alarm]
    found(database, fixed_clock, late)
    assert notices(database)[1] == (N.LOG_NOT_SIGNING, "health:log", False)
    found(database, fixed_clock, well)
    assert [is_open for _, _, is_open in notices(database)] == [False, False]
    found(database, fixed_clock, still)
    assert notices(database)[2:] == [alarm]
    found(database, fixed_clock, None)  # there is nothing to look at any more
    assert not notices(database)[2][2]
    with database.read() as tx:
        assert kept(tx) == []


def test_what_is_kept_says_since_when(database: Database, fixed_clock: FixedClock) -> None:
    began = fixed_clock.now()
    for _ in range(3):
        found(database, fixed_clock, warn("log", "Late.", "Look."))
    with database.read() as tx:
        (one,) = kept(tx)
        assert is_watched(tx, fixed_clock.now())
        assert not is_watched(tx, fixed_clock.now() + timedelta(minutes=5))
    assert one.since == began + timedelta(seconds=60)
    assert one.checked_at == began + timedelta(seconds=180)


def test_one_watches_at_a_time(
    database: Database, second_database: Callable[[], Database], fixed_clock: FixedClock
) -> None:
    other, now = second_database(), fixed_clock.now()

    def take(where: Database, who: str, when: timedelta = timedelta()) -> bool:
        with where.write() as tx:
            return take_lease(tx, who, now + when, LENGTH)

    assert take(database, "a")
    assert not take(other, "b", timedelta(minutes=2))
    assert take(database, "a", timedelta(minutes=2))
    assert not take(other, "b", timedelta(minutes=4))
    assert take(other, "b", timedelta(minutes=6))  # a is dead
    assert not take(database, "a", timedelta(minutes=7))
    # The clock was set back by a day: a lease that ends tomorrow must not keep everybody from watching till then.
    assert take(database, "a", -timedelta(days=1))


def test_the_first_lease_goes_to_one_of_two_at_once(
    database: Database, second_database: Callable[[], Database], fixed_clock: FixedClock
) -> None:
    got: list[bool] = []
    start = threading.Barrier(2)

    def take(where: Database, who: str) -> None:
        start.wait()
        with where.write() as tx:
            got.append(take_lease(tx, who, fixed_clock.now(), LENGTH))

    threads = [
        threading.Thread(target=take, args=(where, who)) for where, who in ((database, "a"), (second_database(), "b"))
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert sorted(got) == [False, True]


def test_a_log_that_does_not_sign_is_told_of_within_the_hour(
    installation: Installation, fixed_clock: FixedClock
) -> None:
    installation.log.settle()
    watch = Watch(installation, checks=CHEAP)
    watch.look()
    with installation.database.write() as tx:
        append(tx, Event.UNIT_CREATED, actor="system:test", details={"unit": new_id()}, clock=fixed_clock)
    for _ in range(7):
        fixed_clock.advance(60)
        watch.look()
    assert (N.LOG_NOT_SIGNING, "health:log", True) in notices(installation.database)
    installation.log.settle()
    watch.look()
    assert (N.LOG_NOT_SIGNING, "health:log", False) in notices(installation.database)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_everything_is_looked_at_and_kept(installation: Installation, fixed_clock: FixedClock) -> None:
    installation.log.settle()
    installation.settings.home.mkdir(exist_ok=True)
    watch = Watch(installation)
    watch.look()
    with installation.database.read() as tx:
        names = [one.finding.name for one in kept(tx)]
    assert {"codecs", "limited", "store", "log", "database"} <= set(names)
    order = [check.name for check in CHECKS]
    assert names == sorted(names, key=order.index)
    other = Watch(installation)
    with installation.database.write() as tx:
        tx.execute(log_head.update().values(refusal="the tree went backwards"))
    assert other.look() == []  # the first one has the lease
    made: list[str] = []
    counted = [
        replace(check, look=lambda here, check=check: made.append(check.name) or check.look(here)) for check in CHECKS
    ]
    watch._checks = counted
    assert [one.name for one in watch.look()] == ["log"]
    assert made == [check.name for check in CHEAP], "what costs more is not made each minute"
    assert (N.LOG_NOT_SIGNING, "health:log", True) in notices(installation.database)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_thread_looks_and_hands_over(installation: Installation, fixed_clock: FixedClock) -> None:
    watch = Watch(installation, every=0.05, checks=CHEAP)
    watch.start()
    done = threading.Event()
    for _ in range(200):
        with installation.database.read() as tx:
            if kept(tx):
                break
        done.wait(0.05)
    watch.stop()
    with installation.database.write() as tx:
        assert kept_names(tx)
        assert take_lease(tx, "another", fixed_clock.now(), LENGTH), "it was not handed over"


def kept_names(tx: sa.Connection) -> list[str]:
    """Names of what is kept."""
    return [one.finding.name for one in kept(tx)]


class _Mailbox:
    def __init__(self) -> None:
        self.mails: list[str] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
        self.mails.append(envelope.content.decode())  # type: ignore[attr-defined]
        return "250 taken"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_the_database_it_is_said_by_mail(
    database: Database,
    fixed_clock: FixedClock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mailbox = _Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:  # the controller must be told a port
        port = free.getsockname()[1]
    server = Controller(mailbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        here = make_installation(
            database,
            fixed_clock,
            tmp_path,
            smtp_url=f"smtp://127.0.0.1:{port}",
            mail_from="candor@agency.example",
            alert_mail="duty@agency.example",
        )
        here.settings.home.mkdir(exist_ok=True)
        watch = Watch(here, checks=CHEAP)
        watch.look()
        file = Path(str(database.url.database))
        database.dispose()
        for path in file.parent.iterdir():
            os.rename(path, path.with_name(f"gone-{path.name}"))
        os.rename(file.parent, file.parent.with_name("gone"))
        with caplog.at_level(logging.ERROR):
            watch.look()
            assert mailbox.mails == [], "one failed look is no alarm: a server may be restarted"
            for _ in range(3):
                watch.look()
        assert len(mailbox.mails) == 1
        assert "duty@agency.example" in mailbox.mails[0]
        assert any(record.levelno == logging.CRITICAL for record in caplog.records)
        os.rename(file.parent.with_name("gone"), file.parent)
        for path in list(file.parent.iterdir()):
            os.rename(path, path.with_name(path.name.removeprefix("gone-")))
        watch.look()
        with database.read() as tx:
            assert kept(tx)
    finally:
        server.stop()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_clock_that_jumps_between_two_looks(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(installation)
    watch._mind_the_clock()
    import time

    real = time.time
    monkeypatch.setattr("candor.health.watch.time.time", lambda: real() - 90)
    watch._mind_the_clock()
    said = watch._with_jump(ok("clock", "The clock agrees."))
    assert said.level is Level.WARN
    assert "moved back by 90.0 s" in said.words
    assert watch._with_jump(ok("disk", "Room.")) == ok("disk", "Room.")
