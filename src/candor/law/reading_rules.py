"""From the fields of one rule to the rule: what is of every rule, and the terms of its kind."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import Enum
from typing import Any

from candor.law import reading_keys as keys
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
    PackKind,
    PlainTerms,
    RedactionTerms,
    RequestTerms,
    RetentionTerms,
    ReviewTerms,
    RightTerms,
    Rule,
    RuleKind,
    Terms,
    Verification,
    ViewingTerms,
)
from candor.law.periods import Period
from candor.law.reading_fields import RULE_ID, Fields, Say
from candor.law.reading_tree import Node
from candor.law.vocabulary import Label, LawClass, LawEvent, May, Requester
from candor.verify.encoding import canonical_json

__all__ = ["Header", "read_rule", "rule_sha256"]

_RULE_MEND = "write small letters, digits, hyphens and dots, such as ct-29-6d-f1-48h"
_MONEY = re.compile(r"[A-Z]{3} [0-9]{1,9}\.[0-9]{2}")
_ALL_TERMS = frozenset(key for of_kind in keys.OF_KIND.values() for key in of_kind)


@dataclass(frozen=True)
class Header:
    """What a rule has to know of its file. `compiled_on` None: it could not be read, and that is said."""

    id: str
    kind: PackKind | None
    jurisdiction: str
    compiled_on: date | None
    categories: Collection[str] | None
    earlier: bool = False
    """It took effect before some of its words were closed lists: those are taken as they stand."""


def read_rule(node: Node, number: int, header: Header, say: Say) -> Rule | None:
    """The rule, or None where something of it is wrong, which is said then."""
    start = len(say.faults)
    kind = _kind_of(node)
    known = keys.RULE | (keys.OF_KIND[kind] if kind else dict.fromkeys(_ALL_TERMS, False))
    if header.kind is PackKind.POLICY:
        known = known | {"verification": False, "verified-on": False}
    fields = Fields(node, known, _about(node, number), say, elsewhere=_ALL_TERMS)
    rule_id = fields.matching("id", RULE_ID, _RULE_MEND)
    taken_kind = fields.word("kind", RuleKind)
    common = _common(fields, header)
    when = _condition(fields, header, say)
    terms = _terms(taken_kind, fields, header) if taken_kind else None
    if len(say.faults) > start or terms is None or taken_kind is None:
        return None
    rule = Rule(id=rule_id, pack=header.id, kind=taken_kind, terms=terms, when=when, line=fields.line, **common)
    return _hashed(rule)


def _hashed(rule: Rule) -> Rule:
    return replace(rule, sha256=rule_sha256(rule))


def _kind_of(node: Node) -> RuleKind | None:
    found = getattr(node, "entries", {}).get("kind")
    value = getattr(found, "value", None)
    return RuleKind(value) if value in list(RuleKind) else None


def _about(node: Node, number: int) -> str:
    """How a rule is named in faults: by its identifier where that can be read."""
    value = getattr(getattr(node, "entries", {}).get("id"), "value", "")
    return f"rule {value}" if isinstance(value, str) and RULE_ID.fullmatch(value[:80]) else f"rule number {number}"


def _common(fields: Fields, header: Header) -> dict[str, Any]:
    """What every rule has."""
    place = fields.text("jurisdiction", 20)
    if place and header.jurisdiction and place != header.jurisdiction:
        mend = f"the file is of {header.jurisdiction}: take the key out, or write the rule into a file of {place}"
        fields.wrong("jurisdiction", f"is “{place}”", mend)
    begins, ends = fields.day("in-force-from"), fields.day("in-force-to")
    if begins and ends and ends <= begins:
        mend = "write the first day on which it is no longer in force, or take the key out"
        fields.wrong("in-force-to", f"is {ends}, not after {begins}", mend)
    return {
        "text": fields.text("text"),
        "citation": fields.text("citation", 500),
        "jurisdiction": header.jurisdiction,
        "in_force_from": begins,
        "in_force_to": ends,
        "measured": fields.word("measured", Measured) or Measured.RECORDED,
        "source": fields.text("source"),
        "note": fields.text("note"),
        **_verification(fields, header),
    }


def _verification(fields: Fields, header: Header) -> dict[str, Any]:
    """How well it was checked. A policy's rules are the agency's own words: nobody checks them against others."""
    verification, on = fields.word("verification", Verification), fields.day("verified-on")
    if header.kind is PackKind.POLICY:
        if verification not in (None, Verification.OFFICIAL_TEXT):
            fields.wrong(
                "verification", f"is “{verification}” in a policy", "take it out: an agency's own words need none"
            )
        verification, on = Verification.OFFICIAL_TEXT, on or header.compiled_on
    if on and header.compiled_on and on > header.compiled_on:
        mend = "nothing can be verified after the pack was compiled: mend one of the two days"
        fields.wrong("verified-on", f"is {on}, after `compiled-on` ({header.compiled_on})", mend)
    return {"verification": verification, "verified_on": on}


def _condition(fields: Fields, header: Header, say: Say) -> Condition:
    node = fields.node("when")
    if node is None:
        return Condition()
    when = Fields(node, keys.WHEN, f"`when` of {fields.about}", say)
    if when.has("categories") and header.kind is PackKind.LAW:
        when.wrong("categories", "stands in a law", "law knows no agency's categories: use `classes`, or `labels-any`")
    found = Condition(
        classes=when.words("classes", LawClass),
        categories=when.names("categories", header.categories),
        labels_any=when.words("labels-any", Label),
        labels_all=when.words("labels-all", Label),
        labels_none=when.words("labels-none", Label),
        uncategorised=when.flag("uncategorised") if when.has("uncategorised") else None,
    )
    if found.uncategorised and (found.classes or found.categories):
        when.wrong("uncategorised", "contradicts its categories", "nothing is both: make two rules of it")
    if found.labels_none & (found.labels_any | found.labels_all):
        when.wrong("labels-none", "contradicts the other labels", "a label is either asked for or not")
    if found == Condition() and when.sound:
        say(
            when.line,
            f"`when` of {fields.about} says nothing",
            "take it out: without it a rule is about every recording",
        )
    return found


# -- the terms of each kind


def _terms(kind: RuleKind, fields: Fields, header: Header) -> Terms:
    return _request(fields, earlier=header.earlier) if kind is RuleKind.REQUEST else _TERMS[kind](fields)


def _retention(fields: Fields) -> Terms:
    terms = RetentionTerms(
        minimum=fields.period("minimum"),
        start=fields.word("start", LawEvent) or LawEvent.RECORDED,
        until_closed=fields.flag("until-closed"),
        maximum=fields.period("maximum"),
        extendable_by=fields.text("extendable-by", 500),
    )
    if not (fields.has("minimum") or fields.has("maximum") or terms.until_closed):
        fields.wrong("kind", "is retention, and no period is said", "write `minimum`, `maximum` or `until-closed: yes`")
    if _longer(terms.minimum, terms.maximum):
        fields.wrong("maximum", "is shorter than `minimum`", "mend one of the two")
    return terms


def _longer(one: Period | None, other: Period | None) -> bool:
    """Whether it is longer for certain: only the same unit compares without a calendar."""
    return one is not None and other is not None and one.unit == other.unit and one.amount > other.amount


def _clock(fields: Fields) -> Terms:
    terms = ClockTerms(
        starts=fields.periods("starts", LawEvent),
        extension=fields.period("extension"),
        extension_reason=fields.text("extension-reason", 500),
        latest=fields.period("latest"),
        no_clock=fields.flag("no-clock"),
        answer_only=fields.flag("answer-only"),
        extension_most=fields.period("extension-most"),
        puts_off=fields.names_of_rules("puts-off"),
    )
    if terms.no_clock and (terms.starts or terms.latest or terms.extension or terms.extension_most):
        fields.wrong("no-clock", "contradicts the periods", "take out either")
    if fields.has("extension-most") and not terms.starts:
        fields.wrong("extension-most", "is counted from nothing", "write `starts`: from what it is counted")
    if fields.has("puts-off") and not fields.has("latest"):
        fields.wrong("puts-off", "says of no moment until when", "write `latest`: how long a delay lasts at most")
    if not (terms.no_clock or fields.has("starts") or fields.has("latest")):
        fields.wrong("kind", "is clock, and no period is said", "write `starts`, `latest`, or `no-clock: yes`")
    return terms


def _confidential(fields: Fields) -> Terms:
    return ConfidentialTerms(fields.choice("test", keys.TESTS), fields.texts("exceptions"))


def _redaction(fields: Fields) -> Terms:
    return RedactionTerms(fields.choice("duty", keys.REDACTIONS), fields.texts("of"))


def _request(fields: Fields, *, earlier: bool = False) -> Terms:
    terms = RequestTerms(
        fields.sets("must-name", keys.THINGS),
        fields.texts("without-fee") if earlier else fields.choices("without-fee", keys.REQUESTERS),
        fields.flag("per-incident"),
        fields.choices("without-fee-of", keys.CHARGES),
    )
    if not any(fields.has(key) for key in keys.OF_KIND[RuleKind.REQUEST]):
        fields.wrong("kind", "is request, and nothing is asked", "write `must-name`, `without-fee` or `per-incident`")
    if fields.has("without-fee-of") and not fields.has("without-fee"):
        fields.wrong("without-fee-of", "is of nobody", "write `without-fee`: who pays nothing for it")
    return terms


def _fee(fields: Fields) -> Terms:
    amount = fields.matching("amount", _MONEY, "write a currency and an amount with two decimals: USD 0.25")
    return FeeTerms(amount, fields.text("per", 200), fields.choice("unit", keys.CHARGES))


def _appeal(fields: Fields) -> Terms:
    terms = AppealTerms(
        fields.text("to", 200), fields.period("within"), fields.text("after", 200), fields.text("how", 500)
    )
    if fields.has("within") and not fields.has("after"):
        fields.wrong("within", "runs from nothing", "write `after`: from what it is counted")
    return terms


def _right(fields: Fields) -> Terms:
    terms = RightTerms(fields.words("of", Requester), fields.words("may", May), fields.words("may-not", May))
    if not (fields.has("may") or fields.has("may-not")):
        fields.wrong("kind", "is right, and nothing may be done", "write `may`, `may-not` or both")
    if terms.may & terms.may_not:
        fields.wrong("may-not", "contradicts `may`", "something is either allowed or not: mend one of the two")
    return terms


def _viewing(fields: Fields) -> Terms:
    terms = ViewingTerms(
        fields.words("of", Requester),
        fields.flag("before-release"),
        fields.period("within"),
        fields.word("start", LawEvent) or LawEvent.RECORDED,
    )
    if fields.has("start") and not fields.has("within"):
        fields.wrong("start", "begins no period", "write `within`, or take `start` out")
    return terms


def _consent(fields: Fields) -> Terms:
    return ConsentTerms(fields.words("of", Requester), fields.names_of_rules("lifts"))


def _holidays(fields: Fields) -> Terms:
    terms = HolidayTerms(
        fields.days("days"),
        fields.yearly("each-year"),
        fields.flag("saturday-to-friday"),
        fields.flag("sunday-to-monday"),
    )
    for key in ("when", "measured"):
        if fields.has(key):
            fields.wrong(key, "stands in a rule of holidays", "take it out: a holiday is of a day, not of a recording")
    if not (fields.has("days") or fields.has("each-year")):
        fields.wrong("kind", "is holidays, and no day is said", "write `days`, `each-year` or both")
    for key in ("saturday-to-friday", "sunday-to-monday"):
        if fields.has(key) and not fields.has("each-year"):
            fields.wrong(key, "moves nothing", "single days stay where they are; take it out, or write `each-year`")
    return terms


def _review(fields: Fields) -> Terms:
    return ReviewTerms(fields.flag("allowed"), fields.texts("with-whom"), fields.flag("others-recordings"))


def _duty(fields: Fields) -> Terms:
    terms = DutyTerms(
        duty=fields.choice("duty", keys.DUTIES),
        who=fields.text("who", 200),
        every=fields.period("every"),
        within=fields.period("within"),
        after=fields.text("after", 200),
        before=fields.text("before", 200),
    )
    if not any(fields.has(key) for key in ("every", "within", "after", "before")):
        fields.wrong("duty", "is never due", "write `every`, `before`, or `after` and perhaps `within`")
    if fields.has("within") and not fields.has("after"):
        fields.wrong("within", "runs from nothing", "write `after`: from what it is counted")
    return terms


def _plain(fields: Fields) -> Terms:
    return PlainTerms()


_TERMS: Mapping[RuleKind, Callable[[Fields], Terms]] = {
    RuleKind.RETENTION: _retention,
    RuleKind.CLOCK: _clock,
    RuleKind.CONFIDENTIAL: _confidential,
    RuleKind.REDACTION: _redaction,
    RuleKind.REQUEST: _request,
    RuleKind.FEE: _fee,
    RuleKind.APPEAL: _appeal,
    RuleKind.RIGHT: _right,
    RuleKind.VIEWING: _viewing,
    RuleKind.CONSENT: _consent,
    RuleKind.HOLIDAYS: _holidays,
    RuleKind.REVIEW: _review,
    RuleKind.DUTY: _duty,
    RuleKind.MANDATE: _plain,
    RuleKind.NO_RECORD: _plain,
    RuleKind.ACCESS: _plain,
    RuleKind.NOTE: _plain,
}


def rule_sha256(rule: Rule) -> str:
    """SHA-256, in hexadecimal, of what the rule says: an adoption is of these words and no others.

    All of it counts but its line, where it was read and the day it was last looked at.
    """
    content = {name: _plainly(value) for name, value in asdict(rule).items() if name not in _NOT_SAID}
    content["terms"] = {name: value for name, value in content["terms"].items() if value or name not in _LATER}
    return hashlib.sha256(canonical_json(content)).hexdigest()


#: Terms that the form of packs got later: where they say nothing, a rule says what it said before, so that what was
#: adopted stays adopted.
_LATER = ("extension_most", "puts_off", "without_fee_of", "unit")
_NOT_SAID = ("line", "sha256", "source", "verified_on")


def _plainly(value: Any) -> Any:
    """A value of the model as JSON has it."""
    if isinstance(value, Mapping):
        return {str(_plainly(key)): _plainly(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(_plainly(item)) for item in value)
    if isinstance(value, list | tuple):
        return [_plainly(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value
