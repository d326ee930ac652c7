"""`candor duty`, as people type it."""

from __future__ import annotations

import pytest
from tests.cli.conftest import Candor
from tests.fleet.law import put_in_force
from tests.people.place import make_place

from candor.core.clock import SystemClock
from candor.core.settings import Settings
from candor.fleet.assignments import assign
from candor.fleet.service import register_device
from candor.installation import Installation
from candor.people import passwords
from candor.people.rules import Role


@pytest.fixture
def camera(tables: None, candor: Candor, monkeypatch: pytest.MonkeyPatch) -> str:
    """An agency under the law, with an officer who has a camera and a supervisor; the camera's serial number."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    with Installation.open(Settings.load(), create=True) as here:
        clock = SystemClock()
        place = make_place(here.database, clock)  # type: ignore[arg-type]
        put_in_force(here.database, clock)
        ann = place.add("ann", Role.OFFICER, password=None, unit_id=place.unit_id)
        place.add("boss", Role.SUPERVISOR, password=None, unit_id=place.unit_id)
        with here.database.write() as tx:
            device = register_device(tx, place.administrator, "X60A1", "body", clock=clock)
            assign(tx, place.administrator, device, ann.account_id, clock.now(), clock=clock)
    return "X60A1"


def test_from_a_test_to_what_the_supervisor_did(candor: Candor, camera: str) -> None:
    assert candor("duty", "test", camera, "--as", "ann").code == 0
    assert candor("duty", "test", camera, "--as", "boss").code == 5
    assert candor("duty", "test", camera, "--what", "x").code == 2
    assert candor("duty", "test", camera, "--not-in-order", "--as", "ann").code == 0
    (mine,) = candor("duty", "list", "--as", "ann", "--json").json
    assert (mine["kind"], mine["camera"], mine["overdue"]) == ("report-malfunction", camera, False)
    assert candor("duty", "report", camera, "No sound", "--as", "ann").code == 0
    (waits,) = candor("duty", "list", "--all", "--as", "boss", "--json").json
    assert (waits["kind"], waits["citation"]) == ("supervisor-action", "Conn. Gen. Stat. § 29-6d (i)")
    (broken,) = candor("duty", "broken", "--as", "boss", "--json").json
    assert broken["what"] == "No sound"
    assert "No sound" in candor("duty", "broken").out
    assert candor("duty", "act", broken["id"], "repaired", "--note", "New microphone", "--as", "boss").code == 0
    assert candor("duty", "act", broken["id"], "repaired").code == 4
    assert candor("duty", "list", "--all", "--json").json == []


def test_trainings_and_the_look_at_what_is_due(candor: Candor, camera: str) -> None:
    assert set(candor("duty", "check", "--json").json) >= {"fleet.duties", "footage.uncategorised"}
    assert candor("duty", "check").out == "All was looked at a short while ago.\n"
    (due,) = candor("duty", "list", "--as", "ann", "--json").json
    assert (due["kind"], due["overdue"]) == ("initial-training", True)
    assert "overdue" in candor("duty", "list", "--as", "ann").out
    assert candor("duty", "train", "ann", "Basic course", "--on", "2026-01-05", "--as", "ann").code == 5
    assert candor("duty", "train", "ann", "Basic course", "--on", "soon").code == 3
    assert candor("duty", "train", "ann", "Basic course", "--as", "boss").code == 0
    assert candor("duty", "list", "--as", "ann", "--json").json == []
    (kept,) = candor("duty", "trainings", "--json").json
    assert kept["course"] == "Basic course"
    assert "Basic course" in candor("duty", "trainings", "--as", "boss").out
    assert candor("duty", "untrain", kept["id"], "--reason", "Somebody else").code == 0
    assert [one["kind"] for one in candor("duty", "list", "--as", "ann", "--json").json] == ["initial-training"]
    assert candor("duty", "explain", "nothing", "so").code == 4
    given = candor("dock", "assign", camera, "boss")
    assert given.code == 0
    assert "no training of this person is on record" in given.err
