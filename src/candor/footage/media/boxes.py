"""The outermost boxes of an MP4 or QuickTime file (ISO/IEC 14496-12, section 4.2), and of RIFF: is it all there?

FFmpeg says "invalid data" of a file whose index is missing; a camera that lost power leaves exactly that, with all the
pictures in it. So the boxes are walked here, and the difference is told.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_MAX_BOXES = 10_000  # a fragmented recording has two boxes per fragment
_FIRST = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp", b"uuid"}


@dataclass(frozen=True)
class Box:
    """`begin` is where its header begins, `content` where its content does; places in bytes."""

    kind: bytes
    begin: int
    content: int
    end: int


@dataclass(frozen=True)
class Boxes:
    """What the walk found."""

    is_film: bool
    """The file begins with boxes of this family."""
    has_index: bool
    """A moov box is there and ends inside the file."""
    has_media: bool
    """A media data box is there."""
    missing: int
    """Bytes that boxes claim beyond the end of the file."""


def walk(stream: BinaryIO) -> Boxes:
    """Read the headers of the outermost boxes."""
    size = stream.seek(0, os.SEEK_END)
    position = 0
    kinds: list[bytes] = []
    whole: set[bytes] = set()
    missing = 0
    while position + 8 <= size and len(kinds) < _MAX_BOXES:
        stream.seek(position)
        header = stream.read(16)
        if len(header) < 8:
            break
        length, kind = struct.unpack(">I4s", header[:8])
        if length == 1 and len(header) == 16:
            (length,) = struct.unpack(">Q", header[8:])
        elif length == 0:  # up to the end of the file
            length = size - position
        if length < 8 or not _is_name(kind):
            break
        kinds.append(kind)
        if position + length > size:
            missing = position + length - size
            break
        whole.add(kind)
        position += length
    is_film = bool(kinds) and kinds[0] in _FIRST and bool({b"ftyp", b"moov", b"mdat"} & set(kinds))
    return Boxes(is_film, b"moov" in whole, b"mdat" in kinds, missing if is_film else 0)


def missing_from_riff(stream: BinaryIO) -> int:
    """Bytes that the outermost chunk of a RIFF file (WAV, AVI) claims beyond the end of the file; 0 for others.

    Programs that write to a line and do not know the length yet say 0 or 2**32 - 1: nothing is missing then.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    header = stream.read(12)
    if len(header) < 12 or header[:4] != b"RIFF" or header[8:] not in (b"WAVE", b"AVI "):
        return 0
    (length,) = struct.unpack("<I", header[4:8])
    return 0 if length in (0, 0xFFFFFFFF) else max(0, length + 8 - size)


def _is_name(kind: bytes) -> bool:
    return all(0x20 <= byte <= 0x7E or byte == 0xA9 for byte in kind)


@dataclass(frozen=True)
class Track:
    """One track of an MP4 or QuickTime file, as its own boxes name it."""

    handler: str
    """Four letters: vide, soun, meta, tmcd, …"""
    format: str
    """Four letters of its first sample description: avc1, mp4a, gpmd, camm, …"""


def tracks(stream: BinaryIO) -> list[Track]:
    """The tracks in the order of the file. FFmpeg does not name the kind of a data track; this does."""
    size = stream.seek(0, os.SEEK_END)
    found: list[Track] = []
    for begin, end in _children(stream, 0, size, b"moov"):
        for track_begin, track_end in _children(stream, begin, end, b"trak"):
            for media_begin, media_end in _children(stream, track_begin, track_end, b"mdia"):
                found.append(_track(stream, media_begin, media_end))
    return found


def _track(stream: BinaryIO, begin: int, end: int) -> Track:
    handler = kind = ""
    for body, body_end in _children(stream, begin, end, b"hdlr"):
        handler = _letters(stream, body + 8, body_end)
    for info, info_end in _children(stream, begin, end, b"minf"):
        for table, table_end in _children(stream, info, info_end, b"stbl"):
            for body, body_end in _children(stream, table, table_end, b"stsd"):
                kind = _letters(stream, body + 12, body_end)
    return Track(handler, kind)


def boxes(stream: BinaryIO, begin: int, end: int, *, most: int = _MAX_BOXES) -> Iterator[Box]:
    """The boxes that follow one another in begin..end, at most so many; it stops at the first that cannot be one."""
    position, seen = begin, 0
    while position + 8 <= end and seen < most:
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


def _children(stream: BinaryIO, begin: int, end: int, wanted: bytes) -> Iterator[tuple[int, int]]:
    """Beginning and end of the content of each box `wanted` among those that follow one another in begin..end."""
    return ((box.content, box.end) for box in boxes(stream, begin, end) if box.kind == wanted)


def _letters(stream: BinaryIO, position: int, end: int) -> str:
    """Four printable letters at `position`, or nothing."""
    if position + 4 > end:
        return ""
    stream.seek(position)
    letters = stream.read(4)
    return letters.decode("latin-1") if len(letters) == 4 and _is_name(letters) else ""
