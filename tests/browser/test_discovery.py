"""Discovery in a real browser: made once, given to both sides, each of which proves by itself that it is complete."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.live import until
from tests.browser.offline import verified_offline

from candor.core.clock import SystemClock
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.restrictions import place
from candor.law.vocabulary import CaseKind
from candor.matters import service
from candor.verify.verify_page import build_verify_html

pytestmark = pytest.mark.browser

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def docket(site: Any) -> Any:
    """A case with a film that is given, and a recording that a label keeps back."""
    keeper = site.accounts["technician"]
    site.take_in("kept-back", b"what nobody is to see\n" * 40, "label.mp4", title="With a label")
    ids = [site.recordings[name].recording_id for name in ("edited", "kept-back")]
    with site.here.database.write() as tx:
        case_id = service.open_case(tx, keeper, "26-CR-7", CaseKind.CRIMINAL, "State v. Doe", clock=CLOCK)
        service.add_recordings(tx, keeper, case_id, ids, reason="the stop", clock=CLOCK)
        by = {"reason": "a label", "actor": keeper.account_id, "clock": CLOCK}
        place(tx, ids[1], RestrictionKind.LABEL, ref="nudity", rule="Conn. Gen. Stat. § 29-6d(g)", **by)
    site.here.jobs.wait_idle(60)
    site.docket = f"{site.url}/cases/{case_id}/discovery"
    return site


def letter_of(page: Page, side: str, tmp_path: Path) -> dict[str, str]:
    """Give a side access on the page; its code, and the path of its letter."""
    form = page.locator(f"form:has(input[name=side][value={side}]):has(input[name=holder])")
    form.locator("input[name=holder]").fill(f"For the {side}")
    form.locator("button").click()
    expect(page.locator(".discovery-secret").first).to_be_visible()
    code = page.locator(".discovery-secret").first.inner_text()
    with page.expect_download() as started:
        page.click("button:has-text('Download the letter')")
    letter = tmp_path / started.value.suggested_filename
    started.value.save_as(letter)
    assert code in letter.read_text()
    assert "AGE-SECRET-KEY-1" in letter.read_text()
    return {"code": code, "letter": str(letter)}


def as_a_side(page: Page, url: str, code: str, tmp_path: Path, look: Any) -> Path:
    """Come in, watch, take the package, confirm; where the package lies. `look` looks at pages at every size."""
    page.goto(f"{url}/discovery/enter")
    page.fill("#code", code.lower())
    page.keyboard.press("Enter")
    page.wait_for_url("**/discovery/view")
    expect(page.locator("body")).to_contain_text("Conn. Gen. Stat. § 29-6d(g)")
    page.click("button:has-text('Watch')")
    page.wait_for_url("**/discovery/watch/*")
    expect(page.locator("main")).to_contain_text("mark is in the picture")
    until(page, "document.querySelector('video').readyState >= 1")
    look(page)
    page.go_back()
    look(page)
    with page.expect_download() as started:
        page.click("button:has-text('Download'):not(:has-text('sealed'))")
    path = tmp_path / started.value.suggested_filename
    started.value.save_as(path)
    page.click("button:has-text('We have it')")
    expect(page.locator("section[aria-labelledby=receipt-title]")).to_contain_text("Confirmed")
    return path


def test_both_sides_are_given_the_same_and_each_proves_it_complete(
    visit: Any, docket: Any, chromium: Any, at_every_size: Any, tmp_path: Path
) -> None:
    page = visit(docket, "technician").page
    page.goto(docket.docket)
    page.check("input[name=watermark]")
    page.click("button:has-text('Make it for both sides')")
    expect(page.locator("body")).to_contain_text("Discovery was made")
    docket.here.jobs.wait_idle(60)
    page.goto(docket.docket)
    letters = {side: letter_of(page, side, tmp_path) for side in ("prosecution", "defence")}
    page.goto(docket.docket)
    expect(page.locator("main")).not_to_contain_text("One side has access and the other has not")
    taken, verify = {}, tmp_path / "verify.html"
    verify.write_bytes(build_verify_html())
    policy = docket.here.log.policy().format().decode()
    for side, given in letters.items():
        folder = tmp_path / side
        folder.mkdir()
        context = chromium.new_context(viewport={"width": 360, "height": 800})
        guest = context.new_page()
        taken[side] = as_a_side(
            guest, docket.url, given["code"], folder, at_every_size if side == "defence" else lambda _page: None
        )
        # Each on its own, from a file, without a network.
        context.set_offline(True)
        guest.goto(verify.as_uri())
        guest.fill("#keys", policy)
        guest.set_input_files("#zip", taken[side])
        guest.wait_for_selector("#verdict[data-verdict]", timeout=20_000)
        assert guest.get_attribute("#verdict", "data-verdict") == "verified"
        told = guest.inner_text("body")
        assert "2 recordings, 1 given, 1 withheld" in told
        assert "Conn. Gen. Stat. § 29-6d(g)" in told
        context.close()
        # And with the public log's files, as a court has fetched them: no event of a recording is left out.
        (folder / "policy.txt").write_text(policy)
        shutil.copytree(docket.here.settings.log_folder, folder / "log")
        said = verified_offline(taken[side], folder / "policy.txt", "--log", str(folder / "log"))
        assert re.search(r"^ *13 +passed ", said, re.MULTILINE), said
    digests = {hashlib.sha256(path.read_bytes()).digest() for path in taken.values()}
    assert len(digests) == 1
    page.goto(docket.docket)
    page.click("summary:has-text('Given to whom, and when')")
    expect(page.locator("table")).to_contain_text("confirmed that it has discovery")


@pytest.mark.long
def test_pages_at_every_size(visit: Any, docket: Any, at_every_size: Any) -> None:
    page = visit(docket, "technician", width=360).page
    for path in (f"{docket.url}/discovery", docket.docket, f"{docket.url}/discovery/enter"):
        page.goto(path)
        for summary in page.locator("main details > summary").all():
            if summary.evaluate("one => !one.parentElement.open"):
                summary.click()
        at_every_size(page)
