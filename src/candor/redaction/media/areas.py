"""Masks as pixels of the coded picture: which of them are hidden.

Places are of the upright original; a camera that was held sideways codes its pictures turned. So a mask is turned back
first, then it takes every *cell* that it touches. A cell is two by two pixels of brightness and the one value of colour
that they share in 4:2:0, so that both are hidden or neither, whatever the mask's edge.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from candor.redaction.masks import Hole, Mask
from candor.redaction.model import Picture, Shape

__all__ = ["Area", "Bits", "area_of", "coded_size", "cover", "pixels_of"]

Bits = npt.NDArray[np.bool_]
Numbers = Sequence[float]


@dataclass(frozen=True)
class Area:
    """Cells that a mask hides, within left <= x < right and top <= y < bottom, in cells of the coded picture. `inside`:
    which of these, as rows; None: all of them."""

    left: int
    top: int
    right: int
    bottom: int
    inside: Bits | None = None

    def pixels(self, width: int, height: int) -> tuple[slice, slice]:
        """Rows and columns of its box in the plane of brightness of a picture of this coded size."""
        return (
            slice(2 * self.top, min(2 * self.bottom, height)),
            slice(2 * self.left, min(2 * self.right, width)),
        )

    def cells(self) -> tuple[slice, slice]:
        """Rows and columns of its box in the planes of colour."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def coded_size(picture: Picture) -> tuple[int, int]:
    """Width and height of the pictures before they are turned."""
    return (picture.height, picture.width) if picture.degrees in (90, 270) else (picture.width, picture.height)


def pixels_of(cells: Bits, width: int, height: int) -> Bits:
    """Cells, or a part of them, as pixels of brightness, cut to `width` and `height`."""
    return cells.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]


