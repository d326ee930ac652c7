"""Taking in files, folders and cards, with real files that are hard to read."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.footage.clips import mp4
from tests.footage.conftest import Archive

from candor.core.database import Database
from candor.core.errors import DatabaseGone
from candor.custody.record import find, history
from candor.footage.collect import Candidate, Skipped, collect
from candor.footage.errors import NothingToTakeIn
from candor.footage.ingest import NotTaken, Progress, Taken, ingest, take_in_file
from candor.footage.intake import Intake
from candor.footage.rules import Flag
from candor.footage.tables import intake, part, recording
from candor.jobs import Jobs
from candor.store import StoreFull


def _recordings(archive: Archive) -> int:
    with archive.database.read() as tx:
        return tx.scalar(sa.select(sa.func.count()).select_from(recording)) or 0


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A camera's card, mounted: recordings, a sidecar, what systems leave, a link, a pipe and a socket."""
    root = tmp_path / "card"
    files = {
        "DCIM/100MEDIA/B.MP4": mp4(seed=2),
        "DCIM/100MEDIA/A.MP4": mp4(seed=1),
        "DCIM/100MEDIA/A.sha256": b"0" * 64,
        "DCIM/empty.MP4": b"",
        "DCIM/.hidden.mp4": mp4(seed=3),
        "DCIM/Thumbs.db": b"system",
        ".DS_Store": b"system",
        "System Volume Information/WPSettings.dat": b"system",
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    (root / "outside.mp4").symlink_to(tmp_path / "elsewhere.mp4")
    (tmp_path / "elsewhere.mp4").write_bytes(mp4(seed=4))
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe.mp4")
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(os.path.relpath(root / "socket.mp4"))
    return root


def test_card(card: Path) -> None:
    found = collect([card])
    assert [str(one.path.relative_to(card)) for one in found if isinstance(one, Candidate)] == [
        "DCIM/.hidden.mp4",
        "DCIM/100MEDIA/A.MP4",
        "DCIM/100MEDIA/A.sha256",
        "DCIM/100MEDIA/B.MP4",
        "DCIM/empty.MP4",
    ]
    skipped = {str(one.path.relative_to(card)): one.reason for one in found if isinstance(one, Skipped)}
    assert set(skipped) == {
        ".DS_Store",
        "DCIM/Thumbs.db",
        "System Volume Information",
        "loop",
        "outside.mp4",
        "pipe.mp4",
        "socket.mp4",
    }
    assert "link" in skipped["outside.mp4"]
    assert "neither" in skipped["pipe.mp4"]


def test_what_is_named_twice_is_taken_once(card: Path) -> None:
    found = collect([card / "DCIM" / "100MEDIA" / "B.MP4", card, card / "DCIM"])
    files = [one.path.name for one in found if isinstance(one, Candidate)]
    assert sorted(files) == [".hidden.mp4", "A.MP4", "A.sha256", "B.MP4", "empty.MP4"]
    assert files[0] == "B.MP4"


def test_a_link_that_is_named_is_followed(card: Path) -> None:
    (only,) = collect([card / "outside.mp4"])
    assert isinstance(only, Candidate)


def test_path_that_is_not_there(archive: Archive, card: Path) -> None:
    with pytest.raises(NothingToTakeIn, match="No such file"):
        list(ingest(archive.intake, [card, card / "nowhere"], archive.claim()))
    assert _recordings(archive) == 0, "it is noticed before anything is taken in"


def test_ingest_of_a_card(archive: Archive, card: Path) -> None:
    told: list[Progress] = []
    outcomes = list(ingest(archive.intake, [card], archive.claim(), told.append))
    taken = [outcome for outcome in outcomes if isinstance(outcome, Taken)]
    assert len(taken) == 5
    assert len([outcome for outcome in outcomes if isinstance(outcome, Skipped)]) == 7
    assert _recordings(archive) == 5
    assert (told[-1].files_done, told[-1].files_total) == (5, 5)
    assert told[-1].bytes_done == told[-1].bytes_total == sum(outcome.received.size for outcome in taken)
    amounts = [progress.bytes_done for progress in told]
    assert amounts == sorted(amounts)
    with archive.database.read() as tx:
        source = tx.scalar(sa.select(intake.c.source).where(intake.c.part_id == taken[0].received.part_id))
    assert source == str(taken[0].path)
    again = list(ingest(archive.intake, [card], archive.claim()))
    news = [outcome.received.new for outcome in again if isinstance(outcome, Taken)]
    assert news == [False, False, False, False, True], "all but the empty file are known"


def test_the_files_own_date_is_kept_apart(archive: Archive, tmp_path: Path) -> None:
    file = tmp_path / "old.mp4"
    file.write_bytes(mp4())
    os.utime(file, (1_600_000_000, 1_600_000_000))
    taken = take_in_file(archive.intake, file, archive.claim())
    assert isinstance(taken, Taken)
    with archive.database.read() as tx:
        row = tx.execute(sa.select(intake)).one()
        started = tx.execute(sa.select(recording.c.started_at, recording.c.started_source)).one()
    assert row.file_modified_at == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)
    assert row.received_at == archive.clock.now()
    assert tuple(started) == (datetime(2026, 11, 20, 18, 4, 5, tzinfo=UTC), "claim")


