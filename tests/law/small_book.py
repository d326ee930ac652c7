"""A small book after Connecticut's law, for tests: what is checked and what is not is made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from candor.law.model import (
    Book,
    ClockTerms,
    Condition,
    ConfidentialTerms,
    Facts,
    Measured,
    Pack,
    PackKind,
    PlainTerms,
    RedactionTerms,
    RequestTerms,
    RetentionTerms,
    ReviewTerms,
    Rule,
    RuleKind,
    Terms,
    Verification,
)
from candor.law.periods import Period
from candor.law.vocabulary import Label, LawClass, LawEvent

CLASSES = {"Traffic stop": LawClass.TRAFFIC_STOP, "Use of force": LawClass.FORCE, "Training": LawClass.TRAINING}
OFFICIAL, SECONDARY = Verification.OFFICIAL_TEXT, Verification.SECONDARY
LAW_OF_2019 = date(2019, 10, 1)


def rule(
    rule_id: str,
    kind: RuleKind,
    terms: Terms,
    *,
    since: date = date(2016, 7, 1),
    till: date | None = None,
    checked: Verification = SECONDARY,
    when: Condition | None = None,
    pack: str = "us-xx",
    measured: Measured = Measured.RECORDED,
    text: str = "What it says.",
) -> Rule:
    return Rule(
        rule_id,
        pack,
        kind,
        text,
        f"§ {rule_id}",
        "US-XX",
        since,
        till,
        checked,
        date(2026, 11, 22),
        terms,
        when or Condition(),
        measured,
        sha256=f"hash of {rule_id}",
    )


def keep(rule_id: str, period: str | None, **known: Any) -> Rule:
    """A retention rule."""
    terms = {name: known.pop(name) for name in ("start", "until_closed", "maximum", "extendable_by") if name in known}
    minimum = None if period is None else Period.parse(period)
    return rule(rule_id, RuleKind.RETENTION, RetentionTerms(minimum, **terms), **known)


KEEP_90 = keep("keep-90-days", "90 days")
KEEP_EVIDENCE = keep("keep-evidence", "4 years", when=Condition(labels_any=frozenset({Label.EVIDENTIARY})))
CLOCKS = rule(
    "release-48-96",
    RuleKind.CLOCK,
    ClockTerms(
        {
            LawEvent.REVIEW_COMPLETED: Period.parse("48 hours"),
            LawEvent.INVESTIGATION_BEGUN: Period.parse("96 hours"),
            LawEvent.REQUEST_RECEIVED: Period.parse("96 hours"),
        }
    ),
    since=LAW_OF_2019,
)
MINOR = rule(
    "minor",
    RuleKind.CONFIDENTIAL,
    ConfidentialTerms("absolute", ("the minor and a parent or guardian consent",)),
    when=Condition(labels_any=frozenset({Label.MINOR})),
)
SUICIDE = rule(
    "suicide",
    RuleKind.CONFIDENTIAL,
    ConfidentialTerms("balance"),
    when=Condition(labels_any=frozenset({Label.SUICIDE, Label.HOMICIDE})),
)
HOSPITAL = rule(
    "hospital",
    RuleKind.NO_RECORD,
    PlainTerms(),
    when=Condition(labels_any=frozenset({Label.HOSPITAL})),
    text="Not there.",
)
REVIEW = rule(
    "review", RuleKind.REVIEW, ReviewTerms(True, ("a lawyer", "a union’s representative"), True), since=LAW_OF_2019
)
REQUEST = rule(
    "request", RuleKind.REQUEST, RequestTerms((("the date", "the place"), ("the case",)), ("whoever is shown",))
)
REDACT = rule("redact", RuleKind.REDACTION, RedactionTerms("required", ("a minor’s face",)), when=MINOR.when)
RULES = (KEEP_90, KEEP_EVIDENCE, CLOCKS, MINOR, SUICIDE, HOSPITAL, REVIEW, REDACT)


def pack(*rules: Rule) -> Pack:
    return Pack("us-xx", PackKind.LAW, "Xx", "US-XX", "1", date(2026, 11, 22), "America/New_York", rules)


def policy(*rules: Rule) -> Pack:
    own = tuple(replace(one, pack="ours") for one in rules)
    return Pack(
        "ours", PackKind.POLICY, "Ours", "US-XX", "1", date(2026, 11, 22), "America/New_York", own, over="us-xx"
    )


def book(*rules: Rule, own: tuple[Rule, ...] = (), adopted: tuple[Rule, ...] = ()) -> Book:
    """A book of these rules, or the usual ones."""
    return Book(
        (pack(*(rules or RULES)),),
        policy(*own) if own else None,
        frozenset((one.id, one.sha256) for one in adopted),
        CLASSES,
        "book",
    )


def at(text: str) -> datetime:
    """`2018-08-14 12:00` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def facts(recorded: str = "2018-08-14 12:00", **known: Any) -> Facts:
    """A traffic stop that came in the same day."""
    known.setdefault("category", "Traffic stop")
    known["labels"] = frozenset(known.get("labels", ()))
    return Facts(at(recorded), at(recorded), **known)
