"""freeGPS blocks in MP4 files: where a camera was, second by second. Runs in a limited process.

A block is a box of type "free" whose content begins with "GPS ": a whole number 0x4C, 32 zero bytes, then hour, minute,
second, year, month, day as 32-bit numbers, four letters (A for a fix, N or S, E or W, 0), and latitude, longitude,
speed and course as 32-bit floats, all little-endian. Two dialects share it and differ only in units:

- Transcend Drive Body Camera (boxes of 0x4000 bytes): decimal degrees and km/h.
- Novatek in general: degrees and minutes as DDMM.MMMM, and knots.

Which one a file has is told from all its blocks together. Where both readings remain possible, or a block is of another
make, nothing is given: the recording has it raw. Blocks are found where the index's "gps " table says, or among the
outermost boxes.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from candor.footage.media.boxes import boxes
from candor.footage.media.track_points import KNOT, MOST_POINTS, Row, moment, row

__all__ = ["VERSION", "Block", "block_of", "read_freegps", "units_of"]

VERSION: Final = "freegps@1"
#: Boxes that are looked at on one level; a block of places may lie between any two.
_MOST_BOXES: Final = 200_000
_TRANSCEND_BOX: Final = 0x4000
_NEEDED: Final = 92  # bytes from the box's beginning to behind its course
_LAYOUT: Final = struct.Struct("<6I4s4f")
#: Seconds by which the number of blocks may differ from the length, for a block to be a second.
_PER_SECOND: Final = 3


@dataclass(frozen=True)
class Block:
    """One block. `fix`: whether the receiver had one. Numbers as they stand; `number` counts all blocks from 0."""

    number: int
    box: int
    at: datetime | None
    fix: bool
    sides: str
    latitude: float
    longitude: float
    speed: float
    short_year: bool


def read_freegps(stream: Any, seconds: float | None) -> dict[str, Any]:
    """{"v", "dialect" or None, "blocks", "points": rows of `track_points`, "timed": "block" when a block is a second of
    the recording, "clock" when seconds are told from the blocks' own times, "utc": whether those times are certain to
    be UTC, "problems": [codes]}.

    Problems: "unknown-dialect" (kept raw, nothing given), "units-unsure" (both readings are possible).
    """
    found: dict[str, Any] = {
        "v": VERSION, "dialect": None, "blocks": 0, "points": [], "timed": None, "utc": False, "problems": [],
    }  # fmt: skip
    blocks: list[Block] = []
    for content, box in _contents(stream):
        found["blocks"] += 1
        block = block_of(content, box, found["blocks"] - 1)
        if block is None:
            found["problems"] = ["unknown-dialect"]
            return found
        blocks.append(block)
    fixed = [block for block in blocks if block.fix]
    if not fixed:
        return found
    units = units_of(fixed)
    if units is None:
        found["problems"] = ["units-unsure"]
        return found
    found["dialect"] = "Transcend freeGPS" if units == "degrees" else "Novatek freeGPS"
    per_second = seconds is not None and abs(seconds - len(blocks)) <= max(_PER_SECOND, 0.02 * seconds)
    found["timed"] = "block" if per_second else "clock"
    # A year of two digits comes with UTC; of those that write it out, some write local time.
    found["utc"] = all(block.short_year for block in fixed)
    points = [point for block in fixed if (point := _point(block, fixed[0], units, per_second)) is not None]
    if _leaps(points):
        return {**found, "dialect": None, "timed": None, "problems": ["units-unsure"]}
    found["points"] = points
    return found


def units_of(fixed: list[Block]) -> str | None:
    """Either "degrees" or "minutes", whichever all blocks agree with; None when that leaves it open."""
    degrees = all(_as_degrees(block) for block in fixed)
    minutes = all(_minutes(block.latitude, 90) and _minutes(block.longitude, 180) for block in fixed)
    if degrees and all(block.box == _TRANSCEND_BOX for block in fixed):
        # Degrees and minutes below 1.5° north or south and 3° east or west look like this too: open sea.
        return "degrees"
    if minutes and not degrees:
        return "minutes"
    return None


def block_of(content: bytes, box: int, number: int = 0) -> Block | None:
    """One block from the first bytes of its box, which is so large; None when it is laid out in another way."""
    if len(content) < _NEEDED or content[4:12] != b"freeGPS " or any(content[16:48]):
        return None
    hour, minute, second, year, month, day, letters, latitude, longitude, speed, _ = _LAYOUT.unpack_from(content, 48)
    if letters[:1] not in (b"A", b"V", b"\0") or letters[3]:
        return None
    fix = letters[:1] == b"A"
    at = moment(year + 2000 if year < 100 else year, month, day, hour, minute, second)
    if not fix:
        return Block(number, box, at, False, "", 0.0, 0.0, 0.0, year < 100)
    sides = letters[1:3].decode("latin-1")
    numbers = (latitude, longitude, speed)
    if sides[0] not in "NS" or sides[1] not in "EW" or at is None or not all(map(math.isfinite, numbers)):
        return None
    if min(numbers) < 0 or not any(content[76:80]):  # some makes encrypt the place; their latitude reads as nothing
        return None
    return Block(number, box, at, True, sides, latitude, longitude, speed, year < 100)


def _leaps(points: list[Row]) -> bool:
    """Whether it goes further, from one point to the next, than anything on earth: then the units are not these."""
    for (begun, *here), (ended, *there) in pairwise([point[:3] for point in points]):
        passed = float(ended or 0) - float(begun or 0)
        along = abs(float(there[1] or 0) - float(here[1] or 0))
        if max(abs(float(there[0] or 0) - float(here[0] or 0)), min(along, 360 - along)) > 0.5 + 0.01 * max(
            0.0, passed
        ):
            return True
    return False


def _as_degrees(block: Block) -> bool:
    return block.latitude <= 90 and block.longitude <= 180


def _minutes(value: float, most: int) -> bool:
    degrees, minutes = divmod(value, 100)
    return degrees <= most and minutes < 60


def _point(block: Block, first: Block, units: str, per_second: bool) -> Row | None:
    latitude, longitude, speed = block.latitude, block.longitude, block.speed
    if units == "minutes":
        latitude, longitude = (value // 100 + value % 100 / 60 for value in (latitude, longitude))
        speed *= KNOT
    signed = (-latitude if block.sides[0] == "S" else latitude, -longitude if block.sides[1] == "W" else longitude)
    seconds: float | None = float(block.number)
    if not per_second:
        assert block.at is not None
        assert first.at is not None
        passed = block.at - first.at
        seconds = passed.total_seconds() if passed >= timedelta(0) else None
        if seconds is None:
            return None
    return row(seconds, *signed, block.at, speed)


def _contents(stream: Any) -> Iterator[tuple[bytes, int]]:
    """(first bytes, size of the box) of every block, in the order of the recording."""
    size = stream.seek(0, os.SEEK_END)
    listed = list(_listed(stream, size))
    places = listed or [
        (box.begin, box.end - box.begin) for box in boxes(stream, 0, size, most=_MOST_BOXES) if box.kind == b"free"
    ]
    for count, (begin, length) in enumerate(places):
        if count >= MOST_POINTS:
            return
        stream.seek(begin)
        content = stream.read(_NEEDED)
        if content[4:12] == b"freeGPS ":
            yield content, struct.unpack(">I", content[:4])[0]
        elif listed and length:
            yield b"", 0  # the index calls it a block, and it is of another make


def _listed(stream: Any, size: int) -> Iterator[tuple[int, int]]:
    """(place, length) of blocks by the index's own table: a version and a count, then pairs, big-endian."""
    indexes = [one for one in boxes(stream, 0, size, most=_MOST_BOXES) if one.kind == b"moov"]
    tables = [
        table
        for index in indexes
        for table in boxes(stream, index.content, index.end, most=_MOST_BOXES)
        if table.kind == b"gps "
    ]
    for table in tables[:1]:
        stream.seek(table.content)
        header = stream.read(8)
        if len(header) < 8:
            return
        count = min(struct.unpack(">I", header[4:])[0], (table.end - table.content - 8) // 8, MOST_POINTS)
        pairs = stream.read(8 * count)
        for place in range(0, len(pairs) - 7, 8):
            offset, length = struct.unpack_from(">II", pairs, place)
            if offset + length <= size:
                yield offset, length
