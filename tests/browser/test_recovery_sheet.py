"""The recovery sheet after the first run: read on every screen, printed on one page, confirmed from the paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from candor.store.key_records import read_records
from candor.store.recovery_sheet import words_of_key

pytestmark = pytest.mark.browser

PASSWORD = "four unrelated quiet words"


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def test_the_sheet_is_printed_and_confirmed(visit: Any, fresh_site: Any, accessible: Callable[[Page], None]) -> None:
    page = visit(fresh_site).page
    page.goto(f"{fresh_site.url}/setup")
    for field, value in {
        "name": "Example Police",
        "short_name": "Example",
        "display_name": "Dana Chief",
        "sign_in_name": "dana",
        "password": PASSWORD,
        "password_again": PASSWORD,
    }.items():
        page.fill(f"input[name={field}]", value)
    page.click("main form button.primary")
    page.wait_for_url("**/recovery-sheet*")
    accessible(page)
    keys = fresh_site.here.vault.keys
    lines = words_of_key(keys, keys.current).lines
    rows = page.locator(".sheet-words tbody tr")
    expect(rows).to_have_count(len(lines))
    for at, line in enumerate(lines):
        expect(rows.nth(at)).to_have_text(re.compile(r"\s*".join((str(line.number), *line.words, line.check))))
    for width in (360, 1280, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), width
    for paper in ("A4", "Letter"):
        assert pages_of(page.pdf(format=paper)) == 1, paper
    page.get_by_role("link", name="It is on paper").click()
    page.wait_for_url("**/recovery-sheet/confirm")
    accessible(page)
    for at in (1, 2):
        number = int(page.locator(f"input[name=line_{at}]").input_value())
        page.fill(f"input[name=word_{at}]", lines[number - 1].check.upper())
    page.click("main form button.primary")
    page.wait_for_url("**said=sheet-confirmed")
    assert read_records(fresh_site.here.settings.keys_folder).sheet_confirmed_at(keys.current) is not None
    page.goto(f"{fresh_site.url}/recovery-sheet")
    accessible(page)
    expect(page.locator(".sheet-words")).to_have_count(0)
