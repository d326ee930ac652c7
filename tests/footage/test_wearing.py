"""Who wore the camera: from who had it at the start, never by a guess, and again when that is corrected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests.footage.clips import mp4
from tests.footage.conftest import Archive

from candor.core.clock import iso
from candor.custody import Event, history
from candor.fleet.assignments import assign, correct_assignment, end_assignment, withdraw_assignment
from candor.fleet.clocks import note_reading
from candor.footage import wearing
from candor.footage.catalogue import change
from candor.footage.discrepancies import State, Why, discrepancies_of, settle
from candor.footage.errors import WearersTooMany
from candor.footage.gathering import complete
from candor.footage.receipt import Received
from candor.footage.rules import Flag
from candor.footage.said import PartOf, Said
from candor.footage.tables import recording

START = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)


def minutes(count: float) -> datetime:
    """So many minutes after the start."""
    return START + timedelta(minutes=count)


def give(archive: Archive, who: str | None, first: float, last: float | None = None) -> str:
    """Enter that somebody has the camera from so many minutes after the start."""
    until = None if last is None else minutes(last)
    with archive.database.write() as tx:
        return assign(tx, archive.technician, archive.camera, who, minutes(first), until, clock=archive.clock)


def compare(archive: Archive, slow: float) -> None:
    """Two comparisons around the start: the camera's clock is so many seconds behind at both."""
    with archive.database.write() as tx:
        for hours in (-1, 1):
            at = START + timedelta(hours=hours)
            shown = at - timedelta(seconds=slow)
            note_reading(tx, archive.camera, shown, at, source="dock", uncertainty_ms=0, actor="a", clock=archive.clock)


def film(archive: Archive, said: str | None = None, *, at: float = 0, **known: object) -> Received:
    """A recording of the camera that claims to begin so many minutes after the start."""
    content = mp4(made=minutes(at).strftime("%Y-%m-%dT%H:%M:%SZ"))
    return archive.take(content, device_id=archive.camera, wearer_id=said, **known)


def row_of(archive: Archive, received: Received) -> Any:
    with archive.database.read() as tx:
        return tx.execute(sa.select(recording).where(recording.c.id == received.recording_id)).one()


def events_of(archive: Archive, received: Received, kind: Event) -> list[Any]:
    with archive.database.read() as tx:
        return [event for event in history(tx, received.recording_id) if event.kind is kind]


def quarrels(archive: Archive, received: Received) -> list[Any]:
    with archive.database.read() as tx:
        return discrepancies_of(tx, received.recording_id)


def test_the_wearer_follows_from_who_had_it(archive: Archive) -> None:
    officer = archive.officer.account_id
    give(archive, officer, -60, 60)
    received = film(archive)
    found = row_of(archive, received)
    assert (found.wearer_id, found.unit_id, found.flags) == (officer, archive.north, [])
    assert quarrels(archive, received) == []
    (event,) = events_of(archive, received, Event.RECORDING_RECEIVED)
    assert event.details["wearer"] == officer


def test_nobody_had_it(archive: Archive) -> None:
    give(archive, archive.officer.account_id, -120, -60)
    give(archive, None, -60, 60)
    other = archive.other_officer.account_id
    assert row_of(archive, film(archive, other)).wearer_id == other
    unknown = row_of(archive, film(archive, at=1))
    assert (unknown.wearer_id, unknown.flags) == (None, [Flag.NOBODY_KNOWN])


def test_said_and_had_agree(archive: Archive) -> None:
    officer = archive.officer.account_id
    give(archive, officer, -60)
    received = film(archive, officer, unit_id=archive.south)
    assert (row_of(archive, received).wearer_id, row_of(archive, received).unit_id) == (officer, archive.south)
    assert quarrels(archive, received) == []


