"""What is said in two ways: opened once, settled by a person with a reason, never forgotten."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from tests.footage.conftest import Archive

from candor.custody import Event, history
from candor.footage.discrepancies import (
    FIELD_WORDS,
    WHY_WORDS,
    Conflict,
    Field,
    State,
    Why,
    counts_by_device,
    discrepancies_of,
    discrepancy,
    end_open,
    note_conflict,
    open_discrepancies,
    settle,
)
from candor.footage.errors import ChoiceWrong, DiscrepancySettled, DiscrepancyUnknown
from candor.footage.purging import purge
from candor.footage.query import Query
from candor.footage.rules import Flag
from candor.footage.search import find
from candor.footage.tables import recording
from candor.people.errors import Refused

ACTOR = "system:test"


def claims(*values: str | None) -> tuple[dict[str, Any], ...]:
    """What several say."""
    return tuple({"says": f"source {number}", "value": value} for number, value in enumerate(values))


def wearer(archive: Archive, *more: str) -> Conflict:
    """A conflict between the two officers."""
    said = (archive.officer.account_id, archive.other_officer.account_id, *more)
    return Conflict(Field.WEARER, Why.DIFFERS, claims(*said))


def note(archive: Archive, recording_id: str, conflict: Conflict) -> str | None:
    with archive.database.write() as tx:
        return note_conflict(tx, recording_id, conflict, actor=ACTOR, clock=archive.clock)


def opened(archive: Archive, content: bytes = b"one") -> tuple[str, str]:
    """A recording of the officer and its conflict."""
    received = archive.worn(content, device_id=archive.camera)
    made = note(archive, received.recording_id, wearer(archive))
    assert made is not None
    return received.recording_id, made


def row_of(archive: Archive, recording_id: str) -> Any:
    with archive.database.read() as tx:
        return tx.execute(sa.select(recording).where(recording.c.id == recording_id)).one()


def found_by_flag(archive: Archive) -> list[str]:
    with archive.database.read() as tx:
        return [row.id for row in find(tx, archive.technician, Query(flag=Flag.WEARER_DISPUTED.value)).rows]


def test_opened_shown_and_settled(archive: Archive) -> None:
    recording_id, made = opened(archive)
    assert Flag.WEARER_DISPUTED in row_of(archive, recording_id).flags
    assert found_by_flag(archive) == [recording_id]
    other = archive.other_officer.account_id
    with archive.database.write() as tx:
        assert [one.id for one in open_discrepancies(tx)] == [made]
        assert [one.id for one in open_discrepancies(tx, device_id=archive.camera)] == [made]
        assert open_discrepancies(tx, device_id="another") == []
        assert counts_by_device(tx) == {archive.camera: 1}
        settle(tx, archive.administrator, made, other, reason=" seen  at 00:12 ", clock=archive.clock)
    found = row_of(archive, recording_id)
    assert (found.wearer_id, found.unit_id, found.version) == (other, archive.south, 2)
    assert Flag.WEARER_DISPUTED not in found.flags
    assert found_by_flag(archive) == []
    with archive.database.read() as tx:
        settled = discrepancy(tx, made)
        events = [event for event in history(tx, recording_id) if event.kind.startswith("discrepancy:")]
        assert open_discrepancies(tx) == []
        assert counts_by_device(tx) == {}
    assert (settled.state, settled.chosen, settled.reason) == (State.SETTLED, other, "seen at 00:12")
    assert (settled.settled_by, settled.settled_at) == (archive.administrator.account_id, archive.clock.now())
    assert settled.claims == claims(archive.officer.account_id, other)
    assert [event.kind for event in events] == [Event.DISCREPANCY_OPENED, Event.DISCREPANCY_SETTLED]
    assert events[1].details == {
        "discrepancy": made,
        "field": "wearer",
        "chosen": other,
        "reason": "seen at 00:12",
        "version": 2,
        "changed": {
            "wearer": {"old": archive.officer.account_id, "new": other},
            "unit": {"old": archive.north, "new": archive.south},
        },
    }


def test_nobody_can_tell(archive: Archive) -> None:
    recording_id, made = opened(archive)
    with archive.database.write() as tx:
        settle(tx, archive.administrator, made, None, reason="the face is not in it", clock=archive.clock)
    found = row_of(archive, recording_id)
    assert (found.wearer_id, found.unit_id) == (None, archive.north)
    assert Flag.NOBODY_KNOWN in found.flags


def test_said_again_and_said_anew(archive: Archive) -> None:
    recording_id, made = opened(archive)
    assert note(archive, recording_id, wearer(archive)) is None
    assert note(archive, recording_id, wearer(archive, archive.supervisor.account_id)) == made
    with archive.database.read() as tx:
        assert [claim["says"] for claim in discrepancy(tx, made).claims] == ["source 0", "source 1", "source 2"]
    with archive.database.write() as tx:
        settle(tx, archive.technician, made, archive.officer.account_id, reason="so", clock=archive.clock)
    assert note(archive, recording_id, wearer(archive)) is None  # settled with all of that before them
    assert Flag.WEARER_DISPUTED not in row_of(archive, recording_id).flags
    fourth = Conflict(Field.WEARER, Why.UNCERTAIN, ({"says": "sidecar", "value": archive.technician.account_id},))
    again = note(archive, recording_id, fourth)
    assert again not in (None, made)
    with archive.database.read() as tx:
        assert [one.state for one in discrepancies_of(tx, recording_id)] == [State.OPEN, State.SETTLED]


def test_it_ends_when_it_agrees(archive: Archive) -> None:
    recording_id, made = opened(archive)
    with archive.database.write() as tx:
        assert end_open(tx, recording_id, Field.WEARER, actor=ACTOR, clock=archive.clock) is not None
        assert end_open(tx, recording_id, Field.WEARER, actor=ACTOR, clock=archive.clock) is None
    assert Flag.WEARER_DISPUTED not in row_of(archive, recording_id).flags
    assert note(archive, recording_id, wearer(archive)) not in (None, made)


def test_another_field_changes_nothing_of_the_wearer(archive: Archive) -> None:
    received = archive.worn(b"one")
    conflict = Conflict(Field.HASH, Why.DIFFERS, claims("aa", "bb"))
    made = note(archive, received.recording_id, conflict)
    assert made is not None
    assert Flag.WEARER_DISPUTED not in row_of(archive, received.recording_id).flags
    with archive.database.write() as tx:
        with pytest.raises(ChoiceWrong, match="what is said"):
            settle(tx, archive.technician, made, "cc", reason="so", clock=archive.clock)
        settle(tx, archive.technician, made, "aa", reason="read again", clock=archive.clock)
    assert row_of(archive, received.recording_id).version == 1


def test_what_cannot_be_settled(archive: Archive) -> None:
    recording_id, made = opened(archive)
    officer = archive.officer.account_id
    with archive.database.write() as tx:
        with pytest.raises(Refused):
            settle(tx, archive.supervisor, made, officer, reason="so", clock=archive.clock)
        for reason in ("", "  ", "x" * 501, "a\x07"):
            with pytest.raises(ChoiceWrong, match="why"):
                settle(tx, archive.technician, made, officer, reason=reason, clock=archive.clock)
        with pytest.raises(ChoiceWrong, match="nobody"):
            settle(tx, archive.technician, made, "nobody", reason="so", clock=archive.clock)
        with pytest.raises(DiscrepancyUnknown):
            settle(tx, archive.technician, "nothing", officer, reason="so", clock=archive.clock)
        settle(tx, archive.technician, made, officer, reason="so", clock=archive.clock)
        with pytest.raises(DiscrepancySettled):
            settle(tx, archive.technician, made, officer, reason="so", clock=archive.clock)
    assert row_of(archive, recording_id).wearer_id == officer


def test_of_what_is_destroyed_nobody_is_asked(archive: Archive) -> None:
    recording_id, made = opened(archive)
    with archive.database.write() as tx:
        said = {"authority": "Order 26-CV-7", "reason": "expunged"}
        purge(tx, archive.vault, archive.jobs, archive.technician, recording_id, clock=archive.clock, **said)
    with archive.database.read() as tx:
        assert open_discrepancies(tx) == []
        assert discrepancy(tx, made).state is State.OPEN


def test_words() -> None:
    assert set(FIELD_WORDS) == set(Field)
    assert set(WHY_WORDS) == set(Why)


def test_nobody_gets_to_see_a_recording_by_settling(archive: Archive) -> None:
    recording_id, made = opened(archive)
    mine = archive.administrator.account_id
    with archive.database.write() as tx, pytest.raises(ChoiceWrong, match="somebody else"):
        settle(tx, archive.administrator, made, mine, reason="it was me", clock=archive.clock)
    with archive.database.write() as tx:  # who sees it anyhow may
        mine = archive.technician.account_id
        settle(tx, archive.technician, made, mine, reason="it was me", clock=archive.clock)
        assert tx.scalar(sa.select(recording.c.wearer_id).where(recording.c.id == recording_id)) == mine
