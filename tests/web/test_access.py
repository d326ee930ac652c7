"""Who may use which route."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from tests.web.visitor import Visitor

from candor.people.rules import Role
from candor.web.access import Access

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: Everything that can be reached without signing in; whoever adds to this says why in the review.
PUBLIC = {
    ("GET", "/"),
    ("GET", "/healthz"),
    ("GET", "/setup"),
    ("POST", "/setup"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
    ("POST", "/theme"),
    ("GET", "/verify/web/tlog.js"),  # the checker that anybody may read
}
OF, SU, ET, RO, AD = Role.OFFICER, Role.SUPERVISOR, Role.EVIDENCE_TECHNICIAN, Role.RECORDS_OFFICER, Role.ADMINISTRATOR
MAY_SEE = {
    "/recordings": {OF, SU, ET, RO},
    "/upload": {OF, SU, ET},
    "/activity": {ET, AD},
    "/custody": {OF, SU, ET, RO, AD},
    "/custody/policy": {OF, SU, ET, RO, AD},
    "/accounts": {AD},
    "/accounts/new": {AD},
    "/account": {OF, SU, ET, RO, AD},
}
MAY_SEND = {
    "/recordings/bulk": {OF, SU, ET, RO},
    "/filters": {OF, SU, ET, RO},
    "/filters/none/remove": {OF, SU, ET, RO},
    "/accounts": {AD},
    "/accounts/none": {AD},
    "/accounts/none/password": {AD},
    "/units": {AD},
}


def every_route(app: Starlette) -> list[tuple[str, str, Access | None]]:
    found = []
    for route in app.routes:
        if isinstance(route, Mount):
            assert route.path in ("/static", "/log")
            continue
        assert isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}:
            found.append((method, route.path, getattr(route.endpoint, "access", None)))
    return found


def test_every_route_says_who_may_use_it(app: Starlette) -> None:
    assert all(access is not None for _, _, access in every_route(app))
    assert {(method, path) for method, path, access in every_route(app) if access and access.public} == PUBLIC


def test_signed_out_everything_else_leads_to_the_sign_in_page(app: Starlette, stranger: Visitor) -> None:
    for method, path, access in every_route(app):
        if access is not None and not access.public:
            headers = {"x-csrf-token": stranger.token("/sign-in")}
            answer = stranger.client.request(method, path.replace("{", "").replace("}", ""), headers=headers)
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith("/sign-in"), (method, path)


@pytest.mark.parametrize("role", list(Role))
def test_pages_per_role(signed_in: Callable[..., Visitor], role: Role) -> None:
    visitor = signed_in("somebody", role)
    for path, roles in MAY_SEE.items():
        answer = visitor.get(path)
        assert answer.status_code == (200 if role in roles else 403), path
        if role not in roles:
            assert "people.no-role" in answer.text, "a refusal names its rule"


@pytest.mark.parametrize("role", list(Role))
def test_acts_per_role(signed_in: Callable[..., Visitor], role: Role) -> None:
    visitor = signed_in("somebody", role)
    for path, roles in MAY_SEND.items():
        answer = visitor.post(path)
        assert (answer.status_code == 403) is (role not in roles), path


@pytest.mark.parametrize("role", list(Role))
def test_the_navigation_leads_only_where_one_may_go(signed_in: Callable[..., Visitor], role: Role) -> None:
    visitor = signed_in("somebody", role)
    text = visitor.get("/account").text
    for path in ("/recordings", "/upload", "/activity", "/custody", "/accounts"):
        assert (f'<a href="{path}"' in text) is (role in MAY_SEE[path]), path
    assert visitor.get("/").headers["location"] in MAY_SEE


def test_taking_in_needs_its_permission(signed_in: Callable[..., Visitor]) -> None:
    answer = signed_in("records", Role.RECORDS_OFFICER).put("/upload/file?name=a.mp4", b"data")
    assert answer.status_code == 403
    assert answer.json()["rule"] == "people.no-role recordings:take-in"


def test_a_script_that_is_signed_out_is_told_in_its_own_way(stranger: Visitor) -> None:
    part = stranger.client.get("/recordings", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/sign-in")
    told = stranger.client.get("/recordings", headers={"accept": "application/json"})
    assert (told.status_code, told.json()["sign_in"]) == (401, "/sign-in")
