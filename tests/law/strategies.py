"""Books, rules and facts to try the engine with: every kind of rule, of law and of policy, checked and unchecked,
adopted and not, in force at all sorts of times, about all sorts of recordings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from candor.law.model import (
    Book,
    ClockTerms,
    Condition,
    ConfidentialTerms,
    Facts,
    FeeTerms,
    HoldFact,
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
from candor.law.periods import UNITS, Period
from candor.law.vocabulary import HoldKind, Label, LawClass, LawEvent

#: Few values of each, so that rules and facts meet often.
CATEGORIES = {"Stop": LawClass.TRAFFIC_STOP, "Force": LawClass.FORCE, "Arrest": LawClass.ARREST}
LABELS = (Label.MINOR, Label.EVIDENTIARY, Label.HOSPITAL)
ZONES = ("America/New_York", "America/Los_Angeles", "UTC")
FIRST, LAST = date(2015, 1, 1), date(2030, 1, 1)

labels = st.sampled_from([frozenset(LABELS[at] for at in range(3) if mask >> at & 1) for mask in (0, 0, 0, *range(8))])
few_labels = st.sampled_from([frozenset({label}) for label in LABELS])
seldom = st.sampled_from((False, False, False, False, True))
days = st.dates(FIRST, date(2021, 1, 1)) | st.dates(FIRST, LAST)
moments = st.datetimes(datetime(2016, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
periods = st.sampled_from([Period(amount, unit) for amount in (1, 2, 3, 30, 90) for unit in UNITS])
classes = st.sampled_from([frozenset({meaning}) for meaning in CATEGORIES.values()] + [frozenset(CATEGORIES.values())])


@st.composite
def conditions(draw: st.DrawFn, *, policy: bool = False) -> Condition:
    """Which recordings a rule is about: often all."""
    which = draw(st.sampled_from(("", "", "", "", "classes", "any", "all", "none", "categories", "uncategorised")))
    if which == "classes":
        return Condition(classes=draw(classes))
    if which == "any":
        return Condition(labels_any=draw(labels), classes=draw(st.just(frozenset()) | classes))
    if which == "all":
        return Condition(labels_all=draw(few_labels))
    if which == "none":
        return Condition(labels_none=draw(few_labels))
    if policy and which == "categories":
        return Condition(categories=frozenset({draw(st.sampled_from(sorted(CATEGORIES)))}))
    return Condition(uncategorised=True) if policy and which == "uncategorised" else Condition()


@st.composite
def retention_terms(draw: st.DrawFn) -> RetentionTerms:
    which = draw(st.sampled_from(("", "", "", "", "start", "closed", "closed alone", "maximum", "maximum alone")))
    return RetentionTerms(
        None if which.endswith("alone") else draw(periods),
        draw(st.sampled_from(list(LawEvent))) if which == "start" else LawEvent.RECORDED,
        which.startswith("closed"),
        draw(periods) if which.startswith("maximum") else None,
        "the person recorded" if which == "maximum" else "",
    )


@st.composite
def clock_terms(draw: st.DrawFn) -> ClockTerms:
    if draw(seldom):
        return ClockTerms({}, None, "", draw(st.none() | periods), no_clock=draw(st.booleans()))
    starts = draw(st.dictionaries(st.sampled_from(list(LawEvent)), periods, min_size=1, max_size=3))
    return ClockTerms(starts, draw(st.none() | periods), "", draw(st.none() | periods), answer_only=draw(seldom))


words = st.sampled_from(((), ("face",), ("face", "voice")))
TERMS: dict[RuleKind, st.SearchStrategy[Any]] = {
    RuleKind.RETENTION: retention_terms(),
    RuleKind.CLOCK: clock_terms(),
    RuleKind.CONFIDENTIAL: st.builds(ConfidentialTerms, st.sampled_from(("absolute", "balance", "presumed")), words),
    RuleKind.REDACTION: st.builds(RedactionTerms, st.sampled_from(("required", "permitted", "none")), words),
    RuleKind.REQUEST: st.builds(RequestTerms, st.sampled_from(((), (("name",), ("date", "place")))), words),
    RuleKind.FEE: st.just(FeeTerms("USD 10.00", "recording")),
    RuleKind.REVIEW: st.builds(ReviewTerms, st.booleans(), words, st.booleans()),
    RuleKind.ACCESS: st.just(PlainTerms()),
    RuleKind.NO_RECORD: st.just(PlainTerms()),
}
#: What is decided by is drawn most often.
_OFTEN = {
    RuleKind.RETENTION: 5,
    RuleKind.CLOCK: 3,
    RuleKind.REQUEST: 3,
    RuleKind.CONFIDENTIAL: 2,
    RuleKind.REDACTION: 2,
}
KINDS = tuple(kind for kind in TERMS for _ in range(_OFTEN.get(kind, 1)))


_UNCHECKED = [one for one in Verification if one is not Verification.OFFICIAL_TEXT]
_CHECKED = [*_UNCHECKED, *[Verification.OFFICIAL_TEXT] * 3]


@st.composite
def rules(
    draw: st.DrawFn,
    *,
    policy: bool = False,
    since: st.SearchStrategy[date] = days,
    checked: bool = True,
    kind: RuleKind | None = None,
) -> Rule:
    """A rule of any kind. Its name and hash are its own."""
    chosen = kind or draw(st.sampled_from(KINDS))
    terms: Terms = draw(TERMS[chosen])
    begins = draw(since)
    number = draw(st.integers(0, 10**9))
    return Rule(
        id=f"rule-{number}",
        pack="policy" if policy else "law",
        kind=chosen,
        text="What it says.",
        citation="§ 1",
        jurisdiction="US-XX",
        in_force_from=begins,
        in_force_to=begins + timedelta(days=draw(st.integers(1, 3000))) if draw(seldom) else None,
        verification=draw(st.sampled_from(_CHECKED if checked else _UNCHECKED)),
        verified_on=date(2026, 11, 22),
        terms=terms,
        when=draw(conditions(policy=policy)),
        measured=draw(st.sampled_from((Measured.RECORDED, Measured.RECORDED, Measured.DECIDED))),
        sha256=f"{number:064x}",
    )


def pack(of: list[Rule], *, policy: bool = False, zone: str = "America/New_York") -> Pack:
    """A pack of rules."""
    kind = PackKind.POLICY if policy else PackKind.LAW
    name = "policy" if policy else "law"
    return Pack(name, kind, name, "US-XX", "1", date(2026, 11, 22), zone, tuple(of), over="law" if policy else "")


def _id(rule: Rule) -> str:
    """A reader refuses two rules of one name that are in force at once."""
    return rule.id


@st.composite
def policies(draw: st.DrawFn) -> Pack:
    return pack(draw(st.lists(rules(policy=True), min_size=1, max_size=4, unique_by=_id)), policy=True)


@st.composite
def books(draw: st.DrawFn, *, with_policy: bool = True) -> Book:
    """A book with law, sometimes a policy, some of its rules adopted."""
    of = draw(st.lists(rules(), max_size=6, unique_by=_id))
    policy = draw(st.none() | policies()) if with_policy else None
    adopted = draw(st.frozensets(st.sampled_from([(one.id, one.sha256) for one in of]))) if of else frozenset()
    return Book((pack(of, zone=draw(st.sampled_from(ZONES))),), policy, adopted, CATEGORIES)


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """What is known of a recording."""
    recorded = draw(moments)
    events: dict[LawEvent, datetime] = {}
    for event in draw(st.sampled_from(([], [], list(LawEvent)[2:4], list(LawEvent)[4:], list(LawEvent)[2:]))):
        events[event] = recorded + timedelta(hours=draw(st.integers(0, 20_000)))
    return Facts(
        recorded,
        recorded + timedelta(hours=draw(st.integers(0, 2000))),
        draw(st.sampled_from((None, "Unheard of", *CATEGORIES, *CATEGORIES, *CATEGORIES))),
        draw(labels),
        events,
        ("2026-1",) if draw(seldom) else (),
        (draw(holds),) if draw(seldom) else (),
        draw(moments) if draw(seldom) else None,
    )


holds = st.builds(
    HoldFact, st.sampled_from(("h1", "h2")), st.sampled_from(list(HoldKind)), st.just("Because."), moments
)


def with_rules(book: Book, *more: Rule) -> Book:
    """The book with further rules of law."""
    (law,) = book.packs
    return replace(book, packs=(replace(law, rules=(*law.rules, *more)),))
