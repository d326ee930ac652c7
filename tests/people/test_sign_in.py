"""Signing in: right, wrong, blocked; and that nothing tells whether a name exists."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.people.place import PASSWORD, Place

from candor.custody import Event, recent
from candor.people import passwords, policy, sign_in
from candor.people.errors import AccountUnknown, Refused, SignInBlocked, SignInFailed, SignInLocked
from candor.people.tables import account as account_table
from candor.people.tables import sign_in_guard


def attempt(place: Place, name: str, password: str, address: str = "192.0.2.7") -> str | None:
    """The account's id, or None after a failure that was counted. Raises SignInBlocked."""
    with place.database.read() as tx:
        candidate = sign_in.look_up(tx, name, address, clock=place.clock)
    checked = sign_in.check(candidate, password)
    with place.database.write() as tx:
        if checked.right:
            return sign_in.succeed(tx, candidate, checked, clock=place.clock)
        sign_in.fail(tx, candidate, clock=place.clock)
        return None


def newest(place: Place) -> tuple[Event, str, dict[str, object]]:
    with place.database.read() as tx:
        event = next(recent(tx, limit=1))
        return event.kind, event.actor, event.details


def test_right_password_in_any_case_of_the_name(place: Place) -> None:
    assert attempt(place, " CHIEF", PASSWORD) == place.administrator.account_id
    assert newest(place) == (
        Event.ACCOUNT_SIGNED_IN,
        place.administrator.account_id,
        {
            "account": place.administrator.account_id,
            "method": "password",
            "address": "192.0.2.7",
            "agent": "",
            "failures_before": 0,
        },
    )


def test_a_failure_names_the_account_and_never_the_password(place: Place) -> None:
    assert attempt(place, "chief", "my secret guess 1") is None
    kind, actor, details = newest(place)
    assert (kind, actor) == (Event.ACCOUNT_SIGN_IN_FAILED, "system:sign-in")
    assert details["account"] == place.administrator.account_id
    with place.database.read() as tx:
        assert all("my secret guess" not in event.payload for event in recent(tx))


def test_a_password_typed_as_the_name_is_kept_nowhere(place: Place) -> None:
    assert attempt(place, "Hunter2-the-real-one", "x") is None
    _, _, details = newest(place)
    assert set(details) == {"unknown_name", "at", "reason", "address", "agent", "turned_away_before"}
    with place.database.read() as tx:
        rows = [*tx.execute(sa.select(sign_in_guard)), *[event.payload for event in recent(tx)]]
    assert "hunter2" not in repr(rows).lower()


@pytest.mark.parametrize("name", ["chief", "nobody.at.all"])
def test_known_and_unknown_names_are_blocked_alike(place: Place, name: str) -> None:
    for _ in range(5):
        assert attempt(place, name, "wrong") is None
    with pytest.raises(SignInBlocked) as caught:
        attempt(place, name, PASSWORD)
    assert str(caught.value).startswith("There were too many failed attempts with this name or from this address.")
    assert caught.value.fields["seconds"] == 16


