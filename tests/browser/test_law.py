"""The pages of the law in a browser: found by words and day, read over time, at every width, by everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_a_rule_is_found_and_read(site: Any, visit: Callable[..., Any], accessible: Callable[..., None]) -> None:
    """On a telephone: by words and a day, then the rule with its citation, dates, and what it said before."""
    page = visit(site, "officer", width=360, height=740).page
    page.goto(f"{site.url}/law")
    narrow(page)
    accessible(page)
    page.fill("#text", "record force")
    page.fill("#as-of", "2018-08-14")
    page.keyboard.press("Enter")
    page.wait_for_url("**as-of=2018-08-14**")
    link = page.locator('a[href="/law/us-ct/ct-7-282e-record-of-force"]').first
    link.click()
    page.wait_for_url("**/law/us-ct/ct-7-282e-record-of-force")
    assert page.locator("main section").count() == 3
    page.locator("summary", has_text="What changed then").first.click()
    assert page.locator("ins").first.is_visible()
    assert page.locator("del").first.is_visible()
    narrow(page)
    accessible(page)


@pytest.mark.long
def test_a_pack_at_every_width(site: Any, visit: Callable[..., Any], at_every_size: Callable[..., None]) -> None:
    page = visit(site, "officer", width=360).page
    page.goto(f"{site.url}/law/us-ct")
    assert page.locator("#uncovered dt").count() > 10
    at_every_size(page, ((360, "dark"), (2560, "light")))


def narrow(page: Any) -> None:
    """Nothing sticks out to the side."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
