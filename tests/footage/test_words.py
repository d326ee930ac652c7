"""How text is cut into words, and the order by start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.footage.words import SLOT_BITS, Fact, cut, fact, key_of, lowest_key, named, same_text, sort_text

MOMENTS = st.datetimes(datetime(1904, 1, 1), datetime(2247, 1, 1), timezones=st.just(UTC))
IDENTIFIERS = st.uuids(version=4).map(str)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Traffic stop, Route 15", ["traffic", "stop", "route", "15"]),
        ("AXON_Body_2_Video_2024-11-29_2256_001.mp4",
         ["axon", "body", "2", "video", "2024", "11", "29", "2256", "001", "mp4"]),
        ("José GARCÍA", ["jose", "garcia"]),
        ("Straße ﬁre", ["strasse", "fire"]),
        ("İstanbul", ["istanbul"]),
        ("стоп 停车 قف", ["стоп", "停车", "قف"]),
        ("हिन्दी", ["हिन्दी"]),
        ("again Again AGAIN", ["again"]),
        ("", []),
        ("\"'*()-:^§ ", []),
        ("x" * 200, ["x" * 64]),
    ],
)  # fmt: skip
def test_cut(text: str, words: list[str]) -> None:
    assert cut(text) == words


@given(st.text(max_size=60))
def test_a_word_can_never_be_syntax(text: str) -> None:
    for word in cut(text):
        assert word
        assert not set(word) & set(" \"'*()\\:^&|!<>§\0")
        assert cut(word) == [word], "cutting is stable"


@given(st.text(max_size=40))
def test_case_does_not_matter(text: str) -> None:
    assert cut(text.casefold()) == cut(text)


@given(st.text(max_size=20), st.sampled_from(Fact))
def test_typed_text_never_names_a_fact(text: str, kind: Fact) -> None:
    words = {fact(kind, "019a0000-0000-7000-8000-000000000000"), named(kind, text)}
    assert not words & set(cut(text))


def test_same_text() -> None:
    assert same_text("  Traffic  STOP ") == same_text("traffic stop")
    assert named(Fact.INCIDENT, "26-h 001") == named(Fact.INCIDENT, " 26-H  001")
    assert sort_text("  Émile zola") == "emile zola"


@given(MOMENTS, MOMENTS, IDENTIFIERS, IDENTIFIERS)
def test_places_are_in_the_order_by_start(one: datetime, other: datetime, first: str, second: str) -> None:
    if abs(one - other) >= timedelta(milliseconds=1):
        assert (one < other) == (key_of(one, first) < key_of(other, second))
    assert lowest_key(one) <= key_of(one, first) < lowest_key(one) + (1 << SLOT_BITS)
    assert -(1 << 63) <= key_of(one, first) < 1 << 63
