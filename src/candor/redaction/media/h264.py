"""What smart rendering must know of H.264: parameter sets, and which units of a packet may be passed on.

ITU-T H.264 (7.3.2.1 sequence parameter set, 7.3.2.2 picture parameter set, 7.4.1 units) and ISO/IEC 14496-15 (5.3.3.1
decoder configuration record). Pure: bytes in, values out; ValueError for what is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from candor.footage.media.signature_units import without_prevention
from candor.redaction.media.units import units_of

__all__ = ["Configuration", "SequenceSet", "configuration", "free_id", "new_sets", "passed_on", "prefixed", "sets_of"]

SLICE: Final = 1
IDR: Final = 5
_SETS: Final = frozenset({7, 8})
_PASSED: Final = frozenset({SLICE, IDR})
_DELIMITER: Final = 9  # two bytes; in what is longer, anything may stand
#: Messages (SEI), ends of sequence and stream, filling: a player does without, and anything may stand in them.
_LEFT_OUT: Final = frozenset({6, 10, 11, 12})
_HIGH: Final = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_MOST_IDS: Final = 32


class _Bits:
    """Reads an unsigned bit string."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int = 1) -> int:
        if count > self._left:
            raise ValueError("the parameter set ends too soon")
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def unsigned(self) -> int:
        """Exp-Golomb (9.1)."""
        zeros = 0
        while not self.take():
            zeros += 1
            if zeros > 31:
                raise ValueError("a number in the parameter set is too long")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        code = self.unsigned()
        return (code + 1) // 2 if code & 1 else -(code // 2)


@dataclass(frozen=True)
class SequenceSet:
    """A sequence parameter set. `chroma`: 1 is 4:2:0; `depth`: bits of a value; `progressive`: there are whole pictures
    alone, no fields."""

    id: int
    profile: int
    compatibility: int
    level: int
    chroma: int
    depth: int
    progressive: bool


@dataclass(frozen=True)
class Configuration:
    """A decoder configuration record: the length of lengths, and the sets as they are, without lengths."""

    length_size: int
    sequences: tuple[bytes, ...]
    pictures: tuple[bytes, ...]


def configuration(extradata: bytes | None) -> Configuration:
    """Read a record. Raises ValueError for what is none, start codes among it."""
    if not extradata or len(extradata) < 7 or extradata[0] != 1:
        raise ValueError("there is no decoder configuration record")
    at = 5
    found: list[tuple[bytes, ...]] = []
    for mask in (0x1F, 0xFF):
        if at >= len(extradata):
            raise ValueError("the decoder configuration record ends too soon")
        count = extradata[at] & mask
        at += 1
        sets: list[bytes] = []
        for _ in range(count):
            length = int.from_bytes(extradata[at : at + 2], "big")
            one = extradata[at + 2 : at + 2 + length]
            if not length or len(one) < length:
                raise ValueError("the decoder configuration record ends too soon")
            sets.append(one)
            at += 2 + length
        found.append(tuple(sets))
    if not found[0] or not found[1]:
        raise ValueError("the decoder configuration record lacks parameter sets")
    return Configuration((extradata[4] & 3) + 1, found[0], found[1])


