"""What goes wrong around the log stops nothing but the publishing, is said, and mends itself."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.custody import CustodyLog, Event, LogStatus, append, recent, witness_server
from candor.custody.errors import LogFilesUnwritable, LogKeyMissing
from candor.custody.tables import custody_event, log_head

from .conftest import ORIGIN
from .older import every_entry_is_proven, record
from .witness_log import until


def state(log: CustodyLog) -> LogStatus:
    found = log.status()
    assert found is not None
    return found


class TestFiles:
    """The folder of the log's files."""

    def test_deleted_under_a_running_process(
        self, database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path
    ) -> None:
        running = make_log(interval=0.02)
        running.start()
        record(database, 300)
        running.settle()
        running.files.folder.rename(tmp_path / "taken away")
        # The pass that was under way may publish into the new folder before the next one lays the tiles.
        until(lambda: running.files.checkpoint() is not None and running.check() == [])
        record(database, 1)
        assert running.settle() == 302
        assert every_entry_is_proven(database, running) == 302
        assert state(running).files_problem is None

    def test_another_disk_at_the_next_start(
        self, database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], caplog: pytest.LogCaptureFixture
    ) -> None:
        """Also one on which somebody put the checkpoint back and nothing else."""
        record(database, 300)
        log.settle()
        published = log.files.checkpoint()
        assert published is not None
        shutil.rmtree(log.files.folder)
        log.files.publish(published.decode())
        later = make_log()
        later.run_once()
        assert "written anew" in caplog.text
        assert later.check() == []
        assert later.files.checkpoint() == published

    def test_a_file_in_place_of_the_folder(
        self, database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
    ) -> None:
        folder = log.files.folder
        shutil.rmtree(folder)
        folder.write_text("not a folder")
        running = make_log(interval=0.02)
        running.start()
        record(database, 5)
        until(lambda: state(running).files_problem is not None)
        assert "Not a directory" in str(state(running).problems) or "File exists" in str(state(running).problems)
        assert state(running).waiting == 5
        assert state(running).signed_size == 1
        folder.unlink()
        until(lambda: state(running).signed_size == 6)
        until(lambda: state(running).files_problem is None)
        assert running.check() == []

    @pytest.fixture
    def small_disk(self, tmp_path: Path) -> Iterator[Path]:
        """A real file system of 256 KiB."""
        folder = tmp_path / "small"
        folder.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True)
        if mounted.returncode:
            pytest.skip("A FULL DISK WAS NOT TESTED: mounting a small file system needs root")
        yield folder
        subprocess.run(["umount", folder], check=True)

    def test_a_full_disk(self, database: Database, make_log: Callable[..., CustodyLog], small_disk: Path) -> None:
        log = make_log(folder=small_disk / "log")
        with database.write() as tx:
            log.create(tx, ORIGIN, actor="system:test")
        log.settle()
        filler = small_disk / "filler"
        with pytest.raises(OSError, match="No space"), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        for _ in range(3):
            record(database, 10)
            with pytest.raises(LogFilesUnwritable, match="No space"):
                log.run_once()
        found = state(log)
        assert found.files_problem is not None
        assert found.signed_size == 1
        filler.unlink()
        assert log.settle() == 31
        assert state(log).problems == ()
        assert log.check() == []


class TestKey:
    """The key that signs."""

    def test_lost_while_serving(
        self, database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path
    ) -> None:
        key, aside = tmp_path / "keys/log.key", tmp_path / "aside"
        key.rename(aside)
        running = make_log(interval=0.02)
        running.start()
        record(database, 5)
        found = state(running)
        assert found.key_problem is not None
        assert found.key_problem in found.problems
        assert "log.key" in found.key_problem
        assert (found.waiting, found.signed_size) == (5, 1)
        with pytest.raises(LogKeyMissing):
            make_log().run_once()
        aside.rename(key)
        until(lambda: state(running).signed_size == 6)
        assert state(running).problems == ()


