"""A site with footage, places for its backups, and an empty machine to restore to, on each kind of database."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.people.place import make_place

from candor.core.clock import SystemClock
from candor.core.settings import Settings
from candor.footage.intake import Claim, Intake
from candor.footage.receipt import Received
from candor.installation import Installation
from candor.people import passwords
from candor.people.rules import Actor, system_actor
from candor.recovery.backup import BackupResult, run_backup
from candor.recovery.place import BackupPlace
from candor.recovery.restore import Restore, RestoreResult

WHO = system_actor("tester")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine's own; hashing is not what is tested."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    for name in ("CANDOR_DATABASE_URL", "CANDOR_STORE_URL", "CANDOR_CONFIG", "CANDOR_WITNESSES", "CANDOR_BACKUP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@dataclass
class Machine:
    """One machine: its folders and its database. `kept` is a folder on another disk."""

    settings: Settings
    kept: Path
    actor: Actor = WHO

    def open(self, **more: Any) -> Installation:
        """Its installation; close it."""
        return Installation.open(self.settings, **more)

    def take(self, here: Installation, data: bytes, name: str = "clip.bin") -> Received:
        """Take one file in."""
        claim = Claim(name=name, source=f"/card/{name}", face="cli", actor=self.actor.account_id)
        return Intake(here.database, here.vault, here.jobs, here.clock).take_in(io.BytesIO(data), claim)

    def back_up(self, **more: Any) -> BackupResult:
        """Make a backup."""
        with self.open() as here:
            return run_backup(here, self.actor, str(self.kept), **more)

    def place(self) -> BackupPlace:
        """The place of its backups."""
        return BackupPlace.open(self.settings, str(self.kept))

    def restore(self, *, verify: bool = True, **more: Any) -> RestoreResult:
        """Restore the newest backup to this machine."""
        return Restore(self.settings, self.place(), verify=verify, **more).run()


@pytest.fixture
def new_database(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes empty databases of the kind of this test."""
    made: list[str] = []

    def make() -> str:
        if database_url.startswith("sqlite"):
            return f"sqlite:///{tmp_path / f'empty-{len(made)}-{len(list(tmp_path.iterdir()))}.sqlite3'}"
        server = request.getfixturevalue("postgresql")
        made.append(server.create())
        url: str = server.url(made[-1])
        return url

    yield make
    for name in made:
        request.getfixturevalue("postgresql").drop(name)


@pytest.fixture
def machine(database_url: str, tmp_path: Path) -> Machine:
    """The machine with the site: an agency, three files, all in the log."""
    settings = Settings.load(home=tmp_path / "home", keys=tmp_path / "keys", database_url=database_url)
    machine = Machine(settings, tmp_path / "kept")
    with machine.open(create=True) as here:
        make_place(here.database, SystemClock())  # type: ignore[arg-type]
        for number in range(3):
            machine.take(here, bytes([number]) * (70_000 + number), f"clip {number}.bin")
        here.log.settle()
    return machine


@pytest.fixture
def another(machine: Machine, new_database: Callable[[], str], tmp_path: Path) -> Machine:
    """An empty machine that has nothing but the key-encryption key, as from its recovery sheet."""
    return empty_machine(machine, new_database(), tmp_path / "another")


def empty_machine(machine: Machine, database_url: str, folder: Path) -> Machine:
    """A machine with the key-encryption key of another, and no more."""
    keys = folder / "keys"
    keys.mkdir(parents=True, mode=0o700)
    for path in machine.settings.keys_folder.glob("kek-*.json"):
        shutil.copy(path, keys)
    settings = Settings.load(home=folder / "home", keys=keys, database_url=database_url)
    return Machine(settings, machine.kept)
