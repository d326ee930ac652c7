"""Doors that somebody tries without the right to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.people.place import Place
from tests.web.visitor import Visitor

from candor.custody import Event, recent
from candor.people.rules import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def told(place: Place) -> list[dict[str, Any]]:
    with place.database.read() as tx:
        return [event.details for event in recent(tx, kinds=[Event.ACCESS_REFUSED])]


def test_a_page_that_is_not_for_ones_role(place: Place, signed_in: Callable[..., Visitor]) -> None:
    officer = signed_in("jo", Role.OFFICER)
    assert officer.get(f"/accounts/{place.administrator.account_id}").status_code == 403
    (event,) = told(place)
    assert event["account"] == officer.actor.account_id
    assert event["rule"] == "people.no-role accounts:manage"
    assert (event["method"], event["route"]) == ("GET", "/accounts/{account_id}"), "no identifier, no query"
    assert (event["address"], event["agent"], event["token"]) == ("192.0.2.7", "testclient", None)


def test_whoever_asks_as_a_script_or_sends_a_form(place: Place, signed_in: Callable[..., Visitor]) -> None:
    officer = signed_in("jo", Role.OFFICER)
    assert officer.get("/audit", accept="application/json").status_code == 403
    assert officer.get("/audit", **{"hx-request": "true"}).status_code == 403
    assert officer.post("/accounts", {"sign_in_name": "evil"}).status_code == 403
    assert [event["method"] for event in told(place)] == ["POST", "GET", "GET"]


def test_trying_without_end_does_not_fill_the_record(place: Place, signed_in: Callable[..., Visitor]) -> None:
    officer = signed_in("jo", Role.OFFICER)
    for _ in range(40):
        assert officer.get("/audit").status_code == 403
    assert [event["times_today"] for event in told(place)] == [32, 16, *range(10, 0, -1)]


def test_what_is_no_refusal_of_a_right_is_none(place: Place, stranger: Visitor, chief: Visitor) -> None:
    assert stranger.get("/accounts").status_code == 303
    assert chief.get("/recordings/none").status_code in (403, 404)
    before = len(told(place))
    assert chief.client.post("/accounts", data={"csrf": "wrong"}).status_code == 403
    assert chief.get("/accounts/none").status_code == 404
    assert len(told(place)) == before
