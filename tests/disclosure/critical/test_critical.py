"""Critical incidents: clocks by law, viewings and consents before a release, what was put off, and the timeline."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from tests.disclosure.critical.conftest import PACK, Incident
from tests.disclosure.decisions.office import release

from candor.custody.events import Event
from candor.custody.tables import custody_event
from candor.disclosure.critical import closing, incidents, putting_off, saying, viewings
from candor.disclosure.critical.errors import (
    ConsentUnproven,
    CriticalClosed,
    CriticalOwes,
    CriticalUnknown,
    CriticalWrong,
    PutOffRefused,
    ViewingNotNow,
    ViewingUnknown,
)
from candor.disclosure.critical.lawful import answer_of, running_clocks
from candor.disclosure.critical.timeline import timeline_of
from candor.disclosure.decisions.deciding import Weighed, decide, decisions_of
from candor.disclosure.decisions.errors import DecisionsClosed, ReleaseForbidden
from candor.disclosure.decisions.obstacles import Obstacle, obstacles
from candor.disclosure.decisions.rules import Weighing
from candor.disclosure.requests.rules import DocumentKind
from candor.law.vocabulary import Label
from candor.people.errors import Refused
from candor.people.service import agency
from candor.retention import holds

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
KIN = f"{PACK}/t-kin/next-of-kin"


def found(incident: Incident, *, of_request: bool = False) -> dict[str, Obstacle]:
    """Obstacles by code; those of a request that means the same recording, where that is asked."""
    office = incident.office
    subject = office.subject if of_request else incident.subject
    with office.archive.database.read() as tx:
        clock = office.archive.clock
        return {one.code: one for one in obstacles(tx, office.records, office.recording, subject=subject, clock=clock)}


def offer(incident: Incident, days: int = 3) -> str:
    office = incident.office
    with office.archive.database.write() as tx:
        when = office.archive.clock.now() + timedelta(days=days)
        given = {"who": "next-of-kin", "name": "Rosa Diaz", "offered_for": when}
        return viewings.offer(tx, office.records, incident.id, **given, clock=office.archive.clock)


def put_off(incident: Incident, rule: str, document: str | None = None) -> datetime:
    office, named = incident.office, document or incident.document()
    with office.archive.database.write() as tx:
        given = {"rule": f"{PACK}/{rule}", "reason": "witnesses are still heard"}
        return putting_off.put_off(
            tx, office.records, incident.id, **given, document_id=named, clock=office.archive.clock
        )


def test_it_has_a_number_its_recordings_are_held_and_its_first_clock_is_known(incident: Incident) -> None:
    office, clock = incident.office, incident.office.archive.clock
    with office.archive.database.write() as tx:
        given = {"kind": "death", "occurred_at": clock.now(), "place": "A jail", "summary": "Somebody died"}
        other = incidents.open_incident(tx, office.records, **given, clock=clock)
        assert incidents.add_recordings(tx, office.records, incident.id, [office.recording], clock=clock) == []
    with office.archive.database.read() as tx:
        first = incidents.critical_incident_of(tx, office.records, incident.id)
        assert incidents.critical_incident_of(tx, office.records, first.number.lower()) == first
        listed = incidents.critical_incidents(tx, office.records)
        recordings, hidden = incidents.recordings_in(tx, office.records, incident.id)
        held = [one.reason for one in holds.holds_of_recording(tx, office.recording)]
        (clock_of_it, *_) = running_clocks(tx, incident.id, answer_of(tx, incident.id, clock=clock))
    assert first.number.startswith("C-")
    assert {one.id for one in listed} == {incident.id, other}
    assert ([one.recording_id for one in recordings], hidden) == ([office.recording], 0)
    assert f"the critical incident {first.number}" in held
    assert (first.due_at, first.due_rule) == (clock_of_it.due, "Test Code § 10"), "it was asked for, too"


@sqlite_only
def test_what_does_not_fit_is_refused(incident: Incident) -> None:
    office, clock = incident.office, incident.office.archive.clock
    now = clock.now()
    good = {"kind": "death", "occurred_at": now, "place": "A jail", "summary": "Somebody died"}
    for change, why in [
        ({"kind": "parking"}, "kind"),
        ({"occurred_at": now + timedelta(hours=1)}, "future"),
        ({"occurred_at": now.replace(tzinfo=None)}, "time zone"),
        ({"place": ""}, "place"),
        ({"summary": "x" * 3_000}, "summary"),
        ({"case_id": "26-99"}, "no case 26-99"),
    ]:
        with office.archive.database.write() as tx, pytest.raises(CriticalWrong, match=why):
            incidents.open_incident(tx, office.records, **{**good, **change}, clock=clock)
    with office.archive.database.write() as tx:
        with pytest.raises(Refused):
            incidents.open_incident(tx, office.archive.officer, **good, clock=clock)
        with pytest.raises(CriticalUnknown):
            incidents.critical_incident_of(tx, office.records, "C-1999-0001")
        with pytest.raises(CriticalWrong, match="one of next-of-kin"):
            viewings.offer(tx, office.records, incident.id, who="press", name="A", offered_for=now, clock=clock)


def test_a_release_waits_for_the_viewing_that_the_law_asks_for(incident: Incident) -> None:
    """Whatever it is released for: the incident's own release, or somebody's request."""
    office = incident.office
    owed = found(incident)["viewing"]
    assert owed.rule == f"{KIN} ({incident.id})"
    assert owed.citation == "Test Code § 23"
    assert found(incident, of_request=True)["viewing"] == owed
    with pytest.raises(ReleaseForbidden, match="Test Code § 23"):
        office.decide(release())
    viewing_id = offer(incident)
    assert "viewing" in found(incident), "it was offered, and neither held nor declined"
    with office.archive.database.write() as tx:
        given = (tx, office.records, incident.id)
        with pytest.raises(ViewingUnknown):
            viewings.viewed(*given, office.request, present="nobody", clock=office.archive.clock)
        viewings.viewed(*given, viewing_id, present="Rosa Diaz, her lawyer", clock=office.archive.clock)
        with pytest.raises(ViewingNotNow, match="held"):
            viewings.declined(*given, viewing_id, clock=office.archive.clock)
    assert "viewing" not in found(incident)
    office.decide(release())


@sqlite_only
@pytest.mark.parametrize("how", ["declined", "over"])
def test_a_viewing_that_nobody_wants_holds_nothing_up(incident: Incident, how: str) -> None:
    office, viewing_id = incident.office, offer(incident)
    if how == "declined":
        with office.archive.database.write() as tx:
            viewings.declined(tx, office.records, incident.id, viewing_id, words="by telephone")
    else:
        office.archive.clock.advance(timedelta(days=3, seconds=1).total_seconds())
    assert "viewing" not in found(incident)


@sqlite_only
def test_a_consent_is_a_document_and_a_refusal_is_no_exception(incident: Incident) -> None:
    office, clock = incident.office, incident.office.archive.clock
    office.label(Label.MINOR)
    assert "consent" not in found(incident), "what a consent lifts is withheld anyway"
    assert found(incident)["confidential"].rule == f"{PACK}/t-minor"
    parent = {"who": "parent", "name": "Luis Diaz"}
    with office.archive.database.write() as tx:
        given = (tx, office.records, incident.id)
        with pytest.raises(ConsentUnproven):
            saying.record_consent(*given, **parent, given=True, clock=clock)
        saying.record_consent(*given, **parent, given=False, clock=clock)
    refused = found(incident)["consent"]
    assert refused.answers == {Weighing.HIDDEN}
    assert refused.hides == (f"{PACK}/t-minor",)
    assert "did not consent" in refused.words
    clock.advance(60)
    other, consent = incident.document(), incident.document(DocumentKind.CONSENT)
    with office.archive.database.write() as tx:
        given = (tx, office.records, incident.id)
        with pytest.raises(ConsentUnproven):
            saying.record_consent(*given, **parent, given=True, document_id=other, clock=clock)
        saying.record_consent(*given, **parent, given=True, document_id=consent, clock=clock)
        assert [one.given for one in saying.consents_of(*given)] == [False, True]
    assert "consent" not in found(incident)


def test_the_law_s_clock_of_a_critical_incident_has_it_released(incident: Incident) -> None:
    """Its category says nothing of deadly force, and nobody asked for it: it is released all the same."""
    office, clock = incident.office, incident.office.archive.clock
    viewing_id = offer(incident)
    with office.archive.database.write() as tx:
        viewings.declined(tx, office.records, incident.id, viewing_id, clock=clock)
    there = found(incident)
    assert set(there) == {"uncategorised"}
    with office.archive.database.write() as tx:
        upon = decisions_of(tx, office.records, incident.subject).upon
        weighed = [Weighed(there["uncategorised"].rule, Weighing.WEIGHED, "I have watched it")]
        given = (tx, office.records, incident.subject, office.recording, [release()], weighed)
        decide(*given, upon=upon, clock=clock)
    with office.archive.database.read() as tx:
        assert decisions_of(tx, office.records, incident.subject).whole(office.recording) is not None
        assert decisions_of(tx, office.records, office.subject).by_recording == {}


def test_a_release_is_put_off_only_as_the_rule_lets_it(incident: Incident) -> None:
    office, clock = incident.office, incident.office.archive.clock
    with office.archive.database.read() as tx:
        clocks = {one.key[2]: one for one in running_clocks(tx, incident.id, answer_of(tx, incident.id, clock=clock))}
    recorded = clocks["t-prosecutor"].due - timedelta(days=21)
    with pytest.raises(CriticalWrong, match="none of this incident’s"):
        put_off(incident, "t-prosecutor", office.request)
    assert put_off(incident, "t-prosecutor") == recorded + timedelta(days=45)
    with pytest.raises(PutOffRefused, match="allows no more"):
        put_off(incident, "t-prosecutor")
    with pytest.raises(PutOffRefused, match="allows no delay"):
        put_off(incident, "t-rigid")
    with pytest.raises(PutOffRefused, match="no clock of this rule"):
        put_off(incident, "t-other")
    steps: list[datetime] = [put_off(incident, "t-steps") for _ in range(2)]
    assert [round((one - recorded) / timedelta(days=1)) for one in steps] == [90, 120]  # over a night of 23 hours
    with office.archive.database.read() as tx:
        told = putting_off.put_offs_of(tx, office.records, incident.id)
        clocks = {one.key[2]: one for one in running_clocks(tx, incident.id, answer_of(tx, incident.id, clock=clock))}
    assert [(one.rule, one.step) for one in told] == [("t-prosecutor", 1), ("t-steps", 1), ("t-steps", 2)]
    assert clocks["t-prosecutor"].due == recorded + timedelta(days=45)
    assert clocks["t-prosecutor"].next_step is None
    assert clocks["t-steps"].steps_taken == 2


@sqlite_only
def test_it_is_put_off_up_to_a_year_and_never_once_the_time_has_run_out(incident: Incident) -> None:
    document = incident.document()
    times = 0
    with pytest.raises(PutOffRefused, match="allows no more"):
        for _ in range(20):
            put_off(incident, "t-steps", document)
            times += 1
    assert times == 11, "60 days, ten steps of 30, and the rest of the year"
    incident.office.archive.clock.advance(timedelta(days=22).total_seconds())
    with pytest.raises(PutOffRefused, match="only a time that runs"):
        put_off(incident, "t-prosecutor", document)


def test_the_timeline_tells_it_in_order_and_the_log_holds_no_names(incident: Incident) -> None:
    office, clock = incident.office, incident.office.archive.clock
    clock.advance(60)
    viewing_id = offer(incident)
    clock.advance(60)
    put_off(incident, "t-prosecutor")
    clock.advance(60)
    with office.archive.database.write() as tx:
        given = (tx, office.records, incident.id)
        said = {"said_by": "Chief Dana Cole", "words": "We mourn with the family", "public": True}
        saying.add_statement(*given, **said, clock=clock)
        clock.advance(60)
        viewings.viewed(*given, viewing_id, present="Rosa Diaz, her lawyer", clock=clock)
        clock.advance(60)
        closing.close(*given, reason="everything was released", keep_because="a lawsuit", clock=clock)
    with office.archive.database.read() as tx:
        told = timeline_of(tx, office.counsel, incident.id)
        public = saying.statements_of(tx, office.counsel, incident.id, public_only=True)
        payloads = tx.scalars(sa.select(custody_event.c.payload)).all()
    assert [one.words.split(".")[0] for one in told] == [
        "A shooting: Main Street",
        "A critical incident was opened",
        "A recording was put with a critical incident",
        f"Rosa Diaz (next of kin of somebody who died) was offered to see the footage on {_three_days(incident)}",
        "A document was added: letter",
        "The release was put off until " + told[5].words.split("until ")[1].split(".")[0],
        "Chief Dana Cole said: We mourn with the family",
        "Rosa Diaz (next of kin of somebody who died) saw the footage",
        "A critical incident was closed",
    ]
    assert told[4].words == "A document was added: letter.txt (other)."
    assert "Test Code § 20" in told[5].words
    assert told[-1].words == "A critical incident was closed. 1 recording stays held."
    assert told[2].recording_id == office.recording
    assert told[3].by == office.records.display_name
    assert [one.said_by for one in public] == ["Chief Dana Cole"]
    assert not [one for one in payloads if one and ("Diaz" in str(one) or "mourn" in str(one))]


def _three_days(incident: Incident) -> str:
    with incident.office.archive.database.read() as tx:
        (one,) = viewings.viewings_of(tx, incident.office.records, incident.id)
        place = agency(tx)
    assert place is not None
    here = ZoneInfo(place.time_zone)
    assert here.utcoffset(one.offered_for)  # otherwise nothing is shown by it
    return f"{one.offered_for.astimezone(here):%Y-%m-%d %H:%M %Z}"


@sqlite_only
def test_it_is_closed_once_nothing_is_owed_or_with_a_reason(incident: Incident) -> None:
    office, clock = incident.office, incident.office.archive.clock
    there_are_none = {"reason": "there are no next of kin", "although": True}
    with office.archive.database.write() as tx:
        given = (tx, office.records, incident.id)
        with pytest.raises(CriticalOwes, match="Test Code § 23"):
            closing.close(*given, reason="over", clock=clock)
        incidents.change(*given, place="Main Street 4", clock=clock)
        closing.close(*given, **there_are_none, keep_because="a claim may come", clock=clock)
        with pytest.raises(CriticalClosed):
            incidents.add_recordings(*given, [office.recording], clock=clock)
    with office.archive.database.read() as tx:
        closed = incidents.critical_incident_of(tx, office.records, incident.id)
        assert incidents.critical_incidents(tx, office.records) == []
        assert incidents.critical_incidents(tx, office.records, closed=True) == [closed]
        kinds = [one.kind for one in timeline_of(tx, office.records, incident.id)]
        still = [one.reason for one in holds.holds_of_recording(tx, office.recording) if one.open]
        upon = decisions_of(tx, office.records, incident.subject).upon
    assert (closed.place, closed.due_at, closed.open) == ("Main Street 4", None, False)
    assert kinds[-2:] == [Event.CRITICAL_CHANGED, Event.CRITICAL_CLOSED]
    assert f"the critical incident {closed.number}, which was closed: a claim may come" in still
    assert found(incident, of_request=True)["viewing"].answers == {Weighing.WEIGHED}, "it was closed without that"
    with office.archive.database.write() as tx, pytest.raises(DecisionsClosed):
        decide(tx, office.records, incident.subject, office.recording, [release()], upon=upon, clock=clock)


@sqlite_only
def test_a_round_follows_facts_that_changed_elsewhere(incident: Incident) -> None:
    office, clock = incident.office, incident.office.archive.clock
    assert incidents.go_round(office.archive.database, clock) == 0
    from candor.law.tables import law_change

    with office.archive.database.write() as tx:
        tx.execute(law_change.update().values(state="withdrawn"))
    assert incidents.go_round(office.archive.database, clock) == 1
    with office.archive.database.read() as tx:
        assert incidents.critical_incident_of(tx, office.records, incident.id).due_at is None
