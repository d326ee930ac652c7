"""Moments of the agency's wall clock: quiet hours, hourly and daily times, right through every change of the clocks.

Pure. Minutes are counted from midnight by the wall clock, 0 to 1439.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTES_OF_A_DAY = 24 * 60
_MINUTE = timedelta(minutes=1)


def is_quiet(moment: datetime, quiet_from: int, quiet_until: int, zone: ZoneInfo) -> bool:
    """Whether the wall clock stands in quiet hours: from the first, up to the second (which is out), over midnight
    when the second is the smaller. The same twice: never."""
    here = moment.astimezone(zone)
    minute = here.hour * 60 + here.minute
    if quiet_from <= quiet_until:
        return quiet_from <= minute < quiet_until
    return minute >= quiet_from or minute < quiet_until


def after_quiet(moment: datetime, quiet_from: int, quiet_until: int, zone: ZoneInfo) -> datetime:
    """The end of the quiet hours that the moment lies in, in UTC; the moment itself when it lies in none.

    Where the clocks skip the end, it is the moment of the skip; where they show it twice, the first time after the
    moment. Where they go back to before the beginning, the quiet is one all the same.
    """
    if not is_quiet(moment, quiet_from, quiet_until, zone):
        return moment.astimezone(UTC)
    day = moment.astimezone(zone).date()
    ends = (
        instant
        for ahead in range(4)
        for instant in _instants(day + timedelta(days=ahead), quiet_until, zone)
        if instant > moment and not is_quiet(instant, quiet_from, quiet_until, zone)
    )
    return next(ends)


def next_hour(moment: datetime, zone: ZoneInfo) -> datetime:
    """The next full hour of the wall clock after the moment, in UTC. Full hours are the same on both sides of a change
    of the clocks wherever they change by whole hours; elsewhere it is at most an hour away all the same."""
    here = moment.astimezone(zone)
    passed = timedelta(minutes=here.minute, seconds=here.second, microseconds=here.microsecond)
    return moment.astimezone(UTC) + timedelta(hours=1) - passed


def next_daily(moment: datetime, minute: int, zone: ZoneInfo) -> datetime:
    """The next time after the moment that the wall clock reaches this minute of a day, in UTC: once a day, the first
    time where the clocks go back over it, the end of the gap where they skip it."""
    day = moment.astimezone(zone).date()
    times = (_instants(day + timedelta(days=ahead), minute, zone)[0] for ahead in range(3))
    return next(instant for instant in times if instant > moment)


def _instants(day: date, minute: int, zone: ZoneInfo) -> list[datetime]:
    """The moments, in UTC, at which the wall clock shows this minute of this day: one, or two where the clocks go back
    over it; where they skip it, the moment of the skip."""
    wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60)
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return [first] if first == second else [first, second]
    # Skipped: `second` lies before the skip and `first` after it (PEP 495). Offsets change at whole minutes.
    low, high = second, first
    after = high.astimezone(zone).utcoffset()
    while high - low > _MINUTE:
        middle = low + (high - low) // _MINUTE // 2 * _MINUTE
        if middle.astimezone(zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return [high]
