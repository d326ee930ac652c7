"""What a package is made of, file by file, and the zip that follows from it.

A zip's bytes follow from the list of files alone: names, sizes, CRCs. So its size is known before a byte of footage
is read, and any stretch of it can be given without making the rest: a download that broke off goes on.

Format: PKWARE APPNOTE 6.3.10; method 0 (stored); Zip64 extra fields and end records whenever a size, an offset or the
count of files needs them; UTF-8 names (flag bit 11); time stamps fixed at 1980-01-01 00:00.
"""

from __future__ import annotations

import bisect
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from candor.store import ObjectAltered

_DATE = 0x0021  # 1980-01-01, the format's zero
_UTF8 = 0x0800
_MOST32, _MOST16 = 0xFFFFFFFF, 0xFFFF


@dataclass(frozen=True)
class File:
    """One file of a package. Its bytes are `size` bytes at `offset` of the sealed object `object_id`."""

    name: str
    size: int
    sha256: str
    crc32: int
    object_id: str
    offset: int


class Readable(Protocol):
    """What a file's bytes are read from."""

    def read_at(self, offset: int, length: int, /) -> bytes:
        """`length` bytes from `offset` on; fewer only at the end."""


class Opened(Protocol):
    """What is read from, by the identifier of the sealed object."""

    def __getitem__(self, object_id: str, /) -> Readable:
        """The object, opened."""


@dataclass(frozen=True)
class _Stretch:
    """A run of the zip: bytes that are known, or those of a file."""

    start: int
    size: int
    data: bytes | None
    file: File | None


class ZipLayout:
    """The zip of a list of files under one top folder."""

    def __init__(self, top: str, files: Sequence[File]) -> None:
        self._stretches: list[_Stretch] = []
        self._at = 0
        central = []
        for file in files:
            name = f"{top}/{file.name}".encode()
            central.append(_central(name, file, self._at))
            self._add(data=_local(name, file))
            if file.size:
                self._add(file=file)
        begin = self._at
        for record in central:
            self._add(data=record)
        self._add(data=_end(len(files), self._at - begin, begin))
        self._starts = [one.start for one in self._stretches]

    @property
    def size(self) -> int:
        """Bytes of the whole zip."""
        return self._at

    def _add(self, *, data: bytes | None = None, file: File | None = None) -> None:
        size = len(data) if data is not None else file.size if file is not None else 0
        self._stretches.append(_Stretch(self._at, size, data, file))
        self._at += size

    def read(self, offset: int, length: int, sources: Opened) -> Iterator[bytes]:
        """The zip's bytes from `offset` on, in pieces of at most 1 MiB; `sources` by object id."""
        end = min(offset + length, self._at)
        index = bisect.bisect_right(self._starts, offset) - 1
        while offset < end:
            stretch = self._stretches[index]
            inside = offset - stretch.start
            count = min(stretch.size - inside, end - offset)
            if stretch.data is not None:
                yield stretch.data[inside : inside + count]
            elif stretch.file is not None:
                yield from _pieces(stretch.file, inside, count, sources)
            offset += count
            index += 1


def _pieces(file: File, inside: int, count: int, sources: Opened) -> Iterator[bytes]:
    source = sources[file.object_id]
    while count:
        piece = source.read_at(file.offset + inside, min(count, 1 << 20))
        if not piece:
            raise ObjectAltered(object_id=file.object_id, what=f"it ends before {file.name} does")
        yield piece
        inside += len(piece)
        count -= len(piece)


def _local(name: bytes, file: File) -> bytes:
    large = file.size >= _MOST32
    extra = struct.pack("<HHQQ", 1, 16, file.size, file.size) if large else b""
    size = _MOST32 if large else file.size
    version = 45 if large else 20
    head = struct.pack(
        "<4sHHHHHIIIHH", b"PK\3\4", version, _UTF8, 0, 0, _DATE, file.crc32, size, size, len(name), len(extra)
    )
    return head + name + extra


def _central(name: bytes, file: File, offset: int) -> bytes:
    values = b""
    large = file.size >= _MOST32
    if large:
        values += struct.pack("<QQ", file.size, file.size)
    far = offset >= _MOST32
    if far:
        values += struct.pack("<Q", offset)
    extra = struct.pack("<HH", 1, len(values)) + values if values else b""
    size = _MOST32 if large else file.size
    version = 45 if values else 20
    head = struct.pack(
        "<4sHHHHHHIIIHHHHHII",
        b"PK\1\2", 3 << 8 | version, version, _UTF8, 0, 0, _DATE, file.crc32, size, size, len(name), len(extra),
        0, 0, 0, 0o100644 << 16, _MOST32 if far else offset,
    )  # fmt: skip
    return head + name + extra


def _end(count: int, size: int, offset: int) -> bytes:
    records = b""
    if count >= _MOST16 or size >= _MOST32 or offset >= _MOST32:
        records = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 3 << 8 | 45, 45, 0, 0, count, count, size, offset)
        records += struct.pack("<4sIQI", b"PK\6\7", 0, offset + size, 1)
    return records + struct.pack(
        "<4sHHHHIIH",
        b"PK\5\6", 0, 0, min(count, _MOST16), min(count, _MOST16), min(size, _MOST32), min(offset, _MOST32), 0,
    )  # fmt: skip
