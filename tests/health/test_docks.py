"""The checks of docks and of missing footage."""

from __future__ import annotations

from datetime import timedelta

import pytest

from candor.core.clock import FixedClock
from candor.docking.reconciliation.explaining import explain_stretch
from candor.docking.reconciliation.spans import Span
from candor.fleet import places
from candor.fleet.assignments import assign
from candor.fleet.reports import Report, note_reports
from candor.fleet.service import register_device
from candor.footage.gathering import Said, describe
from candor.health.checks import docks
from candor.health.examination import CHECKS, make
from candor.health.findings import Finding, Level
from candor.health.place import Place
from candor.people.rules import system_actor

ACTOR = system_actor("test")
BY_NAME = {check.name: check for check in CHECKS}


def look(place: Place, name: str) -> Finding | None:
    return make(BY_NAME[name], place)


def test_without_docks_and_cameras_there_is_nothing_to_look_at(place: Place) -> None:
    assert docks.docks(place) is None
    assert docks.missing_footage(place) is None


@pytest.mark.parametrize(("kind", "days"), [("axis", 1), ("tus", 1), ("card", 7)])
def test_a_dock_that_nothing_came_through(place: Place, fixed_clock: FixedClock, kind: str, days: int) -> None:
    with place.database.write() as tx:
        dock_id = places.create_dock(tx, ACTOR, "Front desk", kind=kind, clock=fixed_clock)
    fixed_clock.advance(days * 86_400)
    found = look(place, "docks")
    assert found is not None
    assert found.level is Level.OK
    fixed_clock.advance(60)
    found = look(place, "docks")
    assert found is not None
    assert found.level is Level.WARN
    assert "Front desk" in found.words
    with place.database.write() as tx:
        places.seen(tx, dock_id, clock=fixed_clock)
    again = look(place, "docks")
    assert again is not None
    assert again.level is Level.OK
    fixed_clock.advance(30 * 86_400)
    with place.database.write() as tx:
        places.close_dock(tx, ACTOR, dock_id, clock=fixed_clock)
    assert look(place, "docks") is None, "a closed dock is nobody's worry"


def test_a_recording_that_waits_for_its_other_parts(place: Place, fixed_clock: FixedClock) -> None:
    with place.database.write() as tx:
        describe(tx, "k", Said(), actor="system:x", clock=fixed_clock)
    fixed_clock.advance(86_400)
    found = look(place, "docks")
    assert found is not None
    assert found.level is Level.OK
    fixed_clock.advance(60)
    found = look(place, "docks")
    assert found is not None
    assert found.level is Level.WARN
    assert "1 recording waits" in found.words
    assert "/docks/transfers" in found.mend


def test_silence_and_loss_are_findings_until_they_are_explained(place: Place, fixed_clock: FixedClock) -> None:
    then = fixed_clock.now() - timedelta(days=3)
    with place.database.write() as tx:
        camera = register_device(tx, ACTOR, "B8A44F01", "body", clock=fixed_clock)
        assign(tx, ACTOR, camera, None, then - timedelta(days=30), clock=fixed_clock)
        note_reports(tx, camera, [Report("axis", "a", then, then + timedelta(seconds=90))], clock=fixed_clock)
    found = look(place, "missing-footage")
    assert found is not None
    assert found.level is Level.WARN
    assert "90 seconds" in found.words
    with place.database.write() as tx:
        span = Span(then, then + timedelta(seconds=90))
        explain_stretch(tx, ACTOR, camera, span, cause="test", words="Range", clock=fixed_clock)
    found = look(place, "missing-footage")
    assert found is not None
    assert found.level is Level.OK
    fixed_clock.advance(14 * 86_400)
    found = look(place, "missing-footage")
    assert found is not None
    assert found.level is Level.WARN
    assert "Nothing was reported by B8A44F01" in found.words


def test_files_left_out_of_a_cameras_counting(place: Place, fixed_clock: FixedClock) -> None:
    then = fixed_clock.now() - timedelta(days=3)
    fixed_clock.advance(-3 * 86_400)
    with place.database.write() as tx:
        camera = register_device(tx, ACTOR, "B8A44F01", "body", clock=fixed_clock)
        numbered = [Report("card", str(n), then, then, counter=n) for n in (4, 6)]
        note_reports(tx, camera, numbered, clock=fixed_clock)
    fixed_clock.advance(3 * 86_400)
    found = look(place, "missing-footage")
    assert found is not None
    assert found.level is Level.WARN
    assert "1 file" in found.words
