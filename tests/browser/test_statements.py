"""A review before a statement in a real browser, from asking to completing it; and who may see what at every size."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.live import PASSWORD, people
from tests.footage.entries import add_entry

from candor.core.clock import SystemClock
from candor.matters import service
from candor.people import passwords
from candor.people import service as accounts
from candor.people.rules import Role, system_actor

pytestmark = pytest.mark.browser

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def desk(fresh_site: Any) -> Any:
    """An officer who is kept out of the footage of their own investigation."""
    people(fresh_site)
    keeper, officer = fresh_site.accounts["technician"], fresh_site.accounts["officer"]
    now = datetime.now(UTC).replace(microsecond=0)
    with fresh_site.here.database.write() as tx:
        counsel = accounts.NewAccount("counsel", "Robin Counsel", [Role.COUNSEL], passwords.hash_password(PASSWORD))
        accounts.create_account(tx, system_actor("test"), counsel, clock=CLOCK)
        fresh_site.one = add_entry(
            tx, now - timedelta(hours=3), title="Struggle at the bridge", wearer_id=officer.account_id
        )
        case = service.open_case(tx, keeper, "IA-0007", "force-review", "The bridge", clock=CLOCK)
        service.add_recordings(tx, keeper, case, [fresh_site.one], reason="It shows it", clock=CLOCK)
        service.add_person(tx, keeper, case, "subject-officer", account_id=officer.account_id, clock=CLOCK)
    return fresh_site


@pytest.mark.long
def test_pages_at_every_size(visit: Any, desk: Any, at_every_size: Any) -> None:
    page = visit(desk, "technician", width=360).page
    for path in (f"/recordings/{desk.one}", f"/recordings/{desk.one}/restrictions", "/access-rules"):
        page.goto(desk.url + path)
        for summary in page.locator("main details > summary").all():
            if summary.evaluate("one => !one.parentElement.open"):
                summary.click()
        at_every_size(page, ((360, "dark"), (2560, "light")))


def test_from_asking_to_completing(visit: Any, desk: Any, accessible: Any) -> None:
    officer = visit(desk, "officer", width=360).page
    officer.goto(desk.url + f"/recordings/{desk.one}")
    expect(officer.locator("main")).not_to_contain_text("Struggle at the bridge")
    officer.goto(desk.url + "/statements")
    officer.get_by_label("a disciplinary investigation of the officer").check()
    officer.get_by_label("Which footage").fill("IA-0007, both cameras at the bridge")
    accessible(officer)
    officer.get_by_role("button", name="Ask", exact=True).click()
    expect(officer.locator("main")).to_contain_text("waiting for a decision")

    counsel = visit(desk, "counsel").page
    counsel.goto(desk.url + "/statements")
    counsel.get_by_role("link", name="IA-0007, both cameras at the bridge").click()
    counsel.get_by_label("Number of the case").fill("IA-0007")
    counsel.get_by_role("button", name="Look").click()
    counsel.get_by_label("Struggle at the bridge").check()
    counsel.get_by_label("Who has to be present").fill("An attorney or a labor representative")
    counsel.locator("#decision-reason").fill("The officer is to make a statement.")
    accessible(counsel)
    counsel.get_by_role("button", name="Grant").click()
    expect(counsel.locator("main")).to_contain_text("granted")

    officer.reload()
    officer.get_by_label("Who is present").fill("A. Attorney")
    officer.get_by_role("button", name="Begin the review").click()
    officer.get_by_role("button", name="Watch").click()
    expect(officer.locator("h1")).to_contain_text("Struggle at the bridge")
    officer.go_back()
    accessible(officer)
    officer.get_by_role("button", name="The review is complete").click()
    expect(officer.locator("main")).to_contain_text("completed")
    expect(officer.locator("main")).to_contain_text("A recording that you do not see now")
