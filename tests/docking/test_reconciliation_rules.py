"""What was reported against what arrived: interval arithmetic and its figures."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.docking.reconciliation.reconciling import (
    LONGEST_SHIFT,
    ROUNDING,
    Account,
    Arrival,
    Explained,
    Missing,
    Numbered,
    Stay,
    Told,
    Totals,
    compare,
    cut,
    missing_numbers,
    shifts,
    usable,
)
from candor.docking.reconciliation.spans import NOTHING, Span, clipped, length, merged, shared, twice, without

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(second: float) -> datetime:
    return NOON + timedelta(seconds=second)


def span(begin: float, end: float) -> Span:
    return Span(at(begin), at(end))


#: Stretches of a quarter of a second up, within some minutes, so that they meet often.
spans = st.builds(lambda begin, long: span(begin / 4, (begin + long) / 4), st.integers(0, 1200), st.integers(1, 240))
many = st.lists(spans, max_size=8)


def seconds_of(some: list[Span]) -> set[int]:
    """The quarters of a second that they hold, counted one by one."""
    return {
        quarter
        for one in some
        for quarter in range(
            round((one.from_at - NOON).total_seconds() * 4), round((one.to_at - NOON).total_seconds() * 4)
        )
    }


@settings(deadline=None)
@given(many, many)
def test_spans_are_sets_of_moments(some: list[Span], others: list[Span]) -> None:
    one, two = seconds_of(some), seconds_of(others)
    often = Counter(quarter for each in some for quarter in seconds_of([each]))
    for found, expected in (
        (merged(some), one),
        (without(some, others), one - two),
        (shared(some, others), one & two),
        (twice(some), {quarter for quarter, times in often.items() if times > 1}),
    ):
        assert seconds_of(found) == expected
        assert all(earlier.to_at < later.from_at for earlier, later in itertools.pairwise(found)), found
        assert length(found) == timedelta(seconds=len(expected) / 4)


def test_a_span_is_never_empty_or_negative() -> None:
    for end in (0, -1):
        with pytest.raises(ValueError, match="ends after"):
            span(0, end)


reasons = st.sampled_from([None, "battery", "its own words"])
tolds = st.lists(st.builds(Told, spans, reasons), max_size=8)
arrivals = st.lists(st.builds(Arrival, spans, st.just("r"), st.booleans()), max_size=8)
explanations = st.lists(st.builds(Explained, spans, st.sampled_from(["e1", "e2"])), max_size=4)


@settings(deadline=None)
@given(tolds, arrivals, many, many, explanations, st.sampled_from([NOTHING, ROUNDING]))
def test_every_reported_second_is_accounted_for_once(
    told: list[Told],
    here: list[Arrival],
    damaged: list[Span],
    pending: list[Span],
    explained: list[Explained],
    rounding: timedelta,
) -> None:
    found = compare(told, here, damaged=damaged, pending=pending, explained=explained, rounding=rounding)
    totals = found.totals
    assert all(getattr(totals, one.name) >= NOTHING for one in fields(Totals))
    assert totals.arrived + totals.rounding + totals.missing == totals.reported
    assert totals.explained + totals.pending + totals.reasoned + totals.unexplained == totals.missing
    if not rounding:
        assert totals.arrived + totals.missing == totals.reported
    reported = seconds_of([one.span for one in told])
    arrived, rounded = seconds_of(list(found.arrived)), seconds_of(list(found.rounding))
    missing = seconds_of([one.span for one in found.missing])
    assert arrived | rounded | missing == reported
    assert not (arrived & rounded)
    assert not (arrived & missing)
    assert not (rounded & missing)
    assert arrived == reported & seconds_of([one.span for one in here])
    assert not seconds_of(list(found.surplus)) & reported
    # The pieces are disjoint: nothing is counted twice under two reasons.
    assert length(one.span for one in found.missing) == length(merged(one.span for one in found.missing))


@settings(deadline=None)
@given(tolds, arrivals, explanations)
def test_an_explanation_never_lowers_the_count(
    told: list[Told], here: list[Arrival], explained: list[Explained]
) -> None:
    before, after = compare(told, here).totals, compare(told, here, explained=explained).totals
    assert (before.reported, before.missing, before.rounding) == (after.reported, after.missing, after.rounding)
    assert after.explained == before.missing - after.pending - after.reasoned - after.unexplained
    assert after.unexplained <= before.unexplained


@settings(deadline=None)
@given(tolds, arrivals, st.lists(st.integers(0, 1600), max_size=5))
def test_parts_of_a_period_add_up_to_it(told: list[Told], here: list[Arrival], edges: list[int]) -> None:
    whole = compare(told, here)
    ends = [-1, *sorted(edges), 2000]
    pieces = [span(a / 4, b / 4) for a, b in itertools.pairwise(ends) if a < b]
    assert sum((cut(whole, piece).totals for piece in pieces), Totals()) == whole.totals


@settings(deadline=None)
@given(tolds, arrivals, spans)
def test_more_that_arrives_never_makes_more_missing(told: list[Told], here: list[Arrival], more: Span) -> None:
    before, after = compare(told, here).totals, compare(told, [*here, Arrival(more)]).totals
    assert after.missing <= before.missing
    assert after.arrived >= before.arrived


@settings(deadline=None)
@given(tolds, arrivals, spans)
def test_more_that_is_reported_never_makes_less_reported(told: list[Told], here: list[Arrival], more: Span) -> None:
    before, after = compare(told, here).totals, compare([*told, Told(more)], here).totals
    assert after.reported >= before.reported
    assert after.arrived >= before.arrived


def test_rounding_is_a_figure_of_its_own_and_only_where_something_arrived() -> None:
    near = compare([Told(span(0, 60)), Told(span(100, 101))], [Arrival(span(1, 58.5))])
    assert [one.length for one in near.rounding] == [timedelta(seconds=1), timedelta(seconds=1.5)]
    # A second of which nothing at all came is missing, however short it is.
    assert near.missing == (Missing(span(100, 101), "unknown"),)
    assert near.totals.arrived == timedelta(seconds=57.5)
    far = compare([Told(span(0, 60))], [Arrival(span(2.25, 60))])
    assert [one.span for one in far.missing] == [span(0, 2.25)]


def test_surplus_is_what_nobody_reported() -> None:
    found = compare([Told(span(10, 20))], [Arrival(span(9, 21)), Arrival(span(50, 51))])
    assert found.surplus == (span(50, 51),)
    assert compare([], [Arrival(span(0, 5)), Arrival(span(2, 9))]).doubled == (span(2, 5),)


@pytest.mark.parametrize(
    ("told", "damaged", "pending", "expected"),
    [
        ([Told(span(0, 10))], [], [], ["unknown"]),
        ([Told(span(0, 10))], [], [span(0, 10)], ["docked"]),
        ([Told(span(0, 10))], [span(0, 10)], [span(0, 10)], ["corrupt"]),
        ([Told(span(0, 10), "battery")], [span(0, 10)], [span(0, 10)], ["battery"]),
        ([Told(span(0, 10)), Told(span(4, 6), "card-full")], [], [span(5, 8)], ["unknown", "card-full", "docked"]),
    ],
)
def test_a_stretch_has_the_surest_reason(
    told: list[Told], damaged: list[Span], pending: list[Span], expected: list[str]
) -> None:
    found = compare(told, [], damaged=damaged, pending=pending).missing
    assert list(dict.fromkeys(one.reason for one in found)) == expected


def test_figures_by_reason() -> None:
    found = compare(
        [Told(span(0, 100)), Told(span(20, 30), "battery")],
        [Arrival(span(90, 100), doubtful=True)],
        pending=[span(40, 60)],
        explained=[Explained(span(55, 70), "e")],
    ).totals
    assert [getattr(found, name).total_seconds() for name in ("missing", "explained", "pending", "reasoned")] == [
        90,
        15,
        15,
        10,
    ]
    assert found.unexplained == timedelta(seconds=50)
    assert found.doubtful == timedelta(seconds=10)


@pytest.mark.parametrize(
    ("begin", "end", "fits"),
    [
        (None, at(1), False),
        (at(0), None, False),
        (at(5), at(5), False),
        (at(5), at(4), False),
        (at(0), at(48 * 3600), True),
        (at(0), at(48 * 3600 + 1), False),
        (at(-401 * 86400), at(-401 * 86400 + 60), False),
        (at(86400), at(86400 + 60), True),
        (at(86401), at(86401 + 60), False),
        (datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, 0, 10, tzinfo=UTC), False),
    ],
)
def test_which_times_can_be_counted_with(begin: datetime | None, end: datetime | None, fits: bool) -> None:
    assert (usable(begin, end, NOON) is not None) is fits


def test_an_empty_account_says_so() -> None:
    assert Account().empty
    assert not compare([Told(span(0, 1))], []).empty
    assert not compare([], [Arrival(span(0, 9))]).empty


# -- shifts

ZONE = "America/New_York"


def test_a_night_shift_is_one_shift_and_own_cameras_go_by_local_days() -> None:
    period = Span(datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 4, 5, tzinfo=UTC))  # local 1st to 3rd
    night = Stay(datetime(2026, 11, 2, 23, tzinfo=UTC), datetime(2026, 11, 3, 7, tzinfo=UTC), "anna")
    found = shifts(period, ZONE, [night])
    assert [one.assignment for one in found] == [False, False, True, False]
    assert found[2].span == Span(night.from_at, night.to_at or NOON)
    assert found[2].account_id == "anna"
    # Clocks go back on 1 November: that day has 25 hours.
    assert found[0].span.length == timedelta(hours=25)
    own = shifts(period, ZONE, [Stay(NOON - timedelta(days=90), None, "ben")])
    assert [one.span.length.total_seconds() / 3600 for one in own] == [25, 24, 24]
    assert {one.account_id for one in own} == {"ben"}


stays_ = st.lists(
    st.builds(
        lambda begin, long, open_: Stay(
            NOON + timedelta(hours=begin), None if open_ else NOON + timedelta(hours=begin + long), f"a{begin}"
        ),
        st.integers(-100, 200),
        st.integers(1, 90),
        st.booleans(),
    ),
    max_size=6,
)


@settings(deadline=None)
@given(
    stays_, st.integers(-50, 50), st.integers(1, 150), st.sampled_from([ZONE, "UTC", "Pacific/Apia", "Asia/Kolkata"])
)
def test_shifts_are_the_period_without_gaps_or_overlaps(stays: list[Stay], begin: int, long: int, zone: str) -> None:
    period = Span(NOON + timedelta(hours=begin), NOON + timedelta(hours=begin + long))
    found = [one.span for one in shifts(period, zone, stays)]
    assert found == sorted(found)
    assert found[0].from_at == period.from_at
    assert found[-1].to_at == period.to_at
    assert all(one.to_at == two.from_at for one, two in itertools.pairwise(found))
    assert all(one.length <= LONGEST_SHIFT for one in found)
    assert clipped(found, period) == found


# -- numbers


@pytest.mark.parametrize(
    ("numbers", "gaps"),
    [
        ([], []),
        ([7], []),
        ([7, 8, 9], []),
        ([7, 9], [(8, 8)]),
        ([7, 7, 8], []),  # two files of one moment
        ([97, 99, 1, 2, 5], [(98, 98), (3, 4)]),  # counting begins anew
        ([1, 1001], [(2, 1000)]),
        ([1, 1002], []),  # too far: it counts something else now
    ],
)
def test_numbers_that_are_left_out(numbers: list[int], gaps: list[tuple[int, int]]) -> None:
    found = missing_numbers(Numbered(number) for number in numbers)
    assert [(one.first, one.last) for one in found] == gaps
    assert [one.count for one in found] == [last - first + 1 for first, last in gaps]


@settings(deadline=None)
@given(st.sets(st.integers(0, 300), min_size=1))
def test_every_number_is_there_or_left_out(numbers: set[int]) -> None:
    found = missing_numbers(Numbered(number) for number in sorted(numbers))
    left = {number for gap in found for number in range(gap.first, gap.last + 1)}
    assert left == set(range(min(numbers), max(numbers) + 1)) - numbers
