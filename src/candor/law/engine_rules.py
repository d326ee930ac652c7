"""Rules as they stand in a book: between which moments each is in force, whether footage may be destroyed or released
by it, and which recordings it is about.

A day of a rule is a day of its pack's calendar; it begins at midnight in the pack's zone. Whether a rule is in force is
asked of a moment, of the recording's or of the decision's (`Measured`), in one place for every kind of rule.

A recording that nobody put into a category, or whose category has no meaning to the law here, may be anything: every
rule about any category is taken to be about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TypeVar
from zoneinfo import ZoneInfo

from candor.law.holidays import Calendar, Holidays
from candor.law.model import Basis, Book, Condition, Facts, HolidayTerms, Measured, Pack, Rule, RuleKind
from candor.law.vocabulary import Label, LawClass
from candor.law.words import day_words

__all__ = [
    "Standing",
    "about",
    "category_counts",
    "decisive",
    "in_book",
    "late_steps",
    "named_labels",
    "not_yet",
    "steps_of",
]

_FIRST = datetime(1, 1, 2, tzinfo=UTC)
_LAST = datetime(9998, 1, 1, tzinfo=UTC)

AnyTerms = TypeVar("AnyTerms")


@dataclass(frozen=True)
class Standing:
    """A rule in its book. In force from `since` until before `till` (UTC); `own`: of the agency's policy."""

    rule: Rule
    own: bool
    zone: str
    calendar: Calendar
    since: datetime
    till: datetime | None
    loosens: bool
    adopted: bool

    @property
    def holidays(self) -> Holidays:
        """Every holiday that is known: what is kept is kept longer by each."""
        return self.calendar.known()

    def in_force(self, moment: datetime) -> bool:
        """Whether it is in force at a moment."""
        return self.since <= moment and (self.till is None or moment < self.till)

    def measured(self, recorded_at: datetime, moment: datetime) -> datetime:
        """The moment of which it is asked whether it is in force."""
        return recorded_at if self.rule.measured is Measured.RECORDED else moment

    @property
    def order(self) -> tuple[bool, str, str, date, str]:
        """A place among other rules that does not hang on the order of files: law first."""
        return (self.own, self.rule.pack, self.rule.id, self.rule.in_force_from, self.rule.sha256)

    def basis(self, words: str, *, applied: bool = True) -> Basis:
        """A step of an explanation that stands on it."""
        return Basis(words, self.rule, self.adopted, applied)


def in_book(book: Book, kinds: Iterable[RuleKind] | None = None) -> tuple[Standing, ...]:
    """The rules of a book, of some kinds or all, law first, each pack by its rules' names."""
    wanted = None if kinds is None else frozenset(kinds)
    found = [
        _standing(book, pack, rule, zone, calendar)
        for pack, zone, calendar in _packs(book)
        for rule in pack.rules
        if wanted is None or rule.kind in wanted
    ]
    return tuple(sorted(found, key=lambda one: one.order))


def _packs(book: Book) -> Iterator[tuple[Pack, str, Calendar]]:
    """Each pack with the zone and the holidays by which its periods are counted. A policy's are those of the law that
    it stands over and its own; the law's are never lengthened by an agency's own holidays."""
    of = {pack.id: (pack.time_zone, _calendar(book, pack, pack.time_zone, Calendar())) for pack in book.packs}
    for pack in book.packs:
        yield (pack, *of[pack.id])
    if book.policy is not None:
        zone, under = of.get(book.policy.over, ("UTC", Calendar()))
        zone = book.policy.time_zone or zone
        yield book.policy, zone, _calendar(book, book.policy, zone, under)


def _calendar(book: Book, pack: Pack, zone: str, calendar: Calendar) -> Calendar:
    if pack.holidays:  # of a law they come from no rule that could be checked
        listed = HolidayTerms(days=pack.holidays)
        calendar = calendar.with_rule(listed, date.min, None, _FIRST, pack.name, pack is book.policy)
    for rule in pack.rules:
        if isinstance(rule.terms, HolidayTerms):
            since = _midnight(rule.in_force_from, zone)
            calendar = calendar.with_rule(
                rule.terms, rule.in_force_from, rule.in_force_to, since, rule.citation, book.may_loosen(rule)
            )
    return calendar


