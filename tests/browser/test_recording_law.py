"""The law's part of a recording's page: what it says, and that each line opens to its rules, in any window."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Visit
from tests.browser.live import Site, people, running_site
from tests.fleet.law import put_in_force
from tests.footage.clips import mp4
from tests.web.recording_place import take_in

from candor.core.clock import SystemClock
from candor.footage import catalogue, classification
from candor.law.vocabulary import Label


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory, cheap_passwords: None) -> Iterator[tuple[Site, str]]:
    """A traffic stop with a minor in it, under Connecticut's law."""
    with running_site(tmp_path_factory.mktemp("law"), witnessed=False, jobs=False) as site:
        people(site)
        put_in_force(site.here.database, SystemClock())
        taken, tech = take_in(site.here, mp4(seed=5)), site.accounts["technician"]
        with site.here.database.write() as tx:
            catalogue.change(tx, taken.recording_id, {"category": "Traffic stop"}, tech)
            classification.label(tx, tech, taken.recording_id, Label.MINOR, reason="A boy in the car.")
        yield site, taken.recording_id


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1440, "light")])
def test_each_line_opens_to_its_rules(
    visit: Visit, recording: tuple[Site, str], accessible: Callable[..., None], width: int, scheme: str
) -> None:
    site, recording_id = recording
    page = visit(site, "technician", width=width, color_scheme=scheme).page
    page.goto(f"{site.url}/recordings/{recording_id}")
    part = page.locator("section[aria-labelledby=law-title]")
    expect(part.locator("h3")).to_have_count(6)
    release = part.locator("#law-release")
    expect(release).to_contain_text("It shows a minor: confidential by law.")
    expect(release.get_by_role("link").first).not_to_be_visible()
    release.locator("summary").press("Enter")
    # What is withheld comes first, then whose consent lifts it.
    rule = release.get_by_role("link", name="§ 29-6d (g)(2)(C)").first
    expect(rule).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = release.bounding_box()
    assert box is not None
    assert box["height"] < 5000  # what opens is under the words that open it, as wide as the line
    accessible(page)
    rule.click()
    expect(page.locator("h1")).to_have_text("What is withheld")
