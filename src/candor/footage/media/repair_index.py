"""Writing an MP4 (ISO/IEC 14496-12): samples as they come, then the index, which only then is known.

Nothing is encoded and nothing but sizes, places and times is kept in memory, so a recording may be of any length. Runs
in a limited process.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final

_CHUNK: Final = 1 << 20  # bytes of one chunk at most
_BUFFER: Final = 1 << 20
MAX_SAMPLES: Final = 20_000_000
_MATRIX: Final = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def box(kind: bytes, *content: bytes) -> bytes:
    """One box."""
    size = 8 + sum(map(len, content))
    return struct.pack(">I4s", size, kind) + b"".join(content)


def _full(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


class Track:
    """The samples of one track while they are written."""

    def __init__(self, handler: bytes, entry: bytes, timescale: int) -> None:
        """handler: vide or soun. entry: the sample entry. timescale: ticks a second."""
        self.handler, self.entry, self.timescale = handler, entry, timescale
        self.size = (0, 0)
        """Width and height in pixels; of sound nothing."""
        self.sizes, self.lengths = array("I"), array("I")
        self.shown = array("q")  # ticks at which each is shown
        self.keys = array("I")
        self.places, self.counts = array("Q"), array("I")  # of each chunk
        self.even = 0  # bytes of each sample, where all are alike and are not counted singly
        self.gaps: list[tuple[int, int]] = []  # of such: after how many samples how many ticks are missing
        self.count = 0
        self.skip = 0
        """Ticks at the beginning that are not played: an encoder's run-up."""
        self.length = 0
        """In ticks, with the gaps."""

    def pause(self, ticks: int) -> None:
        """Let the next sample begin so much later."""
        if ticks <= 0 or not self.count:
            return
        if self.even:
            self.gaps.append((self.count, ticks))
        else:
            self.lengths[-1] += ticks
        self.length += ticks

    def lengths_in_runs(self) -> list[tuple[int, int]]:
        """How many samples in a row last how long."""
        if not self.even:
            return list(_runs(self.lengths))
        found: list[tuple[int, int]] = []
        before = 0
        for count, gap in self.gaps:
            found += [(count - before - 1, 1)] * (count - before > 1) + [(1, 1 + gap)]
            before = count
        return found + [(self.count - before, 1)] * (self.count > before)


class Film:
    """An MP4 on its way."""

    def __init__(self, output: Any) -> None:
        self._output = output
        self._buffer = bytearray()
        self._written = 0
        self._last: Track | None = None
        self._chunk = 0
        self._put(box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isomiso2mp41"))
        self._media = self._written + len(self._buffer)
        self._put(struct.pack(">I4sQ", 1, b"mdat", 16))

    def add(self, track: Track, data: bytes, length: int, *, shown: int | None = None, key: bool = False) -> int:
        """Write one sample that lasts `length` ticks; its number in the track. Evenly sampled sound comes in chunks."""
        if track.count >= MAX_SAMPLES:
            raise OverflowError("there are more samples than an index here can hold")
        place = self._written + len(self._buffer)
        samples = len(data) // track.even if track.even else 1
        if track is self._last and self._chunk + len(data) <= _CHUNK:
            track.counts[-1] += samples
        else:
            track.places.append(place)
            track.counts.append(samples)
            self._chunk = 0
        self._last = track
        self._chunk += len(data)
        if not track.even:
            track.sizes.append(len(data))
            track.lengths.append(length)
            if shown is not None:
                track.shown.append(shown)
            if key:
                track.keys.append(track.count + 1)
        track.count += samples
        track.length += samples if track.even else length
        self._put(data)
        return track.count - 1

    def finish(self, tracks: Iterable[Track]) -> int:
        """Write the index; the size of the file in bytes."""
        present = [track for track in tracks if track.count]
        end = self._written + len(self._buffer)
        self._put(_movie(present))
        self._flush()
        size = self._written
        self._output.seek(self._media)
        self._output.write(struct.pack(">I4sQ", 1, b"mdat", end - self._media))
        return size

    def _put(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) >= _BUFFER:
            self._flush()

    def _flush(self) -> None:
        self._output.seek(self._written)
        self._output.write(bytes(self._buffer))
        self._written += len(self._buffer)
        self._buffer.clear()


def _movie(tracks: list[Track]) -> bytes:
    scale = 1000
    length = max((int(Fraction(track.length, track.timescale) * scale) for track in tracks), default=0)
    header = struct.pack(">QQIQIH10x", 0, 0, scale, length, 0x10000, 0x100) + _MATRIX + bytes(24)
    return box(
        b"moov",
        _full(b"mvhd", 1, 0, header, struct.pack(">I", len(tracks) + 1)),
        *(_track(track, number + 1, scale) for number, track in enumerate(tracks)),
    )


def _track(track: Track, number: int, scale: int) -> bytes:
    length = track.length
    shown = int(Fraction(length, track.timescale) * scale)
    pictures = track.handler == b"vide"
    delay, offsets = _offsets(track)
    delay = delay or track.skip
    head = struct.pack(">QQIIQ8xhhH2x", 0, 0, number, 0, shown, 0, 0, 0 if pictures else 0x100) + _MATRIX
    head += struct.pack(">II", track.size[0] << 16, track.size[1] << 16)
    edits = box(b"edts", _full(b"elst", 1, 0, struct.pack(">IQqI", 1, shown, delay, 0x10000))) if delay else b""
    media = box(
        b"mdia",
        _full(b"mdhd", 1, 0, struct.pack(">QQIQHH", 0, 0, track.timescale, length, 0x55C4, 0)),
        _full(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, track.handler), b"\x00"),
        box(
            b"minf",
            _full(b"vmhd", 0, 1, bytes(8)) if pictures else _full(b"smhd", 0, 0, bytes(4)),
            box(b"dinf", _full(b"dref", 0, 0, struct.pack(">I", 1), _full(b"url ", 0, 1))),
            box(b"stbl", *_tables(track, offsets)),
        ),
    )
    return box(b"trak", _full(b"tkhd", 1, 3, head), edits, media)


