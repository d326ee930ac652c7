"""verify.html in a real Chromium, opened from a file with no network: good packages, spoiled ones, and its looks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from candor.verify.package import verify_package
from candor.verify.redacted import TITLES as REDACTED_TITLES
from candor.verify.report import LIMITS, TITLES
from candor.verify.trust import NO_TRUST
from candor.verify.verify_page import build_verify_html

from ..verify import package_builder as builder
from ..verify import redacted_builder, released_builder

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return builder.build_package(tmp_path_factory.mktemp("good") / "package")


@pytest.fixture
def package(good: Any, tmp_path: Path) -> Any:
    folder = tmp_path / "package"
    shutil.copytree(good.folder, folder)
    return builder.Package(folder, good.log_key, good.witnesses, good.log, good.recordings, good.package)


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "verify.html"
    path.write_bytes(build_verify_html())
    return path


@pytest.fixture
def page(chromium: Browser, html: Path) -> Iterator[Page]:
    """The page, opened from its file; anything it asks of a network, and any error in it, fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.goto(html.as_uri())
    yield opened
    context.close()
    assert errors == []
    assert [url for url in asked if not url.startswith(("file:", "blob:"))] == []


def check(page: Page, path: Path, keys: str = "") -> str:
    """Put in keys and a package; returns the verdict."""
    page.fill("#keys", keys)
    page.set_input_files("#folder" if path.is_dir() else "#zip", path)
    page.wait_for_selector("#verdict[data-verdict]", timeout=20_000)
    return page.get_attribute("#verdict", "data-verdict") or ""


def outcomes(page: Page) -> dict[int, str]:
    rows = page.query_selector_all("[data-step]")
    return {int(row.get_attribute("data-step") or 0): row.get_attribute("data-outcome") or "" for row in rows}


def test_good_folder_with_the_policy_from_outside(page: Page, good: Any) -> None:
    assert check(page, good.folder, good.policy) == "verified"
    assert outcomes(page) == dict.fromkeys(range(1, 13), "passed")
    expect(page.locator("#verdict strong")).to_have_text("Verified")
    text = page.inner_text("body")
    assert all(TITLES[number] in text for number in range(1, 13))
    assert all(limit in text for limit in LIMITS)
    assert "State Police of Example" in text


def test_a_redacted_copy_and_one_that_was_swapped(page: Page, tmp_path: Path) -> None:
    redacted = redacted_builder.build_redacted(tmp_path / "package")
    assert check(page, redacted.zip(tmp_path / "redacted.zip"), redacted.policy) == "verified"
    assert outcomes(page) == dict.fromkeys(range(1, 13), "passed")
    text = page.inner_text("body")
    assert "a redacted copy; the original is not in it" in text
    assert "2 of 7 events are shown; 5 are withheld" in text
    assert REDACTED_TITLES[11] in text
    redacted.content = b"another copy"
    redacted.write_payload()
    redacted.write_tags()
    assert check(page, redacted.folder, redacted.policy) == "failed"
    assert outcomes(page)[11] == "failed"
    assert "Do not rely on this package" in page.inner_text("#verdict")


def test_a_release_of_several_copies_and_one_whose_credentials_were_exchanged(page: Page, tmp_path: Path) -> None:
    released = released_builder.build_released(tmp_path / "package")
    assert check(page, released.zip(tmp_path / "released.zip"), released.policy) == "verified"
    assert outcomes(page) == dict.fromkeys(range(1, 13), "passed")
    text = page.inner_text("body")
    assert "3 redacted copies; the originals are not in it" in text
    assert "5 of 10 events are shown; 5 are withheld" in text
    assert "carries content credentials; without them it is, byte for byte, the copy that was proven" in text
    third = released.copies[2]
    released.put(third.name, released_builder.with_credentials(third.content, b"somebody else"))
    released.reseal()
    assert check(page, released.folder, released.policy) == "failed"
    assert outcomes(page)[11] == "failed"


def test_good_zip_with_the_log_key(page: Page, good: Any, tmp_path: Path) -> None:
    path = good.zip(tmp_path / "package.zip")
    assert check(page, path, good.log_key.vkey) == "verified"
    assert outcomes(page)[7] == "warning"


def test_without_a_key_it_is_loudly_not_proven(page: Page, good: Any) -> None:
    assert "nothing will be proven" in page.inner_text("#keys-state")
    assert check(page, good.folder) == "consistent-not-proven"
    assert outcomes(page)[5] == "warning"
    assert "not proven" in page.inner_text("#verdict")
    assert "FROM THE PACKAGE ITSELF" in page.inner_text("#facts")


def test_keys_put_in_later_are_used_when_checked_again(page: Page, good: Any) -> None:
    assert check(page, good.folder) == "consistent-not-proven"
    page.fill("#keys", good.policy)
    page.click("#again")
    page.wait_for_selector('#verdict[data-verdict="verified"]', timeout=20_000)


