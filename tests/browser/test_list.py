"""The list by its keys, the order of its columns, colours, and uploads that are given up and begun again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_list_is_worked_by_keys(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    page.goto(f"{site.url}/recordings")
    rows = page.locator("a.row-link")
    shown = rows.count()
    assert shown >= 6
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(rows.nth(2)).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(1)).to_be_focused()
    expect(page.locator("#bulk")).to_be_hidden()
    page.keyboard.press("x")
    expect(page.locator("#bulk")).to_be_visible()
    expect(page.locator("[data-chosen-count]")).to_have_text("1")
    page.click("[data-choose-none]")
    expect(page.locator("#bulk")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#keys")).to_be_hidden()
    rows.nth(1).focus()
    target = rows.nth(1).get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{target}")


def test_keys_are_letters_where_somebody_types(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    page.goto(f"{site.url}/recordings")
    page.keyboard.press("/")
    page.keyboard.type("jkx?/")
    expect(page.locator("#search")).to_have_value("jkx?/")
    expect(page.locator("dialog#keys")).to_be_hidden()


def test_a_stretch_of_rows_is_chosen_with_the_shift_key(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    page.goto(f"{site.url}/recordings")
    boxes = page.locator("#results input[name=id]")
    boxes.nth(1).click()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(page.locator("[data-chosen-count]")).to_have_text("3")
    page.locator("[data-choose-all]").check()
    expect(page.locator("[data-chosen-count]")).to_have_text(str(boxes.count()))


def test_columns_order_the_list_and_the_address_says_how(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    page.goto(f"{site.url}/recordings")
    page.click("th.col-title a")
    page.wait_for_url("**sort=title*")
    expect(page.locator("th.col-title")).to_have_attribute("aria-sort", "ascending")
    first = page.locator("a.row-link").first.inner_text()
    page.click("th.col-title a")
    expect(page.locator("th.col-title")).to_have_attribute("aria-sort", "descending")
    expect(page.locator("a.row-link").last).to_have_text(first)
    page.fill("#search", "quiet")
    expect(page.locator("a.row-link")).to_have_count(1)
    page.wait_for_url("**text=quiet*")
    assert "sort=title" in page.url, "the order stays while somebody types"
    page.reload()
    expect(page.locator("#search")).to_have_value("quiet")
    expect(page.locator("a.row-link")).to_have_count(1)


def test_colours_are_chosen_at_once_and_kept(visit: Any, site: Any) -> None:
    page = visit(site, "records", color_scheme="light").page
    page.goto(f"{site.url}/recordings")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click(".menu:not(.more-places) > summary")
    with page.expect_response("**/theme"):
        page.click(".menu button[value=dark]")
    page.wait_for_function(f"{ground} !== '{light}'")
    page.reload()
    assert page.evaluate(ground) != light


def test_an_upload_is_given_up_and_begun_again(visit: Any, site: Any, tmp_path: Path) -> None:
    someone = visit(site, "technician")
    page = someone.page
    page.goto(f"{site.url}/upload")
    file = tmp_path / "large.bin"
    file.write_bytes(os.urandom(4_000_000))
    slow = page.context.new_cdp_session(page)
    slow.send("Network.enable")
    line = {"offline": False, "latency": 0, "downloadThroughput": 1_000_000}
    slow.send("Network.emulateNetworkConditions", {**line, "uploadThroughput": 400_000})
    with site.here.database.read() as tx:
        before = len(list(tx.exec_driver_sql("SELECT id FROM recording")))
    page.set_input_files("#files", str(file))
    expect(page.locator(".queue-words")).to_contain_text("%")
    page.click("[data-act=cancel]")
    expect(page.locator(".queue-words")).to_contain_text("nothing of it was kept")
    with site.here.database.read() as tx:
        assert len(list(tx.exec_driver_sql("SELECT id FROM recording"))) == before
    slow.send("Network.emulateNetworkConditions", {**line, "uploadThroughput": -1})
    page.click("[data-act=retry]")
    expect(page.locator(".queue-words")).to_contain_text("the same as computed by this browser", timeout=30_000)
    with site.here.database.read() as tx:
        assert len(list(tx.exec_driver_sql("SELECT id FROM recording"))) == before + 1


def test_on_a_small_screen_the_filters_are_behind_a_button(visit: Any, site: Any) -> None:
    page = visit(site, "records", width=360, height=740).page
    page.goto(f"{site.url}/recordings")
    expect(page.locator("#category")).to_be_hidden()
    page.click("[data-filters-toggle]")
    expect(page.locator("#category")).to_be_visible()
    expect(page.locator("[data-filters-toggle]")).to_have_attribute("aria-expanded", "true")
    page.select_option("#category", "Traffic stop")
    expect(page.locator("a.row-link")).to_have_count(1)
