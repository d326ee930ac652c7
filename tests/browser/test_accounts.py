"""The pages of accounts, programs and events in a browser: any width, both colours, nothing axe-core finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.browser.live import Site, people, running_site

from candor.people import service_accounts
from candor.people.rules import Permission
from candor.people.tables import account as account_table

pytestmark = pytest.mark.browser

PAGES = ("/accounts", "/accounts/new", "/accounts/review", "/service-accounts", "/audit", "/audit?text=zzz")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, cheap_passwords: None) -> Iterator[Site]:
    """A site with people, a program with tokens, and a few hundred events."""
    with running_site(tmp_path_factory.mktemp("kept"), witnessed=False, jobs=False) as made:
        people(made)
        chief, clock = made.accounts["chief"], made.here.clock
        with made.here.database.write() as tx:
            dock = service_accounts.create(
                tx, chief, sign_in_name="dock-f", display_name="Dock at Troop F", roles=["evidence_technician"]
            )
            for days in (20, 300):
                service_accounts.create_token(
                    tx,
                    chief,
                    dock,
                    name=f"dock.py on F{days}",
                    scopes=[Permission.RECORDINGS_TAKE_IN, Permission.LOG_VIEW],
                    days=days,
                )
            gone = clock.now() - timedelta(days=120)
            officer = made.accounts["officer"].account_id
            tx.execute(account_table.update().where(account_table.c.id == officer).values(signed_in_at=gone))
            for number in range(130):
                nobody = service_accounts.look_up(tx, f"cnd_{number}")
                service_accounts.turned_away(tx, nobody, "unknown", f"198.51.100.{number % 9}", what="GET /api/v1/x")
        yield made


@pytest.mark.long
def test_any_width_and_both_colours(visit: Any, kept: Site, at_every_size: Callable[[Page], None]) -> None:
    page = visit(kept, "chief", width=360).page
    for path in PAGES:
        page.goto(f"{kept.url}{path}")
        at_every_size(page)


def test_a_token_is_made_shown_once_and_revoked(visit: Any, kept: Site) -> None:
    page = visit(kept, "chief").page
    page.goto(f"{kept.url}/service-accounts")
    page.click("summary:has-text('New token')")
    page.fill("input[name=name]", "monitor on M1")
    page.get_by_label("see the custody log").first.check()
    page.click("text=Make the token")
    page.wait_for_selector("#made")
    token = page.inner_text("#made pre")
    assert re.fullmatch(r"cnd_[0-9a-f]{32}_[0-9a-f]{64}", token)
    answer = page.request.get(f"{kept.url}/custody/policy", headers={"authorization": f"Bearer {token}"})
    assert answer.status == 200
    page.goto(f"{kept.url}/service-accounts")
    assert token not in page.content()
    page.click("[aria-label='Revoke the token “monitor on M1”']")
    page.wait_for_url("**said=token-revoked**")
    answer = page.request.get(f"{kept.url}/custody/policy", headers={"authorization": f"Bearer {token}"})
    assert answer.status == 401


def test_searching_events_by_the_form(visit: Any, kept: Site) -> None:
    page = visit(kept, "chief").page
    page.goto(f"{kept.url}/audit")
    page.select_option("#kind", "token:refused")
    page.fill("#address", "198.51.100.3")
    page.click(".filters button.primary")
    page.wait_for_url("**address=198.51.100.3**")
    rows = page.locator("table.audit .audit-row")
    assert rows.count() >= 10
    assert all("198.51.100.3" in text for text in rows.all_inner_texts())
    rows.first.locator("summary").click()
    assert '"kind":"token:refused"' in page.locator(".audit-whole:visible").inner_text()
    page.goto(f"{kept.url}/audit")
    first = page.locator("table.audit time").first.get_attribute("datetime")
    page.click("#next-page")
    page.wait_for_url("**after=**")
    assert page.locator("table.audit time").first.get_attribute("datetime") < first
