"""Letters to whoever asked, word by word. Pure: what is known goes in, blocks of a page come out.

A letter names the request, what was asked, and of everything that it says the rule of law. It names nobody whom footage
shows: recordings are told apart by number, day and time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from candor.disclosure.paper import Block, Facts, Gap, Heading, Listing, Point, Title, Words
from candor.law.words import moment_words

__all__ = [
    "LETTER_WORDS",
    "FeeTold",
    "LetterFacts",
    "LetterKind",
    "PartTold",
    "RecordingTold",
    "letter_blocks",
    "plain_text",
]


class LetterKind(StrEnum):
    """What a letter is for."""

    ACKNOWLEDGEMENT = "acknowledgement"
    CLARIFICATION = "clarification"
    EXTENSION = "extension"
    FEE_ESTIMATE = "fee-estimate"
    DECISION = "decision"
    RELEASE_NOTICE = "release-notice"


LETTER_WORDS: dict[LetterKind, str] = {
    LetterKind.ACKNOWLEDGEMENT: "acknowledgement of receipt",
    LetterKind.CLARIFICATION: "question about what is meant",
    LetterKind.EXTENSION: "notice that it takes longer",
    LetterKind.FEE_ESTIMATE: "estimate of the fee",
    LetterKind.DECISION: "decision",
    LetterKind.RELEASE_NOTICE: "notice of a release",
}


@dataclass(frozen=True)
class PartTold:
    """What is done with a recording ("": as a whole) or a stretch of it, by which exemption, and why."""

    stretch: str
    decision: str
    exemption: str
    citation: str
    reason: str


@dataclass(frozen=True)
class RecordingTold:
    """A recording by day and length, and what was decided on it."""

    words: str
    parts: Sequence[PartTold]


@dataclass(frozen=True)
class FeeTold:
    """One line of a fee: what for, how it comes about, and what it comes to; "" where nothing is charged."""

    words: str
    amount: str


@dataclass(frozen=True)
class LetterFacts:
    """What a letter is made of. `clocks`: (until when, words, citation); `extended`: (until when, why, citation);
    `outcome`: released, released-in-part, withheld, nothing-found; `own`: what somebody here adds, in their words."""

    kind: LetterKind
    agency: str
    contact: Sequence[str]
    number: str
    received_at: datetime
    zone: str
    now: datetime
    to: Sequence[str]
    asked: str
    own: str = ""
    tracking: str = ""
    clocks: Sequence[tuple[datetime, str, str]] = ()
    extended: Sequence[tuple[datetime, str, str]] = ()
    missing: Sequence[str] = ()
    rights: Sequence[str] = ()
    appeal: Sequence[str] = ()
    free: str = ""
    fees: Sequence[FeeTold] = ()
    totals: Mapping[str, Decimal] = field(default_factory=dict)
    outcome: str = ""
    recordings: Sequence[RecordingTold] = ()
    released: Sequence[str] = ()


def letter_blocks(facts: LetterFacts) -> list[Block]:
    """The letter as blocks of a page."""
    made = {
        LetterKind.ACKNOWLEDGEMENT: _acknowledgement,
        LetterKind.CLARIFICATION: _clarification,
        LetterKind.EXTENSION: _extension,
        LetterKind.FEE_ESTIMATE: _fee_estimate,
        LetterKind.DECISION: _decision,
        LetterKind.RELEASE_NOTICE: _release_notice,
    }[facts.kind](facts)
    return [*_head(facts), *made, *_foot(facts)]


def plain_text(blocks: Sequence[Block]) -> str:
    """The same as plain text, for a preview and for whoever reads no PDF."""
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, Facts):
            lines += [f"{name}: {value}" for name, value in block.rows]
        elif isinstance(block, Listing):
            for row in block.rows:
                told = [f"{head}: {cell}" for head, cell in zip(block.heads, row, strict=True) if cell]
                lines.append("; ".join(told))
        elif isinstance(block, Point):
            lines.append(f"{block.mark} {block.text}")
        elif not isinstance(block, Gap):
            lines.append(block.text)
        lines.append("")
    return "\n".join(lines).strip() + "\n"


def _head(facts: LetterFacts) -> list[Block]:
    day = moment_words(facts.now, facts.zone).split(",", maxsplit=1)[0]
    to: list[Block] = [Words("\n".join(facts.to)), Gap()] if facts.to else []
    return [
        *to,
        Words(day),
        Title(_title(facts)),
        Facts(
            [("Request", facts.number), ("Received", moment_words(facts.received_at, facts.zone))],
        ),
    ]


def _title(facts: LetterFacts) -> str:
    titles = {
        LetterKind.ACKNOWLEDGEMENT: "We have received your request",
        LetterKind.CLARIFICATION: "A question about your request",
        LetterKind.EXTENSION: "Your request takes us longer",
        LetterKind.FEE_ESTIMATE: "What your request is expected to cost",
        LetterKind.RELEASE_NOTICE: "What you asked for is ready",
    }
    decisions = {
        "released": "Your request: released in full",
        "released-in-part": "Your request: released in part",
        "withheld": "Your request: not released",
        "nothing-found": "Your request: nothing was found",
    }
    return decisions[facts.outcome] if facts.kind is LetterKind.DECISION else titles[facts.kind]


def _asked(facts: LetterFacts) -> list[Block]:
    return [Heading("What you asked for"), Words(facts.asked, quoted=True)]


def _own(facts: LetterFacts) -> list[Block]:
    return [Words(facts.own)] if facts.own else []


def _clocks(facts: LetterFacts) -> list[Block]:
    if not facts.clocks:
        return []
    points = [
        Point(f"By {moment_words(due, facts.zone)}: {words} ({citation})") for due, words, citation in facts.clocks
    ]
    return [Heading("Until when"), *points]


def _acknowledgement(facts: LetterFacts) -> list[Block]:
    blocks = [*_asked(facts), *_own(facts), *_clocks(facts)]
    if facts.missing:
        blocks += [Heading("What the law asks for besides"), *(Point(one) for one in facts.missing)]
    if facts.rights:
        blocks += [Heading("Your rights"), *(Point(one) for one in facts.rights)]
    return [*blocks, *_fees(facts)]


def _clarification(facts: LetterFacts) -> list[Block]:
    blocks = [*_asked(facts), Heading("What we need to know"), *_own(facts)]
    blocks += [Point(one) for one in facts.missing]
    blocks.append(
        Words("Your request goes on meanwhile. The more exactly you say what you mean, the sooner we find it.")
    )
    return [*blocks, *_clocks(facts)]


def _extension(facts: LetterFacts) -> list[Block]:
    blocks: list[Block] = [Words("The time in which we answer was extended, as the law allows.")]
    blocks += [
        Point(f"To {moment_words(due, facts.zone)} ({citation}), because {_lower(why)}")
        for due, why, citation in facts.extended
    ]
    return [*blocks, *_own(facts), *_appeal(facts)]


def _fee_estimate(facts: LetterFacts) -> list[Block]:
    blocks = [*_asked(facts), *_fees(facts)]
    blocks.append(Words("This is an estimate and no bill. Tell us if you would rather ask for less."))
    return [*blocks, *_own(facts)]


def _fees(facts: LetterFacts) -> list[Block]:
    blocks: list[Block] = [Heading("Fee")]
    if facts.free:
        return [*blocks, Words(facts.free)]
    if facts.fees:
        rows = [(one.words, one.amount or "not charged") for one in facts.fees]
        blocks.append(Listing(("What for", "Amount"), rows, (4, 1)))
    if not facts.totals:
        return [*blocks, Words("Nothing is charged.")]
    total = ", ".join(f"{currency} {amount}" for currency, amount in sorted(facts.totals.items()))
    return [*blocks, Words(f"Together: {total}.")]


def _decision(facts: LetterFacts) -> list[Block]:
    opening = {
        "released": "We release what you asked for as it is.",
        "released-in-part": (
            "We release a part of what you asked for. Below is what is held back, by which law, and why."
        ),
        "withheld": "We do not release what you asked for. Below is by which law and why.",
        "nothing-found": "We have searched for what you asked for, and found no recording of it.",
    }[facts.outcome]
    blocks = [*_asked(facts), Heading("What we decided"), Words(opening), *_own(facts)]
    heads, widths = ("Part", "What is done", "Exemption", "Law", "Reason"), (14, 12, 22, 18, 22)
    for number, one in enumerate(facts.recordings, 1):
        rows = [
            (part.stretch or "the recording", part.decision, part.exemption, part.citation, part.reason)
            for part in one.parts
        ]
        blocks += [Heading(f"Recording {number}: {one.words}"), Listing(heads, rows, widths)]
    return [*blocks, *_appeal(facts), *_fees(facts)]


def _appeal(facts: LetterFacts) -> list[Block]:
    if facts.outcome in ("released",):
        return []
    words: list[Block] = [Point(one) for one in facts.appeal]
    none = Words("No rule about an appeal is in force here by what this office knows. A lawyer can tell you more.")
    return [Heading("If you do not agree"), *(words or [none])]


def _release_notice(facts: LetterFacts) -> list[Block]:
    blocks: list[Block] = [Words("What we release of what you asked for is ready."), *_own(facts)]
    blocks += [Point(one) for one in facts.released]
    blocks.append(
        Words(
            "Each file comes with proofs by which anybody can check, without us, that it was made of the sealed "
            "original, and where something is hidden."
        )
    )
    return blocks


def _foot(facts: LetterFacts) -> list[Block]:
    blocks: list[Block] = [Gap(6)]
    if facts.tracking:
        blocks.append(Words(f"With your tracking code you see how far your request is: {facts.tracking}"))
    reach = f"How to reach us: {', '.join(facts.contact)}. " if facts.contact else ""
    blocks.append(Words(f"{reach}Please name the number {facts.number} whenever you write to us.", small=True))
    return blocks


def _lower(text: str) -> str:
    """As it stands after a comma; what begins with a name or letters of a law stays."""
    return f"{text[:1].lower()}{text[1:]}" if text[1:2].islower() else text
