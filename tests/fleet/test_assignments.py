"""Who had which camera: no overlap, also when two people enter something at once; what was entered stays."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection
from tests.fleet.conftest import Fleet

from candor.core.clock import Clock, iso
from candor.core.ids import new_id
from candor.custody.events import Event
from candor.custody.record import recent
from candor.fleet import assignments
from candor.fleet.assignments import (
    Assignment,
    Changed,
    assign,
    assignment,
    assignments_between,
    assignments_of,
    assignments_of_account,
    correct_assignment,
    end_assignment,
    holders_now,
    wearer_at,
    withdraw_assignment,
)
from candor.fleet.errors import (
    AccountUnknown,
    AssignmentEnded,
    AssignmentNeedsEnd,
    AssignmentOverlaps,
    AssignmentSpanWrong,
    AssignmentUnknown,
    DeviceNotUsable,
    DeviceUnknown,
    ReasonMissing,
)
from candor.fleet.service import change_device, register_device
from candor.fleet.spans import Span
from candor.people.errors import Refused
from candor.people.rules import Actor, Role

DAY = datetime(2026, 11, 20, tzinfo=UTC)


def at(hour: float) -> datetime:
    """An hour of the day."""
    return DAY + timedelta(hours=hour)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Changed]:
    """What rooms above are told of."""
    found: list[Changed] = []

    def hear(_tx: object, changed: Changed, _clock: Clock) -> None:
        found.append(changed)

    monkeypatch.setattr(assignments, "AFTER", [hear])
    return found


def test_assign_and_ask(fleet: Fleet, heard: list[Changed]) -> None:
    chief, clock = fleet.administrator, fleet.clock
    with fleet.database.write() as tx:
        made = assign(tx, chief, fleet.camera, fleet.ann, at(8), at(16), note=" day shift ", clock=clock)
        found = assignment(tx, made)
        assert (found.account_id, found.from_at, found.to_at, found.note) == (fleet.ann, at(8), at(16), "day shift")
        assert wearer_at(tx, fleet.camera, at(8)) == found
        assert wearer_at(tx, fleet.camera, at(15.99)) == found
        assert wearer_at(tx, fleet.camera, at(16)) is None
        assert wearer_at(tx, fleet.camera, at(7.99)) is None
        assert assignments_of_account(tx, fleet.ann) == [found]
        assert holders_now(tx, at(9)) == {fleet.camera: found}
        (event,) = recent(tx, kinds=[Event.ASSIGNMENT_MADE])
    assert event.details == {
        "assignment": made,
        "device": fleet.camera,
        "serial": "X60A1",
        "account": fleet.ann,
        "from": iso(at(8)),
        "to": iso(at(16)),
        "note": "day shift",
    }
    assert heard == [Changed(fleet.camera, Span(at(8), at(16)), made, chief.account_id)]


def test_the_next_ends_the_one_before(fleet: Fleet, heard: list[Changed]) -> None:
    chief, clock = fleet.administrator, fleet.clock
    with fleet.database.write() as tx:
        first = assign(tx, chief, fleet.camera, fleet.ann, at(8), clock=clock)
        second = assign(tx, chief, fleet.camera, fleet.ben, at(16), at(20), clock=clock)
        assert assignment(tx, first).to_at == at(16)
        assert [one.id for one in assignments_of(tx, fleet.camera)] == [second, first]
        assert wearer_at(tx, fleet.camera, at(21)) is None
        (ended,) = recent(tx, kinds=[Event.ASSIGNMENT_ENDED])
    assert (ended.details["to"], ended.details["was_to"]) == (iso(at(16)), None)
    # After 20:00 it is said otherwise than before as well: nobody has it now.
    assert heard[-1] == Changed(fleet.camera, Span(at(16), None), second, chief.account_id)


def test_ending(fleet: Fleet, heard: list[Changed]) -> None:
    chief, clock = fleet.administrator, fleet.clock
    with fleet.database.write() as tx:
        made = assign(tx, chief, fleet.camera, fleet.ann, at(8), clock=clock)
        with pytest.raises(AssignmentSpanWrong):
            end_assignment(tx, chief, made, at(8), clock=clock)
        end_assignment(tx, chief, made, at(12), clock=clock)
        with pytest.raises(AssignmentEnded):
            end_assignment(tx, chief, made, at(13), clock=clock)
        end_assignment(tx, chief, made, at(11), clock=clock)
        assert assignment(tx, made).to_at == at(11)
    assert [one.span for one in heard[1:]] == [Span(at(12), None), Span(at(11), at(12))]


@pytest.mark.parametrize(
    ("first", "last"),
    [(8, 16), (7, 9), (15, 17), (9, 10), (7, 17), (7, None)],
)
def test_overlaps_are_refused(fleet: Fleet, first: float, last: float | None) -> None:
    chief, clock = fleet.administrator, fleet.clock
    until = None if last is None else at(last)
    with fleet.database.write() as tx:
        assign(tx, chief, fleet.camera, fleet.ann, at(8), at(16), clock=clock)
    with fleet.database.write() as tx, pytest.raises(AssignmentOverlaps, match="X60A1"):
        assign(tx, chief, fleet.camera, fleet.ben, at(first), until, clock=clock)
    with fleet.database.write() as tx:  # another camera is another matter
        other = register_device(tx, chief, "X60A2", "body", clock=clock)
        assign(tx, chief, other, fleet.ben, at(first), until, clock=clock)
        assert len(assignments_of(tx, fleet.camera)) == 1


def test_an_earlier_one_without_end_does_not_swallow_a_later_one(fleet: Fleet) -> None:
    chief, clock = fleet.administrator, fleet.clock
    with fleet.database.write() as tx:
        assign(tx, chief, fleet.camera, fleet.ann, at(8), clock=clock)
        with pytest.raises(AssignmentOverlaps, match="open end"):
            assign(tx, chief, fleet.camera, fleet.ben, at(6), clock=clock)
        assign(tx, chief, fleet.camera, fleet.ben, at(6), at(8), clock=clock)


def test_correcting_keeps_what_was(fleet: Fleet, heard: list[Changed]) -> None:
    chief, clock = fleet.administrator, fleet.clock
    with fleet.database.write() as tx:
        wrong = assign(tx, chief, fleet.camera, fleet.ann, at(8), at(16), clock=clock)
        with pytest.raises(ReasonMissing):
            correct_assignment(tx, chief, wrong, fleet.ben, at(8), at(16), reason="  ", clock=clock)
        right = correct_assignment(tx, chief, wrong, fleet.ben, at(9), at(15), reason="swapped", clock=clock)
        with pytest.raises(AssignmentUnknown):
            assignment(tx, wrong)
        assert [one.id for one in assignments_of(tx, fleet.camera)] == [right]
        kept = {one.id: one for one in assignments_of(tx, fleet.camera, withdrawn=True)}
        assert kept[wrong].account_id == fleet.ann
        assert kept[wrong].withdrawn_at == clock.now()
        assert kept[right].replaces == wrong
        assert correct_assignment(tx, chief, right, fleet.ben, at(9), at(15), reason="same", clock=clock) == right
        (event,) = recent(tx, kinds=[Event.ASSIGNMENT_CORRECTED])
    assert event.details["old"] == {"account": fleet.ann, "from": iso(at(8)), "to": iso(at(16))}
    assert event.details["reason"] == "swapped"
    assert heard[-1].span == Span(at(8), at(16))


def test_a_correction_overlaps_nothing(fleet: Fleet) -> None:
    chief, clock = fleet.administrator, fleet.clock
    with fleet.database.write() as tx:
        first = assign(tx, chief, fleet.camera, fleet.ann, at(8), at(12), clock=clock)
        assign(tx, chief, fleet.camera, fleet.ben, at(12), at(16), clock=clock)
    with fleet.database.write() as tx, pytest.raises(AssignmentOverlaps):
        correct_assignment(tx, chief, first, fleet.ann, at(8), at(12.5), reason="later", clock=clock)
    with fleet.database.write() as tx:
        assert assignment(tx, first).to_at == at(12)


def test_withdrawing(fleet: Fleet, heard: list[Changed]) -> None:
    chief, clock = fleet.administrator, fleet.clock
    with fleet.database.write() as tx:
        made = assign(tx, chief, fleet.camera, fleet.ann, at(8), at(16), clock=clock)
        withdraw_assignment(tx, chief, made, reason="the wrong camera", clock=clock)
        assert wearer_at(tx, fleet.camera, at(9)) is None
        assert assignments_of(tx, fleet.camera) == []
        assert [one.id for one in assignments_of(tx, fleet.camera, withdrawn=True)] == [made]
        (event,) = recent(tx, kinds=[Event.ASSIGNMENT_WITHDRAWN])
        assign(tx, chief, fleet.camera, fleet.ben, at(8), at(16), clock=clock)
    assert (event.details["account"], event.details["reason"]) == (fleet.ann, "the wrong camera")
    assert heard[1].span == Span(at(8), at(16))


def test_pooled_cameras_are_had_for_a_stretch(fleet: Fleet) -> None:
    chief, clock = fleet.administrator, fleet.clock
    with fleet.database.write() as tx:
        pooled = register_device(tx, chief, "P1", "body", pooled=True, clock=clock)
        with pytest.raises(AssignmentNeedsEnd, match="P1"):
            assign(tx, chief, pooled, fleet.ann, at(8), clock=clock)
        assign(tx, chief, pooled, fleet.ann, at(8), at(16), clock=clock)
        assign(tx, chief, pooled, None, at(16), clock=clock)
        assign(tx, chief, pooled, fleet.ben, at(20), at(23), clock=clock)
        lying = wearer_at(tx, pooled, at(17))
        assert lying is not None
        assert lying.account_id is None
        assert lying.to_at == at(20)
        assert holders_now(tx, at(17)) == {}


def test_what_nobody_can_be_given(fleet: Fleet) -> None:
    chief, clock = fleet.administrator, fleet.clock
    officer = Actor("someone", frozenset({Role.OFFICER}), None, "")
    now = clock.now()
    with fleet.database.write() as tx:
        running = assign(tx, chief, fleet.camera, fleet.ann, now - timedelta(days=2), clock=clock)
        change_device(tx, chief, fleet.camera, {"state": "repair"}, clock=clock)
        assert assignment(tx, running).to_at == now
        with pytest.raises(DeviceNotUsable, match="in repair"):
            assign(tx, chief, fleet.camera, fleet.ben, now, clock=clock)
        # What was before can still be entered.
        assign(tx, chief, fleet.camera, fleet.ben, now - timedelta(days=4), now - timedelta(days=3), clock=clock)
        with pytest.raises(Refused):
            assign(tx, officer, fleet.camera, fleet.ben, now, clock=clock)
        with pytest.raises(DeviceUnknown):
            assign(tx, chief, "nothing", fleet.ben, now, clock=clock)
        with pytest.raises(AccountUnknown):
            assign(tx, chief, fleet.camera, "nobody", at(1), at(2), clock=clock)
        with pytest.raises(AssignmentUnknown):
            end_assignment(tx, chief, "nothing", clock=clock)


def test_two_at_once(fleet: Fleet) -> None:
    """Twelve people enter the same shift of one camera at the same moment: one has it, eleven are told so."""
    gate = threading.Barrier(12)
    outcomes: list[str] = []

    def enter(number: int) -> None:
        gate.wait()
        try:
            with fleet.database.write() as tx:
                span = (at(8 + number % 3), at(12 + number % 3))
                assign(tx, fleet.administrator, fleet.camera, fleet.ann, *span, clock=fleet.clock)
            outcomes.append("entered")
        except AssignmentOverlaps:
            outcomes.append("overlaps")

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["entered"] + ["overlaps"] * 11
    with fleet.database.read() as tx:
        assert len(assignments_of(tx, fleet.camera)) == 1


def test_two_without_end_at_once(fleet: Fleet) -> None:
    """Each ends the one before; whatever the order, no two overlap."""
    gate = threading.Barrier(8)

    def enter(number: int) -> None:
        gate.wait()
        try:
            with fleet.database.write() as tx:
                assign(tx, fleet.administrator, fleet.camera, fleet.ann, at(number), clock=fleet.clock)
        except AssignmentOverlaps:
            pass

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with fleet.database.read() as tx:
        found = [one.span for one in reversed(assignments_of(tx, fleet.camera))]
    assert found
    assert sum(one.to_at is None for one in found) == 1
    assert all(a.to_at is not None and a.to_at <= b.from_at for a, b in pairwise(found))


_HOURS = st.integers(0, 47)
_ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("assign"), _HOURS, st.none() | st.integers(1, 12), st.integers(0, 1)),
        st.tuples(st.just("end"), _HOURS, st.integers(0, 9), st.none()),
        st.tuples(st.just("correct"), _HOURS, st.integers(1, 12), st.integers(0, 9)),
        st.tuples(st.just("withdraw"), st.integers(0, 9), st.none(), st.none()),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=_ACTS)
def test_whatever_is_entered_nothing_overlaps(fleet: Fleet, acts: list[tuple[str, int, int | None, int]]) -> None:
    with fleet.database.write() as tx:  # one database for many examples: each has a camera of its own
        camera = register_device(tx, fleet.administrator, f"H{new_id()}", "body", clock=fleet.clock)
    for act in acts:
        with fleet.database.read() as tx:
            present = assignments_of(tx, camera)
        try:
            with fleet.database.write() as tx:
                _do(tx, fleet, camera, present, act)
        except (AssignmentOverlaps, AssignmentEnded, AssignmentSpanWrong):
            with fleet.database.read() as tx:
                assert assignments_of(tx, camera) == present
    with fleet.database.read() as tx:
        found = list(reversed(assignments_of(tx, camera)))
        for one in found:
            assert wearer_at(tx, camera, one.from_at) == one
        assert assignments_between(tx, camera, Span(at(-1), None)) == found
    assert all(a.to_at is not None and a.to_at <= b.from_at for a, b in pairwise(found))


def _do(
    tx: Connection, fleet: Fleet, camera: str, present: list[Assignment], act: tuple[str, int, int | None, int]
) -> None:
    name, first, second, third = act
    chief, clock = fleet.administrator, fleet.clock
    if name == "assign":
        until = None if second is None else at(first + second)
        assign(tx, chief, camera, (fleet.ann, fleet.ben)[third], at(first), until, clock=clock)
    elif present and name == "end":
        end_assignment(tx, chief, present[(second or 0) % len(present)].id, at(first), clock=clock)
    elif present and name == "correct":
        span = (at(first), at(first + (second or 1)))
        correct_assignment(tx, chief, present[third % len(present)].id, fleet.ben, *span, reason="so", clock=clock)
    elif present and name == "withdraw":
        withdraw_assignment(tx, chief, present[first % len(present)].id, reason="so", clock=clock)
