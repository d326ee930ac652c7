"""Taking content credentials (C2PA) out of a copy again, so that it can be compared with the copy that was proven.

Credentials stand in one box after the beginning of the file. Putting them in moved everything behind them, so the
tables that say where in the file a piece of picture or sound lies were moved by the box's size. Left out and moved
back, what remains is byte for byte what it was. Rules kept here:

1. One pass: bytes are asked for in order, each of them once, and given out as they come. Nothing is held but one piece.
2. Everything is bounded: the number of boxes, how deep they lie, the size of the credentials. A size that does not fit
   into what it lies in is refused.
3. What was put in but cannot be taken out exactly is refused, not guessed: credentials that stand twice or behind a
   table that they would have moved, and tables that the signing program writes anew (`mfra`) or that it may (`meta`).
   Whatever comes out is compared with a known SHA-256 by whoever asked; this module promises only to read safely.

Sources: ISO/IEC 14496-12:2022 sections 4.2 (boxes), 8.7.5 (chunk offsets), 8.7.9 (auxiliary information), 8.8.7
(fragment headers); C2PA Technical Specification 2.2, appendix A.5 (embedding in ISO BMFF).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from candor.verify.errors import Malformed, VerifyError

__all__ = ["CREDENTIALS", "MAX_CREDENTIALS", "NoCredentials", "without_credentials"]

CREDENTIALS = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""The UUID of the box that holds them."""

MAX_CREDENTIALS = 64 * 1024 * 1024
"""Bytes of that box. Candor's take some 15 kB."""

MAX_BOXES = 200_000
"""Boxes that are looked at; a copy that Candor makes has less than two hundred."""

PIECE = 1024 * 1024
"""The largest number of bytes that is asked for, or given out, at once. A multiple of every table's width."""

_TABLE = "moov/trak/mdia/minf/stbl/"
_WITHIN = frozenset({"moov", "moov/trak", "moov/trak/mdia", "moov/trak/mdia/minf", _TABLE[:-1], "moof", "moof/traf"})
_WIDTHS = {_TABLE + "stco": 4, _TABLE + "co64": 8, _TABLE + "saio": 0}
_HEADER = "moof/traf/tfhd"
_NOT_EXACTLY = {
    "mfra": "it is a film in fragments with an index, which the signing program writes anew",
    "meta": "it has items, whose places the signing program may have moved",
}


class NoCredentials(VerifyError):
    """There are no content credentials in this file: they were taken out, or never put in."""


class _Box(NamedTuple):
    name: str  # with the boxes it lies in, "moov/trak"
    header: bytes
    size: int  # of what follows the header
    open_ended: bool


def without_credentials(read_at: Callable[[int, int], bytes], size: int) -> Iterator[bytes]:
    """The file without its credentials, in pieces of up to 1 MiB.

    read_at(offset, length): up to `length` bytes of the file, none only at its end; asked in order and without a gap,
    so that a stream that cannot go back will do. size: of the file, in bytes. Raises Malformed, and NoCredentials,
    which is known only at the end.
    """
    return _Stripping(read_at, size).pieces()


