"""How an answer is said: the same lines in the browser and on the command line. Pure.

Moments are written in the calendar of the first pack in effect (the agency's jurisdiction), with their zone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from candor.law.model import (
    Answer,
    AppealTerms,
    Basis,
    Block,
    Book,
    Clock,
    ClockTerms,
    Confidentiality,
    Line,
    Release,
    Retention,
    Rule,
    Verification,
)
from candor.law.vocabulary import LABEL_WORDS, NAMEABLE_WORDS, REQUESTER_WORDS, Nameable, Requester

__all__ = [
    "appeal_words",
    "asker_words",
    "dates_of",
    "day_words",
    "joined",
    "lines",
    "moment_words",
    "named_words",
    "rule_words",
    "standing_words",
    "zone_of",
]

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
#: Blocks that time alone takes away.
_WAITING = frozenset({"not-over"})


def zone_of(book: Book) -> str:
    """The zone in which moments are written."""
    for pack in (*book.packs, *([book.policy] if book.policy else [])):
        if pack.time_zone:
            return pack.time_zone
    return "UTC"


def day_words(day: date) -> str:
    """`1 October 2019`."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment_words(moment: datetime, zone: str) -> str:
    """`12 November 2018, 08:00 EST`."""
    try:
        here = moment.astimezone(ZoneInfo(zone))
    except OverflowError:
        here = moment.astimezone(UTC)
    return f"{day_words(here)}, {here:%H:%M} {here:%Z}"


def joined(parts: Iterable[str], last: str = "and") -> str:
    """`one, two and three`."""
    *before, end = list(parts) or [""]
    return f"{', '.join(before)} {last} {end}" if before else end


def named_words(name: str) -> str:
    """What a request can name. A text of before the list was closed says it in its own words."""
    return NAMEABLE_WORDS[Nameable(name)] if name in list(Nameable) else name


def appeal_words(rule: Rule) -> str:
    """To whom a refusal can be taken, for a letter."""
    terms = rule.terms
    assert isinstance(terms, AppealTerms)
    words = f"A refusal can be taken to {terms.to}"
    if terms.within:
        words += f" within {terms.within}" + (f" of {terms.after}" if terms.after else "")
    return f"{words} ({rule.citation})." + (f" {terms.how}" if terms.how else "")


def asker_words(word: str) -> str:
    """Who asks. A text of before the list was closed says it in its own words."""
    return REQUESTER_WORDS[Requester(word)] if word in list(Requester) else word


def dates_of(rule: Rule) -> str:
    """Between which dates a rule is in force."""
    if rule.in_force_to is None:
        return f"in force since {day_words(rule.in_force_from)}"
    return f"in force from {day_words(rule.in_force_from)} until before {day_words(rule.in_force_to)}"


def standing_words(rule: Rule, *, adopted: bool) -> str:
    """How well a rule was checked, and whether the agency's counsel adopted it."""
    checked = {
        Verification.OFFICIAL_TEXT: "checked against the official text",
        Verification.OFFICIAL_SUMMARY: "checked against an official summary only",
        Verification.SECONDARY: "known from secondary sources only",
        Verification.UNVERIFIED: "not checked",
    }[rule.verification]
    words = f"{checked} on {day_words(rule.verified_on)}"
    if rule.verification is Verification.OFFICIAL_TEXT:
        return words
    return f"{words}; {'adopted by the agency’s counsel' if adopted else 'not adopted here, so it may only restrict'}"


def rule_words(basis: Basis) -> str:
    """A step's rule in one line: its name, citation, dates, and how well it was checked. Without a rule: empty."""
    rule = basis.rule
    if rule is None:
        return ""
    return f"{rule.id} · {rule.citation} · {dates_of(rule)} · {standing_words(rule, adopted=basis.adopted)}"


def lines(answer: Answer, book: Book) -> tuple[Line, ...]:
    """What the law says now, a line for each thing that is asked: how long it is kept, whether it may be destroyed,
    whether it may be released, which clock runs, what is to be made unrecognisable, what narrows who may see it."""
    zone = zone_of(book)
    return (
        _kept(answer.retention, zone),
        _destroyed(answer.retention),
        _release(answer.release),
        _clock(answer, zone),
        _redaction(answer.release),
        _access(answer),
    )


