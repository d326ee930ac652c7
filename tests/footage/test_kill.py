"""A real ingest process is killed (SIGKILL) at a random moment, again and again.

What it had acknowledged is there, readable and byte for byte the same; nothing half-done can be seen; what is left
over in the store is ciphertext that no row names, which the sweep takes away; and the rest goes in afterwards.

Ten kills in all by default; CANDOR_SOAK=200 makes it two hundred. CANDOR_KILL_SEED repeats the moments of a run.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.footage.clips import mp4

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.custody.record import history
from candor.custody.tables import custody_subject
from candor.footage.tables import intake, part, recording, recording_words, rendition
from candor.jobs.tables import job
from candor.store import KeyRing, Vault, create_keyring, sweep
from candor.store.folder import FolderStore
from candor.store.tables import vault_key, vault_object

pytestmark = pytest.mark.long

KILLS = int(os.environ.get("CANDOR_SOAK", "10"))
SEED = int(os.environ.get("CANDOR_KILL_SEED", str(random.randrange(1 << 32))))
PROGRAM = Path(__file__).with_name("ingest_program.py")


@dataclass
class Run:
    """One process, what it has said, and how it ended."""

    process: subprocess.Popen[str]
    lines: list[dict[str, Any]] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if not line.endswith("\n"):
                return  # killed in the middle of the line: not acknowledged
            said = json.loads(line)
            self.lines.append(said)
            self.ready.set()
        self.ready.set()

    @property
    def acknowledged(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if "recording" in line]


class Archive:
    """A store, its keys and a database that outlive the processes."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        create_keyring(folder / "keys")
        self.vault = Vault(FolderStore(folder / "store"), KeyRing.load(folder / "keys"))

    def start(self, files: Path) -> tuple[Run, threading.Thread]:
        url = self.database.url.render_as_string(hide_password=False)
        arguments = [url, self.folder / "store", self.folder / "keys", files]
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *map(str, arguments)], stdout=subprocess.PIPE, text=True
        )
        run = Run(process)
        listener = threading.Thread(target=run.listen)
        listener.start()
        return run, listener

    def run(self, files: Path, kill_after: float | None) -> Run:
        """Let a process work on the files; with `kill_after`, kill it so many seconds after it has begun."""
        run, listener = self.start(files)
        try:
            assert run.ready.wait(60), "the process did not begin"
            if kill_after is None:
                assert run.process.wait(120) == 0
            else:
                time.sleep(kill_after)
                run.process.send_signal(signal.SIGKILL)
        finally:
            run.process.kill()
            run.process.wait(30)
            listener.join(30)
            assert run.process.stdout is not None
            run.process.stdout.close()
        return run

    def check(self, acknowledged: list[dict[str, Any]], files: dict[str, str]) -> None:
        """Everything acknowledged is there and byte for byte the same; everything that is there is whole."""
        with self.database.read() as tx:
            parts = {row.recording_id: row for row in tx.execute(sa.select(part))}
            recordings = set(tx.scalars(sa.select(recording.c.id)))
            objects = set(tx.scalars(sa.select(vault_object.c.object_id)))
            keys = set(tx.scalars(sa.select(vault_key.c.object_id)))
            words = set(tx.scalars(sa.select(recording_words.c.recording_id)))
            subjects = set(tx.scalars(sa.select(custody_subject.c.recording_id)))
            received = set(tx.scalars(sa.select(intake.c.part_id)))
            wanted = set(tx.scalars(sa.select(rendition.c.job_id)))
            waiting = set(tx.scalars(sa.select(job.c.id)))
            kinds = {one: [event.kind.value for event in history(tx, one)] for one in recordings}
        for line in acknowledged:
            held = parts[line["recording"]]
            assert held.sha256.hex() == line["sha256"] == files[line["path"]]
            with self.database.read() as tx:
                stream = self.vault.open(tx, held.object_id)
            with stream:
                assert stream.read() == Path(line["path"]).read_bytes()
        assert recordings == set(parts) == words == subjects
        assert objects == keys == {held.object_id for held in parts.values()}
        assert received == {held.id for held in parts.values()}
        assert wanted == waiting
        for events in kinds.values():
            assert events[:2] == ["recording:received", "recording:sealed"]
            assert set(events[2:]) <= {"recording:received-again"}


def _make_files(folder: Path, number: int, chance: random.Random) -> dict[str, str]:
    """Some small recordings and one larger file that is none, different in every run; the SHA-256 of each."""
    folder.mkdir(parents=True)
    contents = [mp4(0.5, seed=number * 10 + one, sound=False) for one in range(2)]
    contents.insert(1, chance.randbytes(5 << 20))
    files = {}
    for one, content in enumerate(contents):
        path = folder / f"{number:03d}-{one}.mp4"
        path.write_bytes(content)
        files[str(path)] = hashlib.sha256(content).hexdigest()
    return files


def test_killed_at_random_moments(database: Database, database_url: str, tmp_path: Path) -> None:
    kills = max(1, KILLS // 2)  # on each of the two kinds of database
    chance = random.Random(f"{SEED} {database.url.get_backend_name()}")
    print(f"CANDOR_KILL_SEED={SEED}")
    archive = Archive(database, tmp_path)
    files, acknowledged = _make_files(tmp_path / "files" / "first", 0, chance), []
    began = time.monotonic()
    whole = archive.run(tmp_path / "files" / "first", None)
    lasts = time.monotonic() - began
    assert len(whole.acknowledged) == len(files)
    acknowledged += whole.acknowledged
    for number in range(1, kills + 1):
        folder = tmp_path / "files" / f"{number:03d}"
        files |= _make_files(folder, number, chance)
        run = archive.run(folder, chance.uniform(0, lasts))
        acknowledged += run.acknowledged
        archive.check(run.acknowledged, files)
    archive.check(acknowledged, files)
    _finish(archive, tmp_path / "files", files, acknowledged)


def _finish(archive: Archive, folder: Path, files: dict[str, str], acknowledged: list[dict[str, Any]]) -> None:
    """A process that is left alone takes in the rest, and knows what was acknowledged; the sweep leaves only that."""
    last = archive.run(folder, None)
    new = {line["path"]: line["new"] for line in last.acknowledged}
    assert set(new) == set(files)
    assert not [line["path"] for line in acknowledged if new[line["path"]]], "acknowledged, and yet unknown"
    archive.check(last.acknowledged, files)
    tomorrow = Vault(archive.vault.store, archive.vault.keys, FixedClock(datetime.now(UTC) + timedelta(days=2)))
    swept = sweep(archive.database, tomorrow)
    print(f"left over by {KILLS // 2} kills: {len(swept.unrecorded)} objects, {swept.drafts} drafts")
    with archive.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(recording)) == len(files)
        named = set(tx.scalars(sa.select(vault_object.c.object_id)))
    assert {stored.object_id for stored in archive.vault.store.list()} == named
    assert not [path for path in (archive.folder / "store").rglob("*") if path.is_file() and path.name not in named]
