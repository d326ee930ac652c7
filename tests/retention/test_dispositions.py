"""Dispositions: two people, a choice that may go, a recycle period, and what is kept back."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.retention.conftest import Office

from candor.custody import Event
from candor.custody.tables import custody_event
from candor.footage.errors import RecordingUnknown
from candor.law.vocabulary import HoldKind
from candor.people.errors import Refused
from candor.people.rules import Role
from candor.retention import deciding, errors, holds, proposing, running
from candor.retention.dispositions import (
    DispositionKind,
    DispositionState,
    ItemState,
    disposition_of,
    dispositions_of_recording,
    items,
    tally,
)

SCHEDULE, ERASURE = DispositionKind.SCHEDULE, DispositionKind.ERASURE


def propose(
    tx: sa.Connection, office: Office, choice: proposing.Choice, number: str = "RC-108", **given: object
) -> str:
    said = {"number": number, "kind": SCHEDULE, "authority": "Schedule M4", "reason": "its period is over", **given}
    return proposing.propose(tx, office.technician, choice=choice, clock=office.archive.clock, **said)  # type: ignore[arg-type]


def test_all_that_the_plan_lets_go_or_a_part_of_it(office: Office) -> None:
    with office.archive.database.write() as tx:
        old = sorted(office.old(tx, size=10, duration_ms=1000) for _ in range(3))
        force = office.old(tx, days=2000, category="Use of force")
        for days, category in ((2, "Traffic stop"), (400, "Use of force"), (4000, None)):
            office.old(tx, days=days, category=category)
        first = propose(tx, office, proposing.Choice(everything=True, category="Traffic stop"))
        found = disposition_of(tx, "RC-108")
        assert (found.id, found.recordings, found.size, found.duration_ms) == (first, 3, 30, 3000)
        assert [one.recording_id for one in items(tx, first)] == old
        rest = propose(tx, office, proposing.Choice(everything=True), "RC-109")
        assert [one.recording_id for one in items(tx, rest)] == [force]  # the others wait in the first
        with pytest.raises(errors.DispositionEmpty):
            propose(tx, office, proposing.Choice(everything=True), "RC-110")
        with pytest.raises(errors.DispositionNumberTaken):
            propose(tx, office, proposing.Choice(everything=True))
        long_ago = office.archive.clock.now() - timedelta(days=3000)
        with pytest.raises(errors.DispositionEmpty):
            propose(tx, office, proposing.Choice(everything=True, before=long_ago), "RC-111")


def test_what_must_stay_is_not_proposed(office: Office) -> None:
    with office.archive.database.write() as tx:
        old, young = office.old(tx), office.old(tx, days=3)
        with pytest.raises(errors.RecordingsMustStay, match="period is not over"):
            propose(tx, office, proposing.Choice((old, young)))
        with pytest.raises(RecordingUnknown):
            propose(tx, office, proposing.Choice((old, "no such recording")), "RC-1")
        holds.place(tx, office.counsel, HoldKind.LITIGATION, recording_id=young, reason="Doe", clock=None)
        with pytest.raises(errors.RecordingsMustStay, match="litigation"):
            propose(tx, office, proposing.Choice((young,)), "RC-2", kind=ERASURE)
        with pytest.raises(errors.DispositionEmpty):
            propose(tx, office, proposing.Choice(everything=True), "RC-3", kind=ERASURE)
        with pytest.raises(errors.RetentionWordsMissing):
            propose(tx, office, proposing.Choice((old,)), "RC-4", authority="")
        with pytest.raises(Refused):
            proposing.propose(
                tx,
                office.counsel,
                number="RC-5",
                kind=SCHEDULE,
                authority="a",
                reason="b",
                choice=proposing.Choice((old,)),
            )
        propose(tx, office, proposing.Choice((old,)), "RC-6")
        with pytest.raises(errors.RecordingsMustStay, match="another disposition"):
            propose(tx, office, proposing.Choice((old,)), "RC-7")


def test_another_person_approves_and_no_one_of_whom_it_is(office: Office) -> None:
    clock, both = (
        office.archive.clock,
        office.archive.place.add("both", Role.EVIDENCE_TECHNICIAN, Role.RECORDS_OFFICER, password=None),
    )
    with office.archive.database.write() as tx:
        mine = office.old(tx, wearer_id=office.records.account_id)
        made = proposing.propose(
            tx,
            both,
            number="RC-1",
            kind=SCHEDULE,
            authority="a",
            reason="b",
            choice=proposing.Choice((mine,)),
            clock=clock,
        )
        for actor, error in (
            (both, errors.DispositionBySamePerson),
            (office.records, errors.DispositionOfOwn),
            (office.technician, Refused),
        ):
            with pytest.raises(error):
                deciding.approve(tx, actor, made, reason="yes", recycle_days=30, clock=clock)
        deciding.approve(tx, office.counsel, made, reason="yes", recycle_days=30, at_once=True, clock=clock)
        found = disposition_of(tx, made)
        assert found.recycle_until == clock.now() + timedelta(days=30)  # by schedule nothing goes at once
        with pytest.raises(errors.DispositionState):
            deciding.refuse(tx, office.counsel, made, reason="no", clock=clock)
        with pytest.raises(errors.RecycleNotOver):
            running.begin(tx, office.technician, made, pause_days=14, clock=clock)
        row = tx.execute(custody_event.select().where(custody_event.c.kind == Event.DISPOSITION_APPROVED)).one()
    assert both.account_id in row.payload
    assert row.actor == office.counsel.account_id


def test_kept_back_refused_withdrawn(office: Office) -> None:
    clock = office.archive.clock
    with office.archive.database.write() as tx:
        one, other = sorted((office.old(tx), office.old(tx)))
        made = propose(tx, office, proposing.Choice((one, other)))
        deciding.keep_item(tx, office.counsel, made, one, reason="somebody asked", clock=clock)
        with pytest.raises(errors.ItemUnknown):
            deciding.keep_item(tx, office.counsel, made, one, reason="again", clock=clock)
        with pytest.raises(Refused):
            deciding.keep_item(tx, office.archive.officer, made, other, reason="mine", clock=clock)
        assert tally(tx, made)[ItemState.KEPT] == 1
        deciding.withdraw(tx, office.technician, made, reason="a mistake", clock=clock)
        assert disposition_of(tx, made).state is DispositionState.WITHDRAWN
        assert [item.why for _, item in dispositions_of_recording(tx, other)] == ["The disposition was withdrawn."]
        with pytest.raises(errors.DispositionState):
            deciding.approve(tx, office.counsel, made, reason="yes", recycle_days=0, clock=clock)
        again = propose(tx, office, proposing.Choice((one, other)), "RC-2")
        deciding.refuse(tx, office.counsel, again, reason="not now", clock=clock)
        with pytest.raises(errors.DispositionState):
            running.begin(tx, office.technician, again, pause_days=0, clock=clock)
        with pytest.raises(errors.DispositionUnknown):
            disposition_of(tx, "no such one")
