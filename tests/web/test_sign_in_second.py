"""A second factor by the pages: setting one up, being asked, replay, recovery codes, what must be set up first, the
notice before it all."""

from __future__ import annotations

import base64
import html
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.applications import Starlette
from tests.people.place import Place
from tests.web.visitor import Visitor

from candor.core.clock import FixedClock
from candor.custody import Event, recent
from candor.installation import Installation
from candor.people import policy, totp
from candor.people.rules import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SECURITY = "/account/security"


def code_of(here: Installation, secret: bytes, steps: int = 0) -> str:
    return totp.code_at(secret, totp.step_at(here.clock.now()) + steps)


def enrol(here: Installation, visitor: Visitor, page: str = "/account") -> tuple[bytes, list[str]]:
    """Set an app up by the pages; its secret and the recovery codes that were shown."""
    assert visitor.post(f"{SECURITY}/app/start", page=page).headers["location"] == f"{SECURITY}/app"
    shown = visitor.get(f"{SECURITY}/app").text
    text = re.search(r'<code class="typed-secret"[^>]*>([A-Z2-7 ]+)</code>', shown)
    assert text is not None
    secret = base64.b32decode(text[1].replace(" ", ""))
    answer = visitor.post(f"{SECURITY}/app", {"code": code_of(here, secret)}, page=f"{SECURITY}/app")
    assert answer.status_code == 200
    return secret, re.findall(r"<code>([a-z2-7-]{19})</code>", answer.text)


def kinds(place: Place, count: int) -> list[Event]:
    with place.database.read() as tx:
        return [event.kind for event in recent(tx, limit=count)]


def newest(place: Place, kind: Event) -> dict[str, Any]:
    with place.database.read() as tx:
        return next(recent(tx, kinds=[kind])).details


def rules(place: Place, **changes: Any) -> None:
    with place.database.write() as tx:
        policy.change(tx, place.administrator, changes, clock=place.clock)


# -- the app


def test_the_picture_and_the_key_say_the_same_and_no_style_is_in_them(
    installation: Installation, chief: Visitor
) -> None:
    chief.post(f"{SECURITY}/app/start")
    answer = chief.get(f"{SECURITY}/app")
    assert answer.headers["cache-control"] == "no-store"
    assert "<svg" in answer.text
    assert "style=" not in answer.text
    link = html.unescape(re.search(r'href="(otpauth:[^"]+)"', answer.text)[1])  # type: ignore[index]
    key = re.search(r'typed-secret"[^>]*>([^<]+)<', answer.text)[1].replace(" ", "")  # type: ignore[index]
    assert f"secret={key}" in link
    assert "Troop%20Q:chief" in link


def test_after_setting_it_up_the_password_is_not_enough(
    installation: Installation, app: Starlette, chief: Visitor, place: Place, fixed_clock: FixedClock
) -> None:
    secret, codes = enrol(installation, chief)
    assert len(codes) == 10
    assert "10 of 10 left" in chief.get(SECURITY).text
    fixed_clock.advance(60)
    other = Visitor(app, "198.51.100.2")
    answer = other.sign_in("chief", next="/accounts")
    assert answer.headers["location"] == "/sign-in/second?next=%2Faccounts"
    assert kinds(place, 1) == [Event.ACCOUNT_SECOND_FACTOR_ASKED]
    for path in ("/accounts", "/account", SECURITY, "/recordings"):
        assert other.get(path).headers["location"].startswith("/sign-in/second"), path
    assert other.get("/").headers["location"] == "/sign-in"
    wrong = other.post("/sign-in/second", {"code": "000000"}, page="/sign-in/second")
    assert wrong.status_code == 401
    assert "The code is not right" in wrong.text
    assert newest(place, Event.ACCOUNT_SIGN_IN_FAILED)["at"] == "second"
    right = other.post(
        "/sign-in/second", {"code": code_of(installation, secret), "next": "/accounts"}, page="/sign-in/second"
    )
    assert (right.status_code, right.headers["location"]) == (303, "/accounts")
    assert other.get("/accounts").status_code == 200
    details = newest(place, Event.ACCOUNT_SIGNED_IN)
    assert (details["method"], details["failures_before"]) == ("password+app", 1)
    assert details["agent"] == "testclient"


