"""Signing in in a real browser: an app's codes, recovery codes, passkeys with Chromium's virtual authenticator, the
locked screen, confirming."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect
from tests.browser.live import PASSWORD, Site, people, running_site, until

from candor.core.clock import SystemClock
from candor.custody import Event, recent
from candor.people import passwords, policy, service, totp
from candor.people.rules import Role, system_actor
from candor.people.service import NewAccount
from candor.people.tables import session as session_table

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, cheap_passwords: None) -> Iterator[Site]:
    """A site of its own, by the name `localhost`, where browsers allow passkeys without https."""
    with running_site(tmp_path_factory.mktemp("door"), witnessed=False, jobs=False) as made:
        people(made)
        made.url = made.url.replace("127.0.0.1", "localhost")
        yield made


@pytest.fixture
def somebody(place: Site, request: pytest.FixtureRequest) -> str:
    """An account nobody used before: a records officer."""
    name = f"r{time.time_ns()}"
    with place.here.database.write() as tx:
        new = NewAccount(name, "Robin Records", [Role.RECORDS_OFFICER], passwords.hash_password(PASSWORD))
        service.create_account(tx, system_actor("setup"), new)
    return name


def newest(site: Site, kind: Event) -> dict[str, Any]:
    with site.here.database.read() as tx:
        return next(recent(tx, kinds=[kind])).details


def set_up_app(page: Page, site: Site) -> tuple[bytes, list[str]]:
    page.goto(f"{site.url}/account/security")
    page.click("text=Set up an app")
    page.wait_for_url("**/account/security/app")
    secret = base64.b32decode(page.locator(".typed-secret").inner_text().replace(" ", ""))
    page.fill("input[name=code]", code(secret))
    page.click("main button.primary")
    page.wait_for_selector(".recovery-codes")
    return secret, page.locator(".recovery-codes code").all_inner_texts()


def code(secret: bytes, steps: int = 0) -> str:
    return totp.code_at(secret, totp.step_at(SystemClock().now()) + steps)


def give_password(page: Page, site: Site, name: str) -> None:
    page.goto(f"{site.url}/sign-in")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button.primary")


def sign_out(page: Page) -> None:
    page.click(".menu:not(.more-places) > summary")
    page.click(".menu button:has-text('Sign out')")
    page.wait_for_url("**/sign-in*")


def authenticator(page: Page) -> Any:
    """A virtual device with a PIN, as CTAP 2 has it; its protocol session."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def go_idle(site: Site, minutes: int) -> None:
    """As if nobody had been active for so long: the server's side of it."""
    with site.here.database.write() as tx:
        past = SystemClock().now() - timedelta(minutes=minutes)
        tx.execute(sa.update(session_table).values(seen_at=past, proved_at=past))


def test_an_app_then_its_code_then_not_again_then_a_recovery_code(
    visit: Any, place: Site, somebody: str, accessible: Callable[[Page], None]
) -> None:
    page = visit(place, somebody).page
    page.goto(f"{place.url}/account/security")
    accessible(page)
    page.click("text=Set up an app")
    page.wait_for_selector(".qr svg")
    accessible(page)
    box = page.locator(".qr svg").bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) > 150  # large enough for a phone's camera
    secret, codes = set_up_app(page, place)
    assert len(codes) == 10
    accessible(page)
    page.click("text=I have kept them")
    page.wait_for_url("**/recordings*")
    sign_out(page)

    give_password(page, place, somebody)
    page.wait_for_url("**/sign-in/second*")
    accessible(page)
    next_code = code(secret, 1)
    page.fill("input[name=code]", next_code)
    page.click("main button.primary")
    page.wait_for_url("**/recordings*")
    assert newest(place, Event.ACCOUNT_SIGNED_IN)["method"] == "password+app"
    sign_out(page)

    give_password(page, place, somebody)
    page.fill("input[name=code]", next_code)
    page.click("main button.primary")
    expect(page.locator(".notice.bad")).to_contain_text("used already")
    page.click("text=Use a recovery code")
    page.fill("input[name=recovery_code]", codes[4])
    page.click("button:has-text('Use this code')")
    page.wait_for_url("**/recordings*")
    page.goto(f"{place.url}/account/security")
    expect(page.locator("main")).to_contain_text("9 of 10 left")


