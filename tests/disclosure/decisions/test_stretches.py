"""Stretches: they never overlap, and together with the whole they cover the recording without a gap."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.disclosure.decisions.office import release

from candor.disclosure.decisions.errors import DecisionWrong
from candor.disclosure.decisions.rules import Decision
from candor.disclosure.decisions.stretches import Choice, clock_words, counted, must_fit

LENGTH = 60_000


@st.composite
def apart(draw: st.DrawFn) -> list[Choice]:
    """A decision on the whole, and stretches that do not overlap, in any order."""
    ends = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=12)))
    decision = st.sampled_from(Decision)
    stretches = [Choice(a, b, draw(decision)) for a, b in list(pairwise(ends))[:: draw(st.integers(1, 2))]]
    return draw(st.permutations([*stretches, Choice(None, None, draw(decision))]))


@given(apart(), st.integers(0, LENGTH), st.integers(1, LENGTH))
def test_every_moment_counts_once(choices: list[Choice], begin: int, length: int) -> None:
    must_fit(choices, length_ms=None)
    found = counted(choices, begin, begin + length)
    assert found[0].begin == begin
    assert found[-1].end == begin + length
    assert all(one.begin < one.end for one in found)
    assert all(one.end == other.begin for one, other in pairwise(found))
    for one in found:
        for at in (one.begin, one.end - 1):
            own = [by for by in choices if by.begin_ms is not None and by.begin_ms <= at < (by.end_ms or 0)]
            assert one.by is (own[0] if own else next(by for by in choices if by.begin_ms is None))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), min_size=2, max_size=6))
def test_what_overlaps_is_refused_and_nothing_else(spans: list[tuple[int, int]]) -> None:
    choices = [release(), *(release(at, at + length) for at, length in spans)]
    taken = [moment for at, length in spans for moment in range(at, at + length)]
    if len(taken) == len(set(taken)):
        must_fit(choices, length_ms=LENGTH)
    else:
        with pytest.raises(DecisionWrong, match="overlap"):
            must_fit(choices, length_ms=LENGTH)


def test_a_place_on_the_clock_in_words() -> None:
    assert [clock_words(one) for one in (0, 62_500, 3_600_001)] == ["0:00:00.000", "0:01:02.500", "1:00:00.001"]
