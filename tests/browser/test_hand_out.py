"""Handing out in a real browser: the form, the package, its download, and the verifier that trusts nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from candor.custody import Event, history
from candor.verify.package import verify_package
from candor.verify.trust import Trust

pytestmark = pytest.mark.browser


def test_hand_out_download_and_verify(visit: Any, site: Any, tmp_path: Path) -> None:
    page = visit(site, "records").page
    page.goto(site.page_of("patrol"))
    page.click("a:has-text('Hand out')")
    page.fill("#recipient", "Pat Doe, County Prosecutor")
    page.fill("#purpose", "Case 17-442")
    page.click("main form button.primary")
    page.wait_for_url("**/packages/*")
    button = page.locator("button:has-text('Download')")
    expect(button).to_be_visible(timeout=60_000)
    with page.expect_download() as started:
        button.click()
    path = tmp_path / started.value.suggested_filename
    started.value.save_as(path)
    assert path.suffix == ".zip"
    trust = Trust(site.here.log.policy(), "the agency, by another way than the package")
    report = verify_package(path, trust)
    assert report.verdict == "verified", report
    with site.here.database.read() as tx:
        kinds = [event.kind for event in history(tx, site.recordings["patrol"].recording_id)]
    assert kinds.count(Event.RECORDING_EXPORTED) == 1
    assert kinds.count(Event.RECORDING_PACKAGE_DOWNLOADED) == 1
    page.goto(site.page_of("patrol"))
    expect(page.locator("#history")).to_contain_text("to Pat Doe, County Prosecutor · for Case 17-442")
    page.click("section[aria-labelledby=packages-title] a")
    page.wait_for_url("**/packages/*")