class _Growing:
    """Another process writes to the file while it is read: after the first piece, half a megabyte more."""

    def __init__(self, path: Path) -> None:
        self._path, self._done = path, False

    def __call__(self, size: int) -> None:
        if not self._done:
            self._done = True
            subprocess.run(["dd", "if=/dev/zero", f"of={self._path}", "bs=512k", "count=1", "oflag=append",
                            "conv=notrunc", "status=none"], check=True)  # fmt: skip


def test_file_growing_while_read(archive: Archive, tmp_path: Path) -> None:
    file = tmp_path / "growing.mp4"
    file.write_bytes(mp4() + bytes(3 << 20))
    taken = take_in_file(archive.intake, file, archive.claim(), _Growing(file))
    assert isinstance(taken, Taken)
    assert Flag.CHANGED_WHILE_READ in taken.received.flags
    assert taken.received.size == file.stat().st_size, "what was there when the end was reached"
    again = take_in_file(archive.intake, file, archive.claim())
    assert isinstance(again, Taken)
    assert not again.received.new


def test_file_overwritten_while_read(archive: Archive, tmp_path: Path) -> None:
    file = tmp_path / "overwritten.mp4"
    file.write_bytes(bytes(3 << 20))

    def overwrite(size: int) -> None:
        with file.open("r+b") as opened:
            opened.write(b"other")
        os.utime(file, ns=(time.time_ns(), time.time_ns()))

    taken = take_in_file(archive.intake, file, archive.claim(), overwrite)
    assert isinstance(taken, Taken)
    assert Flag.CHANGED_WHILE_READ in taken.received.flags


def test_file_that_stays_as_it_is_has_no_such_flag(archive: Archive, tmp_path: Path) -> None:
    file = tmp_path / "still.mp4"
    file.write_bytes(mp4())
    os.utime(file, (archive.clock.now().timestamp(),) * 2)  # the archive's clock stands still, the machine's does not
    taken = take_in_file(archive.intake, file, archive.claim(wearer_id=archive.officer.account_id))
    assert isinstance(taken, Taken)
    assert taken.received.flags == ()


