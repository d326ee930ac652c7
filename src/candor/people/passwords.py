"""Passwords: argon2id, its parameters in this one place, and what a password must be like."""

from __future__ import annotations

import functools
import os
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from argon2.low_level import Type

from candor.people.errors import PasswordHoldsName, PasswordRepeats, PasswordTooLong, PasswordTooShort
from candor.people.password_list import PasswordList

#: RFC 9106 §4, second recommended choice (64 MiB, three passes, four lanes): about 0.2 s on a small machine.
TIME_COST, MEMORY_KIB, LANES = 3, 65_536, 4

#: NIST SP 800-63B: length counts, not composition.
SHORTEST, LONGEST = 12, 512

#: Each hash takes 64 MiB; however many people sign in at once, no more than these are worked at together.
_AT_ONCE = threading.BoundedSemaphore(4)

#: Set to 1 by the test suite alone, so that hundreds of sign-ins take seconds; hashes made this way are
#: replaced by full ones at the next sign-in without it.
CHEAP_FOR_TESTS = "CANDOR_TEST_CHEAP_PASSWORDS"


@functools.cache
def _hasher(cheap: bool) -> PasswordHasher:
    if cheap:
        return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
    return PasswordHasher(
        time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=32, salt_len=16, type=Type.ID
    )


def hasher() -> PasswordHasher:
    """The hasher in force."""
    return _hasher(os.environ.get(CHEAP_FOR_TESTS) == "1")


def hash_password(password: str) -> str:
    """The encoded argon2id hash. Takes about 0.2 s: call it before a writing transaction, not inside one."""
    with _AT_ONCE:
        return hasher().hash(_normal(password))


def verify_password(encoded: str | None, password: str) -> bool:
    """Whether the password belongs to the hash; without a hash the same work is done and the answer is no."""
    against = encoded or _nobodys_hash(os.environ.get(CHEAP_FOR_TESTS) == "1")
    try:
        with _AT_ONCE:
            hasher().verify(against, _normal(password))
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False
    return encoded is not None


def needs_rehash(encoded: str) -> bool:
    """Whether the hash was made with other parameters than those in force."""
    return hasher().check_needs_rehash(encoded)


def check_new_password(password: str, sign_in_name: str, listed: PasswordList) -> None:
    """Raise PasswordWeak, with what to do, unless the password is fit for use.

    `listed`: the operator's list (`password_list.list_at`). One that cannot be read raises PasswordListUnusable: a
    password that could not be checked is not taken.
    """
    text = unicodedata.normalize("NFKC", password)
    if len(text) < SHORTEST:
        raise PasswordTooShort(shortest=SHORTEST)
    if len(text) > LONGEST:
        raise PasswordTooLong(longest=LONGEST)
    if len(set(text.casefold())) < 5:
        raise PasswordRepeats()
    if sign_in_name and sign_in_name.casefold() in text.casefold():
        raise PasswordHoldsName()
    listed.refuse(password)


@functools.cache
def _nobodys_hash(cheap: bool) -> str:
    # A hash that no password belongs to is checked for unknown names, so that they take as long as known ones.
    return _hasher(cheap).hash(os.urandom(32).hex())


def _normal(password: str) -> bytes:
    # The same password typed on another keyboard may arrive composed differently. Cut far above LONGEST, so that
    # nobody makes us hash megabytes.
    return unicodedata.normalize("NFKC", password[: LONGEST * 4]).encode("utf-8", "surrogatepass")