def test_said_otherwise_is_a_conflict(archive: Archive) -> None:
    officer, other = archive.officer.account_id, archive.other_officer.account_id
    made = give(archive, officer, -60, 60)
    received = film(archive, other)
    found = row_of(archive, received)
    assert (found.wearer_id, found.unit_id, found.flags) == (officer, archive.north, [Flag.WEARER_DISPUTED])
    (quarrel,) = quarrels(archive, received)
    assert (quarrel.state, quarrel.why) == (State.OPEN, Why.DIFFERS)
    span = {"from": iso(minutes(-60)), "to": iso(minutes(60))}
    assert quarrel.claims == (
        {"says": "cli", "value": other},
        {"says": "assignment", "value": officer, "assignment": made, **span},
    )
    (event,) = events_of(archive, received, Event.DISCREPANCY_OPENED)
    assert event.details["claims"] == list(quarrel.claims)


@pytest.mark.parametrize(
    ("changes_at", "slow", "wearer"),
    [
        (10, None, "first"),  # a clock that was never compared counts as right to five minutes
        (4, None, None),
        (-4, None, None),
        (-10, None, "second"),
        (4, 0, "first"),  # a clock that was found right counts
        (4, 300, "second"),  # and one that was five minutes behind moves the start
        (5.001, 300, "first"),
    ],
)
def test_near_a_change_of_wearer(archive: Archive, changes_at: float, slow: float | None, wearer: str | None) -> None:
    first, second = archive.officer.account_id, archive.other_officer.account_id
    give(archive, first, -60, changes_at)
    give(archive, second, changes_at)
    if slow is not None:
        compare(archive, slow)
    received = film(archive)
    expected = {"first": first, "second": second, None: None}[wearer]
    assert row_of(archive, received).wearer_id == expected
    found = quarrels(archive, received)
    assert [one.why for one in found] == ([Why.UNCERTAIN] if wearer is None else [])
    if wearer is None:
        assert {claim["value"] for claim in found[0].claims} == {first, second}
        assert row_of(archive, received).flags == [Flag.NOBODY_KNOWN, Flag.WEARER_DISPUTED]


def test_what_is_said_decides_between_two(archive: Archive) -> None:
    give(archive, archive.officer.account_id, -60, 1)
    give(archive, archive.other_officer.account_id, 1)
    said = film(archive, archive.other_officer.account_id)
    assert row_of(archive, said).wearer_id == archive.other_officer.account_id
    assert quarrels(archive, said) == []
    third = film(archive, archive.supervisor.account_id, at=0.5)
    assert row_of(archive, third).wearer_id is None
    assert len(quarrels(archive, third)[0].claims) == 3


@pytest.mark.parametrize(("begins", "known"), [(-2, True), (2, False)])
def test_near_the_beginning_of_having_it(archive: Archive, begins: float, known: bool) -> None:
    officer = archive.officer.account_id
    give(archive, officer, begins, 60)
    received = film(archive)
    assert row_of(archive, received).wearer_id == (officer if known else None)
    assert len(quarrels(archive, received)) == (not known)


def test_nothing_follows_from_the_time_of_receipt(archive: Archive) -> None:
    give(archive, archive.officer.account_id, -60)
    received = archive.take(b"no film", device_id=archive.camera, modified_at=None)
    assert row_of(archive, received).wearer_id is None


def test_a_file_date_is_the_end(archive: Archive) -> None:
    """Half an hour after the change of hands it can have begun before that."""
    first, second = archive.officer.account_id, archive.other_officer.account_id
    give(archive, first, -60, 0)
    give(archive, second, 0)
    near = archive.take(b"one", device_id=archive.camera, modified_at=minutes(30))
    far = archive.take(b"two", device_id=archive.camera, modified_at=minutes(70))
    assert (row_of(archive, near).wearer_id, row_of(archive, far).wearer_id) == (None, second)


def test_entered_later(archive: Archive) -> None:
    received, officer = film(archive), archive.officer.account_id
    assert row_of(archive, received).flags == [Flag.NOBODY_KNOWN]
    made = give(archive, officer, -60)
    found = row_of(archive, received)
    assert (found.wearer_id, found.unit_id, found.flags, found.version) == (officer, archive.north, [], 2)
    (event,) = events_of(archive, received, Event.RECORDING_WEARER_DERIVED)
    assert event.actor == archive.technician.account_id
    assert event.details == {
        "changed": {"wearer": {"old": None, "new": officer}, "unit": {"old": None, "new": archive.north}},
        "version": 2,
        "assignment": made,
        "basis": "assignment",
    }