def _kept(found: Retention, zone: str) -> Line:
    if found.until is not None:
        beyond = [block for block in found.blocks if block.code in ("hold", "open-case", "uncategorised")]
        words = f"Kept until {moment_words(found.until, zone)}{' at least' if beyond else ''}."
        leading = [step for step in found.steps if step.applied][:1]
        return Line("kept", _with(words, leading), found.steps, "note")
    if _has(found.blocks, "no-law", "no-rule"):
        return Line("kept", f"Kept without an end. {_first(found.blocks, 'no-law', 'no-rule')}", found.steps, "wait")
    return Line(
        "kept",
        f"Kept; no end is known yet. {_first(found.blocks, 'open-case', 'start-unknown')}".strip(),
        found.steps,
        "wait",
    )


def _destroyed(found: Retention) -> Line:
    steps = tuple(step for block in found.blocks for step in (block.basis or (Basis(block.words),)))
    if found.purgeable:
        basis = tuple(step for step in found.steps if step.applied and step.rule is not None)
        words = "May be destroyed, by an authorisation that one person asks for and another gives."
        return Line("destroyed", words, basis, "good")
    state = "wait" if all(block.code in _WAITING for block in found.blocks) else "stop"
    return Line("destroyed", f"May not be destroyed. {_all(found.blocks)}", steps, state)


def _release(found: Release) -> Line:
    against = [step for block in found.blocks for step in block.basis]
    steps = (*against, *(step for step in found.steps if step not in against))
    if found.allowed:
        words = "May be released" + (", once it is redacted" if found.redaction == "required" else "")
        return Line("release", f"{words}.", steps, "good")
    if found.allowed is None:
        return Line("release", f"Somebody has to weigh whether it is released. {_all(found.blocks)}", steps, "wait")
    return Line("release", f"Not released. {_all(found.blocks)}", steps, "stop")


def _clock(answer: Answer, zone: str) -> Line:
    running = sorted((one for one in answer.clocks if one.due is not None), key=lambda one: one.due or answer.moment)
    told = tuple(Basis(one.words, one.rule, one.adopted) for one in answer.clocks)
    steps = (*told, *answer.clock_steps)
    if not running:
        words = "No clock runs."
        if answer.clocks and not any(_sets(one) for one in answer.clocks):
            words = "No clock runs: the law sets none."
        elif answer.clocks:
            words = "No clock runs: what would start one has not happened."
        elif any(not step.applied for step in answer.clock_steps):
            words = "No clock runs: the clocks of today’s law are not those of this recording."
        return Line("clock", words, steps, "note")
    first = running[0]
    assert first.due is not None
    late = first.due <= answer.moment
    words = f"{'Was' if late else 'Is'} due {moment_words(first.due, zone)}."
    if len(running) > 1:
        words = f"{words} {len(running)} clocks run; this one ends first."
    return Line("clock", f"{words} {first.words}", steps, "stop" if late else "wait")


def _sets(clock: Clock) -> bool:
    return isinstance(clock.rule.terms, ClockTerms) and not clock.rule.terms.no_clock


def _redaction(found: Release) -> Line:
    words = {
        "required": "Has to be redacted before it is released.",
        "permitted": "May be redacted before it is released.",
        "none": "The law asks for no redaction.",
        "unknown": "No rule in effect here says whether it has to be redacted.",
    }[found.redaction]
    return Line("redaction", words, found.redaction_steps, "wait" if found.redaction == "required" else "note")


def _access(answer: Answer) -> Line:
    found = answer.access
    steps = (
        *(Basis(one.words, one.rule, one.adopted) for one in found.restricting),
        *found.review,
        *found.notes,
    )
    if found.restricting:
        return Line("access", f"Restricted: {joined(_named(found.restricting))}.", steps, "wait")
    return Line("access", "No rule of law narrows who may see it, beyond what people’s roles allow.", steps, "note")


def _named(restricting: Iterable[Confidentiality]) -> list[str]:
    """What narrows it, each once: the labels, or where there is none the citation."""
    found: dict[str, None] = {}
    for one in restricting:
        for name in [LABEL_WORDS[label] for label in sorted(one.labels)] or [one.rule.citation]:
            found.setdefault(name)
    return list(found)


def _with(words: str, steps: Iterable[Basis]) -> str:
    return " ".join([words, *(step.words for step in steps)])


def _has(blocks: Iterable[Block], *codes: str) -> bool:
    return any(block.code in codes for block in blocks)


def _first(blocks: Iterable[Block], *codes: str) -> str:
    return next((block.words for code in codes for block in blocks if block.code == code), "")


def _all(blocks: Iterable[Block]) -> str:
    return " ".join(block.words for block in blocks)
