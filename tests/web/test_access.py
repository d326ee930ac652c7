"""Who may use which route."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from tests.docs.access import expected
from tests.docs.pages import REFERENCE
from tests.web.visitor import Visitor

from candor.cli.access import markdown_lines, rights_of_commands
from candor.people.rules import Role
from candor.web.access import Access
from candor.web.access_table import rights_of_routes
from candor.web.render import NAVIGATION

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: Everything that can be reached without signing in; whoever adds to this says why in the review.
PUBLIC = {
    ("GET", "/"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),  # names of failing checks at most; details only by right or from the machine itself
    ("GET", "/metrics"),  # asks for its own token, or the machine itself, and is off unless switched on
    ("GET", "/setup"),
    ("POST", "/setup"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-in/notice"),
    ("GET", "/sign-in/second"),  # for whoever's password was right, who is not signed in yet
    ("POST", "/sign-in/second"),
    ("GET", "/unlock"),  # for whoever's screen is locked, who counts as not signed in
    ("POST", "/unlock"),
    ("POST", "/passkeys/options"),  # before signing in by passkey; says nothing of any account
    ("POST", "/sign-out"),
    ("POST", "/theme"),
    # The public gives by a link, whose secret is the right to it (test_links).
    *(("GET", f"/give/{{secret}}{rest}") for rest in ("", "/files", "/receipt", "/receipt.json", "/receipt.pdf")),
    *((method, "/give/tus") for method in ("OPTIONS", "POST")),
    *((method, "/give/tus/{upload_id}") for method in ("DELETE", "GET", "PATCH", "POST")),
    # The sides of a case come in by a code, whose visit is the right to all of these (test_discovery).
    *(("GET", f"/discovery/{rest}") for rest in ("enter", "view", "how-to-verify.txt", "trust-policy.txt")),
    *(("GET", f"/discovery/{rest}") for rest in ("watch/{ticket}", "stream/{ticket}", "record.json")),
    ("GET", "/discovery/package/{name}.zip"),
    *(("POST", f"/discovery/{rest}") for rest in ("enter", "leave", "watch", "download", "receipt")),
    ("GET", "/verify/web/tlog.js"),  # the checker that anybody may read
}
#: What every route and command is for whom, as the reference says it.
TABLE = expected()
#: Routes that end the visit: not asked in the middle of the walk.
SIGNS_OUT = {"/sign-out", "/account/sign-out-everywhere", "/session/lock"}


def asked(path: str) -> str:
    """The path with something in the place of each parameter that nobody has."""
    return re.sub(r"\{[^}]*\}", "none", path)


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


def test_the_table_of_the_reference_is_the_programs(app: Starlette) -> None:
    """The page is what `candor access --markdown` prints: it cannot be out of date without this failing."""
    printed = list(markdown_lines([*rights_of_routes(app.routes), *rights_of_commands()]))
    page_of_it = (REFERENCE / "access.md").read_text().splitlines()
    assert [line for line in page_of_it if line.startswith("|")] == printed


@pytest.mark.parametrize("role", list(Role))
def test_every_route_as_every_role(app: Starlette, signed_in: Callable[..., Visitor], role: Role) -> None:
    """Asked for real: refused exactly where the table says so, and by name of the rule."""
    visitor = signed_in("somebody", role)
    token = visitor.token()
    for method, path, _ in every_route(app):
        if path in SIGNS_OUT:
            continue
        headers = {"x-csrf-token": token, "accept": "text/html"}
        answer = visitor.client.request(method, asked(path), headers=headers)
        may = TABLE[f"{method} {path}"][role.value]
        refused = answer.status_code == 403 and "people.no-role" in answer.text
        assert refused is not may, f"{method} {path} as {role.value}: {answer.status_code}"
        assert answer.status_code < 500 or answer.status_code in (503, 507), f"{method} {path}: {answer.status_code}"


@pytest.mark.parametrize("role", list(Role))
def test_the_navigation_leads_only_where_one_may_go(signed_in: Callable[..., Visitor], role: Role) -> None:
    visitor = signed_in("somebody", role)
    text = visitor.get("/account").text
    places = text[text.index('<nav class="places"') : text.index("</nav>")]
    for place in NAVIGATION:
        assert (f'href="{place.path}"' in places) is TABLE[f"GET {place.path}"][role.value], place.path
    assert TABLE["GET " + visitor.get("/").headers["location"]][role.value]


def test_taking_in_needs_its_permission(signed_in: Callable[..., Visitor]) -> None:
    answer = signed_in("records", Role.RECORDS_OFFICER).upload("name=a.mp4", b"data")
    assert answer.status_code == 403
    assert answer.json()["rule"] == "people.no-role recordings:take-in"


def test_a_script_that_is_signed_out_is_told_in_its_own_way(stranger: Visitor) -> None:
    part = stranger.client.get("/recordings", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/sign-in")
    told = stranger.client.get("/recordings", headers={"accept": "application/json"})
    assert (told.status_code, told.json()["sign_in"]) == (401, "/sign-in")
