"""The box about damage on a recording's page: what was recovered, what was lost, and having it repaired again."""

from __future__ import annotations

import html
from collections.abc import Callable

import pytest
from tests.footage.media.recordings import film, without_index
from tests.web.recording_place import take_in
from tests.web.visitor import Visitor

from candor.custody import Event, history
from candor.footage.receipt import Received
from candor.installation import Installation
from candor.people.rules import Role

SignedIn = Callable[..., Visitor]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _path(received: Received) -> str:
    return f"/recordings/{received.recording_id}"


def test_a_whole_file_has_no_such_box(signed_in: SignedIn, installation: Installation) -> None:
    page = signed_in("tanaka", Role.EVIDENCE_TECHNICIAN).get(_path(take_in(installation, film(seconds=1)))).text
    assert "Damage and repair" not in page


def test_from_failure_to_a_copy(signed_in: SignedIn, installation: Installation) -> None:
    technician = signed_in("tanaka", Role.EVIDENCE_TECHNICIAN)
    broken, whole = without_index(film(seconds=2)), film(seconds=1)
    received = take_in(installation, broken, "broken.mp4")
    assert "Being repaired" in technician.get(_path(received)).text
    installation.jobs.launch()
    installation.jobs.wait_idle(60)
    page = html.unescape(technician.get(_path(received)).text)
    assert "Not repaired" in page
    assert "can serve as a reference" in page
    assert "Repair again" in page
    other = take_in(installation, whole, "whole.mp4")
    answer = technician.post(f"{_path(received)}/parts/{received.part_id}/repairs", {"reference": other.part_id})
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"{_path(received)}?said=repair-asked#damage-title",
    )
    installation.jobs.wait_idle(60)
    page = html.unescape(technician.get(_path(received)).text)
    assert "Repaired copy" in page
    assert "What you watch here is made from the repaired copy." in page
    assert other.sha256.hex() in page
    assert "by the reference" in page
    assert "What is it opened for?" in page  # it can be watched
    with installation.database.read() as tx:
        kinds = [event.kind for event in history(tx, received.recording_id)]
    assert Event.RENDITION_REPAIR_ASKED in kinds


def test_of_what_one_may_not_see(signed_in: SignedIn, installation: Installation) -> None:
    received = take_in(installation, without_index(film(seconds=1)), "broken.mp4")
    officer = signed_in("okafor", Role.OFFICER)
    assert officer.post(f"{_path(received)}/parts/{received.part_id}/repairs", {}).status_code == 404
    guest = signed_in("programme", Role.PROGRAMME_MANAGER)
    assert guest.post(f"{_path(received)}/parts/{received.part_id}/repairs", {}).status_code == 403
