"""Redaction in a browser, from a recording to a package: found, mended, muted, undone, taken over, rendered, given out.

One site with a short generated clip, in which faces are found by the models that are installed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Visit, Visitor
from tests.browser.live import Site, until
from tests.redaction.prepared import faces_can_be_found, share_models

from candor.redaction import redactions
from candor.redaction.documents import document_at
from candor.redaction.known import make_clip
from candor.redaction.model import Document, PartDocument

pytestmark = [faces_can_be_found, pytest.mark.long]


@pytest.fixture(scope="module")
def desk(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site, with one more recording: three seconds, with faces in it."""
    clip = make_clip(tmp_path_factory.mktemp("desk") / "clip.mp4", 5, 3.0, (640, 360), 15.0, faces=2)
    share_models(site.here.settings.home, tmp_path_factory)
    site.take_in("faces", Path(clip.path).read_bytes(), "faces.mp4", title="Faces at the road")
    site.here.jobs.wait_idle(120)
    return site


def _document(site: Site) -> Document:
    with site.here.database.read() as tx:
        [found] = redactions.list_of(tx, site.accounts["records"])
        return document_at(tx, site.here.vault, found.id)[1]


def _part(site: Site) -> PartDocument:
    [part] = _document(site).parts.values()
    return part


def _open(visitor: Visitor) -> Page:
    page = visitor.page
    page.click("text=Open the editor")
    page.wait_for_url(re.compile("/edit"))
    until(page, "document.querySelector('candor-redaction').editor?.ready")
    return page


def _saved(page: Page) -> None:
    until(page, "document.querySelector('[data-part=saved]').dataset.state === 'saved'")


def _drag(page: Page, begin: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*begin)
    page.mouse.down()
    page.mouse.move(*[(a + b) / 2 for a, b in zip(begin, end, strict=True)])
    page.mouse.move(*end)
    page.mouse.up()


def _on_page(page: Page, track: str) -> tuple[float, float]:
    """The middle of a track's box at the shown picture, on the page."""
    found: Any = page.evaluate(
        """id => {
            const { editor } = document.querySelector('candor-redaction');
            const { track, numbers } = editor.canvas.shown().find(one => one.track.id === id);
            const place = editor.stage.whereIs(), box = editor.canvas.canvas.getBoundingClientRect();
            return [box.left + place.x + (numbers[0] + numbers[2]) / 2 * place.scale,
                    box.top + place.y + (numbers[1] + numbers[3]) / 2 * place.scale];
        }""",
        track,
    )
    return found[0], found[1]


def _begin(desk: Site, visit: Visit) -> Visitor:
    """From the recording's page: look for faces, and wait until they are found."""
    visitor = visit(desk, "records")
    page = visitor.page
    page.goto(desk.page_of("faces"))
    page.click("a:has-text('Redact')[href='#redactions']")
    form = page.locator("form[action$='/redactions']")
    if form.locator("input[value=plate]").is_checked():
        form.locator("input[value=plate]").uncheck()
    form.locator("button.primary").click()
    expect(page.locator("#state-title")).to_be_visible()
    # The page tells by itself when it is done.
    expect(page.get_by_text("Looked through", exact=True)).to_be_visible(timeout=90_000)
    return visitor


