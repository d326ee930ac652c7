"""Orders of a court: to erase a recording and what is known of it, to close it, to open it again."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.footage.conftest import Archive

from candor.custody import Event, history
from candor.footage import court_seals, erasing, errors, purging, wearing
from candor.footage.catalogue import change
from candor.footage.query import Query
from candor.footage.regrouping import regroup
from candor.footage.rules import RecordingState
from candor.footage.search import find
from candor.footage.sidecars import SidecarClaim, keep_sidecar
from candor.footage.tables import part, recording
from candor.footage.viewing import open_part
from candor.footage.whole import whole_told
from candor.people.errors import Refused
from candor.store.tables import tombstone, vault_object
from candor.store.tombstones import ERASURE, PURGE, KeysLedger, Tombstone, decode, encode

WORDS = {"authority": "Order 26-CV-7", "reason": "an order of the court"}
DESCRIBED = {"title": "Interview of Jane Roe", "notes": "she names her brother", "incident_number": "26-100"}


def taken(archive: Archive, content: bytes = b"a film" * 100) -> str:
    recording_id = archive.worn(content, "roe.mp4").recording_id
    with archive.database.write() as tx:
        change(tx, recording_id, DESCRIBED, archive.technician, clock=archive.clock)
    return recording_id


def erase(archive: Archive, recording_id: str, **words: str) -> str:
    with archive.database.write() as tx:
        return erasing.erase(
            tx, archive.vault, archive.jobs, archive.technician, recording_id, clock=archive.clock, **{**WORDS, **words}
        )


def settle(archive: Archive) -> None:
    purging.settle(archive.database, archive.vault, KeysLedger(archive.folder / "keys"), clock=archive.clock)


def test_what_stays_is_that_it_was_and_the_order(archive: Archive) -> None:
    recording_id = taken(archive)
    beside = SidecarClaim("roe.gpx", "/card/roe.gpx", "card", "system:test", "gpx", recording_id)
    kept = keep_sidecar(archive.intake, io.BytesIO(b"where they went"), beside)
    archive.clock.advance(60)
    stone = erase(archive, recording_id)
    settle(archive)
    assert archive.objects() == set()
    with archive.database.read() as tx:
        row = tx.execute(sa.select(recording).where(recording.c.id == recording_id)).one()
        assert row.state == RecordingState.DESTROYED
        assert (row.title, row.notes, row.incident_number) == ("(erased by order)", "", None)
        assert (row.wearer_id, row.unit_id, row.size) == (archive.officer.account_id, archive.north, 600)
        found = purging.purges_of(tx, recording_id)
        assert [(one.id, one.is_erasure, one.authority) for one in found] == [(stone, True, WORDS["authority"])]
        for text in ("Roe", "brother", "26-100", "roe.mp4"):
            assert find(tx, archive.technician, Query(text=text)).rows == []
        assert [(one["id"], one["sha256"]) for one in whole_told(tx, recording_id)["sidecars"]] == [(kept.id, None)]
        events = history(tx, recording_id)
        assert [one.is_erased for one in events] == [True] * (len(events) - 1) + [False]
        assert events[-1].kind is Event.RECORDING_ERASED
        assert events[-1].details["events"] == len(events) - 1
        assert not wearing.set_by_hand(tx, recording_id)
        with pytest.raises(errors.RecordingDestroyed):
            open_part(archive.database, archive.vault, archive.technician, _part(archive, recording_id), "Court")
    with pytest.raises(errors.EntryErased), archive.database.write() as tx:  # nobody writes it down once more
        change(tx, recording_id, {"title": "Roe again"}, archive.technician, clock=archive.clock)
    ledger = KeysLedger(archive.folder / "keys").read(archive.vault.keys)
    assert [(one.id, one.kind) for one in ledger] == [(stone, ERASURE)]
    assert "Roe" not in (archive.folder / "keys" / "tombstones.jsonl").read_text()


def _part(archive: Archive, recording_id: str) -> str:
    with archive.database.read() as tx:
        return str(tx.scalar(sa.select(part.c.id).where(part.c.recording_id == recording_id)))


def test_refused_said_wrong_and_done_twice(archive: Archive) -> None:
    recording_id = taken(archive)
    act = (archive.vault, archive.jobs)
    with pytest.raises(Refused), archive.database.write() as tx:
        erasing.erase(tx, *act, archive.supervisor, recording_id, **WORDS)
    for words in ({"authority": ""}, {"reason": "x" * 501}):
        with pytest.raises(errors.PurgeWordsMissing):
            erase(archive, recording_id, **words)
    with archive.database.write() as tx:  # one that was purged before is erased all the same
        purging.purge(tx, *act, archive.technician, recording_id, clock=archive.clock, **WORDS)
    archive.clock.advance(60)
    erase(archive, recording_id)
    with pytest.raises(errors.ErasedAlready):
        erase(archive, recording_id)
    with archive.database.read() as tx:
        assert [one.kind for one in purging.purges_of(tx, recording_id)] == [ERASURE, PURGE]


def test_a_restored_database_is_erased_again(archive: Archive, tmp_path: Path) -> None:
    """A tombstone from outside does to a database from before the order what the order did."""
    recording_id = taken(archive)
    with archive.database.read() as tx:
        ids = tuple(tx.scalars(sa.select(vault_object.c.object_id)))
        unknown = Tombstone("01a20385-5f62-7d74-8491-917d11dcf595", recording_id, ids, archive.clock.now())
    stone = decode(archive.vault.keys, encode(archive.vault.keys, _of_an_order(unknown)), "here")
    assert (stone.kind, stone.authority) == (ERASURE, WORDS["authority"])
    for times in (1, 0):
        with archive.database.write() as tx:
            assert purging.lay_to_rest(tx, archive.vault, [stone]) == times
    with archive.database.read() as tx:
        assert tx.scalar(sa.select(recording.c.title).where(recording.c.id == recording_id)) == "(erased by order)"
        assert all(one.is_erased for one in history(tx, recording_id))
        assert find(tx, archive.technician, Query(text="Roe")).rows == []
        assert tx.scalar(sa.select(tombstone.c.kind)) == ERASURE
    assert archive.worn(b"a film" * 100).held


def _of_an_order(stone: Tombstone) -> Tombstone:
    said = {"actor": "system:test", **WORDS}
    return Tombstone(stone.id, stone.subject, stone.object_ids, stone.destroyed_at, **said, kind=ERASURE)


def test_closed_by_order_it_is_kept_and_seen_by_nobody(archive: Archive) -> None:
    recording_id = taken(archive)
    with archive.database.write() as tx:
        erasing.seal_away(tx, archive.technician, recording_id, clock=archive.clock, **WORDS)
        assert court_seals.is_closed(tx, recording_id)
    with archive.database.read() as tx:
        for actor in (archive.technician, archive.officer, archive.supervisor):
            assert find(tx, actor, Query(text="Roe")).rows == []
    assert len(archive.objects()) == 1
    with pytest.raises(errors.ClosedAlready), archive.database.write() as tx:
        erasing.seal_away(tx, archive.technician, recording_id, **WORDS)
    with pytest.raises(errors.FootageError), archive.database.write() as tx:
        purging.purge(tx, archive.vault, archive.jobs, archive.technician, recording_id, **WORDS)
    assert len(archive.objects()) == 1
    archive.clock.advance(60)
    with archive.database.write() as tx:
        erasing.unseal(
            tx, archive.technician, recording_id, authority="Order 27-1", reason="vacated", clock=archive.clock
        )
    with archive.database.read() as tx:
        assert not court_seals.is_closed(tx, recording_id)
        assert [row.id for row in find(tx, archive.technician, Query(text="Roe")).rows] == [recording_id]
        (seal,) = court_seals.seals_of(tx, recording_id)
        assert (seal.authority, seal.lift_authority, seal.lifted_at) == (
            WORDS["authority"],
            "Order 27-1",
            archive.clock.now(),
        )
    with pytest.raises(errors.NotClosed), archive.database.write() as tx:
        erasing.unseal(tx, archive.technician, recording_id, **WORDS)


def test_an_order_to_erase_goes_before_one_to_close(archive: Archive) -> None:
    recording_id = taken(archive)
    with archive.database.write() as tx:
        erasing.seal_away(tx, archive.technician, recording_id, clock=archive.clock, **WORDS)
    erase(archive, recording_id, authority="Order 27-9")
    with archive.database.read() as tx:
        assert purging.purges_of(tx, recording_id)[0].authority == "Order 27-9"


def test_what_was_made_one_with_it_goes_too(make_archive: Callable[..., Archive]) -> None:
    archive = make_archive()
    one = archive.worn(b"first" * 50, "first.mp4", device_id=archive.camera).recording_id
    archive.clock.advance(600)
    two = archive.worn(b"second" * 50, "second.mp4", device_id=archive.camera).recording_id
    with archive.database.write() as tx:
        change(tx, two, {"title": "Jane Roe again"}, archive.technician, clock=archive.clock)
        whole = regroup(tx, archive.technician, [one, two], reason="one stop", clock=archive.clock)
    erase(archive, whole)
    with archive.database.read() as tx:
        assert {tx.scalar(sa.select(recording.c.title).where(recording.c.id == each)) for each in (one, two)} == {
            "(erased by order)"
        }
        other = two if whole == one else one
        assert all(event.is_erased for event in history(tx, other))
