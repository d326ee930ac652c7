"""A new key for everything: whole, killed in the middle, and beside others who seal, purge and rotate."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.database import Database
from candor.core.ids import new_id
from candor.store import KeyDestroyed, KeyInUse, KeyMissing, KeyRing, SealedObject, Vault, add_epoch, rotation
from candor.store import keys as key_files
from candor.store.folder import FolderStore
from candor.store.key_errors import KeysNotOpening, RotationRunning
from candor.store.key_records import alone_with_keys
from candor.store.keys import WRAPPED_SIZE
from candor.store.rewrapping import rewrap_batch
from candor.store.rotation import Begun, Rotated, rotate
from candor.store.secrets import keep_secret
from candor.store.tables import vault_epoch, vault_key, vault_object, vault_secret

DESTROYED = bytes(WRAPPED_SIZE)


def make_keys(database: Database, vault: Vault, count: int) -> dict[str, bytes]:
    """Objects of which only the rows are there, and their keys."""
    made = {new_id(): os.urandom(32) for _ in range(count)}
    rows, keys = [], []
    for object_id, key in made.items():
        epoch, wrapped = vault.keys.wrap(object_id, key)
        rows.append(
            {
                "object_id": object_id,
                "kind": "original",
                "size": 1,
                "sha256": bytes(32),
                "chunk_root": bytes(32),
                "stored_size": 1,
                "key_epoch": epoch,
                "created_at": vault.clock.now(),
            }
        )
        keys.append({"object_id": object_id, "wrapped_key": wrapped})
    with database.write() as tx:
        vault.write_down_epoch(tx, vault.keys.current)
        tx.execute(vault_object.insert(), rows)
        tx.execute(vault_key.insert(), keys)
    return made


def run(database: Database, vault: Vault, folder: Path, **more: object) -> tuple[Rotated, list[Begun], list[Rotated]]:
    begun: list[Begun] = []
    ended: list[Rotated] = []
    done = rotate(
        database,
        vault,
        folder,
        begun=lambda tx, one: begun.append(one),
        ended=lambda tx, one: ended.append(one),
        **{"batch": 7, **more},  # type: ignore[arg-type]
    )
    return done, begun, ended


def must_all_open(database: Database, folder: Path, made: dict[str, bytes], *, under: int) -> None:
    """Every key opens with what is in the folder now, under that epoch."""
    keys = KeyRing.load(folder)
    with database.read() as tx:
        rows = tx.execute(
            sa.select(vault_object.c.object_id, vault_object.c.key_epoch, vault_key.c.wrapped_key)
            .join_from(vault_object, vault_key)
            .where(vault_object.c.key_destroyed_at.is_(None))
        ).all()
    assert {row.object_id for row in rows} == set(made)
    for object_id, epoch, wrapped in rows:
        assert epoch == under
        assert keys.unwrap(object_id, epoch, wrapped) == made[object_id]


def raw(database: Database, object_id: str) -> bytes:
    with database.read() as tx:
        wrapped: bytes = tx.execute(
            sa.select(vault_key.c.wrapped_key).where(vault_key.c.object_id == object_id)
        ).scalar_one()
    return wrapped


def test_the_whole(database: Database, vault: Vault, keys_folder: Path) -> None:
    made = make_keys(database, vault, 50)
    with database.write() as tx:
        secret_id = vault.keep_secret(tx)
        secret = vault.open_secret(tx, secret_id)
    counted: list[int] = []
    done, begun, ended = run(database, vault, keys_folder, progress=counted.append)
    assert begun == [Begun((1,), 2, 50)]
    assert [(one.old, one.new, one.resumed) for one in ended] == [((1,), 2, False)]
    assert (done.old, done.new, done.resumed, done.destroyed) == ((1,), 2, False, (1,))
    assert done.keys == 51, "fifty keys and a secret"
    assert sum(counted) == 50
    assert done.scrubbed == database.is_sqlite
    must_all_open(database, keys_folder, made, under=2)
    with database.read() as tx:
        assert tx.scalar(sa.select(vault_epoch.c.retired_at).where(vault_epoch.c.key_epoch == 1)) is not None
        fresh = Vault(vault.store, KeyRing.load(keys_folder))
        fresh.check_keys(tx)
        assert fresh.open_secret(tx, secret_id) == secret
    again, begun, _ = run(database, vault, keys_folder)
    assert (again.old, again.new, [one.new for one in begun]) == ((2,), 3, [3])
    must_all_open(database, keys_folder, made, under=3)


def test_old_wrapped_keys_leave_the_files(tmp_path: Path, folder_store: FolderStore, keys_folder: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'own.sqlite3'}")
    try:
        with database.write() as tx:
            vault_object.metadata.create_all(tx, tables=_vault_tables())
        vault = Vault(folder_store, KeyRing.load(keys_folder))
        made = make_keys(database, vault, 300)
        before = [raw(database, object_id) for object_id in made]
        run(database, vault, keys_folder, batch=50)
        stored = b"".join(path.read_bytes() for path in tmp_path.glob("own.sqlite3*"))
        assert not [wrapped for wrapped in before if wrapped in stored]
        assert raw(database, next(iter(made))) in stored
    finally:
        database.dispose()


def _vault_tables() -> list[sa.Table]:
    return [table for name, table in vault_object.metadata.tables.items() if name.startswith("vault_")]


def test_the_old_key_may_be_kept(database: Database, vault: Vault, keys_folder: Path) -> None:
    made = make_keys(database, vault, 5)
    done, *_ = run(database, vault, keys_folder, keep_old=True)
    assert done.destroyed == ()
    assert KeyRing.load(keys_folder).epochs == (1, 2)
    done, *_ = run(database, vault, keys_folder)
    assert (done.old, done.destroyed) == ((2,), (2,)), "what was to be kept is kept"
    assert KeyRing.load(keys_folder).epochs == (1, 3)
    must_all_open(database, keys_folder, made, under=3)


ROTATOR = """
import sys
from pathlib import Path
from candor.core.database import Database
from candor.store import KeyRing, Vault
from candor.store.folder import FolderStore
from candor.store.rotation import rotate

