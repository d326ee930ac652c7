"""What holds of every request, whatever the rules: made-up books with holidays, delays and extensions of every kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.law import strategies as made

from candor.law.engine import answer
from candor.law.engine_clocks import clocks_of
from candor.law.fees import estimate
from candor.law.model import Book, ClockTerms, Facts, FeeTerms, HolidayTerms, RequestTerms, Rule, RuleKind
from candor.law.periods import UNITS, Period
from candor.law.requests import RequestFacts, request_answer
from candor.law.vocabulary import NAMEABLE, Charge, LawEvent, Requester

few = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
periods = st.sampled_from([Period(amount, unit) for amount in (1, 2, 4, 10) for unit in UNITS])
single_days = st.frozensets(st.dates(date(2019, 1, 1), date(2024, 12, 31)), max_size=6)
holiday_terms = st.builds(
    HolidayTerms,
    single_days,
    st.fixed_dictionaries({"Christmas": st.just("December 25"), "First of May": st.just("May 1")}),
    st.booleans(),
    st.booleans(),
)
clock_terms = st.builds(
    ClockTerms,
    st.dictionaries(st.sampled_from(list(LawEvent)), periods, min_size=1, max_size=3),
    st.none() | periods,
    st.just("a reason"),
    st.none() | periods,
    answer_only=st.booleans(),
    extension_most=st.none() | periods,
)
fee_terms = st.builds(
    FeeTerms, st.sampled_from(("USD 0.00", "USD 0.25", "USD 10.00")), st.just("each"), st.sampled_from(["", *Charge])
)
sets = st.lists(st.lists(st.sampled_from(NAMEABLE), min_size=1, max_size=3, unique=True).map(tuple), max_size=3)
request_terms = st.builds(
    RequestTerms,
    sets.map(tuple),
    st.lists(st.sampled_from([one.value for one in Requester]), max_size=2, unique=True).map(tuple),
)
TERMS = {
    RuleKind.CLOCK: clock_terms,
    RuleKind.HOLIDAYS: holiday_terms,
    RuleKind.FEE: fee_terms,
    RuleKind.REQUEST: request_terms,
}


@st.composite
def rules(draw: st.DrawFn, *, own: bool = False) -> Rule:
    kind = draw(st.sampled_from([RuleKind.CLOCK, RuleKind.CLOCK, *TERMS]))
    plain = draw(made.rules(policy=own, kind=RuleKind.NO_RECORD, since=st.dates(date(2016, 1, 1), date(2021, 1, 1))))
    return replace(plain, kind=kind, terms=draw(TERMS[kind]), in_force_to=None)


@st.composite
def books(draw: st.DrawFn) -> Book:
    of = draw(st.lists(rules(), max_size=6, unique_by=lambda one: one.id))
    own = draw(st.none() | st.lists(rules(own=True), min_size=1, max_size=3, unique_by=lambda one: one.id))
    adopted = frozenset((one.id, one.sha256) for one in of if draw(st.booleans()))
    packs = (made.pack(of, zone=draw(st.sampled_from(made.ZONES))),)
    return Book(packs, made.pack(own, policy=True) if own else None, adopted, made.CATEGORIES)


received = st.datetimes(datetime(2019, 1, 1), datetime(2024, 6, 1), timezones=made.st.just(made.UTC))


@st.composite
def requests(draw: st.DrawFn) -> RequestFacts:
    recordings = draw(st.lists(made.facts(), max_size=2))
    return RequestFacts(
        draw(received),
        draw(st.sampled_from([one.value for one in Requester])),
        draw(st.frozensets(st.sampled_from(NAMEABLE), max_size=4)),
        tuple((f"r{number}", one) for number, one in enumerate(recordings)),
    )


@few
@given(books(), requests(), st.integers(0, 5000))
def test_the_same_question_has_the_same_answer_whatever_the_order_of_rules(
    book: Book, facts: RequestFacts, hours: int
) -> None:
    moment = facts.received_at + timedelta(hours=hours)
    turned = replace(book, packs=tuple(replace(pack, rules=pack.rules[::-1]) for pack in book.packs))
    assert request_answer(book, facts, moment) == request_answer(turned, facts, moment)


@few
@given(books(), requests(), st.integers(0, 5000))
def test_steps_grow_and_stay_under_the_latest(book: Book, facts: RequestFacts, hours: int) -> None:
    for one in request_answer(book, facts, facts.received_at + timedelta(hours=hours)).clocks:
        assert one.clock.due is not None
        assert list(one.steps) == sorted(set(one.steps))
        assert all(step > one.clock.due for step in one.steps)
        assert one.latest is None or all(step <= one.latest for step in one.steps)
        assert not one.steps or book.may_loosen(one.clock.rule)
        assert one.due_after(3) in (one.clock.due, *one.steps)


def without_holidays(book: Book) -> Book:
    def bare(one: Rule) -> bool:
        return one.kind is not RuleKind.HOLIDAYS

    packs = tuple(replace(pack, rules=tuple(filter(bare, pack.rules))) for pack in book.packs)
    policy = book.policy and replace(book.policy, rules=tuple(filter(bare, book.policy.rules)))
    return replace(book, packs=packs, policy=policy)


@few
@given(books(), requests(), st.integers(0, 5000))
def test_holidays_never_shorten_and_only_checked_ones_lengthen(book: Book, facts: RequestFacts, hours: int) -> None:
    moment = facts.received_at + timedelta(hours=hours)
    plain = _dues(without_holidays(book), facts, moment)
    counted = _dues(book, facts, moment)
    assert counted.keys() == plain.keys()
    assert all(counted[key] >= plain[key] for key in plain)
    unchecked = replace(book, adopted=frozenset(), policy=without_holidays(book).policy)
    (pack,) = book.packs
    doubted = tuple(
        replace(one, verification=made.Verification.SECONDARY) if one.kind is RuleKind.HOLIDAYS else one
        for one in pack.rules
    )
    assert _dues(replace(unchecked, packs=(replace(pack, rules=doubted),)), facts, moment) == plain


def _dues(book: Book, facts: RequestFacts, moment: datetime) -> dict[tuple[str | None, str], datetime]:
    found = request_answer(book, facts, moment)
    return {
        (one.recording_id, one.clock.rule.id): one.clock.due
        for one in (*found.clocks, *found.passed)
        if one.clock.due is not None
    }


@few
@given(books(), made.facts(), st.sampled_from(list(LawEvent)), st.integers(0, 20_000), st.integers(0, 20_000))
def test_one_more_event_never_moves_a_due_date_later(
    book: Book, facts: Facts, event: LawEvent, at_hours: int, hours: int
) -> None:
    """Of an event that had not happened. A later event of the same kind takes the place of the earlier: no addition."""
    if event in facts.events or event in (LawEvent.RECORDED, LawEvent.RECEIVED):
        return
    moment = facts.recorded_at + timedelta(hours=hours)
    more = replace(facts, events={**facts.events, event: facts.recorded_at + timedelta(hours=at_hours)})
    before = {one.rule.id: one.due for one in clocks_of(book, facts, moment)[0]}
    after = {one.rule.id: one.due for one in clocks_of(book, more, moment)[0]}
    assert before.keys() == after.keys()
    for rule_id, due in before.items():
        if due is not None:
            moved = after[rule_id]
            assert moved is not None
            assert moved <= due


@few
@given(books(), requests(), st.integers(0, 5000))
def test_a_request_is_due_no_later_than_any_clock_of_its_recordings(
    book: Book, facts: RequestFacts, hours: int
) -> None:
    """As the page of each recording says it, when this is the request that was received."""
    moment = facts.received_at + timedelta(hours=hours)
    found = request_answer(book, facts, moment)
    for _, of in facts.recordings:
        known = replace(of, events={**of.events, LawEvent.REQUEST_RECEIVED: facts.received_at})
        for one in answer(book, known, moment).clocks:
            if one.due is not None and one.due >= facts.received_at and not _answer_only(one.rule):
                assert found.due is not None
                assert found.due <= one.due


def _answer_only(rule: Rule) -> bool:
    assert isinstance(rule.terms, ClockTerms)
    return rule.terms.answer_only


@few
@given(books(), requests(), st.integers(0, 100))
def test_naming_more_never_leaves_more_to_be_named(book: Book, facts: RequestFacts, number: int) -> None:
    moment = facts.received_at
    more = replace(facts, named=facts.named | {NAMEABLE[number % len(NAMEABLE)]})
    before = {one.rule.id for one in request_answer(book, facts, moment).missing}
    assert {one.rule.id for one in request_answer(book, more, moment).missing} <= before


@few
@given(books(), requests(), st.dictionaries(st.sampled_from(list(Charge)), st.integers(0, 50)))
def test_no_fee_is_charged_twice_or_by_what_was_not_checked(
    book: Book, facts: RequestFacts, counts: dict[Charge, int]
) -> None:
    found = request_answer(book, facts, facts.received_at)
    charged = [one for one in found.fees if one.counts]
    assert len({one.unit for one in charged}) == len(charged)
    assert all(one.unit and one.amount > 0 and book.may_loosen(one.rule) for one in charged)
    whole = estimate(found.fees, counts)
    assert sum(whole.totals.values()) == sum(one.amount for one in whole.sums)
