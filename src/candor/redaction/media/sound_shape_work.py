"""The shape of a stretch of sound, fine enough to choose a word by. Runs in a limited process; see `sound_shape.py`."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import av
import av.error
import numpy as np
from av.stream import Discard

from candor.core.limited_task import Refused, Task
from candor.footage.media.opening import choose_sound, decode, open_media, prepare_decoder, read_packets

_RATE = 16_000
_EARLIER = 0.25  # seconds before the stretch from which it is decoded: a decoder needs a packet or two to be right


def shape(task: Task) -> dict[str, Any]:
    """The task: the lowest and highest value of the sound from params "begin" to "until" (milliseconds), in "count"
    buckets. Result: {"peaks": [low, high, …] within -127 to 127}. Refused("no-sound")."""
    begin, until, count = (int(task.params[name]) for name in ("begin", "until", "count"))
    sound = np.zeros((until - begin) * _RATE // 1000 + 1, np.int16)
    counts = {"read": 0, "damaged": 0}
    with open_media(task.source) as container:
        audio = choose_sound(container)
        if audio is None:
            raise Refused("no-sound", "there is no sound in it that could be decoded")
        for stream in container.streams:
            stream.discard = Discard.default if stream is audio else Discard.all
        prepare_decoder(audio)
        if begin > 1000 * _EARLIER:
            with contextlib.suppress(av.error.FFmpegError, OverflowError):  # else it is read from its beginning
                container.seek(int((begin / 1000 - _EARLIER) / audio.time_base), stream=audio)
        resampler = av.AudioResampler(format="s16", layout="mono", rate=_RATE)
        for packet in read_packets(container, [audio], counts):
            frames = decode(audio, packet, counts)
            if _place(sound, frames, resampler, begin) >= until:
                break
    edges = np.linspace(0, len(sound), count + 1).astype(np.int64)[:-1]
    low, high = np.minimum.reduceat(sound, edges), np.maximum.reduceat(sound, edges)
    peaks = np.stack((low, high), axis=1).reshape(-1)
    return {"peaks": [_byte(value) for value in peaks.tolist()]}


def _place(sound: Any, frames: list[Any], resampler: Any, begin: int) -> float:
    """Put decoded frames where they belong; up to which millisecond there is sound now."""
    latest = -math.inf
    for frame in frames:
        if frame.pts is None:
            continue
        at = float(frame.pts * frame.time_base) * 1000
        for piece in resampler.resample(frame):
            samples = piece.to_ndarray().reshape(-1)
            first = round((at - begin) * _RATE / 1000)
            from_, to = max(0, first), min(len(sound), first + len(samples))
            if to > from_:
                sound[from_:to] = samples[from_ - first : to - first]
            at += 1000 * len(samples) / _RATE
        latest = max(latest, at)
    return latest


def _byte(value: int) -> int:
    """A sample as -127 to 127, rounded away from silence; below -60 dB is silence, as in the waveform."""
    if abs(value) < 33:
        return 0
    scaled = value * 127 / 32768
    return max(-127, min(127, math.floor(scaled) if value < 0 else math.ceil(scaled)))
