"""What the law says of a recording, on its page: lines that open to their rules, as far as somebody may know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.footage.clips import mp4
from tests.people.place import Place
from tests.web.recording_place import take_in
from tests.web.test_law_pages import put_in_force
from tests.web.visitor import Visitor

from candor.core.clock import FixedClock
from candor.footage import catalogue, classification
from candor.installation import Installation
from candor.law.vocabulary import CaseKind, HoldKind, Label, LawEvent
from candor.matters import service as matters
from candor.people.rules import Role
from candor.retention import holds
from candor.web.pages.recording_law import SUBJECTS

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

KEEP = "ct-postc-2015-every-recording"


def part(page: str) -> str:
    """The page's part about the law."""
    return page.split('aria-labelledby="law-title"')[1].split("</section>")[0]


def lines(text: str) -> dict[str, str]:
    """What stands under each subject."""
    found = {}
    for piece in text.split('id="law-')[2:]:
        subject, rest = piece.split('"', 1)
        found[subject] = rest
    return found


@pytest.fixture
def recording(installation: Installation, place: Place, signed_in: Callable[..., Visitor]) -> tuple[str, Visitor]:
    """A traffic stop of four months ago, and the officer who wore the camera."""
    officer = signed_in("okafor", Role.OFFICER, unit_id=place.unit_id)
    assert officer.actor is not None
    tech = place.add("tanaka", Role.EVIDENCE_TECHNICIAN)
    taken = take_in(installation, mp4(seed=4), wearer_id=officer.actor.account_id, unit_id=place.unit_id)
    with installation.database.write() as tx:
        catalogue.change(tx, taken.recording_id, {"category": "Traffic stop"}, tech, clock=installation.clock)
    return taken.recording_id, officer


def test_without_law_it_says_what_follows(recording: tuple[str, Visitor], chief: Visitor) -> None:
    recording_id, officer = recording
    text = part(officer.get(f"/recordings/{recording_id}").text)
    assert "No law is in force here" in text
    assert "nothing is destroyed, and nothing is released" in text
    assert 'href="/law"' in text
    assert lines(text) == {}


def test_each_line_opens_to_its_rules(
    installation: Installation,
    recording: tuple[str, Visitor],
    signed_in: Callable[..., Visitor],
    place: Place,
    fixed_clock: FixedClock,
) -> None:
    recording_id, _ = recording
    put_in_force(installation, place, adopt=(KEEP,), clock=fixed_clock)
    lawyer = signed_in("lawyer", Role.COUNSEL)
    tess = place.add("tess", Role.EVIDENCE_TECHNICIAN)
    with installation.database.write() as tx:
        classification.label(tx, tess, recording_id, Label.MINOR, reason="A boy.", clock=fixed_clock)
    found = lines(part(lawyer.get(f"/recordings/{recording_id}").text))
    assert set(found) == set(SUBJECTS)
    assert "Kept until" in found["kept"]
    assert f'href="/law/us-ct/{KEEP}#from-2015-11-01"' in found["kept"]
    assert lawyer.get(f"/law/us-ct/{KEEP}").status_code == 200
    assert "in force since 1 November 2015" in found["kept"]
    assert "adopted by the agency’s counsel" in found["kept"]
    assert 'by <span translate="no">Counsel</span>, approved by <span translate="no">Second</span>' in found["kept"]
    assert "May not be destroyed. Its period is not over before" in found["destroyed"]
    assert "It shows a minor: confidential by law." in found["release"]
    assert "not adopted here, so it may only restrict" in found["release"]
    assert "Restricted: a minor." in found["access"]
    fixed_clock.advance(timedelta(days=4000).total_seconds())
    lawyer = signed_in("later", Role.COUNSEL)
    assert (
        "May be destroyed, by an authorisation"
        in lines(part(lawyer.get(f"/recordings/{recording_id}").text))["destroyed"]
    )


def test_what_somebody_may_not_know_is_not_told(
    installation: Installation,
    recording: tuple[str, Visitor],
    signed_in: Callable[..., Visitor],
    place: Place,
    fixed_clock: FixedClock,
) -> None:
    recording_id, officer = recording
    put_in_force(installation, place, adopt=(KEEP,), clock=fixed_clock)
    lawyer = signed_in("lawyer", Role.COUNSEL)
    supervisor = signed_in("suarez", Role.SUPERVISOR, unit_id=place.unit_id)
    path, who = f"/recordings/{recording_id}", lawyer.actor
    assert who is not None
    before = part(officer.get(path).text)
    assert set(lines(before)) == {"kept", "redaction", "access"}
    assert "Cases, holds and requests are not shown with your rights." in before
    with installation.database.write() as tx:
        case = matters.open_case(tx, who, "IA-2026-7", CaseKind.DISCIPLINARY, "Okafor", clock=fixed_clock)
        matters.add_recordings(tx, who, case, [recording_id], reason="It shows it.", clock=fixed_clock)
        matters.note_event(tx, who, case, LawEvent.INVESTIGATION_BEGUN, fixed_clock.now(), clock=fixed_clock)
        holds.place(tx, who, HoldKind.INVESTIGATION, matter_id=case, reason="Said to have hit him.", clock=fixed_clock)
    told = lines(part(lawyer.get(path).text))
    assert "Said to have hit him." in told["destroyed"]
    assert "case IA-2026-7 is open" in told["destroyed"]
    assert "within 96 hours of the moment when the disciplinary investigation was begun" in told["clock"]
    told = lines(part(supervisor.get(path).text))
    assert "Held for an investigation (case IA-2026-7)." in told["destroyed"]
    assert part(officer.get(path).text) == before
    for unable in (supervisor, officer):
        page = unable.get(path).text
        assert path in page
        assert "hit him" not in page
    assert "IA-2026-7" not in officer.get(path).text
