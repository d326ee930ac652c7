"""A rule in words for people: what follows from it and what it is about, without the keys of its file. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from candor.law.model import (
    AppealTerms,
    ClockTerms,
    Condition,
    ConfidentialTerms,
    ConsentTerms,
    DutyTerms,
    FeeTerms,
    HolidayTerms,
    Measured,
    RedactionTerms,
    RequestTerms,
    RetentionTerms,
    ReviewTerms,
    RightTerms,
    Rule,
    RuleKind,
    Verification,
    ViewingTerms,
)
from candor.law.vocabulary import (
    CHARGE_WORDS,
    CLASS_WORDS,
    EVENT_WORDS,
    LABEL_WORDS,
    MAY_WORDS,
    REQUESTER_WORDS,
    Charge,
    Requester,
)
from candor.law.words import asker_words

__all__ = ["CHECKED_WORDS", "KIND_WORDS", "VERIFICATION_WORDS", "about_words", "follows_words"]

KIND_WORDS: dict[RuleKind, str] = {
    RuleKind.MANDATE: "What must be recorded",
    RuleKind.NO_RECORD: "What may not or need not be recorded",
    RuleKind.RETENTION: "How long it is kept",
    RuleKind.CLOCK: "Until when it is released or answered",
    RuleKind.CONFIDENTIAL: "What is withheld",
    RuleKind.REDACTION: "Redaction",
    RuleKind.REQUEST: "What a request must name",
    RuleKind.FEE: "Fees",
    RuleKind.APPEAL: "To whom a refusal is taken",
    RuleKind.RIGHT: "Rights of whoever asks",
    RuleKind.VIEWING: "Who is offered a viewing",
    RuleKind.CONSENT: "Whose consent is needed",
    RuleKind.HOLIDAYS: "Holidays",
    RuleKind.REVIEW: "Review before a statement",
    RuleKind.ACCESS: "Who may do what",
    RuleKind.DUTY: "Duties",
    RuleKind.NOTE: "To be known",
}

VERIFICATION_WORDS: dict[Verification, str] = {
    Verification.OFFICIAL_TEXT: "Read in the official text.",
    Verification.OFFICIAL_SUMMARY: (
        "Read in an official summary, not in the text itself: it only restricts until counsel adopts it."
    ),
    Verification.SECONDARY: "Read in a secondary source: it only restricts until counsel adopts it.",
    Verification.UNVERIFIED: "Not read in any source: it only restricts until counsel adopts it.",
}

#: The same in two words.
CHECKED_WORDS: dict[Verification, str] = {
    Verification.OFFICIAL_TEXT: "official text",
    Verification.OFFICIAL_SUMMARY: "official summary",
    Verification.SECONDARY: "secondary source",
    Verification.UNVERIFIED: "not verified",
}

_TEST_WORDS = {
    "absolute": "withheld whatever else is so",
    "balance": "withheld where disclosure would be an unwarranted invasion of privacy, which somebody weighs",
    "presumed": "presumed to be withheld; the presumption can be rebutted",
}
_REDACTION_WORDS = {"required": "must be redacted", "permitted": "may be redacted", "none": "need not be redacted"}


def follows_words(rule: Rule) -> list[str]:
    """What follows from a rule, each on a line; nothing where its text says it all."""
    terms = rule.terms
    for kind, words in _FOLLOWS.items():
        if isinstance(terms, kind):
            return list(words(terms))
    return []


def _confidential(terms: ConfidentialTerms) -> Iterable[str]:
    yield _TEST_WORDS[terms.test]
    for one in terms.exceptions:
        yield f"except: {one}"


def _redaction(terms: RedactionTerms) -> Iterable[str]:
    yield " ".join([_REDACTION_WORDS[terms.duty], *([f"({'; '.join(terms.of)})"] if terms.of else [])])


def _fee(terms: FeeTerms) -> Iterable[str]:
    yield f"{terms.amount} per {terms.per}"
    if terms.unit:
        yield f"reckoned for each {CHARGE_WORDS[Charge(terms.unit)]}"


def _appeal(terms: AppealTerms) -> Iterable[str]:
    yield f"a refusal can be taken to {terms.to}"
    if terms.within:
        yield f"within {terms.within} of {terms.after}"
    if terms.how:
        yield terms.how


def _right(terms: RightTerms) -> Iterable[str]:
    who = _requesters(terms.of)
    if terms.may:
        yield f"{who} may {_any(MAY_WORDS[one] for one in terms.may)}"
    if terms.may_not:
        yield f"{who} may not {_any(MAY_WORDS[one] for one in terms.may_not)}"


def _viewing(terms: ViewingTerms) -> Iterable[str]:
    yield f"{_requesters(terms.of)} is offered a viewing"
    if terms.before_release:
        yield "nothing is released before that"
    if terms.within:
        yield f"within {terms.within} after {EVENT_WORDS[terms.start]}"


def _consent(terms: ConsentTerms) -> Iterable[str]:
    yield f"released with the consent of {' and '.join(sorted(REQUESTER_WORDS[one] for one in terms.of))}"
    if terms.lifts:
        yield f"takes away what is withheld by {', '.join(terms.lifts)}"


def _holidays(terms: HolidayTerms) -> Iterable[str]:
    for name, day in terms.each_year.items():
        yield f"{name}: {day}"
    for single in sorted(terms.days):
        yield single.isoformat()
    if terms.saturday_to_friday:
        yield "what falls on a Saturday is kept on the Friday before"
    if terms.sunday_to_monday:
        yield "what falls on a Sunday is kept on the Monday after"


def _requesters(of: Iterable[Requester]) -> str:
    return _any(REQUESTER_WORDS[one] for one in of)


def _retention(terms: RetentionTerms) -> Iterable[str]:
    if terms.minimum:
        yield f"kept for at least {terms.minimum} from when {EVENT_WORDS[terms.start]}"
    if terms.until_closed:
        yield "kept until every case that it belongs to is closed"
    if terms.maximum:
        yield f"at most {terms.maximum} may be asked for; nothing is destroyed by that"
    if terms.extendable_by:
        yield f"kept longer if asked for by {terms.extendable_by}"


def _clock(terms: ClockTerms) -> Iterable[str]:
    if terms.no_clock:
        yield "no clock is set"
    if terms.answer_only:
        yield "what is due is an answer; nothing is released by it"
    for event, period in terms.starts.items():
        yield f"within {period} after {EVENT_WORDS[event]}"
    if len(terms.starts) > 1:
        yield "whichever ends first"
    if terms.extension:
        yield f"may be extended by {terms.extension}" + (
            f": {terms.extension_reason}" if terms.extension_reason else ""
        )
    if terms.extension_most:
        yield f"put off by no more than {terms.extension_most} altogether, from what started it" + (
            f": {terms.extension_reason}" if terms.extension_reason and not terms.extension else ""
        )
    if terms.puts_off:
        yield f"so long may be put off: {', '.join(terms.puts_off)}" + (
            f", for this reason: {terms.extension_reason}" if terms.extension_reason else ""
        )
    if terms.latest:
        yield f"never later than {terms.latest} after the recording"


def _request(terms: RequestTerms) -> Iterable[str]:
    if terms.must_name:
        yield "must name " + ", or ".join(
            " and ".join(one.replace("-", " ") for one in set_) for set_ in terms.must_name
        )
    if terms.per_incident:
        yield "one incident at a time"
    if terms.without_fee:
        of = f" for {', '.join(terms.without_fee_of)}" if terms.without_fee_of else ""
        yield f"without fee{of}: {'; '.join(asker_words(one) for one in terms.without_fee)}"


def _review(terms: ReviewTerms) -> Iterable[str]:
    yield "the officer may review it first" if terms.allowed else "the officer may not review it first"
    if terms.with_whom:
        yield f"with {' or '.join(terms.with_whom)} present"
    if terms.others_recordings:
        yield "also others' recordings that show or hear the officer"


def _duty(terms: DutyTerms) -> Iterable[str]:
    yield f"due from {terms.who}"
    if terms.every:
        yield f"every {terms.every}" if terms.every.amount > 1 else f"every {terms.every.unit.removesuffix('s')}"
    if terms.before:
        yield f"before {terms.before}"
    if terms.after:
        yield f"within {terms.within} after {terms.after}" if terms.within else f"after {terms.after}"


def about_words(rule: Rule) -> list[str]:
    """Which recordings a rule is about (of holidays: which periods), and of which day it is asked whether it is in
    force."""
    if isinstance(rule.terms, HolidayTerms):
        return ["periods that are counted in business days", "if it is in force on the holiday"]
    found = list(_condition(rule.when)) or ["every recording"]
    if rule.measured is Measured.DECIDED:
        found.append("if it is in force on the day of the decision")
    else:
        found.append("if it was in force on the day of the recording")
    return found


def _condition(when: Condition) -> Iterable[str]:
    if when.classes:
        yield "what its category means is " + _any(CLASS_WORDS[one] for one in when.classes)
    if when.categories:
        yield "its category is " + _any(f"“{one}”" for one in when.categories)
    if when.labels_any:
        yield "it is labelled: " + _any(LABEL_WORDS[one] for one in when.labels_any)
    if when.labels_all:
        yield "it is labelled: " + " and ".join(sorted(LABEL_WORDS[one] for one in when.labels_all))
    if when.labels_none:
        yield "it is not labelled: " + _any(LABEL_WORDS[one] for one in when.labels_none)
    if when.uncategorised is not None:
        yield "nobody put it into a category" if when.uncategorised else "it has a category"


def _any(words: Iterable[str]) -> str:
    return " or ".join(sorted(words))


_FOLLOWS: dict[type[Any], Callable[[Any], Iterable[str]]] = {
    RetentionTerms: _retention,
    ClockTerms: _clock,
    ConfidentialTerms: _confidential,
    RedactionTerms: _redaction,
    RequestTerms: _request,
    FeeTerms: _fee,
    AppealTerms: _appeal,
    RightTerms: _right,
    ViewingTerms: _viewing,
    ConsentTerms: _consent,
    HolidayTerms: _holidays,
    ReviewTerms: _review,
    DutyTerms: _duty,
}
