"""Reviews before a statement: who asks, who decides, what is open from when to when, and what follows for the law."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from tests.footage.entries import add_entry
from tests.people.place import Place, make_place

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.custody.events import Event
from candor.custody.record import history
from candor.custody.tables import custody_event
from candor.footage.errors import RecordingUnknown
from candor.footage.facts import facts_of
from candor.footage.query import Query
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.restrictions import name_person
from candor.footage.restrictions import place as restrict
from candor.footage.search import find, row_of
from candor.footage.viewing import REVIEW_PURPOSE, begin_viewing
from candor.law import changes
from candor.law.books import make_book
from candor.law.model import ReviewTerms
from candor.law.reading import shipped
from candor.law.vocabulary import CaseKind, LawEvent
from candor.matters import statements
from candor.matters.contents import add_recordings
from candor.matters.membership import add_person
from candor.matters.rules import Part, Side
from candor.matters.service import open_case, relate_cases
from candor.matters.statement_decisions import decide, right_to_review
from candor.matters.statement_errors import ReviewForbidden, ReviewNotNow, ReviewOwn, ReviewUnknown, ReviewWrong
from candor.matters.statements import Occasion, ReviewState
from candor.people.errors import Refused
from candor.people.rules import Actor, Role

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHY = "because"
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Desk:
    """An officer under investigation, who is kept out of the footage of it, and those who may decide."""

    place: Place
    technician: Actor
    counsel: Actor
    officer: Actor
    other: Actor
    own: str
    others: str
    case: str

    @property
    def database(self) -> Database:
        return self.place.database

    @property
    def clock(self) -> FixedClock:
        return self.place.clock

    def ask(self, actor: Actor | None = None, **more: object) -> str:
        """Ask for a review."""
        with self.database.write() as tx:
            return statements.ask(
                tx,
                actor or self.officer,
                occasion=Occasion.DISCIPLINARY,
                about="IA-1, both cameras",
                clock=self.clock,
                **more,  # type: ignore[arg-type]
            )

    def decide(self, review_id: str, actor: Actor | None = None, *, grant: bool = True, **more: object) -> None:
        """Decide on it, for both recordings unless something else is said."""
        given: dict[str, object] = {"recording_ids": [self.own, self.others], "reason": WHY, "case_id": self.case}
        with self.database.write() as tx:
            decide(tx, actor or self.counsel, review_id, grant=grant, clock=self.clock, **{**given, **more})  # type: ignore[arg-type]

    def state(self, review_id: str) -> ReviewState:
        """How far it is."""
        with self.database.read() as tx:
            return statements.review(tx, self.counsel, review_id).state

    def sees(self, actor: Actor, one: str) -> bool:
        """Whether a recording is there for somebody, by itself and in the list alike."""
        with self.database.read() as tx:
            alone = row_of(tx, actor, one) is not None
            assert alone == (one in {row.id for row in find(tx, actor, Query()).rows})
            return alone


@pytest.fixture
def desk(database: Database, fixed_clock: FixedClock) -> Desk:
    """It."""
    place = make_place(database, fixed_clock)
    technician = place.add("tanaka", Role.EVIDENCE_TECHNICIAN, password=None)
    counsel = place.add("counsel", Role.COUNSEL, password=None)
    officer = place.add("okafor", Role.OFFICER, password=None, unit_id=place.unit_id)
    other = place.add("lindqvist", Role.OFFICER, Role.SUPERVISOR, password=None, unit_id=place.unit_id)
    with database.write() as tx:
        own = add_entry(tx, DAY, wearer_id=officer.account_id, unit_id=place.unit_id)
        others = add_entry(tx, DAY + timedelta(hours=1), wearer_id=other.account_id)
        case = open_case(tx, technician, "IA-1", CaseKind.DISCIPLINARY, "Inside", clock=fixed_clock)
        add_recordings(tx, technician, case, [own, others], reason=WHY, clock=fixed_clock)
        subject = officer.account_id
        add_person(tx, technician, case, Part.SUBJECT_OFFICER, Side.NONE, account_id=subject, clock=fixed_clock)
    return Desk(place, technician, counsel, officer, other, own, others, case)


def _begun(desk: Desk) -> str:
    review = desk.ask()
    desk.decide(review, with_whom="an attorney")
    with desk.database.write() as tx:
        statements.begin(tx, desk.officer, review, present="A. Attorney", clock=desk.clock)
    return review


def test_from_asking_to_the_clock_of_the_law(desk: Desk) -> None:
    """The whole way, on both databases."""
    assert not desk.sees(desk.officer, desk.own)
    assert not desk.sees(desk.officer, desk.others)
    review = desk.ask()
    assert desk.state(review) is ReviewState.ASKED
    desk.decide(review, with_whom="an attorney")
    assert not desk.sees(desk.officer, desk.own), "granted is not begun"
    with desk.database.write() as tx, pytest.raises(ReviewWrong):
        statements.begin(tx, desk.officer, review, present=" ", clock=desk.clock)
    with desk.database.write() as tx:
        statements.begin(tx, desk.officer, review, present="A. Attorney", clock=desk.clock)
    assert desk.sees(desk.officer, desk.own)
    assert desk.sees(desk.officer, desk.others)
    with desk.database.write() as tx:
        with pytest.raises(ReviewWrong):
            statements.complete(tx, desk.officer, review, clock=desk.clock)
        begin_viewing(tx, desk.officer, desk.own, REVIEW_PURPOSE, clock=desk.clock)
    desk.clock.advance(3600)
    with desk.database.write() as tx:
        statements.complete(tx, desk.officer, review, clock=desk.clock)
    assert desk.state(review) is ReviewState.COMPLETED
    assert not desk.sees(desk.officer, desk.own)
    assert not desk.sees(desk.officer, desk.others)
    with desk.database.read() as tx:
        assert facts_of(tx, desk.own).events[LawEvent.REVIEW_COMPLETED] == desk.clock.now()
        assert LawEvent.REVIEW_COMPLETED not in facts_of(tx, desk.others).events, "it was never opened"
        told = statements.review(tx, desk.counsel, review)
        assert {one: opened is not None for one, _, opened in told.recordings} == {desk.own: True, desk.others: False}
        assert Event.STATEMENT_REVIEW_COMPLETED in {event.kind for event in history(tx, desk.own)}
        said = tx.scalars(sa.select(custody_event.c.payload)).all()
    assert not any("A. Attorney" in payload for payload in said), "names of people who are no accounts stay out"


@sqlite_only
def test_nobody_decides_on_their_own(desk: Desk) -> None:
    both = desk.place.add("both", Role.OFFICER, Role.COUNSEL, password=None)
    own = desk.ask(both)
    with pytest.raises(ReviewOwn):
        desk.decide(own, both)
    asked_for = desk.ask(desk.counsel, officer_id=desk.officer.account_id)
    with pytest.raises(ReviewOwn):
        desk.decide(asked_for, desk.counsel)
    review = desk.ask()
    with pytest.raises(ReviewOwn):
        desk.decide(review, desk.other, recording_ids=[desk.others], case_id=None)
    with pytest.raises(Refused):
        desk.decide(review, desk.technician)
    with desk.database.write() as tx:
        involved = both.account_id
        add_person(
            tx, desk.technician, desk.case, Part.INVOLVED_OFFICER, Side.NONE, account_id=involved, clock=desk.clock
        )
    with pytest.raises(ReviewOwn):
        desk.decide(review, both)
    for grant in (True, False):
        with pytest.raises(ReviewOwn):
            desk.decide(review, both, grant=grant, recording_ids=[desk.own], case_id=None)
    seen = desk.ask(desk.other, officer_id=desk.officer.account_id, recording_ids=[desk.others])
    with pytest.raises(ReviewOwn):
        desk.decide(seen, both, grant=False, recording_ids=[], case_id=None)
    assert desk.state(review) is ReviewState.ASKED


@sqlite_only
def test_who_sees_a_review(desk: Desk) -> None:
    review = desk.ask()
    elsewhere = desk.place.add("far", Role.SUPERVISOR, password=None)
    with desk.database.write() as tx:
        assert [one.id for one in statements.reviews(tx, desk.officer)] == [review]
        assert [one.id for one in statements.reviews(tx, desk.other)] == [review], "of the unit"
        assert statements.reviews(tx, elsewhere) == []
        assert statements.reviews(tx, desk.technician) == []
        with pytest.raises(ReviewUnknown):
            statements.held_review(tx, elsewhere, review)
        with pytest.raises(Refused):
            statements.ask(
                tx, desk.officer, occasion=Occasion.DISCIPLINARY, about="x", officer_id=desk.other.account_id
            )
        with pytest.raises(RecordingUnknown):
            statements.ask(tx, desk.officer, occasion=Occasion.DISCIPLINARY, about="x", recording_ids=[desk.others])


@sqlite_only
def test_a_decision_reaches_no_further_than_whoever_makes_it(desk: Desk) -> None:
    review = desk.ask()
    with pytest.raises(RecordingUnknown):
        desk.decide(review, desk.other, recording_ids=[desk.own, "01a20000-0000-7000-8000-000000000000"], case_id=None)
    with pytest.raises(ReviewWrong):
        desk.decide(review, recording_ids=[])
    with desk.database.write() as tx:
        args = {"reason": WHY, "actor": "system:test", "clock": desk.clock}
        person = {"account_id": desk.counsel.account_id, "part": Part.INVESTIGATOR, "side": Side.ADMINISTRATIVE}
        add_person(tx, desk.technician, desk.case, clock=desk.clock, **person)  # type: ignore[arg-type]
        made = restrict(tx, desk.own, RestrictionKind.COMPELLED, ref=desk.case, **args)  # type: ignore[arg-type]
        name_person(tx, made, desk.counsel.account_id, may=True, **args)  # type: ignore[arg-type]
    with pytest.raises(ReviewWrong, match="compelled"):
        desk.decide(review)
    desk.decide(review, recording_ids=[desk.others])
    assert desk.state(review) is ReviewState.GRANTED


@sqlite_only
@pytest.mark.parametrize("act", ["refuse", "withdraw", "withdraw-begun"])
def test_what_ends_without_a_review_opens_nothing(desk: Desk, act: str) -> None:
    if act == "withdraw-begun":
        review = _begun(desk)
        assert desk.sees(desk.officer, desk.own)
        with desk.database.write() as tx, pytest.raises(ReviewNotNow):
            statements.withdraw(tx, desk.officer, review, reason=WHY, clock=desk.clock)
        with desk.database.write() as tx:
            statements.withdraw(tx, desk.counsel, review, reason=WHY, clock=desk.clock)
    elif act == "withdraw":
        review = desk.ask()
        with desk.database.write() as tx:
            statements.withdraw(tx, desk.officer, review, reason=WHY, clock=desk.clock)
    else:
        review = desk.ask()
        desk.decide(review, grant=False)
    assert not desk.sees(desk.officer, desk.own)
    with desk.database.write() as tx, pytest.raises(ReviewNotNow):
        statements.begin(tx, desk.officer, review, present="somebody", clock=desk.clock)
    with pytest.raises(ReviewNotNow):
        desk.decide(review)


@sqlite_only
def test_what_was_watched_is_completed_and_not_taken_back(desk: Desk) -> None:
    """Or the clock that counts from a review would never run."""
    review = _begun(desk)
    with desk.database.write() as tx:
        begin_viewing(tx, desk.officer, desk.own, REVIEW_PURPOSE, clock=desk.clock)
        with pytest.raises(ReviewWrong, match="complete"):
            statements.withdraw(tx, desk.counsel, review, reason=WHY, clock=desk.clock)
        statements.complete(tx, desk.counsel, review, clock=desk.clock)
        assert LawEvent.REVIEW_COMPLETED in facts_of(tx, desk.own).events


@sqlite_only
def test_a_review_of_a_case_that_is_closed_to_somebody_is_not_there_for_them(desk: Desk) -> None:
    review = desk.ask()
    desk.decide(review)
    prosecuting = desk.place.add("prosecuting", Role.COUNSEL, password=None)
    with desk.database.write() as tx:
        assert statements.review(tx, prosecuting, review).id == review
        criminal = open_case(tx, desk.technician, "CR-1", CaseKind.CRIMINAL, "Outside", clock=desk.clock)
        relate_cases(tx, desk.technician, criminal, desk.case, reason=WHY, clock=desk.clock)
        person = {"account_id": prosecuting.account_id, "part": Part.PROSECUTOR, "side": Side.CRIMINAL}
        add_person(tx, desk.technician, criminal, clock=desk.clock, **person)  # type: ignore[arg-type]
        with pytest.raises(ReviewUnknown):
            statements.review(tx, prosecuting, review)
        assert statements.reviews(tx, prosecuting) == []


@sqlite_only
def test_a_wall_that_rises_after_the_grant_is_not_passed(desk: Desk) -> None:
    review = desk.ask()
    desk.decide(review)
    with desk.database.write() as tx:
        restrict(tx, desk.own, RestrictionKind.COMPELLED, ref=desk.case, reason=WHY, actor="system:test")
    with pytest.raises(ReviewWrong), desk.database.write() as tx:
        statements.begin(tx, desk.officer, review, present="A. Attorney", clock=desk.clock)
    assert desk.state(review) is ReviewState.GRANTED
    assert not desk.sees(desk.officer, desk.others), "nothing of it was opened"


@pytest.mark.parametrize(
    ("day", "allowed"), [(date(2018, 8, 14), None), (date(2019, 9, 30), None), (date(2019, 10, 1), True)]
)
def test_the_right_begins_with_the_act_that_gives_it(day: date, allowed: bool | None) -> None:
    """Public Act 19-90 took effect on 1 October 2019; 16:00 UTC is noon in Connecticut's summer."""
    moment = datetime(day.year, day.month, day.day, 16, tzinfo=UTC)
    right = right_to_review(make_book([shipped()["us-ct"]]), recorded_at=None, decided_at=moment)
    assert right.allowed is allowed
    assert ("29-6d (f)(1)" in right.citation) is bool(allowed)
    assert ("attorney" in right.with_whom) is bool(allowed)


