"""Clearing up: what crashes leave in the store, and what destroyed keys leave in the database's files."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.database import Database
from candor.store.stored import StoredObject
from candor.store.tables import vault_object
from candor.store.vault import Vault

__all__ = ["SHORTEST_WAIT", "Swept", "scrub_destroyed_keys", "sweep"]

SHORTEST_WAIT = timedelta(hours=1)
"""An object is sealed before it is recorded; nothing younger than this is taken for left over."""
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep removed: half-written drafts, objects that no row names, objects whose key was destroyed before
    a crash kept them from being erased."""

    drafts: int
    unrecorded: tuple[str, ...]
    keyless: tuple[str, ...]


def sweep(database: Database, vault: Vault, older_than: timedelta = timedelta(days=1)) -> Swept:
    """Remove from the store what a crash left there and no row names; never an object that is recorded.

    Opens its own transactions: looking through a large store takes minutes, and the write lock is taken only for the
    moment in which a batch of candidates is looked at again and removed. `older_than` is at least SHORTEST_WAIT
    (ValueError): what was sealed just now is about to be recorded.
    """
    if older_than < SHORTEST_WAIT:
        raise ValueError(f"a sweep leaves alone what is younger than {SHORTEST_WAIT}")
    before = vault.clock.now() - older_than
    unrecorded: list[str] = []
    keyless: list[str] = []
    kept_in = [vault.store.list(), *([] if vault.archive is None else [vault.archive.list()])]
    for batch in _batches(chain.from_iterable(kept_in)):
        with database.read() as tx:
            suspects = _left_over(tx, batch, before)
        if not any(suspects):
            continue
        wanted = {object_id for group in suspects for object_id in group}
        with database.write() as tx:
            if tx.dialect.name == "postgresql":
                # Whoever records an object inserts before looking for its bytes, so one of us sees the other.
                tx.execute(sa.text("LOCK TABLE vault_object IN SHARE ROW EXCLUSIVE MODE"))
            for found, removed in zip(
                _left_over(tx, [one for one in batch if one.object_id in wanted], before),
                (unrecorded, keyless),
                strict=True,
            ):
                removed += [object_id for object_id in found if vault.remove(object_id)]
    return Swept(vault.store.clear_unfinished(before), tuple(unrecorded), tuple(keyless))


def _left_over(tx: Connection, batch: list[StoredObject], before: datetime) -> tuple[list[str], list[str]]:
    """(unrecorded and old, recorded with a destroyed key) of some stored objects."""
    rows = tx.execute(
        sa.select(vault_object.c.object_id, vault_object.c.key_destroyed_at).where(
            vault_object.c.object_id.in_([one.object_id for one in batch])
        )
    )
    recorded = {row.object_id: row.key_destroyed_at for row in rows}
    unrecorded = [one.object_id for one in batch if one.object_id not in recorded and one.modified < before]
    return unrecorded, [object_id for object_id, destroyed in recorded.items() if destroyed is not None]


def _batches(objects: Iterable[StoredObject]) -> Iterator[list[StoredObject]]:
    rest = iter(objects)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def scrub_destroyed_keys(database: Database, patience: float = 5.0) -> bool:
    """Have the bytes of destroyed keys leave the database's files; whether they did. Call it after the commit.

    SQLite: they were overwritten in their page, but older copies of the page stand in the write-ahead log
    until a truncating checkpoint; readers can hold that up, so it is tried for `patience` seconds. PostgreSQL keeps
    old row versions in its files and its log for a time nobody promises: the answer is always False, and only
    wrapping all keys under a new epoch and destroying the old one makes the bytes worthless there. The same holds
    for back-ups and for the spare blocks of an SSD.
    """
    if not database.is_sqlite:
        return False
    deadline = time.monotonic() + patience
    connection = database.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=0")  # the pragma below would wait far longer than we may
        while True:
            (busy, _log, _done) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy or time.monotonic() >= deadline:
                return not busy
            time.sleep(0.05)
    finally:
        cursor.execute("PRAGMA busy_timeout=30000")
        cursor.close()
        connection.close()
