"""What is told in a transaction is told exactly when the transaction is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.notices.conftest import Desk

from candor.core import outbox
from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.outbox import KINDS, NoticeKind, Severity, outbox_notice
from candor.people.rules import GUESTS, Role


def test_rolled_back_it_never_was(database: Database, rows: Callable[[Any], list[Any]]) -> None:
    with pytest.raises(RuntimeError), database.write() as tx:
        outbox.tell(tx, NoticeKind.JOB_FAILED)
        raise RuntimeError("the act failed")
    assert rows(outbox_notice) == []


def test_the_same_trouble_is_told_once_while_it_lasts(
    desk: Desk, fixed_clock: FixedClock, rows: Callable[[Any], list[Any]]
) -> None:
    first = desk.tell(NoticeKind.HEALTH_BAD, once="health:disk", details={"free": 10})
    fixed_clock.advance(60)
    assert desk.tell(NoticeKind.HEALTH_BAD, once="health:disk", details={"free": 5}) is None
    assert desk.tell(NoticeKind.HEALTH_BAD, once="health:clock") is not None
    found = {row.id: row for row in rows(outbox_notice)}
    assert len(found) == 2
    assert (found[first].times, found[first].details) == (2, {"free": 5})
    assert (found[first].last_at - found[first].created_at).total_seconds() == 60
    with desk.database.read() as tx:
        assert outbox.is_open(tx, "health:disk")


def test_what_is_over_can_be_told_anew(desk: Desk, rows: Callable[[Any], list[Any]]) -> None:
    first = desk.tell(NoticeKind.HEALTH_BAD, once="health:disk")
    assert desk.resolve("health:disk")
    assert not desk.resolve("health:disk")
    assert not desk.resolve("never:told")
    second = desk.tell(NoticeKind.HEALTH_BAD, once="health:disk")
    assert second is not None
    assert second != first
    assert len(rows(outbox_notice)) == 2


def test_told_at_the_same_time_it_is_one(
    database: Database, second_database: Callable[[], Database], rows: Callable[[Any], list[Any]]
) -> None:
    made: list[str | None] = []
    ready = threading.Barrier(4)

    def tell(where: Database) -> None:
        ready.wait(10)
        for _ in range(5):
            with where.write() as tx:
                made.append(outbox.tell(tx, NoticeKind.LOG_NOT_SIGNING, once="log"))

    threads = [threading.Thread(target=tell, args=(one,)) for one in (database, database, *[second_database()] * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(made) == 20
    assert len([one for one in made if one is not None]) == 1
    (row,) = rows(outbox_notice)
    assert row.times == 20


@pytest.mark.parametrize("about", ["recordings/1", "https://elsewhere.example/", "//elsewhere.example/", ""])
def test_what_it_is_about_is_on_the_site(database: Database, about: str) -> None:
    with database.write() as tx, pytest.raises(ValueError, match="path on the site"):
        outbox.tell(tx, NoticeKind.JOB_FAILED, about=about)


@pytest.mark.parametrize("value", [1.5, None, ["a"], b"x"])
def test_details_are_plain(database: Database, value: Any) -> None:
    with database.write() as tx, pytest.raises(TypeError, match="'free'"):
        outbox.tell(tx, NoticeKind.JOB_FAILED, details={"free": value})


def test_every_kind_has_its_facts() -> None:
    assert set(KINDS) == set(NoticeKind)
    for kind, facts in KINDS.items():
        assert facts.roles, kind
        assert {Role(name) for name in facts.roles}.isdisjoint(GUESTS), kind
        assert facts.title.endswith("."), kind
        assert facts.mail.endswith("."), kind
        assert not set("{}%\n") & set(facts.title + facts.mail), kind
        assert (facts.title + facts.mail).isascii(), kind
        if facts.severity is Severity.URGENT:
            assert not facts.digest, f"{kind} is urgent and would wait"
            assert facts.by_mail, kind
