"""A site with an agency, and visitors of each role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from tests.people.place import Place, make_place
from tests.web.visitor import Visitor, make_installation

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.installation import Installation
from candor.people import passwords
from candor.people.rules import Role
from candor.web.app import create_app


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of hashes in seconds."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")


@pytest.fixture
def installation(database: Database, fixed_clock: FixedClock, tmp_path: Path) -> Iterator[Installation]:
    """An installation without an agency. What a test set to work ends with it: a process runs jobs once at a time."""
    made = make_installation(database, fixed_clock, tmp_path)
    yield made
    made.jobs.shutdown()


@pytest.fixture
def place(installation: Installation, fixed_clock: FixedClock) -> Place:
    """Its agency, with the administrator `chief` and one unit."""
    return make_place(installation.database, fixed_clock)


@pytest.fixture
def app(installation: Installation) -> Starlette:
    """The site."""
    return create_app(installation)


@pytest.fixture
def stranger(app: Starlette, place: Place) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(app)


@pytest.fixture
def chief(app: Starlette, place: Place) -> Visitor:
    """The administrator, signed in."""
    visitor = Visitor(app)
    assert visitor.sign_in("chief").status_code == 303
    return visitor


@pytest.fixture
def signed_in(app: Starlette, place: Place) -> Callable[..., Visitor]:
    """Makes an account with some roles and signs it in; the account's actor is `visitor.actor`."""

    def make(name: str, *roles: Role, unit_id: str | None = None) -> Visitor:
        visitor = Visitor(app)
        visitor.actor = place.add(name, *roles, unit_id=unit_id)
        assert visitor.sign_in(name).status_code == 303
        return visitor

    return make
