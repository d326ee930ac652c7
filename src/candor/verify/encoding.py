"""The few encodings that the formats share, each accepting exactly one spelling of a value.

Python's own readers are more lenient than the formats: int() takes "007", "+7" and digits of every script,
b64decode() takes stray trailing bits. A second spelling of the same value would let one log show two texts
for one tree.
Every function here raises ValueError with a short reason; the parsers turn it into `errors.Malformed`.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from candor.verify.errors import Malformed

MAX_COUNT = 2**63 - 1
MAX_EXACT = 2**53 - 1
"""The largest whole number that every reader of JSON holds exactly (RFC 8259 section 6)."""
HASH_SIZE = 32

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn every ValueError raised while reading a `what` into Malformed."""
    try:
        yield
    except ValueError as error:  # includes UnicodeError and binascii.Error
        raise Malformed(what=what, reason=error) from error


def utf8(data: bytes | str, limit: int) -> str:
    """`data` as text of at most `limit` bytes of UTF-8."""
    if isinstance(data, str):
        if len(data.encode("utf-8")) > limit:
            raise ValueError(f"longer than {limit} bytes")
        return data
    if len(data) > limit:
        raise ValueError(f"longer than {limit} bytes")
    return data.decode("utf-8")


def decimal(text: str) -> int:
    """A count in its one decimal spelling: ASCII digits, no sign, no leading zero, at most 2**63 - 1."""
    if _DECIMAL.fullmatch(text) is None or int(text) > MAX_COUNT:
        raise ValueError(f"not a decimal number: {text[:40]!r}")
    return int(text)


def base64_bytes(text: str) -> bytes:
    """RFC 4648 section 4 base64 with padding, in its one spelling (unused bits are zero)."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode("ascii") != text:
        raise ValueError(f"not canonical base64: {text[:40]!r}")
    return data


def base64_text(data: bytes) -> str:
    """`data` in base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def base64_hash(text: str) -> bytes:
    """A SHA-256 hash (32 bytes) in base64."""
    data = base64_bytes(text)
    if len(data) != HASH_SIZE:
        raise ValueError(f"a hash has {HASH_SIZE} bytes, not {len(data)}")
    return data


def hex_bytes(text: object, size: int) -> bytes:
    """`size` bytes in lower-case hexadecimal."""
    if not isinstance(text, str) or len(text) != 2 * size or _HEX.fullmatch(text) is None:
        raise ValueError(f"not {size} bytes in lower-case hexadecimal: {str(text)[:40]!r}")
    return bytes.fromhex(text)


def canonical_json(value: object) -> bytes:
    """`value` (dict, list, str, int, bool, None) as JSON in its one spelling: sorted keys, no spaces, UTF-8.

    Raises TypeError for a float or another type and for a key that is not text, ValueError for an unpaired
    surrogate.
    """
    _refuse_inexact(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def canonical_json_object(data: bytes) -> dict[str, Any]:
    """The JSON object that `data` spells canonically; any other spelling of it is refused."""
    text = data.decode("utf-8")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_float=_no_float,
            parse_int=_exact,
            parse_constant=_no_float,
        )
        if not isinstance(value, dict):
            raise ValueError("not a JSON object")
        if canonical_json(value) != data:
            raise ValueError("not canonical JSON")
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_float(text: str) -> float:
    raise ValueError(f"a number that is not whole: {text[:40]}")


def _exact(text: str) -> int:
    if len(text) > 20 or abs(int(text)) > MAX_EXACT:
        raise ValueError(f"a number that not every reader holds exactly: {text[:40]}")
    return int(text)


def must_be_exact(value: object) -> None:
    """Raise ValueError for a whole number in a value of JSON that not every reader holds exactly."""
    if isinstance(value, dict):
        for item in value.values():
            must_be_exact(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            must_be_exact(item)
    elif isinstance(value, int) and abs(value) > MAX_EXACT:
        raise ValueError(f"a number that not every reader holds exactly: {str(value)[:40]}")


def alike(one: object, other: object) -> bool:
    """Whether two values of JSON are the same, where Python itself takes true for 1 and 0 for false."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _refuse_inexact(value: object) -> None:
    if value is None or isinstance(value, (str, bool, int)):
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a key must be text, not {key!r}")
            _refuse_inexact(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_inexact(item)
    else:
        raise TypeError(f"{type(value).__name__} has no canonical form: {value!r}")