class _Stripping:
    def __init__(self, read_at: Callable[[int, int], bytes], size: int) -> None:
        self._read_at = read_at
        self._size = size
        self._at = 0
        self._boxes = 0
        self._moved = 0
        self._tables = False

    def pieces(self) -> Iterator[bytes]:
        ends: list[int] = [self._size]
        path: list[str] = []
        while True:
            while len(ends) > 1 and self._at == ends[-1]:
                ends.pop()
                path.pop()
            left = ends[-1] - self._at
            if left < 8:  # the end, or a few bytes of nothing, as some programs leave them
                if left:
                    yield self._take(left)
                if len(ends) == 1:
                    break
                continue
            box = self._next_box(left, path)
            if box.name == "uuid" and box.size >= 16:
                yield from self._uuid(box)
                continue
            if box.name in _NOT_EXACTLY:
                raise _malformed("credentials cannot be taken out of it exactly: " + _NOT_EXACTLY[box.name])
            yield box.header
            if box.name in _WITHIN and not box.open_ended:
                ends.append(self._at + box.size)
                path.append(box.name.rsplit("/", 1)[-1])
            elif box.name in _WIDTHS:
                yield from self._table(box)
            elif box.name == _HEADER:
                yield self._fragment(box)
            else:
                yield from self._through(box.size)
        if not self._moved:
            raise NoCredentials()

    def _next_box(self, left: int, path: list[str]) -> _Box:
        self._boxes += 1
        if self._boxes > MAX_BOXES:
            raise _malformed(f"it has more than {MAX_BOXES:,} boxes")
        header = self._take(8)
        size = int.from_bytes(header[:4], "big")
        name = "/".join([*path, header[4:].decode("latin-1")])
        open_ended = size == 0
        if size == 1:
            if left < 16:
                raise _malformed("a box ends within its header")
            header += self._take(8)
            size = int.from_bytes(header[8:], "big")
        elif open_ended:
            if path:
                raise _malformed("a box within another one has no size")
            size = left
        if not len(header) <= size <= left:
            raise _malformed("a box does not fit into what it lies in")
        return _Box(name, header, size - len(header), open_ended)

    def _uuid(self, box: _Box) -> Iterator[bytes]:
        uuid = self._take(16)
        if uuid != CREDENTIALS:
            yield box.header
            yield uuid
            yield from self._through(box.size - 16)
            return
        if self._moved:
            raise _malformed("there are credentials in it twice")
        if box.open_ended or self._tables:
            raise _malformed("its credentials do not stand at its beginning")
        if box.size > MAX_CREDENTIALS:
            raise _malformed("its credentials are larger than any are")
        self._moved = len(box.header) + box.size
        for _ in self._through(box.size - 16):
            pass

    def _table(self, box: _Box) -> Iterator[bytes]:
        """A box with a count, and that many offsets from the beginning of the file."""
        self._tables = True
        width = _WIDTHS[box.name]
        if box.size < 8:
            raise _malformed("a table of offsets is cut short")
        head = self._take(8)
        if not width:  # auxiliary information: its form depends on version and flags
            width = 8 if head[0] else 4
            if head[3] & 1:
                if box.size < 16:
                    raise _malformed("a table of offsets is cut short")
                head += self._take(8)
        count = int.from_bytes(head[-4:], "big")
        rest = box.size - len(head) - count * width
        if rest < 0:
            raise _malformed("a table of offsets is longer than the box it lies in")
        yield head
        left = count * width
        while left:
            piece = self._take(min(left, PIECE))
            left -= len(piece)
            yield self._back(piece, width)
        yield from self._through(rest)

    def _fragment(self, box: _Box) -> bytes:
        """The header of a fragment's track; it may say from where in the file it counts."""
        self._tables = True
        if box.size < 8 or box.size > 64:
            raise _malformed("the header of a fragment has another size than there is")
        data = self._take(box.size)
        if not data[3] & 1:
            return data
        if len(data) < 16:
            raise _malformed("the header of a fragment is cut short")
        return data[:8] + self._back(data[8:16], 8) + data[16:]

    def _back(self, piece: bytes, width: int) -> bytes:
        form = ">{}{}".format(len(piece) // width, "Q" if width == 8 else "I")
        offsets = struct.unpack(form, piece)
        if self._moved and offsets and min(offsets) < self._moved:
            raise _malformed("a table says that something lies before the beginning of the file")
        return struct.pack(form, *(offset - self._moved for offset in offsets))

    def _through(self, left: int) -> Iterator[bytes]:
        while left:
            piece = self._take(min(left, PIECE))
            left -= len(piece)
            yield piece

    def _take(self, count: int) -> bytes:
        """Exactly `count` bytes, at most PIECE of them."""
        pieces: list[bytes] = []
        while count:
            piece = self._read_at(self._at, count)
            if not piece or len(piece) > count:
                raise _malformed("it ends earlier than it should")
            pieces.append(piece)
            self._at += len(piece)
            count -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _malformed(reason: str) -> Malformed:
    return Malformed(what="film with content credentials", reason=reason)
