"""Findings: which is worse, and several as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.health.findings import Finding, Level, bad, minutes, ok, size_words, together, warn, worst

LEVELS = st.sampled_from(Level)
FINDINGS = st.lists(
    st.builds(lambda level, n: Finding("x", level, f"words {n}", f"mend {n}"), LEVELS, st.integers(0, 3))
)


@given(FINDINGS)
def test_the_worst_is_said_and_nothing_wrong_is_left_out(found: list[Finding]) -> None:
    one = together("x", "all is well", found)
    assert one.level is worst(found)
    for part in found:
        if part.level is not Level.OK:
            assert part.words in one.words
            assert part.mend in one.mend
    if one.level is Level.OK:
        assert one == ok("x", "all is well")


def test_the_worst_stands_first_and_a_remedy_once() -> None:
    one = together("x", "", [warn("x", "Slow.", "Look."), None, bad("x", "Gone.", "Mend."), bad("x", "Also.", "Look.")])
    assert one == bad("x", "Gone. Also. Slow.", "Mend. Look.")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 seconds"),
        (1, "1 second"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7199, "119 minutes"),
        (7200, "2 hours"),
        (86_400, "1 day"),
        (200_000, "2 days"),
    ],
)
def test_stretches_of_time(seconds: float, words: str) -> None:
    assert minutes(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"), [(1023, "1023 bytes"), (1024, "1.0 KiB"), (3 << 30, "3.0 GiB"), (5 << 40, "5.0 TiB")]
)
def test_sizes(count: int, words: str) -> None:
    assert size_words(count) == words
