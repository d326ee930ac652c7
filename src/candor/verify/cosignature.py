"""Cosignatures of witnesses on checkpoints (C2SP tlog-cosignature v1.0.1, the Ed25519 kind, type byte 0x04).

    signed message = "cosignature/v1\\n" "time <seconds>\\n" <whole text of the checkpoint>
    signature      = u64 big-endian seconds || 64 bytes of Ed25519

By it a witness states that at that time this was the largest tree of the log it had seen, and that it extends
every earlier one it saw. Cosignatures of the ML-DSA-44 kind (0x06) are left aside like those of unknown keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from candor.verify import ed25519
from candor.verify.encoding import MAX_COUNT
from candor.verify.errors import BadCosignature
from candor.verify.note import COSIGNATURE_ED25519, Note, Signature, SignatureCheck, VerifierKey

__all__ = ["Cosignature", "cosign", "cosignature_message", "verify_cosignature", "verify_cosignatures"]

_TIMESTAMP_SIZE = 8
_SIGNATURE_SIZE = 64


@dataclass(frozen=True)
class Cosignature:
    """A cosignature that was verified: by which key, and when (seconds since 1970, as the witness says)."""

    key: VerifierKey
    timestamp: int


def cosignature_message(timestamp: int, text: str) -> bytes:
    """What a witness signs: `text` is the whole text of the checkpoint's note."""
    if not 0 <= timestamp <= MAX_COUNT:
        raise ValueError(f"not a time in seconds: {timestamp}")
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def cosign(text: str, key: VerifierKey, sign: Callable[[bytes], bytes], timestamp: int) -> Signature:
    """The witness's signature on a checkpoint's text. Raises ValueError for a key of another type."""
    if key.type != COSIGNATURE_ED25519:
        raise ValueError(f"a cosignature is made with a key of type {COSIGNATURE_ED25519}, not {key.type}")
    signature = sign(cosignature_message(timestamp, text))
    return Signature(key.name, key.key_id, timestamp.to_bytes(_TIMESTAMP_SIZE, "big") + signature)


def verify_cosignature(
    text: str, signature: Signature, key: VerifierKey, check: SignatureCheck = ed25519.verify
) -> Cosignature:
    """Show that the witness with this key cosigned this text. Raises BadCosignature."""
    if key.type != COSIGNATURE_ED25519 or not signature.is_by(key):
        raise BadCosignature(name=key.name, reason="it is by another key or of another kind")
    if len(signature.signature) != _TIMESTAMP_SIZE + _SIGNATURE_SIZE:
        raise BadCosignature(name=key.name, reason="it is cut short or too long")
    timestamp = int.from_bytes(signature.signature[:_TIMESTAMP_SIZE], "big")
    if timestamp > MAX_COUNT:
        raise BadCosignature(name=key.name, reason="its time is out of range")
    if not check(key.public, cosignature_message(timestamp, text), signature.signature[_TIMESTAMP_SIZE:]):
        raise BadCosignature(name=key.name, reason="the checkpoint or the time was changed after it was signed")
    return Cosignature(key, timestamp)


def verify_cosignatures(
    note: Note, keys: Sequence[VerifierKey], check: SignatureCheck = ed25519.verify
) -> tuple[Cosignature, ...]:
    """The valid cosignatures by these keys on the note; possibly none. Others' signatures are ignored.

    Raises BadCosignature if one of these keys has a cosignature here that is not valid.
    """
    known = [key for key in keys if key.type == COSIGNATURE_ED25519]
    return tuple(
        verify_cosignature(note.text, signature, key, check)
        for signature in note.signatures
        for key in known
        if signature.is_by(key)
    )
