"""Trust policies (C2SP tlog-policy): which logs and witnesses count, and how many witnesses are enough.

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <member> …
    quorum <name>|none

One statement per line, names defined before they are used, each name a member once, exactly one quorum. Names are
opaque; they have a meaning within the file only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from candor.verify import ed25519
from candor.verify.checkpoint import Checkpoint, verify_checkpoint
from candor.verify.cosignature import Cosignature, verify_cosignatures
from candor.verify.encoding import decimal, reading
from candor.verify.errors import Malformed, QuorumNotMet
from candor.verify.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA_44,
    ED25519,
    Note,
    SignatureCheck,
    VerifierKey,
)

__all__ = ["Policy", "PolicyGroup", "PolicyLog", "PolicyWitness"]

NONE = "none"
MAX_POLICY_SIZE = 1_000_000  # bytes
MAX_MEMBERS = 1_000  # logs, witnesses and groups together

_SPACE = re.compile(r"[ \t]+")
_WORD = re.compile(r"[^\x00-\x20\x7f]+")
_LOG_TYPES = (ED25519, COSIGNATURE_ML_DSA_44)
_WITNESS_TYPES = (COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44)


@dataclass(frozen=True)
class PolicyLog:
    """A log whose checkpoints are accepted; its key is named like its origin."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True)
class PolicyWitness:
    """A witness, under the name that groups and quorum use for it."""

    name: str
    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True)
