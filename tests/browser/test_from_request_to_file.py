"""From a stranger's question to a file in their hands that proves itself: the public form, the office, two people who
release, the download, a check without a network, and a recall that a kept file tells of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.conftest import Visit
from tests.browser.live import PASSWORD, Site, film
from tests.browser.offline import verified_offline
from tests.disclosure.decisions.law import MINOR, put_in_force

from candor.core.portal_settings import PortalSettings
from candor.disclosure.decisions.into_redaction import put_into_redaction
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.requests.reading import request_by_tracking
from candor.law.tables import law_change, law_text
from candor.people import passwords, service
from candor.people.rules import Role, system_actor
from candor.people.service import NewAccount
from candor.portal import process
from candor.published.tracking import digest_of
from candor.redaction.beginning import begin
from candor.redaction.rendering import ask_for_copies

pytestmark = pytest.mark.browser

INCIDENT = "2026-0991"


@dataclass
class Office:
    """A site that answers requests, and its portal, which is a process of its own."""

    site: Site
    portal: str

    def drain(self) -> None:
        """Take in what came, and publish how things stand, as the rounds do."""
        self.site.here.publishing.round()


@pytest.fixture
def office(site: Site) -> Iterator[Office]:
    """The law of a state in force here, adopted by its counsel; a stop that was recorded; a counsel with an account."""
    here = site.here
    hashed = passwords.hash_password(PASSWORD)
    with here.database.write() as tx:
        change_id = put_in_force(tx, here.clock.now())
        made = NewAccount("counsel", "Cleo Counsel", [Role.COUNSEL], hashed)
        counsel = service.create_account(tx, system_actor("setup"), made)
        site.accounts["counsel"] = service.actor_of(service.account(tx, counsel))
    site.take_in("asked-for", film(3.0, seed=6), "stop.mp4", title="Stop at the bridge", incident_number=INCIDENT)
    here.jobs.wait_idle(60)
    here.log.settle()
    here.publishing.round()
    portal = process.start(PortalSettings.of(here.settings))
    yield Office(site, portal.address.rstrip("/"))
    portal.stop()
    # The other tests of this site are of one without a law.
    with here.database.write() as tx:
        text = law_change.delete().where(law_change.c.id == change_id).returning(law_change.c.text_sha256)
        tx.execute(law_text.delete().where(law_text.c.sha256 == tx.scalar(text)))


@pytest.fixture
def citizen(chromium: Browser) -> Iterator[Page]:
    """Somebody at home, with a browser that has never seen any of it."""
    context: BrowserContext = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


def ask(page: Page, office: Office) -> str:
    """Ask by the public form; the code that is written down."""
    page.goto(f"{office.portal}/")
    page.get_by_role("link", name="Ask for footage").first.click()
    page.fill("#words", "The stop of my brother at the bridge, please.")
    page.fill("#incident", INCIDENT)
    page.get_by_role("button", name="Send the request").click()
    return page.inner_text("#code")


def stands(page: Page, office: Office, code: str) -> None:
    """Look at it by the code."""
    page.goto(f"{office.portal}/status")
    page.fill("#code", code)
    page.get_by_role("button", name="See how it stands").click()
    expect(page.locator("h1")).to_contain_text("R-2")


def find(page: Page, office: Office) -> str:
    """The request in the queue, and the recording that it means; the request's identifier."""
    page.goto(f"{office.site.url}/requests")
    page.locator(".queue tbody tr", has_text="my brother").get_by_role("link").first.click()
    page.get_by_role("button", name="I take it").click()
    proposed = page.locator("#proposed li", has_text="Stop at the bridge")
    expect(proposed).to_contain_text(f"its incident number is {INCIDENT}")
    proposed.get_by_role("button", name="It is meant").click()
    expect(page.locator("#meant")).to_contain_text("1 recording")
    return page.url.split("?")[0].split("#")[0].rsplit("/", 1)[1]


def decide(page: Page) -> None:
    """Release it, but for half a second of it."""
    page.locator("#meant").get_by_role("link", name="Decide").click()
    expect(page.locator(".sentence")).to_contain_text("has to be answered before it is released")
    page.locator("input[name=decision][value=release]").check()
    page.get_by_role("button", name="Decide").click()
    # Nobody has looked at it yet, as the law wants: it is refused, with the rule, and what was chosen stays.
    expect(page.locator("#decision .notice")).to_contain_text("law/uncategorised")
    expect(page.locator("input[name=decision][value=release]")).to_be_checked()
    page.locator("#way").get_by_label("Weighed").first.check()
    page.locator("#way").get_by_label("In words").first.fill("I watched it: a traffic stop.")
    page.fill("#from-1", "0:01.0")
    page.fill("#to-1", "0:01.5")
    page.select_option("#stretch-decision-1", "withhold")
    page.select_option("#stretch-exemption-1", MINOR)
    page.fill("#stretch-reason-1", "A child walks by.")
    page.get_by_role("button", name="Decide").click()
    expect(page.locator(".sentence")).to_have_text("Every recording is decided.")


