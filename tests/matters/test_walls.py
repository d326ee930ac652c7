"""Walls: what is compelled is kept from the criminal side; what a case closes, to whom, and when it opens again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from tests.footage.entries import add_entry
from tests.people.place import Place, make_place

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.custody.record import history
from candor.custody.searching import Search
from candor.footage import regrouping
from candor.footage.access_policy import change_policy
from candor.footage.restricting import end_person, let_in, lift
from candor.footage.restriction_errors import RestrictionFollows
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.restrictions import place, restrictions_of
from candor.footage.rules import visible_to
from candor.footage.tables import recording, viewing
from candor.footage.viewing import POSTER_PURPOSE
from candor.law.vocabulary import CaseKind
from candor.matters.contents import add_recordings, remove_recording
from candor.matters.errors import CaseUnknown
from candor.matters.membership import add_person
from candor.matters.membership import end_person as end_part
from candor.matters.narrowing import close_circle, open_circle
from candor.matters.rules import Part, Side, visible_cases
from candor.matters.service import change_case, close_case, end_relation, open_case, relate_cases, reopen_case
from candor.matters.tables import matter
from candor.matters.wall_errors import CircleWrong, CompelledWrong, WallRefused
from candor.matters.walls import mark_compelled
from candor.people import auditing
from candor.people.rules import GUESTS, Actor, Role, system_actor

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHY = "because"
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Matters:
    """An agency with two cases about one incident: disciplinary and criminal."""

    place: Place
    technician: Actor
    officer: Actor
    inside: Actor
    detective: Actor
    interview: str
    patrol: str
    disciplinary: str
    criminal: str

    @property
    def database(self) -> Database:
        return self.place.database

    @property
    def clock(self) -> FixedClock:
        return self.place.clock

    def sees(self, actor: Actor, one: str) -> bool:
        """Whether a recording is there for somebody."""
        with self.database.read() as tx:
            query = sa.select(recording.c.id).where(recording.c.id == one, visible_to(actor).expression)
            return tx.execute(query).first() is not None

    def sees_case(self, actor: Actor, one: str) -> bool:
        """Whether a case is there for somebody."""
        with self.database.read() as tx:
            query = sa.select(matter.c.id).where(matter.c.id == one, visible_cases(actor))
            return tx.execute(query).first() is not None

    def person(self, case_id: str, actor: Actor, part: Part, side: Side) -> str:
        """Put somebody into a case."""
        with self.database.write() as tx:
            return add_person(tx, self.technician, case_id, part, side, account_id=actor.account_id, clock=self.clock)

    def compel(self, *named: Actor) -> object:
        """Mark the interview as compelled."""
        with self.database.write() as tx:
            ids = [actor.account_id for actor in named]
            return mark_compelled(
                tx, self.technician, self.disciplinary, self.interview, ids, reason=WHY, clock=self.clock
            )

    def open_it(self, actor: Actor, purpose: str = "Court") -> None:
        """A viewing of the interview, as it would be on record."""
        with self.database.write() as tx:
            row = {"id": f"v-{actor.account_id[:30]}", "recording_id": self.interview, "account_id": actor.account_id}
            times = {"began_at": self.clock.now(), "ends_at": self.clock.now()}
            tx.execute(viewing.insert(), {**row, **times, "purpose": purpose, "event_id": "event"})


@pytest.fixture
def matters(database: Database, fixed_clock: FixedClock) -> Matters:
    """Both cases, of which nobody has said yet that they belong together."""
    place = make_place(database, fixed_clock)
    technician = place.add("tanaka", Role.EVIDENCE_TECHNICIAN, password=None)
    officer = place.add("okafor", Role.OFFICER, password=None, unit_id=place.unit_id)
    inside = place.add("inside", Role.RECORDS_OFFICER, password=None)
    detective = place.add("detective", Role.RECORDS_OFFICER, Role.SUPERVISOR, password=None)
    with database.write() as tx:
        interview = add_entry(tx, DAY)
        patrol = add_entry(tx, DAY + timedelta(hours=1), wearer_id=officer.account_id, unit_id=place.unit_id)
        disciplinary = open_case(tx, technician, "IA-1", CaseKind.DISCIPLINARY, "Inside", clock=fixed_clock)
        criminal = open_case(tx, technician, "CR-1", CaseKind.CRIMINAL, "Outside", clock=fixed_clock)
        add_recordings(tx, technician, disciplinary, [interview], reason=WHY, clock=fixed_clock)
    made = Matters(place, technician, officer, inside, detective, interview, patrol, disciplinary, criminal)
    made.person(disciplinary, inside, Part.INVESTIGATOR, Side.ADMINISTRATIVE)
    return made


def _relate(matters: Matters) -> None:
    with matters.database.write() as tx:
        relate_cases(tx, matters.technician, matters.disciplinary, matters.criminal, reason=WHY, clock=matters.clock)


def test_only_named_people_of_the_administrative_side_see_what_is_compelled(matters: Matters) -> None:
    other = matters.place.add("other", Role.RECORDS_OFFICER, password=None)
    with pytest.raises(WallRefused):
        matters.compel(other)
    with pytest.raises(CompelledWrong):
        matters.compel()
    matters.compel(matters.inside)
    everybody = [matters.place.add(role.value, role, password=None) for role in Role if role not in GUESTS]
    assert not any(matters.sees(actor, matters.interview) for actor in (*everybody, other, matters.technician))
    assert matters.sees(matters.inside, matters.interview)
    with matters.database.read() as tx:
        (held,) = restrictions_of(tx, matters.interview)
    assert "Garrity" in held.rule
    assert "Kastigar" in held.rule


@pytest.mark.parametrize("before", [True, False])
def test_the_criminal_side_is_kept_out_for_good(matters: Matters, before: bool) -> None:
    """Whether they come to that side before it is marked or afterwards, and after they left it."""
    _relate(matters)
    entry = matters.person(matters.criminal, matters.detective, Part.INVESTIGATOR, Side.CRIMINAL) if before else ""
    matters.compel(matters.inside)
    if not before:
        entry = matters.person(matters.criminal, matters.detective, Part.INVESTIGATOR, Side.CRIMINAL)
    assert not matters.sees(matters.detective, matters.interview)
    assert not matters.sees_case(matters.detective, matters.disciplinary)
    assert matters.sees_case(matters.detective, matters.criminal)
    with matters.database.write() as tx:
        end_part(tx, matters.technician, matters.criminal, entry, reason=WHY, clock=matters.clock)
        (held,) = restrictions_of(tx, matters.interview)
        with pytest.raises(WallRefused):
            let_in(tx, matters.technician, held.id, matters.detective.account_id, reason=WHY, clock=matters.clock)
        with pytest.raises(RestrictionFollows):
            end_person(tx, matters.technician, held.id, matters.detective.account_id, reason=WHY, clock=matters.clock)
    with pytest.raises(WallRefused):
        matters.person(matters.disciplinary, matters.detective, Part.INVESTIGATOR, Side.ADMINISTRATIVE)
    assert not matters.sees(matters.detective, matters.interview)


def test_whoever_saw_it_never_works_on_the_criminal_side(matters: Matters) -> None:
    _relate(matters)
    matters.compel(matters.inside)
    with pytest.raises(WallRefused) as refused:
        matters.person(matters.criminal, matters.inside, Part.INVESTIGATOR, Side.CRIMINAL)
    assert "Garrity" in str(refused.value)
    seen = matters.place.add("seen", Role.RECORDS_OFFICER, password=None)
    matters.open_it(seen)
    with pytest.raises(WallRefused):
        matters.person(matters.criminal, seen, Part.PROSECUTOR, Side.CRIMINAL)
    passed = matters.place.add("passed", Role.RECORDS_OFFICER, password=None)
    matters.open_it(passed, POSTER_PURPOSE)
    matters.person(matters.criminal, passed, Part.INVESTIGATOR, Side.CRIMINAL)
    matters.person(matters.criminal, seen, Part.WITNESS, Side.NONE)


def test_the_work_in_a_criminal_case_is_of_the_criminal_side_whatever_is_entered(matters: Matters) -> None:
    """Nobody comes round a wall by leaving the side out, by naming the other one, or by owning the case."""
    _relate(matters)
    matters.compel(matters.inside)
    for part in (Part.INVESTIGATOR, Part.PROSECUTOR):
        for side in Side:
            with pytest.raises(WallRefused):
                matters.person(matters.criminal, matters.inside, part, side)
    with matters.database.write() as tx, pytest.raises(WallRefused):
        owner = {"owner_id": matters.inside.account_id}
        change_case(tx, matters.technician, matters.criminal, owner, clock=matters.clock)
    matters.person(matters.criminal, matters.detective, Part.INVESTIGATOR, Side.NONE)
    assert not matters.sees_case(matters.detective, matters.disciplinary)
    with pytest.raises(WallRefused):
        matters.person(matters.disciplinary, matters.detective, Part.INVESTIGATOR, Side.ADMINISTRATIVE)


def test_what_is_related_once_stays_so_for_the_wall(matters: Matters) -> None:
    with matters.database.write() as tx:
        said = {"reason": WHY, "clock": matters.clock}
        relation = relate_cases(tx, matters.technician, matters.disciplinary, matters.criminal, **said)
    matters.compel(matters.inside)
    with matters.database.write() as tx:
        end_relation(tx, matters.technician, matters.criminal, relation, **said)
        for case, kind in ((matters.disciplinary, CaseKind.CRIMINAL), (matters.disciplinary, CaseKind.CIVIL)):
            with pytest.raises(WallRefused):
                change_case(tx, matters.technician, case, {"kind": kind}, clock=matters.clock)
        with pytest.raises(WallRefused):
            change_case(tx, matters.technician, matters.criminal, {"kind": CaseKind.CIVIL}, clock=matters.clock)
        change_case(tx, matters.technician, matters.disciplinary, {"kind": CaseKind.FORCE_REVIEW}, clock=matters.clock)
    with pytest.raises(WallRefused):
        matters.person(matters.criminal, matters.inside, Part.INVESTIGATOR, Side.CRIMINAL)


def test_a_walled_case_is_hidden_from_further_away_too(matters: Matters) -> None:
    with matters.database.write() as tx:
        between = open_case(tx, matters.technician, "CV-1", CaseKind.CIVIL, "Between", clock=matters.clock)
        for other in (matters.disciplinary, matters.criminal):
            relate_cases(tx, matters.technician, between, other, reason=WHY, clock=matters.clock)
    matters.person(matters.criminal, matters.detective, Part.INVESTIGATOR, Side.CRIMINAL)
    matters.compel(matters.inside)
    assert not matters.sees_case(matters.detective, matters.disciplinary)


def test_the_record_of_events_tells_no_more_of_a_walled_case(matters: Matters) -> None:
    """That something happened, when and by whom; and nothing to whoever looks for a text that stands in it."""
    prosecuting = matters.place.add("prosecuting", Role.COUNSEL, password=None)

    def read(text: str = "") -> list[str]:
        with matters.database.read() as tx:
            return [one.event.payload for one in auditing.exported(tx, prosecuting, Search(text=text))]

    assert any("IA-1" in payload for payload in read())
    assert read("IA-1")
    _relate(matters)
    before = read()
    matters.person(matters.criminal, prosecuting, Part.PROSECUTOR, Side.CRIMINAL)
    after = read()
    assert len(after) == len(before) + 1
    assert not any("IA-1" in payload for payload in after)
    assert any("CR-1" in payload for payload in after)
    assert read("IA-1") == []


def test_no_account_lifts_a_wall_or_opens_what_an_order_closed(matters: Matters) -> None:
    matters.compel(matters.inside)
    chief = matters.place.add("first", Role.EVIDENCE_TECHNICIAN, password=None)
    matters.person(matters.disciplinary, chief, Part.INVESTIGATOR, Side.ADMINISTRATIVE)
    with matters.database.write() as tx:
        (walled,) = restrictions_of(tx, matters.interview)
        let_in(tx, matters.technician, walled.id, chief.account_id, reason=WHY, clock=matters.clock)
        erased = place(tx, matters.patrol, RestrictionKind.ERASED, reason=WHY, actor="system:test")
        let_in(tx, matters.technician, erased, chief.account_id, reason=WHY, clock=matters.clock)
    for one in (walled.id, erased):
        with matters.database.write() as tx, pytest.raises(RestrictionFollows):
            lift(tx, chief, one, reason=WHY, clock=matters.clock)
    with matters.database.write() as tx:
        lift(tx, system_actor("cli-root"), walled.id, reason="the wrong recording", clock=matters.clock)


def test_parts_that_join_take_no_compelled_statement_into_a_criminal_case(matters: Matters) -> None:
    matters.compel(matters.inside)
    with matters.database.write() as tx:
        add_recordings(tx, matters.technician, matters.criminal, [matters.patrol], reason=WHY, clock=matters.clock)
    with matters.database.write() as tx, pytest.raises(WallRefused):
        for pass_on in regrouping.PASS_ON:
            pass_on(tx, matters.patrol, matters.interview, matters.inside, matters.clock)


def test_cases_are_not_put_beside_each_other_across_a_wall(matters: Matters) -> None:
    """By a relation, or by a recording that both have."""
    matters.compel(matters.inside)
    matters.person(matters.criminal, matters.inside, Part.INVESTIGATOR, Side.CRIMINAL)
    with pytest.raises(WallRefused):
        _relate(matters)
    with matters.database.write() as tx:
        args = {"reason": WHY, "clock": matters.clock}
        add_recordings(tx, matters.technician, matters.disciplinary, [matters.patrol], **args)
        with pytest.raises(WallRefused):
            add_recordings(tx, matters.technician, matters.criminal, [matters.patrol], **args)
    with matters.database.write() as tx, pytest.raises(WallRefused):
        add_recordings(tx, matters.inside, matters.criminal, [matters.interview], reason=WHY, clock=matters.clock)


def test_a_shared_recording_relates_cases(matters: Matters) -> None:
    with matters.database.write() as tx:
        for case in (matters.disciplinary, matters.criminal):
            add_recordings(tx, matters.technician, case, [matters.patrol], reason=WHY, clock=matters.clock)
    matters.person(matters.criminal, matters.detective, Part.INVESTIGATOR, Side.CRIMINAL)
    matters.compel(matters.inside)
    assert matters.sees(matters.detective, matters.patrol), "what both sides have is no secret"
    assert not matters.sees(matters.detective, matters.interview)
    assert not matters.sees_case(matters.detective, matters.disciplinary)


def test_what_the_criminal_side_opened_before_is_said(matters: Matters) -> None:
    _relate(matters)
    matters.person(matters.criminal, matters.detective, Part.INVESTIGATOR, Side.CRIMINAL)
    matters.open_it(matters.detective)
    marked = matters.compel(matters.inside)
    assert marked.opened_by == (matters.detective.account_id,)  # type: ignore[attr-defined]


def test_an_officer_is_kept_out_of_the_footage_of_their_own_investigation(matters: Matters) -> None:
    with matters.database.write() as tx:
        add_recordings(tx, matters.technician, matters.disciplinary, [matters.patrol], reason=WHY, clock=matters.clock)
    assert matters.sees(matters.officer, matters.patrol)
    chief = matters.place.add("both", Role.OFFICER, Role.EVIDENCE_TECHNICIAN, password=None)
    matters.person(matters.disciplinary, chief, Part.SUBJECT_OFFICER, Side.NONE)
    entry = matters.person(matters.disciplinary, matters.officer, Part.SUBJECT_OFFICER, Side.NONE)
    assert not matters.sees(chief, matters.patrol), "whatever their roles say"
    assert not matters.sees(matters.officer, matters.patrol)
    assert matters.sees(matters.technician, matters.patrol)
    with matters.database.write() as tx:
        close_case(tx, matters.technician, matters.disciplinary, reason=WHY, clock=matters.clock)
    assert matters.sees(matters.officer, matters.patrol)
    with matters.database.write() as tx:
        reopen_case(tx, matters.technician, matters.disciplinary, reason=WHY, clock=matters.clock)
    assert not matters.sees(matters.officer, matters.patrol)
    with matters.database.write() as tx:
        end_part(tx, matters.technician, matters.disciplinary, entry, reason=WHY, clock=matters.clock)
    assert matters.sees(matters.officer, matters.patrol)
    assert not matters.sees(chief, matters.patrol)
    with matters.database.write() as tx:
        remove_recording(tx, matters.technician, matters.disciplinary, matters.patrol, reason=WHY, clock=matters.clock)
    assert matters.sees(chief, matters.patrol)
    with matters.database.read() as tx:
        assert restrictions_of(tx, matters.patrol) == []
        assert len(history(tx, matters.patrol)) >= 8, "each of that is on record"


def test_the_agency_may_choose_not_to_keep_subjects_out(matters: Matters) -> None:
    with matters.database.write() as tx:
        change_policy(tx, matters.technician, {"subjects_kept_out": False}, clock=matters.clock)
        add_recordings(tx, matters.technician, matters.disciplinary, [matters.patrol], reason=WHY, clock=matters.clock)
    matters.person(matters.disciplinary, matters.officer, Part.SUBJECT_OFFICER, Side.NONE)
    assert matters.sees(matters.officer, matters.patrol)


def test_a_new_choice_of_the_agency_holds_for_what_goes_on(matters: Matters) -> None:
    """At once, in every case that is open, and not from its next change on."""
    with matters.database.write() as tx:
        add_recordings(tx, matters.technician, matters.disciplinary, [matters.patrol], reason=WHY, clock=matters.clock)
    matters.person(matters.disciplinary, matters.officer, Part.SUBJECT_OFFICER, Side.NONE)
    for kept_out in (False, True):
        with matters.database.write() as tx:
            change_policy(tx, matters.technician, {"subjects_kept_out": kept_out}, clock=matters.clock)
        assert matters.sees(matters.officer, matters.patrol) is not kept_out


def test_a_closed_circle_opens_to_its_own_people_alone(matters: Matters) -> None:
    outside = matters.place.add("outside", Role.EVIDENCE_TECHNICIAN, password=None)
    with matters.database.write() as tx:
        close_circle(tx, matters.technician, matters.criminal, reason=WHY, clock=matters.clock)
        with pytest.raises(CircleWrong):
            close_circle(tx, matters.technician, matters.criminal, reason=WHY, clock=matters.clock)
        add_recordings(tx, matters.technician, matters.criminal, [matters.patrol], reason=WHY, clock=matters.clock)
    assert not matters.sees(outside, matters.patrol)
    assert not matters.sees_case(outside, matters.criminal)
    assert not matters.sees(matters.officer, matters.patrol), "also who wore the camera"
    assert matters.sees(matters.technician, matters.patrol), "its owner"
    entry = matters.person(matters.criminal, matters.detective, Part.INVESTIGATOR, Side.CRIMINAL)
    assert matters.sees(matters.detective, matters.patrol)
    assert matters.sees_case(matters.detective, matters.criminal)
    with matters.database.write() as tx:
        end_part(tx, matters.technician, matters.criminal, entry, reason=WHY, clock=matters.clock)
    assert not matters.sees(matters.detective, matters.patrol)
    with matters.database.write() as tx, pytest.raises(CaseUnknown):
        open_circle(tx, outside, matters.criminal, reason=WHY, clock=matters.clock)
    with matters.database.write() as tx:
        open_circle(tx, matters.technician, matters.criminal, reason=WHY, clock=matters.clock)
    assert matters.sees(outside, matters.patrol)
    assert matters.sees_case(outside, matters.criminal)
    with matters.database.read() as tx:
        assert not any(one.kind is RestrictionKind.CASE for one in restrictions_of(tx, matters.patrol))
