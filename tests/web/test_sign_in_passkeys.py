"""Passkeys by the pages, at a site under https, with a device in software that really signs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from tests.people.device import Device
from tests.people.place import Place, make_place
from tests.web.visitor import Visitor, make_installation

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.custody import Event, recent
from candor.installation import Installation
from candor.web.app import create_app

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SITE = "https://evidence.example"
SECURITY = "/account/security"


@pytest.fixture
def installation(database: Database, fixed_clock: FixedClock, tmp_path: Path) -> Installation:
    """One that people reach by https."""
    return make_installation(database, fixed_clock, tmp_path, public_url=SITE)


@pytest.fixture
def visitor(app: Starlette, place: Place) -> Visitor:
    """The administrator, signed in by password."""
    made = Visitor(app, base=SITE)
    assert made.sign_in("chief").status_code == 303
    return made


def options(visitor: Visitor, purpose: str, page: str) -> Any:
    path = "/passkeys/options-to-register" if purpose == "register" else "/passkeys/options"
    return visitor.post(path, {"purpose": purpose}, page=page, accept="application/json")


def register(visitor: Visitor, device: Device, name: str = "Key ring") -> Any:
    made = device.register(options(visitor, "register", SECURITY).text)
    return visitor.post(f"{SECURITY}/passkeys", {"name": name, "credential": made}, page=SECURITY)


def newest(place: Place, kind: Event) -> dict[str, Any]:
    with place.database.read() as tx:
        return next(recent(tx, kinds=[kind])).details


def test_registering_signing_in_without_a_password_and_removing(app: Starlette, visitor: Visitor, place: Place) -> None:
    device = Device(SITE)
    answer = register(visitor, device)
    assert len(re.findall(r"<code>([a-z2-7-]{19})</code>", answer.text)) == 10
    assert newest(place, Event.ACCOUNT_SECOND_FACTOR_ADDED)["factor"] == "passkey"
    assert "Key ring" in visitor.get(SECURITY).text
    assert register(visitor, Device(SITE), "Office").headers["location"].endswith("said=second-factor-added")

    other = Visitor(app, "198.51.100.2", base=SITE)
    signed = device.sign(options(other, "sign-in", "/sign-in").text)
    entered = other.post("/sign-in", {"credential": signed, "next": "/accounts"}, page="/sign-in")
    assert entered.headers["location"] == "/accounts"
    assert other.get("/accounts").status_code == 200
    assert newest(place, Event.ACCOUNT_SIGNED_IN)["method"] == "passkey"

    page = visitor.get(SECURITY).text
    gone = re.search(r'action="(/account/security/passkeys/[^"]+/remove)"', page)
    assert gone is not None
    assert visitor.post(gone[1], page=SECURITY).status_code == 303
    assert visitor.post(gone[1], page=SECURITY).status_code == 404


def test_it_is_the_second_factor_after_a_password(app: Starlette, visitor: Visitor, place: Place) -> None:
    device = Device(SITE, verifies=False)
    register(visitor, device)
    other = Visitor(app, "198.51.100.2", base=SITE)
    alone = other.post(
        "/sign-in", {"credential": device.sign(options(other, "sign-in", "/sign-in").text)}, page="/sign-in"
    )
    assert alone.status_code == 401
    assert "not enough alone" in alone.text
    assert newest(place, Event.ACCOUNT_PASSKEY_REFUSED)["reason"] == "not verified"
    assert other.sign_in("chief").headers["location"] == "/sign-in/second"
    asked = options(other, "second", "/sign-in/second")
    assert asked.json()["allowCredentials"]
    wrong = other.post("/sign-in/second", {"credential": device.sign(asked.text, spoil=True)}, page="/sign-in/second")
    assert wrong.status_code == 401
    signed = device.sign(options(other, "second", "/sign-in/second").text)
    assert other.post("/sign-in/second", {"credential": signed}, page="/sign-in/second").status_code == 303
    assert newest(place, Event.ACCOUNT_SIGNED_IN)["method"] == "password+passkey"


def test_a_signature_cannot_be_used_again_nor_by_another_browser(app: Starlette, visitor: Visitor) -> None:
    device = Device(SITE)
    register(visitor, device)
    first, second = Visitor(app, base=SITE), Visitor(app, base=SITE)
    signed = device.sign(options(first, "sign-in", "/sign-in").text)
    assert second.post("/sign-in", {"credential": signed}, page="/sign-in").status_code == 401
    assert first.post("/sign-in", {"credential": signed}, page="/sign-in").status_code == 303
    first.post("/sign-out", page="/account")
    again = first.post("/sign-in", {"credential": signed}, page="/sign-in")
    assert again.status_code == 401
    assert "expired or was answered already" in again.text


def test_a_copy_is_refused_told_and_counted(app: Starlette, visitor: Visitor, place: Place) -> None:
    device = Device(SITE)
    register(visitor, device)
    copy = device.copy()
    for made, status in ((device, 303), (copy, 401), (device, 401)):
        other = Visitor(app, "198.51.100.2", base=SITE)
        signed = made.sign(options(other, "sign-in", "/sign-in").text)
        answer = other.post("/sign-in", {"credential": signed}, page="/sign-in")
        assert answer.status_code == status
    assert "as if there were a copy" in answer.text
    assert newest(place, Event.ACCOUNT_PASSKEY_REFUSED)["reason"] == "counter"
    assert "Refused: there may be a copy" in visitor.get(SECURITY).text


def test_unlocking_and_confirming_by_passkey(visitor: Visitor, place: Place, fixed_clock: FixedClock) -> None:
    device = Device(SITE)
    register(visitor, device)
    fixed_clock.advance(11 * 60)
    assert visitor.get("/security").headers["location"] == "/confirm?next=%2Fsecurity"
    signed = device.sign(options(visitor, "proof", "/account").text)
    answer = visitor.post("/confirm", {"proof_passkey": signed, "next": "/security"}, page="/account")
    assert answer.headers["location"] == "/security"
    assert visitor.get("/security").status_code == 200
    assert newest(place, Event.ACCOUNT_RE_AUTHENTICATED)["method"] == "passkey"
    fixed_clock.advance(30 * 60)
    assert visitor.get("/security").headers["location"] == "/unlock?next=%2Fsecurity"
    signed = device.sign(options(visitor, "proof", "/unlock").text)
    assert visitor.post("/unlock", {"proof_passkey": signed, "next": "/account"}, page="/unlock").status_code == 303
    assert newest(place, Event.ACCOUNT_UNLOCKED)["method"] == "passkey"


def test_somebody_elses_passkey_unlocks_nothing(
    app: Starlette, visitor: Visitor, place: Place, fixed_clock: FixedClock
) -> None:
    mine, theirs = Device(SITE), Device(SITE)
    register(visitor, mine)
    place.add("jo")
    jo = Visitor(app, base=SITE)
    jo.sign_in("jo")
    register(jo, theirs)
    fixed_clock.advance(30 * 60)
    signed = theirs.sign(options(visitor, "proof", "/unlock").text)
    assert visitor.post("/unlock", {"proof_passkey": signed}, page="/unlock").status_code == 401
    assert visitor.get("/account").headers["location"].startswith("/unlock")


@pytest.mark.parametrize("purpose", ["second", "proof", "register", "nonsense", ""])
def test_what_nobody_may_ask_for(stranger: Visitor, app: Starlette, purpose: str) -> None:
    visitor = Visitor(app, base=SITE)
    visitor.get("/sign-in")
    answer = options(visitor, purpose, "/sign-in")
    assert answer.status_code in (303, 401)
    assert "challenge" not in answer.text


@pytest.mark.parametrize(
    ("public", "came_to", "party"),
    [
        ("https://a.example", "https://a.example", ("a.example", "https://a.example")),
        ("https://a.example:8443", "https://a.example:8443", ("a.example", "https://a.example:8443")),
        ("https://a.example", "https://localhost", None),
        ("https://192.0.2.1", "https://192.0.2.1", None),
        ("http://a.example", "http://a.example", None),
        (None, "http://localhost:8642", ("localhost", "http://localhost:8642")),
        (None, "http://127.0.0.1:8642", None),
    ],
)
def test_the_site_as_passkeys_know_it(
    database: Database, fixed_clock: FixedClock, tmp_path: Path, public: str | None, came_to: str, party: Any
) -> None:
    visitor = Visitor(create_app(make_installation(database, fixed_clock, tmp_path, public_url=public)), base=came_to)
    make_place(database, fixed_clock)
    assert ("data-passkey" in visitor.get("/sign-in").text) is (party is not None)
    asked = visitor.post("/passkeys/options", {"purpose": "sign-in"}, page="/sign-in", accept="application/json")
    if party:
        assert asked.json()["rpId"] == party[0]
    else:
        assert asked.status_code == 401
        assert "CANDOR_PUBLIC_URL" in asked.json()["error"]
    if (public or "").startswith("https:"):
        return  # cookies of https come back there too, and the same is said on one's own page
    visitor.sign_in("chief")
    assert ("CANDOR_PUBLIC_URL" in visitor.get("/account/security").text) is (party is None)
