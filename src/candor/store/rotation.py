"""A new key-encryption key for everything: the next epoch is made, every object's key is wrapped under it, the old
epoch is retired, its traces leave the database's files, and its key is destroyed.

It may be interrupted at any point, by SIGKILL too, and goes on where it was when run again; other processes seal, open
and purge meanwhile:

1. Each batch is one transaction, which reads a wrapped key and replaces it while it holds the row. A key that is
   destroyed at the same moment is therefore either destroyed before, and left alone, or destroyed after.
2. Rows that somebody else holds are passed over and come in a later pass, so a batch never waits in the middle.
3. The epoch's row is locked before the last batch: whoever records an object under the old epoch has been counted, or
   sees it retired and wraps anew (`Vault.record`).
4. The key's file is destroyed only after the commit that says that nothing is wrapped under it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.database import Database
from candor.store.clearing import scrub_destroyed_keys
from candor.store.errors import KeyInUse
from candor.store.key_errors import KeysNotOpening
from candor.store.key_records import alone_with_keys, change_records, read_records
from candor.store.keys import add_epoch, destroy_epoch, half_destroyed
from candor.store.rewrapping import rewrap_batch
from candor.store.secrets import rewrap_secrets
from candor.store.tables import vault_epoch, vault_object
from candor.store.vault import Vault

__all__ = ["Begun", "Rotated", "rotate"]

_ATTEMPTS = 100
_PAUSE = 0.1
BATCH = 5_000
"""Keys to a transaction: a tenth of a second or two, for which other writers wait on SQLite."""


@dataclass(frozen=True)
class Begun:
    """A rotation that begins: from which epochs, to which, and how many objects' keys have to be wrapped anew."""

    old: tuple[int, ...]
    new: int
    keys: int


@dataclass(frozen=True)
class Rotated:
    """A rotation that ended. `keys`: wrapped anew by this run; `resumed`: it had been begun before; `scrubbed`: the old
    wrapped keys left the database's files; `destroyed`: epochs whose key files are gone."""

    old: tuple[int, ...]
    new: int
    keys: int
    resumed: bool
    scrubbed: bool
    destroyed: tuple[int, ...]


@dataclass
class _Run:
    database: Database
    vault: Vault
    folder: Path
    progress: Callable[[int], None]
    batch: int
    keys: int = 0
    not_opening: set[str] = field(default_factory=set)


def rotate(
    database: Database,
    vault: Vault,
    folder: Path,
    *,
    begun: Callable[[Connection, Begun], None],
    ended: Callable[[Connection, Rotated], None],
    progress: Callable[[int], None] = lambda count: None,
    keep_old: bool = False,
    batch: int = BATCH,
) -> Rotated:
    """Rotate the key-encryption key, or go on with a rotation that was interrupted.

    Opens its own transactions, as it takes minutes. `begun` and `ended` are called inside the transactions that begin
    and end it (for the custody events), `progress` with each further count of keys. With `keep_old` the old keys' files
    stay. Raises RotationRunning, KeyWrong, KeyMissing, KeyInUse, and KeysNotOpening when everything else is done.
    """
    with alone_with_keys(folder):
        run = _Run(database, vault, folder, progress, batch)
        left = _left_to_destroy(database, vault, folder)
        with database.read() as tx:
            old, resumed = _open_epochs(tx, vault)
        if left and not old:  # ended by a crash between the commit and the destroying
            done = Rotated(left, vault.keys.current, 0, True, scrub_destroyed_keys(database), ())
            return _destroy(done, folder, left)
        if not resumed:
            old = _begin(run, begun)
        _all_batches(run)
        if run.not_opening:
            raise KeysNotOpening(count=len(run.not_opening), object_id=min(run.not_opening))
        if keep_old:
            change_records(folder, kept=old)
        _end(run, old, resumed, ended)
        done = Rotated(old, vault.keys.current, run.keys, resumed, scrub_destroyed_keys(database), ())
        return done if keep_old else _destroy(done, folder, _left_to_destroy(database, vault, folder))


