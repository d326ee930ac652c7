"""The sound of a copy against the original's: the same where nothing is hidden, nothing of it where something is.

Runs in a limited process. Both are decoded to one channel at `RATE`, laid on one time line, and compared in pieces:

- outside the spans (and away from their edges by `EDGE`, which is as far as an encoder smears): alike but for what an
  encoder loses, and not shifted;
- inside (away from the edges): silence where it was muted; where a tone was put, nothing beside the tone; where it was
  distorted, no likeness to the original at any small shift.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from av import AudioResampler
from av.stream import Discard
from numpy import fft  # NumPy loads it on first use, when no file can be opened any more

from candor.footage.media.opening import decode, open_media, prepare_decoder, read_packets

__all__ = ["compare_sound"]

RATE: Final = 16_000  # samples a second
EDGE: Final = 0.08  # seconds
PIECE: Final = 4 * RATE
WINDOW: Final = 8192  # samples, about half a second
LAGS: Final = 800  # samples, 50 ms
MOST_SHIFT: Final = 8  # samples, half a millisecond
SILENT: Final = -55.0  # dB below full scale
HEARD: Final = -50.0  # dB: quieter outside is not worth comparing
LIKENESS: Final = 0.6  # of a window outside
MOST_LIKE: Final = 0.25  # of a piece inside
SHORTEST: Final = 400  # samples: less is not worth a judgement
LONGEST_GAP: Final = 64 * PIECE
LONGEST_DIFFERENCE: Final = RATE // 5
MOST_FINDINGS: Final = 50

Samples = npt.NDArray[np.float32]


class _Line:
    """The samples of one track on the time line; asked for in growing order."""

    def __init__(self, source: Any, track: int, zero: Fraction) -> None:
        self._frames = _decoded(source, track)
        self._zero = zero
        self._begin = 0  # place on the time line of the first sample kept
        self._kept: Samples = np.zeros(0, np.float32)
        self.end = 0
        """Place after the last sample seen."""
        self.over = False

    def read(self, begin: int, count: int) -> Samples:
        """`count` samples from `begin` on; zeros where there are none."""
        while not self.over and self.end < begin + count:
            self._take()
        drop = min(max(0, begin - self._begin), len(self._kept))
        self._kept, self._begin = self._kept[drop:], self._begin + drop
        found = np.zeros(count, np.float32)
        at = self._begin - begin
        source = self._kept[max(0, -at) : max(0, count - at)]
        place = max(0, at)
        found[place : place + len(source)] = source
        return found

    def _take(self) -> None:
        try:
            seconds, samples = next(self._frames)
        except StopIteration:
            self.over = True
            return
        place = self.end if seconds is None else round((seconds - self._zero) * RATE)
        if place - self.end > LONGEST_GAP:  # a clock that jumped; the other file's is taken alike
            place = self.end
        if place < self._begin:
            samples, place = samples[self._begin - place :], self._begin
        if not len(samples):
            return
        until = place + len(samples)
        if until - self._begin > len(self._kept):
            more = np.zeros(until - self._begin - len(self._kept), np.float32)
            self._kept = np.concatenate([self._kept, more])
        self._kept[place - self._begin : until - self._begin] = samples
        self.end = max(self.end, until)


def _decoded(source: Any, track: int) -> Iterator[tuple[Fraction | None, Samples]]:
    """Time in seconds and samples, in order."""
    counts = {"read": 0, "damaged": 0}
    resampler = AudioResampler(format="flt", layout="mono", rate=RATE)
    with open_media(source) as container:
        stream = container.streams[track]
        for other in container.streams:
            other.discard = Discard.default if other is stream else Discard.all
        prepare_decoder(stream)
        for packet in read_packets(container, [stream], counts):
            for frame in decode(stream, packet, counts):
                for shaped in resampler.resample(frame):
                    yield _timed(shaped)
        for frame in [*decode(stream, None, counts), None]:
            for shaped in resampler.resample(frame):
                yield _timed(shaped)


def _timed(frame: Any) -> tuple[Fraction | None, Samples]:
    time = None if frame.pts is None or not frame.time_base else frame.pts * Fraction(frame.time_base)
    return time, frame.to_ndarray().reshape(-1).astype(np.float32)


class _Judge:
    """What was heard so far."""

    def __init__(self, spans: list[dict[str, Any]]) -> None:
        self.spans = spans
        self.findings: list[dict[str, Any]] = []
        self.more = 0
        self.windows = 0
        self.worst: dict[str, Any] | None = None
        self.inside: dict[str, dict[str, Any]] = {}
        self.cross = np.zeros(2 * WINDOW, np.float64)
        self.energy = 0.0

    def find(self, what: str, at: int, words: str, **more: Any) -> None:
        """at: a place on the time line."""
        if len(self.findings) >= MOST_FINDINGS:
            self.more += 1
        else:
            self.findings.append({"what": what, "ms": round(at * 1000 / RATE), "words": words, **more})

    # outside

    def outside(self, at: int, mine: Samples, theirs: Samples, free: npt.NDArray[np.bool_]) -> None:
        """One window; only samples that are free count."""
        if int(free.sum()) < SHORTEST:
            return
        a, b = np.where(free, mine, 0).astype(np.float64), np.where(free, theirs, 0).astype(np.float64)
        count = int(free.sum())
        loud_a, loud_b = _level(a, count), _level(b, count)
        if max(loud_a, loud_b) < HEARD:
            return
        self.windows += 1
        like = float(a @ b) / math.sqrt(max(1e-12, float(a @ a) * float(b @ b)))
        if self.worst is None or like < self.worst["likeness"]:
            self.worst = {"ms": round(at * 1000 / RATE), "likeness": round(like, 3)}
        if like < LIKENESS:
            self.find("sound-differs", at, f"the sound is not the original's (likeness {like:.2f})")
        if len(a) == WINDOW:
            spectrum = fft.rfft(a, 2 * WINDOW) * np.conj(fft.rfft(b, 2 * WINDOW))
            self.cross += fft.irfft(spectrum, 2 * WINDOW)
            self.energy += float(a @ a)

    def shift(self) -> int | None:
        """By how many samples the copy's sound comes early; None when nothing was heard to tell it by."""
        if self.energy <= 0:
            return None
        lags = np.concatenate([self.cross[-LAGS:], self.cross[: LAGS + 1]])
        return int(lags.argmax()) - LAGS

    # inside

    def hidden(self, span: dict[str, Any], at: int, mine: Samples, theirs: Samples) -> None:
        """A piece of a span, away from its edges."""
        if len(theirs) < SHORTEST:
            return
        known = self.inside.setdefault(
            span["id"],
            {"begin": span["begin"], "until": span["until"], "style": span["style"], "level": -99.0, "likeness": 0.0},
        )
        rest = theirs if span["style"] != "bleep" else _without_tone(theirs)
        level = _level(rest.astype(np.float64), len(rest))
        like = _likeness(mine, rest) if level > SILENT else 0.0
        known["level"], known["likeness"] = max(known["level"], level), max(known["likeness"], like)
        if span["style"] == "mute" and level > SILENT:
            self.find("sound-left", at, f"a muted span is not silent ({level:.0f} dB)", span=span["id"])
        elif like > MOST_LIKE:
            self.find(
                "sound-left", at, f"something of the original is left in a span (likeness {like:.2f})", span=span["id"]
            )


