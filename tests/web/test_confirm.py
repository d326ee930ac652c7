"""The locked screen, confirming before dangerous acts, and sessions that look stolen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from tests.people.place import PASSWORD, Place
from tests.web.visitor import Visitor

from candor.core.clock import FixedClock
from candor.custody import Event, recent
from candor.installation import Installation
from candor.people import policy, totp
from candor.people.rules import Permission, Role
from candor.web.access import in_thread, page
from candor.web.csrf import form_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def newest(place: Place, kind: Event) -> dict[str, Any]:
    with place.database.read() as tx:
        return next(recent(tx, kinds=[kind])).details


def count(place: Place, kind: Event) -> int:
    with place.database.read() as tx:
        return len(list(recent(tx, kinds=[kind])))


# -- the locked screen


def test_everything_is_concealed_until_the_password_is_given(
    chief: Visitor, place: Place, fixed_clock: FixedClock
) -> None:
    fixed_clock.advance(30 * 60)
    for path in ("/accounts?shown=all", "/", "/account", "/security"):
        answer = chief.get(path)
        assert answer.status_code == 303
        assert "Dana" not in answer.text
    assert chief.get("/accounts?shown=all").headers["location"] == "/unlock?next=%2Faccounts%3Fshown%3Dall"
    assert chief.get("/sign-in").headers["location"] == "/unlock"
    assert count(place, Event.ACCOUNT_SCREEN_LOCKED) == 1
    assert newest(place, Event.ACCOUNT_SCREEN_LOCKED)["by"] == "idle"
    locked = chief.get("/unlock?next=%2Faccounts").text
    assert "The screen is locked" in locked
    assert 'class="places"' not in locked
    wrong = chief.post("/unlock", {"proof_password": "not it", "next": "/accounts"}, page="/unlock")
    assert wrong.status_code == 401
    assert newest(place, Event.ACCOUNT_SIGN_IN_FAILED)["at"] == "unlock"
    before = chief.client.cookies["candor"]
    right = chief.post("/unlock", {"proof_password": PASSWORD, "next": "/accounts"}, page="/unlock")
    assert right.headers["location"] == "/accounts"
    assert chief.client.cookies["candor"] != before
    assert chief.get("/accounts").status_code == 200
    assert newest(place, Event.ACCOUNT_UNLOCKED)["method"] == "password"


def test_programs_and_films_get_a_status_of_their_own(chief: Visitor, fixed_clock: FixedClock) -> None:
    fixed_clock.advance(30 * 60)
    told = chief.get("/session?live=1", accept="application/json")
    assert (told.status_code, told.json()["sign_in"]) == (423, "/unlock")
    part = chief.get("/accounts", **{"hx-request": "true"})
    assert (part.status_code, part.headers["hx-redirect"]) == (423, "/unlock")
    film = chief.get("/media/none", **{"sec-fetch-mode": "no-cors"})
    assert (film.status_code, film.headers["content-type"][:10]) == (423, "text/plain")


def test_a_form_sent_to_a_locked_screen_changes_nothing(chief: Visitor, place: Place, fixed_clock: FixedClock) -> None:
    token = chief.token()
    fixed_clock.advance(30 * 60)
    answer = chief.client.post("/units", data={"csrf": token, "unit": "South"})
    assert answer.headers["location"] == "/unlock"
    assert count(place, Event.UNIT_CREATED) == 1


def test_the_cover_unlocks_by_a_fetch(chief: Visitor, fixed_clock: FixedClock) -> None:
    token = chief.token()
    fixed_clock.advance(30 * 60)
    headers = {"x-csrf-token": token, "accept": "application/json"}
    wrong = chief.client.post("/unlock", data={"proof_password": "no"}, headers=headers)
    assert (wrong.status_code, "present password" in wrong.json()["error"]) == (401, True)
    assert chief.client.post("/unlock", data={"proof_password": PASSWORD}, headers=headers).json() == {"unlocked": True}
    assert chief.client.post("/units", data={"unit": "South"}, headers=headers).status_code == 303  # the same token


def test_locking_by_hand_and_going_back(chief: Visitor, place: Place) -> None:
    answer = chief.post("/session/lock", referer="http://127.0.0.1:8642/accounts?text=x")
    assert answer.headers["location"] == "/unlock?next=%2Faccounts%3Ftext%3Dx"
    assert newest(place, Event.ACCOUNT_SCREEN_LOCKED)["by"] == "hand"
    assert chief.get("/accounts").headers["location"].startswith("/unlock")
    assert chief.post("/sign-out", page="/unlock").headers["location"] == "/sign-in"


def test_unlocking_is_guarded_like_signing_in(chief: Visitor, fixed_clock: FixedClock) -> None:
    fixed_clock.advance(30 * 60)
    for _ in range(5):
        chief.post("/unlock", {"proof_password": "wrong"}, page="/unlock")
    blocked = chief.post("/unlock", {"proof_password": PASSWORD}, page="/unlock")
    assert blocked.status_code == 429
    assert "too many failed attempts" in blocked.text
    # A code of the app is not enough for a screen that somebody else may sit at.
    assert chief.post("/unlock", {"proof_code": "123456"}, page="/unlock").status_code == 429


def test_how_long_is_left_and_what_counts_as_activity(chief: Visitor, fixed_clock: FixedClock) -> None:
    fixed_clock.advance(20 * 60)
    left = chief.get("/session?live=1").json()
    assert left == {"locks_in": 10 * 60, "ends_in": 12 * 3600 - 20 * 60}
    told = chief.client.post("/session", headers={"x-csrf-token": chief.token("/account?live=1")})
    assert told.json()["locks_in"] == 30 * 60
    assert chief.get("/session?live=1").json()["locks_in"] == 30 * 60


# -- confirming


def test_a_page_is_reached_by_a_detour(chief: Visitor, place: Place, fixed_clock: FixedClock) -> None:
    assert chief.get("/security").status_code == 200
    fixed_clock.advance(10 * 60)
    assert chief.get("/security?x=1").headers["location"] == "/confirm?next=%2Fsecurity%3Fx%3D1"
    assert "Confirm that it is you" in chief.get("/confirm?next=%2Fsecurity").text
    wrong = chief.post("/confirm", {"proof_password": "no", "next": "/security"})
    assert wrong.status_code == 401
    assert 'value="/security"' in wrong.text
    assert newest(place, Event.ACCOUNT_SIGN_IN_FAILED)["at"] == "confirm"
    right = chief.post("/confirm", {"proof_password": PASSWORD, "next": "/security"})
    assert right.headers["location"] == "/security"
    assert chief.get("/security").status_code == 200
    assert newest(place, Event.ACCOUNT_RE_AUTHENTICATED)["address"] == "192.0.2.7"


def test_a_form_that_was_sent_is_kept(chief: Visitor, place: Place, fixed_clock: FixedClock) -> None:
    fields: dict[str, object] = {
        "second_factor_roles": ["oversight", "researcher"],
        "idle_lock_minutes": "12",
        "absolute_hours": "8",
        "fresh_minutes": "5",
        "notice": 'With "quotes" & <marks>',
    }
    fixed_clock.advance(10 * 60)
    asked = chief.post("/security", fields)
    assert asked.status_code == 403
    assert 'action="/security"' in asked.text
    assert asked.text.count('name="second_factor_roles"') == 2
    assert "With &#34;quotes&#34; &amp; &lt;marks&gt;" in asked.text
    assert count(place, Event.POLICY_CHANGED) == 0
    wrong = chief.post("/security", {**fields, "proof_password": "not the right words"})
    assert wrong.status_code == 401
    assert wrong.text.count('name="second_factor_roles"') == 2
    assert "not the right words" not in wrong.text
    done = chief.post("/security", {**fields, "proof_password": PASSWORD})
    assert done.headers["location"] == "/security?said=policy-changed"
    assert count(place, Event.POLICY_CHANGED) == 1
    assert newest(place, Event.POLICY_CHANGED)["changed"]["idle_lock_minutes"] == {"old": 30, "new": 12}


def test_a_script_is_told_where_to_confirm(chief: Visitor, fixed_clock: FixedClock) -> None:
    fixed_clock.advance(10 * 60)
    told = chief.post("/security", {}, accept="application/json")
    assert (told.status_code, told.json()["confirm"]) == (403, "/confirm")
    part = chief.get("/security", **{"hx-request": "true"})
    assert (part.status_code, part.headers["hx-redirect"]) == (403, "/confirm")


def test_whoever_may_not_is_refused_without_being_asked(
    signed_in: Callable[..., Visitor], fixed_clock: FixedClock
) -> None:
    jo = signed_in("jo", Role.OFFICER)
    fixed_clock.advance(10 * 60)
    answer = jo.get("/security")
    assert (answer.status_code, "people.no-role policy:manage" in answer.text) == (403, True)


def echo(request: Request) -> Response:
    """What a dangerous form held."""
    return JSONResponse(dict(form_of(request)))


async def echo_later(request: Request) -> Response:
    """The same, as a coroutine."""
    return await in_thread(echo, request)  # type: ignore[no-any-return]


@pytest.mark.parametrize("endpoint", [echo, echo_later])
def test_passwords_in_a_form_are_not_given_back(
    app: Starlette, chief: Visitor, fixed_clock: FixedClock, endpoint: Any
) -> None:
    route = page("/dangerous", endpoint, needs=Permission.ACCOUNTS_MANAGE, fresh=True, methods=["POST"])
    app.router.routes.insert(0, route)
    fixed_clock.advance(10 * 60)
    fields: dict[str, object] = {"name": "x", "password": "a new secret of somebody"}
    asked = chief.post("/dangerous", fields, referer="http://127.0.0.1:8642/accounts/new")
    assert asked.status_code == 403
    assert "a new secret" not in asked.text
    assert 'action="/confirm"' in asked.text
    assert 'value="/accounts/new"' in asked.text
    assert "fill the form in once more" in asked.text
    done = chief.post("/dangerous", {"name": "x", "proof_password": PASSWORD})
    assert done.status_code == 200
    assert done.json()["name"] == "x"


# -- sessions that look stolen


def test_another_browser_with_the_same_cookie_ends_the_session(chief: Visitor, app: Starlette, place: Place) -> None:
    thief = Visitor(app, "203.0.113.9")
    thief.client.cookies.set("candor", chief.client.cookies["candor"])
    answer = thief.get("/accounts", **{"user-agent": "curl/8.0"})
    assert answer.headers["location"] == "/sign-in?said=session-refused"
    assert "looks stolen" in thief.get("/sign-in?said=session-refused").text
    assert newest(place, Event.ACCOUNT_SESSION_REFUSED) == {
        "account": place.administrator.account_id,
        "reason": "agent",
        "address": "203.0.113.9",
        "agent": "curl/8.0",
    }
    assert chief.get("/accounts").headers["location"].startswith("/sign-in")


def test_a_token_that_was_replaced_ends_the_session(
    chief: Visitor, app: Starlette, place: Place, fixed_clock: FixedClock
) -> None:
    stolen = chief.client.cookies["candor"]
    chief.post("/confirm", {"proof_password": PASSWORD})
    assert chief.client.cookies["candor"] != stolen
    thief = Visitor(app, "203.0.113.9")
    thief.client.cookies.set("candor", stolen)
    assert thief.get("/account").status_code == 200  # a request that was on its way
    fixed_clock.advance(15)
    assert thief.get("/accounts").headers["location"] == "/sign-in?said=session-refused"
    assert newest(place, Event.ACCOUNT_SESSION_REFUSED)["reason"] == "token"
    assert chief.get("/accounts").headers["location"].startswith("/sign-in")


def test_signing_in_again_gives_another_token(chief: Visitor) -> None:
    before = chief.client.cookies["candor"]
    chief.post("/sign-out")
    chief.sign_in("chief")
    assert chief.client.cookies["candor"] != before


def test_whoever_gains_a_role_unlocks_before_using_it(chief: Visitor, signed_in: Callable[..., Visitor]) -> None:
    jo = signed_in("jo", Role.OFFICER)
    fields: dict[str, object] = {"display_name": "Jo", "roles": ["officer", "supervisor"], "active": "yes"}
    assert chief.post(f"/accounts/{jo.actor.account_id}", fields).status_code == 303
    assert jo.get("/recordings").headers["location"].startswith("/unlock")
    assert jo.post("/unlock", {"proof_password": PASSWORD}, page="/unlock").status_code == 303
    assert jo.get("/recordings").status_code == 200


def test_a_role_gained_that_needs_a_second_factor_opens_only_its_setting_up(
    chief: Visitor, place: Place, signed_in: Callable[..., Visitor]
) -> None:
    with place.database.write() as tx:
        policy.change(tx, place.administrator, {"second_factor_roles": ["supervisor"]}, clock=place.clock)
    jo = signed_in("jo", Role.OFFICER)
    fields: dict[str, object] = {"display_name": "Jo", "roles": ["officer", "supervisor"], "active": "yes"}
    assert chief.post(f"/accounts/{jo.actor.account_id}", fields).status_code == 303
    assert jo.post("/unlock", {"proof_password": PASSWORD}, page="/unlock").status_code == 303
    assert jo.get("/recordings").headers["location"] == "/account/security"
    assert jo.get("/account/security").status_code == 200


def test_a_proof_given_with_the_form_goes_on_with_the_new_token(
    installation: Installation, chief: Visitor, place: Place, fixed_clock: FixedClock
) -> None:
    """What the form does keeps this session by the token it has now, and ends the others."""
    chief.get("/account/security")
    chief.post("/account/security/app/start")
    with place.database.read() as tx:
        secret = totp.awaiting(tx, installation.vault, place.administrator.account_id)
    assert secret is not None
    token = chief.token()
    fixed_clock.advance(11 * 60)
    code = totp.code_at(secret, totp.step_at(fixed_clock.now()))
    fields = {"csrf": token, "code": code, "proof_password": PASSWORD}
    assert chief.client.post("/account/security/app", data=fields).status_code == 200
    assert chief.get("/account/security").status_code == 200, "still signed in"