def test_unreadable_file_is_noted_and_the_rest_goes_on(archive: Archive, tmp_path: Path) -> None:
    """/proc/self/mem is a regular file whose first byte cannot be read, also by root."""
    for name in ("a.mp4", "z.mp4"):
        (tmp_path / name).write_bytes(mp4(seed=ord(name[0])))
    unreadable = Path("/proc/self/mem")
    outcomes = list(ingest(archive.intake, [tmp_path / "a.mp4", unreadable, tmp_path / "z.mp4"], archive.claim()))
    assert [type(outcome) for outcome in outcomes] == [Taken, NotTaken, Taken]
    failed = outcomes[1]
    assert isinstance(failed, NotTaken)
    assert failed.reason == os.strerror(errno.EIO)
    with archive.database.read() as tx:
        event = find(tx, failed.event_id)
    assert event is not None
    assert event.kind.value == "intake:failed"
    assert event.details == {"face": "cli", "name": "mem", "reason": failed.reason, "source": "/proc/self/mem"}
    assert len(archive.objects()) == 2, "nothing of it was kept"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_file_without_permission(archive: Archive, tmp_path: Path) -> None:
    file = tmp_path / "locked.mp4"
    file.write_bytes(mp4())
    file.chmod(0)
    assert isinstance(take_in_file(archive.intake, file, archive.claim()), NotTaken)


def test_file_gone_since_it_was_found(archive: Archive, card: Path) -> None:
    outcomes = ingest(archive.intake, [card], archive.claim())
    first = next(outcome for outcome in outcomes if isinstance(outcome, Taken))
    assert first.path.name == ".hidden.mp4"
    (card / "DCIM/100MEDIA/A.MP4").unlink()
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds.count(NotTaken) == 1
    assert kinds.count(Taken) == 3


