"""What a key frame's packet says without being decoded: whether it is closed, and which parameter sets it brings.

NAL units as of ITU-T H.264 (7.4.1) and H.265 (7.4.2.2), after start codes or after lengths (ISO/IEC 14496-15).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

__all__ = ["closed_key", "length_size", "parameter_sets", "unit_type", "units_of"]

_START: Final = b"\x00\x00\x01"
_IDR: Final = {"h264": {5}, "hevc": {19, 20, 16, 17, 18}}  # of H.265: IDR and BLA
_SETS: Final = {"h264": {7}, "hevc": {33}}  # sequence parameter sets: these hold the size
#: Codecs in which every picture that a container calls a key frame needs nothing before it.
_ALL_CLOSED: Final = frozenset({"mjpeg", "vp8", "vp9", "av1", "prores", "dvvideo", "rawvideo", "ffv1", "huffyuv"})


def length_size(codec: str, extradata: bytes | None) -> int:
    """How many bytes stand before each unit as its length; 0 where start codes part them."""
    if not extradata or extradata[:1] != b"\x01":
        return 0
    place = {"h264": 4, "hevc": 21}.get(codec)
    if place is None or len(extradata) <= place:
        return 0
    return (extradata[place] & 3) + 1


def units_of(data: bytes, size: int) -> Iterator[bytes]:
    """The units of a packet, without start codes or lengths; what is cut short is given as far as it goes."""
    if size:
        place = 0
        while place + size < len(data):
            length = int.from_bytes(data[place : place + size], "big")
            place += size
            yield data[place : place + length]
            place += length
        return
    place = data.find(_START)
    while place >= 0:
        following = data.find(_START, place + 3)
        unit = data[place + 3 : following if following >= 0 else len(data)]
        yield unit.rstrip(b"\x00") if following >= 0 else unit
        place = following


def unit_type(codec: str, unit: bytes) -> int:
    """The type of a unit; -1 for an empty one."""
    if not unit:
        return -1
    return unit[0] & 31 if codec == "h264" else (unit[0] >> 1) & 63


def closed_key(codec: str, data: bytes, size: int) -> bool:
    """Whether nothing that is shown after this key frame needs anything before it. False where that is not known."""
    if codec in _ALL_CLOSED:
        return True
    if codec not in _IDR:
        return False
    return any(unit_type(codec, unit) in _IDR[codec] for unit in units_of(data, size))


def parameter_sets(codec: str, data: bytes, size: int) -> bytes:
    """The sequence parameter sets that a packet brings, one after another; empty where it brings none."""
    wanted = _SETS.get(codec)
    if wanted is None:
        return b""
    return b"".join(unit for unit in units_of(data, size) if unit_type(codec, unit) in wanted)