def sets_of(annexed: bytes) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Sequence and picture parameter sets that stand one after another between start codes."""
    units = list(units_of(annexed, 0))
    return (
        tuple(one for one in units if one and one[0] & 31 == 7),
        tuple(one for one in units if one and one[0] & 31 == 8),
    )


def record(sequences: Iterable[bytes], pictures: Iterable[bytes]) -> bytes:
    """A decoder configuration record with lengths of four bytes. Profile and level: the highest of its sets."""
    sequences, pictures = list(sequences), list(pictures)
    read = [sequence_set(one) for one in sequences]
    widest = max(read, key=lambda one: (one.profile, one.level))
    level = max(one.level for one in read)
    compatibility = 0xFF
    for one in read:
        compatibility &= one.compatibility
    made = bytes([1, widest.profile, compatibility, level, 0xFF, 0xE0 | len(sequences)])
    made += b"".join(len(one).to_bytes(2, "big") + one for one in sequences)
    made += bytes([len(pictures)]) + b"".join(len(one).to_bytes(2, "big") + one for one in pictures)
    if widest.profile in _HIGH:
        made += bytes([0xFC | widest.chroma, 0xF8 | (widest.depth - 8), 0xF8 | (widest.depth - 8), 0])
    return made


def sequence_set(unit: bytes) -> SequenceSet:
    """Read a sequence parameter set, its header byte included, as far as its fields."""
    plain = without_prevention(unit)
    if len(plain) < 5 or plain[0] & 31 != 7:
        raise ValueError("it is no sequence parameter set")
    profile, compatibility, level = plain[1], plain[2], plain[3]
    bits = _Bits(plain[4:])
    number = bits.unsigned()
    chroma, depth = 1, 8
    if profile in _HIGH:
        chroma = bits.unsigned()
        if chroma == 3:
            bits.take()
        depth = max(8 + bits.unsigned(), 8 + bits.unsigned())
        bits.take()
        if bits.take():
            _skip_scaling(bits, 8 if chroma != 3 else 12)
    bits.unsigned()  # log2_max_frame_num_minus4
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.take()
        bits.signed()
        bits.signed()
        for _ in range(min(255, bits.unsigned())):
            bits.signed()
    bits.unsigned()  # max_num_ref_frames
    bits.take()
    bits.unsigned()  # width and height in macroblocks
    bits.unsigned()
    return SequenceSet(number, profile, compatibility, level, chroma, depth, bool(bits.take()))


def _skip_scaling(bits: _Bits, lists: int) -> None:
    for number in range(lists):
        if not bits.take():
            continue
        last = following = 8
        for _ in range(16 if number < 6 else 64):
            if following:
                following = (last + bits.signed()) % 256
            last = following or last


def picture_set_id(unit: bytes) -> int:
    """The number of a picture parameter set."""
    plain = without_prevention(unit)
    if len(plain) < 2 or plain[0] & 31 != 8:
        raise ValueError("it is no picture parameter set")
    return _Bits(plain[1:]).unsigned()


def free_id(found: Configuration) -> int:
    """A number that none of these sets has, for sets of our own (x264 gives both kinds the same). ValueError: none."""
    taken = {sequence_set(one).id for one in found.sequences} | {picture_set_id(one) for one in found.pictures}
    for number in range(_MOST_IDS):
        if number not in taken:
            return number
    raise ValueError("all numbers of parameter sets are taken")


def passed_on(packet: bytes, found: Configuration) -> list[bytes] | None:
    """The units of a packet that go into the copy; None where it cannot be passed through: it brings parameter sets
    that the record does not have, or units that are not known to be harmless."""
    kept: list[bytes] = []
    for unit in units_of(packet, found.length_size):
        kind = unit[0] & 31 if unit else -1
        if kind in _PASSED or (kind == _DELIMITER and len(unit) == 2):
            kept.append(unit)
        elif kind == _DELIMITER:
            continue
        elif (kind in _SETS and unit not in found.sequences and unit not in found.pictures) or (
            kind not in _LEFT_OUT and kind not in _SETS
        ):
            return None
    return kept if any(unit[0] & 31 in (SLICE, IDR) for unit in kept) else None


def new_sets(packet: bytes, found: Configuration) -> bool:
    """Whether a packet brings parameter sets that the record does not have."""
    units = units_of(packet, found.length_size)
    known = {*found.sequences, *found.pictures}
    return any(unit and unit[0] & 31 in _SETS and unit not in known for unit in units)


def begins_closed(packet: bytes, length_size: int) -> bool:
    """Whether a packet is an IDR picture: nothing after it looks back beyond it."""
    return any(unit and unit[0] & 31 == IDR for unit in units_of(packet, length_size))


def encoded_units(packet: bytes) -> Iterator[bytes]:
    """The slices of a packet of x264's, without what it says of itself."""
    for unit in units_of(packet, 0):
        if unit and unit[0] & 31 in (SLICE, IDR):
            yield unit


def prefixed(units: Iterable[bytes]) -> bytes:
    """Units with their lengths in four bytes before them."""
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
