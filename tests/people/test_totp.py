"""Codes of an authenticator app: the RFC's own values, tolerance, replay, two processes, rotation of the key."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.people.place import Place

from candor.core.database import Database
from candor.people import totp
from candor.people.errors import CodeReplayed, CodeWrong, SecondFactorMissing
from candor.people.tables import totp as totp_table
from candor.store import KeyDestroyed, KeyRing, Vault, add_epoch, create_keyring
from candor.store.errors import KeyInUse
from candor.store.folder import FolderStore
from candor.store.tables import vault_secret

SECRET = b"12345678901234567890"  # of RFC 6238, appendix B
#: Seconds since 1970 and the last six digits of the RFC's eight.
OF_THE_RFC = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """A vault with one key-encryption key."""
    return Vault(FolderStore(tmp_path / "footage"), create_keyring(tmp_path / "keys"))


def enrolled(place: Place, vault: Vault) -> bytes:
    """The secret of the administrator's app, which was confirmed a minute ago."""
    account_id = place.administrator.account_id
    with place.database.write() as tx:
        totp.start(tx, vault, account_id, clock=place.clock)
        secret = totp.awaiting(tx, vault, account_id)
        assert secret is not None
        totp.confirm(tx, vault, account_id, now_code(place, secret), clock=place.clock)
    place.clock.advance(60)
    return secret


def now_code(place: Place, secret: bytes, steps: int = 0) -> str:
    return totp.code_at(secret, totp.step_at(place.clock.now()) + steps)


def accept(place: Place, vault: Vault, code: str) -> None:
    with place.database.write() as tx:
        totp.accept(tx, vault, place.administrator.account_id, code, clock=place.clock)


