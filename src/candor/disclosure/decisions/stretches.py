"""Decisions on stretches of a recording: what counts where. Pure: no database, no clock.

A stretch is in milliseconds of the recording's own clock, its parts one after the other; its end is excluded. Stretches
of one recording do not overlap; everywhere else the decision on the recording as a whole counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from candor.disclosure.decisions.errors import DecisionWrong
from candor.disclosure.decisions.rules import Decision

__all__ = ["LATEST_MS", "LONGEST_REASON", "MOST_STRETCHES", "Choice", "Counted", "Decided", "counted", "must_fit"]

LONGEST_REASON = 1000
#: Of one recording.
MOST_STRETCHES = 500
#: No recording is longer than a month; the end of the whole, where nobody knows its length.
LATEST_MS = 31 * 24 * 3600 * 1000


@dataclass(frozen=True)
class Choice:
    """What somebody chooses for a recording (no times), or for a stretch of it. `exemption`: a key of
    `candor.redaction.exemptions`; "" where nothing is held back."""

    begin_ms: int | None
    end_ms: int | None
    decision: Decision
    exemption: str = ""
    reason: str = ""


class Decided(Protocol):
    """A choice, or a decision that stands."""

    @property
    def begin_ms(self) -> int | None: ...
    @property
    def end_ms(self) -> int | None: ...
    @property
    def decision(self) -> Decision: ...


@dataclass(frozen=True)
class Counted:
    """What counts from `begin` until before `end`, and by which decision."""

    begin: int
    end: int
    by: Decided

    @property
    def decision(self) -> Decision:
        """What is done there."""
        return self.by.decision


def must_fit(choices: Sequence[Decided], *, length_ms: int | None) -> None:
    """Raise DecisionWrong unless these are the decisions of one recording: one on the whole, and stretches within it
    that do not overlap. `length_ms` None: nobody knows how long it is."""
    whole = [one for one in choices if one.begin_ms is None and one.end_ms is None]
    stretches = [one for one in choices if one not in whole]
    if len(whole) > 1:
        raise DecisionWrong(reason="the recording as a whole is decided once; take the decision that stands back first")
    if len(stretches) > MOST_STRETCHES:
        raise DecisionWrong(reason=f"a recording has at most {MOST_STRETCHES} stretches")
    for one in stretches:
        _must_be_stretch(one, length_ms)
    for first, second in pairwise(sorted(_ends(one) for one in stretches)):
        if second[0] < first[1]:
            raise DecisionWrong(reason=f"the stretches {told(*first)} and {told(*second)} overlap")
    if not whole:
        raise DecisionWrong(reason="say also what is done with the rest of the recording")


def counted(decisions: Sequence[Decided], begin: int = 0, end: int = LATEST_MS) -> list[Counted]:
    """What counts between two times, in order and without a gap: stretches, and between them the decision on the
    whole. The decisions fit (`must_fit`)."""
    whole = next(one for one in decisions if one.begin_ms is None)
    found, at = [], begin
    for one in sorted((one for one in decisions if one.begin_ms is not None), key=lambda one: one.begin_ms or 0):
        first, last = _ends(one)
        first, last = max(first, begin), min(last, end)
        if first >= last:
            continue
        if at < first:
            found.append(Counted(at, first, whole))
        found.append(Counted(first, last, one))
        at = last
    if at < end:
        found.append(Counted(at, end, whole))
    return found


def told(begin: int, end: int) -> str:
    """A stretch in words: from 0:01:02.500 to 0:02:00.000."""
    return f"from {clock_words(begin)} to {clock_words(end)}"


def clock_words(milliseconds: int) -> str:
    """A place on a recording's clock: hours, minutes, seconds, thousandths."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def _ends(one: Decided) -> tuple[int, int]:
    assert one.begin_ms is not None
    assert one.end_ms is not None
    return one.begin_ms, one.end_ms


def _must_be_stretch(one: Decided, length_ms: int | None) -> None:
    begin, end = one.begin_ms, one.end_ms
    if begin is None or end is None:
        raise DecisionWrong(reason="a stretch has a beginning and an end")
    if not 0 <= begin < end <= LATEST_MS:
        raise DecisionWrong(reason="a stretch begins at 0 or later and ends after it begins")
    if length_ms is not None and begin >= length_ms:
        raise DecisionWrong(reason=f"the stretch {told(begin, end)} begins after the recording’s end")
