"""Decisions, releases and critical incidents in a real browser: every size and colour, marks from the player, two
people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import SIZES, Visit
from tests.browser.live import PASSWORD, Site, people, until
from tests.disclosure.critical.conftest import LAW
from tests.disclosure.decisions.law import HOME, LOOKED, MINOR, put_in_force
from tests.disclosure.redacted_copies import leave_copy
from tests.footage.entries import add_entry
from tests.web.recording_place import make_film

from candor.disclosure.critical import saying, viewings
from candor.disclosure.critical.incidents import add_recordings, open_incident
from candor.disclosure.decisions.deciding import Choice, Weighed, decide, decisions_of
from candor.disclosure.decisions.rules import Decision, Weighing
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.releases import approving, preparing
from candor.disclosure.requests import intake, meant
from candor.disclosure.requests.intake import Intake
from candor.footage import classification
from candor.law.vocabulary import Label
from candor.people import passwords, service
from candor.people.rules import Role, system_actor
from candor.people.service import NewAccount
from candor.redaction.rules import Verdict

pytestmark = pytest.mark.browser
#: Pages that have nothing of their own on a wide screen.
NARROW = SIZES[:1]
LOOKED_AT = Weighed(LOOKED, Weighing.WEIGHED, "I have watched it: " + "a quiet patrol, " * 12)


@dataclass
class Office:
    """A site under a law, a request with recordings, a release of it, a critical incident."""

    site: Site
    request: str
    recording: str
    other: str
    release: str
    critical: str


def decided(site: Site, subject: Subject, recording_id: str, *choices: Choice) -> None:
    here, records = site.here, site.accounts["records"]
    with here.database.write() as tx:
        upon = decisions_of(tx, records, subject).upon
        decide(tx, records, subject, recording_id, choices, [LOOKED_AT], upon=upon, clock=here.clock)


def second_of(site: Site) -> Any:
    """Another records officer."""
    with site.here.database.write() as tx:
        new = NewAccount("second", "Sam Second", [Role.RECORDS_OFFICER], passwords.hash_password(PASSWORD))
        made = service.create_account(tx, system_actor("setup"), new)
        site.accounts["second"] = service.actor_of(service.account(tx, made))
    return site.accounts["second"]


@pytest.fixture(scope="module")
def office(fresh_site: Site) -> Office:
    """Everything once, with long words."""
    site, here, clock = fresh_site, fresh_site.here, fresh_site.here.clock
    people(site)
    second, records, now = second_of(site), site.accounts["records"], clock.now()
    film = make_film(here, title="Quiet patrol at the harbour, " + "at length " * 9)
    recording_id = film.received.recording_id
    with here.database.write() as tx:
        put_in_force(tx, now - timedelta(days=100), more=LAW.lstrip("\n"))
        other = add_entry(tx, now - timedelta(hours=30), title="Traffic stop on Route 9", duration_ms=90_000)
        for label in (Label.MINOR, Label.HOME):
            classification.label(tx, site.accounts["technician"], other, label, reason="seen", clock=clock)
        asked = intake.receive(tx, records, Intake("The stop on Route 9", name="Ana Ruiz"), clock=clock)
        meant.mean(tx, records, asked.id, [recording_id, other], why="the place", clock=clock)
        given = {"kind": "shooting", "occurred_at": now - timedelta(days=40), "place": "Main Street", "summary": "Two"}
        critical = open_incident(tx, records, **given, clock=clock)
        add_recordings(tx, records, critical, [other], clock=clock)
        offer = {"who": "next-of-kin", "name": "Ana Ruiz", "offered_for": now + timedelta(hours=3)}
        viewings.offer(tx, records, critical, **offer, words="by telephone", clock=clock)
        words = "We regret it, " + "deeply " * 80
        saying.add_statement(tx, records, critical, said_by="The sheriff", words=words, public=True, clock=clock)
    subject = Subject.of_request(asked.id)
    stretches = (Choice(200, 400, Decision.WITHHOLD, MINOR, "A child"), Choice(600, 700, Decision.RELEASE, "", ""))
    decided(site, subject, recording_id, Choice(None, None, Decision.REDACT, HOME, "Inside of a home"), *stretches)
    with here.database.write() as tx:
        more = intake.receive(tx, records, Intake("The patrol", name="Bo"), clock=clock)
        meant.mean(tx, records, more.id, [recording_id], why="named", clock=clock)
    subject = Subject.of_request(more.id)
    decided(site, subject, recording_id, Choice(None, None, Decision.REDACT, HOME, "Inside of a home"))
    given = (here.database, here.vault, here.log, recording_id, b"the bytes of a copy")
    _, copy_id = leave_copy(*given, by=records.account_id, verdict=Verdict.DOUBTFUL)
    with here.database.write() as tx:
        told = {
            "audience": "public",
            "title": "Patrol at the harbour " * 6,
            "summary": "A patrol.\n\n- A face: covered",
        }
        although = {copy_id: "A poster, no person"}
        made = [
            preparing.prepare(tx, here.vault, records, subject, [copy_id], **told, although=although, clock=clock)
            for _ in range(2)
        ]
        approving.send_back(tx, second, made[1], "Say when it was.", upon=1, clock=clock)
    return Office(site, asked.id, recording_id, other, made[0], critical)


@pytest.mark.long
def test_pages_at_every_size(visit: Visit, office: Office, at_every_size: Any) -> None:
    page = visit(office.site, "records", width=360).page
    decide_at = f"/requests/{office.request}/decide?recording="
    pages = {
        f"{decide_at}{office.recording}": SIZES,
        f"{decide_at}{office.other}": NARROW,
        "/releases?state=all": NARROW,
        f"/releases/new?request={office.request}": SIZES,
        f"/releases/{office.release}": SIZES,
        f"/requests/{office.request}": NARROW,
        "/critical": NARROW,
        "/critical/new": NARROW,
        f"/critical/{office.critical}": SIZES,
    }
    for path, sizes in pages.items():
        page.goto(office.site.url + path)
        for summary in page.locator("main details > summary").all():
            if summary.evaluate("one => !one.parentElement.open"):
                summary.click()
        if path == f"{decide_at}{office.other}":
            for choice in page.get_by_label("What it protects will be hidden").all():
                choice.check()
        at_every_size(page, sizes)


def test_a_second_person_sends_back_approves_and_recalls(visit: Visit, office: Office) -> None:
    own = visit(office.site, "records").page
    own.goto(f"{office.site.url}/releases/{office.release}")
    expect(own.locator(".request-next")).to_contain_text("You prepared it, so another person has to approve it.")
    expect(own.get_by_role("button", name="Approve and publish")).to_have_count(0)
    page = visit(office.site, "second").page
    page.goto(f"{office.site.url}/releases?mine=yes")
    page.locator(".queue .row-link").first.click()
    page.get_by_role("button", name="Watch it as it goes out").click()
    until(page, "document.querySelector('video.redaction-copy') !== null")
    page.get_by_text("Send it back", exact=True).first.click()
    page.get_by_label("What has to be put right").fill("Say where it was.")
    page.get_by_role("button", name="Send it back").click()
    expect(page.locator(".sentence")).to_have_text("It was sent back.")
    own.reload()
    own.locator("#summary").fill("A patrol at the harbour.")
    own.get_by_role("button", name="Prepare it anew").click()
    expect(own.locator(".sentence")).to_contain_text("a second person than Robin Records")
    page.reload()
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.locator(".sentence")).to_contain_text("It is being made")
    page.get_by_role("link", name="Recall it").click()
    page.get_by_label("Why it is recalled").fill("A face can be seen.")
    page.get_by_role("button", name="Recall it now").click()
    expect(page.locator(".sentence")).to_contain_text("It was recalled.")
    expect(page.locator(".request-next")).to_contain_text("A face can be seen.")
    page.goto(f"{office.site.url}/releases?state=sent-back")
    page.locator(".queue .row-link").first.click()
    page.get_by_text("Discard it", exact=True).first.click()
    page.get_by_label("Why it is discarded").fill("One of them is enough.")
    page.get_by_role("button", name="Discard it").click()
    expect(page.locator(".sentence")).to_contain_text("It was discarded before anybody approved it.")
    expect(page.locator(".request-next")).to_contain_text("One of them is enough.")


# -- with a player


@pytest.fixture
def asked(site: Site) -> Iterator[str]:
    """A request for a recording that can be watched; its identifier. No law is in force on this site."""
    here, records = site.here, site.accounts["records"]
    with here.database.write() as tx:
        made = intake.receive(tx, records, Intake("The quiet patrol", name="Ana Ruiz"), clock=here.clock)
        meant.mean(tx, records, made.id, [site.recordings["patrol"].recording_id], why="named", clock=here.clock)
    yield made.id
    with here.database.write() as tx:
        meant.not_mean(tx, records, made.id, [site.recordings["patrol"].recording_id], why="over", clock=here.clock)


def test_stretches_are_marked_where_the_player_is(visit: Visit, site: Site, asked: str) -> None:
    page = visit(site, "records").page
    page.goto(f"{site.url}/requests/{asked}/decide")
    expect(page.locator("h1")).to_contain_text("Quiet patrol")
    expect(page.locator("[data-mark]").first).to_be_hidden()
    page.locator(".gate-foot").get_by_role("button", name="Watch").click()
    until(page, "document.querySelector('candor-player')?.length > 2")
    page.get_by_role("button", name="Another stretch").click()
    row = page.locator("[data-stretch]").last
    expect(row.locator("[data-from]")).to_be_focused()
    page.evaluate("document.querySelector('candor-player').stop()")
    for name, seconds in (("Begin", 0.5), ("End", 1.5)):
        page.evaluate("seconds => document.querySelector('candor-player').seek(seconds)", seconds)
        until(page, f"Math.abs(document.querySelector('candor-player').time() - {seconds}) < 0.04")
        row.get_by_role("button", name=f"{name} where the player is").click()
    expect(row.locator("[data-from]")).to_have_value("0:00.5")
    expect(row.locator("[data-to]")).to_have_value("0:01.5")
    until(page, "document.querySelectorAll('[data-drafts] rect').length === 1")
    row.locator("[name=stretch_exemption]").select_option("A child")
    row.locator("[name=stretch_reason]").fill("A child walks by.")
    page.locator("input[name=decision][value=withhold]").check()
    page.locator("#exemption").select_option("Privacy of an uninvolved person")
    page.get_by_role("button", name="Decide", exact=True).click()
    # The reason is missing: nothing that was typed is lost, and the viewing goes on.
    expect(page.locator("#decision .notice")).to_contain_text("say why")
    expect(page.locator("[data-stretch]").first.locator("[data-from]")).to_have_value("0:00.5")
    until(page, "document.querySelector('candor-player') !== null")
    page.locator("#reason").fill("Nobody in it has to do with it.")
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.locator(".sentence")).to_have_text("Every recording is decided.")
    expect(page.locator(".legend")).to_contain_text("0:00.5 – 0:01.5")
