"""Changing the catalogue: what is kept of it in custody, who may, and what is refused."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests.footage.conftest import Archive
from tests.footage.entries import add_entry

from candor.custody.record import find as find_event
from candor.custody.record import history, recent
from candor.footage.catalogue import MOST_AT_ONCE, bulk_change, categories, change, set_categories
from candor.footage.errors import (
    CategoryWrong,
    ChangedMeanwhile,
    FieldUnknown,
    FieldWrong,
    RecordingUnknown,
    TooManyAtOnce,
)
from candor.footage.fields import DEFAULT_CATEGORIES
from candor.footage.query import Query
from candor.footage.search import find
from candor.footage.tables import recording
from candor.people.errors import Refused
from candor.people.rules import Actor

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def entry(archive: Archive) -> str:
    """A recording of the officer."""
    with archive.database.write() as tx:
        return add_entry(
            tx, DAY, title="Old title", tags=["night"], wearer_id=archive.officer.account_id, unit_id=archive.north
        )


def _change(
    archive: Archive, entry: str, actor: Actor | None = None, version: int | None = None, **changes: Any
) -> str:
    with archive.database.write() as tx:
        event = change(tx, entry, changes, actor or archive.technician, version, clock=archive.clock)
    assert event is not None
    return event


def _row(archive: Archive, entry: str) -> sa.Row[Any]:
    with archive.database.read() as tx:
        return tx.execute(sa.select(recording).where(recording.c.id == entry)).one()


def _details(archive: Archive, event_id: str) -> dict[str, Any]:
    with archive.database.read() as tx:
        event = find_event(tx, event_id)
    assert event is not None
    return event.details


def test_old_and_new_value_stand_in_the_event(archive: Archive, entry: str) -> None:
    event = _change(archive, entry, title="New title", notes="Seen twice.\nIn the rain.")
    assert _details(archive, event) == {
        "changed": {
            "title": {"old": "Old title", "new": "New title"},
            "notes": {"old": "", "new": "Seen twice.\nIn the rain."},
        },
        "version": 2,
    }
    row = _row(archive, entry)
    assert (row.title, row.title_sort, row.version) == ("New title", "new title", 2)
    with archive.database.read() as tx:
        (written,) = history(tx, entry)
    assert (written.kind.value, written.actor) == ("recording:changed", archive.technician.account_id)


def test_every_field(archive: Archive, entry: str) -> None:
    event = _change(
        archive,
        entry,
        wearer=archive.other_officer.account_id,
        unit=archive.south,
        device=archive.camera,
        start="2026-03-01T10:00:00+01:00",
        incident_number=" 26-001 ",
        category="Crash",
        tags=["a", "A", "b  c"],
        custom={"court": "Hartford", "gone": ""},
        place="Route 15",
        latitude="41.5",
        longitude=-72.25,
    )
    row = _row(archive, entry)
    assert (row.wearer_id, row.unit_id) == (archive.other_officer.account_id, archive.south)
    assert (row.device_id, row.device_kind) == (archive.camera, "body")
    assert (row.started_at, row.started_source) == (datetime(2026, 3, 1, 9, tzinfo=UTC), "corrected")
    assert (row.incident_number, row.category, row.tags) == ("26-001", "Crash", ["a", "b c"])
    assert (row.custom, row.place, row.latitude, row.longitude) == ({"court": "Hartford"}, "Route 15", 41.5, -72.25)
    changed = _details(archive, event)["changed"]
    assert changed["latitude"] == {"old": None, "new": "41.5"}
    assert changed["longitude"] == {"old": None, "new": "-72.25"}
    assert changed["start"] == {"old": "2026-03-01T12:00:00.000000Z", "new": "2026-03-01T09:00:00.000000Z"}
    assert changed["started_source"] == {"old": "claim", "new": "corrected"}
    cleared = dict.fromkeys(
        ("wearer", "unit", "device", "incident_number", "category", "place", "latitude", "longitude")
    )
    _change(archive, entry, **cleared)
    row = _row(archive, entry)
    assert {row.wearer_id, row.unit_id, row.device_id, row.device_kind, row.category, row.latitude} == {None}


def test_a_corrected_start_moves_it_in_the_order(archive: Archive, entry: str) -> None:
    with archive.database.write() as tx:
        other = add_entry(tx, DAY + timedelta(hours=1))
    _change(archive, entry, start=DAY + timedelta(hours=1, minutes=59))
    for query in (Query(), Query(text="clip")):
        with archive.database.read() as tx:
            assert [row.id for row in find(tx, archive.technician, query).rows] == [entry, other]


def test_what_is_so_already_is_no_event(archive: Archive, entry: str) -> None:
    with archive.database.write() as tx:
        assert change(tx, entry, {"title": " Old title ", "tags_add": ["NIGHT"]}, archive.technician) is None
        assert history(tx, entry) == []
    assert _row(archive, entry).version == 1


def test_a_change_on_top_of_another(archive: Archive, entry: str) -> None:
    _change(archive, entry, version=1, title="Mine")
    with pytest.raises(ChangedMeanwhile, match="at version 2, you saw 1"):
        _change(archive, entry, version=1, title="Yours")
    _change(archive, entry, version=2, title="Yours")


def test_two_at_once_are_both_in_the_history(archive: Archive, entry: str) -> None:
    start, failures = threading.Barrier(2), []

    def tag(name: str) -> None:
        start.wait()
        try:
            _change(archive, entry, tags_add=[name])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=tag, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    row = _row(archive, entry)
    assert sorted(row.tags) == ["night", "one", "two"]
    assert row.version == 3


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"colour": "red"}, "no field called “colour”"),
        ({"title": "x" * 201}, "more than 200"),
        ({"title": 7}, "no text"),
        ({"title": "bell\x07"}, "control"),
        ({"wearer": "019a0000-0000-7000-8000-000000000000"}, "none with the identifier"),
        ({"unit": "North"}, "none with the identifier"),
        ({"category": "Elephant"}, "not on the list"),
        ({"start": "yesterday"}, "start"),
        ({"start": "2026-03-01T10:00:00"}, "zone"),
        ({"start": "2031-03-01T10:00:00Z"}, "after the time of receipt"),
        ({"tags": "night"}, "no list"),
        ({"tags": ["x" * 65]}, "64"),
        ({"tags": [f"tag {number}" for number in range(51)]}, "more than 50"),
        ({"custom": ["court"]}, "names and texts"),
        ({"custom": {"": "x"}}, "a name needs"),
        ({"latitude": 91}, "90 degrees"),
        ({"latitude": "nan"}, "90 degrees"),
        ({"longitude": "east"}, "no number"),
    ],
)
def test_what_cannot_be(archive: Archive, entry: str, changes: dict[str, Any], told: str) -> None:
    with pytest.raises((FieldUnknown, FieldWrong), match=told):
        _change(archive, entry, **changes)
    assert _row(archive, entry).version == 1
    with archive.database.read() as tx:
        assert history(tx, entry) == []


def test_who_may(archive: Archive, entry: str) -> None:
    for actor in (archive.officer, archive.supervisor, archive.technician):
        _change(archive, entry, actor, title=actor.display_name)
    for actor in (archive.other_officer, archive.administrator):
        with pytest.raises(RecordingUnknown):
            _change(archive, entry, actor, title="no")
    with pytest.raises(RecordingUnknown):
        _change(archive, "019a0000-0000-7000-8000-000000000000", title="no")


def test_in_bulk(archive: Archive) -> None:
    with archive.database.write() as tx:
        entries = [add_entry(tx, DAY + timedelta(minutes=number), tags=["a"] * (number % 2)) for number in range(6)]
    with archive.database.write() as tx:
        events = bulk_change(tx, [*entries, entries[0]], {"tags_add": ["a"], "category": "Test"}, archive.technician)
        assert len(events) == 6
        events = bulk_change(tx, entries, {"tags_remove": ["A"]}, archive.technician)
        assert len(events) == 6
        assert bulk_change(tx, entries, {"tags_remove": ["a"]}, archive.technician) == []
    with archive.database.read() as tx:
        assert len(find(tx, archive.technician, Query(category="Test")).rows) == 6
        assert all(len(history(tx, entry)) == 2 for entry in entries)


def test_in_bulk_all_or_none(archive: Archive, entry: str) -> None:
    with archive.database.write() as tx:
        foreign = add_entry(tx, DAY + timedelta(hours=1), wearer_id=archive.other_officer.account_id)
    with pytest.raises(RecordingUnknown), archive.database.write() as tx:
        bulk_change(tx, [entry, foreign], {"category": "Test"}, archive.officer)
    assert _row(archive, entry).category is None
    with pytest.raises(TooManyAtOnce), archive.database.write() as tx:
        bulk_change(tx, [str(number) for number in range(MOST_AT_ONCE + 1)], {}, archive.officer)


def test_categories(archive: Archive) -> None:
    with archive.database.write() as tx:
        assert categories(tx) == list(DEFAULT_CATEGORIES)
        event = set_categories(tx, archive.technician, ["Zoo", " Traffic  stop "])
        assert event is not None
        assert categories(tx) == ["Zoo", "Traffic stop"]
        assert set_categories(tx, archive.administrator, ["Zoo", "Traffic stop"]) is None
        (written,) = [one for one in recent(tx) if one.id == event]
    assert written.details == {"old": list(DEFAULT_CATEGORIES), "new": ["Zoo", "Traffic stop"]}
    with archive.database.write() as tx, pytest.raises(Refused):
        set_categories(tx, archive.officer, ["Mine"])
    for wrong in ([], ["a", "A"], [""], ["x" * 65], ["line\nbreak\x07"]):
        with archive.database.write() as tx, pytest.raises(CategoryWrong):
            set_categories(tx, archive.technician, wrong)


def test_a_category_that_is_no_longer_offered_stays(archive: Archive, entry: str) -> None:
    _change(archive, entry, category="Crash")
    with archive.database.write() as tx:
        set_categories(tx, archive.technician, ["Other"])
    _change(archive, entry, category="Crash", title="Still a crash")
    assert _row(archive, entry).category == "Crash"
