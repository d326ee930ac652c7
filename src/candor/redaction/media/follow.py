"""Following what a person drew, from one picture on, forward or backward, until it is lost, gone, or far enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO, Final, Literal

import numpy as np
import numpy.typing as npt

from candor.redaction.media.flow import Rows, crosses, find, likeness, move, patch_of
from candor.redaction.media.frames import Looked, grey_size, watch
from candor.redaction.media.plan import Plan
from candor.redaction.media.thinning import keys_of
from candor.redaction.model import Key

__all__ = ["WHY", "Followed", "follow"]

Direction = Literal["forward", "backward"]
Grey = npt.NDArray[np.uint8]

WHY: Final[dict[str, str]] = {
    "until": "followed as far as was asked",
    "end": "followed to the end of the recording",
    "edge": "it left the picture",
    "cut": "the scene changes",
    "lost": "it could not be told from what is around it any more",
}
FORWARD: Final = 60.0
"""Seconds that something is followed forward, at most, in one go."""
BACKWARD: Final = 20.0
"""And backward: what lies before is decoded first and kept meanwhile."""
_KEPT: Final = 1500  # pictures kept for following backward, at most
_SIDE: Final = 640  # of the grey plane
_TRUST: Final = 0.35
_BLIND: Final = 6  # pictures, one after another, that may be guessed
_LIKE: Final = 0.3  # below which it is something else
_LEARN: Final = (0.65, 0.08)  # from which its looks are learned, and how fast
_GONE: Final = 0.15  # share in the picture, below which it has left


@dataclass(frozen=True)
class Followed:
    """`keys`: growing times, from the picture it was drawn in, or (backward) up to it; at least that one. `why` it ends
    there: a key of WHY."""

    keys: tuple[Key, ...]
    why: str


def follow(
    stream: BinaryIO,
    plan: Plan,
    box: tuple[float, float, float, float],
    at: int,
    direction: Direction = "forward",
    until: int | None = None,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Followed:
    """Follow `box` (x0, y0, x1, y1 in pixels of the upright original), drawn in the picture shown at `at`, to the
    picture shown at `until` (None: as far as it goes, at most FORWARD or BACKWARD seconds).

    Raises a LimitedError as `analyse` does, and what `stream` or a callback raises.
    """
    drawn = plan.frames.at(plan.frames.number_at(at))
    begin, end = _stretch(plan, drawn, direction, until)
    length = max(1, end - begin)
    told = None if progress is None else lambda now: progress(min(1.0, max(0.0, (now - begin) / length)))
    chase = _Chase(plan, np.asarray(box, np.float32))
    run = chase.forward if direction == "forward" else chase.backward
    why, _ = watch(
        stream,
        plan,
        lambda pictures: run(looked for looked in pictures if begin <= looked.time <= end),
        begin=begin,
        until=end + 1,
        side=_SIDE,
        progress=told,
        cancelled=cancelled,
    )
    edge, reached = (len(plan.frames) - 1, end) if direction == "forward" else (0, begin)
    if why == "until" and reached == plan.frames.at(edge):
        why = "end"
    if not chase.times:
        return Followed((Key(drawn, tuple(float(one) for one in box)),), "lost")
    order = np.argsort(chase.times)
    boxes = np.stack(chase.boxes)[order]
    return Followed(keys_of([chase.times[place] for place in order], boxes), why)


def _stretch(plan: Plan, drawn: int, direction: Direction, until: int | None) -> tuple[int, int]:
    """First and last time of the pictures that are needed."""
    frames = plan.frames
    if direction == "forward":
        furthest = drawn + round(Fraction(FORWARD) / frames.clock)
        wanted = furthest if until is None else min(furthest, until)
        return drawn, max(drawn, frames.at(frames.number_at(wanted)))
    kept = frames.at(max(0, frames.number_at(drawn) - _KEPT))
    furthest = max(kept, drawn - round(Fraction(BACKWARD) / frames.clock))
    wanted = furthest if until is None else max(furthest, until)
    return min(drawn, max(frames.at(0), frames.at(frames.number_at(wanted)))), drawn


class _Chase:
    """One thing, from picture to picture."""

    def __init__(self, plan: Plan, box: Rows) -> None:
        grey = grey_size(plan, _SIDE)
        self._scale = np.array([plan.picture.width / grey[0], plan.picture.height / grey[1]] * 2, np.float32)
        self._box: Rows = box / self._scale
        self._speed: Rows = np.zeros(4, np.float32)
        self._looks: npt.NDArray[np.float32] | None = None
        self._blind = 0
        self.times: list[int] = []
        self.boxes: list[Rows] = []

    def forward(self, pictures: Iterable[Looked]) -> str:
        """Why it ended."""
        before: Grey | None = None
        for looked in pictures:
            if before is not None and looked.cut:
                return self._ends("cut")
            why = self._step(before, looked.grey, looked.time)
            if why is not None:
                return self._ends(why)
            before = looked.grey
        return self._ends("until")

    def backward(self, pictures: Iterator[Looked]) -> str:
        """The same, from the last picture to the first. A cut stands with the picture after it."""
        later: Looked | None = None
        for looked in reversed(list(pictures)):
            if later is not None and later.cut:
                return self._ends("cut")
            why = self._step(None if later is None else later.grey, looked.grey, looked.time)
            if why is not None:
                return self._ends(why)
            later = looked
        return self._ends("until")

    def _step(self, before: Grey | None, grey: Grey, time: int) -> str | None:
        if before is not None:
            self._advance(before, grey)
        if before is not None and self._share(grey) < _GONE:
            return "edge"
        now = patch_of(grey, self._box)
        alike = likeness(self._looks, now)
        if self._looks is None:
            self._looks = now
        elif crosses(self._box, self._speed, grey.shape) and self._blind <= 2 * _BLIND:
            pass  # what leaves looks like less and less of itself
        elif self._blind > _BLIND or alike < _LIKE:
            return "lost"
        elif now is not None and alike > _LEARN[0]:
            self._looks = (1 - _LEARN[1]) * self._looks + _LEARN[1] * now
        self.times.append(time)
        self.boxes.append(self._box * self._scale)
        return None

    def _advance(self, before: Grey, grey: Grey) -> None:
        moved, trust = move(before, grey, self._box[None], self._speed[None])
        if trust[0] >= _TRUST:
            self._speed = 0.6 * self._speed + 0.4 * (moved[0] - self._box)
            self._box, self._blind = moved[0], 0
            return
        guess = self._box + self._speed
        found = find(before, grey, self._box, guess)
        self._blind = 0 if found is not None else self._blind + 1
        self._box = guess if found is None else found

    def _share(self, grey: Grey) -> float:
        height, width = grey.shape
        low = np.maximum(self._box[:2], 0)
        high = np.minimum(self._box[2:], np.array([width, height], np.float32))
        inner = float(np.prod(np.maximum(high - low, 0)))
        return inner / max(1e-3, float(np.prod(self._box[2:] - self._box[:2])))

    def _ends(self, why: str) -> str:
        """What was guessed at the end does not stay."""
        if why == "lost" and self._blind:
            guessed = min(self._blind - 1, len(self.times) - 1)
            if guessed > 0:
                del self.times[-guessed:], self.boxes[-guessed:]
        return why
