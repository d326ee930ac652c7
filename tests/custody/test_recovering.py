"""An older database beside a log that went further: the same log goes on from a surviving copy, or nothing changes."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.core.clock import SystemClock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody import CustodyLog, Event, epochs, history, recent, witness_server
from candor.custody.errors import LogBehind, LogNotRecoverable, NothingToRecover, WitnessSilent
from candor.custody.evidence import first_difference
from candor.custody.lost import lost_of
from candor.custody.tables import custody_event, custody_lost_entry, log_checkpoint, log_head
from candor.migrations import migrate
from candor.verify.leaf import parse_leaf, tag
from candor.verify.merkle import Frontier, consistency_proof, leaf_hash, verify_consistency
from candor.verify.tiles import TileReader

from .older import backup, every_entry_is_proven, record, restore, witnessed
from .witness_log import until


def signed(log: CustodyLog) -> tuple[int, bytes]:
    newest = log.checkpoint()
    assert newest is not None
    return newest.size, newest.root


def extends(log: CustodyLog, old: tuple[int, bytes]) -> bool:
    """Whether what is signed now begins with the old tree, shown to an outsider by the files alone."""
    size, root = signed(log)
    reader = TileReader(size, root, log.files.fetch)
    verify_consistency(*old, size, root, consistency_proof(reader.read, old[0], size))
    return size > old[0]


def witnessed_size(log: CustodyLog) -> int:
    log.run_once()
    status = log.status()
    assert status is not None
    return status.witnessed_size


def details(database: Database, kind: Event) -> dict[str, object]:
    with database.read() as tx:
        return next(iter(recent(tx, kinds=[kind]))).details


def test_repairing_files_writes_over_nothing_that_was_signed(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path
) -> None:
    """The published checkpoint may be all that still shows that the database was set back."""
    record(database, 3)
    log.settle()
    before = backup(database)
    record(database, 300)
    log.settle()
    published = log.files.checkpoint()
    assert published is not None
    restore(database, before)
    next(tmp_path.rglob("log.last-signed")).unlink()
    later = make_log()
    with pytest.raises(LogBehind):
        later.check(repair=True)
    assert later.files.checkpoint() == published
    with pytest.raises(LogBehind):
        make_log().run_once()
    assert later.recovery().way == "take-in"


def test_a_published_checkpoint_of_nobody_is_written_over_by_repairing(
    database: Database, log: CustodyLog, tmp_path: Path
) -> None:
    record(database, 3)
    log.settle()
    good = log.files.checkpoint()
    assert good is not None
    lines = good.splitlines()
    (log.files.folder / "checkpoint").write_bytes(b"\n".join([lines[0], b"9000", *lines[2:], b""]))
    assert log.check(repair=True) == ["checkpoint"]
    assert log.files.checkpoint() == good
    assert log.check() == []


def test_an_older_database_goes_on_from_the_log_folder(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
) -> None:
    recording = new_id()
    record(database, 3, recording)
    log.settle()
    record(database, 2, recording)  # recorded before the backup, placed after it: known again by its leaf
    before = backup(database)
    log.settle()
    record(database, 270, recording)
    record(database, 30)
    log.settle()
    old = signed(log)
    restore(database, before)
    later = make_log()
    with pytest.raises(LogBehind, match=r"candor log recover"):
        later.run_once()
    record(database, 1)  # goes on meanwhile
    plan = later.recovery()
    assert (plan.way, plan.size, plan.missing) == ("take-in", 4, 302)
    assert later.recovery() == plan, "a plan changes nothing"
    done = later.take_in(actor="system:test")
    assert done.place == str(log.files.folder)
    size = later.settle()
    assert extends(later, old)
    told = details(database, Event.LOG_RECOVERED)
    assert (told["found"], told["lost"], told["linked"], told["recordings"]) == (2, 300, 270, 1)
    status = later.status()
    assert status is not None
    assert (status.lost, status.refusal, status.waiting, status.problems) == (300, None, 0, ())
    assert every_entry_is_proven(database, later) == size - 300
    assert later.check() == []
    with pytest.raises(NothingToRecover):
        later.take_in(actor="system:test")


def test_the_folder_is_laid_anew_when_another_copy_survived(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path
) -> None:
    before = backup(database)
    record(database, 300)
    log.settle()
    old = signed(log)
    shutil.copytree(log.files.folder, tmp_path / "mirror")
    shutil.rmtree(log.files.folder)
    (tmp_path / "keys/log.last-signed").unlink()  # lost with the machine
    restore(database, before)
    later = make_log()
    assert later.recovery().way == "whole", "nothing here knows of more: this is what witnesses and copies are for"
    assert later.take_in([str(tmp_path / "mirror")], actor="system:test").missing == 300
    later.settle()
    assert extends(later, old)
    assert later.check() == []
    assert (tmp_path / "keys/log.last-signed").exists()


def test_from_a_site_over_http(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path
) -> None:
    before = backup(database)
    record(database, 20)
    log.settle()
    old = signed(log)
    shutil.move(log.files.folder, tmp_path / "mirror")
    restore(database, before)
    handler = partial(_Quiet, directory=str(tmp_path / "mirror"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        later = make_log()
        later.take_in([f"http://127.0.0.1:{server.server_port}/"], actor="system:test")
        server.shutdown()
        thread.join(10)
    later.settle()
    assert extends(later, old)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_the_witness_holds_more_and_accepts_what_follows(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path
) -> None:
    verifier = log.verifier
    assert verifier is not None
    with witnessed(tmp_path / "witness") as (home, spelled):
        witness_server.add_log(home, verifier.format())
        seen = make_log(witnesses=(spelled,), quorum=1)
        record(database, 5)
        seen.settle()
        before = backup(database)
        record(database, 5)
        seen.settle()
        old = signed(seen)
        until(lambda: witnessed_size(seen) == 11)
        (tmp_path / "keys/log.last-signed").unlink()
        shutil.copytree(log.files.folder, tmp_path / "mirror")
        shutil.rmtree(log.files.folder)
        restore(database, before)
        later = make_log(witnesses=(spelled,), quorum=1)
        with pytest.raises(LogBehind, match="witness"):
            later.run_once()
        assert later.recovery().way == "handover"
        with pytest.raises(LogNotRecoverable, match="no copy that was given"):
            later.take_in(actor="system:test")
        later.take_in([str(tmp_path / "mirror")], actor="system:test")
        size = later.settle()
        until(lambda: witnessed_size(later) == size)
        assert extends(later, old)


def test_a_witness_that_is_silent_may_know_more(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    made = witness_server.create_witness(tmp_path / "witness", "witness.example/w1")
    made.close()
    before = backup(database)
    record(database, 5)
    log.settle()
    restore(database, before)
    later = make_log(witnesses=(f"{made.key.format()} http://127.0.0.1:{port}",))
    assert later.recovery().silent == ("witness.example/w1",)
    with pytest.raises(WitnessSilent):
        later.take_in(actor="system:test")
    later.take_in(actor="system:test", despite_silence=True)
    later.settle()


def test_the_marker_alone_knows_of_more(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
) -> None:
    """The copy is of an older moment than what was signed: going on from it would be a fork."""
    before = backup(database)
    record(database, 5)
    log.settle()
    copy = log.files.folder.with_name("copy")
    shutil.copytree(log.files.folder, copy)
    record(database, 5)
    log.settle()
    shutil.rmtree(log.files.folder)
    restore(database, before)
    later = make_log()
    plan = later.recovery([str(copy)])
    assert plan.way == "handover"
    assert plan.newest is not None
    assert plan.newest.where == "the marker beside the log's key"
    assert [one.reaches for one in plan.copies] == [None, 6]
    with pytest.raises(LogNotRecoverable, match="whole up to 6 entries only; 11 were signed"):
        later.take_in([str(copy)], actor="system:test")


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "path", ["tile/0/000", "tile/0/001.p/45", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/45"]
)
@pytest.mark.parametrize("damage", ["flip", "remove"])
def test_a_damaged_copy_is_refused_by_name(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], path: str, damage: str
) -> None:
    before = backup(database)
    record(database, 300)
    log.settle()
    file = log.files.folder / path
    flip(file) if damage == "flip" else file.unlink()
    restore(database, before)
    later = make_log()
    rows = backup(database)
    with pytest.raises(LogNotRecoverable, match=path if path != "tile/1/000.p/1" else "tile/"):
        later.take_in(actor="system:test")
    assert backup(database) == rows, "nothing was changed"


def test_two_damaged_copies_make_a_whole_one(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
) -> None:
    before = backup(database)
    record(database, 300)
    log.settle()
    copy = log.files.folder.with_name("copy")
    shutil.copytree(log.files.folder, copy)
    (log.files.folder / "tile/0/000").unlink()
    (copy / "tile/entries/000").unlink()
    restore(database, before)
    later = make_log()
    assert " with " in str(later.take_in([str(copy)], actor="system:test").place)
    assert later.settle() == 302


def test_a_forged_copy_is_refused(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path
) -> None:
    """A whole log of somebody else's, and one whose checkpoint has our name and no signature of ours."""
    record(database, 5)
    log.settle()
    elsewhere = Database(f"sqlite:///{tmp_path}/forged.sqlite3")
    migrate(elsewhere)
    other = CustodyLog(elsewhere, tmp_path / "forged", tmp_path / "forged-keys", SystemClock())
    with elsewhere.write() as tx:
        other.create(tx, "evidence.example.gov/log", actor="system:test")
    record(elsewhere, 50)
    other.settle()
    other.stop()
    elsewhere.dispose()
    plan = make_log().recovery([str(tmp_path / "forged")])
    assert plan.way == "whole"
    words = next(one.words for one in plan.copies if one.place.endswith("forged"))
    assert "not one that this log signed" in words


