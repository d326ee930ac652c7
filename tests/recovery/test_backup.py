"""Making backups: what is copied, what is kept, what is removed, and what is refused."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.recovery.conftest import WHO, Machine
from tests.recovery.test_restore import purge

from candor.core.clock import FixedClock
from candor.core.settings import Settings
from candor.custody import Event, recent
from candor.footage.tables import part
from candor.installation import Installation
from candor.migrations.models import metadata
from candor.people.errors import Refused
from candor.people.rules import Actor, Role
from candor.recovery import errors, keeping
from candor.recovery.backup import _alone, run_backup
from candor.recovery.checking import check_backup
from candor.recovery.inventory import Item, items_of, put_items
from candor.recovery.pieces import PieceReader, PieceWriter, kind_of
from candor.recovery.place import BackupPlace
from candor.recovery.runs import last_backup, last_run
from candor.recovery.snapshot import LEFT_OUT
from candor.store import KeyRing, StoreUnreachable
from candor.store.folder import FolderStore
from candor.store.key_errors import RotationRunning
from candor.store.key_records import alone_with_keys
from candor.store.keys import add_epoch
from candor.store.sealed_bytes import NotAuthentic, open_bytes, seal_bytes
from candor.store.stored import key_of


def objects(machine: Machine) -> set[str]:
    return {path.name for path in (machine.kept / "objects").rglob("*") if path.is_file()}


def test_it_copies_once_and_says_what_it_did(machine: Machine) -> None:
    first = machine.back_up()
    assert (first.copied, first.manifest.objects, first.missing, first.log_problem) == (3, 3, (), None)
    stored = sorted(path for path in (machine.kept / "objects").rglob("*") if path.is_file())
    times = [path.stat().st_mtime_ns for path in stored]
    with machine.open() as here:
        machine.take(here, b"one more")
    second = machine.back_up()
    assert (second.copied, second.manifest.objects) == (1, 4)
    assert [path.stat().st_mtime_ns for path in stored] == times
    with machine.open() as here, here.database.read() as tx:
        event = next(recent(tx, kinds=[Event.BACKUP_MADE]))
        assert event.details["backup"] == second.manifest.id
        assert event.details["target"] == "folder"
        assert (event.details["objects"], event.details["copied"]) == (4, 1)
        run = last_backup(tx)
        assert run is not None
        assert run.id == second.manifest.id
        assert run.objects == 4
        assert run.problem is None
        # Its own event is in it, and in the checkpoint beside it.
        assert event.position is not None
        assert event.position < second.manifest.log.signed == second.manifest.log.size
    note = (machine.kept / "candor-backup" / second.manifest.folder / "checkpoint").read_text()
    assert note.splitlines()[1] == str(second.manifest.log.signed)


def test_every_table_is_in_it_or_left_out_on_purpose(machine: Machine) -> None:
    assert set(machine.back_up().manifest.tables) == set(metadata.tables) - LEFT_OUT
    assert set(metadata.tables) >= LEFT_OUT
    for table in metadata.sorted_tables:
        if table.name not in LEFT_OUT:
            assert all(kind_of(column) for column in table.columns)


def test_old_backups_go_and_what_only_they_needed(machine: Machine) -> None:
    first = machine.back_up().manifest
    with machine.open() as here, here.database.read() as tx:
        recording_id = tx.scalar(sa.select(part.c.recording_id).order_by(part.c.id))
    stray = FolderStore(machine.kept)
    sink = stray.create("01a20385-5f62-7d74-8491-917d11dcf595")
    sink.write(b"left by nobody")
    sink.finish()
    gone = purge(machine, recording_id)
    assert not objects(machine) & set(gone)
    for _ in range(2):
        last = machine.back_up(keep=2)
    assert last.dropped == 1
    assert [one.id for one in machine.place().manifests()].count(first.id) == 0
    assert not (machine.kept / "candor-backup" / first.folder).exists()
    assert len(objects(machine)) == 2
    assert check_backup(machine.place(), last.manifest, KeyRing.load(machine.settings.keys_folder)).findings == ()


def test_a_purge_that_the_place_could_not_be_told_of_is_told_by_the_next_backup(machine: Machine) -> None:
    machine.back_up()
    with machine.open() as here:
        with here.database.read() as tx:
            row = tx.execute(sa.select(part.c.recording_id, part.c.object_id).limit(1)).one()
        from candor.footage import purging

        with here.database.write() as tx:
            purging.purge(tx, here.vault, here.jobs, WHO, row.recording_id, authority="a", reason="b")
        keeping.pass_on_purges(here, None)
    assert row.object_id in objects(machine)
    result = machine.back_up()
    assert row.object_id not in objects(machine)
    assert len(list((machine.kept / "candor-backup" / "tombstones").iterdir())) == 1
    # A backup from before it is still whole: what it lacks was destroyed on purpose.
    older = machine.place().manifests()[-1]
    assert older.id != result.manifest.id
    checked = check_backup(machine.place(), older, KeyRing.load(machine.settings.keys_folder))
    assert (checked.findings, checked.destroyed) == ((), 1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_the_archive_has_lost_is_said_and_the_rest_is_kept(machine: Machine) -> None:
    with machine.open() as here:
        lost = next(iter(here.vault.store.list())).object_id
        here.vault.store.delete(lost)
    result = machine.back_up()
    assert result.missing == (lost,)
    assert (result.manifest.objects, result.manifest.missing) == (2, 1)
    with machine.open() as here, here.database.read() as tx:
        run = last_run(tx)
        assert run is not None
        assert run.problem == "1 objects are not in the archive's own store"
        assert last_backup(tx) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_copy_that_was_damaged_there_is_found_and_mended(machine: Machine) -> None:
    made = machine.back_up().manifest
    path = sorted(one for one in (machine.kept / "objects").rglob("*") if one.is_file())[0]
    path.chmod(0o600)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    keys = KeyRing.load(machine.settings.keys_folder)
    assert [path.name in one for one in check_backup(machine.place(), made, keys).findings] == [True]
    assert check_backup(machine.place(), made, keys, sample=0).findings == ()
    path.write_bytes(whole[:-1])
    assert "bytes, not" in check_backup(machine.place(), made, keys, sample=0).findings[0]
    machine.back_up()  # another size is seen without reading
    assert path.read_bytes() == whole
    assert check_backup(machine.place(), made, None).findings == ()


def test_places_that_would_be_lost_or_stolen_together_are_refused(machine: Machine, tmp_path: Path) -> None:
    settings = machine.settings
    for unfit in (settings.home / "backup", settings.keys_folder, settings.keys_folder / "b", settings.home.parent):
        with pytest.raises(errors.PlaceUnfit):
            BackupPlace.open(settings, str(unfit), create=True)
    with pytest.raises(errors.PlaceNotNamed):
        BackupPlace.open(settings, None, create=True)
    with pytest.raises(errors.NoBackup):
        BackupPlace.open(settings, str(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_agencys_place_is_left_alone(machine: Machine, new_database: Callable[[], str], tmp_path: Path) -> None:
    machine.back_up()
    settings = Settings.load(home=tmp_path / "b" / "home", keys=tmp_path / "b" / "keys", database_url=new_database())
    other = Machine(settings, machine.kept)
    with other.open(create=True) as here:
        other.take(here, b"theirs")
    before = objects(machine)
    with pytest.raises(errors.PlaceOfAnother):
        other.back_up()
    assert objects(machine) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_footage_that_is_not_ours_is_left_alone_where_no_backup_is(machine: Machine, tmp_path: Path) -> None:
    """A slip in the address must not clear out another archive's store."""
    theirs = FolderStore(machine.kept)
    sink = theirs.create("01a20385-5f62-7d74-8491-917d11dcf595")
    sink.write(b"the only copy of somebody else's evidence")
    sink.finish()
    with pytest.raises(errors.PlaceInUse, match="917d11dcf595"):
        machine.back_up()
    assert objects(machine) == {"01a20385-5f62-7d74-8491-917d11dcf595"}
    assert not (machine.kept / "candor-backup").exists()
    store = tmp_path / "store"
    settings = machine.settings.model_copy(update={"store_url": f"file://{store}"})
    with pytest.raises(errors.PlaceUnfit, match="footage itself"):
        BackupPlace.open(settings, str(store), create=True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_backup_just_made_stays_when_the_clock_was_wrong_before(machine: Machine) -> None:
    with Installation.open(machine.settings, clock=FixedClock(datetime(2099, 1, 1, tzinfo=UTC))) as here:
        early = run_backup(here, WHO, str(machine.kept)).manifest
    made = machine.back_up(keep=1)
    assert [one.id for one in machine.place().manifests()] == [made.manifest.id]
    assert made.dated_later is not None
    assert made.dated_later.id == early.id
    assert machine.back_up().dated_later is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_disk_in_the_same_place_is_told_of_every_purge(machine: Machine, tmp_path: Path) -> None:
    """Two disks that take turns under one name: the one that was away has older backups with the wrapped keys."""
    machine.back_up()
    with machine.open() as here, here.database.read() as tx:
        row = tx.execute(sa.select(part.c.recording_id, part.c.object_id).limit(1)).one()
    away = tmp_path / "in the drawer"
    shutil.copytree(machine.kept, away)
    purge(machine, row.recording_id)
    machine.back_up()
    machine.kept.rename(tmp_path / "the other drawer")
    away.rename(machine.kept)
    machine.back_up()
    assert row.object_id not in objects(machine)
    stones = machine.place().tombstones.read(KeyRing.load(machine.settings.keys_folder))
    assert [stone.object_ids for stone in stones] == [(row.object_id,)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_keys_do_not_change_between_its_rows_and_its_manifest(machine: Machine) -> None:
    """Otherwise the new sheet would not open rows that were read before the change, and the old one is destroyed."""
    tried: list[str] = []

    def told(now: Any) -> None:
        if now.step == "database":
            with pytest.raises(RotationRunning), alone_with_keys(machine.settings.keys_folder):
                pass
            tried.append(now.step)

    machine.back_up(told=told)
    assert tried
    with alone_with_keys(machine.settings.keys_folder):  # and it is over with the manifest
        add_epoch(machine.settings.keys_folder)
    with machine.open() as here:
        alone = threading.Event()

        def change() -> None:
            with alone_with_keys(machine.settings.keys_folder):
                alone.set()
                time.sleep(0.5)
                add_epoch(machine.settings.keys_folder)

        changing = threading.Thread(target=change)
        changing.start()
        assert alone.wait(10)
        assert run_backup(here, WHO, str(machine.kept)).manifest.epoch == 3
        changing.join()


FORGED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a path that leads away": lambda said: said["files"].append({"name": "../../x", "size": 1, "sha256": ""}),
    "a name that is none": lambda said: said["files"].append({"name": 5, "size": 1, "sha256": ""}),
    "a number that is none": lambda said: said["key"].update(epoch="1"),
    "a text that is none": lambda said: said.update(program={}),
    "depth": lambda said: said.update(program=["deep"]),
}


@pytest.mark.parametrize("what", FORGED)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_manifest_of_somebody_elses_making_is_named(machine: Machine, what: str) -> None:
    made = machine.back_up().manifest
    path = machine.kept / "candor-backup" / made.folder / "manifest.json"
    said = json.loads(path.read_text())
    FORGED[what](said)
    path.chmod(0o600)
    path.write_text(json.dumps(said).replace('["deep"]', "[" * 100_000 + "]" * 100_000))
    with pytest.raises(errors.BackupAltered, match="cannot be read"):
        machine.place().manifest()
    with pytest.raises(errors.BackupAltered, match="cannot be read"):
        machine.back_up()


def test_who_may_and_one_at_a_time(machine: Machine) -> None:
    officer = Actor("01a20385-5f62-7d74-8491-917d11dcf595", frozenset({Role.EVIDENCE_TECHNICIAN}), None, "T")
    with machine.open() as here, pytest.raises(Refused):
        run_backup(here, officer, str(machine.kept))
    with (machine.settings.home / "backup.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(errors.BackupRunning):
            machine.back_up()
    assert not machine.kept.exists() or not objects(machine)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_one_at_a_time_over_machines_that_share_a_database(machine: Machine, tmp_path: Path) -> None:
    elsewhere = {"home": tmp_path / "other-machine", "store_url": machine.settings.store}
    other = replace(machine, settings=machine.settings.model_copy(update=elsewhere))
    with machine.open() as here, _alone(here), pytest.raises(errors.BackupRunning):
        other.back_up()
    machine.back_up()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_interrupted_it_is_no_backup_and_the_next_run_goes_on(machine: Machine) -> None:
    seen: list[str] = []

    def told(now: Any) -> None:
        seen.append(now.step)
        if now.step == "database":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        machine.back_up(told=told)
    assert "footage" in seen
    assert machine.place().manifests() == []
    with pytest.raises(errors.NoBackup):
        machine.place().manifest()
    result = machine.back_up()
    assert (result.copied, result.manifest.objects) == (0, 3)
    assert check_backup(machine.place(), result.manifest, None).findings == ()


KILLED = """
import os, signal, sys
from tests.recovery.conftest import WHO, Machine
from candor.core.settings import Settings
from pathlib import Path
home, keys, url, kept = sys.argv[1:]
def told(now):
    if now.bytes_copied > 200_000:
        os.kill(os.getpid(), signal.SIGKILL)
Machine(Settings.load(home=Path(home), keys=Path(keys), database_url=url), Path(kept)).back_up(told=told)
"""


@pytest.mark.long
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_in_the_middle_of_an_object_the_next_run_goes_on(machine: Machine, another: Machine) -> None:
    with machine.open() as here:
        machine.take(here, random.Random(1).randbytes(9 << 20))
    where = machine.settings
    argv = [sys.executable, "-c", KILLED, where.home, where.keys_folder, where.database, machine.kept]
    root = Path(__file__).parents[2]
    killed = subprocess.run([str(one) for one in argv], cwd=root, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    left = [path.name for path in (machine.kept / "incoming").iterdir()]
    assert len(left) == 1
    made = machine.back_up()
    assert made.manifest.objects == 4
    assert check_backup(machine.place(), made.manifest, None).findings == ()
    # And a restore that was killed there.
    draft = another.settings.home / "footage" / "incoming" / left[0]
    draft.parent.mkdir(parents=True)
    draft.write_bytes(b"half of it")
    result = another.restore()
    assert (result.problems, result.wrong, result.copied) == ((), (), 4)
    assert not draft.exists()


def test_a_backup_is_one_moment_while_others_write(machine: Machine, another: Machine) -> None:
    """Somebody takes footage in between the copying of footage and the last row."""
    with machine.open() as writer:
        count = 0

        def told(now: Any) -> None:
            nonlocal count
            if now.step in ("footage", "database") and count < 5:
                count += 1
                machine.take(writer, f"while it runs {count}".encode())

        with machine.open() as here:
            result = run_backup(here, WHO, str(machine.kept), told=told)
    assert count == 5
    tables = result.manifest.tables
    assert tables["recording"] == tables["part"] == tables["vault_object"] == result.manifest.objects >= 7
    restored = another.restore()
    assert (restored.problems, restored.wrong) == ((), ())
    assert restored.checked == result.manifest.objects


# -- the forms ------------------------------------------------------------------------------------------------------

VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.binary(max_size=50)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False)
)


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.lists(VALUES, min_size=2, max_size=2))), st.integers(1, 400))
def test_rows_come_back_as_they_were_however_they_are_cut(rows: list[tuple[str, list[Any]]], size: int) -> None:
    pieces: list[bytes] = []
    writer = PieceWriter(pieces.append, size)
    columns = (("x", "text"), ("y", "int"))
    for table, values in rows:
        writer.begin(table, columns)
        writer.row(values)
    writer.end()
    found = [row for piece in pieces for row in PieceReader().read(piece)]
    assert [(table, values) for table, _, values in found] == rows


