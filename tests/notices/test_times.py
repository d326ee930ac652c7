"""Wall clocks: quiet hours and daily times, in every zone and over every change of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.notices.times import after_quiet, is_quiet, next_daily, next_hour

#: Northern and southern summers, changes by half an hour (Lord Howe), at midnight (Havana), odd offsets, none at all.
ZONES = [
    ZoneInfo(name)
    for name in (
        "America/New_York",
        "America/Los_Angeles",
        "America/Havana",
        "America/St_Johns",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "UTC",
    )
]
zones = st.sampled_from(ZONES)
minutes = st.integers(0, 1439)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
#: Half of the moments lie around a change of the clocks of some zone.
CHANGES = [
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2026, 3, 8, 10, tzinfo=UTC),
    datetime(2026, 11, 1, 9, tzinfo=UTC),
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2026, 3, 8, 5, tzinfo=UTC),
    datetime(2026, 11, 1, 5, tzinfo=UTC),
]
around = st.builds(
    lambda change, seconds: change + timedelta(seconds=seconds), st.sampled_from(CHANGES), st.integers(-90_000, 90_000)
)
any_moment = moments | around


def _changes_between(first: datetime, last: datetime, zone: ZoneInfo) -> bool:
    return first.astimezone(zone).utcoffset() != last.astimezone(zone).utcoffset()


@given(any_moment, minutes, minutes, zones)
def test_quiet_hours_end_where_the_wall_clock_says(moment: datetime, begins: int, ends: int, zone: ZoneInfo) -> None:
    end = after_quiet(moment, begins, ends, zone)
    assert not is_quiet(end, begins, ends, zone)
    if not is_quiet(moment, begins, ends, zone):
        assert end == moment
        return
    assert moment < end <= moment + timedelta(hours=26)
    here = end.astimezone(zone)
    skipped = _changes_between(end - timedelta(minutes=1), end, zone)
    assert here.hour * 60 + here.minute == ends or skipped
    # Nothing before it was outside of the quiet, but where the clocks changed.
    if not _changes_between(moment, end, zone):
        step = moment
        while step < end:
            assert is_quiet(step, begins, ends, zone)
            step += timedelta(minutes=7)


@given(any_moment, minutes, zones)
def test_a_daily_time_comes_once_for_each_day(moment: datetime, minute: int, zone: ZoneInfo) -> None:
    found, days = moment, []
    for _ in range(4):
        following = next_daily(found, minute, zone)
        assert found < following <= found + timedelta(hours=26)
        here = following.astimezone(zone)
        shown = here.hour * 60 + here.minute
        assert shown == minute or _changes_between(following - timedelta(minutes=1), following, zone)
        found = following
        days.append(here.date() if shown >= minute else None)
    known = [day for day in days if day is not None]
    assert known == sorted(set(known))


@given(any_moment, zones)
def test_the_next_hour_is_full_and_near(moment: datetime, zone: ZoneInfo) -> None:
    following = next_hour(moment, zone)
    assert moment < following <= moment + timedelta(hours=1)
    if not _changes_between(moment, following, zone):
        assert following.astimezone(zone).replace(tzinfo=None).time().replace(hour=0).isoformat() == "00:00:00"


@pytest.mark.parametrize(
    ("now", "quiet", "end"),
    [
        ("2026-11-22T23:30-05:00", (22, 6), "2026-11-23T06:00-05:00"),
        ("2026-11-22T05:59-05:00", (22, 6), "2026-11-22T06:00-05:00"),
        ("2026-11-22T06:00-05:00", (22, 6), "2026-11-22T06:00-05:00"),  # the end is out
        ("2026-11-22T12:00-05:00", (9, 17), "2026-11-22T17:00-05:00"),
        ("2026-11-22T12:00-05:00", (12, 12), "2026-11-22T12:00-05:00"),  # nothing is quiet
        ("2026-03-08T01:00-05:00", (22, 2.5), "2026-03-08T03:00-04:00"),  # 02:30 is skipped
        ("2026-11-01T00:30-04:00", (22, 1.5), "2026-11-01T01:30-04:00"),  # 01:30 comes twice: the first
        ("2026-11-01T01:10-05:00", (22, 1.5), "2026-11-01T01:30-05:00"),  # already in the second
    ],
)
def test_examples_in_new_york(now: str, quiet: tuple[float, float], end: str) -> None:
    begins, ends = (int(hour * 60) for hour in quiet)
    found = after_quiet(datetime.fromisoformat(now), begins, ends, ZoneInfo("America/New_York"))
    assert found == datetime.fromisoformat(end)
