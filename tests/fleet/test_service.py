"""Devices: registered once, found however their number is written, on record."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from tests.people.place import Place, make_place

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.custody.events import Event
from candor.custody.record import recent
from candor.fleet.errors import (
    DeviceTextTooLong,
    DeviceUnknown,
    KindUnknown,
    SerialTaken,
    SerialWrong,
    SiteUnknown,
    StateUnknown,
)
from candor.fleet.rules import KIND_WORDS, STATE_WORDS, DeviceKind, DeviceState, clean_serial, shown_state
from candor.fleet.service import (
    change_device,
    confirm_device,
    device,
    devices,
    ensure_device,
    find_by_serial,
    firmware_of,
    register_device,
)
from candor.people import passwords
from candor.people.errors import Refused
from candor.people.rules import Actor, Role


@pytest.fixture
def place(database: Database, fixed_clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An agency on each kind of database; its administrator may register devices."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    return make_place(database, fixed_clock)


def test_register_and_find(place: Place) -> None:
    with place.database.write() as tx:
        made = register_device(
            tx, place.administrator, " x60a 12345", "body", make="Axon ", model="", clock=place.clock
        )
        found = find_by_serial(tx, "X60A12345")
        assert found is not None
        assert found == device(tx, made)
        assert (found.serial, found.kind, found.make, found.model) == ("X60A12345", DeviceKind.BODY, "Axon", None)
        assert find_by_serial(tx, "x60A 12345") == found
        assert find_by_serial(tx, "X60A1234") is None
        (event,) = recent(tx, kinds=[Event.DEVICE_CREATED])
    assert event.actor == place.administrator.account_id
    assert event.details == {
        "device": made,
        "kind": "body",
        "make": "Axon",
        "model": None,
        "serial": "X60A12345",
        "firmware": None,
        "state": "in-stock",
        "pooled": False,
        "site": None,
        "note": None,
    }


def test_listed(place: Place) -> None:
    with place.database.write() as tx:
        for serial, kind, model in (("B2", "body", "Body 3"), ("A1", "in-car", "Fleet 3"), ("C3", "drone", "%")):
            register_device(tx, place.administrator, serial, kind, model=model)
        assert [one.serial for one in devices(tx)] == ["A1", "B2", "C3"]
        assert [one.serial for one in devices(tx, text=" 3 ")] == ["A1", "B2", "C3"]
        assert [one.serial for one in devices(tx, text="fleet")] == ["A1"]
        assert [one.serial for one in devices(tx, text="%")] == ["C3"]
        assert [one.serial for one in devices(tx, kind=DeviceKind.DRONE)] == ["C3"]


def test_the_same_number_twice(place: Place) -> None:
    with place.database.write() as tx:
        register_device(tx, place.administrator, "X1", DeviceKind.BODY)
    with place.database.write() as tx, pytest.raises(SerialTaken, match="X1"):
        register_device(tx, place.administrator, "x 1", DeviceKind.DRONE)


@pytest.mark.parametrize("serial", ["", "  ", "x" * 65, "a\x07b", "a\u202eb"])
def test_no_serial_number(place: Place, serial: str) -> None:
    with place.database.write() as tx, pytest.raises(SerialWrong):
        register_device(tx, place.administrator, serial, DeviceKind.BODY)


def test_what_else_cannot_be(place: Place) -> None:
    officer = Actor("someone", frozenset({Role.OFFICER}), None, "")
    with place.database.write() as tx:
        with pytest.raises(KindUnknown, match="in-car"):
            register_device(tx, place.administrator, "X1", "submarine")
        with pytest.raises(DeviceTextTooLong, match="make"):
            register_device(tx, place.administrator, "X1", "body", make="x" * 101)
        with pytest.raises(Refused):
            register_device(tx, officer, "X1", "body")
        with pytest.raises(DeviceUnknown):
            device(tx, "nothing")
        assert devices(tx) == []


def test_rules() -> None:
    assert set(KIND_WORDS) == set(DeviceKind)
    assert clean_serial("ａ－１ b") == "A-1B"


def test_found_at_a_dock_and_confirmed(place: Place) -> None:
    clock, chief = place.clock, place.administrator
    with place.database.write() as tx:
        made = ensure_device(tx, "b8a44f000001", "body", model="W120", firmware="11.2", clock=clock)
        found = device(tx, made)
        assert (found.serial, found.found, found.model, found.firmware) == ("B8A44F000001", True, "W120", "11.2")
        assert found.seen_at == clock.now()
        assert devices(tx, found=True) == [found]
        assert ensure_device(tx, "B8A44F000001", "in-car", make="Axis", model="W110", clock=clock) == made
        again = device(tx, made)
        assert (again.kind, again.make, again.model) == (DeviceKind.BODY, "Axis", "W120")  # nothing is replaced
        assert confirm_device(tx, chief, made, kind="interview-room", clock=clock)
        assert not confirm_device(tx, chief, made, clock=clock)
        assert (device(tx, made).found, device(tx, made).kind) == (False, DeviceKind.INTERVIEW_ROOM)
        with pytest.raises(SerialTaken):
            register_device(tx, chief, "B8A44F000001", "body", clock=clock)
        (event,) = recent(tx, kinds=[Event.DEVICE_FOUND])
        assert len(list(recent(tx, kinds=[Event.DEVICE_CONFIRMED]))) == 1
    assert (event.actor, event.details["serial"]) == ("system:docks", "B8A44F000001")


def test_firmware_is_kept_with_its_time(place: Place) -> None:
    clock = place.clock
    first = clock.now()
    with place.database.write() as tx:
        made = ensure_device(tx, "X1", "body", firmware="1.0", clock=clock)
    for firmware in ("1.0", "1.1", "1.1", None, "1.0"):
        clock.advance(3600)
        with place.database.write() as tx:
            ensure_device(tx, "X1", "body", firmware=firmware, clock=clock)
    with place.database.read() as tx:
        seen = firmware_of(tx, made)
        changes = list(recent(tx, kinds=[Event.DEVICE_CHANGED]))
        assert device(tx, made).firmware == "1.0"
    hour = timedelta(hours=1)
    assert [(one.firmware, one.first_at - first, one.last_at - first) for one in seen] == [
        ("1.0", 5 * hour, 5 * hour),
        ("1.1", 2 * hour, 3 * hour),
        ("1.0", 0 * hour, hour),
    ]
    assert [one.details["changed"]["firmware"]["new"] for one in changes] == ["1.0", "1.1"]
    assert all(one.details["seen"] and one.actor == "system:docks" for one in changes)


def test_changing(place: Place) -> None:
    clock, chief = place.clock, place.administrator
    with place.database.write() as tx:
        made = register_device(tx, chief, "X1", "body", firmware="1.0", state="repair", clock=clock)
        assert change_device(tx, chief, made, {"state": "repair", "make": ""}, clock=clock) is None
        change_device(tx, chief, made, {"state": "lost", "note": "river", "pooled": True}, clock=clock)
        change_device(tx, chief, made, {"state": "in-stock", "kind": "drone"}, clock=clock)
        found = device(tx, made)
        assert (found.state, found.kind, found.note, found.pooled) == ("in-stock", "drone", "river", True)
        for state in ("issued", "sold"):
            with pytest.raises(StateUnknown, match="retired"):
                change_device(tx, chief, made, {"state": state}, clock=clock)
        with pytest.raises(DeviceTextTooLong, match="note"):
            change_device(tx, chief, made, {"note": "x" * 501}, clock=clock)
        with pytest.raises(SiteUnknown):
            change_device(tx, chief, made, {"site_id": "nothing"}, clock=clock)
        with pytest.raises(ValueError, match="serial"):
            change_device(tx, chief, made, {"serial": "Y"}, clock=clock)
        with pytest.raises(Refused):
            change_device(tx, Actor("a", frozenset({Role.OFFICER}), None, ""), made, {"note": "a"}, clock=clock)
        back, gone = recent(tx, kinds=[Event.DEVICE_CHANGED])
    assert gone.details["changed"]["state"] == {"old": "repair", "new": "lost"}
    assert back.details["changed"]["state"] == {"old": "lost", "new": "in-stock"}
    assert not gone.details["seen"]


def test_shown_at_two_docks_at_once(place: Place) -> None:
    gate, made = threading.Barrier(6), []

    def show() -> None:
        gate.wait()
        with place.database.write() as tx:
            made.append(ensure_device(tx, "X1", "body", firmware="1.0", clock=place.clock))

    threads = [threading.Thread(target=show) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(made) == 6
    assert len(set(made)) == 1
    with place.database.read() as tx:
        assert len(list(recent(tx, kinds=[Event.DEVICE_FOUND]))) == 1
        assert len(firmware_of(tx, made[0])) == 1


def test_what_a_device_says_of_itself_is_cut_not_refused(place: Place) -> None:
    with place.database.write() as tx:
        made = ensure_device(tx, "X1", "body", model="m" * 300, firmware="1\x00\n2", clock=place.clock)
        assert (device(tx, made).model, device(tx, made).firmware) == ("m" * 100, "12")


def test_states() -> None:
    assert set(STATE_WORDS) == set(DeviceState)
    assert shown_state(DeviceState.IN_STOCK, True) is DeviceState.ISSUED
    assert shown_state(DeviceState.IN_STOCK, False) is DeviceState.IN_STOCK
    assert shown_state(DeviceState.LOST, True) is DeviceState.LOST
