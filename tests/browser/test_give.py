"""The public gives footage by a link: a phone, a reload in the middle, the receipt."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.live import Site, film

from candor.core.clock import SystemClock
from candor.docking.links import service as links
from candor.docking.links.rules import Link
from candor.docking.uploads import service as uploads
from candor.docking.uploads.turn import Turn

PHONE = {"width": 360, "height": 740, "is_mobile": True, "has_touch": True}


def new_link(site: Site, **given: Any) -> tuple[Link, str]:
    """A link that the technician made, and its address."""
    with site.here.database.write() as tx:
        technician = site.accounts["technician"]
        link, secret = links.new_link(tx, technician, "2026-0442", clock=SystemClock(), **given)
    return link, f"{site.url}/give/{secret}"


def narrow(page: Page) -> bool:
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width <= page.viewport_size["width"] if page.viewport_size else False


def slow(page: Page, bytes_per_second: int) -> None:
    """A line that is so slow, from now on."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    limits = {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
    session.send("Network.emulateNetworkConditions", limits)


def test_two_files_from_a_phone_with_a_reload_in_the_middle(
    visit: Any, site: Site, accessible: Callable[..., None], tmp_path: Path
) -> None:
    link, address = new_link(site, note="From 22:00 to 23:00, Main Street.")
    large, small = tmp_path / "IMG_0001.MOV", tmp_path / "IMG_0002.MOV"
    large.write_bytes(os.urandom(6 << 20))
    small.write_bytes(film(1.0, seed=7))
    page = visit(site, **PHONE, color_scheme="light").page
    page.goto(address)
    expect(page.locator("h1")).to_have_text("Send your footage")
    expect(page.locator("main")).to_contain_text("From 22:00 to 23:00, Main Street.")
    assert narrow(page)
    accessible(page)

    slow(page, 700_000)
    page.set_input_files("#files", [large])
    page.fill("#shows", "The crash, from the bus stop")
    page.fill("#name", "Ana Example")
    page.click("#send")
    deadline = time.monotonic() + 20
    while page.locator("progress").first.evaluate("one => one.value") < 0.3:
        assert time.monotonic() < deadline, page.locator(".queue-words").first.inner_text()
        page.wait_for_timeout(50)
    left = page.evaluate("JSON.stringify(localStorage)")
    assert "/give/tus/" in left, "where it goes on"
    assert "Ana" not in left, "but not what was said: the browser may be anybody's"
    page.on("dialog", lambda dialog: dialog.accept())  # “files are being sent”: leave all the same
    page.reload()

    expect(page.locator("#unfinished")).to_contain_text("IMG_0001.MOV")
    with site.here.database.read() as tx:
        ((name, length, _),) = links.unfinished_of(tx, link)
    assert (name, length) == ("IMG_0001.MOV", 6 << 20)
    page.set_input_files("#files", [large, small])
    accessible(page)
    page.click("#send")
    for row, path in enumerate((large, small)):
        hash_shown = page.locator(".queue-hash:visible").nth(row)
        expect(hash_shown).to_have_text(hashlib.sha256(path.read_bytes()).hexdigest(), timeout=30_000)
    expect(page.locator("#queue-list .queue-words").first).to_contain_text("the same as computed on this device")
    expect(page.locator("#thanks")).to_be_visible()
    expect(page.locator("#unfinished")).to_be_hidden()
    accessible(page)
    assert narrow(page)

    with site.here.database.read() as tx:
        given, unfinished = links.files_of(tx, link), links.unfinished_of(tx, link)
        began = tx.exec_driver_sql("SELECT begun FROM upload_link").scalar()
    assert [one.name for one in given] == ["IMG_0001.MOV", "IMG_0002.MOV"]
    assert unfinished == []
    assert began == 2, "the first was gone on with, not begun anew"

    site.here.log.settle()
    page.click("text=Your receipt")
    expect(page.locator("h1")).to_have_text(f"Receipt {link.number}")
    for path in (large, small):
        expect(page.locator("article")).to_contain_text(hashlib.sha256(path.read_bytes()).hexdigest())
    expect(page.locator("article")).to_contain_text("Entry in the public log: number")
    assert narrow(page)
    accessible(page)
    page.emulate_media(color_scheme="dark")
    page.reload()
    accessible(page, only=("color-contrast", "link-in-text-block"))
    with page.expect_download() as saved:
        page.click("text=Save as PDF")
    assert Path(saved.value.path()).read_bytes().startswith(b"%PDF-")

    page.goto(address)
    expect(page.locator("#thanks")).to_contain_text("IMG_0002.MOV")
    assert "Ana Example" not in page.content()


