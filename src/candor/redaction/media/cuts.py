"""Where one picture has nothing to do with the one before: a cut. Pure."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Cuts"]

_SIZE: Final = (96, 54)
_CHANGED: Final = 0.22  # mean difference over mean brightness
_ALIKE: Final = 0.5  # correlation: above it, it is the same place in other light
_SPIKE: Final = 1.2  # times as much as between the pictures before: a fast turn changes every picture, a cut one
_DARK: Final = 6.0  # grey levels added to the brightness, so that noise in the dark is not a change


class Cuts:
    """Takes grey planes one after another and says which of them begins something new.

    Two measures have to agree: the difference relative to how bright the pictures are, which works in the dark, and
    the correlation, which does not mind a light that is switched on; and where the camera turned fast, one picture is
    the other one shifted.
    """

    def __init__(self) -> None:
        self._before: npt.NDArray[np.float32] | None = None
        self._usual = 0.0

    def cut(self, grey: npt.NDArray[np.uint8]) -> bool:
        """Whether this picture is the first after a cut. Never for the very first."""
        now = cv2.resize(grey, _SIZE, interpolation=cv2.INTER_AREA).astype(np.float32)
        before, self._before = self._before, now
        if before is None or before.shape != now.shape:
            return False
        bright = (float(now.mean()) + float(before.mean())) / 2 + _DARK
        change = float(np.abs(now - before).mean()) / bright
        usual, self._usual = self._usual, change
        if change < _CHANGED or change < _SPIKE * usual:
            return False
        return correlation(now, before) < _ALIKE and _moved(before, now) < _ALIKE


def _moved(before: npt.NDArray[np.float32], now: npt.NDArray[np.float32]) -> float:
    """The correlation of what both show, if the one is the other after the camera turned."""
    (across, down), _ = cv2.phaseCorrelate(before, now)
    dx, dy = round(across), round(down)
    height, width = now.shape
    if abs(dx) > width // 2 or abs(dy) > height // 2:
        return 0.0
    was = before[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
    new = now[max(0, dy) : height - max(0, -dy), max(0, dx) : width - max(0, -dx)]
    return correlation(new, was)


def correlation(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """Normalised cross-correlation, -1 to 1; 0 where one of them is flat."""
    a, b = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale > 1e-6 else 0.0
