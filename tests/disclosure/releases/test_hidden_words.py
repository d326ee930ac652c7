"""How a release says when something is hidden and why, for people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from candor.disclosure.decisions.rules import Decision
from candor.disclosure.decisions.standing import Made
from candor.disclosure.releases.hidden import _Why, stretch_text
from candor.redaction.exemptions import Exemption


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


PRIVACY, MINOR, CASE = "law/privacy", "law/minor", "law/open-case"
NAMED = {
    key: Exemption(key=key, words=f"Words of {key}.", citation=f"§ {at}")
    for at, key in enumerate((PRIVACY, MINOR, CASE), 1)
}
REST, SCHOOL, DOOR = (None, None), (1_000, 9_000), (2_000, 3_000)
AFTER = (3_000, 9_000)


def _made(times: tuple[int | None, int | None], decision: Decision, exemption: str, reason: str) -> Made:
    begin, end = times
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Made(reason, "r", begin, end, decision, exemption, "", reason, (), "a", at, "b")


@pytest.mark.parametrize(
    ("decisions", "own", "times", "expected"),
    [
        ([], "", (0, 500), ("", "", "")),
        ([], MINOR, (0, 500), ("Words of law/minor.", "§ 2", "")),
        ([(REST, "redact", PRIVACY)], "", (0, 500), ("Words of law/privacy.", "§ 1", "0")),
        ([(REST, "redact", PRIVACY)], "", (None, None), ("Words of law/privacy.", "§ 1", "0")),
        ([(REST, "redact", PRIVACY)], MINOR, (0, 500), ("Words of law/minor.", "§ 2", "")),
        ([(REST, "release", "")], "", (0, 500), ("", "", "")),
        # The shortest stretch that it lies in, before the whole; the whole before one that it only reaches into.
        (
            [(REST, "redact", PRIVACY), (SCHOOL, "withhold", MINOR), (DOOR, "redact", CASE)],
            "",
            (2_100, 2_900),
            ("Words of law/open-case.", "§ 3", "2"),
        ),
        (
            [(REST, "redact", PRIVACY), (SCHOOL, "withhold", MINOR)],
            "",
            (1_500, 8_000),
            ("Words of law/minor.", "§ 2", "1"),
        ),
        (
            [(REST, "redact", PRIVACY), (SCHOOL, "withhold", MINOR)],
            "",
            (500, 8_000),
            ("Words of law/privacy.", "§ 1", "0"),
        ),
        # A mask covers whole pictures, so it begins with the one that is on the screen when the stretch does.
        (
            [(REST, "redact", PRIVACY), (SCHOOL, "withhold", MINOR)],
            "",
            (967, 9_033),
            ("Words of law/minor.", "§ 2", "1"),
        ),
        (
            [(REST, "redact", PRIVACY), (SCHOOL, "withhold", MINOR)],
            "",
            (850, 9_033),
            ("Words of law/privacy.", "§ 1", "0"),
        ),
        ([(REST, "release", ""), (SCHOOL, "withhold", MINOR)], "", (500, 8_000), ("Words of law/minor.", "§ 2", "1")),
        # Of several that it reaches into, that in which most of it lies.
        (
            [(REST, "release", ""), (DOOR, "redact", CASE), (AFTER, "withhold", MINOR)],
            "",
            (2_800, 8_000),
            ("Words of law/minor.", "§ 2", "2"),
        ),
        ([(REST, "release", ""), (SCHOOL, "withhold", MINOR)], "", (9_000, 9_500), ("", "", "")),
        (
            [(REST, "release", ""), (SCHOOL, "withhold", MINOR)],
            MINOR,
            (9_500, 9_900),
            ("Words of law/minor.", "§ 2", ""),
        ),
    ],
)
def test_why_something_is_hidden(
    decisions: list[tuple[tuple[int | None, int | None], str, str]],
    own: str,
    times: tuple[int | None, int | None],
    expected: tuple[str, str, str],
) -> None:
    """A mask that names no exemption is there because of what was decided on the place that it lies in."""
    made = [_made(of, Decision(what), key, str(at)) for at, (of, what, key) in enumerate(decisions)]
    assert _Why(made, NAMED, True).of(own, *times) == expected
    assert _Why(made, NAMED, False).of(own, *times) == (*expected[:2], "")