def test_a_passkey_without_a_password_and_as_second_factor(
    visit: Any, place: Site, somebody: str, accessible: Callable[[Page], None]
) -> None:
    page = visit(place, somebody).page
    device = authenticator(page)
    page.goto(f"{place.url}/account/security")
    page.fill("input[name=name]", "Office computer")
    page.click("button[data-passkey=register]")
    page.wait_for_selector(".recovery-codes")
    page.goto(f"{place.url}/account/security")
    expect(page.locator("#passkeys")).to_contain_text("Office computer")
    accessible(page)
    sign_out(page)

    page.click("button[data-passkey=sign-in]")
    page.wait_for_url("**/recordings*")
    assert newest(place, Event.ACCOUNT_SIGNED_IN)["method"] == "passkey"
    sign_out(page)

    give_password(page, place, somebody)
    page.wait_for_url("**/sign-in/second*")
    accessible(page)
    page.click("button[data-passkey=second]")
    page.wait_for_url("**/recordings*")
    assert newest(place, Event.ACCOUNT_SIGNED_IN)["method"] == "password+passkey"

    go_idle(place, 11)
    page.goto(f"{place.url}/account/security")
    page.wait_for_url("**/confirm?next=*")
    accessible(page)
    page.click("button[data-passkey=proof]")
    page.wait_for_url("**/account/security")
    go_idle(place, 31)
    page.goto(f"{place.url}/account")
    page.wait_for_url("**/unlock?next=*")
    accessible(page)
    page.click("button[data-passkey=proof]")
    page.wait_for_url("**/account")

    page.goto(f"{place.url}/account/security")
    page.click("#passkeys button.danger")
    expect(page.locator("#notices")).to_contain_text("was removed")
    sign_out(page)
    page.click("button[data-passkey=sign-in]")
    expect(page.locator(".notice.bad")).to_contain_text("belongs to no active account")
    device.detach()


def test_a_passkey_that_is_not_given_says_so_and_the_password_still_works(
    visit: Any, place: Site, somebody: str
) -> None:
    page = visit(place).page
    authenticator(page)
    page.goto(f"{place.url}/sign-in")
    page.click("button[data-passkey=sign-in]")  # the device holds none
    expect(page.locator("#notices .notice")).to_contain_text("No passkey was used")
    give_password(page, place, somebody)
    page.wait_for_url("**/recordings*")


def test_at_an_address_of_numbers_there_is_no_button_and_the_page_says_why(visit: Any, place: Site) -> None:
    page = visit(place).page
    page.goto(place.url.replace("localhost", "127.0.0.1") + "/sign-in")
    expect(page.locator("button[data-passkey]")).to_have_count(0)
    page.fill("input[name=name]", "officer")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button.primary")
    page.wait_for_url("**/recordings*")
    page.goto(place.url.replace("localhost", "127.0.0.1") + "/account/security")
    expect(page.locator("#passkeys")).to_contain_text("CANDOR_PUBLIC_URL")


def test_the_screen_is_covered_and_keeps_what_was_typed(
    visit: Any, place: Site, somebody: str, accessible: Callable[[Page], None]
) -> None:
    page = visit(place, somebody).page
    page.clock.install()
    page.goto(f"{place.url}/account")
    page.fill("input[name=password]", "half a new password")
    page.clock.fast_forward("29:00")
    expect(page.locator(".lock-cover")).to_have_count(0)
    go_idle(place, 31)
    page.clock.fast_forward("02:00")
    expect(page.locator(".lock-cover")).to_be_visible()
    expect(page.locator("main")).to_be_hidden()
    expect(page.locator(".masthead")).to_be_hidden()
    assert page.title() == "Locked"
    expect(page.locator("#lock-password")).to_be_focused()
    accessible(page)
    page.fill("#lock-password", "not it")
    page.click(".lock-cover button")
    expect(page.locator(".lock-cover .notice")).to_contain_text("is not right")
    page.fill("#lock-password", PASSWORD)
    page.click(".lock-cover button")
    expect(page.locator(".lock-cover")).to_have_count(0)
    expect(page.locator("main input[name=password]")).to_have_value("half a new password")
    assert newest(place, Event.ACCOUNT_UNLOCKED)["method"] == "password"
    page.goto(f"{place.url}/account")  # the new token came with the answer
    expect(page.locator("h1")).to_have_text("Your account")


