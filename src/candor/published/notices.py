"""What is published, each as one value with a strict JSON form: a release, the state of a request, who the agency is.

A notice holds words that are ready to be shown, so that whoever shows them needs neither law nor roles to find them.
Digests are lowercase hexadecimal, sizes bytes, lengths milliseconds, moments aware UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from candor.published.errors import NoticeWrong
from candor.published.form import from_json, to_json

__all__ = [
    "AboutNotice",
    "ClassWords",
    "ClockNotice",
    "Fact",
    "FileNotice",
    "Hidden",
    "LawNotice",
    "MessageNotice",
    "PreviousLog",
    "ReleaseNotice",
    "StatusNotice",
    "WitnessNotice",
]

_DIGEST = re.compile(r"[0-9a-f]{64}")
#: Kinds of a published file: what the portal does with it. A copy is played; a package is checked.
FILE_KINDS = ("copy", "package", "summary", "exemptions", "letter", "other")
AUDIENCES = ("public", "requester")


def _must(condition: bool, what: str, reason: str) -> None:
    if not condition:
        raise NoticeWrong(what=what, reason=reason)


@dataclass(frozen=True)
class FileNotice:
    """A published file: `name` for whoever downloads it, `kind` one of FILE_KINDS, `words` what it is.

    `proven` is the SHA-256 of the same file without its content credentials, where it carries some."""

    name: str
    kind: str
    media_type: str
    size: int
    sha256: str
    words: str = ""
    duration_ms: int | None = None
    proven: str | None = None

    def __post_init__(self) -> None:
        _must(self.kind in FILE_KINDS, "FileNotice", f"there is no kind {self.kind!r}")
        _must(self.size >= 0, "FileNotice", "its size is negative")
        for one in (self.sha256, self.proven):
            _must(one is None or _DIGEST.fullmatch(one) is not None, "FileNotice", "a digest is not 64 hex digits")


@dataclass(frozen=True)
class Fact:
    """A line of what a release is about: “When” and “3 May 2026”, say."""

    name: str
    words: str


@dataclass(frozen=True)
class Hidden:
    """What was hidden or withheld, and why: `what` in words (“Faces, from 0:12 to 0:34”), the exemption's name, its
    citation, and the reason that was given. `copy` is the position (from 0) of the copy among the release's files of
    that kind; None: it is of the release as a whole."""

    what: str
    exemption: str
    citation: str
    reason: str = ""
    copy: int | None = None


@dataclass(frozen=True)
class ReleaseNotice:
    """A release. For a requester (`audience`), `tracking` is the digest of their code; nobody else sees the notice."""

    id: str
    number: str
    audience: str
    title: str
    summary: str
    published_at: datetime
    files: tuple[FileNotice, ...]
    hidden: tuple[Hidden, ...] = ()
    facts: tuple[Fact, ...] = ()
    tracking: str | None = None
    recalled_at: datetime | None = None
    recall_reason: str | None = None

    def __post_init__(self) -> None:
        _must(self.audience in AUDIENCES, "ReleaseNotice", f"there is no audience {self.audience!r}")
        _must(bool(self.id and self.number), "ReleaseNotice", "it has no number")
        named = self.tracking is not None and _DIGEST.fullmatch(self.tracking) is not None
        _must(named if self.audience == "requester" else self.tracking is None or named, "ReleaseNotice", _NO_CODE)

    def to_json(self) -> str:
        """The text that is kept."""
        return to_json(self)

    @classmethod
    def from_json(cls, text: str) -> ReleaseNotice:
        """Raises NoticeWrong."""
        return from_json(cls, text)


_NO_CODE = "it is for a requester and does not say whose code opens it"


@dataclass(frozen=True)
class ClockNotice:
    """A period of the law: what is due, by which rule, until when; why it is longer, and when it was met."""

    words: str
    citation: str
    due_at: datetime
    answer_only: bool = False
    extended_because: str | None = None
    met_at: datetime | None = None


@dataclass(frozen=True)
class MessageNotice:
    """A message: `way` is "out" from the office, "in" from whoever asked."""

    way: str
    words: str
    at: datetime

    def __post_init__(self) -> None:
        _must(self.way in ("in", "out"), "MessageNotice", f"there is no way {self.way!r}")


@dataclass(frozen=True)
class StatusNotice:
    """How a request stands, for whoever holds its tracking code. It does not hold what they wrote, nor their name.

    `next` says what happens next; `missing` what the law wants named and is not; `appeal` and `fees` are lines.
    `takes_messages`: whether the office can still be written to."""

    tracking: str
    number: str
    state: str
    state_words: str
    received_at: datetime
    as_of: datetime
    next: str = ""
    takes_messages: bool = True
    clocks: tuple[ClockNotice, ...] = ()
    messages: tuple[MessageNotice, ...] = ()
    letters: tuple[FileNotice, ...] = ()
    releases: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    fees: tuple[str, ...] = ()
    appeal: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _must(_DIGEST.fullmatch(self.tracking) is not None, "StatusNotice", "its digest is not 64 hex digits")

    def to_json(self) -> str:
        """The text that is kept."""
        return to_json(self)

    @classmethod
    def from_json(cls, text: str) -> StatusNotice:
        """Raises NoticeWrong."""
        return from_json(cls, text)


@dataclass(frozen=True)
class ClassWords:
    """Who may be asking: the value that is sent, what it is called, what it means, what the law says of it here."""

    value: str
    words: str
    meaning: str = ""
    rights: tuple[str, ...] = ()


@dataclass(frozen=True)
class LawNotice:
    """What the law here says of requests, in words: what one must name, until when an answer is due, what it costs,
    where to appeal."""

    place: str = ""
    must_name: tuple[str, ...] = ()
    due: tuple[str, ...] = ()
    fees: tuple[str, ...] = ()
    appeal: tuple[str, ...] = ()


@dataclass(frozen=True)
class WitnessNotice:
    """A witness of the custody log, and how far it cosigned."""

    name: str
    vkey: str
    size: int = 0
    cosigned_at: datetime | None = None


@dataclass(frozen=True)
class PreviousLog:
    """A log that was handed over to the present one."""

    number: int
    origin: str
    vkey: str
    ended_at: datetime


@dataclass(frozen=True)
class AboutNotice:
    """Who the agency is, what can be asked of it, how its log is checked. `recipient` is the age recipient that what
    comes in is sealed to. `number` of the log: 1 more than it was handed over. `ways` are other ways to ask."""

    agency: str
    short_name: str
    zone: str
    recipient: str
    as_of: datetime
    log_origin: str
    log_vkey: str
    log_policy: str
    log_fingerprint: str
    log_size: int = 0
    log_signed_size: int = 0
    log_signed_at: datetime | None = None
    log_number: int = 1
    quorum: int = 0
    witnesses: tuple[WitnessNotice, ...] = ()
    previous: tuple[PreviousLog, ...] = ()
    law: LawNotice = field(default_factory=LawNotice)
    classes: tuple[ClassWords, ...] = ()
    ways: tuple[str, ...] = ()

    def to_json(self) -> str:
        """The text that is kept."""
        return to_json(self)

    @classmethod
    def from_json(cls, text: str) -> AboutNotice:
        """Raises NoticeWrong."""
        return from_json(cls, text)
