"""A camera's message of ONVIF media signing, read: what it means stands in `signature_onvif`. Pure; whatever the bytes
are, nothing is raised."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from candor.footage.media.claims import clean
from candor.footage.media.signature_units import Message, length_with_prevention

_HASHES: Final = {
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}
_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Document:
    """A camera's message, read. `covered`: slices it speaks of; `counter`: of the group; `signed`: bytes under the
    signature; times in units of 100 ns since 1601 (None: not said)."""

    counter: int | None
    covered: int
    group: bytes
    link: bytes
    hashes: tuple[bytes, ...]
    signed: bytes
    signature: bytes | None
    certificates: bytes | None
    algorithm: str | None
    vendor: dict[str, str]
    begins: int | None
    ends: int | None
    certificate_only: bool


def fields_of(data: bytes) -> dict[int, tuple[int, bytes]]:
    """{tag: (place of the tag, value)} of a row of fields, as far as they are whole."""
    found: dict[int, tuple[int, bytes]] = {}
    at = 0
    while at + 3 <= len(data):
        length = int.from_bytes(data[at + 1 : at + 3], "big")
        if at + 3 + length > len(data):
            break
        found.setdefault(data[at], (at, data[at + 3 : at + 3 + length]))
        at += 3 + length
    return found


def read_document(unit: bytes, message: Message, size: int) -> Document | None:
    """What a message of the camera says; `size`: bytes of a hash as known so far. None when it cannot be read."""
    if message.end <= message.payload:
        return None
    reserved = message.plain[message.payload]
    begin = message.payload + 1
    fields = fields_of(message.plain[begin : message.end])
    signature, signed = None, message.plain
    if 3 in fields:
        place, value = fields[3]
        fields = {tag: one for tag, one in fields.items() if one[0] <= place}  # nothing behind it is under it
        signature = value[3 : 3 + int.from_bytes(value[1:3], "big")]
        # Signed with the emulation prevention in place, or before it was put in: the reserved byte says which.
        end = begin + place
        signed = unit[: length_with_prevention(unit, end)] if reserved & 0x40 else message.plain[:end]
    elif reserved & 0x40:
        signed = unit
    algorithm = _algorithm(fields[4][1]) if 4 in fields else None
    size = hashlib.new(algorithm).digest_size if algorithm else size
    general = fields[1][1] if 1 in fields else b""
    list_of_hashes = fields[2][1][1:] if 2 in fields else b""
    covers = len(general) >= 2 * size + 6
    moments = _moments(general, size) if covers else (None, None)
    return Document(
        counter=int.from_bytes(general[-2 * size - 6 : -2 * size - 2], "big") if covers else None,
        covered=int.from_bytes(general[-2 * size - 2 : -2 * size], "big") if covers else 0,
        group=general[-2 * size : -size] if covers else b"",
        link=general[-size:] if covers else b"",
        hashes=tuple(list_of_hashes[at : at + size] for at in range(0, len(list_of_hashes) - size + 1, size)),
        signed=signed,
        signature=signature,
        certificates=fields[6][1][2:] if 6 in fields and len(fields[6][1]) > 2 else None,
        algorithm=algorithm,
        vendor=_vendor(fields[5][1]) if 5 in fields else {},
        begins=moments[0],
        ends=moments[1],
        certificate_only=bool(reserved & 0x80) or not covers,
    )


def _moments(general: bytes, size: int) -> tuple[int | None, int | None]:
    """First and last time of the group: version 2 has both, version 1 the first."""
    count = {1: 1, 2: 2}.get(general[0], 0)
    end = len(general) - 2 * size - 6
    if not count or end - 8 * count < 4:
        return None, None
    first = int.from_bytes(general[end - 8 * count : end - 8 * count + 8], "big", signed=True)
    last = int.from_bytes(general[end - 8 : end], "big", signed=True)
    return first or None, last or None


def _algorithm(value: bytes) -> str | None:
    """The hash that field 4 names: version, length, OID (ASN.1 DER)."""
    named = value[2 : 2 + value[1]] if len(value) > 2 else b""
    return next((name for oid, name in _HASHES.items() if named.endswith(oid)), None)


def _vendor(value: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 1
    for name in ("firmware", "serial", "manufacturer"):
        if at >= len(value):
            break
        text = value[at + 1 : at + 1 + value[at]].decode("utf-8", "replace")
        if clean(text, 255):
            found[name] = clean(text, 255)
        at += 1 + value[at]
    return found


def iso_of(moment: int) -> str | None:
    """100 ns since 1601 as ISO 8601, UTC; None of what is no date."""
    try:
        at = _EPOCH + timedelta(microseconds=moment // 10)
    except OverflowError:
        return None
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
