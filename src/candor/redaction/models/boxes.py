"""Boxes as arrays: fitting pictures to a size, and leaving out boxes that lie on better ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from candor.redaction.models.detector import Pixels
from candor.redaction.models.layouts import Fit

Floats = npt.NDArray[np.float32]

_GREY: Final = 114  # what the exporters' own code puts around a picture
_MOST: Final = 3000  # boxes that are compared; more in one picture are noise


@dataclass(frozen=True)
class Fitted:
    """A picture at the size that a model wants. `scale`, `shift`: x and y; from the given picture to this one."""

    picture: Pixels
    scale: tuple[float, float]
    shift: tuple[float, float]

    def back(self, boxes: Floats, size: tuple[int, int]) -> Floats:
        """Boxes (n, 4) of this picture as boxes of the given one, within its `size` (width, height)."""
        there = boxes.copy()
        for side in range(4):
            axis = side % 2
            edge = (there[:, side] - self.shift[axis]) / self.scale[axis]
            there[:, side] = np.clip(edge, 0, size[axis])
        return there


def fit(picture: Pixels, size: tuple[int, int], how: Fit) -> Fitted:
    """Bring a picture to `size` (width, height)."""
    rows, columns = picture.shape[:2]
    if (columns, rows) == size:
        return Fitted(picture, (1.0, 1.0), (0.0, 0.0))
    if how is Fit.STRETCH:
        return Fitted(_resized(picture, size), (size[0] / columns, size[1] / rows), (0.0, 0.0))
    scale = min(size[0] / columns, size[1] / rows)
    wide, high = max(1, round(columns * scale)), max(1, round(rows * scale))
    left, top = (size[0] - wide) // 2, (size[1] - high) // 2
    sheet = np.full((size[1], size[0], 3), _GREY, np.uint8)
    sheet[top : top + high, left : left + wide] = _resized(picture, (wide, high))
    return Fitted(sheet, (wide / columns, high / rows), (float(left), float(top)))


def pad(picture: Pixels, multiple: int) -> Fitted:
    """A picture with grey at its right and below, so that its sides are multiples."""
    rows, columns = picture.shape[:2]
    down, across = -rows % multiple, -columns % multiple
    if down or across:
        sheet = np.full((rows + down, columns + across, 3), _GREY, np.uint8)
        sheet[:rows, :columns] = picture
        picture = sheet
    return Fitted(picture, (1.0, 1.0), (0.0, 0.0))


def _resized(picture: Pixels, size: tuple[int, int]) -> Pixels:
    import cv2

    smaller = size[0] < picture.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return cv2.resize(picture, size, interpolation=how).astype(np.uint8)


def corners(middles: Floats) -> Floats:
    """Boxes given by middle x, middle y, width, height (n, 4) as x0, y0, x1, y1."""
    half = middles[:, 2:4] / 2
    return np.concatenate([middles[:, :2] - half, middles[:, :2] + half], axis=1).astype(np.float32)


def suppress(boxes: Floats, scores: Floats, labels: npt.NDArray[np.int64], overlap: float) -> npt.NDArray[np.int64]:
    """Places of the boxes (n, 4) to keep, the surest first: none lies on a surer one of its label by more than
    `overlap` (intersection over union)."""
    order = np.argsort(-scores, kind="stable")[:_MOST]
    area = np.maximum(0, boxes[:, 2] - boxes[:, 0]) * np.maximum(0, boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    while len(order):
        best, rest = int(order[0]), order[1:]
        kept.append(best)
        low = np.maximum(boxes[best, :2], boxes[rest, :2])
        high = np.minimum(boxes[best, 2:], boxes[rest, 2:])
        common = np.prod(np.maximum(0, high - low), axis=1)
        share = common / np.maximum(area[best] + area[rest] - common, 1e-9)
        order = rest[(share <= overlap) | (labels[rest] != labels[best])]
    return np.array(kept, np.int64)
