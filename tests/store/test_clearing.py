"""Sweeping the store, and scrubbing destroyed keys out of the database's files."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.store import SealedObject, Vault, add_epoch, scrub_destroyed_keys, sweep
from candor.store.folder import FolderStore
from candor.store.tables import vault_key, vault_object

Seal = Callable[..., SealedObject]


def age(path: Path, clock: FixedClock, age: timedelta) -> None:
    moment = (clock.now() - age).timestamp()
    os.utime(path, (moment, moment))


def path_of(store: FolderStore, object_id: str) -> Path:
    return store.root / "objects" / object_id[-3:] / object_id


def test_a_sweep_removes_what_no_row_names_and_nothing_else(
    database: Database, vault: Vault, folder_store: FolderStore, seal: Seal, fixed_clock: FixedClock
) -> None:
    recorded, left_over, young, destroyed = (seal(b"x" * 100) for _ in range(4))
    with database.write() as tx:
        vault.record(tx, recorded)
        vault.record(tx, destroyed)
        vault.destroy_key(tx, destroyed.object_id)  # and then a crash, before it was erased
    draft = folder_store.root / "incoming" / new_id()
    draft.write_bytes(b"draft")
    for path in (draft, *(path_of(folder_store, one.object_id) for one in (recorded, left_over, destroyed))):
        age(path, fixed_clock, timedelta(days=3))
    age(path_of(folder_store, young.object_id), fixed_clock, timedelta(hours=23))
    swept = sweep(database, vault)
    assert (swept.drafts, swept.unrecorded, swept.keyless) == (1, (left_over.object_id,), (destroyed.object_id,))
    assert {one.object_id for one in folder_store.list()} == {recorded.object_id, young.object_id}
    again = sweep(database, vault)
    assert (again.drafts, again.unrecorded, again.keyless) == (0, (), ())


def test_a_sweep_of_many(database: Database, vault: Vault, folder_store: FolderStore, fixed_clock: FixedClock) -> None:
    names = [new_id() for _ in range(1200)]
    for name in names:
        path = path_of(folder_store, name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"left over")
        age(path, fixed_clock, timedelta(days=3))
    stranger = folder_store.root / "objects" / "abc" / "README"
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_text("not ours")
    age(stranger, fixed_clock, timedelta(days=3))
    assert sorted(sweep(database, vault).unrecorded) == names
    assert stranger.exists()


def test_what_is_recorded_while_a_sweep_looks_is_kept(
    database: Database,
    vault: Vault,
    folder_store: FolderStore,
    seal: Seal,
    fixed_clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sealed = seal(b"x")
    age(path_of(folder_store, sealed.object_id), fixed_clock, timedelta(days=3))
    real = database.write

    def record_first():  # type: ignore[no-untyped-def]
        monkeypatch.setattr(database, "write", real)
        with real() as tx:
            vault.record(tx, sealed)
        return real()

    monkeypatch.setattr(database, "write", record_first)
    assert sweep(database, vault).unrecorded == ()
    with database.read() as tx:
        vault.open(tx, sealed.object_id).close()


def test_a_sweep_is_never_hasty(database: Database, vault: Vault) -> None:
    with pytest.raises(ValueError, match="younger than"):
        sweep(database, vault, timedelta(minutes=59))


def database_bytes(database: Database) -> bytes:
    folder = Path(str(database.url.database)).parent
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_bytes_of_a_destroyed_key_leave_the_database_files(database: Database, vault: Vault, seal: Seal) -> None:
    kept, purged = seal(b"kept"), seal(b"purged")
    with database.write() as tx:
        vault.record(tx, kept)
        vault.record(tx, purged)
    assert purged.wrapped_key in database_bytes(database)
    with database.write() as tx:
        vault.destroy_key(tx, purged.object_id)
    assert purged.wrapped_key in database_bytes(database), "the log still holds the old page, hence the scrubbing"
    assert scrub_destroyed_keys(database)
    assert purged.wrapped_key not in database_bytes(database)
    assert kept.wrapped_key in database_bytes(database)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_copy_stays_behind_after_much_coming_and_going(
    database: Database, vault: Vault, folder_store: FolderStore, keys_folder: Path, fixed_clock: FixedClock
) -> None:
    """With rows that are deleted this can fail: SQLite leaves copies behind when pages merge."""
    chosen, alive, gone = random.Random(9), dict[str, bytes](), list[bytes]()
    for turn in range(8):
        with database.write() as tx:
            for _ in range(80):
                sealed = unsealed(vault, fixed_clock)
                (folder_store.root / "objects" / sealed.object_id[-3:]).mkdir(exist_ok=True)
                path_of(folder_store, sealed.object_id).touch()
                vault.record(tx, sealed)
                alive[sealed.object_id] = sealed.wrapped_key
            for object_id in chosen.sample(sorted(alive), 50):
                vault.destroy_key(tx, object_id)
                gone.append(alive.pop(object_id))
        if turn == 4:
            add_epoch(keys_folder)
            with database.write() as tx:
                while vault.rewrap(tx, limit=50):
                    pass
                gone += alive.values()
                query = sa.select(vault_key.c.object_id, vault_key.c.wrapped_key)
                alive = {object_id: wrapped for object_id, wrapped in tx.execute(query) if object_id in alive}
    assert scrub_destroyed_keys(database)
    content = database_bytes(database)
    left = [wrapped for wrapped in gone if any(wrapped[at : at + 12] in content for at in (0, 24, 48))]
    assert not left, f"{len(left)} of {len(gone)} destroyed keys are still in the files"
    assert all(wrapped in content for wrapped in alive.values())


def unsealed(vault: Vault, clock: FixedClock) -> SealedObject:
    """What sealing says of an empty object, without the sealing."""
    object_id = new_id()
    epoch, wrapped = vault.keys.wrap(object_id, os.urandom(32))
    return SealedObject(object_id, "original", 0, bytes(32), bytes(32), 0, wrapped, epoch, clock.now())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_reader_can_hold_scrubbing_up_and_that_is_said(database: Database, vault: Vault, seal: Seal) -> None:
    sealed = seal(b"x")
    with database.write() as tx:
        vault.record(tx, sealed)
    with database.read() as reader:
        reader.execute(sa.select(vault_object)).all()
        with database.write() as tx:
            vault.destroy_key(tx, sealed.object_id)
        assert not scrub_destroyed_keys(database, patience=0.2)
    assert scrub_destroyed_keys(database)
    assert sealed.wrapped_key not in database_bytes(database)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_promises_nothing_and_says_so(database: Database, vault: Vault, seal: Seal) -> None:
    sealed = seal(b"x")
    with database.write() as tx:
        vault.record(tx, sealed)
        vault.destroy_key(tx, sealed.object_id)
    assert scrub_destroyed_keys(database) is False
    with database.read() as tx:
        assert tx.scalar(sa.select(vault_key.c.wrapped_key)) == bytes(60)
