"""A new log follows one that cannot go on: nothing that was handed out loses its proof, and everybody can see it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody import CustodyLog, Event, find, history, recent, witness_server
from candor.custody import handing_over as module
from candor.custody.errors import HandoverNotNeeded, HandoverWrong, LogKeyMissing, NotYetInLog
from candor.custody.handing_over import next_origin
from candor.custody.old_logs import old_proofs
from candor.custody.tables import custody_event, log_head, log_old
from candor.verify.errors import BadHandover, NoKnownSignature
from candor.verify.handover import Handover, verify_handover
from candor.verify.merkle import leaf_hash
from candor.verify.note import Note, VerifierKey

from .conftest import ORIGIN
from .older import backup, every_entry_is_proven, record, restore, witnessed
from .witness_log import until


def vkey(log: CustodyLog) -> VerifierKey:
    found = log.verifier
    assert found is not None
    return found


def first_event(database: Database) -> dict[str, object]:
    with database.read() as tx:
        row = tx.execute(sa.select(custody_event.c.id).where(custody_event.c.position == 0)).scalar_one()
        event = find(tx, row)
    assert event is not None
    assert event.kind is Event.LOG_HANDED_OVER
    return event.details


def test_a_log_whose_newest_entries_are_lost(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path
) -> None:
    recording = new_id()
    [known] = record(database, 1, recording)
    log.settle()
    handed_out, old_policy = log.proof(known), log.policy()
    record(database, 298, recording)
    log.settle()
    before = backup(database)
    record(database, 20, recording)
    log.settle()
    lost_size = 320
    shutil.rmtree(log.files.folder)
    restore(database, before)
    old = vkey(log)
    later = make_log()
    record(database, 1, recording)
    done = later.hand_over(actor="system:test", reason="the disk of 22 November is lost")
    size = later.settle()

    assert done.signed_by_old
    assert (done.handover.last_size, done.handover.carried_size) == (lost_size, 300)
    assert vkey(later) == done.handover.new
    assert vkey(later).name == f"{ORIGIN}/2"
    # what was handed out before is proven as before, by the old key alone
    with database.read() as tx:
        event = find(tx, known)
    assert event is not None
    handed_out.verify(leaf_hash(event.leaf.encode()), old_policy)
    # everything is proven by the new log
    assert every_entry_is_proven(database, later) == size == 302
    assert later.check() == []
    # a stranger who knows the old key alone can check who follows
    published = Note.parse((later.files.folder / "handover").read_bytes())
    assert verify_handover(published, old).signed_by_old
    assert verify_handover(published, old).handover == done.handover
    told = first_event(database)
    assert (told["old_vkey"], told["new_vkey"]) == (old.format(), vkey(later).format())
    assert Note.parse(str(told["statement"])) == published
    assert str(told["last_checkpoint"]).startswith(f"{ORIGIN}\n{lost_size}\n")
    # the state says so, and the old log's proofs can still be made
    status = later.status()
    assert status is not None
    assert [(one.number, one.last_size, one.carried_size, one.signed_by_old) for one in status.handovers] == [
        (1, lost_size, 300, True)
    ]
    with database.read() as tx:
        events = [one for one in history(tx, recording) if one.position is not None][:299]
    proofs = old_proofs(database, later.files, 1, events)
    for event, proof in zip(events, proofs, strict=True):
        assert proof.verify(leaf_hash(event.leaf.encode()), old_policy).checkpoint.origin == ORIGIN
    with database.read() as tx:
        after = next(iter(recent(tx, kinds=[Event.RECORDING_VIEWED], limit=1)))
    with pytest.raises(NotYetInLog):
        old_proofs(database, later.files, 1, [after])
    # the old key is kept aside and signs no more
    names = set(os.listdir(tmp_path / "keys"))
    assert names == {"log.key", "log.last-signed", "log.key.old-1", "log.last-signed.old-1"}


def test_without_the_old_key(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path
) -> None:
    """The key is lost for good, nothing else is: the log's whole history goes on under another key."""
    record(database, 3)
    log.settle()
    old = vkey(log)
    (tmp_path / "keys/log.key").unlink()
    later = make_log()
    with pytest.raises(LogKeyMissing):
        later.run_once()
    done = later.hand_over(actor="system:test", reason="the key is lost", origin="evidence.example.gov/again")
    assert not done.signed_by_old
    assert later.settle() == 5
    assert vkey(later).name == "evidence.example.gov/again"
    published = Note.parse((later.files.folder / "handover").read_bytes())
    assert not verify_handover(published, old).signed_by_old
    assert [line.name for line in published.signatures] == ["evidence.example.gov/again"]
    # the old log's files lie where they can be found, its last checkpoint too
    assert (later.files.folder / "old/1/checkpoint").exists()
    assert (later.files.folder / "old/1/tile/0/000.p/4").exists()


def test_a_second_handover_follows_the_first(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
) -> None:
    record(database, 3)
    log.settle()
    later = make_log()
    one = later.hand_over(actor="system:test", reason="once")
    later.settle()
    two = later.hand_over(actor="system:test", reason="twice")
    assert later.settle() == 6
    assert (one.handover.new, vkey(later).name) == (two.handover.old, f"{ORIGIN}/3")
    assert every_entry_is_proven(database, later) == 6
    folder = later.files.folder
    first = Note.parse((folder / "old/1/handed-over").read_bytes())
    second = Note.parse((folder / "handover").read_bytes())
    assert verify_handover(first, one.handover.old).handover.new == verify_handover(second).handover.old
    status = later.status()
    assert status is not None
    assert len(status.handovers) == 2


