"""Hashes of passwords and what a new password must be like."""

from __future__ import annotations

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from candor.people import passwords
from candor.people.errors import (
    PasswordHoldsName,
    PasswordRepeats,
    PasswordTooLong,
    PasswordTooShort,
)
from candor.people.password_list import PasswordList

NO_LIST = PasswordList(None)


def test_the_parameters_in_force_without_the_test_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(passwords.CHEAP_FOR_TESTS)
    encoded = passwords.hash_password("four unrelated quiet words")
    found = extract_parameters(encoded)
    assert (found.type, found.memory_cost, found.time_cost, found.parallelism) == (Type.ID, 65_536, 3, 4)
    assert passwords.verify_password(encoded, "four unrelated quiet words")
    assert not passwords.needs_rehash(encoded)


def test_a_cheap_hash_is_replaced_where_the_setting_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap = passwords.hash_password("four unrelated quiet words")
    assert not passwords.needs_rehash(cheap)
    monkeypatch.delenv(passwords.CHEAP_FOR_TESTS)
    assert passwords.needs_rehash(cheap)


def test_right_wrong_none_and_broken() -> None:
    encoded = passwords.hash_password("cafe\u0301 au lait noir")
    assert passwords.verify_password(encoded, "caf\u00e9 au lait noir"), "composed otherwise, still the same"
    assert not passwords.verify_password(encoded, "Caf\u00e9 au lait noir")
    assert not passwords.verify_password(None, "")
    assert not passwords.verify_password("not a hash", "x")
    assert not passwords.verify_password(encoded, "\ud800"), "a lone surrogate is no crash"


@pytest.mark.parametrize(
    ("password", "error"),
    [
        ("elevenchars", PasswordTooShort),
        ("x" * 513, PasswordTooLong),
        ("abababababababab", PasswordRepeats),
        ("it is TROOPER7 again", PasswordHoldsName),
    ],
)
def test_unfit_passwords(password: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        passwords.check_new_password(password, "trooper7", NO_LIST)


def test_a_fit_password() -> None:
    passwords.check_new_password("four unrelated quiet words", "trooper7", NO_LIST)
    passwords.check_new_password("twelvechars!", "", NO_LIST)
