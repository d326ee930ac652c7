"""Signing in and out by the pages, and how sessions end."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from tests.people.place import PASSWORD, Place
from tests.web.visitor import Visitor

from candor.core.clock import FixedClock
from candor.custody import Event, recent
from candor.people.rules import Role
from candor.web.pages.sign_in import local_path

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def words(text: str) -> str:
    """The page without tokens and names, to be compared."""
    return re.sub(r'(value|X-CSRF-Token|data-csrf)("|=|: )*"[^"]*"', "", text)


def test_the_page_names_the_agency(stranger: Visitor) -> None:
    answer = stranger.get("/sign-in")
    assert answer.status_code == 200
    assert "State Troop Q" in answer.text


def test_signing_in_leads_on_and_out_again(stranger: Visitor, place: Place) -> None:
    answer = stranger.sign_in("Chief", next="/accounts?shown=all")
    assert (answer.status_code, answer.headers["location"]) == (303, "/accounts?shown=all")
    assert stranger.get("/accounts").status_code == 200
    assert stranger.get("/sign-in").headers["location"] == "/activity"
    out = stranger.post("/sign-out")
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert "cache" in out.headers["clear-site-data"]
    assert stranger.get("/accounts").headers["location"] == "/sign-in?next=%2Faccounts"
    with place.database.read() as tx:
        assert [event.kind for event in recent(tx, limit=2)] == [Event.ACCOUNT_SIGNED_OUT, Event.ACCOUNT_SIGNED_IN]


def test_after_signing_out_the_old_cookie_is_worth_nothing(stranger: Visitor) -> None:
    stranger.sign_in("chief")
    old = stranger.client.cookies["candor"]
    stranger.post("/sign-out")
    stranger.client.cookies.set("candor", old)
    assert stranger.get("/accounts").status_code == 303


def test_known_and_unknown_names_get_the_same_page(app: Starlette, stranger: Visitor) -> None:
    known = stranger.sign_in("chief", "wrong password here")
    unknown = Visitor(app, "192.0.2.8").sign_in("nobody", "wrong password here")
    assert known.status_code == unknown.status_code == 401
    assert words(known.text) == words(unknown.text)
    assert "The sign-in name or the password is not right." in known.text
    assert "wrong password here" not in known.text


@pytest.mark.parametrize("name", ["chief", "nobody"])
def test_lock_out(stranger: Visitor, fixed_clock: FixedClock, name: str) -> None:
    for _ in range(5):
        assert stranger.sign_in(name, "wrong").status_code == 401
    answer = stranger.sign_in(name)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "16"
    assert "Wait 16 seconds and try again" in answer.text
    fixed_clock.advance(16)
    assert stranger.sign_in(name).status_code == (303 if name == "chief" else 401)


def test_each_sign_in_has_a_new_token(stranger: Visitor) -> None:
    stranger.client.cookies.set("candor", "planted-by-somebody", domain="127.0.0.1", path="/")
    stranger.sign_in("chief")
    first = stranger.client.cookies["candor"]
    assert first != "planted-by-somebody"
    # Signed in, the form leads on; so the request is made as the page would.
    answer = stranger.client.post("/sign-in", data={"csrf": stranger.token(), "name": "chief", "password": PASSWORD})
    assert answer.status_code == 303
    second = stranger.client.cookies["candor"]
    assert second != first
    stranger.client.cookies.set("candor", first, domain="127.0.0.1", path="/")
    assert stranger.get("/accounts").status_code == 303


def test_idle_locks_first_and_ends_then(chief: Visitor, fixed_clock: FixedClock) -> None:
    for _ in range(3):
        fixed_clock.advance(29 * 60)
        assert chief.get("/accounts").status_code == 200
    fixed_clock.advance(30 * 60)
    assert chief.get("/accounts").headers["location"] == "/unlock?next=%2Faccounts"
    fixed_clock.advance(30 * 60)
    assert chief.get("/accounts").headers["location"] == "/sign-in?next=%2Faccounts"


def test_a_page_that_keeps_itself_fresh_is_nobody_at_work(chief: Visitor, fixed_clock: FixedClock) -> None:
    for _ in range(3):
        fixed_clock.advance(9 * 60)
        assert chief.get("/activity?live=1").status_code == 200
    fixed_clock.advance(3 * 60)
    assert chief.get("/activity?live=1").status_code == 303


def test_absolute_end(chief: Visitor, fixed_clock: FixedClock) -> None:
    for _ in range(12 * 3 - 1):
        fixed_clock.advance(20 * 60)
        assert chief.get("/accounts").status_code == 200
    fixed_clock.advance(20 * 60)
    assert chief.get("/accounts").headers["location"].startswith("/sign-in")


def test_sign_out_everywhere(app: Starlette, chief: Visitor) -> None:
    elsewhere = Visitor(app)
    elsewhere.sign_in("chief")
    assert chief.post("/account/sign-out-everywhere").status_code == 303
    assert chief.get("/accounts").status_code == elsewhere.get("/accounts").status_code == 303


def test_the_present_session_is_marked_among_the_open_ones(app: Starlette, chief: Visitor) -> None:
    Visitor(app, "198.51.100.4").sign_in("chief")
    text = chief.get("/account").text
    assert "192.0.2.7" in text
    assert "198.51.100.4" in text
    assert text.count("Here") == 1


def test_changing_ones_password_needs_the_present_one(app: Starlette, chief: Visitor) -> None:
    elsewhere = Visitor(app)
    elsewhere.sign_in("chief")
    new = "another set of quiet words"
    fields = {"present": "wrong", "password": new, "password_again": new}
    answer = chief.post("/account/password", fields)
    assert answer.status_code == 403
    assert "present password is not right" in answer.text
    assert chief.post("/account/password", {**fields, "present": PASSWORD, "password_again": "x"}).status_code == 422
    assert chief.post("/account/password", {**fields, "present": PASSWORD}).status_code == 303
    assert chief.get("/account").status_code == 200, "this session goes on"
    assert elsewhere.get("/account").status_code == 303, "the others end"
    assert Visitor(app).sign_in("chief").status_code == 401
    assert Visitor(app).sign_in("chief", new).status_code == 303


def test_guesses_of_the_present_password_are_counted(chief: Visitor) -> None:
    fields = {"present": "wrong", "password": "x", "password_again": "x"}
    codes = [chief.post("/account/password", fields).status_code for _ in range(6)]
    assert codes == [403] * 5 + [429]


def test_who_is_made_inactive_is_out_at_once(app: Starlette, chief: Visitor, place: Place) -> None:
    officer = place.add("officer", Role.OFFICER)
    visitor = Visitor(app)
    visitor.sign_in("officer")
    assert visitor.get("/account").status_code == 200
    fields = {"display_name": "Officer", "roles": ["officer"]}
    assert chief.post(f"/accounts/{officer.account_id}", fields).status_code == 303
    assert visitor.get("/account").status_code == 303
    assert visitor.sign_in("officer").status_code == 401


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/recordings?text=a", "/recordings?text=a"),
        ("https://evil.example/", ""),
        ("//evil.example/", ""),
        ("/\\evil.example", ""),
        ("/a\\b", ""),
        ("javascript:alert(1)", ""),
        ("/a\nSet-Cookie: x", ""),
        ("", ""),
    ],
)
def test_signing_in_leads_only_to_this_site(database_url: str, target: str, kept: str) -> None:
    assert local_path(target) == kept


def test_the_theme_is_remembered_and_nothing_else_can_be(stranger: Visitor) -> None:
    assert 'data-theme="system"' in stranger.get("/sign-in").text
    assert stranger.post("/theme", {"theme": "dark", "next": "/sign-in"}).headers["location"] == "/sign-in"
    assert 'data-theme="dark"' in stranger.get("/sign-in").text
    stranger.client.cookies.set("candor-theme", '"><script>', domain="127.0.0.1", path="/")
    assert "<script>" not in stranger.get("/sign-in").text


def test_a_broken_cookie_header_is_no_fault(stranger: Visitor) -> None:
    for cookie in ("candor=\x00", "=;;=", "candor", "a" * 20_000, 'candor="\\'):
        assert stranger.get("/sign-in", cookie=cookie).status_code == 200
