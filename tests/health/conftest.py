"""An installation with one sealed object, on a machine of its own."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from tests.people.place import make_place
from tests.web.visitor import make_installation

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.health.place import Place
from candor.installation import Installation
from candor.people import passwords


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """No seconds for a hash."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")


@pytest.fixture
def installation(database: Database, fixed_clock: FixedClock, tmp_path: Path) -> Installation:
    """With an agency; nothing runs in the background."""
    here = make_installation(database, fixed_clock, tmp_path)
    make_place(database, fixed_clock)
    return here


@pytest.fixture
def sealed(installation: Installation) -> str:
    """An object in the vault."""
    made = installation.vault.seal("original", io.BytesIO(b"footage" * 1000))
    with installation.database.write() as tx:
        installation.vault.record(tx, made)
    return made.object_id


@pytest.fixture
def place(installation: Installation) -> Place:
    """Where checks look."""
    return Place.of(installation)
