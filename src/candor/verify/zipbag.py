"""A bag in a zip, read in place by a reader that takes only the plainest zips.

A zip says everything twice, once before each member and once in the directory at its end, and programs differ
in which they believe. An evidence file must not look different to two programs, so here:
1. both sayings must agree, byte for byte where they name a file;
2. the members lie one after another without gap or overlap, from the first byte to the directory, and nothing
   follows the end record: there is no room for a second story;
3. no encryption, no links, no splitting; methods are stored and deflate (for a zip that was packed again);
4. a member gives exactly as many bytes as it declares, and its CRC must fit: a bomb stops at its declared
   size, and the declared sizes of deflated members are held under a ceiling;
5. everything lies under one top folder, which is the bag.

Source: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3 (Zip64).
"""

from __future__ import annotations

import io
import os
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from candor.verify.bag import (
    LEFT_BY_THE_COMPUTER,
    MAX_FILES,
    Bag,
    UnreadableBag,
    UnsafeBag,
    check_names,
    quoted,
)

MAX_DIRECTORY = 64 * 1024 * 1024
"""Bytes of the central directory that are read whole."""

MAX_INFLATED = 1024 * 1024 * 1024
"""Bytes that the deflated members of one zip may come to together, whatever they were packed from. Packages are
stored; this is for one that somebody packed again."""

MAX_RATIO = 4
"""Beyond that, they may come to at most this many times their packed size: footage packs hardly at all."""

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_DESCRIPTOR, _UTF8 = 0x0008, 0x0800
_NONE32, _NONE16 = 0xFFFFFFFF, 0xFFFF


@dataclass(frozen=True)
class Member:
    """One line of the central directory. Sizes and offsets in bytes; `start` is where its data begins."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    start: int = 0


class ZipBag(Bag):
    """A bag in a zip, under one top folder. Raises UnreadableBag or UnsafeBag on opening."""

    def __init__(self, path: Path, label: str | None = None) -> None:
        super().__init__()
        self.label = label if label is not None else str(path)
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise UnreadableBag(reason=f"it cannot be opened: {error.strerror or error}") from error
        try:
            self._survey()
        except BaseException:
            self._file.close()
            raise

    def _survey(self) -> None:
        self._file.seek(0, os.SEEK_END)
        directory = _find_directory(self._file, self._file.tell())
        members = list(_members(self._file, directory))
        _check_layout(self._file, members, directory.offset)
        check_names([m.name for m in members if not m.name.endswith("/")])
        check_folders(members)
        _check_bombs(members)
        tops = {m.name.partition("/")[0] for m in members}
        if len(tops) != 1 or any("/" not in m.name for m in members):
            raise UnsafeBag(reason="the zip does not hold its files under one top folder")
        self.top = tops.pop() + "/"
        inside = {m.name[len(self.top) :]: m for m in members if not m.name.endswith("/")}
        self._members = {n: m for n, m in inside.items() if n.rpartition("/")[2] not in LEFT_BY_THE_COMPUTER}
        self.left_behind = tuple(sorted(set(inside) - set(self._members)))
        self.sizes = {name: self._members[name].size for name in sorted(self._members)}

    def open(self, name: str) -> BinaryIO:
        """The file's bytes. One member at a time: streams of a zip share its position."""
        member = self._members[name]
        return io.BufferedReader(_MemberStream(self._file, member), buffer_size=1 << 16)

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True)
class _Directory:
    offset: int
    size: int
    count: int


def _read_exactly(file: BinaryIO, offset: int, count: int) -> bytes:
    file.seek(offset)
    data = file.read(count)
    if len(data) != count:
        raise UnreadableBag(reason="the zip ends too early: it was cut short or is still downloading")
    return data


def _find_directory(file: BinaryIO, length: int) -> _Directory:
    """Where the central directory lies. The end record must be the last 22 bytes: no comment, no tail."""
    if length < _END.size:
        raise UnreadableBag(reason="it is neither a folder nor a zip")
    end_at = length - _END.size
    end = _END.unpack(_read_exactly(file, end_at, _END.size))
    if end[0] != b"PK\x05\x06":
        begins_as_zip = _read_exactly(file, 0, 4) == b"PK\x03\x04"
        what = "the zip has no end: it was cut short, or something was added after it"
        raise UnreadableBag(reason=what if begins_as_zip else "it is neither a folder nor a zip")
    _, disk, start_disk, here, count, size, offset, comment = end
    if comment:
        raise UnsafeBag(reason="the zip carries a comment, which no package has")
    if end_at >= _LOCATOR.size and _read_exactly(file, end_at - _LOCATOR.size, 4) == b"PK\x06\x07":
        locator_at = end_at - _LOCATOR.size
        _, _, at, disks = _LOCATOR.unpack(_read_exactly(file, locator_at, _LOCATOR.size))
        if at + _END64.size != locator_at or disks > 1:
            raise UnsafeBag(reason="the zip's end record is not where it says")
        end64 = _END64.unpack(_read_exactly(file, at, _END64.size))
        if end64[0] != b"PK\x06\x06" or end64[1] != _END64.size - 12:
            raise UnsafeBag(reason="the zip's end record cannot be read")
        wide = end64[6:10]
        for narrow, value, none in ((here, wide[0], _NONE16), (count, wide[1], _NONE16)):
            _agree(narrow, value, none)
        _agree(size, wide[2], _NONE32)
        _agree(offset, wide[3], _NONE32)
        here, count, size, offset, disk, start_disk = *wide, end64[4], end64[5]
        end_at = at
    if disk or start_disk or here != count:
        raise UnsafeBag(reason="the zip is split over several files")
    if offset + size != end_at:
        raise UnsafeBag(reason="the zip's directory is not where it says")
    if count > MAX_FILES or size > MAX_DIRECTORY:
        raise UnsafeBag(reason=f"the zip holds more than {MAX_FILES:,} files")
    return _Directory(offset, size, count)


