"""What the page of a recording says after it was destroyed, while what came in again is held, and after it was taken
in; and the list of what is held."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from tests.footage.clips import mp4
from tests.web.recording_place import take_in
from tests.web.visitor import Visitor

from candor.core.clock import FixedClock
from candor.footage import erasing, purging, returning
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
    assert "they are held until somebody decides" in page
    assert "/hand-out?ids=" not in page
    assert "What is it opened for?" not in page
    assert "Destroyed" in robin.get("/recordings").text
    assert robin.post(f"{path}/viewings", {"purpose": "duty"}).status_code == 404
    with installation.database.read() as tx:
        event = tx.scalar(sa.text("SELECT kind FROM custody_event ORDER BY seq DESC LIMIT 1"))
    assert event == "recording:key-destroyed"

    fixed_clock.advance(60)
    assert take_in(installation, film, face="card").held
    page = robin.get(path).text
    assert "Came in again" in page
    assert "Decide what becomes of it" in page
    assert "/hand-out?ids=" not in page
    with installation.database.read() as tx:
        (held,) = returning.waiting(tx, robin.actor)
    listed = robin.get("/returned").text
    assert "Order &lt;26&gt; CV-7: expunged &amp; gone" in listed
    assert "Card or folder" in listed
    wrong = robin.post(f"/returned/{held.id}/take-in", {"authority": " ", "reason": "x"})
    assert wrong.status_code == 422 or wrong.status_code == 400
    assert "goes on record and must be said" in wrong.text
    done = robin.post(f"/returned/{held.id}/take-in", {"authority": "Order 27-1", "reason": "vacated"})
    assert done.headers["location"].startswith(path)
    page = robin.get(path).text
    assert "This recording was destroyed" in page
    assert "The same bytes came in again" in page
    assert "/hand-out?ids=" in page
    assert "The viewing copy is being made" in page
    assert "Order 27-1: vacated" in page


def test_what_was_erased_by_order_shows_nothing_of_it(
    installation: Installation, signed_in: Callable[..., Visitor], fixed_clock: FixedClock
) -> None:
    robin = signed_in("robin", Role.EVIDENCE_TECHNICIAN)
    taken = take_in(installation, b"a film of Jane Roe" * 20, "jane-roe.mp4")
    path = f"/recordings/{taken.recording_id}"
    words = {"authority": "Order 26-CV-8", "reason": "an order of the court"}
    with installation.database.write() as tx:
        erasing.erase(
            tx, installation.vault, installation.jobs, robin.actor, taken.recording_id, clock=fixed_clock, **words
        )
    page = robin.get(path).text
    assert "An order took what was known of it too" in page
    assert "what it said was erased by order" in page
    assert "The recording was erased by order." in page
    for gone in ("jane", "Jane", taken.sha256.hex()):
        assert gone not in page
    assert "kept longest" not in page  # it is gone: nothing is kept, and nothing more is said of what it shows
    assert "Put the label on" not in page
    told = robin.get(f"/api/v1{path}").json()
    assert [one["sha256"] for one in told["parts"]] == [None]
    assert robin.get(f"{path}/history").status_code in (200, 404)
    assert take_in(installation, b"a film of Jane Roe" * 20, "jane-roe.mp4").held
    with installation.database.read() as tx:
        (held,) = returning.waiting(tx, robin.actor)
    assert "Erased by order" in robin.get("/returned").text
    done = robin.post(f"/returned/{held.id}/destroy", {})
    assert done.headers["location"] == "/returned?said=return-destroyed"
    assert "Nothing is held" in robin.get("/returned").text
    assert "jane" not in robin.get(path).text
    again = robin.post(f"/returned/{held.id}/destroy", {})
    assert again.status_code == 404
    officer = signed_in("okoro", Role.OFFICER)
    assert officer.get("/returned").status_code == 403
