"""Keeping accounts by the pages."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from tests.people.place import PASSWORD, Place
from tests.web.visitor import Visitor

from candor.people import service
from candor.people.rules import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NEW: dict[str, object] = {
    "display_name": "Maria <b>Alvarez</b>",
    "sign_in_name": "Maria",
    "badge": "1200",
    "roles": ["officer", "supervisor"],
    "password": PASSWORD,
    "password_again": PASSWORD,
}


def test_make_an_account_and_sign_in_with_it(app: Starlette, chief: Visitor, place: Place) -> None:
    answer = chief.post("/accounts", {**NEW, "unit_id": place.unit_id})
    assert (answer.status_code, answer.headers["location"]) == (303, "/accounts?said=account-created")
    text = chief.get("/accounts?said=account-created").text
    assert "The account was made." in text
    assert "Maria &lt;b&gt;Alvarez&lt;/b&gt;" in text
    assert "Officer, Supervisor" in text
    assert "North" in text
    assert Visitor(app).sign_in("maria").status_code == 303


def test_somebody_who_wears_a_camera_and_does_not_sign_in(app: Starlette, chief: Visitor) -> None:
    assert chief.post("/accounts", {**NEW, "password": "", "password_again": ""}).status_code == 303
    assert "No password" in chief.get("/accounts").text
    assert Visitor(app).sign_in("maria", "").status_code == 401


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"sign_in_name": "chief"}, 422, "There is already an account called “chief”."),
        ({"roles": []}, 422, "An account needs at least one role."),
        ({"roles": ["king"]}, 422, "There is no role called “king”."),
        ({"password": "short", "password_again": "short"}, 422, "The password is too short."),
        ({"password_again": "different"}, 422, "The two passwords are not the same."),
        ({"unit_id": "none"}, 422, "There is no unit with the identifier none."),
        ({"display_name": "evil\u202ename"}, 422, "A name is missing"),
    ],
)
def test_what_is_wrong_with_a_new_account(
    chief: Visitor, place: Place, change: dict[str, object], status: int, words: str
) -> None:
    answer = chief.post("/accounts", {**NEW, **change})
    assert answer.status_code == status
    assert words in answer.text
    with place.database.read() as tx:
        assert service.account_named(tx, "maria") is None


def test_change_and_find(chief: Visitor, place: Place) -> None:
    officer = place.add("officer")
    fields = {"display_name": "Sam New", "badge": "77", "roles": ["records_officer"], "active": "yes"}
    assert chief.post(f"/accounts/{officer.account_id}", {**fields, "unit_id": ""}).status_code == 303
    with place.database.read() as tx:
        found = service.account(tx, officer.account_id)
    assert (found.display_name, found.badge, found.roles) == ("Sam New", "77", {Role.RECORDS_OFFICER})
    assert "Sam New" in chief.get("/accounts?text=77").text
    assert "Sam New" not in chief.get("/accounts?text=zzz").text
    assert "No account fits" in chief.get("/accounts?text=zzz").text
    assert chief.post(f"/accounts/{officer.account_id}", {**fields, "active": ""}).status_code == 303
    assert "Sam New" not in chief.get("/accounts").text
    assert "Sam New" in chief.get("/accounts?shown=inactive").text


def test_the_last_administrator_is_kept(chief: Visitor, place: Place) -> None:
    fields = {"display_name": "Dana Chief", "roles": ["officer"], "active": "yes"}
    answer = chief.post(f"/accounts/{place.administrator.account_id}", fields)
    assert answer.status_code == 403
    assert "“Dana Chief” is the last active administrator." in answer.text


def test_a_new_password_signs_out_and_in(app: Starlette, chief: Visitor, place: Place) -> None:
    officer = place.add("officer")
    visitor = Visitor(app)
    visitor.sign_in("officer")
    new = "another set of quiet words"
    answer = chief.post(f"/accounts/{officer.account_id}/password", {"password": new, "password_again": new})
    assert answer.status_code == 303
    assert visitor.get("/account").status_code == 303
    assert visitor.sign_in("officer").status_code == 401
    assert visitor.sign_in("officer", new).status_code == 303


def test_units(chief: Visitor) -> None:
    assert chief.post("/units", {"unit": "Troop H"}).status_code == 303
    assert "Troop H" in chief.get("/accounts").text
    answer = chief.post("/units", {"unit": "Troop H"})
    assert answer.status_code == 422
    assert "There is already a unit called “Troop H”." in answer.text


def test_an_account_that_is_not_there(chief: Visitor) -> None:
    answer = chief.get("/accounts/none")
    assert answer.status_code == 404
    assert "There is no account with the identifier or sign-in name none." in answer.text


def test_only_what_is_known_can_be_said(chief: Visitor) -> None:
    assert "your account is at risk" not in chief.get("/accounts?said=your account is at risk").text
