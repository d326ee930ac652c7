"""Fixity: what is wrong is named, and a run stops, goes on, and keeps its pace."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.store import (
    FixityProgress,
    FixityResult,
    FixityRunUnknown,
    KeyRing,
    KeyWrong,
    Outcome,
    SealedObject,
    Vault,
    begin_run,
    check_object,
    create_keyring,
    run_fixity,
    unfinished_run,
)
from candor.store.folder import FolderStore
from candor.store.tables import fixity_run, vault_key, vault_object

Seal = Callable[..., SealedObject]
Footage = Callable[[int], bytes]
SIZES = (0, 100, 16_384, 3_000_000, 4_500_000)


@pytest.fixture
def objects(database: Database, vault: Vault, seal: Seal, footage: Footage) -> list[SealedObject]:
    """Five recorded objects, oldest first."""
    sealed = [seal(footage(size)) for size in SIZES]
    with database.write() as tx:
        for one in sealed:
            vault.record(tx, one)
    return sealed


@pytest.fixture
def run_id(database: Database, vault: Vault, objects: list[SealedObject]) -> str:
    """A run over them that has just begun."""
    with database.write() as tx:
        return begin_run(tx, vault)


def path_of(store: FolderStore, sealed: SealedObject) -> Path:
    path = store.root / "objects" / sealed.object_id[-3:] / sealed.object_id
    path.chmod(0o600)
    return path


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)


def test_all_is_well(
    database: Database, vault: Vault, objects: list[SealedObject], run_id: str, fixed_clock: FixedClock
) -> None:
    told: list[FixityProgress] = []
    results = list(run_fixity(database, vault, run_id, progress=told.append))
    assert [(one.object_id, one.outcome, one.findings, one.bytes_read) for one in results] == [
        (sealed.object_id, Outcome.OK, (), sealed.size) for sealed in objects
    ]
    assert (told[-1].objects_done, told[-1].objects_total) == (5, 5)
    assert told[-1].bytes_done == told[-1].bytes_total == sum(SIZES)
    assert [one.bytes_done for one in told] == sorted(one.bytes_done for one in told)
    with database.read() as tx:
        rows = tx.execute(sa.select(vault_object.c.last_fixity_at, vault_object.c.last_fixity_result)).all()
        assert set(rows) == {(fixed_clock.now(), "ok")}
        assert unfinished_run(tx) is None
        assert tx.scalar(sa.select(fixity_run.c.objects_wrong)) == 0


def test_each_fault_is_named(
    database: Database, vault: Vault, folder_store: FolderStore, objects: list[SealedObject], run_id: str
) -> None:
    path_of(folder_store, objects[0]).unlink()
    flip(path_of(folder_store, objects[1]), 20)
    with database.write() as tx:
        tx.execute(vault_key.delete().where(vault_key.c.object_id == objects[2].object_id))
    flip(path_of(folder_store, objects[3]), 56 + 5 * 16_400 + 3)
    unreadable = path_of(folder_store, objects[4])
    unreadable.unlink()
    unreadable.symlink_to(unreadable)  # reading it fails, for root too
    results = list(run_fixity(database, vault, run_id))
    assert [one.outcome for one in results] == [
        Outcome.MISSING,
        Outcome.ALTERED,
        Outcome.KEY_MISSING,
        Outcome.ALTERED,
        Outcome.UNREADABLE,
    ]
    words = ("not in the store at", "its head", "no wrapped key", "bytes 82056 to 98455 as stored", "symbolic links")
    for result, expected in zip(results, words, strict=True):
        assert len(result.findings) == 1
        assert expected in result.findings[0]
    with database.read() as tx:
        stored = tx.scalars(sa.select(vault_object.c.last_fixity_result).order_by(vault_object.c.object_id)).all()
        assert list(stored) == ["missing", "altered", "key missing", "altered", "unreadable"]
        assert tx.scalar(sa.select(fixity_run.c.objects_wrong)) == 5


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("sha256", bytes(32), "its SHA-256 is"),
        ("chunk_root", bytes(32), "its chunk root is"),
        ("size", 7, "its size is 100"),
    ],
)
def test_a_row_that_does_not_fit_its_object(
    database: Database, vault: Vault, objects: list[SealedObject], column: str, value: object, words: str
) -> None:
    with database.write() as tx:
        tx.execute(
            vault_object.update().where(vault_object.c.object_id == objects[1].object_id).values({column: value})
        )
    with database.read() as tx:
        recorded = vault.look_up(tx, objects[1].object_id)
    result = check_object(database, vault, recorded)
    assert result.outcome is Outcome.ALTERED
    assert len(result.findings) == 1
    assert words in result.findings[0]


def test_objects_without_a_key_and_newer_ones_are_passed_over(
    database: Database, vault: Vault, objects: list[SealedObject], run_id: str, seal: Seal, fixed_clock: FixedClock
) -> None:
    fixed_clock.advance(1)
    newer = seal(b"newer")
    with database.write() as tx:
        vault.destroy_key(tx, objects[3].object_id)
        vault.record(tx, newer)
    checked = [one.object_id for one in run_fixity(database, vault, run_id)]
    assert checked == [objects[number].object_id for number in (0, 1, 2, 4)]


def test_a_run_that_was_broken_off_goes_on(
    database: Database, second_database: Callable[[], Database], vault: Vault, objects: list[SealedObject], run_id: str
) -> None:
    running = run_fixity(database, vault, run_id)
    first = [next(running).object_id, next(running).object_id]
    running.close()  # the process ended here
    later = second_database()
    with later.read() as tx:
        assert unfinished_run(tx) == run_id
    told: list[FixityProgress] = []
    rest = [one.object_id for one in run_fixity(later, vault, run_id, progress=told.append)]
    assert first + rest == [one.object_id for one in objects]
    assert (told[-1].objects_done, told[-1].objects_total) == (5, 5)
    for unknown in (run_id, "no run"):
        with pytest.raises(FixityRunUnknown):
            next(run_fixity(later, vault, unknown))


def test_stopping_in_the_middle_of_an_object(
    database: Database, vault: Vault, objects: list[SealedObject], run_id: str
) -> None:
    told: list[FixityProgress] = []

    def enough() -> bool:
        return bool(told) and told[-1].bytes_done > 100 + 16_384

    results = list(run_fixity(database, vault, run_id, progress=told.append, cancelled=enough))
    assert [one.object_id for one in results] == [one.object_id for one in objects[:3]]
    rest = [one.object_id for one in run_fixity(database, vault, run_id)]
    assert rest == [one.object_id for one in objects[3:]]


def test_what_the_caller_adds_is_stored_with_the_result_or_neither_is(
    database: Database, vault: Vault, objects: list[SealedObject], run_id: str
) -> None:
    def settle(tx: Connection, result: FixityResult) -> None:
        if result.object_id == objects[1].object_id:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        list(run_fixity(database, vault, run_id, settle=settle))
    with database.read() as tx:
        stored = tx.scalars(sa.select(vault_object.c.last_fixity_result).order_by(vault_object.c.object_id)).all()
        assert list(stored) == ["ok", None, None, None, None]
    assert len(list(run_fixity(database, vault, run_id))) == 4


def test_the_pace_is_kept(database: Database, vault: Vault, objects: list[SealedObject], run_id: str) -> None:
    began = time.monotonic()
    assert len(list(run_fixity(database, vault, run_id, bytes_per_second=sum(SIZES) / 0.6))) == 5
    assert time.monotonic() - began >= 0.6
    with database.write() as tx:
        another = begin_run(tx, vault)
    with pytest.raises(ValueError, match="rate"):
        next(run_fixity(database, vault, another, bytes_per_second=0))


def test_a_wrong_keyring_stops_the_run_before_it_says_anything(
    database: Database, folder_store: FolderStore, run_id: str, tmp_path: Path
) -> None:
    create_keyring(tmp_path / "other keys")
    stranger = Vault(folder_store, KeyRing.load(tmp_path / "other keys"))
    with pytest.raises(KeyWrong):
        next(run_fixity(database, stranger, run_id))
