"""The pages for everybody in a real Chromium: asking and following it, with JavaScript and without; checking files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import SIZES
from tests.people.place import make_place
from tests.verify import redacted_builder
from tests.verify.test_credentials import signed, stripped
from tests.web.visitor import make_installation

from candor.core.clock import FixedClock, SystemClock
from candor.core.database import Database
from candor.core.portal_settings import PortalSettings
from candor.disclosure.publishing.rounds import Publishing
from candor.disclosure.requests import messages
from candor.disclosure.requests.reading import request_by_tracking
from candor.installation import Installation
from candor.people.rules import system_actor
from candor.portal import process
from candor.published.notices import FileNotice, Hidden, ReleaseNotice
from candor.published.place import Published
from candor.published.tracking import digest_of

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
OFFICE = system_actor("test")


@dataclass
class Public:
    """The office's side, and the address of the portal, which is a process of its own."""

    here: Installation
    publishing: Publishing
    url: str

    @property
    def published(self) -> Published:
        return self.publishing.places()[0]


@pytest.fixture
def public(database: Database, tmp_path: Path) -> Iterator[Public]:
    clock: Any = SystemClock()
    here = make_installation(database, clock, tmp_path, portal_port=0)
    make_place(database, FixedClock(clock.now()))
    here.log.settle()
    here.publishing.round()
    portal = process.start(PortalSettings.of(here.settings))
    yield Public(here, here.publishing, portal.address.rstrip("/"))
    portal.stop()
    here.publishing.close()
    here.jobs.shutdown()


