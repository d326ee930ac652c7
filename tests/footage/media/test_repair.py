"""Repairing damaged films by the real limited process: what is recovered is picture for picture the original's."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from tests.footage.media import recordings
from tests.footage.media.recordings import film as plain_film
from tests.footage.media.recordings import opened, pictures, samples, without_index

from candor.core.limited import LimitedRefused, LimitedSlow, LimitedTooMuch, Limits
from candor.footage.media import examine
from candor.footage.media.repairs import REPAIRER, Repaired, make_repaired, profile_of, worth_repairing

Shown = list[tuple[Fraction, str]]


@pytest.fixture(autouse=True)
def several_slices() -> Iterator[None]:
    """The usual encoder for these films, whatever another test set."""
    before = dict(recordings.QUICK)
    yield
    recordings.QUICK.clear()
    recordings.QUICK.update(before)


def no_two_alike(time: float, width: int, height: int) -> Any:
    """A picture that tells its time: something moves, and the ground grows lighter."""
    image = np.full((height, width, 3), 30 + int(time * 20) % 180, np.uint8)
    image[:: max(2, height // 9)] = 20
    begin = int(time * 37) % (width - 60)
    image[height // 3 : height // 3 + 40, begin : begin + 50] = (220, 30, 30)
    return image


def film(**made: Any) -> bytes:
    return plain_film(**{"paint": no_two_alike, **made})


def shown(data: bytes) -> Shown:
    return [(time, hashlib.md5(picture.tobytes()).hexdigest()) for time, picture in pictures(data)]


def repaired(data: bytes, reference: bytes | None = None, **more: Any) -> tuple[bytes, dict[str, Any]]:
    how = None if reference is None else profile_of(io.BytesIO(reference))
    made = make_repaired(io.BytesIO(data), how, **more)
    with made.file:
        content = made.file.read()
    assert (made.size, made.maker) == (len(content), REPAIRER)
    return content, made.report


def only_originals(content: bytes, whole: Shown) -> Shown:
    """What a repaired film shows, once every picture of it was found in the original."""
    found = shown(content)
    originals = {digest for _, digest in whole}
    assert len(originals) == len(whole)
    assert [time for time, digest in found if digest not in originals] == []
    return found


def cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


def clobbered(data: bytes, place: int, count: int, seed: int = 1) -> bytes:
    return data[:place] + random.Random(seed).randbytes(count) + data[place + count :]


# -- the index is lost


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_an_index_from_the_stream_and_a_reference(codec: str) -> None:
    original = film(seconds=4, codec=codec)
    content, report = repaired(without_index(original), film(seconds=2, codec=codec))
    assert shown(content) == shown(original)
    assert np.array_equal(samples(content), samples(original))
    assert (report["method"], report["pictures"], report["picture_ms"]) == ("index-rebuilt", 40, 4000)
    assert (report["sound"], report["parameters_from"], report["rate_from"]) == ("recovered", "reference", "reference")
    assert report["skipped_bytes"] == 0
    assert examine(io.BytesIO(content))["problems"] == []


@pytest.mark.parametrize("preset", ["ultrafast", "medium"])
def test_pictures_are_shown_in_their_order(preset: str) -> None:
    recordings.QUICK["libx264"] = {"preset": preset}  # medium: shown in another order than decoded
    original = film(seconds=3)
    content, _ = repaired(without_index(original), film(seconds=2))
    assert shown(content) == shown(original)


def test_cut_off_in_the_middle() -> None:
    original = film(seconds=6)
    whole, broken = shown(original), cut(without_index(original), 0.6)
    content, report = repaired(broken, film(seconds=2))
    found = only_originals(content, whole)
    assert found == whole[: len(found)]
    assert 30 <= len(found) < 40
    assert report["pictures"] == len(found)
    heard = samples(content)
    assert np.array_equal(heard[:-2048], samples(original)[: len(heard) - 2048])
    # What was cut through is named: it reaches to the end of the file.
    assert all(end <= len(broken) for _, end in report["skipped"])
    assert report["skipped_bytes"] < 2000


@pytest.mark.parametrize("seed", range(6))
def test_garbage_in_the_middle(seed: int) -> None:
    original = film(seconds=6)
    whole, bare = shown(original), without_index(original)
    place = random.Random(seed).randrange(2000, len(bare) - 6000)
    content, report = repaired(clobbered(bare, place, 3000, seed), film(seconds=2))
    found = only_originals(content, whole)
    assert 30 <= len(found) < 60
    assert report["pictures"] == len(found)
    # A second of pictures hangs together: those after the damage are lost up to the next that stands alone.
    assert report["skipped_bytes"] + report["pictures_dropped"] > 0
    assert report["estimated_ms"] > report["picture_ms"]


def test_sound_keeps_its_place_after_a_gap() -> None:
    recordings.QUICK["libx264"] = {"preset": "ultrafast"}
    original = film(seconds=8, loud=lambda time: 0.5 if int(time) % 2 else 0.0)
    bare = without_index(original)
    content, report = repaired(clobbered(bare, len(bare) // 3, 2500), film(seconds=2))
    with opened(content) as container:
        starts = [float(stream.duration * stream.time_base) for stream in container.streams]
    assert abs(starts[0] - starts[1]) < 0.6
    assert report["sound"] == "recovered"


def test_zeros_where_the_card_was_not_written() -> None:
    original = film(seconds=6)
    whole, bare = shown(original), bytearray(without_index(original))
    bare[len(bare) // 2 : len(bare) // 2 + 4096] = bytes(4096)
    content, _ = repaired(bytes(bare), film(seconds=2))
    assert len(only_originals(content, whole)) >= 40


def in_band(data: bytes) -> bytes:
    """The film with its parameter sets before every key picture, as many cameras write it, and no index."""
    with opened(data) as container:
        video = container.streams.video[0]
        parameters = bytes(video.codec_context.extradata)
        length = int.from_bytes(parameters[6:8], "big")
        sequence = parameters[8 : 8 + length]
        following = int.from_bytes(parameters[9 + length : 11 + length], "big")
        sets = (sequence, parameters[11 + length : 11 + length + following])
        ahead = b"".join(len(one).to_bytes(4, "big") + one for one in sets)
        media = b"".join((ahead if one.is_keyframe else b"") + bytes(one) for one in container.demux(video) if one.size)
    return bytes.fromhex("00000018") + b"ftypisom" + bytes(12) + b"\x00\x00\x00\x00mdat" + media


def test_parameters_that_stand_in_the_stream_need_no_reference() -> None:
    original = film(seconds=3, sound=None)
    content, report = repaired(in_band(original))
    assert [digest for _, digest in shown(content)] == [digest for _, digest in shown(original)]
    assert (report["parameters_from"], report["sound"]) == ("stream", "no-reference")
    assert report["rate_from"] in ("stream", "assumed")


def test_without_parameters_a_reference_is_asked_for() -> None:
    with pytest.raises(LimitedRefused, match="can serve as a reference") as refused:
        repaired(without_index(film()))
    assert refused.value.fields["code"] == "no-parameters"


def test_a_reference_of_another_camera_gives_nothing() -> None:
    with pytest.raises(LimitedRefused) as refused:
        repaired(without_index(film(seconds=3)), film(size=(640, 360), codec="libx265"))
    assert refused.value.fields["code"] in ("nothing-proved", "nothing-found")


def test_sound_without_frames_by_the_pattern_of_the_reference() -> None:
    made = {"sound": "pcm_s16le", "container": "mov"}
    original = film(seconds=3, **made)  # type: ignore[arg-type]
    content, report = repaired(without_index(original), film(seconds=2, **made))  # type: ignore[arg-type]
    assert np.array_equal(samples(content), samples(original))
    assert report["sound_codec"] == "pcm"


def test_sound_that_cannot_be_told_apart_is_left_out() -> None:
    original = film(seconds=3, sound="libmp3lame")
    content, report = repaired(without_index(original), film(seconds=2, sound="libmp3lame"))
    assert shown(content) == shown(original)
    assert (report["sound"], report["sound_ms"]) == ("not-told-apart", 0)
    with opened(content) as container:
        assert not container.streams.audio


@pytest.mark.parametrize(
    ("letters", "at", "how"), [(b"stsz", 8, bytes(40)), (b"moov", 4, b"\xff" * 36), (b"stco", 8, b"\xff" * 20)]
)
def test_a_broken_index_still_tells_how_the_camera_writes(letters: bytes, at: int, how: bytes) -> None:
    original = film(seconds=3)
    place = original.index(letters) + at
    broken = original[:place] + how + original[place + len(how) :]
    assert worth_repairing(examine(io.BytesIO(broken))["problems"])
    content, report = repaired(broken)
    assert shown(content) == shown(original)
    assert np.array_equal(samples(content), samples(original)[: len(samples(content))])
    assert (report["method"], report["parameters_from"]) == ("index-rebuilt", "remains")


# -- it still opens


@pytest.mark.parametrize(
    "made",
    [
        {"container": "matroska"},
        {"container": "mpegts"},
        {"container": "avi", "sound": "mp3"},
        {"options": {"movflags": "frag_keyframe+empty_moov"}},
        {"options": {"movflags": "+faststart"}},
    ],
    ids=["matroska", "mpegts", "avi", "fragments", "index-first"],
)
def test_a_film_that_ends_early(made: dict[str, Any]) -> None:
    original = film(seconds=5, **made)
    whole = shown(original)
    content, report = repaired(cut(original, 0.6))
    found = only_originals(content, whole)
    assert 20 <= len(found) < 50
    assert (report["method"], report["sound"]) == ("read-on", "recovered")
    assert (report["pictures"], report["picture_ms"]) == (len(found), pytest.approx(100 * len(found), abs=60))
    if report["claimed_ms"] is not None:
        assert report["claimed_ms"] >= report["picture_ms"]
    assert examine(io.BytesIO(content))["playable"]


@pytest.mark.parametrize(
    "made",
    [{"container": "matroska"}, {"container": "mpegts"}, {}, {"codec": "libx265"}],
    ids=["matroska", "mpegts", "mp4", "h265"],
)
@pytest.mark.parametrize("seed", range(3))
def test_damage_in_the_middle_of_a_film_that_opens(made: dict[str, Any], seed: int) -> None:
    original = film(seconds=6, **made)
    whole = shown(original)
    content, report = repaired(clobbered(original, len(original) // 2, 2000, seed))
    found = only_originals(content, whole)
    assert 25 <= len(found) <= 60
    assert report["pictures"] == len(found)


# -- what is none


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a film",
        random.Random(1).randbytes(200_000),
        bytes.fromhex("00000018")
        + b"ftypisom"
        + bytes(12)
        + b"\x00\x00\x00\x00mdat"
        + random.Random(2).randbytes(200_000),
        bytes.fromhex("00000018") + b"ftypisom" + bytes(12) + b"\x00\x00\x00\x00mdat" + bytes(200_000),
    ],
    ids=["empty", "text", "noise", "noise in a film", "zeros in a film"],
)
def test_nothing_is_not_made_into_something(data: bytes) -> None:
    with pytest.raises(LimitedRefused):
        repaired(data, film(seconds=1))


def test_a_film_without_a_picture_is_no_reference() -> None:
    for other in (film(codec=None), film(container="matroska"), without_index(film()), b"text"):
        with pytest.raises(LimitedRefused):
            profile_of(io.BytesIO(other))


def test_bounded_in_time_and_output() -> None:
    # Something that looks like the beginning of a picture at every place, and is none.
    hard = (
        bytes.fromhex("00000018")
        + b"ftypisom"
        + bytes(12)
        + b"\x00\x00\x00\x00mdat"
        + b"\x00\x00\x40\x00\x65\x88" * 300_000
    )
    how = profile_of(io.BytesIO(film(seconds=1)))
    with pytest.raises((LimitedRefused, LimitedSlow)):
        make_repaired(io.BytesIO(hard), how, limits=Limits(memory=1 << 30, wall_seconds=10, output_bytes=8 << 20))
    with pytest.raises(LimitedTooMuch):
        make_repaired(io.BytesIO(without_index(film(seconds=4))), how, limits=Limits(memory=1 << 30, output_bytes=1000))


def test_what_the_process_tells_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    made: Repaired = make_repaired(io.BytesIO(cut(film(seconds=3, container="matroska"), 0.7)))
    with made.file:
        numbers = {name: value for name, value in made.report.items() if isinstance(value, float)}
    assert numbers == {}
