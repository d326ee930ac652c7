"""A certificate for content credentials that was brought in is asked for before its end."""

from __future__ import annotations

from datetime import timedelta

from tests.disclosure.credentials.test_keys import NOW, OPERATOR, chain, pem

from candor.core.clock import FixedClock
from candor.disclosure.credentials import keys
from candor.health.checks.content_credentials import credentials
from candor.health.findings import Level
from candor.health.place import Place
from candor.installation import Installation


def level_in(installation: Installation, days: int) -> tuple[Level, str]:
    found = credentials(Place(installation.settings, FixedClock(NOW + timedelta(days=days)), installation))
    assert found is not None
    return found.level, found.words


def test_what_was_brought_in_must_be_followed_by_somebody(installation: Installation) -> None:
    assert credentials(Place.of(installation)) is None
    with installation.database.write() as tx:
        keys.make(tx, installation.vault, OPERATOR)
    assert level_in(installation, 700)[0] is Level.OK
    given, key = chain()
    with installation.database.write() as tx:
        keys.bring_in(tx, installation.vault, OPERATOR, given, pem(key), clock=FixedClock(NOW))
    assert level_in(installation, 300)[0] is Level.OK
    assert level_in(installation, 341)[0] is Level.WARN
    level, words = level_in(installation, 401)
    assert level is Level.BAD
    assert "releases wait" in words
