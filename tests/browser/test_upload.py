"""Taking in files in a real browser: what breaks off goes on, also after a reload."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from candor.custody import Event, recent
from candor.docking.uploads.tables import upload

pytestmark = pytest.mark.browser

LINE = {"offline": False, "latency": 0, "downloadThroughput": 1_000_000}


def slow(page: Page, speed: int) -> None:
    """How many bytes per second the browser sends; -1: as fast as it can."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {**LINE, "uploadThroughput": speed})


def rows(site: Any) -> list[Any]:
    with site.here.database.read() as tx:
        return list(tx.execute(sa.select(upload).order_by(upload.c.created_at)))


def film(folder: Path, size: int = 6_000_000) -> tuple[Path, str]:
    path = folder / "long.bin"
    path.write_bytes(os.urandom(size))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_reload_in_the_middle(visit: Any, site: Any, tmp_path: Path) -> None:
    page = visit(site, "technician").page
    path, sha256 = film(tmp_path)
    before = len(rows(site))
    page.goto(f"{site.url}/upload")
    slow(page, 600_000)
    page.set_input_files("#files", str(path))
    expect(page.locator(".queue-words")).to_contain_text("%", timeout=20_000)
    page.wait_for_timeout(3500)
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    slow(page, -1)
    (begun,) = rows(site)[before:]
    page.set_input_files("#files", str(path))
    expect(page.locator(".queue-hash")).to_have_text(sha256, timeout=40_000)
    expect(page.locator(".queue-words")).to_contain_text("the same as computed by this browser")
    (done,) = rows(site)[before:]
    assert done.id == begun.id, "it went on where it was"
    assert (done.state, done.sha256.hex()) == ("done", sha256)
    assert page.evaluate("Object.keys(localStorage).filter(one => one.startsWith('candor-upload:')).length") == 0


def test_paused_and_gone_on_with(visit: Any, site: Any, tmp_path: Path) -> None:
    page = visit(site, "technician").page
    path, sha256 = film(tmp_path, 4_000_000)
    before = len(rows(site))
    page.goto(f"{site.url}/upload")
    slow(page, 500_000)
    page.set_input_files("#files", str(path))
    expect(page.locator(".queue-words")).to_contain_text("%", timeout=20_000)
    page.click("[data-act=pause]")
    expect(page.locator(".queue-words")).to_contain_text("Paused")
    expect(page.locator("[data-act=pause]")).to_be_hidden()
    slow(page, -1)
    page.click("[data-act=go-on]")
    expect(page.locator(".queue-hash")).to_have_text(sha256, timeout=40_000)
    assert len(rows(site)) == before + 1


def test_cancelled_is_on_record(visit: Any, site: Any, tmp_path: Path) -> None:
    page = visit(site, "technician").page
    path, _ = film(tmp_path, 4_000_000)
    page.goto(f"{site.url}/upload")
    slow(page, 400_000)
    page.set_input_files("#files", str(path))
    expect(page.locator(".queue-words")).to_contain_text("%", timeout=20_000)
    page.click("[data-act=cancel]")
    expect(page.locator(".queue-words")).to_contain_text("nothing of it was kept")
    for _ in range(100):
        if rows(site)[-1].state == "terminated":
            break
        page.wait_for_timeout(100)
    with site.here.database.read() as tx:
        event = next(recent(tx, kinds=[Event.UPLOAD_ENDED]))
    assert (event.details["how"], event.details["name"]) == ("terminated", "long.bin")


def test_what_is_refused_is_said_in_the_servers_words(visit: Any, site: Any, tmp_path: Path, monkeypatch: Any) -> None:
    page = visit(site, "technician").page
    path, _ = film(tmp_path, 100_000)
    monkeypatch.setattr(site.here.uploads, "largest", 10)
    page.goto(f"{site.url}/upload")
    page.set_input_files("#files", str(path))
    expect(page.locator(".queue-words")).to_contain_text("The file is larger than")
    monkeypatch.setattr(site.here.uploads, "largest", 1 << 30)
    page.click("[data-act=retry]")
    expect(page.locator(".queue-hash")).to_be_visible(timeout=30_000)


def test_the_page_is_usable_by_everybody(visit: Any, site: Any, tmp_path: Path, accessible: Any) -> None:
    page = visit(site, "technician", width=360).page
    path, sha256 = film(tmp_path, 1000)
    page.goto(f"{site.url}/upload")
    page.set_input_files("#files", str(path))
    expect(page.locator(".queue-hash")).to_have_text(sha256)
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