def test_another_window_that_is_used_keeps_this_one_open(visit: Any, place: Site, somebody: str) -> None:
    page = visit(place, somebody).page
    page.clock.install()
    page.goto(f"{place.url}/account")
    page.clock.fast_forward("31:00")  # here nobody moved, but the site saw somebody a moment ago
    page.wait_for_timeout(500)
    expect(page.locator(".lock-cover")).to_have_count(0)


def test_locking_by_hand_and_going_back(visit: Any, place: Site, somebody: str) -> None:
    page = visit(place, somebody).page
    page.goto(f"{place.url}/account")
    page.click(".menu:not(.more-places) > summary")
    page.click("text=Lock the screen")
    page.wait_for_url("**/unlock?next=%2Faccount")
    page.fill("input[name=proof_password]", PASSWORD)
    page.click("main button.primary")
    page.wait_for_url("**/account")


def test_a_dangerous_form_is_kept_while_one_confirms(
    visit: Any, place: Site, accessible: Callable[[Page], None]
) -> None:
    page = visit(place, "chief").page
    page.goto(f"{place.url}/security")
    accessible(page)
    page.fill("#notice", "Words of the agency")
    page.fill("#absolute_hours", "11")
    go_idle(place, 11)
    page.click("text=Save the rules")
    expect(page.locator("h1")).to_have_text("Confirm that it is you")
    accessible(page)
    page.fill("input[name=proof_password]", PASSWORD)
    page.click("main button.primary")
    expect(page.locator("#notices")).to_contain_text("were changed")
    expect(page.locator("#absolute_hours")).to_have_value("11")
    with place.here.database.read() as tx:
        assert policy.read(tx).notice == "Words of the agency"


def test_the_notice_and_what_must_be_set_up_first(
    visit: Any, place: Site, somebody: str, accessible: Callable[[Page], None]
) -> None:
    rules = {"notice_shown": True, "second_factor_roles": ["records_officer"]}
    with place.here.database.write() as tx:
        policy.change(tx, system_actor("setup"), rules)
    try:
        page = visit(place).page
        page.goto(f"{place.url}/sign-in")
        expect(page.locator("input[name=password]")).to_have_count(0)
        accessible(page)
        page.click("text=I understand")
        give_password(page, place, somebody)
        page.wait_for_url("**/account/security")
        accessible(page)
        page.goto(f"{place.url}/recordings")
        page.wait_for_url("**/account/security")
        set_up_app(page, place)
        accessible(page)
        page.click("text=I have kept them")
        page.wait_for_url("**/recordings*")
    finally:
        with place.here.database.write() as tx:
            policy.change(tx, system_actor("setup"), {"notice_shown": False, "second_factor_roles": []})


@pytest.mark.long
def test_nothing_is_wider_than_the_screen(visit: Any, place: Site, somebody: str) -> None:
    def fits_here(page: Page) -> None:
        for width in (2560, 360):
            page.set_viewport_size({"width": width, "height": 800})
            until(page, f"innerWidth === {width}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url

    def fits(page: Page, *paths: str) -> None:
        for path in paths:
            page.goto(f"{place.url}{path}")
            fits_here(page)

    more: dict[str, Any] = {"width": 360, "height": 800, "has_touch": True}
    chief = place.accounts["chief"].account_id
    fits(visit(place, "chief", **more).page, "/security", "/confirm", f"/accounts/{chief}/security")
    page = visit(place, somebody, **more).page
    authenticator(page)
    page.goto(f"{place.url}/account/security")
    page.fill("input[name=name]", "The computer in the office on the second floor")
    page.click("button[data-passkey=register]")
    page.wait_for_selector(".recovery-codes")
    fits_here(page)
    page.goto(f"{place.url}/account/security")
    page.click("text=Set up an app")
    fits(page, "/account/security", "/account/security/app", "/account")
    sign_out(page)
    give_password(page, place, somebody)
    page.wait_for_url("**/sign-in/second*")
    fits_here(page)
