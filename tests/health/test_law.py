"""The check of the law that is applied here."""

from __future__ import annotations

from candor.core.clock import FixedClock
from candor.health.examination import CHECKS, make
from candor.health.findings import Finding, Level
from candor.health.place import Place
from candor.law import changes
from candor.people.rules import Actor, Role

BY_NAME = {check.name: check for check in CHECKS}
CLERK = Actor("clerk", frozenset({Role.ADMINISTRATOR}), None, "Clerk")
COUNSEL = Actor("counsel", frozenset({Role.COUNSEL}), None, "Counsel")


def look(place: Place) -> Finding:
    found = make(BY_NAME["law"], place)
    assert found is not None
    return found


def test_no_law_then_one_then_a_forgotten_proposal(place: Place, fixed_clock: FixedClock) -> None:
    found = look(place)
    assert found.level is Level.WARN
    assert "nothing is destroyed" in found.words
    with place.database.write() as tx:
        change_id = changes.propose_pack(tx, CLERK, "us-ct", reason="Ours.", clock=fixed_clock)
        changes.note_dry_run(tx, change_id, {}, clock=fixed_clock)
        changes.decide(tx, COUNSEL, change_id, approve=True, reason="Seen.", clock=fixed_clock)
    assert look(place).level is Level.OK
    assert "us-ct" in look(place).words
    with place.database.write() as tx:
        changes.propose_pack(tx, CLERK, "us-wa", reason="Perhaps.", clock=fixed_clock)
    assert look(place).level is Level.OK
    fixed_clock.advance(15 * 86_400)
    found = look(place)
    assert found.level is Level.WARN
    assert "15 days" in found.words
