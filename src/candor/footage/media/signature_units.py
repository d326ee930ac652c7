"""The units that a coded picture track is made of, as signatures see them (ITU-T H.264 and H.265, section 7.3).

A camera that signs puts messages of its own (SEI, user data unregistered) between the slices of the pictures. Here a
packet is cut into its units, a unit is told apart by its kind, and a message is taken out of its wrapping. Pure: bytes
in, values out; whatever the bytes are, nothing is raised.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

ONVIF: Final = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")
AXIS: Final = b"Signed Video...0"

_USER_DATA_UNREGISTERED: Final = 5
_UUID: Final = 16
_PREVENTION: Final = b"\x00\x00\x03"


@dataclass(frozen=True)
class Codec:
    """What sets H.264 and H.265 apart here. `header`: bytes of a unit's header."""

    name: str
    header: int
    messages: frozenset[int]
    intra: frozenset[int]
    inter: frozenset[int]
    """Kinds of slices that a signature covers; others (data partitions, temporal sub-layers) are outside of it."""

    def kind(self, unit: bytes) -> int:
        """The kind of a unit; -1 of one that is too short or marked as faulty."""
        if len(unit) <= self.header or unit[0] & 0x80:
            return -1
        return unit[0] & 0x1F if self.header == 1 else unit[0] >> 1 & 0x3F

    def is_slice(self, unit: bytes) -> bool:
        """Whether the unit holds a part of a picture, covered by a signature or not."""
        kind = self.kind(unit)
        return 1 <= kind <= 5 if self.header == 1 else 0 <= kind < 32

    def begins_picture(self, unit: bytes) -> bool:
        """Whether a slice is the first of its picture: first_mb_in_slice is 0, or the flag of H.265."""
        return bool(unit[self.header] & 0x80)


H264: Final = Codec("h264", 1, frozenset({6}), frozenset({5}), frozenset({1}))
H265: Final = Codec("h265", 2, frozenset({39, 40}), frozenset(range(16, 22)), frozenset({0, 1}))
CODECS: Final = {"h264": H264, "hevc": H265}


@dataclass(frozen=True)
class Message:
    """A user data message. `plain`: the whole unit without emulation prevention; `payload`: where in it the content
    after the UUID begins, and `end` where it ends."""

    uuid: bytes
    plain: bytes
    payload: int
    end: int


def length_size(extradata: bytes, codec: Codec) -> int:
    """How many bytes a unit's length takes in this track's packets; 0: units are parted by start codes (Annex B)."""
    place = 4 if codec is H264 else 21
    if len(extradata) <= place or extradata[0] != 1:
        return 0
    return (extradata[place] & 3) + 1


def units(packet: bytes, size: int) -> Iterator[bytes]:
    """The units of a packet, without start code or length, without zero bytes at their end."""
    found = _by_length(packet, size) if size else _by_start_code(packet)
    for unit in found:
        unit = unit.rstrip(b"\x00")
        if unit:
            yield unit


def _by_length(packet: bytes, size: int) -> Iterator[bytes]:
    at = 0
    while at + size < len(packet):
        length = int.from_bytes(packet[at : at + size], "big")
        at += size
        yield packet[at : at + length]
        at += length


def _by_start_code(packet: bytes) -> Iterator[bytes]:
    at = packet.find(b"\x00\x00\x01")
    while at >= 0:
        begin = at + 3
        at = packet.find(b"\x00\x00\x01", begin)
        yield packet[begin:] if at < 0 else packet[begin:at]


def without_prevention(data: bytes) -> bytes:
    """The bytes without those that keep a start code from appearing (H.264, section 7.4.1)."""
    if _PREVENTION not in data:
        return data
    found, begin = bytearray(), 0
    while True:
        at = data.find(_PREVENTION, begin)
        if at < 0:
            found += data[begin:]
            return bytes(found)
        found += data[begin : at + 2]
        begin = at + 3


def length_with_prevention(data: bytes, length: int) -> int:
    """How many bytes of `data` the first `length` plain bytes take."""
    begin, skipped = 0, 0
    while True:
        at = data.find(_PREVENTION, begin)
        if at < 0 or at + 2 - skipped >= length:
            return length + skipped
        skipped += 1
        begin = at + 3


def message_of(unit: bytes, codec: Codec) -> Message | None:
    """The first user data message of a unit; None where there is none that is whole."""
    if codec.kind(unit) not in codec.messages:
        return None
    if len(unit) < codec.header + 2 + _UUID or unit[codec.header] != _USER_DATA_UNREGISTERED:
        return None
    plain = without_prevention(unit)
    at, size = codec.header + 1, 0
    while at < len(plain) and plain[at] == 0xFF:
        size += 0xFF
        at += 1
    if at >= len(plain):
        return None
    size += plain[at]
    at += 1
    if size < _UUID or at + size > len(plain):
        return None
    return Message(plain[at : at + _UUID], plain, at + _UUID, at + size)
