"""What the records office is told of the clocks of critical incidents: each near its end and over, once, until what it
asks for is done, it was put off, or the incident is closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from tests.disclosure.critical.conftest import LAW, PACK, Incident
from tests.disclosure.critical.test_critical import offer, put_off
from tests.disclosure.decisions.office import Office

from candor.core.outbox import KINDS, NoticeKind, outbox_notice
from candor.disclosure.critical import closing, incidents, viewings
from candor.disclosure.critical.lawful import answer_of, dues_of, running_clocks
from candor.disclosure.critical.rules import Due
from candor.disclosure.releases.incidents import put_dues
from candor.disclosure.releases.sorting import counts_of
from candor.disclosure.releases.tables import release, release_copy
from candor.footage.regrouping import regroup
from candor.footage.tables import recording

VIEWING = """
  - id: t-soon
    kind: viewing
    text: Whoever was recorded is offered a viewing within 2 days.
    citation: Test Code § 25
    in-force-from: 2015-01-01
    measured: decided
    verification: unverified
    verified-on: 2020-01-01
    when: {classes: [deadly-force]}
    of: [depicted]
    within: 2 days
"""
DUE, OVER = NoticeKind.CRITICAL_DUE, NoticeKind.CRITICAL_OVERDUE
HOUR = timedelta(hours=1)


@pytest.fixture
def incident(make_office_of: Callable[..., Office]) -> Incident:
    """A shooting under a law that also wants a viewing offered in time."""
    office = make_office_of(more=LAW.lstrip("\n") + VIEWING)
    clock = office.archive.clock
    with office.archive.database.write() as tx:
        given = {"occurred_at": clock.now() - 3 * HOUR, "place": "Main Street", "summary": "Two shots were fired"}
        critical_id = incidents.open_incident(tx, office.records, kind="shooting", **given, clock=clock)
        incidents.add_recordings(tx, office.records, critical_id, [office.recording], clock=clock)
    return Incident(office, critical_id)


def dues(incident: Incident) -> dict[str, Due]:
    """What is due, by the rule's own name."""
    archive = incident.office.archive
    with archive.database.read() as tx:
        found = dues_of(tx, incident.id, answer_of(tx, incident.id, clock=archive.clock))
    return {one.what.split("/")[1]: one for one in found}


def rounds(incident: Incident, at: datetime) -> None:
    """Two rounds at a moment: what is told, is told by the first."""
    archive = incident.office.archive
    archive.clock.moment = at
    for _ in range(2):
        incidents.go_round(archive.database, archive.clock)


def told(incident: Incident, *, still: bool = False) -> list[tuple[NoticeKind, str]]:
    """Kind and rule of each notice but for the clock of the request, in order; `still`: of those that are open."""
    mine = sa.and_(outbox_notice.c.kind.in_([DUE.value, OVER.value]), outbox_notice.c.once_key.not_like("%/t-request"))
    query = sa.select(outbox_notice).where(mine).order_by(outbox_notice.c.created_at, outbox_notice.c.id)
    with incident.office.archive.database.read() as tx:
        rows = tx.execute(query).all()
    assert all((row.times, row.about, row.recipients) == (1, f"/critical/{incident.id}", None) for row in rows)
    return [(NoticeKind(row.kind), row.once_key.split("/")[1]) for row in rows if row.open_key or not still]


def test_each_clock_is_told_once_near_its_end_and_once_when_it_is_over(incident: Incident) -> None:
    due = dues(incident)
    assert next(iter(due)) == "t-soon", "a viewing comes first, whoever asks for the release"
    with incident.office.archive.database.read() as tx:
        found = incidents.critical_incident_of(tx, incident.office.records, incident.id)
    assert (found.due_at, found.due_rule) == (due["t-soon"].at, "Test Code § 25")
    rounds(incident, due["t-soon"].at - timedelta(hours=49))
    assert told(incident) == []
    rounds(incident, due["t-soon"].at - HOUR)
    assert told(incident) == [(DUE, "t-soon")]
    rounds(incident, due["t-soon"].at + HOUR)
    assert told(incident) == [(DUE, "t-soon"), (OVER, "t-soon")]
    rounds(incident, due["t-prosecutor"].at - HOUR)
    assert told(incident, still=True)[-1] == (DUE, "t-prosecutor"), (
        "that one is late keeps nobody from hearing of another"
    )
    with incident.office.archive.database.read() as tx:
        words = [row.details["words"] for row in tx.execute(sa.select(outbox_notice)) if row.kind == OVER.value]
    assert words[0].startswith("The offer of a viewing to somebody who was recorded was due by ")
    assert words[0].endswith(" (Test Code § 25).")
    assert "records_officer" in KINDS[DUE].roles
    assert {"records_officer", "counsel"} <= set(KINDS[OVER].roles)


