"""What holds for every book, recording and moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import Phase, assume, given, seed, settings
from hypothesis import strategies as st
from tests.law.strategies import CATEGORIES, LABELS, books, facts, holds, moments, pack, policies, rules, with_rules

from candor.law.engine import Schedules, answer, retention_of
from candor.law.model import Answer, Book, Facts, HoldFact, Measured, Pack, RetentionTerms, Rule, RuleKind
from candor.law.periods import Period
from candor.law.vocabulary import Label

_FOREVER = datetime.max.replace(tzinfo=UTC)
tried = settings(max_examples=80, deadline=None)
#: What the program itself blocks by, where no rule of law keeps the recording.
_NOT_BY_LAW = {"no-rule", "uncategorised"}


def until(book: Book, of: Facts, moment: datetime) -> datetime:
    """The end of what is kept, as late as can be where none is known."""
    return retention_of(book, of, moment).until or _FOREVER


def without_id(found: Answer) -> Answer:
    return replace(found, book="")


@tried
@given(books(), facts(), moments)
def test_nothing_is_decided_without_a_rule(book: Book, of: Facts, moment: datetime) -> None:
    found = answer(book, of, moment)
    if found.retention.purgeable:
        assert any(
            step.applied and step.rule and step.rule.kind is RuleKind.RETENTION and book.may_loosen(step.rule)
            for step in found.retention.steps
        )
        assert not of.holds
        assert not of.open_cases
        assert found.retention.until is not None
        assert found.retention.until <= moment
    else:
        assert all(block.words and block.code for block in found.retention.blocks)
    if found.release.allowed:
        assert any(
            step.applied
            and step.rule
            and step.rule.kind in (RuleKind.CLOCK, RuleKind.REQUEST)
            and book.may_loosen(step.rule)
            for step in found.release.steps
        )
        assert not found.release.blocks
    else:
        assert found.release.blocks
    assert all(clock.rule in _all(book) for clock in found.clocks)
    assert all(line.words for line in found.lines)


def _all(book: Book) -> list[Rule]:
    return [rule for one in (*book.packs, *([book.policy] if book.policy else [])) for rule in one.rules]


@tried
@given(books(with_policy=False), policies(), facts(), moments)
def test_a_policy_only_restricts(book: Book, policy: Pack, of: Facts, moment: datetime) -> None:
    alone, over = answer(book, of, moment), answer(replace(book, policy=policy), of, moment)
    assert (over.retention.until or _FOREVER) >= (alone.retention.until or _FOREVER) or not _kept_by_law(alone)
    if over.retention.purgeable and not alone.retention.purgeable:
        assert {block.code for block in alone.retention.blocks} <= _NOT_BY_LAW | {"start-unknown", "not-over"}
        assert not _kept_by_law(alone) or {block.code for block in alone.retention.blocks} == {"uncategorised"}
    if over.release.allowed and not alone.release.allowed:
        assert {block.code for block in alone.release.blocks} == {"no-rule"}
    if alone.release.allowed is False and _withheld_by_law(alone):
        assert over.release.allowed is False


def _kept_by_law(found: Answer) -> bool:
    return "no-rule" not in {block.code for block in found.retention.blocks}


def _withheld_by_law(found: Answer) -> bool:
    codes = {block.code for block in found.release.blocks}
    return "confidential" in codes or "no-rule" not in codes


@tried
@given(books(), rules(kind=RuleKind.RETENTION), facts(), moments, st.booleans())
def test_a_stricter_policy_never_shortens(book: Book, rule: Rule, of: Facts, moment: datetime, more: bool) -> None:
    assume(book.policy is not None)
    assert book.policy is not None
    own = replace(rule, pack="policy", terms=_keeping(rule))
    added = replace(book, policy=replace(book.policy, rules=(*book.policy.rules, own)))
    longer = replace(own, terms=_longer(_keeping(rule)))
    stricter = replace(book, policy=replace(book.policy, rules=(*book.policy.rules, longer)))
    assert until(stricter, of, moment) >= until(added, of, moment)
    if more and retention_of(book, of, moment).until is not None:
        assert until(added, of, moment) >= until(book, of, moment)
    if retention_of(stricter, of, moment).purgeable:
        assert retention_of(added, of, moment).purgeable


def _keeping(rule: Rule) -> RetentionTerms:
    assert isinstance(rule.terms, RetentionTerms)
    return replace(rule.terms, minimum=rule.terms.minimum or Period(30, "days"), maximum=None)


def _longer(terms: RetentionTerms) -> RetentionTerms:
    assert terms.minimum is not None
    return replace(terms, minimum=Period(terms.minimum.amount + 1, terms.minimum.unit))


@tried
@given(books(), facts(), holds, moments)
def test_a_hold_makes_nothing_purgeable(book: Book, of: Facts, hold: HoldFact, moment: datetime) -> None:
    held = retention_of(book, replace(of, holds=(*of.holds, hold)), moment)
    assert not held.purgeable
    assert "hold" in {block.code for block in held.blocks}
    assert held.until == retention_of(book, of, moment).until


@tried
@given(books(), facts(), moments)
def test_an_open_case_makes_nothing_purgeable(book: Book, of: Facts, moment: datetime) -> None:
    assert not retention_of(book, replace(of, open_cases=("2026-9",)), moment).purgeable


@tried
@given(books(), rules(checked=False), facts(), moments)
def test_what_was_not_checked_only_restricts(book: Book, rule: Rule, of: Facts, moment: datetime) -> None:
    before, after = answer(book, of, moment), answer(with_rules(book, rule), of, moment)
    assert before.retention.purgeable or not after.retention.purgeable
    assert before.release.allowed or not after.release.allowed
    if before.release.allowed is False and "no-rule" not in {block.code for block in before.release.blocks}:
        assert after.release.allowed is False
    if before.retention.until is not None:
        assert (after.retention.until or _FOREVER) >= before.retention.until
    if before.release.redaction == "required":
        assert after.release.redaction == "required"


@tried
@given(books(), facts(), st.data())
def test_the_past_does_not_change_when_a_pack_grows(book: Book, of: Facts, data: st.DataObject) -> None:
    moment = data.draw(moments)
    after = max(of.recorded_at, moment).date() + timedelta(days=2)
    later = data.draw(st.lists(rules(since=st.dates(after, after + timedelta(days=3000))), min_size=1, max_size=3))
    grown = with_rules(book, *(replace(one, in_force_to=None) for one in later))
    assert without_id(answer(grown, of, moment)) == without_id(answer(book, of, moment))


@tried
@given(books(), facts(), moments, st.randoms(use_true_random=False))
def test_the_order_of_rules_says_nothing(book: Book, of: Facts, moment: datetime, chance: object) -> None:
    (only,) = book.packs
    shuffled = list(only.rules)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    policy = book.policy and replace(book.policy, rules=tuple(reversed(book.policy.rules)))
    other = replace(book, packs=(replace(only, rules=tuple(shuffled)),), policy=policy)
    assert answer(other, of, moment) == answer(book, of, moment)


@tried
@given(books(), facts(), moments)
def test_without_a_category_it_is_kept_longest(book: Book, of: Facts, moment: datetime) -> None:
    bare = replace(of, category=None)
    longest = retention_of(book, bare, moment)
    for category in CATEGORIES:
        found = retention_of(book, replace(of, category=category), moment)
        if found.until is not None:
            assert (longest.until or _FOREVER) >= found.until
        elif "no-rule" not in {block.code for block in found.blocks}:
            assert longest.until is None
    own = [] if book.policy is None else [rule.when.uncategorised for rule in book.policy.rules]
    assert not longest.purgeable or any(own)
    assert answer(book, bare, moment).release.allowed is not True


@tried
@given(books(), st.lists(facts(), min_size=1, max_size=5), moments)
def test_planning_many_is_the_same_as_asking_for_one(book: Book, many: list[Facts], moment: datetime) -> None:
    schedules = Schedules(book, moment)
    for of in many:
        profile = schedules.profile(of.category, of.labels, of.recorded_at)
        found = profile.until(
            of.recorded_at,
            of.received_at,
            of.events,
            open_case=bool(of.open_cases),
            extended_until=of.extended_until,
        )
        asked = retention_of(book, of, moment)
        assert found == asked.until
        purgeable = profile.purgeable(found, moment, held=bool(of.holds), open_case=bool(of.open_cases))
        assert purgeable == asked.purgeable
        assert found == _by_hand(book, of, moment)


def _by_hand(book: Book, of: Facts, moment: datetime) -> datetime | None:
    """The latest of the ends that the steps tell in words, worked out from the rules themselves."""
    ends: list[datetime | None] = []
    for step in retention_of(book, of, moment).steps:
        if step.rule is None or not step.applied:
            continue
        terms = step.rule.terms
        assert isinstance(terms, RetentionTerms)
        if terms.minimum is not None:
            started = {**of.events, "recorded": of.recorded_at, "received": of.received_at}.get(terms.start)
            zone = next(one.time_zone for one in (*book.packs, book.policy) if one and step.rule in one.rules)
            ends.append(started and terms.minimum.after(started, zone))
        if terms.until_closed and (of.open_cases or terms.minimum is None or "case-closed" in of.events):
            ends.append(None if of.open_cases else of.events.get("case-closed"))  # type: ignore[call-overload]
    if not ends or None in ends:
        return None
    return max([end for end in ends if end] + ([of.extended_until] if of.extended_until else []))


@tried
@given(books(), facts(), moments, st.sampled_from(LABELS))
def test_taking_a_label_away_never_lengthens(book: Book, of: Facts, moment: datetime, label: Label) -> None:
    assume(not any(label in rule.when.labels_none for rule in _all(book)))
    bare, labelled = replace(of, labels=of.labels - {label}), replace(of, labels=of.labels | {label})
    less, more = retention_of(book, bare, moment), retention_of(book, labelled, moment)
    if "no-rule" not in {block.code for block in less.blocks}:
        assert (less.until or _FOREVER) <= (more.until or _FOREVER)


@tried
@given(books(), facts(), moments, st.integers(1, 4000))
def test_time_alone_takes_nothing_back(book: Book, of: Facts, moment: datetime, more: int) -> None:
    """Under rules of the recording's day, what may be destroyed may be destroyed later too."""
    (only,) = book.packs
    then = replace(
        book,
        packs=(replace(only, rules=tuple(replace(one, measured=Measured.RECORDED) for one in only.rules)),),
        policy=None,
    )
    if retention_of(then, of, moment).purgeable:
        assert retention_of(then, of, moment + timedelta(days=more)).purgeable


