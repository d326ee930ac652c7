"""Which pictures are on the screen within a stretch: to the tick, since thousandths are too coarse to tell."""

from __future__ import annotations

from fractions import Fraction

from candor.redaction.model import FrameTimes

__all__ = ["milliseconds", "on_screen"]


def on_screen(frames: FrameTimes, begin: int, end: int) -> range:
    """The numbers of the pictures that are shown at some moment from `begin` until before `end`, milliseconds of the
    part: from that which stands when it begins. A stretch from the part's beginning has those before its zero too."""
    if not len(frames) or end <= begin:
        return range(0)
    first = 0 if begin <= 0 else frames.number_at(_ticks(frames, begin))
    return range(first, _before(frames, end))


def milliseconds(frames: FrameTimes, time: int) -> int:
    """A time as it stands in an edit list."""
    return round((time - frames.zero) * frames.clock * 1000)


def _ticks(frames: FrameTimes, at: int) -> int:
    """The last tick that is not after a moment."""
    return int(Fraction(at, 1000) // frames.clock) + frames.zero


def _before(frames: FrameTimes, end: int) -> int:
    """How many pictures begin before a moment."""
    last = -int(-Fraction(end, 1000) // frames.clock) + frames.zero - 1
    number = frames.number_at(last)
    return number + 1 if frames.at(number) <= last else number