@pytest.fixture
def page(chromium: Browser, public: Public) -> Iterator[Page]:
    """Anything that a page asks of another machine, and any error in it, fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    opened = context.new_page()
    asked: list[str] = []
    problems: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on(
        "console",
        lambda said: (
            problems.append(said.text)
            if said.type in ("error", "warning") and not said.text.startswith("Failed to load resource")
            else None
        ),
    )
    yield opened
    context.close()
    assert problems == []
    assert [url for url in asked if not url.startswith((public.url, "blob:"))] == []


def test_a_citizen_asks_and_follows_it_to_the_answer(
    page: Page, public: Public, chromium: Browser, at_every_size: Callable[..., None], tmp_path: Path
) -> None:
    page.goto(f"{public.url}/")
    page.get_by_role("link", name="Ask for footage").first.click()
    page.get_by_role("button", name="Send the request").click()  # nothing is filled in: the browser itself says so
    expect(page).to_have_url(f"{public.url}/ask")
    page.fill("#words", "The stop of a blue car on Route 9.")
    page.fill("#day_from", "2026-05-03")
    page.fill("#time_from", "21:00")
    page.get_by_label("Somebody who was recorded").first.fill("Mara Feld")
    page.check("#answer-mail")
    page.set_input_files("#files", {"name": "consent.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n" * 9})
    page.get_by_role("button", name="Send the request").click()
    # The wish to be answered by mail needs an address; what was written is still there.
    expect(page.locator("#faults")).to_contain_text("fill this in")
    expect(page.locator("#words")).to_have_value("The stop of a blue car on Route 9.")
    at_every_size(page)
    page.fill("#mail", "mara@example.org")
    page.get_by_role("button", name="Send the request").click()
    code = page.inner_text("#code")
    at_every_size(page)
    # At first nothing is known by it; a moment later the office has it.
    page.goto(f"{public.url}/status")
    page.fill("#code", code)
    page.get_by_role("button", name="See how it stands").click()
    expect(page.get_by_role("alert")).to_contain_text("wait a minute")
    public.publishing.round()
    page.fill("#code", code.lower().replace("-", " "))
    page.get_by_role("button", name="See how it stands").click()
    expect(page.locator("h1")).to_contain_text("received")
    with public.here.database.write() as tx:
        request_id = request_by_tracking(tx, digest_of(code))
        assert request_id is not None
        messages.send(tx, OFFICE, request_id, "Which of the two stops?", asks=True)
    public.publishing.round()
    page.reload()
    expect(page.locator("#messages")).to_contain_text("Which of the two stops?")
    at_every_size(page)
    page.fill("#words", "The second one, at nine.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("main")).to_contain_text("on its way to the office")
    public.publishing.round()
    page.goto(f"{public.url}/status")
    expect(page.locator("#messages")).to_contain_text("The second one, at nine.")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#code")).to_be_visible()
    # The same without JavaScript, from a telephone.
    bare = chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    phone = bare.new_page()
    phone.goto(f"{public.url}/ask")
    phone.fill("#words", "Another stop.")
    phone.get_by_role("button", name="Send the request").click()
    other = phone.inner_text("#code")
    assert other != code
    public.publishing.round()
    phone.goto(f"{public.url}/status")
    phone.fill("#code", other)
    phone.get_by_role("button", name="See how it stands").click()
    expect(phone.locator("h1")).to_contain_text("received")
    bare.close()


#: In the evening in America, on the next day in UTC.
EVENING = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)


def check(page: Page, path: Path) -> str:
    """Choose a single file; what is said of it."""
    page.set_input_files("#file", path)
    page.wait_for_selector("#known[data-known]:not(.pending)")
    return page.inner_text("#known")


def test_anybody_checks_a_file_and_a_package_without_sending_them(
    page: Page, public: Public, at_every_size: Callable[..., None], tmp_path: Path
) -> None:
    package = redacted_builder.build_redacted(tmp_path / "package")
    about = public.published.about()
    assert about is not None
    public.published.write_about(replace(about, log_policy=package.policy))
    film, recalled = signed("fast"), b"\0\0\0\x18ftypmp42" + bytes(5000)
    files = {name: tmp_path / name for name in ("film.mp4", "bare.mp4", "other.mp4", "recalled.mp4", "resigned.mp4")}
    files["film.mp4"].write_bytes(film)
    files["bare.mp4"].write_bytes(stripped(film))
    files["other.mp4"].write_bytes(film[:-1] + b"x")
    files["recalled.mp4"].write_bytes(recalled)
    inside = film.index(b"c2pa.claim")  # a letter of what the credentials say
    files["resigned.mp4"].write_bytes(film[:inside] + b"X" + film[inside + 1 :])
    zipped = package.zip(tmp_path / "release.zip")
    bare_digest, _ = public.published.put_file([stripped(film)])
    notices = []
    for number, content in ((1, film), (2, recalled), (3, zipped.read_bytes())):
        sha256, size = public.published.put_file([content])
        kind, media = ("package", "application/zip") if number == 3 else ("copy", "video/mp4")
        proven = bare_digest if number == 1 else None
        notices.append(
            ReleaseNotice(
                id=f"0192e0a0-0000-7000-8000-{number:012}",
                number=f"RL-2026-{number:04}",
                audience="public",
                title=f"Stop {number}",
                summary="Two cars.",
                published_at=EVENING if number == 1 else SystemClock().now(),
                files=(FileNotice(f"{number}.mp4", kind, media, size, sha256, proven=proven),),
                hidden=(Hidden("Faces, from 0:12 to 0:34", "Privacy", "§ 1-210", "They live there.", 0),),
            )
        )
        public.published.write_release(notices[-1])
    public.published.recall_release(notices[1].id, SystemClock().now(), "A face can be seen.")

    page.goto(f"{public.url}/verify")
    expect(page.locator("#keys")).to_have_value(package.policy)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url.removeprefix(public.url)}"))
    released = check(page, files["film.mp4"])
    assert "exactly a file that was released here" in released
    assert "Released on 2026-11-21." in released  # the agency's day, not that of UTC
    at_every_size(page, SIZES[:2])
    assert "without its content credentials" in check(page, files["bare.mp4"])
    assert "credentials are others" in check(page, files["resigned.mp4"])
    assert "was recalled" in check(page, files["recalled.mp4"])
    unknown = check(page, files["other.mp4"])
    assert "not known here" in unknown
    assert "no proof that it is false" in unknown
    # The package, with the agency's own keys: everything is right, and it says where the keys come from.
    page.set_input_files("#zip", zipped)
    page.wait_for_selector("#verdict[data-verdict]")
    assert page.get_attribute("#verdict", "data-verdict") == "verified"
    assert "the site of the agency itself" in page.inner_text("#verdict")
    expect(page.locator("#known")).to_contain_text("published here")
    # Two digits of a digest are all that ever was asked.
    assert asked
    assert all(one.startswith("GET /files/index/") and len(one) == len("GET /files/index/3f.json") for one in asked)
    page.get_by_role("link", name="To the release").click()
    expect(page.locator("h1")).to_have_text("Stop 3")
    for path in ("/", "/releases", f"/releases/{notices[0].id}", f"/releases/{notices[1].id}", "/log", "/about"):
        page.goto(f"{public.url}{path}")
        at_every_size(page, SIZES[:1] if path != "/" else SIZES)
    page.goto(f"{public.url}/releases/{notices[1].id}")
    expect(page.locator("main")).to_contain_text("A face can be seen.")