@tried
@given(facts(), moments)
def test_without_law_nothing_is_done(of: Facts, moment: datetime) -> None:
    found = answer(Book(classes=CATEGORIES), of, moment)
    assert "no-law" in {block.code for block in found.retention.blocks}
    assert [block.code for block in found.release.blocks if block.code == "no-law"]
    assert found.release.allowed is False
    assert found.clocks == ()


@tried
@given(books(), facts(), moments)
def test_a_policy_of_nothing_changes_nothing(book: Book, of: Facts, moment: datetime) -> None:
    bare = replace(book, policy=None)
    assert answer(replace(bare, policy=pack([], policy=True)), of, moment) == answer(bare, of, moment)


def test_what_is_drawn_reaches_every_outcome() -> None:
    """The properties above are worth what their examples are: each outcome is drawn."""
    seen: set[object] = set()

    def look(book: Book, of: Facts, moment: datetime) -> None:
        found = answer(book, of, moment)
        seen.add(("purgeable", found.retention.purgeable))
        seen.add(("released", found.release.allowed))
        seen.add(("redaction", found.release.redaction))
        seen.update(("block", block.code) for block in (*found.retention.blocks, *found.release.blocks))
        seen.add(("due", any(clock.due for clock in found.clocks)))
        seen.add(("not yet", any(not step.applied for step in found.clock_steps)))

    expected = {("purgeable", True), ("purgeable", False), ("due", True), ("not yet", True)}
    expected |= {("released", value) for value in (True, False, None)}
    expected |= {("redaction", value) for value in ("required", "permitted", "none", "unknown")}
    codes = "hold open-case extended uncategorised no-rule not-adopted not-over start-unknown confidential weigh"
    expected |= {("block", code) for code in (*codes.split(), "not-asked")}
    # Some are seldom. Each turn draws from a seed of its own: under CI Hypothesis draws the same whenever it is asked.
    only = settings(max_examples=200, deadline=None, database=None, derandomize=False, phases=[Phase.generate])
    for turn in range(40):
        only(seed(turn)(given(books(), facts(), moments)(look)))()
        if expected <= seen:
            break
    assert expected <= seen, expected - seen
