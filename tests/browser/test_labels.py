"""On a telephone: a label put and put right, a camera tested before the shift; and the pages of labels and duties at
every size and colour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.live import people
from tests.fleet.law import put_in_force

from candor.core.clock import SystemClock
from candor.fleet.assignments import assign
from candor.fleet.service import register_device
from candor.people.rules import system_actor

pytestmark = pytest.mark.browser

OPERATOR, CLOCK = system_actor("test"), SystemClock()


@pytest.fixture(scope="module")
def shift(fresh_site: Any) -> Any:
    """A site under the law, with an officer who has a camera and a recording."""
    people(fresh_site)
    officer = fresh_site.accounts["officer"]
    put_in_force(fresh_site.here.database, CLOCK)
    with fresh_site.here.database.write() as tx:
        device = register_device(tx, OPERATOR, "X60A10418", "body", clock=CLOCK)
        assign(tx, OPERATOR, device, officer.account_id, CLOCK.now(), clock=CLOCK)
    fresh_site.take_in(
        "stop", b"no film", "stop.mp4", title="Stop", wearer_id=officer.account_id, unit_id=officer.unit_id
    )
    return fresh_site


def test_an_officer_tests_the_camera_and_labels_a_recording_on_a_telephone(visit: Any, shift: Any) -> None:
    page = visit(shift, "officer", width=360, height=740, has_touch=True).page
    page.goto(f"{shift.url}/duties")
    page.get_by_role("button", name="Tested, in order").tap()
    expect(page.get_by_role("status")).to_contain_text("tested and is in order")
    page.get_by_role("button", name="Not in order").tap()
    page.get_by_text("Say what is wrong with it").tap()
    page.get_by_label("What is wrong").fill("No sound")
    page.get_by_role("button", name="Report it").tap()
    expect(page.get_by_role("status")).to_contain_text("your supervisor is told")
    page.goto(shift.page_of("stop"))
    page.get_by_label("It shows").select_option("minor")
    page.get_by_label("How you know").fill("He says that he is twelve")
    page.get_by_role("button", name="Put the label on").tap()
    labels = page.locator("section:has(> .panel-head #labels-title)")
    expect(labels).to_contain_text("He says that he is twelve")
    labels.get_by_text("This is not so").tap()
    labels.get_by_label("Why it is not so").fill("She is nineteen")
    labels.get_by_role("button", name="Take the label off").tap()
    labels.get_by_text("What was said before").tap()
    expect(labels.locator("s")).to_have_text("a minor")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.long
def test_every_page_is_usable_at_every_size_and_colour(
    visit: Any, shift: Any, at_every_size: Callable[..., None]
) -> None:
    for who, path in (("officer", "/duties"), ("chief", "/duties"), ("chief", "/categories")):
        page = visit(shift, who, width=360, height=740, color_scheme="light").page
        page.goto(f"{shift.url}{path}")
        for one in page.locator("main details").all():
            one.evaluate("one => { one.open = true }")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        at_every_size(page, ((2560, "light"), (2560, "dark")))
