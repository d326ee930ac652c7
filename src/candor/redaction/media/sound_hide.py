"""The sound of a redacted copy. Runs in a limited process.

What is hidden is taken out first: every value within a span becomes zero, a little beyond its ends too, and the sound
on both sides fades out towards it. Only then something is put in its place, which is made without the sound that was
there (a tone), or from no more of it than how loud it was in each fiftieth of a second or so (a noise).

Where nothing is hidden, AAC is passed through, without what an edit list of the original keeps from being played: a
recording that was cut by one still holds what was cut off, and nobody heard that in review. Where anything is hidden,
all of the track is encoded anew: in AAC every packet holds a part of its neighbours' sound, so a packet beside a span
would carry some of it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Final

import av.error
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.stream import Discard

from candor.footage.media.opening import open_media, read_packets
from candor.footage.media.sound import even
from candor.redaction.media.container import CopyFile
from candor.redaction.model import SoundStyle, Span

__all__ = ["FADE_MS", "HiddenSound", "Stretch", "begins_hidden", "hide"]

Wave = npt.NDArray[np.float32]

FADE_MS: Final = 5
"""Milliseconds beside a span over which sound fades."""
_MORE_MS: Final = 2  # taken out beyond each end: what resampling smears
_FRAME: Final = 1024
_TONE_HZ: Final = 1000
_LOUD: Final = 0.1
_RATES: Final = frozenset({96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350})
_LAYOUTS: Final = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1"}
_MOST_BITS: Final = 6  # a value, in AAC
_MAX_GAP: Final = 3600.0  # seconds; a longer jump forward is a wrong time, not silence
_MOST_PRIMING: Final = 4096  # samples before the beginning: what an encoder needs, not a hidden stretch


class Stretch:
    """A span in samples of its track: begin <= sample < until."""

    def __init__(self, span: Span, rate: int) -> None:
        self.begin = math.floor(span.begin * rate / 1000)
        self.until = math.ceil(span.until * rate / 1000)
        self.style = span.style


def hide(wave: Wave, first: int, stretches: Sequence[Stretch], rate: int) -> Wave:
    """The sound without what is hidden, with what is put in its place. wave: channels x samples; first: the number of
    its first sample. The same for every cut of the track into pieces, but for the noise, which is random."""
    fade, more = FADE_MS * rate // 1000, _MORE_MS * rate // 1000
    count = wave.shape[1]
    near = [one for one in stretches if one.until + more + fade > first and one.begin - more - fade < first + count]
    if not near:
        return wave
    places = np.arange(first, first + count)
    gain = np.ones(count, np.float32)
    for one in near:
        away = np.maximum(one.begin - more - places, places - (one.until + more - 1))
        gain = np.minimum(gain, np.clip(away / max(1, fade), 0.0, 1.0).astype(np.float32))
    loud = _loudness(wave)
    hidden: Wave = wave * gain
    for one in near:
        if one.style is SoundStyle.MUTE:
            continue
        inside = np.clip(np.minimum(places - one.begin, one.until - 1 - places) / max(1, fade), 0.0, 1.0)
        if one.style is SoundStyle.BLEEP:
            hidden += (inside * _LOUD * np.sin(places * (2 * np.pi * _TONE_HZ / rate))).astype(np.float32)
        else:
            hidden += (inside * loud * _noise(count)).astype(np.float32)
    return np.clip(hidden, -1.0, 1.0)


def _loudness(wave: Wave) -> float:
    """How loud a piece is, to a power of two: of a voice its rhythm is left, and no more."""
    level = float(np.sqrt(np.mean(np.square(wave.astype(np.float64))))) if wave.size else 0.0
    return 0.0 if level < 1e-4 else min(0.5, 2.0 ** round(math.log2(level)))


def _noise(count: int) -> npt.NDArray[np.float64]:
    values = np.frombuffer(os.urandom(2 * count), np.int16)
    return values.astype(np.float64) / 32768.0


def begins_hidden(source: Any, stream: Any) -> bool:
    """Whether more than an encoder's priming lies before the beginning of a track, unplayed. What a track claims of its
    beginning leaves out what an edit list hides, so its first packet is looked at. source: seekable."""
    rate = stream.codec_context.sample_rate
    with open_media(source) as container:
        for other in container.streams:
            other.discard = Discard.default if other.index == stream.index else Discard.all
        for packet in read_packets(container, [container.streams[stream.index]], {"read": 0, "damaged": 0}):
            if packet.size and packet.pts is not None:
                hidden = (stream.start_time or 0) - packet.pts
                return bool(hidden * stream.time_base * rate > _MOST_PRIMING)
    return False


class HiddenSound:
    """One track of sound on its way into the copy."""

    def __init__(
        self,
        copy: CopyFile,
        stream: Any,
        first: Any,
        spans: Sequence[Span],
        *,
        passes: bool,
        origin: Fraction,
        shift: Fraction,
        bit_rate: int,
    ) -> None:
        """first: its first frame that decodes. passes: whether its packets may go into the copy as they are. origin:
        the time, in seconds, that is 0 in the viewing copy; shift: the one that is 0 in the redacted copy. bit_rate: a
        channel."""
        self._copy = copy
        self._stream = stream
        self._origin, self._shift = origin, shift
        self._spans = sorted(spans, key=lambda one: (one.begin, one.until, one.id))
        self.passed = passes and not self._spans and _is_whole(stream)
        self._heard = False  # of what is passed through: whether a packet came that is played
        self._graph: Graph | None = None
        self._shape: tuple[Any, ...] = ()
        self._samples = 0
        self._expected = float(0)
        self.dropped = 0
        if self.passed:
            self._made = copy.add_same_sound(stream)
            self.rate, self.channels, self.bit_rate = stream.codec_context.sample_rate, first.layout.nb_channels, None
            return
        self.rate = first.sample_rate if first.sample_rate in _RATES else 48_000
        self._layout = _LAYOUTS.get(first.layout.nb_channels, "stereo")
        self.channels = next(count for count, name in _LAYOUTS.items() if name == self._layout)
        self.bit_rate = self.channels * min(bit_rate, _MOST_BITS * self.rate * 9 // 10)
        self._made = copy.add_sound(self.rate, self._layout, self.bit_rate)
        self._stretches = [Stretch(one, self.rate) for one in self._spans]
        self._begin = round((origin - shift) * self.rate)

    def packet(self, packet: Any, frames: list[Any]) -> None:
        """A packet with what it decodes to; nothing of the latter is needed where packets are passed through."""
        if not self.passed:
            for frame in frames:
                self._play(self._shaped(frame))
        elif packet.size and packet.pts is not None and not (packet.is_discard and self._heard):
            self._heard = self._heard or not packet.is_discard
            base = Fraction(packet.time_base)
            moved = round(self._shift / base)
            packet.pts -= moved
            packet.dts = packet.pts if packet.dts is None else packet.dts - moved
            packet.stream = self._made
            self._copy.sound([packet])

    def finish(self) -> None:
        """What is still on its way."""
        if not self.passed:
            self._play(self._finished())
            self._copy.sound(self._made.encode(None))

    def details(self) -> dict[str, Any]:
        """{"method": "copied" or "encoded", "codec", "rate" (samples a second), "channels", "bit_rate" (None where
        copied), "spans": [[begin, until], …] in milliseconds of the viewing copy, "styles": [of each], "fade":
        milliseconds beside them that are faded or taken out, "dropped": stretches whose time made no sense}"""
        return {
            "method": "copied" if self.passed else "encoded",
            "codec": "aac",
            "rate": self.rate,
            "channels": self.channels,
            "bit_rate": self.bit_rate,
            "spans": [[one.begin, one.until] for one in self._spans],
            "styles": [one.style.value for one in self._spans],
            "fade": FADE_MS + _MORE_MS,
            "dropped": self.dropped,
        }

    def _shaped(self, frame: Any) -> Iterator[Any]:
        """The frames that are ready after this one; times from the origin on, silence where there is no sound."""
        base = frame.time_base or Fraction(1, frame.sample_rate)
        moved = round(self._origin / base)
        frame.pts = round(self._expected / base) if frame.pts is None else frame.pts - moved
        frame.time_base = base
        time = float(frame.pts * base)
        if time - self._expected > _MAX_GAP:
            self.dropped += 1
            return
        self._expected = time + frame.samples / frame.sample_rate
        shape = (frame.sample_rate, frame.format.name, frame.layout.name, frame.layout.nb_channels, base)
        if self._graph is None or shape != self._shape:
            yield from self._finished()
            self._shape, self._graph = shape, even(frame, self.rate, self._layout, self._samples, _FRAME)
        self._graph.push(frame)
        yield from _pull(self._graph)

    def _finished(self) -> Iterator[Any]:
        if self._graph is not None:
            graph, self._graph = self._graph, None
            graph.push(None)
            yield from _pull(graph)

    def _play(self, frames: Iterator[Any]) -> None:
        for frame in frames:
            wave = hide(frame.to_ndarray(), self._samples, self._stretches, self.rate)
            made = AudioFrame.from_ndarray(np.ascontiguousarray(wave), format="fltp", layout=self._layout)
            made.sample_rate, made.time_base = self.rate, Fraction(1, self.rate)
            made.pts = self._begin + self._samples
            self._samples += frame.samples
            self._copy.sound(self._made.encode(made))


def _pull(graph: Graph) -> Iterator[Any]:
    while True:
        try:
            yield graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def _is_whole(stream: Any) -> bool:
    """Whether it is AAC of which no more than an encoder's priming lies before its beginning."""
    context = stream.codec_context
    if context.name != "aac" or not context.extradata or not context.sample_rate:
        return False
    start = stream.start_time
    return start is not None and -start * stream.time_base * context.sample_rate <= _MOST_PRIMING
