"""Repaired copies: made by a job from a sealed original, sealed themselves, on record, and no better than they are."""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

import pytest
import sqlalchemy as sa
from tests.footage.conftest import Archive
from tests.footage.media.recordings import film, pictures, without_index

from candor.custody.record import history
from candor.fleet.rules import DeviceKind
from candor.fleet.service import register_device
from candor.footage import jobs as footage_jobs
from candor.footage.errors import NotToBeRepaired, PartUnknown, RecordingDestroyed, ReferenceWrong
from candor.footage.media.repairs import REPAIRER
from candor.footage.purging import purge
from candor.footage.receipt import Received
from candor.footage.renditions import Rendition, renditions_of
from candor.footage.repairing import Repair, ask_for_repair, references_for, repairs_of
from candor.footage.rules import RenditionKind, RenditionState
from candor.footage.tables import part, rendition
from candor.jobs import Jobs
from candor.store.tables import vault_object

AT_WORK: WeakSet[Jobs] = WeakSet()
KINDS = set(RenditionKind) - {RenditionKind.REPAIRED}


def _work(archive: Archive) -> None:
    if archive.jobs not in AT_WORK:
        footage_jobs.register(archive.jobs, archive.database, archive.vault, clock=archive.clock)
        archive.jobs.launch()
        AT_WORK.add(archive.jobs)
    archive.jobs.wait_idle(120)


def _made(archive: Archive, received: Received) -> dict[RenditionKind, Rendition]:
    with archive.database.read() as tx:
        return {found.kind: found for found in renditions_of(tx, received.part_id)}


def _repair(archive: Archive, received: Received) -> Repair:
    with archive.database.read() as tx:
        (found,) = repairs_of(tx, archive.jobs, received.recording_id)
    return found


def _events(archive: Archive, received: Received) -> list[tuple[str, dict[str, Any]]]:
    with archive.database.read() as tx:
        return [(event.kind.value, event.details) for event in history(tx, received.recording_id)][2:]


def _object(archive: Archive, found: Rendition) -> str:
    assert found.object_id is not None
    return found.object_id


def _shown(data: bytes) -> list[tuple[Any, bytes]]:
    return [(time, picture.tobytes()) for time, picture in pictures(data)]


def _sha256(archive: Archive, object_id: str) -> str:
    with archive.database.read() as tx:
        return archive.vault.look_up(tx, object_id).sha256.hex()


def test_by_itself_with_the_newest_whole_file_of_the_camera(archive: Archive) -> None:
    original = film(seconds=3, group=5)
    older = archive.worn(film(seconds=1), "older.mp4", device_id=archive.camera)
    broken = without_index(original)
    received = archive.worn(broken, "broken.mp4", device_id=archive.camera)
    _work(archive)
    made = _made(archive, received)
    assert {found.state for found in made.values()} == {RenditionState.READY}
    assert set(made) == set(RenditionKind)
    repaired = made[RenditionKind.REPAIRED]
    content = archive.content(_object(archive, repaired))
    assert _shown(content) == _shown(original)
    assert archive.content(_original(archive, received)) == broken  # as it came
    report = _repair(archive, received).report
    assert (report["pictures"], report["sound"], repaired.media_type) == (30, "recovered", "video/mp4")
    assert report["reference"] == {"recording": older.recording_id, "part": 1, "sha256": older.sha256.hex()}


def _original(archive: Archive, received: Received) -> str:
    with archive.database.read() as tx:
        return str(tx.scalar(sa.select(part.c.object_id).where(part.c.id == received.part_id)))


