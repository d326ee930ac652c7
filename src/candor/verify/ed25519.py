"""Ed25519 verification (RFC 8032 section 5.1.7) in Python alone, where there is nothing but an interpreter.

Strict: public key and R must be canonical encodings, S below the group's order. Cofactorless, as in OpenSSL
and Go: R must equal [S]B - [k]A byte for byte. Only public values are handled, so timing does not matter. A few
milliseconds per signature; where the `cryptography` package is at hand its check can be used instead.
"""

from __future__ import annotations

import hashlib

__all__ = ["verify"]

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_SQRT_M1 = pow(2, (_P - 1) // 4, _P)

# Extended homogeneous coordinates X, Y, Z, T with x = X/Z, y = Y/Z, x*y = T/Z (RFC 8032 section 5.1.4).
_Point = tuple[int, int, int, int]
_NEUTRAL: _Point = (0, 1, 1, 0)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) of `message` was made by the owner of `public` (32 bytes)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    a = _decompress(public)
    s = int.from_bytes(signature[32:], "little")
    if a is None or s >= _L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    k = int.from_bytes(digest, "little") % _L
    return _compress(_combination(s, k, a)) == signature[:32]


def _combination(s: int, k: int, a: _Point) -> _Point:
    """[s]B - [k]A, both products in one run of doublings (Straus), 4 bits at a time."""
    minus_a = (_P - a[0], a[1], a[2], _P - a[3])
    multiples = _multiples(minus_a)
    result = _NEUTRAL
    for shift in range(252, -1, -4):
        if result is not _NEUTRAL:
            result = _double(_double(_double(_double(result))))
        if digit := s >> shift & 15:
            result = _add(result, _BASE_MULTIPLES[digit])
        if digit := k >> shift & 15:
            result = _add(result, multiples[digit])
    return result


def _multiples(point: _Point) -> list[_Point]:
    """0 to 15 times the point."""
    found = [_NEUTRAL]
    for _ in range(15):
        found.append(_add(found[-1], point))
    return found


def _add(a: _Point, b: _Point) -> _Point:
    p = (a[1] - a[0]) * (b[1] - b[0]) % _P
    q = (a[1] + a[0]) * (b[1] + b[0]) % _P
    r = 2 * a[3] * b[3] % _P * _D % _P
    t = 2 * a[2] * b[2] % _P
    e, f, g, h = q - p, t - r, t + r, q + p
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _double(a: _Point) -> _Point:
    p = a[0] * a[0] % _P
    q = a[1] * a[1] % _P
    r = 2 * a[2] * a[2] % _P
    h = p + q
    e = h - (a[0] + a[1]) ** 2 % _P
    g = p - q
    f = r + g
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _compress(point: _Point) -> bytes:
    inverse = pow(point[2], _P - 2, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decompress(encoded: bytes) -> _Point | None:
    """The point that 32 bytes encode, or None if they are no canonical encoding of one."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= _P:
        return None
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P != u:
        x = x * _SQRT_M1 % _P
        if v * x * x % _P != u:
            return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _base() -> _Point:
    y = 4 * pow(5, _P - 2, _P) % _P
    point = _decompress(y.to_bytes(32, "little"))
    if point is None:  # arithmetic that cannot fail, said for the type checker
        raise ArithmeticError("the base point of Ed25519 does not decode")
    return point


_BASE_MULTIPLES = _multiples(_base())
