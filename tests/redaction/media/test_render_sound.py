"""The sound of a copy: nothing of a hidden span is left, the rest is where it was and as it was."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.redaction.media.numbered import clip, made, pictures

from candor.redaction.known.coding import Coding
from candor.redaction.media.plan import look
from candor.redaction.media.sound_hide import Stretch, hide
from candor.redaction.model import PartDocument, SoundStyle, Span

RATE = 48_000
BEGIN, UNTIL = 700, 1300  # milliseconds
EDGE = 2048  # samples: as far as what the encoder loses of the sound beside a span reaches into it


def film(
    codec: str = "aac",
    rate: int = RATE,
    channels: int = 1,
    *,
    begin: float = 0.0,
    seconds: float = 2.5,
    within: float | None = None,
) -> bytes:
    """Two seconds of pictures with sound that is never alike twice. within: a value in place of the sound within the
    span."""
    file = io.BytesIO()
    container_name = "mov" if codec.startswith("pcm") else "mp4"
    with av.open(file, "w", format=container_name) as container:
        video: Any = container.add_stream("libx264", rate=15, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
        audio: Any = container.add_stream(codec, rate=rate, layout=layout)
        if codec == "aac":
            audio.bit_rate = 96_000 * channels
        for number, picture in enumerate(pictures(30, (320, 180))):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 15)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        wave = voice(round(seconds * rate), rate, channels)
        if within is not None:
            wave[:, BEGIN * rate // 1000 : UNTIL * rate // 1000] = within
        for first in range(0, wave.shape[1], 1024):
            piece = wave[:, first : first + 1024]
            if codec.startswith("pcm"):
                block = np.ascontiguousarray((piece * 32767).astype(np.int16).T.reshape(1, -1))
                sound = av.AudioFrame.from_ndarray(block, format="s16", layout=layout)
            else:
                sound = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="fltp", layout=layout)
            sound.sample_rate, sound.time_base = rate, Fraction(1, rate)
            sound.pts = first + round(begin * rate)
            container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    return file.getvalue()


def voice(count: int, rate: int, channels: int) -> Any:
    """Noise below 3 kHz, each channel its own."""
    rng = np.random.default_rng(9)
    spectrum = np.fft.rfft(rng.normal(0, 1, (channels, count)), axis=1)
    spectrum[:, int(3000 * count / rate) :] = 0
    wave = np.fft.irfft(spectrum, count, axis=1)
    return (0.2 * wave / wave.std()).clip(-0.9, 0.9).astype(np.float32)


def heard(data: bytes) -> tuple[Any, int]:
    """Channels x samples from time 0 on, and the rate."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        base, pieces, begin, rate = stream.time_base, [], None, stream.codec_context.sample_rate
        resampler = av.AudioResampler(format="fltp", rate=rate)
        for frame in container.decode(stream):
            begin = frame.pts * base if begin is None else begin
            pieces += [one.to_ndarray() for one in resampler.resample(frame)]
    wave = np.concatenate(pieces, axis=1)
    silence = max(0, round((begin or 0) * rate))
    return np.pad(wave, ((0, 0), (silence, 0))), rate


def spans(style: SoundStyle) -> PartDocument:
    return PartDocument(spans={"s1": Span("s1", "p", BEGIN, UNTIL, style)})


def likeness(first: Any, second: Any) -> float:
    """The largest correlation at any shift."""
    size = 2 * len(first)
    product = np.fft.irfft(np.fft.rfft(first, size) * np.conj(np.fft.rfft(second, size)), size)
    return float(np.abs(product).max() / max(1e-9, np.linalg.norm(first) * np.linalg.norm(second)))


