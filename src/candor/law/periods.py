"""Periods as laws state them: hours, days, business days, months, years. Never without their unit.

Hours are exact hours; weekends count. Days, weeks, months and years are calendar periods: they end at the same time of
day in the jurisdiction's own calendar, and a month that lacks the day ends on its last (31 January + 1 month is 28 or
29 February). Business days leave out Saturdays, Sundays and holidays, and the day of the start; they end
when the last of them is over.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from candor.law.errors import PeriodWrong

__all__ = ["UNITS", "Period"]

UNITS = ("hours", "days", "business days", "weeks", "months", "years")
_FORM = re.compile(r"([1-9][0-9]{0,5}) (hour|day|business day|week|month|year)s?")
#: The last moment that a database and every calendar here can hold.
_LAST = datetime(9998, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=False)
class Period:
    """An amount and its unit, such as 90 days."""

    amount: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read “90 days”, “1 year”, “48 hours”, “4 business days”. Raises PeriodWrong for anything else."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise PeriodWrong(text=text, units=", ".join(UNITS))
        return cls(int(found[1]), f"{found[2]}s")

    def __str__(self) -> str:
        return f"{self.amount} {self.unit if self.amount != 1 else self.unit[:-1]}"

    def after(self, start: datetime, zone: str = "UTC", holidays: Container[date] = frozenset()) -> datetime:
        """The end of the period that begins at `start` (with its zone), in UTC; at most the year 9998."""
        try:
            end = self._after(start.astimezone(ZoneInfo(zone)), holidays)
            return min(end.astimezone(UTC), _LAST)
        except (OverflowError, ValueError):
            return _LAST

    def _after(self, start: datetime, holidays: Container[date]) -> datetime:
        if self.unit == "hours":
            return start.astimezone(UTC) + timedelta(hours=self.amount)
        if self.unit == "business days":
            return self._business(start, holidays)
        if self.unit in ("days", "weeks"):
            days = self.amount * (7 if self.unit == "weeks" else 1)
            return (start.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=start.tzinfo)
        months = self.amount * (12 if self.unit == "years" else 1)
        year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
        day = min(start.day, calendar.monthrange(year, month + 1)[1])
        return start.replace(year=year, month=month + 1, day=day)

    def _business(self, start: datetime, holidays: Container[date]) -> datetime:
        day, left = start.date(), self.amount
        while left:
            day += timedelta(days=1)
            left -= day.weekday() < 5 and day not in holidays
        return datetime.combine(day + timedelta(days=1), time(0), tzinfo=start.tzinfo)
