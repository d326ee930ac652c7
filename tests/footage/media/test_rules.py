"""The pure rules: tags, geometry, boxes; and the makers that need no file: filmstrip, poster, waveform."""

from __future__ import annotations

import io
import json
import math
import os
import random
import struct
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.footage.media.recordings import film, stripes, without_index

from candor.footage.media import boxes, claims
from candor.footage.media.filmstrip import MAX_TILES, Filmstrip, interval_for
from candor.footage.media.geometry import Turn, fit, turn_of, upright_size
from candor.footage.media.poster import Poster
from candor.footage.media.scratch import BLOCK, Scratch
from candor.footage.media.waveform import MAX_BUCKETS, RATE, Waveform

# tags


@pytest.mark.parametrize(
    ("value", "utc"),
    [
        ("2026-11-22T10:11:12.000000Z", "2026-11-22T10:11:12.000000Z"),
        ("2026-11-22T10:11:12Z", "2026-11-22T10:11:12.000000Z"),
        ("2026-11-22T10:11:12+0200", "2026-11-22T08:11:12.000000Z"),
        ("2026-11-22 10:11:12.5-05:30", "2026-11-22T15:41:12.500000Z"),
        ("2026:11:22 10:11:12", None),
        ("2026-11-22", None),
        ("2026-13-22T10:11:12Z", None),
        ("0001-01-01T00:00:00+2300", None),
        ("9999-12-31T23:59:59-2300", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_time_is_put_into_utc_only_where_it_names_its_zone(value: str, utc: str | None) -> None:
    assert claims.utc_of(value) == utc


@given(st.text(max_size=2000))
def test_what_is_kept_of_a_tag_is_printable_and_short(text: str) -> None:
    (tag,) = claims.tags_of("container", {"title": text})
    assert len(tag["value"]) <= claims.MAX_VALUE
    assert tag["value"] == "" or tag["value"].isprintable()
    assert claims.utc_of(text) is None or claims.utc_of(text).endswith("Z")  # type: ignore[union-attr]


def test_nothing_is_merged_or_corrected() -> None:
    tags = [
        {"where": "stream 1", "tag": "Creation_Time", "value": "1904-01-01T00:00:00Z"},
        {"where": "container", "tag": "creation_time", "value": "local, I think"},
        {"where": "container", "tag": "com.android.model", "value": ""},
        {"where": "container", "tag": "model", "value": "X2"},
    ]
    assert [t["value"] for t in claims.times(tags)] == ["1904-01-01T00:00:00Z", "local, I think"]
    assert claims.device(tags)["model"]["tag"] == "model"
    assert claims.place(tags) is None


# geometry


def apply(turn: Turn, image: Any) -> Any:
    """What the filters of a turn do, with numpy."""
    for name, argument in turn.filters():
        if name == "hflip":
            image = image[:, ::-1]
        elif name == "vflip":
            image = image[::-1]
        else:
            image = np.rot90(image, {"dir=clock": -1, "dir=cclock": 1}[argument])
    return image


def matrix(a: int, b: int, c: int, d: int) -> bytes:
    one = 1 << 16
    return struct.pack("=9i", a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)


@pytest.mark.parametrize("entries", [(1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0)])
@pytest.mark.parametrize("mirror", [False, True])
def test_a_turn_does_what_its_matrix_says(entries: tuple[int, int, int, int], mirror: bool) -> None:
    a, b, c, d = entries
    if mirror:
        a, b = -a, -b
    image = np.arange(12).reshape(3, 4)
    shown = apply(turn_of(matrix(a, b, c, d)), image)
    # The definition: the pixel at (x, y) is shown at (a x + c y, b x + d y), moved into the frame.
    places = {(a * x + c * y, b * x + d * y): image[y, x] for y in range(3) for x in range(4)}
    left, top = min(x for x, _ in places), min(y for _, y in places)
    assert {(x - left, y - top): v for (x, y), v in places.items()} == {
        (x, y): shown[y, x] for y in range(shown.shape[0]) for x in range(shown.shape[1])
    }


@given(st.binary(max_size=40))
def test_any_bytes_are_a_turn(data: bytes) -> None:
    turn = turn_of(data)
    assert turn.degrees in (0, 90, 180, 270)
    assert isinstance(turn.filters(), list)


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_fitting(width: int, height: int) -> None:
    w, h = fit(width, height, 1280, 720)
    assert w % 2 == h % 2 == 0
    assert min(w, h) >= 2
    assert max(w, h) <= 1280
    assert min(w, h) <= 720
    assert w <= width + 1 or w == 2
    if min(w, h) > 40:
        assert w / h == pytest.approx(width / height, rel=0.08)


def test_the_shape_of_pixels_and_turns_count() -> None:
    assert upright_size(720, 576, 16 / 15, Turn()) == (768, 576)
    assert upright_size(1920, 1080, 1.0, Turn(90)) == (1080, 1920)


# boxes


def test_walking_boxes() -> None:
    whole = film(sound=None)
    found = boxes.walk(io.BytesIO(whole))
    assert found == boxes.Boxes(is_film=True, has_index=True, has_media=True, missing=0)
    cut = boxes.walk(io.BytesIO(without_index(whole)))
    assert (cut.is_film, cut.has_index, cut.has_media) == (True, False, True)
    assert boxes.walk(io.BytesIO(b"hello, this is text")).is_film is False


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def test_tracks_are_named_by_their_boxes() -> None:
    def track(handler: bytes, entry: bytes) -> bytes:
        table = box(b"stbl", box(b"stsd", bytes(4), struct.pack(">I", 1), box(entry, bytes(8))))
        return box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(12)), box(b"minf", table)))

    data = box(b"ftyp", b"isom") + box(b"moov", track(b"vide", b"avc1"), track(b"meta", b"gpmd"))
    assert boxes.tracks(io.BytesIO(data)) == [boxes.Track("vide", "avc1"), boxes.Track("meta", "gpmd")]


