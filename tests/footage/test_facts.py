"""What the law is told of a recording."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from tests.footage.conftest import Archive

from candor.footage import catalogue, classification, facts
from candor.footage.errors import RecordingUnknown
from candor.footage.facts import facts_for, facts_of, recorded_moment
from candor.footage.rules import Flag, TimeSource
from candor.footage.tables import recording
from candor.law.model import HoldFact
from candor.law.vocabulary import HoldKind, Label, LawEvent

RECEIVED = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("started", "source", "flags", "expected"),
    [
        (timedelta(hours=-5), TimeSource.CLAIM, [], timedelta(hours=-5)),
        (timedelta(days=-900), TimeSource.CLAIM, [], timedelta(days=-900)),
        (timedelta(hours=-5), TimeSource.CORRECTED, [], timedelta(0)),  # nothing a person writes lets it go sooner
        (timedelta(hours=-5), TimeSource.CLAIM, [Flag.TIME_UNLIKELY.value], timedelta(0)),
        (timedelta(hours=-5), TimeSource.CLAIM, [Flag.DAMAGED.value], timedelta(hours=-5)),
        (timedelta(hours=9), TimeSource.CORRECTED, [], timedelta(hours=9)),
        (timedelta(hours=9), TimeSource.CLAIM, [], timedelta(hours=9)),
        (timedelta(days=400), TimeSource.CLAIM, [], timedelta(days=1)),
        (timedelta(days=400), TimeSource.CORRECTED, [], timedelta(days=1)),
        (timedelta(0), TimeSource.RECEIPT, [], timedelta(0)),
    ],
)
def test_the_moment_from_which_the_law_counts(
    started: timedelta, source: TimeSource, flags: list[str], expected: timedelta
) -> None:
    assert recorded_moment(RECEIVED + started, source.value, RECEIVED, flags) == RECEIVED + expected


@pytest.fixture
def rooms(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """Rooms above that know something of the first recording that they are asked about; how many each was asked."""
    asked: dict[str, list[int]] = {"cases": [], "events": [], "holds": []}

    def cases(tx: Connection, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        asked["cases"].append(len(ids))
        return {ids[0]: ("2026-1",)}

    def events(tx: Connection, ids: Sequence[str]) -> dict[str, dict[LawEvent, datetime]]:
        asked["events"].append(len(ids))
        return {ids[0]: {LawEvent.REQUEST_RECEIVED: RECEIVED}}

    def more_events(tx: Connection, ids: Sequence[str]) -> dict[str, dict[LawEvent, datetime]]:
        return {ids[0]: {LawEvent.COMPLAINT_MADE: RECEIVED}}

    def holds(tx: Connection, ids: Sequence[str]) -> dict[str, tuple[HoldFact, ...]]:
        asked["holds"].append(len(ids))
        return {ids[0]: (HoldFact("h", HoldKind.COMPLAINT, "Because.", RECEIVED),)}

    monkeypatch.setattr(facts, "CASES", [cases, cases])
    monkeypatch.setattr(facts, "EVENTS", [events, more_events])
    monkeypatch.setattr(facts, "HOLDS", [holds])
    return asked


def test_a_recording_with_what_every_room_knows(archive: Archive, rooms: dict[str, list[int]]) -> None:
    first, second = (archive.worn(content).recording_id for content in (b"first", b"second"))
    with archive.database.write() as tx:
        catalogue.change(tx, first, {"category": "Pursuit"}, archive.technician, clock=archive.clock)
        classification.label(tx, archive.technician, first, Label.MINOR, reason="A boy.", clock=archive.clock)
        classification.label(tx, archive.technician, first, Label.HOSPITAL, reason="Ward.", clock=archive.clock)
        classification.unlabel(tx, archive.technician, first, Label.HOSPITAL, reason="No ward.", clock=archive.clock)
    with archive.database.read() as tx:
        rows = tx.execute(sa.select(recording).where(recording.c.id.in_([first, second]))).all()
        rows = sorted(rows, key=lambda row: row.id != first)
        found, other = facts_for(tx, rows)
        assert rooms == {"cases": [2, 2], "events": [2], "holds": [2]}  # one question for all of them
        assert facts_of(tx, first) == found
        with pytest.raises(RecordingUnknown):
            facts_of(tx, "nobody")
    assert (found.category, found.labels) == ("Pursuit", {Label.MINOR})
    assert found.open_cases == ("2026-1", "2026-1")
    assert found.events == {LawEvent.REQUEST_RECEIVED: RECEIVED, LawEvent.COMPLAINT_MADE: RECEIVED}
    assert [hold.kind for hold in found.holds] == [HoldKind.COMPLAINT]
    assert (found.recorded_at, found.received_at) == (rows[0].started_at, rows[0].received_at)
    assert (other.category, other.labels, other.open_cases, other.events, other.holds) == (None, set(), (), {}, ())


def test_a_start_that_was_set_by_hand_does_not_let_it_go_sooner(archive: Archive) -> None:
    one = archive.worn(b"clip").recording_id
    with archive.database.read() as tx:
        before = facts_of(tx, one)
    with archive.database.write() as tx:
        earlier = before.received_at - timedelta(days=3000)
        catalogue.change(tx, one, {"start": earlier.isoformat()}, archive.technician, clock=archive.clock)
    with archive.database.read() as tx:
        assert facts_of(tx, one).recorded_at == before.received_at
