"""The rules of signing in: defaults, bounds, and that each change keeps what was before."""

from __future__ import annotations

from typing import Any

import pytest
from tests.people.place import Place

from candor.custody import Event, recent
from candor.people import policy
from candor.people.errors import PolicyWrong, Refused
from candor.people.policy import Policy
from candor.people.rules import Role


def change(place: Place, **changes: Any) -> Policy:
    with place.database.write() as tx:
        return policy.change(tx, place.administrator, changes, clock=place.clock)


def read(place: Place) -> Policy:
    with place.database.read() as tx:
        return policy.read(tx)


def test_defaults_until_somebody_changes_them(place: Place) -> None:
    found = read(place)
    assert found == Policy()
    assert (found.idle_lock_minutes, found.absolute_hours, found.fresh_minutes) == (30, 12, 10)
    assert not found.notice_shown
    assert not found.lock_until_released


def test_a_change_is_an_event_with_old_and_new(place: Place) -> None:
    change(place, second_factor_roles=["supervisor", "administrator"], idle_lock_minutes="15")
    after = change(place, idle_lock_minutes=20, notice_shown=True)
    assert after == read(place)
    assert after.second_factor_roles == {Role.SUPERVISOR, Role.ADMINISTRATOR}
    with place.database.read() as tx:
        newest, first = list(recent(tx, kinds=[Event.POLICY_CHANGED]))
    assert newest.actor == place.administrator.account_id
    assert newest.details == {
        "changed": {"idle_lock_minutes": {"old": 15, "new": 20}, "notice_shown": {"old": False, "new": True}}
    }
    assert first.details["changed"]["second_factor_roles"] == {"old": [], "new": ["administrator", "supervisor"]}


def test_what_was_so_already_is_no_event(place: Place) -> None:
    change(place, idle_lock_minutes=30, fresh_minutes="10")
    with place.database.read() as tx:
        assert not list(recent(tx, kinds=[Event.POLICY_CHANGED]))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("idle_lock_minutes", 0),
        ("idle_lock_minutes", 61),
        ("idle_lock_minutes", "soon"),
        ("absolute_hours", 25),
        ("fresh_minutes", None),
        ("notice", "  \n "),
        ("notice", "x" * 4001),
        ("second_factor_roles", ["king"]),
        ("colour", "blue"),
    ],
)
def test_what_cannot_be_set(place: Place, field: str, value: Any) -> None:
    with pytest.raises(PolicyWrong) as caught:
        change(place, **{field: value, "notice_shown": True})
    assert caught.value.fields["field"] == field
    assert read(place) == Policy()


def test_another_wording_has_another_mark(place: Place) -> None:
    before = read(place).notice_mark
    after = change(place, notice="Keep out.\r\n\r\nReally.  ")
    assert after.notice == "Keep out.\n\nReally."
    assert after.notice_mark != before


def test_only_whoever_may(place: Place) -> None:
    someone = place.add("someone", Role.EVIDENCE_TECHNICIAN)
    with place.database.write() as tx, pytest.raises(Refused):
        policy.change(tx, someone, {"idle_lock_minutes": 5}, clock=place.clock)
