"""The handover from one log to the next: a signed note that names both (signed-note of C2SP, this text of Candor's).

    candor handover v1
    old <vkey of the log that ended>
    new <vkey of the log that follows>
    last <size> <base64 root>          the newest checkpoint known to have been signed by the old key
    carried <size> <base64 root>       the old log's entries that the agency still had, and carried into the new log
    at <YYYY-MM-DDTHH:MM:SS.ffffffZ>
    reason <one line>

The new log's key signs it; the old log's key too, where it was still at hand. No checkpoint can be read as a
handover or the other way round: the second line of a checkpoint is a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from candor.verify import ed25519
from candor.verify.encoding import HASH_SIZE, MAX_COUNT, base64_hash, base64_text, decimal, reading, utf8
from candor.verify.errors import BadHandover, VerifyError, shown
from candor.verify.leaf import parse_time
from candor.verify.note import ED25519, MAX_NOTE_SIZE, Note, SignatureCheck, VerifierKey, verify_note
from candor.verify.report import KeyUsed, Report
from candor.verify.trust import Trust

__all__ = [
    "HEADER",
    "LONGEST_REASON",
    "Handover",
    "VerifiedHandover",
    "is_handover",
    "verify_handover",
    "verify_handover_file",
]

HEADER = "candor handover v1"
LONGEST_REASON = 500
"""Characters of the reason."""


@dataclass(frozen=True)
class Handover:
    """What a handover says. Sizes are counts of entries, roots 32 bytes, `at` RFC 3339 in UTC."""

    old: VerifierKey
    new: VerifierKey
    last_size: int
    last_root: bytes
    carried_size: int
    carried_root: bytes
    at: str
    reason: str

    def __post_init__(self) -> None:
        if self.old.name == self.new.name or self.old.public == self.new.public:
            raise ValueError("the log that follows needs a name and a key of its own")
        if self.old.type != ED25519 or self.new.type != ED25519:
            raise ValueError(f"a log's key is of type {ED25519}")
        if not 0 <= self.last_size <= MAX_COUNT or not 0 <= self.carried_size <= MAX_COUNT:
            raise ValueError("a size out of range")
        if len(self.last_root) != HASH_SIZE or len(self.carried_root) != HASH_SIZE:
            raise ValueError(f"a root hash has {HASH_SIZE} bytes")
        parse_time(self.at)
        if not self.reason.strip() or len(self.reason) > LONGEST_REASON or not self.reason.isprintable():
            raise ValueError(f"the reason is one line of 1 to {LONGEST_REASON} characters")

    @classmethod
    def parse(cls, text: bytes | str) -> Handover:
        """Read the text of a handover's note. Raises Malformed."""
        with reading("handover"):
            lines = utf8(text, MAX_NOTE_SIZE).split("\n")
            names = ["old", "new", "last", "carried", "at", "reason"]
            if len(lines) != 8 or lines[0] != HEADER or lines[-1]:
                raise ValueError(f"it must begin with {HEADER!r} and have seven lines")
            words = [line.partition(" ") for line in lines[1:-1]]
            if [word[0] for word in words] != names:
                raise ValueError("its lines are " + ", ".join(names) + ", in this order")
            old, new, last, carried, at, reason = (word[2] for word in words)
            last_size, carried_size = _size_and_root(last), _size_and_root(carried)
            return cls(VerifierKey.parse(old), VerifierKey.parse(new), *last_size, *carried_size, at, reason)

    def format(self) -> str:
        """The text to be signed."""
        return (
            f"{HEADER}\nold {self.old}\nnew {self.new}\nlast {self.last_size} {base64_text(self.last_root)}\n"
            f"carried {self.carried_size} {base64_text(self.carried_root)}\nat {self.at}\nreason {self.reason}\n"
        )


@dataclass(frozen=True)
class VerifiedHandover:
    """A handover whose signature by the new log's key is right, and whether the old log's key signed it too."""

    handover: Handover
    signed_by_old: bool


def verify_handover(
    note: Note, old: VerifierKey | None = None, check: SignatureCheck = ed25519.verify
) -> VerifiedHandover:
    """Show what a handover's signatures show; `old` is the old log's key as it came from outside.

    Without the old log's own signature, a handover is a claim of whoever holds the new key. Raises Malformed,
    BadHandover when it is of another log than `old`, BadSignature, NoKnownSignature when the new key did not sign.
    """
    found = Handover.parse(note.text)
    if old is not None and found.old != old:
        raise BadHandover(reason=f"it hands over {found.old}, and the key from outside is {old}")
    signed = {key.format() for key in verify_note(note, [found.new, found.old], check)}
    if found.new.format() not in signed:
        raise BadHandover(reason="the key of the log that follows did not sign it")
    return VerifiedHandover(found, found.old.format() in signed)


def is_handover(path: Path) -> bool:
    """Whether a file says of itself that it is a handover."""
    try:
        with path.open("rb") as file:
            return file.read(len(HEADER) + 1) == HEADER.encode() + b"\n"
    except OSError:
        return False


def verify_handover_file(path: Path, trust: Trust, check: SignatureCheck = ed25519.verify) -> Report:
    """Verify a published handover by the old log's key from outside: steps 5 (the key) and 6 (the signatures).

    Passes only when the old key itself signed. Never raises for what the file holds: the report says it.
    """
    report = Report(str(path), kind="handover")
    try:
        note = Note.parse(path.read_bytes()[: MAX_NOTE_SIZE + 1])
        found = Handover.parse(note.text)
    except (OSError, VerifyError) as error:
        with report.step(6) as step:
            step.fail(error)
        report.unreadable = True
        return report
    report.origin, report.tree_size = found.old.name, found.last_size
    known = trust.policy.log_keys if trust.policy is not None else ()
    # 5. The old log's key comes from outside.
    with report.step(5) as step:
        step.title = "The key of the log that ended comes from outside"
        if trust.policy is None:
            step.fail("no key was given: give the old log's with --log-key KEY or --policy FILE")
        elif found.old not in known:
            step.fail(f"it hands over {shown(found.old)}, which is not among the keys from {shown(trust.source)}")
        else:
            report.keys, report.key_source = "outside", trust.source
            report.log_key = KeyUsed(found.old.name, found.old.format(), found.old.fingerprint, None)
    # 6. Both keys signed the handover.
    with report.step(6) as step:
        step.title = "The key of the log that ended signed the handover"
        if not verify_handover(note, None, check).signed_by_old:
            step.fail("it is signed by the new log's key only: ask the agency, in person or in print, for the new key")
        step.note(f"the new log is {shown(found.new.name)}, its key {shown(found.new)}")
        step.note(f"the fingerprint of the new key is {found.new.fingerprint}")
        step.note(f"the old log was signed up to {found.last_size:,} entries; {found.carried_size:,} were carried over")
        step.note(f"handed over at {found.at}: {shown(found.reason)}")
    return report


def _size_and_root(text: str) -> tuple[int, bytes]:
    size, _, root = text.partition(" ")
    return decimal(size), base64_hash(root)
