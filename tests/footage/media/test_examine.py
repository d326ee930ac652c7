"""What a file claims and whether it plays, by the real limited process."""

from __future__ import annotations

import io
import os
import random
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.footage.media.recordings import film, opened, without_index

from candor.core.limited import Limits
from candor.footage.media import PROBLEMS, examine
from candor.footage.media.examine import PROBE_LIMITS

CLIPS = os.environ.get("CANDOR_TEST_CLIPS")  # a folder of real recordings, if there is one


def claims(data: bytes, **more: Any) -> dict[str, Any]:
    found = examine(io.BytesIO(data), **more)
    assert set(found["problems"]) <= set(PROBLEMS)
    return found


def test_pictures_and_sound() -> None:
    found = claims(film(seconds=2, layout="stereo"))
    assert found["problems"] == []
    assert found["playable"] is True
    assert found["container"].startswith("mov")
    assert found["duration"] == pytest.approx(2, abs=0.1)
    video, audio = found["streams"]
    assert (video["type"], video["codec"], video["width"], video["height"]) == ("video", "h264", 320, 180)
    assert (video["fps"], video["rotation"], video["tag"], video["frames"]) == (10.0, 0, "avc1", 20)
    assert video["pixel_format"] == "yuv420p"
    assert (audio["type"], audio["codec"], audio["profile"], audio["sample_rate"]) == ("audio", "aac", "LC", 48000)
    assert (audio["channels"], audio["layout"], audio["tag"]) == (2, "stereo", "mp4a")
    assert video["decoded"] is audio["decoded"] is True


@pytest.mark.parametrize(
    ("made", "codecs"),
    [
        ({"codec": "libx265"}, ["hevc", "aac"]),
        ({"codec": "libx265", "pixel_format": "yuv420p10le"}, ["hevc", "aac"]),
        ({"container": "matroska"}, ["h264", "aac"]),
        ({"container": "avi", "sound": "mp3"}, ["h264", "mp3"]),
        ({"container": "mpegts"}, ["h264", "aac"]),
        ({"container": "mov", "codec": "mjpeg", "pixel_format": "yuvj420p", "sound": None}, ["mjpeg"]),
        ({"sound": None}, ["h264"]),
        ({"codec": None}, ["aac"]),
        ({"codec": None, "container": "wav", "sound": "pcm_s16le", "sound_rate": 16_000}, ["pcm_s16le"]),
        ({"codec": None, "container": "mp3", "sound": "mp3"}, ["mp3"]),
        ({"codec": None, "container": "flac", "sound": "flac"}, ["flac"]),
    ],
)  # fmt: skip
def test_what_cameras_and_recorders_write(made: dict[str, Any], codecs: list[str]) -> None:
    found = claims(film(**made))
    assert [s["codec"] for s in found["streams"]] == codecs
    assert all(s["decoded"] for s in found["streams"])
    assert (found["playable"], found["problems"]) == (True, [])


@pytest.mark.parametrize(("counterclockwise", "rotation"), [(90, 270), (180, 180), (-90, 90)])
def test_a_turned_recording(counterclockwise: int, rotation: int) -> None:
    (video,) = claims(film(rotation=counterclockwise, sound=None))["streams"]
    assert (video["width"], video["height"], video["rotation"], video["mirrored"]) == (320, 180, rotation, False)


def test_times_device_and_place_with_the_tags_they_came_from() -> None:
    tags = {
        "creation_time": "2026-03-04T05:06:07.000000Z",
        "make": "Example\x07 Works",
        "model": "BWC-1",
        "location": "+27.5916+086.5640+8850/",
        "com.apple.quicktime.creationdate": "2026-03-04T00:06:07-0500",
    }
    found = claims(film(metadata=tags, options={"movflags": "use_metadata_tags"}, sound=None))
    times = {(t["where"], t["tag"]): t["utc"] for t in found["times"]}
    assert times["container", "creation_time"] == "2026-03-04T05:06:07.000000Z"
    assert times["container", "com.apple.quicktime.creationdate"] == "2026-03-04T05:06:07.000000Z"
    assert found["device"]["make"] == {"where": "container", "tag": "make", "value": "Example  Works"}
    assert found["device"]["model"]["value"] == "BWC-1"
    assert (found["place"]["where"], found["place"]["tag"]) == ("container", "location")
    assert found["place"]["value"].startswith("+27.5916+086.5640+8850")


def test_sound_that_begins_late_is_found() -> None:
    """A pre-event buffer is often silent: its sound track has nothing for the first 30 seconds or more."""
    for container in ("mp4", "matroska"):
        found = claims(film(seconds=40, rate=30, size=(64, 36), sound_from=35, container=container))
        assert [s["decoded"] for s in found["streams"]] == [True, True], container
        assert found["problems"] == []


# what is wrong


def test_an_empty_file() -> None:
    found = claims(b"")
    assert (found["problems"], found["playable"], found["size"]) == (["empty"], False, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"Dear Sir or Madam,\nthis is a letter.\n" * 200,
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"\x00" * 100_000,
        b"PK\x03\x04" + bytes(1000),
        b"\x89PNG\r\n\x1a\n" + bytes(1000),
        b"x",
    ],
)
def test_what_is_no_recording(data: bytes) -> None:
    found = claims(data)
    assert found["problems"] == ["not-media"]
    assert not found["playable"]


