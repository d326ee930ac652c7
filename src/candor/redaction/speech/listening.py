"""The sound of a recording as plain samples. Runs in a limited process; see `decoding.py` for the parent's side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import av
import numpy as np
from av.stream import Discard

from candor.core.limited_task import Refused, Task
from candor.footage.media.opening import (
    choose_pictures,
    choose_sound,
    claimed_seconds,
    decode,
    first_frame,
    open_media,
    origin_seconds,
    prepare_decoder,
    read_packets,
)
from candor.footage.media.sound import Sound

RATE: Final = 16_000
_PIECE: Final = 256 << 10


def listen(task: Task) -> dict[str, Any]:
    """The task: the sound that is heard in the viewing copy, from its time 0 on, to the output "sound" as 16-bit
    samples (little-endian, one channel, RATE a second). Result: {"samples", "damaged"}. Refused("no-sound")."""
    counts = {"read": 0, "damaged": 0}
    with open_media(task.source) as container:
        audio, duration = choose_sound(container), claimed_seconds(container)
        if audio is None or first_frame(task.source, audio.index) is None:
            raise Refused("no-sound", "there is no sound in it that could be decoded")
        video = choose_pictures(container)
        if video is not None and first_frame(task.source, video.index) is None:
            video = None
        origin = origin_seconds([one for one in (video, audio) if one is not None])
        for stream in container.streams:
            stream.discard = Discard.default if stream is audio else Discard.all
        prepare_decoder(audio)
        sink = _Sink(task, duration)
        sound = Sound(origin)
        for packet in read_packets(container, [audio], counts):
            for frame in decode(audio, packet, counts):
                sink.take(sound.shape(frame))
        for frame in decode(audio, None, counts):
            sink.take(sound.shape(frame))
        sink.take(sound.finish())
        return {"samples": sink.finish(), "damaged": counts["damaged"]}


class _Sink:
    """Even sound on its way to the output."""

    def __init__(self, task: Task, duration: float | None) -> None:
        self._task, self._duration = task, duration
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        self._waiting = bytearray()
        self._samples = 0

    def take(self, frames: Iterator[Any]) -> None:
        for frame in frames:
            self._keep(self._resampler.resample(frame))

    def finish(self) -> int:
        """Write out what is left; how many samples there are."""
        self._keep(self._resampler.resample(None))
        self._task.outputs["sound"].write(bytes(self._waiting))
        self._task.progress(1.0)
        return self._samples

    def _keep(self, frames: list[Any]) -> None:
        for frame in frames:
            self._waiting += np.ascontiguousarray(frame.to_ndarray(), "<i2").tobytes()
            self._samples += frame.samples
        if len(self._waiting) >= _PIECE:
            self._task.outputs["sound"].write(bytes(self._waiting))
            self._waiting.clear()
            if self._duration:
                self._task.progress(min(1.0, self._samples / RATE / self._duration))
