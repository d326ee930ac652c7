"""What an index tells of how a camera writes: codecs, their parameters, the clock, how sound lies between the pictures.

Read from a whole file of the same camera (a reference), or from what is left of a broken file's own index. The tables
of a track are looked for by their letters, from its clock (mdhd) on, so that an index with a hole in it still tells
what it has. Runs in a limited process.
"""

from __future__ import annotations

import os
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from candor.core.limited_task import Refused, Task
from candor.footage.media import boxes

MAX_INDEX: Final = 64 << 20  # bytes of a moov box that are read
_MAX_ENTRY: Final = 64 << 10  # bytes of one sample entry
_MAX_SAMPLES_LOOKED_AT: Final = 200_000
_PICTURES: Final = {b"avc1": "h264", b"avc3": "h264", b"hvc1": "hevc", b"hev1": "hevc"}
_SOUND: Final = {
    b"mp4a": "aac", b"sowt": "pcm", b"twos": "pcm", b"ipcm": "pcm", b"lpcm": "pcm", b"raw ": "pcm",
    b"ulaw": "pcm", b"alaw": "pcm", b"Opus": "opus", b"samr": "amr", b".mp3": "mp3", b"ac-3": "ac-3", b"alac": "alac",
}  # fmt: skip


@dataclass
class TrackProfile:
    """One track as an index describes it. Sizes in bytes, times in ticks of `timescale`."""

    kind: str
    """pictures or sound."""
    codec: str
    entry: str
    """The sample entry (ISO/IEC 14496-12 section 8.5.2) as it stands in the file, in hexadecimal."""
    parameters: str
    """avcC, hvcC or the AudioSpecificConfig, in hexadecimal; empty when there is none."""
    timescale: int = 0
    tick: int = 0
    """The commonest length of a sample; 0 when not known."""
    sample_sizes: tuple[int, int] = (0, 0)
    """The smallest and the largest."""
    per_chunk: list[int] = field(default_factory=list)
    """How many samples lie together, the commonest first."""
    width: int = 0
    height: int = 0
    skip: int = 0
    """Ticks at the beginning that are not played (an encoder's run-up), by the edit list."""
    rate: int = 0
    """Sound: samples a second."""
    channels: int = 0