def test_random_bytes() -> None:
    for seed in range(4):
        assert not claims(random.Random(seed).randbytes(200_000))["playable"]


def test_without_its_index() -> None:
    found = claims(without_index(film()))
    assert "index-missing" in found["problems"]
    assert not found["playable"]


@pytest.mark.parametrize("container", ["mp4", "matroska", "avi", "wav"])
def test_cut_off_in_the_middle(container: str) -> None:
    if container == "wav":
        whole = film(codec=None, container="wav", sound="pcm_s16le", seconds=6)
    else:
        sound = "mp3" if container == "avi" else "aac"
        options = {"movflags": "+faststart"} if container == "mp4" else {}
        whole = film(seconds=6, container=container, options=options, sound=sound)
    assert claims(whole)["problems"] == []
    found = claims(whole[: len(whole) // 2])
    assert "ends-early" in found["problems"]
    assert found["playable"], "what is there can be seen"


def test_media_overwritten() -> None:
    whole = bytearray(film(seconds=3, sound=None))
    begin, end = whole.index(b"mdat") + 4, whole.index(b"moov") - 4
    whole[begin:end] = random.Random(5).randbytes(end - begin)
    found = claims(bytes(whole))
    assert {"picture-undecodable", "damaged"} & set(found["problems"])
    assert found["streams"][0]["codec"] == "h264", "what it claims is told all the same"


def test_a_hole_in_the_beginning_is_damage_not_an_end() -> None:
    whole = bytearray(film(seconds=6, sound=None))
    begin = whole.index(b"mdat") + 4
    whole[begin + 100 : begin + 400] = bytes(300)
    found = claims(bytes(whole))
    assert found["playable"]
    assert "not-media" not in found["problems"]


def test_a_huge_picture_is_claimed() -> None:
    whole = film(codec="mjpeg", pixel_format="yuvj420p", sound=None, container="mov")
    size = struct.pack(">HH", 320, 180)
    place = whole.index(size, whole.index(b"stsd"))
    found = claims(whole[:place] + struct.pack(">HH", 65_535, 65_535) + whole[place + 4 :])
    assert "examination-stopped" not in found["problems"]
    assert found["streams"][0]["width"] in (320, 65_535)
    jpeg = whole.replace(struct.pack(">HH", 180, 320), struct.pack(">HH", 65_500, 65_500))
    assert jpeg != whole
    found = claims(jpeg)
    assert "picture-undecodable" in found["problems"]


def test_an_examination_that_is_stopped_is_a_finding() -> None:
    found = claims(film(seconds=0.5), limits=Limits(wall_seconds=0.001))
    assert (found["problems"], found["playable"]) == (["examination-stopped"], False)
    assert "longer than the 0.001 seconds" in found["stopped"]


def test_a_stream_that_shrinks_while_it_is_read() -> None:
    class Shrinking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(size)[: max(0, 60_000 - self.tell())]

    found = examine(Shrinking(film(seconds=4, size=(640, 360), rate=30)))
    assert set(found["problems"]) <= set(PROBLEMS)


def test_a_mark_at_the_very_end_is_not_needed() -> None:
    """An MP4 with something behind it, as some cameras append."""
    assert claims(film(sound=None) + b"\x00\x00\x00\x10free12345678")["problems"] == []


WHOLE = film(seconds=1, size=(160, 90))
VARIANTS = {
    "mp4": WHOLE,
    "mkv": film(seconds=1, size=(160, 90), container="matroska"),
    "avi": film(seconds=1, size=(160, 90), container="avi", sound="mp3"),
    "hevc": film(seconds=1, size=(160, 90), codec="libx265"),
}


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=st.sampled_from(sorted(VARIANTS)),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)), min_size=1, max_size=12
    ),
    cut=st.floats(0.02, 1),
)
@example(kind="mp4", changes=[(0.999, b"\xff" * 8)], cut=1.0)
@example(kind="mp4", changes=[(0.0, b"\xff" * 4)], cut=1.0)
def test_hostile_changes_never_do_more_than_give_findings(
    kind: str, changes: list[tuple[float, bytes]], cut: float
) -> None:
    data = bytearray(VARIANTS[kind])
    index = data.find(b"moov")
    for where, what in changes:
        # Half of the changes go where the structure is: there they do the most.
        place = int(where * 2 * len(data)) if where < 0.5 else max(index, 0) + int((where - 0.5) * 1500)
        data[place : place + len(what)] = what
    found = claims(bytes(data[: max(1, int(cut * len(data)))]), limits=PROBE_LIMITS)
    assert isinstance(found["playable"], bool)


@pytest.mark.skipif(not CLIPS, reason="CANDOR_TEST_CLIPS names no folder of real recordings")
def test_real_clips_play() -> None:
    paths = sorted(Path(CLIPS or ".").glob("*.mp4"))
    assert paths
    for path in paths:
        with open(path, "rb") as stream:
            found = examine(stream)
        assert (found["playable"], found["problems"]) == (True, []), path.name


def test_a_stopped_examination_looks_like_any_other() -> None:
    whole, stopped = claims(WHOLE), claims(WHOLE, limits=Limits(wall_seconds=0.001))
    assert set(stopped) - {"stopped"} == set(whole)
    assert stopped["v"] == whole["v"]


def test_the_test_recordings_are_what_they_say() -> None:
    with opened(WHOLE) as container:
        assert [s.type for s in container.streams] == ["video", "audio"]
