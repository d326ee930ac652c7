"""Destroying a recording for good, and everything that must not survive it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.footage.clips import mp4
from tests.footage.conftest import Archive

from candor.custody import Event, history
from candor.footage import errors, purging, returning
from candor.footage import jobs as footage_jobs
from candor.footage.query import Query
from candor.footage.renditions import renditions_of
from candor.footage.rules import RecordingState
from candor.footage.search import find
from candor.footage.tables import part, recording
from candor.footage.viewing import begin_viewing, open_part, open_rendition
from candor.jobs import JobContext, JobState
from candor.people.errors import Refused
from candor.store import KeyDestroyed, scrub_destroyed_keys
from candor.store.tables import tombstone, vault_key, vault_object
from candor.store.tombstones import KeysLedger


def destroy(archive: Archive, recording_id: str, **words: str) -> str:
    said = {"authority": "Order 26-CV-7", "reason": "expunged", **words}
    with archive.database.write() as tx:
        return purging.purge(
            tx, archive.vault, archive.jobs, archive.technician, recording_id, clock=archive.clock, **said
        )


def settle(archive: Archive) -> None:
    purging.settle(archive.database, archive.vault, KeysLedger(archive.folder / "keys"), clock=archive.clock)


def state_of(archive: Archive, recording_id: str) -> str | None:
    with archive.database.read() as tx:
        return tx.scalar(sa.select(recording.c.state).where(recording.c.id == recording_id))


@pytest.fixture
def making(archive: Archive) -> Archive:
    """An archive that makes viewing copies."""
    footage_jobs.register(archive.jobs, archive.database, archive.vault, clock=archive.clock)
    archive.jobs.launch()
    return archive


def test_everything_that_shows_it_is_gone(making: Archive) -> None:
    archive = making
    taken, other = archive.worn(mp4(seed=4)), archive.worn(mp4(seed=5), "other.mp4")
    archive.jobs.wait_idle(120)
    with archive.database.read() as tx:
        copies = renditions_of(tx, taken.part_id)
        mine = {one.object_id for one in copies} | {
            tx.scalar(sa.select(part.c.object_id).where(part.c.id == taken.part_id))
        }
    assert len(mine) == 5
    before = archive.objects()
    stone = destroy(archive, taken.recording_id)
    assert archive.objects() == before  # bytes go after the commit
    settle(archive)
    assert archive.objects() == before - mine
    with archive.database.read() as tx:
        keys = dict(tx.execute(sa.select(vault_key.c.object_id, vault_key.c.wrapped_key)).all())  # type: ignore[arg-type]
        assert all(keys[one] == bytes(60) for one in mine)
        assert all(any(keys[one]) for one in before - mine)
        event = history(tx, taken.recording_id)[-1]
        assert event.kind is Event.RECORDING_KEY_DESTROYED
        assert event.actor == archive.technician.account_id
        assert event.details["authority"] == "Order 26-CV-7"
        assert set(event.details["objects"]) == mine
        found = purging.purges_of(tx, taken.recording_id)
        assert [(one.id, one.reason, set(one.object_ids)) for one in found] == [(stone, "expunged", mine)]
        assert purging.owed(tx) == []
        assert [row.id for row in find(tx, archive.technician, Query(state="destroyed")).rows] == [taken.recording_id]
    with pytest.raises(errors.RecordingDestroyed, match="Order 26-CV-7"):
        open_part(archive.database, archive.vault, archive.technician, taken.part_id, "Court")
    for one in copies:
        with pytest.raises(errors.RecordingDestroyed):
            open_rendition(archive.database, archive.vault, archive.technician, one.id, "Court")
    with pytest.raises(errors.RecordingDestroyed), archive.database.write() as tx:
        begin_viewing(tx, archive.technician, taken.recording_id, "Court")
    assert state_of(archive, other.recording_id) == RecordingState.SEALED
    open_part(archive.database, archive.vault, archive.technician, other.part_id, "Court").stream.close()


def test_who_may_and_what_must_be_said(archive: Archive) -> None:
    taken = archive.worn(b"x" * 100)
    with pytest.raises(Refused), archive.database.write() as tx:
        purging.purge(
            tx, archive.vault, archive.jobs, archive.officer, taken.recording_id, authority="me", reason="shy"
        )
    for words in ({"authority": " "}, {"reason": ""}, {"reason": "a\u202eb"}, {"authority": "x" * 501}):
        with pytest.raises(errors.PurgeWordsMissing):
            destroy(archive, taken.recording_id, **words)
    with pytest.raises(errors.RecordingUnknown):
        destroy(archive, "01a20385-5f62-7d74-8491-917d11dcf595")
    assert state_of(archive, taken.recording_id) == RecordingState.SEALED
    destroy(archive, taken.recording_id)
    with pytest.raises(errors.PurgedAlready):
        destroy(archive, taken.recording_id)


def test_rolled_back_it_never_was(archive: Archive) -> None:
    taken = archive.worn(b"x" * 100)
    with pytest.raises(ZeroDivisionError), archive.database.write() as tx:
        purging.purge(
            tx, archive.vault, archive.jobs, archive.technician, taken.recording_id, authority="a", reason="b"
        )
        raise ZeroDivisionError
    with archive.database.read() as tx:
        assert history(tx, taken.recording_id)[-1].kind is Event.RECORDING_SEALED
        assert tx.scalar(sa.select(sa.func.count()).select_from(tombstone)) == 0
    open_part(archive.database, archive.vault, archive.technician, taken.part_id, "Court").stream.close()


def test_objects_of_earlier_intakes_go_too_and_empty_files_are_not_confused(archive: Archive) -> None:
    data = b"the same bytes" * 100
    first = archive.worn(data)
    with archive.database.read() as tx:
        old = tx.scalar(sa.select(part.c.object_id).where(part.c.id == first.part_id))
    archive.vault.store.delete(old)  # its disk is away: the next intake puts another object in its place
    again = archive.worn(data)
    assert again.recording_id == first.recording_id
    assert again.kept
    one, two = archive.worn(b"", "empty 1"), archive.worn(b"", "empty 2")
    destroy(archive, first.recording_id)
    destroy(archive, one.recording_id)
    with archive.database.read() as tx:
        living = set(
            tx.scalars(
                sa.select(part.c.id)
                .join(vault_object, vault_object.c.object_id == part.c.object_id)
                .where(vault_object.c.key_destroyed_at.is_(None))
            )
        )
        assert tx.scalar(sa.select(vault_object.c.key_destroyed_at).where(vault_object.c.object_id == old)) is not None
    assert living == {two.part_id}


def test_what_comes_in_again_does_not_live_again(archive: Archive) -> None:
    film = b"the same bytes" * 50
    first = archive.worn(film)
    destroy(archive, first.recording_id)
    settle(archive)
    archive.clock.advance(60)
    again = archive.worn(film)
    assert (again.recording_id, again.new, again.kept, again.held) == (first.recording_id, False, True, True)
    assert state_of(archive, first.recording_id) == RecordingState.DESTROYED
    with pytest.raises(errors.RecordingDestroyed):
        open_part(archive.database, archive.vault, archive.technician, first.part_id, "Court")
    # A further purge of the recording takes what is held too, by a word of its own.
    destroy(archive, first.recording_id, authority="Order 27-CV-1")
    settle(archive)
    assert archive.objects() == set()
    with archive.database.read() as tx:
        words = [one.authority for one in purging.purges_of(tx, first.recording_id)]
        assert words == ["Order 27-CV-1", "Order 26-CV-7"]
        assert returning.waiting(tx, archive.technician) == []


def test_a_copy_that_is_being_made_meanwhile_does_not_outlive_it(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The purge comes when the copy is finished and not yet recorded."""
    footage_jobs.register(archive.jobs, archive.database, archive.vault, clock=archive.clock)
    taken = archive.worn(mp4(seed=7))
    made = JobContext.transaction
    purged = []

    def transaction(context: JobContext, name: str, act: object) -> object:
        if name.startswith("record ") and not purged:
            purged.append(destroy(archive, taken.recording_id))
        return made(context, name, act)  # type: ignore[arg-type]

    monkeypatch.setattr(JobContext, "transaction", transaction)
    archive.jobs.launch()
    archive.jobs.wait_idle(120)
    assert purged
    settle(archive)
    assert archive.objects() == set()
    with archive.database.read() as tx:
        assert not list(
            tx.scalars(sa.select(vault_object.c.object_id).where(vault_object.c.key_destroyed_at.is_(None)))
        )
        assert {job.state for job in archive.jobs.list(tx)} <= {JobState.CANCELLED, JobState.DONE}


