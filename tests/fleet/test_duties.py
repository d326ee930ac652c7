"""Duties in a database: tests of cameras, what is wrong with them, trainings, and the round that reminds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests.fleet.conftest import Fleet
from tests.fleet.law import put_in_force

from candor.core.outbox import outbox_notice
from candor.custody.events import Event
from candor.custody.record import recent
from candor.fleet import assignments
from candor.fleet.duties import missed, rows, service, training
from candor.fleet.duties.errors import (
    DutyUnknown,
    MalfunctionUnknown,
    NotYourCamera,
    NotYourself,
    NotYourUnit,
    TrainingDayWrong,
    TrainingUnknown,
    WordsMissing,
)
from candor.fleet.duties.round import Done, go_round
from candor.fleet.duties.rules import Action, DutyKind, Result, Use
from candor.fleet.errors import DeviceUnknown
from candor.people.rules import Actor, Role

HOUR, SHIFT = timedelta(hours=1), timedelta(hours=12)


@pytest.fixture
def shift(fleet: Fleet) -> Fleet:
    """The law is in force, and Ann has the camera."""
    put_in_force(fleet.database, fleet.clock)
    with fleet.database.write() as tx:
        assignments.assign(tx, fleet.administrator, fleet.camera, fleet.ann, fleet.clock.now(), clock=fleet.clock)
    return fleet


@pytest.fixture
def uses() -> Iterator[list[Use]]:
    """What recordings say of when cameras were used; the room of footage is not loaded for these tests' sake."""
    before, known = list(missed.USES), []
    missed.USES[:] = [lambda _tx, begin, end: [use for use in known if begin <= use.at < end]]
    yield known
    missed.USES[:] = before


def _ann(fleet: Fleet) -> Actor:
    return Actor(fleet.ann, frozenset({Role.OFFICER}), fleet.unit_id, "Ann")


def _duties(fleet: Fleet, **given: Any) -> list[rows.Duty]:
    with fleet.database.read() as tx:
        return rows.duties(tx, **given)


def _events(fleet: Fleet, event: Event) -> list[Any]:
    with fleet.database.read() as tx:
        return [one.details for one in recent(tx, kinds=[event])]


def _told(fleet: Fleet) -> list[tuple[str, Any, bool]]:
    query = sa.select(outbox_notice).where(outbox_notice.c.kind.in_(["duty:due", "duty:overdue", "camera:malfunction"]))
    with fleet.database.read() as tx:
        found = tx.execute(query.order_by(outbox_notice.c.created_at, outbox_notice.c.kind)).all()
    return [(row.kind, row.recipients, row.resolved_at is None) for row in found]


def _round(fleet: Fleet, since: datetime) -> Done:
    return go_round(fleet.database, fleet.clock, since, shift=SHIFT)


def test_a_camera_in_order_is_marked_and_on_record(shift: Fleet) -> None:
    with shift.database.write() as tx:
        service.mark_tested(tx, _ann(shift), shift.camera, True, clock=shift.clock)
        found = service.last_tests(tx, [shift.camera, "nobody"])
    assert found[shift.camera].in_order
    assert found[shift.camera].tested_by == shift.ann
    (details,) = _events(shift, Event.DEVICE_TESTED)
    assert (details["device"], details["account"], details["in_order"]) == (shift.camera, shift.ann, True)
    assert _duties(shift) == []


def test_whoever_does_not_have_it_cannot_mark_it(shift: Fleet) -> None:
    ben = Actor(shift.ben, frozenset({Role.OFFICER}), None, "Ben")
    with shift.database.write() as tx:
        with pytest.raises(NotYourCamera):
            service.mark_tested(tx, ben, shift.camera, True, clock=shift.clock)
        with pytest.raises(DeviceUnknown):
            service.mark_tested(tx, ben, "nowhere", True, clock=shift.clock)
        service.mark_tested(tx, shift.administrator, shift.camera, True, clock=shift.clock)