def _tables(track: Track, offsets: array[int]) -> list[bytes]:
    tables = [_full(b"stsd", 0, 0, struct.pack(">I", 1), track.entry)]
    tables.append(_rows(b"stts", track.lengths_in_runs()))
    if any(offsets):
        tables.append(_rows(b"ctts", list(_runs(offsets))))
    if track.handler == b"vide":
        tables.append(_full(b"stss", 0, 0, struct.pack(">I", len(track.keys)), _big(track.keys)))
    chunks: list[tuple[int, int, int]] = []
    for number, count in enumerate(track.counts):
        if not chunks or chunks[-1][1] != count:
            chunks.append((number + 1, count, 1))
    tables.append(_full(b"stsc", 0, 0, struct.pack(">I", len(chunks)), *(struct.pack(">III", *row) for row in chunks)))
    sizes = struct.pack(">II", track.even, track.count)
    tables.append(_full(b"stsz", 0, 0, sizes, b"" if track.even else _big(track.sizes)))
    tables.append(_full(b"co64", 0, 0, struct.pack(">I", len(track.places)), _big(track.places)))
    return tables


def _offsets(track: Track) -> tuple[int, array[int]]:
    """How much later than decoded each is shown, and the delay that keeps all of it from being negative."""
    found, decoded = array("q"), 0
    if not track.shown:
        return 0, found
    for number, length in enumerate(track.lengths):
        found.append(track.shown[number] - decoded)
        decoded += length
    delay = max(0, -min(found, default=0))
    for number in range(len(found)):
        found[number] += delay
    return delay, found


def _runs(values: Iterable[int]) -> Iterable[tuple[int, int]]:
    last, count = None, 0
    for value in values:
        if value != last:
            if last is not None:
                yield count, last
            last, count = value, 0
        count += 1
    if last is not None:
        yield count, last


def _rows(kind: bytes, rows: list[tuple[int, int]]) -> bytes:
    return _full(kind, 0, 0, struct.pack(">I", len(rows)), *(struct.pack(">II", *row) for row in rows))


def _big(values: array[int]) -> bytes:
    swapped = values[:]
    swapped.byteswap()
    return swapped.tobytes()


def picture_entry(codec: str, parameters: bytes, width: int, height: int) -> bytes:
    """A sample entry for pictures with these parameters (avcC or hvcC)."""
    names = (b"avc1", b"avcC") if codec == "h264" else (b"hvc1", b"hvcC")
    described = struct.pack(">6xH16xHHIIIH32xHh", 1, width, height, 0x480000, 0x480000, 0, 1, 24, -1)
    return box(names[0], described, box(names[1], parameters))


def avcc(sequence: bytes, picture: bytes, lengths: int, layout: str = "") -> bytes:
    """The parameters of H.264 (ISO/IEC 14496-15 section 5.3.3) from its parameter sets."""
    made = struct.pack(">B3sBBH", 1, sequence[1:4], 0xFC | lengths - 1, 0xE1, len(sequence)) + sequence
    made += struct.pack(">BH", 1, len(picture)) + picture
    if sequence[1] in (100, 110, 122, 144):
        colours = {"yuv420p": 1, "yuvj420p": 1, "yuv422p": 2, "yuvj422p": 2, "yuv444p": 3}.get(layout, 1)
        made += bytes((0xFC | colours, 0xF8, 0xF8, 0))
    return made


def hvcc(sets: dict[int, bytes], lengths: int) -> bytes:
    """The parameters of H.265 (ISO/IEC 14496-15 section 8.3.3) from its parameter sets, by type 32, 33, 34."""
    general = sets[33].replace(b"\x00\x00\x03", b"\x00\x00")[3:15]
    made = b"\x01" + general.ljust(12, b"\x00") + struct.pack(">HBBBBH", 0xF000, 0xFC, 0xFD, 0xF8, 0xF8, 0)
    made += bytes((0x0C | lengths - 1, len(sets)))
    for kind, content in sorted(sets.items()):
        made += struct.pack(">BHH", 0x80 | kind, 1, len(content)) + content
    return made