@pytest.mark.parametrize(("seconds", "code"), OF_THE_RFC)
def test_the_values_of_the_rfc(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert totp.code_at(SECRET, totp.step_at(moment)) == code
    assert totp.matching_step(SECRET, f"{code[:3]} {code[3:]} ", moment) == seconds // 30


@given(st.integers(0, 2**33), st.integers(-5, 5))
def test_a_step_off_is_taken_and_two_are_not(seconds: int, off: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC) + timedelta(hours=1)
    step = totp.step_at(moment) + off
    near = {totp.code_at(SECRET, totp.step_at(moment) + delta) for delta in (-1, 0, 1)}
    code = totp.code_at(SECRET, step)
    assert (totp.matching_step(SECRET, code, moment) is not None) == (code in near)
    if abs(off) <= 1:
        assert code in near


def test_what_the_app_is_told() -> None:
    told = totp.uri(SECRET, account="jo.nakamura", site="Troop Q")
    assert told.startswith("otpauth://totp/Troop%20Q:jo.nakamura?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    assert totp.typed(SECRET).startswith("GEZD GNBV GY3T")


def test_it_counts_only_after_a_first_code(place: Place, vault: Vault) -> None:
    account_id = place.administrator.account_id
    with place.database.write() as tx:
        totp.start(tx, vault, account_id, clock=place.clock)
        secret = totp.awaiting(tx, vault, account_id)
    assert secret is not None
    assert len(secret) == 20
    with pytest.raises(CodeWrong):
        accept(place, vault, now_code(place, secret))
    with place.database.write() as tx, pytest.raises(CodeWrong):
        totp.confirm(tx, vault, account_id, "000000", clock=place.clock)
    with place.database.write() as tx:
        assert totp.since(tx, account_id) is None
        totp.confirm(tx, vault, account_id, now_code(place, secret), clock=place.clock)
        assert totp.since(tx, account_id) == place.clock.now()
        assert totp.awaiting(tx, vault, account_id) is None


def test_each_code_works_once(place: Place, vault: Vault) -> None:
    secret = enrolled(place, vault)
    code = now_code(place, secret)
    accept(place, vault, code)
    with pytest.raises(CodeReplayed):
        accept(place, vault, code)
    with pytest.raises(CodeReplayed):  # the one before it is older still
        accept(place, vault, now_code(place, secret, -1))
    accept(place, vault, now_code(place, secret, +1))
    place.clock.advance(60)
    accept(place, vault, now_code(place, secret))


def test_the_code_that_confirmed_it_does_not_sign_in(place: Place, vault: Vault) -> None:
    account_id = place.administrator.account_id
    with place.database.write() as tx:
        totp.start(tx, vault, account_id, clock=place.clock)
        secret = totp.awaiting(tx, vault, account_id)
        assert secret is not None
        totp.confirm(tx, vault, account_id, now_code(place, secret), clock=place.clock)
    with pytest.raises(CodeReplayed):
        accept(place, vault, now_code(place, secret))


def test_two_processes_take_a_code_once(place: Place, vault: Vault, second_database: Callable[[], Database]) -> None:
    secret = enrolled(place, vault)
    code, gate, outcomes = now_code(place, secret), threading.Barrier(4), []

    def run(database: Database) -> None:
        gate.wait(timeout=20)
        try:
            with database.write() as tx:
                totp.accept(tx, vault, place.administrator.account_id, code, clock=place.clock)
            outcomes.append("taken")
        except CodeReplayed:
            outcomes.append("replayed")

    threads = [threading.Thread(target=run, args=(second_database(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == ["replayed", "replayed", "replayed", "taken"]


def test_the_database_does_not_hold_the_secret(place: Place, vault: Vault) -> None:
    secret = enrolled(place, vault)
    with place.database.read() as tx:
        rows = [*tx.execute(sa.select(totp_table)), *tx.execute(sa.select(vault_secret))]
        for row in rows:
            for value in row:
                assert not (isinstance(value, bytes) and secret in value)
    wrong = Vault(vault.store, KeyRing({1: b"x" * 32}))
    with place.database.read() as tx, pytest.raises(Exception, match="does not open"):
        totp.accept(tx, wrong, place.administrator.account_id, "123456", clock=place.clock)


def test_it_outlives_the_rotation_of_the_key(place: Place, vault: Vault, tmp_path: Path) -> None:
    secret = enrolled(place, vault)
    add_epoch(tmp_path / "keys")
    vault.keys.reload()
    with place.database.write() as tx, pytest.raises(KeyInUse):
        vault.retire_epoch(tx, 1)
    with place.database.write() as tx:
        assert vault.rewrap(tx) == 1
        vault.retire_epoch(tx, 1)
    only_new = Vault(vault.store, KeyRing({2: vault.keys._keys[2]}))
    accept(place, only_new, now_code(place, secret))


def test_removing_it_destroys_the_secret(place: Place, vault: Vault) -> None:
    enrolled(place, vault)
    account_id = place.administrator.account_id
    with place.database.write() as tx:
        secret_id = tx.execute(sa.select(totp_table.c.secret_id)).scalar_one()
        assert totp.remove(tx, account_id)
        assert not totp.remove(tx, account_id)
        assert tx.execute(sa.select(vault_secret.c.wrapped_secret)).scalar_one() == bytes(60)
        with pytest.raises(KeyDestroyed):
            vault.open_secret(tx, secret_id)
        with pytest.raises(CodeWrong):
            totp.accept(tx, vault, account_id, "123456", clock=place.clock)
        with pytest.raises(SecondFactorMissing):
            totp.confirm(tx, vault, account_id, "123456", clock=place.clock)


def test_starting_again_replaces_what_was_never_confirmed(place: Place, vault: Vault) -> None:
    account_id = place.administrator.account_id
    with place.database.write() as tx:
        totp.start(tx, vault, account_id, clock=place.clock)
        first = totp.awaiting(tx, vault, account_id)
        totp.start(tx, vault, account_id, clock=place.clock)
        assert totp.awaiting(tx, vault, account_id) != first
    secret = enrolled(place, vault)
    with place.database.write() as tx:
        totp.start(tx, vault, account_id, clock=place.clock)  # one that counts stays
    accept(place, vault, now_code(place, secret))
