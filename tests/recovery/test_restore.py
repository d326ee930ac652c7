"""A backup brought back on an empty machine: everything is there, nothing is there that must not be."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.footage.clips import mp4
from tests.recovery.conftest import WHO, Machine, empty_machine

from candor.core.database import Database
from candor.core.ids import new_id
from candor.core.settings import Settings
from candor.custody import Event, recent
from candor.custody.errors import LogBehind
from candor.custody.tables import custody_event
from candor.footage import purging
from candor.footage.errors import RecordingDestroyed
from candor.footage.query import Query
from candor.footage.search import find
from candor.footage.tables import part, recording
from candor.footage.viewing import open_part
from candor.installation import RestoreUnfinished
from candor.jobs import JobState
from candor.migrations.models import metadata
from candor.people.tables import session
from candor.recovery import errors
from candor.recovery.checking import check_backup
from candor.recovery.manifest import Manifest
from candor.recovery.snapshot import LEFT_OUT
from candor.store import KeyDestroyed, KeyRing
from candor.store.errors import TombstoneAltered
from candor.store.tables import tombstone, vault_key
from candor.store.tombstones import Tombstone, encode

pytestmark = pytest.mark.long


def rows(database: Database, *but: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that a backup holds."""
    with database.read() as tx:
        return {
            table.name: sorted((tuple(row) for row in tx.execute(sa.select(table))), key=repr)
            for table in metadata.sorted_tables
            if table.name not in LEFT_OUT | set(but)
        }


#: What a restore itself changes: the log goes on, jobs are handed out anew, the check of seals is on record.
CHANGED = ("custody_event", "job", "backup_run", "fixity_run", "fixity_check", "vault_object", "custody_subject")


