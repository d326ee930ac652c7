"""Deciding: by recording and by stretch, each with its exemption; taken back, never changed; by one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from tests.disclosure.decisions.law import HOME, LOOKED, MINOR
from tests.disclosure.decisions.office import LOOKED_AT, Office, hold_back, release

from candor.custody.events import Event
from candor.custody.record import history as custody_history
from candor.disclosure.decisions.deciding import Choice, Weighed, decide, decisions_of, exemptions_for, withdraw
from candor.disclosure.decisions.errors import ChangedMeanwhile, DecisionsClosed, DecisionUnknown, DecisionWrong
from candor.disclosure.decisions.rules import Decision, Weighing
from candor.disclosure.decisions.standing import Decisions, history_of
from candor.disclosure.requests.rules import RequestState
from candor.disclosure.requests.tables import records_request, request_history
from candor.people.errors import Refused
from candor.redaction.exemptions import OWN_WORDS

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def standing(office: Office) -> Decisions:
    with office.archive.database.read() as tx:
        return decisions_of(tx, office.records, office.subject)


def state(office: Office) -> str:
    with office.archive.database.read() as tx:
        found = tx.scalar(sa.select(records_request.c.state).where(records_request.c.id == office.request))
        return str(found)


def test_a_recording_and_its_stretches_are_decided_and_put_on_record(office: Office) -> None:
    ids = office.decide(
        hold_back(Decision.REDACT, HOME),
        hold_back(Decision.WITHHOLD, MINOR, 2_000, 3_000),
        release(5_000, 6_000),
    )
    made = standing(office)
    assert [one.id for one in made.of(office.recording)] == list(ids)
    whole = made.whole(office.recording)
    assert whole is not None
    assert (whole.exemption, whole.citation) == (HOME, "Test Code § 14")
    assert made.answers(office.recording)[LOOKED].reason == LOOKED_AT.reason
    assert state(office) == RequestState.DECIDED
    with office.archive.database.read() as tx:
        (event,) = [one for one in custody_history(tx, office.recording) if one.kind is Event.REQUEST_DECIDED]
        told = tx.scalar(sa.select(request_history.c.request_id).where(request_history.c.event_id == event.id))
    assert told == office.request
    assert event.details["request"] == office.request
    assert [one["decision"] for one in event.details["decisions"]] == ["redact", "withhold", "release"]
    assert event.details["weighed"][0]["rule"] == LOOKED
    assert "child" not in str(event.details)


def test_a_decision_is_taken_back_and_another_stands_in_its_place(office: Office) -> None:
    whole, stretch = office.decide(release(), hold_back(Decision.WITHHOLD, MINOR, 0, 1_000))
    with office.archive.database.write() as tx:
        withdraw(tx, office.second, office.subject, stretch, reason="It is somebody else", clock=office.archive.clock)
    assert [one.id for one in standing(office).of(office.recording)] == [whole]
    office.decide(hold_back(Decision.WITHHOLD, MINOR, 8_000, 9_000))
    assert state(office) == RequestState.DECIDED
    with office.archive.database.write() as tx:
        withdraw(tx, office.second, office.subject, whole, reason="Another look", clock=office.archive.clock)
    assert standing(office).by_recording == {}
    assert state(office) == RequestState.WORKING
    with office.archive.database.read() as tx:
        everything = history_of(tx, office.records, office.subject)
    assert [one.withdraw_reason for one in everything] == ["Another look", "It is somebody else", "Another look"]
    assert {one.decided_by for one in everything} == {office.records.account_id}
    with office.archive.database.write() as tx, pytest.raises(DecisionUnknown):
        withdraw(tx, office.second, office.subject, whole, reason="again")


@sqlite_only
def test_what_does_not_fit_is_refused(office: Office) -> None:
    longer = "x" * 1_001
    for choices, why in [
        ([], "nothing was chosen"),
        ([release(1_000, 2_000)], "the rest of the recording"),
        ([release(), release()], "decided once"),
        ([release(), release(1_000, 1_000)], "ends after it begins"),
        ([release(), release(-1, 1_000)], "begins at 0"),
        ([release(), release(1_000, None)], "a beginning and an end"),
        ([release(), release(20_000, 21_000)], "after the recording’s end"),
        ([release(), release(1_000, 3_000), release(2_999, 4_000)], "overlap"),
        ([hold_back(Decision.REDACT, "")], "names an exemption"),
        ([hold_back(Decision.REDACT, "something else")], "names an exemption"),
        ([hold_back(Decision.WITHHOLD, OWN_WORDS[0])], "names its law"),
        ([Choice(None, None, Decision.RELEASE, HOME)], "names no exemption"),
        ([Choice(None, None, Decision.WITHHOLD, HOME, " ")], "say why"),
        ([Choice(None, None, Decision.WITHHOLD, HOME, longer)], "say why"),
    ]:
        with pytest.raises(DecisionWrong, match=why):
            office.decide(*choices)
    with pytest.raises(DecisionWrong, match="nothing named pack/gone stands in the way"):
        office.decide(release(), weighed=[LOOKED_AT, Weighed("pack/gone", Weighing.WEIGHED, "why")])
    with pytest.raises(DecisionWrong, match="answered twice"):
        office.decide(release(), weighed=[LOOKED_AT, LOOKED_AT])
    assert standing(office).by_recording == {}
    with pytest.raises(Refused):
        office.decide(release(), actor=office.counsel)


@sqlite_only
def test_own_words_are_enough_to_redact(office: Office) -> None:
    office.decide(hold_back(Decision.REDACT, OWN_WORDS[0]))
    with office.archive.database.read() as tx:
        named = exemptions_for(tx, office.records, office.recording)
    assert {MINOR, HOME, OWN_WORDS[0]} <= {one.key for one in named}


@sqlite_only
def test_a_request_that_is_closed_is_not_decided(office: Office) -> None:
    with office.archive.database.write() as tx:
        tx.execute(records_request.update().values(state=RequestState.ANSWERED.value))
    with pytest.raises(DecisionsClosed, match=office.number):
        office.decide(release())


@sqlite_only
def test_a_recording_that_is_not_meant_is_not_decided(office: Office) -> None:
    other = office.archive.worn(b"another film", "other.mp4").recording_id
    upon = office.upon()
    with office.archive.database.write() as tx, pytest.raises(DecisionWrong, match="none of those"):
        decide(tx, office.records, office.subject, other, [release()], [LOOKED_AT], upon=upon)


def test_who_decides_upon_something_else_is_told(office: Office) -> None:
    before = office.upon()
    office.decide(release())
    with pytest.raises(ChangedMeanwhile, match=office.number):
        office.decide(hold_back(Decision.WITHHOLD, MINOR, 0, 1_000), upon=before, actor=office.second)
    office.decide(hold_back(Decision.WITHHOLD, MINOR, 0, 1_000), upon=standing(office).upon_of(office.recording))


def test_of_two_who_decide_at_once_one_is_told(office: Office) -> None:
    """Both read the same page, and both send their forms at the same moment."""
    upon, begin, results = office.upon(), threading.Barrier(2), []

    def send(act: Callable[[], object]) -> None:
        begin.wait(10)
        try:
            act()
            results.append("decided")
        except ChangedMeanwhile:
            results.append("told")

    acts = [
        lambda: office.decide(release(), upon=upon, actor=office.records),
        lambda: office.decide(hold_back(Decision.WITHHOLD, MINOR), upon=upon, actor=office.second, weighed=()),
    ]
    threads = [threading.Thread(target=send, args=(act,)) for act in acts]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert sorted(results) == ["decided", "told"]
    assert len(standing(office).of(office.recording)) == 1