def test_corrected_ended_and_withdrawn(archive: Archive) -> None:
    officer, other = archive.officer.account_id, archive.other_officer.account_id
    made = give(archive, officer, -60)
    received = film(archive)
    with archive.database.write() as tx:
        span = (minutes(-60), minutes(60))
        made = correct_assignment(tx, archive.technician, made, other, *span, reason="swapped", clock=archive.clock)
    assert (row_of(archive, received).wearer_id, row_of(archive, received).unit_id) == (other, archive.south)
    with archive.database.write() as tx:
        end_assignment(tx, archive.technician, made, minutes(-30), clock=archive.clock)
    assert (row_of(archive, received).wearer_id, row_of(archive, received).unit_id) == (None, None)
    made = give(archive, officer, -30, 30)
    assert row_of(archive, received).wearer_id == officer
    with archive.database.write() as tx:
        withdraw_assignment(tx, archive.technician, made, reason="never was", clock=archive.clock)
    assert row_of(archive, received).wearer_id is None
    assert len(events_of(archive, received, Event.RECORDING_WEARER_DERIVED)) == 4


def test_what_was_said_stays_beside(archive: Archive) -> None:
    """A correction that agrees with what was said ends the conflict; one that differs opens one."""
    officer, other = archive.officer.account_id, archive.other_officer.account_id
    made = give(archive, officer, -60, 60)
    received = film(archive, other)
    with archive.database.write() as tx:
        span = (minutes(-60), minutes(60))
        made = correct_assignment(tx, archive.technician, made, other, *span, reason="so", clock=archive.clock)
    assert (row_of(archive, received).wearer_id, row_of(archive, received).flags) == (other, [])
    assert [one.state for one in quarrels(archive, received)] == [State.ENDED]
    assert len(events_of(archive, received, Event.DISCREPANCY_ENDED)) == 1
    with archive.database.write() as tx:
        correct_assignment(tx, archive.technician, made, officer, *span, reason="no", clock=archive.clock)
    assert row_of(archive, received).wearer_id == officer
    assert [one.state for one in quarrels(archive, received)] == [State.OPEN, State.ENDED]


def test_what_a_person_set_stays(archive: Archive) -> None:
    officer, other = archive.officer.account_id, archive.other_officer.account_id
    by_hand, settled, described = film(archive), film(archive, other, at=1), film(archive, at=2)
    with archive.database.write() as tx:
        supervisor = archive.supervisor.account_id
        change(tx, by_hand.recording_id, {"wearer": supervisor}, archive.technician, clock=archive.clock)
        change(tx, described.recording_id, {"title": "A title"}, archive.technician, clock=archive.clock)
    made = give(archive, officer, -60)
    assert row_of(archive, by_hand).wearer_id == archive.supervisor.account_id
    assert row_of(archive, described).wearer_id == officer
    (quarrel,) = quarrels(archive, settled)
    with archive.database.write() as tx:
        settle(tx, archive.technician, quarrel.id, other, reason="seen in the film", clock=archive.clock)
    with archive.database.write() as tx:
        span = (minutes(-60), minutes(90))
        correct_assignment(tx, archive.technician, made, officer, *span, reason="so", clock=archive.clock)
    assert (row_of(archive, settled).wearer_id, row_of(archive, settled).flags) == (other, [])
    assert [one.state for one in quarrels(archive, settled)] == [State.SETTLED]


def test_other_cameras_and_other_times_are_left_alone(archive: Archive) -> None:
    earlier = film(archive, at=-60 * 24 * 10)
    elsewhere = archive.take(mp4(made="2026-11-20T18:00:00Z", seed=3))
    give(archive, archive.officer.account_id, -60)
    for received in (earlier, elsewhere):
        assert (row_of(archive, received).wearer_id, row_of(archive, received).version) == (None, 1)


