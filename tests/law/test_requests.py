"""Requests: the clocks of Connecticut, Georgia and Colorado over holidays, weekends and nights on which clocks are set;
what a request must name, fees, appeal and rights."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.law.small_book import OFFICIAL, at, book, facts, rule

from candor.law.books import make_book
from candor.law.fees import estimate
from candor.law.model import Book, ClockTerms, Facts, FeeTerms, RequestTerms, Rule, RuleKind
from candor.law.periods import Period
from candor.law.reading import shipped
from candor.law.requests import RequestAnswer, RequestClock, RequestFacts, request_answer
from candor.law.vocabulary import NAMEABLE, REQUESTER_WORDS, Charge, Label, LawClass, LawEvent, Requester

ZONES = {"us-ct": "America/New_York", "us-ga": "America/New_York", "us-co": "America/Denver"}
CLASSES = {"Stop": LawClass.TRAFFIC_STOP, "Complaint": LawClass.COMPLAINT, "Force": LawClass.FORCE}


def law(name: str, *, adopted: bool = True) -> Book:
    pack = shipped()[name]
    chosen = frozenset((one.id, one.sha256) for one in pack.rules) if adopted else frozenset()
    return make_book([pack], None, chosen, CLASSES)


def here(text: str, name: str) -> datetime:
    """`2026-11-24 10:00` on the clocks of a state; `fold` the second time that it comes: `… 01:30 again`."""
    plain = datetime.fromisoformat(text.removesuffix(" again"))
    return plain.replace(tzinfo=ZoneInfo(ZONES[name]), fold=int(text.endswith(" again")))


def said(moment: datetime | None, name: str) -> str | None:
    return None if moment is None else f"{moment.astimezone(ZoneInfo(ZONES[name])):%Y-%m-%d %H:%M}"


def asked(name: str, received: str, *, adopted: bool = True, **known: Any) -> RequestAnswer:
    """The answer a minute after a request was received."""
    moment = here(received, name)
    return request_answer(law(name, adopted=adopted), RequestFacts(moment, **known), moment + timedelta(minutes=1))


def clock(found: RequestAnswer, rule_id: str) -> RequestClock:
    (one,) = [one for one in found.clocks if one.clock.rule.id == rule_id]
    return one


# -- business days: over weekends, holidays, nights on which clocks are set; adopted and not

ANSWER = {"us-ct": "ct-1-206-denial", "us-ga": "ga-ora-three-days"}
BUSINESS = [
    # (pack, received, due when holidays are adopted, due when they are not); Connecticut four days, Georgia three
    ("us-ct", "2026-11-02 09:00", "2026-11-07 00:00", "2026-11-07 00:00"),
    ("us-ct", "2026-11-06 16:59", "2026-11-14 00:00", "2026-11-13 00:00"),  # a Friday; Veterans' Day within
    ("us-ct", "2026-11-24 10:00", "2026-12-02 00:00", "2026-12-01 00:00"),  # Thanksgiving
    ("us-ct", "2026-02-06 10:00", "2026-02-14 00:00", "2026-02-13 00:00"),  # Lincoln Day on a Thursday
    ("us-ct", "2026-06-30 12:00", "2026-07-08 00:00", "2026-07-07 00:00"),  # 4 July a Saturday: Friday is kept
    ("us-ct", "2021-12-29 12:00", "2022-01-06 00:00", "2022-01-05 00:00"),  # 1 January a Saturday: 31 December
    ("us-ct", "2026-04-01 12:00", "2026-04-09 00:00", "2026-04-08 00:00"),  # Good Friday
    ("us-ct", "2026-03-05 12:00", "2026-03-12 00:00", "2026-03-12 00:00"),  # over the spring night
    ("us-ct", "2026-10-29 12:00", "2026-11-05 00:00", "2026-11-05 00:00"),  # over the autumn night
    ("us-ct", "2026-11-21 03:00", "2026-11-28 00:00", "2026-11-27 00:00"),  # received on a Saturday
    ("us-ga", "2026-11-23 10:00", "2026-12-01 00:00", "2026-11-27 00:00"),  # Thanksgiving and the day after
    ("us-ga", "2026-12-23 10:00", "2026-12-30 00:00", "2026-12-29 00:00"),
    ("us-ga", "2026-12-31 23:59", "2027-01-07 00:00", "2027-01-06 00:00"),  # New Year's Day on a Friday
    ("us-ga", "2027-03-11 12:00", "2027-03-17 00:00", "2027-03-17 00:00"),  # spring night, weekend
]


@pytest.mark.parametrize(("name", "received", "with_holidays", "without"), BUSINESS)
def test_business_days(name: str, received: str, with_holidays: str, without: str) -> None:
    counted = clock(asked(name, received), ANSWER[name])
    assert said(counted.clock.due, name) == with_holidays
    assert counted.answer_only
    plain = clock(asked(name, received, adopted=False), ANSWER[name])
    assert said(plain.clock.due, name) == without
    if with_holidays == without:
        assert (counted.without_holidays, plain.with_holidays, counted.clock.left_out) == (None, None, ())
    else:
        assert said(counted.without_holidays, name) == without
        assert said(plain.with_holidays, name) == with_holidays
        assert all(received[:10] < day.isoformat() < with_holidays[:10] for day, _ in counted.clock.left_out)
        assert counted.clock.left_out
        assert "Left out:" in counted.clock.words
        assert "left out it would be" in plain.clock.words


def test_a_request_that_came_before_its_rule_has_no_clock_by_it() -> None:
    assert [one.clock.rule.id for one in asked("us-ga", "2026-11-20 10:00").clocks] == []
    assert asked("us-ga", "2026-11-20 10:00").due is None
    early = asked("us-ct", "2015-11-20 10:00")
    assert early.due is None


# -- hours and days over the nights on which clocks are set

NIGHTS = [
    ("us-ct", "2026-03-07 12:00", "2026-03-11 13:00"),  # an hour is missing: 96 hours end an hour later by the clock
    ("us-ct", "2026-10-31 12:00", "2026-11-04 11:00"),  # an hour comes twice
    ("us-ct", "2026-11-01 01:30", "2026-11-05 00:30"),
    ("us-ct", "2026-11-01 01:30 again", "2026-11-05 01:30"),
    ("us-ct", "2026-11-20 17:00", "2026-11-24 17:00"),  # weekends count in hours
    ("us-ct", "2026-11-24 10:00", "2026-11-28 10:00"),  # and so do holidays
]


@pytest.mark.parametrize(("name", "received", "ends"), NIGHTS)
def test_hours_are_exact(name: str, received: str, ends: str) -> None:
    found = clock(asked(name, received), "ct-29-6d-f2-request").clock
    assert said(found.due, name) == ends
    assert found.due is not None
    assert found.started_at is not None
    assert found.due - found.started_at == timedelta(hours=96)


@pytest.mark.parametrize(
    ("completed", "ends"),
    [
        ("2026-03-07 12:00", "2026-03-09 13:00"),
        ("2026-10-31 12:00", "2026-11-02 11:00"),
        ("2026-11-21 09:00", "2026-11-23 09:00"),
    ],
)
def test_48_hours_after_the_officers_review(completed: str, ends: str) -> None:
    done = here(completed, "us-ct")
    of = recording(done - timedelta(hours=20), {LawEvent.REVIEW_COMPLETED: done})
    request = RequestFacts(done - timedelta(hours=10), recordings=(("r", of),))
    found = request_answer(law("us-ct"), request, done + timedelta(minutes=1))
    assert said(clock(found, "ct-29-6d-f2-review").clock.due, "us-ct") == ends
    assert found.due == clock(found, "ct-29-6d-f2-review").clock.due, "earlier than 96 hours from the request"


@pytest.mark.parametrize(
    ("received", "ends", "latest"),
    [
        ("2026-11-24 10:00", "2026-12-15 10:00", "2027-01-08 10:00"),
        ("2027-03-01 15:30", "2027-03-22 15:30", "2027-04-15 15:30"),  # over the spring night: the same local time
        ("2026-10-20 08:00", "2026-11-10 08:00", "2026-12-04 08:00"),  # over the autumn night
        ("2027-02-21 02:30", "2027-03-14 03:30", "2027-04-07 02:30"),  # the day ends in the hour that never is
    ],
)
def test_21_days_in_colorado_and_45_for_a_prosecutors_reason(received: str, ends: str, latest: str) -> None:
    found = clock(asked("us-co", received), "co-902-2-complaint")
    assert (said(found.clock.due, "us-co"), said(found.latest, "us-co")) == (ends, latest)
    assert [said(step, "us-co") for step in found.steps] == [latest]
    assert (found.due_after(0), found.due_after(1), found.due_after(7)) == (found.clock.due, *[found.steps[0]] * 2)
    assert "prosecutor" in found.extension_reason
    unchecked = clock(asked("us-co", received, adopted=False), "co-902-2-complaint")
    assert (unchecked.steps, unchecked.due_after(1)) == ((), unchecked.clock.due), "more time only once it is adopted"
    assert "That counts only once it is adopted." in unchecked.clock.words


# -- recordings that are meant


def recording(recorded: datetime, events: dict[LawEvent, datetime] | None = None, **known: Any) -> Facts:
    known.setdefault("category", "Stop")
    return Facts(recorded, recorded, events=events or {}, **known)


def test_before_any_recording_is_known_every_clock_that_a_request_starts_runs() -> None:
    found = asked("us-ct", "2026-11-24 10:00")
    assert {one.clock.rule.id for one in found.clocks} == {"ct-1-206-denial", "ct-29-6d-f2-request"}
    assert {one.recording_id for one in found.clocks} == {None}
    assert said(found.due, "us-ct") == "2026-11-28 10:00"


@pytest.mark.parametrize(
    ("recorded", "rules"),
    [
        ("2018-08-14 12:00", {"ct-1-206-denial"}),
        ("2019-09-30 23:59", {"ct-1-206-denial"}),
        ("2019-10-01 00:00", {"ct-1-206-denial", "ct-29-6d-f2-request"}),
    ],
)
def test_no_48_or_96_hours_for_what_was_recorded_before_october_2019(recorded: str, rules: set[str]) -> None:
    of = recording(here(recorded, "us-ct"), {LawEvent.REVIEW_COMPLETED: here("2018-09-01 12:00", "us-ct")})
    found = asked("us-ct", "2026-11-24 10:00", recordings=(("r", of),))
    assert {one.clock.rule.id for one in found.clocks} == rules
    assert clock(found, "ct-1-206-denial").recording_id is None


def test_the_first_of_several_clocks_counts() -> None:
    """96 hours from the request; 48 from a review; 96 from the beginning of an investigation: whichever ends first."""
    received = here("2026-11-16 12:00", "us-ct")
    events = {LawEvent.INVESTIGATION_BEGUN: received - timedelta(hours=50)}
    of = recording(received - timedelta(hours=60), events)
    other = recording(received - timedelta(hours=60))
    moment = received + timedelta(hours=1)
    found = request_answer(law("us-ct"), RequestFacts(received, recordings=(("a", of), ("b", other))), moment)
    assert found.due == received + timedelta(hours=46)
    first = found.clocks[0]
    assert (first.recording_id, first.clock.rule.id) == ("a", "ct-29-6d-f1-disclosure")
    assert {(one.recording_id, one.clock.rule.id) for one in found.waiting} == {
        ("a", "ct-29-6d-f2-review"),
        ("b", "ct-29-6d-f1-disclosure"),
        ("b", "ct-29-6d-f2-review"),
    }
    reviewed = replace(of, events=events | {LawEvent.REVIEW_COMPLETED: received - timedelta(hours=20)})
    sooner = request_answer(law("us-ct"), RequestFacts(received, recordings=(("a", reviewed),)), moment)
    assert sooner.due == received + timedelta(hours=28)


def test_what_had_run_out_before_the_request_is_told_and_is_no_deadline_of_it() -> None:
    received = here("2026-11-16 12:00", "us-ct")
    long_ago = received - timedelta(days=400)
    of = recording(long_ago, {LawEvent.REVIEW_COMPLETED: long_ago + timedelta(days=3)})
    found = request_answer(law("us-ct"), RequestFacts(received, recordings=(("r", of),)), received)
    assert {one.clock.rule.id for one in found.passed} == {"ct-29-6d-f1-disclosure", "ct-29-6d-f2-review"}
    assert found.due == received + timedelta(hours=96)


def test_what_ran_out_since_the_request_came_is_late_and_stays_its_deadline() -> None:
    received = here("2026-11-16 12:00", "us-ct")
    of = recording(received - timedelta(days=1))
    request = RequestFacts(received, recordings=(("r", of),))
    found = request_answer(law("us-ct"), request, received + timedelta(days=30))
    assert (found.due, found.passed) == (received + timedelta(hours=96), ())
    assert (found.lines[0].subject, found.lines[0].state) == ("clock", "stop")
    assert found.lines[0].words.startswith("Was due 20 November 2026, 12:00 EST.")
    assert request_answer(law("us-ct"), request, received).lines[0].state == "wait"


def test_a_delay_because_the_officer_cannot_review_ends_144_hours_after_the_event() -> None:
    recorded = here("2026-11-16 12:00", "us-ct")
    soon = RequestFacts(recorded + timedelta(hours=5), recordings=(("r", recording(recorded)),))
    found = clock(request_answer(law("us-ct"), soon, recorded + timedelta(hours=6)), "ct-29-6d-f2-request")
    assert found.clock.due == recorded + timedelta(hours=101)
    assert found.steps == (recorded + timedelta(hours=144),)
    assert found.latest == found.steps[0]
    assert "the officer cannot review it" in found.clock.words
    unchecked = clock(
        request_answer(law("us-ct", adopted=False), soon, recorded + timedelta(hours=6)), "ct-29-6d-f2-request"
    )
    assert (unchecked.clock.due, unchecked.steps) == (found.clock.due, ())
    late = RequestFacts(recorded + timedelta(hours=60), recordings=(("r", recording(recorded)),))
    beyond = clock(request_answer(law("us-ct"), late, recorded + timedelta(hours=61)), "ct-29-6d-f2-request")
    assert (beyond.clock.due, beyond.steps) == (recorded + timedelta(hours=156), ()), "no delay is left"


def test_complaints_in_colorado_once_the_recording_is_known() -> None:
    received = here("2026-11-24 10:00", "us-co")
    stop, complaint = (recording(received - timedelta(days=9), category=one) for one in ("Stop", "Complaint"))
    moment = received + timedelta(hours=1)
    plain = request_answer(law("us-co"), RequestFacts(received, recordings=(("r", stop),)), moment)
    assert plain.clocks == ()
    found = request_answer(law("us-co"), RequestFacts(received, recordings=(("r", stop), ("s", complaint))), moment)
    assert [(one.recording_id, one.clock.rule.id) for one in found.clocks] == [("s", "co-902-2-complaint")]
    assert not found.clocks[0].answer_only


def test_this_request_counts_and_not_another_one_of_the_same_recording() -> None:
    received = here("2026-11-16 12:00", "us-ct")
    earlier = {LawEvent.REQUEST_RECEIVED: received - timedelta(days=30)}
    of = recording(received - timedelta(days=60), earlier)
    found = request_answer(law("us-ct"), RequestFacts(received, recordings=(("r", of),)), received)
    assert clock(found, "ct-29-6d-f2-request").clock.started_at == received


def test_ten_business_days_where_people_have_to_be_told_first() -> None:
    found = clock(asked("us-ct", "2026-11-16 12:00"), "ct-1-206-denial")
    assert [said(step, "us-ct") for step in found.steps] == ["2026-12-02 00:00"]
    assert "personnel or medical files" in found.extension_reason


# -- a small book: several extensions, a limit from the recording


def test_extensions_one_after_another_end_at_the_most_that_all_may_take() -> None:
    terms = ClockTerms(
        {LawEvent.REQUEST_RECEIVED: Period(10, "days")},
        Period(30, "days"),
        "a reason",
        extension_most=Period(75, "days"),
    )
    one = rule("stepwise", RuleKind.CLOCK, terms, checked=OFFICIAL)
    begins = at("2026-06-01 12:00")
    found = request_answer(book(one), RequestFacts(begins), begins).clocks[0]
    assert [(step - begins).days for step in found.steps] == [40, 70, 75]
    assert [found.due_after(times) for times in range(5)] == [found.clock.due, *found.steps, found.steps[-1]]
    once = rule("once", RuleKind.CLOCK, replace(terms, extension_most=None), checked=OFFICIAL)
    (single,) = request_answer(book(once), RequestFacts(begins), begins).clocks
    assert [(step - begins).days for step in single.steps] == [40]


def test_no_extension_goes_beyond_the_limit_from_the_recording() -> None:
    terms = ClockTerms({LawEvent.REQUEST_RECEIVED: Period(10, "days")}, Period(30, "days"), latest=Period(30, "days"))
    one = rule("limited", RuleKind.CLOCK, terms, checked=OFFICIAL)
    begins = at("2026-06-01 12:00")
    of = facts("2026-05-12 12:00")
    found = request_answer(book(one), RequestFacts(begins, recordings=(("r", of),)), begins).clocks[0]
    assert (found.clock.due, found.steps) == (begins + timedelta(days=10), ())
    unknown = request_answer(book(one), RequestFacts(begins), begins).clocks[0]
    assert unknown.latest is None, "from when the recording is not known, nothing can be counted"


# -- what it must name


@pytest.mark.parametrize(
    ("name", "named", "lacks"),
    [
        ("us-wa", {"person"}, None),
        ("us-wa", {"officer"}, None),
        ("us-wa", {"case-number"}, None),
        ("us-wa", {"date", "time", "place"}, None),
        ("us-wa", {"date", "place"}, ["a person whom the recording shows", "the time of day", "an officer"]),
        ("us-wa", set(), ["the date, the time of day and the place"]),
        ("us-tx", {"date", "time", "place", "person"}, None),
        ("us-tx", {"date", "time", "place"}, ["name a person whom the recording shows"]),
        ("us-ct", set(), None),
    ],
)
def test_what_a_request_must_name(name: str, named: set[str], lacks: list[str] | None) -> None:
    received = at("2026-11-24 12:00")
    found = request_answer(law(name, adopted=False), RequestFacts(received, named=frozenset(named)), received)
    assert bool(found.missing) is (lacks is not None)
    for words in lacks or ():
        assert words in found.missing[0].words
        assert found.missing[0].rule.citation in found.missing[0].words
    assert all(each <= set(NAMEABLE) for one in found.missing for each in one.sets)
    assert ("request" in [line.subject for line in found.lines]) is (lacks is not None)


def test_one_incident_at_a_time_in_nevada() -> None:
    received = at("2026-11-24 12:00")
    found = request_answer(law("us-nv"), RequestFacts(received), received)
    assert "One request is for one incident." in [line.words for line in found.lines]
    assert [one.rule.id for one in found.rights if one.rule] == ["nv-289-830-inspect"]


# -- fees, appeal, rights


def fees(name: str, requester: Requester = Requester.PUBLIC, *, adopted: bool = True) -> RequestAnswer:
    received = at("2026-11-24 12:00")
    return request_answer(law(name, adopted=adopted), RequestFacts(received, requester.value), received)


COUNTS: dict[Charge, Decimal | int] = {
    Charge.RECORDING: 3,
    Charge.PAGE: 5,
    Charge.FOOTAGE_HOUR: Decimal("1.5"),
    Charge.REDACTION_HOUR: Decimal("12.25"),
}


def test_connecticut_charges_pages_and_nothing_for_redaction() -> None:
    for adopted in (True, False):
        found = fees("us-ct", adopted=adopted)
        whole = estimate(found.fees, COUNTS)
        assert [(one.line.unit, one.number, one.amount) for one in whole.sums] == [
            (Charge.PAGE, Decimal(5), Decimal("1.25"))
        ]
        assert whole.totals == {"USD": Decimal("1.25")}
        assert any("no charge" in line.words for line in found.fees if line.unit is Charge.REDACTION_HOUR)
    assert estimate(found.fees, {Charge.REDACTION_HOUR: 400}).totals == {}


def test_georgia_charges_each_recording_once_its_rule_is_adopted() -> None:
    assert estimate(fees("us-ga").fees, COUNTS).totals == {"USD": Decimal("30.00")}
    unchecked = fees("us-ga", adopted=False)
    assert estimate(unchecked.fees, COUNTS).totals == {}
    assert "until the agency’s counsel adopts" in unchecked.fees[0].words


def test_where_no_rule_names_a_fee_nothing_is_charged() -> None:
    found = fees("us-co")
    assert (found.fees, found.free) == ((), None)
    assert "nothing is charged" in next(line.words for line in found.lines if line.subject == "fee")


@pytest.mark.parametrize(
    ("requester", "free"),
    [(one, one in (Requester.DEPICTED, Requester.ATTORNEY, Requester.COMMISSION)) for one in Requester],
)
def test_who_pays_nothing_for_redaction_in_washington(requester: Requester, free: bool) -> None:
    found = fees("us-wa", requester)
    assert (found.free is not None) is free
    if found.free:
        assert "for redaction" in found.free
        assert "RCW 42.56.240" in found.free


def fee(rule_id: str, amount: str, unit: str = "redaction-hour", **known: Any) -> Rule:
    return rule(rule_id, RuleKind.FEE, FeeTerms(amount, "so much", unit), **known)


@pytest.mark.parametrize(
    ("law_fees", "own", "charged"),
    [
        ((fee("a", "USD 20.00", checked=OFFICIAL),), (), ["20.00"]),
        ((fee("a", "USD 20.00"),), (), []),
        ((fee("a", "USD 20.00"),), (fee("b", "USD 5.00", checked=OFFICIAL),), []),
        ((fee("a", "USD 20.00", checked=OFFICIAL),), (fee("b", "USD 5.00", checked=OFFICIAL),), ["5.00"]),
        ((fee("a", "USD 20.00", checked=OFFICIAL),), (fee("b", "USD 50.00", checked=OFFICIAL),), ["20.00"]),
        ((fee("a", "USD 0.00"),), (fee("b", "USD 50.00", checked=OFFICIAL),), []),
        ((fee("a", "USD 0.00"), fee("b", "USD 50.00", checked=OFFICIAL)), (), []),
        ((fee("a", "USD 1.00", "page", checked=OFFICIAL),), (fee("b", "USD 50.00", checked=OFFICIAL),), ["50.00"]),
        ((fee("a", "USD 20.00", "", checked=OFFICIAL),), (), []),
        ((fee("a", "USD 20.00", checked=OFFICIAL),), (fee("b", "EUR 1.00", checked=OFFICIAL),), []),
    ],
)
def test_never_more_is_charged_than_a_law_that_counts_asks(
    law_fees: tuple[Rule, ...], own: tuple[Rule, ...], charged: list[str]
) -> None:
    received = at("2026-11-24 12:00")
    found = request_answer(book(*law_fees, own=own), RequestFacts(received), received)
    sums = estimate(found.fees, {Charge.REDACTION_HOUR: 1}).sums
    assert [str(one.amount) for one in sums] == charged
    assert len(found.fees) == len(law_fees) + len(own), "each is shown, charged or not"


def test_sums_are_rounded_down_and_free_of_everything_is_free() -> None:
    third = fee("a", "USD 0.33", checked=OFFICIAL)
    free = rule("free", RuleKind.REQUEST, RequestTerms(without_fee=("press",)))
    received = at("2026-11-24 12:00")
    paying = request_answer(book(third, free), RequestFacts(received), received)
    assert str(estimate(paying.fees, {Charge.REDACTION_HOUR: Decimal("0.5")}).totals["USD"]) == "0.16"
    press = request_answer(book(third, free), RequestFacts(received, "press"), received)
    assert press.free == "Somebody of the press pays no fee (§ free)."
    assert estimate(press.fees, {Charge.REDACTION_HOUR: 9}).totals == {}


def test_appeal_in_connecticut() -> None:
    (appeal,) = fees("us-ct").appeal
    assert (str(appeal.within), appeal.to) == ("30 days", "the Freedom of Information Commission")
    assert "within 30 days of the denial (Conn. Gen. Stat. § 1-206)." in appeal.words
    assert fees("us-ga").appeal == ()


@pytest.mark.parametrize(
    ("name", "requester", "words"),
    [
        ("us-tx", Requester.DEPICTED, "may view it, but gets no copy"),
        ("us-tx", Requester.PUBLIC, None),
        ("us-mn", Requester.DEPICTED, "may ask that it be public"),
        ("us-mn", Requester.PRESS, None),
        ("us-nv", Requester.PUBLIC, "inspects it at the place where it is kept"),
        ("us-ct", Requester.DEPICTED, None),
    ],
)
def test_rights_of_whoever_asks(name: str, requester: Requester, words: str | None) -> None:
    found = fees(name, requester).rights
    assert bool(found) is (words is not None)
    assert words is None or words in found[0].words


def test_a_class_that_nobody_knows_is_no_class() -> None:
    with pytest.raises(ValueError, match="stranger"):
        request_answer(law("us-ct"), RequestFacts(at("2026-11-24 12:00"), "stranger"), at("2026-11-24 12:00"))


def test_the_classes_are_those_of_requests() -> None:
    """Two rooms say them, and neither asks the other: the words are the same."""
    from candor.disclosure.requests import rules

    assert [one.value for one in rules.RequesterClass] == [one.value for one in Requester]
    assert {one.value: words for one, words in rules.CLASS_WORDS.items()} == {
        one.value: words for one, words in REQUESTER_WORDS.items()
    }


def test_a_label_of_a_meant_recording_brings_its_rules() -> None:
    received = here("2026-11-24 10:00", "us-co")
    of = recording(received - timedelta(days=3), labels=frozenset({Label.OFFICER_INVESTIGATED}))
    found = request_answer(law("us-co"), RequestFacts(received, recordings=(("r", of),)), received)
    assert [one.clock.rule.id for one in found.clocks] == ["co-902-2-officer-investigated"]
