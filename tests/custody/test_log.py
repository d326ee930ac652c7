"""The log: places, tiles, signed checkpoints, proofs; and what it refuses."""

from __future__ import annotations

import errno
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from candor.core.clock import SystemClock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody import CustodyLog, Event, append, history
from candor.custody.errors import (
    LogBehind,
    LogDamaged,
    LogFilesUnwritable,
    LogKeyMissing,
    LogKeyWithoutLog,
    LogKeyWrong,
    NotYetInLog,
)
from candor.custody.tables import custody_event, log_checkpoint, log_head
from candor.verify.checkpoint import verify_checkpoint
from candor.verify.merkle import leaf_hash, verify_consistency
from candor.verify.note import Note
from candor.verify.tiles import TileReader, tiles_of


def record(database: Database, count: int, recording: str | None = None) -> list[str]:
    """Write events in batches of one transaction."""
    with database.write() as tx:
        return [append(tx, Event.RECORDING_VIEWED, actor="system:test", recording=recording) for _ in range(count)]


LOG_TABLES = (custody_event, log_head, log_checkpoint)


def rows_of(database: Database) -> dict[sa.Table, list[dict[str, object]]]:
    """The log's rows as they are now."""
    with database.read() as tx:
        return {table: [dict(row._mapping) for row in tx.execute(sa.select(table))] for table in LOG_TABLES}


def put_back(database: Database, rows: dict[sa.Table, list[dict[str, object]]]) -> None:
    """Make the log's rows what they were, as restoring an old backup would."""
    with database.write() as tx:
        for table in LOG_TABLES:
            tx.execute(table.delete())
            tx.execute(table.insert(), rows[table])


def test_every_event_gets_a_proof_that_an_outsider_accepts(database: Database, log: CustodyLog) -> None:
    recording = new_id()
    record(database, 300, recording)
    assert log.settle() == 301
    checkpoint = log.checkpoint()
    assert checkpoint is not None
    with database.read() as tx:
        events = history(tx, recording)
    for event, proof in zip(events, log.proofs(events, checkpoint), strict=True):
        found = proof.verify(leaf_hash(event.leaf.encode()), log.policy())
        assert found.checkpoint.size == 301
        assert proof.extra == event.opening.encode()


@pytest.mark.parametrize("sizes", [(1, 255, 1), (256, 256), (3, 600, 7)])
def test_static_files_are_those_of_the_format(database: Database, log: CustodyLog, sizes: tuple[int, ...]) -> None:
    earlier: list[tuple[int, bytes]] = []
    for count in sizes:
        record(database, count)
        log.settle()
        checkpoint = log.checkpoint()
        assert checkpoint is not None
        earlier.append((checkpoint.size, checkpoint.root))
    size, root = earlier[-1]
    have = {str(path.relative_to(log.files.folder)) for path in log.files.folder.rglob("*") if path.is_file()}
    assert have >= {tile.path for tile in tiles_of(size, entries=True)} | {"checkpoint"}
    reader = TileReader(size, root, log.files.fetch)  # folds every tile into the signed root
    with database.read() as tx:
        leaves = tx.execute(sa.select(custody_event.c.leaf).order_by(custody_event.c.position)).scalars().all()
    assert [entry.decode() for entry in reader.entries()] == leaves
    from candor.verify.merkle import consistency_proof

    for old_size, old_root in earlier:
        verify_consistency(old_size, old_root, size, root, consistency_proof(reader.read, old_size, size))


def test_partial_tiles_go_when_the_full_one_is_there(database: Database, log: CustodyLog) -> None:
    for _ in range(6):
        record(database, 50)
        log.settle()
    names = {str(path.relative_to(log.files.folder)) for path in log.files.folder.rglob("*") if path.is_file()}
    assert "tile/0/000" in names
    assert not any(name.startswith(("tile/0/000.p", "tile/entries/000.p")) for name in names)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_level_one_tiles_grow_past_a_full_tile_of_tiles(database: Database, log: CustodyLog) -> None:
    """65,536 entries make one full tile of level 1; written straight to the table, for speed."""
    leaf = '{"commit":"%064x","hour":"2026-11-22T10Z","tag":"%032x","v":1}'
    for start in range(0, 66_000, 11_000):
        with database.write() as tx:
            tx.execute(
                custody_event.insert(),
                [
                    {
                        "id": f"{n:036d}", "kind": "recording:viewed", "actor": "system:test", "n": 0, "epoch": 0,
                        "at": SystemClock().now(),
                        "payload": "{}", "salt": bytes(32), "leaf": leaf % (n, n),
                    }
                    for n in range(start, start + 11_000)
                ],
            )  # fmt: skip
    size = log.settle(timeout=120)
    assert size == 66_001
    checkpoint = log.checkpoint()
    assert checkpoint is not None
    assert (log.files.folder / "tile/1/000").stat().st_size == 8192
    reader = TileReader(size, checkpoint.root, log.files.fetch)
    assert sum(1 for _ in reader.entries(65_000)) == 1001
    assert log.check() == []


