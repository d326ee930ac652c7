"""Holds: what they hold, who may, what they leave on record, when somebody is reminded."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.retention.conftest import Office

from candor.core.errors import CandorError
from candor.core.outbox import is_open, outbox_notice
from candor.custody import Event
from candor.custody.tables import custody_event
from candor.footage import purging, returning
from candor.footage.errors import RecordingUnknown, ReturnHeldBack
from candor.footage.facts import facts_of
from candor.footage.regrouping import regroup
from candor.footage.restricting import restrict
from candor.footage.restriction_rules import RestrictionKind
from candor.law.books import book_now
from candor.law.engine import retention_of
from candor.law.vocabulary import CaseKind, HoldKind
from candor.matters import service as matters
from candor.matters.reading import nothing_walled
from candor.people.errors import Refused
from candor.retention import errors, holds, proposing
from candor.retention.dispositions import DispositionKind, ItemState, items
from candor.retention.staying import must_stay

DUE = date(2027, 1, 31)


def test_a_hold_on_a_recording_keeps_it_until_somebody_releases_it(office: Office) -> None:
    clock, now = office.archive.clock, office.archive.clock.now()
    with office.archive.database.write() as tx:
        one, other = office.old(tx), office.old(tx)
        book = book_now(tx)
        assert must_stay(tx, DispositionKind.SCHEDULE, book, one, now) is None
        held = holds.place(
            tx,
            office.counsel,
            HoldKind.LITIGATION,
            recording_id=one,
            reason="  Doe v. City,\n26-CV-7 ",
            owner_id=office.records.account_id,
            review_on=date(2027, 1, 31),
            clock=clock,
        )
        assert not retention_of(book, facts_of(tx, one), now).purgeable
        why = must_stay(tx, DispositionKind.ERASURE, book, one, now)
        assert why == "A hold because of litigation: Doe v. City, 26-CV-7"
        assert must_stay(tx, DispositionKind.SCHEDULE, book, other, now) is None
        with pytest.raises(Refused):
            holds.release(tx, office.archive.officer, held, reason="no", clock=clock)
        with pytest.raises(errors.RetentionWordsMissing):
            holds.release(tx, office.counsel, held, reason=" ", clock=clock)
        holds.release(tx, office.archive.technician, held, reason="settled", clock=clock)
        with pytest.raises(errors.HoldReleased):
            holds.release(tx, office.counsel, held, reason="again", clock=clock)
        assert must_stay(tx, DispositionKind.SCHEDULE, book, one, now) is None
        found = holds.holds_of_recording(tx, one)
        assert [(one.open, one.release_reason, one.owner_id) for one in found] == [
            (False, "settled", office.records.account_id)
        ]
        kinds = [row.kind for row in tx.execute(custody_event.select().where(custody_event.c.recording_id == one))]
    assert sorted(kinds) == sorted([Event.HOLD_PLACED, Event.HOLD_RELEASED])


def test_a_hold_on_a_case_holds_what_is_added_later_and_lets_go_what_is_taken_out(office: Office) -> None:
    clock, now = office.archive.clock, office.archive.clock.now()
    with office.archive.database.write() as tx:
        one, later = office.old(tx), office.old(tx)
        case = matters.open_case(
            tx, office.technician, "26-1", CaseKind.CIVIL, "Doe", owner_id=office.technician.account_id, clock=clock
        )
        matters.add_recordings(tx, office.technician, case, [one], reason="shows it", clock=clock)
        holds.place(tx, office.counsel, HoldKind.DISCOVERY, matter_id=case, reason="asked for", clock=clock)
        matters.add_recordings(tx, office.technician, case, [later], reason="so does this", clock=clock)
        facts = facts_of(tx, later)
        assert [(hold.kind, hold.case) for hold in facts.holds] == [(HoldKind.DISCOVERY, "26-1")]
        hanging = matters.close_case(tx, office.technician, case, reason="over", clock=clock)
        assert any("discovery" in words for words in hanging)
        why = must_stay(tx, DispositionKind.SCHEDULE, book_now(tx), one, now)
        assert why == "A hold of the case 26-1 because of discovery: asked for"
        assert [one.case_number for one in holds.holds(tx)] == ["26-1"]
        assert len(holds.holds_of_case(tx, case)) == len(holds.holds_of_recording(tx, later)) == 1


def test_a_hold_goes_with_what_becomes_part_of_another_recording(office: Office) -> None:
    clock, camera = office.archive.clock, office.archive.camera
    with office.archive.database.write() as tx:
        one, other = office.old(tx, device_id=camera), office.old(tx, device_id=camera)
        made = proposing.propose(
            tx,
            office.technician,
            number="RC-1",
            kind=DispositionKind.SCHEDULE,
            authority="a",
            reason="b",
            choice=proposing.Choice((one,)),
            clock=clock,
        )
        later = max(one, other)
        held = holds.place(tx, office.counsel, HoldKind.LITIGATION, recording_id=later, reason="Doe", clock=clock)
        whole = regroup(tx, office.technician, [one, other], reason="one stop", clock=clock)
        assert whole == min(one, other)
        assert [hold.id for hold in facts_of(tx, whole).holds] == [held]
        again = holds.place(tx, office.counsel, HoldKind.REQUEST, recording_id=later, reason="Roe", clock=clock)
        assert holds.hold(tx, again).recording_id == whole
        assert [item.state for item in items(tx, made)] == [ItemState.KEPT]  # it is another one than was proposed


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_came_in_again_is_not_destroyed_while_its_recording_is_held(office: Office) -> None:
    archive, clock = office.archive, office.archive.clock
    taken = archive.worn(b"a film")
    given = (archive.vault, archive.jobs, office.technician, taken.recording_id)
    with archive.database.write() as tx:
        purging.purge(tx, *given, authority="RC-1", reason="over", clock=clock)
    clock.advance(60)
    assert archive.worn(b"a film").held
    with archive.database.write() as tx:
        (back,) = returning.waiting(tx, office.technician)
        held = holds.place(
            tx, office.counsel, HoldKind.LITIGATION, recording_id=taken.recording_id, reason="Doe", clock=clock
        )
        with pytest.raises(ReturnHeldBack, match="litigation"):
            returning.destroy_again(tx, archive.vault, office.technician, back.id, clock=clock)
        holds.release(tx, office.counsel, held, reason="settled", clock=clock)
        returning.destroy_again(tx, archive.vault, office.technician, back.id, clock=clock)


def test_a_hold_on_what_a_wall_closes_is_not_there_for_whoever_it_keeps_out(office: Office) -> None:
    """Neither its reason, nor its release, nor why a recording stayed."""
    clock, said = office.archive.clock, {"reason": "of it", "clock": office.archive.clock}
    technician, records = office.technician, office.records
    with office.archive.database.write() as tx:
        one, other = office.old(tx), office.old(tx)
        inside = matters.open_case(tx, technician, "IA-1", CaseKind.DISCIPLINARY, "Inside", clock=clock)
        outside = matters.open_case(tx, technician, "CR-1", CaseKind.CRIMINAL, "Outside", clock=clock)
        for case in (inside, outside):
            matters.add_recordings(tx, technician, case, [one], **said)
        held = holds.place(tx, office.counsel, HoldKind.INVESTIGATION, matter_id=inside, review_on=DUE, **said)
        assert [one.id for one in holds.holds(tx, seen_by=records)] == [held]
        assert nothing_walled(tx, records, one)
        matters.add_person(tx, technician, outside, "investigator", "criminal", account_id=records.account_id)
        for seen in (
            holds.holds(tx, seen_by=records),
            holds.due(tx, DUE, seen_by=records),
            holds.holds_of_recording(tx, one, seen_by=records),
        ):
            assert seen == []
        assert [one.id for one in holds.holds(tx, seen_by=office.counsel)] == [held]
        assert not nothing_walled(tx, records, one)
        with pytest.raises(errors.HoldUnknown):
            holds.release(tx, records, held, **said)
        alone = holds.place(tx, office.counsel, HoldKind.REQUEST, recording_id=other, **said)
        assert [one.id for one in holds.holds(tx, seen_by=records)] == [alone]
        restrict(tx, office.counsel, other, RestrictionKind.CASE, **said)
        assert holds.holds(tx, seen_by=records) == []
        assert not nothing_walled(tx, records, other)
        asked = {"authority": "order", "choice": proposing.Choice(recording_ids=(one,)), **said}
        with pytest.raises(errors.RecordingsMustStay, match="IA-1"):
            proposing.propose(tx, technician, number="D-1", kind=DispositionKind.ERASURE, **asked)
        matters.add_person(tx, technician, outside, "prosecutor", account_id=technician.account_id)
        with pytest.raises(errors.RecordingsMustStay, match="closed to you"):
            proposing.propose(tx, technician, number="D-2", kind=DispositionKind.ERASURE, **asked)
    clock.advance(timedelta(days=400).total_seconds())
    assert holds.go_round(office.archive.database, clock) == 1
    with office.archive.database.read() as tx:
        about_holds = outbox_notice.select().where(outbox_notice.c.about == "/retention/holds")
        assert [row.details for row in tx.execute(about_holds)] == [{"hold": held, "kind": "investigation"}]


def test_what_cannot_be_held_is_refused(office: Office) -> None:
    with office.archive.database.write() as tx:
        one = office.old(tx)

        def place(**given: object) -> None:
            holds.place(tx, office.counsel, HoldKind.REQUEST, **{"reason": "r", "clock": office.archive.clock, **given})  # type: ignore[arg-type]

        with pytest.raises(errors.HoldNeedsOne):
            place()
        with pytest.raises(errors.HoldNeedsOne):
            place(recording_id=one, matter_id="x")
        with pytest.raises(RecordingUnknown):
            place(recording_id="no such recording")
        with pytest.raises(CandorError):
            place(matter_id="no such case")
        with pytest.raises(errors.HoldOwnerUnknown):
            place(recording_id=one, owner_id="nobody")
        with pytest.raises(errors.HoldUnknown):
            holds.hold(tx, "no such hold")
        with pytest.raises(Refused):
            holds.place(tx, office.archive.officer, HoldKind.REQUEST, recording_id=one, reason="r")


def test_whoever_answers_for_a_hold_is_reminded_once_until_it_is_looked_at(office: Office) -> None:
    clock = office.archive.clock
    with office.archive.database.write() as tx:
        one = office.old(tx)
        held = holds.place(
            tx,
            office.counsel,
            HoldKind.COMPLAINT,
            recording_id=one,
            reason="complaint 12",
            owner_id=office.counsel.account_id,
            review_on=clock.now().date() + timedelta(days=1),
            clock=clock,
        )
    database = office.archive.database
    assert holds.go_round(database, clock) == 0
    clock.advance(timedelta(days=2).total_seconds())
    assert holds.go_round(database, clock) == 1
    assert holds.go_round(database, clock) == 0
    with database.write() as tx:
        assert [one.id for one in holds.due(tx, clock.now().date())] == [held]
        later = clock.now().date() + timedelta(days=90)
        holds.change_review(tx, office.counsel, held, review_on=later, owner_id=None, clock=clock)
        assert not is_open(tx, f"hold-review:{held}")
        assert holds.due(tx, clock.now().date()) == []
        assert holds.hold(tx, held).open
