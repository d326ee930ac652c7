"""Reviews before a statement, as far as they hold a release up.

While an officer's review of a recording is asked for, granted or under way, the recording is not released: the right to
see it first would be empty. It holds a release up no longer than the law lets it: until the clock has run out by which
the recording is to be released although nobody has reviewed it (in Connecticut 96 hours). A clock that was neither
checked nor adopted ends nothing, since it may only restrict.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.law.engine_clocks import starts_of
from candor.law.engine_rules import Standing, in_book, steps_of
from candor.law.model import Book, ClockTerms, Facts, RuleKind
from candor.law.vocabulary import LawEvent
from candor.law.words import moment_words, zone_of
from candor.matters.statement_decisions import right_to_review
from candor.matters.statement_tables import statement_recording, statement_review
from candor.matters.statements import STATE_WORDS, ReviewState

__all__ = ["Running", "review_running", "without_review"]

_OPEN = (ReviewState.ASKED.value, ReviewState.GRANTED.value, ReviewState.BEGUN.value)


@dataclass(frozen=True)
class Running:
    """A review that holds a release up. `until`: when it stops doing so by itself; None: the law sets no such time."""

    review_id: str
    words: str
    citation: str
    until: datetime | None


def review_running(tx: Connection, book: Book, recording_id: str, facts: Facts, moment: datetime) -> Running | None:
    """The oldest review of a recording that holds its release up at a moment. It does not say whose it is."""
    row = tx.execute(
        sa.select(statement_review.c.id, statement_review.c.state)
        .join(statement_recording, statement_recording.c.review_id == statement_review.c.id)
        .where(
            statement_recording.c.recording_id == recording_id,
            statement_review.c.state.in_(_OPEN),
            # Once it is decided on, only what was granted is reviewed.
            sa.or_(statement_review.c.state == ReviewState.ASKED.value, statement_recording.c.granted.is_(sa.true())),
        )
        .order_by(statement_review.c.asked_at, statement_review.c.id)
        .limit(1)
    ).first()
    if row is None:
        return None
    until, clock_citation = without_review(book, facts, moment)
    if until is not None and until <= moment:
        return None
    right = right_to_review(book, recorded_at=facts.recorded_at, decided_at=moment)
    citation = "; ".join(dict.fromkeys(one for one in (right.citation, clock_citation) if one))
    words = f"An officer’s review of it before a statement is {STATE_WORDS[ReviewState(row.state)]}."
    if until is not None:
        words += f" The law lets it wait for that until {moment_words(until, zone_of(book))}, no longer."
    return Running(row.id, words, citation or "matters.statement", until)


def without_review(book: Book, facts: Facts, moment: datetime) -> tuple[datetime | None, str]:
    """When the recording is to be released although nobody has reviewed it, and by which rule: the earliest, of laws
    that set a clock for a review, of the clocks that start otherwise, and of the longest delay that they allow."""
    applied = [one for one in steps_of(in_book(book, [RuleKind.CLOCK]), facts, book, moment) if one.loosens]
    packs = {one.rule.pack for one in applied if LawEvent.REVIEW_COMPLETED in _terms(one).starts}
    ends = sorted(
        (end, one.rule.citation)
        for one in applied
        if one.rule.pack in packs and not _terms(one).answer_only
        for end in _ends(one, facts, moment)
    )
    return ends[0] if ends else (None, "")


def _ends(one: Standing, facts: Facts, moment: datetime) -> list[datetime]:
    terms = _terms(one)
    ends = [
        terms.starts[event].after(at, one.zone, one.holidays)
        for event, at in starts_of(one, facts, moment).items()
        if event is not LawEvent.REVIEW_COMPLETED
    ]
    if terms.latest is not None:
        ends.append(terms.latest.after(facts.recorded_at, one.zone, one.holidays))
    return ends


def _terms(one: Standing) -> ClockTerms:
    assert isinstance(one.rule.terms, ClockTerms)
    return one.rule.terms
