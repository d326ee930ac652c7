"""An agency with its administrator, and passwords that are quick to hash."""

from __future__ import annotations

import pytest
from tests.people.place import Place, make_place

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.people import passwords


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of hashes in seconds."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")


@pytest.fixture
def place(database: Database, fixed_clock: FixedClock) -> Place:
    """An agency on each kind of database."""
    return make_place(database, fixed_clock)
