"""How values are shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from candor.footage.rules import Flag
from candor.web import formats
from candor.web.pages.recordings import FLAG_LABELS

WHEN = datetime(2026, 7, 4, 3, 5, 6, tzinfo=UTC)


def test_times_stand_in_the_agencys_zone_with_utc_beside() -> None:
    assert formats.date_and_time(WHEN, "America/New_York") == "2026-07-03 23:05:06"
    assert formats.date_and_time(WHEN, "America/New_York", seconds=False) == "2026-07-03 23:05"
    assert formats.with_zone(WHEN, "America/New_York") == "2026-07-03 23:05:06 EDT · 2026-07-04 03:05:06 UTC"


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        (None, "–"),
        (0, "0:00"),
        (499, "0:00"),
        (500, "0:01"),
        (59_499, "0:59"),
        (59_600, "1:00"),
        (3_723_000, "1:02:03"),
    ],
)
def test_durations(milliseconds: int | None, shown: str) -> None:
    assert formats.duration(milliseconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.00 kB"),
        (4_210_000_000, "4.21 GB"),
        (42_100_000, "42.1 MB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (10**18, "1000 PB"),
    ],
)
def test_sizes(count: int, shown: str) -> None:
    assert formats.size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7199, "1 hour ago"),
        (86_400, "1 day ago"),
        (864_000, "10 days ago"),
    ],
)
def test_ago(seconds: int, shown: str) -> None:
    assert formats.ago(WHEN - timedelta(seconds=seconds), WHEN) == shown


def test_short_things() -> None:
    assert formats.seconds(None) == "–"
    assert formats.seconds(0.346) == "0.35 s"
    assert formats.seconds(12.4) == "12 s"
    assert formats.grouped(1_234_567) == "1\u202f234\u202f567"
    assert formats.groups("0123456789ab") == "0123 4567 89ab"


def test_every_flag_has_a_label_for_the_list() -> None:
    assert set(FLAG_LABELS) == set(Flag)
