"""A frame's number, burnt into the picture in blocks: twenty bits, and below them the same bits turned over.

A bit is 1 where the upper block is lighter than the lower one, so neither brightness nor compression matters.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

BITS: Final = 20
_CLEAR: Final = 40  # of 255, how far the two blocks of a bit are apart at least


class NumberUnreadable(ValueError):
    """The blocks of the frame's number are not there, or are covered."""


def block_of(width: int, height: int) -> int:
    """The side of one block in a picture of that size, in pixels, even so that chroma does not matter."""
    return max(4, min(width // 80, height // 30) // 2 * 2)


def place_of(width: int, height: int) -> tuple[int, int, int, int]:
    """Where the number stands, with a border: x0, y0, x1, y1 at the picture's lower left."""
    block = block_of(width, height)
    bottom = height // 2 * 2
    return 0, bottom - 3 * block, (BITS + 1) * block, bottom


def burn_number(picture: npt.NDArray[np.uint8], number: int) -> None:
    """Write a number, 0 to 1,048,575, into a picture (rows, columns, or with colours)."""
    height, width = picture.shape[:2]
    block = block_of(width, height)
    x0, y0, x1, y1 = place_of(width, height)
    picture[y0:y1, x0:x1] = 128
    for bit in range(BITS):
        light = bool(number >> (BITS - 1 - bit) & 1)
        left, top = x0 + block // 2 + bit * block, y0 + block // 2
        picture[top : top + block, left : left + block] = 235 if light else 20
        picture[top + block : top + 2 * block, left : left + block] = 20 if light else 235


def read_number(picture: npt.NDArray[Any]) -> int:
    """The number of a picture as `burn_number` wrote it: upright, at its own size; grey or with colours.

    Raises NumberUnreadable.
    """
    grey = picture if picture.ndim == 2 else picture[:, :, :3].mean(axis=2)
    height, width = grey.shape
    block, (x0, y0, _, _) = block_of(width, height), place_of(width, height)
    number, inner = 0, max(1, block // 4)
    for bit in range(BITS):
        left, top = x0 + block // 2 + bit * block + inner, y0 + block // 2 + inner
        wide = block - 2 * inner
        upper = float(grey[top : top + wide, left : left + wide].mean())
        lower = float(grey[top + block : top + block + wide, left : left + wide].mean())
        if abs(upper - lower) < _CLEAR:
            raise NumberUnreadable(f"bit {bit}: {upper:.0f} above {lower:.0f}")
        number = number << 1 | (upper > lower)
    return number
