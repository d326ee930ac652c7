"""An agency on each kind of database, with a camera and two people who may have it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from tests.people.place import Place, make_place

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.fleet.service import register_device
from candor.people import passwords


@dataclass
class Fleet(Place):
    """An agency with one camera."""

    camera: str = ""
    ann: str = ""
    ben: str = ""


@pytest.fixture
def fleet(database: Database, fixed_clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Its administrator may do what these tests do; Ann and Ben are officers without passwords."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    place = make_place(database, fixed_clock)
    ann = place.add("ann", password=None, unit_id=place.unit_id).account_id
    ben = place.add("ben", password=None).account_id
    with database.write() as tx:
        camera = register_device(tx, place.administrator, "X60A1", "body", clock=fixed_clock)
    return Fleet(place.database, place.clock, place.administrator, place.unit_id, camera, ann, ben)
