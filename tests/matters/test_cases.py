"""Cases: what is done with them, on record, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.matters.case_place import CasePlace

from candor.core.outbox import outbox_notice
from candor.custody import Event, history
from candor.custody.tables import custody_event
from candor.footage.errors import RecordingUnknown
from candor.footage.regrouping import regroup
from candor.law.vocabulary import CaseKind, LawEvent
from candor.matters import inside, lawful, service
from candor.matters.contents import MOST_AT_ONCE
from candor.matters.errors import (
    CaseChangedMeanwhile,
    CaseClosed,
    CaseEntryUnknown,
    CaseFieldWrong,
    CaseNumberTaken,
    CaseOpenAlready,
    CaseReasonMissing,
    CaseUnknown,
    MatterError,
    NothingToAdd,
    PersonIsThere,
    RelationWrong,
    TooManyForCase,
)
from candor.matters.reading import CaseQuery
from candor.matters.rules import CaseState, Part, Side
from candor.people.errors import Refused
from candor.people.rules import Role
from candor.people.service import change_account


def events(here: CasePlace, case_id: str) -> list[Event]:
    with here.database.read() as tx:
        found, total = inside.history_of(tx, here.keeper, case_id)
    assert total == len(found)
    return [one.kind for one in reversed(found)]


# -- the case itself


def test_a_case_is_opened_changed_closed_and_opened_again(here: CasePlace) -> None:
    case_id = here.open(" 26-00417 ", title="Stop on  Pike Street", unit_id=here.place.unit_id, note_text="a\r\nb")
    found = here.read("26-00417")
    assert (found.id, found.number, found.title, found.note) == (case_id, "26-00417", "Stop on Pike Street", "a\nb")
    assert (found.owner_name, found.open, found.version) == ("Tanaka", True, 1)
    with here.database.write() as tx:
        changes = {"title": "Stop, Pike Street", "kind": "force-review", "owner_id": here.supervisor.account_id}
        assert service.change_case(tx, here.keeper, case_id, changes, 1, clock=here.clock)
        assert service.change_case(tx, here.keeper, case_id, changes, clock=here.clock) is None
        service.close_case(tx, here.keeper, case_id, reason="Charges were dropped", clock=here.clock)
    closed = here.read(case_id)
    assert (closed.state, closed.close_reason, closed.closed_at) == (
        CaseState.CLOSED,
        "Charges were dropped",
        here.clock.now(),
    )
    with here.database.write() as tx:
        service.reopen_case(tx, here.keeper, case_id, reason="New witness", clock=here.clock)
    again = here.read(case_id)
    assert (again.open, again.closed_at, again.owner_name, again.kind) == (True, None, "Suarez", CaseKind.FORCE_REVIEW)
    assert events(here, case_id) == [Event.CASE_OPENED, Event.CASE_CHANGED, Event.CASE_CLOSED, Event.CASE_REOPENED]
    with here.database.read() as tx:
        told = inside.history_of(tx, here.keeper, case_id)[0][2].details
    assert told["changed"] == {
        "title": {"changed": True},
        "kind": {"old": "criminal", "new": "force-review"},
        "owner": {"old": here.keeper.account_id, "new": here.supervisor.account_id},
    }


def test_a_number_is_the_agencys_own_and_unique_in_whatever_spelling(here: CasePlace) -> None:
    here.open("AB 26-1")
    for taken in ("AB 26-1", "ab26-1", " A B 2 6-1"):
        with pytest.raises(CaseNumberTaken):
            here.open(taken)
    other = here.open("AB 26-2")
    with pytest.raises(CaseNumberTaken), here.database.write() as tx:
        service.change_case(tx, here.keeper, other, {"number": "ab 26-1"}, clock=here.clock)
    assert here.read("ab26-2").id == other


def test_without_a_number_it_gets_the_next_one_that_is_free(here: CasePlace) -> None:
    with here.database.read() as tx:
        assert service.suggested_number(tx, 2026) == "C-2026-00001"
    here.open("c-2026-00002")
    assert [here.read(here.open()).number for _ in range(3)] == ["C-2026-00001", "C-2026-00003", "C-2026-00004"]
    with here.database.read() as tx:
        assert service.suggested_number(tx, 2026) == "C-2026-00005"
        assert service.suggested_number(tx, 2027) == "C-2027-00001"


def test_two_who_open_at_once_get_two_numbers(here: CasePlace) -> None:
    opened: list[str] = []
    together = threading.Barrier(4)

    def open_one() -> None:
        together.wait()
        opened.append(here.open())

    workers = [threading.Thread(target=open_one) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sorted(here.read(one).number for one in opened) == [f"C-2026-0000{n}" for n in range(1, 5)]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\u202eb"}, "title"),
        ({"number": "x" * 65}, "number"),
        ({"kind": "murder"}, "kind"),
        ({"owner_id": "nobody"}, "owner"),
        ({"unit_id": "nowhere"}, "unit"),
        ({"note_text": "a\x00b"}, "note"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_case_cannot_be_is_said_and_nothing_is_opened(
    here: CasePlace, given: dict[str, str], field: str
) -> None:
    values: dict[str, str] = {"number": "1", "kind": "criminal", "title": "A", **given}
    first = (values.pop("number"), values.pop("kind"), values.pop("title"))
    with pytest.raises(CaseFieldWrong) as wrong, here.database.write() as tx:
        service.open_case(tx, here.keeper, *first, clock=here.clock, **values)  # type: ignore[arg-type]
    assert wrong.value.fields["field"] == field
    with here.database.read() as tx:
        assert service.cases(tx, here.keeper).total == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_operator_says_whose_case_it_is(here: CasePlace) -> None:
    from candor.people.rules import system_actor

    operator = system_actor("cli-root")
    with pytest.raises(CaseFieldWrong, match="whose case"), here.database.write() as tx:
        service.open_case(tx, operator, "", "other", "A", clock=here.clock)
    with here.database.write() as tx:
        service.open_case(tx, operator, "", "other", "A", owner_id=here.keeper.account_id, clock=here.clock)


def test_whoever_saw_an_older_version_is_told_and_keeps_nothing(here: CasePlace) -> None:
    case_id = here.open()
    with here.database.write() as tx:
        service.change_case(tx, here.keeper, case_id, {"title": "First"}, 1, clock=here.clock)
    with pytest.raises(CaseChangedMeanwhile) as late, here.database.write() as tx:
        service.change_case(tx, here.keeper, case_id, {"title": "Second"}, 1, clock=here.clock)
    assert (late.value.fields["version"], here.read(case_id).title) == (2, "First")


def test_nothing_is_done_in_a_closed_case_but_ending_and_opening(here: CasePlace) -> None:
    case_id, recording_id = here.open(), here.record()
    with here.database.write() as tx:
        person = service.add_person(tx, here.keeper, case_id, Part.WITNESS, name="Ada Byron", clock=here.clock)
        service.add_recordings(tx, here.keeper, case_id, [recording_id], reason="Shows it", clock=here.clock)
        moment = service.note_event(tx, here.keeper, case_id, "complaint-made", here.clock.now(), clock=here.clock)
        with pytest.raises(CaseOpenAlready):
            service.reopen_case(tx, here.keeper, case_id, reason="So", clock=here.clock)
        with pytest.raises(CaseReasonMissing):
            service.close_case(tx, here.keeper, case_id, reason="  ", clock=here.clock)
        service.close_case(tx, here.keeper, case_id, reason="Done", clock=here.clock)
        keep = {"reason": "So", "clock": here.clock}
        for act in (
            lambda: service.close_case(tx, here.keeper, case_id, **keep),
            lambda: service.change_case(tx, here.keeper, case_id, {"title": "B"}, clock=here.clock),
            lambda: service.add_recordings(tx, here.keeper, case_id, [recording_id], **keep),
            lambda: service.remove_recording(tx, here.keeper, case_id, recording_id, **keep),
            lambda: service.add_person(tx, here.keeper, case_id, Part.OTHER, name="B", clock=here.clock),
            lambda: service.note_event(tx, here.keeper, case_id, "complaint-made", here.clock.now(), clock=here.clock),
            lambda: service.withdraw_event(tx, here.keeper, case_id, moment, **keep),
        ):
            with pytest.raises(CaseClosed):
                act()
        service.end_person(tx, here.keeper, case_id, person, **keep)
    assert [one.ended_at for one in people(here, case_id)] == [here.clock.now()]


def people(here: CasePlace, case_id: str) -> list[inside.Person]:
    with here.database.read() as tx:
        return inside.people_of(tx, case_id)


def test_what_hangs_on_a_case_is_told_when_it_is_closed(here: CasePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = here.open(owner_id=here.supervisor.account_id)
    monkeypatch.setattr(service, "HANGS", [lambda tx, one: [f"a hold on {one}"]])
    with here.database.write() as tx:
        assert service.close_case(tx, here.keeper, case_id, reason="Done", clock=here.clock) == (
            f"a hold on {case_id}",
        )
    assert told(here, case_id)[1:] == [("case:closed-hanging", here.supervisor.account_id, {"hanging": 1})]


def test_people_are_told_of_cases_that_others_made_theirs(here: CasePlace) -> None:
    away = here.place.add("away", Role.OFFICER, password=None)
    guest = here.place.add("guest", Role.PROSECUTOR_GUEST, password=None)
    with here.database.write() as tx:
        change_account(tx, here.place.administrator, away.account_id, {"active": False}, clock=here.clock)
    case_id = here.open()
    with here.database.write() as tx:
        for part, who in (
            ("investigator", here.officer),
            ("investigator", here.keeper),  # who did it, and knows
            ("counsel", away),
            ("prosecutor", guest),
            ("subject-officer", here.supervisor),  # whom people tell, not the program
        ):
            service.add_person(tx, here.keeper, case_id, part, account_id=who.account_id, clock=here.clock)
        owner = {"owner_id": here.supervisor.account_id}
        service.change_case(tx, here.keeper, case_id, owner, clock=here.clock)
    assert told(here, case_id) == [
        ("case:entered", here.officer.account_id, {}),
        ("case:yours", here.supervisor.account_id, {}),
    ]


def told(here: CasePlace, case_id: str) -> list[tuple[str, str, dict[str, object]]]:
    """Whom the outbox tells what of a case."""
    query = sa.select(outbox_notice).where(outbox_notice.c.about == f"/cases/{case_id}").order_by(outbox_notice.c.id)
    with here.database.read() as tx:
        return [(row.kind, row.recipients[0], row.details) for row in tx.execute(query)]


# -- its recordings


def test_recordings_are_added_once_and_taken_out_with_their_history_kept(here: CasePlace) -> None:
    case_id, first, second = here.open(), here.record(hours=2, title="First"), here.record(hours=1, title="Second")
    with here.database.write() as tx:
        why = {"reason": "Shows the stop", "clock": here.clock}
        assert service.add_recordings(tx, here.keeper, case_id, [second, first, second], **why) == sorted(
            {first, second}
        )
        assert service.add_recordings(tx, here.keeper, case_id, [first], **why) == []
        service.remove_recording(tx, here.keeper, case_id, first, reason="Another street", clock=here.clock)
        with pytest.raises(CaseEntryUnknown):
            service.remove_recording(tx, here.keeper, case_id, first, reason="Again", clock=here.clock)
        assert service.add_recordings(tx, here.keeper, case_id, [first], **why) == [first]
        service.remove_recording(tx, here.keeper, case_id, first, reason="No", clock=here.clock)
    with here.database.read() as tx:
        now = inside.recordings_of(tx, here.keeper, case_id)
        gone = inside.recordings_of(tx, here.keeper, case_id, removed=True)
        of_first = history(tx, first)
    assert [(one.title, one.reason) for one in now.rows] == [("Second", "Shows the stop")]
    assert [one.remove_reason for one in gone.rows] == ["Another street", "No"]
    kinds = [Event.CASE_RECORDING_ADDED, Event.CASE_RECORDING_REMOVED] * 2
    assert [one.kind for one in of_first] == kinds
    # The recording's own history goes to people who may not know of the case: no number, no reason.
    assert all(set(one.details) == {"case", "entry", "reason_sha256"} for one in of_first)


def test_those_of_an_incident_are_added_and_an_empty_incident_is_said(here: CasePlace) -> None:
    case_id = here.open()
    mine = {here.record(hours=n, incident_number="2026-118") for n in range(3)}
    here.record(hours=4, incident_number="2026-119")
    with here.database.write() as tx:
        why = {"reason": "Same incident", "clock": here.clock}
        assert set(service.add_by_incident(tx, here.keeper, case_id, " 2026-118 ", **why)) == mine
        for nothing in ("2026-404", " "):
            with pytest.raises(NothingToAdd):
                service.add_by_incident(tx, here.keeper, case_id, nothing, **why)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_seen_cannot_be_added_and_all_or_none_are(here: CasePlace) -> None:
    case_id, good = here.open(), here.record()
    with pytest.raises(RecordingUnknown), here.database.write() as tx:
        service.add_recordings(tx, here.keeper, case_id, [good, "none"], reason="Both", clock=here.clock)
    with pytest.raises(TooManyForCase), here.database.write() as tx:
        many = [str(n) for n in range(MOST_AT_ONCE + 1)]
        service.add_recordings(tx, here.keeper, case_id, many, reason="All", clock=here.clock)
    with here.database.read() as tx:
        assert inside.recordings_of(tx, here.keeper, case_id).total == 0


def test_a_case_shows_of_its_recordings_only_those_that_the_reader_may_see(here: CasePlace) -> None:
    case_id = here.open()
    own = here.record(unit_id=here.place.unit_id, title="Of the unit")
    other = here.record(hours=1, title="Of others")
    with here.database.write() as tx:
        service.add_recordings(tx, here.keeper, case_id, [own, other], reason="Both", clock=here.clock)
    with here.database.read() as tx:
        seen = inside.recordings_of(tx, here.supervisor, case_id)
        told, _ = inside.history_of(tx, here.supervisor, case_id)
    assert ([one.title for one in seen.rows], seen.total, seen.hidden) == (["Of the unit"], 1, 1)
    assert {one.recording_id for one in told} == {own, None}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_recordings_come_in_pages(here: CasePlace) -> None:
    case_id, made = here.open(), [here.record(hours=n) for n in range(5)]
    with here.database.write() as tx:
        service.add_recordings(tx, here.keeper, case_id, made, reason="All", clock=here.clock)
    pages, after = [], None
    with here.database.read() as tx:
        for _ in range(3):
            page = inside.recordings_of(tx, here.keeper, case_id, after=after, limit=2)
            pages.append([one.recording_id for one in page.rows])
            after = page.after
    assert (pages, after) == ([made[:2:-1][:2], made[2:0:-1], made[:1]], None)


def test_a_recording_that_became_part_of_another_takes_its_cases_along(here: CasePlace) -> None:
    case_id, closed = here.open(), here.open()
    early, late = here.record(hours=2), here.record(hours=1)
    with here.database.write() as tx:
        for one in (case_id, closed):
            service.add_recordings(tx, here.keeper, one, [late], reason="Shows it", clock=here.clock)
        service.close_case(tx, here.keeper, closed, reason="Done", clock=here.clock)
        assert regroup(tx, here.keeper, [early, late], reason="One stop", clock=here.clock) == early
        assert {one.id for one in service.cases_of(tx, early)} == {case_id, closed}
        # Adding the part again adds nothing: it stands for the whole, which is there.
        assert service.add_recordings(tx, here.keeper, case_id, [late], reason="Again", clock=here.clock) == []


def test_a_destroyed_recording_stays_with_what_its_tombstone_says(here: CasePlace) -> None:
    from candor.footage.tables import recording
    from candor.store.tables import tombstone

    case_id, gone = here.open(), here.record(title="Gone")
    with here.database.write() as tx:
        service.add_recordings(tx, here.keeper, case_id, [gone], reason="Shows it", clock=here.clock)
        tx.execute(recording.update().where(recording.c.id == gone).values(state="destroyed"))
        row = {
            "id": "0" * 36,
            "subject": gone,
            "object_ids": [],
            "destroyed_at": here.clock.now(),
            "actor": here.keeper.account_id,
            "authority": "Order 7",
            "reason": "Erasure",
        }
        tx.execute(tombstone.insert(), {name: value for name, value in row.items() if name in tombstone.c})
    with here.database.read() as tx:
        [found] = inside.recordings_of(tx, here.keeper, case_id).rows
    assert (found.destroyed_under, found.destroyed_at, found.reason) == ("Order 7", here.clock.now(), "Shows it")


# -- its people


def test_people_are_entered_by_account_or_by_name_and_their_names_stay_out_of_the_log(here: CasePlace) -> None:
    case_id = here.open()
    with here.database.write() as tx:
        officer = {"account_id": here.officer.account_id, "clock": here.clock}
        service.add_person(tx, here.keeper, case_id, Part.SUBJECT_OFFICER, Side.ADMINISTRATIVE, **officer)
        outside = service.add_person(
            tx, here.keeper, case_id, "complainant", "none", name=" Ada  Byron ", clock=here.clock
        )
        with pytest.raises(PersonIsThere):
            service.add_person(tx, here.keeper, case_id, "complainant", name="Ada Byron", clock=here.clock)
        service.end_person(tx, here.keeper, case_id, outside, reason="Withdrew the complaint", clock=here.clock)
        with pytest.raises(CaseEntryUnknown):
            service.end_person(tx, here.keeper, case_id, outside, reason="Again", clock=here.clock)
    assert [(one.name, one.part, one.side, one.end_reason) for one in people(here, case_id)] == [
        ("Okafor", Part.SUBJECT_OFFICER, Side.ADMINISTRATIVE, None),
        ("Ada Byron", Part.COMPLAINANT, Side.NONE, "Withdrew the complaint"),
    ]
    with here.database.read() as tx:
        payloads = tx.scalars(
            sa.select(custody_event.c.payload).where(custody_event.c.kind.like("case:person-%"))
        ).all()
    assert len(payloads) == 3
    assert not any("Byron" in one for one in payloads)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"account_id": "nobody"},
        {"name": "Ada", "part": "bystander"},
        {"name": "Ada", "side": "left"},
        {"name": "x" * 201},
        {"name": "Ada", "hours": 1},
    ],
)
def test_a_person_that_cannot_be_entered_is_said(here: CasePlace, given: dict[str, str | int]) -> None:
    case_id = here.open()
    hours = given.pop("hours", None) if "hours" in given else None
    values = {"part": "witness", "side": "none", **given}
    begins = here.clock.now() + timedelta(hours=int(hours)) if hours else None
    with pytest.raises(CaseFieldWrong), here.database.write() as tx:
        service.add_person(tx, here.keeper, case_id, from_at=begins, clock=here.clock, **values)  # type: ignore[arg-type]
    assert people(here, case_id) == []


# -- its moments


def test_a_moment_is_corrected_without_being_overwritten(here: CasePlace) -> None:
    case_id, now = here.open(), here.clock.now()
    with here.database.write() as tx:
        first = service.note_event(
            tx, here.keeper, case_id, LawEvent.REQUEST_RECEIVED, now, words="By letter", clock=here.clock
        )
        at = now - timedelta(days=1)
        second = service.correct_event(tx, here.keeper, case_id, first, at, reason="Stamp says so", clock=here.clock)
        with pytest.raises(CaseEntryUnknown):
            service.correct_event(tx, here.keeper, case_id, first, now, reason="Again", clock=here.clock)
        service.withdraw_event(tx, here.keeper, case_id, second, reason="Another case", clock=here.clock)
    with here.database.read() as tx:
        found = inside.moments_of(tx, case_id)
    assert [(one.id, one.at, one.note, one.replaces, one.withdraw_reason) for one in found] == [
        (first, now, "By letter", None, "Stamp says so"),
        (second, at, "By letter", first, "Another case"),
    ]
    assert events(here, case_id)[1:] == [Event.CASE_EVENT_NOTED, Event.CASE_EVENT_NOTED, Event.CASE_EVENT_WITHDRAWN]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_what_has_come_and_is_noted_by_hand_is_noted(here: CasePlace) -> None:
    case_id, now = here.open(), here.clock.now()
    for event, at in (("request-received", now + timedelta(seconds=1)), ("recorded", now), ("closed", now)):
        with pytest.raises(CaseFieldWrong), here.database.write() as tx:
            service.note_event(tx, here.keeper, case_id, event, at, clock=here.clock)
    with pytest.raises(CaseFieldWrong, match="zone"), here.database.write() as tx:
        service.note_event(tx, here.keeper, case_id, "request-received", now.replace(tzinfo=None), clock=here.clock)


# -- cases beside each other


def test_cases_are_put_beside_each_other_once(here: CasePlace) -> None:
    one, other = here.open("A-1"), here.open("A-2", CaseKind.DISCIPLINARY)
    with here.database.write() as tx:
        why = {"reason": "Same stop", "clock": here.clock}
        relation = service.relate_cases(tx, here.keeper, other, one, **why)
        for wrong in ((one, other), (one, one)):
            with pytest.raises(RelationWrong):
                service.relate_cases(tx, here.keeper, *wrong, **why)
        found = [inside.related_to(tx, here.keeper, case) for case in (one, other)]
        assert [[(beside.case_id, beside.number) for beside in of] for of in found] == [
            [(other, "A-2")],
            [(one, "A-1")],
        ]
        service.end_relation(tx, here.keeper, one, relation, **why)
        assert inside.related_to(tx, here.keeper, other) == []
        with pytest.raises(CaseEntryUnknown):
            service.end_relation(tx, here.keeper, other, relation, **why)
    # Neither history names the other case.
    for case_id, hidden in ((one, other), (other, one)):
        with here.database.read() as tx:
            told, _ = inside.history_of(tx, here.keeper, case_id)
        assert [step.kind for step in told][:2] == [Event.CASE_RELATION_ENDED, Event.CASE_RELATED]
        assert all(hidden not in step.details.values() for step in told)


# -- what the law hears


def test_the_law_hears_of_open_cases_and_of_their_moments(here: CasePlace) -> None:
    now, recording_id, free = here.clock.now(), here.record(), here.record(hours=1)
    first, second = here.open("A-1"), here.open("A-2")
    with here.database.write() as tx:
        for number, case_id in enumerate((first, second)):
            service.add_recordings(tx, here.keeper, case_id, [recording_id], reason="Shows it", clock=here.clock)
            for event in (LawEvent.REQUEST_RECEIVED, LawEvent.COMPLAINT_MADE):
                at = now - timedelta(days=number + 1)
                service.note_event(tx, here.keeper, case_id, event, at, clock=here.clock)
        assert lawful.open_cases_for(tx, [recording_id, free]) == {recording_id: ("A-1", "A-2")}
        # The earliest request obliges first; the latest complaint keeps longest.
        assert lawful.events_for(tx, [recording_id, free]) == {
            recording_id: {
                LawEvent.REQUEST_RECEIVED: now - timedelta(days=2),
                LawEvent.COMPLAINT_MADE: now - timedelta(days=1),
            }
        }
        service.close_case(tx, here.keeper, second, reason="Answered", clock=here.clock)
        assert lawful.open_cases_for(tx, [recording_id]) == {recording_id: ("A-1",)}
        told = lawful.events_for(tx, [recording_id])[recording_id]
        # What was answered does not run any more, and the last case is not closed.
        assert told[LawEvent.REQUEST_RECEIVED] == now - timedelta(days=1)
        assert LawEvent.CASE_CLOSED not in told
        here.clock.advance(60)
        service.close_case(tx, here.keeper, first, reason="Answered", clock=here.clock)
        assert lawful.events_for(tx, [recording_id])[recording_id][LawEvent.CASE_CLOSED] == here.clock.now()
        assert lawful.open_cases_for(tx, [recording_id]) == {}


# -- who may


def test_whoever_may_only_see_changes_nothing(here: CasePlace) -> None:
    case_id = here.open()
    for act in (
        lambda tx: service.open_case(tx, here.supervisor, "", "other", "A", clock=here.clock),
        lambda tx: service.close_case(tx, here.supervisor, case_id, reason="So", clock=here.clock),
        lambda tx: service.add_person(tx, here.supervisor, case_id, "other", name="A", clock=here.clock),
        lambda tx: service.relate_cases(tx, here.supervisor, case_id, case_id, reason="So", clock=here.clock),
    ):
        with pytest.raises(Refused, match="cases:manage"), here.database.write() as tx:
            act(tx)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_not_there_is_said(here: CasePlace) -> None:
    with here.database.write() as tx:
        with pytest.raises(CaseUnknown):
            service.close_case(tx, here.keeper, "none", reason="So", clock=here.clock)
        with pytest.raises(CaseUnknown):
            service.case(tx, here.keeper, "none")
        with pytest.raises(MatterError):
            service.cases(tx, here.keeper, CaseQuery(after="everything"))
