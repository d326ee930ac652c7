"""Tracks of cards: kept with their recording, and what their time says of the camera's clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.docking.cards.conftest import Desk
from tests.footage.clips import mp4
from tests.footage.media.test_sidecars import block

from candor.docking.cards.tracking import offset_of, points_of
from candor.fleet.clocks import readings_of
from candor.fleet.service import find_by_serial
from candor.footage.tracks import tracks_of

T0 = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
PATH = "Movie/2026_1120_180000_001A.MP4"


def film(ahead: timedelta, *, year: int | None = 26) -> bytes:
    """Three seconds with a block each; the camera's clock, by which the file is named, is so far behind."""
    times = [T0 + ahead + timedelta(seconds=n) for n in range(3)]
    blocks = b"".join(block(at, 4130.6, 7215.0 + n, size=0x8000, year=year) for n, at in enumerate(times))
    return mp4(3.0, made=None, sound=False) + blocks


def test_a_track_in_a_recording_and_the_camera_s_clock(desk: Desk) -> None:
    desk.put(PATH, film(timedelta(seconds=75)))
    recording_id = desk.read().clips[PATH]
    with desk.archive.database.read() as tx:
        (track,) = tracks_of(tx, recording_id)
        camera = find_by_serial(tx, "CAM1")
        assert camera is not None
        (reading,) = readings_of(tx, camera.id)
    assert track.source == "Novatek freeGPS in the recording"
    assert [point.seconds for point in track.points] == [0, 1, 2]
    assert track.points[0].latitude == pytest.approx(41.51, abs=1e-4)
    assert reading.camera_at == T0
    assert reading.reference_at - reading.camera_at == timedelta(seconds=75)
    assert (reading.source, reading.recording_id) == ("gnss", recording_id)


def test_without_a_zone_the_clock_is_not_compared(desk: Desk) -> None:
    desk.orders = replace(desk.orders, zone=None)
    desk.put(PATH, film(timedelta(seconds=75)))
    recording_id = desk.read().clips[PATH]
    with desk.archive.database.read() as tx:
        camera = find_by_serial(tx, "CAM1")
        assert camera is not None
        assert readings_of(tx, camera.id) == []
        assert len(tracks_of(tx, recording_id)) == 1


def test_a_difference_that_may_be_a_zone_is_no_reading(desk: Desk) -> None:
    desk.put(PATH, film(timedelta(hours=5), year=None))
    desk.read()
    with desk.archive.database.read() as tx:
        camera = find_by_serial(tx, "CAM1")
        assert camera is not None
        assert readings_of(tx, camera.id) == [], "years written out: some of these cameras write local time"


def test_a_track_beside_a_recording(desk: Desk) -> None:
    desk.put(PATH, mp4(3.0, made=None, sound=False))
    points = "".join(
        f'<trkpt lat="41.{n}" lon="-72.0"><time>2026-11-20T18:00:0{n + 1}Z</time></trkpt>' for n in range(3)
    )
    desk.put(PATH.replace("MP4", "gpx"), f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>".encode())
    recording_id = desk.read().clips[PATH]
    with desk.archive.database.read() as tx:
        (track,) = tracks_of(tx, recording_id)
        camera = find_by_serial(tx, "CAM1")
        assert camera is not None
        assert readings_of(tx, camera.id) == [], "its places in the recording come from its own times"
    assert track.sidecar_id is not None
    assert [point.seconds for point in track.points] == [1, 2, 3]


def test_points_and_offsets() -> None:
    rows = [[None, 1.0, 2.0, "2026-11-20T18:00:05.000000Z", None], [None, 1.0, 2.0, None, None]]
    assert [point.seconds for point in points_of(rows, T0)] == [5]
    assert [point.seconds for point in points_of(rows, None)] == [0]
    assert [point.seconds for point in points_of(rows, T0 + timedelta(hours=1))] == [0], "it began before the recording"
    assert offset_of(rows, T0, utc=True) is None, "no place in the recording"
    timed = [[2.0, 1.0, 2.0, "2026-11-20T18:00:05.000000Z", None]]
    assert offset_of(timed, T0, utc=True) == (T0 + timedelta(seconds=2), T0 + timedelta(seconds=5))
    assert offset_of(timed, None, utc=True) is None
