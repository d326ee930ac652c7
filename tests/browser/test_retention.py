"""Retention in a real browser: a hold from the recording's page, a proposal, and every page at every size."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.live import people
from tests.footage.entries import add_entry
from tests.retention.law_in_force import put_in_force

from candor.retention import plans

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def keeping(fresh_site: Any) -> Any:
    """A site with law in force, recordings that may go, a plan and a change that waits."""
    people(fresh_site)
    here = fresh_site.here
    at = here.clock.now() - timedelta(days=400)
    with here.database.write() as tx:
        put_in_force(tx, at)
        fresh_site.old = [
            add_entry(tx, at, title=f"Stop on Route {number}", category="Traffic stop", duration_ms=60_000)
            for number in range(3)
        ]
        plan = plans.ask(tx, fresh_site.accounts["technician"], clock=here.clock)
    plans.work_out(here.database, plan, clock=here.clock)
    return fresh_site


def test_from_a_hold_to_an_approval(visit: Callable[..., Any], keeping: Any) -> None:
    page = visit(keeping, "technician").page
    page.goto(f"{keeping.url}/recordings/{keeping.old[0]}")
    page.get_by_text("Hold this recording").click()
    page.get_by_label("Why", exact=True).last.fill("Doe v. City")
    page.get_by_role("button", name="Hold it").click()
    expect(page.get_by_text("It is held, and must stay")).to_be_visible()
    page.goto(f"{keeping.url}/retention/dispositions")
    page.get_by_label("Number of the authorisation").fill("RC-108")
    page.get_by_label("By what right").fill("Schedule M4")
    page.get_by_label("Why", exact=True).fill("its period is over")
    page.get_by_role("button", name="Propose it").click()
    expect(page.get_by_role("heading", name="RC-108")).to_be_visible()
    where = page.url.partition("?")[0]
    expect(page.get_by_role("link", name="Stop on Route 1")).to_be_visible()
    expect(page.get_by_role("link", name="Stop on Route 0")).to_have_count(0)  # it is held
    other = visit(keeping, "records").page
    other.goto(f"{keeping.url}/retention")
    other.get_by_role("link", name="RC-108").click()
    assert other.url == where
    other.get_by_label("Why", exact=True).first.fill("looked at")
    other.get_by_role("button", name="Approve").click()
    expect(other.get_by_text("It is approved")).to_be_visible()


@pytest.mark.long
def test_pages_at_every_size(visit: Callable[..., Any], keeping: Any, at_every_size: Callable[..., None]) -> None:
    page = visit(keeping, "records", width=360).page
    for path in ("", "/changes", "/dispositions", "/holds"):
        page.goto(f"{keeping.url}/retention{path}")
        at_every_size(page)
