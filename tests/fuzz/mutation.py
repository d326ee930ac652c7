"""Changing a file as chance and malice do. The same number gives the same change, for ever and on every machine."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

_HUGE = (0, 1, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_LONGEST = 4 << 20
_NAMES = (
    b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"stts", b"stsz", b"stsc", b"stco", b"mdat", b"ctts", b"elst",
    b"avcC", b"hvcC", b"esds", b"moof", b"traf", b"trun", b"uuid", b"free", b"meta", b"RIFF", b"LIST",
)  # fmt: skip

Change = Callable[[random.Random, bytearray], bytearray]


def mutate(data: bytes, others: tuple[bytes, ...], seed: str) -> bytes:
    """`data` changed once to six times. `others`: files that pieces may come from."""
    chance = random.Random(seed)
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        change = chance.choice(CHANGES)
        changed = splice(chance, changed, chance.choice(others)) if change is None else change(chance, changed)
    return bytes(changed[:_LONGEST])


def flip_bits(chance: random.Random, data: bytearray) -> bytearray:
    for _ in range(chance.choice((1, 1, 4, 16, 64)) if data else 0):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return data


def truncate(chance: random.Random, data: bytearray) -> bytearray:
    return data[: chance.randrange(len(data) + 1)]


def behead(chance: random.Random, data: bytearray) -> bytearray:
    return data[chance.randrange(min(64, len(data) + 1)) :]


def overwrite(chance: random.Random, data: bytearray) -> bytearray:
    count = chance.choice((1, 4, 16, 512, 4096))
    place = chance.randrange(len(data) + 1)
    data[place : place + count] = chance.choice((bytes(count), b"\xff" * count, chance.randbytes(count)))
    return data


def repeat(chance: random.Random, data: bytearray) -> bytearray:
    place, count = chance.randrange(len(data) + 1), chance.choice((4, 32, 700))
    piece = data[place : place + count]
    return data[:place] + piece * chance.choice((2, 3, 50)) + data[place:]


def number(chance: random.Random, data: bytearray) -> bytearray:
    """Another number where four or eight bytes stand, big or little."""
    if len(data) < 8:
        return data
    place = chance.randrange(len(data) - 7)
    form = chance.choice((">I", "<I", ">H", "<H", ">Q", "<Q"))
    most = 1 << 8 * struct.calcsize(form)
    value = chance.choice((*_HUGE, chance.getrandbits(32), len(data) - place, 1 << 40, most - 1)) % most
    struct.pack_into(form, data, place, value)
    return data


def box_length(chance: random.Random, data: bytearray) -> bytearray:
    """Another length before the four letters of a box."""
    places = [place for place in _letters(data) if place >= 4]
    if places:
        struct.pack_into(">I", data, chance.choice(places) - 4, chance.choice((*_HUGE, chance.randrange(1 << 20))))
    return data


def shuffle_boxes(chance: random.Random, data: bytearray) -> bytearray:
    """Two outermost boxes change places, one is doubled, or one is put into another."""
    found = _boxes(data)
    if len(found) < 2:
        return data
    one, two = chance.sample(range(len(found)), 2)
    match chance.randrange(4):
        case 0:
            found[one], found[two] = found[two], found[one]
        case 1:
            found.insert(one, found[two])
        case 2:
            del found[one]
        case _:
            found[two] = found[two][:8] + found[one] + found[two][8:]
    return bytearray(b"".join(found))


def rename_box(chance: random.Random, data: bytearray) -> bytearray:
    places = _letters(data)
    if places:
        place = chance.choice(places)
        data[place : place + 4] = chance.choice((*_NAMES, b"\xff\xff\xff\xff"))
    return data


def splice(chance: random.Random, data: bytearray, other: bytes) -> bytearray:
    """A piece of another file in the middle."""
    begin = chance.randrange(len(other) + 1)
    piece = other[begin : begin + chance.choice((16, 400, 20_000))]
    place = chance.randrange(len(data) + 1)
    kept = place + (len(piece) if chance.randrange(2) else 0)
    return data[:place] + piece + data[kept:]


def nest(chance: random.Random, data: bytearray) -> bytearray:
    """Many openings: brackets, tags, boxes in boxes."""
    many = chance.choice((50, 3000, 100_000))
    opening = chance.choice((b"[", b'{"a":', b"<a>", b"<!--", b"((", b"%00", b"\x00\x00\x00\x08moov"))
    place = chance.randrange(len(data) + 1)
    return data[:place] + opening * many + data[place:]


def text(chance: random.Random, data: bytearray) -> bytearray:
    """What a line may hold: entities, zeros, directions, numbers beyond bounds."""
    piece = chance.choice(
        (
            b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", "\u202e".encode(), b"\r", b"&lol;", b"NaN", b"1e999", b"-1e309",
            b'<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;&l;&l;&l;&l;&l;&l;">]><a>&m;</a>',
            b"../../etc/passwd",
            b"9" * 5000, b"%s%n%x", b"\xed\xa0\x80", b"A" * 70_000, b"0000-00-00T99:99:99Z", b",,,,,,,,",
        )
    )  # fmt: skip
    place = chance.randrange(len(data) + 1)
    return data[:place] + piece + data[place + chance.choice((0, len(piece))) :]


#: None: `splice`, which needs another file.
CHANGES: tuple[Change | None, ...] = (
    flip_bits, flip_bits, truncate, behead, overwrite, overwrite, repeat, number, number, box_length, box_length,
    shuffle_boxes, rename_box, nest, text, None, None,
)  # fmt: skip


def _letters(data: bytearray) -> list[int]:
    return sorted(place for name in _NAMES if (place := data.find(name)) >= 0)


def _boxes(data: bytearray) -> list[bytes]:
    found, place = [], 0
    while place + 8 <= len(data) and len(found) < 200:
        length = int.from_bytes(data[place : place + 4], "big")
        if length < 8 or place + length > len(data):
            break
        found.append(bytes(data[place : place + length]))
        place += length
    return [*found, bytes(data[place:])] if place < len(data) else found