def _open_epochs(tx: Connection, vault: Vault) -> tuple[tuple[int, ...], bool]:
    """(older epochs that are not retired, whether a rotation away from them was begun)."""
    vault.keys.reload()
    rows = tx.execute(sa.select(vault_epoch.c.key_epoch, vault_epoch.c.retired_at)).all()
    old = tuple(sorted(row.key_epoch for row in rows if row.retired_at is None and row.key_epoch < vault.keys.current))
    return old, bool(old) and any(row.key_epoch == vault.keys.current for row in rows)


def _left_to_destroy(database: Database, vault: Vault, folder: Path) -> tuple[int, ...]:
    """Retired epochs whose keys still lie in the folder and were not to be kept."""
    kept = read_records(folder).kept
    with database.read() as tx:
        retired = tx.scalars(sa.select(vault_epoch.c.key_epoch).where(vault_epoch.c.retired_at.is_not(None))).all()
    at_hand = type(vault.keys).load(folder).epochs
    going = half_destroyed(folder)
    return tuple(epoch for epoch in sorted(retired) if epoch in going or (epoch in at_hand and epoch not in kept))


def _begin(run: _Run, begun: Callable[[Connection, Begun], None]) -> tuple[int, ...]:
    keys = run.vault.keys
    with run.database.read() as tx:
        known = tx.scalar(sa.select(sa.func.max(vault_epoch.c.key_epoch))) or 0
    if keys.current <= max(known, 1):  # else a crash came between making the key and writing it down
        add_epoch(run.folder)
        keys.reload()
    with run.database.write() as tx:
        for epoch in keys.epochs:
            if run.folder.joinpath(f"kek-{epoch:06d}.json").exists():
                run.vault.write_down_epoch(tx, epoch)
        old, _ = _open_epochs(tx, run.vault)
        count = sa.select(sa.func.count()).select_from(vault_object)
        older = vault_object.c.key_epoch != keys.current, vault_object.c.key_destroyed_at.is_(None)
        begun(tx, Begun(old, keys.current, int(tx.scalar(count.where(*older)) or 0)))
    return old


def _all_batches(run: _Run) -> None:
    """Pass after pass over all objects, until one finds nothing that is left to do."""
    for _ in range(_ATTEMPTS):
        if not _one_pass(run):
            return
    # Somebody seals without end under the old epoch; `_end` takes the rest while it holds the epoch's row.


def _one_pass(run: _Run) -> int:
    after: str | None = ""
    total = 0
    while after is not None:
        with run.database.write() as tx:
            done = rewrap_batch(tx, run.vault, after=after, limit=run.batch)
        run.not_opening.update(done.not_opening)
        after, total = done.last, total + done.keys
        run.progress(done.keys)
    while True:
        with run.database.write() as tx:
            more = rewrap_secrets(tx, run.vault.keys, run.batch)
        if not more:
            break
        total += more
    run.keys += total
    return total


def _end(run: _Run, old: Sequence[int], resumed: bool, ended: Callable[[Connection, Rotated], None]) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            with run.database.write() as tx:
                locked = sa.select(vault_epoch.c.key_epoch).where(vault_epoch.c.key_epoch.in_(old))
                tx.execute(locked.order_by(vault_epoch.c.key_epoch).with_for_update()).all()
                late = 0
                after: str | None = ""
                while after is not None:
                    done = rewrap_batch(tx, run.vault, after=after, limit=run.batch)
                    late, after = late + done.keys, done.last
                rewrap_secrets(tx, run.vault.keys, run.batch)
                for epoch in old:
                    run.vault.retire_epoch(tx, epoch)
                done_by_then = Rotated(tuple(old), run.vault.keys.current, run.keys + late, resumed, False, ())
                ended(tx, done_by_then)
            run.keys += late
            return
        except KeyInUse:  # rows that another transaction held were passed over
            if attempt + 1 == _ATTEMPTS:
                raise
            time.sleep(_PAUSE)


def _destroy(done: Rotated, folder: Path, epochs: Sequence[int]) -> Rotated:
    for epoch in epochs:
        destroy_epoch(folder, epoch)
    return Rotated(done.old, done.new, done.keys, done.resumed, done.scrubbed, tuple(epochs))
