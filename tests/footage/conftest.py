"""An archive that takes files in: an agency with people, a vault in a folder, an intake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.people.place import Place, make_place

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.fleet.rules import DeviceKind
from candor.fleet.service import register_device
from candor.footage.intake import Claim, Intake
from candor.footage.receipt import Received
from candor.jobs import Jobs
from candor.people import passwords
from candor.people.rules import Actor, Role
from candor.people.service import create_unit
from candor.store import Vault, create_keyring
from candor.store.folder import FolderStore


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is not what is tested here."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")


@dataclass
class Archive:
    """Everything a test of footage needs."""

    database: Database
    clock: FixedClock
    vault: Vault
    jobs: Jobs
    intake: Intake
    folder: Path
    place: Place
    officer: Actor
    other_officer: Actor
    supervisor: Actor
    technician: Actor
    administrator: Actor
    north: str
    south: str
    camera: str

    def claim(self, name: str = "clip.mp4", **known: object) -> Claim:
        """A file that the technician hands in, worn by nobody known."""
        claim = Claim(name, f"/card/{name}", "cli", self.technician.account_id, self.clock.now() - timedelta(hours=1))
        return replace(claim, **known)  # type: ignore[arg-type]

    def take(self, content: bytes, name: str = "clip.mp4", **known: object) -> Received:
        """Take bytes in."""
        with self.intake.begin(self.claim(name, **known)) as writer:
            writer.write(content)
            return writer.finish()

    def worn(self, content: bytes, name: str = "clip.mp4", **known: object) -> Received:
        """Take in a recording of the officer, of the unit North."""
        return self.take(content, name, **{"wearer_id": self.officer.account_id, "unit_id": self.north, **known})

    def objects(self) -> set[str]:
        """Identifiers of everything in the store."""
        return {stored.object_id for stored in self.vault.store.list()}

    def content(self, object_id: str) -> bytes:
        """The plaintext of an object."""
        with self.database.read() as tx:
            stream = self.vault.open(tx, object_id)
        with stream:
            return stream.read()


@pytest.fixture
def make_archive(database: Database, fixed_clock: FixedClock, tmp_path: Path) -> Iterator[Callable[..., Archive]]:
    """Opens an archive with its store in a folder of the test's choice."""
    jobs = Jobs(database, slots=1)

    def make(store: Path | None = None) -> Archive:
        place = make_place(database, fixed_clock)
        vault = Vault(FolderStore(store or tmp_path / "footage"), create_keyring(tmp_path / "keys"), fixed_clock)
        with database.write() as tx:
            south = create_unit(tx, place.administrator, "South", clock=fixed_clock)
        officer = place.add("okafor", Role.OFFICER, password=None, unit_id=place.unit_id)
        technician = place.add("tanaka", Role.EVIDENCE_TECHNICIAN, password=None)
        with database.write() as tx:
            camera = register_device(tx, technician, "X60A12345", DeviceKind.BODY, make="Axon", clock=fixed_clock)
        return Archive(
            database,
            fixed_clock,
            vault,
            jobs,
            Intake(database, vault, jobs, fixed_clock),
            tmp_path,
            place,
            officer,
            place.add("lindqvist", Role.OFFICER, password=None, unit_id=south),
            place.add("suarez", Role.SUPERVISOR, password=None, unit_id=place.unit_id),
            technician,
            place.administrator,
            place.unit_id,
            south,
            camera,
        )

    yield make
    jobs.shutdown()


@pytest.fixture
def archive(make_archive: Callable[..., Archive]) -> Archive:
    """An archive on each kind of database."""
    return make_archive()
