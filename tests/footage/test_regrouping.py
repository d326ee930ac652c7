"""Making one recording of several, with both histories kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests.footage.clips import mp4
from tests.footage.conftest import Archive

from candor.core.ids import new_id
from candor.custody import Event, history
from candor.disclosure.describe import described
from candor.disclosure.errors import NoFiles
from candor.footage import bookmarks, errors, gathering, purging, sidecars, tracks
from candor.footage.bookmarks import Bookmark
from candor.footage.discrepancies import Conflict, Field, Why, note_conflict, open_discrepancies, settle
from candor.footage.receipt import Received
from candor.footage.regrouping import regroup
from candor.footage.rules import Flag, RecordingState
from candor.footage.said import PartOf, Said
from candor.footage.sidecars import SidecarClaim
from candor.footage.tables import part, recording, recording_gap
from candor.footage.tracks import Point, Track
from candor.people.errors import Refused
from candor.store.tombstones import Tombstone

BEGIN = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)


def taken(archive: Archive, minute: int, **known: object) -> Received:
    made = (BEGIN + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return archive.worn(mp4(1.0, sound=False, made=made), f"{minute}.mp4", device_id=archive.camera, **known)


def join(archive: Archive, *received: Received, reason: str = "one stop, split by the camera") -> str:
    with archive.database.write() as tx:
        chosen = [one.recording_id for one in received]
        return regroup(tx, archive.technician, chosen, reason=reason, clock=archive.clock)


def row_of(archive: Archive, recording_id: str) -> Any:
    with archive.database.read() as tx:
        return tx.execute(sa.select(recording).where(recording.c.id == recording_id)).one()


def test_the_earliest_gets_the_parts_of_the_others(archive: Archive) -> None:
    second, first, third = taken(archive, 5), taken(archive, 0), taken(archive, 10)
    assert join(archive, second, first, third) == first.recording_id
    with archive.database.read() as tx:
        packaged, _ = described(tx, archive.technician, first.recording_id, 1)
        whole, moved = history(tx, first.recording_id), history(tx, second.recording_id)
        sealed = {one["part"]: one for entry in whole for one in entry.details.get("parts", ())}
        with pytest.raises(NoFiles):
            described(tx, archive.technician, second.recording_id, 1)
    assert [one["sha256"] for one in packaged["parts"]] == [one.sha256.hex() for one in (first, second, third)]
    # What a verifier reads: every packaged part is sealed under its number in this recording's own history.
    assert [{name: one[name] for name in sealed[1]} for one in packaged["parts"]] == [sealed[n] for n in (1, 2, 3)]
    assert [entry.kind for entry in moved] == [
        Event.RECORDING_RECEIVED,
        Event.RECORDING_SEALED,
        Event.RECORDING_REGROUPED,
    ]
    assert moved[-1].details["into"] == first.recording_id
    row = row_of(archive, second.recording_id)
    assert (row.state, row.regrouped_into) == (RecordingState.REGROUPED, first.recording_id)
    total = row_of(archive, first.recording_id)
    assert total.size == first.size + second.size + third.size
    assert total.duration_ms == 3 * row.duration_ms


def test_what_lies_beside_a_recording_goes_with_it(archive: Archive) -> None:
    first, second = taken(archive, 0), taken(archive, 5)
    claim = SidecarClaim("5.gpx", "/card/5.gpx", "card", "system:card", "gpx", recording_id=second.recording_id)
    with sidecars.begin_sidecar(archive.intake, claim) as writer:
        writer.write(b"<gpx/>")
        kept = writer.finish()
    with archive.database.write() as tx:
        for one in (first, second):
            mark = Bookmark("m1", text="stop")
            bookmarks.keep_bookmark(tx, one.recording_id, mark, actor="system:card", clock=archive.clock)
        track = Track("gpx", (Point(0, 41.76, -72.67),), sidecar_id=kept.id)
        tracks.keep_track(tx, second.recording_id, track, actor="system:card", clock=archive.clock)
    join(archive, first, second)
    with archive.database.read() as tx:
        assert [one.id for one in sidecars.sidecars_of(tx, first.recording_id)] == [kept.id]
        assert len(bookmarks.bookmarks_of(tx, first.recording_id)) == 2
        assert len(tracks.tracks_of(tx, first.recording_id)) == 1
        assert sidecars.sidecars_of(tx, second.recording_id) == []


def test_destroying_the_whole_destroys_what_was_moved_into_it(archive: Archive) -> None:
    first, second = taken(archive, 0), taken(archive, 5)
    join(archive, first, second)
    with archive.database.write() as tx:
        words = {"authority": "Order 26-CV-7", "reason": "expunged"}
        purging.purge(
            tx, archive.vault, archive.jobs, archive.technician, first.recording_id, clock=archive.clock, **words
        )
    with archive.database.read() as tx:
        with pytest.raises(errors.RecordingDestroyed):
            purging.must_not_be_destroyed(tx, first.recording_id)
        assert all(one.key_destroyed_at for one in archive.vault.with_sha256(tx, second.sha256)) is True
        assert archive.vault.with_sha256(tx, second.sha256) == []


def test_a_part_that_comes_late_goes_where_the_others_are(archive: Archive) -> None:
    first = taken(archive, 0)
    place = PartOf("card:one", BEGIN + timedelta(minutes=5), None)
    second = taken(archive, 5, part_of=place)
    with archive.database.write() as tx:
        gathering.complete(tx, "card:one", actor="system:card", clock=archive.clock)
    join(archive, first, second)
    late = taken(archive, 6, part_of=PartOf("card:one", BEGIN + timedelta(minutes=6), None))
    assert late.recording_id == first.recording_id


def _other_camera(archive: Archive) -> list[str]:
    return [taken(archive, 0).recording_id, archive.worn(b"x", "x.mp4").recording_id]


def _one_of_them_twice(archive: Archive) -> list[str]:
    return [taken(archive, 0).recording_id] * 2


def _one_still_coming(archive: Archive) -> list[str]:
    return [taken(archive, 0).recording_id, taken(archive, 5, part_of=PartOf("card:two")).recording_id]


def _one_that_is_young_with_an_old_one(archive: Archive) -> list[str]:
    return [taken(archive, 0).recording_id, taken(archive, -24 * 60 * 400).recording_id]


@pytest.mark.parametrize(
    "wrong", [_other_camera, _one_of_them_twice, _one_still_coming, _one_that_is_young_with_an_old_one]
)
def test_what_cannot_become_one(archive: Archive, wrong: Callable[[Archive], list[str]]) -> None:
    chosen = wrong(archive)
    with archive.database.write() as tx, pytest.raises(errors.RegroupWrong):
        regroup(tx, archive.technician, chosen, reason="try", clock=archive.clock)
    assert all(row_of(archive, one).state != RecordingState.REGROUPED for one in chosen)


def test_a_reason_is_needed_and_so_are_rights(archive: Archive) -> None:
    chosen = [taken(archive, 0).recording_id, taken(archive, 5).recording_id]
    with archive.database.write() as tx, pytest.raises(errors.RegroupWrong):
        regroup(tx, archive.technician, chosen, reason=" ", clock=archive.clock)
    with archive.database.write() as tx, pytest.raises(errors.RecordingUnknown):
        regroup(tx, archive.other_officer, chosen, reason="try", clock=archive.clock)
    with archive.database.write() as tx, pytest.raises((errors.RecordingUnknown, Refused)):
        regroup(tx, archive.administrator, chosen, reason="try", clock=archive.clock)


def test_gaps_that_are_said_stay_when_recordings_become_one(archive: Archive) -> None:
    found = []
    for key, minute in (("axis:a", 0), ("axis:b", 5)):
        begin = BEGIN + timedelta(minutes=minute)
        found.append(taken(archive, minute, part_of=PartOf(key, begin, begin + timedelta(minutes=1))))
        said = Said(started_at=begin, ended_at=begin + timedelta(minutes=2))
        with archive.database.write() as tx:
            gathering.complete(tx, key, said, actor="system:axis", clock=archive.clock)
    whole = join(archive, *found)
    with archive.database.read() as tx:
        query = sa.select(recording_gap).where(recording_gap.c.recording_id == whole).order_by(recording_gap.c.from_at)
        minutes = [
            ((one.from_at - BEGIN) / timedelta(minutes=1), (one.to_at - BEGIN) / timedelta(minutes=1))
            for one in tx.execute(query)
        ]
    assert minutes == [(1, 5), (6, 7)]


def test_different_wearers_are_not_made_one(archive: Archive) -> None:
    chosen = [taken(archive, 0).recording_id, taken(archive, 5, wearer_id=None, unit_id=None).recording_id]
    with archive.database.write() as tx, pytest.raises(errors.RegroupWrong, match="wear"):
        regroup(tx, archive.technician, chosen, reason="try", clock=archive.clock)


def test_an_open_conflict_goes_on_with_the_whole(archive: Archive) -> None:
    first, second = taken(archive, 0), taken(archive, 5)
    claims = ({"says": "card", "value": "a"}, {"says": "axis", "value": "b"})
    with archive.database.write() as tx:
        quarrel = Conflict(Field.WEARER, Why.DIFFERS, claims)
        note_conflict(tx, second.recording_id, quarrel, actor="system:card", clock=archive.clock)
    join(archive, first, second)
    with archive.database.read() as tx:
        (waiting,) = open_discrepancies(tx)
        assert (waiting.recording_id, waiting.claims) == (first.recording_id, claims)
        assert history(tx, second.recording_id)[-2].details["passed_on"] == first.recording_id
    assert Flag.WEARER_DISPUTED in row_of(archive, first.recording_id).flags
    with archive.database.write() as tx:
        who = archive.officer.account_id
        settle(tx, archive.technician, waiting.id, who, reason="the roll call says so", clock=archive.clock)
    assert Flag.WEARER_DISPUTED not in row_of(archive, first.recording_id).flags


def test_what_comes_beside_a_part_of_a_whole_goes_with_the_whole(archive: Archive) -> None:
    first, second = taken(archive, 0), taken(archive, 5)
    join(archive, first, second)
    late = second.recording_id
    claim = SidecarClaim("5.gpx", "/card/5.gpx", "card", "system:card", "gpx", recording_id=late)
    with sidecars.begin_sidecar(archive.intake, claim) as writer:
        writer.write(b"<gpx/>")
        kept = writer.finish()
    with archive.database.write() as tx:
        bookmarks.keep_bookmark(tx, late, Bookmark("m"), actor="system:card", clock=archive.clock)
        tracks.keep_track(tx, late, Track("gpx", (Point(0, 41.76, -72.67),)), actor="system:card", clock=archive.clock)
    with archive.database.read() as tx:
        assert [one.id for one in sidecars.sidecars_of(tx, first.recording_id)] == [kept.id]
        assert bookmarks.bookmarks_of(tx, first.recording_id)
        assert tracks.tracks_of(tx, first.recording_id)


def test_purging_what_became_a_part_of_another_says_where_its_files_are(archive: Archive) -> None:
    first, second = taken(archive, 0), taken(archive, 5)
    join(archive, first, second)
    with archive.database.write() as tx, pytest.raises(errors.PurgeOfRegrouped, match=first.recording_id):
        words = {"authority": "Order 26-CV-7", "reason": "expunged"}
        purging.purge(
            tx, archive.vault, archive.jobs, archive.technician, second.recording_id, clock=archive.clock, **words
        )


def test_a_tombstone_reaches_parts_that_were_by_themselves_in_an_older_database(archive: Archive) -> None:
    first, second = taken(archive, 0), taken(archive, 5)
    with archive.database.write() as tx:
        bookmarks.keep_bookmark(tx, second.recording_id, Bookmark("m"), actor="system:card", clock=archive.clock)
        objects = tuple(tx.scalars(sa.select(part.c.object_id)))
        stone = Tombstone(new_id(), first.recording_id, objects, archive.clock.now(), "a", "Order 26-CV-7", "expunged")
        purging.lay_to_rest(tx, archive.vault, [stone])
        assert bookmarks.bookmarks_of(tx, second.recording_id) == []
    assert row_of(archive, second.recording_id).state == RecordingState.DESTROYED
