"""Requests in a real browser: one is entered, found for, given to somebody and answered; several at once; all sizes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.live import people, until
from tests.footage.entries import add_entry
from tests.web.requests_place import LAW, law_of

from candor.core.clock import SystemClock
from candor.disclosure.requests import assigning, intake, meant, messages
from candor.disclosure.requests.intake import Intake
from candor.disclosure.requests.naming import Named

pytestmark = pytest.mark.browser

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def office(fresh_site: Any) -> Any:
    """A site with a law, recordings of an incident, and a request with something of everything in it."""
    people(fresh_site)
    clerk, officer = fresh_site.accounts["records"], fresh_site.accounts["officer"]
    now = datetime.now(UTC).replace(microsecond=0)
    law_of(fresh_site.here, LAW, CLOCK)
    with fresh_site.here.database.write() as tx:
        worn = {"wearer_id": officer.account_id, "incident_number": "2026-0442"}
        made = [
            add_entry(tx, now - timedelta(hours=30, minutes=n), title=f"Traffic stop on Route 9, camera {n}", **worn)
            for n in range(4)
        ]

        def ask(words: str, **values: Any) -> str:
            return intake.receive(tx, clerk, Intake(words=words, **values), clock=CLOCK).id

        named = Named(incident="2026-0442", began=now - timedelta(hours=31), ended=now - timedelta(hours=29))
        full = ask("All of it, " + "at length " * 60, name="Ada " + "Byron" * 30, named=named, mail="ada@example.org")
        ask("The old one", name="Chris Doyle", requester_class="press", received_at=now - timedelta(days=20))
        ask("The new one", requester_class="attorney", name="Ngozi Okafor")
        assigning.assign(tx, clerk, full, clerk.account_id, clock=CLOCK)
        why = {"why": "Its number is named", "clock": CLOCK}
        meant.mean(tx, clerk, full, made[:2], **why)
        meant.not_mean(tx, clerk, full, made[2:3], **why)
        messages.send(tx, clerk, full, "Which camera?", asks=True, clock=CLOCK)
        messages.receive_message(tx, clerk, full, "All of them, " + "please " * 40, clock=CLOCK)
        messages.write_note(tx, clerk, full, "Called twice", clock=CLOCK)
    fresh_site.full = full
    return fresh_site


@pytest.mark.long
def test_pages_at_every_size(visit: Any, office: Any, at_every_size: Any) -> None:
    page = visit(office, "records", width=360).page
    for path in ("", "/new", "/import", "/statistics", f"/{office.full}"):
        page.goto(f"{office.url}/requests{path}")
        for summary in page.locator("main details > summary").all():
            if summary.evaluate("one => !one.parentElement.open"):
                summary.click()
        if not path:
            page.get_by_label("Choose R-").first.check()
            page.get_by_role("radio", name="Extend").check()
        at_every_size(page)


def test_a_request_from_the_counter_to_its_answer(visit: Any, office: Any) -> None:
    page = visit(office, "records").page
    page.goto(office.url + "/requests")
    page.get_by_role("link", name="New request").click()
    page.get_by_label("What they ask for").fill("The stop on Route 9 of that night")
    page.get_by_label("Name", exact=True).fill("Grace Hopper")
    page.get_by_label("Incident number").fill("2026-0442")
    page.get_by_role("button", name="Take it in").click()
    expect(page.locator(".tracking-code")).to_contain_text("CR-")
    page.get_by_role("link", name="To the request").click()
    expect(page.locator(".sentence")).to_have_text("Somebody has to take it.")
    page.get_by_role("button", name="I take it").click()
    expect(page.locator(".sentence")).to_contain_text("Find the recordings that are meant")
    page.locator("#proposed").get_by_role("button", name="It is meant").first.click()
    expect(page.locator("#meant")).to_contain_text("1 recording")
    expect(page.locator(".sentence")).to_have_text("Decide on 1 recording.")
    page.locator("#meant").get_by_text("Not meant after all").click()
    page.locator("#meant").get_by_label("Why it is not meant").fill("Another night")
    page.locator("#meant").get_by_role("button", name="It is not meant").click()
    expect(page.locator("#meant")).to_contain_text("1 recording that was looked at and is not meant")
    page.get_by_label("Write a message or a note").fill("We have nothing of that night.")
    page.get_by_role("button", name="Send it to whoever asked").click()
    expect(page.locator(".talk")).to_contain_text("We have nothing of that night.")
    page.get_by_text("Add a document").click()
    page.get_by_label("File").set_input_files(
        {"name": "licence.txt", "mimeType": "text/plain", "buffer": b"It is she."}
    )
    page.get_by_role("button", name="Add it").click()
    expect(page.locator("#documents")).to_contain_text("licence.txt")
    page.get_by_text("Write a letter", exact=True).click()
    page.get_by_label("Which", exact=True).select_option("decision")
    page.get_by_role("button", name="Write it").click()
    expect(page.locator("#documents")).to_contain_text("not sent")
    expect(page.locator(".sentence")).to_contain_text("The letter is written. Send it.")
    page.get_by_role("button", name="Send it", exact=True).click()
    expect(page.locator("#documents")).not_to_contain_text("not sent")
    page.get_by_text("Mark it as answered", exact=True).click()
    expect(page.get_by_label("With what")).to_have_value("nothing-found")
    page.get_by_role("button", name="It is answered").click()
    expect(page.locator("h1")).to_contain_text("answered")
    expect(page.locator("#history")).to_contain_text("A request was answered.")


def test_several_from_the_queue_by_the_keys(visit: Any, office: Any) -> None:
    page = visit(office, "records").page
    page.goto(office.url + "/requests?state=received")
    expect(page.locator(".queue tbody tr").first).to_contain_text("The old one")
    expect(page.locator(".queue tbody tr").first.locator(".due")).to_have_class("due late")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-chosen-count]")).to_have_text("2")
    page.locator("#bulk").get_by_label("To whom").select_option(label="Robin Records")
    page.get_by_role("button", name="Assign them").click()
    expect(page.get_by_role("status").filter(has_text="2 done")).to_be_visible()
    page.get_by_role("link", name="Back to the queue").first.click()
    page.get_by_label("State", exact=True).select_option("open")
    page.get_by_label("Find requests").fill("okafor new")
    expect(page.locator(".queue tbody tr")).to_have_count(1)
    expect(page.locator(".queue tbody tr")).to_contain_text("Robin Records")
    until(page, "location.search.includes('okafor')")


def test_a_table_is_chosen_looked_at_and_taken_in(visit: Any, office: Any) -> None:
    page = visit(office, "records").page
    page.goto(office.url + "/requests/import")
    wrong = {"name": "latin.csv", "mimeType": "text/csv", "buffer": "words\ncafé".encode("latin-1")}
    page.get_by_label("CSV file").set_input_files(wrong)
    expect(page.locator("#notices")).to_contain_text("is no text in UTF-8")
    good = {"name": "mail.csv", "mimeType": "text/csv", "buffer": "\ufeffwords;name\nCafé;Zoë\n;Bob\n".encode()}
    page.get_by_label("CSV file").set_input_files(good)
    until(page, "document.querySelector('#table').value.includes('Zoë')")
    page.get_by_role("button", name="Look at it first").click()
    expect(page.locator(".rows-in")).to_contain_text("description: it is empty")
    page.get_by_role("button", name="Take in the 1 good").click()
    expect(page.locator("main")).to_contain_text("1 request was taken in")
    expect(page.locator("main")).to_contain_text("CR-")
