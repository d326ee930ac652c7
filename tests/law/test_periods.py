"""Periods as laws state them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.law.errors import PeriodWrong
from candor.law.periods import UNITS, Period

ZONE = "America/New_York"
moments = st.datetimes(datetime(1990, 1, 1), datetime(2150, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
periods = st.builds(Period, st.integers(1, 500), st.sampled_from(UNITS))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("48 hours", 48, "hours"),
        ("1 hour", 1, "hours"),
        ("90 days", 90, "days"),
        ("4 business days", 4, "business days"),
        ("1 business day", 1, "business days"),
        ("1 week", 1, "weeks"),
        ("30 months", 30, "months"),
        (" 4 years ", 4, "years"),
    ],
)
def test_what_is_a_period(text: str, amount: int, unit: str) -> None:
    assert Period.parse(text) == Period(amount, unit)
    assert Period.parse(str(Period.parse(text))) == Period(amount, unit)


@pytest.mark.parametrize(
    "text", ["90", "days", "90 d", "0 days", "-1 days", "1.5 years", "90days", "", "90 fortnights"]
)
def test_what_is_none_is_refused_with_the_units(text: str) -> None:
    with pytest.raises(PeriodWrong, match="business days"):
        Period.parse(text)


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        # Hours are exact: the night in which clocks go forward has one less on the wall, and that does not count.
        ("48 hours", "2026-03-07T12:00:00-05:00", "2026-03-09T13:00:00-04:00"),
        # Days end at the same time of day on the wall.
        ("2 days", "2026-03-07T12:00:00-05:00", "2026-03-09T12:00:00-04:00"),
        ("90 days", "2018-08-14T10:00:00-04:00", "2018-11-12T10:00:00-05:00"),
        ("1 month", "2026-01-31T10:00:00-05:00", "2026-02-28T10:00:00-05:00"),
        ("1 month", "2028-01-31T10:00:00-05:00", "2028-02-29T10:00:00-05:00"),
        ("1 year", "2028-02-29T10:00:00-05:00", "2029-02-28T10:00:00-05:00"),
        ("4 years", "2018-08-14T23:30:00-04:00", "2022-08-14T23:30:00-04:00"),
        ("30 months", "2026-08-31T10:00:00-04:00", "2029-02-28T10:00:00-05:00"),
        # Thursday, so Friday, Monday, Tuesday, Wednesday: until that Wednesday is over.
        ("4 business days", "2026-11-19T16:00:00-05:00", "2026-11-26T00:00:00-05:00"),
    ],
)
def test_when_a_period_ends(period: str, start: str, end: str) -> None:
    assert Period.parse(period).after(at(start), ZONE) == at(end)


def test_holidays_are_no_business_days() -> None:
    thanksgiving = date(2026, 11, 26)
    end = Period.parse("4 business days").after(at("2026-11-20T16:00:00-05:00"), ZONE, {thanksgiving})
    assert end == at("2026-11-28T00:00:00-05:00")


def test_a_period_beyond_every_calendar_ends_at_its_last_day() -> None:
    assert Period.parse("999999 years").after(at("2026-01-01T00:00:00+00:00")).year == 9998


@given(periods, moments, moments)
def test_a_later_start_never_ends_earlier(period: Period, one: datetime, other: datetime) -> None:
    first, second = sorted((one, other))
    if period.unit == "hours":
        assert period.after(first, ZONE) <= period.after(second, ZONE)
    else:  # two moments of the one hour that a wall clock shows twice end in either order, within that hour
        assert period.after(first, ZONE) <= period.after(second, ZONE) + timedelta(hours=1)


@given(st.integers(1, 400), st.sampled_from(UNITS), moments)
def test_a_longer_period_never_ends_earlier(amount: int, unit: str, start: datetime) -> None:
    end = Period(amount, unit).after(start, ZONE)
    assert end > start
    assert Period(amount + 1, unit).after(start, ZONE) >= end
    assert end.tzinfo is UTC
