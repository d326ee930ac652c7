"""Reviewing the accounts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.people.place import Place

from candor.custody import Event, recent
from candor.people import reviews, service, service_accounts
from candor.people.errors import Refused
from candor.people.reviews import Review
from candor.people.rules import Permission, Role, system_actor
from candor.people.tables import account as account_table
from candor.people.tables import passkey


def look(place: Place) -> Review:
    with place.database.read() as tx:
        return reviews.review(tx, clock=place.clock)


def was_here(place: Place, account_id: str, days_ago: float) -> None:
    at = place.clock.now() - timedelta(days=days_ago)
    with place.database.write() as tx:
        tx.execute(account_table.update().where(account_table.c.id == account_id).values(signed_in_at=at))


def names(found: list[service.Account]) -> list[str]:
    return [one.sign_in_name for one in found]


def test_who_is_never_there(place: Place) -> None:
    for name in ("lately", "long", "never", "wearer"):
        place.add(name, **({"password": None} if name == "wearer" else {}))
    place.clock.advance(100 * 86_400)
    place.add("new")
    with place.database.read() as tx:
        ids = {one.sign_in_name: one.id for one in service.accounts(tx)}
    was_here(place, ids["lately"], 89.9)
    was_here(place, ids["long"], 90)
    was_here(place, ids["chief"], 0)
    found = look(place)
    assert names(found.inactive) == ["long"]
    assert names(found.never_signed_in) == ["never"], "neither the new one nor one who never signs in"
    assert names(found.without_second_factor) == ["chief", "lately", "long", "never", "new"]
    assert names(found.administrators) == ["chief"]
    assert names(found.footage[Role.OFFICER]) == ["lately", "long", "never", "new", "wearer"]
    assert Role.ADMINISTRATOR not in found.footage


def test_a_second_factor_is_seen(place: Place) -> None:
    row = {
        "id": "one",
        "account_id": place.administrator.account_id,
        "credential_id": b"x",
        "public_key": b"x",
        "sign_count": 0,
        "transports": [],
        "name": "key",
        "made_at": place.clock.now(),
    }
    assert names(look(place).without_second_factor) == ["chief"]
    with place.database.write() as tx:
        tx.execute(passkey.insert(), row)
    assert names(look(place).without_second_factor) == []


def test_tokens_that_end_soon_or_are_not_used(place: Place) -> None:
    with place.database.write() as tx:
        account_id = service_accounts.create(
            tx, place.administrator, sign_in_name="dock", display_name="Dock", roles=["officer"], clock=place.clock
        )
        for name, days in (("short", 30), ("long", 366), ("gone", 1)):
            service_accounts.create_token(
                tx,
                place.administrator,
                account_id,
                name=name,
                scopes=[Permission.RECORDINGS_TAKE_IN],
                days=days,
                clock=place.clock,
            )
    place.clock.advance(2 * 86_400)
    found = look(place)
    assert [token.name for token in found.expiring] == ["short"]
    assert found.unused == []
    assert names(found.never_signed_in) == [], "a program is not a person who never came"
    place.clock.advance(89 * 86_400)
    assert [token.name for token in look(place).unused] == ["long"]


def test_marking_is_an_event_and_due_again_after_a_year(place: Place) -> None:
    assert (look(place).last, look(place).due_at) == (None, None)
    with place.database.write() as tx:
        reviews.mark_reviewed(tx, place.administrator, "  all   well ", clock=place.clock)
    found = look(place)
    assert found.last is not None
    assert (found.last.actor, found.last.note) == (place.administrator.account_id, "all well")
    assert found.due_at == place.clock.now() + timedelta(days=365)
    with place.database.read() as tx:
        event = next(recent(tx, limit=1))
    assert event.kind is Event.ACCOUNTS_REVIEWED
    assert event.details["active"] == 1
    officer = place.add("officer")
    with place.database.write() as tx, pytest.raises(Refused):
        reviews.mark_reviewed(tx, officer, clock=place.clock)


def test_disabling_who_is_never_there(place: Place) -> None:
    second = place.add("second", Role.ADMINISTRATOR)
    for name in ("long", "never", "lately"):
        place.add(name)
    place.clock.advance(100 * 86_400)
    with place.database.read() as tx:
        ids = {one.sign_in_name: one.id for one in service.accounts(tx)}
    was_here(place, ids["long"], 95)
    was_here(place, ids["lately"], 5)
    was_here(place, ids["chief"], 95)
    was_here(place, ids["second"], 95)
    with place.database.write() as tx:
        done = reviews.disable_inactive(tx, second, clock=place.clock)
    assert names(done) == ["chief", "long", "never"], "not whoever acts"
    with place.database.read() as tx:
        assert names(service.accounts(tx, active=True)) == ["lately", "second"]
        kinds = [event.kind for event in recent(tx, limit=4)]
        assert kinds.count(Event.ACCOUNT_CHANGED) == 3
        summary = next(recent(tx, kinds=[Event.ACCOUNTS_INACTIVE_DISABLED]))
        assert summary.details["accounts"] == [one.id for one in done]
    with place.database.write() as tx:
        assert reviews.disable_inactive(tx, second, clock=place.clock) == []


def test_the_last_administrator_stays(place: Place) -> None:
    place.clock.advance(100 * 86_400)
    was_here(place, place.administrator.account_id, 95)
    with place.database.write() as tx:
        assert reviews.disable_inactive(tx, system_actor("cli-root"), clock=place.clock) == []
    officer = place.add("officer")
    with place.database.write() as tx, pytest.raises(Refused):
        reviews.disable_inactive(tx, officer, clock=place.clock)