def test_too_many_at_once_change_nothing(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wearing, "MOST_AT_ONCE", 1)
    both = film(archive), film(archive, at=1)
    with pytest.raises(WearersTooMany):
        give(archive, archive.officer.account_id, -60)
    assert [row_of(archive, one).wearer_id for one in both] == [None, None]
    give(archive, archive.officer.account_id, -60, -10)


def test_a_recording_of_several_parts(archive: Archive) -> None:
    """While it comes in it follows what is said; complete, it follows who had the camera at the start of the whole."""
    first, second = archive.officer.account_id, archive.other_officer.account_id
    give(archive, first, -60, 20)
    give(archive, second, 20)
    key = "axis:one/whole"
    place = PartOf(key, minutes(30), minutes(31))
    received = film(archive, at=30, part_of=place)
    assert row_of(archive, received).wearer_id == second
    with archive.database.write() as tx:
        said = Said(started_at=minutes(0), ended_at=minutes(31), device_id=archive.camera)
        complete(tx, key, said, actor="system:axis", clock=archive.clock)
    assert row_of(archive, received).wearer_id == first


def test_settled_while_it_comes_in_stays(archive: Archive) -> None:
    officer, other = archive.officer.account_id, archive.other_officer.account_id
    give(archive, officer, -60)
    key = "axis:one/whole"
    received = film(archive, other, part_of=PartOf(key, minutes(0), minutes(1)))
    (quarrel,) = quarrels(archive, received)
    with archive.database.write() as tx:
        settle(tx, archive.technician, quarrel.id, other, reason="seen", clock=archive.clock)
    with archive.database.write() as tx:
        complete(tx, key, Said(wearer_id=officer), actor="system:axis", clock=archive.clock)
    assert row_of(archive, received).wearer_id == other
    give(archive, officer, 30)
    assert row_of(archive, received).wearer_id == other


def test_a_camera_or_a_start_set_right_later(archive: Archive) -> None:
    give(archive, archive.officer.account_id, -60, 60)
    taken = archive.take(b"film", times=(), modified_at=None)
    assert Flag.NOBODY_KNOWN in row_of(archive, taken).flags
    with archive.database.write() as tx:
        setting = {"device": archive.camera}
        change(tx, taken.recording_id, setting, archive.technician, clock=archive.clock)
    assert row_of(archive, taken).wearer_id is None  # the time of receipt says nothing of the start
    with archive.database.write() as tx:
        change(tx, taken.recording_id, {"start": minutes(0)}, archive.technician, clock=archive.clock)
    row = row_of(archive, taken)
    assert (row.wearer_id, row.unit_id) == (archive.officer.account_id, archive.north)
    assert Flag.NOBODY_KNOWN not in row.flags
    (event,) = events_of(archive, taken, Event.RECORDING_WEARER_DERIVED)
    assert event.details["assignment"] is None


def test_a_wearer_set_by_hand_stays_and_is_known(archive: Archive) -> None:
    give(archive, archive.officer.account_id, -60, 60)
    taken = archive.take(b"film", times=(), modified_at=None)
    with archive.database.write() as tx:
        chosen = {"wearer": archive.other_officer.account_id}
        change(tx, taken.recording_id, chosen, archive.technician, clock=archive.clock)
        assert Flag.NOBODY_KNOWN not in row_of_in(tx, taken).flags
        moved = {"device": archive.camera, "start": minutes(0)}
        change(tx, taken.recording_id, moved, archive.technician, clock=archive.clock)
        assert row_of_in(tx, taken).wearer_id == archive.other_officer.account_id
        change(tx, taken.recording_id, {"wearer": None}, archive.technician, clock=archive.clock)
        assert Flag.NOBODY_KNOWN in row_of_in(tx, taken).flags


def row_of_in(tx: sa.Connection, received: Received) -> Any:
    return tx.execute(sa.select(recording).where(recording.c.id == received.recording_id)).one()
