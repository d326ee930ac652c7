"""C2PA manifests: that one is there, and who signed it. The signature itself is not checked here.

Where a manifest store lies: in MP4 and QuickTime in a `uuid` box, in RIFF (WAV, AVI) in a chunk `C2PA` (C2PA
specification 2, appendix A.3 and A.5). It is JUMBF (ISO/IEC 19566-5): boxes in boxes; a manifest's signature is a
COSE_Sign1 (RFC 9052) in CBOR (RFC 8949), whose header 33 is the signer's certificates (RFC 9360). Only as much of this
is read as leads there. Every loop and depth is bounded.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

UUID: Final = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
LARGEST: Final = 16 << 20  # bytes of a manifest store that are looked at
_SIGNATURE: Final = b"c2cs"
_MANIFESTS: Final = (b"c2ma", b"c2um", b"c2cm")
_MOST_BOXES: Final = 10_000
_MOST_ITEMS: Final = 1_000
_DEEPEST: Final = 8
_X5CHAIN: Final = 33


def manifest_store(stream: BinaryIO) -> bytes | None:
    """The manifest store of a file, at most `LARGEST` bytes of it; None where there is none."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    head = stream.read(12)
    if len(head) < 12:
        return None
    if head[:4] == b"RIFF":
        return _riff_store(stream, size)
    if all(0x20 <= byte <= 0x7E for byte in head[4:8]):
        return _film_store(stream, size)
    return None


def _film_store(stream: BinaryIO, size: int) -> bytes | None:
    position = 0
    for _ in range(_MOST_BOXES):
        stream.seek(position)
        header = stream.read(32)
        if len(header) < 8:
            return None
        length, kind = struct.unpack(">I4s", header[:8])
        begin = 8
        if length == 1 and len(header) >= 16:
            (length,) = struct.unpack(">Q", header[8:16])
            begin = 16
        elif length == 0:
            length = size - position
        if length < begin or position + length > size:
            return None
        if kind == b"uuid" and header[begin : begin + 16] == UUID:
            stream.seek(position + begin + 16)
            return store_in_box(stream.read(min(LARGEST, length - begin - 16)))
        position += length
    return None


def store_in_box(content: bytes) -> bytes | None:
    """The manifest store in the content of the `uuid` box after its UUID: version and flags, a purpose that ends in a
    zero byte, eight bytes of an offset."""
    end = content.find(b"\x00", 4, 64)
    if end < 0 or content[4:end] not in (b"manifest", b"original", b"update"):
        return None
    return content[end + 9 :] or None


def _riff_store(stream: BinaryIO, size: int) -> bytes | None:
    position = 12
    for _ in range(_MOST_BOXES):
        stream.seek(position)
        header = stream.read(8)
        if len(header) < 8:
            return None
        kind, length = struct.unpack("<4sI", header)
        if kind == b"C2PA":
            return stream.read(min(LARGEST, length)) or None
        position += 8 + length + (length & 1)
        if position >= size:
            return None
    return None


def signers_in(store: bytes) -> list[list[bytes]]:
    """The certificates (DER, the signer's own first) of each manifest, in the order of the store: the last manifest is
    the active one. A manifest whose signature cannot be read gives an empty list."""
    found: list[list[bytes]] = []
    for kind, content in _superboxes(store):
        if kind == b"c2pa":
            for inner, manifest in _superboxes(content):
                if inner in _MANIFESTS:
                    found.append(_signer(manifest))
    return found


def _signer(manifest: bytes) -> list[bytes]:
    for kind, content in _superboxes(manifest):
        if kind == _SIGNATURE:
            for box, payload in _boxes(content):
                if box == b"cbor":
                    return certificates_in(payload)
    return []


def _superboxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(first four letters of the kind's UUID, what follows the description) of each JUMBF superbox."""
    for box, content in _boxes(data):
        if box == b"jumb":
            first = next(_boxes(content), None)
            if first is not None and first[0] == b"jumd" and len(first[1]) >= 16:
                yield first[1][:4], content[8 + len(first[1]) :]


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    for _ in range(_MOST_BOXES):
        if at + 8 > len(data):
            return
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        begin = 8
        if length == 1 and at + 16 <= len(data):
            (length,) = struct.unpack(">Q", data[at + 8 : at + 16])
            begin = 16
        elif length == 0:
            length = len(data) - at
        if length < begin or at + length > len(data):
            return
        yield kind, data[at + begin : at + length]
        at += length


def certificates_in(cose: bytes) -> list[bytes]:
    """The certificates that a COSE_Sign1 names in its headers, protected or not; none of what cannot be read."""
    try:
        sign = Cbor(cose).item()
        protected = Cbor(sign[0]).item() if isinstance(sign[0], bytes) and sign[0] else {}
        for header in (protected, sign[1]):
            chain = header.get(_X5CHAIN) if isinstance(header, dict) else None
            chain = header.get("x5chain") if chain is None and isinstance(header, dict) else chain
            if isinstance(chain, bytes):
                return [chain]
            if isinstance(chain, list):
                return [one for one in chain if isinstance(one, bytes)]
    except (ValueError, IndexError, TypeError, KeyError):
        pass
    return []


class Cbor:
    """As much of CBOR as a COSE header uses; ValueError for anything else. Tags are passed over."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._items = data, 0, 0

    def item(self, depth: int = 0) -> Any:
        """The next item: int, bytes, str, list, dict, bool or None."""
        self._items += 1
        if depth > _DEEPEST or self._items > _MOST_ITEMS:
            raise ValueError("too much in it")
        first = self._bytes(1)[0]
        major, short = first >> 5, first & 31
        if major == 7:
            if short in (20, 21, 22, 23):
                return {20: False, 21: True}.get(short)
            if short in (25, 26, 27):
                return self._bytes({25: 2, 26: 4, 27: 8}[short])
            raise ValueError("a kind that is not known")
        value = self._number(short)
        if major == 0:
            return value
        if major == 1:
            return -1 - value
        if major == 2:
            return self._bytes(value)
        if major == 3:
            return self._bytes(value).decode("utf-8", "replace")
        if major == 4:
            return [self.item(depth + 1) for _ in range(self._count(value))]
        if major == 5:
            return {self._key(depth): self.item(depth + 1) for _ in range(self._count(value))}
        return self.item(depth + 1)

    def _key(self, depth: int) -> Any:
        key = self.item(depth + 1)
        if not isinstance(key, int | str | bytes):
            raise ValueError("a key that is not plain")
        return key

    def _number(self, short: int) -> int:
        if short < 24:
            return short
        if short > 27:
            raise ValueError("a length that is not known")
        return int.from_bytes(self._bytes(1 << (short - 24)), "big")

    def _count(self, value: int) -> int:
        if value > _MOST_ITEMS:
            raise ValueError("too much in it")
        return value

    def _bytes(self, count: int) -> bytes:
        if count > len(self._data) - self._at:
            raise ValueError("it ends too early")
        self._at += count
        return self._data[self._at - count : self._at]
