"""An archive in which law is in force, and everybody whom retention needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy.engine import Connection
from tests.footage.conftest import Archive, archive, cheap_passwords, make_archive
from tests.footage.entries import add_entry
from tests.retention.law_in_force import put_in_force

from candor.people.rules import Actor, Role

__all__ = ["archive", "cheap_passwords", "make_archive"]


@dataclass
class Office:
    """The archive with a technician who proposes, a records officer and counsel who approve."""

    archive: Archive
    technician: Actor
    records: Actor
    counsel: Actor

    def old(self, tx: Connection, *, days: int = 400, category: str | None = "Traffic stop", **known: object) -> str:
        """A catalogue entry without footage, recorded so many days ago; by default nothing keeps it any more."""
        at = self.archive.clock.now() - timedelta(days=days)
        return add_entry(tx, at, received_at=at + timedelta(hours=1), category=category, **known)


@pytest.fixture
def office(archive: Archive) -> Office:
    """On each kind of database; 90 days for what has a category, 4 years for force, in effect for a year."""
    with archive.database.write() as tx:
        put_in_force(tx, archive.clock.now() - timedelta(days=365))
    return Office(
        archive,
        archive.technician,
        archive.place.add("records", Role.RECORDS_OFFICER, password=None),
        archive.place.add("counsel", Role.COUNSEL, password=None),
    )


Enter = Callable[..., str]
