"""How values are shown: times in the agency's zone, lengths, sizes, long texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from candor.pages.i18n import gettext as _
from candor.pages.i18n import ngettext


def local(moment: datetime, zone: str) -> datetime:
    """The moment in the agency's zone; in UTC where the calendar ends before it."""
    try:
        return moment.astimezone(ZoneInfo(zone))
    except OverflowError:
        return moment.astimezone(UTC)


def date_and_time(moment: datetime, zone: str, *, seconds: bool = True) -> str:
    """`2026-11-22 10:11:12`: the same width everywhere, sorts as text, reads the same in every country."""
    return local(moment, zone).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def with_zone(moment: datetime, zone: str) -> str:
    """Full, for a title: local time with its zone, and UTC."""
    here = local(moment, zone)
    return f"{here:%Y-%m-%d %H:%M:%S} {here:%Z} · {moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def precise(moment: datetime, zone: str) -> str:
    """`2026-11-22 05:11:12.34`: to hundredths of a second, as an auditor needs it (CJIS AU-8)."""
    there = local(moment, zone)
    return f"{there:%Y-%m-%d %H:%M:%S}.{there.microsecond // 10_000:02d}"


def duration(milliseconds: int | None) -> str:
    """`0:42`, `12:05`, `1:02:03`; a dash when it is not known."""
    if milliseconds is None:
        return "–"
    seconds = (milliseconds + 500) // 1000
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours}:{minutes % 60:02d}:{seconds % 60:02d}"
    return f"{minutes}:{seconds % 60:02d}"


def size(count: int) -> str:
    """Bytes as people say them, in powers of 1000 with three figures: `4.21 GB`."""
    if count < 1000:
        return ngettext("%(num)s byte", "%(num)s bytes", count)
    value = float(count)
    for unit in ("kB", "MB", "GB", "TB", "PB"):
        value /= 1000
        if value < 999.5 or unit == "PB":
            break
    figures = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{figures}f} {unit}"


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, roughly."""
    passed = max(now - moment, timedelta(0))
    seconds = int(passed.total_seconds())
    if seconds < 60:
        return _("just now")
    if seconds < 3600:
        return ngettext("%(num)s minute ago", "%(num)s minutes ago", seconds // 60)
    if passed < timedelta(days=1):
        return ngettext("%(num)s hour ago", "%(num)s hours ago", seconds // 3600)
    return ngettext("%(num)s day ago", "%(num)s days ago", passed.days)


def seconds(value: float | None) -> str:
    """A short time: `0.34 s`, `12 s`; a dash when it is not known."""
    if value is None:
        return "–"
    return _("%(value)s s", value=f"{value:.2f}" if value < 10 else f"{value:.0f}")


def groups(text: str, width: int = 4) -> str:
    """A long hexadecimal text in groups, to be read aloud and compared."""
    return " ".join(text[at : at + width] for at in range(0, len(text), width))


def grouped(number: int) -> str:
    """A count with a narrow space between thousands, which every country reads the same."""
    return f"{number:,}".replace(",", "\u202f")