@dataclass
class Profile:
    """What is known of how the camera writes."""

    tracks: list[TrackProfile]
    others: int = 0
    """Tracks that are neither: data, time codes, text."""

    def to_json(self) -> dict[str, Any]:
        """As JSON data."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Profile:
        """What `to_json` made."""
        tracks = [TrackProfile(**{**one, "sample_sizes": tuple(one["sample_sizes"])}) for one in found["tracks"]]
        return cls(tracks, found["others"])

    def first(self, kind: str) -> TrackProfile | None:
        """The first track of that kind."""
        return next((one for one in self.tracks if one.kind == kind), None)


def profile(task: Task) -> dict[str, Any]:
    """The task: the profile of a file whose index is whole, as JSON data. Refused when it cannot serve."""
    source: Any = task.source
    film = boxes.walk(source)
    found = Profile([])
    if film.is_film and film.has_index and not film.missing:
        found = read_profile(source)
    pictures = found.first("pictures")
    if pictures is None or not pictures.parameters:
        raise Refused(
            "no-reference", "it is no whole MP4 or QuickTime file with pictures in H.264 or H.265, so it is no help"
        )
    return found.to_json()


def read_profile(stream: Any) -> Profile:
    """The profile by the moov box of `stream`, as far as the box can be read; no tracks when there is none."""
    size = stream.seek(0, os.SEEK_END)
    for begin, end in index_ranges(stream, size):
        stream.seek(begin)
        found = _read(stream.read(min(end - begin, MAX_INDEX)))
        if found.tracks:
            return found
    return Profile([])


def index_ranges(stream: Any, size: int) -> Iterator[tuple[int, int]]:
    """Where an index may stand: the outermost boxes called moov, cut off or not; else the letters near both ends."""
    known = False
    for position, length, kind, header in outermost(stream, size):
        if kind == b"moov":
            known = True
            yield position + header, min(size, position + length)
    if known:
        return
    for begin in (0, max(0, size - (8 << 20))):
        stream.seek(begin)
        piece = stream.read(8 << 20)
        place = piece.find(b"moov")
        if place >= 4:
            yield begin + place + 4, size


def outermost(stream: Any, size: int) -> Iterator[tuple[int, int, bytes, int]]:
    """Position, length, name and size of the header of the outermost boxes, until one makes no sense."""
    position, count = 0, 0
    while position + 8 <= size and count < 10_000:
        count += 1
        stream.seek(position)
        header = stream.read(16)
        if len(header) < 8:
            return
        length, kind = struct.unpack(">I4s", header[:8])
        used = 8
        if length == 1 and len(header) == 16:
            (length,) = struct.unpack(">Q", header[8:])
            used = 16
        elif length == 0:
            length = size - position
        if length < used or not all(0x20 <= byte <= 0x7E or byte == 0xA9 for byte in kind):
            return
        yield position, length, kind, used
        position += length


def _read(index: bytes) -> Profile:
    """Every track of a moov box: each begins with its clock and ends where the next one's stands."""
    starts = list(_places(index, b"mdhd"))[:64]
    found = Profile([])
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(index)
        track = _track(index, start, end)
        if track is not None and track.kind == "sound":
            track.skip = _skip(index, starts[number - 1] if number else 0, start)
        if track is None:
            found.others += 1
            continue
        found.tracks.append(track)
    return found


def _places(index: bytes, letters: bytes) -> Iterator[int]:
    place = index.find(letters)
    while place >= 0:
        yield place
        place = index.find(letters, place + 4)


def _track(index: bytes, start: int, end: int) -> TrackProfile | None:
    entry = _entry(index, start, end)
    if entry is None:
        return None
    name = entry[4:8]
    track = TrackProfile(
        "pictures" if name in _PICTURES else "sound", _PICTURES.get(name) or _SOUND[name], entry.hex(), ""
    )
    if track.kind == "pictures":
        track.width, track.height = struct.unpack(">HH", entry[32:36])
        track.parameters = _inside(entry, b"avcC" if track.codec == "h264" else b"hvcC").hex()
    else:
        track.channels, track.rate = struct.unpack(">H", entry[24:26])[0], struct.unpack(">H", entry[32:34])[0]
        track.parameters = _sound_parameters(entry).hex() if track.codec == "aac" else ""
        if track.codec == "aac" and not track.parameters:
            track.codec = "mpeg"  # mp4a says no more than that; MP3 stands in it too
    version = index[start + 4] if start + 24 <= end else 0
    place = start + (24 if version == 1 else 16)
    track.timescale = _number(index, place, end)
    track.tick = _commonest_length(_table(index, start, end, b"stts"))
    track.sample_sizes = _size_range(_table(index, start, end, b"stsz"))
    track.per_chunk = _per_chunk(_table(index, start, end, b"stsc"))
    return track


def _entry(index: bytes, start: int, end: int) -> bytes | None:
    """The first sample entry of a kind known here, whole; looked for after the letters stsd, else anywhere."""
    begin = index.find(b"stsd", start, end)
    for name in (*_PICTURES, *_SOUND):
        place = index.find(name, begin if begin >= 0 else start, end)
        if place < 4 or (begin >= 0 and place - begin != 16):
            continue
        length = _number(index, place - 4, end)
        if 44 <= length <= _MAX_ENTRY or (name in _SOUND and 36 <= length <= _MAX_ENTRY):
            entry = index[place - 4 : place - 4 + length]
            if len(entry) == length and (name in _SOUND or length >= 86):
                return entry
    return None