@pytest.mark.parametrize("style", list(SoundStyle))
@pytest.mark.parametrize(("codec", "rate", "channels"), [("aac", 44_100, 2), ("pcm_s16le", 16_000, 1)])
def test_nothing_of_a_span_is_left_and_the_rest_stays(style: SoundStyle, codec: str, rate: int, channels: int) -> None:
    original = film(codec, rate, channels)
    one = made(original, look(io.BytesIO(original)), spans(style))
    assert one.details["sound"]["method"] == "encoded"
    assert (one.details["sound"]["rate"], one.details["sound"]["channels"]) == (rate, channels)
    (before, _), (after, found) = heard(original), heard(one.copy)
    assert found == rate
    assert b"Lavc" not in one.copy
    begin, until = BEGIN * rate // 1000, UNTIL * rate // 1000
    for was, now in zip(before, after, strict=True):
        assert likeness(was[begin:until], now[begin:until]) < 0.12
        level = np.sqrt((now[begin:until] ** 2).mean())
        if style is SoundStyle.MUTE:
            assert np.abs(now[begin + EDGE : until - EDGE]).max() < 1e-4
        else:
            assert 0.02 < level < 0.4
        for stretch in (slice(0, begin - rate // 50), slice(until + rate // 50, 2 * rate)):
            error = (was[stretch] - now[stretch]).std() / was[stretch].std()
            assert error < 0.2, error  # what the encoder loses, and no shift: a shift of one sample gives more
            assert likeness(was[stretch], now[stretch]) > 0.98


@pytest.mark.parametrize("style", [SoundStyle.MUTE, SoundStyle.BLEEP])
def test_the_copy_is_the_same_whatever_was_said_within_the_span(style: SoundStyle) -> None:
    originals = [film("pcm_s16le", 16_000), film("pcm_s16le", 16_000, within=0.5)]
    copies = [made(one, look(io.BytesIO(one)), spans(style)).copy for one in originals]
    assert originals[0] != originals[1]
    assert _packets(copies[0]) == _packets(copies[1])


def test_six_channels_are_all_hidden() -> None:
    original = film("aac", RATE, 6)
    one = made(original, look(io.BytesIO(original)), spans(SoundStyle.MUTE))
    after, _ = heard(one.copy)
    assert after.shape[0] == 6
    assert np.abs(after[:, BEGIN * 48 + EDGE : UNTIL * 48 - EDGE]).max() < 1e-4
    assert (np.sqrt((after[:, : BEGIN * 40] ** 2).mean(axis=1))[[0, 1, 2, 4, 5]] > 0.05).all()


def test_sound_that_begins_late_and_lasts_longer_stays_where_it_is() -> None:
    original = film(begin=0.4, seconds=3.0)
    plan = look(io.BytesIO(original))
    (before, _), (after, _) = heard(original), heard(made(original, plan, spans(SoundStyle.MUTE)).copy)
    assert abs(after.shape[1] - before.shape[1]) < 4096
    late = slice(2 * RATE, 3 * RATE)
    assert (before[0, late] - after[0, late]).std() / before[0, late].std() < 0.2
    assert np.abs(after[0, BEGIN * 48 + EDGE : UNTIL * 48 - EDGE]).max() < 1e-4
    assert np.abs(after[0, : int(0.35 * RATE)]).max() < 1e-3


def test_without_spans_sound_is_passed_through_and_can_be_left_out() -> None:
    original = film()
    plan = look(io.BytesIO(original))
    one = made(original, plan, PartDocument())
    assert one.details["sound"]["method"] == "copied"
    assert _packets(original) == _packets(one.copy)
    assert np.array_equal(heard(original)[0][:, : 2 * RATE], heard(one.copy)[0][:, : 2 * RATE])
    silent = made(original, plan, PartDocument(mute_all=True))
    assert silent.details["sound"] == {"method": "left-out"}
    assert silent.details["left_out"] == ["audio track 1"]
    with av.open(io.BytesIO(silent.copy)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
    shown = PartDocument(spans={"s1": Span("s1", "p", BEGIN, UNTIL, hidden=False)})
    assert made(original, plan, shown).details["sound"]["method"] == "copied"


cuts = st.lists(st.integers(1, 3000), min_size=1, max_size=8)
pairs = st.lists(st.tuples(st.integers(0, 800), st.integers(1, 200), st.sampled_from(list(SoundStyle))), max_size=4)


def test_sound_that_an_edit_list_hides_is_not_in_the_copy(tmp_path: Path) -> None:
    data = bytearray(clip(tmp_path / "cut.mp4", Coding(group=10), 3.0).read_bytes())
    at = data.rindex(b"elst")
    assert data[at + 4 : at + 12] == bytes(7) + b"\x01"
    data[at + 16 : at + 20] = (48_000).to_bytes(4, "big")  # the first second is cut off, and still in the file
    with av.open(io.BytesIO(data)) as container:
        cut = [bytes(packet) for packet in container.demux(audio=0) if packet.is_discard]
    assert len(cut) > 40
    copy = made(bytes(data), look(io.BytesIO(data)), PartDocument())
    assert copy.details["method"] == "smart"
    assert copy.details["sound"]["method"] == "encoded"
    assert not any(one in copy.copy for one in cut if len(one) > 100)
    with av.open(io.BytesIO(copy.copy)) as container:
        assert sum(packet.is_discard for packet in container.demux(audio=0)) <= 3


@given(pairs, cuts)
@settings(max_examples=60, deadline=None)
def test_within_spans_the_original_never_counts(chosen: list[tuple[int, int, SoundStyle]], lengths: list[int]) -> None:
    """Muted and bleeped spans are the same whatever was there; where no span is near, nothing changes."""
    rate = 8000
    stretches = [Stretch(Span("s", "p", begin, begin + length, style), rate) for begin, length, style in chosen]
    rng = np.random.default_rng(2)
    first, second = (rng.uniform(-0.5, 0.5, (2, sum(lengths))).astype(np.float32) for _ in range(2))
    outs: list[list[Any]] = [[], []]
    at = 0
    for length in lengths:
        for out, wave in zip(outs, (first, second), strict=True):
            out.append(hide(wave[:, at : at + length], at, stretches, rate))
        at += length
    hidden, other = (np.concatenate(out, axis=1) for out in outs)
    near = np.zeros(at, bool)
    exact = np.zeros(at, bool)
    noisy = np.zeros(at, bool)
    for one in stretches:
        near[max(0, one.begin - rate * 8 // 1000) : one.until + rate * 8 // 1000] = True
        exact[one.begin : one.until] = True
        noisy[one.begin : one.until] |= one.style is SoundStyle.DISTORT
    assert np.array_equal(hidden[:, ~near], first[:, ~near])
    assert np.array_equal(hidden[:, exact & ~noisy], other[:, exact & ~noisy])


def _packets(data: bytes) -> list[bytes]:
    with av.open(io.BytesIO(data)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]
