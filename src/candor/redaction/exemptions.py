"""What a mask may be for: the exemptions of the law in force here, with their citations, and the agency's own words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.footage.facts import facts_of
from candor.law.books import book_now
from candor.law.engine_rules import Standing, in_book, steps_of
from candor.law.model import RedactionTerms, RuleKind
from candor.redaction.act_values import LONGEST_EXEMPTION

__all__ = ["OWN_WORDS", "Exemption", "exemptions"]

#: What agencies hide and name alike, whatever law there is.
OWN_WORDS = (
    "Privacy of an uninvolved person",
    "A child",
    "Inside of a home",
    "Medical treatment",
    "Personal data: plate, screen or document",
    "Safety of a person",
)


@dataclass(frozen=True)
class Exemption:
    """`key`: what a mask names; `words`: what it says; `citation`: of the law, "" for the agency's own words;
    `applies`: whether the rule is about this recording by what is known of it."""

    key: str
    words: str
    citation: str
    applies: bool = False


def exemptions(
    tx: Connection, recording_id: str, *, own: Iterable[str] = OWN_WORDS, clock: Clock | None = None
) -> list[Exemption]:
    """The exemptions that a mask of a recording can be for: those that apply to it first, then the other rules in force
    that make something confidential or ask for its redaction, then the agency's own words. Whoever calls has checked
    that the recording may be seen. Raises RecordingUnknown."""
    book, facts, moment = book_now(tx), facts_of(tx, recording_id), (clock or SystemClock()).now()
    rules = in_book(book, [RuleKind.CONFIDENTIAL, RuleKind.REDACTION])
    applied = {(one.rule.pack, one.rule.id) for one in steps_of(rules, facts, book, moment)}
    found: dict[str, Exemption] = {}
    for one in rules:
        if not _hides(one) or not one.in_force(_asked(one, facts.recorded_at, moment)):
            continue
        key = f"{one.rule.pack}/{one.rule.id}"[:LONGEST_EXEMPTION]
        applies = (one.rule.pack, one.rule.id) in applied
        found[key] = Exemption(key, one.rule.text, one.rule.citation, applies)
    ordered = sorted(found.values(), key=lambda one: not one.applies)
    return [*ordered, *(Exemption(words[:LONGEST_EXEMPTION], words, "") for words in own)]


def _asked(one: Standing, recorded_at: datetime, moment: datetime) -> datetime:
    return one.measured(recorded_at, moment)


def _hides(one: Standing) -> bool:
    terms = one.rule.terms
    return not isinstance(terms, RedactionTerms) or terms.duty != "none"
