"""Sites and docks: named once, closed and never removed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.fleet.conftest import Fleet

from candor.custody.events import Event
from candor.custody.record import recent
from candor.fleet.errors import DockKindUnknown, DockUnknown, PlaceNameTaken, PlaceNameWrong, SiteInUse, SiteUnknown
from candor.fleet.places import (
    change_dock,
    change_site,
    close_dock,
    close_site,
    create_dock,
    create_site,
    dock,
    dock_named,
    docks,
    open_dock,
    open_site,
    seen,
    site,
    sites,
)
from candor.fleet.rules import DOCK_WORDS, DockKind
from candor.fleet.service import change_device
from candor.people.errors import Refused
from candor.people.rules import Actor, Role


def test_sites(fleet: Fleet) -> None:
    chief, clock = fleet.administrator, fleet.clock
    with fleet.database.write() as tx:
        north = create_site(tx, chief, " Barracks  North ", note="Route 9", clock=clock)
        create_site(tx, chief, "Airport", clock=clock)
        assert [one.name for one in sites(tx)] == ["Airport", "Barracks North"]
        with pytest.raises(PlaceNameTaken, match="barracks north"):
            create_site(tx, chief, "barracks north", clock=clock)
        assert change_site(tx, chief, north, {"name": "Barracks North"}, clock=clock) is None
        change_site(tx, chief, north, {"name": "BARRACKS north", "note": ""}, clock=clock)
        with pytest.raises(PlaceNameTaken):
            change_site(tx, chief, north, {"name": "airport"}, clock=clock)
        assert (site(tx, north).name, site(tx, north).note) == ("BARRACKS north", None)
        (event,) = recent(tx, kinds=[Event.SITE_CHANGED])
    assert event.details["changed"]["name"] == {"old": "Barracks North", "new": "BARRACKS north"}


def test_a_site_in_use_stays_open(fleet: Fleet) -> None:
    chief, clock = fleet.administrator, fleet.clock
    with fleet.database.write() as tx:
        north = create_site(tx, chief, "North", clock=clock)
        reader = create_dock(tx, chief, "Reader", kind="card", site_id=north, clock=clock)
        change_device(tx, chief, fleet.camera, {"site_id": north}, clock=clock)
        with pytest.raises(SiteInUse, match="2"):
            close_site(tx, chief, north, clock=clock)
        close_dock(tx, chief, reader, clock=clock)
        change_device(tx, chief, fleet.camera, {"state": "retired"}, clock=clock)
        close_site(tx, chief, north, clock=clock)
        assert sites(tx) == []
        assert [one.id for one in sites(tx, closed=True)] == [north]
        with pytest.raises(SiteUnknown):
            create_dock(tx, chief, "Other", kind=DockKind.TUS, site_id=north, clock=clock)
        assert close_site(tx, chief, north, clock=clock) is None
        open_site(tx, chief, north, clock=clock)
        assert [one.id for one in sites(tx)] == [north]


def test_docks(fleet: Fleet) -> None:
    chief, clock = fleet.administrator, fleet.clock
    with fleet.database.write() as tx:
        north = create_site(tx, chief, "North", clock=clock)
        made = create_dock(tx, chief, "Axis North", kind="axis", clock=clock)
        assert dock_named(tx, "AXIS north") == dock(tx, made)
        assert dock_named(tx, "Axis South") is None
        change_dock(tx, chief, made, {"site_id": north}, clock=clock)
        assert (dock(tx, made).kind, dock(tx, made).site_id, dock(tx, made).seen_at) == (DockKind.AXIS, north, None)
        seen(tx, made, clock=clock)
        first = clock.now()
        clock.advance(10)
        seen(tx, made, clock=clock)
        assert dock(tx, made).seen_at == first  # not written again at once
        clock.advance(30)
        seen(tx, made, clock=clock)
        assert dock(tx, made).seen_at == first + timedelta(seconds=40)
        close_dock(tx, chief, made, clock=clock)
        assert docks(tx) == []
        open_dock(tx, chief, made, clock=clock)
        assert [one.name for one in docks(tx)] == ["Axis North"]
        (created,) = recent(tx, kinds=[Event.DOCK_CREATED])
        assert len(list(recent(tx, kinds=[Event.DOCK_CHANGED]))) == 3
    assert created.details == {"dock": made, "name": "Axis North", "kind": "axis", "site": None}


def test_what_cannot_be(fleet: Fleet) -> None:
    chief, clock = fleet.administrator, fleet.clock
    officer = Actor("someone", frozenset({Role.OFFICER}), None, "")
    with fleet.database.write() as tx:
        for name in ("", "  ", "x" * 101, "a\x07b"):
            with pytest.raises(PlaceNameWrong):
                create_site(tx, chief, name, clock=clock)
        with pytest.raises(DockKindUnknown, match="axis, tus, card"):
            create_dock(tx, chief, "A", kind="ship", clock=clock)
        with pytest.raises(SiteUnknown):
            create_dock(tx, chief, "A", kind="card", site_id="nothing", clock=clock)
        with pytest.raises(DockUnknown):
            dock(tx, "nothing")
        with pytest.raises(Refused):
            create_site(tx, officer, "A", clock=clock)
        with pytest.raises(Refused):
            create_dock(tx, officer, "A", kind="card", clock=clock)
    assert set(DOCK_WORDS) == set(DockKind)