def test_a_code_is_refused_the_second_time(
    installation: Installation, app: Starlette, chief: Visitor, place: Place, fixed_clock: FixedClock
) -> None:
    secret, _ = enrol(installation, chief)
    fixed_clock.advance(60)
    code = code_of(installation, secret)
    first, second = Visitor(app, "198.51.100.2"), Visitor(app, "198.51.100.3")
    for visitor in (first, second):
        visitor.sign_in("chief")
    assert first.post("/sign-in/second", {"code": code}, page="/sign-in/second").status_code == 303
    again = second.post("/sign-in/second", {"code": code}, page="/sign-in/second")
    assert again.status_code == 401
    assert "used already" in again.text
    assert newest(place, Event.ACCOUNT_SIGN_IN_FAILED)["reason"] == "code replayed"
    assert second.get("/accounts").status_code == 303


def test_guessing_codes_is_stopped_though_the_password_is_right(
    installation: Installation, app: Starlette, chief: Visitor, fixed_clock: FixedClock
) -> None:
    enrol(installation, chief)
    fixed_clock.advance(60)
    thief = Visitor(app, "198.51.100.2")
    for _ in range(5):
        assert thief.sign_in("chief").headers["location"].startswith("/sign-in/second")
        assert thief.post("/sign-in/second", {"code": "000000"}, page="/sign-in/second").status_code == 401
        thief.post("/sign-out", page="/sign-in/second")
    assert thief.sign_in("chief").status_code == 429
    chief.get("/account")
    assert chief.get("/accounts").status_code == 200  # whoever is in stays in


def test_a_waiting_sign_in_ends_after_ten_minutes(
    installation: Installation, app: Starlette, chief: Visitor, fixed_clock: FixedClock
) -> None:
    enrol(installation, chief)
    other = Visitor(app, "198.51.100.2")
    other.sign_in("chief")
    fixed_clock.advance(600)
    assert other.get("/sign-in/second").headers["location"] == "/sign-in"


def test_recovery_codes_work_once_and_new_ones_replace_them(
    installation: Installation, app: Starlette, chief: Visitor, place: Place
) -> None:
    _, codes = enrol(installation, chief)
    for address, status in (("198.51.100.2", 303), ("198.51.100.3", 401)):
        other = Visitor(app, address)
        other.sign_in("chief")
        answer = other.post("/sign-in/second", {"recovery_code": codes[0].upper()}, page="/sign-in/second")
        assert answer.status_code == status
    assert newest(place, Event.ACCOUNT_SIGNED_IN)["method"] == "password+recovery code"
    assert newest(place, Event.ACCOUNT_RECOVERY_CODE_USED)["left"] == 9
    assert newest(place, Event.ACCOUNT_SIGN_IN_FAILED)["reason"] == "recovery code"
    assert "9 of 10 left" in chief.get(SECURITY).text
    new = re.findall(r"<code>([a-z2-7-]{19})</code>", chief.post(f"{SECURITY}/recovery-codes").text)
    assert len(new) == 10
    assert not set(new) & set(codes)
    other.sign_in("chief")
    page = "/sign-in/second"
    assert other.post(page, {"recovery_code": codes[1]}, page=page).status_code == 401
    assert other.post(page, {"recovery_code": new[1]}, page=page).status_code == 303


def test_no_secret_is_in_any_event_or_page_afterwards(installation: Installation, chief: Visitor, place: Place) -> None:
    secret, codes = enrol(installation, chief)
    with place.database.read() as tx:
        told = [event.payload for event in recent(tx, limit=100)]
    for text in (*told, chief.get(SECURITY).text):
        assert totp.typed(secret).replace(" ", "") not in text
        assert not any(code in text for code in codes)


