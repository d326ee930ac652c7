"""Programs at the door: what a token opens, what it never opens, and what is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient
from tests.footage.clips import mp4
from tests.people.place import Place
from tests.web.visitor import BASE, Visitor, upload_headers

from candor.custody import Event, recent
from candor.people import service, service_accounts
from candor.people.rules import Permission, Role
from candor.web.bearer import OPEN_TO_PROGRAMS, is_open

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Ask = Callable[..., httpx.Response]


@pytest.fixture
def give(place: Place) -> Callable[..., str]:
    """Makes a program's account with some roles and a token for some scopes; returns the token."""

    def make(*scopes: Permission, roles: tuple[str, ...] = ("evidence_technician",), days: int = 30) -> str:
        with place.database.write() as tx:
            account_id = service_accounts.create(
                tx, place.administrator, sign_in_name="dock", display_name="Dock", roles=roles, clock=place.clock
            )
            return service_accounts.create_token(
                tx,
                place.administrator,
                account_id,
                name="program",
                scopes=scopes,
                days=days,
                clock=place.clock,
            )[1]

    return make


@pytest.fixture
def ask(app: Starlette, place: Place) -> Ask:
    """A request as a program makes it: no cookies, a token in the header."""
    client = TestClient(app, base_url=BASE, client=("192.0.2.9", 50_000), follow_redirects=False)

    def send(method: str, path: str, token: str | None, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        headers |= more.pop("headers", {})
        client.cookies.clear()
        answer: httpx.Response = client.request(method, path, headers=headers, **more)
        return answer

    return send


def upload(said: str, body: bytes, **headers: str) -> dict[str, Any]:
    """A file and what is said of it, in one request."""
    return {"content": body, "headers": {**upload_headers(said, len(body)), **headers}}


def refused(place: Place) -> list[dict[str, Any]]:
    with place.database.read() as tx:
        return [event.details for event in recent(tx, kinds=[Event.TOKEN_REFUSED])]


def test_a_dock_sends_a_file_and_finds_it(place: Place, ask: Ask, give: Callable[..., str]) -> None:
    token = give(Permission.RECORDINGS_TAKE_IN, Permission.RECORDINGS_VIEW_ALL, Permission.LOG_VIEW)
    sent = ask("POST", "/upload/tus", token, **upload("name=a.mp4", mp4(0.5)))
    assert sent.status_code == 201, sent.text
    told = sent.json()
    found = ask("GET", "/api/v1/recordings?limit=5", token)
    assert found.status_code == 200
    assert [one["id"] for one in found.json()["recordings"]] == [told["recording"]]
    one = ask("GET", f"/api/v1/recordings/{told['recording']}", token).json()
    assert [part["sha256"] for part in one["parts"]] == [told["sha256"]]
    assert ask("GET", "/custody/policy", token).text.startswith("log ")
    assert ask("GET", "/api/v1/recordings/none", token).status_code == 404
    assert ask("GET", "/api/v1/recordings?limit=0", token).status_code == 400
    for answer in (sent, found):
        assert "set-cookie" not in answer.headers
    with place.database.read() as tx:
        events = list(recent(tx, kinds=[Event.TOKEN_USED]))
        received = next(recent(tx, kinds=[Event.RECORDING_RECEIVED]))
    assert len(events) == 1, "one a day and address, not one a call"
    assert received.actor == events[0].actor
    assert refused(place) == []


def test_scopes_narrow_what_the_roles_grant(place: Place, ask: Ask, give: Callable[..., str]) -> None:
    """The role of this account sees every recording; its token sees none, and learns nothing of them."""
    token = give(Permission.RECORDINGS_TAKE_IN)
    body = mp4(0.5)
    first = ask("POST", "/upload/tus", token, **upload("name=a.mp4", body))
    assert first.status_code == 201
    again = ask("POST", "/upload/tus", token, **upload("name=a.mp4", body))
    assert {"recording", "part", "link", "flags"}.isdisjoint(again.json())
    answer = ask("GET", "/api/v1/recordings", token)
    assert answer.status_code == 403
    assert answer.json()["rule"].startswith("people.token-scope recordings:view-")
    assert refused(place) == [], "with the token itself all was well"
    with place.database.read() as tx:
        event = next(recent(tx, kinds=[Event.ACCESS_REFUSED]))
    assert event.actor == event.details["account"]
    assert event.details["token"]
    assert event.details["rule"] == answer.json()["rule"]
    assert (event.details["method"], event.details["route"]) == ("GET", "/api/v1/recordings")
    assert event.details["address"] == "192.0.2.9"


def test_only_own_recordings_where_that_is_the_scope(place: Place, ask: Ask, give: Callable[..., str]) -> None:
    token = give(
        Permission.RECORDINGS_TAKE_IN, Permission.RECORDINGS_VIEW_OWN, roles=("evidence_technician", "officer")
    )
    sent = ask("POST", "/upload/tus", token, **upload("name=a.mp4", mp4(0.5))).json()
    assert "recording" in sent
    assert ask("GET", "/api/v1/recordings", token).json()["total"] == 0, "the file is nobody's"
    assert ask("GET", f"/api/v1/recordings/{sent['recording']}", token).status_code == 404


@pytest.mark.parametrize("make", ["unknown", "changed", "expired", "revoked", "inactive", "nonsense"])
def test_a_token_that_is_turned_away(place: Place, ask: Ask, give: Callable[..., str], make: str) -> None:
    token = give(Permission.LOG_VIEW, days=1)
    with place.database.read() as tx:
        (known,) = service_accounts.tokens(tx)
    match make:
        case "unknown":
            token = f"cnd_{'0' * 32}_{'0' * 64}"
        case "changed":
            token = token[:-1] + ("0" if token[-1] != "0" else "1")
        case "expired":
            place.clock.advance(2 * 86_400)
        case "revoked":
            with place.database.write() as tx:
                service_accounts.revoke_token(tx, place.administrator, known.id, clock=place.clock)
        case "inactive":
            with place.database.write() as tx:
                service.change_account(tx, place.administrator, known.account_id, {"active": False})
        case "nonsense":
            token = "letmein"
    answer = ask("GET", "/custody/policy", token)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert set(answer.json()) == {"error", "rule"}
    reason = {"nonsense": "unknown", "changed": "wrong-secret", "inactive": "account-inactive"}.get(make, make)
    (told,) = refused(place)
    assert (told["reason"], told["address"]) == (reason, "192.0.2.9")
    assert token not in str(told)
    assert "wrong-secret" not in answer.text


def test_a_token_opens_nothing_but_what_is_listed(
    app: Starlette, place: Place, ask: Ask, give: Callable[..., str]
) -> None:
    """Every route of the site, whatever the scopes: only those that programs are meant for answer."""
    token = give(
        *(scope for scope in service_accounts.SCOPES if scope is not Permission.RECORDINGS_VIEW_UNIT),
        roles=("administrator", "evidence_technician", "officer"),
    )
    opened = set()
    for route in app.routes:
        if not isinstance(route, Route):
            continue
        path = route.path.replace("{", "").replace("}", "")
        for method in sorted((route.methods or set()) - {"HEAD"}):
            answer = ask(method, path, token)
            if is_open(method, path):
                opened.add(f"{method} {route.path}")
                assert '"rule":"people.token not-for-programs"' not in answer.text, (method, path)
            elif path != "/healthz":
                assert answer.status_code == 403, (method, path)
                assert answer.json()["rule"] == "people.token not-for-programs", (method, path)
    assert {
        "GET /api/v1/recordings",
        "GET /api/v1/events",
        "GET /custody/policy",
        "POST /upload/tus",
        "PATCH /upload/tus/{upload_id}",
    } <= opened
    fresh = {route.path for route in app.routes if isinstance(route, Route) and route.endpoint.access.fresh}  # type: ignore[attr-defined]
    assert fresh
    assert not any(pattern.fullmatch(path) for path in fresh for _, pattern in OPEN_TO_PROGRAMS)


def test_cookies_beside_a_token_count_for_nothing(app: Starlette, chief: Visitor, give: Callable[..., str]) -> None:
    """A signed-in browser that is made to send a token does not lend its session, and a token lends no session."""
    token = give(Permission.LOG_VIEW)
    answer = chief.client.get("/accounts", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    broken = chief.client.get("/accounts", headers={"authorization": "Bearer cnd_x"})
    assert broken.status_code == 401, "nor does the session stand in for a token that is turned away"
    other = chief.client.get("/accounts", headers={"authorization": "Basic eDp5"})
    assert other.status_code == 200, "another scheme is not ours to look at"
    assert chief.get("/accounts").status_code == 200


def test_a_program_needs_no_form_token_and_a_browser_still_does(
    chief: Visitor, ask: Ask, give: Callable[..., str]
) -> None:
    token = give(Permission.RECORDINGS_TAKE_IN)
    assert ask("POST", "/upload/tus", token, **upload("name=a.mp4", b"x" * 10)).status_code == 201
    assert chief.client.post("/upload/tus", **upload("name=a.mp4", b"x")).status_code == 403
    foreign = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
    assert chief.client.post("/upload/tus", **upload("name=a.mp4", b"x", **foreign)).status_code == 403


def test_events_are_read_by_a_token_and_that_is_an_event(
    place: Place, ask: Ask, give: Callable[..., str], signed_in: Callable[..., Visitor]
) -> None:
    token = give(Permission.AUDIT_VIEW, roles=("oversight",))
    signed_in("somebody", Role.OFFICER)
    first = ask("GET", "/api/v1/events?kind=sign-in&limit=1", token).json()
    assert [one["kind"] for one in first["events"]] in (["token:used"], ["account:signed-in"])
    assert first["after"]
    second = ask("GET", f"/api/v1/events?kind=sign-in&limit=1&after={first['after']}", token).json()
    assert second["events"][0]["event"] != first["events"][0]["event"]
    assert set(first["events"][0]) >= {"at", "kind", "outcome", "actor", "address", "payload", "index"}
    with place.database.read() as tx:
        searched = [event.details for event in recent(tx, kinds=[Event.AUDIT_SEARCHED])]
    after = {"after": first["after"]}
    assert [one["filter"] for one in searched] == [{"kind": "sign-in"} | after, {"kind": "sign-in"}]
    for wrong in ("limit=x", "limit=501", "kind=none", "order=sideways", "after=zzz", "from=yesterday"):
        assert ask("GET", f"/api/v1/events?{wrong}", token).status_code == 400, wrong


def test_a_browser_may_use_the_programming_interface_too(chief: Visitor, stranger: Visitor) -> None:
    assert chief.get("/api/v1/events").status_code == 200
    assert chief.get("/api/v1/recordings").status_code == 403
    assert stranger.get("/api/v1/events", accept="application/json").status_code == 401
