"""The pages of service accounts and of reviews, released locks, and passwords on the operator's list."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from tests.people.place import PASSWORD, Place
from tests.web.visitor import Visitor, make_installation

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.custody import Event, recent
from candor.people import policy, reviews, service, service_accounts
from candor.people.rules import Role
from candor.people.tables import account as account_table
from candor.web.app import create_app
from candor.web.pages.accounts import ROLE_GROUPS

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NEW: dict[str, object] = {
    "display_name": "Dock at <b>North</b>",
    "sign_in_name": "dock-north",
    "roles": ["evidence_technician"],
}


def account_id_of(place: Place, name: str) -> str:
    with place.database.read() as tx:
        found = service.account_named(tx, name)
    assert found is not None
    return found.id


def test_make_an_account_a_token_and_revoke_it(chief: Visitor, place: Place, app: Starlette) -> None:
    assert "No service accounts yet" in chief.get("/service-accounts").text
    answer = chief.post("/service-accounts", NEW)
    assert answer.status_code == 303
    account_id = account_id_of(place, "dock-north")
    assert answer.headers["location"].endswith(f"#account-{account_id}")
    given: dict[str, object] = {"name": "dock.py on N1", "scopes": ["recordings:take-in"], "days": "30"}
    made = chief.post(f"/service-accounts/{account_id}/tokens", given)
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    tokens = re.findall(r"cnd_[0-9a-f]{32}_[0-9a-f]{64}", made.text)
    assert len(tokens) == 1
    page = chief.get("/service-accounts").text
    assert tokens[0] not in page, "shown once"
    assert "dock.py on N1" in page
    assert "Dock at &lt;b&gt;North" in page
    with place.database.read() as tx:
        (token,) = service_accounts.tokens(tx)
    assert token.expires_at == place.clock.now() + timedelta(days=30)
    assert chief.post(f"/service-accounts/tokens/{token.id}/revoke").status_code == 303
    assert "Revoked" in chief.get("/service-accounts").text
    assert chief.post("/service-accounts/tokens/none/revoke").status_code == 404
    assert "Program" in chief.get("/accounts").text
    text = chief.get(f"/accounts/{account_id}").text
    assert "has no password" in text
    assert 'name="password"' not in text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"scopes": []}, "choose at least one"),
        ({"scopes": ["accounts:manage"]}, "that is for people who sign in"),
        ({"scopes": ["audit:view"]}, "do not grant it"),
        ({"scopes": ["world:rule"]}, "there is no such permission"),
        ({"days": "400"}, "A token lives 1 to 366 days"),
        ({"days": "x"}, "A token lives 1 to 366 days"),
        ({"name": ""}, "A name is missing"),
    ],
)
def test_what_is_wrong_with_a_token(chief: Visitor, place: Place, given: dict[str, object], words: str) -> None:
    chief.post("/service-accounts", NEW)
    account_id = account_id_of(place, "dock-north")
    fields: dict[str, object] = {"name": "x", "scopes": ["recordings:take-in"], "days": "30", **given}
    answer = chief.post(f"/service-accounts/{account_id}/tokens", fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert "cnd_" not in answer.text.replace("cnd_…", "")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"roles": []}, "An account needs at least one role."),
        ({"roles": ["king"]}, "There is no role called “king”."),
        ({"sign_in_name": "chief"}, "There is already an account called “chief”."),
    ],
)
def test_what_is_wrong_with_an_account(chief: Visitor, given: dict[str, object], words: str) -> None:
    answer = chief.post("/service-accounts", {**NEW, **given})
    assert answer.status_code == 422
    assert words in answer.text


# -- reviews


def test_a_review_by_the_pages(chief: Visitor, place: Place, signed_in: Callable[..., Visitor]) -> None:
    officer = signed_in("longgone").actor
    with place.database.write() as tx:
        at = place.clock.now() - timedelta(days=100)
        tx.execute(account_table.update().where(account_table.c.id == officer.account_id).values(signed_in_at=at))
    assert "Never reviewed" in chief.get("/accounts").text
    text = chief.get("/accounts/review").text
    assert "Longgone" in text
    assert chief.post("/accounts/review", {"note": "two left <b>"}).status_code == 303
    text = chief.get("/accounts/review?said=accounts-reviewed").text
    assert "two left &lt;b&gt;" in text
    assert "Up to date" in text
    assert "Never reviewed" not in chief.get("/accounts").text
    answer = chief.post("/accounts/review/disable-inactive")
    assert answer.headers["location"].endswith("accounts-disabled")
    with place.database.read() as tx:
        assert not service.account(tx, officer.account_id).active
        assert reviews.review(tx, clock=place.clock).inactive == []
    assert chief.post("/accounts/review/disable-inactive").headers["location"].endswith("nobody-disabled")


# -- roles in groups


def test_every_role_stands_in_one_group_with_its_explanation(chief: Visitor) -> None:
    assert sorted(role for _, roles in ROLE_GROUPS for role in roles) == sorted(Role)
    text = chief.get("/accounts/new").text
    for role in Role:
        assert text.count(f'id="role-{role}"') == 1
    assert text.index("Staff of the agency") < text.index("Oversight and study") < text.index("Guests of one side")


def test_a_guest_has_no_other_role(chief: Visitor) -> None:
    given: dict[str, object] = {"display_name": "Guest", "sign_in_name": "guest"}
    answer = chief.post("/accounts", {**given, "roles": ["prosecutor_guest", "officer"]})
    assert answer.status_code == 422
    assert "cannot have another role as well" in answer.text
    assert chief.post("/accounts", {**given, "roles": ["defence_guest"]}).status_code == 303


# -- locks


def test_a_locked_account_says_where_it_is_released(app: Starlette, chief: Visitor, place: Place) -> None:
    somebody = place.add("somebody")
    with place.database.write() as tx:
        policy.change(tx, place.administrator, {"lock_until_released": True}, clock=place.clock)
    assert "locked until" not in chief.get(f"/accounts/{somebody.account_id}").text
    visitor = Visitor(app, "192.0.2.50")
    for _ in range(5):
        visitor.sign_in("somebody", "not the right password")
    text = chief.get(f"/accounts/{somebody.account_id}").text
    assert "locked until somebody releases it" in text
    assert f'href="/accounts/{somebody.account_id}/security"' in text


# -- the operator's list of passwords


@pytest.fixture
def known(tmp_path: Path) -> Path:
    path = tmp_path / "known-passwords.txt"
    path.write_text("nobody has this one yet\n")
    return path


@pytest.fixture
def listed_site(database: Database, fixed_clock: FixedClock, tmp_path: Path, known: Path) -> tuple[Starlette, Place]:
    from tests.people.place import make_place

    here = make_installation(database, fixed_clock, tmp_path, password_list=known)
    return create_app(here), make_place(database, fixed_clock)


def test_a_known_password_cannot_be_chosen(listed_site: tuple[Starlette, Place], known: Path) -> None:
    app, place = listed_site
    known.write_text("password of many people\n")
    chief = Visitor(app)
    assert chief.sign_in("chief").status_code == 303
    fields: dict[str, object] = {
        "display_name": "New",
        "sign_in_name": "new",
        "roles": ["officer"],
        "password": "password of many people",
        "password_again": "password of many people",
    }
    answer = chief.post("/accounts", fields)
    assert answer.status_code == 422
    assert "stands on a list of passwords" in answer.text
    known.unlink()
    answer = chief.post("/accounts", {**fields, "password": "another one here", "password_again": "another one here"})
    assert answer.status_code == 503
    assert "No password was set" in answer.text
    with place.database.read() as tx:
        assert service.account_named(tx, "new") is None


def test_a_password_that_came_on_the_list_must_be_changed(listed_site: tuple[Starlette, Place], known: Path) -> None:
    app, place = listed_site
    chief = Visitor(app)
    assert chief.sign_in("chief").status_code == 303
    assert chief.get("/accounts").status_code == 200
    known.write_text(f"something else\n{PASSWORD}\n")
    again = Visitor(app)
    assert again.sign_in("chief").status_code == 303
    for path in ("/accounts", "/audit", "/recordings", "/custody"):
        answer = again.get(path)
        assert (answer.status_code, answer.headers.get("location")) in (
            (303, "/account#password-form"),
            (403, None),
        ), path
    assert again.get("/accounts").headers["location"] == "/account#password-form"
    assert again.get("/audit", accept="application/json").status_code == 403
    assert "stands on a list of passwords that others know" in again.get("/account").text
    with place.database.read() as tx:
        (event,) = recent(tx, kinds=[Event.ACCOUNT_PASSWORD_LISTED])
        assert event.details == {"account": place.administrator.account_id}
        assert reviews.review(tx, clock=place.clock).password_listed
    new = "five quite unrelated quiet words"
    fields: dict[str, object] = {"present": PASSWORD, "password": new, "password_again": new}
    assert (
        again.post("/account/password", {**fields, "password": PASSWORD, "password_again": PASSWORD}).status_code == 422
    )
    assert again.post("/account/password", fields).status_code == 303
    assert again.get("/accounts").status_code == 200
    with place.database.read() as tx:
        assert service.account(tx, place.administrator.account_id).password_listed_at is None


def test_signing_in_goes_on_when_the_list_is_gone(
    listed_site: tuple[Starlette, Place], known: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app, _ = listed_site
    known.unlink()
    assert Visitor(app).sign_in("chief").status_code == 303
    assert "known-passwords.txt" in caplog.text
