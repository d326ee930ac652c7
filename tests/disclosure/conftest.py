"""An agency that hands footage out: people, a vault in a folder, an intake, a custody log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.custody.witness_log import serving
from tests.people.place import make_place

import candor.disclosure.tables  # noqa: F401 - its tables belong into the template
from candor import disclosure
from candor.core.clock import FixedClock, SystemClock
from candor.core.database import Database
from candor.custody import CustodyLog, witness_server
from candor.disclosure.packages import Package
from candor.footage.intake import Claim, Intake
from candor.footage.tables import part
from candor.jobs import Jobs
from candor.people import passwords
from candor.people.rules import Actor, Role
from candor.store import Vault, create_keyring
from candor.store.folder import FolderStore
from candor.verify.completeness import LogFolder
from candor.verify.package import verify_package
from candor.verify.report import Outcome, Report
from candor.verify.trust import NO_TRUST, Trust

ORIGIN = "evidence.example.gov/log"


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is not what is tested here."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")


@dataclass
class Site:
    """Everything a test of disclosure needs."""

    database: Database
    vault: Vault
    jobs: Jobs
    intake: Intake
    log: CustodyLog
    folder: Path
    technician: Actor
    records: Actor
    officer: Actor
    supervisor: Actor
    north: str

    def take(self, content: bytes, name: str = "clip.mp4", *, worn: bool = True) -> str:
        """Take a file in; the recording's identifier."""
        who = {"wearer_id": self.officer.account_id, "unit_id": self.north} if worn else {}
        with self.intake.begin(Claim(name, f"/card/{name}", "cli", self.technician.account_id, **who)) as writer:
            writer.write(content)
            return writer.finish().recording_id

    def request(self, *ids: str, actor: Actor | None = None, recipient: str = "Public Defender") -> str:
        """Put a hand-out on record."""
        with self.database.write() as tx:
            return disclosure.request(tx, actor or self.records, ids, recipient=recipient, purpose="State v. Doe")

    def build(self, package_id: str) -> bool:
        return disclosure.build(self.database, self.vault, self.log, package_id)

    def package(self, package_id: str, actor: Actor | None = None) -> Package:
        with self.database.read() as tx:
            return disclosure.package(tx, actor or self.records, package_id)

    def hand_out(self, *ids: str) -> Package:
        """Hand out recordings and make the package."""
        package_id = self.request(*ids)
        assert self.build(package_id)
        return self.package(package_id)

    def write(self, found: Package, where: str = "out") -> Path:
        return disclosure.write_folder(self.database, self.vault, found, self.folder / where)

    def object_of(self, recording: str) -> str:
        with self.database.read() as tx:
            return str(tx.scalar(sa.select(part.c.object_id).where(part.c.recording_id == recording)))

    def stored_file(self, recording: str) -> Path:
        """Where the sealed bytes of a recording lie on the disk."""
        object_id = self.object_of(recording)
        (found,) = [path for path in (self.folder / "footage").rglob(object_id) if path.is_file()]
        return found

    @property
    def policy(self) -> bytes:
        return self.log.policy().format()

    def verify(self, path: Path, *, with_log: bool = False, trusted: bool = True) -> Report:
        trust = Trust.from_policy(self.policy, "the test") if trusted else NO_TRUST
        public_log = LogFolder(self.folder / "log") if with_log else None
        return verify_package(path, trust, public_log=public_log)


@pytest.fixture
def make_site(database: Database, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Opens a site; `witnesses` are 'VKEY URL'."""
    clock, jobs, logs = SystemClock(), Jobs(database, slots=1), []

    def make(log: CustodyLog | None = None) -> Site:
        place = make_place(database, FixedClock(clock.now()))
        vault = Vault(FolderStore(tmp_path / "footage"), create_keyring(tmp_path / "keys"), clock)
        log = log or CustodyLog(database, tmp_path / "log", tmp_path / "keys", clock)
        logs.append(log)
        if log.verifier is None:
            with database.write() as tx:
                log.create(tx, ORIGIN, actor="system:test")
        return Site(
            database,
            vault,
            jobs,
            Intake(database, vault, jobs, clock),
            log,
            tmp_path,
            place.add("tanaka", Role.EVIDENCE_TECHNICIAN, password=None),
            place.add("reyes", Role.RECORDS_OFFICER, password=None),
            place.add("okafor", Role.OFFICER, password=None, unit_id=place.unit_id),
            place.add("suarez", Role.SUPERVISOR, password=None, unit_id=place.unit_id),
            place.unit_id,
        )

    yield make
    for log in logs:
        log.stop()
    jobs.shutdown()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """A site on each kind of database, without witnesses."""
    return make_site()


@pytest.fixture
def witnessed_site(make_site: Callable[..., Site], database: Database, tmp_path: Path) -> Iterator[Site]:
    """A site whose log must be cosigned by a real witness on the loopback."""
    home = tmp_path / "witness"
    with ExitStack() as stack:
        witness = stack.enter_context(closing(witness_server.create_witness(home, "witness.example/w1")))
        url = stack.enter_context(serving(witness_server.witness_app(witness)))
        known = (f"{witness.key.format()} {url}",)
        log = CustodyLog(database, tmp_path / "log", tmp_path / "keys", SystemClock(), witnesses=known, quorum=1)
        with database.write() as tx:
            key = log.create(tx, ORIGIN, actor="system:test")
        witness_server.add_log(home, key.format())
        yield make_site(log)


def passed(report: Report) -> bool:
    """Whether every step was run and none failed."""
    return report.first_failure is None and all(step.outcome is not Outcome.NOT_RUN for step in report.steps)


def warned(report: Report) -> list[int]:
    """Numbers of the steps that warned."""
    return [step.number for step in report.warnings]
