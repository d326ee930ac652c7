"""When somebody is told by mail. Pure: no database, no clock but given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from candor.core.outbox import KindFacts, Severity
from candor.notices.errors import QuietHoursWrong
from candor.notices.times import MINUTES_OF_A_DAY, after_quiet, next_daily, next_hour


class Pace(StrEnum):
    """How soon a mail goes out."""

    AT_ONCE = "at-once"
    HOURLY = "hourly"
    DAILY = "daily"


DEFAULT_PACES: Mapping[Severity, Pace] = {
    Severity.INFO: Pace.DAILY,
    Severity.WARNING: Pace.HOURLY,
    Severity.URGENT: Pace.AT_ONCE,
}


@dataclass(frozen=True)
class Choice:
    """How somebody wants to be told. Minutes are those of the agency's wall clock after midnight."""

    mail: bool = True
    paces: Mapping[Severity, Pace] = field(default_factory=lambda: dict(DEFAULT_PACES))
    daily_at: int = 7 * 60
    quiet_from: int | None = None
    quiet_until: int | None = None

    def __post_init__(self) -> None:
        given = [self.daily_at, self.quiet_from, self.quiet_until]
        if any(minute is not None and not 0 <= minute < MINUTES_OF_A_DAY for minute in given):
            raise QuietHoursWrong()
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise QuietHoursWrong()


@dataclass(frozen=True)
class Due:
    """When a mail may go out, and whether it is put into one with others."""

    at: datetime
    bundled: bool


def due(facts: KindFacts, choice: Choice, now: datetime, zone: ZoneInfo, *, urgent_breaks_quiet: bool) -> Due:
    """When somebody with this choice hears by mail of what is told now."""
    pace = choice.paces.get(facts.severity, Pace.AT_ONCE) if facts.digest else Pace.AT_ONCE
    at = now
    if pace is Pace.HOURLY:
        at = next_hour(now, zone)
    elif pace is Pace.DAILY:
        at = next_daily(now, choice.daily_at, zone)
    breaks = facts.severity is Severity.URGENT and urgent_breaks_quiet
    if choice.quiet_from is not None and choice.quiet_until is not None and not breaks:
        at = after_quiet(at, choice.quiet_from, choice.quiet_until, zone)
    return Due(at, bundled=at > now)


def minute_of(text: str) -> int:
    """Minutes after midnight of `HH:MM`; QuietHoursWrong when it is no time of day."""
    hour, _, minute = text.strip().partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and len(hour) <= 2 and len(minute) == 2):
        raise QuietHoursWrong()
    if int(hour) > 23 or int(minute) > 59:
        raise QuietHoursWrong()
    return int(hour) * 60 + int(minute)


def time_of(minute: int) -> str:
    """`HH:MM` of minutes after midnight."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
