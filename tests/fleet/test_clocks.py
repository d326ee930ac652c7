"""The ledger of clocks: kept once, never changed, told of when it shows something."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.fleet.conftest import Fleet

from candor.core import outbox
from candor.core.clock import iso
from candor.custody.events import Event
from candor.custody.record import recent
from candor.fleet.clock_rules import Basis, ClockState, ReadingSource
from candor.fleet.clocks import estimate_start, finding_of, findings, note_reading, readings_of
from candor.fleet.errors import DeviceUnknown, ReadingWrong
from candor.fleet.service import device, register_device

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def note(fleet: Fleet, hours: float, slow: float, *, camera: str = "", was_set: bool = False) -> str:
    """A reading at a docking: the camera's clock was so many seconds behind."""
    at = NOON + timedelta(hours=hours)
    with fleet.database.write() as tx:
        return note_reading(
            tx,
            camera or fleet.camera,
            at - timedelta(seconds=slow),
            at,
            source="dock",
            uncertainty_ms=500,
            clock_set=was_set,
            actor="system:docks",
            clock=fleet.clock,
        )


def test_kept_once_and_on_record(fleet: Fleet) -> None:
    made = note(fleet, 0, 3)
    assert note(fleet, 0, 3) == made
    later = note(fleet, -24, 1)
    with fleet.database.read() as tx:
        kept = readings_of(tx, fleet.camera)
        (event, _) = reversed(list(recent(tx, kinds=[Event.CLOCK_READ])))
        seen = device(tx, fleet.camera).seen_at
    assert [one.id for one in kept] == [later, made]  # in the order of the clock that is trusted
    assert kept[1].offset == timedelta(seconds=3)
    assert (kept[1].source, kept[1].actor, kept[1].noted_at) == (ReadingSource.DOCK, "system:docks", fleet.clock.now())
    assert seen == fleet.clock.now()
    assert event.details == {
        "reading": made,
        "device": fleet.camera,
        "camera_at": iso(NOON - timedelta(seconds=3)),
        "reference_at": iso(NOON),
        "source": "dock",
        "uncertainty_ms": 500,
        "clock_set": False,
    }


def test_the_latest_are_kept_in_view(fleet: Fleet) -> None:
    for hours in range(6):
        note(fleet, hours, hours)
    with fleet.database.read() as tx:
        assert [one.offset.seconds for one in readings_of(tx, fleet.camera, limit=2)] == [4, 5]


def test_the_estimate(fleet: Fleet) -> None:
    note(fleet, 0, 10)
    note(fleet, 24, 30)
    with fleet.database.read() as tx:
        found = estimate_start(tx, fleet.camera, NOON + timedelta(hours=12, seconds=-20))
    assert found.basis is Basis.BETWEEN
    assert abs(found.at - NOON - timedelta(hours=12)) < timedelta(milliseconds=10)
    assert found.uncertainty is not None
    assert abs(found.uncertainty - timedelta(seconds=10.5)) < timedelta(milliseconds=10)


def test_a_wrong_clock_is_told_of_until_it_is_right(fleet: Fleet) -> None:
    once = f"camera:clock {fleet.camera}"
    note(fleet, 0, 1)
    with fleet.database.read() as tx:
        assert not outbox.is_open(tx, once)
    note(fleet, 1, 7200)
    with fleet.database.read() as tx:
        assert finding_of(tx, fleet.camera).state is ClockState.RESET
        assert outbox.is_open(tx, once)
    note(fleet, 2, 7200, was_set=True)
    with fleet.database.read() as tx:
        assert finding_of(tx, fleet.camera).state is ClockState.OFF
        assert outbox.is_open(tx, once)
    note(fleet, 3, 0)
    with fleet.database.read() as tx:
        assert finding_of(tx, fleet.camera).state is ClockState.GOOD
        assert not outbox.is_open(tx, once)


def test_many_cameras_in_one_question(fleet: Fleet) -> None:
    with fleet.database.write() as tx:
        others = [register_device(tx, fleet.administrator, f"M{number}", "body") for number in range(3)]
    for hours in range(15):
        note(fleet, hours, 0)
        note(fleet, hours, 100, camera=others[0])
    note(fleet, 40, 300, camera=others[1])
    with fleet.database.read() as tx:
        found = findings(tx, [fleet.camera, *others])
        assert found == {one: finding_of(tx, one) for one in (fleet.camera, *others)}
    states = [found[one].state for one in (fleet.camera, *others)]
    assert states == [ClockState.GOOD, ClockState.OFF, ClockState.OFF, ClockState.UNREAD]


def test_what_is_no_reading(fleet: Fleet) -> None:
    given = {"uncertainty_ms": 0, "actor": "system:docks"}
    with fleet.database.write() as tx:
        with pytest.raises(DeviceUnknown):
            note_reading(tx, "nothing", NOON, NOON, source="dock", **given)  # type: ignore[arg-type]
        with pytest.raises(ReadingWrong, match="zone"):
            note_reading(tx, fleet.camera, NOON.replace(tzinfo=None), NOON, source="dock", **given)  # type: ignore[arg-type]
        with pytest.raises(ReadingWrong, match="stars"):
            note_reading(tx, fleet.camera, NOON, NOON, source="stars", **given)  # type: ignore[arg-type]
        with pytest.raises(ReadingWrong, match="-1"):
            note_reading(tx, fleet.camera, NOON, NOON, source="dock", uncertainty_ms=-1, actor="")
        assert readings_of(tx, fleet.camera) == []