def test_the_lag_is_measured(database: Database, log: CustodyLog) -> None:
    record(database, 3)
    before = log.status()
    assert before is not None
    assert (before.waiting, before.waiting_since is not None) == (3, True)
    log.settle()
    after = log.status()
    assert after is not None
    assert (after.waiting, after.waiting_since) == (0, None)
    assert after.lag is not None
    assert 0 <= after.lag < 60


def test_the_background_thread_signs_within_its_interval(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
) -> None:
    running = make_log(interval=0.05)
    running.start()
    record(database, 10)
    assert running.settle(timeout=20) == 11


class TestWhatIsSettledIsPublished:
    """Whoever was told that it is settled finds it in the file, however slow the disk is."""

    def test_by_a_thread_on_a_slow_disk(
        self, database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running = make_log(interval=0.02)
        publish = running.files.publish
        monkeypatch.setattr(running.files, "publish", lambda note: (time.sleep(0.3), publish(note)))
        running.start()
        record(database, 3)
        size = running.settle(timeout=20)
        assert size == 4
        published = running.files.published()
        assert published is not None
        assert published.size == size

    def test_a_disk_that_takes_nothing_is_not_waited_for_without_end(
        self, database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_: str) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        running = make_log(interval=0.02)
        monkeypatch.setattr(running.files, "publish", full)
        record(database, 1)
        with pytest.raises(LogFilesUnwritable):
            running.settle()
        running.start()
        with pytest.raises(NotYetInLog):
            running.settle(timeout=0.2)


def test_an_event_without_a_place_has_no_proof_yet(database: Database, log: CustodyLog) -> None:
    [event] = record(database, 1)
    with pytest.raises(NotYetInLog):
        log.proof(event)


def test_two_sequencers_never_give_a_place_twice(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
) -> None:
    logs = [make_log(interval=0.01) for _ in range(3)]
    for one in logs:
        one.start()
    writers = [threading.Thread(target=lambda: [record(database, 1) for _ in range(20)]) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert logs[0].settle(timeout=30) == 81
    with database.read() as tx:
        positions = tx.execute(sa.select(custody_event.c.position).order_by(custody_event.c.position)).scalars().all()
    assert positions == list(range(81))
    assert log.check() == []


def test_nothing_new_is_signed_when_nothing_happened(database: Database, log: CustodyLog) -> None:
    first = log.checkpoint()
    log.run_once()
    log.run_once()
    with database.read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(log_checkpoint)).scalar() == 1
    assert log.checkpoint() == first


class TestInterrupted:
    """Each step again after a crash, with identical bytes."""

    def test_before_the_tiles(self, database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]) -> None:
        record(database, 5)
        sequencer = log._sequencer()
        assert sequencer is not None
        with sequencer.turn():
            sequencer._place()  # committed, then the machine stops
        assert make_log().settle() == 6
        assert make_log().check() == []

    def test_before_the_signature(
        self, database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
    ) -> None:
        record(database, 5)
        sequencer = log._sequencer()
        assert sequencer is not None
        with sequencer.turn():
            sequencer._place()
            sequencer._lay_tiles(None)
        assert make_log().settle() == 6

    def test_after_the_marker_before_the_note_is_stored(
        self, database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
    ) -> None:
        record(database, 5)
        log.settle()
        before = log.checkpoint()
        with database.write() as tx:
            tx.execute(log_checkpoint.update().where(log_checkpoint.c.size == 6).values(note=None, signed_at=None))
        again = make_log()
        assert again.settle() == 6
        assert again.checkpoint() == before

    def test_before_the_file_is_published(
        self, database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
    ) -> None:
        checkpoint = log.files.folder / "checkpoint"
        published = checkpoint.read_bytes()
        checkpoint.unlink()
        make_log().run_once()
        assert checkpoint.read_bytes() == published

    @pytest.mark.parametrize("left", [b"", b"evidence.example.gov/log\n1\n", None])
    def test_with_an_older_or_damaged_file_in_its_place(
        self, database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], left: bytes | None
    ) -> None:
        checkpoint = log.files.folder / "checkpoint"
        older = checkpoint.read_bytes()
        record(database, 3)
        log.settle()
        newer = checkpoint.read_bytes()
        checkpoint.write_bytes(older if left is None else left)
        assert make_log(interval=0.01).check() == ["checkpoint"]
        make_log().run_once()
        assert checkpoint.read_bytes() == newer


