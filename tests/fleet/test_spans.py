"""Stretches of time: every law checked against asking minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.fleet.errors import AssignmentSpanWrong
from candor.fleet.spans import Span, first_overlap, gaps

ZERO = datetime(2026, 11, 1, tzinfo=UTC)
MINUTES = range(41)


def at(minute: int) -> datetime:
    """A moment."""
    return ZERO + timedelta(minutes=minute)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    """A stretch within forty minutes, or from one of them on."""
    first = draw(st.integers(0, 38))
    last = draw(st.none() | st.integers(first + 1, 39))
    return Span(at(first), None if last is None else at(last))


@given(spans(), spans())
def test_overlap(one: Span, other: Span) -> None:
    shared = any(one.holds(at(minute)) and other.holds(at(minute)) for minute in MINUTES)
    assert one.overlaps(other) == other.overlaps(one) == shared


@given(spans(), st.lists(spans(), max_size=6))
def test_gaps_are_what_nobody_has(whole: Span, others: list[Span]) -> None:
    left = gaps(whole, others)
    for minute in MINUTES:
        moment = at(minute)
        free = whole.holds(moment) and not any(one.holds(moment) for one in others)
        assert sum(one.holds(moment) for one in left) == free
    assert left == sorted(left, key=lambda one: one.from_at)
    assert all(a.to_at is not None and a.to_at < b.from_at for a, b in pairwise(left))


@given(spans(), st.lists(spans(), max_size=6))
def test_first_overlap(span: Span, others: list[Span]) -> None:
    found = first_overlap(span, others)
    touching = [one for one in others if span.overlaps(one)]
    assert (found is None) == (not touching)
    if found is not None:
        assert found.from_at == min(one.from_at for one in touching)


def test_ends_belong_to_the_next() -> None:
    one, other = Span(at(0), at(8)), Span(at(8), None)
    assert not one.overlaps(other)
    assert one.holds(at(0))
    assert not one.holds(at(8))
    assert other.holds(at(8))


@pytest.mark.parametrize("minutes", [0, -1])
def test_no_span(minutes: int) -> None:
    with pytest.raises(AssignmentSpanWrong):
        Span(at(5), at(5 + minutes))