def test_not_in_order_leads_to_saying_what_and_to_the_supervisor(shift: Fleet) -> None:
    boss = shift.add("boss", Role.SUPERVISOR, password=None, unit_id=shift.unit_id)
    with shift.database.write() as tx:
        service.mark_tested(tx, _ann(shift), shift.camera, False, prompt=5 * HOUR, clock=shift.clock)
        service.mark_tested(tx, _ann(shift), shift.camera, False, clock=shift.clock)
        (found,) = service.open_malfunctions(tx, unit_id=shift.unit_id)
    say, act = sorted(_duties(shift), key=lambda one: one.kind)
    assert (say.kind, say.account_id, say.due_at) == (
        DutyKind.REPORT_MALFUNCTION,
        shift.ann,
        shift.clock.now() + 5 * HOUR,
    )
    assert (act.kind, act.account_id, act.unit_id) == (DutyKind.SUPERVISOR_ACTION, None, shift.unit_id)
    assert act.citation == "Conn. Gen. Stat. § 29-6d (i)"
    assert found.what is None
    assert _told(shift) == [("camera:malfunction", [boss.account_id], True)]
    with shift.database.write() as tx:
        service.report(tx, _ann(shift), shift.camera, "The lens is broken.", clock=shift.clock)
        (found,) = service.open_malfunctions(tx)
    assert found.what == "The lens is broken."
    assert [one.kind for one in _duties(shift)] == [DutyKind.SUPERVISOR_ACTION]
    with shift.database.write() as tx:
        other = Actor("x", frozenset({Role.SUPERVISOR}), "elsewhere", "X")
        with pytest.raises(NotYourUnit):
            service.act_on(tx, other, found.id, Action.REPAIRED, clock=shift.clock)
        service.act_on(tx, boss, found.id, Action.REPLACED, note="New one", clock=shift.clock)
        with pytest.raises(MalfunctionUnknown):
            service.act_on(tx, boss, found.id, Action.REPLACED, clock=shift.clock)
    assert _duties(shift) == []
    settled = _duties(shift, settled_since=shift.clock.now())
    assert {one.result for one in settled} == {Result.DONE}
    assert _told(shift)[0][2] is False
    assert [one["action"] for one in _events(shift, Event.MALFUNCTION_ACTED_ON)] == ["replaced"]


def test_said_at_once_it_waits_for_the_supervisor_alone(shift: Fleet) -> None:
    with shift.database.write() as tx:
        service.mark_tested(tx, _ann(shift), shift.camera, False, what="No sound", clock=shift.clock)
    assert [one.kind for one in _duties(shift)] == [DutyKind.SUPERVISOR_ACTION]
    assert [one["what"] for one in _events(shift, Event.MALFUNCTION_REPORTED)] == ["No sound"]
    with shift.database.write() as tx, pytest.raises(WordsMissing):
        service.report(tx, _ann(shift), shift.camera, " ", clock=shift.clock)


def test_without_a_rule_there_is_no_duty(fleet: Fleet) -> None:
    with fleet.database.write() as tx:
        assignments.assign(tx, fleet.administrator, fleet.camera, fleet.ann, fleet.clock.now(), clock=fleet.clock)
        service.mark_tested(tx, _ann(fleet), fleet.camera, False, clock=fleet.clock)
        assert len(service.open_malfunctions(tx)) == 1
        assert assignments.lacking(tx, fleet.ann, fleet.camera, fleet.clock.now()) == ()
    assert _round(fleet, fleet.clock.now()) == Done(0, 0, 0)
    assert _duties(fleet) == []


def test_training_before_use_is_due_from_when_the_camera_was_given_out(shift: Fleet) -> None:
    since = shift.clock.now()
    shift.clock.advance(60)
    with shift.database.read() as tx:
        (words,) = assignments.lacking(tx, shift.ann, shift.camera, shift.clock.now())
    assert "29-6d (h)" in words
    assert _round(shift, since) == Done(1, 0, 1)
    assert _round(shift, since) == Done(0, 0, 0), "nothing is done twice"
    (duty,) = _duties(shift)
    assert (duty.kind, duty.account_id, duty.due_at) == (DutyKind.INITIAL_TRAINING, shift.ann, since)
    assert _told(shift) == [("duty:overdue", [shift.ann], True)]
    with shift.database.write() as tx:
        training.record_training(
            tx, shift.administrator, shift.ann, "Basic", shift.clock.now().date(), clock=shift.clock
        )
        assert assignments.lacking(tx, shift.ann, shift.camera, shift.clock.now()) == ()
    assert _duties(shift) == []
    assert _told(shift) == [("duty:overdue", [shift.ann], False)]
    assert _round(shift, since) == Done(0, 0, 0)