@given(st.binary(max_size=400), st.integers(0, 1 << 64))
def test_any_bytes_can_be_walked(data: bytes, length: int) -> None:
    for prefix in (b"", box(b"ftyp", b"isom"), struct.pack(">I4sQ", 1, b"moov", length % (1 << 64)), b"RIFF"):
        found = boxes.walk(io.BytesIO(prefix + data))
        assert found.missing >= 0
        assert boxes.missing_from_riff(io.BytesIO(prefix + data)) >= 0
        assert len(boxes.tracks(io.BytesIO(prefix + data))) < 100


# waveform


def wave_of(*pieces: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    maker = Waveform()
    for piece in pieces:
        maker.take(piece)
    result = maker.finish()
    assert result is not None
    return json.loads(result[0]), result[1]


def test_a_waveform_shows_where_the_sound_is() -> None:
    sound = np.zeros((2, 4 * RATE), np.float32)
    sound[1, 2 * RATE : 3 * RATE] = 0.5
    sound[0, 3 * RATE :] = -1.0
    data, details = wave_of(*np.split(sound, 400, axis=1))
    lows, highs = data["peaks"][::2], data["peaks"][1::2]
    at = [int(second / data["bucket_seconds"]) + 2 for second in (0, 1, 2, 3)]
    assert [(lows[i], highs[i]) for i in at] == [(0, 0), (0, 0), (0, 64), (-127, 0)]
    assert details["seconds"] == 4
    assert not details["silent"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 30_000), min_size=1, max_size=30), st.integers(0, 1000))
def test_a_waveform_loses_no_peak_however_the_sound_is_cut(lengths: list[int], seed: int) -> None:
    sound = np.random.default_rng(seed).uniform(-1, 1, (1, sum(lengths))).astype(np.float32)
    pieces = np.split(sound, np.cumsum(lengths)[:-1], axis=1)
    data, details = wave_of(*pieces)
    assert (data, details) == wave_of(sound), "how the sound was cut makes no difference"
    bucket = round(data["bucket_seconds"] * RATE)
    assert data["count"] == math.ceil(sound.shape[1] / bucket) == len(data["peaks"]) // 2 <= MAX_BUCKETS + 1
    for place in range(data["count"]):
        piece = sound[0, place * bucket : (place + 1) * bucket]
        low, high = data["peaks"][2 * place : 2 * place + 2]
        assert low <= piece.min() * 127 + 1e-6 or abs(piece.min()) < 0.001
        assert high >= piece.max() * 127 - 1e-6 or abs(piece.max()) < 0.001


def test_a_long_waveform_stays_small() -> None:
    maker = Waveform()
    for _ in range(700):
        maker.take(np.full((1, RATE), 0.1, np.float32))
    result = maker.finish()
    assert result is not None
    assert MAX_BUCKETS // 2 <= result[1]["count"] <= MAX_BUCKETS + 1
    assert len(result[0]) < 20_000


def test_sound_that_is_no_number_counts_as_silence() -> None:
    data, details = wave_of(np.full((1, 1000), np.nan, np.float32))
    assert not any(data["peaks"])
    assert details["silent"]


def test_no_sound_no_waveform() -> None:
    assert Waveform().finish() is None


# filmstrip and poster


def picture(value: int, size: tuple[int, int] = (160, 90)) -> Any:
    return av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), value, np.uint8), format="rgb24")