def test_it_is_on_record_with_what_was_lost(archive: Archive) -> None:
    archive.worn(film(seconds=1), "older.mp4", device_id=archive.camera)
    broken = without_index(film(seconds=3))
    received = archive.worn(broken[: len(broken) // 2], device_id=archive.camera)
    _work(archive)
    events = [details for kind, details in _events(archive, received) if kind == "rendition:made"]
    by_kind = {details["kind"]: details for details in events}
    assert len(events) == len(by_kind) == len(RenditionKind)
    repaired, made = by_kind["repaired"], _made(archive, received)
    assert repaired["parent_sha256"] == received.sha256.hex()
    assert (repaired["maker"], repaired["rendition"]) == (REPAIRER, made[RenditionKind.REPAIRED].id)
    recovered = repaired["recovered"]
    assert 0 < recovered["pictures"] < 30
    assert recovered["method"] == "index-rebuilt"
    assert recovered["skipped_count"] >= 1
    sha256 = _sha256(archive, _object(archive, made[RenditionKind.REPAIRED]))
    assert repaired["sha256"] == sha256
    # What is shown is made of the repaired copy, and says so.
    for kind in KINDS:
        details = made[kind].details
        assert details is not None
        assert details["made_of"] == by_kind[kind]["made_of"]
        assert (details["made_of"]["sha256"], by_kind[kind]["parent_sha256"]) == (sha256, sha256)


def test_without_anything_to_go_by_it_fails_with_the_reason_and_a_person_helps(archive: Archive) -> None:
    original = film(seconds=2)
    received = archive.worn(without_index(original), "broken.mp4")
    whole = archive.worn(film(seconds=1), "whole.mp4")
    _work(archive)
    found = _made(archive, received)[RenditionKind.REPAIRED]
    assert found.state is RenditionState.FAILED
    assert "reference" in (found.problem or "")
    assert [(kind, details["kind"]) for kind, details in _events(archive, received)] == [
        ("rendition:failed", "repaired")
    ]
    with archive.database.write() as tx:
        ask_for_repair(
            tx, archive.jobs, archive.technician, received.part_id, reference_part_id=whole.part_id, clock=archive.clock
        )
    _work(archive)
    assert {one.state for one in _made(archive, received).values()} == {RenditionState.READY}
    assert _shown(archive.content(_object(archive, _made(archive, received)[RenditionKind.REPAIRED]))) == _shown(
        original
    )
    kinds = [kind for kind, _ in _events(archive, received)]
    assert kinds[:3] == ["rendition:failed", "rendition:repair-asked", "rendition:made"]
    asked = _events(archive, received)[1][1]
    assert asked["reference"]["recording"] == whole.recording_id


def test_a_better_reference_later_keeps_what_was_there(archive: Archive) -> None:
    """Pictures by what stands in the stream; the sound comes with a reference."""
    from tests.footage.media.test_repair import in_band

    received = archive.worn(in_band(film(seconds=2)), "broken.mp4")
    _work(archive)
    first = _made(archive, received)
    assert first[RenditionKind.REPAIRED].state is RenditionState.READY
    assert RenditionKind.WAVEFORM not in first
    whole = archive.worn(film(seconds=1, sound=None), "whole.mp4")
    with archive.database.write() as tx:
        ask_for_repair(
            tx, archive.jobs, archive.technician, received.part_id, reference_part_id=whole.part_id, clock=archive.clock
        )
    assert _repair(archive, received).under_way
    _work(archive)
    second = _made(archive, received)
    old, new = first[RenditionKind.REPAIRED], second[RenditionKind.REPAIRED]
    assert old.object_id != new.object_id
    assert old.id == new.id
    assert second[RenditionKind.POSTER].id != first[RenditionKind.POSTER].id
    with archive.database.read() as tx:
        kept = tx.scalars(sa.select(rendition.c.object_id).where(rendition.c.part_id == received.part_id)).all()
    assert {old.object_id, *(one.object_id for one in first.values())} <= set(kept)
    replaced = [details["replaces"] for _, details in _events(archive, received) if "replaces" in details]
    assert replaced == [_sha256(archive, _object(archive, old))]
    # Whatever was ever made of it goes with it.
    with archive.database.write() as tx:
        purge(
            tx, archive.vault, archive.jobs, archive.technician, received.recording_id, authority="Order 7",
            reason="Test", clock=archive.clock,
        )  # fmt: skip
    with archive.database.read() as tx:
        living = sa.select(vault_object.c.object_id).where(vault_object.c.key_destroyed_at.is_(None))
        left = set(tx.scalars(living))
    assert not left & {str(one) for one in kept}


def test_nothing_to_recover_is_a_failure(archive: Archive) -> None:
    noise = bytes.fromhex("00000018") + b"ftypisom" + bytes(12) + b"\x00\x00\x00\x00mdat" + bytes(50_000)
    received = archive.worn(noise)
    _work(archive)
    made = _made(archive, received)
    assert set(made) == {RenditionKind.REPAIRED}
    assert made[RenditionKind.REPAIRED].state is RenditionState.FAILED
    assert made[RenditionKind.REPAIRED].object_id is None


def test_a_film_that_plays_although_it_ends_early_has_both(archive: Archive) -> None:
    whole = film(seconds=3, container="matroska")
    received = archive.worn(whole[: len(whole) // 2], "broken.mkv")
    _work(archive)
    made = _made(archive, received)
    assert {found.state for found in made.values()} == {RenditionState.READY}
    assert "made_of" not in (made[RenditionKind.PROXY].details or {})  # the original can be shown
    assert made[RenditionKind.REPAIRED].media_type == "video/x-matroska"


def test_references_are_whole_files_of_the_same_camera_that_may_be_seen(archive: Archive) -> None:
    with archive.database.write() as tx:
        other = register_device(tx, archive.technician, "X60B00001", DeviceKind.BODY, make="Axon", clock=archive.clock)
    received = archive.worn(without_index(film(seconds=2)), "broken.mp4", device_id=archive.camera)
    archive.worn(film(seconds=1), "other.mp4", device_id=other)
    archive.worn(film(seconds=1, container="matroska"), "else.mkv", device_id=archive.camera)
    one = archive.worn(film(seconds=1, size=(160, 90)), "one.mp4", device_id=archive.camera)
    two = archive.take(film(seconds=1, layout="stereo"), "two.mp4", device_id=archive.camera)
    three = archive.worn(film(seconds=1, size=(160, 90), rate=20), "three.mp4", device_id=archive.camera)
    with archive.database.read() as tx:
        found = [one.recording_id for one in references_for(tx, received.part_id, limit=9)]
        seen = [one.recording_id for one in references_for(tx, received.part_id, limit=9, actor=archive.officer)]
    # One of each shape first: `three` and `one` are alike.
    assert set(found) == {one.recording_id, two.recording_id, three.recording_id}
    assert found[-1] in (one.recording_id, three.recording_id)
    assert set(seen) == {one.recording_id, three.recording_id}


def test_who_may_ask_and_for_what(archive: Archive) -> None:
    received, whole = archive.worn(without_index(film(seconds=1))), archive.worn(film(seconds=1), "whole.mp4")

    def ask(actor: Any, part_id: str, reference: str | None = None) -> None:
        with archive.database.write() as tx:
            ask_for_repair(tx, archive.jobs, actor, part_id, reference_part_id=reference, clock=archive.clock)

    with pytest.raises(PartUnknown):
        ask(archive.other_officer, received.part_id)
    with pytest.raises(NotToBeRepaired, match="no damage"):
        ask(archive.technician, whole.part_id)
    with pytest.raises(NotToBeRepaired, match="already"):
        ask(archive.technician, received.part_id)
    _work(archive)
    broken = archive.worn(without_index(film(seconds=2)), "other.mp4")
    for reference in (broken.part_id, received.part_id, "nothing"):
        with pytest.raises(ReferenceWrong):
            ask(archive.technician, received.part_id, reference)
    with archive.database.write() as tx:
        purge(
            tx, archive.vault, archive.jobs, archive.technician, received.recording_id, authority="Order 7",
            reason="Test", clock=archive.clock,
        )  # fmt: skip
    with pytest.raises(RecordingDestroyed):
        ask(archive.technician, received.part_id)
