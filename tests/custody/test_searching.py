"""Searching events: every page of every search, against trying each event by hand."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.custody import CustodyEvent, Event, append, searching
from candor.custody.errors import SearchWrong
from candor.custody.searching import Group, Outcome, Search, every, fill_in, find, group_of, kinds_of, outcome_of
from candor.custody.tables import custody_event

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
KINDS = (
    Event.ACCOUNT_SIGNED_IN,
    Event.ACCOUNT_SIGN_IN_FAILED,
    Event.ACCOUNT_CHANGED,
    Event.TOKEN_REFUSED,
    Event.RECORDING_VIEWED,
)
ACTORS = ("alpha", "beta", "system:sign-in")
ADDRESSES = ("192.0.2.1", "192.0.2.2", "2001:db8::1")
WORDS = ("quiet", "Straße", 'a "quoted" word', "50% off_")


def write_events(database: Database, count: int, *, seed: int = 1) -> None:
    """Events at few different moments, some going back in time, so that ties and a clock set back both happen."""
    chance, clock = random.Random(seed), FixedClock(BEGIN)
    with database.write() as tx:
        for number in range(count):
            clock.moment = BEGIN + timedelta(minutes=chance.randrange(60))
            details: dict[str, object] = {"number": number, "word": chance.choice(WORDS)}
            if chance.random() < 0.6:
                details["account"] = chance.choice(ACTORS[:2])
            if chance.random() < 0.6:
                details["address"] = chance.choice(ADDRESSES)
            append(tx, chance.choice(KINDS), actor=chance.choice(ACTORS), details=details, clock=clock)


@pytest.fixture
def filled(database: Database) -> Database:
    write_events(database, 120)
    return database


@pytest.fixture
def narrow_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that windows end within a hundred events."""
    monkeypatch.setattr(searching, "FIRST_WINDOW", 7)
    monkeypatch.setattr(searching, "LARGEST_WINDOW", 11)
    monkeypatch.setattr(searching, "_LEAST_WINDOW", 3)
    monkeypatch.setattr(searching, "_FEW", 5)


SEARCHES = st.builds(
    Search,
    kinds=st.none() | st.frozensets(st.sampled_from(KINDS), min_size=1, max_size=3),
    actors=st.none() | st.lists(st.sampled_from(ACTORS), max_size=2, unique=True).map(tuple),
    accounts=st.none() | st.lists(st.sampled_from(ACTORS[:2]), max_size=2, unique=True).map(tuple),
    address=st.sampled_from(("", *ADDRESSES)),
    outcome=st.none() | st.sampled_from(Outcome),
    since=st.none() | st.integers(0, 40).map(lambda n: BEGIN + timedelta(minutes=n)),
    until=st.none() | st.integers(20, 60).map(lambda n: BEGIN + timedelta(minutes=n)),
    text=st.sampled_from(("", *WORDS, "QUIET", '"number"', "%", "_")),
    descending=st.booleans(),
    limit=st.integers(1, 9),
)


def fits(event: CustodyEvent, search: Search) -> bool:
    return (
        (search.kinds is None or event.kind in search.kinds)
        and (search.actors is None or event.actor in search.actors)
        and (search.accounts is None or event.details.get("account") in search.accounts)
        and (not search.address or event.details.get("address") == search.address)
        and (search.outcome is None or outcome_of(event.kind) is search.outcome)
        and (search.since is None or event.at >= search.since)
        and (search.until is None or event.at < search.until)
        and searching._as_written(search.text).lower() in event.payload.lower()
    )


def in_order(database: Database, search: Search) -> list[str]:
    columns = [custody_event.c[name] for name in CustodyEvent.__dataclass_fields__]
    with database.read() as tx:
        rows = tx.execute(sa.select(*columns).order_by(custody_event.c.at, custody_event.c.seq)).all()
    events = [CustodyEvent(**{**row._mapping, "kind": Event(row.kind)}) for row in rows]
    found = [event.id for event in events if fits(event, search)]
    return found[::-1] if search.descending else found


def paged(database: Database, search: Search) -> Iterator[str]:
    """Every event, page by page; no page holds more than its limit, and there are not endlessly many."""
    from dataclasses import replace

    for _ in range(400):
        with database.read() as tx:
            page = find(tx, search)
        assert len(page.events) <= search.limit
        assert (page.looked_to is None) or page.after is not None
        yield from (event.id for event in page.events)
        if page.after is None:
            return
        assert page.after != search.after
        search = replace(search, after=page.after)
    raise AssertionError("the pages do not end")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(search=SEARCHES)
