"""A copy with its credentials in place, as a stream: nothing is written until it is known that they hold.

The box stands right after the file's beginning (`ftyp`), and the tables that say where in the file something lies are
moved by its size; `candor.verify.credentials` is the inverse. Only what Candor makes is taken: one `moov` with chunk
offsets. A film in fragments, or one that carries credentials already, is refused.

Source: ISO/IEC 14496-12:2022 sections 4.2, 8.7.5; C2PA Technical Specification 2.2, appendix A.5.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from candor.core.positioned import Positioned
from candor.verify.credentials import CREDENTIALS

__all__ = ["Layout", "NotPlaceable", "Placed", "layout_of"]

_WITHIN: Final = frozenset({"moov", "moov/trak", "moov/trak/mdia", "moov/trak/mdia/minf", "moov/trak/mdia/minf/stbl"})
_TABLES: Final = {"moov/trak/mdia/minf/stbl/stco": 4, "moov/trak/mdia/minf/stbl/co64": 8}
_REFUSED: Final = {
    "moof": "it is a film in fragments",
    "mfra": "it is a film in fragments",
    "meta": "it has items beside the film",
    "moov/trak/mdia/minf/stbl/saio": "it is encrypted for players",
}
_MOST_BOXES: Final = 10_000
_PIECE: Final = 1 << 20

ReadAt = Callable[[int, int], bytes]


class NotPlaceable(Exception):
    """Credentials cannot be put into this file; the text says why. Not for people as it stands."""


@dataclass(frozen=True)
class Table:
    """Offsets from the beginning of the file: where they lie, how many, how many bytes each has."""

    at: int
    count: int
    width: int

    @property
    def end(self) -> int:
        return self.at + self.count * self.width


@dataclass(frozen=True)
class Layout:
    """Where the credentials go, and what they move. `tables` are in the order of the file."""

    at: int
    tables: tuple[Table, ...]


def layout_of(read_at: ReadAt, size: int) -> Layout:
    """Look at a copy's boxes. Raises NotPlaceable."""
    tables: list[Table] = []
    at: int | None = None
    for name, begin, header, length in _boxes(read_at, 0, size, ""):
        if name in _REFUSED:
            raise NotPlaceable(_REFUSED[name])
        if name == "uuid" and read_at(begin + header, 16) == CREDENTIALS:
            raise NotPlaceable("it carries content credentials already")
        if name == "ftyp" and begin == 0:
            at = length
        if name in _TABLES:
            tables.append(_table(read_at, begin + header, length - header, _TABLES[name]))
    if at is None or not tables:
        raise NotPlaceable("it is no film as this program makes them")
    return Layout(at, tuple(tables))


def _boxes(read_at: ReadAt, begin: int, end: int, within: str) -> Iterator[tuple[str, int, int, int]]:
    """(name with what it lies in, where it begins, bytes of its header, all its bytes) of every box that counts."""
    seen, ends, names = 0, [end], [within]
    while True:
        while len(ends) > 1 and begin == ends[-1]:
            ends.pop()
            names.pop()
        if ends[-1] - begin < 8:
            if begin != ends[-1]:
                raise NotPlaceable("a box does not fit into what it lies in")
            return
        seen += 1
        if seen > _MOST_BOXES:
            raise NotPlaceable("it has more boxes than any film")
        length, raw = struct.unpack(">I4s", read_at(begin, 8))
        header = 8
        if length == 1:
            length, header = int.from_bytes(read_at(begin + 8, 8), "big"), 16
        if not header <= length <= ends[-1] - begin:
            raise NotPlaceable("a box does not fit into what it lies in")
        name = names[-1] + raw.decode("latin-1")
        yield name, begin, header, length
        if name in _WITHIN:
            ends.append(begin + length)
            names.append(name + "/")
            begin += header
        else:
            begin += length


def _table(read_at: ReadAt, begin: int, size: int, width: int) -> Table:
    if size < 8:
        raise NotPlaceable("a table of offsets is cut short")
    count = int.from_bytes(read_at(begin + 4, 4), "big")
    if 8 + count * width > size:
        raise NotPlaceable("a table of offsets is longer than the box it lies in")
    return Table(begin + 8, count, width)


class Placed(Positioned):
    """The copy with `box` in it: readable and seekable, made while it is read. Reading raises NotPlaceable when a place
    that is told in 32 bits would have to be told in more."""

    def __init__(self, read_at: ReadAt, size: int, layout: Layout, box: bytes) -> None:
        super().__init__()
        self._read_at, self._layout, self._box = read_at, layout, box
        self.size = size + len(box)

    def extent(self) -> int:
        return self.size

    def write(self, _data: Any, /) -> int:
        """There is nothing to write to; the library asks that there be the word."""
        raise OSError("this stream is only read")

    def read_at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset` on; fewer only at the end."""
        begin, end, where = self._layout.at, self._layout.at + len(self._box), offset
        pieces: list[bytes] = []
        until = min(offset + length, self.size)
        while where < until:
            if where < begin:
                piece = self._moved(where, min(until, begin) - where)
            elif where < end:
                piece = self._box[where - begin : until - begin]
            else:
                piece = self._moved(where - len(self._box), until - where)
            if not piece:
                raise OSError("the copy became shorter while it was read")
            pieces.append(piece)
            where += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, self.size - self._position)
        wanted = left if size is None or size < 0 else min(size, left)
        data = self.read_at(self._position, wanted)
        self._position += len(data)
        return data

    def readinto(self, buffer: Any, /) -> int:
        data = self.read(min(len(buffer), _PIECE))
        buffer[: len(data)] = data
        return len(data)

    def _moved(self, offset: int, length: int) -> bytes:
        """Bytes of the copy, with the tables in them moved."""
        end = offset + length
        data: bytes | bytearray = self._read_at(offset, length)
        for table in self._layout.tables:
            if table.at >= end or table.end <= offset:
                continue
            first = max(0, offset - table.at) // table.width
            last = min(table.count, -(-(end - table.at) // table.width))
            data = bytearray(data) if isinstance(data, bytes) else data
            self._move(data, offset, table, first, last)
        return bytes(data)

    def _move(self, data: bytearray, offset: int, table: Table, first: int, last: int) -> None:
        at = table.at + first * table.width
        form = f">{last - first}{'Q' if table.width == 8 else 'I'}"
        places = struct.unpack(form, self._read_at(at, (last - first) * table.width))
        try:
            moved = struct.pack(form, *(place + len(self._box) for place in places))
        except struct.error as error:
            raise NotPlaceable("it is so large that its places cannot be told in 32 bits any more") from error
        begin, end = max(at, offset), min(at + len(moved), offset + len(data))
        data[begin - offset : end - offset] = moved[begin - at : end - at]