def test_everything_comes_back(machine: Machine, another: Machine) -> None:
    with machine.open() as here:
        film = machine.take(here, mp4(), "film.mp4")
        with here.database.write() as tx:
            tx.execute(
                session.insert().values(
                    token_hash=b"t" * 32,
                    account_id=tx.scalar(sa.select(metadata.tables["account"].c.id)),
                    csrf="c",
                    created_at=here.clock.now(),
                    seen_at=here.clock.now(),
                    ends_at=here.clock.now(),
                )
            )
    machine.back_up()
    with machine.open() as here:
        before = rows(here.database, *CHANGED)
        with here.database.read() as tx:
            events = [event.id for event in recent(tx, limit=1000)]
            leaves = tx.execute(sa.text("SELECT leaf, position FROM custody_event ORDER BY seq")).all()
            keys = dict(tx.execute(sa.select(vault_key.c.object_id, vault_key.c.wrapped_key)).all())  # type: ignore[arg-type]
        signed = here.log.checkpoint()
    result = another.restore()
    assert (result.problems, result.wrong, result.behind) == ((), (), None)
    assert not result.confirmed  # nobody is left who could say that nothing was signed since
    assert result.checked == result.copied == 4
    with another.open() as there:
        assert rows(there.database, *CHANGED) == before
        with there.database.read() as tx:
            assert dict(tx.execute(sa.select(vault_key.c.object_id, vault_key.c.wrapped_key)).all()) == keys  # type: ignore[arg-type]
            assert (
                tx.execute(sa.text("SELECT leaf, position FROM custody_event ORDER BY seq")).all()[: len(leaves)]
                == leaves
            )
            after = list(recent(tx, limit=1000))
            assert [event.id for event in after][-len(events) :] == events
            assert after[0].kind is Event.RESTORE_MADE
            assert after[0].details["objects_copied"] == 4
            assert tx.scalar(sa.select(sa.func.count()).select_from(session)) == 0
            found = find(tx, WHO, Query(text="film"))
            assert [row.id for row in found.rows] == [film.recording_id]
        assert signed is not None
        there.log.settle()
        newest = there.log.checkpoint()
        assert newest is not None
        assert newest.size > signed.size
        assert there.log.check() == []
        # A job that was open when the backup was made is done on the new machine.
        with there.database.read() as tx:
            assert [job.state for job in there.jobs.list(tx, names=["footage.renditions@1"])] == [JobState.WAITING]
        there.start()
        there.jobs.wait_idle(60)
        with there.database.read() as tx:
            assert [job.state for job in there.jobs.list(tx, names=["footage.renditions@1"])] == [JobState.DONE]
        # And the counters of the database go on behind what came back.
        another.take(there, b"new on the new machine")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_never_holds_the_key_encryption_key(machine: Machine) -> None:
    machine.back_up()
    file = json.loads(next(machine.settings.keys_folder.glob("kek-*.json")).read_text())
    key = base64.b64decode(file["key"])
    forms = [key, base64.b64encode(key).rstrip(b"="), key.hex().encode(), key.hex().upper().encode()]
    log_key = bytes.fromhex((machine.settings.keys_folder / "log.key").read_text())
    forms += [log_key, log_key.hex().encode()]  # is in it, encrypted
    held = [path for path in machine.kept.rglob("*") if path.is_file()]
    assert len(held) > 5
    for path in held:
        data = path.read_bytes()
        assert not [form for form in forms if form in data], path
    # What is encrypted does not hold it either.
    from candor.recovery.opening import open_backup

    opened = open_backup(machine.settings, machine.place(), None)
    inside = repr(opened.secrets) + repr(list(opened.rows()))
    assert log_key.hex() in inside
    assert not [form for form in forms[:4] if repr(form)[2:-1] in inside]
    assert file["key"].rstrip("=") not in inside


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_goes_from_one_kind_of_database_to_the_other_and_back(
    machine: Machine, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if "postgresql" not in __import__("tests.conftest", fromlist=["CHOSEN"]).CHOSEN:
        pytest.skip("CANDOR_TEST_DATABASES leaves out postgresql")
    server = request.getfixturevalue("postgresql")
    name = server.create()
    machine.back_up()
    with machine.open() as here:
        before = rows(here.database, *CHANGED)
    second = empty_machine(machine, server.url(name), tmp_path / "second")
    assert second.restore().wrong == ()
    with second.open() as there:
        assert rows(there.database, *CHANGED) == before
        second.take(there, b"taken in on PostgreSQL")
        there.log.settle()
    second.kept = tmp_path / "kept again"
    second.back_up()
    third = empty_machine(second, f"sqlite:///{tmp_path / 'third.sqlite3'}", tmp_path / "third")
    result = third.restore()
    assert (result.wrong, result.behind, result.copied) == ((), None, 4)
    with third.open() as there:
        there.log.settle()
        assert there.log.check() == []
    server.drop(name)


def purge(machine: Machine, recording_id: str) -> tuple[str, ...]:
    """Purge a recording; its objects. The backup's place is told."""
    from candor.recovery.keeping import pass_on_purges

    with machine.open() as here:
        with here.database.write() as tx:
            purging.purge(tx, here.vault, here.jobs, WHO, recording_id, authority="Order 26-CV-7", reason="expunged")
        pass_on_purges(here, machine.place())
        with here.database.read() as tx:
            return purging.purges_of(tx, recording_id)[0].object_ids


@pytest.fixture
def purged(machine: Machine) -> tuple[str, str, bytes]:
    """A recording that was backed up and then purged: its identifier, its object, the key's wrapped form."""
    with machine.open() as here, here.database.read() as tx:
        row = tx.execute(
            sa.select(part.c.recording_id, part.c.object_id, vault_key.c.wrapped_key)
            .join(vault_key, vault_key.c.object_id == part.c.object_id)
            .limit(1)
        ).one()
    machine.back_up()
    assert (machine.kept / "objects" / row.object_id[-3:] / row.object_id).exists()
    assert purge(machine, row.recording_id) == (row.object_id,)
    return row.recording_id, row.object_id, row.wrapped_key


def must_be_gone(there: Machine, purged: tuple[str, str, bytes]) -> None:
    """Nothing of a purged recording is served, kept, or written anywhere."""
    recording_id, object_id, wrapped = purged
    with there.open() as here:
        with here.database.read() as tx:
            assert tx.scalar(sa.select(recording.c.state).where(recording.c.id == recording_id)) == "destroyed"
            assert tx.scalar(sa.select(vault_key.c.wrapped_key).where(vault_key.c.object_id == object_id)) == bytes(60)
            with pytest.raises(KeyDestroyed):
                here.vault.open(tx, object_id)
            part_id = tx.scalar(sa.select(part.c.id).where(part.c.recording_id == recording_id))
            assert [one.authority for one in purging.purges_of(tx, recording_id)] == ["Order 26-CV-7"]
            assert purging.owed(tx) == []
        with pytest.raises(RecordingDestroyed, match="Order 26-CV-7"):
            open_part(here.database, here.vault, WHO, part_id, "Court")
        assert here.vault.store.head(object_id) is None
        url = here.database.url
    if url.get_backend_name() == "sqlite":
        file = Path(url.database or "")
        for path in file.parent.glob(f"{file.name}*"):
            assert wrapped not in path.read_bytes(), path


def test_what_was_purged_after_the_backup_does_not_come_back(
    machine: Machine, another: Machine, purged: tuple[str, str, bytes]
) -> None:
    assert not (machine.kept / "objects" / purged[1][-3:] / purged[1]).exists()
    result = another.restore()
    assert (result.tombstones, result.destroyed, result.unchecked, result.problems) == (1, 1, 0, ())
    assert (result.copied, result.checked, result.wrong) == (2, 2, ())
    must_be_gone(another, purged)
    # The ledger beside the keys knows it on the new machine too.
    assert purged[1] in (another.settings.keys_folder / "tombstones.jsonl").read_text()


def test_the_ledger_beside_the_keys_is_enough(
    machine: Machine, another: Machine, purged: tuple[str, str, bytes], tmp_path: Path
) -> None:
    """A copy of the backup from before the purge, which nobody told, with the bytes still in it."""
    shutil.rmtree(machine.kept / "candor-backup" / "tombstones")
    shutil.copy(machine.settings.keys_folder / "tombstones.jsonl", another.settings.keys_folder)
    result = another.restore()
    assert result.tombstones == 1
    must_be_gone(another, purged)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_of_tombstones_is_enough_and_survived_bytes_are_removed(
    machine: Machine, another: Machine, purged: tuple[str, str, bytes], tmp_path: Path
) -> None:
    shutil.rmtree(machine.kept / "candor-backup" / "tombstones")
    survived = another.settings.home / "footage" / "objects" / purged[1][-3:] / purged[1]
    survived.parent.mkdir(parents=True)
    survived.write_bytes(b"bytes of a disk that survived")
    another.restore(tombstone_files=(machine.settings.keys_folder / "tombstones.jsonl",))
    must_be_gone(another, purged)
    assert not survived.exists()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_tombstone_that_was_altered_stops_everything(
    machine: Machine, another: Machine, purged: tuple[str, str, bytes]
) -> None:
    path = next((machine.kept / "candor-backup" / "tombstones").iterdir())
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(purged[1].encode(), new_id().encode()))
    with pytest.raises(TombstoneAltered):
        another.restore()
    assert not another.settings.home.exists()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_tombstone_sealed_under_a_key_that_is_gone_is_laid_when_somebody_says_so(
    machine: Machine, another: Machine, purged: tuple[str, str, bytes], tmp_path: Path
) -> None:
    path = next((machine.kept / "candor-backup" / "tombstones").iterdir())
    found = json.loads(path.read_text())
    found["sealed"]["epoch"] = 9
    path.chmod(0o600)
    path.write_text(json.dumps(found))
    with pytest.raises(errors.TombstonesUnchecked, match=purged[0]):
        another.restore()
    assert nothing_written(another)
    result = another.restore(lay_unchecked=True)
    assert (result.tombstones, result.unchecked, result.destroyed) == (1, 1, 1)
    with another.open() as here, here.database.read() as tx:
        assert tx.scalar(sa.select(vault_key.c.wrapped_key).where(vault_key.c.object_id == purged[1])) == bytes(60)
        assert "not at hand" in tx.scalar(sa.select(tombstone.c.authority))


