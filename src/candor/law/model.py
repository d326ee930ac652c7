"""What a law pack is made of, what is asked of it, and what it answers: values without behaviour of their own.

A pack is data. Nothing here knows a file, a database or the present time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from candor.law.terms import (
    AppealTerms,
    ClockTerms,
    ConfidentialTerms,
    ConsentTerms,
    DutyTerms,
    FeeTerms,
    HolidayTerms,
    PlainTerms,
    RedactionTerms,
    RequestTerms,
    RetentionTerms,
    ReviewTerms,
    RightTerms,
    Terms,
    ViewingTerms,
)
from candor.law.vocabulary import HoldKind, Label, LawClass, LawEvent

__all__ = [
    "Access",
    "Answer",
    "AppealTerms",
    "Basis",
    "Block",
    "Book",
    "Clock",
    "ClockTerms",
    "Condition",
    "ConfidentialTerms",
    "Confidentiality",
    "ConsentTerms",
    "DutyTerms",
    "Facts",
    "FeeTerms",
    "HoldFact",
    "HolidayTerms",
    "Line",
    "Measured",
    "Pack",
    "PackKind",
    "PlainTerms",
    "RedactionTerms",
    "Release",
    "RequestTerms",
    "Retention",
    "RetentionTerms",
    "ReviewTerms",
    "RightTerms",
    "Rule",
    "RuleKind",
    "Terms",
    "Uncovered",
    "Verification",
    "ViewingTerms",
]


class Verification(StrEnum):
    """How well it was checked that a rule says what the law says, best first."""

    OFFICIAL_TEXT = "official text"
    OFFICIAL_SUMMARY = "official summary"
    SECONDARY = "secondary"
    UNVERIFIED = "unverified"


class RuleKind(StrEnum):
    """What a rule is about; each kind has terms of its own."""

    MANDATE = "mandate"  # what must be recorded                                   PlainTerms
    NO_RECORD = "no-record"  # what may not, or need not, be recorded              PlainTerms
    RETENTION = "retention"  # how long it is kept                                 RetentionTerms
    CLOCK = "clock"  # until when it must be released, or a request answered       ClockTerms
    CONFIDENTIAL = "confidential"  # what is withheld                              ConfidentialTerms
    REDACTION = "redaction"  # whether it must, may or may not be redacted         RedactionTerms
    REQUEST = "request"  # what a request must name, and who asks without fee      RequestTerms
    FEE = "fee"  # what may be charged                                             FeeTerms
    APPEAL = "appeal"  # to whom a refusal is taken, and until when                AppealTerms
    RIGHT = "right"  # what whoever asks may do, or not, by a right of their own   RightTerms
    VIEWING = "viewing"  # who is offered a viewing before a release               ViewingTerms
    CONSENT = "consent"  # whose consent takes away that it is confidential        ConsentTerms
    HOLIDAYS = "holidays"  # days that are no business days                        HolidayTerms
    REVIEW = "review"  # whether an officer may review before a statement          ReviewTerms
    ACCESS = "access"  # who may see it, do it, share it                           PlainTerms
    DUTY = "duty"  # what somebody must do by when                                 DutyTerms
    NOTE = "note"  # what a reader should know and no program decides by           PlainTerms


class Measured(StrEnum):
    """Of which moment it is asked whether a rule is in force."""

    RECORDED = "recorded"  # of the recording's: the law of its day goes with it
    DECIDED = "decided"  # of the decision's


class PackKind(StrEnum):
    """Law comes with the program; policy is the agency's own over it."""

    LAW = "law"
    POLICY = "policy"


@dataclass(frozen=True)
class Condition:
    """Which recordings a rule is about. Nothing said: all of them."""

    classes: frozenset[LawClass] = frozenset()
    """One of these is what its category means."""
    categories: frozenset[str] = frozenset()
    """One of these is its category, by the agency's own name (policies only)."""
    labels_any: frozenset[Label] = frozenset()
    labels_all: frozenset[Label] = frozenset()
    labels_none: frozenset[Label] = frozenset()
    uncategorised: bool | None = None
    """True: only what nobody put into a category."""


@dataclass(frozen=True)
class Rule:
    """One rule of law or of policy. `in_force_to` is the first day on which it is no longer in force."""

    id: str
    pack: str
    kind: RuleKind
    text: str
    citation: str
    jurisdiction: str
    in_force_from: date
    in_force_to: date | None
    verification: Verification
    verified_on: date
    terms: Terms
    when: Condition = Condition()
    measured: Measured = Measured.RECORDED
    source: str = ""
    note: str = ""
    sha256: str = ""
    """Of the rule's own content in canonical form: an adoption is of these words and no others."""
    line: int = 0
    """Where it stands in its file."""

    def in_force(self, day: date) -> bool:
        """Whether it is in force on a day of the jurisdiction's calendar."""
        return self.in_force_from <= day and (self.in_force_to is None or day < self.in_force_to)


@dataclass(frozen=True)
class Uncovered:
    """What a pack does not cover, so that nobody takes silence for an answer."""

    subject: str
    why: str


