"""Tracking codes: by which somebody without an account finds what they asked for.

`CR-7K3M-9QXA-T0VD-42HN-E`: 80 random bits in Crockford's base 32 (no I, L, O, U), then one symbol that makes a mistyped
code known before anything is looked up. The symbol is a Reed-Solomon check over GF(32): every single wrong character
and every pair of characters in the wrong order is found.

Nothing keeps the code itself. What is kept is SHA-256 over a prefix of our own and the code's 17 symbols; with 80
random bits behind it, nobody finds the code from that by trying.
"""

from __future__ import annotations

import hashlib
import secrets

from candor.published.errors import TrackingCodeWrong

__all__ = ["code_of", "digest_of", "new_code", "normalized"]

#: Crockford's base 32.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIX = "CR"
#: Symbols that are random: 16 times 5 bits.
SYMBOLS = 16
#: Longer texts are no code, and are not looked at.
LONGEST = 80

_DOMAIN = b"candor tracking code v1\0"
#: What people write between the groups.
_BETWEEN = frozenset(" \t\r\n\u00a0\u202f-\u2010\u2011\u2012\u2013\u2014_./:")
#: What is easily taken for another symbol (Crockford).
_MEANT = str.maketrans({"O": "0", "I": "1", "L": "1"})


def new_code() -> str:
    """A new code, in groups of four: `CR-7K3M-9QXA-T0VD-42HN-E`."""
    return code_of(secrets.token_bytes(10))


def code_of(bits: bytes) -> str:
    """The code of 10 bytes that nobody can guess."""
    number = int.from_bytes(bits, "big")
    if len(bits) != 10:
        raise ValueError("a code is made of 10 bytes")
    symbols = [number >> 5 * at & 31 for at in range(SYMBOLS)]
    return _grouped("".join(ALPHABET[one] for one in [*symbols, _check(symbols)]))


def normalized(text: str) -> str:
    """The code as it is written here, however somebody typed it: in small letters, with O for 0 or I for 1, without
    the CR, with other dashes. Raises TrackingCodeWrong where it cannot be one."""
    if len(text) > LONGEST:
        raise TrackingCodeWrong()
    typed = "".join(one for one in text.upper() if one not in _BETWEEN).translate(_MEANT)
    if len(typed) == len(PREFIX) + SYMBOLS + 1 and typed.startswith(PREFIX):
        typed = typed[len(PREFIX) :]
    values = [ALPHABET.find(one) for one in typed]
    if len(values) != SYMBOLS + 1 or min(values) < 0 or _check(values[:SYMBOLS]) != values[SYMBOLS]:
        raise TrackingCodeWrong()
    return _grouped(typed)


def digest_of(code: str) -> bytes:
    """32 bytes by which the code is found. Takes a code as `normalized` does, and raises as it does."""
    symbols = normalized(code).removeprefix(f"{PREFIX}-").replace("-", "")
    return hashlib.sha256(_DOMAIN + symbols.encode("ascii")).digest()


def _grouped(symbols: str) -> str:
    return "-".join((PREFIX, *(symbols[at : at + 4] for at in range(0, len(symbols), 4))))


def _check(values: list[int]) -> int:
    """The symbol c for which the sum of values[i] * a^(i+1) + c is 0 in GF(32), a being a root of x^5 + x^2 + 1: as all
    those powers differ, no single change and no exchange of two symbols goes unseen."""
    total = 0
    for value in reversed(values):
        total = _times_a(total ^ value)
    return total


def _times_a(value: int) -> int:
    value <<= 1
    return value ^ 0b100101 if value & 0b100000 else value
