"""From a box in every picture to a few key frames between which straight lines never uncover any of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from candor.redaction.media.pieces import Boxes
from candor.redaction.model import Key

__all__ = ["keys_of"]

_TOLERANCE: Final = 0.04  # of a box's size: how far a line may lie outside it
_LEAST: Final = 1.5  # pixels
_LONGEST: Final = 900  # pictures between two keys
_OUTWARD = np.array([-1, -1, 1, 1], np.float64)


def keys_of(times: Sequence[int], boxes: Boxes) -> tuple[Key, ...]:
    """Key frames whose lines cover every box, and lie outside it by no more than _TOLERANCE.

    Boxes are first moved outward by half of what is allowed; then the fewest keys are taken, one after another, whose
    lines stay within the other half. times: growing, as many as boxes.
    """
    exact = np.asarray(boxes, np.float64)
    moments = np.asarray(times, np.float64)
    extents = exact[:, 2:] - exact[:, :2]
    half = np.maximum(np.median(extents) * _TOLERANCE, _LEAST) / 2
    wide = np.round(exact + _OUTWARD * half, 3)
    places = [0]
    while places[-1] < len(exact) - 1:
        places.append(_furthest(moments, wide, places[-1], half))
    return tuple(Key(int(times[place]), _tenths(wide[place])) for place in places)


def _furthest(moments: npt.NDArray[np.float64], wide: npt.NDArray[np.float64], begin: int, half: float) -> int:
    """The last picture to which one line goes that stays within `half` of all in between."""
    most = min(len(wide) - 1, begin + _LONGEST)
    good, step = begin + 1, 2
    while begin + step <= most and _within(moments, wide, begin, begin + step, half):
        good, step = begin + step, step * 2
    bad = min(most + 1, begin + step)
    while bad - good > 1:
        middle = (good + bad) // 2
        if _within(moments, wide, begin, middle, half):
            good = middle
        else:
            bad = middle
    return good


def _within(moments: npt.NDArray[np.float64], wide: npt.NDArray[np.float64], begin: int, end: int, half: float) -> bool:
    share = (moments[begin : end + 1] - moments[begin]) / (moments[end] - moments[begin])
    line = wide[begin] + (wide[end] - wide[begin]) * share[:, None]
    return bool(np.abs(line - wide[begin : end + 1]).max() <= half)


def _tenths(row: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """Tenths of a pixel, outward."""
    x0, y0 = (np.floor(row[:2] * 10) / 10).tolist()
    x1, y1 = (np.ceil(row[2:] * 10) / 10).tolist()
    return (x0, y0, x1, y1)
