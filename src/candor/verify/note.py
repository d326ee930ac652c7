"""Signed notes (C2SP signed-note v1.0.0): a text, and under it signatures by named keys.

    <text, ends in "\\n"> "\\n" then one or more  "— " <key name> " " base64(key id[4] || signature) "\\n"

A note splits at its last blank line. Signatures by keys that were not given are ignored; a signature by a
given key that does not verify rejects the whole note; so does the lack of any verified one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from candor.verify import ed25519
from candor.verify.encoding import base64_bytes, base64_text, reading, utf8
from candor.verify.errors import BadSignature, NoKnownSignature

__all__ = [
    "COSIGNATURE_ED25519",
    "COSIGNATURE_ML_DSA_44",
    "ECDSA",
    "ED25519",
    "MAX_NOTE_SIZE",
    "MAX_SIGNATURES",
    "Note",
    "Signature",
    "SignatureCheck",
    "VerifierKey",
    "parse_signatures",
    "sign_note",
    "verify_note",
]

ED25519 = 0x01
ECDSA = 0x02
COSIGNATURE_ED25519 = 0x04
COSIGNATURE_ML_DSA_44 = 0x06

MAX_NOTE_SIZE = 1_000_000  # bytes; the limits of the Go reference code
MAX_SIGNATURES = 100

_KEY_SIZES = {ED25519: 32, COSIGNATURE_ED25519: 32, COSIGNATURE_ML_DSA_44: 1312}
_ID_SIZE = 4
_DASH = "— "

SignatureCheck = Callable[[bytes, bytes, bytes], bool]
"""check(public key, message, signature): whether the Ed25519 signature is valid."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key with its name: `<name>+<key id, hex>+base64(type byte || public key)`."""

    name: str
    public: bytes
    type: int = ED25519

    def __post_init__(self) -> None:
        _require_name(self.name)
        if not 0 < self.type <= 0xFF:
            raise ValueError(f"a key's type is one byte, not {self.type}")
        if not self.public or len(self.public) != _KEY_SIZES.get(self.type, len(self.public)):
            raise ValueError(f"a key of type {self.type} has {_KEY_SIZES.get(self.type, 'some')} bytes")

    @classmethod
    def parse(cls, vkey: str) -> VerifierKey:
        """Read a vkey line. Raises Malformed, also when the key id does not belong to the name and key."""
        with reading("verifier key"):
            parts = utf8(vkey, MAX_NOTE_SIZE).strip(" \n").split("+", 2)  # base64 may hold more plus signs
            if len(parts) != 3:
                raise ValueError("it must read name+hash+key")
            data = base64_bytes(parts[2])
            if len(data) < 2:
                raise ValueError("the key is empty")
            key = cls(parts[0], data[1:], data[0])
            if key.key_id.hex() != parts[1]:
                raise ValueError(f"its hash should be {key.key_id.hex()}, not {parts[1][:40]!r}")
        return key

    @property
    def key_id(self) -> bytes:
        """4 bytes that name the key in signature lines; a hint, not a fingerprint to trust."""
        if self.type == ECDSA:
            return hashlib.sha256(self.public).digest()[:_ID_SIZE]
        named = self.name.encode("utf-8") + b"\n" + bytes([self.type]) + self.public
        return hashlib.sha256(named).digest()[:_ID_SIZE]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the whole vkey line, hex: what two people compare over another channel."""
        return hashlib.sha256(self.format().encode("utf-8")).hexdigest()

    def format(self) -> str:
        """The vkey line, without a newline."""
        return f"{self.name}+{self.key_id.hex()}+{base64_text(bytes([self.type]) + self.public)}"

    def __str__(self) -> str:
        return self.format()


@dataclass(frozen=True)
class Signature:
    """One signature line: who claims to have signed, by which key id, and the signature itself."""

    name: str
    key_id: bytes
    signature: bytes

    def __post_init__(self) -> None:
        _require_name(self.name)
        if len(self.key_id) != _ID_SIZE or not self.signature:
            raise ValueError("a signature line holds a key id of 4 bytes and a signature")

    @classmethod
    def parse(cls, line: str) -> Signature:
        """Read one line without its newline. Raises Malformed."""
        with reading("signature line"):
            return cls._parse(line)

    @classmethod
    def _parse(cls, line: str) -> Signature:
        if not line.startswith(_DASH):
            raise ValueError("a signature line starts with an em dash and a space")
        name, space, encoded = line[len(_DASH) :].partition(" ")
        if not space:
            raise ValueError("a signature line holds a name and a signature")
        data = base64_bytes(encoded)
        return cls(name, data[:_ID_SIZE], data[_ID_SIZE:])

    def format(self) -> str:
        """The line, without a newline."""
        return f"{_DASH}{self.name} {base64_text(self.key_id + self.signature)}"

    def is_by(self, key: VerifierKey) -> bool:
        """Whether name and key id are this key's. Says nothing about validity."""
        return self.name == key.name and self.key_id == key.key_id


