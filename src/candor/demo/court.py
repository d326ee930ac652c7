"""What of the demo goes beyond its records office: an incident after which somebody was hurt, and discovery that both
sides of a case were given. By the services that the pages call."""

from __future__ import annotations

import time
from datetime import timedelta

import sqlalchemy as sa

from candor.demo.programme import CASE
from candor.demo.requests import ATTORNEY, Office, office_of
from candor.disclosure.critical import asking, incidents, saying, viewings
from candor.disclosure.critical.tables import critical_incident
from candor.disclosure.discovery import findings
from candor.disclosure.discovery.access import Given, give_access
from candor.disclosure.discovery.making import make
from candor.disclosure.discovery.rules import PartySide
from candor.disclosure.discovery.tables import discovery
from candor.disclosure.packages import PackageState
from candor.disclosure.requests.tables import records_request
from candor.disclosure.tables import package
from candor.footage.tables import recording
from candor.installation import Installation
from candor.law.vocabulary import Critical, Requester
from candor.matters.tables import matter, matter_recording

__all__ = ["give_discovery", "open_incident"]

STOP = "CSP-26-118290"
#: To whom the letters go.
HOLDERS = {
    PartySide.PROSECUTION: "Office of the State’s Attorney (a demonstration)",
    PartySide.DEFENCE: "Public Defender Services (a demonstration)",
}


#: Seconds that a package may take.
_LONGEST = 600


def open_incident(here: Installation) -> None:
    """A driver fainted after a stop and was hurt: what has to happen before a release, and what did. Once."""
    office, clock = office_of(here), here.clock
    with here.database.write() as tx:
        if tx.execute(sa.select(critical_incident.c.id).limit(1)).first() is not None:
            return
        rows = tx.execute(sa.select(recording.c.id, recording.c.started_at).where(recording.c.incident_number == STOP))
        recordings = sorted((row.started_at, row.id) for row in rows)
        critical = incidents.open_incident(
            tx,
            office.records,
            kind=Critical.SERIOUS_INJURY,
            occurred_at=recordings[0][0] + timedelta(minutes=4),
            place="Route 9 at Mill Lane, Millbrook",
            summary="A driver who had been told of a broken tail light fainted some minutes later, drove against a "
            "rail and was hurt. Nobody is accused of anything.",
            clock=clock,
        )
        incidents.add_recordings(tx, office.records, critical, [one for _, one in recordings], clock=clock)
        asked = tx.scalars(sa.select(records_request.c.id).where(records_request.c.requester_name == ATTORNEY))
        for request_id in asked.all():
            asking.asked_by(tx, office.records, critical, request_id, clock=clock)
        for who, name, words, hours in (
            (Requester.DEPICTED, "The driver", "By telephone, through the hospital.", 24),
            (Requester.OFFICER, "The trooper", "In person.", 0),
        ):
            at = clock.now() + timedelta(hours=hours)
            offered = viewings.offer(
                tx, office.records, critical, who=who, name=name, offered_for=at, words=words, clock=clock
            )
        viewings.viewed(tx, office.records, critical, offered, present="The trooper, a union delegate", clock=clock)
        saying.add_statement(
            tx,
            office.records,
            critical,
            said_by="The state police",
            words="The driver is getting better. What our cameras recorded will be released once the driver has been "
            "offered to see it first.",
            public=True,
            clock=clock,
        )


def give_discovery(here: Installation) -> dict[str, Given]:
    """The whole of the demo's case for both sides, with a question that a finding raised; what each side is given to
    come in by, which is shown this once. Empty where it was given before."""
    office = office_of(here)
    with here.database.write() as tx:
        case_id = tx.scalar(sa.select(matter.c.id).where(matter.c.number == CASE))
        assert case_id is not None, "the demo has a case"
        if tx.execute(sa.select(discovery.c.id).limit(1)).first() is not None:
            return {}
        _find(tx, office, case_id)
        made = make(tx, here.jobs, office.counsel, case_id, watermark=True, clock=here.clock)
        act = (tx, here.jobs, office.counsel, made.id)
        given = {
            side.value: give_access(*act, side, holder=holder, days=90, clock=here.clock)
            for side, holder in HOLDERS.items()
        }
    _wait_for_package(here, made.package_id)  # the marked copies are made while the site is served
    return given


def _wait_for_package(here: Installation, package_id: str) -> None:
    for _ in range(_LONGEST * 10):
        with here.database.read() as tx:
            state = tx.scalar(sa.select(package.c.state).where(package.c.id == package_id))
        if state != PackageState.WAITING.value:
            return
        time.sleep(0.1)


def _find(tx: sa.Connection, office: Office, case_id: str) -> None:
    """A recording and a report do not agree, and the prosecutor is told."""
    inside = sa.select(matter_recording.c.recording_id).where(matter_recording.c.matter_id == case_id)
    first = tx.scalar(inside.order_by(matter_recording.c.recording_id).limit(1))
    assert first is not None, "the case has recordings"
    finding = findings.note(
        tx,
        office.records,
        case_id,
        first,
        statement="The report says that the tow truck was called at 21:44.",
        words="In the recording it is called about a minute later.",
        clock=office.here.clock,
    )
    why = "It may matter for how exact the report is."
    findings.answer(tx, office.counsel, finding, findings.Answer.DISCLOSED, reason=why, clock=office.here.clock)
