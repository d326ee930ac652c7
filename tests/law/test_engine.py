"""What follows for a recording: tables of examples."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.law.small_book import (
    CLOCKS,
    HOSPITAL,
    KEEP_90,
    KEEP_EVIDENCE,
    LAW_OF_2019,
    MINOR,
    OFFICIAL,
    REDACT,
    REQUEST,
    REVIEW,
    RULES,
    SUICIDE,
    at,
    book,
    facts,
    keep,
    pack,
    rule,
)

from candor.law.engine import Schedules, answer, conflicts, retention_of
from candor.law.model import (
    Answer,
    Block,
    ClockTerms,
    Condition,
    ConfidentialTerms,
    FeeTerms,
    HoldFact,
    Measured,
    RedactionTerms,
    RequestTerms,
    ReviewTerms,
    RuleKind,
)
from candor.law.periods import Period
from candor.law.vocabulary import HoldKind, Label, LawClass, LawEvent

NOW = at("2026-11-22 12:00")
HELD = HoldFact("h1", HoldKind.LITIGATION, "Doe v. Town", at("2026-01-01 00:00"), "2026-17")


def codes(blocks: tuple[Block, ...]) -> list[str]:
    return [block.code for block in blocks]


def line(found: Answer, subject: str) -> str:
    return next(one.words for one in found.lines if one.subject == subject)


# ------------------------------------------------------------------------------------------------ how long it is kept


@pytest.mark.parametrize(
    ("labels", "adopted", "until", "blocks"),
    [
        ((), (), "2018-11-12 13:00", ["not-adopted"]),  # 90 days by the calendar: the clocks went back
        ((), (KEEP_90,), "2018-11-12 13:00", []),
        ((Label.EVIDENTIARY,), (KEEP_90,), "2022-08-14 12:00", []),  # what was not adopted still lengthens
        ((Label.EVIDENTIARY,), (), "2022-08-14 12:00", ["not-adopted"]),
    ],
)
def test_the_longest_minimum_wins(labels: tuple[Label, ...], adopted: tuple, until: str, blocks: list[str]) -> None:  # type: ignore[type-arg]
    found = retention_of(book(adopted=adopted), facts(labels=labels), NOW)
    assert found.until == at(until)
    assert codes(found.blocks) == blocks
    assert found.start is LawEvent.RECORDED
    assert found.steps[0].rule in (KEEP_90, KEEP_EVIDENCE)
    if labels:
        assert [step.rule for step in found.steps] == [KEEP_EVIDENCE, KEEP_90]


def test_its_end_is_the_first_moment_at_which_it_may_go() -> None:
    of, law = facts(), book(adopted=(KEEP_90,))
    end = at("2018-11-12 13:00")
    assert codes(retention_of(law, of, end - timedelta(microseconds=1)).blocks) == ["not-over"]
    assert retention_of(law, of, end).purgeable


def test_whatever_blocks_is_told_in_one_order() -> None:
    of = facts(category=None, holds=(HELD,), open_cases=("2026-17",), extended_until=NOW + timedelta(days=1))
    found = retention_of(book(), of, at("2018-09-01 00:00"))
    assert codes(found.blocks) == ["hold", "open-case", "extended", "uncategorised", "not-adopted", "not-over"]
    assert "Doe v. Town" in found.blocks[0].words
    assert "2026-17" in found.blocks[0].words


@pytest.mark.parametrize(
    ("terms", "events", "cases", "until", "blocks"),
    [
        ({"period": "3 years", "start": LawEvent.COMPLAINT_MADE}, {}, (), None, ["start-unknown"]),
        (
            {"period": "3 years", "start": LawEvent.COMPLAINT_MADE},
            {LawEvent.COMPLAINT_MADE: at("2019-01-01 12:00")},
            (),
            "2022-01-01 12:00",
            [],
        ),
        ({"period": None, "until_closed": True}, {}, (), None, ["start-unknown"]),
        ({"period": None, "until_closed": True}, {}, ("7",), None, ["open-case", "start-unknown"]),
        (
            {"period": None, "until_closed": True},
            {LawEvent.CASE_CLOSED: at("2020-02-02 00:00")},
            (),
            "2020-02-02 00:00",
            [],
        ),
        (
            {"period": "1 year", "until_closed": True},
            {LawEvent.CASE_CLOSED: at("2021-02-02 00:00")},
            (),
            "2021-02-02 00:00",
            [],
        ),
        ({"period": "1 year", "until_closed": True}, {}, (), "2019-08-14 12:00", []),
        ({"period": "1 year"}, {}, ("7",), "2019-08-14 12:00", ["open-case"]),
        ({"period": None, "maximum": Period(1, "years")}, {}, (), None, ["no-rule"]),
    ],
)
def test_starts_and_ends(terms: dict, events: dict, cases: tuple, until: str | None, blocks: list[str]) -> None:  # type: ignore[type-arg]
    known = dict(terms)
    only = keep("only", known.pop("period"), checked=OFFICIAL, **known)
    found = retention_of(book(only), facts(events=events, open_cases=cases), NOW)
    assert found.until == (until and at(until))
    assert codes(found.blocks) == blocks


def test_a_maximum_is_shown_and_destroys_nothing() -> None:
    capped = keep("cap", None, maximum=Period(1, "years"), checked=OFFICIAL)
    found = retention_of(book(KEEP_90, capped), facts(), NOW)
    assert codes(found.blocks) == ["not-adopted"]
    told = next(step for step in found.steps if step.rule == capped)
    assert "14 August 2019" in told.words


def test_what_nobody_put_into_a_category_is_kept_longest() -> None:
    force = keep("force", "10 years", when=Condition(classes=frozenset({LawClass.FORCE})), checked=OFFICIAL)
    law = book(KEEP_90, force, adopted=(KEEP_90,))
    for category in (None, "Something of ours"):
        found = retention_of(law, facts(category=category), at("2030-01-01 00:00"))
        assert found.until == at("2028-08-14 12:00")
        assert codes(found.blocks) == ["uncategorised"]
        assert "kept longest" in found.blocks[0].words
    own = keep("uncategorised", "12 years", when=Condition(uncategorised=True), checked=OFFICIAL)
    said = replace(law, policy=book(own=(own,)).policy)
    assert codes(retention_of(said, facts(category=None), at("2030-01-01 00:00")).blocks) == ["not-over"]
    assert retention_of(said, facts(category=None), at("2031-01-01 00:00")).purgeable
    assert own.id not in [step.rule and step.rule.id for step in retention_of(said, facts(), NOW).steps]


def test_a_policy_lengthens_and_does_not_stand_in_for_law_that_nobody_adopted() -> None:
    own = keep("ours", "1 year", checked=OFFICIAL)
    found = retention_of(book(own=(own,)), facts(), NOW)
    assert found.until == at("2019-08-14 12:00")
    assert codes(found.blocks) == ["not-adopted"]
    assert "policy" in found.steps[0].words
    assert retention_of(book(own=(own,), adopted=(KEEP_90,)), facts(), NOW).purgeable
    assert retention_of(book(CLOCKS, own=(own,)), facts(), NOW).purgeable  # where the law is silent


def test_one_law_lets_nothing_go_over_another() -> None:
    shorter = keep("theirs", "15 days", checked=OFFICIAL, pack="us-yy")
    theirs = replace(pack(shorter), id="us-yy")
    here = book()
    both = replace(here, packs=(*here.packs, theirs))
    found = retention_of(both, facts(), NOW)
    assert found.until == at("2018-11-12 13:00")
    assert codes(found.blocks) == ["not-adopted"]
    assert [step.rule for step in found.blocks[0].basis] == [KEEP_90], "only of the law that nobody adopted"
    adopted = replace(both, adopted=book(adopted=(KEEP_90,)).adopted)
    assert retention_of(adopted, facts(), NOW).purgeable
    silent = replace(both, packs=(pack(REVIEW), theirs))
    assert retention_of(silent, facts(), NOW).purgeable, "a pack that says nothing of it stands in no way"


@pytest.mark.parametrize(
    ("measured", "recorded", "moment", "applies"),
    [
        (Measured.RECORDED, "2019-10-01 03:59", "2026-01-01 00:00", False),  # still 30 September in New York
        (Measured.RECORDED, "2019-10-01 04:00", "2026-01-01 00:00", True),
        (Measured.RECORDED, "2021-10-01 03:59", "2026-01-01 00:00", True),
        (Measured.RECORDED, "2021-10-01 04:00", "2026-01-01 00:00", False),
        (Measured.DECIDED, "2018-01-01 00:00", "2019-10-01 04:00", True),
        (Measured.DECIDED, "2018-01-01 00:00", "2019-10-01 03:59", False),
        (Measured.DECIDED, "2020-01-01 00:00", "2021-10-01 04:00", False),
    ],
)
def test_a_rule_is_in_force_on_days_of_its_jurisdiction(
    measured: Measured, recorded: str, moment: str, applies: bool
) -> None:
    dated = keep("dated", "5 years", since=LAW_OF_2019, till=date(2021, 10, 1), measured=measured)
    found = retention_of(book(KEEP_90, dated), facts(recorded), at(moment))
    assert any(step.applied and step.rule == dated for step in found.steps) == applies


# ---------------------------------------------------------------------------------------------------------- the clocks


@pytest.mark.parametrize(
    ("recorded", "events", "due", "by"),
    [
        ("2018-08-14 12:00", {LawEvent.REVIEW_COMPLETED: "2018-08-20 12:00"}, None, None),
        ("2018-08-14 12:00", {LawEvent.REVIEW_COMPLETED: "2026-08-20 12:00"}, None, None),
        ("2026-08-14 12:00", {}, None, None),
        ("2026-08-14 12:00", {LawEvent.REVIEW_COMPLETED: "2026-08-20 12:00"}, "2026-08-22 12:00", "review-completed"),
        (
            "2026-08-14 12:00",
            {LawEvent.INVESTIGATION_BEGUN: "2026-08-20 12:00"},
            "2026-08-24 12:00",
            "investigation-begun",
        ),
        (
            "2026-08-14 12:00",
            {LawEvent.INVESTIGATION_BEGUN: "2026-08-20 12:00", LawEvent.REVIEW_COMPLETED: "2026-08-21 12:00"},
            "2026-08-23 12:00",
            "review-completed",
        ),
        (
            "2026-08-14 12:00",
            {LawEvent.INVESTIGATION_BEGUN: "2026-08-20 12:00", LawEvent.REVIEW_COMPLETED: "2026-08-24 12:00"},
            "2026-08-24 12:00",
            "investigation-begun",
        ),
        ("2026-08-14 12:00", {LawEvent.REQUEST_RECEIVED: "2027-01-01 12:00"}, None, None),  # not yet
    ],
)
def test_the_clocks_of_2019(recorded: str, events: dict[LawEvent, str], due: str | None, by: str | None) -> None:
    found = answer(book(), facts(recorded, events={event: at(text) for event, text in events.items()}), NOW)
    mine = [clock for clock in found.clocks if clock.due is not None]
    assert [clock.due for clock in mine] == ([at(due)] if due else [])
    assert [clock.started_by for clock in mine] == ([by] if by else [])
    if recorded.startswith("2018"):
        assert found.clocks == ()
        (told,) = found.clock_steps
        assert not told.applied
        assert told.rule == CLOCKS
        assert "1 October 2019" in told.words
        assert "after this was recorded" in told.words


def test_a_delay_and_an_extension() -> None:
    terms = ClockTerms(
        {LawEvent.REVIEW_COMPLETED: Period(48, "hours")},
        Period(30, "days"),
        "a reason in writing",
        Period(144, "hours"),
    )
    law = book(rule("late", RuleKind.CLOCK, terms))
    of = facts("2026-08-14 12:00", events={LawEvent.REVIEW_COMPLETED: at("2026-09-14 12:00")})
    (clock,) = answer(law, of, NOW).clocks
    assert clock.due == at("2026-08-20 12:00")
    assert "144 hours" in clock.words
    assert "put off" not in clock.words, "no delay goes beyond that, an extension neither"
    (soon,) = answer(law, replace(of, events={LawEvent.REVIEW_COMPLETED: at("2026-08-15 12:00")}), NOW).clocks
    assert soon.due == at("2026-08-17 12:00")
    assert "put off by 30 days (a reason in writing), to 20 August 2026" in soon.words
    open_ended = book(rule("late", RuleKind.CLOCK, replace(terms, latest=None)))
    assert "to 16 October 2026" in answer(open_ended, of, NOW).clocks[0].words


def test_no_clock_is_said() -> None:
    found = answer(book(rule("none", RuleKind.CLOCK, ClockTerms({}, no_clock=True))), facts(), NOW)
    assert found.clocks[0].due is None
    assert "sets none" in line(found, "clock")


# --------------------------------------------------------------------------------------------------------- the release

ASKED = {LawEvent.REQUEST_RECEIVED: at("2026-09-01 12:00")}
RECENT = "2026-08-14 12:00"


@pytest.mark.parametrize(
    ("known", "adopted", "allowed", "blocks"),
    [
        ({}, (CLOCKS,), False, ["not-asked"]),
        ({"events": ASKED}, (), False, ["not-adopted"]),
        ({"events": ASKED}, (CLOCKS,), True, []),
        ({"events": ASKED, "labels": {Label.MINOR}}, (CLOCKS,), False, ["confidential"]),
        ({"events": ASKED, "labels": {Label.SUICIDE}}, (CLOCKS,), None, ["weigh"]),
        ({"events": ASKED, "labels": {Label.SUICIDE, Label.MINOR}}, (CLOCKS,), False, ["confidential", "weigh"]),
        ({"events": ASKED, "holds": (HELD,)}, (CLOCKS,), None, ["hold"]),
        ({"events": ASKED, "holds": (replace(HELD, kind=HoldKind.REQUEST),)}, (CLOCKS,), True, []),
        ({"events": ASKED, "category": None}, (CLOCKS,), None, ["uncategorised"]),
    ],
)
def test_what_may_be_released(known: dict, adopted: tuple, allowed: bool | None, blocks: list[str]) -> None:  # type: ignore[type-arg]
    found = answer(book(adopted=adopted), facts(RECENT, **known), NOW).release
    assert (found.allowed, codes(found.blocks)) == (allowed, blocks)


def test_a_request_has_it_released_only_once_it_came() -> None:
    fee = rule("fee", RuleKind.FEE, FeeTerms("USD 0.00", "redaction"))
    law = book(REQUEST, fee, adopted=(REQUEST,))
    assert codes(answer(law, facts(), NOW).release.blocks) == ["not-asked"]
    found = answer(law, facts(events=ASKED), NOW).release
    assert (found.allowed, codes(found.blocks)) == (None, ["weigh"]), "nobody knows yet what the request names"
    anyhow = replace(REQUEST, terms=RequestTerms(without_fee=("whoever is shown",)))
    assert answer(book(anyhow, adopted=(anyhow,)), facts(events=ASKED), NOW).release.allowed
    told = " ".join(step.words for step in found.steps)
    assert "the date and the place or the case" in told
    assert "USD 0.00 per redaction" in told


def test_a_clock_for_an_answer_releases_nothing() -> None:
    terms = ClockTerms({LawEvent.REQUEST_RECEIVED: Period(4, "business days")}, answer_only=True)
    found = answer(book(rule("answer", RuleKind.CLOCK, terms, checked=OFFICIAL)), facts(events=ASKED), NOW)
    assert codes(found.release.blocks) == ["no-rule"]
    assert found.clocks[0].due == at("2026-09-08 04:00")  # the 7th is a Monday: no holidays are known here
    assert "an answer" in found.clocks[0].words


def test_a_policy_does_not_release_what_the_law_does_not() -> None:
    own = rule("ours", RuleKind.CLOCK, ClockTerms({LawEvent.RECORDED: Period(1, "days")}), checked=OFFICIAL)
    assert answer(book(own=(own,)), facts(RECENT), NOW).release.allowed is False
    secret = rule("secret", RuleKind.CONFIDENTIAL, ConfidentialTerms("absolute"))
    assert answer(book(own=(secret,), adopted=(CLOCKS,)), facts(RECENT, events=ASKED), NOW).release.allowed is False


def test_the_strictest_duty_of_redaction_and_no_duty_only_where_it_was_checked() -> None:
    none = rule("none", RuleKind.REDACTION, RedactionTerms("none"))
    assert answer(book(none), facts(), NOW).release.redaction == "unknown"
    assert answer(book(none, adopted=(none,)), facts(), NOW).release.redaction == "none"
    found = answer(book(none, REDACT, adopted=(none,)), facts(labels={Label.MINOR}), NOW)
    assert found.release.redaction == "required"
    assert "minor’s face" in found.release.redaction_steps[0].words


def test_exceptions_are_told_to_whoever_decides() -> None:
    found = answer(book(), facts(labels={Label.MINOR}), NOW)
    assert "parent or guardian consent" in line(found, "release")
    assert [one.labels for one in found.access.restricting] == [{Label.MINOR}]
    assert "Restricted: a minor." in line(found, "access")


def test_review_and_what_may_not_be_recorded() -> None:
    found = answer(book(), facts(RECENT, labels={Label.HOSPITAL}), NOW).access
    assert "a lawyer or a union’s representative present" in found.review[0].words
    assert [step.rule for step in found.notes] == [HOSPITAL]
    assert answer(book(), facts(RECENT), NOW).access.notes == ()
    (then,) = answer(book(), facts(), NOW).access.review
    assert not then.applied


# ------------------------------------------------------------------------------------------- 2018 and today, whole


def test_2018_and_today() -> None:
    """The rules of 2018 for a recording of 2018, those of today for one of today."""
    then = answer(book(adopted=RULES), facts("2018-08-14 12:00"), NOW)
    today = answer(book(adopted=RULES), facts("2026-11-22 10:00", events=ASKED), NOW)
    assert then.retention.purgeable
    assert codes(today.retention.blocks) == ["not-over"]
    assert then.clocks == ()
    assert "not those of this recording" in line(then, "clock")
    assert [clock.rule for clock in today.clocks] == [CLOCKS]
    in_2018 = answer(book(adopted=RULES), facts("2018-08-14 12:00"), at("2018-12-01 00:00"))
    assert in_2018.clock_steps == ()
    assert "No clock runs." in line(in_2018, "clock")


# ----------------------------------------------------------------------------------------------------------- conflicts

KEEP_FORCE = keep("force", "4 years", when=Condition(classes=frozenset({LawClass.FORCE})))


@pytest.mark.parametrize(
    ("own", "law", "words"),
    [
        (keep("p", "30 days"), KEEP_90, "30 days"),
        (keep("p", "90 days"), KEEP_90, ""),
        (keep("p", "3 months"), KEEP_90, "3 months"),  # shorter where February is among them
        (keep("p", "4 months"), KEEP_90, ""),
        (keep("p", "1 year"), KEEP_EVIDENCE, ""),  # about more than the law's rule, which stands beside it
        (keep("p", "1 year", when=KEEP_EVIDENCE.when), KEEP_EVIDENCE, "4 years"),
        (keep("p", "30 days", when=Condition(classes=frozenset({LawClass.FORCE}))), KEEP_90, "30 days"),
        (keep("p", "30 days", when=Condition(categories=frozenset({"Use of force"}))), KEEP_90, "30 days"),
        (keep("p", "30 days", when=Condition(uncategorised=True)), KEEP_FORCE, "4 years"),
        (keep("p", "30 days", when=Condition(uncategorised=True)), KEEP_EVIDENCE, ""),
        (keep("p", "30 days", since=date(2026, 1, 1)), keep("l", "90 days", till=date(2026, 1, 1)), ""),
        (keep("p", "90 days", start=LawEvent.RECEIVED), KEEP_90, "Which is longer"),
        (keep("p", "2 years"), keep("l", "90 days", maximum=Period(1, "years")), "no more than 1 year"),
        (keep("p", None, maximum=Period(60, "days")), KEEP_90, "no longer than 60 days"),
        (keep("p", "1 year"), keep("l", None, until_closed=True), "closed"),
        (rule("p", RuleKind.CLOCK, ClockTerms({}, no_clock=True)), CLOCKS, "no clock"),
        (
            rule("p", RuleKind.CLOCK, ClockTerms({LawEvent.REQUEST_RECEIVED: Period(7, "days")})),
            CLOCKS,
            "7 days",
        ),
        (rule("p", RuleKind.CONFIDENTIAL, ConfidentialTerms("balance"), when=MINOR.when), MINOR, "balance"),
        (rule("p", RuleKind.CONFIDENTIAL, ConfidentialTerms("absolute"), when=SUICIDE.when), SUICIDE, ""),
        (rule("p", RuleKind.REDACTION, RedactionTerms("none"), when=REDACT.when), REDACT, "no duty"),
        (rule("p", RuleKind.REVIEW, ReviewTerms(False)), rule("l", RuleKind.REVIEW, ReviewTerms(True)), "may not"),
    ],
)
def test_where_a_policy_is_laxer(own, law, words: str) -> None:  # type: ignore[no-untyped-def]
    found = conflicts(book(law, own=(own,)))
    assert [one.law for one in found] == ([law] if words else [])
    assert all(words in one.words for one in found)
    assert all(one.policy.pack == "ours" for one in found)


# --------------------------------------------------------------------------------------------------------------- many


def test_planning_costs_little_for_each_recording() -> None:
    law = book(adopted=(KEEP_90,))
    schedules, day = Schedules(law, NOW), at("2016-09-01 00:00")
    starts = [day + timedelta(minutes=number * 37) for number in range(20_000)]
    none: frozenset[Label] = frozenset()
    begun = time.process_time()
    for start in starts:
        schedules.profile("Traffic stop", none, start).until(start, start, {})
    each = (time.process_time() - begun) / len(starts)
    assert each < 40e-6  # a quarter of that on an idle machine
    assert len({id(schedules.profile("Traffic stop", none, start)) for start in starts}) == 1


def test_the_last_days_of_the_calendar_hold() -> None:
    forever = keep("forever", "900000 years", checked=OFFICIAL)
    assert retention_of(book(forever), facts(), NOW).until is not None
    early = replace(facts(), recorded_at=at("0001-01-03 00:00"), received_at=at("0001-01-03 00:00"))
    assert retention_of(book(KEEP_90), early, NOW).until is None
