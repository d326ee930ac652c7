"""Statistics of requests by month: what came, what was answered and when, what was withheld and why, what went out.

A month is one of the agency's calendar. A request counts in the month in which it was received, and once more in the
month in which it was answered. What rooms above know (exemptions, footage that was released) they say through the
registries.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.spreadsheets import csv_lines
from candor.disclosure.requests.errors import RequestsQueryWrong
from candor.disclosure.requests.intake import zone_name
from candor.disclosure.requests.rules import Outcome
from candor.disclosure.requests.tables import records_request
from candor.people.rules import Actor, Permission

__all__ = ["AGES", "COLUMNS", "MOST_MONTHS", "RELEASED", "WITHHELD", "Month", "Statistics", "by_month", "csv_of"]

MOST_MONTHS = 120

#: Who knows for what reasons something was withheld or hidden from a moment until another: exemption -> recordings.
WITHHELD: list[Callable[[Connection, datetime, datetime], Mapping[str, int]]] = []
#: Who knows how much footage was released from a moment until another.
RELEASED: list[Callable[[Connection, datetime, datetime], timedelta]] = []

#: Days since the receipt of what is open: from, until before (None: no end), and in words.
AGES: tuple[tuple[int, int | None, str], ...] = (
    (0, 7, "up to a week"),
    (7, 30, "a week to 30 days"),
    (30, 90, "30 to 90 days"),
    (90, None, "more than 90 days"),
)


@dataclass(frozen=True)
class Month:
    """A month, by its first day. Of `answered`: `in_time`, `late`, `no_clock` (no clock of a law ran); `withheld`: by
    exemption, how many recordings were withheld in whole or part; `released`: footage."""

    first: date
    received: int = 0
    answered: int = 0
    in_time: int = 0
    late: int = 0
    no_clock: int = 0
    withdrawn: int = 0
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    withheld: Mapping[str, int] = field(default_factory=dict)
    released: timedelta = timedelta(0)

    @property
    def hours_released(self) -> str:
        """Hours of footage released, with two decimals."""
        return f"{self.released.total_seconds() / 3600:.2f}"


@dataclass(frozen=True)
class Statistics:
    """Months in order, their sum, and what is open now by its age in words."""

    months: tuple[Month, ...]
    total: Month
    open_by_age: tuple[tuple[str, int], ...]
    zone: str


def by_month(tx: Connection, actor: Actor, first: date, last: date, *, clock: Clock | None = None) -> Statistics:
    """The months from that of `first` to that of `last`. Raises Refused, RequestsQueryWrong."""
    actor.require(Permission.REQUESTS_VIEW)
    begins = _months(first, last)
    zone = ZoneInfo(zone_name(tx))
    edges = [datetime.combine(one, time(), zone).astimezone(UTC) for one in [*begins, _next(begins[-1])]]
    columns = ("received_at", "answered_at", "closed_at", "outcome", "late", "due_at")
    row = records_request.c
    within = sa.or_(row.received_at.between(edges[0], edges[-1]), row.closed_at.between(edges[0], edges[-1]))
    counted = [_Counted() for _ in begins]
    for found in tx.execute(sa.select(*(row[name] for name in columns)).where(within)):
        if edges[0] <= found.received_at < edges[-1]:
            counted[bisect_right(edges, found.received_at) - 1].received += 1
        if found.closed_at is not None and edges[0] <= found.closed_at < edges[-1]:
            counted[bisect_right(edges, found.closed_at) - 1].close(found)
    months = []
    for at, one in enumerate(begins):
        withheld: dict[str, int] = {}
        for known in WITHHELD:
            for exemption, count in known(tx, edges[at], edges[at + 1]).items():
                withheld[exemption] = withheld.get(exemption, 0) + count
        released = sum((known(tx, edges[at], edges[at + 1]) for known in RELEASED), timedelta(0))
        months.append(counted[at].month(one, withheld, released))
    ages = _open_by_age(tx, (clock or SystemClock()).now())
    return Statistics(tuple(months), _sum(begins[0], months), ages, str(zone))


COLUMNS = (
    *("month", "received", "answered", "answered_in_time", "answered_late", "answered_without_clock", "withdrawn"),
    *("released", "released_in_part", "withheld", "nothing_found", "hours_of_footage_released", "withheld_because"),
)


def csv_of(found: Statistics) -> Iterator[str]:
    """A CSV file line by line: a row for each month, and one for all of them. Times are in the agency's zone."""
    rows = [(f"{one.first:%Y-%m}", one) for one in found.months]
    return csv_lines(COLUMNS, (_cells(name, one) for name, one in [*rows, ("all", found.total)]))


