"""A records office on each kind of database, under a small law."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.disclosure.decisions.law import put_in_force
from tests.disclosure.decisions.office import Office, make_office
from tests.footage.conftest import Archive, archive, cheap_passwords, make_archive

import candor.installation  # noqa: F401 - every room is loaded, as in the program
from candor.custody import CustodyLog

__all__ = ["archive", "cheap_passwords", "make_archive"]


@pytest.fixture
def make_office_of(archive: Archive) -> Iterator[Callable[..., Office]]:
    """Opens an office; the arguments are of the law in force."""
    logs = []

    def make(**law: str) -> Office:
        log = CustodyLog(archive.database, archive.folder / "log", archive.folder / "keys", archive.clock)
        logs.append(log)
        with archive.database.write() as tx:
            log.create(tx, "evidence.example.gov/log", actor="system:test")
            put_in_force(tx, archive.clock.now(), **law)
        return make_office(archive, log)

    yield make
    for log in logs:
        log.stop()


@pytest.fixture
def office(make_office_of: Callable[..., Office]) -> Office:
    """An office under the small law."""
    return make_office_of()
