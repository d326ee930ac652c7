"""Copies of every kind of recording: masks on the right picture, times kept, the rest as it was."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.redaction.media.numbered import DARK, box_at, clip, faults, frames_of, made, masked, track

from candor.redaction.known.coding import Coding
from candor.redaction.masks import Masks
from candor.redaction.media.painting import Painting
from candor.redaction.media.plan import look
from candor.redaction.media.render import Quality
from candor.redaction.model import Mode, PartDocument, Shape, Style

CODINGS = {
    "plain.mp4": Coding(group=10),
    "b-frames.mp4": Coding(group=10, b_frames=2),
    "open-groups.mp4": Coding(group=10, b_frames=2, open_groups=True),
    "unequal-times.mp4": Coding(group=10, varied=True, b_frames=2),
    "turned-90.mp4": Coding(group=10, rotation=90),
    "turned-180.mp4": Coding(group=10, rotation=180, sound=False),
    "turned-270.mov": Coding(group=10, rotation=270),
    "interlaced.mp4": Coding(group=10, interlaced=True),
    "h265.mp4": Coding(codec="h265", group=10, sound=False),
    "matroska.mkv": Coding(group=10, varied=True),
    "transport.ts": Coding(group=10, b_frames=2),
    "mpeg4.avi": Coding(codec="mpeg4", group=10, sound=False),
    "no-key-first.ts": Coding(group=10, without_key=3),
    "begins-late.mp4": Coding(group=10, first_time=1.5),
}
SMART = {
    "plain.mp4",
    "b-frames.mp4",
    "unequal-times.mp4",
    "turned-90.mp4",
    "turned-180.mp4",
    "turned-270.mov",
    "begins-late.mp4",
}


@pytest.mark.parametrize("name", CODINGS)
def test_each_mask_is_on_its_picture(tmp_path: Path, name: str) -> None:
    original = clip(tmp_path / name, CODINGS[name]).read_bytes()
    one = masked(original, first=13, last=17)
    assert faults(one, first=13, last=17) == []
    assert one.details["method"] == ("smart" if name in SMART else "full"), one.details["why_full"]
    assert one.details["masked"] == 5
    assert one.details["pictures"] == len(list(frames_of(original)))
    if name in SMART:
        assert len(one.details["copied"]) == 2
        assert one.details["dropped"] == {"undecodable": 0, "repeated": 0}
    if name == "interlaced.mp4":
        fields = [frame.interlaced_frame for data in (original, one.copy) for _, frame in frames_of(data)]
        assert len(fields) == 90
        assert all(fields)
    if name == "no-key-first.ts":
        assert any("begins with the first one that can" in note for note in one.details["notes"])


@pytest.mark.parametrize("size", [(321, 181), (320, 181), (319, 180)])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    original = clip(tmp_path / "odd.mp4", Coding(group=10, sound=False), 1.0, size).read_bytes()
    one = masked(original, first=4, last=8)
    assert faults(one, first=4, last=8) == []
    with av.open(io.BytesIO(one.copy)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (
            size[0] + size[0] % 2,
            size[1] + size[1] % 2,
        )
    assert any("shown twice" in note for note in one.details["notes"])


@pytest.mark.parametrize(
    ("pixels", "codec"),
    [("yuv420p10le", "libx264"), ("yuv422p", "libx264"), ("gray", "libx264"), ("yuvj422p", "mjpeg")],
)
def test_other_pixels_are_encoded_with_eight_bits(tmp_path: Path, pixels: str, codec: str) -> None:
    original = _again(clip(tmp_path / "plain.mp4", Coding(group=10, sound=False), 1.0), pixels, codec)
    one = masked(original, first=4, last=8)
    assert faults(one, first=4, last=8) == []
    assert one.details["method"] == "full"
    with av.open(io.BytesIO(one.copy)) as container:
        assert container.streams.video[0].codec_context.pix_fmt == ("yuvj420p" if codec == "mjpeg" else "yuv420p")


def test_what_an_edit_list_hides_is_not_in_the_copy(tmp_path: Path) -> None:
    original = bytearray(clip(tmp_path / "edited.mp4", Coding(group=30, sound=False)).read_bytes())
    at = original.index(b"elst")
    begin = int.from_bytes(original[at + 16 : at + 20], "big", signed=True)
    original[at + 16 : at + 20] = (begin + 6000 * 7).to_bytes(4, "big")  # seven pictures of 1/90000 x 6000
    one = masked(bytes(original), first=33, last=36)
    assert _numbers(one.copy, one.plan) == list(range(7, 45))
    assert faults(one, first=33, last=36) == []
    assert one.details["copied"] == []  # the first group holds what is hidden, the second is masked


def test_a_damaged_picture_near_a_mask_is_hidden_as_a_whole(tmp_path: Path) -> None:
    path = clip(tmp_path / "damaged.mp4", Coding(group=15, sound=False))
    plan = look(io.BytesIO(path.read_bytes()))
    part = PartDocument(tracks={"t1": track({0: box_at(0), plan.frames.at(29): box_at(0)})})
    original = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    position, size = places[20]
    original[position + 12 : position + size] = bytes(byte ^ 0x5A for byte in original[position + 12 : position + size])
    one = made(bytes(original), look(io.BytesIO(bytes(original))), part)
    assert one.details["covered"] + one.details["dropped"]["undecodable"] >= 1
    assert one.details["pictures"] + one.details["dropped"]["undecodable"] == 45
    for time, frame in frames_of(one.copy):
        if 20 <= plan.frames.number_at(time) < 30:
            assert (frame.reformat(format="gray").to_ndarray() < DARK).all(), plan.frames.number_at(time)
    assert one.details["copied"] == [[plan.frames.at(30), plan.frames.at(44)]]


def test_a_key_picture_that_the_decoder_had_before_a_fault_does_not_end_it(tmp_path: Path) -> None:
    path = clip(tmp_path / "plain.mp4", Coding(group=15, b_frames=2, sound=False))
    plan = look(io.BytesIO(path.read_bytes()))
    at = plan.frames.at
    masks = Masks(
        plan.picture, PartDocument(tracks={"t1": track({0: box_at(0), at(44): box_at(0)})}), times=plan.frames
    )
    frames = list(frames_of(path.read_bytes()))
    assert [place for place, (_, frame) in enumerate(frames) if frame.key_frame] == [0, 15, 30]
    painting = Painting(masks, frames[0][1], (320, 180), tick=float(plan.frames.clock), zero=0, interlaced=False)
    hidden = []
    for place, (time, frame) in enumerate(frames):
        if place == 14:
            painting.fault(at(18))  # the decoder is some pictures ahead of what it has given
        before = painting.covered
        painting.paint(frame, time)
        hidden += [place] * (painting.covered - before)
    assert hidden == list(range(14, 30))


def test_damage_that_a_decoder_would_keep_to_itself_is_noticed(tmp_path: Path) -> None:
    path = clip(tmp_path / "damaged.mp4", Coding(codec="h265", group=15, b_frames=2, sound=False, quality=10))
    plan = look(io.BytesIO(path.read_bytes()))
    part = PartDocument(tracks={"t1": track({0: box_at(0), plan.frames.at(44): box_at(0)})})
    original = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        damaged = [packet for packet in container.demux(video=0) if packet.size][18]
    assert damaged.pos is not None
    assert damaged.pts is not None
    begin, end = damaged.pos + 12, damaged.pos + damaged.size
    original[begin:end] = bytes(byte ^ 0x5A for byte in original[begin:end])
    one = made(bytes(original), plan, part)
    assert one.details["damaged"] >= 1
    for time, frame in frames_of(one.copy):
        if damaged.pts <= time < plan.frames.at(30):
            assert (frame.reformat(format="gray").to_ndarray() < DARK).all(), plan.frames.number_at(time)
    assert one.details["pictures"] >= 44
    assert one.details["covered"] < 20


def test_show_only_hides_everything_else(tmp_path: Path) -> None:
    original = clip(tmp_path / "plain.mp4", Coding(group=10, sound=False), 1.0).read_bytes()
    plan = look(io.BytesIO(original))
    shown = track({0: (100.0, 40.0, 200.0, 120.0), plan.frames.at(7): (100.0, 40.0, 200.0, 120.0)}, hidden=False)
    one = made(original, plan, PartDocument(mode=Mode.SHOW_ONLY, tracks={"t1": shown}))
    assert one.details["masked"] == 15
    for place, (_, frame) in enumerate(frames_of(one.copy)):
        grey = frame.reformat(format="gray").to_ndarray()
        if place <= 7:
            assert (grey[44:116, 104:196] > 90).all()
            grey[40:120, 100:200] = 0
        assert (grey < DARK).all()


@pytest.mark.parametrize("shape", [Shape.ELLIPSE, Shape.POLYGON])
@pytest.mark.parametrize("rotation", [0, 90])
def test_shapes_are_hidden_where_they_stand_upright(tmp_path: Path, shape: Shape, rotation: Any) -> None:
    original = clip(tmp_path / "plain.mp4", Coding(group=10, sound=False, rotation=rotation), 1.0).read_bytes()
    plan = look(io.BytesIO(original))
    numbers = (100.0, 40.0, 180.0, 100.0) if shape is Shape.ELLIPSE else (100.0, 40.0, 180.0, 50.0, 140.0, 100.0)
    keys = {0: numbers, plan.frames.at(14): numbers}
    one = made(original, plan, PartDocument(tracks={"t1": track(keys, shape=shape)}))
    y, x = np.mgrid[0:180, 0:320] + 0.5
    if shape is Shape.ELLIPSE:
        inside = ((x - 140) / 40) ** 2 + ((y - 70) / 30) ** 2 <= 1
        far = ((x - 140) / 47) ** 2 + ((y - 70) / 37) ** 2 > 1
    else:
        sides = [(100, 40, 180, 50), (180, 50, 140, 100), (140, 100, 100, 40)]
        away = [((x - ax) * (by - ay) - (y - ay) * (bx - ax)) / np.hypot(bx - ax, by - ay) for ax, ay, bx, by in sides]
        inside, far = np.max(away, axis=0) <= 0, np.max(away, axis=0) > 9
    far[130:] = False  # the picture's number
    for _, frame in frames_of(one.copy):
        grey = np.rot90(frame.reformat(format="gray").to_ndarray(), -(rotation // 90))
        assert (grey[inside] < DARK).all()
        assert (grey[far] >= DARK).all()


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_mirrored_pictures_are_hidden_where_they_stand_upright(degrees: int, codec: str) -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        video: Any = container.add_stream(codec, rate=15)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.gop_size = 3
        video.set_display_rotation(-degrees, hflip=True)
        for number in range(9):
            frame = av.VideoFrame.from_ndarray(np.full((72, 64), 150, np.uint8), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 15)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    plan = look(io.BytesIO(file.getvalue()))
    assert plan.picture.mirrored
    box = (4.0, 6.0, 20.0, 16.0)
    part = PartDocument(tracks={"t1": track({plan.frames.at(3): box, plan.frames.at(5): box})})
    one = made(file.getvalue(), plan, part)
    assert one.details["method"] == ("smart" if codec == "libx264" else "full")
    matrices = [
        {bytes(frame.side_data["DISPLAYMATRIX"]) for _, frame in frames_of(data)} for data in (one.original, one.copy)
    ]
    assert matrices[0] == matrices[1]
    for place, (_, frame) in enumerate(frames_of(one.copy)):
        coded = frame.reformat(format="gray").to_ndarray()
        dark = np.rot90(coded[:, ::-1], -(plan.picture.degrees // 90)) < DARK
        assert dark.shape == (plan.picture.height, plan.picture.width)
        assert dark[6:16, 4:20].all() == (3 <= place <= 5)
        dark[3:19, 1:23] = False
        assert not dark.any()


@pytest.mark.parametrize("style", [Style.MOSAIC, Style.BLUR])
def test_weaker_styles_leave_no_detail(tmp_path: Path, style: Style) -> None:
    original = clip(tmp_path / "plain.mp4", Coding(group=10, sound=False), 1.0).read_bytes()
    plan = look(io.BytesIO(original))
    box = (40.0, 20.0, 124.0, 104.0)
    keys = {plan.frames.at(0): box, plan.frames.at(14): box}
    one = made(original, plan, PartDocument(tracks={"t1": track(keys)}), style)
    before = [
        frame.reformat(format="gray").to_ndarray()[20:104, 40:124].astype(float) for _, frame in frames_of(original)
    ]
    after = [
        frame.reformat(format="gray").to_ndarray()[20:104, 40:124].astype(float) for _, frame in frames_of(one.copy)
    ]
    fine = [value - _means(value) for value in before]
    for was, now in zip(fine, after, strict=True):
        left = now - _means(now)
        assert abs((was * left).mean() / (was.std() * max(left.std(), 1.0))) < 0.15
    if style is Style.MOSAIC:  # one set of cells all along, although what is below moves
        assert max(np.abs(now - after[0]).mean() for now in after) < 3


def test_quality_and_presets_are_said(tmp_path: Path) -> None:
    original = clip(tmp_path / "plain.mp4", Coding(group=10), 1.0).read_bytes()
    one = masked(original, first=4, last=8, quality=Quality(crf=30, preset="superfast", smart=False))
    assert faults(one, first=4, last=8) == []
    assert (one.details["encoder"]["crf"], one.details["encoder"]["preset"]) == (30, "superfast")
    assert one.details["why_full"] == "it was asked for"
    assert one.details["copied"] == []


def _means(block: Any) -> Any:
    cells = block.reshape(7, 12, 7, 12).mean(axis=(1, 3))
    return cells.repeat(12, 0).repeat(12, 1)


def _numbers(data: bytes, plan: Any) -> list[int]:
    from tests.redaction.media.numbered import numbers_of

    return list(numbers_of(data, plan).values())


def _again(path: Path, pixels: str, codec: str) -> bytes:
    """The same pictures with other pixels."""
    file = io.BytesIO()
    with av.open(str(path)) as source, av.open(file, "w", format="matroska") as target:
        stream: Any = target.add_stream(codec, rate=15, options={"preset": "ultrafast"} if codec == "libx264" else {})
        stream.width, stream.height, stream.pix_fmt = 320, 180, pixels
        if codec == "mjpeg":
            stream.codec_context.color_range = 2
        for frame in source.decode(video=0):
            target.mux(stream.encode(frame.reformat(format=pixels)))
        target.mux(stream.encode(None))
    return file.getvalue()
