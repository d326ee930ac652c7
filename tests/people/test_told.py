"""What administrators are told of accounts: made, locked, with a known password; each once while it lasts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from tests.people.place import PASSWORD, Place

from candor.core.outbox import NoticeKind, outbox_notice
from candor.people import passwords, policy, recovery_codes, second_factor, service, sign_in
from candor.people.rules import Role
from candor.people.tables import sign_in_guard


def told(place: Place, kind: NoticeKind) -> list[Any]:
    with place.database.read() as tx:
        query = sa.select(outbox_notice).where(outbox_notice.c.kind == kind.value).order_by(outbox_notice.c.created_at)
        return tx.execute(query).all()


def fail(place: Place, name: str, times: int = 1) -> None:
    for number in range(times):
        with place.database.read() as tx:
            candidate = sign_in.look_up(tx, name, f"192.0.2.{number}", clock=place.clock)
        with place.database.write() as tx:
            sign_in.fail(tx, candidate, clock=place.clock)


def test_an_account_that_was_made(place: Place) -> None:
    assert told(place, NoticeKind.ACCOUNT_CREATED) == [], "the first run's is no news to whoever made it"
    jo = place.add("jo")
    (one,) = told(place, NoticeKind.ACCOUNT_CREATED)
    assert one.about == f"/accounts/{jo.account_id}"
    assert one.recipients is None, "whom the kind is routed to: administrators"
    assert one.details == {"account": jo.account_id, "kind": "person"}, "no name"


def test_a_locked_name_is_told_once_and_its_release_too(place: Place) -> None:
    jo = place.add("jo")
    with place.database.write() as tx:
        policy.change(tx, place.administrator, {"lock_until_released": True}, clock=place.clock)
    fail(place, "jo", 4)
    assert told(place, NoticeKind.ACCOUNT_LOCKED) == []
    fail(place, "jo")
    (one,) = told(place, NoticeKind.ACCOUNT_LOCKED)
    assert (one.about, one.times, one.resolved_at) == (f"/accounts/{jo.account_id}", 1, None)
    with place.database.write() as tx:
        assert sign_in.release_lock(tx, place.administrator, jo.account_id, clock=place.clock)
    assert told(place, NoticeKind.ACCOUNT_LOCKED)[0].resolved_at == place.clock.now()
    place.clock.advance(3600)
    fail(place, "jo", 5)
    assert len(told(place, NoticeKind.ACCOUNT_LOCKED)) == 2


def test_a_lock_is_told_although_a_restore_forgot_the_one_before(place: Place) -> None:
    place.add("jo")
    with place.database.write() as tx:
        policy.change(tx, place.administrator, {"lock_until_released": True}, clock=place.clock)
    for _ in range(2):
        fail(place, "jo", 5)
        with place.database.write() as tx:
            tx.execute(sign_in_guard.delete())  # what a backup leaves out
        place.clock.advance(3600)
    assert [one.resolved_at is None for one in told(place, NoticeKind.ACCOUNT_LOCKED)] == [False, True]


def test_a_name_that_nobody_has_is_nobodys_trouble(place: Place) -> None:
    with place.database.write() as tx:
        policy.change(tx, place.administrator, {"lock_until_released": True}, clock=place.clock)
    fail(place, "nobody.at.all", 5)
    assert told(place, NoticeKind.ACCOUNT_LOCKED) == []


def test_a_known_password_is_told_until_another_one_is_chosen(place: Place) -> None:
    jo = place.add("jo")
    for _ in range(2):
        with place.database.write() as tx:
            service.note_listed_password(tx, jo.account_id, clock=place.clock)
    (one,) = told(place, NoticeKind.PASSWORD_LISTED)
    assert (one.about, one.times, one.resolved_at) == (f"/accounts/{jo.account_id}", 1, None)
    hashed = passwords.hash_password(PASSWORD)
    with place.database.write() as tx:
        service.set_password(tx, place.administrator, jo.account_id, hashed, clock=place.clock)
    assert told(place, NoticeKind.PASSWORD_LISTED)[0].resolved_at == place.clock.now()


def test_what_somebody_else_did_to_an_account(place: Place) -> None:
    jo = place.add("jo")
    with place.database.write() as tx:
        recovery_codes.make(tx, jo.account_id, actor=jo.account_id, clock=place.clock)
        service.change_account(tx, place.administrator, jo.account_id, {"roles": [Role.SUPERVISOR]}, clock=place.clock)
        service.change_account(tx, place.administrator, jo.account_id, {"badge": "7"}, clock=place.clock)
        new = passwords.hash_password(PASSWORD + "!")
        service.set_password(tx, place.administrator, jo.account_id, new, clock=place.clock)
        assert second_factor.remove_all(tx, place.administrator, jo.account_id, clock=place.clock)
    what = [row.details["changed"] for row in told(place, NoticeKind.ACCOUNT_CHANGED)]
    assert sorted(what) == ["password", "roles", "second-factor"], "a badge number is no right"
    assert [row.recipients for row in told(place, NoticeKind.OWN_ACCOUNT_CHANGED)] == [[jo.account_id]] * 3


def test_what_people_do_to_their_own_account_is_no_news(place: Place) -> None:
    jo = place.add("jo")
    with place.database.write() as tx:
        service.set_password(tx, jo, jo.account_id, passwords.hash_password(PASSWORD + "!"), clock=place.clock)
    assert told(place, NoticeKind.ACCOUNT_CHANGED) == told(place, NoticeKind.OWN_ACCOUNT_CHANGED) == []
