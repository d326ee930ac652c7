"""The drill: a machine is lost, and everything is brought back from the recovery sheet and the backup.

Every step is a command in a process of its own, with a real witness running beside.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests import forked
from tests.cli.conftest import film
from tests.people.place import make_place
from tests.web.visitor import Visitor

from candor.core.clock import SystemClock
from candor.core.settings import Settings
from candor.custody.witness_client import latest
from candor.footage.renditions import renditions_of
from candor.footage.tables import part
from candor.installation import Installation
from candor.people import passwords
from candor.people.rules import Role
from candor.store.tables import vault_key
from candor.web.app import create_app

pytestmark = pytest.mark.long


@dataclass
class Candor:
    """The command line on one machine."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def place(self) -> Path:
        return self.folder / "other-disk"

    def run(self, *words: object, code: int = 0, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end; it must end with that exit code."""
        done = forked.run(words, env=self.environment(), cwd=self.folder, typed=typed)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done

    def json(self, *words: object, code: int = 0) -> Any:
        """What a command says as JSON."""
        return json.loads(self.run(*words, "--json", code=code).stdout)

    def environment(self) -> dict[str, str]:
        """Nothing of the machine's own settings."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CANDOR_")}
        own = {"CANDOR_HOME": str(self.home), "CANDOR_KEYS": str(self.keys), passwords.CHEAP_FOR_TESTS: "1"}
        return kept | own | self.settings

    def lose_the_machine(self) -> None:
        """The disk with everything on it is gone."""
        shutil.rmtree(self.home)
        shutil.rmtree(self.keys)

    def bring_back(self, *more: object, code: int = 0) -> Any:
        """From the sheet and the backup."""
        self.run("key", "restore", "--sheet", self.folder / "sheet.txt")
        return self.json("restore", "--verify", self.place, *more, code=code)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A machine with two recordings, their viewing copies, and a recovery sheet on paper."""
    folder = tmp_path_factory.mktemp("ready")
    candor = Candor(folder)
    film(folder / "card" / "0001.mp4", shade=10)
    film(folder / "card" / "0002.mp4", shade=90)
    candor.run("ingest", folder / "card", "--work")
    candor.run("key", "sheet", "--out", folder / "sheet.txt")
    yield folder
    forked.end()


@pytest.fixture
def candor(ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Candor:
    """Another such machine: nothing on it says where it lies."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    for name in ("CANDOR_DATABASE_URL", "CANDOR_STORE_URL", "CANDOR_CONFIG", "CANDOR_WITNESSES"):
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(ready, tmp_path, dirs_exist_ok=True)
    return Candor(tmp_path)


@pytest.fixture
def witness(candor: Candor) -> Iterator[str]:
    """A witness of the machine's log, in a process of its own; its address. The machine is told of it."""
    vkey = candor.json("log")["vkey"]
    home = candor.folder / "witness"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["witness", "--home", home, "--name", "witness.example.org/w1", "--add-log", vkey, "--port", port]
    process = subprocess.Popen(
        [sys.executable, "-m", "candor", *map(str, words)], env=candor.environment(), stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 30
        while not listens(port):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.1)
        key = candor.run("witness", "--home", home, "--key").stdout.strip()
        candor.settings["CANDOR_WITNESSES"] = json.dumps([f"{key} http://127.0.0.1:{port}"])
        candor.settings["CANDOR_WITNESS_QUORUM"] = "1"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def witnessed(url: str, origin: str) -> int:
    """How many entries of the log the witness has cosigned."""
    note = latest(url, origin, timeout=5)
    return 0 if note is None else int(note.text.splitlines()[1])


def test_a_lost_machine_comes_back_whole_and_the_witness_goes_on(candor: Candor, witness: str) -> None:
    candor.run("backup", candor.place)
    before = candor.json("log")
    assert before["witnessed_size"] == before["size"] == witnessed(witness, before["origin"]) > 0
    recordings = candor.json("list")["recordings"]
    candor.lose_the_machine()

    candor.run("list", code=9)
    result = candor.bring_back()
    assert (result["problems"], result["seals_wrong"], result["log_behind"]) == ([], [], None)
    assert result["seals_checked"] == result["copied"] >= 4
    assert result["log_confirmed"], "the witness said what it holds"

    assert candor.json("list")["recordings"] == recordings
    candor.run("log", "checkpoint")
    after = candor.json("log")
    assert (after["origin"], after["vkey"], after["refusal"]) == (before["origin"], before["vkey"], None)
    assert after["witnessed_size"] == after["signed_size"] > before["size"]
    assert witnessed(witness, after["origin"]) == after["witnessed_size"]
    candor.run("log", "check")
    assert candor.json("fixity")["findings"] == []

    # And what it hands out verifies for a stranger, with the trust policy of before.
    candor.run("log", "policy", "--out", candor.folder / "policy.txt")
    package = candor.json(
        "export", recordings[0]["id"], "--out", candor.folder / "out", "--recipient", "Court", "--purpose", "drill"
    )["package"]
    candor.run("verify", package, "--policy", candor.folder / "policy.txt")


def test_an_older_backup_over_a_newer_log_signs_nothing(candor: Candor, witness: str) -> None:
    candor.run("backup", candor.place)
    film(candor.folder / "later" / "0003.mp4", shade=200)
    candor.run("ingest", candor.folder / "later")
    before = candor.json("log")
    candor.lose_the_machine()

    result = candor.bring_back(code=6)
    assert "witness.example.org/w1" in result["log_behind"]
    assert result["seals_wrong"] == []
    candor.run("log", "checkpoint", code=6)
    after = candor.json("log")
    assert after["refusal"]
    assert after["signed_size"] < before["size"]
    assert witnessed(witness, before["origin"]) == before["size"]
    # What was recorded stays and waits; footage is taken in.
    assert after["waiting"] > 0


def test_what_was_purged_after_the_backup_is_served_by_nothing(candor: Candor, witness: str) -> None:
    with Installation.open(Settings.load(home=candor.home, keys=candor.keys)) as here:
        place = make_place(here.database, SystemClock())  # type: ignore[arg-type]
        place.add("tanaka", Role.EVIDENCE_TECHNICIAN)
        place.add("okoro", Role.RECORDS_OFFICER)
    recording = candor.json("list")["recordings"][0]["id"]
    with Installation.open(Settings.load(home=candor.home, keys=candor.keys)) as here, here.database.read() as tx:
        part_id = tx.scalar(sa.select(part.c.id).where(part.c.recording_id == recording))
        copies = {one.kind.value: one for one in renditions_of(tx, part_id)}
        objects = [tx.scalar(sa.select(part.c.object_id).where(part.c.id == part_id))]
        objects += [one.object_id for one in copies.values()]
        wrapped = list(tx.scalars(sa.select(vault_key.c.wrapped_key).where(vault_key.c.object_id.in_(objects))))
    assert len(wrapped) == len(objects) >= 3

    candor.run("backup", candor.place)
    candor.settings["CANDOR_BACKUP"] = str(candor.place)
    said = ("--kind", "erasure", "--authority", "Order 26-CV-7", "--reason", "expunged")
    candor.run("retention", "propose", "E-7", recording, *said, "--as", "tanaka")
    candor.run("retention", "run", "E-7", code=3)  # nobody has approved it
    candor.run("retention", "approve", "E-7", "--reason", "seen", "--at-once", "--as", "okoro")
    candor.run("retention", "run", "E-7")
    stored = {path.name for path in candor.place.rglob("*")}
    assert not stored & set(objects)
    candor.lose_the_machine()

    result = candor.bring_back(code=6)  # the purge itself is in the log that the witness knows, and not in the backup
    assert result["destroyed"] == len(objects)
    assert result["seals_wrong"] == result["problems"] == []
    assert not {path.name for path in candor.home.rglob("*")} & set(objects)
    for path in candor.home.glob("candor.sqlite3*"):
        data = path.read_bytes()
        assert not [one for one in wrapped if one in data], path

    candor.run("export", recording, "--out", candor.folder / "out", "--recipient", "x", "--purpose", "y", code=4)
    with Installation.open(Settings.load(home=candor.home, keys=candor.keys)) as here:
        visitor = Visitor(create_app(here))
        assert visitor.sign_in("tanaka").status_code == 303
        page = visitor.get(f"/recordings/{recording}").text
        assert "Order 26-CV-7" in page
        assert "What is it opened for?" not in page
        assert visitor.post(f"/recordings/{recording}/viewings", {"purpose": "duty"}).status_code == 404
        for one in copies.values():
            for path in (f"/media/{one.id}", f"/posters/{one.id}"):
                answer = visitor.get(path)
                assert answer.status_code in (403, 404), (path, answer.status_code)
        assert visitor.post(f"/recordings/{recording}/parts/{part_id}/download").status_code == 404
        assert visitor.get(f"/originals/{part_id}?viewing=x").status_code in (403, 404)
        listed = visitor.get("/recordings").text
        assert "Destroyed" in listed
        assert f"/posters/{copies['poster'].id}" not in listed


def test_a_backup_killed_anywhere_is_made_by_the_next_run(candor: Candor) -> None:
    """Killed for good (SIGKILL) after a while that grows, until a run comes to its end by itself."""
    wait, runs = 0.05, 0
    while True:
        process = forked.Forked(["backup", candor.place], env=candor.environment(), cwd=candor.folder)
        try:
            assert process.wait(wait) == 0
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)
        wait, runs = wait + 0.15, runs + 1
        assert runs < 60
    assert runs > 0
    checked = candor.json("backup", candor.place, "--check")
    assert checked["findings"] == []
    assert checked["read"] == checked["objects"] >= 4
    candor.lose_the_machine()
    assert candor.bring_back()["seals_wrong"] == []


def test_a_restore_killed_anywhere_is_finished_by_the_next_run(candor: Candor) -> None:
    candor.run("backup", candor.place)
    candor.lose_the_machine()
    candor.run("key", "restore", "--sheet", candor.folder / "sheet.txt")
    wait, runs = 0.05, 0
    while True:
        process = forked.Forked(["restore", "--verify", candor.place], env=candor.environment(), cwd=candor.folder)
        try:
            # 5: the run before was killed after its last step, so there is nothing left to restore into.
            assert process.wait(wait) in ((0, 5) if runs else (0,))
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)
        if (candor.home / "restoring.json").exists():
            candor.run("list", code=9)
        wait, runs = wait + 0.15, runs + 1
        assert runs < 60
    assert runs > 0
    assert not (candor.home / "restoring.json").exists()
    candor.run("log", "checkpoint")
    candor.run("log", "check")
    assert candor.json("fixity")["findings"] == []
