"""What was destroyed and comes in again: recognised, held, and decided about."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests.footage.clips import mp4
from tests.footage.conftest import Archive

from candor.custody import Event, history
from candor.footage import erasing, errors, purging, readmitting, returning
from candor.footage.query import Query
from candor.footage.receipt import Received
from candor.footage.returning import ReturnState
from candor.footage.rules import RecordingState
from candor.footage.search import find
from candor.footage.tables import part, recording
from candor.footage.viewing import open_part
from candor.people.errors import Refused
from candor.people.rules import Actor
from candor.store import KeyDestroyed
from candor.store.tombstones import KeysLedger

WORDS = {"authority": "Order 26-CV-7", "reason": "expunged"}
FILM = b"bytes of a film" * 40


def purged(archive: Archive, content: bytes = FILM) -> Received:
    taken = archive.worn(content)
    with archive.database.write() as tx:
        purging.purge(
            tx, archive.vault, archive.jobs, archive.technician, taken.recording_id, clock=archive.clock, **WORDS
        )
    return taken


def erased(archive: Archive, content: bytes = FILM) -> Received:
    taken = archive.worn(content, "witness jones.mp4")
    with archive.database.write() as tx:
        erasing.erase(
            tx, archive.vault, archive.jobs, archive.technician, taken.recording_id, clock=archive.clock, **WORDS
        )
    return taken


def settle(archive: Archive) -> None:
    purging.settle(archive.database, archive.vault, KeysLedger(archive.folder / "keys"), clock=archive.clock)


def waiting(archive: Archive, actor: Actor | None = None) -> list[returning.Returned]:
    with archive.database.read() as tx:
        return returning.waiting(tx, actor or archive.technician)


def row_of(archive: Archive, recording_id: str) -> sa.Row:  # type: ignore[type-arg]
    with archive.database.read() as tx:
        return tx.execute(sa.select(recording).where(recording.c.id == recording_id)).one()


@pytest.mark.parametrize("face", ["card", "tus", "axis", "link", "web", "cli"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_by_whatever_door_it_comes_it_is_held(archive: Archive, face: str) -> None:
    first = purged(archive)
    again = archive.take(FILM, "again.mp4", face=face)
    assert (again.recording_id, again.part_id, again.new, again.held) == (
        first.recording_id,
        first.part_id,
        False,
        True,
    )
    assert [(one.face, one.state, one.size, one.by_order) for one in waiting(archive)] == [
        (face, ReturnState.HELD, len(FILM), False)
    ]


def test_it_is_held_once_however_often_it_comes_and_in_no_list(archive: Archive) -> None:
    first = purged(archive)
    archive.clock.advance(60)
    archive.take(FILM, "again.mp4", face="card")
    archive.clock.advance(60)
    third = archive.take(FILM, "and again.mp4", face="card")
    assert not third.kept
    (held,) = waiting(archive)
    assert (held.times, held.name, held.last_at) == (2, "again.mp4", archive.clock.now())
    assert row_of(archive, first.recording_id).state == RecordingState.DESTROYED
    with archive.database.read() as tx:
        assert [row.id for row in find(tx, archive.technician, Query(state="sealed")).rows] == []
        told = [one for one in history(tx, first.recording_id) if one.kind is Event.RECORDING_CAME_AGAIN]
    assert [one.details for one in told] == [{"face": "card", "held": held.id, "part": 1, "size": len(FILM)}] * 2
    assert len(archive.objects()) == 2  # the first waits to be erased, and what is held
    with pytest.raises(errors.RecordingDestroyed):
        open_part(archive.database, archive.vault, archive.technician, first.part_id, "Court")
    for actor in (archive.officer, archive.supervisor):
        with pytest.raises(Refused):
            waiting(archive, actor)


def test_destroyed_again_on_the_first_authority(archive: Archive) -> None:
    first = purged(archive)
    archive.clock.advance(60)
    archive.take(FILM, face="tus")
    (held,) = waiting(archive)
    with pytest.raises(Refused), archive.database.write() as tx:
        returning.destroy_again(tx, archive.vault, archive.supervisor, held.id, clock=archive.clock)
    with archive.database.write() as tx:
        stone = returning.destroy_again(tx, archive.vault, archive.technician, held.id, clock=archive.clock)
    settle(archive)
    assert archive.objects() == set()
    assert waiting(archive) == []
    with archive.database.read() as tx:
        newest = purging.purges_of(tx, first.recording_id)[0]
        assert (newest.id, newest.authority, newest.object_ids) == (stone, WORDS["authority"], (held.object_id,))
        assert history(tx, first.recording_id)[-1].kind is Event.RECORDING_RETURN_DESTROYED
        with pytest.raises(KeyDestroyed):
            archive.vault.open(tx, held.object_id)
    with pytest.raises(errors.ReturnUnknown), archive.database.write() as tx:
        returning.destroy_again(tx, archive.vault, archive.technician, held.id, clock=archive.clock)
    archive.take(FILM, face="card")  # and it is recognised once more
    assert len(waiting(archive)) == 1


def test_taken_in_on_an_authority_of_its_own_it_lives_again(archive: Archive) -> None:
    film = mp4(seed=6)
    first = purged(archive, film)
    archive.take(film, face="link")
    (held,) = waiting(archive)
    words = {"authority": "Order 27-CV-1", "reason": "the first order was vacated"}
    given = (archive.database, archive.vault, archive.jobs)
    with pytest.raises(errors.PurgeWordsMissing):
        readmitting.take_in(*given, archive.technician, held.id, authority="", reason="x", clock=archive.clock)
    with pytest.raises(Refused):
        readmitting.take_in(*given, archive.supervisor, held.id, clock=archive.clock, **words)
    assert readmitting.take_in(*given, archive.technician, held.id, clock=archive.clock, **words) == first.recording_id
    assert row_of(archive, first.recording_id).state == RecordingState.SEALED
    opened = open_part(archive.database, archive.vault, archive.technician, first.part_id, "Court")
    with opened.stream as stream:
        assert stream.read() == film
    with archive.database.read() as tx:
        event = next(one for one in history(tx, first.recording_id) if one.kind is Event.RECORDING_TAKEN_IN_AGAIN)
        assert event.details == {**words, "from": first.recording_id, "held": held.id}
        assert len(purging.purges_of(tx, first.recording_id)) == 1
    assert waiting(archive) == []
    assert not archive.take(film).held  # what lives is known as ever


def test_what_an_order_erased_is_known_by_a_digest_alone(archive: Archive) -> None:
    first = erased(archive)
    with archive.database.read() as tx:
        kept = tx.execute(sa.select(part).where(part.c.id == first.part_id)).one()
    assert kept.sha256 != first.sha256
    assert archive.take(b"other bytes").recording_id != first.recording_id
    again = archive.take(FILM, "witness jones.mp4", face="card")
    assert (again.recording_id, again.held) == (first.recording_id, True)
    (held,) = waiting(archive)
    assert held.by_order
    with archive.database.write() as tx:
        returning.destroy_again(tx, archive.vault, archive.technician, held.id, clock=archive.clock)
    with archive.database.read() as tx:
        (after,) = returning.of_recording(tx, first.recording_id)
        assert "jones" not in after.name
        assert [one.kind for one in history(tx, first.recording_id) if not one.is_erased] == [
            Event.RECORDING_ERASED,
            Event.RECORDING_RETURN_DESTROYED,
        ]
    archive.clock.advance(60)
    third = archive.take(FILM, "witness jones.mp4", face="card")  # and however often it comes
    assert (third.recording_id, third.held) == (first.recording_id, True)


def test_what_an_order_erased_becomes_a_recording_of_its_own(archive: Archive) -> None:
    film = mp4(seed=6)
    first = erased(archive, film)
    archive.take(film, "again.mp4", face="web")
    (held,) = waiting(archive)
    words = {"authority": "Order 27-CV-1", "reason": "vacated"}
    new = readmitting.take_in(
        archive.database, archive.vault, archive.jobs, archive.technician, held.id, clock=archive.clock, **words
    )
    assert new != first.recording_id
    assert row_of(archive, first.recording_id).state == RecordingState.DESTROYED
    assert (row_of(archive, new).state, row_of(archive, new).title) == (RecordingState.SEALED, "again.mp4")
    assert (row_of(archive, new).duration_ms or 0) > 0
    again = archive.take(film)
    assert (again.recording_id, again.held) == (new, False)
