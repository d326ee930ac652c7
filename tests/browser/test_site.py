"""The site in a real browser: first run, signing in, finding, taking in, changing many."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from candor.people import service

pytestmark = pytest.mark.browser

PASSWORD = "four unrelated quiet words"


def test_first_run_makes_the_agency_and_signs_in(
    visit: Any, fresh_site: Any, accessible: Callable[[Page], None]
) -> None:
    someone = visit(fresh_site)
    page = someone.page
    page.goto(fresh_site.url)
    page.wait_for_url("**/setup")
    accessible(page)
    page.fill("input[name=name]", "Example Police")
    page.fill("input[name=short_name]", "Example")
    page.fill("input[name=display_name]", "Dana Chief")
    page.fill("input[name=sign_in_name]", "dana")
    page.fill("input[name=password]", PASSWORD)
    page.fill("input[name=password_again]", PASSWORD)
    page.click("main form button.primary")
    page.wait_for_url("**/recovery-sheet*")
    page.get_by_role("link", name="Later").click()
    page.wait_for_url("**/recordings*")
    expect(page.locator("main")).to_contain_text("No recordings yet")
    with fresh_site.here.database.read() as tx:
        agency = service.agency(tx)
    assert agency is not None
    assert agency.name == "Example Police"


def test_signing_in_and_out(visit: Any, site: Any) -> None:
    someone = visit(site)
    page = someone.page
    page.goto(f"{site.url}/recordings")
    page.wait_for_url("**/sign-in?next=*")
    page.fill("input[name=name]", "records")
    page.fill("input[name=password]", "a wrong password here")
    page.click("main form button.primary")
    expect(page.locator(".notice.bad")).to_be_visible()
    someone.sign_in("records")
    page.goto(f"{site.url}/recordings")
    expect(page.locator("a.row-link")).not_to_have_count(0)
    page.click(".menu:not(.more-places) > summary")
    page.click("text=Sign out")
    page.wait_for_url("**/sign-in*")
    page.goto(site.page_of("stop"))
    page.wait_for_url("**/sign-in?next=*")


def test_typing_searches_and_filters_narrow(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    page.goto(f"{site.url}/recordings")
    page.keyboard.press("/")
    page.keyboard.type("route 9")
    expect(page.locator("a.row-link")).to_have_count(1)
    expect(page.locator("a.row-link")).to_have_text("Traffic stop, Route 9")
    page.wait_for_url("**text=route*")
    page.fill("#search", "")
    page.select_option("#category", "Traffic stop")
    expect(page.locator("a.row-link")).to_have_count(1)
    page.reload()
    expect(page.locator("a.row-link")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/recordings/*-*")
    expect(page.locator("h1")).to_have_text("Traffic stop, Route 9")


def test_a_file_is_taken_in_with_its_hash(visit: Any, site: Any, tmp_path: Path) -> None:
    page = visit(site, "technician").page
    data = b"bytes that came through a browser " * 50_000
    file = tmp_path / "dropped.mp4"
    file.write_bytes(data)
    page.goto(f"{site.url}/upload")
    page.set_input_files("#files", file)
    expect(page.locator(".queue-hash")).to_have_text(hashlib.sha256(data).hexdigest())
    page.click("a[data-act=open]")
    page.wait_for_url("**/recordings/*-*")
    expect(page.locator("h1")).to_have_text("dropped.mp4")
    expect(page.locator("#stage")).to_contain_text("nothing here that can be played")
    expect(page.locator(".recording-side")).to_contain_text(hashlib.sha256(data).hexdigest())


def test_many_are_changed_at_once(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    page.goto(f"{site.url}/recordings?text=jo")
    for key in ("text", "empty"):
        page.check(f"input[name=id][value='{site.recordings[key].recording_id}']")
    page.select_option("#bulk-category", "Training")
    page.fill("#bulk-add", "checked, autumn")
    page.click("#bulk button.primary")
    page.wait_for_url("**said=recordings-changed*")
    for key in ("text", "empty"):
        page.goto(site.page_of(key))
        expect(page.locator("#entry")).to_contain_text("Training")
        expect(page.locator("#entry .tag-link")).to_have_count(2)
        expect(page.locator("#history")).to_contain_text("The catalogue entry was changed.")