def test_waits_double_up_to_an_hour() -> None:
    waits = [sign_in.wait_after("pair", failures).total_seconds() for failures in range(1, 15)]
    assert waits == [0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert sign_in.wait_after("name", 10**9) == timedelta(minutes=5)


def test_after_the_wait_the_right_password_works_and_clears_the_count(place: Place) -> None:
    for _ in range(5):
        attempt(place, "chief", "wrong")
    place.clock.advance(14)
    with pytest.raises(SignInBlocked):
        attempt(place, "chief", PASSWORD)
    place.clock.advance(1)
    assert attempt(place, "chief", PASSWORD) == place.administrator.account_id
    assert newest(place)[2]["failures_before"] == 5
    for _ in range(4):
        attempt(place, "chief", "wrong")
    assert attempt(place, "chief", PASSWORD)


def test_the_owner_elsewhere_is_not_blocked_by_a_guesser(place: Place) -> None:
    for _ in range(6):
        place.clock.advance(600)
        attempt(place, "chief", "wrong", "198.51.100.1")
    assert attempt(place, "chief", PASSWORD, "192.0.2.7")


def test_one_name_from_many_addresses_is_slowed(place: Place) -> None:
    for number in range(15):
        attempt(place, "chief", "wrong", f"198.51.100.{number}")
    with pytest.raises(SignInBlocked):
        attempt(place, "chief", PASSWORD, "203.0.113.9")
    place.clock.advance(15)
    assert attempt(place, "chief", PASSWORD, "203.0.113.9")


def test_one_address_with_many_names_is_slowed(place: Place) -> None:
    for number in range(30):
        attempt(place, f"guess{number}", "wrong", "198.51.100.1")
    with pytest.raises(SignInBlocked):
        attempt(place, "chief", PASSWORD, "198.51.100.1")
    assert attempt(place, "chief", PASSWORD, "192.0.2.7")


def test_attempts_turned_away_are_told_by_the_next_failure(place: Place) -> None:
    for _ in range(5):
        attempt(place, "chief", "wrong")
    with place.database.write() as tx:
        for _ in range(3):
            sign_in.turned_away(tx, "chief", "192.0.2.7")
    place.clock.advance(15)
    attempt(place, "chief", "wrong")
    assert newest(place)[2]["turned_away_before"] == 3


def test_failures_are_forgotten_after_a_day(place: Place) -> None:
    for _ in range(4):
        attempt(place, "chief", "wrong")
    place.clock.advance(24 * 3600 + 1)
    attempt(place, "chief", "wrong")
    assert attempt(place, "chief", PASSWORD)


@pytest.mark.parametrize("state", ["inactive", "no password"])
def test_who_cannot_sign_in_gets_the_same_words(place: Place, state: str) -> None:
    someone = place.add("someone", password=None if state == "no password" else PASSWORD)
    if state == "inactive":
        with place.database.write() as tx:
            tx.execute(account_table.update().where(account_table.c.id == someone.account_id).values(active=False))
    assert attempt(place, "someone", PASSWORD) is None


def test_an_account_changed_meanwhile_is_refused(place: Place) -> None:
    someone = place.add("someone")
    with place.database.read() as tx:
        candidate = sign_in.look_up(tx, "someone", "192.0.2.7", clock=place.clock)
    checked = sign_in.check(candidate, PASSWORD)
    assert checked.right
    with place.database.write() as tx:
        tx.execute(
            account_table.update().where(account_table.c.id == someone.account_id).values(password_hash="another")
        )
    with place.database.write() as tx, pytest.raises(SignInFailed):
        sign_in.succeed(tx, candidate, checked, clock=place.clock)


def test_a_hash_with_old_parameters_is_replaced(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    cheap = place.add("someone")
    monkeypatch.delenv(passwords.CHEAP_FOR_TESTS)
    assert attempt(place, "someone", PASSWORD) == cheap.account_id
    with place.database.read() as tx:
        query = sa.select(account_table.c.password_hash).where(account_table.c.id == cheap.account_id)
        assert "m=65536,t=3,p=4" in tx.execute(query).scalar_one()
    assert attempt(place, "someone", PASSWORD) == cheap.account_id


def test_an_unknown_name_takes_as_long_as_a_known_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    # With the parameters in force, where hashing outweighs everything else by far.
    monkeypatch.delenv(passwords.CHEAP_FOR_TESTS)
    place.add("known")
    passwords.verify_password(None, "")

    def seconds(name: str) -> float:
        with place.database.read() as tx:
            candidate = sign_in.look_up(tx, name, "192.0.2.7", clock=place.clock)
        started = time.process_time()
        sign_in.check(candidate, "wrong")
        return time.process_time() - started

    known = statistics.median(seconds("known") for _ in range(5))
    unknown = statistics.median(seconds("unknown") for _ in range(5))
    assert known > 0.02
    assert 0.5 < unknown / known < 2.0


# -- locked until released


def strict(place: Place) -> None:
    with place.database.write() as tx:
        policy.change(tx, place.administrator, {"lock_until_released": True}, clock=place.clock)


@pytest.mark.parametrize("name", ["someone", "nobody.at.all"])
def test_five_failures_in_fifteen_minutes_lock_a_name_alike(place: Place, name: str) -> None:
    strict(place)
    place.add("someone")
    for number in range(5):
        assert attempt(place, name, "wrong", f"198.51.100.{number}") is None
    assert newest(place)[0] is Event.ACCOUNT_LOCKED
    assert newest(place)[2]["failures"] == 5
    place.clock.advance(30 * 24 * 3600)
    attempt(place, "another", "wrong", "203.0.113.1")  # clears away what is old
    with pytest.raises(SignInLocked) as caught:
        attempt(place, name, PASSWORD)
    assert "administrator" in str(caught.value)


def test_five_failures_over_a_longer_time_do_not(place: Place) -> None:
    strict(place)
    for number in range(12):
        attempt(place, "chief", "wrong", f"198.51.100.{number}")
        place.clock.advance(3 * 60 + 46)
    place.clock.advance(60 * 60)
    assert attempt(place, "chief", PASSWORD)


def test_a_sign_in_in_between_starts_the_count_anew(place: Place) -> None:
    strict(place)
    for _ in range(3):
        for number in range(4):
            attempt(place, "chief", "wrong", f"198.51.100.{number}")
        assert attempt(place, "chief", PASSWORD)


def test_releasing(place: Place) -> None:
    strict(place)
    someone = place.add("someone")
    for number in range(5):
        attempt(place, "someone", "wrong", f"198.51.100.{number}")
    with place.database.write() as tx:
        assert sign_in.is_locked(tx, "Someone")
        with pytest.raises(Refused):
            sign_in.release_lock(tx, someone, someone.account_id, clock=place.clock)
        with pytest.raises(AccountUnknown):
            sign_in.release_lock(tx, place.administrator, "none", clock=place.clock)
        assert sign_in.release_lock(tx, place.administrator, someone.account_id, clock=place.clock)
        assert not sign_in.release_lock(tx, place.administrator, someone.account_id, clock=place.clock)
    assert newest(place)[:2] == (Event.ACCOUNT_RELEASED, place.administrator.account_id)
    assert attempt(place, "someone", PASSWORD)


def test_a_right_password_alone_forgets_no_failures(place: Place) -> None:
    for _ in range(4):
        attempt(place, "chief", "wrong")
    with place.database.read() as tx:
        candidate = sign_in.look_up(tx, "chief", "192.0.2.7", clock=place.clock)
    checked = sign_in.check(candidate, PASSWORD)
    with place.database.write() as tx:
        sign_in.ask_second(tx, candidate, checked, clock=place.clock)
    assert newest(place)[0] is Event.ACCOUNT_SECOND_FACTOR_ASKED
    with place.database.write() as tx:
        sign_in.fail(tx, candidate, at="second", reason="code", clock=place.clock)
    assert (newest(place)[2]["at"], newest(place)[2]["reason"]) == ("second", "code")
    with pytest.raises(SignInBlocked):
        attempt(place, "chief", PASSWORD)


def test_guesses_that_were_all_let_in_before_one_failed_are_no_more_than_five(place: Place) -> None:
    """Sent together, each passes the first look; the last one is even right."""
    with place.database.read() as tx:
        together = [sign_in.look_up(tx, "chief", "192.0.2.7", clock=place.clock) for _ in range(7)]
    for number, candidate in enumerate(together):
        with place.database.write() as tx:
            if number < 5:
                sign_in.take_turn(tx, candidate, clock=place.clock)
                sign_in.fail(tx, candidate, clock=place.clock)
                continue
            with pytest.raises(SignInBlocked):
                sign_in.take_turn(tx, candidate, clock=place.clock)
    place.clock.advance(16)
    with place.database.write() as tx:
        sign_in.take_turn(tx, together[-1], clock=place.clock)