def _agree(narrow: int, wide: int, none: int) -> None:
    if narrow not in (wide, none):
        raise UnsafeBag(reason="the zip's two end records do not agree")


def _members(file: BinaryIO, directory: _Directory) -> Iterator[Member]:
    data = _read_exactly(file, directory.offset, directory.size)
    at = 0
    for _ in range(directory.count):
        if at + _CENTRAL.size > len(data):
            raise UnsafeBag(reason="the zip's directory is shorter than it says")
        fields = _CENTRAL.unpack_from(data, at)
        sign, made_by, _, flags, method, _, _, crc, packed, size = fields[:10]
        name_n, extra_n, note_n, disk, _, mode, offset = fields[10:]
        at += _CENTRAL.size
        raw_name, extra = data[at : at + name_n], data[at + name_n : at + name_n + extra_n]
        at += name_n + extra_n + note_n
        if sign != b"PK\x01\x02" or at > len(data) or note_n:
            raise UnsafeBag(reason="the zip's directory cannot be read")
        name = _decoded(raw_name, flags)
        if flags & _ENCRYPTED:
            raise UnsafeBag(reason=f"{quoted(name)} is encrypted")
        if method not in (_STORED, _DEFLATED):
            raise UnsafeBag(reason=f"{quoted(name)} is packed by a method that is not read here")
        kind = stat.S_IFMT(mode >> 16)
        if made_by >> 8 == 3 and kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise UnsafeBag(reason=f"{quoted(name)} is a link or a special file; a package holds only files")
        size, packed, offset, disk = _widened(extra, size, packed, offset, disk)
        if disk:
            raise UnsafeBag(reason="the zip is split over several files")
        yield Member(name, raw_name, flags, method, crc, packed, size, offset)
    if at != len(data):
        raise UnsafeBag(reason="the zip's directory is longer than it says")


def _decoded(raw: bytes, flags: int) -> str:
    """A member's name. Without the UTF-8 flag only ASCII is one name for everybody."""
    try:
        return raw.decode("utf-8" if flags & _UTF8 else "ascii", "strict")
    except UnicodeDecodeError as error:
        raise UnsafeBag(reason="a name in the zip is not UTF-8 text") from error


