"""Renditions by the real limited process: each is opened again and looked at."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.footage.media.recordings import (
    black_then_stripes,
    film,
    opened,
    pictures,
    samples,
    without_index,
)

from candor.core.limited import LimitedCancelled, LimitedError, LimitedRefused, LimitedTooMuch, Limits
from candor.footage.media import MAKERS, RenditionResult, make_renditions
from candor.footage.media.filmstrip import VERSION as FILMSTRIP
from candor.footage.media.poster import VERSION as POSTER
from candor.footage.media.proxy import VERSION as PROXY
from candor.footage.media.waveform import VERSION as WAVEFORM

ALL = ("proxy", "poster", "filmstrip", "waveform")


def make(data: bytes, wanted: Iterable[str] = ALL, **more: Any) -> dict[str, RenditionResult]:
    return make_renditions(io.BytesIO(data), wanted, **more)


def content(result: RenditionResult) -> bytes:
    with result.file as file:
        data = file.read()
    assert len(data) == result.size
    return data


def proxy(data: bytes) -> tuple[bytes, dict[str, Any]]:
    result = make(data, ["proxy"])["proxy"]
    return content(result), result.details


def still(data: bytes) -> Any:
    with opened(data) as container:
        (frame,) = container.decode(video=0)
        return frame.to_ndarray(format="rgb24")


def test_versions_are_told_as_the_makers_have_them() -> None:
    assert {"proxy": PROXY, "poster": POSTER, "filmstrip": FILMSTRIP, "waveform": WAVEFORM} == MAKERS


# the proxy


def test_everything_from_one_pass() -> None:
    seen: list[float] = []
    made = make(film(seconds=4, layout="stereo"), progress=seen.append)
    assert list(made) == list(MAKERS)
    assert {name: result.maker for name, result in made.items()} == MAKERS
    assert {name: r.media_type for name, r in made.items()} == {
        "proxy": "video/mp4",
        "poster": "image/jpeg",
        "filmstrip": "image/jpeg",
        "waveform": "application/json",
    }
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert made["filmstrip"].details["count"] == 4
    for result in made.values():
        assert result.size > 100
        assert result.details["duration"] == pytest.approx(4, abs=0.15)
        assert (result.details["origin"], result.details["damaged"]) == (0.0, 0)
        result.file.close()


@pytest.mark.parametrize(
    "made",
    [
        {},
        {"codec": "libx265"},
        {"codec": "libx265", "pixel_format": "yuv420p10le"},
        {"codec": "mjpeg", "pixel_format": "yuvj422p", "container": "mov", "sound": "pcm_s16le"},
        {"container": "matroska"},
        {"container": "mpegts"},
    ],
)
def test_what_every_browser_plays(made: dict[str, Any]) -> None:
    data, details = proxy(film(seconds=3, group=30, metadata={"title": "secret", "location": "+10+10/"}, **made))
    assert data.index(b"moov") < data.index(b"mdat"), "the index is in front"
    assert b"secret" not in data
    with opened(data) as container:
        assert sorted(s.type for s in container.streams) == ["audio", "video"]
        (video,), (audio,) = container.streams.video, container.streams.audio
        assert (video.codec_context.name, video.profile, video.codec_context.pix_fmt) == ("h264", "Main", "yuv420p")
        assert video.codec_context.has_b_frames == 0
        assert (audio.codec_context.name, audio.profile, audio.codec_context.sample_rate) == ("aac", "LC", 48000)
        assert set(container.metadata) <= {"major_brand", "minor_version", "compatible_brands", "encoder"}
        keys = [p.is_keyframe for p in container.demux(video) if p.size]
    assert len(keys) == details["pictures"] == 30
    places = [n for n, key in enumerate(keys) if key]
    assert places[0] == 0
    assert max(np.diff([*places, len(keys)])) <= 15
    assert len(pictures(data)) == 30


def test_every_picture_keeps_its_time() -> None:
    """Variable frame rate with a long pause, in a clock that no rounding forgives."""
    clock = Fraction(1, 15_360)
    times = [Fraction(t) * clock for t in (0, 512, 1025, 1536, 2100, 40_000, 40_001, 40_513, 70_000, 70_511, 71_024)]
    source = film(times=times, clock=clock, sound=None, group=4)
    data, details = proxy(source)
    assert [time for time, _ in pictures(data)] == [time for time, _ in pictures(source)] == times
    assert (details["pictures"], details["dropped"], details["clock"]) == (11, 0, "1/15360")


def test_each_picture_is_the_right_one() -> None:
    source = film(seconds=6)
    data, _ = proxy(source)
    for (time, was), (_, now) in zip(pictures(source), pictures(data), strict=True):
        assert np.abs(was.astype(int) - now).mean() < 8, time


def test_pictures_that_begin_after_the_sound_stay_in_step() -> None:
    """The origin is the earlier of the two, and both keep their distance."""
    times = [Fraction(8 + n, 10) for n in range(20)]
    source = film(times=times, seconds=3, loud=lambda t: 0.8 if t >= 2 else 0.0)
    data, details = proxy(source)
    assert [time for time, _ in pictures(data)] == times
    assert details["origin"] == 0.0
    heard = np.abs(samples(data))
    assert heard[: int(1.9 * 48_000)].max() < 0.05
    assert heard[int(2.1 * 48_000) :].max() > 0.4


def test_a_buffer_without_sound_is_silence_not_a_shift() -> None:
    source = film(seconds=6, sound_from=4, loud=lambda t: 0.8)
    made = make(source, ["proxy", "waveform"])
    heard = np.abs(samples(content(made["proxy"])))
    assert heard[: int(3.9 * 48_000)].max() < 0.02
    assert heard[int(4.1 * 48_000) : int(5.8 * 48_000)].max() > 0.5
    data = json.loads(content(made["waveform"]))
    first = next(n for n, high in enumerate(data["peaks"][1::2]) if high > 20)
    assert first * data["bucket_seconds"] == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize(
    ("made", "size"),
    [
        ({"size": (1920, 1080)}, (960, 540)),
        ({"size": (1280, 720)}, (1280, 720)),
        ({"size": (720, 1280)}, (720, 1280)),
        ({"size": (640, 480)}, (640, 480)),
        ({"size": (2560, 1920)}, (720, 540)),
        ({"size": (720, 576), "aspect": Fraction(16, 15)}, (768, 576)),
        ({"size": (321, 179), "pixel_format": "yuv444p"}, (320, 180)),
    ],
)
def test_sizes(made: dict[str, Any], size: tuple[int, int]) -> None:
    data, details = proxy(film(seconds=0.4, sound=None, **made))
    assert (details["width"], details["height"]) == size
    ((_, image), *_) = pictures(data)
    assert image.shape[:2] == size[::-1]


@pytest.mark.parametrize(
    ("counterclockwise", "size", "corner"),
    [(0, (320, 180), (0, 0)), (-90, (180, 320), (0, 1)), (180, (320, 180), (1, 1)), (90, (180, 320), (1, 0))],
)
def test_a_turned_recording_stands_upright(
    counterclockwise: int, size: tuple[int, int], corner: tuple[int, int]
) -> None:
    """The red quarter is upper left in what was recorded."""
    data, details = proxy(film(seconds=0.5, rotation=counterclockwise, sound=None))
    assert (details["width"], details["height"]) == size
    with opened(data) as container:
        frame = next(container.decode(video=0))
        assert frame.rotation == 0
        image = frame.to_ndarray(format="rgb24").astype(int)
    height, width = image.shape[:2]
    red = image[:, :, 0] - image[:, :, 1]
    quarters = {
        (row, column): red[
            row * height // 2 : (row + 1) * height // 2, column * width // 2 : (column + 1) * width // 2
        ].mean()
        for row in (0, 1)
        for column in (0, 1)
    }
    assert max(quarters, key=quarters.__getitem__) == corner


def test_a_size_that_changes_in_the_middle() -> None:
    """Two recordings end to end, as a raw stream: the second is fitted into the size of the first."""
    first = film(container="h264", sound=None, seconds=1, size=(320, 180))
    second = film(container="h264", sound=None, seconds=1, size=(180, 320))
    data, details = proxy(first + second)
    assert (details["width"], details["height"]) == (320, 180)
    shown = pictures(data)
    assert len(shown) >= 18
    assert shown[-1][1][:, :60].mean() < 30, "black beside the tall picture"
    assert shown[-1][1][:, 130:190].mean() > 40


def test_sound_alone() -> None:
    made = make(film(codec=None, container="wav", sound="pcm_s16le", sound_rate=16_000, seconds=3))
    assert set(made) == {"proxy", "waveform"}
    assert made["proxy"].media_type == "audio/mp4"
    heard = samples(content(made["proxy"]))
    assert len(heard) == pytest.approx(3 * 48_000, abs=4000)
    assert np.abs(heard).max() > 0.3
    made["waveform"].file.close()


def test_pictures_alone() -> None:
    made = make(film(sound=None))
    assert set(made) == {"proxy", "poster", "filmstrip"}
    with opened(content(made["proxy"])) as container:
        assert [s.type for s in container.streams] == ["video"]
    assert made["proxy"].details["sound"] is False


def test_silence_is_told() -> None:
    made = make(film(loud=lambda t: 0.0), ["waveform"])
    assert made["waveform"].details["silent"] is True


# poster and filmstrip, with and without the proxy


@pytest.mark.parametrize("wanted", [ALL, ("poster", "filmstrip", "waveform")])
def test_the_poster_is_something_to_see(wanted: tuple[str, ...]) -> None:
    made = make(film(seconds=8, paint=black_then_stripes), wanted)
    assert made["poster"].details["time"] >= 2
    image = still(content(made["poster"]))
    assert image.shape == (180, 320, 3)
    assert image.mean() > 40
    sheet = still(content(made["filmstrip"]))
    details = made["filmstrip"].details
    assert details["count"] == pytest.approx(8, abs=1)
    tile = sheet[:90, :160]
    assert tile.mean() < 30, "the strip shows the dark beginning as it is"
    tile = sheet[:90, 4 * 160 : 5 * 160]
    assert tile.mean() > 40


def test_without_the_proxy_little_is_read() -> None:
    """Key frames here and there: not the whole recording."""
    chance = np.random.default_rng(1)
    source = film(
        seconds=20, size=(480, 270), sound=None, paint=lambda t, w, h: chance.integers(0, 255, (h, w, 3), np.uint8)
    )
    assert len(source) > 8 << 20

    class Counted(io.BytesIO):
        total = 0

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            self.total += len(data)
            return data

    stream = Counted(source)
    made = make_renditions(stream, ["poster"])
    assert set(made) == {"poster"}
    assert stream.total < len(source) / 2


# what goes wrong


def test_damage_in_the_middle_costs_no_more_than_the_damage() -> None:
    source = bytearray(film(seconds=6, sound="aac"))
    begin, end = source.index(b"mdat"), source.index(b"moov")
    for place in range(begin + (end - begin) // 3, begin + (end - begin) // 2):
        source[place] ^= 0x5A
    data, details = proxy(bytes(source))
    assert details["damaged"] > 0
    assert details["duration"] == pytest.approx(6, abs=0.5)
    assert len(pictures(data)) > 20


def test_what_there_is_of_a_recording_that_was_cut_off() -> None:
    source = film(seconds=6, options={"movflags": "+faststart"})
    _, details = proxy(source[: len(source) * 2 // 3])
    assert 1 < details["duration"] < 5.9


@pytest.mark.parametrize("data", [b"", b"a letter, not a film\n" * 100, without_index(film())])
def test_what_cannot_be_read_is_refused_in_plain_words(data: bytes) -> None:
    with pytest.raises(LimitedRefused, match="The file cannot be used for this: "):
        make(data)


def test_cancelling() -> None:
    seen: list[float] = []
    with pytest.raises(LimitedCancelled):
        make(
            film(seconds=20, size=(1280, 720), rate=30),
            progress=seen.append,
            cancelled=lambda: bool(seen),
        )
    assert seen[-1] < 1


def test_output_is_bounded() -> None:
    with pytest.raises(LimitedTooMuch):
        make(film(seconds=3), ["proxy"], limits=Limits(memory=1 << 30, output_bytes=10_000))


SMALL = film(seconds=1, size=(160, 90))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.binary(min_size=1, max_size=6)), min_size=1, max_size=10))
def test_hostile_changes_give_renditions_or_a_plain_error(changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(SMALL)
    for place, what in changes:
        data[place : place + len(what)] = what
    made: dict[str, RenditionResult] = {}
    with contextlib.suppress(LimitedError):
        made = make(bytes(data))
    for result in made.values():
        assert result.size == len(content(result))