def _cells(name: str, one: Month) -> list[object]:
    why = "; ".join(f"{words}: {count}" for words, count in sorted(one.withheld.items()))
    ends = (Outcome.RELEASED, Outcome.RELEASED_IN_PART, Outcome.WITHHELD, Outcome.NOTHING_FOUND)
    counts = [one.received, one.answered, one.in_time, one.late, one.no_clock, one.withdrawn]
    return [name, *counts, *(one.outcomes.get(end, 0) for end in ends), one.hours_released, why]


@dataclass
class _Counted:
    received: int = 0
    in_time: int = 0
    late: int = 0
    no_clock: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=dict)

    def close(self, row: Any) -> None:
        """Count a request that was closed."""
        outcome = Outcome(row.outcome)
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        if outcome is not Outcome.WITHDRAWN:
            self.late += bool(row.late)
            self.no_clock += row.due_at is None
            self.in_time += not row.late and row.due_at is not None

    def month(self, first: date, withheld: Mapping[str, int], released: timedelta) -> Month:
        """The same as it is shown."""
        withdrawn = self.outcomes.get(Outcome.WITHDRAWN, 0)
        answered = self.in_time + self.late + self.no_clock
        counts = (self.received, answered, self.in_time, self.late, self.no_clock, withdrawn)
        return Month(first, *counts, dict(self.outcomes), withheld, released)


def _sum(first: date, months: list[Month]) -> Month:
    outcomes: dict[Outcome, int] = {}
    withheld: dict[str, int] = {}
    for one in months:
        for outcome, count in one.outcomes.items():
            outcomes[outcome] = outcomes.get(outcome, 0) + count
        for words, count in one.withheld.items():
            withheld[words] = withheld.get(words, 0) + count
    names = ("received", "answered", "in_time", "late", "no_clock", "withdrawn")
    counts: dict[str, int] = {name: sum(getattr(one, name) for one in months) for name in names}
    released = sum((one.released for one in months), timedelta(0))
    return Month(first, **counts, outcomes=outcomes, withheld=withheld, released=released)


def _open_by_age(tx: Connection, now: datetime) -> tuple[tuple[str, int], ...]:
    row = records_request.c
    columns = []
    for at, (begin, end, _) in enumerate(AGES):
        younger = row.received_at <= now - timedelta(days=begin) if begin else sa.true()
        older = sa.true() if end is None else row.received_at > now - timedelta(days=end)
        columns.append(sa.func.count(sa.case((sa.and_(younger, older), 1))).label(f"age_{at}"))
    found = tx.execute(sa.select(*columns).where(row.closed_at.is_(None))).one()
    return tuple((words, found[at]) for at, (_, _, words) in enumerate(AGES))


def _months(first: date, last: date) -> list[date]:
    if last < first:
        raise RequestsQueryWrong(reason="the last month is before the first")
    found, one = [], first.replace(day=1)
    while one <= last:
        found.append(one)
        if len(found) > MOST_MONTHS or one.year >= 9990:
            raise RequestsQueryWrong(reason=f"at most {MOST_MONTHS} months are shown at a time")
        one = _next(one)
    return found


def _next(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)
