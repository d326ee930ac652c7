"""Tracking codes: readable however they are typed, and never found for a mistyped one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.published.errors import TrackingCodeWrong
from candor.published.tracking import ALPHABET, LONGEST, code_of, digest_of, new_code, normalized

BITS = st.binary(min_size=10, max_size=10)


def symbols(code: str) -> str:
    return code.removeprefix("CR-").replace("-", "")


@given(BITS)
def test_a_code_is_read_however_it_is_typed(bits: bytes) -> None:
    code = code_of(bits)
    assert len(code) == len("CR-7K3M-9QXA-T0VD-42HN-E")
    typed = (code.lower(), symbols(code), f"  {code} \n", code.replace("-", " "), code.replace("-", "–"))
    for one in (code, *typed, code.replace("0", "O").replace("1", "l")):
        assert normalized(one) == code
        assert digest_of(one) == digest_of(code)


@given(BITS, st.integers(0, 16), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found(bits: bytes, at: int, other: str) -> None:
    right = symbols(code_of(bits))
    wrong = right[:at] + other + right[at + 1 :]
    if wrong != right:
        with pytest.raises(TrackingCodeWrong):
            normalized(wrong)


@given(BITS, st.integers(0, 16), st.integers(0, 16))
def test_two_characters_in_the_wrong_order_are_found(bits: bytes, one: int, other: int) -> None:
    right = list(symbols(code_of(bits)))
    right[one], right[other] = right[other], right[one]
    wrong = "".join(right)
    if wrong != symbols(code_of(bits)):
        with pytest.raises(TrackingCodeWrong):
            digest_of(wrong)


@given(st.text(max_size=LONGEST * 2))
def test_anything_else_is_refused_in_one_way(text: str) -> None:
    try:
        found = normalized(text)
    except TrackingCodeWrong as error:
        said = str(error)
        assert said == str(TrackingCodeWrong())
    else:
        assert found.startswith("CR-")


def test_codes_differ_and_so_do_their_digests() -> None:
    codes = {new_code() for _ in range(500)}
    assert len(codes) == len({digest_of(code) for code in codes}) == 500


def test_no_two_values_share_a_code() -> None:
    assert code_of(bytes(10)) != code_of(b"\0" * 9 + b"\1")
    with pytest.raises(ValueError, match="10 bytes"):
        code_of(b"short")