class TestRefusal:
    """A log that would contradict itself goes on recording and signs nothing."""

    def test_a_database_set_back(
        self, database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
    ) -> None:
        record(database, 5)
        log.settle()
        record(database, 5)
        log.settle()
        with database.write() as tx:  # as an old backup would have it
            tx.execute(custody_event.delete().where(custody_event.c.position >= 6))
            tx.execute(log_checkpoint.delete().where(log_checkpoint.c.size > 6))
            from candor.verify.merkle import Frontier

            frontier = Frontier()
            for leaf in tx.execute(sa.select(custody_event.c.leaf).order_by(custody_event.c.position)).scalars():
                frontier.append(leaf_hash(leaf.encode()))
            tx.execute(log_head.update().values(size=6, tiles_size=6, frontier=b"".join(frontier.hashes)))
        published = (log.files.folder / "checkpoint").read_bytes()
        again = make_log()
        record(database, 1)
        with pytest.raises(LogBehind, match="set back"):
            again.run_once()
        record(database, 1)  # still possible
        status = again.status()
        assert status is not None
        assert status.refusal is not None
        assert status.waiting == 3  # both, and the event that says so
        assert (log.files.folder / "checkpoint").read_bytes() == published

    def test_a_database_set_back_under_a_running_process(self, database: Database, log: CustodyLog) -> None:
        """As a failover to a replica that lags, or a restore beside a running site: not one pass may sign."""
        before = rows_of(database)
        record(database, 5)
        log.settle()
        put_back(database, before)
        published = log.files.checkpoint()
        for _ in range(12):  # enough events to pass the size that was signed
            record(database, 1)
            with pytest.raises(LogBehind):
                log.run_once()
        assert log.files.checkpoint() == published
        status = log.status()
        assert status is not None
        assert status.refusal is not None
        assert status.size == 1

    def test_a_refusal_is_recorded_once(self, database: Database, log: CustodyLog) -> None:
        before = rows_of(database)
        record(database, 5)
        log.settle()
        put_back(database, before)
        for _ in range(5):
            with pytest.raises(LogBehind):
                log.run_once()
        with database.read() as tx:
            kinds = list(tx.execute(sa.select(custody_event.c.kind)).scalars())
        assert kinds.count(Event.LOG_REFUSED_TO_SIGN.value) == 1

    def test_another_history_of_the_same_size(
        self, database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
    ) -> None:
        record(database, 5)
        log.settle()
        with database.write() as tx:
            tx.execute(log_checkpoint.update().values(root=bytes(32)))
        with pytest.raises(LogBehind, match="another root"):
            make_log().run_once()

    def test_it_signs_again_once_the_right_database_is_back(
        self, database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
    ) -> None:
        with database.write() as tx:
            root = tx.execute(sa.select(log_checkpoint.c.root)).scalar_one()
            tx.execute(log_checkpoint.update().values(root=bytes(32)))
        with pytest.raises(LogBehind):
            make_log().run_once()
        with database.write() as tx:
            tx.execute(log_checkpoint.update().values(root=root))
        again = make_log()
        again.settle()
        status = again.status()
        assert status is not None
        assert status.refusal is None

    def test_a_lost_key(self, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path) -> None:
        with pytest.raises(LogKeyMissing):
            make_log(keys=tmp_path / "elsewhere").run_once()

    def test_another_logs_key(self, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path) -> None:
        (tmp_path / "keys/log.key").write_text("11" * 32)
        with pytest.raises(LogKeyWrong):
            make_log().run_once()

    def test_a_key_that_others_may_read(
        self, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path
    ) -> None:
        (tmp_path / "keys/log.key").chmod(0o644)
        with pytest.raises(LogKeyWrong, match="chmod 600"):
            make_log().run_once()

    def test_a_key_is_never_made_twice(self, database: Database, log: CustodyLog) -> None:
        with pytest.raises(LogKeyWithoutLog), database.write() as tx:
            tx.execute(log_head.delete())
            log.create(tx, "another.example/log", actor="system:test")


class TestCheck:
    """What `candor log check` finds."""

    @pytest.mark.parametrize("path", ["tile/0/000", "tile/entries/000", "tile/1/000.p/1", "tile/0/001.p/45"])
    @pytest.mark.parametrize("damage", ["flip", "remove"])
    def test_a_damaged_file_is_named_and_mended(
        self, database: Database, log: CustodyLog, path: str, damage: str
    ) -> None:
        record(database, 300)
        log.settle()
        file = log.files.folder / path
        good = file.read_bytes()
        if damage == "flip":
            file.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        else:
            file.unlink()
        assert log.check(repair=True) == [path]
        assert file.read_bytes() == good
        assert log.check() == []

    def test_a_changed_entry_in_the_database_is_noticed(
        self, database: Database, log: CustodyLog, tmp_path: Path
    ) -> None:
        record(database, 5)
        log.settle()
        with database.write() as tx:
            leaf = tx.execute(sa.select(custody_event.c.leaf).where(custody_event.c.position == 3)).scalar_one()
            tx.execute(
                custody_event.update().where(custody_event.c.position == 3).values(leaf=leaf.replace('"v":1', '"v":2'))
            )
        shutil.copytree(log.files.folder, tmp_path / "before")
        with pytest.raises(LogDamaged):
            log.check()

    def test_the_published_checkpoint_is_signed_by_the_key(self, log: CustodyLog) -> None:
        published = log.files.checkpoint()
        assert published is not None
        verifier = log.verifier
        assert verifier is not None
        assert verify_checkpoint(Note.parse(published), [verifier]).size == 1
