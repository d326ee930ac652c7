"""How well masks cover what is known to be in a recording: per face and frame, per face over time, and too much of it.

Definitions, as in docs/redaction.md:

- An *instance* is one known thing in one frame. It is *covered* when masks hide at least `COVERED` of its box's area,
  and *open* when they hide less than `OPEN` of it.
- *Frame recall* is the share of instances that are covered.
- A *leak* is a run of frames, one after the other, in which the same thing is open; its length is in frames.
- *Over-masking* of a frame is the share of its area that is masked and lies outside twice the box (each side doubled
  about the middle) of everything known in it.

Pure: boxes and masks in, numbers out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["COVERED", "Bits", "Box", "OPEN", "Coverage", "Instance", "Raster", "measure", "quantile"]

Box = tuple[float, float, float, float]
#: A frame's masks as an array of rows x columns at a scale: true where something is hidden.
Bits = npt.NDArray[np.bool_]
Raster = Callable[[int], Bits]

COVERED: Final = 0.9
OPEN: Final = 0.5


@dataclass(frozen=True)
class Instance:
    """One known thing in one frame. `box`: x0, y0, x1, y1 in pixels, within the picture. `traits`: words by which
    results are told apart ("dark", "blurred", "profile", "occluded", …)."""

    frame: int
    thing: str
    kind: str
    box: Box
    traits: frozenset[str] = frozenset()

    @property
    def height(self) -> float:
        """The longer side, in pixels: its size."""
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])


@dataclass
class Coverage:
    """What was counted. `worst`: (frame, thing, share covered) of the instances that are covered least."""

    instances: int = 0
    covered: int = 0
    open: int = 0
    leaks: list[tuple[str, int, int]] = field(default_factory=list)
    """(thing, first frame, length in frames) of each."""
    worst: list[tuple[int, str, float]] = field(default_factory=list)
    over_masking: float | None = None
    """Mean over frames, as a share of the frame; None when it was not asked for."""

    @property
    def recall(self) -> float | None:
        """Frame recall; None where there was nothing to cover."""
        return self.covered / self.instances if self.instances else None

    @property
    def longest_leak(self) -> int:
        """Frames of the longest leak."""
        return max((length for _, _, length in self.leaks), default=0)


def measure(
    instances: Iterable[Instance],
    raster: Raster,
    size: tuple[int, int],
    frames: Sequence[int],
    *,
    smallest: float = 0.0,
    known: Mapping[int, Sequence[Box]] | None = None,
    only: Callable[[Instance], bool] = lambda _: True,
) -> Coverage:
    """Hold masks against what is known.

    `raster(frame)` gives the masks of one frame at any resolution (rows, columns stand for the whole picture of
    `size` = width, height pixels). Instances whose longer side is under `smallest` pixels, or that `only` leaves out,
    do not count. `known`: all boxes of each frame, for over-masking, which is then measured over `frames`.
    """
    result = Coverage()
    by_frame: dict[int, list[Instance]] = defaultdict(list)
    for one in instances:
        if one.height >= smallest and only(one):
            by_frame[one.frame].append(one)
    shares: dict[str, list[tuple[int, float]]] = defaultdict(list)
    over: list[float] = []
    for frame in frames:
        wanted = by_frame.get(frame, ())
        if not wanted and known is None:
            continue
        masks = raster(frame)
        for one in wanted:
            share = _covered(masks, one.box, size)
            shares[one.thing].append((frame, share))
            result.instances += 1
            result.covered += share >= COVERED
            result.open += share < OPEN
            if share < COVERED:
                result.worst.append((frame, one.thing, round(share, 3)))
        if known is not None:
            over.append(_beyond(masks, known.get(frame, ()), size))
    result.leaks = [leak for thing, seen in sorted(shares.items()) for leak in _leaks(thing, seen)]
    result.worst = sorted(result.worst, key=lambda found: (found[2], found[0], found[1]))[:20]
    if over:
        result.over_masking = float(np.mean(over))
    return result


def _covered(masks: npt.NDArray[np.bool_], box: Box, size: tuple[int, int]) -> float:
    """The share of a box that is masked. Cells at its edges count by the part of them that lies in it."""
    rows, columns = masks.shape
    across = _weights(box[0] * columns / size[0], box[2] * columns / size[0], columns)
    down = _weights(box[1] * rows / size[1], box[3] * rows / size[1], rows)
    if across is None or down is None:
        return 1.0  # nothing of it is in the picture
    (left, wide), (top, high) = across, down
    part = masks[top : top + len(high), left : left + len(wide)]
    whole = float(high.sum() * wide.sum())
    return float(high @ part.astype(np.float64) @ wide) / whole


def _weights(begin: float, end: float, count: int) -> tuple[int, npt.NDArray[np.float64]] | None:
    begin, end = max(0.0, begin), min(float(count), end)
    if end - begin <= 1e-9:
        return None
    first, last = int(begin), min(count - 1, int(np.ceil(end)) - 1)
    cells = np.arange(first, last + 1, dtype=np.float64)
    return first, np.minimum(end, cells + 1) - np.maximum(begin, cells)


def _beyond(masks: npt.NDArray[np.bool_], boxes: Sequence[Box], size: tuple[int, int]) -> float:
    rows, columns = masks.shape
    rest = masks.copy()
    for x0, y0, x1, y1 in boxes:
        wide, high = (x1 - x0) / 2, (y1 - y0) / 2
        left, right = (x0 - wide) * columns / size[0], (x1 + wide) * columns / size[0]
        top, low = (y0 - high) * rows / size[1], (y1 + high) * rows / size[1]
        rest[max(0, int(top)) : max(0, int(np.ceil(low))), max(0, int(left)) : max(0, int(np.ceil(right)))] = False
    return float(rest.mean())


def _leaks(thing: str, seen: Sequence[tuple[int, float]]) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    begin, last = None, -2
    for frame, share in sorted(seen):
        if share < OPEN:
            if begin is None or frame != last + 1:
                if begin is not None:
                    found.append((thing, begin, last - begin + 1))
                begin = frame
            last = frame
        elif begin is not None:
            found.append((thing, begin, last - begin + 1))
            begin = None
    if begin is not None:
        found.append((thing, begin, last - begin + 1))
    return found


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which `share` of the values lie; None of nothing."""
    return float(np.quantile(np.asarray(values), share)) if values else None