def _standing(book: Book, pack: Pack, rule: Rule, zone: str, calendar: Calendar) -> Standing:
    return Standing(
        rule,
        pack is book.policy,
        zone,
        calendar,
        _midnight(rule.in_force_from, zone),
        None if rule.in_force_to is None else _midnight(rule.in_force_to, zone),
        book.may_loosen(rule),
        (rule.id, rule.sha256) in book.adopted,
    )


def _midnight(day: date, zone: str) -> datetime:
    """When a day begins, in UTC; the ends of the calendar hold."""
    if day >= _LAST.date():
        return _LAST
    return max(_FIRST, datetime.combine(max(day, _FIRST.date()), time(0), ZoneInfo(zone)).astimezone(UTC))


def category_counts(book: Book, category: str | None) -> LawClass | None:
    """What a category means to the law; None: nobody said, so it may be anything."""
    return None if category is None else book.classes.get(category)


def about(when: Condition, category: str | None, meaning: LawClass | None, labels: frozenset[Label]) -> bool:
    """Whether a rule with this condition is about such a recording. `meaning` None: every category is possible."""
    if when.labels_any and not when.labels_any & labels:
        return False
    if not when.labels_all <= labels or when.labels_none & labels:
        return False
    if meaning is None:
        return True
    if when.uncategorised:
        return False
    return (not when.classes or meaning in when.classes) and (not when.categories or category in when.categories)


def steps_of(rules: Iterable[Standing], facts: Facts, book: Book, moment: datetime) -> list[Standing]:
    """Those that are about the recording and in force for it."""
    meaning = category_counts(book, facts.category)
    return [
        one
        for one in rules
        if one.in_force(one.measured(facts.recorded_at, moment))
        and about(one.rule.when, facts.category, meaning, facts.labels)
    ]


def not_yet(
    rules: Iterable[Standing], applied: Sequence[Standing], facts: Facts, book: Book, moment: datetime
) -> list[Standing]:
    """Rules about such a recording that had come into force by the moment, but are not those of its day: what a reader
    would look for. Another version of a rule that applies is none of them, nor what had ended before it was recorded.
    """
    meaning, seen = category_counts(book, facts.category), {(one.rule.pack, one.rule.id) for one in applied}
    return [
        one
        for one in rules
        if one not in applied
        and (one.rule.pack, one.rule.id) not in seen
        and one.since <= moment
        and (one.till is None or one.till > facts.recorded_at)
        and about(one.rule.when, facts.category, meaning, facts.labels)
    ]


def late_steps(
    rules: Iterable[Standing], applied: Sequence[Standing], facts: Facts, book: Book, moment: datetime
) -> list[Basis]:
    """`not_yet`, as steps of an explanation."""
    return [one.basis(_late_words(one.rule), applied=False) for one in not_yet(rules, applied, facts, book, moment)]


def _late_words(rule: Rule) -> str:
    if rule.measured is Measured.RECORDED:
        return f"Came into force on {day_words(rule.in_force_from)}, after this was recorded, so it does not apply."
    assert rule.in_force_to is not None
    return f"Is no longer in force since {day_words(rule.in_force_to)}, so it does not apply."


def named_labels(when: Condition, labels: frozenset[Label]) -> frozenset[Label]:
    """Which of a recording's labels a condition names."""
    return (when.labels_any | when.labels_all) & labels


def decisive(rules: Sequence[Standing], among: Sequence[Standing]) -> list[Standing]:
    """Those of `among` by which something may be destroyed or released, where `rules` are all that speak of it: the
    law's. The agency's own policy says so only where the law is silent; over law that was not checked and not adopted
    it cannot. Nor can one law over another: where two packs speak of it, each has to have a rule that lets it go."""
    if all(one.own for one in rules):
        return [one for one in among if one.loosens]
    found = [one for one in among if one.loosens and not one.own]
    speaking = {one.rule.pack for one in among if not one.own}
    return found if speaking == {one.rule.pack for one in found} else []