def test_paused_and_gone_on_with(visit: Any, site: Site, tmp_path: Path) -> None:
    link, address = new_link(site)
    file = tmp_path / "long.mov"
    file.write_bytes(os.urandom(3 << 20))
    page = visit(site, **PHONE).page
    page.goto(address)
    slow(page, 900_000)
    page.set_input_files("#files", [file])
    page.click("#send")
    expect(page.locator("#pause")).to_be_visible()
    deadline = time.monotonic() + 20
    while page.locator("progress").first.evaluate("one => one.value") < 0.2:
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)
    page.click("#pause")
    expect(page.locator(".queue-words").first).to_contain_text("Paused")
    expect(page.locator("#pause")).to_contain_text("Go on")
    page.click("#pause")
    expect(page.locator(".queue-hash").first).to_have_text(
        hashlib.sha256(file.read_bytes()).hexdigest(), timeout=30_000
    )
    with site.here.database.read() as tx:
        assert len(links.files_of(tx, link)) == 1


def test_what_the_server_refuses_is_said(visit: Any, site: Site, tmp_path: Path) -> None:
    _, address = new_link(site, files=1)
    files = [tmp_path / "a.mov", tmp_path / "b.mov"]
    for one in files:
        one.write_bytes(one.name.encode() * 100)
    page = visit(site, **PHONE).page
    page.goto(address)
    page.set_input_files("#files", files)
    expect(page.locator("#queue-state")).to_have_text("This link takes no more files than that.")
    page.click("#send")
    expect(page.locator("#queue-list li").nth(1)).to_contain_text("Ask whoever sent you the link for another one")
    expect(page.locator(".queue-hash:visible")).to_have_count(1)


def test_what_is_never_sealed_is_said(visit: Any, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All bytes arrived, and then they could not be read any more: the page does not wait for ever."""
    _, address = new_link(site)
    desk = site.here.uploads

    def unreadable(turn: Turn) -> None:
        turn.settle()
        with desk.database.write() as tx:
            uploads.set_assembling(tx, turn.upload.id, desk.drafts.holder, desk.clock.now())
        turn.handed_over = True
        threading.Timer(1.0, desk.fail, (turn.upload, "a test.")).start()

    monkeypatch.setattr(desk, "finish", unreadable)
    file = tmp_path / "a.mov"
    file.write_bytes(b"what a phone saw")
    page = visit(site, **PHONE).page
    page.goto(address)
    page.set_input_files("#files", [file])
    page.click("#send")
    expect(page.locator("#queue-list li")).to_contain_text(
        "What arrived of this file can no longer be read", timeout=20_000
    )


@pytest.mark.parametrize(("width", "colours"), [(360, "light"), (1280, "dark"), (2560, "light")])
def test_the_agencys_page(visit: Any, site: Site, accessible: Callable[..., None], width: int, colours: str) -> None:
    page = visit(site, "technician", width=width, color_scheme=colours).page
    page.goto(f"{site.url}/links")
    page.fill("#incident", "2026-0500")
    page.fill("#note", "From 22:00 to 23:00.")
    page.click("text=Make the link")
    expect(page.locator("#made code")).to_contain_text(f"{site.url}/give/")
    box = page.locator("#made .qr svg").bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) > 150
    assert narrow(page)
    accessible(page)
    there = page.locator("#made code").inner_text()
    page.click("main section:has-text('2026-0500') button:has-text('Withdraw')")
    expect(page.locator(".notice.ok")).to_contain_text("withdrawn")
    page.goto(there)
    expect(page.locator("main")).to_contain_text("was withdrawn")
    assert narrow(page)
    accessible(page)
