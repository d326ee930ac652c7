"""Colours that stand for what is hidden: the cells of a mosaic, and a blur. Pure: planes in, colours out.

A grid of cells that moves over a thing by less than a cell takes a different mean of it in every picture, and from many
such means a finer picture can be worked out than any one of them shows. So the cells of a mosaic are taken once, in the
first picture in which the thing is hidden, are rounded to a few levels, and are carried along with its mask for as long
as it is there: whoever has every picture of the copy has one set of at most 7 x 7 colours of it, and no more. For the
same reason small masks get fewer cells.

A blur follows the pictures, so what is said above can be tried on it. It is cosmetic. Randomness of the system makes it
worse to undo: one pattern for as long as the thing is there, and a fresh one in every picture.
"""

from __future__ import annotations

import os
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["MOST_CELLS", "Blurs", "Mosaics", "Plane"]

Plane = npt.NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]

MOST_CELLS: Final = 7
"""Cells of a mosaic, either way."""
_CELL: Final = 8  # pixels, at least, of a cell's side when it is taken
_LEVEL: Final = 8  # colours are rounded to the middle of so many values
_BLUR_CELLS: Final = 8
_LASTING: Final = 32  # how far the randomness of a blur moves a value: for as long as it is there, and in each picture
_FRESH: Final = 12


class Mosaics:
    """The cells of every mosaic of a copy, by what it hides."""

    def __init__(self) -> None:
        self._kept: dict[str, Planes] = {}

    def colours(self, group: str, planes: Planes) -> Planes:
        """What to paint over these planes (a box of brightness and its two of colour), of their size."""
        cells = self._kept.get(group)
        if cells is None:
            cells = self._kept[group] = _taken(planes)
        return _spread(cells[0], planes[0]), _spread(cells[1], planes[1]), _spread(cells[2], planes[2])


class Blurs:
    """The blurs of a copy, each with a randomness of its own."""

    def __init__(self) -> None:
        self._kept: dict[str, list[npt.NDArray[np.int16]]] = {}

    def colours(self, group: str, planes: Planes) -> Planes:
        """What to paint over these planes, of their size."""
        lasting = self._kept.get(group)
        if lasting is None:
            lasting = self._kept[group] = [_random(_BLUR_CELLS, _BLUR_CELLS, _LASTING) for _ in planes]
        blurred = [_blurred(plane, noise) for plane, noise in zip(planes, lasting, strict=True)]
        return blurred[0], blurred[1], blurred[2]


def _taken(planes: Planes) -> Planes:
    """The means of each cell, rounded; the same grid in all three."""
    height, width = planes[0].shape
    rows = max(1, min(MOST_CELLS, height // _CELL))
    columns = max(1, min(MOST_CELLS, width // _CELL))
    cells = [_rounded(_means(plane, columns, rows)) for plane in planes]
    return cells[0], cells[1], cells[2]


def _means(plane: Plane, columns: int, rows: int) -> Plane:
    return np.asarray(cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8).reshape(rows, columns)


def _rounded(cells: Plane) -> Plane:
    return (cells // _LEVEL * _LEVEL + _LEVEL // 2).astype(np.uint8)


def _spread(cells: Plane, onto: Plane) -> Plane:
    height, width = onto.shape
    rows = np.arange(height) * cells.shape[0] // height
    columns = np.arange(width) * cells.shape[1] // width
    found: Plane = cells[rows[:, np.newaxis], columns[np.newaxis, :]]
    return found


def _blurred(plane: Plane, lasting: npt.NDArray[np.int16]) -> Plane:
    height, width = plane.shape
    rows, columns = min(_BLUR_CELLS, height), min(_BLUR_CELLS, width)
    cells = _means(plane, columns, rows).astype(np.int16)
    cells += lasting[:rows, :columns] + _random(rows, columns, _FRESH)
    kept = np.clip(cells, 16, 235).astype(np.uint8)
    return np.asarray(cv2.resize(kept, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8).reshape(
        height, width
    )


def _random(rows: int, columns: int, most: int) -> npt.NDArray[np.int16]:
    """Values from -most to +most, from the system's own randomness: none that could be worked out from what is seen."""
    values = np.frombuffer(os.urandom(rows * columns), np.uint8).reshape(rows, columns).astype(np.int16)
    return (values * (2 * most) // 255 - most).astype(np.int16)
