"""Inside the masks nothing usable is left. Runs in a limited process.

A solid mask is flat and black. A mosaic tells no more than its seven by seven cells, neither in one picture nor in
several put together (`recovering`). A blur is weaker by nature: how much comes back is measured and said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from candor.redaction.masks import Mask
from candor.redaction.media.areas import Area, area_of, coded_size, pixels_of
from candor.redaction.media.planes import Plane, Planes
from candor.redaction.media.recovering import GRID, flat, from_blur, from_mosaic, resolution
from candor.redaction.model import Picture, Shape, Style

__all__ = ["CELLS", "Inside"]

CELLS: Final = 7
FLAT: Final = 5.0  # standard deviation of values of a solid mask, away from its edge
FLAT_SMALL: Final = 14.0  # of one so small that its edge is everywhere
OFF: Final = 12.0  # how far a mask's mean may be from black
OFF_SMALL: Final = 30.0
_BLACK: Final = 16  # brightness, where pictures have the narrow range; 0 in the full one
_EDGE: Final = 8  # pixels: as far as an encoder's ringing reaches in
_TOGETHER: Final = 12  # pictures put together
_ATTEMPTS: Final = 60  # of one copy
_PER_TRACK: Final = 3
_SMALLEST: Final = 12  # pixels of a side of what is worth looking into
_DETAIL: Final = 6.0  # standard deviation of an original that has something to recover
_MOST_FINDINGS: Final = 50
_MOST_TRACKS: Final = 500

Image = npt.NDArray[np.float32]


@dataclass
class _Attempt:
    """Pictures of one mosaic, waiting to be put together."""

    at: int
    seen: list[Image] = field(default_factory=list)
    truth: list[Image] = field(default_factory=list)
    cells: list[tuple[list[float], list[float]]] = field(default_factory=list)


@dataclass
class _Weak:
    """What is known of one track that is not solid."""

    style: str
    pictures: int = 0
    once: int = 0
    """Resolution of the best single picture."""
    together: int = 0
    """Resolution of several put together, or of a blur undone."""
    at: int = 0
    attempts: int = 0


class Inside:
    """Takes pairs of pictures with their masks, and keeps the worst of what it saw."""

    def __init__(self, picture: Picture, *, interlaced: bool = False) -> None:
        """picture: how the original stands upright; masks speak of that."""
        self._picture = picture
        self._interlaced = interlaced
        self._size = coded_size(picture)
        self.solid = 0
        self.worst: dict[str, Any] | None = None
        self.findings: list[dict[str, Any]] = []
        self.more = 0
        self._weak: dict[str, _Weak] = {}
        self._waiting: dict[str, _Attempt] = {}
        self._attempts = 0

    def take(self, at: int, original: Planes, copy: Planes, masks: Sequence[Mask]) -> None:
        """One pair, and what is hidden in it."""
        areas = [(mask, area_of(mask, self._picture, interlaced=self._interlaced)) for mask in masks]
        solid = [(mask, area) for mask, area in areas if area is not None and mask.style is Style.SOLID]
        for mask, solid_area in solid:
            self._check_solid(at, copy, mask, solid_area)
        over = [solid_area for _, solid_area in solid]
        for mask, area in areas:
            if area is not None and mask.style is not Style.SOLID and not _under(area, over):
                self._look_into(at, original, copy, mask, area)

    def finish(self) -> dict[str, Any]:
        """What was seen, as JSON data; what still waits is put together first."""
        for name, attempt in sorted(self._waiting.items()):
            self._put_together(name, attempt)
        self._waiting.clear()
        weak = sorted(self._weak.items(), key=lambda one: (-one[1].together, -one[1].once, one[0]))
        return {
            "solid": self.solid,
            "flat": FLAT,
            "worst": self.worst,
            "attempts": self._attempts,
            "weaker": [{"track": name, **vars(one)} for name, one in weak[:_MOST_TRACKS]],
            "weaker_tracks": len(weak),
            "findings": self.findings,
            "more": self.more,
        }

    # solid

    def _check_solid(self, at: int, copy: Planes, mask: Mask, area: Area) -> None:
        self.solid += 1
        rows, columns = area.pixels(*copy.size)
        region = copy.y[rows, columns]
        if not region.size:
            return
        inner, limit = _inner(area, region.shape)
        if not inner.any():
            return
        spread, mean = _spread(region, inner)
        off = mean - _BLACK
        # A colour is the one value of two by two pixels.
        down, across = area.cells()
        small = inner[::2, ::2]
        for plane in (copy.u, copy.v):
            part = plane[down, across]
            uneven, mean = _spread(part, small[: part.shape[0], : part.shape[1]])
            spread, off = max(spread, uneven), max(off, abs(mean - 128))
        if self.worst is None or spread > self.worst["spread"]:
            self.worst = {"at": at, "box": self._box(mask), "spread": round(spread, 2), "track": mask.track}
        if spread > limit:
            words = f"the mask is not flat (standard deviation {spread:.1f}): something shows where it should be"
            self._find("mask-open", at, mask, words, spread=round(spread, 2))
        elif off > (OFF if limit == FLAT else OFF_SMALL):
            self._find(
                "mask-open", at, mask, "where the mask should be is another colour than the mask's", off=round(off, 1)
            )

    # mosaic and blur

    def _look_into(self, at: int, original: Planes, copy: Planes, mask: Mask, area: Area) -> None:
        rows, columns = area.pixels(*copy.size)
        mine, theirs = original.y[rows, columns], copy.y[rows, columns]
        if min(mine.shape) < _SMALLEST or mine.shape != theirs.shape:
            return
        known = self._weak.setdefault(mask.track, _Weak(mask.style.value))
        known.pictures += 1
        truth, seen = flat(mine), flat(theirs)
        if float(truth.std()) < _DETAIL:
            return
        reached = resolution(seen, truth)
        if reached > known.once:
            known.once, known.at = reached, at
        if mask.style is Style.MOSAIC:
            if reached > 2 * CELLS - 1:
                self._find("mask-open", at, mask, f"the mosaic shows {reached} x {reached} places", resolution=reached)
            self._wait(at, mask, area, mine, theirs)
        elif known.attempts < _PER_TRACK and self._attempts < _ATTEMPTS:
            known.attempts, self._attempts = known.attempts + 1, self._attempts + 1
            known.together = max(known.together, reached, resolution(from_blur(seen, truth), truth))

    def _wait(self, at: int, mask: Mask, area: Area, mine: Plane, theirs: Plane) -> None:
        """Keep a picture of a mosaic, fixed to the thing behind it, until there are enough of them."""
        known = self._weak[mask.track]
        if known.attempts >= _PER_TRACK or self._attempts + len(self._waiting) >= _ATTEMPTS:
            return
        attempt = self._waiting.setdefault(mask.track, _Attempt(at))
        shift = _shift(mask, area, self._picture)
        attempt.seen.append(_moved(flat(theirs), shift))
        attempt.truth.append(_moved(flat(mine), shift))
        attempt.cells.append(_cells(theirs, shift))
        if len(attempt.seen) >= _TOGETHER:
            self._put_together(mask.track, self._waiting.pop(mask.track))

    def _put_together(self, track: str, attempt: _Attempt) -> None:
        self._attempts += 1
        known = self._weak[track]
        known.attempts += 1
        truth: Image = np.mean(np.stack(attempt.truth), axis=0).astype(np.float32)
        reached = resolution(from_mosaic(attempt.seen, attempt.cells), truth)
        if reached > known.together:
            known.together, known.at = reached, attempt.at

    # findings

    def _find(self, what: str, at: int, mask: Mask, words: str, **more: Any) -> None:
        if len(self.findings) >= _MOST_FINDINGS:
            self.more += 1
            return
        self.findings.append(
            {"what": what, "at": at, "box": self._box(mask), "track": mask.track, "words": words, **more}
        )

    def _box(self, mask: Mask) -> list[int]:
        return [round(one) for one in mask.box(self._picture)]


def _inner(area: Area, shape: tuple[int, ...]) -> tuple[npt.NDArray[np.bool_], float]:
    """What of a mask's box is hidden and away from the mask's edge, as pixels; and how flat it has to be."""
    height, width = shape
    if area.inside is None:
        inside = np.ones((height, width), np.uint8)
    else:
        inside = pixels_of(area.inside, width, height).astype(np.uint8)
    margin = min(_EDGE, min(height, width) // 4)
    kernel = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
    inner = cv2.erode(inside, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return inner.astype(np.bool_), FLAT if margin == _EDGE else FLAT_SMALL


def _spread(region: Plane, inner: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Standard deviation and mean of what is inside; those of a black mask where there is nothing."""
    if not inner.any() or inner.shape != region.shape:
        return 0.0, 128.0
    mean, deviation = cv2.meanStdDev(np.ascontiguousarray(region), mask=inner.astype(np.uint8))
    return float(deviation[0][0]), float(mean[0][0])


