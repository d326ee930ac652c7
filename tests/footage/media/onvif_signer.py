"""A camera that signs: an own reading of ONVIF media signing, which shares no code with the program's.

It takes a film made with PyAV, cuts its packets into units, and puts messages between them, as a camera's encoder does.
What it can be asked for beyond the usual are things that cameras do: sign with emulation prevention in place, sign
only every second group, leave the list of hashes out, send the message with the picture that ended the group or later.
"""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import av
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509.oid import NameOID

UUID = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")
AXIS = bytes.fromhex("5369676e656420566964656f2e2e2e30")
MADE = datetime(2026, 11, 20, 18, 4, 5, tzinfo=UTC)
_SHA256_OID = bytes.fromhex("0609608648016503040201")


@dataclass(frozen=True)
class Identity:
    """A maker's root, an intermediate, and a camera's key. PEM texts; `chain` is what a camera sends."""

    key: Any
    leaf: x509.Certificate
    chain: bytes
    root: str

    @property
    def fingerprint(self) -> str:
        return self.leaf.fingerprint(hashes.SHA256()).hex()


def identity(kind: str = "ec", name: str = "CAM-0001") -> Identity:
    """A camera with a certificate of its own; `kind`: ec or rsa."""
    root_key, middle_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    key: Any = ec.generate_private_key(ec.SECP256R1())
    if kind == "rsa":
        key = rsa.generate_private_key(65537, 2048)
    root = _certificate("Maker Root", root_key, "Maker Root", root_key, True)
    middle = _certificate("Maker Cameras", middle_key, "Maker Root", root_key, True)
    leaf = _certificate(name, key, "Maker Cameras", middle_key, False)
    return Identity(key, leaf, _pem(leaf) + _pem(middle), _pem(root).decode())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _certificate(name: str, key: Any, issuer: str, issuer_key: Any, ca: bool) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    begin = datetime(2025, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(begin).not_valid_after(begin + timedelta(days=3650))
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


@dataclass
class Camera:
    """Signs one stream."""

    identity: Identity
    hevc: bool = False
    prevent_first: bool = False
    with_hashes: bool = True
    every: int = 1
    late: bool = True
    uuid: bytes = UUID
    groups: list[list[bytes]] = field(default_factory=list)
    _present: list[bytes] = field(default_factory=list)
    _anchor: bytes = b""
    _link: bytes = bytes(32)
    _counter: int = 0
    _ready: list[tuple[bytes, bool]] = field(default_factory=list)

    def packet(self, units: list[bytes]) -> list[bytes]:
        """The units of one picture, with what the camera puts before its first slice."""
        out: list[bytes] = []
        placed = False
        for unit in units:
            kind = unit[0] >> 1 & 0x3F if self.hevc else unit[0] & 0x1F
            intra = 16 <= kind <= 21 if self.hevc else kind == 5
            is_slice = intra or kind in ((0, 1) if self.hevc else (1,))
            if not is_slice:
                out.append(unit)
                continue
            first = bool(unit[2 if self.hevc else 1] & 0x80)
            if first and not placed and self.late:
                out += self._send()
                placed = True
            if intra and first:
                if self._present:
                    self._close()
                if not self.late:
                    out += self._send()
                self._anchor = _hash(unit)
                self._present.append(self._anchor)
            else:
                self._present.append(_hash(self._anchor + _hash(unit)))
            out.append(unit)
        return out

    def _send(self) -> list[bytes]:
        sent, self._ready = self._ready, []
        for message, signed in sent:
            if not signed:
                self._present.append(_hash(_plain(message)))
        return [message for message, _ in sent]

    def _close(self) -> None:
        group, self._present = self._present, []
        self.groups.append(group)
        self._counter += 1
        signed = self._counter % self.every == 0
        at = round((MADE - datetime(1601, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * 10 + self._counter * 10**7
        general = bytes([2, 1, 0, 2, 0]) + struct.pack(">qqIH", at, at + 10**7, self._counter, len(group))
        general += _hash(b"".join(group)) + self._link
        self._link = group[0]
        vendor = b"\x01" + b"".join(bytes([len(text)]) + text for text in (b"11.9.2", b"ACCC8E00AA01", b"Axis"))
        fields = _field(4, bytes([1, len(_SHA256_OID)]) + _SHA256_OID + b"\x00\x00\x00")
        fields += _field(5, vendor) + _field(6, b"\x01\x00" + self.identity.chain) + _field(1, general)
        if self.with_hashes:
            fields += _field(2, b"\x01" + b"".join(group))
        self._ready.append((self._message(fields, signed), signed))

    def _message(self, fields: bytes, signed: bool) -> bytes:
        room = 3 + 3 + 256
        size = 16 + 1 + len(fields) + (room if signed else 0)
        header = (b"\x4e\x01" if self.hevc else b"\x06") + b"\x05" + b"\xff" * (size // 255) + bytes([size % 255])
        head = header + self.uuid + bytes([0x40 if self.prevent_first else 0]) + fields
        if not signed:
            return _prevented(head + b"\x80")
        signature = self._signature(_hash(_prevented(head) if self.prevent_first else head))
        value = b"\x01" + struct.pack(">H", len(signature)) + signature.ljust(256, b"\x01")
        return _prevented(head + _field(3, value) + b"\x80")

    def _signature(self, digest: bytes) -> bytes:
        key = self.identity.key
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
        return bytes(key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256()))))


def _field(tag: int, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(value)) + value


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _prevented(data: bytes) -> bytes:
    """With a 3 wherever two zeros would be followed by 0 to 3."""
    out, zeros = bytearray(), 0
    for byte in data:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def _plain(data: bytes) -> bytes:
    out, zeros = bytearray(), 0
    for byte in data:
        if zeros >= 2 and byte == 3:
            zeros = 0
            continue
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


# -- films


def _cut(data: bytes) -> list[bytes]:
    """Units of a packet of an MP4: four bytes of length before each."""
    found, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        found.append(data[at + 4 : at + 4 + length].rstrip(b"\x00"))
        at += 4 + length
    return found


def _join(units: Iterable[bytes]) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def rewritten(film: bytes, change: Callable[[int, list[bytes]], list[bytes] | None], container: str = "mp4") -> bytes:
    """The film with every picture's units changed (number, units → units, or None to leave the picture out), nothing
    coded anew; sound is copied."""
    out_file = io.BytesIO()
    with av.open(io.BytesIO(film)) as source, av.open(out_file, "w", format=container) as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        number = -1
        for packet in source.demux():
            if packet.size == 0 or packet.dts is None:
                continue
            made: Any = packet
            if packet.stream.type == "video":
                number += 1
                units = change(number, _cut(bytes(packet)))
                if units is None:
                    continue
                made = av.Packet(_join(units))
                made.pts, made.dts, made.time_base = packet.pts, packet.dts, packet.time_base
                made.duration, made.is_keyframe = packet.duration, packet.is_keyframe
            made.stream = streams[packet.stream.index]
            out.mux(made)
    return out_file.getvalue()


def signed(film: bytes, camera: Camera) -> bytes:
    """The film as the camera would have sent it."""
    return rewritten(film, lambda _, units: camera.packet(units))


def remuxed(film: bytes, container: str) -> bytes:
    """The same packets in another container."""
    out_file = io.BytesIO()
    with av.open(io.BytesIO(film)) as source, av.open(out_file, "w", format=container) as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    return out_file.getvalue()


def flipped(film: bytes, picture: int) -> bytes:
    """One bit of one picture changed, in the middle of its last slice."""

    def change(number: int, units: list[bytes]) -> list[bytes]:
        if number == picture:
            last = bytearray(units[-1])
            last[len(last) // 2] ^= 0x10
            units = [*units[:-1], bytes(last)]
        return units

    return rewritten(film, change)
