"""The page of work in progress."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from tests.people.place import Place
from tests.web.visitor import Visitor

from candor.footage.intake import Claim, Intake
from candor.footage.renditions import JOB
from candor.footage.tables import part
from candor.people.rules import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_open_jobs_with_their_recording_for_those_who_may_see_it(
    app: Starlette, chief: Visitor, signed_in: Callable[..., Visitor], place: Place
) -> None:
    here = app.state.installation
    intake = Intake(here.database, here.vault, here.jobs, here.clock)
    with intake.begin(Claim("a.mp4", "a.mp4", "cli", "system:test", title="A secret stop")) as writer:
        writer.write(b"bytes")
        received = writer.finish()
    with here.database.write() as tx:
        assert tx.execute(part.select()).one().id == received.part_id
        here.jobs.enqueue(tx, JOB, {"part": received.part_id})
    technician = signed_in("tech", Role.EVIDENCE_TECHNICIAN)
    text = technician.get("/activity").text
    assert "Viewing copy, poster, filmstrip and waveform" in text
    assert "A secret stop" in text
    assert "Waiting" in text
    assert f"/recordings/{received.recording_id}" in text
    assert "A secret stop" not in chief.get("/activity").text, "an administrator keeps jobs, not footage"


def test_nothing_to_do(chief: Visitor) -> None:
    text = chief.get("/activity").text
    assert "Nothing to do" in text
    assert 'hx-trigger="every 2s"' in text
