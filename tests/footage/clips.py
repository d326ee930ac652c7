"""Small real recordings for tests, made with PyAV."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache

import av
import numpy as np


@cache
def mp4(seconds: float = 1.0, *, sound: bool = True, made: str | None = "2026-11-20T18:04:05Z", seed: int = 1) -> bytes:
    """An MP4 with H.264 pictures, 160 by 120, 10 a second, and AAC sound. `made`: the creation time it claims."""
    file = io.BytesIO()
    metadata: Mapping[str, str] = {} if made is None else {"creation_time": made}
    with av.open(file, "w", format="mp4") as container:
        container.metadata.update(metadata)
        pictures = container.add_stream("libx264", rate=10, options={"preset": "ultrafast", "g": "5"})
        pictures.width, pictures.height, pictures.pix_fmt = 160, 120, "yuv420p"
        tone = container.add_stream("aac", rate=16000, layout="mono") if sound else None
        for number in range(int(seconds * 10)):
            image = np.full((120, 160, 3), (number * 9 + seed * 37) % 256, np.uint8)
            image[20:60, (number * 5) % 100 : (number * 5) % 100 + 40] = 255
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(pictures.encode(None))
        if tone is not None:
            _write_tone(container, tone, seconds)
    return file.getvalue()


def _write_tone(container: av.container.OutputContainer, tone: av.AudioStream, seconds: float) -> None:
    for begin in range(0, int(seconds * 16000), 1024):
        wave = np.sin(np.arange(begin, begin + 1024) * 0.1).astype(np.float32)[None, :] * 0.2
        frame = av.AudioFrame.from_ndarray(wave, format="flt", layout="mono")
        frame.sample_rate, frame.pts = 16000, begin
        container.mux(tone.encode(frame))
    container.mux(tone.encode(None))


def without_index(film: bytes) -> bytes:
    """The film as a camera leaves it whose battery ran out: media, but no index."""
    return film[: film.index(b"moov") - 4]
