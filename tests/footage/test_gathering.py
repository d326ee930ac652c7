"""Recordings that several files make up."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests.footage.conftest import Archive

from candor.core.errors import CandorError
from candor.custody import Event, history
from candor.disclosure.describe import described
from candor.fleet.assignments import assign
from candor.footage import errors, gathering, purging, readmitting, returning
from candor.footage.catalogue import change
from candor.footage.gaps import GapReason
from candor.footage.receipt import Received
from candor.footage.rules import Flag, RecordingState
from candor.footage.said import PartOf, Said
from candor.footage.tables import intake, part, recording, recording_gap
from candor.footage.times import TimeSource
from candor.footage.whole import whole_told

BEGIN = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
KEY = "axis:one/officer_B8A44F_20261120T180030Z"


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def clip(archive: Archive, begins: float, ends: float, content: bytes, key: str = KEY, **known: object) -> Received:
    place = PartOf(key, at(begins), at(ends))
    return archive.take(content, f"{begins:g}.mkv", part_of=place, device_id=archive.camera, **known)


def describe(archive: Archive, said: Said, key: str = KEY) -> None:
    with archive.database.write() as tx:
        gathering.describe(tx, key, said, actor="system:axis", clock=archive.clock)


def complete(archive: Archive, said: Said | None = None, key: str = KEY) -> str | None:
    with archive.database.write() as tx:
        return gathering.complete(tx, key, said, actor="system:axis", clock=archive.clock)


def row_of(archive: Archive, recording_id: str) -> Any:
    with archive.database.read() as tx:
        return tx.execute(sa.select(recording).where(recording.c.id == recording_id)).one()


def parts_of(archive: Archive, recording_id: str) -> list[Any]:
    with archive.database.read() as tx:
        query = sa.select(part).where(part.c.recording_id == recording_id).order_by(part.c.number)
        return list(tx.execute(query).all())


def events_of(archive: Archive, recording_id: str) -> list[str]:
    with archive.database.read() as tx:
        return [entry.kind for entry in history(tx, recording_id)]


WHOLE = Said(
    started_at=at(0),
    ended_at=at(180),
    activated_at=at(30),
    deactivated_at=at(170),
    time_zone="America/New_York",
    title="Traffic stop",
    facts={"TriggerOn": "button"},
)


def test_clips_become_one_recording_in_the_order_of_their_starts(archive: Archive) -> None:
    describe(archive, WHOLE)
    second = clip(archive, 60, 120, b"second")
    first = clip(archive, 0, 60, b"first")
    third = clip(archive, 120, 180, b"third")
    assert {one.recording_id for one in (first, second, third)} == {first.recording_id}
    assert row_of(archive, first.recording_id).state == RecordingState.RECEIVING
    assert complete(archive) == first.recording_id
    assert [one.sha256 for one in parts_of(archive, first.recording_id)] == [
        first.sha256,
        second.sha256,
        third.sha256,
    ]
    row = row_of(archive, first.recording_id)
    assert row.state == RecordingState.SEALED
    assert (row.started_at, row.started_source, row.ended_at) == (at(0), TimeSource.DOCK, at(180))
    assert (row.activated_at, row.deactivated_at, row.title) == (at(30), at(170), "Traffic stop")
    assert row.size == len(b"firstsecondthird")
    assert Flag.INCOMPLETE not in row.flags
    assert events_of(archive, first.recording_id) == [
        Event.RECORDING_RECEIVED,
        *[Event.RECORDING_PART_RECEIVED] * 3,
        Event.RECORDING_SEALED,
    ]


def test_the_seal_lists_every_part_as_it_is_packaged(archive: Archive) -> None:
    later, sooner = clip(archive, 60, 120, b"later"), clip(archive, 0, 60, b"sooner")
    complete(archive)
    with archive.database.read() as tx:
        sealing = history(tx, later.recording_id)[-1].details
        packaged, _ = described(tx, archive.technician, later.recording_id, 1)
    listed = [{name: one[name] for name in sealing["parts"][0]} for one in packaged["parts"]]
    assert listed == sealing["parts"]
    assert [one["sha256"] for one in listed] == [sooner.sha256.hex(), later.sha256.hex()]


def test_what_is_missing_is_named(archive: Archive) -> None:
    taken = clip(archive, 20, 60, b"one")
    clip(archive, 90, 150, b"two")
    complete(archive, WHOLE)
    with archive.database.read() as tx:
        found = tx.execute(sa.select(recording_gap).order_by(recording_gap.c.from_at)).all()
    assert [(gap.after_part, gap.from_at, gap.to_at, gap.reason) for gap in found] == [
        (0, at(0), at(20), GapReason.BEFORE),
        (1, at(60), at(90), GapReason.BETWEEN),
        (2, at(150), at(180), GapReason.AFTER),
    ]
    assert Flag.INCOMPLETE in row_of(archive, taken.recording_id).flags


def test_a_late_part_is_added_and_sealed_by_itself(archive: Archive) -> None:
    taken = clip(archive, 0, 60, b"one")
    clip(archive, 90, 180, b"three")
    complete(archive, WHOLE)
    late = clip(archive, 60, 90, b"two")
    assert late.recording_id == taken.recording_id
    row = row_of(archive, taken.recording_id)
    assert Flag.LATE_PART in row.flags
    assert [one.number for one in parts_of(archive, taken.recording_id)] == [1, 2, 3]
    assert parts_of(archive, taken.recording_id)[2].sha256 == late.sha256
    assert events_of(archive, taken.recording_id)[-1] == Event.RECORDING_PART_ADDED
    with archive.database.read() as tx:  # it filled the gap
        assert tx.execute(sa.select(recording_gap)).all() == []


def test_a_source_that_says_later_when_it_ended(archive: Archive) -> None:
    """Somebody gave up waiting; then the camera system comes back and says that it ended sooner."""
    taken = clip(archive, 0, 60, b"one")
    describe(archive, WHOLE)
    with archive.database.write() as tx:
        gathering.close_incomplete(tx, KEY, actor="system:watch", reason="silent", clock=archive.clock)
    assert Flag.INCOMPLETE in row_of(archive, taken.recording_id).flags
    complete(archive, Said(ended_at=at(60)))
    row = row_of(archive, taken.recording_id)
    assert (row.ended_at, Flag.INCOMPLETE in row.flags) == (at(60), False)
    with archive.database.read() as tx:
        assert tx.execute(sa.select(recording_gap)).all() == []
        assert (
            history(tx, taken.recording_id)[-1].details["changed"]["ended_at"]["new"] == "2026-11-20T18:01:00.000000Z"
        )
    complete(archive, Said(ended_at=at(90)))
    assert Flag.INCOMPLETE in row_of(archive, taken.recording_id).flags
    before = events_of(archive, taken.recording_id)
    complete(archive, Said(ended_at=at(90)))
    assert events_of(archive, taken.recording_id) == before


def test_saying_it_again_changes_nothing(archive: Archive) -> None:
    taken = clip(archive, 0, 60, b"one")
    assert complete(archive) == complete(archive) == taken.recording_id
    assert clip(archive, 0, 60, b"one").new is False
    assert events_of(archive, taken.recording_id).count(Event.RECORDING_SEALED) == 1


def test_complete_without_any_part(archive: Archive) -> None:
    describe(archive, WHOLE)
    assert complete(archive) is None
    late = clip(archive, 0, 60, b"one")
    row = row_of(archive, late.recording_id)
    assert (row.state, Flag.LATE_PART in row.flags) == (RecordingState.SEALED, True)
    assert row.activated_at == at(30)


def test_bytes_that_were_known_stay_where_they_are(archive: Archive) -> None:
    alone = archive.take(b"by card", device_id=archive.camera)
    assert clip(archive, 0, 60, b"by card").recording_id == alone.recording_id
    fresh = clip(archive, 60, 120, b"by dock")
    assert fresh.recording_id != alone.recording_id
    complete(archive)
    with archive.database.read() as tx:
        found = gathering.gathered(tx, KEY)
        assert found is not None
        assert (found.elsewhere, found.recording_id) == ((alone.recording_id,), fresh.recording_id)
        assert tx.scalar(sa.select(sa.func.count()).select_from(intake)) == 3


def test_giving_up_waiting_seals_what_came(archive: Archive) -> None:
    taken = clip(archive, 0, 60, b"one")
    with archive.database.write() as tx:
        gathering.close_incomplete(
            tx, KEY, actor=archive.technician.account_id, reason="camera destroyed", clock=archive.clock
        )
    row = row_of(archive, taken.recording_id)
    assert (row.state, Flag.INCOMPLETE in row.flags) == (RecordingState.SEALED, True)
    with archive.database.read() as tx:
        assert history(tx, taken.recording_id)[-1].details["given_up"] == "camera destroyed"
        assert gathering.open_gatherings(tx) == []
    with archive.database.write() as tx, pytest.raises(errors.GatheringUnknown):
        gathering.close_incomplete(tx, "axis:none", actor="system:axis", reason="x", clock=archive.clock)


def test_a_time_that_cannot_be_is_kept_and_not_shown(archive: Archive) -> None:
    taken = clip(archive, 0, 60, b"one")
    wrong = Said(started_at=datetime(1980, 1, 1, tzinfo=UTC))
    complete(archive, wrong)
    row = row_of(archive, taken.recording_id)
    assert row.started_source != TimeSource.DOCK
    assert Flag.TIME_UNLIKELY in row.flags
    with archive.database.read() as tx:
        found = gathering.gathered(tx, KEY)
        assert found is not None
        assert found.said.started_at == wrong.started_at


def test_it_cannot_be_packaged_before_it_is_complete(archive: Archive) -> None:
    taken = clip(archive, 0, 60, b"one")
    with archive.database.read() as tx, pytest.raises(errors.StillComingIn):
        described(tx, archive.technician, taken.recording_id, 1)


def test_what_was_destroyed_is_not_brought_back_by_a_late_part(archive: Archive) -> None:
    taken = clip(archive, 0, 60, b"one")
    complete(archive)
    with archive.database.write() as tx:
        words = {"authority": "Order 26-CV-7", "reason": "expunged"}
        purging.purge(
            tx, archive.vault, archive.jobs, archive.technician, taken.recording_id, clock=archive.clock, **words
        )
    late = clip(archive, 60, 90, b"two")
    assert late.recording_id != taken.recording_id
    assert row_of(archive, taken.recording_id).state == RecordingState.DESTROYED
    assert row_of(archive, late.recording_id).state == RecordingState.SEALED


def test_first_parts_of_one_recording_at_the_same_moment(archive: Archive) -> None:
    found: list[Received] = []
    failed: list[CandorError] = []

    def take(number: int) -> None:
        try:
            found.append(clip(archive, number * 10, number * 10 + 10, b"clip %d" % number))
        except CandorError as error:
            failed.append(error)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len({one.recording_id for one in found}) == 1
    recording_id = complete(archive)
    assert recording_id is not None
    assert [one.number for one in parts_of(archive, recording_id)] == [1, 2, 3, 4, 5, 6]
    assert [one.started_at for one in parts_of(archive, recording_id)] == [at(10 * number) for number in range(6)]


def purge(archive: Archive, recording_id: str) -> None:
    words = {"authority": "Order 26-CV-7", "reason": "expunged"}
    with archive.database.write() as tx:
        purging.purge(tx, archive.vault, archive.jobs, archive.technician, recording_id, clock=archive.clock, **words)


def test_the_late_part_that_was_missing_makes_it_whole(archive: Archive) -> None:
    first = clip(archive, 0, 60, b"first")
    clip(archive, 120, 180, b"third")
    complete(archive, Said(started_at=at(0), ended_at=at(240)))
    assert Flag.INCOMPLETE in row_of(archive, first.recording_id).flags
    clip(archive, 60, 120, b"second")
    assert Flag.INCOMPLETE in row_of(archive, first.recording_id).flags  # its end is still missing
    clip(archive, 180, 240, b"fourth")
    assert row_of(archive, first.recording_id).flags == [Flag.LATE_PART, Flag.NOBODY_KNOWN, Flag.NOT_MEDIA]


def test_a_late_part_does_not_make_whole_what_was_given_up(archive: Archive) -> None:
    first = clip(archive, 0, 60, b"first")
    with archive.database.write() as tx:
        gathering.close_incomplete(tx, KEY, actor="system:axis", reason="camera destroyed", clock=archive.clock)
    clip(archive, 60, 120, b"second")
    assert Flag.INCOMPLETE in row_of(archive, first.recording_id).flags


def test_a_lost_part_that_comes_again_while_others_come_seals_nothing(archive: Archive) -> None:
    first = clip(archive, 0, 60, b"first")
    with archive.database.read() as tx:
        object_id = tx.scalar(sa.select(part.c.object_id).where(part.c.id == first.part_id))
    archive.vault.store.delete(str(object_id))
    again = clip(archive, 0, 60, b"first")
    assert (again.recording_id, again.new, again.kept) == (first.recording_id, False, True)
    assert row_of(archive, first.recording_id).state == RecordingState.RECEIVING
    complete(archive)
    assert events_of(archive, first.recording_id)[-1] == Event.RECORDING_SEALED


def take_in_again(archive: Archive) -> None:
    """Everything that came in again and is held."""
    with archive.database.read() as tx:
        held = returning.waiting(tx, archive.technician)
    given = (archive.database, archive.vault, archive.jobs, archive.technician)
    for one in held:
        readmitting.take_in(*given, one.id, authority="Order 8", reason="vacated", clock=archive.clock)


def test_of_what_was_destroyed_one_part_that_comes_again_is_not_the_whole(archive: Archive) -> None:
    first = clip(archive, 0, 60, b"first")
    clip(archive, 60, 120, b"second")
    complete(archive)
    purge(archive, first.recording_id)
    clip(archive, 0, 60, b"first", key="axis:two/again")
    assert row_of(archive, first.recording_id).state == RecordingState.DESTROYED
    take_in_again(archive)
    row = row_of(archive, first.recording_id)
    assert (row.state, Flag.INCOMPLETE in row.flags) == (RecordingState.SEALED, True)
    clip(archive, 60, 120, b"second", key="axis:two/again")
    clip(archive, 60, 120, b"second", key="axis:two/again")
    take_in_again(archive)
    row = row_of(archive, first.recording_id)
    assert (row.state, Flag.INCOMPLETE in row.flags) == (RecordingState.SEALED, False)


def test_what_is_destroyed_while_it_comes_in_is_sealed_before(archive: Archive) -> None:
    taken = clip(archive, 0, 60, b"one")
    purge(archive, taken.recording_id)
    assert events_of(archive, taken.recording_id)[-2:] == [Event.RECORDING_SEALED, Event.RECORDING_KEY_DESTROYED]
    assert complete(archive) == taken.recording_id
    late = clip(archive, 60, 90, b"two")
    assert late.recording_id != taken.recording_id
    # What comes again is a recording that can be handed out and checked: its parts are in a seal.
    assert clip(archive, 0, 60, b"one", key="axis:two/again").recording_id == taken.recording_id
    take_in_again(archive)
    with archive.database.read() as tx:
        packaged, _ = described(tx, archive.technician, taken.recording_id, 1)
        sealed = [entry.details for entry in history(tx, taken.recording_id) if entry.kind is Event.RECORDING_SEALED]
    assert [one["sha256"] for one in packaged["parts"]] == [one["sha256"] for one in sealed[0]["parts"]]


def test_words_written_meanwhile_do_not_decide_who_wore_the_camera(archive: Archive) -> None:
    taken = clip(archive, 0, 60, b"one")
    with archive.database.write() as tx:
        change(tx, taken.recording_id, {"notes": "seen"}, archive.technician, clock=archive.clock)
    complete(archive, Said(started_at=at(0), title="as the camera says"))
    assert row_of(archive, taken.recording_id).title != "as the camera says"
    with archive.database.write() as tx:
        who = archive.officer.account_id
        assign(tx, archive.technician, archive.camera, who, at(-3600), at(3600), clock=archive.clock)
    assert row_of(archive, taken.recording_id).wearer_id == who


def test_where_bytes_were_before_is_told(archive: Archive) -> None:
    alone = archive.take(b"by card", device_id=archive.camera)
    clip(archive, 0, 60, b"by card")
    fresh = clip(archive, 60, 120, b"by dock")
    complete(archive)
    with archive.database.read() as tx:
        assert whole_told(tx, fresh.recording_id)["elsewhere"] == [alone.recording_id]
        assert whole_told(tx, alone.recording_id)["elsewhere"] == []


def test_where_the_camera_says_it_was_does_not_outlive_a_purge(archive: Archive) -> None:
    place = "41.76,-72.67"
    also = {"axis": {"startlocation": place}, "encrypted": "no key came"}
    first = clip(archive, 0, 60, b"one", also=also)
    clip(archive, 60, 120, b"two", also={"axis": {"startlocation": place}})
    complete(archive, Said(started_at=at(0), facts={"axis": {"triggerontimelocation": place}}))

    def known() -> str:
        with archive.database.read() as tx:
            return str([*(row._mapping for row in tx.execute(sa.select(part))), gathering.gathered(tx, KEY)])

    assert place in known()
    purge(archive, first.recording_id)
    assert place not in known()
    assert "no key came" in known()
    with archive.database.read() as tx:
        assert place not in str([entry.details for entry in history(tx, first.recording_id)])
