"""What is missing between the parts of a recording. Pure.

A gap is at least a second long: clocks and containers round. Where two parts overlap nothing is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SMALLEST = timedelta(seconds=1)


class GapReason(StrEnum):
    """Why a stretch of a recording is not there, as far as that is known."""

    BEFORE = "before"
    BETWEEN = "between"
    AFTER = "after"


#: What is said of a gap.
GAP_WORDS: dict[GapReason, str] = {
    GapReason.BEFORE: "The camera says that it recorded from earlier on; that part has not come.",
    GapReason.BETWEEN: "Between two parts nothing has come.",
    GapReason.AFTER: "The camera says that it recorded until later; that part has not come.",
}


@dataclass(frozen=True)
class Placed:
    """A part with its place in time; None where it is not known."""

    number: int
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Gap:
    """A stretch that no part has. `after_part`: the number of the part before it, 0 before the first."""

    after_part: int
    from_at: datetime
    to_at: datetime
    reason: GapReason


def gaps_of(parts: Sequence[Placed], started_at: datetime | None, ended_at: datetime | None) -> list[Gap]:
    """What is missing of a recording that is said to go from `started_at` to `ended_at` (None: not said).

    Where a part begins at no time that is known, nothing is said: it may lie anywhere. One that begins at a known time
    and ends at an unknown one may reach to the next: nothing is said of what lies between these two.
    """
    placed = sorted(
        ((one.started_at, one.ended_at, one.number) for one in parts if one.started_at),
        key=lambda one: (one[0], one[2]),
    )
    if not placed or len(placed) < len(parts):
        return []
    found: list[Gap] = []
    covered, last, known = started_at or placed[0][0], 0, True
    for begins, ends, number in placed:
        if known and begins - covered >= SMALLEST:
            found.append(Gap(last, covered, begins, GapReason.BETWEEN if last else GapReason.BEFORE))
        covered, last, known = max(covered, begins, ends or begins), number, ends is not None
    if ended_at is not None and known and ended_at - covered >= SMALLEST:
        found.append(Gap(last, covered, ended_at, GapReason.AFTER))
    return found