def redact(office: Office, request_id: str) -> None:
    """A redacted copy without the withheld stretch, as the editor and its job make one."""
    here, actor = office.site.here, office.site.accounts["records"]
    recording_id, subject = office.site.recordings["asked-for"].recording_id, Subject.of_request(request_id)
    with here.database.write() as tx:
        redaction_id = begin(tx, here.jobs, here.vault, actor, recording_id, kinds=(), clock=here.clock)
    here.jobs.wait_idle(60)
    with here.database.write() as tx:
        put_into_redaction(tx, here.vault, actor, subject, recording_id, redaction_id, clock=here.clock)
        ask_for_copies(tx, here.jobs, here.vault, actor, redaction_id, clock=here.clock)
    here.jobs.wait_idle(90)


def write_letter(page: Page, office: Office, request_id: str) -> None:
    """The letter of decision, to whoever asked."""
    page.goto(f"{office.site.url}/requests/{request_id}")
    page.get_by_text("Write a letter", exact=True).click()
    page.get_by_label("Which", exact=True).select_option("decision")
    page.get_by_role("button", name="Write it").click()
    page.get_by_role("button", name="Send it", exact=True).click()
    expect(page.locator("#documents")).not_to_contain_text("not sent")


def prepare(page: Page, office: Office, request_id: str) -> str:
    """Prepare the release; its address. Whoever prepared it cannot approve it."""
    page.goto(f"{office.site.url}/releases/new?request={request_id}")
    expect(page.locator("#summary")).to_have_value(re.compile("withheld|hidden|held back"))
    # Nobody watched the copy and nothing was searched for in it: whoever lets it go out says why.
    page.get_by_label("Why it goes out although").fill("A film of three seconds; I watched all of it.")
    page.get_by_role("button", name="Prepare the release").click()
    expect(page.locator("h1")).to_contain_text("RL-")
    expect(page.locator(".request-next")).to_contain_text("Not by you")
    expect(page.get_by_role("button", name="Approve and publish")).to_have_count(0)
    return page.url.split("?")[0]


def approve(page: Page, office: Office, address: str) -> None:
    """Another person looks at it and lets it go out."""
    page.goto(address)
    page.get_by_role("button", name="Approve and publish").click()
    office.site.here.jobs.wait_idle(90)
    page.goto(address)
    expect(page.locator(".sentence")).to_have_text("It is published.")


def fetch(page: Page, button: str, folder: Path) -> Path:
    """Download what a link leads to."""
    with page.expect_download() as started:
        page.locator(button).first.click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def known_as(page: Page, office: Office, film: Path) -> str:
    """What the portal says of a film that is dropped on it alone."""
    page.goto(f"{office.portal}/verify")
    page.set_input_files("#file", film)
    page.wait_for_selector("#known[data-known]:not(.pending)")
    return page.inner_text("#known")


def test_a_citizen_asks_and_holds_a_film_that_proves_itself(
    citizen: Page, office: Office, visit: Visit, tmp_path: Path, at_every_size: Callable[..., None]
) -> None:
    code = ask(citizen, office)
    office.drain()
    records = visit(office.site, "records").page
    request_id = find(records, office)
    with office.site.here.database.read() as tx:
        assert request_by_tracking(tx, digest_of(code)) == request_id
    decide(records)
    redact(office, request_id)
    write_letter(records, office, request_id)
    address = prepare(records, office, request_id)
    at_every_size(records)
    counsel = visit(office.site, "counsel").page
    approve(counsel, office, address)
    office.drain()

    stands(citizen, office, code)
    expect(citizen.locator(".file-list")).to_contain_text("decision")
    citizen.locator(".release-card a").click()
    expect(citizen.locator("main")).to_contain_text("Test Code § 13")
    at_every_size(citizen)
    package = fetch(citizen, ".file-list a[href*='/files/']", tmp_path)
    assert package.suffix == ".zip"
    copy = fetch(citizen, ".film a[href*='/files/']", tmp_path)
    citizen.goto(f"{office.portal}/log")
    policy = fetch(citizen, "a[href='/verify/trust-policy.txt']", tmp_path)
    assert policy.read_bytes() == office.site.here.log.policy().format()
    told = verified_offline(package, policy)
    citizen.goto(f"{office.portal}/verify")
    citizen.set_input_files("#zip", package)
    citizen.wait_for_selector("#verdict[data-verdict]", timeout=30_000)
    assert citizen.get_attribute("#verdict", "data-verdict") == "verified"
    assert "exactly a file that was released here" in known_as(citizen, office, copy)

    counsel.goto(f"{address}/recall")
    counsel.get_by_label("Why it is recalled").fill("A face can be seen in the mirror.")
    counsel.get_by_role("button", name="Recall it now").click()
    office.site.here.jobs.wait_idle(60)
    assert "was recalled" in known_as(citizen, office, copy)
    citizen.goto(f"{office.portal}/status")
    citizen.locator(".release-card a").click()
    expect(citizen.locator("main")).to_contain_text("A face can be seen in the mirror.")
    expect(citizen.locator("a[href*='/files/']")).to_have_count(0)
    # What is in somebody's hands goes on proving what it is.
    assert verified_offline(package, policy) == told
