"""Every page for staff at once: axe-core finds nothing, nothing is wider than a telephone, no content policy broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.browser.conftest import recolour
from tests.browser.live import until

pytestmark = [pytest.mark.browser, pytest.mark.long]

#: Address (a key of `site.recordings` after `@`), who looks, what to do first.
PAGES = {
    "list": ("/recordings", "records"),
    "nothing found": ("/recordings?text=zzzz", "records"),
    "recording": ("@stop", "records"),
    "sound": ("@sound", "records"),
    "unplayable": ("@text", "records"),
    "history": ("@stop/history", "records"),
    "edit": ("@stop/edit", "records"),
    "hand out": ("/hand-out?ids=@stop", "records"),
    "take in": ("/upload", "technician"),
    "activity": ("/activity", "technician"),
    "custody log": ("/custody", "technician"),
    "accounts": ("/accounts", "chief"),
    "own account": ("/account", "records"),
    "not found": ("/recordings/none", "records"),
}


def address(site: Any, given: str) -> str:
    """The address with a recording's id in it."""
    for key, received in site.recordings.items():
        given = given.replace(f"?ids=@{key}", f"?ids={received.recording_id}")
        given = given.replace(f"@{key}", f"/recordings/{received.recording_id}")
    return f"{site.url}{given}"


@pytest.mark.parametrize("who", ["records", "technician", "chief"])
def test_every_page_fits_and_axe_finds_nothing(
    visit: Any, site: Any, accessible: Callable[..., None], who: str
) -> None:
    page = visit(site, who, width=360, height=800, has_touch=True).page
    for path in (path for path, by in PAGES.values() if by == who):
        page.set_viewport_size({"width": 360, "height": 800})
        page.emulate_media(color_scheme="light")
        page.goto(address(site, path))
        fits(page, 360)
        fits(page, 2560)
        fits(page, 1280)
        accessible(page)
        recolour(page, "dark")
        accessible(page, only=("color-contrast", "link-in-text-block"))  # the dark page is the same but for its colours


def fits(page: Page, width: int) -> None:
    """In a window of some width nothing sticks out to the side."""
    page.set_viewport_size({"width": width, "height": 800})
    until(page, f"innerWidth === {width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def test_axe_finds_nothing_in_the_player_and_after_verifying(
    visit: Any, site: Any, accessible: Callable[[Page], None]
) -> None:
    page = visit(site, "records").page
    page.goto(site.page_of("stop"))
    page.click(".gate-foot button")
    page.wait_for_selector("candor-player")
    until(page, "document.querySelector('video').readyState >= 2")
    for width in (360, 2560, 1280):
        fits(page, width)
    size = site.here.log.settle()  # the opening just now is an entry too: until it is witnessed the answer is amber
    for _ in range(300):
        if site.here.log.status().witnessed_size >= size:
            break
        page.wait_for_timeout(50)
    page.click("[data-verify-all]")
    page.wait_for_selector("#verify-all-result[data-outcome=ok]")
    page.locator(".history-line details").first.evaluate("one => { one.open = true }")
    accessible(page)
    page.click("#entry a:has-text('Edit')")
    page.wait_for_selector("#entry input[name=title]")
    accessible(page)


def test_the_player_works_by_touch(visit: Any, site: Any) -> None:
    page = visit(site, "records", width=360, height=800, has_touch=True, is_mobile=True).page
    page.goto(site.page_of("stop"))
    page.tap(".gate-foot button")
    page.wait_for_selector("candor-player")
    until(page, "document.querySelector('video').currentTime > 0.2")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.tap("[data-part=play]")
    until(page, "document.querySelector('video').paused")
    box = page.locator(".player-line").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] * 0.75, box["y"] + 20)
    until(page, "Math.abs(document.querySelector('video').currentTime - 3) < 0.15")
    page.tap("button[data-act=frame][data-value='1']")
    until(page, "document.querySelector('video').currentTime > 3")


def test_places_beyond_the_sixth_are_under_one_word(visit: Any, site: Any, accessible: Callable[..., None]) -> None:
    page = visit(site, "technician", width=360, height=800).page
    page.goto(f"{site.url}/retention")
    more = page.locator(".more-places")
    word = more.locator("summary")
    hidden = more.locator(".menu-item")
    assert page.locator(".places > a").count() == 5
    assert word.inner_text().strip() == "Retention"  # the place one is at is not hidden behind another word
    assert not hidden.first.is_visible()
    word.focus()
    page.keyboard.press("Enter")
    accessible(page)
    box = hidden.first.bounding_box()
    assert box is not None
    assert 0 <= box["x"] < box["x"] + box["width"] <= 360
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.keyboard.press("Tab")
    assert hidden.first.evaluate("one => one === document.activeElement")
    page.keyboard.press("Escape")
    assert not hidden.first.is_visible()
    assert word.evaluate("one => one === document.activeElement")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")  # out of it: it closes
    until(page, "!document.querySelector('.more-places').open")
    without_script = visit(site, "technician", java_script_enabled=False).page
    without_script.goto(f"{site.url}/recordings")
    without_script.locator(".more-places summary").click()
    without_script.locator(".more-places .menu-item", has_text="Law").click()
    assert without_script.url.endswith("/law")
