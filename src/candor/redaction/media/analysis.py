"""Looking through one stretch of a part: what detectors see in chosen pictures, followed through all of them.

The pictures are decoded and made small in a limited process (`frames`), seen by the detectors here and linked to pieces
of tracks (`linking`, `covering`). A stretch is looked through up to LOOK_ON seconds into the next one, so that what
begins there is followed backward into this one; `joining` puts the pieces of neighbours together.

What no detector was sure of is kept, and hidden until a person says otherwise, with the doubt "weak". Of the profiles,
strict keeps every bit of it. The others leave out what both falls short of _WORTH in every sighting and of _OFTEN in
the mean of them: furniture, hands and patterns that a detector takes for a face again and again, hardly ever a face
(in a classroom of 480 x 270 pixels, keeping them covered not one face more, and hid 5 percent of the picture beside the
faces instead of 1). A face that a detector gives no better than that, in none of its looks, is found by strict alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, BinaryIO, Final

import numpy as np

from candor.redaction.media.covering import cover
from candor.redaction.media.frames import Looked, Wish, grey_size, watch
from candor.redaction.media.linking import Followed, Linker, Seen, overlap
from candor.redaction.media.pieces import Piece
from candor.redaction.media.plan import Plan, Segment
from candor.redaction.models.detector import Detector
from candor.redaction.rules import Profile

__all__ = ["LOOK_ON", "MAKER", "SegmentResult", "analyse", "wishes_for"]

MAKER: Final = "tracks@1"
LOOK_ON: Final = 1.0
"""Seconds into the next stretch."""
_EVERY: Final = {Profile.FAST: 4, Profile.DEFAULT: 3, Profile.STRICT: 1}  # pictures, at _USUAL a second
_USUAL: Final = 30
_LARGE: Final = {Profile.FAST: 1.0, Profile.DEFAULT: 0.5, Profile.STRICT: 0.2}  # seconds between two large looks
_LARGE_SIDE: Final = {Profile.FAST: 1280, Profile.DEFAULT: 1600, Profile.STRICT: 1920}  # pixels
_MUCH: Final = 1.4  # times larger than the usual look, from which a large one is worth its time
_SAME: Final = 0.4  # overlap from which two sightings in one picture are one
_WORTH: Final = 0.3  # score of one sighting, from which something is kept whatever the others are
_OFTEN: Final = 0.2  # mean score of all sightings, from which it is


@dataclass(frozen=True)
class SegmentResult:
    """What was found in one stretch. `models`: names of the detectors. `facts`: pictures, damaged, looks, seconds (by
    the clock), processor (seconds in detectors, by model)."""

    segment: Segment
    pieces: tuple[Piece, ...]
    models: tuple[str, ...]
    profile: Profile
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Everything; `SegmentResult.from_json` reads it."""
        return {
            "maker": MAKER,
            "segment": self.segment.to_json(),
            "profile": self.profile.value,
            "models": list(self.models),
            "pieces": [piece.to_json() for piece in self.pieces],
            "facts": dict(self.facts),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SegmentResult:
        """Read `to_json`. Raises KeyError, TypeError or ValueError for what is none."""
        return cls(
            Segment.from_json(value["segment"]),
            tuple(Piece.from_json(one) for one in value["pieces"]),
            tuple(value["models"]),
            Profile(value["profile"]),
            value["facts"],
        )


def analyse(
    stream: BinaryIO,
    plan: Plan,
    segment: Segment,
    detectors: Sequence[Detector],
    profile: Profile = Profile.DEFAULT,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> SegmentResult:
    """Look through one stretch of the recording in `stream` (seekable).

    progress gets 0..1 of this stretch, in the calling thread, as `cancelled` is asked; detectors run in another.
    Raises a LimitedError (LimitedRefused "size-changes" where the picture changes in the middle, LimitedCancelled), and
    whatever `stream`, a detector or a callback raises. The same stretch with the same detectors gives the same result.
    """
    begun = time.monotonic()
    search = _Search(plan, segment, detectors, profile)
    pieces, facts = watch(
        stream,
        plan,
        search.run,
        begin=segment.begin,
        until=_look_until(plan, segment),
        wishes=search.wishes,
        progress=_told(plan, segment, progress),
        cancelled=cancelled,
    )
    if progress is not None:
        progress(1.0)
    return SegmentResult(
        segment,
        tuple(pieces),
        tuple(detector.name for detector in detectors),
        profile,
        {**facts, **search.facts(), "seconds": round(time.monotonic() - begun, 3)},
    )


def _look_until(plan: Plan, segment: Segment) -> int | None:
    if segment.until is None:
        return None
    return segment.until + round(Fraction(LOOK_ON) / plan.frames.clock)


def _told(plan: Plan, segment: Segment, progress: Callable[[float], None] | None) -> Callable[[int], None] | None:
    if progress is None:
        return None
    begin = plan.frames.at(0) if segment.begin is None else segment.begin
    end = _look_until(plan, segment)
    length = max(1, (plan.frames.at(len(plan.frames) - 1) if end is None else end) - begin)
    return lambda now: progress(min(1.0, max(0.0, (now - begin) / length)))


def wishes_for(plan: Plan, detectors: Sequence[Detector], profile: Profile) -> list[tuple[Detector, Wish]]:
    """Which pictures each detector gets, how often.

    One that takes pictures of two sizes, and so of any, also gets large ones now and then: what is small in a large
    original can be seen in those alone, and is followed in between.
    """
    rate = 1 / _usual_step(plan)  # what containers claim is not to be relied on
    every = max(1, round(rate * _EVERY[profile] / _USUAL))
    wishes: list[tuple[Detector, Wish]] = []
    for detector in detectors:
        sizes = tuple(_size(plan, size) for size in (detector.size, detector.second_size) if size is not None)
        wishes.append((detector, Wish(sizes, every * max(1, detector.rarer))))
        large = _large(plan, sizes[0], _LARGE_SIDE[profile]) if len(sizes) > 1 else None
        if large is not None:
            wishes.append((detector, Wish((large,), max(every, round(rate * _LARGE[profile])))))
    return wishes


def _size(plan: Plan, size: tuple[int, int]) -> tuple[int, int]:
    """A detector's size for this recording: turned, and of about its shape."""
    width, height = plan.picture.width, plan.picture.height
    long, short = max(width, height), min(width, height)
    wanted: tuple[float, float] = size
    if size[0] == size[1]:  # made for squares: it fills up what is missing itself
        wanted = (size[0], size[0] * short / long)
    elif abs(size[0] / size[1] * short / long - 1) >= 0.15:
        side = (size[0] * size[1]) ** 0.5
        wanted = (side * (long / short) ** 0.5, side * (short / long) ** 0.5)
    fitted = (max(32, round(wanted[0] / 32) * 32), max(32, round(wanted[1] / 32) * 32))
    return fitted if width >= height else (fitted[1], fitted[0])


def _large(plan: Plan, usual: tuple[int, int], side: int) -> tuple[int, int] | None:
    """The size of a large look, at most `side` long; None where the original is hardly larger than the usual one."""
    width, height = plan.picture.width, plan.picture.height
    scale = min(1.0, side / max(width, height))
    large = (math.ceil(width * scale / 32) * 32, math.ceil(height * scale / 32) * 32)
    return large if max(large) >= _MUCH * max(usual) else None


class _Search:
    """One stretch, picture by picture."""

    def __init__(self, plan: Plan, segment: Segment, detectors: Sequence[Detector], profile: Profile) -> None:
        self._plan = plan
        self._detectors = list(detectors)
        self._all = profile is Profile.STRICT
        asked = wishes_for(plan, detectors, profile)
        self._asked = [detector for detector, _ in asked]
        self.wishes = [wish for _, wish in asked]
        self._grey = grey_size(plan)
        self._seconds = _usual_step(plan)
        every = min((wish.every for wish in self.wishes), default=1)
        self._linker = Linker(self._seconds, every * self._seconds)
        self._times: list[int] = []
        self._pieces: list[Piece] = []
        self._looks: dict[str, int] = {detector.name: 0 for detector in self._detectors}
        self._spent: dict[str, float] = {detector.name: 0.0 for detector in self._detectors}

    def run(self, pictures: Iterator[Looked]) -> list[Piece]:
        """All of it."""
        for looked in pictures:
            self._times.append(looked.time)
            seen = self._see(looked)
            models = frozenset(self._asked[slot].name for slot, _ in looked.colour)
            self._linker.step(looked.grey, looked.cut, models, seen)
            self._keep(self._linker.finished())
        self._linker.end()
        self._keep(self._linker.rest())
        return sorted(self._pieces, key=lambda one: (one.times[0], one.times[-1], one.kind, tuple(one.boxes[0])))

    def _see(self, looked: Looked) -> list[Seen]:
        found: list[Seen] = []
        for slot, pixels in looked.colour:
            detector = self._asked[slot]
            begins, goes_on = detector.thresholds
            scale = np.array([self._grey[0] / pixels.shape[1], self._grey[1] / pixels.shape[0]] * 2, np.float32)
            clock = time.thread_time()
            sightings = detector.detect(pixels, goes_on)
            self._looks[detector.name] += 1
            self._spent[detector.name] += time.thread_time() - clock
            found += [
                Seen(
                    one.kind,
                    one.label,
                    detector.name,
                    np.asarray(one.box, np.float32) * scale,
                    one.score,
                    one.score >= begins,
                )
                for one in sightings
            ]
        return _once(found) if len(looked.colour) > 1 else found

    def _keep(self, finished: Iterator[Followed]) -> None:
        size = (self._plan.picture.width, self._plan.picture.height)
        for one in finished:
            if self._all or one.best >= _WORTH or one.mean >= _OFTEN:
                piece = cover(one, self._times, self._grey, self._seconds, size)
                if piece.times:
                    self._pieces.append(piece)

    def facts(self) -> dict[str, Any]:
        """What it took."""
        return {"looks": self._looks, "processor": {name: round(one, 3) for name, one in self._spent.items()}}


def _usual_step(plan: Plan) -> float:
    """Seconds of one picture: the mean, which a part without a sensible rate has too."""
    frames = plan.frames
    if len(frames) < 2:
        return 1 / _USUAL
    mean = float((frames.at(len(frames) - 1) - frames.at(0)) * frames.clock) / (len(frames) - 1)
    return min(1.0, max(1 / 240, mean))


def _once(found: list[Seen]) -> list[Seen]:
    """Sightings of one thing at several sizes are one, the surest."""
    kept: list[Seen] = []
    for one in sorted(found, key=lambda seen: -seen.score):
        if not any(
            other.kind == one.kind and other.model == one.model and overlap(other.box, one.box) > _SAME
            for other in kept
        ):
            kept.append(one)
    return kept