def _inside(entry: bytes, name: bytes) -> bytes:
    """The content of the box of that name within a sample entry."""
    place = entry.find(name)
    if place < 4:
        return b""
    length = _number(entry, place - 4, len(entry))
    return entry[place + 4 : place - 4 + length] if 8 < length <= len(entry) - place + 4 else b""


def _sound_parameters(entry: bytes) -> bytes:
    """The AudioSpecificConfig in an esds box (ISO/IEC 14496-1 section 7.2.6): the content of the tag 5."""
    content = _inside(entry, b"esds")
    described = content.find(b"\x04", 4)
    if described < 0 or not {0x40, 0x66, 0x67, 0x68} & set(content[described + 2 : described + 6]):
        return b""  # another kind of sound than AAC
    place = content.find(b"\x05", 4)
    while 0 <= place < len(content) - 2:
        length, at = 0, place + 1
        while at < min(len(content), place + 5):
            length = length << 7 | content[at] & 0x7F
            at += 1
            if not content[at - 1] & 0x80:
                break
        if 2 <= length <= 64 and at + length <= len(content):
            return content[at : at + length]
        place = content.find(b"\x05", place + 1)
    return b""


def _skip(index: bytes, start: int, end: int) -> int:
    """What the edit list before a track's clock leaves out at the beginning, if that is all it does."""
    place = index.rfind(b"elst", start, end)
    if place < 0 or place + 24 > end or _number(index, place + 8, end) != 1:
        return 0
    begin, wide = (place + 20, 8) if index[place + 4] == 1 else (place + 16, 4)
    skipped = int.from_bytes(index[begin : begin + wide], "big", signed=True)
    return skipped if 0 < skipped < 100_000 else 0


def _number(data: bytes, place: int, end: int) -> int:
    return int.from_bytes(data[place : place + 4], "big") if 0 <= place <= end - 4 else 0


def _table(index: bytes, start: int, end: int, name: bytes) -> bytes:
    """The content of a full box after its version and flags, as far as it is there."""
    place = index.find(name, start, end)
    if place < 4:
        return b""
    length = _number(index, place - 4, end)
    return index[place + 8 : min(end, place - 4 + max(12, length))]


def _commonest_length(table: bytes) -> int:
    lengths: Counter[int] = Counter()
    for place in range(4, min(len(table) - 7, 8 * _MAX_SAMPLES_LOOKED_AT), 8):
        count, length = struct.unpack_from(">II", table, place)
        lengths[length] += count
    return next((length for length, _ in lengths.most_common() if 0 < length < 1 << 30), 0)


def _size_range(table: bytes) -> tuple[int, int]:
    if len(table) < 8:
        return 0, 0
    (same,) = struct.unpack_from(">I", table)
    if same:
        return same, same
    count = min((len(table) - 8) // 4, _MAX_SAMPLES_LOOKED_AT)
    sizes = [size for size in struct.unpack_from(f">{count}I", table, 8) if size]
    return (min(sizes), max(sizes)) if sizes else (0, 0)


def _per_chunk(table: bytes) -> list[int]:
    found: Counter[int] = Counter()
    end = min(len(table) - 11, 12 * _MAX_SAMPLES_LOOKED_AT)
    rows = [struct.unpack_from(">II", table, place) for place in range(4, end, 12)]
    for number, (first, count) in enumerate(rows):
        following = rows[number + 1][0] if number + 1 < len(rows) else first + 1
        if 0 < count < 1 << 24:
            found[count] += max(1, min(following - first, 1 << 20))
    return [count for count, _ in found.most_common(32)]


def length_size(codec: str, parameters: bytes) -> int:
    """How many bytes the length before each NAL unit has (ISO/IEC 14496-15, sections 5.3.3 and 8.3.3)."""
    place = 4 if codec == "h264" else 21
    return (parameters[place] & 3) + 1 if len(parameters) > place else 4
