"""Watching in a real browser: the gate, playing, keys, pictures one by one, the timeline, what cannot be played."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect
from tests.browser.live import until

pytestmark = pytest.mark.browser


def open_player(page: Page, address: str, *, purpose: str = "report", note: str = "") -> None:
    """Through the gate, to a player that has a picture and stands still."""
    page.goto(address)
    page.check(f"input[value={purpose}]")
    page.fill(".gate-note", note)
    page.click(".gate-foot button")
    page.wait_for_selector("candor-player")
    until(page, "document.querySelector('video').readyState >= 2")
    page.evaluate("document.querySelector('candor-player').stop()")
    until(page, "document.querySelector('video').paused && !document.querySelector('video').seeking")


def now(page: Page) -> float:
    """Where the film stands, in seconds."""
    return float(page.evaluate("document.querySelector('video').currentTime"))


def go(page: Page, seconds: float) -> None:
    """Put the film to a place and wait for its picture."""
    page.evaluate(f"document.querySelector('candor-player').seek({seconds})")
    until(page, "!document.querySelector('video').seeking")
    page.wait_for_timeout(150)


def frame(page: Page) -> int:
    """The number of the picture that is shown, by the time its frame carries."""
    shown = page.get_attribute("candor-player", "data-frame")
    assert shown is not None
    return round(float(shown) * 25)


def test_nothing_of_the_film_is_asked_for_before_the_purpose_is_on_record(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.goto(site.page_of("stop"))
    page.wait_for_timeout(400)
    assert [url for url in asked if "/media/" in url] == []
    page.check("input[value=court]")
    page.fill(".gate-note", "case 17-442")
    page.click(".gate-foot button")
    page.wait_for_selector("candor-player")
    until(page, "document.querySelector('video').currentTime > 0.3")
    assert any("/media/" in url for url in asked)
    expect(page.locator("#history")).to_contain_text("for Court: case 17-442")
    assert "viewing=" in page.url
    page.reload()
    page.wait_for_selector("candor-player")
    expect(page.locator(".stage-purpose")).to_contain_text("Court: case 17-442")
    expect(page.locator("#history")).not_to_contain_text("waiting for its place", timeout=5_000)
    page.goto(site.page_of("stop"))
    expect(page.locator("input[value=court]")).to_be_checked()


def test_other_needs_words(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    page.goto(site.page_of("patrol"))
    page.check("input[value=other]")
    page.click(".gate-foot button")
    page.wait_for_timeout(300)
    assert page.locator("candor-player").count() == 0
    page.fill(".gate-note", "shown to the crew")
    page.click(".gate-foot button")
    page.wait_for_selector("candor-player")
    expect(page.locator(".stage-purpose")).to_contain_text("Other: shown to the crew")


def test_playing_and_the_keys(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    open_player(page, site.page_of("stop"))
    page.evaluate("document.activeElement.blur()")
    go(page, 0)
    page.keyboard.press("Space")
    until(page, "document.querySelector('video').currentTime > 0.4")
    page.keyboard.press("Space")
    until(page, "document.querySelector('video').paused")
    go(page, 0)
    page.keyboard.press("Shift+ArrowRight")
    until(page, "Math.abs(document.querySelector('video').currentTime - 1) < 0.05")
    page.keyboard.press("Shift+ArrowLeft")
    until(page, "document.querySelector('video').currentTime < 0.05")
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('video').currentTime > 3.5")
    page.keyboard.press("ArrowLeft")
    until(page, "document.querySelector('video').currentTime < 0.05")
    page.keyboard.press("]")
    assert page.evaluate("document.querySelector('video').playbackRate") == 1.25
    page.keyboard.press("[")
    page.keyboard.press("[")
    assert page.evaluate("document.querySelector('video').playbackRate") == 0.75
    page.keyboard.press("m")
    assert page.evaluate("document.querySelector('video').muted") is True
    page.keyboard.press("m")
    page.keyboard.press("?")
    expect(page.locator("#player-keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#player-keys")).to_be_hidden()


def test_j_k_l(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    open_player(page, site.page_of("stop"))
    page.evaluate("document.activeElement.blur()")
    go(page, 2.5)
    page.keyboard.press("j")
    expect(page.locator("[data-part=shuttle]")).to_be_visible()
    until(page, "document.querySelector('video').currentTime < 2.1")
    page.keyboard.press("k")
    until(page, "!document.querySelector('video').seeking")
    page.wait_for_timeout(200)
    stopped = now(page)
    page.wait_for_timeout(300)
    assert now(page) == stopped
    go(page, 0)
    page.keyboard.press("l")
    page.keyboard.press("l")
    assert page.evaluate("document.querySelector('video').playbackRate") == 2
    until(page, "document.querySelector('video').currentTime > 0.6")
    page.keyboard.press("k")
    assert page.evaluate("document.querySelector('video').playbackRate") != 2


def test_comma_and_full_stop_go_picture_by_picture(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    open_player(page, site.page_of("stop"))
    page.evaluate("document.activeElement.blur()")
    go(page, 1.02)
    begin = frame(page)
    assert begin == 25
    for number in range(1, 7):
        page.keyboard.press(".")
        until(page, f"document.querySelector('candor-player').dataset.frame * 25 > {begin + number - 0.5}")
        assert frame(page) == begin + number
    for number in range(5, -3, -1):
        page.keyboard.press(",")
        until(page, f"document.querySelector('candor-player').dataset.frame * 25 < {begin + number + 0.5}")
        assert frame(page) == begin + number


def test_the_timeline_is_a_slider_by_mouse_touch_and_keys(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    open_player(page, site.page_of("stop"))
    line = page.locator(".player-line")
    box = line.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 20)
    expect(page.locator(".player-hover")).to_be_visible()
    expect(page.locator("[data-part=hover-time]")).to_have_text("0:01.0")
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20, steps=4)
    page.mouse.up()
    until(page, "Math.abs(document.querySelector('video').currentTime - 2) < 0.1")
    line.focus()
    page.keyboard.press("Home")
    until(page, "document.querySelector('video').currentTime < 0.05")
    expect(line).to_have_attribute("aria-valuenow", "0.0")
    # The camera claims 18:01:05 UTC; the agency lives eight hours behind.
    expect(line).to_have_attribute("aria-valuetext", "0:00.0 of 0:04, 2026-11-20 10:01:05")
    expect(page.locator(".player-clock")).to_contain_text("2026-11-20 10:01:05")
    expect(page.locator(".player-clock")).to_contain_text("camera's claim")


def test_pictures_and_sound_are_drawn_and_the_silent_buffer_is_named(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    open_player(page, site.page_of("stop"))
    expect(page.locator(".player-notes")).to_contain_text("No audio was recorded in the first 2 s")
    expect(page.locator(".player-mark.sound")).to_have_count(1)
    drawn = """(name) => { const c = document.querySelector(`[data-part=${name}]`);
      const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
      let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n / (d.length / 4); }"""
    until(page, f"({drawn})('strip') > 0.9")
    # Half of it is silence, so the waveform is a line at first and a body afterwards.
    assert 0.05 < page.evaluate(f"({drawn})('wave')") < 0.9


def test_a_sound_recording_has_a_page_that_makes_sense(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    page.goto(site.page_of("sound"))
    expect(page.locator(".gate-foot button")).to_have_text("Listen")
    page.click(".gate-foot button")
    page.wait_for_selector("candor-player.sound-only")
    until(page, "document.querySelector('video').currentTime > 0.3")
    expect(page.locator(".player-sound")).to_have_text("Sound only")


@pytest.mark.parametrize(
    ("key", "words"),
    [("text", "not a recording in any format known here"), ("empty", "The file is empty")],
)
def test_what_cannot_be_played_says_why(visit: Any, site: Any, key: str, words: str) -> None:
    page = visit(site, "records").page
    page.goto(site.page_of(key))
    expect(page.locator("#stage")).to_contain_text("There is nothing here that can be played")
    expect(page.locator("#stage")).to_contain_text(words)
    assert page.locator("candor-player, form.gate").count() == 0


def test_a_viewing_that_is_over_is_said_in_words(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    open_player(page, site.page_of("stop"))
    page.route("**/media/**", lambda route: route.continue_(url=route.request.url.replace("viewing=", "viewing=x")))
    page.reload()
    expect(page.locator(".player-fault")).to_be_visible()
    expect(page.locator(".player-fault")).to_contain_text("This viewing has ended")