def test_a_rule_that_forbids_wins_over_those_that_allow() -> None:
    law = shipped()["us-ct"]
    rule = next(one for one in law.rules if one.id == "ct-29-6d-f1-review")
    against = replace(rule, id="zz", pack="policy", citation="Order 1", terms=ReviewTerms(allowed=False))
    policy = replace(law, id="policy", rules=(against,), over=law.id)
    right = right_to_review(make_book([law], policy), recorded_at=None, decided_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert (right.allowed, right.citation) == (False, "Order 1")


@sqlite_only
def test_the_rule_in_force_here_is_kept_with_the_grant(desk: Desk) -> None:
    second = desk.place.add("second", Role.COUNSEL, password=None)
    with desk.database.write() as tx:
        change = changes.propose_pack(tx, desk.counsel, "us-ct", reason=WHY, clock=desk.clock)
        changes.note_dry_run(tx, change, {}, clock=desk.clock)
        changes.decide(tx, second, change, approve=True, reason=WHY, clock=desk.clock)
    review = desk.ask()
    desk.decide(review)
    with desk.database.read() as tx:
        found = statements.review(tx, desk.officer, review)
    assert "29-6d (f)(1)" in found.rule
    assert found.with_whom == "attorney or labor representative"


@sqlite_only
def test_a_policy_that_forbids_is_held_to(desk: Desk) -> None:
    second = desk.place.add("second", Role.COUNSEL, password=None)
    policy = b"""\
id: here
kind: policy
over: us-ct
name: Ours
jurisdiction: US-CT
version: "1"
compiled-on: 2026-11-22
time-zone: America/New_York
rules:
  - id: no-review
    kind: review
    text: Nobody reviews footage before a first statement.
    citation: General Order 7
    in-force-from: 2020-01-01
    measured: decided
    verification: official text
    verified-on: 2026-11-22
    source: the order itself
    allowed: no
"""
    with desk.database.write() as tx:
        for propose in (
            lambda: changes.propose_pack(tx, desk.counsel, "us-ct", reason=WHY, clock=desk.clock),
            lambda: changes.propose_policy(tx, desk.counsel, policy, reason=WHY, clock=desk.clock),
        ):
            change = propose()
            changes.note_dry_run(tx, change, {}, clock=desk.clock)
            changes.decide(tx, second, change, approve=True, reason=WHY, clock=desk.clock)
    review = desk.ask()
    with pytest.raises(ReviewForbidden, match="General Order 7"):
        desk.decide(review)
    desk.decide(review, grant=False)
