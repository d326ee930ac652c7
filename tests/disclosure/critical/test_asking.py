"""A request for records that is about a critical incident: clocks that begin with a request run from the first."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.disclosure.critical.conftest import Incident

from candor.custody.events import Event
from candor.disclosure.critical import asking, closing, incidents
from candor.disclosure.critical.errors import CriticalClosed, CriticalUnknown
from candor.disclosure.critical.lawful import answer_of, put_due, running_clocks
from candor.disclosure.critical.timeline import timeline_of
from candor.disclosure.requests.answering import withdraw
from candor.disclosure.requests.errors import RequestClosed, RequestUnknown
from candor.disclosure.requests.intake import Intake, receive
from candor.disclosure.requests.meant import not_mean
from candor.people.errors import Refused

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def say(incident: Incident, request: str) -> bool:
    archive = incident.office.archive
    with archive.database.write() as tx:
        return asking.asked_by(tx, incident.office.records, incident.id, request, clock=archive.clock)


def counted_from_a_request(incident: Incident) -> datetime | None:
    """When the clock is over that begins with a request, None while it does not run."""
    archive = incident.office.archive
    with archive.database.read() as tx:
        found = running_clocks(tx, incident.id, answer_of(tx, incident.id, clock=archive.clock))
        listed = incidents.critical_incident_of(tx, incident.office.records, incident.id)
    assert listed.due_at == found[0].due
    return next((one.due for one in found if one.clock.clock.rule.id == "t-request"), None)


def not_meant(incident: Incident) -> None:
    """The request that came with the recording does not mean it."""
    archive = incident.office.archive
    with archive.database.write() as tx:
        given = (incident.office.records, incident.office.request, [incident.office.recording])
        not_mean(tx, *given, why="Another one", clock=archive.clock)
        put_due(tx, incident.id, clock=archive.clock)


def test_the_clock_of_a_request_runs_once_one_is_said_to_be_about_it(incident: Incident) -> None:
    archive, records = incident.office.archive, incident.office.records
    with archive.database.write() as tx:
        earlier = archive.clock.now() - timedelta(hours=2)
        asked = receive(tx, records, Intake("The shooting", received_at=earlier), clock=archive.clock)
    not_meant(incident)
    assert counted_from_a_request(incident) is None
    assert say(incident, asked.number)
    assert not say(incident, asked.id)
    assert counted_from_a_request(incident) == earlier + timedelta(hours=96)
    with archive.database.read() as tx:
        told = [one.kind for one in timeline_of(tx, records, incident.id)]
    assert told.count(Event.CRITICAL_CHANGED) == 1


def test_what_is_closed_or_unknown_is_refused_and_changes_nothing(incident: Incident) -> None:
    archive, records = incident.office.archive, incident.office.records
    with archive.database.write() as tx:
        asked = receive(tx, records, Intake("The shooting"), clock=archive.clock)
        withdraw(tx, records, asked.id, reason="They called", clock=archive.clock)
        with pytest.raises(CriticalUnknown):
            asking.asked_by(tx, records, "C-1999-0001", asked.id, clock=archive.clock)
        with pytest.raises(Refused):
            asking.asked_by(tx, incident.office.counsel, incident.id, asked.id, clock=archive.clock)
    with pytest.raises(RequestClosed):
        say(incident, asked.number)
    with pytest.raises(RequestUnknown):
        say(incident, "R-1999-0001")
    not_meant(incident)
    assert counted_from_a_request(incident) is None
    with archive.database.write() as tx:
        closing.close(
            tx, records, incident.id, reason="It is over", although=True, keep_because="who knows", clock=archive.clock
        )
    with pytest.raises(CriticalClosed):
        say(incident, incident.office.request)
