from __future__ import annotations

import inspect
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from candor.custody.witness_store import WitnessStore
from candor.verify.checkpoint import Checkpoint
from candor.verify.merkle import EMPTY_ROOT
from candor.verify.note import Note, Signature, VerifierKey

LOG = VerifierKey("log.example", bytes(32))
IMPORTS = """
from __future__ import annotations
import sys
from contextlib import closing
from pathlib import Path
from candor.custody.witness_store import WitnessStore
from candor.verify.checkpoint import Checkpoint
from candor.verify.merkle import EMPTY_ROOT
from candor.verify.note import Note, Signature, VerifierKey
"""


def note(size: int) -> Note:
    text = Checkpoint(LOG.name, size, EMPTY_ROOT).format()
    return Note(text, (Signature(LOG.name, LOG.key_id, b"signature"),))


def count_up(path: Path, times: int) -> None:
    """Read the newest size and store the next one, each time in one transaction."""
    with closing(WitnessStore(path)) as store:
        for _ in range(times):
            with store.hold(LOG.name, "hash") as held:
                newest = held.newest()
                held.replace(note(newest.checkpoint.size + 1 if newest else 1))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WitnessStore]:
    with closing(WitnessStore(tmp_path / "witness.db")) as opened:
        yield opened


def test_what_is_stored_is_there_after_opening_again(tmp_path: Path, store: WitnessStore) -> None:
    assert store.newest_by_hash("hash") is None
    store.add_log(LOG)
    store.add_log(LOG)
    with store.hold(LOG.name, "hash") as held:
        assert held.newest() is None
        held.replace(note(5))
    with closing(WitnessStore(tmp_path / "witness.db")) as again:
        assert again.log_keys() == again.log_keys(LOG.name) == (LOG,)
        assert again.log_keys("other.example") == ()
        newest = again.newest_by_hash("hash")
    assert newest is not None
    assert newest.note == note(5)
    assert newest.checkpoint.size == 5


def test_every_commit_goes_to_the_disk(store: WitnessStore) -> None:
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_failure_while_holding_undoes_the_change(tmp_path: Path, store: WitnessStore) -> None:
    count_up(tmp_path / "witness.db", 1)

    def fail_halfway() -> None:
        with store.hold(LOG.name, "hash") as held:
            held.replace(note(9))
            raise KeyError

    with pytest.raises(KeyError):
        fail_halfway()
    newest = store.newest_by_hash("hash")
    assert newest is not None
    assert newest.checkpoint.size == 1


def test_threads_and_processes_exclude_each_other(tmp_path: Path, store: WitnessStore) -> None:
    def count_up_here() -> None:
        for _ in range(25):
            with store.hold(LOG.name, "hash") as held:
                newest = held.newest()
                held.replace(note(newest.checkpoint.size + 1 if newest else 1))

    path = tmp_path / "witness.db"
    code = f"{IMPORTS}\nLOG = VerifierKey('log.example', bytes(32))\n"
    code += inspect.getsource(note) + inspect.getsource(count_up) + "count_up(Path(sys.argv[1]), 25)\n"
    processes = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(2)]
    threads = [threading.Thread(target=count_up_here) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [process.wait(60) for process in processes] == [0, 0]
    newest = store.newest_by_hash("hash")
    assert newest is not None
    assert newest.checkpoint.size == 100


def test_waiting_for_another_process_is_bounded(tmp_path: Path, store: WitnessStore) -> None:
    with (
        closing(WitnessStore(tmp_path / "witness.db", busy_timeout=0.05)) as second,
        store.hold(LOG.name, "hash"),
        pytest.raises(sqlite3.OperationalError, match="locked"),
        second.hold(LOG.name, "hash"),
    ):
        pytest.fail("two writers at a time")