class PolicyGroup:
    """A group that has witnessed when at least `threshold` of its members have."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """A policy. `quorum` names a witness or group, or is None when no cosignature is asked for."""

    logs: tuple[PolicyLog, ...] = ()
    witnesses: tuple[PolicyWitness, ...] = ()
    groups: tuple[PolicyGroup, ...] = ()
    quorum: str | None = None

    def __post_init__(self) -> None:
        names: set[str] = set()
        members: set[str] = set()
        if len(self.logs) + len(self.witnesses) + len(self.groups) > MAX_MEMBERS:
            raise ValueError(f"more than {MAX_MEMBERS} logs, witnesses and groups")
        _require_keys("log", [log.key for log in self.logs], _LOG_TYPES)
        _require_keys("witness", [witness.key for witness in self.witnesses], _WITNESS_TYPES)
        for url in [log.url for log in self.logs] + [witness.url for witness in self.witnesses]:
            _require_word(url or "-")
        for witness in self.witnesses:
            _define(names, witness.name)
        for group in self.groups:
            for member in group.members:
                if member not in names or member in members:
                    raise ValueError(f"group {group.name}: {member} is not defined above or is a member twice")
                members.add(member)
            if not 1 <= group.threshold <= len(group.members):
                raise ValueError(f"group {group.name}: {group.threshold} of {len(group.members)} is not possible")
            _define(names, group.name)
        if self.quorum is not None and self.quorum not in names:
            raise ValueError(f"the quorum {self.quorum} is not defined above")

    @classmethod
    def parse(cls, data: bytes | str) -> Policy:
        """Read a policy file. Raises Malformed, naming the line."""
        with reading("trust policy"):
            # Octets above ASCII are opaque here, so text that is no UTF-8 is carried through unchanged.
            text = data.decode("utf-8", "surrogateescape") if isinstance(data, bytes) else data
            if len(text) > MAX_POLICY_SIZE:
                raise ValueError(f"longer than {MAX_POLICY_SIZE} bytes")
            reader = _Reader()
            for number, line in enumerate(text.split("\n"), 1):
                try:
                    reader.line(line)
                except ValueError as error:
                    raise ValueError(f"line {number}: {error}") from error
            return reader.policy()

    def format(self) -> bytes:
        """The policy file, one statement per line, without comments."""
        lines = [["log", log.key.format(), log.url or ""] for log in self.logs]
        lines += [["witness", w.name, w.key.format(), w.url or ""] for w in self.witnesses]
        for group in self.groups:
            special = {1: "any", len(group.members): "all"}
            threshold = special.get(group.threshold, str(group.threshold))
            lines.append(["group", group.name, threshold, *group.members])
        lines.append(["quorum", NONE if self.quorum is None else self.quorum])
        text = "".join(" ".join(word for word in line if word) + "\n" for line in lines)
        return text.encode("utf-8", "surrogateescape")

    @property
    def log_keys(self) -> tuple[VerifierKey, ...]:
        """Keys of the accepted logs."""
        return tuple(log.key for log in self.logs)

    @property
    def witness_keys(self) -> tuple[VerifierKey, ...]:
        """Keys of the witnesses."""
        return tuple(witness.key for witness in self.witnesses)

    def is_met_by(self, cosigners: Iterable[VerifierKey]) -> bool:
        """Whether cosignatures by these keys, already verified, are a quorum."""
        keys = set(cosigners)
        witnessed = {witness.name for witness in self.witnesses if witness.key in keys}
        for group in self.groups:
            if sum(member in witnessed for member in group.members) >= group.threshold:
                witnessed.add(group.name)
        return self.quorum is None or self.quorum in witnessed

    def verify_log(self, note: Note, check: SignatureCheck = ed25519.verify) -> Checkpoint:
        """The checkpoint, shown to be signed by a log of the policy. Raises as `verify_checkpoint`."""
        return verify_checkpoint(note, self.log_keys, check)

    def verify_witnesses(self, note: Note, check: SignatureCheck = ed25519.verify) -> tuple[Cosignature, ...]:
        """The valid cosignatures, shown to be a quorum. Raises BadCosignature, QuorumNotMet."""
        found = verify_cosignatures(note, self.witness_keys, check)
        if not self.is_met_by(cosignature.key for cosignature in found):
            raise QuorumNotMet(quorum=self.quorum, found=", ".join(c.key.name for c in found) or "nobody")
        return found


class _Reader:
    """Gathers the statements of a policy file, line by line."""

    def __init__(self) -> None:
        self.logs: list[PolicyLog] = []
        self.witnesses: list[PolicyWitness] = []
        self.groups: list[PolicyGroup] = []
        self.names: set[str] = set()
        self.quorum: str | None = None

    def line(self, line: str) -> None:
        if any((c < " " and c != "\t") or c == "\x7f" for c in line):
            raise ValueError("a control character")
        words = [word for word in _SPACE.split(line) if word]
        if not words or words[0].startswith("#"):
            return
        statement, rest = words[0], words[1:]
        if statement == "log" and len(rest) in (1, 2):
            self.logs.append(PolicyLog(_vkey(rest[0]), *rest[1:]))
        elif statement == "witness" and len(rest) in (2, 3):
            self.witnesses.append(PolicyWitness(rest[0], _vkey(rest[1]), *rest[2:]))
            _define(self.names, rest[0])
        elif statement == "group" and len(rest) >= 3:
            self.groups.append(self._group(rest[0], rest[1], tuple(rest[2:])))
            _define(self.names, rest[0])
        elif statement == "quorum" and len(rest) == 1 and self.quorum is None:
            if rest[0] != NONE and rest[0] not in self.names:
                raise ValueError(f"the quorum {rest[0]} is not defined above")
            self.quorum = rest[0]
        else:
            raise ValueError("not a statement of a policy, or one too many: " + " ".join(words)[:80])

    def _group(self, name: str, threshold: str, members: tuple[str, ...]) -> PolicyGroup:
        for member in members:
            if member not in self.names:
                raise ValueError(f"{member} is not defined above")
        words = {"all": len(members), "any": 1}
        return PolicyGroup(name, words[threshold] if threshold in words else decimal(threshold), members)

    def policy(self) -> Policy:
        if self.quorum is None:
            raise ValueError("there is no quorum line")
        quorum = None if self.quorum == NONE else self.quorum
        return Policy(tuple(self.logs), tuple(self.witnesses), tuple(self.groups), quorum)


def _vkey(text: str) -> VerifierKey:
    try:
        return VerifierKey.parse(text)
    except Malformed as error:
        raise ValueError(f"not a verifier key: {error.fields['reason']}") from error


def _define(names: set[str], name: str) -> None:
    _require_word(name)
    if name == NONE or name in names:
        raise ValueError(f"the name {name} is taken")
    names.add(name)


def _require_word(word: str) -> None:
    word.encode("utf-8", "surrogateescape")
    if _WORD.fullmatch(word) is None:
        raise ValueError(f"not a name or address: {word[:40]!r}")


def _require_keys(kind: str, keys: list[VerifierKey], types: tuple[int, ...]) -> None:
    if len({key.public for key in keys}) != len(keys):
        raise ValueError(f"the key of a {kind} stands twice")
    for key in keys:
        if key.type not in types:
            raise ValueError(f"{key.name}: a key of type {key.type} is not that of a {kind}")
