"""Cameras in a real browser: entering who has one, settling a conflict; every size and colour is usable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.live import film, people

from candor.core.clock import SystemClock
from candor.fleet import assignments, clocks, places, service
from candor.people.rules import system_actor

pytestmark = pytest.mark.browser

OPERATOR = system_actor("test")
CLOCK = SystemClock()
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def fleet(fresh_site: Any) -> Any:
    """A site with cameras that were had, drifted, were reset, were found; and one conflict."""
    people(fresh_site)
    officer = fresh_site.accounts["officer"].account_id
    chief = fresh_site.accounts["chief"].account_id
    with fresh_site.here.database.write() as tx:
        north = places.create_site(tx, OPERATOR, "Barracks North", note="Route 9, mile 34", clock=CLOCK)
        places.create_dock(tx, OPERATOR, "Reader at the desk", kind="card", site_id=north, clock=CLOCK)
        made = {
            serial: service.register_device(
                tx, OPERATOR, serial, kind, make="Meridian", model="BW3", site_id=north, clock=CLOCK
            )
            for serial, kind in (("X60A10418", "body"), ("X60A10419", "body"), ("CAR-7", "in-car"))
        }
        service.ensure_device(tx, "B8A44F000001", "body", model="W120", firmware="11.2.65", clock=CLOCK)
        for number in range(12):
            at = NOW - DAY * (12 - number)
            slow = timedelta(seconds=2 + 7 * number)
            clocks.note_reading(
                tx, made["X60A10418"], at - slow, at, source="dock", uncertainty_ms=1500, actor="a", clock=CLOCK
            )
        away = timedelta(days=9000)
        clocks.note_reading(tx, made["CAR-7"], NOW - away, NOW, source="dock", uncertainty_ms=0, actor="a", clock=CLOCK)
        begin = datetime(2026, 11, 1, tzinfo=UTC)
        wrong = assignments.assign(tx, OPERATOR, made["X60A10419"], chief, begin, NOW + DAY, clock=CLOCK)
        assignments.correct_assignment(
            tx, OPERATOR, wrong, officer, begin, NOW + DAY, reason="the wrong name was chosen", clock=CLOCK
        )
    fresh_site.take_in("disputed", film(1.0), "one.mp4", device_id=made["X60A10419"], wearer_id=chief)
    fresh_site.cameras = made
    return fresh_site


def paths_of(site: Any) -> list[str]:
    """Every page of this part of the site."""
    recording = site.recordings["disputed"].recording_id
    cameras = [f"/cameras/{one}" for one in site.cameras.values()]
    return ["/cameras", "/cameras/new", *cameras, "/sites", f"/recordings/{recording}/conflicts"]


@pytest.mark.long
def test_pages_at_every_size(visit: Any, fleet: Any, at_every_size: Any) -> None:
    page = visit(fleet, "chief", width=360).page
    for path in paths_of(fleet):
        page.goto(fleet.url + path)
        for summary in page.locator("main details > summary").all():
            summary.click()
        at_every_size(page)


def test_somebody_gets_a_camera(visit: Any, fleet: Any) -> None:
    page = visit(fleet, "chief").page
    page.goto(fleet.url + "/cameras")
    page.get_by_label("Find cameras").fill("10418")
    expect(page.locator("#cameras tbody tr")).to_have_count(1)
    page.get_by_role("link", name="X60A10418").click()
    expect(page.locator("h1")).to_contain_text("In stock")
    page.get_by_label("Who", exact=True).first.select_option(fleet.accounts["officer"].account_id)
    page.get_by_role("button", name="Enter", exact=True).click()
    expect(page.locator("body")).to_contain_text("It is on record who has the camera.")
    expect(page.locator("h1")).to_contain_text("Issued")


def test_a_conflict_is_settled(visit: Any, fleet: Any) -> None:
    page = visit(fleet, "chief").page
    page.goto(fleet.url + "/cameras")
    page.locator("#waiting-title").wait_for()
    page.locator("a[href$='/conflicts']").click()
    page.get_by_label(fleet.accounts["officer"].display_name, exact=True).check()
    page.get_by_role("button", name="Settle it").click()
    expect(page.locator("h1")).to_be_visible()  # the browser asks for the reason itself
    page.get_by_label("Why", exact=True).fill("seen in the mirror at 00:12")
    page.get_by_role("button", name="Settle it").click()
    expect(page.locator("body")).to_contain_text("The conflict is settled")
    expect(page.locator("main")).to_contain_text("seen in the mirror at 00:12")
    page.goto(fleet.url + "/cameras")
    expect(page.locator("#waiting-title")).to_have_count(0)