def test_removing_it_by_oneself(installation: Installation, app: Starlette, chief: Visitor, place: Place) -> None:
    enrol(installation, chief)
    assert chief.post(f"{SECURITY}/app/remove").headers["location"].startswith(SECURITY)
    assert kinds(place, 1) == [Event.ACCOUNT_SECOND_FACTOR_REMOVED]
    assert Visitor(app).sign_in("chief").headers["location"] == "/"
    assert chief.post(f"{SECURITY}/app/remove").status_code == 404


# -- what must be set up first


def test_a_role_that_needs_one_gets_nowhere_until_it_is_set_up(
    installation: Installation, app: Starlette, place: Place
) -> None:
    rules(place, second_factor_roles=["supervisor"])
    place.add("lee", Role.SUPERVISOR)
    lee = Visitor(app)
    assert lee.sign_in("lee").headers["location"] == SECURITY
    for path in ("/recordings", "/account", "/custody", "/upload", "/session"):
        assert lee.get(path).headers["location"] == SECURITY, path
    page = lee.get(SECURITY).text
    assert "Your role needs more than a password" in page
    assert 'class="places"' not in page
    refused = lee.post("/account/password", {"present": "x"}, page=SECURITY)
    assert refused.headers["location"] == SECURITY
    _, codes = enrol(installation, lee, page=SECURITY)
    assert len(codes) == 10
    assert lee.get("/recordings").status_code == 200
    assert lee.get("/account").status_code == 200
    other = Visitor(app)
    assert other.sign_in("lee").headers["location"].startswith("/sign-in/second")


def test_the_last_one_cannot_be_removed_then(installation: Installation, chief: Visitor, place: Place) -> None:
    enrol(installation, chief)
    rules(place, second_factor_roles=["administrator"])
    answer = chief.post(f"{SECURITY}/app/remove")
    assert answer.status_code == 403
    assert "your last second factor" in answer.text
    assert "On" in chief.get(SECURITY).text


# -- the notice before it


def test_the_notice_stands_before_the_form_until_it_is_acknowledged(stranger: Visitor, place: Place) -> None:
    rules(place, notice_shown=True, notice="Restricted.\n\nYou are <watched>.")
    page = stranger.get("/sign-in?next=%2Faccounts").text
    assert "Restricted." in page
    assert "You are &lt;watched&gt;." in page
    assert 'name="password"' not in page
    assert stranger.sign_in("chief").headers["location"] == "/sign-in"
    assert stranger.get("/accounts").status_code == 303
    said = stranger.post("/sign-in/notice", {"next": "/accounts"}, page="/sign-in")
    assert said.headers["location"] == "/sign-in?next=%2Faccounts"
    assert "Max-Age" not in said.headers["set-cookie"]
    assert stranger.sign_in("chief").status_code == 303
    with place.database.read() as tx:
        mark = policy.read(tx).notice_mark
    assert newest(place, Event.ACCOUNT_SIGNED_IN)["notice"] == mark
    stranger.post("/sign-out")
    assert 'name="password"' in stranger.get("/sign-in").text
    rules(place, notice="Other words.")
    assert "Other words." in stranger.get("/sign-in").text


def test_without_a_notice_no_event_speaks_of_one(chief: Visitor, place: Place) -> None:
    assert "notice" not in newest(place, Event.ACCOUNT_SIGNED_IN)


# -- the rules, and other people's factors