def test_a_piece_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="larger"):
        list(PieceReader().read(gzip.compress(b"x" * (70 << 20))))
    with pytest.raises(ValueError, match="not known"):
        list(PieceReader().read(gzip.compress(json.dumps({"table": "a", "columns": [["x", "code"]]}).encode() + b"\n")))


def test_an_inventory_comes_back_as_it_was() -> None:
    chance = random.Random(5)
    items = [Item(f"01a20385-5f62-7d74-8491-{number:012x}", number, chance.randbytes(32)) for number in range(60_000)]
    files: list[bytes] = []
    assert put_items(iter(items), files.append) == (60_000, sum(item.size for item in items))
    assert [item for file in files for item in items_of(file)] == items
    with pytest.raises(ValueError, match="cannot be read"):
        list(items_of(gzip.compress(b"../../etc/passwd 1 " + b"0" * 64 + b"\n")))


@given(st.binary(max_size=40_000), st.integers(0, 10**9))
def test_sealed_bytes_open_with_their_key_and_context_alone(data: bytes, where: int) -> None:
    key = bytes(range(32))
    sealed = seal_bytes(key, b"context", data)
    assert open_bytes(key, b"context", sealed) == data
    altered = bytearray(sealed)
    altered[where % len(sealed)] ^= 1
    for wrong in ((key, b"context", bytes(altered)), (key, b"other", sealed), (key[::-1], b"context", sealed)):
        with pytest.raises(NotAuthentic):
            open_bytes(*wrong)


def test_names_lead_nowhere_else(tmp_path: Path) -> None:
    from candor.store.named_files import FolderFiles

    files = FolderFiles(tmp_path)
    for name in ("../x", "/x", "a/../../x", "a//b", ".hidden", "", "a\0b"):
        with pytest.raises(ValueError, match="no file's name"):
            files.put_new(name, b"x")
    assert files.put_new("a/b.json", b"1")
    assert not files.put_new("a/b.json", b"2")
    assert files.get("a/b.json") == b"1"
    assert list(files.list("a")) == ["a/b.json"]
    assert key_of("01a20385-5f62-7d74-8491-917d11dcf595").startswith("objects/595/")


def test_a_file_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    from candor.store.named_files import LARGEST, FolderFiles

    files = FolderFiles(tmp_path)
    assert files.put_new("big", b"x")
    os.truncate(tmp_path / "candor-backup" / "big", LARGEST + 1)
    with pytest.raises(StoreUnreachable, match="larger than 256 MiB"):
        files.get("big")
