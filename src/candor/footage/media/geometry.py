"""How a picture is to be shown: the display matrix of its file, and the size that fits. Pure rules."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Turn:
    """What to do with a decoded picture so that it stands upright: a clockwise turn, then mirroring."""

    degrees: int = 0
    """0, 90, 180 or 270, clockwise."""
    mirrored: bool = False
    """Left and right exchanged before the turn."""

    def filters(self) -> list[tuple[str, str]]:
        """FFmpeg filters with their arguments that do it."""
        if self.mirrored:
            return [("hflip", ""), *Turn(self.degrees).filters()]
        return {
            0: [],
            90: [("transpose", "dir=clock")],
            180: [("hflip", ""), ("vflip", "")],
            270: [("transpose", "dir=cclock")],
        }[self.degrees]

    @property
    def swaps(self) -> bool:
        """Width and height change places."""
        return self.degrees in (90, 270)


def turn_of(matrix: bytes) -> Turn:
    """Read a display matrix: nine 32-bit numbers, native order (ISO/IEC 14496-12 section 8.2.2, row vectors).

    A point (x, y) of the decoded picture is shown at (a*x + c*y, b*x + d*y). Angles are taken to the nearest quarter;
    a matrix that is none gives no turn.
    """
    if len(matrix) < 36:
        return Turn()
    a, b, _, c, d, *_ = struct.unpack("=9i", matrix[:36])
    if a * d - b * c == 0:
        return Turn()
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    quarter = round(math.degrees(math.atan2(b, a)) / 90) % 4
    return Turn(90 * quarter, mirrored)


def upright_size(width: int, height: int, aspect: float, turn: Turn) -> tuple[int, int]:
    """The size at which a picture with this pixel aspect (width : height) is shown with square pixels."""
    shown = (max(1, round(width * aspect)), height)
    return (shown[1], shown[0]) if turn.swaps else shown


def fit(width: int, height: int, long_side: int, short_side: int) -> tuple[int, int]:
    """The largest even size of the same shape within long_side x short_side, either way up, and never enlarged."""
    box = (long_side, short_side) if width >= height else (short_side, long_side)
    scale = min(1.0, box[0] / width, box[1] / height)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
