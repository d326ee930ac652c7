"""Clocks: until when footage has to be released, or a request answered. Pure.

A clock is that of the law under which the recording falls (`Measured`), and what starts it counts only from the day on
which the rule came into force. Of several starts that have happened, the earliest end counts; a delay that the law
allows ends at its `latest`. What has not happened by the moment that is asked of starts nothing.

A clock says when something is due. It releases nothing by itself: see `engine_release`.
"""

from __future__ import annotations

from datetime import datetime

from candor.law.engine_rules import Standing, in_book, late_steps, steps_of
from candor.law.model import Basis, Book, Clock, ClockTerms, Facts, RuleKind
from candor.law.vocabulary import EVENT_WORDS, LawEvent
from candor.law.words import joined, moment_words, zone_of

__all__ = ["clocks_of", "happened", "starts_of"]


def clocks_of(book: Book, facts: Facts, moment: datetime) -> tuple[tuple[Clock, ...], tuple[Basis, ...]]:
    """The clocks of a recording, started or not, and the clocks that were looked at and are not its own."""
    rules = in_book(book, [RuleKind.CLOCK])
    applied = steps_of(rules, facts, book, moment)
    zone = zone_of(book)
    return (
        tuple(_clock(one, facts, moment, zone) for one in applied),
        tuple(late_steps(rules, applied, facts, book, moment)),
    )


def happened(facts: Facts, moment: datetime) -> dict[LawEvent, datetime]:
    """What has happened to a recording by a moment, from which a clock may run."""
    events = {**facts.events, LawEvent.RECORDED: facts.recorded_at, LawEvent.RECEIVED: facts.received_at}
    return {event: at for event, at in events.items() if at <= moment}


def starts_of(one: Standing, facts: Facts, moment: datetime) -> dict[LawEvent, datetime]:
    """Which of a clock's starts have happened while the rule was in force, or before it ended."""
    terms = one.rule.terms
    assert isinstance(terms, ClockTerms)
    return {event: at for event, at in happened(facts, moment).items() if event in terms.starts and at >= one.since}


def _clock(one: Standing, facts: Facts, moment: datetime, zone: str) -> Clock:
    terms = one.rule.terms
    assert isinstance(terms, ClockTerms)
    if terms.no_clock:
        return Clock(one.rule, None, None, None, one.adopted, f"{_who(one)} sets no time for it.")
    started = starts_of(one, facts, moment)
    ends = sorted((terms.starts[event].after(at, one.zone, one.holidays), event) for event, at in started.items())
    if not ends:
        return Clock(one.rule, None, None, None, one.adopted, _waiting_words(one, terms))
    due, event = ends[0]
    words = f"{_who(one)} asks for {_what(terms)} within {terms.starts[event]} of the moment when {EVENT_WORDS[event]}"
    words += f" ({moment_words(started[event], zone)}), so by {moment_words(due, zone)}."
    if terms.latest is not None:
        limit = terms.latest.after(facts.recorded_at, one.zone, one.holidays)
        if limit < due:
            due = limit
            words += f" No delay goes beyond {terms.latest} from when it was recorded, {moment_words(limit, zone)}."
    if terms.extension is not None:
        longer = terms.extension.after(due, one.zone, one.holidays)
        if terms.latest is not None:
            longer = min(longer, terms.latest.after(facts.recorded_at, one.zone, one.holidays))
        reason = f" ({terms.extension_reason})" if terms.extension_reason else ""
        if longer > due:
            words += f" It may be put off by {terms.extension}{reason}, to {moment_words(longer, zone)}."
    if not one.loosens:
        words += " This rule was not checked against the official text and is not adopted: take it as a warning."
    return Clock(one.rule, event, started[event], due, one.adopted, words)


def _who(one: Standing) -> str:
    return "The agency’s policy" if one.own else "The law"


def _what(terms: ClockTerms) -> str:
    return "an answer" if terms.answer_only else "its release"


def _waiting_words(one: Standing, terms: ClockTerms) -> str:
    if not terms.starts:
        limit = f" beyond {terms.latest} from when it was recorded" if terms.latest else ""
        return f"{_who(one)} allows no delay{limit}." if limit else f"{_who(one)} names no start of this clock."
    starts = joined(
        [f"{terms.starts[event]} from when {EVENT_WORDS[event]}" for event in sorted(terms.starts)], "or, if earlier,"
    )
    return f"{_who(one)} asks for {_what(terms)} within {starts}; nothing of that has happened."
