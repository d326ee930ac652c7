"""From sightings in single pictures to pieces of tracks: what was seen is followed through every picture.

Each picture, what is followed moves by flow (`flow`). Where a detector looked, sightings are given to what is followed:
the sure ones first, then the unsure ones to what is left, which alone never begin anything (two thresholds: Zhang and
others, ByteTrack, 2022). What the flow missed by is spread over the pictures since the last sighting. Something new is
followed backward as well, as far as a second. What is not seen any more is followed on for a while: if it is seen again
everything in between stays, otherwise only a short tail.

Boxes here are in pixels of the grey plane. Pure but for the arrays it is given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from candor.redaction.media.flow import Rows, camera, crosses, find, likeness, move, patch_of
from candor.redaction.model import Kind

__all__ = ["Followed", "Linker", "Seen", "overlap"]

Grey = npt.NDArray[np.uint8]

COAST: Final = 2.0
"""Seconds that something is followed after it was last seen, if it was seen more than once."""
COAST_ONCE: Final = 0.4
TAIL: Final = 0.4
"""Seconds that stay of that where it is not seen again; up to the picture's edge or a cut, BACK; as long as motion and
looks leave no doubt, all of it."""
BACK: Final = 1.0
_BLIND: Final = 0.25  # seconds without flow that can be trusted, until it is lost
_BLIND_BACK: Final = 0.1
_TRUST: Final = 0.3
_STEADY: Final = 0.5  # correlation from which it is taken to be what was last seen there
_BELIEVED: Final = 0.4  # score from which one sighting is enough for that
_ALIKE: Final = 0.15  # correlation with what was last seen there; below it is something else
_SAME: Final = 0.3  # overlap from which an unsure sighting goes on with something
_NEAR: Final = 0.8  # of their size, how far apart middles may be where boxes hardly overlap
_DOUBLE: Final = 0.45  # overlap from which something new is what is followed already
_GONE: Final = 0.05  # share of a box that is in the picture, below which it has left
_CROSSING: Final = 0.5  # seconds that it may take to cross the edge unseen
_TURNING: Final = 8.0  # pixels of the grey plane in one picture, from which the camera turns fast
_SURE: Final = 0.5  # score at which one sighting is enough to follow it backward


@dataclass(frozen=True)
class Seen:
    """A sighting in pixels of the grey plane."""

    kind: Kind
    label: str
    model: str
    box: Rows
    score: float
    begins: bool
    """Sure enough to begin something."""


@dataclass(eq=False)
class Followed:
    """One thing that is followed. `boxes`: by number of the picture. `seen`: score by number."""

    kind: Kind
    label: str
    model: str
    boxes: dict[int, Rows]
    seen: dict[int, float]
    last_seen: int
    patch: npt.NDArray[np.float32] | None
    begins: str = "entry"
    ends: str = "end"
    until: int | None = None
    """The number of the picture after which a cut stands, if that is what came next."""
    looked: int = 1
    velocity: Rows = field(default_factory=lambda: np.zeros(4, np.float32))
    blind: int = 0
    unlike: int = 0
    """For how many pictures its motion was not seen, or it looked like something else."""
    steady: int = 0
    """Up to where it was followed without any doubt since it was last seen."""
    traced: bool = False
    """Whether it was followed backward."""

    @property
    def best(self) -> float:
        """The best score of its sightings."""
        return max(self.seen.values())

    @property
    def mean(self) -> float:
        """The mean score of its sightings."""
        return sum(self.seen.values()) / len(self.seen)

    @property
    def newest(self) -> int:
        """The number of its newest picture."""
        return next(reversed(self.boxes))

    @property
    def box(self) -> Rows:
        """Where it is."""
        return self.boxes[self.newest]


class Linker:
    """Takes pictures one after another. `finished` gives what has ended; after the last picture, `end` and again."""

    def __init__(self, seconds: float, every: float) -> None:
        """seconds: of one picture. every: seconds between two looks of the detector that looks most often."""
        self._rate = 1 / max(seconds, 1e-3)
        self._live: list[Followed] = []
        self._closed: deque[Followed] = deque()
        self._past: deque[tuple[int, Grey, bool]] = deque(maxlen=self._pictures(BACK) + 2)
        self._number = -1

    def _pictures(self, seconds: float) -> int:
        return max(1, round(seconds * self._rate))

    def step(self, grey: Grey, cut: bool, looked: frozenset[str], seen: Sequence[Seen]) -> int:
        """One picture on. looked: names of the models that looked at it. Its number, from 0."""
        self._number += 1
        if cut:
            self._close_all("cut")
        elif self._past:
            self._advance(self._past[-1][1], grey)
        self._past.append((self._number, grey, cut))
        for model in sorted(looked):
            self._associate(model, [one for one in seen if one.model == model], grey, cut)
        self._let_go()
        return self._number

    def end(self) -> None:
        """No more pictures."""
        self._close_all("end")

    def finished(self) -> Iterator[Followed]:
        """What has ended and can no longer be taken up again."""
        while self._closed and (not self._past or self._closed[0].newest < self._number - self._pictures(COAST)):
            yield self._closed.popleft()

    def rest(self) -> Iterator[Followed]:
        """Everything that is left, after `end`."""
        while self._closed:
            yield self._closed.popleft()

    # from picture to picture

    def _advance(self, before: Grey, after: Grey) -> None:
        if not self._live:
            return
        boxes = np.stack([one.box for one in self._live])
        speeds = np.stack([one.velocity for one in self._live])
        for one, old, step, sure in zip(list(self._live), boxes, *_step(before, after, boxes, speeds), strict=True):
            one.velocity = _drift(one.velocity, step) if sure else step
            one.blind = 0 if sure else one.blind + 1
            box = old + step
            one.boxes[self._number] = box
            if self._left(box, after.shape):
                self._close(one, "edge")
            elif crosses(box, one.velocity, after.shape) and one.blind <= self._pictures(_CROSSING):
                continue
            else:
                self._doubt(one, likeness(one.patch, patch_of(after, box)), sure=bool(sure))

    def _doubt(self, one: Followed, alike: float, *, sure: bool) -> None:
        """Whether it is still what was last seen. alike: to that, by its looks; sure: its motion was seen."""
        one.unlike = one.unlike + 1 if alike < _ALIKE else 0
        if sure and alike >= _STEADY and one.steady == self._number - 1:
            one.steady = self._number
        if max(one.blind, one.unlike) > self._pictures(_BLIND):
            self._close(one, "lost")

    def _left(self, box: Rows, shape: tuple[int, ...]) -> bool:
        height, width = shape
        inner = max(0.0, min(width, float(box[2])) - max(0.0, float(box[0]))) * max(
            0.0, min(height, float(box[3])) - max(0.0, float(box[1]))
        )
        return inner < _GONE * float((box[2] - box[0]) * (box[3] - box[1]))

    def _let_go(self) -> None:
        for one in list(self._live):
            patience = COAST if len(one.seen) > 1 or one.best >= _BELIEVED else COAST_ONCE
            if self._number - one.last_seen > self._pictures(patience):
                self._close(one, "lost")

    def _close_all(self, why: str) -> None:
        for one in list(self._live):
            self._close(one, why)

    def _close(self, one: Followed, why: str) -> None:
        """It ends here; of what was not seen again, a tail stays."""
        self._live.remove(one)
        one.until = self._number - 1 if why == "cut" else None
        last = one.last_seen + self._pictures(TAIL if why == "lost" else BACK)
        if one.best >= _BELIEVED:  # what moves and looks as it did when it was seen is still there
            last = max(last, one.steady)
        if one.newest > last:
            one.boxes = {number: box for number, box in one.boxes.items() if number <= last}
            why = "lost"
        one.ends = why
        self._closed.append(one)

    # sightings

    def _associate(self, model: str, seen: list[Seen], grey: Grey, cut: bool) -> None:
        live = [one for one in self._live if one.model == model]
        for one in live:
            one.looked += 1
        sure = [one for one in seen if one.begins]
        left, unmatched = self._match(live, sure, grey, strict=False)
        left, _ = self._match(left, [one for one in seen if not one.begins], grey, strict=True)
        for new in unmatched:
            self._begin(new, grey, cut)

    def _match(
        self, live: list[Followed], seen: list[Seen], grey: Grey, *, strict: bool
    ) -> tuple[list[Followed], list[Seen]]:
        """Give sightings to what is followed, the best fitting first; what is left of both."""
        if not live or not seen:
            return live, seen
        pairs = sorted(
            (
                (-fit, row, column)
                for row, one in enumerate(live)
                for column, other in enumerate(seen)
                if one.kind == other.kind and one.label == other.label
                for fit in (_fit(one.box, other.box, strict=strict),)
                if fit > 0
            ),
        )
        rows: set[int] = set()
        columns: set[int] = set()
        for _, row, column in pairs:
            if row in rows or column in columns:
                continue
            rows.add(row)
            columns.add(column)
            self._take(live[row], seen[column], grey)
        return (
            [one for row, one in enumerate(live) if row not in rows],
            [one for column, one in enumerate(seen) if column not in columns],
        )

    def _take(self, one: Followed, seen: Seen, grey: Grey) -> None:
        """It was seen here: what the flow missed by is spread over the pictures since it was last seen."""
        missed = seen.box - one.box
        steps = self._number - one.last_seen
        for place in range(1, steps + 1):
            number = one.last_seen + place
            if number in one.boxes:
                one.boxes[number] = one.boxes[number] + missed * (place / steps)
        one.boxes[self._number] = seen.box
        one.seen[self._number] = max(seen.score, one.seen.get(self._number, 0.0))
        one.last_seen = one.steady = self._number
        one.blind = one.unlike = 0
        one.patch = patch_of(grey, seen.box)
        if not one.traced and (len(one.seen) > 1 or seen.score >= _SURE):
            self._trace_back(one)

    def _begin(self, seen: Seen, grey: Grey, cut: bool) -> None:
        if any(
            one.kind == seen.kind and one.last_seen == self._number and overlap(one.box, seen.box) > _DOUBLE
            for one in self._live
        ):
            return
        one = Followed(
            seen.kind,
            seen.label,
            seen.model,
            {self._number: seen.box},
            {self._number: seen.score},
            self._number,
            patch_of(grey, seen.box),
            begins="cut" if cut else "entry",
            steady=self._number,
        )
        self._live.append(one)
        if seen.score >= _SURE:
            self._trace_back(one)

    # backward

    def _trace_back(self, one: Followed) -> None:
        """Follow it to before it was first seen: until a cut, the edge, something else, or BACK."""
        one.traced = True
        first = next(iter(one.boxes))
        past = {number: (grey, cut) for number, grey, cut in self._past}
        if first not in past:
            return
        box = one.boxes[first]
        patch = patch_of(past[first][0], box)
        speed: Rows = ((box - one.box) / max(1, one.newest - first)).astype(np.float32)
        earlier: dict[int, Rows] = {}
        blind = unlike = 0
        for number in range(first - 1, first - 1 - self._pictures(BACK), -1):
            if past[number + 1][1]:
                one.begins = "cut"
                break
            if number not in past:
                one.begins = "end" if number < 0 else one.begins
                break
            grey = past[number][0]
            (step,), (sure,) = _step(past[number + 1][0], grey, box[None], speed[None])
            speed, blind = (_drift(speed, step), 0) if sure else (step, blind + 1)
            box = box + step
            crossing = crosses(box, speed, grey.shape) and blind <= self._pictures(_CROSSING)
            if self._left(box, grey.shape):
                one.begins = "edge"
                break
            unlike = unlike + 1 if likeness(patch, patch_of(grey, box)) < _ALIKE else 0
            if not crossing and max(blind, unlike) > self._pictures(_BLIND_BACK):
                break
            if self._taken_up(one, number, box, earlier):
                break
            earlier[number] = box
        one.boxes = {**dict(sorted(earlier.items())), **one.boxes}

    def _taken_up(self, one: Followed, number: int, box: Rows, earlier: dict[int, Rows]) -> bool:
        """Whether it is here what ended not long ago, which it then goes on with."""
        for other in self._closed:
            there = other.boxes.get(number)
            if there is None or other.kind != one.kind or other.model != one.model or other.label != one.label:
                continue
            if overlap(there, box) < _SAME:
                continue
            self._closed.remove(other)
            earlier.update({key: value for key, value in other.boxes.items() if key not in earlier})
            one.seen = {**other.seen, **one.seen}
            one.looked += other.looked
            one.begins = other.begins
            return True
        return any(
            other is not one
            and other.kind == one.kind
            and number in other.boxes
            and overlap(other.boxes[number], box) > _DOUBLE
            for other in self._live
        )


def _step(before: Grey, after: Grey, boxes: Rows, speeds: Rows) -> tuple[Rows, npt.NDArray[np.bool_]]:
    """How the numbers of boxes change from one picture to another, and whether that was seen. Where points are lost:
    as the camera moved, if that leads to them or to what looks the same; otherwise as before."""
    moved, trust = move(before, after, boxes, speeds)
    steps, sure = (moved - boxes).astype(np.float32), trust >= _TRUST
    if sure.all():
        return steps, sure
    lost = np.flatnonzero(~sure)
    steps[lost] = speeds[lost]
    turned = camera(before, after)
    if turned is not None:
        guesses = np.repeat(turned[None], len(lost), axis=0)
        again, trust = move(before, after, boxes[lost], guesses)
        # What moves by itself goes on by itself, unless the camera turns fast.
        unseen = guesses if float(np.abs(turned).max()) > _TURNING else speeds[lost]
        steps[lost] = np.where((trust >= _TRUST)[:, None], again - boxes[lost], unseen)
        sure[lost] = trust >= _TRUST
    for row in np.flatnonzero(~sure):
        found = find(before, after, boxes[row], boxes[row] + steps[row])
        if found is not None:
            steps[row], sure[row] = found - boxes[row], True
    return steps, sure


def _drift(speed: Rows, step: Rows) -> Rows:
    """A speed that the newest step has changed."""
    return (0.6 * speed + 0.4 * step).astype(np.float32)


def overlap(one: Rows, other: Rows) -> float:
    """Intersection over union."""
    width = min(float(one[2]), float(other[2])) - max(float(one[0]), float(other[0]))
    height = min(float(one[3]), float(other[3])) - max(float(one[1]), float(other[1]))
    if width <= 0 or height <= 0:
        return 0.0
    inner = width * height
    area = float((one[2] - one[0]) * (one[3] - one[1])) + float((other[2] - other[0]) * (other[3] - other[1]))
    return inner / (area - inner)


def _fit(followed: Rows, seen: Rows, *, strict: bool) -> float:
    """How well a sighting fits, 0: not at all. Not strict: also what hardly overlaps but is near and as large."""
    shared = overlap(followed, seen)
    if shared >= (_SAME if strict else 0.2):
        return shared
    if strict:
        return 0.0
    one, other = followed[2:] - followed[:2], seen[2:] - seen[:2]
    size = float((one + other).mean()) / 2
    apart = float(np.hypot(*((followed[:2] + followed[2:] - seen[:2] - seen[2:]) / 2)))
    ratio = float(np.sqrt((other[0] * other[1]) / max(float(one[0] * one[1]), 1e-3)))
    if apart > _NEAR * size or not 0.5 < ratio < 2:
        return 0.0
    return 0.2 * (1 - apart / (_NEAR * size)) + 1e-3
