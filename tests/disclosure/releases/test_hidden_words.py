"""How a release says when something is hidden, for people."""

from __future__ import annotations

import pytest

from candor.disclosure.releases.hidden import stretch_text


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [
        (12_000, 34_000, "0:12 to 0:34"),
        (1_000, 1_500, "0:01.0 to 0:01.5"),
        (999, 1_000, "0:00 to 0:01"),
        (3_723_400, 3_723_900, "1:02:03.4 to 1:02:03.9"),
        (-40, 0, "0:00.0 to 0:00.0"),
    ],
)
def test_a_stretch_in_words(begin: int, end: int, words: str) -> None:
    assert stretch_text(begin, end) == words
