"""Where an agency's policy is laxer than the law it stands over. The law holds; the conflict is shown. Pure.

A rule of the policy conflicts with one of the law when every recording that it is about is one that the law's rule is
about too, both are in force on some day, and it asks for less. A rule about more recordings than the law's is none: the
law's stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from candor.law.engine_rules import Standing, in_book
from candor.law.model import (
    Book,
    ClockTerms,
    Condition,
    ConfidentialTerms,
    FeeTerms,
    RedactionTerms,
    RetentionTerms,
    ReviewTerms,
    Rule,
)
from candor.law.periods import Period
from candor.law.vocabulary import EVENT_WORDS

__all__ = ["Conflict", "conflicts"]

#: Starts from which periods are compared: over a leap day, over a change of the clocks, over a short month.
_STARTS = (
    datetime(2019, 12, 31, 12, tzinfo=UTC),
    datetime(2021, 1, 31, 12, tzinfo=UTC),
    datetime(2022, 10, 1, 12, tzinfo=UTC),
    datetime(2023, 2, 28, 12, tzinfo=UTC),
)
_DUTIES = ("none", "permitted", "required")
_TESTS = ("presumed", "balance", "absolute")


@dataclass(frozen=True)
class Conflict:
    """A rule of the policy, the rule of law that it is laxer than, and in what."""

    policy: Rule
    law: Rule
    words: str


def conflicts(book: Book) -> tuple[Conflict, ...]:
    """All conflicts of a book's policy with its packs, in a stable order."""
    rules = in_book(book)
    found = []
    for own in (one for one in rules if one.own):
        for law in (one for one in rules if not one.own and one.rule.kind is own.rule.kind):
            if not _meet(own, law) or not _within(own.rule.when, law.rule.when, book):
                continue
            words = _laxer(own, law)
            if words:
                found.append(Conflict(own.rule, law.rule, words))
    return tuple(found)


def _meet(one: Standing, other: Standing) -> bool:
    """Whether some moment has both in force."""
    return (one.till is None or other.since < one.till) and (other.till is None or one.since < other.till)


def _within(own: Condition, law: Condition, book: Book) -> bool:
    """Whether every recording of the one condition is one of the other."""
    labels = own.labels_all | (own.labels_any if len(own.labels_any) == 1 else frozenset())
    if not law.labels_all <= labels or not law.labels_none <= own.labels_none:
        return False
    if law.labels_any and not (labels & law.labels_any or (own.labels_any and own.labels_any <= law.labels_any)):
        return False
    if own.uncategorised:
        return True  # it may be anything, so every rule of the law is about it
    if law.uncategorised:
        return False
    if law.categories and not (own.categories and own.categories <= law.categories):
        return False
    if not law.classes:
        return True
    by_name = {book.classes.get(name) for name in own.categories}
    return bool(own.classes and own.classes <= law.classes) or bool(by_name and by_name <= law.classes)


def _laxer(own: Standing, law: Standing) -> str:
    """In what it is laxer, in words; empty where it is not."""
    mine, its = own.rule.terms, law.rule.terms
    compare: dict[type, Callable[..., str]] = {
        RetentionTerms: _retention,
        ClockTerms: _clock,
        ConfidentialTerms: _confidential,
        RedactionTerms: _redaction,
        ReviewTerms: _review,
        FeeTerms: _fee,
    }
    compared = compare.get(type(mine))
    return compared(mine, its, own, law) if compared and type(mine) is type(its) else ""


def _retention(mine: RetentionTerms, its: RetentionTerms, own: Standing, law: Standing) -> str:
    if its.minimum is not None and mine.minimum is not None and mine.start is its.start:
        if _shorter(mine.minimum, its.minimum, own, law):
            return f"The policy keeps it {mine.minimum} from when {EVENT_WORDS[mine.start]}; the law {its.minimum}."
    elif its.minimum is not None and mine.minimum is not None:
        return (
            f"The policy counts {mine.minimum} from when {EVENT_WORDS[mine.start]}; the law {its.minimum} from when "
            f"{EVENT_WORDS[its.start]}. Which is longer depends on the recording; the longer holds."
        )
    if its.until_closed and not mine.until_closed and own.rule.when == law.rule.when:
        return "The law keeps it until every matter about it is closed; the policy does not say so."
    if mine.maximum is not None and its.minimum is not None and _shorter(mine.maximum, its.minimum, own, law):
        return f"The policy keeps it no longer than {mine.maximum}; the law at least {its.minimum}."
    if its.maximum is not None and mine.minimum is not None and _shorter(its.maximum, mine.minimum, law, own):
        return (
            f"The policy keeps it at least {mine.minimum}; the law says that no more than {its.maximum} may be asked."
        )
    return ""


def _clock(mine: ClockTerms, its: ClockTerms, own: Standing, law: Standing) -> str:
    if its.no_clock:
        return ""
    if mine.no_clock:
        return "The policy says that there is no clock; the law sets one."
    for event in sorted(mine.starts.keys() & its.starts.keys()):
        if _shorter(its.starts[event], mine.starts[event], law, own):
            return (
                f"The policy allows {mine.starts[event]} from when {EVENT_WORDS[event]}; the law {its.starts[event]}."
            )
    if mine.latest is not None and its.latest is not None and _shorter(its.latest, mine.latest, law, own):
        return f"The policy lets a delay go on for {mine.latest}; the law {its.latest}."
    return ""


def _confidential(mine: ConfidentialTerms, its: ConfidentialTerms, own: Standing, law: Standing) -> str:
    if _TESTS.index(mine.test) < _TESTS.index(its.test):
        return f"The policy takes it as {mine.test}; the law as {its.test}."
    return ""


def _redaction(mine: RedactionTerms, its: RedactionTerms, own: Standing, law: Standing) -> str:
    if _DUTIES.index(mine.duty) < _DUTIES.index(its.duty):
        return f"By the policy redaction is {_duty(mine.duty)}; by law it is {_duty(its.duty)}."
    return ""


def _duty(duty: str) -> str:
    return "no duty" if duty == "none" else duty


def _review(mine: ReviewTerms, its: ReviewTerms, own: Standing, law: Standing) -> str:
    if mine.allowed == its.allowed:
        return ""
    says = {True: "may review it before a statement", False: "may not review it before a statement"}
    return f"By the policy the officer {says[mine.allowed]}; by law the officer {says[its.allowed]}."


def _fee(mine: FeeTerms, its: FeeTerms, own: Standing, law: Standing) -> str:
    if not mine.unit or mine.unit != its.unit:
        return ""
    (currency, _, amount), (legal, _, most) = mine.amount.partition(" "), its.amount.partition(" ")
    if currency == legal and Decimal(amount) <= Decimal(most):
        return ""
    return f"The policy charges {mine.amount} per {mine.per}; the law {its.amount} per {its.per}."


def _shorter(one: Period, other: Period, of: Standing, than: Standing) -> bool:
    """Whether a period can end before another that begins with it."""
    return any(
        one.after(start, of.zone, of.holidays) < other.after(start, than.zone, than.holidays) for start in _STARTS
    )
