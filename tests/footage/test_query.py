"""A search as text: there and back, and what cannot be understood."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.fleet.rules import DeviceKind
from candor.footage.errors import QueryWrong
from candor.footage.query import Query, Sort
from candor.footage.rules import Flag, RecordingState

TEXTS = st.text(max_size=30).map(str.strip)
TIMES = st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
QUERIES = st.builds(
    Query,
    text=TEXTS,
    person=TEXTS,
    unit=TEXTS,
    device=TEXTS,
    device_kind=st.none() | st.sampled_from(DeviceKind),
    time_from=TIMES,
    time_to=TIMES,
    category=TEXTS,
    place=TEXTS,
    state=st.none() | st.sampled_from(RecordingState),
    flag=st.sampled_from(["", "any", "none", *Flag]),
    incident=TEXTS,
    sort=st.sampled_from(Sort),
    descending=st.booleans(),
    after=st.from_regex("[A-Za-z0-9_-]{0,40}", fullmatch=True),
    limit=st.integers(1, 500),
)


@given(QUERIES)
def test_there_and_back(query: Query) -> None:
    assert Query.from_text(query.to_text()) == query


def test_only_what_is_set_is_written() -> None:
    assert Query().to_text() == ""
    query = Query(text="tail light", device_kind=DeviceKind.IN_CAR, descending=False)
    assert query.to_text() == "text=tail+light&kind=in-car&order=ascending"
    assert query.narrowed
    assert not Query(sort=Sort.TITLE, limit=10, after="x").narrowed


def test_days_are_those_of_a_zone() -> None:
    query = Query.from_text("from=2026-11-01&to=2026-11-01", ZoneInfo("America/New_York"))
    assert query.time_from == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert query.time_to == datetime(2026, 11, 2, 5, tzinfo=UTC), "the day on which clocks go back has 25 hours"
    assert Query.from_text("to=2026-11-01T10:00").time_to == datetime(2026, 11, 1, 10, tzinfo=UTC)


def test_what_is_not_known_is_left_aside() -> None:
    assert Query.from_text("csrf=abc&text=&text=dog&page=3&kind=") == Query(text="dog")


@pytest.mark.parametrize(
    "text",
    ["kind=tank", "state=lost", "sort=colour", "order=up", "limit=0", "limit=501", "limit=-1", "limit=٣", "flag=red",
     "from=yesterday", "from=2026-13-01", "to=9999-12-31", "text=" + "x" * 501],
)  # fmt: skip
def test_what_cannot_be_understood(text: str) -> None:
    with pytest.raises(QueryWrong, match=text.split("=")[0]):
        Query.from_text(text)
