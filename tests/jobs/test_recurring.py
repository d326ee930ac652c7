"""What is done again and again: whose turn it is, and what a failure leaves."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from candor.core.clock import Clock, FixedClock
from candor.core.database import Database
from candor.jobs.recurring import Recurring, Rounds

HOUR = timedelta(hours=1)


def test_each_has_its_turn_once_per_period_whoever_looks(database: Database, fixed_clock: FixedClock) -> None:
    done: list[tuple[str, datetime]] = []

    def act(name: str) -> Recurring:
        return Recurring(name, HOUR, lambda _database, _clock, since: done.append((name, since)))

    begun = fixed_clock.now()
    one, other = (Rounds(database, fixed_clock, [act("reminders"), act("checks")]) for _ in range(2))
    assert one.look() == ["reminders", "checks"]
    assert other.look() == []
    fixed_clock.advance(3599)
    assert one.look() == []
    fixed_clock.advance(1)
    assert other.look() == ["reminders", "checks"]
    assert one.look() == []
    assert done == [("reminders", begun), ("checks", begun)] * 2, "each is told when it was first looked at here"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_that_fails_keeps_nobody_from_their_turn(database: Database, fixed_clock: FixedClock) -> None:
    done = []

    def fails(_database: Database, _clock: Clock, _since: datetime) -> None:
        done.append("tried")
        raise RuntimeError("it fails")

    acts = [Recurring("fails", HOUR, fails), Recurring("works", HOUR, lambda *_: done.append("worked"))]
    rounds = Rounds(database, fixed_clock, acts)
    assert rounds.look() == ["works"]
    fixed_clock.advance(3600)
    rounds.look()
    assert done == ["tried", "worked"] * 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_thread_looks_and_stops(database: Database, fixed_clock: FixedClock) -> None:
    came = threading.Event()
    rounds = Rounds(database, fixed_clock, [Recurring("once", HOUR, lambda *_: came.set())], every=0.01)
    rounds.start()
    rounds.start()
    assert came.wait(10)
    rounds.stop()
    rounds.stop()
