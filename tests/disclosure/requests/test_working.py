"""Working on requests: what is meant and held, clocks and their extension, messages, notices, answers, two at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from tests.disclosure.requests.place import RequestPlace

from candor.core.outbox import NoticeKind, outbox_notice
from candor.disclosure.requests import (
    answering,
    assigning,
    changing,
    clocks,
    errors,
    facts,
    meant,
    messages,
    reading,
    registered,
)
from candor.disclosure.requests.naming import Named
from candor.disclosure.requests.rules import ClockState, Meant, Outcome, RequestState, Way
from candor.disclosure.requests.tables import request_clock, request_recording
from candor.footage import facts as footage_facts
from candor.footage import register
from candor.footage.errors import RecordingUnknown
from candor.footage.tables import recording
from candor.law.vocabulary import HoldKind, LawEvent
from candor.people.errors import Refused
from candor.people.rules import Role
from candor.retention import holds

assert registered.__all__ == []


def test_what_is_meant_is_held_and_free_again_with_the_answer(here: RequestPlace) -> None:
    asked, one, other = here.ask(), here.record(), here.record(hours=1)
    with here.database.write() as tx:
        assert meant.mean(tx, here.records, asked.id, [one, other], why="It is the stop.", clock=here.clock) == sorted(
            [one, other]
        )
        assert meant.mean(tx, here.records, asked.id, [one], why="Again.", clock=here.clock) == []
        (kept,) = holds.holds_of_recording(tx, one)
        assert (kept.kind, kept.open, kept.placed_by) == (HoldKind.REQUEST, True, "system:requests")
        meant.not_mean(tx, here.records, asked.id, [other], why="Another stop.", clock=here.clock)
        assert not holds.holds_of_recording(tx, other)[0].open
        known = reading.recordings_of_request(tx, here.records, asked.id, meant=None).rows
        assert {row.recording_id: row.meant for row in known} == {one: Meant.MEANT, other: Meant.NOT_MEANT}
        assert [found.id for found in reading.requests_of_recording(tx, here.records, one)] == [asked.id]
        assert reading.requests_of_recording(tx, here.records, other) == []
        assert reading.requests_of_recording(tx, here.officer, one) == []
    assert here.read(asked.id).state is RequestState.WORKING
    with here.database.write() as tx:
        answering.answer(tx, here.records, asked.id, Outcome.RELEASED, clock=here.clock)
        assert not any(found.open for found in holds.holds_of_recording(tx, one))
    with here.database.write() as tx:
        answering.reopen(tx, here.records, asked.id, reason="They asked again.", clock=here.clock)
        assert sum(found.open for found in holds.holds_of_recording(tx, one)) == 1
        assert any("R-2026-0001" in words for words in register.references_to(tx, one))


def test_all_or_none_of_the_recordings_and_only_those_that_may_be_seen(here: RequestPlace) -> None:
    asked, one = here.ask(), here.record()
    with pytest.raises(RecordingUnknown), here.database.write() as tx:
        meant.mean(tx, here.records, asked.id, [one, "nothing"], why="Both.", clock=here.clock)
    for wrong, error in (([], errors.RequestFieldWrong), ([str(n) for n in range(501)], errors.TooManyForRequest)):
        with pytest.raises(error), here.database.write() as tx:
            meant.mean(tx, here.records, asked.id, wrong, why="x", clock=here.clock)
    with pytest.raises(errors.RequestReasonMissing), here.database.write() as tx:
        meant.mean(tx, here.records, asked.id, [one], why=" ", clock=here.clock)
    with pytest.raises(Refused), here.database.write() as tx:
        meant.mean(tx, here.counsel, asked.id, [one], why="x", clock=here.clock)
    with here.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(request_recording)) == 0


def test_a_hold_that_somebody_ended_by_hand_does_not_stop_the_answer(here: RequestPlace) -> None:
    asked, one = here.ask(), here.record()
    with here.database.write() as tx:
        meant.mean(tx, here.records, asked.id, [one], why="It is.", clock=here.clock)
        holds.release(tx, here.counsel, holds.holds_of_recording(tx, one)[0].id, reason="By hand.", clock=here.clock)
        answering.answer(tx, here.records, asked.id, Outcome.WITHHELD, clock=here.clock)


def test_the_law_hears_of_the_earliest_open_request(here: RequestPlace) -> None:
    one, now = here.record(hours=90), here.clock.now()
    first, second = here.ask(received_at=now - timedelta(days=2)), here.ask(received_at=now - timedelta(days=1))
    with here.database.write() as tx:
        for asked in (second, first):
            meant.mean(tx, here.records, asked.id, [one], why="It is.", clock=here.clock)
        at = footage_facts.facts_of(tx, one).events[LawEvent.REQUEST_RECEIVED]
        assert at == now - timedelta(days=2)
        assert facts.received_for(tx, [one] * 101)[one] == {LawEvent.REQUEST_RECEIVED: at}
        answering.answer(tx, here.records, first.id, Outcome.RELEASED, clock=here.clock)
        assert footage_facts.facts_of(tx, one).events[LawEvent.REQUEST_RECEIVED] == now - timedelta(days=1)
        answering.withdraw(tx, here.records, second.id, reason="They said so.", clock=here.clock)
        assert LawEvent.REQUEST_RECEIVED not in footage_facts.facts_of(tx, one).events


def test_clocks_of_recordings_follow_what_is_meant(here: RequestPlace) -> None:
    here.law()
    asked, one = here.ask(), here.record(category=None)
    whole = {(found.recording_id, found.rule) for found in _clocks(here, asked.id)}
    assert all(recording_id is None for recording_id, _ in whole)
    assert whole
    with here.database.write() as tx:
        meant.mean(tx, here.records, asked.id, [one], why="It is.", clock=here.clock)
    with_one = {found.recording_id for found in _clocks(here, asked.id)}
    assert one in with_one
    with here.database.write() as tx:
        meant.not_mean(tx, here.records, asked.id, [one], why="It is not.", clock=here.clock)
    assert {(found.recording_id, found.rule) for found in _clocks(here, asked.id)} == whole
    with here.database.read() as tx:  # what does not follow any more is ended, not removed
        assert tx.scalar(sa.select(sa.func.count()).where(request_clock.c.ended_at.is_not(None))) > 0


def test_a_clock_is_extended_as_its_rule_allows_and_no_further(here: RequestPlace) -> None:
    here.law("us-ct", "ct-1-206-denial")
    asked = here.ask()
    (one,) = [found for found in _clocks(here, asked.id) if found.extendable]
    others = [found for found in _clocks(here, asked.id) if not found.extendable]
    with here.database.write() as tx:
        due = clocks.extend(tx, here.records, asked.id, one.id, reason="People are told first.", clock=here.clock)
    (again,) = [found for found in _clocks(here, asked.id) if found.id == one.id]
    assert again.due_at == due == one.extendable_to > one.due_at
    assert (again.extensions, again.extended_by) == (1, here.records.account_id)
    for found in others:
        with pytest.raises(errors.ExtensionRefused, match="allows no extension"), here.database.write() as tx:
            clocks.extend(tx, here.records, asked.id, found.id, reason="x", clock=here.clock)
    with pytest.raises(errors.ExtensionRefused, match="no such clock"), here.database.write() as tx:
        clocks.extend(tx, here.records, asked.id, "nothing", reason="x", clock=here.clock)
    if not again.extendable:
        with pytest.raises(errors.ExtensionRefused, match="no more"), here.database.write() as tx:
            clocks.extend(tx, here.records, asked.id, one.id, reason="x", clock=here.clock)
    clocks.go_round(here.database, here.clock)  # made anew, it stays extended
    assert {found.id: found.due_at for found in _clocks(here, asked.id)}[one.id] == due


def test_a_clock_that_ran_out_cannot_be_extended(here: RequestPlace) -> None:
    here.law("us-ct", "ct-1-206-denial")
    asked = here.ask()
    (one,) = [found for found in _clocks(here, asked.id) if found.extendable]
    here.clock.advance(60 * 86_400)
    with pytest.raises(errors.ExtensionRefused, match="ran out"), here.database.write() as tx:
        clocks.extend(tx, here.records, asked.id, one.id, reason="Late.", clock=here.clock)
    with pytest.raises(errors.RequestReasonMissing), here.database.write() as tx:
        clocks.extend(tx, here.records, asked.id, one.id, reason="", clock=here.clock)


def test_the_clock_runs_over_a_daylight_saving_night_and_a_holiday(here: RequestPlace) -> None:
    here.clock.moment = datetime(2026, 11, 25, 17, tzinfo=UTC)
    here.law()
    asked = here.ask(received_at=datetime(2026, 10, 30, 16, tzinfo=UTC))  # Friday; clocks go back on Sunday
    by_rule = {found.rule: found for found in _clocks(here, asked.id)}
    hours = [found for found in by_rule.values() if found.started_at + timedelta(hours=96) == found.due_at]
    days = [found for found in by_rule.values() if found.answer_only]
    assert hours  # 96 hours are 96 hours, whatever the clocks on the wall do
    # Four business days after Friday 30 October: Thursday 5 November, to its end, in Connecticut.
    assert datetime(2026, 11, 6, 5, tzinfo=UTC) in {found.due_at for found in days}


def test_notices_of_clocks_come_once_and_end_with_the_answer(here: RequestPlace) -> None:
    here.law()
    asked = here.ask()
    with here.database.write() as tx:
        assigning.assign(tx, here.records, asked.id, here.second.account_id, clock=here.clock)
    assert _told(here, NoticeKind.REQUEST_YOURS) == [([here.second.account_id], 1)]
    due = here.read(asked.id).due_at
    assert due is not None
    here.clock.moment = due - timedelta(hours=1)
    for _ in range(2):
        clocks.go_round(here.database, here.clock)
    assert _told(here, NoticeKind.REQUEST_DUE) == [([here.second.account_id], 1)]
    assert _told(here, NoticeKind.REQUEST_OVERDUE) == []
    here.clock.moment = due + timedelta(hours=1)
    for _ in range(2):
        clocks.go_round(here.database, here.clock)
    assert _told(here, NoticeKind.REQUEST_OVERDUE) == [([here.second.account_id], 1)]
    assert here.read(asked.id).clock(here.clock.now()) is ClockState.OVER
    with here.database.write() as tx:
        assert answering.answer(tx, here.records, asked.id, Outcome.NOTHING_FOUND, clock=here.clock)
        assert tx.scalar(sa.select(sa.func.count()).where(outbox_notice.c.open_key.is_not(None))) == 0
    found = here.read(asked.id)
    assert (found.late, found.due_at, found.state) == (True, due, RequestState.ANSWERED)
    assert all(one.met_at == here.clock.now() for one in _clocks(here, asked.id))
    clocks.go_round(here.database, here.clock)
    assert len(_told(here, NoticeKind.REQUEST_OVERDUE)) == 1


def test_a_round_finds_what_changed_elsewhere(here: RequestPlace) -> None:
    asked = here.ask()
    assert here.read(asked.id).due_at is None
    here.law()
    assert clocks.go_round(here.database, here.clock) == 1
    assert here.read(asked.id).due_at is not None
    assert clocks.go_round(here.database, here.clock) == 0


def test_messages_move_the_turn_and_are_told(here: RequestPlace) -> None:
    asked = here.ask()
    with here.database.write() as tx:
        messages.send(tx, here.records, asked.id, "Which day was it?", asks=True, clock=here.clock)
    assert here.read(asked.id).state is RequestState.CLARIFYING
    here.clock.advance(60)
    with here.database.write() as tx:
        messages.receive_message(tx, here.records, asked.id, "Monday\0, I think.", clock=here.clock)
        messages.write_note(tx, here.records, asked.id, "They sound upset.", clock=here.clock)
    assert here.read(asked.id).state is RequestState.WORKING
    assert len(_told(here, NoticeKind.REQUEST_MESSAGE)) == 1
    with here.database.write() as tx:
        found = messages.messages_of(tx, here.counsel, asked.id)
        assert [one.way for one in found] == [Way.OUT, Way.IN, Way.NOTE]
        assert found[1].words == "Monday\\x00, I think."
        assert found[1].written_by == messages.REQUESTER
        assert [one.way for one in messages.messages_of(tx, here.counsel, asked.id, notes=False)] == [Way.OUT, Way.IN]
        assert messages.mark_seen(tx, here.records, asked.id, clock=here.clock) == 1
        assert messages.mark_seen(tx, here.records, asked.id, clock=here.clock) == 0
        for wrong in ("", " \n", "x" * 5_001, None):
            with pytest.raises(errors.MessageWrong):
                messages.send(tx, here.records, asked.id, wrong, clock=here.clock)  # type: ignore[arg-type]
        with pytest.raises(Refused):
            messages.messages_of(tx, here.officer, asked.id)


def test_nobody_fills_the_place_by_writing(here: RequestPlace) -> None:
    asked = here.ask()
    with here.database.write() as tx:
        for _ in range(messages.MOST_UNREAD):
            messages.receive_message(tx, here.records, asked.id, "Hello?", clock=here.clock)
        with pytest.raises(errors.MessageWrong, match="wait to be read"):
            messages.receive_message(tx, here.records, asked.id, "Hello?", clock=here.clock)
    assert _told(here, NoticeKind.REQUEST_MESSAGE)[0][1] == messages.MOST_UNREAD  # one notice, counted up


def test_two_people_at_once_do_not_overwrite_each_other(here: RequestPlace) -> None:
    asked, one = here.ask(), here.record()
    seen = here.read(asked.id).version
    with here.database.write() as tx:
        changing.change(tx, here.records, asked.id, {"name": "Ada"}, expected_version=seen, clock=here.clock)
    acts = (
        lambda tx: changing.change(tx, here.second, asked.id, {"name": "Eva"}, expected_version=seen),
        lambda tx: meant.mean(tx, here.second, asked.id, [one], why="x", expected_version=seen),
        lambda tx: assigning.assign(tx, here.second, asked.id, None, expected_version=seen),
        lambda tx: answering.answer(tx, here.second, asked.id, "nothing-found", expected_version=seen),
        lambda tx: answering.withdraw(tx, here.second, asked.id, reason="x", expected_version=seen),
    )
    for act in acts:
        with pytest.raises(errors.RequestChangedMeanwhile, match="version"), here.database.write() as tx:
            act(tx)
    assert here.read(asked.id).requester_name == "Ada"


def test_a_request_is_given_to_whoever_may_work_on_it(here: RequestPlace) -> None:
    asked = here.ask()
    gone = here.place.add("gone", Role.RECORDS_OFFICER, password=None)
    with here.database.write() as tx:
        assert assigning.assign(tx, here.records, asked.id, here.records.account_id, clock=here.clock)
        assert not assigning.assign(tx, here.records, asked.id, here.records.account_id, clock=here.clock)
        for wrong in (here.officer.account_id, here.counsel.account_id, "nobody"):
            with pytest.raises(errors.RequestFieldWrong):
                assigning.assign(tx, here.records, asked.id, wrong, clock=here.clock)
        assert {name for _, name in assigning.assignable(tx, here.records)} == {"Reyes", "Singh", "Gone"}
        assert assigning.assign_many(tx, here.records, [asked.id], gone.account_id, clock=here.clock) == 1
        with pytest.raises(errors.TooManyForRequest):
            assigning.assign_many(tx, here.records, [str(n) for n in range(201)], None, clock=here.clock)
    assert _told(here, NoticeKind.REQUEST_YOURS) == [([gone.account_id], 1)]  # what one does oneself is no news


def test_an_answer_fits_what_is_meant_and_what_rooms_above_say(
    here: RequestPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, one = here.ask(), here.record()
    with here.database.write() as tx:
        with pytest.raises(errors.RequestNotAnswerable, match="nobody has said"):
            answering.answer(tx, here.records, asked.id, "released", clock=here.clock)
        with pytest.raises(errors.RequestFieldWrong):
            answering.answer(tx, here.records, asked.id, "withdrawn", clock=here.clock)
        meant.mean(tx, here.records, asked.id, [one], why="It is.", clock=here.clock)
        with pytest.raises(errors.RequestNotAnswerable, match="were found"):
            answering.answer(tx, here.records, asked.id, "nothing-found", clock=here.clock)
        with monkeypatch.context() as patch:
            patch.setattr(answering, "BEFORE_ANSWER", [lambda tx, request_id, outcome: "there is no letter"])
            with pytest.raises(errors.RequestNotAnswerable, match="there is no letter"):
                answering.answer(tx, here.records, asked.id, "released", clock=here.clock)
        with pytest.raises(errors.RequestOpenAlready):
            answering.reopen(tx, here.records, asked.id, reason="x", clock=here.clock)
        answering.withdraw(tx, here.records, asked.id, reason="They called.", clock=here.clock)
        with pytest.raises(errors.RequestClosed, match="withdrawn"):
            meant.mean(tx, here.records, asked.id, [one], why="x", clock=here.clock)
        messages.send(tx, here.records, asked.id, "It is closed.", clock=here.clock)
        with pytest.raises(errors.RequestClosed):
            messages.send(tx, here.records, asked.id, "Which day?", asks=True, clock=here.clock)


def test_setting_right_what_is_known_moves_the_clock_and_tells_no_names(here: RequestPlace) -> None:
    here.law()
    asked = here.ask(requester_class="press", class_confirmed=True)
    earlier = here.clock.now() - timedelta(days=3)
    before = here.read(asked.id)
    with here.database.write() as tx:
        changes = {"received_at": earlier, "named": Named(place="Elm Street"), "name": "Ada", "mail": "a@example.org"}
        assert changing.change(tx, here.records, asked.id, changes, clock=here.clock)
        assert not changing.change(tx, here.records, asked.id, changes, clock=here.clock)
        history, _ = reading.history_of_request(tx, here.records, asked.id)
        with pytest.raises(errors.RequestFieldWrong):
            changing.change(tx, here.records, asked.id, {"words": "other"}, clock=here.clock)
        with pytest.raises(errors.RequestFieldWrong):
            changing.change(tx, here.records, asked.id, {"named": {"place": "x"}}, clock=here.clock)
    after = here.read(asked.id)
    assert after.due_at is not None
    assert before.due_at is not None
    assert after.due_at < before.due_at
    assert (after.named.place, after.requester_name, after.contact) == ("Elm Street", "Ada", {"mail": "a@example.org"})
    assert "Ada" not in str(history[0].details)
    assert "Elm" not in str(history[0].details)
    assert after.class_confirmed_by == here.records.account_id
    with here.database.write() as tx:  # another class is not the one that somebody confirmed
        changing.change(tx, here.records, asked.id, {"requester_class": "depicted"}, clock=here.clock)
    assert here.read(asked.id).class_confirmed_by is None


def test_what_was_destroyed_meanwhile_is_neither_held_nor_counted(here: RequestPlace) -> None:
    here.law()
    asked, one = here.ask(), here.record()
    with here.database.write() as tx:
        meant.mean(tx, here.records, asked.id, [one], why="It is.", clock=here.clock)
        answering.withdraw(tx, here.records, asked.id, reason="x", clock=here.clock)
        tx.execute(recording.update().where(recording.c.id == one).values(state="destroyed"))
        answering.reopen(tx, here.records, asked.id, reason="x", clock=here.clock)
        assert clocks.facts_of_request(tx, asked.id).recordings == ()
        assert not any(found.open for found in holds.holds_of_recording(tx, one))


def _clocks(here: RequestPlace, request_id: str) -> list[reading.RunningClock]:
    with here.database.read() as tx:
        return reading.clocks_of_request(tx, request_id)


def _told(here: RequestPlace, kind: NoticeKind) -> list[tuple[list[str] | None, int]]:
    with here.database.read() as tx:
        rows = tx.execute(sa.select(outbox_notice).where(outbox_notice.c.kind == kind.value)).all()
    return [(row.recipients, row.times) for row in rows]


def test_a_release_meets_what_asks_for_it_and_late_stays_late(here: RequestPlace) -> None:
    here.law()
    asked, one = here.ask(), here.record()
    with here.database.write() as tx:
        meant.mean(tx, here.records, asked.id, [one], why="It is.", clock=here.clock)
    whole = [found for found in _clocks(here, asked.id) if found.recording_id is None]
    release = [found for found in _clocks(here, asked.id) if found.recording_id == one]
    assert release
    assert whole
    here.clock.moment = max(found.due_at for found in release) + timedelta(minutes=1)
    at = here.clock.now()
    with here.database.write() as tx:
        clocks.meet_release(tx, asked.id, [one], at, clock=here.clock)
    found = {clock.id: clock for clock in _clocks(here, asked.id)}
    assert all(found[clock.id].met_at == at for clock in release)
    assert all(found[clock.id].met_at is None for clock in whole)
    assert here.read(asked.id).due_at == min(clock.due_at for clock in whole)
    with here.database.write() as tx:
        assert answering.answer(tx, here.records, asked.id, Outcome.RELEASED, clock=here.clock)  # the release was late
    here.clock.advance(60)
    with here.database.write() as tx:
        answering.reopen(tx, here.records, asked.id, reason="They asked again.", clock=here.clock)
    again = {clock.id: clock.met_at for clock in _clocks(here, asked.id)}
    assert {again[clock.id] for clock in whole} == {None}


def test_many_at_once_get_numbers_of_their_own_and_one_of_two_changes_wins(here: RequestPlace) -> None:
    seen = here.ask()
    version = here.read(seen.id).version

    def take_in(_: int) -> str:
        return here.ask().number

    def give(actor_id: str) -> str:
        try:
            with here.database.write() as tx:
                assigning.assign(tx, here.records, seen.id, actor_id, expected_version=version, clock=here.clock)
            return "done"
        except errors.RequestChangedMeanwhile:
            return "changed meanwhile"

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(take_in, range(8)))
        ended = list(pool.map(give, [here.records.account_id, here.second.account_id]))
    assert len(set(numbers)) == 8
    assert sorted(ended) == ["changed meanwhile", "done"]