def test_what_can_be_recovered_is_not_handed_over(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
) -> None:
    before = backup(database)
    record(database, 3)
    log.settle()
    restore(database, before)
    later = make_log()
    with pytest.raises(HandoverNotNeeded):
        later.hand_over(actor="system:test", reason="hasty")
    assert vkey(later).name == ORIGIN


@pytest.mark.parametrize(
    ("reason", "origin"), [("  ", None), ("x" * 501, None), ("why", ORIGIN), ("why", "a name with spaces")]
)
def test_a_handover_that_cannot_be_written_changes_nothing(
    database: Database, log: CustodyLog, reason: str, origin: str | None
) -> None:
    before = backup(database)
    with pytest.raises(HandoverWrong):
        log.hand_over(actor="system:test", reason=reason, origin=origin)
    assert backup(database) == before
    record(database, 1)
    assert log.settle() == 2


def test_the_witness_takes_the_new_log_as_another_one(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog], tmp_path: Path
) -> None:
    with witnessed(tmp_path / "witness") as (home, spelled):
        witness_server.add_log(home, vkey(log).format())
        seen = make_log(witnesses=(spelled,), quorum=1)
        record(database, 5)
        seen.settle()
        until(lambda: witnessed_size(seen) == 6)
        seen.hand_over(actor="system:test", reason="a key that others may have seen")
        record(database, 2)
        seen.settle()
        status = seen.status()
        assert status is not None
        assert status.witnessed_size == 0
        witness_server.add_log(home, vkey(seen).format())
        until(lambda: witnessed_size(seen) == 9)
        newest = seen.checkpoint()
        assert newest is not None
        seen.policy().verify_witnesses(Note.parse(newest.note))


def witnessed_size(log: CustodyLog) -> int:
    log.run_once()
    status = log.status()
    assert status is not None
    return status.witnessed_size


@pytest.mark.parametrize("stop_at", ["adopt_next", "make_folder", "_complete", "write_durably"])
def test_stopped_between_database_and_disk(
    database: Database,
    log: CustodyLog,
    make_log: Callable[..., CustodyLog],
    monkeypatch: pytest.MonkeyPatch,
    stop_at: str,
) -> None:
    """What a handover still has to do on disk is done by whoever comes next, before anything is sequenced."""
    record(database, 3)
    log.settle()
    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="stopped"):
        patched.setattr(module, stop_at, _stop)
        log.hand_over(actor="system:test", reason="stopped half-way")
    record(database, 1)
    later = make_log()
    assert later.settle() == 6
    assert later.check() == []
    assert (later.files.folder / "handover").exists()
    assert (later.files.folder / "old/1/checkpoint").exists()
    with database.read() as tx:
        assert tx.execute(sa.select(log_old.c.settled)).scalar() is True


def _stop(*_: object, **__: object) -> None:
    raise RuntimeError("stopped")


def test_a_running_process_goes_on_with_the_new_log(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
) -> None:
    running = make_log(interval=0.02)
    running.start()
    record(database, 3)
    running.settle()
    make_log().hand_over(actor="system:test", reason="from the command line")
    record(database, 3)
    assert running.settle(timeout=20) == 8
    assert Note.parse(running.files.checkpoint() or b"").text.startswith(f"{ORIGIN}/2\n8\n")


def test_the_places_of_lost_entries_are_carried(
    database: Database, log: CustodyLog, make_log: Callable[..., CustodyLog]
) -> None:
    before = backup(database)
    record(database, 5)
    log.settle()
    restore(database, before)
    later = make_log()
    later.take_in(actor="system:test")
    later.settle()
    later.hand_over(actor="system:test", reason="another thing went wrong")
    size = later.settle()
    status = later.status()
    assert status is not None
    assert (status.lost, size) == (5, 8)
    assert later.check() == []
    assert every_entry_is_proven(database, later) == 3


def test_a_key_that_is_not_the_old_one_shows_nothing(database: Database, log: CustodyLog, tmp_path: Path) -> None:
    old = vkey(log)
    done = log.hand_over(actor="system:test", reason="why not")
    log.settle()
    note = Note.parse((log.files.folder / "handover").read_bytes())
    with pytest.raises(BadHandover):
        verify_handover(note, done.handover.new)
    only_old = Note(note.text, tuple(line for line in note.signatures if line.is_by(old)))
    with pytest.raises(BadHandover, match="did not sign"):
        verify_handover(only_old, old)
    with pytest.raises(NoKnownSignature):
        verify_handover(Note(note.text.replace("why not", "why"), witness_lines(note)), old)
    assert Handover.parse(note.text).format() == note.text
    with database.read() as tx:
        assert tx.execute(sa.select(log_head.c.refusal)).scalar() is None


def witness_lines(note: Note) -> tuple[object, ...]:
    """The same signatures under names that nobody trusts."""
    from dataclasses import replace

    return tuple(replace(line, name="somebody.example") for line in note.signatures)


@pytest.mark.parametrize(
    ("origin", "after"),
    [("a.example/log", "a.example/log/2"), ("a.example/log/2", "a.example/log/3"), ("a.example/9", "a.example/10")],
)
def test_names_of_logs(origin: str, after: str) -> None:
    assert next_origin(origin) == after
