"""Passkeys with a device in software that really signs: what is taken, what is refused, and that each question counts
once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from tests.people.device import Device
from tests.people.place import Place

from candor.custody import Event, recent
from candor.people import passkeys
from candor.people.errors import (
    ChallengeExpired,
    PasskeyCopied,
    PasskeyNameWrong,
    PasskeyTaken,
    PasskeyUnknown,
    PasskeyUnverified,
    PasskeyWrong,
)
from candor.people.passkeys import PROOF, REGISTER, SECOND, SIGN_IN, Party
from candor.people.service import account
from candor.people.tables import account as account_table
from candor.people.tables import passkey as passkey_table
from candor.people.tables import passkey_challenge

PARTY = Party("candor.example", "https://candor.example", "Troop Q")


def device(**more: Any) -> Device:
    return Device(PARTY.origin, **more)


def register(place: Place, made: Device, name: str = "Key ring", account_id: str | None = None) -> str:
    whose = account_id or place.administrator.account_id
    with place.database.write() as tx:
        asked = passkeys.options_to_register(tx, PARTY, account(tx, whose), bound_to="browser", clock=place.clock)
    with place.database.write() as tx:
        answer = passkeys.take(tx, made.register(asked), REGISTER, bound_to="browser", clock=place.clock)
    with place.database.write() as tx:
        return passkeys.register(tx, PARTY, answer, name=name, clock=place.clock)


def asked(place: Place, purpose: str = SIGN_IN, account_id: str | None = None) -> str:
    with place.database.write() as tx:
        return passkeys.options_to_sign(
            tx, PARTY, purpose, bound_to="browser", account_id=account_id, clock=place.clock
        )


def taken(place: Place, text: str, purpose: str = SIGN_IN, bound_to: str = "browser") -> passkeys.Answer:
    with place.database.write() as tx:
        return passkeys.take(tx, text, purpose, bound_to=bound_to, clock=place.clock)


def use(place: Place, text: str, *, purpose: str = SIGN_IN, alone: bool = True) -> passkeys.Used:
    answer = taken(place, text, purpose)
    with place.database.write() as tx:
        return passkeys.use(tx, PARTY, answer, alone=alone, clock=place.clock)


def test_registered_and_signed(place: Place) -> None:
    made = device()
    passkey_id = register(place, made, "  Key   ring ")
    place.clock.advance(60)
    used = use(place, made.sign(asked(place)))
    assert used == passkeys.Used(place.administrator.account_id, "chief", passkey_id, True)
    with place.database.read() as tx:
        (one,) = passkeys.of(tx, place.administrator.account_id)
        assert (one.name, one.used_at, one.refused_at) == ("Key ring", place.clock.now(), None)


def test_several_with_names_of_their_own_and_one_removed(place: Place) -> None:
    first, second = device(), device()
    gone = register(place, first, "Phone")
    register(place, second, "Office")
    with place.database.write() as tx:
        assert not passkeys.remove(tx, "somebody else", gone)
        assert passkeys.remove(tx, place.administrator.account_id, gone)
        assert [one.name for one in passkeys.of(tx, place.administrator.account_id)] == ["Office"]
    with pytest.raises(PasskeyUnknown):
        use(place, first.sign(asked(place)))
    assert use(place, second.sign(asked(place)))


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\u202eb", "a\x00b"])
def test_names_that_cannot_be(place: Place, name: str) -> None:
    with pytest.raises(PasskeyNameWrong):
        register(place, device(), name)


def test_the_same_device_twice(place: Place) -> None:
    made = device()
    register(place, made)
    with pytest.raises(PasskeyTaken):
        register(place, made)


def test_a_question_is_answered_once(place: Place) -> None:
    made = device()
    register(place, made)
    text = made.sign(asked(place))
    assert use(place, text)
    with pytest.raises(ChallengeExpired):
        use(place, text)


def test_a_wrong_answer_uses_the_question_up(place: Place) -> None:
    made = device()
    register(place, made)
    question = asked(place)
    with pytest.raises(PasskeyWrong):
        use(place, made.sign(question, spoil=True))
    with pytest.raises(ChallengeExpired):
        use(place, made.sign(question))


def test_a_question_lives_five_minutes(place: Place) -> None:
    made = device()
    register(place, made)
    question = asked(place)
    place.clock.advance(5 * 60)
    with pytest.raises(ChallengeExpired):
        taken(place, made.sign(question))
    asked(place)
    with place.database.read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(passkey_challenge)).scalar_one() == 1


@pytest.mark.parametrize(("purpose", "bound_to"), [(PROOF, "browser"), (SECOND, "browser"), (SIGN_IN, "another")])
def test_a_question_is_for_one_browser_and_one_purpose(place: Place, purpose: str, bound_to: str) -> None:
    made = device()
    register(place, made)
    text = made.sign(asked(place))
    with pytest.raises(ChallengeExpired):
        taken(place, text, purpose, bound_to)


def test_a_question_nobody_asked(place: Place) -> None:
    made = device()
    register(place, made)
    text = made.sign(asked(place), challenge="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    with pytest.raises(ChallengeExpired):
        taken(place, text)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"response": {"clientDataJSON": 7}}', "[" * 5000, "x" * 70_000]
)
def test_what_is_no_answer(place: Place, text: str) -> None:
    with pytest.raises(ChallengeExpired):
        taken(place, text)


@pytest.mark.parametrize("spoilt", [{"spoil": True}, {"rp_id": "evil.example"}])
def test_a_signature_that_is_not_right(place: Place, spoilt: dict[str, Any]) -> None:
    made = device()
    register(place, made)
    with pytest.raises(PasskeyWrong):
        use(place, made.sign(asked(place), **spoilt))


def test_a_signature_made_for_another_site(place: Place) -> None:
    made = device()
    register(place, made)
    made.origin = "https://candor.example.evil"
    with pytest.raises(PasskeyWrong):
        use(place, made.sign(asked(place)))


def test_a_key_of_somebody_else_under_the_same_name(place: Place) -> None:
    made, other = device(), device()
    register(place, made)
    other.credential_id = made.credential_id
    with pytest.raises(PasskeyWrong):
        use(place, other.sign(asked(place)))


def test_a_copy_is_noticed_and_ends_the_passkey(place: Place) -> None:
    made = device()
    passkey_id = register(place, made)
    copy = made.copy()
    use(place, made.sign(asked(place)))
    use(place, made.sign(asked(place)))
    answer = taken(place, copy.sign(asked(place)))
    with place.database.write() as tx, pytest.raises(PasskeyCopied) as caught:
        passkeys.use(tx, PARTY, answer, alone=True, clock=place.clock)
    with place.database.write() as tx:
        name = passkeys.refused(tx, answer, caught.value, address="192.0.2.1", agent="x", clock=place.clock)
        assert name == "chief"
        event = next(recent(tx, limit=1))
        assert event.kind is Event.ACCOUNT_PASSKEY_REFUSED
        assert event.details == {
            "account": place.administrator.account_id,
            "passkey": passkey_id,
            "reason": "counter",
            "address": "192.0.2.1",
            "agent": "x",
        }
    with pytest.raises(PasskeyCopied):  # the first one too: nobody can tell which is which
        use(place, made.sign(asked(place)))


def test_a_device_that_does_not_count_is_taken(place: Place) -> None:
    made = device(count=None)
    register(place, made)
    assert use(place, made.sign(asked(place)))
    assert use(place, made.sign(asked(place)))


def test_one_that_checks_nobody_is_a_second_factor_only(place: Place) -> None:
    made = device(verifies=False)
    register(place, made)
    with pytest.raises(PasskeyUnverified):
        use(place, made.sign(asked(place)))
    whose = place.administrator.account_id
    used = use(place, made.sign(asked(place, SECOND, whose)), purpose=SECOND, alone=False)
    assert not used.verified


def test_a_second_factor_of_somebody_else_does_not_count(place: Place) -> None:
    made, someone = device(), place.add("someone")
    register(place, made, account_id=someone.account_id)
    question = asked(place, SECOND, place.administrator.account_id)
    with pytest.raises(PasskeyUnknown):
        use(place, made.sign(question), purpose=SECOND, alone=False)


def test_one_of_an_inactive_account_is_unknown(place: Place) -> None:
    made, someone = device(), place.add("someone")
    register(place, made, account_id=someone.account_id)
    with place.database.write() as tx:
        tx.execute(account_table.update().where(account_table.c.id == someone.account_id).values(active=False))
    with pytest.raises(PasskeyUnknown):
        use(place, made.sign(asked(place)))


def test_two_processes_take_a_signature_once(place: Place, second_database: Callable[[], Any]) -> None:
    made = device()
    register(place, made)
    answer = taken(place, made.sign(asked(place)))
    with second_database().write() as tx:
        passkeys.use(tx, PARTY, answer, alone=True, clock=place.clock)
    with place.database.write() as tx, pytest.raises(PasskeyCopied):
        passkeys.use(tx, PARTY, answer, alone=True, clock=place.clock)


def test_the_database_holds_no_secret(place: Place) -> None:
    made = device()
    register(place, made)
    with place.database.read() as tx:
        row = tx.execute(sa.select(passkey_table)).one()
    private = made.key.private_numbers().private_value.to_bytes(32, "big")
    assert all(private not in value for value in row if isinstance(value, bytes))
