"""What an account has and owes; recovery codes; adding and removing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.people.place import Place

from candor.custody import Event, recent
from candor.people import policy, recovery_codes, second_factor, sessions, totp
from candor.people.errors import (
    AccountUnknown,
    CodeWrong,
    RecoveryCodeWrong,
    Refused,
    SecondFactorMissing,
    SecondFactorRequired,
)
from candor.people.policy import Policy
from candor.people.rules import Role
from candor.people.sessions import ENROL, FULL, SECOND, Lifetime
from candor.people.tables import recovery_code as code_table
from candor.store import Vault, create_keyring
from candor.store.folder import FolderStore


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """A vault with one key-encryption key."""
    return Vault(FolderStore(tmp_path / "footage"), create_keyring(tmp_path / "keys"))


def add_app(place: Place, vault: Vault, account_id: str) -> list[str]:
    with place.database.write() as tx:
        totp.start(tx, vault, account_id, clock=place.clock)
        secret = totp.awaiting(tx, vault, account_id)
        assert secret is not None
        code = totp.code_at(secret, totp.step_at(place.clock.now()))
        totp.confirm(tx, vault, account_id, code, clock=place.clock)
        return second_factor.added(tx, account_id, "app", clock=place.clock)


def owed(place: Place, account_id: str, rules: Policy) -> str:
    with place.database.read() as tx:
        return second_factor.owed(tx, account_id, rules)


def kinds(place: Place, count: int) -> list[Event]:
    with place.database.read() as tx:
        return [event.kind for event in recent(tx, limit=count)]


def test_what_a_right_password_leads_to(place: Place, vault: Vault) -> None:
    officer = place.add("officer", Role.OFFICER, Role.SUPERVISOR).account_id
    strict = Policy(second_factor_roles=frozenset({Role.SUPERVISOR}))
    assert owed(place, officer, Policy()) == FULL
    assert owed(place, officer, strict) == ENROL
    assert owed(place, place.administrator.account_id, strict) == FULL
    add_app(place, vault, officer)
    assert owed(place, officer, Policy()) == SECOND
    with place.database.read() as tx:
        assert second_factor.who_has_one(tx) == {officer}


def test_the_first_factor_brings_ten_codes_and_each_works_once(place: Place, vault: Vault) -> None:
    whose = place.administrator.account_id
    codes = add_app(place, vault, whose)
    assert len(set(codes)) == 10
    assert all(len(code) == 19 and code.count("-") == 3 for code in codes)
    assert kinds(place, 2) == [Event.ACCOUNT_RECOVERY_CODES_MADE, Event.ACCOUNT_SECOND_FACTOR_ADDED]
    with place.database.write() as tx:
        typed = codes[0].upper().replace("-", " ")
        assert second_factor.take_code(tx, vault, whose, recovery_code=typed, clock=place.clock) == "recovery code"
        event = next(recent(tx, limit=1))
        assert (event.kind, event.details) == (Event.ACCOUNT_RECOVERY_CODE_USED, {"account": whose, "left": 9})
    with place.database.write() as tx, pytest.raises(RecoveryCodeWrong):
        second_factor.take_code(tx, vault, whose, recovery_code=codes[0], clock=place.clock)
    with place.database.write() as tx:
        assert second_factor.added(tx, whose, "passkey", clock=place.clock) == []  # the second brings no more
        assert second_factor.of(tx, whose).codes_left == 9


def test_codes_are_ones_own_and_kept_as_hashes(place: Place, vault: Vault) -> None:
    whose, other = place.administrator.account_id, place.add("other").account_id
    codes = add_app(place, vault, whose)
    with place.database.write() as tx, pytest.raises(RecoveryCodeWrong):
        recovery_codes.use(tx, other, codes[0], clock=place.clock)
    with place.database.read() as tx:
        rows = repr(tx.execute(sa.select(code_table)).all())
        events = [event.payload for event in recent(tx)]
    assert not any(code.replace("-", "") in rows or code in text for code in codes for text in (rows, *events))


def test_a_new_set_replaces_the_old_one(place: Place, vault: Vault) -> None:
    whose = place.administrator.account_id
    old = add_app(place, vault, whose)
    with place.database.write() as tx:
        new = recovery_codes.make(tx, whose, actor=whose, clock=place.clock)
    with place.database.write() as tx, pytest.raises(RecoveryCodeWrong):
        recovery_codes.use(tx, whose, old[3], clock=place.clock)
    with place.database.write() as tx:
        recovery_codes.use(tx, whose, new[3], clock=place.clock)


def test_zeros_and_ones_are_read_as_the_letters_they_look_like(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery_codes.os, "urandom", lambda size: bytes([0x5A, 0x6B] * size)[:size])
    monkeypatch.setattr(recovery_codes, "COUNT", 1)
    with place.database.write() as tx:
        (code,) = recovery_codes.make(tx, place.administrator.account_id, actor="x", clock=place.clock)
    confused = code.replace("o", "0").replace("l", "1").replace("b", "8")
    with place.database.write() as tx:
        recovery_codes.use(tx, place.administrator.account_id, confused, clock=place.clock)


def test_removing_ones_own(place: Place, vault: Vault) -> None:
    whose = place.administrator.account_id
    add_app(place, vault, whose)
    with place.database.write() as tx:
        second_factor.remove_app(tx, whose, clock=place.clock)
        assert second_factor.of(tx, whose) == second_factor.Factors(None, (), 0)
    assert kinds(place, 1) == [Event.ACCOUNT_SECOND_FACTOR_REMOVED]
    for act in (
        lambda tx: second_factor.remove_app(tx, whose, clock=place.clock),
        lambda tx: second_factor.remove_passkey(tx, whose, "none", clock=place.clock),
    ):
        with place.database.write() as tx, pytest.raises(SecondFactorMissing):
            act(tx)


def test_the_last_one_stays_while_a_role_needs_it(place: Place, vault: Vault) -> None:
    whose = place.administrator.account_id
    add_app(place, vault, whose)
    with place.database.write() as tx:
        policy.change(tx, place.administrator, {"second_factor_roles": ["administrator"]}, clock=place.clock)
    with pytest.raises(SecondFactorRequired), place.database.write() as tx:
        second_factor.remove_app(tx, whose, clock=place.clock)
    with place.database.read() as tx:
        assert second_factor.of(tx, whose).any
        assert second_factor.of(tx, whose).codes_left == 10


def test_an_administrator_takes_all_from_somebody_and_signs_them_out(place: Place, vault: Vault) -> None:
    someone = place.add("someone")
    codes = add_app(place, vault, someone.account_id)
    lives = Lifetime(policy.Policy().lock_after, policy.Policy().lock_after)
    with place.database.write() as tx:
        token = sessions.begin(tx, someone.account_id, lifetime=lives, clock=place.clock)
        with pytest.raises(Refused):
            second_factor.remove_all(tx, someone, someone.account_id, clock=place.clock)
        with pytest.raises(AccountUnknown):
            second_factor.remove_all(tx, place.administrator, "nobody", clock=place.clock)
    with place.database.write() as tx:
        assert second_factor.remove_all(tx, place.administrator, someone.account_id, clock=place.clock)
        assert sessions.find(tx, token, lifetime=lives, clock=place.clock) is None
    assert kinds(place, 2) == [Event.ACCOUNT_SIGNED_OUT, Event.ACCOUNT_SECOND_FACTOR_REMOVED]
    assert owed(place, someone.account_id, Policy()) == FULL
    with place.database.write() as tx, pytest.raises(RecoveryCodeWrong):
        recovery_codes.use(tx, someone.account_id, codes[0], clock=place.clock)
    with place.database.write() as tx:
        assert not second_factor.remove_all(tx, place.administrator, someone.account_id, clock=place.clock)


def test_a_code_without_an_app_is_wrong(place: Place, vault: Vault) -> None:
    with place.database.write() as tx, pytest.raises(CodeWrong):
        second_factor.take_code(tx, vault, place.administrator.account_id, code="123456", clock=place.clock)


def test_the_first_one_ends_what_was_opened_without_it(place: Place, vault: Vault) -> None:
    """Somebody with the password may have opened a session of the same account, to set up a factor of their own."""
    lives = Lifetime(timedelta(hours=1), timedelta(hours=12))
    owner = place.administrator.account_id
    with place.database.write() as tx:
        thief = sessions.begin(tx, owner, lifetime=lives, stage=ENROL, clock=place.clock)
        mine = sessions.begin(tx, owner, lifetime=lives, stage=ENROL, clock=place.clock)
        totp.start(tx, vault, owner, clock=place.clock)
        secret = totp.awaiting(tx, vault, owner)
        assert secret is not None
        totp.confirm(tx, vault, owner, totp.code_at(secret, totp.step_at(place.clock.now())), clock=place.clock)
        second_factor.added(tx, owner, "app", keep_session=sessions.hash_token(mine), clock=place.clock)
    with place.database.read() as tx:
        assert sessions.find(tx, thief, lifetime=lives, clock=place.clock) is None
        assert sessions.find(tx, mine, lifetime=lives, clock=place.clock) is not None