def test_the_pages_hold_what_fits_once_and_in_order(filled: Database, narrow_window: None, search: Search) -> None:
    assert list(paged(filled, search)) == in_order(filled, search)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(search=SEARCHES)
def test_the_same_without_a_narrow_window(filled: Database, search: Search) -> None:
    wanted = in_order(filled, search)
    assert list(paged(filled, search)) == wanted
    with filled.read() as tx:
        assert [event.id for event in every(tx, search, 10_000)] == wanted
        assert [event.id for event in every(tx, search, 5)] == wanted[:5]


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time for a second window."""
    monkeypatch.setattr(searching, "LONGEST_LOOK", -1.0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(search=SEARCHES)
def test_the_same_when_every_page_breaks_off_early(
    filled: Database, narrow_window: None, hurry: None, search: Search
) -> None:
    assert list(paged(filled, search)) == in_order(filled, search)


def test_how_far_it_looked_is_told(filled: Database, narrow_window: None, hurry: None) -> None:
    with filled.read() as tx:
        page = find(tx, Search(text="nothing holds this"))
    assert page.events == []
    assert page.looked_to is not None
    assert page.after is not None


@pytest.mark.parametrize("after", ["x", "1", "1-2-3", "9" * 30 + "-1", "1-" + "9" * 30, "٣-1"])
def test_a_cursor_of_somebody_elses_making(filled: Database, after: str) -> None:
    with filled.read() as tx, pytest.raises(SearchWrong):
        find(tx, Search(after=after))


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0},
        {"limit": 501},
        {"text": "x" * 201},
        {"address": "x" * 201},
        {"since": datetime(2026, 1, 1)},
        {"actors": tuple(str(n) for n in range(41))},
    ],
)
def test_what_cannot_be_searched(wrong: dict[str, object]) -> None:
    with pytest.raises(SearchWrong):
        Search(**wrong)  # type: ignore[arg-type]


def test_every_kind_has_one_group_and_one_outcome() -> None:
    assert sorted(kind for group in Group for kind in kinds_of(group)) == sorted(Event)
    assert group_of(Event.ACCOUNT_SIGN_IN_FAILED) is Group.SIGN_IN
    assert group_of(Event.ACCOUNT_CREATED) is Group.ACCOUNTS
    assert group_of(Event.LOG_CREATED) is Group.SYSTEM
    assert group_of(Event.RECORDING_EXPORTED) is Group.HAND_OUTS
    failures = {kind for kind in Event if outcome_of(kind) is Outcome.FAILURE}
    assert {
        Event.ACCOUNT_SIGN_IN_FAILED,
        Event.TOKEN_REFUSED,
        Event.INTAKE_FAILED,
        Event.RENDITION_FAILED,
        Event.LOG_REFUSED_TO_SIGN,
    } <= failures
    assert not failures & {Event.ACCOUNT_SIGNED_IN, Event.ACCOUNT_CHANGED, Event.RECORDING_VIEWED}


def test_what_an_earlier_version_wrote_is_found_after_filling_in(filled: Database) -> None:
    search = Search(accounts=("alpha",), limit=200)
    wanted = in_order(filled, search)
    with filled.write() as tx:
        tx.execute(custody_event.update().values(about_account=None, address=None))
    with filled.read() as tx:
        assert find(tx, search).events == []
    with filled.write() as tx:
        assert fill_in(tx) > len(wanted)
        assert fill_in(tx) == 0, "once is enough"
    assert list(paged(filled, search)) == wanted
    both = Search(address=ADDRESSES[0], limit=200)
    assert list(paged(filled, both)) == in_order(filled, both)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_column_of_copies_never_decides_what_an_event_says(filled: Database, tmp_path: Path) -> None:
    """Whoever alters the copy misleads the search, not the event."""
    with filled.write() as tx:
        tx.execute(custody_event.update().values(address="203.0.113.9"))
    with filled.read() as tx:
        found = find(tx, Search(address="203.0.113.9", limit=200)).events
    assert len(found) == 120
    assert not any("203.0.113.9" in event.payload for event in found)
