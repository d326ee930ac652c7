"""From where something was followed to what hides it: widened, smoothed, never smaller than what was seen. Pure.

1. A face is widened to the head, then everything by PADDING on each side.
2. A box covers where its thing is one picture earlier and later too; at entries and exits, and where it moves fast,
   two, and then it also stands for two pictures before the first and after the last.
3. Smoothing only ever adds: the result is the union of the smoothed boxes and the boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from candor.redaction.media.linking import Followed
from candor.redaction.media.pieces import Boxes, Piece
from candor.redaction.model import Kind

__all__ = ["PADDING", "cover"]

PADDING: Final = 0.18
"""Of its width and height, on each side."""
_HEAD: Final = (0.04, 0.22, 0.04, 0.06)  # of a face's width and height, beyond the left, the top, the right, the bottom
_LEAST: Final = 2.0  # pixels of padding
_NEAR_ENDS: Final = 0.3  # seconds
_FAST: Final = 0.05  # of its size in one picture
_BEYOND: Final = 2  # pictures
_SMOOTH: Final = 4  # pictures on each side


def cover(
    followed: Followed, times: Sequence[int], grey: tuple[int, int], seconds: float, size: tuple[int, int]
) -> Piece:
    """What hides one thing. times: of the stretch's pictures by number. grey, size: width and height of the grey plane
    and of the upright original. seconds: of one picture."""
    scale = np.array([size[0] / grey[0], size[1] / grey[1]] * 2, np.float32)
    numbers = list(followed.boxes)
    raw = np.stack([followed.boxes[number] for number in numbers]).astype(np.float32) * scale
    speed = _speed(raw)
    sizes = np.maximum(raw[:, 2:] - raw[:, :2], 1).max(axis=1)
    numbers, widened = _beyond(followed, numbers, raw, len(times))
    near = max(1, round(_NEAR_ENDS / seconds))
    widened = _pad(_head(widened) if followed.kind is Kind.FACE else widened)
    widened = _smooth(_union(widened, near))
    width, height = size
    limits = np.array([width, height, width, height], np.float32)
    boxes = np.clip(widened, 0, limits)
    inside = (boxes[:, 2] - boxes[:, 0] >= 1) & (boxes[:, 3] - boxes[:, 1] >= 1)
    kept, hides = _distinct(
        [times[number] for number, good in zip(numbers, inside, strict=True) if good], boxes[inside]
    )
    seen = sorted(followed.seen)
    scores = list(followed.seen.values())
    at_seen = [place for place, number in enumerate(followed.boxes) if number in followed.seen]
    return Piece(
        kind=followed.kind,
        label=followed.label,
        model=followed.model,
        times=kept,
        boxes=hides,
        score=max(scores),
        mean=sum(scores) / len(scores),
        seen=len(seen),
        looked=max(followed.looked, len(seen)),
        longest=_longest(list(followed.boxes), seen),
        size=float(np.median(sizes[at_seen])),
        speed=float(np.quantile(speed, 0.95)) / (width * seconds) if len(speed) else 0.0,
        begins=followed.begins,
        ends=followed.ends,
    )


def _speed(raw: Boxes) -> npt.NDArray[np.float32]:
    """Pixels that the middle moves from each picture to the next."""
    middles = (raw[:, :2] + raw[:, 2:]) / 2
    speed: npt.NDArray[np.float32] = np.hypot(*np.diff(middles, axis=0).T)
    return speed


def _longest(numbers: list[int], seen: list[int]) -> int:
    """Pictures of the longest stretch without a sighting."""
    marks = [numbers[0] - 1, *seen, numbers[-1] + 1]
    return max(later - earlier for earlier, later in pairwise(marks)) - 1


def _beyond(followed: Followed, numbers: list[int], raw: Boxes, count: int) -> tuple[list[int], Boxes]:
    """Pictures before the first and after the last, unless there is a cut."""
    before = [] if followed.begins == "cut" else list(range(max(0, numbers[0] - _BEYOND), numbers[0]))
    end = count if followed.until is None else followed.until + 1
    after = list(range(numbers[-1] + 1, min(end, numbers[-1] + 1 + _BEYOND)))
    first, last = raw[0], raw[-1]
    if len(raw) > 1:
        first = _both(raw[0], 2 * raw[0] - raw[min(len(raw) - 1, 1)])
        last = _both(raw[-1], 2 * raw[-1] - raw[max(0, len(raw) - 2)])
    rows = [*[first] * len(before), *raw, *[last] * len(after)]
    return [*before, *numbers, *after], np.stack(rows)


def _both(one: Boxes, other: Boxes) -> Boxes:
    return np.concatenate([np.minimum(one[:2], other[:2]), np.maximum(one[2:], other[2:])])


def _sides(boxes: Boxes, left: float, top: float, right: float, bottom: float) -> Boxes:
    extents = boxes[:, 2:] - boxes[:, :2]
    return np.concatenate(
        [
            boxes[:, :2] - extents * np.array([left, top], np.float32),
            boxes[:, 2:] + extents * np.array([right, bottom], np.float32),
        ],
        axis=1,
    )


def _head(boxes: Boxes) -> Boxes:
    return _sides(boxes, *_HEAD)


def _pad(boxes: Boxes) -> Boxes:
    padding = np.maximum((boxes[:, 2:] - boxes[:, :2]) * PADDING, _LEAST)
    return np.concatenate([boxes[:, :2] - padding, boxes[:, 2:] + padding], axis=1)


def _union(boxes: Boxes, near: int) -> Boxes:
    """Each box with those one picture away; two, near the ends and where it moves fast."""
    wide = np.zeros(len(boxes), bool)
    wide[:near] = wide[-near:] = True
    if len(boxes) > 1:
        quick = _speed(boxes) > _FAST * np.maximum(boxes[1:, 2:] - boxes[1:, :2], 1).max(axis=1)
        wide[1:] |= quick
        wide[:-1] |= quick
    one = _reach(boxes, 1)
    return np.where(wide[:, None], _reach(boxes, 2), one)


def _reach(boxes: Boxes, pictures: int) -> Boxes:
    """The union of each box with those up to so many pictures away."""
    result = boxes.copy()
    for step in range(1, min(pictures, len(boxes) - 1) + 1):
        for to, of in ((slice(step, None), slice(None, -step)), (slice(None, -step), slice(step, None))):
            result[to, :2] = np.minimum(result[to, :2], boxes[of, :2])
            result[to, 2:] = np.maximum(result[to, 2:], boxes[of, 2:])
    return result


def _smooth(boxes: Boxes) -> Boxes:
    """The union of each box with the mean of those around it."""
    reach = min(_SMOOTH, (len(boxes) - 1) // 2)
    if reach < 1:
        return boxes
    padded = np.pad(boxes, ((reach, reach), (0, 0)), mode="edge")
    sums = np.cumsum(np.vstack([np.zeros((1, 4), np.float64), padded]), axis=0)
    mean = ((sums[2 * reach + 1 :] - sums[: -2 * reach - 1]) / (2 * reach + 1)).astype(np.float32)
    return np.concatenate([np.minimum(boxes[:, :2], mean[:, :2]), np.maximum(boxes[:, 2:], mean[:, 2:])], axis=1)


def _distinct(times: list[int], boxes: Boxes) -> tuple[tuple[int, ...], Boxes]:
    """In order of time; pictures of one time share the union of their boxes."""
    by_time: dict[int, Boxes] = {}
    for time, box in zip(times, boxes, strict=True):
        by_time[time] = _both(by_time[time], box) if time in by_time else box
    ordered = sorted(by_time)
    rows = [by_time[time] for time in ordered]
    return tuple(ordered), np.stack(rows) if rows else np.zeros((0, 4), np.float32)
