"""Sounds with and without somebody speaking, and films with them."""

from __future__ import annotations

import io
from functools import cache

import av
import numpy as np
import pytest

from candor.demo.footage.timing import RATE as SPOKEN_RATE
from candor.demo.footage.voices import has_voices, speak
from candor.redaction.speech.decoding import RATE, Pcm, Samples

NO_VOICES = "no voices: pip install --require-hashes --no-deps -r requirements-demo.lock"
LINES = (
    ("lindqvist", "my name is john smith and i live at twelve forty five elm street"),
    ("brooks", "please show me your license and registration"),
)


@cache
def spoken() -> tuple[Samples, ...]:
    """The lines as a synthesiser says them, at RATE."""
    if not has_voices(None):
        pytest.skip(NO_VOICES)
    found = []
    for sound in speak(LINES, None):
        there = np.arange(0, len(sound), SPOKEN_RATE / RATE)
        found.append(np.interp(there, np.arange(len(sound)), sound).astype(np.float32))
    return tuple(found)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)


def noise(seconds: float, level: float = 0.05) -> Samples:
    rng = np.random.default_rng(5)
    return (rng.standard_normal(round(seconds * RATE)) * level).astype(np.float32)


def tone(seconds: float) -> Samples:
    return (0.3 * np.sin(np.arange(round(seconds * RATE)) * 0.17)).astype(np.float32)


def conversation() -> tuple[Samples, list[tuple[int, int]]]:
    """Silence, a line, noise, a line, silence; and where the lines are, in milliseconds."""
    first, second = spoken()
    pieces = [silence(2.0), first, noise(3.0, 0.004), second, silence(2.0)]
    ends = np.cumsum([len(one) for one in pieces]) * 1000 // RATE
    return np.concatenate(pieces), [(int(ends[0]), int(ends[1])), (int(ends[2]), int(ends[3]))]


def pcm(sound: Samples) -> Pcm:
    """A sound as if it were decoded."""
    return Pcm(io.BytesIO((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()), len(sound))


def film(sound: Samples, *, late: float = 0.0, pictures: bool = True) -> bytes:
    """A film with this sound in AAC, which begins `late` seconds after the pictures."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=5, options={"preset": "ultrafast"}) if pictures else None
        audio = container.add_stream("aac", rate=RATE, layout="mono")
        if video is not None:
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            for _ in range(round((late + len(sound) / RATE) * 5)):
                container.mux(video.encode(av.VideoFrame(64, 48, "yuv420p")))
            container.mux(video.encode(None))
        for begin in range(0, len(sound), 1024):
            frame = av.AudioFrame.from_ndarray(sound[None, begin : begin + 1024], format="flt", layout="mono")
            frame.sample_rate, frame.pts = RATE, begin + round(late * RATE)
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    return file.getvalue()
