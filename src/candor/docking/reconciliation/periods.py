"""Days and months of the agency's zone as stretches of time. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from candor.docking.reconciliation.errors import PeriodWrong
from candor.docking.reconciliation.spans import Span

__all__ = ["LONGEST_DAYS", "Days", "days_named", "month_of", "period_of_days"]

#: The longest period that is looked at in one go.
LONGEST_DAYS = 100
#: The period when none is named: today and the days before it.
USUAL_DAYS = 7
#: Days outside are typing mistakes, and far from what dates can be counted with.
_FIRST, _LAST = date(1990, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True)
class Days:
    """From the beginning of one local day to the end of another."""

    first: date
    last: date
    zone: str

    @property
    def span(self) -> Span:
        """As moments; a day has 23 to 25 hours."""
        return period_of_days(self.first, self.last, self.zone)

    @property
    def count(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    def days(self) -> list[Days]:
        """Each of them by itself."""
        return [Days(day, day, self.zone) for n in range(self.count) if (day := self.first + timedelta(days=n))]


def days_named(first: str | None, last: str | None, zone: str, now: datetime) -> Days:
    """The days that two texts (`2026-11-22`, empty: not said) name. Raises PeriodWrong."""
    today = now.astimezone(ZoneInfo(zone)).date()
    end = _day(last) or max(today, _day(first) or today)  # `first` alone: until today
    begin = _day(first) or end - timedelta(days=USUAL_DAYS - 1)
    if begin > end:
        raise PeriodWrong(reason=f"{begin} is after {end}.", longest=LONGEST_DAYS)
    found = Days(begin, end, zone)
    if found.count > LONGEST_DAYS:
        raise PeriodWrong(reason=f"{found.count} days are too many.", longest=LONGEST_DAYS)
    return found


def month_of(year: int, month: int, zone: str) -> Span:
    """A calendar month."""
    after = date(year + month // 12, month % 12 + 1, 1)
    return Span(_midnight(date(year, month, 1), zone), _midnight(after, zone))


def period_of_days(first: date, last: date, zone: str) -> Span:
    """From the beginning of one local day to the end of another."""
    return Span(_midnight(first, zone), _midnight(last + timedelta(days=1), zone))


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _day(text: str | None) -> date | None:
    if not text or not text.strip():
        return None
    try:
        found = date.fromisoformat(text.strip())
    except ValueError as error:
        raise PeriodWrong(reason=f"“{text.strip()[:40]}” is no day; write 2026-11-22.", longest=LONGEST_DAYS) from error
    if not _FIRST <= found <= _LAST:
        raise PeriodWrong(reason=f"{found} lies outside of what can be counted with.", longest=LONGEST_DAYS)
    return found