class _Failing:
    """A card with a bad sector: so many bytes, then an error."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int, /) -> bytes:
        if not self._content:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        piece, self._content = self._content[:size], self._content[size:]
        return piece


def test_reading_that_fails_half_way_seals_what_there_was(archive: Archive) -> None:
    readable = mp4()[:5000]
    received = archive.intake.take_in(_Failing(readable), archive.claim(wearer_id=archive.officer.account_id))
    assert Flag.READ_INCOMPLETE in received.flags
    with archive.database.read() as tx:
        (object_id,) = tx.scalars(sa.select(part.c.object_id))
        seal = history(tx, received.recording_id)[1]
    assert archive.content(object_id) == readable
    assert "read-incomplete" in seal.details["flags"]


def test_reading_that_fails_at_once_takes_nothing_in(archive: Archive) -> None:
    with pytest.raises(OSError, match="Input/output"):
        archive.intake.take_in(_Failing(b""), archive.claim())
    assert archive.objects() == set()
    assert _recordings(archive) == 0


@contextmanager
def _small_disk(folder: Path, size: str) -> Iterator[None]:
    """A real file system of this size. Not everybody may mount one: not even root, in many containers."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"A FULL DISK WAS NOT TESTED: no small file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_disk_full_during_sealing(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    store = tmp_path / "small"
    with _small_disk(store, "6m"):
        archive = make_archive(store)
        small, large = tmp_path / "a-small.mp4", tmp_path / "b-large.mp4"
        small.write_bytes(mp4())
        large.write_bytes(os.urandom(12 << 20))
        outcomes = ingest(archive.intake, [small, large], archive.claim())
        first = next(outcomes)
        assert isinstance(first, Taken)
        with pytest.raises(StoreFull, match="full"):
            next(outcomes)
        assert _recordings(archive) == 1, "nothing half-done is visible"
        assert len(archive.objects()) == 1
        assert not [path for path in store.rglob("*") if path.is_file() and path.stat().st_size > len(mp4()) * 2]
        large.write_bytes(mp4(seed=9))
        again = take_in_file(archive.intake, large, archive.claim())
        assert isinstance(again, Taken)
        assert again.received.new, "with room again, it goes in"


@pytest.mark.long
def test_no_room_for_a_file_during_sealing(tmp_path: Path) -> None:
    """What a full disk does, without a mount: the kernel lets no file of this process grow past a limit."""

    settings = {name: value for name, value in os.environ.items() if not name.startswith("CANDOR_")}
    settings |= {"CANDOR_HOME": str(tmp_path / "home"), "CANDOR_KEYS": str(tmp_path / "keys")}

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that writing fails, as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 20, 8 << 20))

    def candor(*words: object, before: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "candor", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, env=settings, cwd=tmp_path, preexec_fn=before)

    def listed() -> list[str]:
        return [one["id"] for one in json.loads(candor("list", "--json").stdout)["recordings"]]

    def stored() -> list[str]:
        return [str(path.relative_to(store)) for path in store.rglob("*") if path.is_file()]

    store, card = tmp_path / "home/footage", tmp_path / "card"
    card.mkdir()
    (card / "a-small.mp4").write_bytes(mp4())
    (card / "b-large.mp4").write_bytes(os.urandom(12 << 20))
    (card / "c-small.mp4").write_bytes(mp4(seed=9))
    refused = candor("ingest", card, before=limit)
    assert refused.returncode == 7, refused.stderr
    assert f"The store at {store} cannot be used: File too large" in " ".join(refused.stderr.split())
    assert "Nothing was acknowledged" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stderr.count("sealed  ") == 1, "what came before it is in, and was told"
    before = listed()
    assert len(before) == 1, "nothing half-done is visible"
    assert [path.split("/")[0] for path in stored()] == ["objects"], "nor lies about"

    again = candor("ingest", card)
    assert again.returncode == 0, again.stderr
    assert len(listed()) == len(stored()) == 3, "with room again, all of it goes in"
    assert set(before) < set(listed())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_database_gone(archive: Archive, tmp_path: Path) -> None:
    """The database goes away while a file is received: the error says so, nothing is acknowledged; when it is back
    the same file goes in as new."""
    file = tmp_path / "clip.mp4"
    file.write_bytes(mp4())
    home = Path(archive.database.url.database or "").parent
    away = home.with_name("away")
    archive.database.dispose()
    shutil.move(home, away)
    with pytest.raises(DatabaseGone, match="does not answer"):
        take_in_file(archive.intake, file, archive.claim())
    shutil.move(away, home)
    assert _recordings(archive) == 0
    (orphan,) = archive.objects()
    taken = take_in_file(archive.intake, file, archive.claim())
    assert isinstance(taken, Taken)
    assert taken.received.new
    assert len(archive.objects() - {orphan}) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_database_server_gone(archive: Archive, tmp_path: Path) -> None:
    """The server's address answers no more."""
    file = tmp_path / "clip.mp4"
    file.write_bytes(mp4())
    unused = archive.database.url.set(host="127.0.0.1", port=1, query={})
    gone = Database(unused.render_as_string(hide_password=False))
    try:
        intake_there = Intake(gone, archive.vault, Jobs(gone), archive.clock)
        with pytest.raises(DatabaseGone, match="does not answer"):
            take_in_file(intake_there, file, replace(archive.claim()))
    finally:
        gone.dispose()
    assert _recordings(archive) == 0
    taken = take_in_file(archive.intake, file, archive.claim())
    assert isinstance(taken, Taken)
    assert taken.received.new


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_connection_cut_in_the_transaction(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ends the connection just before the commit."""
    from candor.footage import receipt

    real = receipt.index_recording

    def cut(tx: sa.Connection, recording_id: str) -> None:
        real(tx, recording_id)
        process = tx.scalar(sa.text("SELECT pg_backend_pid()"))
        killer = threading.Thread(target=_terminate, args=(archive.database, process))
        killer.start()
        killer.join(10)

    with monkeypatch.context() as patch:
        patch.setattr(receipt, "index_recording", cut)
        with pytest.raises((DatabaseGone, sa.exc.OperationalError)):
            archive.take(mp4())
    assert _recordings(archive) == 0
    assert archive.take(mp4()).new


def _terminate(database: Database, process: int | None) -> None:
    with database.engine.connect() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(:process)"), {"process": process})
