"""A door that really listens, and what comes through it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import swiftclient  # sets how many headers every client of this process takes: see below
from tests.people.place import Place, make_place
from tests.web.visitor import make_installation

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.dock.serving import DockServer
from candor.docking import axis
from candor.docking.axis.tables import axis_object
from candor.footage.tables import part, recording
from candor.installation import Installation
from candor.people import passwords
from candor.people.rules import system_actor

OPERATOR = system_actor("test")


#: What Python itself has. The Swift client raises it for everybody in the process, and other tests are about answers
#: with too many headers.
http.client._MAXHEADERS = 100  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is not what is tested here."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")


@pytest.fixture
def installation(database: Database, fixed_clock: FixedClock, tmp_path: Path) -> Installation:
    """An installation whose door takes a free port."""
    made = make_installation(database, fixed_clock, tmp_path)
    settings = made.settings.model_copy(update={"dock_port": 0, "dock_url": None})
    return replace(made, settings=settings)


@pytest.fixture
def place(installation: Installation, fixed_clock: FixedClock) -> Place:
    """Its agency."""
    return make_place(installation.database, fixed_clock)


@dataclass
class Door:
    """The listening door of an installation."""

    installation: Installation
    server: DockServer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def connect(self, name: str = "North station", **given: Any) -> dict[str, Any]:
        """Make a connection; its file."""
        here = self.installation
        settings = here.settings.model_copy(update={"dock_url": self.url})
        with here.database.write() as tx:
            made = axis.new_connection(tx, here.vault, OPERATOR, name, clock=here.clock, **given)
            content = axis.connection_file(tx, OPERATOR, made, settings=settings, clock=here.clock)
        found: dict[str, Any] = json.loads(content)
        return found

    def client(self, file: dict[str, Any]) -> swiftclient.Connection:
        """A Swift client as the connection file says. Nothing is tried again by itself."""
        return swiftclient.Connection(
            authurl=file["AuthenticationTokenURI"][0],
            user=file["BlobAPIUserName"],
            key=file["BlobAPIKey"],
            auth_version="1",
            retries=0,
        )

    def recordings(self) -> list[Any]:
        """Every recording, by start."""
        with self.installation.database.read() as tx:
            return list(tx.execute(sa.select(recording).order_by(recording.c.started_key)).all())

    def parts(self, recording_id: str) -> list[Any]:
        """Its parts in order."""
        query = sa.select(part).where(part.c.recording_id == recording_id).order_by(part.c.number)
        with self.installation.database.read() as tx:
            return list(tx.execute(query).all())

    def objects(self) -> list[Any]:
        """What camera systems put there."""
        with self.installation.database.read() as tx:
            return list(tx.execute(sa.select(axis_object).order_by(axis_object.c.name, axis_object.c.number)).all())

    def content(self, object_id: str) -> bytes:
        """The plaintext of a sealed object."""
        with self.installation.database.read() as tx:
            stream = self.installation.vault.open(tx, object_id)
        with stream:
            return stream.read()


@pytest.fixture
def door(installation: Installation, place: Place) -> Iterator[Door]:
    """The door, listening."""
    server = DockServer(installation)
    server.start()
    yield Door(installation, server)
    server.stop()


@pytest.fixture
def client(door: Door) -> swiftclient.Connection:
    """A Swift client that is let in."""
    return door.client(door.connect())


Clips = Callable[[int], bytes]