def _level(samples: npt.NDArray[np.float64], count: int) -> float:
    """Root mean square in dB below full scale, at least -99."""
    power = float(samples @ samples) / max(1, count)
    return round(max(-99.0, 10 * math.log10(power)), 1) if power > 0 else -99.0


def _without_tone(samples: Samples) -> Samples:
    """What is left when the strongest tone and its surroundings are taken out."""
    spectrum = fft.rfft(samples * np.hanning(len(samples)))
    peak = int(np.abs(spectrum).argmax())
    wide = max(3, round(120 * len(samples) / RATE))
    spectrum[max(0, peak - wide) : peak + wide + 1] = 0
    return fft.irfft(spectrum, len(samples)).astype(np.float32)


def _likeness(mine: Samples, theirs: Samples) -> float:
    """The largest normalised correlation at any shift up to `LAGS`."""
    energy = math.sqrt(float(mine @ mine) * float(theirs @ theirs))
    if energy <= 1e-9:
        return 0.0
    length = 1 << (2 * len(mine) - 1).bit_length()
    cross = fft.irfft(fft.rfft(mine, length) * np.conj(fft.rfft(theirs, length)), length)
    near = np.concatenate([cross[-LAGS:], cross[: LAGS + 1]])
    return round(float(np.abs(near).max()) / energy, 3)


def compare_sound(
    original: Any, copy: Any, tracks: tuple[int, int], zeros: tuple[Fraction, Fraction], spans: list[dict[str, Any]]
) -> Iterator[dict[str, Any] | int]:
    """Compare; gives the place reached (samples) now and then, the result at last.

    tracks: the sound tracks by number; zeros: the time in seconds of each file that is 0 of the spans. spans: {"id",
    "begin", "until" (milliseconds), "style"}.
    """
    first, second = _Line(original, tracks[0], zeros[0]), _Line(copy, tracks[1], zeros[1])
    judge = _Judge(spans)
    at = 0
    while True:
        mine, theirs = first.read(at, PIECE), second.read(at, PIECE)
        _judge_piece(judge, at, mine, theirs, min(first.end, second.end) if first.over and second.over else at + PIECE)
        at += PIECE
        yield at
        if first.over and second.over and at >= max(first.end, second.end):
            break
    if abs(first.end - second.end) > LONGEST_DIFFERENCE:
        words = f"the sound is {second.end / RATE:.2f} s long, the original's {first.end / RATE:.2f} s"
        judge.find("sound-length", min(first.end, second.end), words)
    shift = judge.shift()
    if shift is not None and abs(shift) > MOST_SHIFT:
        judge.find("sound-shift", 0, f"the sound is shifted by {1000 * shift / RATE:.1f} ms")
    yield {
        "seconds": round(first.end / RATE, 2),
        "windows": judge.windows,
        "worst": judge.worst,
        "shift_ms": None if shift is None else round(1000 * shift / RATE, 2),
        "spans": [{"id": name, **known} for name, known in sorted(judge.inside.items())][:500],
        "findings": judge.findings,
        "more": judge.more,
    }


def _judge_piece(judge: _Judge, at: int, mine: Samples, theirs: Samples, end: int) -> None:
    """One piece of both; from `end` on one of them has nothing any more."""
    edge = round(EDGE * RATE)
    free = np.ones(len(mine), np.bool_)
    free[max(0, end - edge - at) :] = end >= at + len(mine)
    for span in judge.spans:
        begin, until = round(span["begin"] * RATE / 1000), round(span["until"] * RATE / 1000)
        if until + edge <= at or begin - edge >= at + len(mine):
            continue
        free[max(0, begin - edge - at) : max(0, until + edge - at)] = False
        inner = min(edge, max(0, (until - begin) // 4))
        from_, to = max(0, begin + inner - at), max(0, min(len(mine), until - inner - at))
        judge.hidden(span, at + from_, mine[from_:to], theirs[from_:to])
    for begin in range(0, len(mine), WINDOW):
        window = slice(begin, begin + WINDOW)
        judge.outside(at + begin, mine[window], theirs[window], free[window])