@dataclass(frozen=True)
class Pack:
    """A law pack, or an agency's policy. `sha256` is of its files' bytes."""

    id: str
    kind: PackKind
    name: str
    jurisdiction: str
    version: str
    compiled_on: date
    time_zone: str
    rules: tuple[Rule, ...]
    uncovered: tuple[Uncovered, ...] = ()
    holidays: frozenset[date] = frozenset()
    """Of a policy: days that are no business days here, for its own periods. A law has rules of kind holidays."""
    sha256: str = ""
    over: str = ""
    """Of a policy: the pack that it stands over."""


@dataclass(frozen=True)
class Book:
    """The law as it is applied: packs, the agency's policy, which rules its counsel adopted, and what each of its
    categories means to the law."""

    packs: tuple[Pack, ...] = ()
    policy: Pack | None = None
    adopted: frozenset[tuple[str, str]] = frozenset()
    """(rule id, rule sha256) of adopted rules."""
    classes: Mapping[str, LawClass] = field(default_factory=dict)
    """Category -> what it means to the law. A category that is not here means nothing to it."""
    id: str = ""
    """SHA-256 of all that, in canonical form: two answers of the same book, facts and moment are the same."""

    def may_loosen(self, rule: Rule) -> bool:
        """Whether footage may be destroyed or released by it: it was checked against the official text, or the
        agency's counsel adopted these very words. Any other rule may only restrict."""
        return rule.verification is Verification.OFFICIAL_TEXT or (rule.id, rule.sha256) in self.adopted


@dataclass(frozen=True)
class HoldFact:
    """A hold on a recording."""

    id: str
    kind: HoldKind
    reason: str
    since: datetime
    case: str = ""
    """The number of its case."""


@dataclass(frozen=True)
class Facts:
    """What is known of a recording, as far as law asks for it. All moments in UTC."""

    recorded_at: datetime
    received_at: datetime
    category: str | None = None
    labels: frozenset[Label] = frozenset()
    events: Mapping[LawEvent, datetime] = field(default_factory=dict)
    open_cases: tuple[str, ...] = ()
    """Numbers of its cases that are open."""
    holds: tuple[HoldFact, ...] = ()
    extended_until: datetime | None = None
    """Somebody entitled to it had it kept longer."""


@dataclass(frozen=True)
class Basis:
    """One step of an explanation: what follows, and from which rule. No rule: it follows from a fact, or from there
    being no rule."""

    words: str
    rule: Rule | None = None
    adopted: bool = False
    applied: bool = True
    """False: it was looked at and did not apply, and the words say why."""


@dataclass(frozen=True)
class Block:
    """Why something may not be done. `code` is for programs: hold, open-case, not-over, no-rule, not-adopted,
    uncategorised, confidential, extended, …"""

    code: str
    words: str
    basis: tuple[Basis, ...] = ()


@dataclass(frozen=True)
class Retention:
    """How long it is kept. `until` None: no end is known. It is purgeable when nothing blocks."""

    until: datetime | None
    start: LawEvent | None
    steps: tuple[Basis, ...]
    blocks: tuple[Block, ...]

    @property
    def purgeable(self) -> bool:
        return not self.blocks


@dataclass(frozen=True)
class Clock:
    """A clock of release or answer. `due` None: what would start it has not happened.

    `steps`: until when it may be put off, once, twice and so on; nothing where no rule that counts allows it.
    `latest`: what no delay exceeds. `without_holidays`: when it would be due if every weekday were a business day;
    `with_holidays`: if the holidays counted too that a rule names which is neither checked nor adopted. Both None
    where that makes no difference. `left_out`: the weekdays that it leaves out, with their names."""

    rule: Rule
    started_by: LawEvent | None
    started_at: datetime | None
    due: datetime | None
    adopted: bool
    words: str
    steps: tuple[datetime, ...] = ()
    latest: datetime | None = None
    without_holidays: datetime | None = None
    with_holidays: datetime | None = None
    left_out: tuple[tuple[date, str], ...] = ()


@dataclass(frozen=True)
class Confidentiality:
    """A class of confidential footage that this recording may belong to."""

    rule: Rule
    test: str
    labels: frozenset[Label]
    words: str
    adopted: bool = False


@dataclass(frozen=True)
class Release:
    """Whether it may be released. `allowed` None: somebody has to weigh it; what has to be weighed is in the blocks.
    `redaction`: required, permitted, none, or unknown."""

    allowed: bool | None
    blocks: tuple[Block, ...]
    confidential: tuple[Confidentiality, ...]
    redaction: str
    steps: tuple[Basis, ...]
    redaction_steps: tuple[Basis, ...] = ()


@dataclass(frozen=True)
class Access:
    """What narrows who may see it: labels that restrict, review before a statement."""

    restricting: tuple[Confidentiality, ...]
    review: tuple[Basis, ...]
    notes: tuple[Basis, ...] = ()
    """What else a reader should know: what may not be recorded, who may share it."""


@dataclass(frozen=True)
class Line:
    """One line of what the law says now: subject (kept, destroyed, release, clock, redaction, access), words, steps."""

    subject: str
    words: str
    steps: tuple[Basis, ...]
    state: str = ""
    """good, wait, stop or note: how a face marks it."""


@dataclass(frozen=True)
class Answer:
    """Everything that follows for one recording at one moment."""

    moment: datetime
    book: str
    retention: Retention
    release: Release
    clocks: tuple[Clock, ...]
    access: Access
    lines: tuple[Line, ...]
    clock_steps: tuple[Basis, ...] = ()
    """Clocks that were looked at and are not this recording's."""
