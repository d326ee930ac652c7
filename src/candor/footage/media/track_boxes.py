"""Boxes of an MP4 or QuickTime file (ISO/IEC 14496-12, section 4.2), for what looks into single ones. Runs in a limited
process."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Box", "boxes"]

_MOST: Final = 200_000


@dataclass(frozen=True)
class Box:
    """`begin` is where its header begins, `content` where its content does; places in bytes."""

    kind: bytes
    begin: int
    content: int
    end: int


def boxes(stream: Any, begin: int, end: int) -> Iterator[Box]:
    """The boxes that follow one another in begin..end; it stops at the first that cannot be one."""
    position, seen = begin, 0
    while position + 8 <= end and seen < _MOST:
        seen += 1
        stream.seek(position)
        header = stream.read(16)
        if len(header) < 8:
            return
        length, kind = struct.unpack(">I4s", header[:8])
        content = position + 8
        if length == 1 and len(header) == 16:
            (length,) = struct.unpack(">Q", header[8:])
            content += 8
        elif length == 0:
            length = end - position
        if length < content - position or position + length > end:
            return
        yield Box(kind, position, content, position + length)
        position += length
