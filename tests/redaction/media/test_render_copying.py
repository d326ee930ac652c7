"""What is passed through is the original bit for bit, and nothing comes along that should not."""

from __future__ import annotations

import io
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import PictureType
from tests.redaction.media.numbered import box_at, clip, faults, frames_of, made, masked, track

from candor.core.limited import LimitedCancelled, LimitedRefused
from candor.redaction.known.coding import Coding
from candor.redaction.media.groups import MOST_PACKETS
from candor.redaction.media.h264 import (
    configuration,
    free_id,
    new_sets,
    passed_on,
    picture_set_id,
    prefixed,
    record,
    sequence_set,
)
from candor.redaction.media.plan import look
from candor.redaction.media.render import Quality, render
from candor.redaction.media.units import units_of
from candor.redaction.model import PartDocument

FFMPEG = shutil.which("ffmpeg")
SECRET = "Somebody-Known-4711"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Four seconds in groups of ten, with pictures that look ahead."""
    return clip(tmp_path_factory.mktemp("copying") / "b.mp4", Coding(group=10, b_frames=2), 4.0).read_bytes()


def test_stretches_passed_through_are_bit_identical(original: bytes) -> None:
    one = masked(original, first=23, last=26)
    tick = one.plan.frames.at
    assert one.details["copied"] == [[tick(0), tick(19)], [tick(30), tick(59)]]
    assert one.details["encoded"] == [[tick(20), tick(29)]]
    before, after = dict(frames_of(original)), dict(frames_of(one.copy))
    assert set(before) == set(after)
    for first, last in one.details["copied"]:
        for time in [at for at in before if first <= at <= last]:
            assert np.array_equal(before[time].to_ndarray(), after[time].to_ndarray()), time
    assert faults(one, first=23, last=26) == []


def test_decoding_times_grow_and_never_come_after_the_picture(original: bytes) -> None:
    one = masked(original, first=23, last=26)
    with av.open(io.BytesIO(one.copy)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    decoding = [packet.dts for packet in packets]
    assert decoding == sorted(set(decoding))
    assert all(packet.dts <= packet.pts for packet in packets)
    with av.open(io.BytesIO(original)) as container:
        assert decoding == [packet.dts for packet in container.demux(video=0) if packet.size]


@pytest.mark.skipif(FFMPEG is None, reason="the ffmpeg program is not installed: no second decoder looks at the copy")
def test_a_second_decoder_sees_the_same(original: bytes, tmp_path: Path) -> None:
    one = masked(original, first=23, last=26)
    sums: list[list[str]] = []
    for name, data in (("original.mp4", original), ("copy.mp4", one.copy)):
        (tmp_path / name).write_bytes(data)
        command = [str(FFMPEG), "-v", "warning", "-i", str(tmp_path / name), "-map", "0:v", "-vsync", "passthrough"]
        done = subprocess.run([*command, "-f", "framemd5", "-"], capture_output=True, text=True, check=True, timeout=60)
        assert [line for line in done.stderr.splitlines() if "vsync" not in line] == []
        sums.append([line.split(",")[-1] for line in done.stdout.splitlines() if not line.startswith("#")])
    assert len(sums[0]) == len(sums[1]) == 60
    same = [before == after for before, after in zip(*sums, strict=True)]
    assert same == [number < 20 or number >= 30 for number in range(60)]


def test_no_messages_and_no_metadata_come_along(original: bytes, tmp_path: Path) -> None:
    told = _with_metadata(original)
    assert told.count(SECRET.encode()) >= 2
    assert 6 in _kinds(told)
    one = masked(told, first=23, last=26)
    assert one.details["method"] == "smart"
    assert _kinds(one.copy) <= {1, 5, 9}
    for word in (SECRET, "x264", "Lavf", "2026-05"):
        assert word.encode() not in one.copy
    with av.open(io.BytesIO(one.copy)) as container:
        assert set(container.metadata) <= {"major_brand", "minor_version", "compatible_brands"}
        assert [stream.type for stream in container.streams] == ["video", "audio"]
    assert one.copy.index(b"moov") < one.copy.index(b"mdat")
    kept = masked(told, first=23, last=26, quality=Quality(keep_times=True))
    assert kept.details["kept"] == {"creation_time": "2026-05-04T03:02:01.000000Z"}
    with av.open(io.BytesIO(kept.copy)) as container:
        assert container.metadata["creation_time"].startswith("2026-05-04T03:02:01")


@pytest.mark.parametrize("smart", [True, False])
def test_shape_of_pixels_and_colours_are_kept(smart: bool) -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        video: Any = container.add_stream("libx264", rate=15, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        context = video.codec_context
        context.sample_aspect_ratio, context.gop_size = Fraction(4, 3), 5
        context.color_range, context.colorspace, context.color_primaries, context.color_trc = 1, 1, 1, 1
        rng = np.random.default_rng(1)
        picture = rng.integers(100, 200, (18, 32, 3), np.uint8).repeat(10, 0).repeat(10, 1)
        for number in range(15):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 15)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    plan = look(io.BytesIO(file.getvalue()))
    part = PartDocument(tracks={"t1": track({plan.frames.at(6): box_at(0), plan.frames.at(7): box_at(0)})})
    one = made(file.getvalue(), plan, part, quality=Quality(smart=smart))
    assert one.details["method"] == ("smart" if smart else "full")
    with av.open(io.BytesIO(one.copy)) as container:
        stream = container.streams.video[0]
        assert stream.sample_aspect_ratio == Fraction(4, 3)
        for frame in container.decode(stream):
            assert (frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc) == (1, 1, 1, 1)


def test_a_copy_can_be_redacted_again(original: bytes) -> None:
    first = masked(original, first=23, last=26)
    plan = look(io.BytesIO(first.copy))
    part = PartDocument(tracks={"t1": track({plan.frames.at(n): box_at(n) for n in range(42, 46)})})
    second = made(first.copy, plan, part)
    assert second.details["method"] == "smart"
    with av.open(io.BytesIO(second.copy)) as container:
        found = configuration(container.streams.video[0].codec_context.extradata)
    assert len({sequence_set(one).id for one in found.sequences}) == 3
    before, after = dict(frames_of(first.copy)), dict(frames_of(second.copy))
    assert all(
        np.array_equal(before[plan.frames.at(n)].to_ndarray(), after[plan.frames.at(n)].to_ndarray()) for n in range(40)
    )


def test_nothing_to_hide_passes_everything_through(original: bytes) -> None:
    plan = look(io.BytesIO(original))
    one = made(original, plan, PartDocument())
    assert one.details["copied"] == [[plan.frames.at(0), plan.frames.at(59)]]
    assert one.details["encoder"] is None
    assert one.details["sound"]["method"] == "copied"
    assert one.details["masked"] == 0


def test_a_group_too_long_to_be_held_is_encoded_anew() -> None:
    file = io.BytesIO()
    count = MOST_PACKETS + 60
    with av.open(file, "w", format="mp4") as container:
        video: Any = container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "bf": "2"})
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        video.codec_context.gop_size = count
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(np.full((96, 64), 128, np.uint8), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            frame.pict_type = PictureType.I if number == count - 30 else PictureType.NONE
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    plan = look(io.BytesIO(file.getvalue()))
    one = made(file.getvalue(), plan, PartDocument())
    assert one.details["pictures"] == count
    assert one.details["encoded"] == [[plan.frames.at(0), plan.frames.at(count - 31)]]
    assert one.details["copied"] == [[plan.frames.at(count - 30), plan.frames.at(count - 1)]]
    assert [time for time, _ in frames_of(one.copy)] == plan.frames.all()


def test_decoding_times_that_stand_still_end_passing_through(tmp_path: Path) -> None:
    data = bytearray(clip(tmp_path / "varied.mp4", Coding(group=10, b_frames=2, varied=True, sound=False)).read_bytes())
    at = data.index(b"stts") + 8
    count = int.from_bytes(data[at : at + 4], "big")
    entries = [int.from_bytes(data[at + 4 + 8 * n : at + 8 + 8 * n], "big") for n in range(count)]
    place = next(n for n in range(count // 2, count) if entries[n] == 1)
    data[at + 8 + 8 * place : at + 12 + 8 * place] = bytes(4)
    plan = look(io.BytesIO(bytes(data)))
    one = made(bytes(data), plan, PartDocument())
    assert one.details["method"] == "full"
    assert "decoding times" in one.details["why_full"]
    assert {time for time, _ in frames_of(one.copy)} <= set(plan.frames.all())
    dropped = one.details["dropped"]
    assert (one.details["pictures"] + dropped["repeated"], dropped["undecodable"]) == (45, 0)


def test_delimiters_carry_nothing(original: bytes) -> None:
    with av.open(io.BytesIO(original)) as container:
        stream = container.streams.video[0]
        found = configuration(stream.codec_context.extradata)
        packet = next(bytes(one) for one in container.demux(stream) if one.size and not one.is_keyframe)
    for delimiter, kinds in ((b"\x09\xf0", [9, 1]), (b"\x09\xf0" + SECRET.encode(), [1])):
        units = passed_on(prefixed([delimiter]) + packet, found)
        assert units is not None
        assert [unit[0] & 31 for unit in units] == kinds


def test_parameter_sets_in_between_are_never_passed_through(original: bytes) -> None:
    with av.open(io.BytesIO(original)) as container:
        stream = container.streams.video[0]
        found = configuration(stream.codec_context.extradata)
        packet = next(bytes(one) for one in container.demux(stream) if one.size)
    assert free_id(found) == 1
    assert picture_set_id(found.pictures[0]) == 0
    assert configuration(record(found.sequences, found.pictures)) == found
    kept = passed_on(packet, found)
    assert kept is not None
    assert {unit[0] & 31 for unit in kept} == {5}
    assert passed_on(prefixed([found.sequences[0], *kept]), found) == kept
    changed = found.sequences[0][:-1] + bytes([found.sequences[0][-1] ^ 0x10])
    assert passed_on(prefixed([changed, *kept]), found) is None
    assert new_sets(prefixed([changed, *kept]), found)
    assert not new_sets(prefixed([found.sequences[0], *kept]), found)
    assert passed_on(prefixed([bytes([0x1E, 1, 2]), *kept]), found) is None
    assert passed_on(prefixed([bytes([0x0C, 255, 255])]), found) is None
    with pytest.raises(ValueError, match="configuration record"):
        configuration(b"\x00\x00\x00\x01" + found.sequences[0])


def test_it_can_be_stopped_and_refuses_what_was_not_planned_for(original: bytes, tmp_path: Path) -> None:
    plan = look(io.BytesIO(original))
    with pytest.raises(LimitedCancelled):
        render(io.BytesIO(original), plan, PartDocument(), cancelled=lambda: True)
    other = clip(tmp_path / "other.mkv", Coding(), 1.0).read_bytes()
    with pytest.raises(LimitedRefused, match="not the recording that was planned for"):
        render(io.BytesIO(other), plan, PartDocument())
    steps: list[float] = []
    with render(io.BytesIO(original), plan, PartDocument(), progress=steps.append).file:
        assert steps[-1] == 1.0
        assert steps == sorted(steps)


def _with_metadata(data: bytes) -> bytes:
    """The same packets in a file that tells a lot."""
    file = io.BytesIO()
    with av.open(io.BytesIO(data)) as source, av.open(file, "w", format="mov") as target:
        target.metadata.update({"title": SECRET, "comment": SECRET, "creation_time": "2026-05-04T03:02:01.000000Z"})
        streams = {}
        for stream in source.streams:
            streams[stream.index] = target.add_stream_from_template(stream)
            streams[stream.index].metadata["handler_name"] = SECRET
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    return file.getvalue()


def _kinds(data: bytes) -> set[int]:
    with av.open(io.BytesIO(data)) as container:
        return {
            unit[0] & 31 for packet in container.demux(video=0) if packet.size for unit in units_of(bytes(packet), 4)
        }
