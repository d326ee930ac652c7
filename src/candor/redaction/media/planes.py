"""Decoded pictures as planes that two files can be compared by. Runs in a limited process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["BLOCK", "Planes", "half", "planes_of"]

Plane = npt.NDArray[np.uint8]

BLOCK: Final = 16
"""Pixels of a block's side: a macroblock of H.264."""
_AS_IT_IS: Final = ("yuv420p", "yuvj420p")


@dataclass(frozen=True)
class Planes:
    """A picture as it is coded, not turned: brightness, and two planes of colour of half its size; uint8."""

    y: Plane
    u: Plane
    v: Plane

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.y.shape[1], self.y.shape[0]

    def cropped(self, width: int, height: int) -> Planes:
        """Its upper left part."""
        across, down = (width + 1) // 2, (height + 1) // 2
        return Planes(self.y[:height, :width], self.u[:down, :across], self.v[:down, :across])

    def same(self, other: Planes) -> bool:
        """Whether every value is the same."""
        return np.array_equal(self.y, other.y) and np.array_equal(self.u, other.u) and np.array_equal(self.v, other.v)


def planes_of(frame: Any) -> Planes:
    """A frame's planes, as views on it where its format is 4:2:0 with eight bits; converted where it is another one."""
    if frame.format.name not in _AS_IT_IS:
        frame = frame.reformat(format="yuv420p")
    across, down = (frame.width + 1) // 2, (frame.height + 1) // 2
    return Planes(
        _plane(frame.planes[0], frame.width, frame.height),
        _plane(frame.planes[1], across, down),
        _plane(frame.planes[2], across, down),
    )


def _plane(plane: Any, width: int, height: int) -> Plane:
    lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return lines[:height, :width]


def half(plane: Plane) -> Plane:
    """A plane at half its size, each value the mean of four: what a codec does to noise counts less there."""
    height, width = plane.shape
    even = plane[: height & ~1, : width & ~1]
    return np.asarray(
        cv2.resize(even, (even.shape[1] // 2, even.shape[0] // 2), interpolation=cv2.INTER_AREA), np.uint8
    )
