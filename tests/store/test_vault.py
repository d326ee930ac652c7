"""The vault on both databases: record, open, destroy, erase, and keys that change."""

from __future__ import annotations

import dataclasses
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.core.settings import Settings
from candor.store import (
    KeyDestroyed,
    KeyInUse,
    KeyMissing,
    KeyRing,
    KeyringMissing,
    KeyStillHeld,
    KeyWrong,
    ObjectAltered,
    ObjectExists,
    ObjectMissing,
    ObjectUnknown,
    SealedObject,
    Vault,
    add_epoch,
    create_keyring,
    destroy_epoch,
)
from candor.store.folder import FolderStore
from candor.store.tables import vault_epoch, vault_key, vault_object

Seal = Callable[..., SealedObject]
Footage = Callable[[int], bytes]


@pytest.fixture
def recorded(database: Database, vault: Vault, seal: Seal, footage: Footage) -> SealedObject:
    """A sealed and recorded object of 3 MB and a bit."""
    sealed = seal(footage(3_000_017))
    with database.write() as tx:
        vault.record(tx, sealed)
    return sealed


def path_of(store: FolderStore, sealed: SealedObject) -> Path:
    return store.root / "objects" / sealed.object_id[-3:] / sealed.object_id


def test_recorded_and_opened(database: Database, vault: Vault, recorded: SealedObject, footage: Footage) -> None:
    plain = footage(3_000_017)
    with database.read() as tx:
        stream = vault.open(tx, recorded.object_id)
        row = vault.look_up(tx, recorded.object_id)
        assert [one.object_id for one in vault.with_sha256(tx, recorded.sha256)] == [recorded.object_id]
    for name in ("kind", "size", "sha256", "chunk_root", "stored_size", "created_at"):
        assert getattr(row, name) == getattr(recorded, name)
    with stream:  # the transaction is over
        assert stream.seekable()
        assert stream.readable()
        assert not stream.writable()
        assert stream.seek(-17, os.SEEK_END) == 3_000_000
        assert stream.read() == plain[-17:]
        assert stream.read(1) == b""
        assert stream.seek(2_000_000) == stream.tell()
        assert stream.read(100_000) == plain[2_000_000:2_100_000]
        assert stream.seek(-100_000, os.SEEK_CUR) == 2_000_000
        assert io.BufferedReader(stream).read() == plain[2_000_000:]
    with pytest.raises(ValueError, match="closed"):
        stream.read(1)


def test_positions_that_are_none(database: Database, vault: Vault, recorded: SealedObject) -> None:
    with database.read() as tx, vault.open(tx, recorded.object_id) as stream:
        for offset, whence in ((-1, os.SEEK_SET), (-1, os.SEEK_CUR), (0, 7)):
            with pytest.raises(ValueError, match=r"position|whence"):
                stream.seek(offset, whence)
        assert stream.seek(recorded.size + 5) == recorded.size + 5
        assert stream.read() == b""


