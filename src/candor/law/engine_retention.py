"""How long a recording is kept, and whether it may be destroyed. Pure.

Every retention rule that is about a recording counts: the longest minimum wins, and a policy can only lengthen. It may
be destroyed only when the end of every one of them is past, at least one of each law that speaks of it may loosen (or,
where the law is silent, one of the policy's), and nothing blocks: no hold, no open case, nobody who had it kept longer.

A recording without a category, or with one that has no meaning to the law here, is kept as long as the longest period
of any category, and may not be destroyed unless a rule of the policy says when (`uncategorised: true`) and may loosen.

A rule whose start has not happened (a complaint that nobody made) has no end yet, so what it is about stays: such rules
name in their condition which recordings they are about. A maximum makes nothing purgeable; it is shown.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf

from candor.law.engine_rules import Standing, about, category_counts, decisive, in_book, late_steps
from candor.law.holidays import Holidays
from candor.law.model import Basis, Block, Book, Facts, HoldFact, Measured, Retention, RetentionTerms, RuleKind
from candor.law.periods import Period
from candor.law.vocabulary import EVENT_WORDS, HOLD_WORDS, Label, LawEvent
from candor.law.words import joined, moment_words, zone_of

__all__ = ["Profile", "Schedules", "retention_of"]

_FIRST = datetime(1, 1, 2, tzinfo=UTC)
_MOST_PROFILES = 20_000
#: Units that are counted alike, so that of two periods of one start the larger amount is the longer.
_ALIKE = {"weeks": ("days", 7), "years": ("months", 12)}


@dataclass(frozen=True)
class _Span:
    """A period to be counted from a start, in a zone."""

    start: LawEvent
    period: Period
    zone: str
    holidays: Holidays


@dataclass(frozen=True)
class Profile:
    """What is the same for all recordings of a category, labels and the law of their day.

    `rules`: all that apply; `keeping`: those of them that keep it. `blocks`: why none of them may be destroyed whatever
    their age: no law, no rule, none adopted, uncategorised. `until` is the end of the longest period, None while it has
    none.
    """

    rules: tuple[Standing, ...]
    keeping: tuple[Standing, ...]
    blocks: tuple[Block, ...]
    until_closed: bool
    _needs_closing: bool
    _spans: tuple[_Span, ...]

    def until(
        self,
        recorded_at: datetime,
        received_at: datetime,
        events: Mapping[LawEvent, datetime],
        *,
        open_case: bool = False,
        extended_until: datetime | None = None,
    ) -> datetime | None:
        """Until when it is kept, in UTC; None when no end is known. `recorded_at` as in `Facts`."""
        if not self.keeping or (open_case and self.until_closed):
            return None
        latest = _FIRST if extended_until is None else extended_until
        for span in self._spans:
            start = _started(span.start, recorded_at, received_at, events)
            if start is None:
                return None
            end = span.period.after(start, span.zone, span.holidays)
            if end > latest:
                latest = end
        if self.until_closed:
            closed = events.get(LawEvent.CASE_CLOSED)
            if closed is not None:
                return max(latest, closed)
            if self._needs_closing:
                return None
        return latest

    def purgeable(self, until: datetime | None, moment: datetime, *, held: bool, open_case: bool) -> bool:
        """Whether it may be destroyed at a moment, given its `until`: the same as `retention_of(…).purgeable`."""
        return not (self.blocks or held or open_case or until is None or until > moment)


class Schedules:
    """The retention rules of a book, as they are at a moment, for many recordings."""

    def __init__(self, book: Book, moment: datetime) -> None:
        """`moment`: of the decision; rules that are measured by it are taken as they are in force then."""
        self.book = book
        self.moment = moment
        self.rules = in_book(book, [RuleKind.RETENTION])
        # Between two of these moments the law of a recording's day does not change.
        self._turns = sorted(
            {
                turn
                for one in self.rules
                if one.rule.measured is Measured.RECORDED
                for turn in (one.since, one.till)
                if turn is not None
            }
        )
        self._profiles: dict[tuple[str | None, frozenset[Label], int], Profile] = {}

    def profile(self, category: str | None, labels: frozenset[Label], recorded_at: datetime) -> Profile:
        """What holds for recordings of this category and these labels by the law of the day they were recorded."""
        key = (category, labels, bisect_right(self._turns, recorded_at))
        found = self._profiles.get(key)
        if found is None:
            if len(self._profiles) >= _MOST_PROFILES:
                self._profiles.clear()
            found = self._profiles[key] = self._profile(category, labels, recorded_at)
        return found

    def _profile(self, category: str | None, labels: frozenset[Label], recorded_at: datetime) -> Profile:
        meaning = category_counts(self.book, category)
        applied = tuple(
            one
            for one in self.rules
            if one.in_force(one.measured(recorded_at, self.moment)) and about(one.rule.when, category, meaning, labels)
        )
        keeping = tuple(one for one in applied if _keeps(_terms(one)))
        return Profile(
            applied,
            keeping,
            tuple(self._blocks(category, meaning is None, keeping)),
            any(_terms(one).until_closed for one in keeping),
            any(_terms(one).minimum is None for one in keeping),
            _spans(keeping),
        )

    def _blocks(self, category: str | None, anything: bool, keeping: tuple[Standing, ...]) -> list[Block]:
        if not self.book.packs:
            words = "No law is in force here, and nothing is destroyed without a rule."
            return [Block("no-law", words)]
        blocks = []
        if anything and not any(one.own and one.loosens and one.rule.when.uncategorised for one in keeping):
            blocks.append(_uncategorised(category))
        if not keeping:
            blocks.append(
                Block("no-rule", "No rule says how long such a recording is kept, and none is destroyed without one.")
            )
        elif not decisive(keeping, keeping):
            blocks.append(_not_adopted(keeping))
        return blocks


def retention_of(book: Book, facts: Facts, moment: datetime) -> Retention:
    """How long a recording is kept, why, and what stands against its being destroyed."""
    schedules = Schedules(book, moment)
    profile = schedules.profile(facts.category, facts.labels, facts.recorded_at)
    until = profile.until(
        facts.recorded_at,
        facts.received_at,
        facts.events,
        open_case=bool(facts.open_cases),
        extended_until=facts.extended_until,
    )
    steps = _steps(book, schedules, profile, facts)
    blocks = (*_circumstances(profile, facts, moment, zone_of(book)), *profile.blocks)
    if profile.keeping:
        blocks = (*blocks, *_time(until, steps, moment, zone_of(book)))
    return Retention(until, _longest_start(profile, facts), tuple(step for _, step in steps), blocks)


def _started(
    start: LawEvent, recorded_at: datetime, received_at: datetime, events: Mapping[LawEvent, datetime]
) -> datetime | None:
    if start is LawEvent.RECORDED:
        return recorded_at
    return received_at if start is LawEvent.RECEIVED else events.get(start)


def _terms(one: Standing) -> RetentionTerms:
    assert isinstance(one.rule.terms, RetentionTerms)
    return one.rule.terms


def _keeps(terms: RetentionTerms) -> bool:
    """Whether it keeps anything: a maximum alone does not."""
    return terms.minimum is not None or terms.until_closed


def _spans(keeping: tuple[Standing, ...]) -> tuple[_Span, ...]:
    """The periods to count. What cannot end last is left out: of those that are counted alike the shorter, and what is
    over whatever the calendar says before another of the same start is."""
    longest: dict[tuple[LawEvent, str, str, Holidays], int] = {}
    for one in keeping:
        terms = _terms(one)
        if terms.minimum is not None:
            unit, times = _ALIKE.get(terms.minimum.unit, (terms.minimum.unit, 1))
            key = (terms.start, unit, one.zone, one.holidays if unit == "business days" else Holidays())
            longest[key] = max(longest.get(key, 0), terms.minimum.amount * times)
    spans = [
        _Span(start, Period(amount, unit), zone, holidays) for (start, unit, zone, holidays), amount in longest.items()
    ]
    surely = {start: max(_least(one.period) for one in spans if one.start is start) for start, *_ in longest}
    return tuple(one for one in spans if _most(one.period) >= surely[one.start])


def _least(period: Period) -> float:
    """Hours that a period takes at least; two days are left for what calendars do."""
    return period.amount * {"hours": 1, "days": 24, "business days": 24, "months": 28 * 24}[period.unit] - 48


def _most(period: Period) -> float:
    """Hours that a period takes at most; business days have no end where every day is a holiday."""
    return period.amount * {"hours": 1, "days": 24, "business days": inf, "months": 31 * 24}[period.unit] + 48


def _end(one: Standing, facts: Facts) -> datetime | None:
    """When one rule alone would let it go."""
    terms = _terms(one)
    closed = facts.events.get(LawEvent.CASE_CLOSED) if terms.until_closed else None
    if terms.until_closed and facts.open_cases:
        return None
    if terms.minimum is None:
        return closed
    start = _started(terms.start, facts.recorded_at, facts.received_at, facts.events)
    if start is None:
        return None
    end = terms.minimum.after(start, one.zone, one.holidays)
    return end if closed is None else max(end, closed)


def _longest_start(profile: Profile, facts: Facts) -> LawEvent | None:
    ends = [(one, _end(one, facts)) for one in profile.keeping]
    if not ends:
        return None
    one, _ = max(ends, key=lambda pair: pair[1] or datetime.max.replace(tzinfo=UTC))
    return _terms(one).start


def _steps(book: Book, schedules: Schedules, profile: Profile, facts: Facts) -> list[tuple[datetime | None, Basis]]:
    """Each rule with its end: that which ends last first, then what only shows a maximum, then what does not apply."""
    zone = zone_of(book)
    keeping = [(_end(one, facts), one) for one in profile.keeping]
    keeping.sort(key=lambda pair: (pair[0] is not None, -(pair[0] or _FIRST).timestamp(), pair[1].order))
    steps = [(end, one.basis(_kept_words(one, end, facts, zone))) for end, one in keeping]
    steps += [
        (_FIRST, one.basis(_most_words(one, facts, zone))) for one in profile.rules if _terms(one).maximum is not None
    ]
    late = late_steps(schedules.rules, profile.rules, facts, book, schedules.moment)
    steps += [(_FIRST, step) for step in late]
    if facts.extended_until is not None:
        words = f"Somebody entitled to it had it kept until {moment_words(facts.extended_until, zone)}."
        steps.append((facts.extended_until, Basis(words)))
    return steps


def _kept_words(one: Standing, end: datetime | None, facts: Facts, zone: str) -> str:
    terms = _terms(one)
    who = "The agency’s policy has" if one.own else "The law has"
    if terms.minimum is None:
        words = f"{who} it kept until every matter about it is closed"
    else:
        words = f"{who} it kept at least {terms.minimum} from when {EVENT_WORDS[terms.start]}"
        words += " and until every matter about it is closed" if terms.until_closed else ""
    if end is not None:
        return f"{words}, so until {moment_words(end, zone)}."
    if terms.until_closed and facts.open_cases:
        return f"{words}; {_cases(facts)} open."
    if terms.minimum is None:
        return f"{words}; nobody has said yet that one was closed."
    return f"{words}, which has not happened yet."


def _most_words(one: Standing, facts: Facts, zone: str) -> str:
    terms = _terms(one)
    assert terms.maximum is not None
    start = _started(terms.start, facts.recorded_at, facts.received_at, facts.events)
    words = f"It says that no more than {terms.maximum} from when {EVENT_WORDS[terms.start]} may be asked for"
    if start is not None:
        words += f" (until {moment_words(terms.maximum.after(start, one.zone, one.holidays), zone)})"
    return f"{words}. A maximum by itself has nothing destroyed."


def _cases(facts: Facts) -> str:
    if len(facts.open_cases) == 1:
        return f"case {facts.open_cases[0]} is"
    return f"cases {joined(sorted(facts.open_cases))} are"


def _circumstances(profile: Profile, facts: Facts, moment: datetime, zone: str) -> list[Block]:
    """What blocks whatever the rules say: holds, open cases, somebody who had it kept longer."""
    blocks = [Block("hold", _held_words(hold)) for hold in sorted(facts.holds, key=lambda hold: (hold.since, hold.id))]
    if facts.open_cases:
        until_closed = tuple(
            one.basis("It is kept until every matter about it is closed.")
            for one in profile.rules
            if _terms(one).until_closed
        )
        blocks.append(Block("open-case", f"It belongs to what is not closed: {_cases(facts)} open.", until_closed))
    if facts.extended_until is not None and facts.extended_until > moment:
        allowing = tuple(
            one.basis(f"It may be had kept longer by {_terms(one).extendable_by}.")
            for one in profile.rules
            if _terms(one).extendable_by
        )
        words = f"Somebody entitled to it had it kept until {moment_words(facts.extended_until, zone)}."
        blocks.append(Block("extended", words, allowing))
    return blocks


def _held_words(hold: HoldFact) -> str:
    """A hold, with its reason where whoever asks may know it."""
    words = f"Held for {HOLD_WORDS[hold.kind]}{f' (case {hold.case})' if hold.case else ''}"
    if hold.reason:
        words = f"{words}: {hold.reason}"
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _time(
    until: datetime | None, steps: list[tuple[datetime | None, Basis]], moment: datetime, zone: str
) -> list[Block]:
    """What time has to pass."""
    if until is None:
        open_ended = tuple(step for end, step in steps if end is None)
        return [Block("start-unknown", "No end of its period is known yet.", open_ended)]
    if until > moment:
        running = tuple(step for end, step in steps if end is not None and end > moment)
        return [Block("not-over", f"Its period is not over before {moment_words(until, zone)}.", running)]
    return []


def _uncategorised(category: str | None) -> Block:
    if category is None:
        words = "Nobody has said what it shows: without a category it is kept longest."
    else:
        words = f"Its category “{category}” has no meaning to the law here, so it is kept longest."
    return Block("uncategorised", words)


def _not_adopted(keeping: tuple[Standing, ...]) -> Block:
    law = [one for one in keeping if not one.own] or list(keeping)
    words = (
        "The rules that say how long it is kept were not checked against the official text, and the agency’s counsel "
        "has adopted none of them."
    )
    let_go = {one.rule.pack for one in law if one.loosens}
    if let_go:
        law = [one for one in law if one.rule.pack not in let_go]
        words = (
            "Several law packs say how long it is kept. What one of them says was not checked against the official "
            "text, and the agency’s counsel has adopted none of it."
        )
    return Block("not-adopted", words, tuple(one.basis("Not checked and not adopted.") for one in law))
