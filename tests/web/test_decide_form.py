"""Places in a recording as they are typed into the form that decides, and as they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.disclosure.decisions.errors import DecisionWrong
from candor.disclosure.decisions.stretches import LATEST_MS
from candor.web.pages.decide_form import Row, Typed, place_words


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(0, "0:00.0"), (65_000, "1:05.0"), (65_250, "1:05.250"), (3_723_500, "1:02:03.5"), (59 * 60_000, "59:00.0")],
)
def test_places_are_typed_as_they_are_shown(milliseconds: int, words: str) -> None:
    assert place_words(milliseconds) == words


@given(st.integers(0, LATEST_MS))
def test_what_is_shown_is_read_as_the_same_place(milliseconds: int) -> None:
    typed = Typed(decision="release", rows=(Row(place_words(milliseconds), "900:00:00", "withhold"),))
    assert typed.choices()[1].begin_ms == milliseconds


@pytest.mark.parametrize("text", ["", "1:60", "1:60:00", "1:2:3:4", "-1", "1.5555", "²", "1e3", "9" * 40])
def test_what_is_no_place_is_said(text: str) -> None:
    with pytest.raises(DecisionWrong, match="like 1:0"):
        Typed(decision="release", rows=(Row(text, "2", "withhold", reason="so"),)).choices()