def test_policy_from_a_file(page: Page, good: Any, tmp_path: Path) -> None:
    (tmp_path / "court.txt").write_text(good.policy)
    page.set_input_files("#keys-file", tmp_path / "court.txt")
    expect(page.locator("#keys-state .print")).to_be_visible()
    page.set_input_files("#folder", good.folder)
    page.wait_for_selector('#verdict[data-verdict="verified"]', timeout=20_000)
    assert "court.txt" in page.inner_text("#verdict")


def test_keys_that_cannot_be_read_stop_it(page: Page, good: Any) -> None:
    page.fill("#keys", good.log_key.vkey.replace("+3d", "+4d"))
    assert "mistyped" in page.inner_text("#keys-state")
    page.set_input_files("#folder", good.folder)
    assert "Not checked" in page.inner_text("#verdict")


def flipped(name: str) -> Callable[[Any], None]:
    def spoil(package: Any) -> None:
        data = bytearray((package.folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (package.folder / name).write_bytes(data)

    spoil.__name__ = f"flipped {name}"
    return spoil


def forged(package: Any) -> None:
    shutil.rmtree(package.folder)
    builder.build_package(package.folder, seed=66)


def forged_original(package: Any) -> None:
    flipped("data/originals/01-01-stop.mp4")(package)
    package.reseal()


def missing_event(package: Any) -> None:
    folder = package.folder / f"custody/{package.recordings[0].id}"
    history = json.loads((folder / "history.json").read_bytes())
    history["events"].pop(2)
    (folder / "history.json").write_bytes(builder.canonical(history))
    (folder / "000002.tlog-proof").unlink()
    package.reseal()


@pytest.mark.parametrize(
    ("spoil", "number"),
    [
        (flipped("bagit.txt"), 1),
        (flipped("data/originals/01-01-stop.mp4"), 3),
        (flipped("verify.html"), 4),
        (flipped("custody/checkpoint"), 4),
        (forged, 6),
        (forged_original, 11),
        (missing_event, 10),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_spoiled_package(page: Page, package: Any, spoil: Callable[[Any], None], number: int) -> None:
    policy = package.policy
    spoil(package)
    assert check(page, package.folder, policy) == "failed"
    assert f"Failed at step {number}" in page.inner_text("#verdict")
    assert outcomes(page)[number] == "failed"


def test_forged_package_without_a_key_is_not_called_verified(page: Page, package: Any) -> None:
    forged(package)
    assert verify_package(package.folder, NO_TRUST).verdict == "consistent-not-proven"
    assert check(page, package.folder) == "consistent-not-proven"


def test_something_else_is_not_a_package(page: Page, tmp_path: Path) -> None:
    (tmp_path / "letter.zip").write_text("Dear court")
    assert check(page, tmp_path / "letter.zip") == "unreadable"


def test_text_from_the_package_cannot_become_markup(page: Page, tmp_path: Path) -> None:
    package = builder.start_package(tmp_path / "package")
    package.recordings[0].append("recording:viewed", {"purpose": "<img src=x onerror=alert(1)>"})
    package.write_payload()
    package.export(recipient="<b id=planted>Judge</b>\u202e", purpose="</script><script>alert(1)</script>")
    package.write_custody()
    package.write_tags()
    assert check(page, package.folder, package.policy) == "verified"
    assert page.query_selector("#planted") is None
    assert "<b id=planted>Judge</b>\\u{202e}" in page.inner_text("#steps")


def test_nothing_can_be_fetched_and_nothing_else_can_run(html: Path, chromium: Browser) -> None:
    context = chromium.new_context()
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(html.as_uri())
    assert page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'went', () => 'refused')") == "refused"
    page.evaluate(
        "() => { const added = document.createElement('script'); added.textContent = 'window.ran = 1';"
        " document.body.append(added); }"
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in text for text in refused)
    context.close()


def test_result_can_be_saved(page: Page, good: Any) -> None:
    check(page, good.folder, good.policy)
    with page.expect_download() as download:
        page.click("#save")
    saved = json.loads(Path(download.value.path()).read_text())
    assert saved["verdict"] == "verified"
    assert saved["log"]["vkey"] == good.log_key.vkey
    assert len(saved["steps"]) == 12


def test_keyboard_alone_reaches_everything(page: Page) -> None:
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert reached[:5] == ["skip", "keys", "keys-file", "folder", "zip"]


def test_fits_and_is_accessible(chromium: Browser, html: Path, good: Any, at_every_size: Callable[..., None]) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(html.as_uri())
    check(page, good.folder)
    at_every_size(page, [(width, colours) for width in (360, 1280, 3840) for colours in ("light", "dark")])
    context.close()


def test_same_sources_give_the_same_page() -> None:
    assert build_verify_html() == build_verify_html()
    assert build_verify_html().count(b"<script") == 2
