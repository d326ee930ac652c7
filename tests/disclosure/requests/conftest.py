"""The place of these tests, on each kind of database."""

from __future__ import annotations

import pytest
from tests.disclosure.requests.place import RequestPlace, make_request_place

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.disclosure.requests import answering
from candor.people import passwords


@pytest.fixture
def here(database: Database, fixed_clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> RequestPlace:
    """An agency with people who answer requests. What rooms above ask before an answer has tests of its own."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    monkeypatch.setattr(answering, "BEFORE_ANSWER", [])
    return make_request_place(database, fixed_clock)
