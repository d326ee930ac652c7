"""Ways around what a critical incident owes: a viewing offered for a day long past, another person's consent, closing
the incident, joining its recording with another."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disclosure.critical.conftest import Incident
from tests.disclosure.critical.test_critical import found, offer, sqlite_only
from tests.disclosure.decisions.law import MINOR
from tests.disclosure.decisions.office import LOOKED_AT, release

from candor.disclosure.critical import closing, incidents, saying, viewings
from candor.disclosure.decisions.deciding import Weighed
from candor.disclosure.decisions.errors import ReleaseForbidden
from candor.disclosure.decisions.rules import Weighing
from candor.disclosure.requests.rules import DocumentKind
from candor.footage.regrouping import regroup
from candor.law.vocabulary import Label


@sqlite_only
def test_an_offer_for_a_day_long_past_gives_nobody_the_time_to_come(incident: Incident) -> None:
    """It can be put on record later, and counts once somebody says that it was held."""
    office, clock = incident.office, incident.office.archive.clock
    given = {"who": "next-of-kin", "name": "Rosa Diaz", "offered_for": clock.now() - timedelta(days=30)}
    with office.archive.database.write() as tx:
        viewing_id = viewings.offer(tx, office.records, incident.id, **given, clock=clock)
    assert "viewing" in found(incident)
    clock.advance(60)
    with pytest.raises(ReleaseForbidden, match="Test Code § 23"):
        office.decide(release())
    with office.archive.database.write() as tx:
        viewings.viewed(tx, office.records, incident.id, viewing_id, present="Rosa Diaz", clock=clock)
    assert "viewing" not in found(incident)


@sqlite_only
def test_one_person_s_consent_is_not_another_s(incident: Incident) -> None:
    office, clock = incident.office, incident.office.archive.clock
    office.label(Label.MINOR)
    consent = incident.document(DocumentKind.CONSENT)
    with office.archive.database.write() as tx:
        given = (tx, office.records, incident.id)
        saying.record_consent(*given, who="parent", name="Luis Diaz", given=False, clock=clock)
        clock.advance(60)
        saying.record_consent(*given, who="parent", name="Ana Diaz", given=True, document_id=consent, clock=clock)
    assert "did not consent" in found(incident)["consent"].words
    with office.archive.database.write() as tx:
        given = (tx, office.records, incident.id)
        clock.advance(60)
        saying.record_consent(*given, who="parent", name="LUIS  Diaz", given=True, document_id=consent, clock=clock)
    assert "consent" not in found(incident), "he has consented after all"


@sqlite_only
def test_closing_it_does_not_end_what_is_owed(incident: Incident) -> None:
    """Where there are no next of kin that is weighed in words, with the decision, and stands there."""
    office, clock = incident.office, incident.office.archive.clock
    office.label(Label.MINOR)
    charged = Weighed(MINOR, Weighing.EXCEPTION, "The driver", exception="a person is charged with a crime")
    with office.archive.database.write() as tx:
        given = (tx, office.records, incident.id)
        saying.record_consent(*given, who="parent", name="Luis Diaz", given=False, clock=clock)
        closing.close(*given, reason="over", although=True, keep_because="who knows", clock=clock)
    there = found(incident, of_request=True)
    assert there["viewing"].answers == {Weighing.WEIGHED}
    assert there["consent"].answers == {Weighing.HIDDEN}
    assert there["viewing"].citation == "Test Code § 23"
    with pytest.raises(ReleaseForbidden, match=r"Test Code § 2[34]"):
        office.decide(release(), weighed=(LOOKED_AT, charged))


@sqlite_only
def test_closed_without_next_of_kin_it_is_weighed_and_released(incident: Incident) -> None:
    office, clock = incident.office, incident.office.archive.clock
    with office.archive.database.write() as tx:
        closing.close(
            tx,
            office.records,
            incident.id,
            reason="nobody is left",
            although=True,
            keep_because="who knows",
            clock=clock,
        )
    owed = found(incident, of_request=True)["viewing"]
    with pytest.raises(ReleaseForbidden, match="Test Code § 23"):
        office.decide(release())
    office.decide(release(), weighed=(LOOKED_AT, Weighed(owed.rule, Weighing.WEIGHED, "There are no next of kin")))


@sqlite_only
def test_what_its_recording_becomes_part_of_is_of_the_incident(incident: Incident) -> None:
    office, archive = incident.office, incident.office.archive
    earlier = archive.worn(b"a film before it", "before.mp4", title="Before")
    from candor.footage.tables import recording

    with archive.database.write() as tx:
        mine = recording.c.id == earlier.recording_id
        start = tx.execute(recording.select().where(recording.c.id == office.recording)).one().started_at
        tx.execute(recording.update().where(mine).values(started_at=start - timedelta(minutes=5)))
        both = [office.recording, earlier.recording_id]
        whole = regroup(tx, archive.technician, both, reason="one incident", clock=archive.clock)
        assert whole == earlier.recording_id
        shown, _ = incidents.recordings_in(tx, office.records, incident.id)
    assert whole in {one.recording_id for one in shown}
    with archive.database.write() as tx:
        given = {"occurred_at": archive.clock.now(), "place": "Main Street", "summary": "The same shots"}
        again = incidents.open_incident(tx, office.records, kind="death", **given, clock=archive.clock)
        added = incidents.add_recordings(tx, office.records, again, both, clock=archive.clock)
    assert added == [whole], "also where it is named by an address that somebody wrote down before"
    office.recording = whole
    assert "viewing" in found(incident, of_request=True)
    offer(incident)
