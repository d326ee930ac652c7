"""Time: aware UTC from a clock that is handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from candor.verify.leaf import time_text


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """A clock that stands still until it is moved; for tests and for footage with set times."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        """Move the clock forward (or back, when negative)."""
        self.moment += timedelta(seconds=seconds)


#: Years in which something can have been recorded, however wrong a clock goes: one that was never set says 1904, 1970
#: or 1980. What is said of any other is no time: near the ends of the calendar no zone and no length can be added.
POSSIBLE_YEARS = range(1900, 2200)


def possible(moment: datetime | None) -> datetime | None:
    """A moment that a camera may have meant; None for one that it cannot have."""
    return moment if moment is not None and moment.year in POSSIBLE_YEARS else None


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with six decimals, always the same width: `2026-11-22T10:11:12.123456Z`."""
    return time_text(moment)


def from_iso(text: str) -> datetime:
    """The moment that an RFC 3339 text names; without an offset it is refused (ValueError)."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone; write 2026-11-22T10:11:12Z")
    return moment.astimezone(UTC)
