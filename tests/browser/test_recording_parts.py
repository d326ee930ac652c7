"""A recording of three parts in a real browser: played through over a gap, the buffer before activation, marks, and the
page at every width."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.live import Site, film, until
from tests.browser.test_recording_player import open_player
from tests.footage.media import onvif_signer, recordings

from candor.footage.bookmarks import Bookmark, keep_bookmark
from candor.footage.gathering import PartOf, Said, complete
from candor.footage.intake import Intake
from candor.footage.sidecars import SidecarClaim, keep_sidecar
from candor.footage.tracks import Point, Track, keep_track

pytestmark = pytest.mark.browser

BEGIN = datetime(2026, 11, 20, 18, 4, 0, tzinfo=UTC)
#: Seconds after the beginning at which each part starts, and how long it is.
PARTS = ((0, 3), (3, 2), (15, 2))
#: When it was switched on. The buffer before that has no sound (`live.QUIET`).
ACTIVATED = 2
KEY = "axis:browser/three"


@pytest.fixture(scope="module")
def three(site: Site) -> str:
    """The address of a recording of three parts, ten seconds missing before the third; the second is signed."""
    here = site.here
    for number, (begin, seconds) in enumerate(PARTS, 1):
        starts = BEGIN + timedelta(seconds=begin)
        data = film(float(seconds), seed=number)
        if number == 2:
            plain = recordings.film(seconds=2, size=(640, 360), rate=25, group=10)
            data = onvif_signer.signed(plain, onvif_signer.Camera(onvif_signer.identity()))
        of = PartOf(KEY, starts, starts + timedelta(seconds=seconds))
        site.take_in("three" if number == 1 else f"three-{number}", data, f"20261120_1804{begin:02d}.mp4", part_of=of)
    with here.database.write() as tx:
        said = Said(started_at=BEGIN, activated_at=BEGIN + timedelta(seconds=ACTIVATED), title="Three parts, Mill Lane")
        recording_id = complete(tx, KEY, said, actor="system:dock", clock=here.clock)
        assert recording_id is not None
        points = tuple(Point(float(n), 59.33 + n * 2e-4, 18.06 + n * n * 1e-5, None, 4.0, 20.0 + n) for n in range(14))
        keep_track(tx, recording_id, Track("Axis location trail", points), actor="system:dock", clock=here.clock)
        mark = Bookmark("b1", BEGIN + timedelta(seconds=16), None, "Arrest", "door opened")
        keep_bookmark(tx, recording_id, mark, actor="system:dock", clock=here.clock)
    claim = SidecarClaim(
        "trail.json", "axis/trail.json", "axis", "system:dock", "axis-track", recording_id=recording_id
    )
    keep_sidecar(
        Intake(here.database, here.vault, here.jobs, here.clock), io.BytesIO(b'{"CoordinateEntries":[]}'), claim
    )
    here.jobs.wait_idle(120)
    here.log.settle()
    return site.page_of("three")


def part_shown(page: Page) -> int:
    """Which part the player has open, from 0."""
    return int(page.evaluate("document.querySelector('candor-player').index"))


def test_it_plays_through_all_parts_and_says_what_is_missing(visit: Any, site: Any, three: str) -> None:
    page = visit(site, "records").page
    open_player(page, three)
    length = page.evaluate("document.querySelector('candor-player').length")
    assert 6.8 < length < 7.4
    expect(page.locator(".part-list li")).to_have_count(3)
    expect(page.locator(".player-mark.gap")).to_have_count(1)
    page.evaluate("document.querySelector('candor-player').seek(0)")
    page.evaluate("document.querySelector('candor-player').setSpeed(2)")
    page.evaluate("void document.querySelector('candor-player').play()")
    seen = [part_shown(page)]
    until(page, "document.querySelector('candor-player').index === 1")
    seen.append(part_shown(page))
    expect(page.locator(".player-gap")).to_contain_text("Part 2")
    until(page, "document.querySelector('candor-player').index === 2")
    seen.append(part_shown(page))
    expect(page.locator(".player-gap.warn")).to_contain_text("s were not recorded, or have not come, before this part")
    assert seen == [0, 1, 2]
    until(page, "document.querySelector('video').currentTime > 1 && document.querySelector('video').ended")
    # The clock of the third part goes on from its own beginning, not from the end of the second.
    clock = page.locator("[data-part=clock]").inner_text()
    assert clock.startswith("2026-11-20 10:04:1"), clock


def test_the_buffer_is_told_apart_until_activation(visit: Any, site: Any, three: str) -> None:
    page = visit(site, "records").page
    open_player(page, three)
    page.evaluate("document.querySelector('candor-player').seek(1)")
    expect(page.locator(".player-before")).to_be_visible()
    page.evaluate("document.querySelector('candor-player').seek(3.4)")
    expect(page.locator(".player-before")).to_be_hidden()
    expect(page.locator(".player-mark.activation")).to_have_count(1)
    # No sound was recorded in the buffer: that is said, and is no fault.
    expect(page.locator(".player-notes")).to_contain_text("No audio was recorded in the first 2 s")
    expect(page.locator(".player-fault")).to_be_hidden()


def test_parts_and_marks_lead_to_their_places(visit: Any, site: Any, three: str) -> None:
    page = visit(site, "records").page
    open_player(page, three)
    page.click(".part-list button >> nth=2")
    until(page, "document.querySelector('candor-player').index === 2")
    until(page, "document.querySelector('video').currentTime < 0.2")
    page.click(".mark-list button")
    until(page, "Math.abs(document.querySelector('video').currentTime - 1) < 0.2")
    assert part_shown(page) == 2
    page.click(".part-list button >> nth=0")
    until(page, "document.querySelector('candor-player').index === 0")
    expect(page.locator(".player-mark.bookmark")).to_have_count(1)


def test_signatures_track_and_files_beside_it(visit: Any, site: Any, three: str) -> None:
    page = visit(site, "records").page
    page.goto(three)
    expect(page.locator(".signature")).to_contain_text("ONVIF media signing")
    expect(page.locator(".signature .badge.ok")).to_contain_text("Verified")
    box = page.locator(".track-drawing").bounding_box()
    assert box is not None
    assert box["width"] > 200
    with page.expect_download() as saved:
        page.get_by_label("Download trail.json").click()
    assert saved.value.suggested_filename == "trail.json"
    page.reload()
    expect(page.locator("#history")).to_contain_text("download of a file beside the recording")


@pytest.mark.long
def test_nothing_runs_out_of_the_page(visit: Any, site: Any, three: str, at_every_size: Callable[..., None]) -> None:
    page = visit(site, "records", width=360, height=1000).page
    open_player(page, three)
    for summary in page.locator(".recording-side details.more > summary").all():
        summary.click()
    at_every_size(page, [(width, colours) for width in (360, 1280, 2560) for colours in ("light", "dark")])


def test_joining_is_usable_on_a_telephone(visit: Any, site: Any, three: str, accessible: Callable[..., None]) -> None:
    page = visit(site, "technician", width=360, height=800).page
    page.goto(three)
    page.get_by_role("link", name="Join with others").click()
    expect(page.locator("h1")).to_have_text("Join with others")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    accessible(page)
