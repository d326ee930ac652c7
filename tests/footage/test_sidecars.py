"""Small files beside recordings, location tracks and marks."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from tests.footage.conftest import Archive

from candor.custody import Event, history
from candor.footage import bookmarks, errors, purging, sidecars, tracks
from candor.footage.bookmarks import Bookmark
from candor.footage.sidecars import SidecarClaim
from candor.footage.tracks import Point, Track
from candor.store import KeyDestroyed

AT = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)


def claim(archive: Archive, recording_id: str | None = None, kind: str = "gpx") -> SidecarClaim:
    return SidecarClaim(
        "a.gpx", "/card/a.gpx", "card", "system:card", kind, recording_id=recording_id, device_id=archive.camera
    )


def keep(archive: Archive, content: bytes, recording_id: str | None = None) -> sidecars.KeptSidecar:
    return sidecars.keep_sidecar(archive.intake, io.BytesIO(content), claim(archive, recording_id))


def test_kept_raw_and_sealed_with_an_event(archive: Archive) -> None:
    taken = archive.worn(b"film")
    kept = keep(archive, b"<gpx>\x00\xff</gpx>", taken.recording_id)
    with archive.database.read() as tx:
        (found,) = sidecars.sidecars_of(tx, taken.recording_id)
        last = history(tx, taken.recording_id)[-1]
    assert archive.content(found.object_id) == b"<gpx>\x00\xff</gpx>"
    assert (last.kind, last.details["sha256"]) == (Event.SIDECAR_KEPT, kept.sha256.hex())


def test_the_same_beside_the_same_recording_is_kept_once(archive: Archive) -> None:
    first, second = archive.worn(b"film"), archive.worn(b"other", "b.mp4")
    one = keep(archive, b"same", first.recording_id)
    before = archive.objects()
    again = keep(archive, b"same", first.recording_id)
    assert (again.id, again.new) == (one.id, False)
    assert archive.objects() == before
    assert keep(archive, b"same", second.recording_id).new


def test_attached_later(archive: Archive) -> None:
    kept = keep(archive, b"key")
    taken = archive.worn(b"film")
    with archive.database.write() as tx:
        for _ in range(2):
            sidecars.attach_sidecar(tx, kept.id, taken.recording_id, actor="system:axis", clock=archive.clock)
        sidecars.set_facts(tx, kept.id, {"dialect": "axis"})
    with archive.database.read() as tx:
        (found,) = sidecars.sidecars_of(tx, taken.recording_id)
        kinds = [entry.kind for entry in history(tx, taken.recording_id)]
        assert found.facts == {"dialect": "axis"}
        with pytest.raises(errors.SidecarUnknown):
            sidecars.sidecar_of(tx, "0" * 36)
    assert kinds.count(Event.SIDECAR_ATTACHED) == 1


def test_a_stream_that_fails_leaves_nothing(archive: Archive) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 0:
                raise OSError("the card was pulled out")
            return super().read(4)

    before = archive.objects()
    with pytest.raises(OSError, match="pulled out"):
        sidecars.keep_sidecar(archive.intake, Broken(b"0123456789"), claim(archive))
    assert archive.objects() == before


def test_tracks_keep_what_can_be_a_place(archive: Archive) -> None:
    taken = archive.worn(b"film")
    points = (Point(0, 41.7637, -72.6851, at=AT, speed_kmh=12.5), Point(1, 91, 0), Point(2, 41.7638, -72.6850))
    with archive.database.write() as tx:
        for _ in range(2):  # the same again changes nothing
            track_id = tracks.keep_track(
                tx, taken.recording_id, Track("gpx", points), actor="system:card", clock=archive.clock
            )
        nothing = Track("gpx", (Point(0, 200, 0),))
        assert tracks.keep_track(tx, taken.recording_id, nothing, actor="system:card", clock=archive.clock) is None
    with archive.database.read() as tx:
        (found,) = tracks.tracks_of(tx, taken.recording_id)
    assert (found.id, found.points) == (track_id, (points[0], points[2]))


def test_marks_are_replaced_by_what_their_source_says_later(archive: Archive) -> None:
    taken = archive.worn(b"film")
    marks = [
        Bookmark("b", AT + timedelta(seconds=9), None, "Arrest", "cuffs", ("force:none",)),
        Bookmark("a", AT),
        Bookmark("c"),
        Bookmark("b", AT + timedelta(seconds=9), None, "Arrest", "hand cuffs"),
    ]
    with archive.database.write() as tx:
        for mark in [*marks, marks[-1]]:
            bookmarks.keep_bookmark(tx, taken.recording_id, mark, actor="system:axis", clock=archive.clock)
    with archive.database.read() as tx:
        assert bookmarks.bookmarks_of(tx, taken.recording_id) == [marks[1], marks[3], marks[2]]
        told = [entry.details for entry in history(tx, taken.recording_id) if entry.kind == Event.BOOKMARK_KEPT]
    assert [one["again"] for one in told] == [False, False, False, True]
    assert "cuffs" not in str(told)


def test_all_of_it_goes_with_the_recording(archive: Archive) -> None:
    taken = archive.worn(b"film")
    keep(archive, b"<gpx/>", taken.recording_id)
    with archive.database.write() as tx:
        track = Track("gpx", (Point(0, 41.7, -72.6),))
        tracks.keep_track(tx, taken.recording_id, track, actor="system:card", clock=archive.clock)
        mark = Bookmark("a", AT, text="words")
        bookmarks.keep_bookmark(tx, taken.recording_id, mark, actor="system:card", clock=archive.clock)
        (found,) = sidecars.sidecars_of(tx, taken.recording_id)
        sidecars.set_facts(tx, found.id, {"where": "home"})
    with archive.database.write() as tx:
        words = {"authority": "Order 26-CV-7", "reason": "expunged"}
        purging.purge(
            tx, archive.vault, archive.jobs, archive.technician, taken.recording_id, clock=archive.clock, **words
        )
    with archive.database.read() as tx:
        assert tracks.tracks_of(tx, taken.recording_id) == []
        assert bookmarks.bookmarks_of(tx, taken.recording_id) == []
        (found,) = sidecars.sidecars_of(tx, taken.recording_id)
        assert found.facts == {}
        with pytest.raises(KeyDestroyed):
            archive.vault.open(tx, found.object_id)


def test_what_comes_after_a_purge_is_not_kept_readable(archive: Archive) -> None:
    taken = archive.worn(b"film")
    words = {"authority": "Order 26-CV-7", "reason": "expunged"}

    def purge() -> None:
        with archive.database.write() as tx:
            purging.purge(
                tx, archive.vault, archive.jobs, archive.technician, taken.recording_id, clock=archive.clock, **words
            )

    purge()
    kept = keep(archive, b"<gpx/>", taken.recording_id)
    loose = keep(archive, b"<gpx>other</gpx>")
    with archive.database.write() as tx:
        sidecars.set_facts(tx, loose.id, {"where": "home"})
        sidecars.attach_sidecar(tx, loose.id, taken.recording_id, actor="system:card", clock=archive.clock)
        sidecars.set_facts(tx, kept.id, {"where": "home"})
        track = Track("gpx", (Point(0, 41.7, -72.6),))
        assert tracks.keep_track(tx, taken.recording_id, track, actor="system:card", clock=archive.clock) is None
        mark = Bookmark("a", AT, text="words")
        bookmarks.keep_bookmark(tx, taken.recording_id, mark, actor="system:card", clock=archive.clock)
        assert tracks.tracks_of(tx, taken.recording_id) == []
        assert bookmarks.bookmarks_of(tx, taken.recording_id) == []
        assert [one.facts for one in sidecars.sidecars_of(tx, taken.recording_id)] == [{}, {}]
    purge()  # what came since has a key, and it is destroyed too
    with archive.database.read() as tx:
        for one in sidecars.sidecars_of(tx, taken.recording_id):
            with pytest.raises(KeyDestroyed):
                archive.vault.open(tx, one.object_id)


def test_words_that_no_column_can_hold(archive: Archive) -> None:
    taken = archive.worn(b"film")
    mark = Bookmark("a\0b", AT, text="one\0two", category="x\0", tags=("t\0",))
    with archive.database.write() as tx:
        bookmarks.keep_bookmark(tx, taken.recording_id, mark, actor="system:axis", clock=archive.clock)
        bookmarks.keep_bookmark(tx, taken.recording_id, mark, actor="system:axis", clock=archive.clock)
        (found,) = bookmarks.bookmarks_of(tx, taken.recording_id)
    assert (found.source_id, found.text, found.category, found.tags) == (
        "a\ufffdb",
        "one\ufffdtwo",
        "x\ufffd",
        ("t\ufffd",),
    )
