from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.core.canonical import canonical_json as core_canonical_json
from candor.verify.encoding import (
    MAX_COUNT,
    base64_bytes,
    base64_hash,
    canonical_json,
    canonical_json_object,
    decimal,
    hex_bytes,
)

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner)
    ),
    max_leaves=12,
)


@given(st.integers(0, MAX_COUNT))
def test_decimals_have_one_spelling(value: int) -> None:
    assert decimal(str(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "007",
        "00",
        "+7",
        "-7",
        " 7",
        "7 ",
        "7\n",
        "٧",
        "７",
        "1_0",
        "0x7",
        "1e3",
        "7.0",
        str(MAX_COUNT + 1),
        "9" * 999,
    ],
)
def test_other_spellings_of_decimals_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a decimal"):
        decimal(text)


@given(st.binary(max_size=50))
def test_base64_has_one_spelling(data: bytes) -> None:
    text = base64.b64encode(data).decode()
    assert base64_bytes(text) == data
    if text.endswith("="):
        with pytest.raises(ValueError, match="padding"):
            base64_bytes(text.rstrip("="))


@pytest.mark.parametrize("text", ["QQ", "QQ=", "QR==", "QQ==\n", " QQ==", "QQ= =", "-_-_", "QQ==QQ==", "ＱＱ==", "Q"])
def test_other_spellings_of_base64_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        base64_bytes(text)


@given(st.text(max_size=60))
def test_base64_of_anything_ends_in_bytes_or_value_error(text: str) -> None:
    try:
        data = base64_bytes(text)
    except ValueError:
        return
    assert base64.b64encode(data).decode() == text


def test_a_hash_has_32_bytes() -> None:
    assert base64_hash(base64.b64encode(bytes(32)).decode()) == bytes(32)
    with pytest.raises(ValueError, match="32 bytes"):
        base64_hash(base64.b64encode(bytes(31)).decode())


@pytest.mark.parametrize("text", ["AB", "ab ", "a", "abc", "0x", "ａb", None, 12])
def test_hex_is_lower_case_and_of_its_size(text: object) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        hex_bytes(text, 1)
    assert hex_bytes("ab", 1) == b"\xab"


@given(values)
def test_canonical_json_is_that_of_the_core(value: object) -> None:
    assert canonical_json(value) == core_canonical_json(value)
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), values, max_size=4))
def test_canonical_json_is_read_back(value: dict[str, object]) -> None:
    assert canonical_json_object(canonical_json(value)) == value


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1}',
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-0}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":1}\n',
        b'\xef\xbb\xbf{"a":1}',
        b"[1]",
        b"null",
        b"",
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' + b"9" * 100_000 + b"}",
    ],
    ids=lambda data: repr(data[:20]),
)
def test_json_in_another_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical_json_object(data)


@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: json.dumps({"a": text}).encode()))
def test_json_of_anything_ends_in_an_object_or_value_error(data: bytes) -> None:
    try:
        found = canonical_json_object(data)
    except ValueError:
        return
    assert canonical_json(found) == data


def test_what_has_no_canonical_form_is_refused() -> None:
    for value in (1.5, {1: "x"}, [b"x"], {"a": {1, 2}}):
        with pytest.raises(TypeError):
            canonical_json(value)
