"""Footage with known boxes: the same each time, truly where it says, readable, in every form that cameras write."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from candor.redaction.known import KnownClip, NumberUnreadable, make_clip, read_number
from candor.redaction.known.clips import Coding
from candor.redaction.known.drawing import KnownBox, draw
from candor.redaction.known.numbers import burn_number, place_of
from candor.redaction.known.portraits import draw_head, heads
from candor.redaction.known.scene import plan_scene
from candor.redaction.model import Kind


def _decoded(clip: KnownClip) -> list[tuple[Fraction, npt.NDArray[Any], Any]]:
    """Time, upright picture and frame of everything that decodes."""
    found = []
    with av.open(str(clip.path)) as container:
        for frame in container.decode(video=0):
            assert frame.pts is not None
            assert frame.time_base is not None
            picture = np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)
            found.append((frame.pts * frame.time_base, picture, frame))
    return found


@pytest.mark.parametrize("size", [(640, 360), (320, 180), (1920, 1080), (321, 241), (360, 640)])
@pytest.mark.parametrize("number", [0, 1, 0xAAAAA, (1 << 20) - 1])
def test_numbers_are_read_in_any_light(size: tuple[int, int], number: int) -> None:
    picture = np.full((size[1], size[0], 3), 90, np.uint8)
    burn_number(picture, number)
    assert read_number(picture) == number
    assert read_number(picture.mean(axis=2)) == number
    assert read_number((picture * 0.35 + 12).astype(np.uint8)) == number


def test_a_number_that_is_covered_is_not_read() -> None:
    picture = np.full((360, 640, 3), 90, np.uint8)
    with pytest.raises(NumberUnreadable):
        read_number(picture)
    burn_number(picture, 77)
    x0, y0, x1, y1 = place_of(640, 360)
    picture[y0:y1, x0 : (x0 + x1) // 2] = 0
    with pytest.raises(NumberUnreadable):
        read_number(picture)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> KnownClip:
    return make_clip(tmp_path_factory.mktemp("known") / "clip.mp4", 4, 4.0, faces=3, plates=1)


def test_every_picture_carries_its_number(clip: KnownClip) -> None:
    decoded = _decoded(clip)
    assert [read_number(picture) for _, picture, _ in decoded] == list(range(120))
    assert [time for time, _, _ in decoded] == list(clip.times)
    assert clip.frames == len(clip.boxes) == 120
    assert clip.cuts == (60,)


def test_what_is_known_lies_in_the_picture(clip: KnownClip) -> None:
    for boxes in clip.boxes:
        assert len({one.thing for one in boxes}) == len(boxes)
        for one in boxes:
            x0, y0, x1, y1 = one.box
            assert 0 <= x0 < x1 <= 640
            assert 0 <= y0 < y1 <= 360
            assert 0 < one.inside <= 1.0001
            assert 0 <= one.occluded <= 1
    kinds = {one.kind for boxes in clip.boxes for one in boxes}
    assert kinds == {Kind.FACE, Kind.PLATE}


def test_things_move_without_leaps_but_at_cuts_and_pans(clip: KnownClip) -> None:
    """The same thing in two pictures after each other is near itself: nothing is off by a picture."""
    for before, after in zip(clip.boxes, clip.boxes[1:], strict=False):
        then = {one.thing: one for one in before if one.inside > 0.99}
        for one in after:
            was = then.get(one.thing)
            if was is not None and one.inside > 0.99:
                assert np.abs(np.subtract(one.box, was.box)).max() < 60


def test_a_face_is_where_it_is_said_to_be() -> None:
    """Against the same scene without anybody: within each open box most pixels differ, outside bodies none does."""
    scene = plan_scene(31, 60, (640, 360), 30.0, "calibrate", faces=2, plates=1)
    nobody = replace(scene, shots=tuple(replace(shot, actors=()) for shot in scene.shots))
    seen = 0
    for number in (5, 25, 55):
        (picture, boxes), (empty, none) = draw(scene, number), draw(nobody, number)
        assert none == []
        differs = np.abs(picture.astype(int) - empty).max(axis=2) > 3
        for one in boxes:
            x0, y0, x1, y1 = (round(side) for side in one.box)
            if one.shown and one.occluded < 0.05:
                seen += 1
                assert differs[y0:y1, x0:x1].mean() > 0.6
                # the same scene without it, moved by half its width, does not fit
                wide = x1 - x0
                if one.kind is Kind.PLATE and wide < x0:
                    assert differs[y0:y1, x0 - wide // 2 : x1 - wide // 2].mean() < differs[y0:y1, x0:x1].mean()
    assert seen >= 4


def test_the_same_seed_makes_the_same_clip(tmp_path: Path) -> None:
    one, again = (make_clip(tmp_path / name, 8, 0.5, (320, 180)) for name in ("a.mp4", "b.mp4"))
    other = make_clip(tmp_path / "c.mp4", 9, 0.5, (320, 180))
    assert one.boxes == again.boxes
    assert one.boxes != other.boxes
    digests = {hashlib.sha256(each.path.read_bytes()).hexdigest() for each in (one, again, other)}
    assert len(digests) == 2


FORMS: dict[str, tuple[Coding, str, tuple[int, int]]] = {
    "b-frames": (Coding(b_frames=2, group=10), ".mp4", (320, 180)),
    "open groups": (Coding(b_frames=2, open_groups=True, group=10), ".mp4", (320, 180)),
    "varied": (Coding(varied=True), ".mp4", (320, 180)),
    "turned 90": (Coding(rotation=90), ".mp4", (320, 180)),
    "turned 180": (Coding(rotation=180), ".mov", (320, 180)),
    "turned 270": (Coding(rotation=270), ".mp4", (180, 320)),
    "odd": (Coding(), ".mp4", (321, 181)),
    "odd mpeg4": (Coding(codec="mpeg4"), ".mkv", (321, 181)),
    "h265": (Coding(codec="h265"), ".mp4", (320, 180)),
    "interlaced": (Coding(interlaced=True), ".mp4", (320, 180)),
    "silent": (Coding(sound=False), ".ts", (320, 180)),
    "late": (Coding(first_time=5.0), ".ts", (320, 180)),
}


def _starts_anew(clip: KnownClip) -> list[bool]:
    """Of each key frame of an H.264 in MP4, whether it is an IDR picture (ITU-T H.264, 7.4.1: NAL unit type 5)."""
    found = []
    with av.open(str(clip.path)) as container:
        for packet in container.demux(video=0):
            data, at, types = bytes(packet), 0, set()
            while at + 4 < len(data):
                types.add(data[at + 4] & 31)
                at += 4 + int.from_bytes(data[at : at + 4], "big")
            if packet.is_keyframe:
                found.append(5 in types)
    return found


@pytest.mark.parametrize("form", FORMS)
def test_forms_that_cameras_write(form: str, tmp_path: Path) -> None:
    coding, suffix, size = FORMS[form]
    clip = make_clip(tmp_path / f"clip{suffix}", 3, 1.0, size, coding=coding, faces=2)
    decoded = _decoded(clip)
    assert [read_number(picture) for _, picture, _ in decoded] == list(range(30))
    assert all(picture.shape[:2] == size[::-1] for _, picture, _ in decoded)
    first, begin = decoded[0][0], clip.times[0]
    for (time, _, _), wanted in zip(decoded, clip.times, strict=True):
        assert abs((time - first) - (wanted - begin)) < Fraction(1, 500)
    with av.open(str(clip.path)) as container:
        assert bool(container.streams.audio) == coding.sound
        codec = container.streams.video[0].codec_context.name
    assert codec == {"h264": "h264", "h265": "hevc", "mpeg4": "mpeg4"}[coding.codec]
    if form == "interlaced":
        assert all(frame.interlaced_frame for _, _, frame in decoded)
    if form == "varied":
        assert len({after - before for before, after in zip(clip.times, clip.times[1:], strict=False)}) > 5
    if coding.b_frames:
        assert {int(frame.pict_type) for _, _, frame in decoded} == {1, 2, 3}, "I, P and B (libavutil's numbers)"
        whole = _starts_anew(clip)
        assert whole[0]
        assert all(whole) != coding.open_groups


def test_without_its_first_key_frame(tmp_path: Path) -> None:
    coding = Coding(group=10, without_key=4)
    clip = make_clip(tmp_path / "clip.ts", 3, 1.0, (320, 180), coding=coding)
    with av.open(str(clip.path)) as container:
        first = next(container.demux(video=0))
        assert not first.is_keyframe
    numbers = [read_number(picture) for _, picture, frame in _decoded(clip) if not frame.is_corrupt]
    assert numbers[-20:] == list(range(10, 30)), "from the next key frame on it is all there"


def test_nobody_is_in_both_sets() -> None:
    measured, calibrated = ({one.who for one in heads(which)} for which in ("measure", "calibrate"))
    assert measured
    assert calibrated
    assert not measured & calibrated


def test_a_drawn_head_says_so() -> None:
    assert not draw_head(1).photographed
    photographed = {one.who: one.photographed for one in heads("measure")}
    assert all(said != who.startswith("drawn") for who, said in photographed.items())


def test_traits() -> None:
    plain = KnownBox("a", Kind.FACE, (0, 0, 9, 9), 30, 1.0, 0.0, 120, 1.0, 0.01, True)
    assert plain.traits == frozenset()
    assert plain.shown
    hard = KnownBox("a", Kind.FACE, (0, 0, 9, 9), 30, 0.6, 0.3, 30, 0.5, 0.4, True)
    assert hard.traits == {"dark", "blurred", "profile", "occluded"}
    assert hard.shown
    assert not KnownBox("a", Kind.FACE, (0, 0, 9, 9), 30, 0.4, 0.0, 30, 0.5, 0.4, True).shown
    assert not KnownBox("a", Kind.FACE, (0, 0, 9, 9), 30, 1.0, 0.7, 30, 0.5, 0.4, True).shown
