"""Pictures in a stream without an index: NAL units, each with its length before it, that follow one another.

That something is a NAL unit is never certain. What is asked of it: a header that makes sense, a length that ends inside
the file, no bytes that emulation prevention forbids, and for pictures a slice header that makes sense and follows on
the picture before (ITU-T H.264 sections 7.3.1, 7.3.3 and 7.4.1; H.265 sections 7.3.1 and 7.3.6). Whether the pictures
decode is proved afterwards. Runs in a limited process.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from candor.core.limited_task import Refused

MAX_UNIT: Final = 16 << 20  # bytes of one NAL unit
MAX_UNITS: Final = 600  # NAL units of one picture
_FORBIDDEN: Final = re.compile(rb"\x00\x00[\x00-\x02]")
_WINDOW: Final = 1 << 20
_SMALL: Final = {7: 4096, 8: 4096, 9: 8, 10: 8, 11: 8, 12: 1 << 20}  # H.264: most bytes by type


@dataclass
class Unit:
    """One NAL unit. `place` and `size` are those of its length and itself together, in bytes."""

    place: int
    size: int
    type: int
    slice: bool
    first: bool
    """Of a slice: the first of its picture."""
    key: bool
    """Of a slice: of a picture that needs none before it."""
    follows: bool = True
    """Of a slice: its picture follows on the one before, as far as that can be told."""
    closed: bool = False
    """Of a slice of such a picture: nothing after it needs anything before it either."""
    leading: bool = False
    """Of a slice: its picture is shown before the key picture and needs those before that one."""


@dataclass
class Picture:
    """The NAL units of one picture, as they stand in the file."""

    place: int
    size: int = 0
    key: bool = False
    follows: bool = True
    parameters: list[bytes] = field(default_factory=list)
    """Parameter sets among them."""
    head: tuple[Unit, bytes] | None = None
    """Its first slice, with its first bytes."""

    @property
    def closed(self) -> bool:
        """Nothing from here on needs anything before it."""
        return self.head is not None and self.head[0].closed

    @property
    def leading(self) -> bool:
        """It is shown before the key picture it follows, and needs those before that one."""
        return self.head is not None and self.head[0].leading


class Codec:
    """The rules of H.264."""

    name = "h264"
    header = 1

    def __init__(self) -> None:
        self.frame_number_bits = 0
        self.separate_planes = False
        self.gaps_allowed = True
        self.last_number: int | None = None

    @property
    def numbers(self) -> bool:
        """Whether a picture says by its number that it follows on the one before."""
        return self.frame_number_bits > 0 and not self.gaps_allowed

    def learn(self, parameters: bytes) -> None:
        """Take note of a sequence parameter set; one that cannot be read teaches nothing."""
        if parameters[:1] and parameters[0] & 31 == 7:
            self.frame_number_bits, self.separate_planes, self.gaps_allowed = _sequence_of(parameters)

    def unit(self, place: int, size: int, head: bytes) -> Unit | None:
        """What stands there, by its first bytes; None when it cannot be a NAL unit."""
        first = head[0]
        kind, important = first & 31, first >> 5 & 3
        if first & 0x80 or kind not in (1, 5, 6, 7, 8, 9, 10, 11, 12) or size > _SMALL.get(kind, MAX_UNIT):
            return None
        if (kind in (5, 7, 8)) != bool(important) and kind != 1:
            return None
        if kind not in (1, 5):
            return Unit(place, size, kind, False, False, False)
        return self._slice(place, size, head, kind)

    def _slice(self, place: int, size: int, head: bytes, kind: int) -> Unit | None:
        bits = _Bits(head[1:])
        macroblock, picture_kind, parameters = bits.exponential(), bits.exponential(), bits.exponential()
        if bits.ended or picture_kind > 9 or parameters > 255 or macroblock > 1 << 20:
            return None
        if kind == 5 and picture_kind not in (2, 4, 7, 9):
            return None
        if self.separate_planes:
            bits.number(2)
        number = bits.number(self.frame_number_bits) if self.frame_number_bits else 0
        return Unit(place, size, kind, True, macroblock == 0, kind == 5, self._follows(kind, number), kind == 5)

    def _follows(self, kind: int, number: int) -> bool:
        if kind == 5 or not self.numbers or self.last_number is None:
            return True
        return number == (self.last_number + 1) % (1 << self.frame_number_bits)

    def note(self, unit: Unit, head: bytes) -> None:
        """A picture was taken; remember its number if others may refer to it."""
        if unit.key:
            self.last_number = 0
        if unit.key or not self.frame_number_bits or not head[0] >> 5 & 3:
            return
        bits = _Bits(head[1:])
        for _ in range(3):
            bits.exponential()
        if self.separate_planes:
            bits.number(2)
        self.last_number = bits.number(self.frame_number_bits)

    def is_parameters(self, unit: Unit) -> bool:
        """Whether it is a parameter set."""
        return unit.type in (7, 8)

    def begins(self, unit: Unit) -> bool:
        """Whether it stands before the slices of its picture only."""
        return unit.type in (6, 7, 8, 9)


class Codec265(Codec):
    """The rules of H.265."""

    name = "hevc"
    header = 2

    def learn(self, parameters: bytes) -> None:
        """Nothing is needed of a parameter set."""

    def unit(self, place: int, size: int, head: bytes) -> Unit | None:
        if len(head) < 3:
            return None
        kind, layer, temporal = head[0] >> 1 & 63, (head[0] & 1) << 5 | head[1] >> 3, head[1] & 7
        if head[0] & 0x80 or layer or not temporal or not (kind <= 9 or 16 <= kind <= 21 or 32 <= kind <= 40):
            return None
        if (kind == 35 and size > 8) or (kind in (32, 33, 34) and size > 4096):
            return None
        if kind >= 32:
            return Unit(place, size, kind, False, False, False)
        key = 16 <= kind <= 21
        if key and temporal != 1:
            return None
        closed, leading = key and kind != 21, kind in (8, 9)
        return Unit(place, size, kind, True, bool(head[2] & 0x80), key, True, closed, leading)

    def note(self, unit: Unit, head: bytes) -> None:
        """Pictures are not numbered before their parameter sets are read."""

    def is_parameters(self, unit: Unit) -> bool:
        return unit.type in (32, 33, 34)

    def begins(self, unit: Unit) -> bool:
        return unit.type in (32, 33, 34, 35, 39)


class Pictures:
    """Finds pictures in a stretch of a stream."""

    def __init__(self, stream: Any, end: int, codec: Codec, lengths: int, largest: int = 0) -> None:
        """lengths: bytes of the length before each NAL unit. largest: bytes of the largest picture known, 0: none."""
        self._stream, self._end, self.codec, self.lengths = stream, end, codec, lengths
        self._largest = min(MAX_UNIT, 8 * largest + 65_536) if largest else MAX_UNIT
        # Bytes that may be looked at in vain before a stream is given up; grows with what is found.
        self._work = 64 << 20
        self._pattern = self._make_pattern()

    def at(self, place: int) -> Picture | None:
        """The picture whose NAL units begin at `place`; None when there is none."""
        picture, sliced, number = Picture(place), False, 0
        position = place
        while number < MAX_UNITS:
            read = self._unit(position)
            if read is None:
                break
            unit, head, body = read
            if sliced and (self.codec.begins(unit) or (unit.slice and unit.first)):
                break
            if unit.slice and not sliced:
                if not unit.first:
                    break
                sliced, picture.key, picture.follows = True, unit.key, unit.follows
                picture.head = unit, head
            if self.codec.is_parameters(unit):
                picture.parameters.append(body)
            number += 1
            position += unit.size
            picture.size = position - place
        if not sliced:
            self._spend(picture.size)
            return None
        return picture

    def take(self, picture: Picture) -> None:
        """It is one: what follows is judged by it."""
        self._work += 4 * picture.size
        for content in picture.parameters:
            self.codec.learn(content)
        if picture.head is not None:
            self.codec.note(*picture.head)

    def next_after(self, place: int, until: int, wanted: Callable[[Picture], bool]) -> Picture | None:
        """The next picture at or after `place` and before `until` that is wanted; what looks like one in sound or
        garbage seldom is."""
        position = place
        while position < until:
            self._stream.seek(position)
            window = self._stream.read(min(_WINDOW + self.lengths + 3, self._end - position))
            if len(window) <= self.lengths:
                return None
            self._spend(len(window) // 16)
            for match in self._pattern.finditer(window):
                if position + match.start() >= until:
                    return None
                picture = self.at(position + match.start())
                if picture is not None and wanted(picture):
                    return picture
            position += _WINDOW
        return None

    def _spend(self, count: int) -> None:
        self._work -= count
        if self._work < 0:
            raise Refused("disordered", "too little in it can be told apart")

    def _unit(self, place: int) -> tuple[Unit, bytes, bytes] | None:
        stream, lengths = self._stream, self.lengths
        stream.seek(place)
        start = stream.read(lengths + 12)
        if len(start) < lengths + self.codec.header + 1:
            return None
        size = int.from_bytes(start[:lengths], "big")
        if not self.codec.header < size <= self._largest or place + lengths + size > self._end:
            return None
        unit = self.codec.unit(place, lengths + size, start[lengths : lengths + min(12, size)])
        if unit is None:
            return None
        stream.seek(place + lengths)
        body = stream.read(size)
        if len(body) < size or _FORBIDDEN.search(body.rstrip(b"\x00")) or not body.rstrip(b"\x00"):
            self._spend(size)
            return None
        return unit, body[:12], body

    def _make_pattern(self) -> re.Pattern[bytes]:
        """A length of at most MAX_UNIT and a first byte that a picture can begin with."""
        if self.codec.name == "h264":
            first = bytes(n for n in range(0x80) if n & 31 in (1, 5, 6, 7, 8, 9))
        else:
            first = bytes(n for n in range(0, 0x80, 2) if n >> 1 <= 9 or 16 <= n >> 1 <= 21 or 32 <= n >> 1 <= 39)
        most = min(self._largest, MAX_UNIT)
        begin = b"" if self.lengths < 4 else b"\\x00[\\x00-\\x%02x]" % min(255, most >> 16)
        rest = self.lengths - (2 if begin else 0)
        letters = b"".join(b"\\x%02x" % one for one in first)
        return re.compile(b"(?s)(?=" + begin + b".{%d}[" % rest + letters + b"])")


def teach(rules: Codec, parameters: bytes) -> None:
    """Have the rules know what the parameters of a track (avcC) say."""
    if rules.name == "h264" and len(parameters) > 8:
        rules.learn(sets_of_avcc(parameters)[0])


def sets_of_avcc(parameters: bytes) -> tuple[bytes, bytes]:
    """The first sequence and the first picture parameter set."""
    length = int.from_bytes(parameters[6:8], "big")
    place = 8 + length + 1
    following = int.from_bytes(parameters[place : place + 2], "big")
    return parameters[8 : 8 + length], parameters[place + 2 : place + 2 + following]


def first_slice(rules: Codec, data: bytes, lengths: int) -> tuple[Unit, bytes] | None:
    """The first slice in the NAL units of one picture, with its first bytes. lengths: bytes of the length before each;
    0: they stand between start codes (H.264 Annex B)."""
    for place, size in _units_in(data, lengths):
        head = data[place : place + min(12, size)]
        unit = rules.unit(place, size, head) if len(head) > rules.header else None
        if unit is not None and rules.is_parameters(unit):
            rules.learn(data[place : place + size])
        if unit is not None and unit.slice:
            return unit, head
    return None


def fills(rules: Codec, data: bytes, lengths: int) -> bool:
    """Whether NAL units of lengths that are written before them fill `data`, and each can be one."""
    if not lengths:
        return True
    end = 0
    for place, size in _units_in(data, lengths):
        content = data[place : place + size]
        if len(content) < size or len(content) <= rules.header:
            return False
        if _FORBIDDEN.search(content.rstrip(b"\x00")) or content[0] & 0x80:
            return False
        end = place + size
    return end == len(data)


def _units_in(data: bytes, lengths: int) -> Iterator[tuple[int, int]]:
    place = 0 if lengths else data.find(b"\x00\x00\x01") + 3
    while (lengths or place >= 3) and place + lengths < len(data):
        if lengths:
            size = int.from_bytes(data[place : place + lengths], "big")
            yield place + lengths, size
            place += lengths + size
        else:
            following = data.find(b"\x00\x00\x01", place)
            yield place, (following if following >= 0 else len(data)) - place
            if following < 0:
                return
            place = following + 3


class _Bits:
    """Bits of a NAL unit from its start, emulation prevention taken out."""

    def __init__(self, data: bytes) -> None:
        self._data = data.replace(b"\x00\x00\x03", b"\x00\x00")
        self._place = 0
        self.ended = False

    def number(self, count: int) -> int:
        value = 0
        for _ in range(count):
            at = self._place >> 3
            if at >= len(self._data):
                self.ended = True
                return 0
            value = value << 1 | self._data[at] >> (7 - (self._place & 7)) & 1
            self._place += 1
        return value

    def exponential(self) -> int:
        """An unsigned Exp-Golomb number (H.264 section 9.1)."""
        zeros = 0
        while not self.number(1):
            zeros += 1
            if self.ended or zeros > 31:
                self.ended = True
                return 1 << 32
        return (1 << zeros) - 1 + self.number(zeros)


def _sequence_of(parameters: bytes) -> tuple[int, bool, bool]:
    """Bits of a picture's number, whether the colour planes are apart, whether numbers may be left out (H.264 section
    7.3.2.1.1); (0, False, True) when it cannot be read."""
    bits = _Bits(parameters[1:])
    profile = bits.number(8)
    bits.number(16)
    bits.exponential()
    separate = False
    if profile in (44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244):
        colours = bits.exponential()
        separate = colours == 3 and bool(bits.number(1))
        bits.exponential()
        bits.exponential()
        bits.number(1)
        if bits.number(1):  # scaling lists, which no camera seen so far writes
            return 0, False, True
    number_bits = bits.exponential() + 4
    order = bits.exponential()
    if order == 0:
        bits.exponential()
    elif order == 1:  # offsets of a cycle
        return (number_bits, separate, True) if number_bits <= 16 and not bits.ended else (0, False, True)
    bits.exponential()
    gaps = bool(bits.number(1))
    return (number_bits, separate, gaps) if number_bits <= 16 and not bits.ended else (0, False, True)
