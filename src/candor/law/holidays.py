"""Holidays: which days are no business days, from single days and from what returns each year. Pure.

What returns each year is written as a law says it: `January 1`, `third Monday of January`, `last Monday of May`,
`Good Friday` (of the western churches), `day after fourth Thursday of November`. A day that falls on a Saturday or a
Sunday may be kept on the weekday beside it, where the rule says so.

A holiday lengthens the time that somebody has, so a calendar is asked for those days that may be counted, and for all
that are known.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType

from candor.law.errors import YearlyDayWrong
from candor.law.model import HolidayTerms

__all__ = ["Calendar", "Holidays", "easter", "holidays_of_year", "read_yearly"]

_MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}
_WEEKDAYS = {name: number for number, name in enumerate(calendar.day_name)}
_WHICH = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
_MONTH_FORM, _WEEKDAY_FORM = "|".join(_MONTHS), "|".join(_WEEKDAYS)
_FIXED = re.compile(rf"({_MONTH_FORM}) ([1-9][0-9]?)")
_NTH = re.compile(rf"({'|'.join(_WHICH)}) ({_WEEKDAY_FORM}) of ({_MONTH_FORM})")
_AFTER = "day after "
_ONE_DAY = timedelta(days=1)
_SATURDAY, _SUNDAY = 5, 6


def read_yearly(text: str) -> Callable[[int], date | None]:
    """The day that returns each year, as a function of the year; None where a year lacks it (29 February). Raises
    YearlyDayWrong."""
    if text.startswith(_AFTER):
        before = read_yearly(text.removeprefix(_AFTER))
        return lambda year: _next(before(year))
    if text == "Good Friday":
        return lambda year: easter(year) - 2 * _ONE_DAY
    if fixed := _FIXED.fullmatch(text):
        month, day = _MONTHS[fixed[1]], int(fixed[2])
        if day <= calendar.monthrange(2024, month)[1]:
            return lambda year: _fixed(year, month, day)
    if nth := _NTH.fullmatch(text):
        which, weekday, month = _WHICH[nth[1]], _WEEKDAYS[nth[2]], _MONTHS[nth[3]]
        return lambda year: _nth(year, month, weekday, which)
    raise YearlyDayWrong(text=text)


def _next(day: date | None) -> date | None:
    return None if day is None else day + _ONE_DAY


def _fixed(year: int, month: int, day: int) -> date | None:
    return date(year, month, day) if day <= calendar.monthrange(year, month)[1] else None


def _nth(year: int, month: int, weekday: int, which: int) -> date:
    last = calendar.monthrange(year, month)[1]
    fitting = [day for day in range(1, last + 1) if date(year, month, day).weekday() == weekday]
    return date(year, month, fitting[which])


def easter(year: int) -> date:
    """Easter Sunday of the western churches (the anonymous Gregorian computus, as Meeus gives it)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    h = (19 * a + b - d - (b - f + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    month, day = divmod(h + m - 7 * ((a + 11 * h + 22 * m) // 451) + 114, 31)
    return date(year, month, day + 1)


def holidays_of_year(terms: HolidayTerms, year: int) -> dict[date, str]:
    """The days of a calendar year that a rule names, with their names; a single day has none."""
    found = dict.fromkeys((day for day in terms.days if day.year == year), "")
    yearly = tuple(terms.each_year.items())
    return found | dict(_yearly(yearly, terms.saturday_to_friday, terms.sunday_to_monday, year))


@lru_cache(maxsize=4096)
def _yearly(
    yearly: tuple[tuple[str, str], ...], saturday_to_friday: bool, sunday_to_monday: bool, year: int
) -> Mapping[date, str]:
    """A day that is kept on the weekday beside it may belong to the year before (1 January on a Saturday)."""
    found = {}
    for name, text in yearly:
        day_of = read_yearly(text)
        for of_year in (year, year + 1):
            day = day_of(of_year) if 1 <= of_year <= 9998 else None
            if day is None:
                continue
            if day.weekday() == _SATURDAY and saturday_to_friday:
                day -= _ONE_DAY
            elif day.weekday() == _SUNDAY and sunday_to_monday:
                day += _ONE_DAY
            if day.year == year:
                found[day] = name
    return MappingProxyType(found)


@dataclass(frozen=True)
class _Source:
    """A rule's days, between which dates they count, and from which moment the rule stands."""

    days: frozenset[date]
    yearly: tuple[tuple[str, str], ...]
    saturday_to_friday: bool
    sunday_to_monday: bool
    begins: date
    ends: date | None
    since: datetime
    citation: str
    counts: bool

    def name_of(self, day: date) -> str | None:
        """Its name, "" where it has none; None: it is no holiday by this rule."""
        if day < self.begins or (self.ends is not None and day >= self.ends):
            return None
        if day in self.days:
            return ""
        return _yearly(self.yearly, self.saturday_to_friday, self.sunday_to_monday, day.year).get(day)


@dataclass(frozen=True)
class Holidays:
    """Days that are left out where business days are counted: `day in holidays`."""

    sources: tuple[_Source, ...] = ()

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and any(one.name_of(day) is not None for one in self.sources)

    def name_of(self, day: date) -> str:
        """What a holiday is called; "" where nobody says."""
        return next((name for one in self.sources if (name := one.name_of(day))), "")

    def citation_of(self, day: date) -> str:
        """Where it is written that a day is a holiday; "" where it is none."""
        return next((one.citation for one in self.sources if one.name_of(day) is not None), "")


@dataclass(frozen=True)
class Calendar:
    """The holidays of a jurisdiction or an agency: those that may be counted, and all that are known."""

    sources: tuple[_Source, ...] = ()

    def with_rule(
        self, terms: HolidayTerms, begins: date, ends: date | None, since: datetime, citation: str, counts: bool
    ) -> Calendar:
        """The calendar with a rule's days. `since`: from which moment it stands. `counts`: it may lengthen a time."""
        source = _Source(
            terms.days,
            tuple(terms.each_year.items()),
            terms.saturday_to_friday,
            terms.sunday_to_monday,
            begins,
            ends,
            since,
            citation,
            counts,
        )
        return Calendar((*self.sources, source))

    def counted(self, moment: datetime | None = None) -> Holidays:
        """Holidays by which somebody may take longer. `moment`: only of rules that stood then."""
        return Holidays(tuple(one for one in self.sources if one.counts and (moment is None or one.since <= moment)))

    def known(self, moment: datetime | None = None) -> Holidays:
        """All of them, also of rules that are neither checked nor adopted."""
        return Holidays(tuple(one for one in self.sources if moment is None or one.since <= moment))