def test_training_again_within_a_year(shift: Fleet) -> None:
    since, trained = shift.clock.now(), date(2026, 1, 5)
    with shift.database.write() as tx:
        done = training.record_training(tx, shift.administrator, shift.ann, "Basic", trained, clock=shift.clock)
    opened: list[Done] = []
    for _ in range(14):
        shift.clock.advance(30 * 24 * 3600)
        opened.append(_round(shift, since))
    assert sum(one.opened for one in opened) == 1, "Ann's year; Ben was never trained, and has no camera"
    (duty,) = [one for one in _duties(shift) if one.account_id == shift.ann]
    assert duty.kind is DutyKind.ANNUAL_TRAINING
    assert duty.due_at.date() == date(2027, 1, 6), "the end of that day where the agency is"
    with shift.database.write() as tx:
        old = training.record_training(tx, shift.administrator, shift.ann, "Older", trained, clock=shift.clock)
    assert len([one for one in _duties(shift) if one.account_id == shift.ann]) == 1, "what is too old does not do it"
    with shift.database.write() as tx:
        day = shift.clock.now().date()
        new = training.record_training(tx, shift.administrator, shift.ann, "Yearly", day, clock=shift.clock)
    assert [one for one in _duties(shift) if one.account_id == shift.ann] == []
    with shift.database.write() as tx:
        assert [one.id for one in training.trainings_of(tx, shift.ann)] == [new, old, done]
        training.withdraw_training(tx, shift.administrator, new, reason="Somebody else", clock=shift.clock)
        assert [one.id for one in training.recent(tx, unit_id=shift.unit_id)] == [old, done]
        with pytest.raises(TrainingUnknown):
            training.withdraw_training(tx, shift.administrator, new, reason="Again", clock=shift.clock)
    assert [one.id for one in _duties(shift) if one.account_id == shift.ann] == [duty.id], "it is to be done again"


def test_nobody_records_a_training_of_their_own_or_of_another_unit(shift: Fleet) -> None:
    today = shift.clock.now().date()
    boss = shift.add("boss", Role.SUPERVISOR, password=None, unit_id=shift.unit_id)
    with shift.database.write() as tx:
        with pytest.raises(NotYourself):
            training.record_training(tx, boss, boss.account_id, "Basic", today, clock=shift.clock)
        with pytest.raises(NotYourUnit):
            training.record_training(tx, boss, shift.ben, "Basic", today, clock=shift.clock)
        with pytest.raises(TrainingDayWrong):
            training.record_training(tx, boss, shift.ann, "Basic", today + timedelta(days=1), clock=shift.clock)
        training.record_training(tx, boss, shift.ann, "Basic", today, clock=shift.clock)


def test_a_shift_without_a_test_is_missed_once(shift: Fleet, uses: list[Use]) -> None:
    since = shift.clock.now()
    with shift.database.write() as tx:
        training.record_training(
            tx, shift.administrator, shift.ann, "Basic", shift.clock.now().date(), clock=shift.clock
        )
    before = Use(shift.camera, shift.ann, since - HOUR, "before")
    first = Use(shift.camera, shift.ann, since + 20 * HOUR, "first")
    uses += [before, first, Use(shift.camera, shift.ann, since + 21 * HOUR, "same shift")]
    shift.clock.advance(22 * 3600)
    assert _round(shift, since).missed == 1
    uses.append(Use(shift.camera, shift.ann, since + 19 * HOUR, "came in late"))
    assert _round(shift, since).missed == 0, "the same shift, of which an earlier recording came in later"
    (duty,) = _duties(shift)
    assert (duty.kind, duty.result, duty.due_at) == (DutyKind.INSPECT_AND_TEST, Result.MISSED, first.at)
    assert duty.overdue(shift.clock.now())
    shift.clock.advance(12 * 3600)
    with shift.database.write() as tx:
        service.mark_tested(tx, _ann(shift), shift.camera, True, clock=shift.clock)
    uses.append(Use(shift.camera, shift.ann, shift.clock.now() + HOUR, "next day"))
    shift.clock.advance(2 * 3600)
    assert _round(shift, since).missed == 0, "this one was tested before"
    with shift.database.write() as tx:
        with pytest.raises(DutyUnknown):
            service.explain(
                tx, Actor(shift.ben, frozenset({Role.OFFICER}), None, "Ben"), duty.id, "No", clock=shift.clock
            )
        service.explain(tx, _ann(shift), duty.id, "Called out at once", clock=shift.clock)
    assert _duties(shift) == []
    (kept,) = [one for one in _duties(shift, settled_since=since) if one.kind is DutyKind.INSPECT_AND_TEST]
    assert (kept.result, kept.note) == (Result.EXPLAINED, "Called out at once")
    assert len(_events(shift, Event.DUTY_MISSED)) == len(_events(shift, Event.DUTY_EXPLAINED)) == 1


def test_supervisors_are_told_a_day_later_and_once(shift: Fleet) -> None:
    since = shift.clock.now()
    boss = shift.add("boss", Role.SUPERVISOR, password=None, unit_id=shift.unit_id)
    shift.clock.advance(60)
    _round(shift, since)
    assert [one[1] for one in _told(shift)] == [[shift.ann]]
    shift.clock.advance(24 * 3600)
    assert _round(shift, since).told == 1
    assert _round(shift, since).told == 0
    assert _told(shift)[-1] == ("duty:overdue", [boss.account_id], True)
    with shift.database.write() as tx:
        training.record_training(
            tx, shift.administrator, shift.ann, "Basic", shift.clock.now().date(), clock=shift.clock
        )
    _round(shift, since)
    assert [one[2] for one in _told(shift)] == [False, False]
