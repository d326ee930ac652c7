"""What is missing between the parts of a recording."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.footage.gaps import SMALLEST, GapReason, Placed, gaps_of

BEGIN = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def placed(*spans: tuple[float, float]) -> list[Placed]:
    return [Placed(number, at(begins), at(ends)) for number, (begins, ends) in enumerate(spans, 1)]


@pytest.mark.parametrize(
    ("spans", "whole", "expected"),
    [
        ([(0, 60), (60, 120)], (0, 120), []),
        ([(0, 60), (60.9, 120)], (0, 120), []),  # less than a second is rounding
        ([(0, 60), (75, 120)], (0, 120), [(1, 60, 75, GapReason.BETWEEN)]),
        ([(30, 60)], (0, 60), [(0, 0, 30, GapReason.BEFORE)]),
        ([(0, 60)], (0, 90), [(1, 60, 90, GapReason.AFTER)]),
        ([(0, 60), (40, 50), (60, 90)], (0, 90), []),  # one within another
        ([(0, 60), (30, 50), (70, 90)], (0, 90), [(2, 60, 70, GapReason.BETWEEN)]),
        ([(60, 120), (0, 50)], (0, 120), [(2, 50, 60, GapReason.BETWEEN)]),  # numbers need not follow time
        ([], (0, 60), []),
    ],
)
def test_gaps(
    spans: list[tuple[float, float]], whole: tuple[float, float], expected: list[tuple[int, float, float, GapReason]]
) -> None:
    found = gaps_of(placed(*spans), at(whole[0]), at(whole[1]))
    assert [(gap.after_part, gap.from_at, gap.to_at, gap.reason) for gap in found] == [
        (part, at(begins), at(ends), reason) for part, begins, ends, reason in expected
    ]


def test_nothing_is_said_around_a_part_whose_place_is_not_known() -> None:
    parts = [*placed((0, 10), (100, 110)), Placed(3, None, None)]
    assert gaps_of(parts, at(0), at(200)) == []


def test_without_a_word_of_the_whole_only_what_is_between_counts() -> None:
    found = gaps_of(placed((10, 20), (40, 50)), None, None)
    assert [gap.reason for gap in found] == [GapReason.BETWEEN]


SPAN = st.tuples(st.integers(0, 500), st.integers(0, 100)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(SPAN, min_size=1, max_size=8), st.integers(0, 50), st.integers(500, 700))
def test_parts_and_gaps_together_are_the_whole(spans: list[tuple[int, int]], begins: int, ends: int) -> None:
    found = gaps_of(placed(*spans), at(begins), at(ends))
    missing = {second for gap in found for second in range(_second(gap.from_at), _second(gap.to_at))}
    there = {second for begin, end in spans for second in range(begin, end)}
    assert not missing & there
    assert set(range(begins, ends)) <= missing | there
    assert all(gap.to_at - gap.from_at >= SMALLEST for gap in found)
    assert [gap.from_at for gap in found] == sorted(gap.from_at for gap in found)


def _second(moment: datetime) -> int:
    return round((moment - BEGIN).total_seconds())


def test_a_part_of_unknown_length_hides_only_what_may_be_its_own() -> None:
    parts = [*placed((0, 60), (300, 360)), Placed(3, at(120), None)]
    found = gaps_of(parts, at(0), at(400))
    assert [(gap.after_part, gap.from_at, gap.to_at) for gap in found] == [(1, at(60), at(120)), (2, at(360), at(400))]
    assert gaps_of([Placed(1, at(0), None)], at(0), at(400)) == []