def cover(masks: Iterable[Mask], picture: Picture, *, interlaced: bool = False) -> Bits:
    """Which cells of a coded picture the masks hide, as rows x columns; `pixels_of` makes pixels of it."""
    width, height = coded_size(picture)
    found = np.zeros(((height + 1) // 2, (width + 1) // 2), np.bool_)
    for mask in masks:
        area = area_of(mask, picture, interlaced=interlaced)
        if area is not None:
            found[area.cells()] |= True if area.inside is None else area.inside
    return found


def area_of(mask: Mask, picture: Picture, *, interlaced: bool = False) -> Area | None:
    """The cells that a mask touches; None where it lies wholly beyond the picture.

    interlaced: two fields are woven into the picture, and a value of colour belongs to every other line; whatever is
    hidden is hidden in pairs of rows of cells then.
    """
    width, height = coded_size(picture)
    across, down = (width + 1) // 2, (height + 1) // 2
    if mask.shape is Shape.WHOLE:
        shown = _shown(mask.holes, picture, across, down, interlaced)
        return Area(0, 0, across, down, None if shown is None else ~shown)
    numbers = _coded(mask.numbers, picture)
    pad = mask.padding
    left, top, right, bottom = _bounds(numbers, pad, across, down, interlaced)
    if right <= left or bottom <= top:
        return None
    if mask.shape is Shape.BOX:
        return Area(left, top, right, bottom)
    if mask.shape is Shape.ELLIPSE:
        inside = _ellipse(numbers, pad, left, top, right, bottom, touching=True)
    else:
        inside = _grown(_polygon(numbers, left, top, right, bottom), math.ceil(pad / 2) + 1)
    return Area(left, top, right, bottom, _pairs(inside, top) if interlaced else inside)


def _coded(numbers: Numbers, picture: Picture) -> list[float]:
    """Upright x, y, … as places in the coded picture: the turn undone, then the mirroring (`Turn` of
    candor.footage.media.geometry does them the other way round)."""
    width, height = coded_size(picture)
    found: list[float] = []
    for x, y in zip(numbers[0::2], numbers[1::2], strict=True):
        match picture.degrees:
            case 90:
                x, y = y, height - x
            case 180:
                x, y = width - x, height - y
            case 270:
                x, y = width - y, x
        found += [width - x if picture.mirrored else x, y]
    return found


def _bounds(numbers: Numbers, pad: float, across: int, down: int, interlaced: bool) -> tuple[int, int, int, int]:
    left = math.floor((min(numbers[0::2]) - pad) / 2)
    right = math.ceil((max(numbers[0::2]) + pad) / 2)
    top = math.floor((min(numbers[1::2]) - pad) / 2)
    bottom = math.ceil((max(numbers[1::2]) + pad) / 2)
    if interlaced:
        top, bottom = top // 2 * 2, -(-bottom // 2) * 2
    return max(0, left), max(0, top), min(across, right), min(down, bottom)


def _ellipse(numbers: Numbers, pad: float, left: int, top: int, right: int, bottom: int, *, touching: bool) -> Bits:
    """Cells that an ellipse touches, or those that lie within it as a whole."""
    x0, x1 = sorted((numbers[0], numbers[2]))
    y0, y1 = sorted((numbers[1], numbers[3]))
    # The nearest place of each cell to the middle tells whether it is touched, the farthest whether it lies within.
    columns = _distance(np.arange(left, right) * 2.0, (x0 + x1) / 2, touching) / max((x1 - x0) / 2 + pad, 0.5)
    rows = _distance(np.arange(top, bottom) * 2.0, (y0 + y1) / 2, touching) / max((y1 - y0) / 2 + pad, 0.5)
    found: Bits = columns[np.newaxis, :] ** 2 + rows[:, np.newaxis] ** 2 <= 1.0
    return found


def _distance(begins: npt.NDArray[np.floating[Any]], middle: float, nearest: bool) -> npt.NDArray[np.floating[Any]]:
    centre = np.abs(begins + 1.0 - middle)
    found: npt.NDArray[np.floating[Any]] = np.maximum(centre - 1.0, 0.0) if nearest else centre + 1.0
    return found


def _polygon(numbers: Numbers, left: int, top: int, right: int, bottom: int) -> Bits:
    """Cells of a polygon and those that its edges run through, to half a cell; corners far outside are drawn in."""
    corners = np.array([numbers[0::2], numbers[1::2]], np.float64).T / 2 - (left, top) - 0.5
    corners = np.clip(corners, -8000, 8000)
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(canvas, [np.round(corners * 16).astype(np.int32)], 1, lineType=cv2.LINE_8, shift=4)
    return canvas.astype(np.bool_)


def _grown(cells: Bits, steps: int) -> Bits:
    return cv2.dilate(cells.astype(np.uint8), np.ones((2 * steps + 1, 2 * steps + 1), np.uint8)).astype(np.bool_)


def _pairs(cells: Bits, top: int) -> Bits:
    """Every hidden cell with the other row of its pair; `top` is even."""
    rows = cells.shape[0]
    padded = np.vstack([cells, np.zeros((rows & 1, cells.shape[1]), np.bool_)])
    both: Bits = padded[0::2] | padded[1::2]
    return both.repeat(2, axis=0)[:rows]


def _shown(holes: Sequence[Hole], picture: Picture, across: int, down: int, interlaced: bool) -> Bits | None:
    """The cells that lie wholly within a hole; None where there are none."""
    if not holes:
        return None
    shown = np.zeros((down, across), np.bool_)
    for hole in holes:
        if hole.shape is Shape.WHOLE:
            shown[:] = True
            continue
        numbers = _coded(hole.numbers, picture)
        left = max(0, math.ceil(min(numbers[0::2]) / 2))
        right = min(across, math.floor(max(numbers[0::2]) / 2))
        top = max(0, math.ceil(min(numbers[1::2]) / 2))
        bottom = min(down, math.floor(max(numbers[1::2]) / 2))
        if right <= left or bottom <= top:
            continue
        part = shown[top:bottom, left:right]
        if hole.shape is Shape.BOX:
            part[:] = True
        elif hole.shape is Shape.ELLIPSE:
            part |= _ellipse(numbers, 0.0, left, top, right, bottom, touching=False)
        else:
            room = _polygon(numbers, left, top, right, bottom)
            part |= cv2.erode(
                room.astype(np.uint8), np.ones((5, 5), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
            ).astype(np.bool_)
    return ~_pairs(~shown, 0) if interlaced else shown