folder = Path(sys.argv[2])
print("ready", flush=True)
done = rotate(
    Database(sys.argv[3]), Vault(FolderStore(Path(sys.argv[1])), KeyRing.load(folder)), folder,
    begun=lambda tx, begun: print("begun", begun.new, flush=True), ended=lambda tx, ended: None,
    progress=lambda count: print("batch", count, flush=True), batch=20,
)
print("done", done.new, flush=True)
"""


def killed_rotator(vault: Vault, folder: Path, url: str, lines: int, pause: float) -> list[str]:
    """Rotate in a process of its own and kill it after so many lines; what it said."""
    command = [sys.executable, "-c", ROTATOR, vault.store.place, str(folder), url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [line for _ in range(lines) if (line := process.stdout.readline())]
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        return said + process.stdout.readlines()


def test_killed_in_the_middle_and_run_again(
    database: Database, database_url: str, vault: Vault, keys_folder: Path
) -> None:
    made = make_keys(database, vault, 2_000)
    said = killed_rotator(vault, keys_folder, database_url, 6, 0.0)
    assert "begun 2\n" in said
    assert "done 2\n" not in said, "it was killed in the middle"
    with database.read() as tx:
        epochs = dict(tx.execute(sa.select(vault_object.c.key_epoch, sa.func.count()).group_by("key_epoch")).all())  # type: ignore[arg-type]
    assert epochs[1] > 0
    assert epochs[2] >= 40
    assert KeyRing.load(keys_folder).epochs == (1, 2)
    done, begun, _ = run(database, vault, keys_folder, batch=500)
    assert (done.resumed, begun, done.new, done.keys) == (True, [], 2, epochs[1])
    must_all_open(database, keys_folder, made, under=2)
    assert KeyRing.load(keys_folder).epochs == (2,)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("rounds", [3, pytest.param(25, marks=pytest.mark.soak)])
def test_killed_at_random_moments(
    database: Database, database_url: str, vault: Vault, keys_folder: Path, rounds: int
) -> None:
    made = make_keys(database, vault, 400)
    for _ in range(rounds):
        killed_rotator(vault, keys_folder, database_url, 1, random.uniform(0, 0.25))
        present = Vault(vault.store, KeyRing.load(keys_folder))
        with database.read() as tx:
            present.check_keys(tx)
    present = Vault(vault.store, KeyRing.load(keys_folder))
    done, *_ = run(database, present, keys_folder, batch=100)
    must_all_open(database, keys_folder, made, under=done.new)
    assert KeyRing.load(keys_folder).epochs == (done.new,)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_interrupted_before_it_is_written_down(database: Database, vault: Vault, keys_folder: Path) -> None:
    made = make_keys(database, vault, 5)

    def crash(tx: Connection, begun: Begun) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(database, vault, keys_folder, begun=crash, ended=lambda tx, ended: None)
    assert KeyRing.load(keys_folder).epochs == (1, 2)
    done, begun, _ = run(database, vault, keys_folder)
    assert [one.new for one in begun] == [2], "the key that was made is used, and its beginning is on record"
    must_all_open(database, keys_folder, made, under=done.new)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("how_far", ["not begun", "renamed", "overwritten"])
def test_interrupted_while_the_old_key_is_destroyed(
    database: Database, vault: Vault, keys_folder: Path, monkeypatch: pytest.MonkeyPatch, how_far: str
) -> None:
    made = make_keys(database, vault, 5)

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def destroy(folder: Path, epoch: int) -> None:
        with monkeypatch.context() as patch:
            if how_far == "renamed":
                patch.setattr(key_files, "sync_folder", crash)
            else:
                patch.setattr(Path, "unlink", crash)
            key_files.destroy_epoch(folder, epoch)

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "destroy_epoch", crash if how_far == "not begun" else destroy)
        with pytest.raises(KeyboardInterrupt):
            run(database, vault, keys_folder)
    assert KeyRing.load(keys_folder).epochs == ((1, 2) if how_far == "not begun" else (2,))
    done, begun, ended = run(database, vault, keys_folder)
    assert (done.new, done.destroyed, done.resumed, begun, ended) == (2, (1,), True, [], [])
    assert [path.name for path in sorted(keys_folder.glob("*kek*"))] == ["kek-000002.json"]
    must_all_open(database, keys_folder, made, under=2)


def test_a_purge_between_batches_stays_one(
    database: Database, second_database: Callable[[], Database], vault: Vault, keys_folder: Path
) -> None:
    made = make_keys(database, vault, 30)
    other, order = second_database(), sorted(made)
    purged = [order[0], order[12], order[29]]  # wrapped anew already, about to be, last of all

    def purge(count: int) -> None:
        if purged[0] in made:
            with other.write() as tx:
                assert all(vault.destroy_key(tx, object_id) for object_id in purged)
            for object_id in purged:
                del made[object_id]

    run(database, vault, keys_folder, progress=purge, batch=10)
    must_all_open(database, keys_folder, made, under=2)
    for object_id in purged:
        assert raw(database, object_id) == DESTROYED
        with database.read() as tx, pytest.raises(KeyDestroyed):
            vault.open(tx, object_id)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_purge_that_holds_its_rows_is_passed_over(
    database: Database, second_database: Callable[[], Database], vault: Vault, keys_folder: Path
) -> None:
    made = make_keys(database, vault, 10)
    purged = sorted(made)[4]
    add_epoch(keys_folder)
    with second_database().write() as purging:
        vault.destroy_key(purging, purged)
        with database.write() as tx:
            done = rewrap_batch(tx, vault, limit=100)
        assert done.keys == 9, "it neither waits nor takes the row"
    del made[purged]
    assert raw(database, purged) == DESTROYED
    with database.write() as tx:
        assert rewrap_batch(tx, vault, limit=100).keys == 0
    must_all_open(database, keys_folder, made, under=2)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_purge_inside_a_batch_comes_after_it(
    database: Database, second_database: Callable[[], Database], vault: Vault, keys_folder: Path
) -> None:
    made = make_keys(database, vault, 10)
    purged, other = sorted(made)[4], second_database()
    add_epoch(keys_folder)

    def purge() -> None:
        with other.write() as tx:
            vault.destroy_key(tx, purged)

    purging = threading.Thread(target=purge)
    with database.write() as tx:
        assert rewrap_batch(tx, vault, limit=100).keys == 10
        purging.start()
        purging.join(timeout=0.5)
        assert purging.is_alive(), "it waits for the batch"
    purging.join(timeout=20)
    assert not purging.is_alive()
    assert raw(database, purged) == DESTROYED
    del made[purged]
    must_all_open(database, keys_folder, made, under=2)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_purge_that_commits_while_the_batch_reads(
    database: Database, second_database: Callable[[], Database], vault: Vault, keys_folder: Path
) -> None:
    """Many at once, in random order: no key comes back, nobody deadlocks."""
    made = make_keys(database, vault, 400)
    other, chosen = second_database(), random.Random(7)
    purged = chosen.sample(sorted(made), 120)
    problems: list[BaseException] = []

    def purge() -> None:
        try:
            for at in range(0, len(purged), 6):
                with other.write() as tx:
                    for object_id in purged[at : at + 6]:
                        vault.destroy_key(tx, object_id)
        except BaseException as error:
            problems.append(error)

    purging = threading.Thread(target=purge)
    purging.start()
    run(database, vault, keys_folder, batch=25)
    purging.join(timeout=60)
    assert not problems
    assert not purging.is_alive()
    for object_id in purged:
        del made[object_id]
        assert raw(database, object_id) == DESTROYED
    must_all_open(database, keys_folder, made, under=2)


def test_sealing_goes_on_meanwhile(
    database: Database,
    second_database: Callable[[], Database],
    folder_store: FolderStore,
    vault: Vault,
    keys_folder: Path,
) -> None:
    """Another process, which knows of no rotation: sealed before and recorded in the middle, and after the end."""
    other_vault, other = Vault(folder_store, KeyRing.load(keys_folder)), second_database()

    def sealed_now(content: bytes) -> SealedObject:
        with other_vault.writer("original") as writer:
            writer.write(content)
            return writer.finish()

    make_keys(database, vault, 20)
    late, latest = sealed_now(b"recorded in the middle"), sealed_now(b"recorded after the end")
    recorded: list[str] = []

    def meanwhile(count: int) -> None:
        if not recorded:
            with other.write() as tx:
                other_vault.record(tx, late)
            recorded.append(late.object_id)

    run(database, vault, keys_folder, progress=meanwhile, batch=5)
    assert KeyRing.load(keys_folder).epochs == (2,)
    with other.write() as tx:
        other_vault.record(tx, latest)
    fresh = Vault(folder_store, KeyRing.load(keys_folder))
    with database.read() as tx:
        fresh.check_keys(tx)
        for sealed, content in ((late, b"recorded in the middle"), (latest, b"recorded after the end")):
            for one in (fresh, other_vault):
                with one.open(tx, sealed.object_id) as stream:
                    assert stream.read() == content


def test_only_one_at_a_time(database: Database, vault: Vault, keys_folder: Path) -> None:
    make_keys(database, vault, 5)
    with alone_with_keys(keys_folder), pytest.raises(RotationRunning, match=str(keys_folder)):
        run(database, vault, keys_folder)
    assert KeyRing.load(keys_folder).epochs == (1,)


def test_a_second_one_from_elsewhere_undoes_nothing(
    database: Database, second_database: Callable[[], Database], vault: Vault, keys_folder: Path
) -> None:
    """Somebody makes a third epoch while the second is being wrapped under: everything ends under the third."""
    made = make_keys(database, vault, 30)
    other = second_database()

    def another(count: int) -> None:
        if KeyRing.load(keys_folder).current == 2:
            add_epoch(keys_folder)
            with other.write() as tx:
                rewrap_batch(tx, Vault(vault.store, KeyRing.load(keys_folder)), limit=4)

    run(database, vault, keys_folder, progress=another, batch=10)
    done, *_ = run(database, vault, keys_folder)
    must_all_open(database, keys_folder, made, under=done.new)


def test_a_key_that_does_not_open_keeps_the_old_one(database: Database, vault: Vault, keys_folder: Path) -> None:
    made = make_keys(database, vault, 10)
    broken = sorted(made)[3]
    whole = raw(database, broken)
    put = vault_key.update().where(vault_key.c.object_id == broken)
    with database.write() as tx:
        tx.execute(put.values(wrapped_key=b"\1" * WRAPPED_SIZE))
    with pytest.raises(KeysNotOpening, match=f"1 wrapped keys do not open.*{broken}") as caught:
        run(database, vault, keys_folder)
    assert caught.value.exit_code == 6
    assert KeyRing.load(keys_folder).epochs == (1, 2)
    with database.write() as tx:
        tx.execute(put.values(wrapped_key=whole))
    done, *_ = run(database, vault, keys_folder)
    assert done.resumed
    must_all_open(database, keys_folder, made, under=2)


def test_without_the_old_key_nothing_is_begun_or_destroyed(
    database: Database, vault: Vault, keys_folder: Path, tmp_path: Path
) -> None:
    make_keys(database, vault, 5)
    add_epoch(keys_folder)
    (keys_folder / "kek-000001.json").rename(tmp_path / "away")
    present = Vault(vault.store, KeyRing.load(keys_folder))
    with pytest.raises((KeyMissing, KeyInUse)):
        run(database, present, keys_folder)
    (tmp_path / "away").rename(keys_folder / "kek-000001.json")
    run(database, vault, keys_folder)


def test_a_secret_kept_in_the_moment_an_epoch_retires(database: Database, vault: Vault, keys_folder: Path) -> None:
    """The new key comes after the keys were read: the secret is wrapped under it, not under the retired one."""
    make_keys(database, vault, 1)
    asked: list[int] = []

    def begin_epoch(tx: Connection, epoch: int) -> bool:
        asked.append(epoch)
        if len(asked) == 1:
            add_epoch(keys_folder)
            vault.write_down_epoch(tx, epoch)
            return True
        vault.write_down_epoch(tx, epoch)
        return False

    with database.write() as tx:
        secret_id = keep_secret(tx, vault.keys, begin_epoch)
        kept = sa.select(vault_secret.c.key_epoch).where(vault_secret.c.secret_id == secret_id)
        found = tx.execute(kept).scalar_one()
    assert (asked, found) == ([1, 2], 2)
    with database.write() as tx, pytest.raises(KeyMissing, match="epoch 2 is retired"):
        keep_secret(tx, vault.keys, lambda tx, epoch: True)