@pytest.mark.parametrize("forged", ["another epoch", "another key of this epoch"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whoever_can_write_to_the_place_destroys_nothing_that_survived(
    machine: Machine, another: Machine, forged: str
) -> None:
    """Every object's identifier stands there in clear; a note of somebody else's making is laid by nobody."""
    found = machine.back_up().manifest
    shutil.copytree(machine.settings.home / "footage", another.settings.home / "footage")
    survived = {path for path in (another.settings.home / "footage" / "objects").rglob("*") if path.is_file()}
    stone = Tombstone(new_id(), new_id(), tuple(path.name for path in survived), found.made_at, "a", "b", "c")
    epoch = 9 if forged == "another epoch" else found.epoch
    folder = machine.kept / "candor-backup" / "tombstones"
    folder.mkdir()
    (folder / f"{stone.id}.json").write_bytes(encode(KeyRing({epoch: b"x" * 32}), stone))
    with pytest.raises(errors.TombstonesUnchecked, match="3 objects"):
        another.restore()
    assert all(path.exists() for path in survived)
    # One that names nothing that lives does not even get a recording called destroyed.
    with machine.open() as here, here.database.read() as tx:
        alive = tx.scalar(sa.select(recording.c.id).limit(1))
    harmless = replace(stone, subject=alive, object_ids=(new_id(),))
    (folder / f"{stone.id}.json").write_bytes(encode(KeyRing({epoch: b"x" * 32}), harmless))
    assert another.restore().wrong == ()
    with another.open() as there, there.database.read() as tx:
        assert purging.purges_of(tx, alive) == []
    (folder / f"{stone.id}.json").write_bytes(b"{}\n")
    keys = KeyRing.load(machine.settings.keys_folder)
    assert ["cannot be read" in one for one in check_backup(machine.place(), found, keys).findings] == [True]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_tombstone_copied_by_hand_without_the_end_of_its_line_counts(
    machine: Machine, another: Machine, purged: tuple[str, str, bytes], tmp_path: Path
) -> None:
    shutil.rmtree(machine.kept / "candor-backup" / "tombstones")
    copied = tmp_path / "one line"
    copied.write_bytes((machine.settings.keys_folder / "tombstones.jsonl").read_bytes().rstrip(b"\n"))
    assert another.restore(tombstone_files=(copied,)).tombstones == 1
    must_be_gone(another, purged)


def test_a_backup_after_the_purge_brings_its_tombstone_along(
    machine: Machine, another: Machine, purged: tuple[str, str, bytes]
) -> None:
    machine.back_up()
    shutil.rmtree(machine.kept / "candor-backup" / "tombstones")
    another.restore()
    must_be_gone(another, purged)


# -- what stops it, with nothing written ----------------------------------------------------------------------------


def nothing_written(there: Machine) -> bool:
    return not there.settings.home.exists() and not (there.settings.keys_folder / "log.key").exists()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_half_a_backup_is_named_and_not_taken_for_one(machine: Machine, another: Machine) -> None:
    whole = machine.back_up().manifest
    folder = machine.kept / "candor-backup" / whole.folder
    (folder / "database-000001").rename(folder / "gone")
    with pytest.raises(errors.BackupHalf, match="database-000001 is missing"):
        another.restore()
    (folder / "manifest.json").unlink()
    with pytest.raises(errors.NoBackup):
        another.restore()
    assert nothing_written(another)


@pytest.mark.parametrize("name", ["database-000001", "secrets", "checkpoint", "objects-000001", "manifest.json"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_altered_file_is_named(machine: Machine, another: Machine, name: str) -> None:
    path = machine.kept / "candor-backup" / machine.back_up().manifest.folder / name
    data = bytearray(path.read_bytes())
    if name == "manifest.json":
        data = bytearray(bytes(data).replace(b'"objects":3', b'"objects":2'))
    else:
        data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    with pytest.raises(errors.BackupAltered, match="seal" if name == "manifest.json" else name):
        another.restore()
    assert nothing_written(another)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_agencys_backup_is_told_from_a_missing_key(machine: Machine, another: Machine) -> None:
    machine.back_up()
    for path in another.settings.keys_folder.iterdir():
        path.unlink()
    from candor.store import KeyringMissing, add_epoch, create_keyring

    with pytest.raises(KeyringMissing):
        another.restore()
    create_keyring(another.settings.keys_folder)
    with pytest.raises(errors.BackupKeyWrong, match="another agency's"):
        another.restore()
    add_epoch(another.settings.keys_folder)
    (another.settings.keys_folder / "kek-000001.json").unlink()
    with pytest.raises(errors.BackupKeyMissing, match=r"epoch 1.*candor key restore"):
        another.restore()
    assert nothing_written(another)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_newer_programs_backup_is_refused(machine: Machine, another: Machine) -> None:
    found = machine.back_up().manifest
    path = machine.kept / "candor-backup" / found.folder / "manifest.json"
    path.chmod(0o600)
    key = KeyRing.load(another.settings.keys_folder).unwrap(found.id, found.epoch, found.wrapped)
    path.write_bytes(Manifest(**{**vars(found), "revision": "9999", "program": "99.0"}).encode(key))
    with pytest.raises(errors.BackupTooNew, match=r"Candor 99\.0"):
        another.restore()
    path.write_bytes(path.read_bytes().replace(b'"v":1', b'"v":2'))
    with pytest.raises(errors.BackupTooNew, match="form 2"):
        another.restore()
    assert nothing_written(another)


def test_it_restores_only_into_an_empty_place(machine: Machine, another: Machine) -> None:
    machine.back_up()
    with pytest.raises(errors.NotEmpty):
        Machine(machine.settings, machine.kept).restore()
    settings = Settings.load(
        home=another.settings.home, keys=another.settings.keys_folder, database_url=machine.settings.database_url
    )
    with pytest.raises(errors.NotEmpty, match="rows already"):
        Machine(settings, machine.kept).restore()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_logs_key_is_not_replaced(machine: Machine, another: Machine) -> None:
    machine.back_up()
    path = another.settings.keys_folder / "log.key"
    path.write_text("11" * 32 + "\n")
    path.chmod(0o600)
    with pytest.raises(errors.OtherLogKey):
        another.restore()
    assert path.read_text() == "11" * 32 + "\n"
    with another_database(another) as database, database.read() as tx:
        assert not sa.inspect(tx).get_table_names()


def another_database(there: Machine) -> Any:
    import contextlib

    database = Database(there.settings.database)
    return contextlib.closing(_Closing(database))


class _Closing:
    def __init__(self, database: Database) -> None:
        self._database = database
        self.read = database.read

    def close(self) -> None:
        self._database.dispose()


# -- interrupted ----------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """Stands for a kill at that moment."""


#: Where a restore is stopped; on both kinds of database where it is their rows that are under way.
STOPPED = [
    *(("sqlite", step) for step in ("database", "words", "footage", "log", "seals")),
    *(("postgresql", step) for step in ("database", "words")),
]


@pytest.mark.parametrize(("database_url", "step"), STOPPED, indirect=["database_url"])
def test_it_goes_on_where_it_was_stopped_and_is_closed_until_then(
    machine: Machine, another: Machine, step: str
) -> None:
    machine.back_up()

    def told(now: str, done: int, total: int) -> None:
        if now == step:
            raise Killed

    with pytest.raises(Killed):
        another.restore(told=told)
    with pytest.raises(RestoreUnfinished):
        another.open()
    with pytest.raises(errors.OtherRestore):
        other = machine.back_up()
        another.restore(backup_id=other.manifest.id)
    result = another.restore()  # goes on with the backup that it began with
    assert not result.confirmed  # the marker that the first run put there is no witness of anything
    assert result.manifest.id != other.manifest.id
    assert (result.problems, result.wrong, result.checked) == ((), (), 3)
    with another.open() as here, here.database.read() as tx:
        assert len(list(recent(tx, kinds=[Event.RESTORE_MADE]))) == 1


def test_an_older_backup_over_a_newer_log_does_not_sign(machine: Machine, another: Machine) -> None:
    machine.back_up()
    with machine.open() as here:
        machine.take(here, b"after the backup")
        here.log.settle()
    shutil.copy(machine.settings.keys_folder / "log.last-signed", another.settings.keys_folder)
    result = another.restore()
    assert result.confirmed
    assert result.behind is not None
    assert "refuses to sign" in result.behind
    assert result.wrong == ()
    with another.open() as here:
        before = here.log.checkpoint()
        with pytest.raises(LogBehind):
            here.log.settle(timeout=1)
        after = here.log.checkpoint()
        assert before is not None
        assert after is not None
        assert after.size == before.size


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_later_backup_in_the_same_place_keeps_an_earlier_one_from_signing(machine: Machine, another: Machine) -> None:
    """Machine and keys' folder are lost, nobody witnesses, and the newest backup cannot be used."""
    first = machine.back_up().manifest
    with machine.open() as here:
        machine.take(here, b"after the first backup")
    second = machine.back_up().manifest
    (machine.kept / "candor-backup" / second.folder / "database-000001").unlink()
    result = another.restore(backup_id=first.id)
    assert result.behind is not None
    assert f"has {second.log.signed} entries" in result.behind
    for _ in range(2):
        with another.open() as here, pytest.raises(LogBehind):
            here.log.settle(timeout=1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_forged_later_backup_says_nothing_of_the_log(machine: Machine, another: Machine) -> None:
    made = machine.back_up().manifest
    folder = machine.kept / "candor-backup" / "backups"
    forged_id = new_id()
    forged = folder / f"29991231T000000Z-{forged_id}"
    shutil.copytree(machine.kept / "candor-backup" / made.folder, forged)
    note = (forged / "checkpoint").read_text().splitlines(keepends=True)
    (forged / "checkpoint").chmod(0o600)
    (forged / "checkpoint").write_text("".join([note[0], "9999\n", *note[2:]]))
    said = json.loads((forged / "manifest.json").read_text())
    data = (forged / "checkpoint").read_bytes()
    for file in said["files"]:
        if file["name"] == "checkpoint":
            file |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    said |= {"id": forged_id, "made_at": "2999-12-31T00:00:00.000000Z", "log": said["log"] | {"signed": 9999}}
    (forged / "manifest.json").chmod(0o600)
    (forged / "manifest.json").write_text(json.dumps(said))
    assert another.restore(backup_id=made.id).behind is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_log_that_was_handed_over_does_not_sign_again_from_an_earlier_backup(
    machine: Machine, another: Machine
) -> None:
    first = machine.back_up().manifest
    with machine.open() as here:
        here.log.hand_over(actor="system:tester", reason="The key was seen by others.")
        here.log.settle()
    second = machine.back_up().manifest
    assert second.log.origin != first.log.origin
    result = another.restore(backup_id=first.id)
    assert result.behind is not None
    assert f"belongs to another log, {second.log.origin}" in result.behind
    with another.open() as here, pytest.raises(LogBehind):
        here.log.settle(timeout=1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_log_that_was_damaged_before_is_restored_as_it_was_and_said(machine: Machine, another: Machine) -> None:
    with machine.open() as here, here.database.write() as tx:
        first = custody_event.c.position == 0
        leaf = tx.scalar(sa.select(custody_event.c.leaf).where(first))
        tx.execute(custody_event.update().where(first).values(leaf=leaf.replace('"v":1', '"v":2')))
    machine.back_up()
    result = another.restore()
    assert [one for one in result.problems if "do not give the root" in one]
    with another.open():  # the footage is not locked away for it
        assert result.wrong == ()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_goes_on_with_the_database_that_it_began_with(machine: Machine, another: Machine) -> None:
    machine.back_up()

    def told(now: str, done: int, total: int) -> None:
        if now == "footage":
            raise Killed

    with pytest.raises(Killed):
        another.restore(told=told)
    settings = another.settings.model_copy(update={"database_url": machine.settings.database_url})
    with pytest.raises(errors.NotEmpty, match="another database"):
        Machine(settings, machine.kept).restore()
    assert another.restore().wrong == ()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_objects_that_the_backup_lost_are_named(machine: Machine, another: Machine) -> None:
    machine.back_up()
    stored = sorted(path for path in (machine.kept / "objects").rglob("*") if path.is_file())
    stored[0].unlink()
    stored[1].chmod(0o600)
    data = bytearray(stored[1].read_bytes())
    data[100] ^= 1
    stored[1].write_bytes(data)
    result = another.restore()
    assert len(result.problems) == 2
    assert any(stored[0].name in one and "has not got it" in one for one in result.problems)
    assert any(stored[1].name in one and "altered" in one for one in result.problems)
    assert len(result.wrong) == 2
    assert result.copied == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_settings_come_back_beside_the_database(
    machine: Machine, another: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    toml = tmp_path / "agency.toml"
    toml.write_text('backup_s3_secret_key = "very secret"\njobs_slots = 3\n')
    monkeypatch.setenv("CANDOR_CONFIG", str(toml))
    machine.back_up()
    for path in machine.kept.rglob("*"):
        assert not path.is_file() or b"very secret" not in path.read_bytes()
    toml.unlink()
    for name, value in (("HOME", another.settings.home), ("KEYS", another.settings.keys_folder)):
        monkeypatch.setenv(f"CANDOR_{name}", str(value))
    monkeypatch.setenv("CANDOR_DATABASE_URL", another.settings.database)
    result = another.restore()
    assert result.toml == toml
    assert "jobs_slots = 3" in toml.read_text()
    assert (toml.stat().st_mode & 0o777) == 0o600
