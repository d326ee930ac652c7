"""Requests that another site makes in somebody's name change nothing."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from tests.people.place import PASSWORD, Place
from tests.web.visitor import BASE, Visitor

from candor.people import service
from candor.web import csrf
from candor.web.csrf import LARGEST_FORM, SAFE

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def unsafe(app: Starlette) -> list[tuple[str, str]]:
    found = []
    for route in app.routes:
        if isinstance(route, Route):
            found += [(method, route.path.replace("{", "").replace("}", "")) for method in route.methods or set()]
    return [(method, path) for method, path in found if method not in SAFE]


def test_every_unsafe_route_needs_the_token(app: Starlette, chief: Visitor) -> None:
    assert len(unsafe(app)) >= 12
    for method, path in unsafe(app):
        for headers in ({}, {"x-csrf-token": "wrong"}, {"x-csrf-token": ""}):
            answer = chief.client.request(method, path, headers=headers)
            assert answer.status_code == 403, (method, path)
            assert "did not come from a page of this site" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": BASE},
    ],
)
def test_a_right_token_from_elsewhere_is_not_enough(chief: Visitor, place: Place, headers: dict[str, str]) -> None:
    answer = chief.post("/units", {"unit": "South"}, **headers)
    assert answer.status_code == 403
    with place.database.read() as tx:
        assert [unit.name for unit in service.units(tx)] == ["North"]


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": BASE}, {"sec-fetch-site": "same-origin", "origin": BASE}, {"sec-fetch-site": "none"}],
)
def test_the_sites_own_forms_work(chief: Visitor, place: Place, headers: dict[str, str]) -> None:
    assert chief.post("/units", {"unit": "South"}, **headers).status_code == 303


def test_the_token_may_come_in_the_header(chief: Visitor) -> None:
    headers = {"x-csrf-token": chief.token()}
    assert chief.client.post("/units", data={"unit": "South"}, headers=headers).status_code == 303


def test_signing_in_needs_the_token_of_the_browsers_own_cookie(app: Starlette, stranger: Visitor) -> None:
    attacker = Visitor(app)
    planted = attacker.token("/sign-in")
    answer = stranger.client.post("/sign-in", data={"csrf": planted, "name": "chief", "password": PASSWORD})
    assert answer.status_code == 403
    stranger.get("/sign-in")
    answer = stranger.client.post("/sign-in", data={"csrf": planted, "name": "chief", "password": PASSWORD})
    assert answer.status_code == 403


def test_the_token_from_before_signing_in_is_worth_nothing_after(stranger: Visitor) -> None:
    before = stranger.token("/sign-in")
    assert stranger.sign_in("chief").status_code == 303
    assert stranger.client.post("/units", data={"csrf": before, "unit": "South"}).status_code == 403


def test_a_token_of_another_session_is_worth_nothing(app: Starlette, chief: Visitor) -> None:
    other = Visitor(app)
    other.sign_in("chief")
    assert chief.client.post("/units", data={"csrf": other.token(), "unit": "South"}).status_code == 403


def test_the_page_does_not_tell_the_cookie(stranger: Visitor) -> None:
    text = stranger.get("/sign-in").text
    assert stranger.client.cookies["candor-form"] not in text


def test_forms_are_bounded(chief: Visitor) -> None:
    token = chief.token()
    body = f"csrf={token}&unit=" + "x" * LARGEST_FORM
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert chief.client.post("/units", content=body, headers=headers).status_code == 413
    body = f"csrf={token}&" + "&".join(f"a{number}=1" for number in range(6000))
    assert chief.client.post("/units", content=body, headers=headers).status_code == 413


def test_a_form_of_another_type_is_not_read(chief: Visitor) -> None:
    token = chief.token()
    answer = chief.client.post("/units", files={"csrf": (None, token), "unit": (None, "South")})
    assert answer.status_code == 403


def test_a_form_that_does_not_come_is_not_waited_for(
    app: Starlette, chief: Visitor, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csrf, "LONGEST_WAIT", 0.2)
    given = {
        "host": BASE.removeprefix("http://"),
        "accept": "application/json",
        "content-type": "application/x-www-form-urlencoded",
        "cookie": "; ".join(f"{name}={value}" for name, value in chief.client.cookies.items()),
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/units",
        "raw_path": b"/units",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("192.0.2.7", 1),
        "server": ("127.0.0.1", 8642),
        "state": {},
    }
    body = f"csrf={chief.token()}&unit=South&more="
    sent: list[Any] = []

    async def drip() -> dict[str, Any]:
        nonlocal body
        await asyncio.sleep(0.05)
        body, some = "x", body
        return {"type": "http.request", "body": some.encode(), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    async def within(seconds: float) -> None:
        async with asyncio.timeout(seconds):
            await app(scope, drip, send)

    asyncio.run(within(20))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert "did not arrive whole" in json.loads(sent[1]["body"])["error"]
    with place.database.read() as tx:
        assert [unit.name for unit in service.units(tx)] == ["North"]