def _under(area: Area, others: Iterable[Area]) -> bool:
    """Whether one of the solid masks lies over this one, so that what shows there is not a mosaic's."""
    return any(
        one.left < area.right and area.left < one.right and one.top < area.bottom and area.top < one.bottom
        for one in others
    )


def _shift(mask: Mask, area: Area, picture: Picture) -> tuple[float, float]:
    """By how much the middle of the followed thing lies beside the middle of its hidden box, in shares of the box."""
    if mask.shape is Shape.WHOLE or (picture.degrees, picture.mirrored) != (0, False):
        return 0.0, 0.0
    across, down = mask.numbers[0::2], mask.numbers[1::2]
    width, height = 2 * (area.right - area.left), 2 * (area.bottom - area.top)
    x = (min(across) + max(across)) / 2 - (area.left + area.right)
    y = (min(down) + max(down)) / 2 - (area.top + area.bottom)
    return (x / width, y / height) if abs(x) < width / 4 and abs(y) < height / 4 else (0.0, 0.0)


def _moved(square: Image, shift: tuple[float, float]) -> Image:
    """The square moved so that the thing is in its middle."""
    matrix = np.array([[1, 0, -shift[0] * GRID], [0, 1, -shift[1] * GRID]], np.float32)
    return np.asarray(cv2.warpAffine(square, matrix, (GRID, GRID), borderMode=cv2.BORDER_REPLICATE), np.float32)


def _cells(region: Plane, shift: tuple[float, float]) -> tuple[list[float], list[float]]:
    """Where the edges of a mosaic's cells seem to lie, in the square that `_moved` gives: where values jump."""
    steps = region.astype(np.float32)
    across, down = np.abs(np.diff(steps, axis=1)).mean(axis=0), np.abs(np.diff(steps, axis=0)).mean(axis=1)
    return _jumps(across, shift[0]), _jumps(down, shift[1])


def _jumps(profile: npt.NDArray[np.float32], shift: float) -> list[float]:
    length = len(profile) + 1
    floor = float(np.sort(profile)[len(profile) // 2]) * 3 + 0.5
    apart = max(2, round(length / (3 * CELLS)))
    found: list[int] = []
    for place in np.argsort(-profile, kind="stable")[: 8 * CELLS]:
        if profile[place] < floor or len(found) >= 3 * CELLS:
            break
        if all(abs(int(place) - other) >= apart for other in found):
            found.append(int(place))
    return [((place + 1) / length - shift) * GRID for place in sorted(found)]