def test_a_history_that_was_signed_twice_is_said(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path
) -> None:
    """The marker was lost, no witness asked, and the older database signed another history."""
    before = backup(database)
    record(database, 5)
    log.settle()
    shutil.move(log.files.folder, tmp_path / "mirror")
    (tmp_path / "keys/log.last-signed").unlink()
    restore(database, before)
    later = make_log()
    record(database, 3)
    later.settle()
    for places in ([str(tmp_path / "mirror")],):
        plan = later.recovery(places)
        assert plan.way == "handover"
        assert "two histories" in plan.why or "two different histories" in plan.why
        with pytest.raises(LogNotRecoverable):
            later.take_in(places, actor="system:test")


def test_places_given_and_never_signed_are_taken_back(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
) -> None:
    """The database was exchanged between two steps of a pass: its places stand where others were signed."""
    before = backup(database)
    record(database, 5)
    log.settle()
    old = signed(log)
    restore(database, before)
    record(database, 2)
    sequencer = log._sequencer()
    assert sequencer is not None
    with sequencer.turn():
        sequencer._place()
    later = make_log()
    assert later.take_in(actor="system:test").first == 1
    later.settle()
    assert extends(later, old)
    assert every_entry_is_proven(database, later) == 1 + 2 + 1  # created, the two, recovered
    assert later.check() == []


