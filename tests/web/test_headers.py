"""What every answer carries, whoever made it and however it went."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import httpx2 as httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from tests.people.place import Place, make_place
from tests.web.visitor import Visitor, make_installation

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.web.access import page
from candor.web.app import create_app
from candor.web.middleware import SECURITY_HEADERS

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PARAMETERS = {"account_id": "none", "filter_id": "none", "rendition_id": "none", "recording_id": "none"}


def paths(app: Starlette) -> list[str]:
    """Every path that can be got, parameters filled with something that is not there."""
    found = ["/static/css/base.css", "/log/checkpoint", "/nothing/here", "/static/none.js"]
    for route in app.routes:
        if isinstance(route, Route) and "GET" in (route.methods or set()):
            path = route.path
            for name in route.param_convertors:
                path = re.sub(rf"\{{{name}(:[a-z]+)?\}}", "none", path)
            found.append(path)
        else:
            assert isinstance(route, Mount | Route)
    return found


def check(answer: httpx.Response, path: str) -> None:
    for name, value in SECURITY_HEADERS.items():
        if path.startswith("/log/") and name == "cross-origin-resource-policy":
            continue
        if name == "referrer-policy" and path.startswith("/give/") and not path.startswith("/give/tus"):
            value = "no-referrer"  # the address itself is the right to it
        assert answer.headers.get(name) == value, f"{path} {answer.status_code}: {name}"
    assert "cache-control" in answer.headers, path
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")


def test_every_route_signed_out_and_in(app: Starlette, stranger: Visitor, chief: Visitor) -> None:
    assert len(paths(app)) > 12
    for path in paths(app):
        for visitor in (stranger, chief):
            check(visitor.get(path), path)


def test_pages_for_one_person_are_kept_by_nobody(chief: Visitor) -> None:
    for path in ("/accounts", "/custody", "/account", "/activity"):
        answer = chief.get(path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"


def test_a_refused_method_and_a_forged_request(stranger: Visitor) -> None:
    check(stranger.client.delete("/recordings"), "DELETE")
    check(stranger.client.post("/sign-in", data={"name": "chief"}), "POST")


def test_a_fault_of_ours_is_a_page_with_a_number(installation, place: Place) -> None:  # type: ignore[no-untyped-def]
    app = create_app(installation)

    def broken(request: Request) -> Response:
        raise RuntimeError("secret detail")

    app.router.routes.append(page("/broken", broken, public=True))
    answer = Visitor(app).get("/broken")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "tell your administrator the number below" in answer.text
    check(answer, "/broken")
    told = Visitor(app).get("/broken", accept="application/json")
    assert set(told.json()) == {"error", "trace"}


def test_a_database_that_went_away_is_said_so(app: Starlette, chief: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    database = app.state.installation.database
    monkeypatch.setattr(database, "engine", Database("postgresql://nobody@127.0.0.1:1/none").engine)
    assert chief.get("/healthz").status_code == 200  # the process lives; whether it can work is another question
    assert chief.get("/readyz").status_code == 503
    answer = chief.get("/recordings")
    assert answer.status_code == 503
    assert "The database does not answer" in answer.text
    check(answer, "/recordings")


class _Inline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = dict(attributes)
        if tag == "style" or "style" in names or any(name.startswith(("on", "hx-on")) for name in names):
            self.found.append(self.get_starttag_text() or tag)
        if tag == "script" and not names.get("src"):
            self.found.append(self.get_starttag_text() or tag)
        if any((value or "").lstrip().lower().startswith("javascript:") for value in names.values()):
            self.found.append(self.get_starttag_text() or tag)


def test_no_page_has_a_script_or_a_style_in_it(app: Starlette, stranger: Visitor, chief: Visitor) -> None:
    for path in paths(app):
        for visitor in (stranger, chief):
            answer = visitor.get(path)
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            parser = _Inline()
            parser.feed(answer.text)
            assert parser.found == [], path


@pytest.mark.parametrize(
    ("public_url", "host", "given", "allowed"),
    [
        (None, "127.0.0.1", "127.0.0.1:8642", True),
        (None, "127.0.0.1", "localhost:9", True),
        (None, "127.0.0.1", "[::1]:8642", True),
        (None, "127.0.0.1", "evil.example", False),
        (None, "127.0.0.1", "evil.example:8642", False),
        (None, "127.0.0.1", "127.0.0.1@evil.example", False),
        (None, "0.0.0.0", "anything.example", True),
        ("https://video.agency.example", "0.0.0.0", "video.agency.example", True),
        ("https://video.agency.example", "0.0.0.0", "VIDEO.agency.example", True),
        ("https://video.agency.example", "0.0.0.0", "video.agency.example:8642", False),
        ("https://video.agency.example", "0.0.0.0", "evil.example", False),
        ("https://video.agency.example", "0.0.0.0", "localhost", True),
    ],
)
def test_only_our_own_names_are_answered(
    database: Database,
    fixed_clock: FixedClock,
    tmp_path: Path,
    public_url: str | None,
    host: str,
    given: str,
    allowed: bool,
) -> None:
    installation = make_installation(database, fixed_clock, tmp_path, public_url=public_url, host=host)
    answer = Visitor(create_app(installation)).get("/healthz", host=given)
    assert answer.status_code == (200 if allowed else 421)
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_https_adds_strict_transport_and_host_cookies(
    database: Database, fixed_clock: FixedClock, tmp_path: Path
) -> None:
    url = "https://video.agency.example"
    installation = make_installation(database, fixed_clock, tmp_path, public_url=url)
    make_place(database, fixed_clock)
    visitor = Visitor(create_app(installation), base=url)
    answer = visitor.sign_in("chief")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    lines = answer.headers.get_list("set-cookie")
    assert any(line.startswith("__Host-candor=") for line in lines)
    for line in lines:
        assert {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"} <= set(line.split("; ")), line
        assert "Domain" not in line


def test_without_https_cookies_are_plain_and_still_guarded(stranger: Visitor) -> None:
    answer = stranger.sign_in("chief")
    assert "strict-transport-security" not in answer.headers
    for line in answer.headers.get_list("set-cookie"):
        assert {"Path=/", "HttpOnly", "SameSite=Lax"} <= set(line.split("; "))
        assert "Secure" not in line.split("; ")
