"""Rendering by encoding every picture anew: for whatever cannot be passed through. Runs in a limited process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from candor.footage.media.opening import decode, open_media, prepare_decoder, read_packets
from candor.redaction.media.encoder import Encoded, Encoder, Look, encoder_context, parameter_sets
from candor.redaction.media.h264 import record
from candor.redaction.media.painting import Painting
from candor.redaction.media.passing import Passing
from candor.redaction.media.times import Clock, Tracks

__all__ = ["Whole", "tell_of_damage"]

_KEY_SECONDS: Final = 0.5
"""A key picture of the original becomes one of the copy when the last is at least so long ago."""
_SILENT: Final = frozenset({"hevc"})
"""Decoders that say nothing of a damaged picture unless they are told to stop at it."""
_TRIED: Final = 10  # pictures


def tell_of_damage(source: Any, video: Any) -> None:
    """Have the decoder of this track tell of damage where it would not by itself. One that then finds fault with the
    first pictures already, over some message of a camera's own perhaps, stays as it is."""
    if video.codec_context.name not in _SILENT:
        return
    counts, found = {"read": 0, "damaged": 0}, 0
    with open_media(source) as container:
        trial: Any = container.streams[video.index]
        _stop_at_damage(trial)
        for packet in read_packets(container, [trial], counts):
            found += len(decode(trial, packet, counts))
            if found >= _TRIED or counts["damaged"]:
                break
    if found and not counts["damaged"]:
        _stop_at_damage(video)


def _stop_at_damage(stream: Any) -> None:
    prepare_decoder(stream)
    stream.codec_context.options = {**stream.codec_context.options, "err_detect": "explode"}


class Whole:
    """The pictures of the original, one after the other."""

    def __init__(self, video: Any, look: Look, painting: Painting, passing: Passing, counts: dict[str, int]) -> None:
        self._video, self.look = video, look
        self._painting, self._passing = painting, passing
        self._counts = counts
        self._last: int | None = None
        self._last_key: int | None = None
        self._latest: int | None = None  # of the times of packets
        self._durations: dict[int, int] = {}

    def begin(self, context: Any, tracks: Tracks) -> None:
        """Open the encoder; context: of the copy's track."""
        self._clock = Clock(tracks.clock, tracks.rate, tracks.zero)
        encoder_context(self.look, context)
        context.extradata = record(*parameter_sets(context))
        self._encoder = Encoder(self.look, context)

    def packet(self, packet: Any) -> None:
        """A packet of the original."""
        damaged = self._counts["damaged"]
        if packet.pts is not None:
            self._latest = packet.pts if self._latest is None else max(self._latest, packet.pts)
        self._take(decode(self._video, packet, self._counts))
        if self._counts["damaged"] > damaged or packet.is_corrupt:
            self._painting.fault(self._latest)

    def finish(self) -> None:
        """What decoder and encoder still hold."""
        self._take(decode(self._video, None, self._counts))
        self._write(self._encoder.finish())

    def _take(self, frames: list[Any]) -> None:
        for frame in frames:
            time = self._clock.time_of(frame)
            if self._last is not None and time <= self._last:
                self._passing.repeated += 1
                continue
            self._last = time
            key = frame.key_frame and self._is_due(time)
            self._durations[time] = frame.duration or 0
            self._passing.account(time, time, copied=False)
            self._write(self._encoder.encode(self._painting.paint(frame, time), time, key=key))

    def _is_due(self, time: int) -> bool:
        due = self._last_key is None or (time - self._last_key) * self.look.clock >= _KEY_SECONDS
        if due:
            self._last_key = time
        return due

    def _write(self, pictures: Iterable[Encoded]) -> None:
        for one in pictures:
            self._passing.write(one.data, one.time, one.time, self._durations.pop(one.time, 0), key=one.key)
