"""What stands in the way of a release, each with its rule, and how it is answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.disclosure.decisions.law import CLOCK, HOME, LOOKED, MINOR
from tests.disclosure.decisions.office import LOOKED_AT, Office, hold_back, release

from candor.core.ids import new_id
from candor.disclosure.decisions.deciding import Weighed
from candor.disclosure.decisions.errors import DecisionWrong, ReleaseForbidden
from candor.disclosure.decisions.obstacles import Obstacle
from candor.disclosure.decisions.rules import Decision, Weighing
from candor.disclosure.requests.tables import request_document
from candor.footage import restrictions
from candor.footage.errors import RecordingUnknown
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.rules import RecordingState
from candor.footage.tables import recording
from candor.law.vocabulary import HoldKind, Label
from candor.matters import statements
from candor.matters.statement_decisions import decide as decide_review
from candor.matters.statements import Occasion
from candor.people.errors import Refused
from candor.retention import holds

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def the_only(office: Office, code: str) -> Obstacle:
    (found,) = [one for one in office.obstacles().values() if one.code == code]
    return found


def refused(office: Office, code: str) -> ReleaseForbidden:
    """Nothing can be released, and the refusal names the rule; withholding stays possible."""
    obstacle = the_only(office, code)
    with pytest.raises(ReleaseForbidden) as caught:
        office.decide(release())
    assert caught.value.fields["rule"] == obstacle.rule
    assert obstacle.rule in str(caught.value)
    assert obstacle.citation in str(caught.value)
    assert obstacle.todo in str(caught.value)
    office.decide(hold_back(Decision.WITHHOLD, MINOR), weighed=())
    return caught.value


def test_nothing_but_looking_at_it_stands_in_the_way(office: Office) -> None:
    found = office.obstacles()
    assert set(found) == {LOOKED}
    assert not found[LOOKED].forbids
    with pytest.raises(ReleaseForbidden, match=LOOKED):
        office.decide(release(), weighed=())
    office.decide(release())


def test_a_recording_that_may_not_be_seen_is_not_told_of(office: Office) -> None:
    with office.archive.database.write() as tx:
        restrictions.place(tx, office.recording, RestrictionKind.CASE, reason="an inquiry", actor="system:test")
    with pytest.raises(RecordingUnknown):
        office.obstacles()
    with pytest.raises(Refused):
        office.obstacles(actor=office.archive.officer)


def test_a_hold_is_weighed_by_somebody_who_may_end_it(office: Office) -> None:
    with office.archive.database.write() as tx:
        hold_id = holds.place(
            tx, office.counsel, HoldKind.LITIGATION, recording_id=office.recording, reason="Doe v. State"
        )
    hold = the_only(office, "hold")
    assert hold.rule == f"hold/{hold_id}"
    assert hold.forbids
    assert "Doe" not in hold.words
    with pytest.raises(ReleaseForbidden, match=hold.rule):
        office.decide(release())
    weighed = Weighed(hold.rule, Weighing.WEIGHED, "The court has seen it")
    office.decide(release(), weighed=(LOOKED_AT, weighed))
    with pytest.raises(DecisionWrong, match="as a whole is decided once"):
        office.decide(release(), weighed=(LOOKED_AT, weighed))


def test_a_hold_for_the_request_itself_stands_in_no_way(office: Office) -> None:
    with office.archive.database.read() as tx:
        assert [one.kind for one in holds.holds_of_recording(tx, office.recording)] == [HoldKind.REQUEST]
    assert set(office.obstacles()) == {LOOKED}


def test_a_restriction_is_lifted_first(office: Office) -> None:
    with office.archive.database.write() as tx:
        restrictions.place(tx, office.recording, RestrictionKind.OFFICER, reason="an inquiry", actor="system:test")
    assert the_only(office, "restriction").answers == frozenset()
    assert "restriction/officer/" in str(refused(office, "restriction"))


def test_a_label_s_restriction_is_answered_with_what_it_stands_for(office: Office) -> None:
    office.label(Label.HOME)
    found = office.obstacles()
    assert {one.code for one in found.values()} <= {"uncategorised", "weigh", "restriction"}
    home = found[HOME]
    assert home.citation == "Test Code § 14"
    assert home.answers == {Weighing.WEIGHED, Weighing.HIDDEN}
    answers = [Weighed(rule, Weighing.WEIGHED, "The owner asked for it") for rule in found]
    office.decide(release(), weighed=answers)


@pytest.mark.parametrize("how", list(Weighing))
def test_what_is_confidential_whatever_speaks_for_it(office: Office, how: Weighing) -> None:
    """Weighing it is not enough; an exception has to be named, and a consent is a document; or it is hidden."""
    office.label(Label.MINOR)
    obstacle = office.obstacles()[MINOR]
    assert obstacle.forbids
    assert obstacle.exceptions == ("the minor and a parent or guardian consent", "a person is charged with a crime")
    others = [Weighed(rule, Weighing.WEIGHED, "seen") for rule in office.obstacles() if rule != MINOR]
    answer = Weighed(MINOR, how, "because")
    if how is Weighing.WEIGHED:
        with pytest.raises(DecisionWrong, match=f"{MINOR} is not answered by “weighed”"):
            office.decide(release(), weighed=[*others, answer])
        return
    if how is Weighing.HIDDEN:
        with pytest.raises(DecisionWrong, match="nothing of it is to be hidden"):
            office.decide(release(), weighed=[*others, answer])
        office.decide(hold_back(Decision.REDACT, MINOR), weighed=[*others, answer])
        return
    with pytest.raises(DecisionWrong, match="say which exception"):
        office.decide(release(), weighed=[*others, answer])
    consent = Weighed(MINOR, how, "They signed it", exception=obstacle.exceptions[0])
    with pytest.raises(DecisionWrong, match="a consent is a document"):
        office.decide(release(), weighed=[*others, consent])
    named = Weighed(MINOR, how, "They signed it", add_document(office, "consent"), obstacle.exceptions[0])
    other = Weighed(MINOR, how, "They signed it", add_document(office, "other"), obstacle.exceptions[0])
    with pytest.raises(DecisionWrong, match="a consent is a document"):
        office.decide(release(), weighed=[*others, other])
    office.decide(release(), weighed=[*others, named])


def add_document(office: Office, kind: str) -> str:
    document_id = new_id()
    row = {"id": document_id, "request_id": office.request, "kind": kind, "name": "consent.pdf"}
    file = {"media_type": "application/pdf", "size": 1, "sha256": bytes(32), "object_id": new_id()}
    with office.archive.database.write() as tx:
        now = office.archive.clock.now()
        tx.execute(request_document.insert().values(**row, **file, added_by="requester", added_at=now))
    return document_id


def test_another_exception_needs_no_document(office: Office) -> None:
    office.label(Label.MINOR)
    others = [Weighed(rule, Weighing.WEIGHED, "seen") for rule in office.obstacles() if rule != MINOR]
    charged = Weighed(MINOR, Weighing.EXCEPTION, "State v. Roe", exception="a person is charged with a crime")
    office.decide(release(), weighed=[*others, charged])


def test_a_review_holds_a_release_up_until_the_law_s_clock_ends(office: Office) -> None:
    with office.archive.database.write() as tx:
        review_id = statements.ask(
            tx,
            office.archive.officer,
            occasion=Occasion.FORMAL_STATEMENT,
            about="the stop",
            recording_ids=[office.recording],
            clock=office.archive.clock,
        )
    found = the_only(office, "review")
    assert found.rule == f"review/{review_id}"
    assert "Test Code § 12" in found.citation
    assert "waiting for a decision" in found.words
    assert "no longer" in found.words
    with pytest.raises(ReleaseForbidden, match="Test Code § 12"):
        office.decide(release())
    office.archive.clock.advance(timedelta(hours=95, minutes=59).total_seconds())
    assert the_only(office, "review").forbids
    office.archive.clock.advance(60)
    assert set(office.obstacles()) == {LOOKED}
    office.decide(release())


def test_a_clock_that_nobody_adopted_ends_no_review(make_office_of: Callable[..., Office]) -> None:
    office = make_office_of(verification="secondary")
    with office.archive.database.write() as tx:
        asked = {"occasion": Occasion.DISCIPLINARY, "about": "it", "recording_ids": [office.recording]}
        statements.ask(tx, office.archive.officer, **asked, clock=office.archive.clock)
    office.archive.clock.advance(timedelta(days=30).total_seconds())
    assert the_only(office, "review").forbids


def test_a_review_of_another_recording_or_one_that_was_refused_holds_nothing_up(office: Office) -> None:
    clock, database = office.archive.clock, office.archive.database
    with database.write() as tx:
        asked = {"occasion": Occasion.DISCIPLINARY, "about": "it", "recording_ids": [office.recording]}
        review_id = statements.ask(tx, office.archive.officer, **asked, clock=clock)
    with database.write() as tx:
        decide_review(tx, office.counsel, review_id, grant=False, reason="not involved", clock=clock)
    assert set(office.obstacles()) == {LOOKED}


def test_a_rule_that_was_neither_checked_nor_adopted_has_nothing_released(
    make_office_of: Callable[..., Office],
) -> None:
    office = make_office_of(verification="secondary")
    error = refused(office, "not-adopted")
    assert error.fields["rule"] == CLOCK
    assert error.fields["citation"].startswith("Test Code § 10")


def test_without_law_nothing_is_released(archive: object, office: Office) -> None:
    from candor.law.tables import law_change

    with office.archive.database.write() as tx:
        tx.execute(law_change.update().values(state="withdrawn"))
    with pytest.raises(ReleaseForbidden, match="law/no-law"):
        office.decide(release())


def test_what_was_destroyed_is_not_released(office: Office) -> None:
    with office.archive.database.write() as tx:
        gone = {"state": RecordingState.DESTROYED.value}
        tx.execute(sa.update(recording).where(recording.c.id == office.recording).values(gone))
    assert list(office.obstacles()) == ["recording/destroyed"]