def test_what_is_done_or_put_off_is_told_no_more(incident: Incident) -> None:
    office, clock = incident.office, incident.office.archive.clock
    due = dues(incident)
    rounds(incident, due["t-soon"].at + HOUR)
    with office.archive.database.write() as tx:
        given = {"who": "depicted", "name": "Luis Diaz", "offered_for": clock.now() + timedelta(days=2)}
        viewings.offer(tx, office.records, incident.id, **given, clock=clock)
    assert "t-soon" not in dues(incident)
    assert told(incident, still=True) == []
    rounds(incident, due["t-prosecutor"].at - HOUR)
    assert told(incident, still=True) == [(DUE, "t-prosecutor")]
    put_off(incident, "t-prosecutor")
    assert told(incident, still=True) == []
    rounds(incident, dues(incident)["t-prosecutor"].at - HOUR)
    assert told(incident, still=True) == [(DUE, "t-prosecutor")], "the step that it was put off by ends too"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_of_a_closed_one_is_told(incident: Incident) -> None:
    office, clock = incident.office, incident.office.archive.clock
    rounds(incident, dues(incident)["t-prosecutor"].at + HOUR)
    assert (OVER, "t-prosecutor") in told(incident, still=True)
    with office.archive.database.write() as tx:
        given = {"reason": "nobody is left", "although": True, "free_holds": True}
        closing.close(tx, office.records, incident.id, **given, clock=clock)
    assert told(incident, still=True) == []
    several = len(told(incident))
    rounds(incident, clock.now() + timedelta(days=400))
    assert len(told(incident)) == several


@pytest.mark.parametrize("audience", ["public", "requester"])
def test_once_it_is_released_to_everybody_no_clock_asks_for_it(incident: Incident, audience: str) -> None:
    """A recall has it asked for again."""
    archive = incident.office.archive
    offer(incident)
    with archive.database.write() as tx:
        words = {"title": "A", "summary": "B", "prepared_by": "system:test", "prepared_at": archive.clock.now()}
        row = {"id": "r" * 36, "number": "RL-1", "critical_id": incident.id, "audience": audience, **words}
        tx.execute(release.insert(), {**row, "state": "published", "basis": {}, "version": 1})
        copy = {"release_id": row["id"], "position": 0, "copy_id": "c" * 36, "although": ""}
        tx.execute(release_copy.insert(), {**copy, "recording_id": incident.office.recording})
        put_dues(tx, row["id"], clock=archive.clock)
        found = incidents.critical_incident_of(tx, incident.office.records, incident.id)
    assert set(dues(incident)) == (
        {"t-soon"} if audience == "public" else {"t-soon", "t-request", "t-prosecutor", "t-steps", "t-rigid"}
    )
    assert found.due_rule == "Test Code § 25"
    with archive.database.write() as tx:
        tx.execute(release.update().values(state="recalled"))
    assert f"{PACK}/t-rigid" == dues(incident)["t-rigid"].what


def told_ends(incident: Incident) -> list[tuple[NoticeKind, str]]:
    """Kind and end, as they are said, of the notices of the prosecutor's clock that are open, in order."""
    mine = sa.and_(outbox_notice.c.once_key.endswith("/t-prosecutor"), outbox_notice.c.open_key.is_not(None))
    query = sa.select(outbox_notice).where(mine).order_by(outbox_notice.c.created_at, outbox_notice.c.id)
    with incident.office.archive.database.read() as tx:
        rows = tx.execute(query).all()
    return [(NoticeKind(row.kind), row.details["words"].split(" due by ")[1].split(",")[0]) for row in rows]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_clock_of_the_next_recording_is_told_though_that_of_the_first_was(incident: Incident) -> None:
    """The first is released late; the second ends a day after it, so it is near all the while."""
    office, clock = incident.office, incident.office.archive.clock
    clock.moment += timedelta(days=1)
    second = office.archive.worn(b"a film of the day after", "after.mp4", title="After").recording_id
    with office.archive.database.write() as tx:
        incidents.add_recordings(tx, office.records, incident.id, [second], clock=clock)
        tx.execute(recording.update().where(recording.c.id == second).values(started_at=clock.now()))
    first = dues(incident)["t-prosecutor"].at
    rounds(incident, first - HOUR)
    rounds(incident, first + HOUR)
    assert told_ends(incident) == [(DUE, "13 December 2026"), (OVER, "13 December 2026")]
    with office.archive.database.write() as tx:
        words = {"title": "A", "summary": "B", "prepared_by": "system:test", "prepared_at": clock.now()}
        row = {"id": "r" * 36, "number": "RL-1", "critical_id": incident.id, "audience": "public", **words}
        tx.execute(release.insert(), {**row, "state": "published", "basis": {}, "version": 1})
        copy = {"release_id": row["id"], "position": 0, "copy_id": "c" * 36, "although": ""}
        tx.execute(release_copy.insert(), {**copy, "recording_id": office.recording})
        put_dues(tx, row["id"], clock=clock)
    assert told_ends(incident) == [], "what was told of the first is over"
    rounds(incident, clock.now())
    assert told_ends(incident) == [(DUE, "14 December 2026")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_told_of_a_recording_that_became_part_of_another(incident: Incident) -> None:
    """Only the whole can be released; once it is, nothing is asked for any more."""
    office, clock = incident.office, incident.office.archive.clock
    other = office.archive.worn(b"a film beside it", "beside.mp4", title="Beside").recording_id
    with office.archive.database.write() as tx:
        incidents.add_recordings(tx, office.records, incident.id, [other], clock=clock)
        both = [office.recording, other]
        whole = regroup(tx, office.archive.technician, both, reason="one incident", clock=clock)
    with office.archive.database.read() as tx:
        running = running_clocks(tx, incident.id, answer_of(tx, incident.id, clock=clock))
        shown, hidden = incidents.recordings_in(tx, office.records, incident.id)
        counts, closed = counts_of(tx, office.records, incident.subject)
    assert {one.clock.recording_id for one in running} == {whole}
    assert ([one.recording_id for one in shown], hidden) == ([whole], 0)
    assert (sum(counts.values()), closed) == (1, 0), "what cannot be decided does not wait for a decision"
