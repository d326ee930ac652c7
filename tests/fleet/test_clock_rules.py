"""What readings of a clock say of the true time: cases from the field, and laws against simulated clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from candor.fleet.clock_rules import (
    CLOCK_WORDS,
    READING_WORDS,
    Basis,
    ClockState,
    Reading,
    ReadingSource,
    estimate,
    find,
)

DAY = datetime(2026, 11, 20, tzinfo=UTC)
NONE = timedelta(0)


def at(hours: float, seconds: float = 0) -> datetime:
    """A moment of that day, or around it."""
    return DAY + timedelta(hours=hours, seconds=seconds)


def read(hours: float, slow: float = 0, *, uncertain: float = 0, was_set: bool = False) -> Reading:
    """At that hour the camera's clock was `slow` seconds behind."""
    reference = at(hours)
    return Reading(reference - timedelta(seconds=slow), reference, timedelta(seconds=uncertain), clock_set=was_set)


def test_never_compared() -> None:
    found = estimate(at(3), [])
    assert (found.at, found.uncertainty, found.basis) == (at(3), None, Basis.NONE)
    assert "never compared" in found.words
    assert find([]).state is ClockState.UNREAD


def test_between_two_readings() -> None:
    """Ten seconds behind in the morning, thirty in the evening: twenty at noon, give or take ten."""
    morning, evening = read(0, 10), read(24, 30)
    found = estimate(at(12, -20), [evening, morning])
    assert found.basis is Basis.BETWEEN
    assert found.readings == (morning, evening)
    assert abs(found.at - at(12)) < timedelta(milliseconds=10)
    assert found.uncertainty is not None
    assert abs(found.uncertainty - timedelta(seconds=10)) < timedelta(milliseconds=10)


def test_a_clock_that_is_set_when_docked() -> None:
    """It is put right at each docking and eight seconds behind at the next: what lies between began at none."""
    found = estimate(at(6), [read(0, 7, was_set=True), read(24, 8, was_set=True)])
    assert abs(found.at - at(6, 2)) < timedelta(seconds=0.01)
    assert found.uncertainty is not None
    assert found.uncertainty <= timedelta(seconds=6.01)


def test_after_and_before_all_readings() -> None:
    """A day away from one reading: ten seconds wider. With a known drift it is carried on, and less wide."""
    alone = read(0, 5, uncertain=1)
    later, earlier = estimate(at(24), [alone]), estimate(at(-24), [alone])
    assert (later.basis, earlier.basis) == (Basis.AFTER, Basis.BEFORE)
    for found, expected in ((later, at(24, 5)), (earlier, at(-24, 5))):
        assert found.at == expected
        assert found.uncertainty is not None
        assert timedelta(seconds=10.9) < found.uncertainty < timedelta(seconds=11.1)
    drifting = estimate(at(48, -9), [read(0, 3), read(24, 6)])
    assert abs(drifting.at - at(48)) < timedelta(seconds=0.1)
    assert drifting.uncertainty is not None
    assert timedelta(seconds=4.9) < drifting.uncertainty < timedelta(seconds=5.1)


def test_a_reset_clock() -> None:
    """The battery was empty at night: the clock began at 1970 again, and was seen so at the docking at noon."""
    reset = Reading(datetime(1970, 1, 1, 5, tzinfo=UTC), at(36))
    readings = [read(0, 2), reset]
    evening = estimate(at(18), readings, until=at(36))
    assert evening.basis is Basis.AFTER
    assert abs(evening.at - at(18, 2)) < timedelta(seconds=1)
    morning = estimate(datetime(1970, 1, 1, 3, tzinfo=UTC), readings)
    assert morning.basis is Basis.BEFORE
    assert abs(morning.at - at(34)) < timedelta(seconds=1)
    # Not known when it was handed over, it may have been made when the clock comes to that time a second time.
    assert estimate(at(18), readings).basis is Basis.AMBIGUOUS
    assert find(readings).state is ClockState.RESET
    assert find([reset]).state is ClockState.RESET


def test_a_clock_that_was_set_back_an_hour() -> None:
    """Between two dockings it was set back; what it shows in the hour that came twice can be either."""
    readings = [read(0, 0), read(10, 3600)]
    twice = estimate(at(5), readings)
    assert twice.basis is Basis.AMBIGUOUS
    assert twice.uncertainty is not None
    for true in (at(5), at(6)):
        assert abs(true - twice.at) <= twice.uncertainty
    # Handed over at half past five, it can only be the first.
    first = estimate(at(5), readings, until=at(5.5))
    assert first.basis is Basis.AFTER
    assert abs(first.at - at(5)) < timedelta(seconds=5)


def test_a_time_that_the_clock_never_showed() -> None:
    """It was set forward an hour: 5:30 to 6:00 of its own time may never have been."""
    readings = [read(0, 0), read(1, -36000)]
    found = estimate(at(5), readings)
    assert found.basis is Basis.UNFITTING
    assert found.uncertainty is not None
    assert found.at - found.uncertainty <= at(0)
    assert at(1) <= found.at + found.uncertainty
    hole = estimate(at(0, -4), [read(0, 8, was_set=True), read(10, 1)])
    assert hole.basis is Basis.UNFITTING
    assert hole.uncertainty is not None
    assert abs(hole.at - at(0)) <= hole.uncertainty == timedelta(seconds=8)


def test_the_ends_of_time() -> None:
    readings = [read(0, 3600)]
    for moment in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        assert estimate(moment, readings).basis in (Basis.UNFITTING, Basis.BEFORE, Basis.AFTER)


