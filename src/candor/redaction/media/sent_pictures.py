"""How pictures go from a limited process to its parent, for both sides: nothing here knows of media.

For following (`frames`): per picture RECORD, then its planes, each as PLANE and its pixels, row by row. For the
detectors over a copy (`seen`): PICTURE, then red-green-blue, row by row.
"""

from __future__ import annotations

import struct
from typing import Final

__all__ = ["CUT", "GREY", "MARK", "PICTURE", "PLANE", "RECORD"]

RECORD: Final = struct.Struct(">4sqIBB")
"""MARK, time, number, flags, how many planes."""
PLANE: Final = struct.Struct(">BBHH")
"""Slot (GREY, or the place of a wish), channels, width, height."""
MARK: Final = b"pic:"
GREY: Final = 255
CUT: Final = 1
"""The flag of a picture that begins another shot."""
PICTURE: Final = struct.Struct(">qHII")
"""Time, which size it was made for, width, height."""
