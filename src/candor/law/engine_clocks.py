"""Clocks: until when footage has to be released, or a request answered. Pure.

A clock is that of the law under which the recording falls (`Measured`), and what starts it counts only from the day on
which the rule came into force. Of several starts that have happened, the earliest end counts; a delay that the law
allows ends at its `latest`. What has not happened by the moment that is asked of starts nothing.

A clock says when something is due. It releases nothing by itself: see `engine_release`. What gives more time counts
only from a rule that may loosen: holidays, and that something may be put off. Where it does not count, the words say
what would be so with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from candor.law.engine_rules import Standing, in_book, late_steps, steps_of
from candor.law.holidays import Holidays
from candor.law.model import Basis, Book, Clock, ClockTerms, Facts, RuleKind
from candor.law.vocabulary import EVENT_WORDS, LawEvent
from candor.law.words import day_words, joined, moment_words, zone_of

__all__ = ["MOST_STEPS", "clock_of", "clocks_of", "happened", "starts_of"]

#: So often is it worked out until when a clock may be put off; no law is known that allows as many.
MOST_STEPS = 60
_NONE = Holidays()


def clocks_of(book: Book, facts: Facts, moment: datetime) -> tuple[tuple[Clock, ...], tuple[Basis, ...]]:
    """The clocks of a recording, started or not, and the clocks that were looked at and are not its own."""
    rules = in_book(book, [RuleKind.CLOCK])
    applied = steps_of(rules, facts, book, moment)
    zone = zone_of(book)
    return (
        tuple(clock_of(one, facts, moment, zone, delays=applied) for one in applied),
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


def clock_of(
    one: Standing,
    facts: Facts,
    moment: datetime,
    zone: str,
    *,
    started: Mapping[LawEvent, datetime] | None = None,
    delays: Sequence[Standing] = (),
) -> Clock:
    """One clock. `started`: which of its starts have happened, where that is not to be taken from the facts.
    `delays`: the clocks that apply beside it; one that puts this one off is among them."""
    terms = _terms(one)
    if terms.no_clock:
        return Clock(one.rule, None, None, None, one.adopted, f"{_who(one)} sets no time for it.")
    if started is None:
        started = starts_of(one, facts, moment)
    days = one.calendar.counted(moment)
    due, event = _earliest(one, started, days)
    if due is None or event is None:
        return Clock(one.rule, None, None, None, one.adopted, _waiting_words(one, terms))
    words = f"{_who(one)} asks for {_what(terms)} within {terms.starts[event]} of the moment when {EVENT_WORDS[event]}"
    words += f" ({moment_words(started[event], zone)}), so by {moment_words(due, zone)}."
    latest = None if terms.latest is None else terms.latest.after(facts.recorded_at, one.zone, days)
    if latest is not None and latest < due:
        due = latest
        words += f" No delay goes beyond {terms.latest} from when it was recorded, {moment_words(latest, zone)}."
    without, with_all, left_out, told = _holiday_words(one, started, started[event], due, latest, moment, zone)
    steps, limit, put_off = _put_off(one, facts, started[event], due, latest, delays, moment, zone)
    words += told + put_off
    if not one.loosens:
        words += " This rule was not checked against the official text and is not adopted: take it as a warning."
    limit = min((at for at in (latest, limit) if at is not None), default=None)
    return Clock(
        one.rule, event, started[event], due, one.adopted, words, steps, limit, without, with_all, tuple(left_out)
    )


def _terms(one: Standing) -> ClockTerms:
    assert isinstance(one.rule.terms, ClockTerms)
    return one.rule.terms


def _earliest(
    one: Standing, started: Mapping[LawEvent, datetime], days: Holidays
) -> tuple[datetime | None, LawEvent | None]:
    """Which of the starts ends first, and when."""
    terms = _terms(one)
    ends = sorted((terms.starts[event].after(at, one.zone, days), event) for event, at in started.items())
    return ends[0] if ends else (None, None)


# -- holidays


def _holiday_words(
    one: Standing,
    started: Mapping[LawEvent, datetime],
    start: datetime,
    due: datetime,
    latest: datetime | None,
    moment: datetime,
    zone: str,
) -> tuple[datetime | None, datetime | None, list[tuple[date, str]], str]:
    """When it would be due without the holidays that counted and with those that did not, where that is otherwise; the
    holidays that it leaves out; and that in words."""
    counted, known = one.calendar.counted(moment), one.calendar.known(moment)

    def end(days: Holidays) -> datetime | None:
        found, _ = _earliest(one, started, days)
        shown = found if found is None or latest is None else min(found, latest)
        return None if shown == due else shown

    without, with_all = end(_NONE), end(known)
    left_out = _days_within(start, due, one.zone, counted) if without else []
    words = f" Left out: {_days_words(left_out, counted)}." if left_out else ""
    if with_all is not None:
        more = [day for day in _days_within(start, with_all, one.zone, known) if day not in left_out]
        words += (
            f" With {_days_words(more, known)} left out it would be {moment_words(with_all, zone)}; that counts only"
            " from a rule that was checked against the official text or adopted."
        )
    return without, with_all, left_out, words


def _days_within(start: datetime, end: datetime, zone: str, days: Holidays) -> list[tuple[date, str]]:
    """The weekdays after a start and before an end that are holidays, with their names."""
    here = ZoneInfo(zone)
    day, last = start.astimezone(here).date(), end.astimezone(here).date()
    found: list[tuple[date, str]] = []
    while day < last and len(found) < MOST_STEPS:
        day += timedelta(days=1)
        if day < last and day.weekday() < 5 and day in days:
            found.append((day, days.name_of(day)))
    return found


def _days_words(found: Sequence[tuple[date, str]], days: Holidays) -> str:
    said = [f"{day:%A} {day_words(day)}" + (f" ({name})" if name else "") for day, name in found]
    cited = list(dict.fromkeys(days.citation_of(day) for day, _ in found))
    return f"{joined(said)} by {joined(cited)}" if said else "other holidays"


# -- putting off


def _put_off(
    one: Standing,
    facts: Facts,
    start: datetime,
    due: datetime,
    latest: datetime | None,
    delays: Sequence[Standing],
    moment: datetime,
    zone: str,
) -> tuple[tuple[datetime, ...], datetime | None, str]:
    """Until when it may be put off, step by step; what no step exceeds; and that in words."""
    terms, days = _terms(one), one.calendar.counted(moment)
    most = None if terms.extension_most is None else terms.extension_most.after(start, one.zone, days)
    ends = [at for at in (most, latest) if at is not None]
    steps = _steps(one, terms, due, ends, days)
    words = _put_off_words(one, terms, steps, zone)
    counted = set(steps) if one.loosens else set()
    for other in delays:
        limit = _delayed_by(one, other, facts, days)
        if limit is not None and limit > due:
            ends.append(limit)
            reason = _terms(other).extension_reason
            words += f" It may be put off until {moment_words(limit, zone)} and no longer"
            words += f" ({reason})." if reason else "."
            words += "" if other.loosens else f" That counts only once it is adopted ({other.rule.citation})."
            counted |= {limit} if other.loosens else set()
    # What was not checked still restricts: no step goes beyond any limit that is said of this clock.
    shortest = min(ends, default=None)
    return tuple(sorted(at for at in counted if shortest is None or at <= shortest)), shortest, words


def _steps(
    one: Standing, terms: ClockTerms, due: datetime, ends: Sequence[datetime], days: Holidays
) -> tuple[datetime, ...]:
    """The ends of one extension after another, as far as the rule goes."""
    end = min(ends, default=None)
    if terms.extension is None:
        alone = terms.extension_most is not None and end is not None and end > due
        return (end,) if alone and end is not None else ()
    found: list[datetime] = []
    at = due
    while len(found) < (1 if terms.extension_most is None else MOST_STEPS):
        longer = terms.extension.after(at, one.zone, days)
        longer = longer if end is None else min(longer, end)
        if longer <= at:
            break
        found.append(longer)
        at = longer
    return tuple(found)


def _put_off_words(one: Standing, terms: ClockTerms, steps: Sequence[datetime], zone: str) -> str:
    if not steps:
        return ""
    reason = f" ({terms.extension_reason})" if terms.extension_reason else ""
    if terms.extension is None:
        words = f" It may be put off once{reason}, to {moment_words(steps[-1], zone)} at the latest."
    else:
        words = f" It may be put off by {terms.extension}{reason}, to {moment_words(steps[0], zone)}"
        words += f", and again, until {moment_words(steps[-1], zone)} at the latest." if len(steps) > 1 else "."
    return words if one.loosens else words + " That counts only once it is adopted."


def _delayed_by(one: Standing, other: Standing, facts: Facts, days: Holidays) -> datetime | None:
    """Until when another rule of the same pack lets this clock be put off."""
    terms = _terms(other)
    if other.rule.pack != one.rule.pack or one.rule.id not in terms.puts_off or terms.latest is None:
        return None
    return terms.latest.after(facts.recorded_at, other.zone, days)


# -- words


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