@pytest.mark.parametrize(
    ("readings", "state"),
    [
        ([read(0, 1), read(24, 2)], ClockState.GOOD),
        ([read(0, 61)], ClockState.OFF),
        ([read(0, -61)], ClockState.OFF),
        ([read(0, 61, uncertain=5)], ClockState.GOOD),
        ([read(0, 0), read(24, 6)], ClockState.DRIFTING),
        ([read(0, 0), read(24, 6, uncertain=7)], ClockState.GOOD),
        ([read(0, 0), read(1, 4)], ClockState.GOOD),
        ([read(0, 0), read(24, 90)], ClockState.RESET),
        ([read(0, 0, was_set=True), read(24, 6, was_set=True), read(48, 6, was_set=True)], ClockState.DRIFTING),
        ([read(0, 4, was_set=True), read(24, 3, was_set=True)], ClockState.GOOD),
        ([read(0, 3600), read(24, 0), read(48, 1)], ClockState.GOOD),
    ],
)
def test_findings(readings: list[Reading], state: ClockState) -> None:
    found = find(readings)
    assert found.state is state
    assert found.latest == max(readings, key=lambda one: one.reference_at)


def test_words() -> None:
    assert set(CLOCK_WORDS) == set(ClockState)
    assert set(READING_WORDS) == set(ReadingSource)
    assert {state for state in ClockState if state.bad} == {ClockState.OFF, ClockState.DRIFTING, ClockState.RESET}


_SHARES = st.lists(st.floats(0, 1), min_size=2, max_size=5)


@given(start=st.floats(-300, 300), gained=st.floats(-50, 50), shares=_SHARES, moment=st.floats(0.001, 0.999))
@example(start=0.0, gained=50.0, shares=[0.0, 0.0, 1.0, 1.0], moment=0.5)
def test_however_it_drifts_the_truth_lies_within(
    start: float, gained: float, shares: list[float], moment: float
) -> None:
    """A clock whose offset changes in one direction, by whatever curve, between two readings a day apart."""
    curve = [0.0, *sorted(shares), 1.0]

    def offset(share: float) -> float:
        place = share * (len(curve) - 1)
        before = min(int(place), len(curve) - 2)
        return start + gained * (curve[before] + (curve[before + 1] - curve[before]) * (place - before))

    true = at(24 * moment)
    shown = true - timedelta(seconds=offset(moment))
    found = estimate(shown, [read(0, offset(0)), read(24, offset(1))])
    assert found.uncertainty is not None
    assert abs(found.at - true) <= found.uncertainty + timedelta(milliseconds=1)
    assert found.uncertainty <= timedelta(seconds=abs(gained) + 0.001)


@given(offset=st.floats(-1e6, 1e6), rate=st.floats(-10, 10), days=st.floats(-400, 400), wide=st.floats(0, 30))
def test_an_unknown_clock_drifts_within_its_widening(offset: float, rate: float, days: float, wide: float) -> None:
    """One reading, and a drift of up to ten seconds a day that nobody knows of."""
    true = at(24 * days)
    shown = true - timedelta(seconds=offset + rate * days)
    found = estimate(shown, [read(0, offset, uncertain=wide)])
    assert found.uncertainty is not None
    # The clock's own days are as good as the true ones to one part in eight thousand.
    assert abs(found.at - true) <= found.uncertainty + timedelta(seconds=abs(days) * 0.002 + 0.001)
    assert found.uncertainty >= timedelta(seconds=wide)


@given(
    offsets=st.lists(st.floats(-500, 500), min_size=1, max_size=8),
    sets=st.lists(st.booleans(), min_size=8, max_size=8),
    moment=st.floats(-48, 24 * 9),
    until=st.none() | st.floats(-48, 24 * 9),
)
def test_always_an_answer(offsets: list[float], sets: list[bool], moment: float, until: float | None) -> None:
    """Whatever the readings: an estimate with an uncertainty that is not negative, the same in any order."""
    readings = [
        read(24 * number, offset, uncertain=1, was_set=was_set)
        for number, (offset, was_set) in enumerate(zip(offsets, sets, strict=False))
    ]
    last = None if until is None else at(until)
    found = estimate(at(moment), readings, until=last)
    assert found.uncertainty is not None
    assert found.uncertainty >= NONE
    assert found.readings
    assert set(found.readings) <= set(readings)
    assert estimate(at(moment), list(reversed(readings)), until=last) == found
    assert find(readings).state is not ClockState.UNREAD


@given(first=st.floats(-30, 30), second=st.floats(-30, 30), moment=st.floats(0.01, 0.99))
def test_the_longer_ago_the_wider(first: float, second: float, moment: float) -> None:
    readings = [read(0, first), read(24, second)]
    assume(abs(first - second) < 60)
    near, far = estimate(at(24 + 24 * moment, 31), readings), estimate(at(24 * 10, 31), readings)
    assert near.uncertainty is not None
    assert far.uncertainty is not None
    assert near.uncertainty < far.uncertainty


def test_set_and_read_in_the_same_moment() -> None:
    """A clock was set, and what it showed then is read again a breath later: whole seconds make the two one."""
    readings = [read(0, slow=60, was_set=True), Reading(at(0), at(0, 2))]
    found = estimate(at(0), readings)
    assert found.at - (found.uncertainty or NONE) <= at(0) <= at(0, 2) <= found.at + (found.uncertainty or NONE)