def test_threads_share_a_stream(database: Database, vault: Vault, recorded: SealedObject, footage: Footage) -> None:
    plain, wrong = footage(3_000_017), list[int]()
    with database.read() as tx:
        stream = vault.open(tx, recorded.object_id)

    def read(start: int) -> None:
        for place in range(start, len(plain), 70_001):
            if stream.read_at(place, 20_000) != plain[place : place + 20_000]:
                wrong.append(place)

    with stream:
        threads = [threading.Thread(target=read, args=(start,)) for start in range(0, 40_000, 10_007)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_what_is_not_committed_is_not_recorded(database: Database, vault: Vault, seal: Seal) -> None:
    sealed = seal(b"plain")

    def record_and_fail() -> None:
        with database.write() as tx:
            vault.record(tx, sealed)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        record_and_fail()
    with database.read() as tx:
        with pytest.raises(ObjectUnknown, match=sealed.object_id):
            vault.open(tx, sealed.object_id)
        assert tx.scalar(sa.select(sa.func.count()).select_from(vault_epoch)) == 0
    with database.write() as tx:
        vault.record(tx, sealed)  # the act is tried again
        vault.open(tx, sealed.object_id).close()


def test_an_object_is_recorded_once(database: Database, vault: Vault, recorded: SealedObject) -> None:
    with database.write() as tx:
        with pytest.raises(ObjectExists):
            vault.record(tx, recorded)
        vault.open(tx, recorded.object_id).close()  # the transaction is still good


def test_nothing_is_recorded_whose_bytes_are_gone(database: Database, vault: Vault, seal: Seal) -> None:
    sealed = seal(b"plain")
    vault.discard(sealed)
    assert list(vault.store.list()) == []

    def record() -> None:
        with database.write() as tx:
            vault.record(tx, sealed)

    with pytest.raises(ObjectMissing):
        record()
    with database.read() as tx, pytest.raises(ObjectUnknown):
        vault.look_up(tx, sealed.object_id)


def test_missing_and_altered_bytes(
    database: Database, vault: Vault, folder_store: FolderStore, recorded: SealedObject
) -> None:
    path = path_of(folder_store, recorded)
    path.chmod(0o600)
    whole = path.read_bytes()

    def opening() -> None:
        with database.read() as tx:
            vault.open(tx, recorded.object_id).close()

    for altered, words in (
        (whole[:-1], "bytes as stored"),
        (whole + b"x", "bytes as stored"),
        (b"\xff" + whole[1:], "its head"),
        (whole[:-1] + bytes([whole[-1] ^ 1]), "so its length is not sure"),
    ):
        path.write_bytes(altered)
        with pytest.raises(ObjectAltered, match=words) as caught:
            opening()
        assert caught.value.exit_code == 6
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    with database.read() as tx, vault.open(tx, recorded.object_id) as stream:
        assert len(stream.read(1_000_000)) == 1_000_000
        with pytest.raises(ObjectAltered):
            stream.read()
    path.unlink()
    with pytest.raises(ObjectMissing):
        opening()


def test_another_objects_bytes_do_not_pass(
    database: Database, vault: Vault, folder_store: FolderStore, seal: Seal, footage: Footage
) -> None:
    one, two = seal(footage(50_000)), seal(footage(50_000))
    with database.write() as tx:
        vault.record(tx, one)
        vault.record(tx, two)
    first, second = path_of(folder_store, one), path_of(folder_store, two)
    first.chmod(0o600)
    first.write_bytes(second.read_bytes())
    with database.read() as tx, pytest.raises(ObjectAltered):
        vault.open(tx, one.object_id)


def test_a_destroyed_key_is_gone_for_good(
    database: Database, vault: Vault, folder_store: FolderStore, recorded: SealedObject, fixed_clock: FixedClock
) -> None:
    with database.write() as tx:
        with pytest.raises(KeyStillHeld):
            vault.erase(tx, recorded.object_id)
        assert vault.destroy_key(tx, recorded.object_id)
    with database.write() as tx:
        assert not vault.destroy_key(tx, recorded.object_id), "it had been destroyed before"
    with database.read() as tx:
        with pytest.raises(KeyDestroyed, match="2026-11-22T12:00:00"):
            vault.open(tx, recorded.object_id)
        assert vault.look_up(tx, recorded.object_id).key_destroyed_at == fixed_clock.now()
        assert vault.with_sha256(tx, recorded.sha256) == []
        assert path_of(folder_store, recorded).exists()
        assert vault.erase(tx, recorded.object_id)
        assert not vault.erase(tx, recorded.object_id)
        assert not path_of(folder_store, recorded).exists()
        assert tx.scalar(sa.select(vault_key.c.wrapped_key)) == bytes(60)
        assert vault.look_up(tx, recorded.object_id).sha256 == recorded.sha256, "that it was sealed remains known"
        for act in (vault.destroy_key, vault.erase, vault.open):
            with pytest.raises(ObjectUnknown):
                act(tx, new_id())


def test_a_destruction_that_is_rolled_back(database: Database, vault: Vault, recorded: SealedObject) -> None:
    def destroy_and_fail() -> None:
        with database.write() as tx:
            vault.destroy_key(tx, recorded.object_id)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        destroy_and_fail()
    with database.read() as tx:
        vault.open(tx, recorded.object_id).close()


def test_the_wrong_keyring_is_noticed_at_once(
    database: Database, vault: Vault, folder_store: FolderStore, recorded: SealedObject, tmp_path: Path
) -> None:
    stranger = Vault(folder_store, create_keyring(tmp_path / "other keys"))
    with stranger.writer("original") as writer:
        sealed = writer.finish()
    with database.read() as tx:
        vault.check_keys(tx)
        for act in (
            lambda: stranger.check_keys(tx),
            lambda: stranger.open(tx, recorded.object_id),
            lambda: stranger.record(tx, sealed),
        ):
            with pytest.raises(KeyWrong, match="epoch 1"):
                act()


def test_rotating_the_key(
    database: Database, vault: Vault, folder_store: FolderStore, keys_folder: Path, seal: Seal, footage: Footage
) -> None:
    before = [seal(footage(size)) for size in range(5)]
    late = seal(b"sealed before, recorded after")
    with database.write() as tx:
        for sealed in before:
            vault.record(tx, sealed)
    add_epoch(keys_folder)  # by another process
    with database.write() as tx:
        with pytest.raises(KeyInUse, match="from now on"):
            vault.retire_epoch(tx, 1)
        assert vault.rewrap(tx, limit=3) == 3
        with pytest.raises(KeyInUse, match="2 objects"):
            vault.retire_epoch(tx, 1)
        assert vault.rewrap(tx) == 2
        assert vault.rewrap(tx) == 0
        assert vault.wrapped_under(tx, 1) == 0
        vault.retire_epoch(tx, 1)
    destroy_epoch(keys_folder, 1)
    with database.write() as tx:
        vault.record(tx, late)
        assert vault.wrapped_under(tx, 1) == 0, "it was wrapped anew"
    fresh = Vault(folder_store, KeyRing.load(keys_folder))
    with database.read() as tx:
        fresh.check_keys(tx)
        for size, sealed in enumerate(before):
            with fresh.open(tx, sealed.object_id) as stream:
                assert stream.read() == footage(size)
        with fresh.open(tx, late.object_id) as stream:
            assert stream.read() == b"sealed before, recorded after"


def test_a_key_that_is_missing_from_the_folder(
    database: Database, folder_store: FolderStore, vault: Vault, keys_folder: Path, recorded: SealedObject
) -> None:
    add_epoch(keys_folder)
    destroy_epoch(keys_folder, 1)
    fresh = Vault(folder_store, KeyRing.load(keys_folder))
    with database.read() as tx:
        for act in (lambda: fresh.check_keys(tx), lambda: fresh.open(tx, recorded.object_id)):
            with pytest.raises(KeyMissing, match="epoch 1"):
                act()


def test_a_row_without_its_key(database: Database, vault: Vault, recorded: SealedObject) -> None:
    with database.write() as tx:
        tx.execute(vault_key.delete())
        with pytest.raises(KeyMissing, match="no wrapped key"):
            vault.open(tx, recorded.object_id)


def test_a_moved_wrapped_key_does_not_open(database: Database, vault: Vault, seal: Seal) -> None:
    one, two = seal(b"one"), seal(b"two")
    with database.write() as tx:
        vault.record(tx, one)
        vault.record(tx, dataclasses.replace(two, wrapped_key=one.wrapped_key))
        with pytest.raises(KeyMissing, match="does not open"):
            vault.open(tx, two.object_id)


def test_from_settings(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home", keys=tmp_path / "secret")
    with pytest.raises(KeyringMissing):
        Vault.from_settings(settings)
    create_keyring(settings.keys_folder)
    vault = Vault.from_settings(settings)
    sealed = vault.seal("poster", io.BytesIO(b"picture"))
    assert [one.object_id for one in vault.store.list()] == [sealed.object_id]
    assert (tmp_path / "home" / "footage" / "objects").is_dir()


def test_a_row_says_nothing_secret(database: Database, vault: Vault, recorded: SealedObject) -> None:
    with database.read() as tx:
        row = tx.execute(sa.select(vault_object)).one()
        assert recorded.wrapped_key not in list(row)
        assert tx.scalar(sa.select(vault_key.c.wrapped_key)) == recorded.wrapped_key
