"""Clocks in words, and the drawing of months. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from candor.disclosure.requests.statistics import Month
from candor.web.pages.requests_chart import HEIGHT, LEFT, WIDTH, chart_of
from candor.web.pages.requests_words import due_of, hours_words

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # ten in the morning in New York


@pytest.mark.parametrize(
    ("away", "kind", "words"),
    [
        (timedelta(seconds=-30), "late", "late by 1 minute"),
        (timedelta(minutes=-90), "late", "late by 1 hour"),
        (timedelta(days=-3), "late", "late by 3 days"),
        (timedelta(minutes=20), "today", "today, in 20 minutes"),
        (timedelta(hours=13, minutes=59), "today", "today, in 13 hours"),
        (timedelta(hours=14), "soon", "in 14 hours"),  # midnight there
        (timedelta(hours=48), "soon", "in 2 days"),
        (timedelta(hours=49), "running", "in 2 days"),
        (None, "none", "no clock"),
    ],
)
def test_a_clock_in_words(away: timedelta | None, kind: str, words: str) -> None:
    due_at = None if away is None else NOW + away
    found = due_of(due_at, NOW, "America/New_York")
    assert (found.kind, found.words, found.at) == (kind, words, due_at)


def test_a_clock_of_what_is_closed() -> None:
    assert due_of(NOW - timedelta(days=1), NOW, "UTC", met=True).words == "closed"
    assert due_of(NOW, NOW, "UTC", met=True, late=True).words == "answered late"


@pytest.mark.parametrize(
    ("work", "words"),
    [(None, "–"), (timedelta(seconds=20), "0.1 h"), (timedelta(minutes=90), "1.5 h"), (timedelta(hours=12), "12 h")],
)
def test_hours_of_work(work: timedelta | None, words: str) -> None:
    assert hours_words(work) == words


def test_a_chart_of_nothing_is_none() -> None:
    assert chart_of([]) is None
    assert chart_of([Month(date(2026, 11, 1))]) is None


@pytest.mark.parametrize("count", [1, 2, 13, 120])
def test_every_bar_of_a_chart_is_within_it_and_as_high_as_its_count(count: int) -> None:
    months = [Month(date(2020 + at // 12, at % 12 + 1, 1), 10 + at, at + 2, at, 2) for at in range(count)]
    found = chart_of(months)
    assert found is not None
    assert all(bar.x >= LEFT and bar.x + bar.width <= WIDTH + 0.2 for bar in found.bars)
    assert all(bar.y >= 0 and bar.y + bar.height <= HEIGHT for bar in found.bars)
    received = [bar for bar in found.bars if bar.kind == "received"]
    assert len(received) == count
    unit = received[0].height / 10
    assert all(abs(bar.height - unit * (10 + at)) < 1 for at, bar in enumerate(received))
    late = [bar for bar in found.bars if "late" in bar.fill]
    assert len(late) == count
    assert len(found.labels) <= 14
