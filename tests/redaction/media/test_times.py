"""Which picture is shown when: every pass, from the start or from a key frame, gives each picture its own time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.footage.media.recordings import film

from candor.core.limited import LimitedRefused
from candor.redaction.known import KnownClip, NumberUnreadable, make_clip, read_number
from candor.redaction.known.clips import Coding
from candor.redaction.media.frames import Looked, Wish, watch
from candor.redaction.media.plan import Plan, look, segments
from candor.redaction.media.times import Clock
from candor.redaction.media.units import closed_key, length_size, units_of

SIZE = (320, 180)

CASES: dict[str, tuple[str, Coding, tuple[int, int]]] = {
    "plain": (".mp4", Coding(group=10), SIZE),
    "b-frames": (".mp4", Coding(group=12, b_frames=3), SIZE),
    "open groups": (".mp4", Coding(group=12, b_frames=2, open_groups=True), SIZE),
    "varied": (".mp4", Coding(group=10, varied=True), SIZE),
    "varied, matroska": (".mkv", Coding(group=10, varied=True, b_frames=2), SIZE),
    "transport stream": (".ts", Coding(group=10, b_frames=2), SIZE),
    "turned 90": (".mp4", Coding(group=10, rotation=90), SIZE),
    "turned 180": (".mp4", Coding(group=10, rotation=180), SIZE),
    "turned 270": (".mp4", Coding(group=10, rotation=270), (180, 320)),
    "h265": (".mp4", Coding(codec="h265", group=10, b_frames=2), SIZE),
    "mpeg4": (".mp4", Coding(codec="mpeg4", group=10), SIZE),
    "mpeg4 in avi": (".avi", Coding(codec="mpeg4", group=10), SIZE),
    "odd size": (".mp4", Coding(group=10), (321, 181)),
    "no sound": (".mp4", Coding(group=10, sound=False), SIZE),
    "late": (".mp4", Coding(group=10, first_time=2.0), SIZE),
    "begins without a key frame": (".ts", Coding(group=10, without_key=4), SIZE),
}


def clip_of(folder: Path, name: str, seconds: float = 2.0) -> KnownClip:
    suffix, coding, size = CASES[name]
    path = folder / f"{name.replace(' ', '-')}{suffix}"
    return make_clip(path, 5, seconds, size, 25.0, coding=coding, faces=1)


def seen(stream: Any, plan: Plan, size: tuple[int, int], begin: int | None, until: int | None) -> list[tuple[int, int]]:
    """(time, number burnt into it) of each picture."""

    def run(pictures: Iterator[Looked]) -> list[tuple[int, int]]:
        found = []
        for looked in pictures:
            try:
                found.append((looked.time, read_number(looked.colour[0][1])))
            except NumberUnreadable:  # damaged, or not whole yet
                found.append((looked.time, -1))
        return found

    return watch(stream, plan, run, begin=begin, until=until, wishes=[Wish((size,))])[0]


@pytest.mark.parametrize("name", CASES)
def test_every_picture_has_its_time(tmp_path: Path, name: str) -> None:
    clip = clip_of(tmp_path, name)
    size = (clip.size[0] // 2 * 2, clip.size[1] // 2 * 2)
    with clip.path.open("rb") as stream:
        plan = look(stream)
        assert (plan.picture.width, plan.picture.height) == clip.size
        assert plan.sound == CASES[name][1].sound
        whole = seen(stream, plan, size, None, None)
        pieces = [seen(stream, plan, size, one.begin, one.until) for one in segments(plan, 0.7)]
    numbers = [number for _, number in whole if number >= 0]
    missing = {"begins without a key frame": 10}.get(name, 0)
    assert numbers == list(range(numbers[0], clip.frames))
    assert numbers[0] <= missing
    # each at the time that was written, but for where the file's own clock begins
    clock = plan.frames.clock
    settled = 1 if name == "mpeg4 in avi" else 0  # whose writer gives the first picture a length of its own
    first_time, first = next((time, number) for time, number in whole if number >= settled)
    for time, number in whole:
        if number >= settled:
            told = (time - first_time) * clock
            assert abs(told - (clip.times[number] - clip.times[first])) <= clock
    assert {time for time, _ in whole} <= set(plan.frames.all())
    # from key frames: the same pictures at the same times, none twice, none left out
    assert [one for piece in pieces for one in piece] == whole
    assert len(pieces) > 1 if plan.seekable else len(pieces) == 1


def test_what_is_seekable(tmp_path: Path) -> None:
    plans = {}
    for name in ("plain", "open groups", "h265", "mpeg4 in avi"):
        with clip_of(tmp_path, name).path.open("rb") as stream:
            plans[name] = look(stream)
    assert plans["plain"].keys == plans["plain"].closed
    assert len(plans["plain"].keys) == 5
    assert plans["open groups"].keys[1:]
    assert plans["open groups"].closed == plans["open groups"].keys[:1]
    assert plans["h265"].codec == "hevc"
    assert plans["h265"].closed
    assert all(Plan.from_json(one.to_json()) == one for one in plans.values())


def test_interlaced_is_seen_in_one_field(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "i.mp4", 5, 1.0, (320, 240), 25.0, coding=Coding(interlaced=True), faces=1)
    with clip.path.open("rb") as stream:
        plan = look(stream)
        found = seen(stream, plan, (320, 240), None, None)
    assert plan.interlaced
    assert [number for _, number in found] == list(range(25))


def test_without_any_times(tmp_path: Path) -> None:
    """A bare stream: times follow from the rate, and the part is worked on from its start."""
    clip = clip_of(tmp_path, "b-frames")
    bare = tmp_path / "bare.h264"
    with av.open(str(clip.path)) as source, av.open(str(bare), "w", format="h264") as out:
        track = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = track
                out.mux(packet)
    with bare.open("rb") as stream:
        plan = look(stream)
        found = seen(stream, plan, SIZE, None, None)
    assert not plan.seekable
    assert len(segments(plan, 0.5)) == 1
    assert [number for _, number in found] == list(range(clip.frames))
    times = [time for time, _ in found]
    assert times == sorted(set(times))
    assert set(times) == set(plan.frames.all())


def test_what_an_edit_list_hides_does_not_come(tmp_path: Path) -> None:
    clip = clip_of(tmp_path, "plain")
    cut = tmp_path / "cut.mp4"
    with (
        av.open(str(clip.path)) as source,
        av.open(str(cut), "w", options={"use_editlist": "1", "avoid_negative_ts": "disabled"}) as out,
    ):
        track = out.add_stream_from_template(source.streams.video[0])
        early = round(Fraction(14, 25) / source.streams.video[0].time_base)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = track
                packet.pts -= early
                packet.dts -= early
                out.mux(packet)
    with cut.open("rb") as stream:
        plan = look(stream)
        found = seen(stream, plan, SIZE, None, None)
        later = [seen(stream, plan, SIZE, one.begin, one.until) for one in segments(plan, 0.7)]
    assert plan.counts["hidden"] > 0
    assert [number for _, number in found if number >= 14] == list(range(14, clip.frames))
    assert [one for piece in later for one in piece] == found
    assert {time for time, _ in found} == set(plan.frames.all())


def test_damage_moves_nothing(tmp_path: Path) -> None:
    clip = clip_of(tmp_path, "transport stream")
    data = bytearray(clip.path.read_bytes())
    rng = np.random.default_rng(3)
    for place in rng.integers(len(data) // 3, 2 * len(data) // 3, 60):
        data[place] ^= 0xFF
    stream = io.BytesIO(bytes(data))
    plan = look(stream)
    found = seen(stream, plan, SIZE, None, None)
    assert len(found) > clip.frames // 2
    (first_time, first), clock = found[0], plan.frames.clock
    assert first == 0
    # A picture that could not be decoded is shown as the one before it, or not at all; none is at a time of its own.
    written = {round((time - clip.times[0]) / clock): number for number, time in enumerate(clip.times)}
    told = [(written[time - first_time], number) for time, number in found]
    assert all(number <= due for due, number in told if 0 <= number < clip.frames)
    undamaged = [(due, number) for due, number in told if not 15 <= due < 40]
    assert len(undamaged) == 25
    assert all(due == number for due, number in undamaged)


def test_what_cannot_be_worked_on(tmp_path: Path) -> None:
    with pytest.raises(LimitedRefused, match="no picture"):
        look(io.BytesIO(film(codec=None, seconds=1)))
    with pytest.raises(LimitedRefused, match="not a recording"):
        look(io.BytesIO(b"nothing of the kind" * 100))
    small, large = film(size=(160, 90), sound=None, container="mpegts"), film(sound=None, container="mpegts")
    with pytest.raises(LimitedRefused, match=r"changes from 160 x 90 .* to 320 x 180"):
        look(io.BytesIO(small + large))
    with pytest.raises(LimitedRefused, match="begin again in the middle"):
        look(io.BytesIO(small + small))
    later = film(times=[Fraction(n, 10) for n in range(20, 40)], sound=None, container="mpegts")
    with pytest.raises(LimitedRefused, match=r"changes from 160 x 90 .* at 2.0 seconds"):
        look(io.BytesIO(small + later))


def test_a_clock_where_none_is() -> None:
    class Frame:
        def __init__(self, pts: int | None, dts: int | None) -> None:
            self.pts, self.dts = pts, dts

    clock = Clock(Fraction(1, 1000), Fraction(30), 40)
    told = [
        clock.time_of(Frame(pts, dts)) for pts, dts in ((None, None), (None, None), (None, 110), (None, None), (7, 3))
    ]
    assert told == [40, 73, 110, 143, 7]
    assert clock.untimed == 4


def test_units_of_key_frames() -> None:
    idr, other = b"\x65\x88", b"\x41\x9a"
    assert list(units_of(b"\x00\x00\x00\x01" + other + b"\x00\x00\x01" + idr, 0)) == [other, idr]
    assert list(units_of(b"\x00\x00\x00\x02" + other + b"\x00\x00\x00\x02" + idr, 4)) == [other, idr]
    assert list(units_of(b"\x00\x00\x00\x09" + idr, 4)) == [idr]
    assert closed_key("h264", b"\x00\x00\x01" + idr, 0)
    assert not closed_key("h264", b"\x00\x00\x01" + other, 0)
    assert closed_key("mjpeg", b"", 0)
    assert not closed_key("mpeg4", b"", 0)
    assert length_size("h264", b"\x01\x64\x00\x1e\xff\xe1") == 4
    assert length_size("h264", b"\x00\x00\x01") == 0
