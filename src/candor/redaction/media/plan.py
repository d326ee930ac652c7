"""What there is to look through in a part: its picture, the times of its pictures, where decoding can begin.

The parent's side of `plan_work.py`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, BinaryIO, Final

from candor.core.limited import Limits, run_limited
from candor.redaction.model import FrameTimes, Picture

__all__ = ["Plan", "Segment", "limits_for", "look", "segments"]

MAKER: Final = "plan@1"
_LONGEST: Final = 60.0  # seconds of a stretch
_SHORT: Final = 8.0  # seconds of a part that is not worth cutting


@dataclass(frozen=True)
class Plan:
    """A part as every later pass sees it.

    `picture`: of the upright original. `frames`: the times of its pictures. `keys`: times, growing, of pictures at
    which decoding can begin; `closed`: those of them after which nothing looks back (H.264 and H.265: IDR).
    `seekable`: whether the container finds them; where it does not, or where times are known by decoding alone, a part
    is worked on from its start. `codec`, `pixels` (pixel format), `container`: in FFmpeg's words. `coded`: width and
    height before the turn. `rate`: claimed pictures a second. `track`, `sound_track`: by number in the container.
    `duration`: seconds from the first picture to the end of the last. `counts`: "damaged", "repeated" (pictures whose
    time another one has too), "early" (before `frames.zero`), "untimed", "hidden" (by an edit list), "back" (times that
    go back).
    """

    picture: Picture
    frames: FrameTimes
    keys: tuple[int, ...]
    closed: tuple[int, ...]
    seekable: bool
    codec: str
    pixels: str
    container: str
    coded: tuple[int, int]
    rate: Fraction
    track: int
    sound_track: int | None
    duration: float
    interlaced: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether there is sound that decodes."""
        return self.sound_track is not None

    def to_json(self) -> dict[str, Any]:
        """Everything; `Plan.from_json` reads it."""
        return {
            "maker": MAKER,
            "picture": self.picture.to_json(),
            "frames": self.frames.to_json(),
            "facts": self.facts(),
        }

    def facts(self) -> dict[str, Any]:
        """Everything but picture and times, for redaction_part.facts."""
        return {
            "keys": list(self.keys),
            "closed": list(self.closed),
            "seekable": self.seekable,
            "codec": self.codec,
            "pixels": self.pixels,
            "container": self.container,
            "coded": list(self.coded),
            "rate": str(self.rate),
            "track": self.track,
            "sound_track": self.sound_track,
            "duration": self.duration,
            "interlaced": self.interlaced,
            "counts": dict(self.counts),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Plan:
        """Read `to_json`."""
        return cls.of(value["picture"], value["frames"], value["facts"])

    @classmethod
    def of(cls, picture: Mapping[str, Any], frames: Mapping[str, Any], facts: Mapping[str, Any]) -> Plan:
        """From the three columns of redaction_part."""
        return cls(
            Picture.from_json(picture),
            FrameTimes.from_json(frames),
            tuple(int(one) for one in facts["keys"]),
            tuple(int(one) for one in facts["closed"]),
            bool(facts["seekable"]),
            str(facts["codec"]),
            str(facts["pixels"]),
            str(facts["container"]),
            (int(facts["coded"][0]), int(facts["coded"][1])),
            Fraction(facts["rate"]),
            int(facts["track"]),
            None if facts["sound_track"] is None else int(facts["sound_track"]),
            float(facts["duration"]),
            bool(facts["interlaced"]),
            {str(name): int(count) for name, count in facts["counts"].items()},
        )


@dataclass(frozen=True)
class Segment:
    """A stretch that one job looks through: pictures with `begin` <= time < `until` (None: from the very start, to the
    very end)."""

    number: int
    begin: int | None
    until: int | None

    def to_json(self) -> dict[str, Any]:
        """Its three values."""
        return {"number": self.number, "begin": self.begin, "until": self.until}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Segment:
        """Read `to_json`."""
        return cls(int(value["number"]), value["begin"], value["until"])


def segments(plan: Plan, seconds: float | None = None) -> list[Segment]:
    """Cut a part at key frames into stretches of about so many seconds; one stretch where it cannot be sought.

    None: of a minute at most, and an even number of them, so that two that are looked through side by side end
    together; a part of a few seconds is one stretch, because each looks a second into the next.
    """
    if seconds is None:
        seconds = _even(plan.duration)
    cuts: list[int | None] = [None]
    if plan.seekable and len(plan.frames):
        begun, end = plan.frames.at(0), plan.frames.at(len(plan.frames) - 1)
        length = round(Fraction(seconds).limit_denominator(1000) / plan.frames.clock)
        for key in plan.keys:
            # The rest should not be a sliver.
            if key - begun >= length and end - key >= length // 4:
                cuts.append(key)
                begun = key
    ends = [*cuts[1:], None]
    return [Segment(number, begin, until) for number, (begin, until) in enumerate(zip(cuts, ends, strict=True))]


def _even(duration: float) -> float:
    return duration / (2 * math.ceil(duration / (2 * _LONGEST))) if duration > _SHORT else _LONGEST


def limits_for(size: int, *, result: int = 1 << 20, output: int = 0) -> Limits:
    """What one pass over an original of `size` bytes may use; it grows with the file, and stops what leads nowhere."""
    seconds = 600 + size / 20_000
    return Limits(
        memory=2 << 30,
        cpu_seconds=seconds,
        wall_seconds=2 * seconds,
        stall_seconds=300,
        output_bytes=output,
        result_bytes=result,
    )


def look(
    stream: BinaryIO,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Plan:
    """Find out what there is in the recording in `stream` (seekable), without decoding it where that can be.

    Raises LimitedRefused, with a plain reason, for what cannot be worked on: "no-picture", "size-changes", "too-long",
    "times-restart", "not-media"; another LimitedError when it was stopped; LimitedCancelled.
    """
    answer = run_limited(
        "candor.redaction.media.work:look",
        stream,
        {},
        limits_for(stream.seek(0, os.SEEK_END), result=96 << 20),
        progress=progress,
        cancelled=cancelled,
    )
    return Plan.from_json(answer)
