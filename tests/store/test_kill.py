"""A process that is killed while it seals: nothing acknowledged is lost, nothing half-done is visible."""

from __future__ import annotations

import hashlib
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.store import KeyRing, Vault, sweep
from candor.store.folder import FolderStore

pytestmark = pytest.mark.long

SEALER = """
import hashlib, sys
from pathlib import Path
from candor.core.database import Database
from candor.store import KeyRing, Vault
from candor.store.folder import FolderStore

def footage(number):
    return hashlib.shake_256(number.to_bytes(8, "big")).digest((0, 5, 70_000, 3 << 20)[number % 4])

vault, database = Vault(FolderStore(Path(sys.argv[1])), KeyRing.load(Path(sys.argv[2]))), Database(sys.argv[3])
print("ready", flush=True)
number = 0
while True:
    plain = footage(number)
    with vault.writer("original") as writer:
        writer.write(plain[:1000])
        writer.write(plain[1000:])
        sealed = writer.finish()
    with database.write() as tx:
        vault.record(tx, sealed)
    print(number, sealed.object_id, flush=True)
    number += 1
"""

ENDLESS = """
writer = vault.writer("original")
while True:
    writer.write(bytes(1 << 20))
    print("more", flush=True)
"""


def footage(number: int) -> bytes:
    return hashlib.shake_256(number.to_bytes(8, "big")).digest((0, 5, 70_000, 3 << 20)[number % 4])


def killed_sealer(vault: Vault, keys: Path, url: str, seconds: float, sure: bool) -> dict[int, str]:
    """Seal in a process of its own, kill it after so long (`sure`: after it acknowledged something); what it did."""
    command = [sys.executable, "-c", SEALER, vault.store.place, str(keys), url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sealer:
        assert sealer.stdout is not None
        assert sealer.stdout.readline() == "ready\n"
        first = sealer.stdout.readline() if sure else ""
        time.sleep(seconds)
        sealer.send_signal(signal.SIGKILL)
        lines = (first + sealer.stdout.read()).split("\n")[:-1]
    return {int(number): object_id for number, object_id in (line.split() for line in lines)}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("rounds", [4, pytest.param(100, marks=pytest.mark.soak)])
def test_killed_at_random_moments(
    database: Database, folder_store: FolderStore, keys_folder: Path, tmp_path: Path, rounds: int
) -> None:
    later = FixedClock(datetime.now(UTC) + timedelta(days=2))
    vault = Vault(folder_store, KeyRing.load(keys_folder), later)
    chosen = random.Random()
    acknowledged = 0
    for turn in range(rounds):
        url = database.url.render_as_string(hide_password=False)
        done = killed_sealer(vault, keys_folder, url, chosen.uniform(0.01, 0.4), sure=turn == 0)
        acknowledged += len(done)
        with database.read() as tx:
            for number, object_id in done.items():
                with vault.open(tx, object_id) as stream:
                    assert stream.read() == footage(number)
        swept = sweep(database, vault)
        assert swept.drafts <= 1
        assert len(swept.unrecorded) <= 1
        assert not set(swept.unrecorded) & set(done.values())
        with database.read() as tx:
            for stored in folder_store.list():
                vault.open(tx, stored.object_id).close()
        assert list((folder_store.root / "incoming").iterdir()) == []
    assert acknowledged


def test_killed_in_the_middle_of_a_large_object(
    database: Database, folder_store: FolderStore, keys_folder: Path
) -> None:
    endless = SEALER.split("number = 0")[0] + ENDLESS
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", endless, folder_store.place, str(keys_folder), url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sealer:
        assert sealer.stdout is not None
        for _ in range(20):
            assert sealer.stdout.readline()
        later = FixedClock(datetime.now(UTC) + timedelta(days=2))
        vault = Vault(folder_store, KeyRing.load(keys_folder), later)
        assert sweep(database, vault).drafts == 0, "the draft of a living writer is left alone"
        sealer.send_signal(signal.SIGKILL)
    (draft,) = (folder_store.root / "incoming").iterdir()
    assert draft.stat().st_size > 0
    assert list(folder_store.list()) == []
    assert sweep(database, vault).drafts == 1
    assert not draft.exists()