def test_from_a_recording_to_a_package(desk: Site, visit: Visit, at_every_size: Callable[..., None]) -> None:
    visitor = _begin(desk, visit)
    page = _open(visitor)
    found = dict(_part(desk).tracks)
    assert found

    # Mend two tracks: one is moved by the mouse, the other made larger by keys.
    first, *others = sorted(found, key=lambda name: found[name].first)
    page.locator(f"[data-track='{first}']").click()
    until(
        page,
        f"document.querySelector('candor-redaction').editor.canvas.shown().some(one => one.track.id === '{first}')",
    )
    x, y = _on_page(page, first)
    _drag(page, (x, y), (x + 24, y + 12))
    second = others[0] if others else first
    page.locator(f"[data-track='{second}']").click()
    page.keyboard.press("]")
    _saved(page)
    mended = _part(desk).tracks
    assert mended[first].keys != found[first].keys
    assert mended[second].keys != found[second].keys

    # The server's help: followed on from here, and the same person looked for.
    live = page.locator("[data-part=live]")
    page.locator(f"[data-track='{first}']").click()
    page.keyboard.press("f")
    expect(live).to_have_text(re.compile("^Followed"), timeout=30_000)
    page.locator(f"[data-track='{first}']").click()
    page.keyboard.press("t")
    expect(live).to_have_text(re.compile("^(One person|Nothing else in this recording)"), timeout=30_000)

    # Frame by frame, by the table of times.
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press(".")
    until(page, "document.querySelector('[data-part=frame]').textContent === '3'")
    until(page, "Math.abs(document.querySelector('video').currentTime - 3.5 / 15) < 0.02")

    # Mute a stretch of sound, dragged on the timeline.
    line = page.locator("[data-part=line]").bounding_box()
    assert line
    height = line["y"] + line["height"] - 12
    _drag(page, (line["x"] + line["width"] * 0.3, height), (line["x"] + line["width"] * 0.6, height))
    expect(page.locator(".span-row")).to_have_count(1)
    _saved(page)
    [span] = _part(desk).spans.values()
    assert 700 < span.begin < 1100
    assert 1500 < span.until < 2100

    # Undo and redo, also of what was done before the page was loaded.
    page.keyboard.press("Control+z")
    expect(page.locator(".span-row")).to_have_count(0)
    page.keyboard.press("Control+Shift+z")
    expect(page.locator(".span-row")).to_have_count(1)
    _saved(page)
    page.reload()
    until(page, "!document.querySelector('[data-part=undo]').disabled")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    until(page, "document.querySelector('candor-redaction').editor.here.spans.size === 0")
    _saved(page)
    assert _part(desk).spans == {}
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+Shift+z")
    until(page, "document.querySelector('candor-redaction').editor.here.spans.size === 1")
    _saved(page)
    assert _part(desk).tracks[second].keys == mended[second].keys

    # Review: each is kept or shown by a key.
    page.keyboard.press("r")
    page.check("[data-part=review-all]")
    page.locator("[data-part=review-what]").click()
    page.keyboard.press("y")
    _saved(page)
    assert any(one.reviewed for one in _part(desk).tracks.values())
    at_every_size(page)

    _second_person(desk, visit, page)
    _render_and_hand_out(page, at_every_size)


def _second_person(desk: Site, visit: Visit, page: Page) -> None:
    """Somebody else looks on, then takes over; the first can change nothing any more."""
    other = visit(desk, "technician")
    theirs = other.page
    theirs.goto(page.url.split("/edit")[0])
    _open(other)
    expect(theirs.locator("[data-part=banner]")).to_contain_text("Robin Records is at work on this")
    theirs.keyboard.press("w")
    assert theirs.evaluate("document.querySelector('candor-redaction').editor.saving.queue.length") == 0
    theirs.click("[data-part=take-over]")
    until(theirs, "!document.querySelector('candor-redaction').editor.readOnly")
    theirs.keyboard.press("w")
    _saved(theirs)
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    expect(page.locator("[data-part=banner]")).to_contain_text("Toni Tech is at work on this")
    drawn = [one for one in _part(desk).tracks.values() if one.origin.value == "person"]
    assert len(drawn) == 1  # the first person's was not taken
    theirs.keyboard.press("Control+z")
    _saved(theirs)
    theirs.goto("about:blank")
    page.evaluate("document.querySelector('candor-redaction').editor.saving.queue.length = 0")


def _render_and_hand_out(page: Page, at_every_size: Callable[..., None]) -> None:
    page.click("[data-part=done]")
    page.click("#copies form[action$='/render'] button.primary")
    badge = page.locator(".redaction-copies .badge", has_text=re.compile("Holds|Doubtful"))
    expect(badge.first).to_be_visible(timeout=120_000)
    doubtful = "Doubtful" in badge.first.inner_text()
    at_every_size(page)
    page.click("text=Give this copy out")
    page.fill("[name=recipient]", "The Daily Post")
    page.fill("[name=purpose]", "Records request 26-17")
    if doubtful:
        page.fill("[name=although]", "Looked at every place; a drawn pattern, no face")
    page.click("main form button.primary")
    page.wait_for_url(re.compile("/packages/"))
    expect(page.locator("a[href*='download'], form[action*='download'] button").first).to_be_visible(timeout=60_000)


def test_what_cannot_be_saved_waits_and_says_so(desk: Site, visit: Visit) -> None:
    visitor = visit(desk, "records")
    page = visitor.page
    page.goto(f"{desk.url}/redactions")
    page.click("main table a")
    _open(visitor)
    if page.locator("[data-part=take-over]").is_visible():
        page.click("[data-part=take-over]")
    until(page, "!document.querySelector('candor-redaction').editor.readOnly")
    before = len(_part(desk).tracks)
    page.context.set_offline(True)
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('[data-part=saved]').dataset.state === 'failed'")
    assert len(_part(desk).tracks) == before
    page.context.set_offline(False)
    _saved(page)
    assert len(_part(desk).tracks) == before + 1
    page.keyboard.press("Delete")
    _saved(page)
    assert len(_part(desk).tracks) == before
