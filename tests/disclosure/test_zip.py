"""The zip: the same bytes each time, from any position, also where a file or an offset passes 4 GiB."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from candor import disclosure
from candor.custody import Event, history
from candor.disclosure.layout import File, ZipLayout
from candor.verify.zipbag import ZipBag

from .conftest import Site

GIB = 1 << 30


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_same_bytes_twice_and_any_range_is_the_slice(site: Site) -> None:
    found = site.hand_out(site.take(random.Random(1).randbytes(300_000)), site.take(b""), site.take(b"x"))
    first = disclosure.write_zip(site.database, site.vault, found, site.folder / "a").read_bytes()
    second = disclosure.write_zip(site.database, site.vault, found, site.folder / "b").read_bytes()
    assert first == second
    assert found.zip_size == len(first)
    with site.database.write() as tx:
        stream = disclosure.open_zip(tx, site.vault, site.records, found)
    chance = random.Random(2)
    ranges = [(0, len(first)), (0, 1), (len(first) - 1, 10), (len(first), 5), (10, 0)]
    ranges += [(chance.randrange(len(first)), chance.randrange(1, 40_000)) for _ in range(60)]
    for offset, length in ranges:
        assert b"".join(stream.read(offset, length)) == first[offset : offset + length]
    stream.close()


def test_a_download_is_on_record_once_and_needs_no_transaction(site: Site) -> None:
    recording = site.take(b"content")
    found = site.hand_out(recording)
    with site.database.write() as tx:
        stream = disclosure.open_zip(tx, site.vault, site.records, found)
    with site.database.write() as tx:
        again = disclosure.open_zip(tx, site.vault, site.records, found, record=False)
    # Both are read after their transactions ended, and while somebody else writes.
    with site.database.write():
        assert b"".join(stream.read(0, stream.size)) == b"".join(again.read(0, again.size))
    stream.close()
    again.close()
    with site.database.read() as tx:
        kinds = [event.kind for event in history(tx, recording)]
    assert kinds.count(Event.RECORDING_PACKAGE_DOWNLOADED) == 1


class Sparse:
    """Files of any size whose every byte is zero."""

    def __getitem__(self, object_id: str) -> Sparse:
        return self

    def read_at(self, offset: int, length: int) -> bytes:
        return bytes(length)


class Window(io.RawIOBase):
    """A zip that exists as a layout only, as a file to read from."""

    def __init__(self, layout: ZipLayout) -> None:
        self._layout, self._at = layout, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._layout.size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = b"".join(self._layout.read(self._at, len(buffer), Sparse()))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def big(*sizes: int) -> ZipLayout:
    return ZipLayout(
        "top",
        [
            File(f"data/{n}.bin", size, "", zlib.crc32(bytes(size)) if size < 10 else 0, "object", 0)
            for n, size in enumerate(sizes)
        ],
    )


@pytest.mark.parametrize(
    "sizes",
    [
        (1, 2, 3),
        (5 * GIB, 7),  # one large file, an offset beyond 4 GiB
        (3 * GIB, 3 * GIB, 9),  # no file is large, but an offset is
        (0xFFFFFFFE, 1),  # the largest that fits, and the next to it
        (0xFFFFFFFF, 1),
        (0x100000000, 0),
    ],
)
def test_zip64_where_it_is_needed(sizes: tuple[int, ...]) -> None:
    layout = big(*sizes)
    with zipfile.ZipFile(Window(layout)) as opened:
        found = opened.infolist()
        assert [(one.filename, one.file_size) for one in found] == [
            (f"top/data/{n}.bin", size) for n, size in enumerate(sizes)
        ]
        assert all(one.compress_type == zipfile.ZIP_STORED and one.date_time == (1980, 1, 1, 0, 0, 0) for one in found)
        small = min(range(len(sizes)), key=lambda n: sizes[n])
        if sizes[small] < 10:
            with opened.open(found[small]) as member:  # its local header lies where the directory says
                assert member.read(1) == bytes(min(1, sizes[small]))
    zip64 = b"".join(layout.read(layout.size - 98, 56, Sparse())).startswith(b"PK\6\6")
    assert zip64 == (sum(sizes) >= 0xFFFFFFFF)


def test_the_verifiers_own_strict_reader_takes_a_large_one(tmp_path: Path) -> None:
    layout, path = big(4 * GIB + 5, 3), tmp_path / "large.zip"
    with path.open("wb") as file:  # a sparse file: the zeros take no room
        for at, data in _headers(layout):
            file.seek(at)
            file.write(data)
        file.truncate(layout.size)
    with ZipBag(path, "large.zip") as bag:
        assert bag.sizes == {"data/0.bin": 4 * GIB + 5, "data/1.bin": 3}


def _headers(layout: ZipLayout) -> Iterator[tuple[int, bytes]]:
    """The parts of the zip that are no file's bytes."""
    start = b"".join(layout.read(0, 200, Sparse()))
    name, extra = struct.unpack("<HH", start[26:30])
    head = 30 + name + extra
    yield 0, start[:head]
    at = head + 4 * GIB + 5
    yield at, b"".join(layout.read(at, layout.size - at, Sparse()))
