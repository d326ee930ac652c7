"""The place of these tests, on each kind of database."""

from __future__ import annotations

import pytest
from tests.matters.case_place import CasePlace, make_case_place

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.people import passwords


@pytest.fixture
def here(database: Database, fixed_clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> CasePlace:
    """An agency with people who keep cases."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    return make_case_place(database, fixed_clock)