def test_a_recordings_lost_events_are_found_by_their_tags(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
) -> None:
    """Also those whose numbers were taken once more before the log was recovered."""
    one, other = new_id(), new_id()
    record(database, 2, one)
    record(database, 1, other)
    log.settle()
    before = backup(database)
    lost_ids = record(database, 4, one)
    record(database, 2)
    log.settle()
    restore(database, before)
    record(database, 1, one)  # takes the number 2 again
    later = make_log()
    later.take_in(actor="system:test")
    later.settle()
    with database.read() as tx:
        lost = lost_of(tx, one)
        whole = history(tx, one)
        keys = epochs(tx, one)
        assert lost_of(tx, other) == []
        assert tx.execute(sa.select(sa.func.count()).select_from(custody_lost_entry)).scalar() == 6
    assert len(lost_ids) == len(lost) == 4
    assert [entry.n for entry in lost] == [2, 3, 4, 5]
    assert all(parse_leaf(entry.leaf.encode()).tag == tag(keys[entry.epoch].tag_key, entry.n) for entry in lost)
    assert [event.n for event in whole] == [0, 1, 2, 6]  # the last one replaces the tag key
    assert whole[-1].kind is Event.RECORDING_TAG_KEY_ROTATED
    assert len(keys) == 2
    assert record(database, 1, one)
    with database.read() as tx:
        assert history(tx, one)[-1].n == 7


def test_a_lost_key_does_not_stop_the_rebuilding(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path
) -> None:
    before = backup(database)
    record(database, 5)
    log.settle()
    restore(database, before)
    later = make_log(keys=tmp_path / "elsewhere")
    plan = later.take_in(actor="system:test")
    assert plan.key_problem is not None
    with database.read() as tx:
        assert tx.execute(sa.select(log_head.c.size)).scalar() == 6
    assert make_log().settle() == 7  # the key is put back


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=3)), st.integers(0, 20), st.booleans())
def test_first_difference(entries: list[bytes], at: int, cut: bool) -> None:
    have = [entry.hex() for entry in entries]
    want = [entry.hex().encode() for entry in entries]
    assert first_difference(iter(have), iter(want), len(want)) is None
    if at < len(have):
        changed = have[:at] if cut else [*have[:at], "other", *have[at + 1 :]]
        assert first_difference(iter(changed), iter(want), len(want)) == at


def test_the_head_is_that_of_all_entries(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
) -> None:
    before = backup(database)
    record(database, 40)
    log.settle()
    restore(database, before)
    later = make_log()
    later.take_in(actor="system:test")
    later.settle()
    frontier = Frontier()
    with database.read() as tx:
        rows = {
            row.position: row.leaf for row in tx.execute(sa.select(custody_event).where(custody_event.c.position >= 0))
        }
        rows |= {row.position: row.leaf for row in tx.execute(sa.select(custody_lost_entry))}
        newest = tx.execute(sa.select(log_checkpoint).order_by(log_checkpoint.c.size.desc())).first()
    assert newest is not None
    for position in range(len(rows)):
        frontier.append(leaf_hash(rows[position].encode()))
    assert (frontier.size, frontier.root()) == (newest.size, newest.root)
