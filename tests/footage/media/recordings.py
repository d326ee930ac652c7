"""Small recordings made with PyAV, with content that can be recognised again."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np

Paint = Callable[[float, int, int], Any]

QUICK = {"libx264": {"preset": "ultrafast"}, "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"}}


def stripes(time: float, width: int, height: int) -> Any:
    """A picture whose upper left quarter is red, whose brightness tells the second, with something in it."""
    image = np.full((height, width, 3), 90 + 20 * (int(time) % 6), np.uint8)
    image[:: max(2, height // 9)] = 20
    image[: height // 2, : width // 2] = (220, 30, 30)
    return image


def black_then_stripes(time: float, width: int, height: int) -> Any:
    """Black for two and a half seconds."""
    return np.zeros((height, width, 3), np.uint8) if time < 2.5 else stripes(time, width, height)


class _Again(io.RawIOBase):
    """The file that is being written, to be read while it is: the muxer does so to put the index in front."""

    def __init__(self, file: io.BytesIO) -> None:
        self._file = file
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._position = {0: 0, 1: self._position, 2: self._file.getbuffer().nbytes}[whence] + offset
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        data = bytes(self._file.getbuffer()[self._position : self._position + size])
        self._position += len(data)
        return data


def film(
    *,
    codec: str | None = "libx264",
    size: tuple[int, int] = (320, 180),
    times: Sequence[Fraction] | None = None,
    seconds: float = 2.0,
    rate: int = 10,
    clock: Fraction | None = None,
    sound: str | None = "aac",
    sound_from: float = 0.0,
    sound_rate: int = 48_000,
    layout: str = "mono",
    loud: Callable[[float], float] = lambda time: 0.5,
    rotation: int = 0,
    pixel_format: str = "yuv420p",
    container: str = "mp4",
    metadata: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
    paint: Paint = stripes,
    aspect: Fraction | None = None,
    group: int = 10,
) -> bytes:
    """A recording. times: presentation times of the pictures; default: `rate` a second for `seconds`."""
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=options or {}, io_open=lambda *_: _Again(file)) as out:
        out.metadata.update(metadata or {})
        video: Any = None
        if codec:
            video = out.add_stream(codec, rate=rate, options=QUICK.get(codec, {}))
            video.width, video.height, video.pix_fmt = *size, pixel_format
            video.codec_context.gop_size = group
            video.codec_context.time_base = video.time_base = clock or Fraction(1, rate)
            if aspect:
                video.codec_context.sample_aspect_ratio = aspect
            if rotation:
                video.set_display_rotation(rotation)
        audio: Any = out.add_stream(sound, rate=sound_rate, layout=layout) if sound else None
        if audio is not None:
            seconds = max(seconds, float(times[-1])) if times else seconds
        if video is not None:
            for time in times or [Fraction(n, rate) for n in range(int(seconds * rate))]:
                frame = av.VideoFrame.from_ndarray(paint(float(time), *size), format="rgb24")
                frame.pts, frame.time_base = round(time / video.time_base), video.time_base
                out.mux(video.encode(frame))
            out.mux(video.encode(None))
        if audio is not None:
            _hum(out, audio, sound_from, seconds, loud)
    return file.getvalue()


def _hum(out: Any, audio: Any, begin: float, end: float, loud: Callable[[float], float]) -> None:
    rate, channels = audio.codec_context.sample_rate, audio.codec_context.layout.nb_channels
    for first in range(int(begin * rate), int(end * rate), 1024):
        moments = (np.arange(1024) + first) / rate
        wave = (np.sin(moments * 2 * np.pi * 440) * loud(first / rate)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(
            np.tile(wave, (channels, 1)), format="fltp", layout=audio.codec_context.layout.name
        )
        frame.sample_rate, frame.pts, frame.time_base = rate, first, Fraction(1, rate)
        out.mux(audio.encode(frame))
    out.mux(audio.encode(None))


def without_index(data: bytes) -> bytes:
    """As a camera leaves it that lost power."""
    return data[: data.index(b"moov") - 4]


def opened(data: bytes) -> Any:
    """Open it for a look."""
    return av.open(io.BytesIO(data))


def pictures(data: bytes) -> list[tuple[Fraction, Any]]:
    """Time and RGB picture of every frame."""
    with opened(data) as container:
        return [
            (Fraction(frame.pts) * frame.time_base, frame.to_ndarray(format="rgb24"))
            for frame in container.decode(video=0)
        ]


def samples(data: bytes) -> Any:
    """All sound, first channel, as floats."""
    with opened(data) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
