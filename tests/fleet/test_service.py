"""Devices: registered once, found however their number is written, on record."""

from __future__ import annotations

import pytest
from tests.people.place import Place, make_place

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.custody.events import Event
from candor.custody.record import recent
from candor.fleet.errors import DeviceTextTooLong, DeviceUnknown, KindUnknown, SerialTaken, SerialWrong
from candor.fleet.rules import KIND_WORDS, DeviceKind, clean_serial
from candor.fleet.service import device, devices, find_by_serial, register_device
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
    assert event.details == {"device": made, "kind": "body", "make": "Axon", "model": None, "serial": "X60A12345"}


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