@dataclass(frozen=True)
class Note:
    """A text (ending in a newline) and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        _require_text(self.text)
        if not 0 < len(self.signatures) <= MAX_SIGNATURES:
            raise ValueError(f"a note has 1 to {MAX_SIGNATURES} signatures, not {len(self.signatures)}")

    @classmethod
    def parse(cls, data: bytes | str) -> Note:
        """Read a note of at most MAX_NOTE_SIZE bytes. Raises Malformed. Nothing is verified yet."""
        with reading("signed note"):
            whole = utf8(data, MAX_NOTE_SIZE)
            split = whole.rfind("\n\n")
            if split < 0:
                raise ValueError("no blank line before the signatures")
            return cls(whole[: split + 1], _parse_signatures(whole[split + 2 :]))

    def format(self) -> str:
        """The note as it is stored and sent."""
        return self.text + "\n" + "".join(s.format() + "\n" for s in self.signatures)

    def with_signatures(self, more: Iterable[Signature]) -> Note:
        """This note with further signatures at its end, each one once."""
        return Note(self.text, tuple(dict.fromkeys((*self.signatures, *more))))


def parse_signatures(data: bytes | str) -> tuple[Signature, ...]:
    """Read signature lines that stand alone, as a witness answers with. Raises Malformed."""
    with reading("list of signatures"):
        return _parse_signatures(utf8(data, MAX_NOTE_SIZE))


def sign_note(text: str, key: VerifierKey, sign: Callable[[bytes], bytes]) -> Note:
    """The note of `text` (ends in a newline) with one Ed25519 signature by `key`, made by `sign(message)`.

    Raises ValueError for a text that no note can hold or a key of another type.
    """
    if key.type != ED25519:
        raise ValueError(f"a note is signed by a key of type {ED25519}, not {key.type}")
    _require_text(text)
    return Note(text, (Signature(key.name, key.key_id, sign(text.encode("utf-8"))),))


def verify_note(
    note: Note, keys: Sequence[VerifierKey], check: SignatureCheck = ed25519.verify
) -> tuple[VerifierKey, ...]:
    """The keys of `keys` that signed the note's text; only Ed25519 (0x01) keys can.

    Raises BadSignature if a signature here by one of them is not valid, NoKnownSignature if there is none.
    """
    message = note.text.encode("utf-8")
    signed: dict[VerifierKey, None] = {}
    for signature in note.signatures:
        for key in keys:
            if key.type != ED25519 or not signature.is_by(key):
                continue
            if not check(key.public, message, signature.signature):
                raise BadSignature(name=key.name)
            signed[key] = None
    if not signed:
        expected = ", ".join(key.name for key in keys) or "none"
        raise NoKnownSignature(expected=expected, found=", ".join(s.name for s in note.signatures))
    return tuple(signed)


def _parse_signatures(lines: str) -> tuple[Signature, ...]:
    if not lines.endswith("\n"):
        raise ValueError("the last signature line does not end")
    if lines.count("\n") > MAX_SIGNATURES:
        raise ValueError(f"more than {MAX_SIGNATURES} signatures")
    return tuple(Signature._parse(line) for line in lines[:-1].split("\n"))


def _require_text(text: str) -> None:
    if not text.endswith("\n"):
        raise ValueError("the text of a note ends in a newline")
    if any(c < " " and c != "\n" for c in text):
        raise ValueError("a control character in the text")
    text.encode("utf-8")  # unpaired surrogates cannot be signed


def _require_name(name: str) -> None:
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise ValueError(f"not a key name: {name[:40]!r}")
    name.encode("utf-8")