def tiles(sheet: bytes, details: dict[str, Any]) -> list[int]:
    """The brightness of each tile."""
    with av.open(io.BytesIO(sheet), format="mjpeg") as container:
        (image,) = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert image.shape == (details["rows"] * details["tile_height"], details["columns"] * details["tile_width"])
    return [
        int(
            image[
                (n // details["columns"]) * details["tile_height"] + details["tile_height"] // 2,
                (n % details["columns"]) * details["tile_width"] + details["tile_width"] // 2,
            ]
        )
        for n in range(details["count"])
    ]


@pytest.mark.parametrize("seconds", [0.5, 5, 119, 121, 500])
def test_a_tile_shows_its_time(seconds: float) -> None:
    strip = Filmstrip()
    for n in range(max(1, int(seconds * 2))):
        time = n / 2
        if strip.wants(time):
            strip.take(picture(int(time) * 37 % 200 + 20), time)
    result = strip.finish()
    assert result is not None
    sheet, details = result
    assert details["count"] <= MAX_TILES
    assert details["interval"] == interval_for(seconds - 0.5)
    assert details["count"] == int((seconds - 0.5) / details["interval"]) + 1
    for n, brightness in enumerate(tiles(sheet, details)):
        assert brightness == pytest.approx(int(n * details["interval"]) * 37 % 200 + 20, abs=6)


def test_a_gap_is_filled_with_what_was_seen_before() -> None:
    strip = Filmstrip()
    strip.take(picture(50), 0)
    strip.take(picture(200), 5.2)
    result = strip.finish()
    assert result is not None
    assert tiles(*result) == pytest.approx([50, 50, 50, 50, 50, 200], abs=4)


def test_a_wrong_time_far_ahead_does_not_blow_up_the_strip() -> None:
    strip = Filmstrip()
    strip.take(picture(50), 0)
    strip.take(picture(200), 1e9)
    result = strip.finish()
    assert result is not None
    assert result[1]["count"] <= MAX_TILES


def test_a_tall_recording_has_tall_tiles() -> None:
    strip = Filmstrip()
    strip.take(picture(50, (720, 1280)), 0)
    result = strip.finish()
    assert result is not None
    assert (result[1]["tile_width"], result[1]["tile_height"]) == (90, 160)


def test_the_poster_is_not_the_dark_beginning() -> None:
    poster = Poster()
    for n in range(40):
        time = n / 4
        if poster.wants(time):
            image = stripes(time, 320, 180) if time >= 4 else np.full((180, 320, 3), 2, np.uint8)
            poster.take(av.VideoFrame.from_ndarray(image, format="rgb24"), time)
    result = poster.finish()
    assert result is not None
    assert result[1]["time"] == 4.0


def test_a_night_without_light_has_a_poster_too() -> None:
    poster = Poster()
    for n in range(300):
        if poster.wants(float(n)):
            poster.take(picture(3), float(n))
    result = poster.finish()
    assert result is not None
    assert result[1]["time"] <= 60


def test_nothing_seen_nothing_made() -> None:
    assert Poster().finish() is None
    assert Filmstrip().finish() is None


# scratch


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4 * BLOCK), st.integers(0, 3 * BLOCK), st.booleans()), min_size=1, max_size=15),
    st.integers(0, 1000),
)
def test_scratch_is_a_file(acts: list[tuple[int, int, bool]], seed: int) -> None:
    chance, model = random.Random(seed), io.BytesIO()
    with Scratch() as scratch:
        for offset, length, writing in acts:
            scratch.seek(offset)
            model.seek(offset)
            if writing:
                data = chance.randbytes(length)
                assert scratch.write(data) == model.write(data)
            else:
                assert scratch.read(length) == model.read(length)
            assert scratch.tell() == model.tell()
        assert scratch.seek(0, os.SEEK_END) == model.seek(0, os.SEEK_END)
        scratch.seek(0)
        assert scratch.read() == model.getvalue()


def test_scratch_keeps_nothing_readable_on_the_disk(tmp_path: Any) -> None:
    secret = b"a face, a voice, a name " * 5000
    with Scratch(tmp_path) as scratch:
        for offset in (0, 10_000_000):
            scratch.seek(offset)
            scratch.write(secret)
        scratch.seek(0)
        assert scratch.read(len(secret)) == secret
        scratch.seek(5_000_000)
        assert scratch.read(10) == bytes(10), "a hole reads as zeros"
        assert list(tmp_path.iterdir()) == [], "it has no name"
        on_disk = os.pread(scratch._file.fileno(), 1 << 20, 0)
        assert len(on_disk) > BLOCK
        assert b"a face" not in on_disk