def test_what_cannot_be_reached_is_owed_and_done_later(archive: Archive, tmp_path: Path) -> None:
    taken = archive.worn(b"y" * 5000)
    destroy(archive, taken.recording_id)
    blocked = tmp_path / "a file"
    blocked.write_text("in place of the keys' folder")
    with pytest.raises(FileExistsError):
        purging.settle(archive.database, archive.vault, KeysLedger(blocked / "keys"), clock=archive.clock)
    with archive.database.read() as tx:
        assert [one.recording_id for one in purging.owed(tx)] == [taken.recording_id]
        object_id = purging.owed(tx)[0].object_ids[0]
        with pytest.raises(KeyDestroyed):
            archive.vault.open(tx, object_id)
    settle(archive)
    settle(archive)
    with archive.database.read() as tx:
        assert purging.owed(tx) == []
        assert [one.id for one in purging.owed(tx, "/some/backup")] == [
            one.id for one in purging.purges_of(tx, taken.recording_id)
        ]
    assert archive.objects() == set()
    ledger = (archive.folder / "keys" / "tombstones.jsonl").read_text()
    assert ledger.count("\n") == 1
    assert object_id in ledger
    assert "26-CV-7" not in ledger
    assert "expunged" not in ledger
    assert KeysLedger(archive.folder / "keys").read(archive.vault.keys)[0].authority == "Order 26-CV-7"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_while_a_reader_keeps_the_keys_copies_in_the_file_it_is_owed(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "scrub_destroyed_keys", partial(scrub_destroyed_keys, patience=0.1))
    taken = archive.worn(b"z" * 5000)
    object_id = next(iter(archive.objects()))
    with archive.database.read() as tx:
        wrapped = tx.scalar(sa.select(vault_key.c.wrapped_key).where(vault_key.c.object_id == object_id))
        destroy(archive, taken.recording_id)
        settle(archive)
    assert archive.objects() == set()
    with archive.database.read() as tx:
        assert [one.recording_id for one in purging.owed(tx)] == [taken.recording_id]
    assert _in_files(archive, wrapped)
    settle(archive)
    with archive.database.read() as tx:
        assert purging.owed(tx) == []
    assert not _in_files(archive, wrapped)


def _in_files(archive: Archive, wrapped: bytes) -> bool:
    file = Path(archive.database.engine.url.database or "")
    return any(wrapped in path.read_bytes() for path in file.parent.glob(f"{file.name}*"))


def test_half_a_line_of_a_machine_that_died_is_written_again(archive: Archive) -> None:
    one, two = archive.worn(b"1"), archive.worn(b"2")
    destroy(archive, one.recording_id)
    settle(archive)
    path = archive.folder / "keys" / "tombstones.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    destroy(archive, two.recording_id)
    settle(archive)
    found = KeysLedger(archive.folder / "keys").read(archive.vault.keys)
    assert [stone.subject for stone in found] == [one.recording_id, two.recording_id]
