"""What the page of a recording says after it was destroyed, and after it came in again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from tests.footage.clips import mp4
from tests.web.recording_place import take_in
from tests.web.visitor import Visitor

from candor.core.clock import FixedClock
from candor.footage import purging
from candor.installation import Installation
from candor.people.rules import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_the_page_says_by_whom_and_under_what(
    installation: Installation, signed_in: Callable[..., Visitor], fixed_clock: FixedClock
) -> None:
    robin = signed_in("robin", Role.EVIDENCE_TECHNICIAN)
    film = mp4(seed=9)
    taken = take_in(installation, film)
    path = f"/recordings/{taken.recording_id}"
    fixed_clock.advance(60)
    with installation.database.write() as tx:
        purging.purge(
            tx,
            installation.vault,
            installation.jobs,
            robin.actor,
            taken.recording_id,
            authority="Order <26> CV-7",
            reason="expunged & gone",
            clock=fixed_clock,
        )
    page = robin.get(path).text
    assert "This recording was destroyed" in page
    assert "by Robin under Order &lt;26&gt; CV-7." in page
    assert "expunged &amp; gone" in page
    assert "taken in again" in page
    assert "/hand-out?ids=" not in page
    assert "What is it opened for?" not in page
    assert "Destroyed" in robin.get("/recordings").text
    assert robin.post(f"{path}/viewings", {"purpose": "duty"}).status_code == 404
    with installation.database.read() as tx:
        event = tx.scalar(sa.text("SELECT kind FROM custody_event ORDER BY seq DESC LIMIT 1"))
    assert event == "recording:key-destroyed"

    fixed_clock.advance(60)
    take_in(installation, film)
    page = robin.get(path).text
    assert "This recording was destroyed" in page
    assert "The same bytes came in again" in page
    assert "/hand-out?ids=" in page
    assert "The viewing copy is being made" in page
