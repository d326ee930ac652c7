"""Proofs that stand alone (C2SP tlog-proof, `.tlog-proof` files): an index, an inclusion proof, a checkpoint.

c2sp.org/tlog-proof@v1
[extra <base64>]               opaque and not authenticated; Candor's holds an `opening.Opening`
index <n>
<base64 hash> …                from the leaf's sibling to the root's child
<empty line>
<checkpoint, with all its signatures, verbatim>
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from candor.verify import ed25519
from candor.verify.checkpoint import Checkpoint
from candor.verify.cosignature import Cosignature
from candor.verify.encoding import (
    HASH_SIZE,
    MAX_COUNT,
    base64_bytes,
    base64_hash,
    base64_text,
    decimal,
    reading,
    utf8,
)
from candor.verify.merkle import verify_inclusion
from candor.verify.note import MAX_NOTE_SIZE, Note, SignatureCheck
from candor.verify.opening import MAX_PAYLOAD_SIZE
from candor.verify.policy import Policy

__all__ = ["MAX_PROOF_SIZE", "TlogProof", "Verified", "parse_hashes"]

MAX_HASHES = 63
MAX_PROOF_SIZE = MAX_NOTE_SIZE + 4 * MAX_PAYLOAD_SIZE

_HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True)
class Verified:
    """What a proof has shown: the entry is in the tree of this checkpoint, cosigned by these witnesses."""

    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]


@dataclass(frozen=True)
class TlogProof:
    """A proof for the entry at `index`. `hashes` are 32 bytes each; `extra` is None when there is none."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: Note
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.index <= MAX_COUNT:
            raise ValueError(f"not an index: {self.index}")
        if len(self.hashes) > MAX_HASHES or any(len(h) != HASH_SIZE for h in self.hashes):
            raise ValueError(f"a proof holds at most {MAX_HASHES} hashes of {HASH_SIZE} bytes")

    @classmethod
    def parse(cls, data: bytes | str) -> TlogProof:
        """Read a proof. Raises Malformed. Nothing is verified yet."""
        with reading("log proof"):
            head, blank, note = utf8(data, MAX_PROOF_SIZE).partition("\n\n")
            lines = head.split("\n")
            if not blank or lines.pop(0) != _HEADER:
                raise ValueError(f"it must begin with {_HEADER} and hold a checkpoint")
            extra = base64_bytes(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
            if not lines or not lines[0].startswith("index "):
                raise ValueError("the index is missing")
            index = decimal(lines.pop(0)[6:])
            return cls(index, parse_hashes(lines), Note.parse(note), extra)

    def format(self) -> str:
        """The proof as it is stored."""
        extra = "" if self.extra is None else f"extra {base64_text(self.extra)}\n"
        hashes = "".join(base64_text(h) + "\n" for h in self.hashes)
        return f"{_HEADER}\n{extra}index {self.index}\n{hashes}\n{self.checkpoint.format()}"

    def verify(self, leaf_hash: bytes, policy: Policy, check: SignatureCheck = ed25519.verify) -> Verified:
        """Show that the leaf is in a log of the policy, signed by the log and witnessed by a quorum.

        Raises Malformed, WrongOrigin, BadSignature, NoKnownSignature, BadCosignature, QuorumNotMet, BadInclusion.
        """
        checkpoint = policy.verify_log(self.checkpoint, check)
        cosignatures = policy.verify_witnesses(self.checkpoint, check)
        verify_inclusion(leaf_hash, self.index, checkpoint.size, self.hashes, checkpoint.root)
        return Verified(checkpoint, cosignatures)


def parse_hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    """Hashes in base64, one per line, at most 63 as in every C2SP proof. Raises ValueError."""
    if len(lines) > MAX_HASHES:
        raise ValueError(f"more than {MAX_HASHES} hashes")
    return tuple(base64_hash(line) for line in lines)
