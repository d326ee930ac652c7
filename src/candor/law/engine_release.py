"""Whether a recording may be released, what is to be made unrecognisable, and what narrows who may see it. Pure.

Nothing is released without a rule that has it released (a clock that has started, or what a request is granted by) and
that may loosen: checked against the official text, or adopted. What withholds needs no checking. An absolute class of
confidential footage forbids; one that is to be balanced, or is presumed, leaves it to a person to weigh, and so does a
hold for a matter that is going on, a recording of which nobody has said what it shows, and what a request must name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from candor.law.engine_clocks import happened, starts_of
from candor.law.engine_rules import Standing, category_counts, decisive, in_book, late_steps, named_labels, steps_of
from candor.law.model import (
    Access,
    AppealTerms,
    Basis,
    Block,
    Book,
    ClockTerms,
    Confidentiality,
    ConfidentialTerms,
    Facts,
    FeeTerms,
    RedactionTerms,
    Release,
    RequestTerms,
    ReviewTerms,
    Rule,
    RuleKind,
)
from candor.law.vocabulary import HOLD_WORDS, LABEL_WORDS, HoldKind, Label, LawEvent
from candor.law.words import appeal_words, asker_words, joined, named_words

__all__ = ["ABSOLUTE", "access_of", "confidential_of", "redaction_of", "release_of"]

#: The test of a class that is confidential whatever speaks for its release.
ABSOLUTE = "absolute"
_TEST_WORDS = {
    "absolute": "confidential",
    "balance": "confidential where showing it would be an unwarranted invasion of somebody’s privacy",
    "presumed": "presumed confidential; who wants it can show that it is not",
}
#: What else is to be known of a release, beside what allows and what forbids it.
_CONDITIONS = (
    RuleKind.REQUEST,
    RuleKind.FEE,
    RuleKind.APPEAL,
    RuleKind.RIGHT,
    RuleKind.VIEWING,
    RuleKind.CONSENT,
)
#: Strictest first.
_DUTIES = ("required", "permitted", "none")
#: Holds that are there for the release itself stand in no release's way.
_FOR_RELEASE = frozenset({HoldKind.REQUEST, HoldKind.DISCOVERY})


def release_of(book: Book, facts: Facts, moment: datetime) -> Release:
    """Whether it may be released: True, False, or None where somebody has to weigh it."""
    confidential = confidential_of(book, facts, moment)
    forbidding = _forbidding(confidential)
    weighing = _weighing(book, facts, confidential)
    providing, steps = _provided(book, facts, moment)
    if not providing:
        weighing += _to_be_named(book, facts, moment)
    redaction, redaction_steps = redaction_of(book, facts, moment)
    blocks = (*forbidding, *weighing, *providing)
    return Release(
        False if forbidding or providing else None if weighing else True,
        blocks,
        confidential,
        redaction,
        (*steps, *_conditions(book, facts, moment), *_too_late(book, facts, moment, RuleKind.CONFIDENTIAL)),
        redaction_steps,
    )


def confidential_of(book: Book, facts: Facts, moment: datetime) -> tuple[Confidentiality, ...]:
    """The classes of confidential footage that it may belong to, absolute ones first."""
    found = [
        Confidentiality(
            one.rule,
            _secret(one.rule).test,
            named_labels(one.rule.when, facts.labels),
            _secret_words(one, facts),
            one.adopted,
        )
        for one in steps_of(in_book(book, [RuleKind.CONFIDENTIAL]), facts, book, moment)
    ]
    return tuple(sorted(found, key=lambda one: one.test != ABSOLUTE))


def redaction_of(book: Book, facts: Facts, moment: datetime) -> tuple[str, tuple[Basis, ...]]:
    """The strictest duty of the rules that apply, and the rules. That there is no duty counts only from a rule that
    may loosen."""
    rules = in_book(book, [RuleKind.REDACTION])
    applied = steps_of(rules, facts, book, moment)
    late = late_steps(rules, applied, facts, book, moment)
    counted = [one for one in applied if _redacts(one.rule).duty != "none" or one.loosens]
    duty = min((_redacts(one.rule).duty for one in counted), key=_DUTIES.index, default="unknown")
    ordered = sorted(applied, key=lambda one: (_DUTIES.index(_redacts(one.rule).duty), one.order))
    return duty, (*(one.basis(_redaction_words(one)) for one in ordered), *late)


def access_of(book: Book, facts: Facts, moment: datetime) -> Access:
    """What narrows who may see it, whether an officer may review it before a statement, and what else is to know."""
    review = steps_of(in_book(book, [RuleKind.REVIEW]), facts, book, moment)
    notes = [
        one
        for one in steps_of(in_book(book, [RuleKind.NO_RECORD, RuleKind.ACCESS]), facts, book, moment)
        if one.rule.kind is RuleKind.ACCESS or one.rule.when.labels_any or one.rule.when.labels_all
    ]
    return Access(
        confidential_of(book, facts, moment),
        (
            *(one.basis(_review_words(one.rule)) for one in review),
            *_too_late(book, facts, moment, RuleKind.REVIEW),
        ),
        tuple(one.basis(one.rule.text) for one in notes),
    )


def _forbidding(confidential: Sequence[Confidentiality]) -> list[Block]:
    return [
        Block("confidential", one.words, (Basis(one.words, one.rule, one.adopted),))
        for one in confidential
        if one.test == ABSOLUTE
    ]


def _weighing(book: Book, facts: Facts, confidential: Sequence[Confidentiality]) -> list[Block]:
    blocks = [
        Block("weigh", one.words, (Basis(one.words, one.rule, one.adopted),))
        for one in confidential
        if one.test != ABSOLUTE
    ]
    blocks += [
        Block("hold", f"It is held for {HOLD_WORDS[hold.kind]}: whether its release would harm that has to be weighed.")
        for hold in sorted(facts.holds, key=lambda hold: (hold.since, hold.id))
        if hold.kind not in _FOR_RELEASE
    ]
    if category_counts(book, facts.category) is None:
        blocks.append(Block("uncategorised", "Nobody has said what it shows, so somebody has to look at it first."))
    return blocks


def _provided(book: Book, facts: Facts, moment: datetime) -> tuple[list[Block], list[Basis]]:
    """By which rules it is to be released; why not, where there is none."""
    if not book.packs:
        return [Block("no-law", "No law is in force here, and nothing is released without a rule.")], []
    applied = steps_of(in_book(book, [RuleKind.CLOCK, RuleKind.REQUEST]), facts, book, moment)
    applied = [one for one in applied if not _releases_nothing(one.rule)]
    if not applied:
        return [Block("no-rule", "No rule in effect here has it released.")], []
    asked = [one for one in applied if _asked(one, facts, moment)]
    if not asked:
        words = "Nothing has happened from which a rule has it released: nobody is known to have asked for it."
        return [Block("not-asked", words, tuple(one.basis("Would have it released.") for one in applied))], []
    by = decisive(applied, asked)
    if not by:
        words = (
            "The rule that would allow it was not checked against the official text, and the agency’s counsel has not "
            "adopted it."
        )
        return [Block("not-adopted", words, tuple(one.basis("Not checked and not adopted.") for one in asked))], []
    return [], [one.basis("Has it released.") for one in by]


def _releases_nothing(rule: Rule) -> bool:
    """Whether a clock is one by which nothing is to be released."""
    terms = rule.terms
    return isinstance(terms, ClockTerms) and (terms.no_clock or terms.answer_only or not terms.starts)


def _asked(one: Standing, facts: Facts, moment: datetime) -> bool:
    """Whether what has it released has happened."""
    if one.rule.kind is RuleKind.CLOCK:
        return bool(starts_of(one, facts, moment))
    return LawEvent.REQUEST_RECEIVED in happened(facts, moment)


def _to_be_named(book: Book, facts: Facts, moment: datetime) -> list[Block]:
    """What the request must have named: that one came is known, not what it says."""
    if LawEvent.REQUEST_RECEIVED not in happened(facts, moment):
        return []
    blocks = []
    for one in steps_of(in_book(book, [RuleKind.REQUEST]), facts, book, moment):
        terms = one.rule.terms
        if isinstance(terms, RequestTerms) and (terms.must_name or terms.per_incident):
            words = f"{_request_words(terms)} Somebody has to see whether this one is so."
            blocks.append(Block("weigh", words, (one.basis(words),)))
    return blocks


def _conditions(book: Book, facts: Facts, moment: datetime) -> list[Basis]:
    """What a request must name, what may be charged, to whom a refusal is taken, what whoever asks may do, who sees it
    first, and whose consent changes what."""
    steps = []
    for one in steps_of(in_book(book, _CONDITIONS), facts, book, moment):
        terms = one.rule.terms
        if isinstance(terms, FeeTerms):
            steps.append(one.basis(f"What may be charged: {terms.amount} per {terms.per}."))
        elif isinstance(terms, RequestTerms):
            steps.append(one.basis(_request_words(terms)))
        elif isinstance(terms, AppealTerms):
            steps.append(one.basis(appeal_words(one.rule)))
        else:
            steps.append(one.basis(one.rule.text))
    return steps


def _request_words(terms: RequestTerms) -> str:
    words = "A request may be made."
    if terms.must_name:
        sets = [joined(named_words(name) for name in group) for group in terms.must_name]
        words = f"A request must name {joined(sets, 'or')}."
    if terms.per_incident:
        words += " A request is for one incident."
    if terms.without_fee:
        words += f" Without a fee: {joined(asker_words(one) for one in terms.without_fee)}."
    return words


def _secret(rule: Rule) -> ConfidentialTerms:
    assert isinstance(rule.terms, ConfidentialTerms)
    return rule.terms


def _secret_words(one: Standing, facts: Facts) -> str:
    terms, labels = _secret(one.rule), named_labels(one.rule.when, facts.labels)
    shows = f"It shows {_shown(labels)}: " if labels else ""
    who = "by the agency’s policy" if one.own else "by law"
    words = f"{_TEST_WORDS[terms.test]} {who}" if terms.test == ABSOLUTE else _TEST_WORDS[terms.test]
    text = f"{shows}{words}." if shows else f"{words[0].upper()}{words[1:]}."
    if terms.exceptions:
        text += f" Exceptions, for whoever decides: {'; '.join(terms.exceptions)}."
    return text


def _shown(labels: frozenset[Label]) -> str:
    return joined(LABEL_WORDS[label] for label in sorted(labels))


def _redacts(rule: Rule) -> RedactionTerms:
    assert isinstance(rule.terms, RedactionTerms)
    return rule.terms


def _redaction_words(one: Standing) -> str:
    terms = _redacts(one.rule)
    words = {
        "required": "It has to be redacted",
        "permitted": "It may be redacted",
        "none": "There is no duty to redact it",
    }[terms.duty]
    if terms.duty == "none" and not one.loosens:
        return f"{words}, says a rule that was not checked and not adopted: it does not count."
    return f"{words}: {'; '.join(terms.of)}." if terms.of else f"{words}."


def _review_words(rule: Rule) -> str:
    terms = rule.terms
    assert isinstance(terms, ReviewTerms)
    if not terms.allowed:
        return "The officer may not review it before a formal statement."
    words = "The officer may review it before a formal statement"
    if terms.with_whom:
        words += f", with {joined(terms.with_whom, 'or')} present"
    return f"{words}{', and what others’ cameras recorded of the officer' if terms.others_recordings else ''}."


def _too_late(book: Book, facts: Facts, moment: datetime, kind: RuleKind) -> list[Basis]:
    rules = in_book(book, [kind])
    return late_steps(rules, steps_of(rules, facts, book, moment), facts, book, moment)