def _extra_fields(extra: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        at += 4 + length
        if tag in fields or at > len(extra):
            break
        fields[tag] = extra[at - length : at]
    if at != len(extra):
        raise UnsafeBag(reason="the zip's directory cannot be read")
    if 0x7075 in fields:  # a second spelling of the name, which some programs believe instead of the first
        raise UnsafeBag(reason="a file in the zip has two names")
    return fields


def _widened(extra: bytes, size: int, packed: int, offset: int, disk: int) -> tuple[int, int, int, int]:
    """Sizes and offset with the Zip64 field (0x0001) put in where the narrow fields say so."""
    values = [size, packed, offset, disk]
    nones, widths = (_NONE32, _NONE32, _NONE32, _NONE16), (8, 8, 8, 4)
    wide = _extra_fields(extra).get(0x0001, b"")
    at = 0
    for index in range(4):
        if values[index] == nones[index]:
            if at + widths[index] > len(wide):
                raise UnsafeBag(reason="a size in the zip is missing")
            values[index] = int.from_bytes(wide[at : at + widths[index]], "little")
            at += widths[index]
    return values[0], values[1], values[2], values[3]


def _check_layout(file: BinaryIO, members: list[Member], end: int) -> None:
    """Rules 1 and 2; fills in where each member's data starts."""
    order = sorted(range(len(members)), key=lambda i: members[i].offset)
    expected = 0
    for position in order:
        member = members[position]
        if member.offset != expected:
            raise UnsafeBag(reason=f"the zip hides something before {quoted(member.name)}, or files overlap")
        start = _check_local(file, member)
        expected = start + member.packed
        if member.flags & _DESCRIPTOR:
            expected += _descriptor_length(file, member, expected)
        if expected > end:
            raise UnreadableBag(reason="the zip ends too early: it was cut short")
        members[position] = Member(**{**member.__dict__, "start": start})
    if expected != end:
        raise UnsafeBag(reason="something lies hidden in the zip before its directory")


def _check_local(file: BinaryIO, member: Member) -> int:
    """Compare a member's local header with the directory; returns where its data starts."""
    fields = _LOCAL.unpack(_read_exactly(file, member.offset, _LOCAL.size))
    sign, _, flags, method, _, _, crc, packed, size, name_n, extra_n = fields
    rest = _read_exactly(file, member.offset + _LOCAL.size, name_n + extra_n)
    later = bool(flags & _DESCRIPTOR)
    both = (rest[:name_n], flags, method) == (member.raw_name, member.flags, member.method)
    if sign != b"PK\x03\x04" or not both:
        raise UnsafeBag(reason=f"the zip says two things about {quoted(member.name)}")
    if later and size in (0, _NONE32) and packed in (0, _NONE32):
        _extra_fields(rest[name_n:])
    else:
        size, packed, _, _ = _widened(rest[name_n:], size, packed, 0, 0)
        if (size, packed) != (member.size, member.packed):
            raise UnsafeBag(reason=f"the zip gives two sizes for {quoted(member.name)}")
    if crc != member.crc and not (later and crc == 0):
        raise UnsafeBag(reason=f"the zip gives two check sums for {quoted(member.name)}")
    return member.offset + _LOCAL.size + int(name_n) + int(extra_n)


def _descriptor_length(file: BinaryIO, member: Member, at: int) -> int:
    """Length of the data descriptor after a member: with or without signature, narrow or Zip64."""
    for layout in ("<4sIQQ", "<4sIII", "<IQQ", "<III"):
        length = struct.calcsize(layout)
        file.seek(at)
        data = file.read(length)
        if len(data) < length:
            continue
        fields = struct.unpack(layout, data)
        if layout.startswith("<4s"):
            if fields[0] != b"PK\x07\x08":
                continue
            fields = fields[1:]
        if fields == (member.crc, member.packed, member.size):
            return length
    raise UnsafeBag(reason=f"the zip says two things about {quoted(member.name)}")


def check_folders(members: list[Member]) -> None:
    """Entries for folders hold nothing, and clash with no file."""
    files = {m.name for m in members if not m.name.endswith("/")}
    folders = [m for m in members if m.name.endswith("/")]
    for folder in folders:
        if folder.size or folder.packed > 2:
            raise UnsafeBag(reason=f"the folder {quoted(folder.name)} holds bytes of its own")
        if folder.name[:-1] in files:
            raise UnsafeBag(reason=f"{quoted(folder.name)} is both a file and a folder")
    check_names([folder.name + "_" for folder in folders])


def _check_bombs(members: list[Member]) -> None:
    for member in members:
        if member.method == _STORED and member.size != member.packed:
            raise UnsafeBag(reason=f"the zip gives two sizes for {quoted(member.name)}")
    deflated = [member for member in members if member.method == _DEFLATED]
    if sum(m.size for m in deflated) > max(MAX_INFLATED, MAX_RATIO * sum(m.packed for m in deflated)):
        raise UnsafeBag(reason="the zip would unpack to far more than it holds, as no footage does")


class _MemberStream(io.RawIOBase):
    """One member's bytes. Reading past its declared size, or a CRC that does not fit, is an OSError."""

    def __init__(self, file: BinaryIO, member: Member) -> None:
        self._file, self._member = file, member
        self._at, self._given, self._crc = 0, 0, 0
        self._inflate = zlib.decompressobj(-15) if member.method == _DEFLATED else None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self._next(len(view))
        view[: len(data)] = data
        self._given += len(data)
        self._crc = zlib.crc32(data, self._crc)
        if not data and len(view):
            self._finish()
        return len(data)

    def _packed(self, count: int) -> bytes:
        count = min(count, self._member.packed - self._at)
        self._file.seek(self._member.start + self._at)
        data = self._file.read(count)
        if len(data) != count:
            raise OSError("the zip ends too early")
        self._at += count
        return data

    def _next(self, count: int) -> bytes:
        if self._inflate is None:
            return self._packed(count)
        left = self._member.size - self._given
        while not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._packed(1 << 16)
            try:
                data = self._inflate.decompress(packed, min(count, left + 1))
            except zlib.error as error:
                raise OSError("it cannot be unpacked") from error
            if len(data) > left:
                raise OSError("it unpacks to more than it says")
            if data:
                return data
            if not packed:
                raise OSError("it cannot be unpacked")
        return b""

    def _finish(self) -> None:
        hidden = self._inflate is not None and (self._inflate.unused_data or self._at != self._member.packed)
        if self._given != self._member.size or self._crc != self._member.crc or hidden:
            raise OSError("its check sum in the zip does not fit")