class TestClock:
    """A clock that goes back."""

    @pytest.fixture
    def clock(self) -> FixedClock:
        return FixedClock(datetime(2126, 1, 1, 12, tzinfo=UTC))

    def act(self, database: Database, log: CustodyLog, clock: FixedClock, seconds: float) -> None:
        clock.advance(seconds)
        with database.write() as tx:
            append(tx, Event.RECORDING_VIEWED, actor="system:test", clock=clock)
        log.settle()

    def jumps(self, database: Database) -> list[tuple[str, str]]:
        with database.read() as tx:
            found = [event.details for event in recent(tx, kinds=[Event.CLOCK_SET_BACK])]
        return [(one["before"][:19], one["after"][:19]) for one in reversed(found)]

    @pytest.fixture
    def log(self, database: Database, tmp_path: Path, clock: FixedClock) -> Iterator[CustodyLog]:
        log = CustodyLog(database, tmp_path / "log", tmp_path / "keys", clock)
        with database.write() as tx:
            log.create(tx, ORIGIN, actor="system:test")
        log.settle()
        yield log
        log.stop()

    def test_each_jump_once_and_until_time_is_back(
        self, database: Database, log: CustodyLog, clock: FixedClock
    ) -> None:
        self.act(database, log, clock, 10)
        self.act(database, log, clock, -1.5)  # within what two machines may differ
        assert self.jumps(database) == []
        assert state(log).clock_set_back is None
        self.act(database, log, clock, -3600)
        for _ in range(5):
            self.act(database, log, clock, 1)
        expected = [("2126-01-01T12:00:10", "2126-01-01T11:00:08")]
        assert self.jumps(database) == expected
        assert "set back" in str(state(log).clock_set_back)
        self.act(database, log, clock, -600)  # and further
        assert len(self.jumps(database)) == 2
        self.act(database, log, clock, 3000)
        assert state(log).clock_set_back is not None
        self.act(database, log, clock, 3000)  # past where it was
        assert state(log).problems == ()
        assert len(self.jumps(database)) == 2
        with database.read() as tx:
            rows = tx.execute(sa.select(custody_event.c.seq).order_by(custody_event.c.position)).scalars().all()
        assert rows == sorted(rows), "the order is that of recording, whatever the clock says"
        assert log.check() == []

    def test_two_machines_that_differ_do_not_fill_the_log(
        self, database: Database, log: CustodyLog, clock: FixedClock
    ) -> None:
        for _ in range(10):
            self.act(database, log, clock, 4)
            self.act(database, log, clock, -3)
        assert len(self.jumps(database)) == 1

    def test_a_restart_still_knows_what_time_it_was(
        self, database: Database, log: CustodyLog, clock: FixedClock, tmp_path: Path
    ) -> None:
        self.act(database, log, clock, 10)
        clock.advance(-7200)
        later = CustodyLog(database, tmp_path / "log", tmp_path / "keys", clock)
        self.act(database, later, clock, 0)
        later.stop()
        assert len(self.jumps(database)) == 1

    def test_a_log_from_before_the_marks(self, database: Database, log: CustodyLog, clock: FixedClock) -> None:
        with database.write() as tx:
            tx.execute(log_head.update().values(newest_at=None, newest_seq=None))
        self.act(database, log, clock, -60)
        assert len(self.jumps(database)) == 1

    def test_a_slow_act_is_no_jump(self, database: Database, log: CustodyLog, clock: FixedClock) -> None:
        """It was recorded first and is placed later: its number is lower than that of what overtook it."""
        with database.write() as tx:
            slow = append(tx, Event.RECORDING_VIEWED, actor="system:test", clock=clock)
            tx.execute(custody_event.update().where(custody_event.c.id == slow).values(position=10**6))
        self.act(database, log, clock, 60)
        with database.write() as tx:
            tx.execute(custody_event.update().where(custody_event.c.id == slow).values(position=None))
        log.settle()
        assert self.jumps(database) == []


def test_events_are_recorded_while_everything_is_wrong(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path
) -> None:
    """No key, no folder, a witness that is not there: acts take as long as ever."""
    shutil.rmtree(tmp_path / "keys")
    shutil.rmtree(log.files.folder)
    log.files.folder.write_text("in the way")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()[1]
    witness = witness_server.create_witness(tmp_path / "witness", "witness.example/w1")
    witness.close()
    running = make_log(interval=0.02, witnesses=(f"{witness.key.format()} http://127.0.0.1:{nobody}",), quorum=1)
    running.start()
    started = time.monotonic()
    for _ in range(20):
        record(database, 1)
    assert time.monotonic() - started < 5
    assert state(running).waiting == 20
    assert len(state(running).problems) >= 1
