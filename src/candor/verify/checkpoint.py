"""Checkpoints (C2SP tlog-checkpoint v1.0.0): what a log states about its tree, as the text of a signed note.

<origin> "\\n" <size, decimal> "\\n" base64(root hash) "\\n" [<extension line> "\\n" …]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from candor.verify import ed25519
from candor.verify.encoding import HASH_SIZE, MAX_COUNT, base64_hash, base64_text, decimal, reading, utf8
from candor.verify.errors import WrongOrigin
from candor.verify.note import MAX_NOTE_SIZE, Note, SignatureCheck, VerifierKey, verify_note

__all__ = ["Checkpoint", "verify_checkpoint"]


@dataclass(frozen=True)
class Checkpoint:
    """A log's origin, its size in entries, the root hash (32 bytes) of that tree, opaque extension lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            if not line or any(c < " " for c in line):
                raise ValueError("a line that is empty or holds a control character")
            line.encode("utf-8")
        if not 0 <= self.size <= MAX_COUNT or len(self.root) != HASH_SIZE:
            raise ValueError(f"a checkpoint holds a size and a root hash of {HASH_SIZE} bytes")

    @classmethod
    def parse(cls, text: bytes | str) -> Checkpoint:
        """Read the text of a checkpoint's note. Raises Malformed."""
        with reading("checkpoint"):
            lines = utf8(text, MAX_NOTE_SIZE).split("\n")
            if len(lines) < 4 or lines[-1]:
                raise ValueError("it must have lines for origin, size and root hash, each with its newline")
            return cls(lines[0], decimal(lines[1]), base64_hash(lines[2]), tuple(lines[3:-1]))

    def format(self) -> str:
        """The text to be signed."""
        lines = (self.origin, str(self.size), base64_text(self.root), *self.extensions)
        return "".join(line + "\n" for line in lines)


def verify_checkpoint(note: Note, keys: Sequence[VerifierKey], check: SignatureCheck = ed25519.verify) -> Checkpoint:
    """The checkpoint in `note`, shown to be signed by the key among `keys` that is named like its origin.

    Raises Malformed, WrongOrigin when no key has that name, BadSignature, NoKnownSignature.
    """
    checkpoint = Checkpoint.parse(note.text)
    own = [key for key in keys if key.name == checkpoint.origin]
    if not own:
        raise WrongOrigin(found=checkpoint.origin, expected=", ".join(k.name for k in keys) or "(no key given)")
    verify_note(note, own, check)
    return checkpoint
