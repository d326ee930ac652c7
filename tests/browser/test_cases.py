"""Cases in a real browser: one is opened with a recording, filled and closed; every size and colour is usable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.live import people
from tests.footage.entries import add_entry

from candor.core.clock import SystemClock
from candor.matters import service

pytestmark = pytest.mark.browser

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def kept(fresh_site: Any) -> Any:
    """A site with a case that has something of everything in it, and a recording that is in none."""
    people(fresh_site)
    keeper, officer = fresh_site.accounts["technician"], fresh_site.accounts["officer"]
    now = datetime.now(UTC).replace(microsecond=0)
    with fresh_site.here.database.write() as tx:
        worn = {"wearer_id": officer.account_id, "incident_number": "2026-0442"}
        made = [
            add_entry(tx, now - timedelta(hours=3 + n), title=f"Traffic stop on Route 9, camera {n}", **worn)
            for n in range(3)
        ]
        fresh_site.free = add_entry(tx, now - timedelta(hours=9), title="Quiet patrol", **worn)
        case_id = service.open_case(
            tx, keeper, "26-00417", "complaint", "Stop on Route 9, " + "at length " * 12, clock=CLOCK
        )
        why = {"reason": "Shows the stop", "clock": CLOCK}
        service.add_recordings(tx, keeper, case_id, made, **why)
        service.remove_recording(tx, keeper, case_id, made[2], **why)
        service.add_person(tx, keeper, case_id, "complainant", name="Ada Byron", clock=CLOCK)
        service.add_person(
            tx, keeper, case_id, "subject-officer", "administrative", account_id=officer.account_id, clock=CLOCK
        )
        moment = service.note_event(tx, keeper, case_id, "complaint-made", now, words="By letter", clock=CLOCK)
        service.correct_event(tx, keeper, case_id, moment, now - timedelta(days=1), **why)
        other = service.open_case(tx, keeper, "26-00418", "criminal", "Stop on Route 9", clock=CLOCK)
        service.relate_cases(tx, keeper, case_id, other, **why)
    fresh_site.case, fresh_site.recorded = case_id, made[0]
    return fresh_site


@pytest.mark.long
def test_pages_at_every_size(visit: Any, kept: Any, at_every_size: Any) -> None:
    page = visit(kept, "technician", width=360).page
    for path in ("/cases", f"/cases/new?ids={kept.free}", f"/cases/add?ids={kept.free}", f"/cases/{kept.case}"):
        page.goto(kept.url + path)
        for summary in page.locator("main details > summary").all():
            if summary.evaluate("one => !one.parentElement.open"):
                summary.click()
        at_every_size(page)


def test_a_case_from_the_list_of_recordings_to_its_closing(visit: Any, kept: Any) -> None:
    page = visit(kept, "technician").page
    page.goto(kept.url + "/recordings?text=quiet")
    page.get_by_label("Choose “Quiet patrol”").check()
    page.get_by_role("button", name="Add to a case").click()
    expect(page.locator("main")).to_contain_text("Quiet patrol")
    page.get_by_role("link", name="Open a new case with them").click()
    page.get_by_label("Kind").select_option("request")
    page.get_by_label("Title").fill("What the neighbours asked for")
    page.get_by_label("Why they belong to it").fill("They asked for it")
    page.get_by_role("button", name="Open the case").click()
    expect(page.locator("body")).to_contain_text("The case was opened.")
    expect(page.locator("main")).to_contain_text("Note when the request was received")
    page.get_by_text("Note a moment").click()
    page.get_by_label("What happened").select_option("request-received")
    page.get_by_role("button", name="Note it").click()
    expect(page.locator("main")).not_to_contain_text("Note when the request was received")
    page.get_by_text("Close the case").click()
    page.get_by_label("Why", exact=True).locator("visible=true").fill("It was answered")
    page.get_by_role("button", name="Close it").click()
    expect(page.locator("h1")).to_contain_text("Closed")
    expect(page.locator("main")).to_contain_text("It was answered")
    page.goto(kept.url + "/cases")
    page.get_by_label("Find cases").fill("neighbours")
    expect(page.locator("#cases tbody tr")).to_have_count(1)
