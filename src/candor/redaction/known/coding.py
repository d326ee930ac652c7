"""How a clip is written: as cameras write well, and as they write badly.

PyAV is imported by what writes alone: the service, which draws pictures here to calibrate with, is to load no parser of
media.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from candor.redaction.known.portraits import Pixels

_SOUND_RATE: Final = 48_000
_TICKS: Final = 90_000


@dataclass(frozen=True)
class Coding:
    """`codec`: "h264", "h265" or "mpeg4". `b_frames`: how many at a time. `group`: pictures from one key frame to the
    next. `open_groups`: key frames that pictures before them lean on are no places to cut (no IDR). `varied`: pictures
    stand for unequal times. `rotation`: clockwise degrees by which a player has to turn what is coded. `interlaced`:
    two moments woven into one picture. `sound`: whether there is any. `without_key`: so many packets of pictures are
    missing at the beginning, the first key frame among them. `first_time`: seconds at which pictures begin.
    `quality`: constant rate factor. The container follows the file's suffix (.mp4, .mov, .mkv, .ts).
    """

    codec: Literal["h264", "h265", "mpeg4"] = "h264"
    b_frames: int = 0
    group: int = 30
    open_groups: bool = False
    varied: bool = False
    rotation: Literal[0, 90, 180, 270] = 0
    interlaced: bool = False
    sound: bool = True
    without_key: int = 0
    first_time: float = 0.0
    quality: int = 23


def times_of(coding: Coding, count: int, fps: float, seed: int) -> list[Fraction]:
    """When each picture is shown, in seconds, whole ticks of 1/90000."""
    begin = round(coding.first_time * _TICKS)
    step = _TICKS / fps
    if not coding.varied:
        return [Fraction(begin + round(number * step), _TICKS) for number in range(count)]
    rng = np.random.default_rng(seed + 77)
    lengths = rng.choice([0.5, 1.0, 1.0, 1.0, 1.5, 3.0], count) * step + rng.integers(-90, 90, count)
    starts = begin + np.concatenate([[0], np.cumsum(np.maximum(lengths, 400))[:-1]]).astype(np.int64)
    return [Fraction(int(one), _TICKS) for one in starts]


def write(
    path: Path, coding: Coding, size: tuple[int, int], fps: float, times: list[Fraction], pictures: Iterable[Pixels]
) -> None:
    """Write upright pictures of `size` (width, height) and sound into a file."""
    import av

    turned = coding.rotation in (90, 270)
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream(_encoder(coding), rate=Fraction(fps).limit_denominator(1001))
        video.width, video.height = size[::-1] if turned else size
        odd = coding.codec != "mpeg4" and (size[0] % 2 or size[1] % 2)  # 4:2:0 of H.264 knows even sizes only
        video.pix_fmt = "yuv444p" if odd else "yuv420p"
        context = video.codec_context
        context.options = _options(coding)
        context.gop_size, context.max_b_frames, context.thread_count = coding.group, coding.b_frames, 1
        context.time_base = video.time_base = Fraction(1, 65_000 if coding.codec == "mpeg4" else _TICKS)
        if coding.rotation:
            video.set_display_rotation(-coding.rotation)
        speaker: Any = None
        if coding.sound:
            speaker = container.add_stream("aac", rate=_SOUND_RATE, layout="mono")
        for packet in _coded(video, coding, times, pictures):
            container.mux(packet)
        if speaker is not None:
            _speak(container, speaker, float(times[-1] - times[0]) + 1 / fps, coding.first_time)


def _encoder(coding: Coding) -> str:
    return {"h264": "libx264", "h265": "libx265", "mpeg4": "mpeg4"}[coding.codec]


def _options(coding: Coding) -> dict[str, str]:
    if coding.codec == "mpeg4":
        return {"qscale": "3"}
    open_groups = int(coding.open_groups)
    if coding.codec == "h265":
        more = f"pools=1:frame-threads=1:log-level=none:open-gop={open_groups}:bframes={coding.b_frames}:scenecut=0"
        return {"preset": "ultrafast", "crf": str(coding.quality), "x265-params": f"keyint={coding.group}:{more}"}
    more = f"open-gop={open_groups}:scenecut=0:keyint={coding.group}:min-keyint={coding.group}"
    options = {"preset": "ultrafast", "crf": str(coding.quality), "bf": str(coding.b_frames)}
    if coding.interlaced:
        return {**options, "flags": "+ilme+ildct", "x264-params": f"{more}:tff=1"}
    return {**options, "x264-params": more}


def _coded(video: Any, coding: Coding, times: list[Fraction], pictures: Iterable[Pixels]) -> Iterator[Any]:
    import av

    left_out = 0
    for time, upright in zip(times, pictures, strict=True):
        coded = np.ascontiguousarray(np.rot90(upright, coding.rotation // 90))
        frame = av.VideoFrame.from_ndarray(coded, format="rgb24")
        frame.pts, frame.time_base = round(time / video.codec_context.time_base), video.codec_context.time_base
        for packet in video.encode(frame):
            left_out += 1
            if left_out > coding.without_key:
                yield packet
    for packet in video.encode(None):
        left_out += 1
        if left_out > coding.without_key:
            yield packet


def _speak(container: Any, speaker: Any, seconds: float, first_time: float) -> None:
    """Something like a voice: a buzz in syllables, with pauses."""
    import av

    total = int(seconds * _SOUND_RATE)
    for begin in range(0, total, 1024):
        moments = (np.arange(begin, min(begin + 1024, total))) / _SOUND_RATE
        loud = np.clip(np.sin(2 * np.pi * 3.1 * moments), 0, 1) * (np.sin(2 * np.pi * 0.4 * moments) > -0.3)
        buzz = sum(np.sin(2 * np.pi * 140 * order * moments) / order for order in (1, 2, 3, 5, 8))
        wave = (loud * buzz * 0.12).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(wave[None, :], format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = _SOUND_RATE, Fraction(1, _SOUND_RATE)
        frame.pts = begin + round(first_time * _SOUND_RATE)
        for packet in speaker.encode(frame):
            container.mux(packet)
    for packet in speaker.encode(None):
        container.mux(packet)
