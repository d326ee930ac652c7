"""The portal in what is watched: said when it lies behind, when something waits, when something was put aside."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.people.place import make_place
from tests.web.visitor import make_installation

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.health.checks.portal import portal
from candor.health.findings import Level
from candor.health.place import Place
from candor.installation import Installation


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_portal_is_watched(database: Database, fixed_clock: FixedClock, tmp_path: Path) -> None:
    silent = make_installation(database, fixed_clock, tmp_path / "none")
    assert portal(Place.of(silent)) is None
    settings = silent.settings.model_copy(update={"portal_port": 0})
    here = Installation(settings, database, silent.vault, silent.log, silent.jobs, fixed_clock)
    make_place(database, fixed_clock)
    place = Place.of(here)

    def level() -> tuple[Level, str]:
        found = portal(place)
        assert found is not None
        return found.level, found.words

    assert level()[0] is Level.WARN  # nothing was made yet
    here.publishing.round()
    assert level()[0] is Level.OK
    _, inbox = here.publishing.places()
    inbox.append("request", b"broken", clock=fixed_clock)
    fixed_clock.advance(timedelta(minutes=45).total_seconds())
    assert level()[0] is Level.BAD
    assert "the oldest for 45 minutes" in level()[1]
    here.publishing.round()
    assert level() == (Level.WARN, "1 entry of the portal's inbox could not be taken in.")
    here.publishing.close()