def test_the_rules_are_changed_on_their_page(chief: Visitor, place: Place) -> None:
    assert "Rules of signing in" in chief.get("/security").text
    fields: dict[str, object] = {
        "second_factor_roles": ["administrator", "oversight"],
        "idle_lock_minutes": "12",
        "absolute_hours": "8",
        "fresh_minutes": "5",
        "notice": "Words",
        "lock_until_released": "yes",
    }
    assert chief.post("/security", fields).headers["location"] == "/security?said=policy-changed"
    with place.database.read() as tx:
        found = policy.read(tx)
    assert found == policy.Policy(frozenset({Role.ADMINISTRATOR, Role.OVERSIGHT}), False, "Words", 12, 8, 5, True)
    wrong = chief.post("/security", {**fields, "idle_lock_minutes": "99"})
    assert wrong.status_code == 422
    assert 'value="99"' in wrong.text
    assert 'aria-invalid="true"' in wrong.text


def test_an_administrator_helps_whoever_lost_a_phone(
    installation: Installation, app: Starlette, chief: Visitor, signed_in: Callable[..., Visitor], place: Place
) -> None:
    jo = signed_in("jo", Role.OFFICER)
    enrol(installation, jo)
    whose = f"/accounts/{jo.actor.account_id}"
    page = chief.get(f"{whose}/security").text
    assert "Remove all second factors" in page
    assert chief.post(f"{whose}/second-factors/remove").status_code == 303
    assert newest(place, Event.ACCOUNT_SECOND_FACTOR_REMOVED)["factor"] == "all"
    assert jo.get("/account").status_code == 303  # signed out
    assert Visitor(app).sign_in("jo").headers["location"] == "/"
    assert jo.sign_in("jo").status_code == 303
    assert jo.get(f"{whose}/security").status_code == 403


def test_an_administrator_releases_a_locked_name(app: Starlette, chief: Visitor, place: Place) -> None:
    rules(place, lock_until_released=True)
    jo = place.add("jo")
    for number in range(5):
        Visitor(app, f"198.51.100.{number}").sign_in("jo", "wrong password")
    locked = Visitor(app).sign_in("jo")
    assert locked.status_code == 429
    assert "An administrator of your agency can release it" in locked.text
    whose = f"/accounts/{jo.account_id}"
    assert "Release the name" in chief.get(f"{whose}/security").text
    assert chief.post(f"{whose}/release").status_code == 303
    assert Visitor(app).sign_in("jo").status_code == 303


def test_codes_guessed_at_the_same_moment_are_no_more_guesses(
    installation: Installation, app: Starlette, chief: Visitor, place: Place, fixed_clock: FixedClock
) -> None:
    """The password is stolen; a crowd of requests asks before the first failure is counted."""
    enrol(installation, chief)
    fixed_clock.advance(60)
    crowd = [Visitor(app, "198.51.100.2") for _ in range(16)]
    tokens = []
    for thief in crowd:
        thief.sign_in("chief")
        tokens.append(thief.token("/sign-in/second"))
    start = threading.Barrier(len(crowd))

    def guess(thief: Visitor, token: str) -> int:
        start.wait(30)
        answer = thief.client.post("/sign-in/second", data={"csrf": token, "code": "000000"})
        status: int = answer.status_code
        return status

    with ThreadPoolExecutor(len(crowd)) as pool:
        statuses = sorted(pool.map(guess, crowd, tokens))
    assert statuses == [401] * 5 + [429] * 11
    with place.database.read() as tx:
        assert len(list(recent(tx, kinds=[Event.ACCOUNT_SIGN_IN_FAILED]))) == 5


def test_setting_up_the_first_one_signs_out_whoever_had_only_the_password(
    installation: Installation, app: Starlette, place: Place
) -> None:
    rules(place, second_factor_roles=["supervisor"])
    place.add("lee", Role.SUPERVISOR)
    thief, lee = Visitor(app, "198.51.100.2"), Visitor(app)
    for visitor in (thief, lee):
        assert visitor.sign_in("lee").headers["location"] == SECURITY
    enrol(installation, lee, page=SECURITY)
    assert lee.get("/account").status_code == 200
    assert thief.get(SECURITY).headers["location"].startswith("/sign-in")
