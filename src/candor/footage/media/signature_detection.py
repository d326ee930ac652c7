"""Whether a file carries signatures of its camera: a look at its beginning and its end, for every file that comes in.

Signing cameras close a group of pictures with a message at least every few seconds, so the beginning of a file holds
one. What is told here is a claim of the file; `signature_check` looks closer. Runs in a limited process.
"""

from __future__ import annotations

import hashlib
import os
from typing import Any, BinaryIO, Final

from candor.footage.media import signature_c2pa
from candor.footage.media.signature_chain import first_fingerprint
from candor.footage.media.signature_units import AXIS, ONVIF, without_prevention

ONVIF_KIND: Final = "onvif-media-signing"
AXIS_KIND: Final = "axis-signed-video"
C2PA_KIND: Final = "c2pa"
KINDS: Final = (ONVIF_KIND, AXIS_KIND, C2PA_KIND)

_HEAD: Final = 4 << 20  # two seconds at 16 Mbit/s
_TAIL: Final = 1 << 20
_MESSAGE: Final = 64 << 10  # bytes of a camera's message that are looked through for a certificate
_MOST_MESSAGES: Final = 20


def detect(stream: BinaryIO) -> list[dict[str, Any]]:
    """[{"kind": one of KINDS, "certificate": SHA-256 in hexadecimal or None, "key": the same of a bare public key}]
    for each kind that is there. The file's own word: nothing is verified."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    looked = [stream.read(_HEAD)]
    if size > _HEAD:
        stream.seek(max(_HEAD, size - _TAIL))
        looked.append(stream.read(_TAIL))
    found: list[dict[str, Any]] = []
    for kind, uuid in ((ONVIF_KIND, ONVIF), (AXIS_KIND, AXIS)):
        messages = [message for piece in looked for message in _messages(piece, uuid)][:_MOST_MESSAGES]
        if messages:
            found.append({"kind": kind, **_first(messages)})
    if any(signature_c2pa.UUID in piece for piece in looked) or looked[0].startswith(b"RIFF"):
        store = signature_c2pa.manifest_store(stream)
        if store is not None:
            found.append({"kind": C2PA_KIND, "certificate": c2pa_fingerprint(store), "key": None})
    return found


def c2pa_fingerprint(store: bytes) -> str | None:
    """SHA-256 of the certificate that signed the active manifest."""
    signers = signature_c2pa.signers_in(store)
    return hashlib.sha256(signers[-1][0]).hexdigest() if signers and signers[-1] else None


def _messages(piece: bytes, uuid: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = piece.find(uuid)
    while at >= 0 and len(found) < _MOST_MESSAGES:
        found.append(piece[at : at + _MESSAGE])
        at = piece.find(uuid, at + 16)
    return found


def _first(messages: list[bytes]) -> dict[str, str | None]:
    found = [keys_in(message) for message in messages]
    return {name: next((one[name] for one in found if one[name] is not None), None) for name in ("certificate", "key")}


def keys_in(message: bytes) -> dict[str, str | None]:
    """The fingerprints of the first certificate and the first bare public key (PEM) in a camera's message."""
    plain = without_prevention(message)
    begin = plain.find(b"-----BEGIN PUBLIC KEY-----")
    end = plain.find(b"-----END PUBLIC KEY-----", begin)
    key = plain[begin:end] if 0 <= begin < end else b""
    as_certificate = key.replace(b"BEGIN PUBLIC KEY", b"BEGIN CERTIFICATE") + b"-----END CERTIFICATE-----"
    return {
        "certificate": first_fingerprint(plain),
        "key": first_fingerprint(as_certificate) if key else None,
    }
