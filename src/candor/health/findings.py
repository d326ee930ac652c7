"""What a check finds. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is, the least first."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"

    @property
    def rank(self) -> int:
        """0, 1, 2: for comparing."""
        return tuple(Level).index(self)


@dataclass(frozen=True)
class Finding:
    """What one check found: in words, and how to mend it (empty when there is nothing to mend)."""

    name: str
    level: Level
    words: str
    mend: str = ""


def ok(name: str, words: str) -> Finding:
    """All is well."""
    return Finding(name, Level.OK, words)


def warn(name: str, words: str, mend: str) -> Finding:
    """It works, and somebody should look."""
    return Finding(name, Level.WARN, words, mend)


def bad(name: str, words: str, mend: str) -> Finding:
    """Something is at risk or stands still."""
    return Finding(name, Level.BAD, words, mend)


def worst(findings: Iterable[Finding]) -> Level:
    """The worst level among them; ok for none."""
    return max((one.level for one in findings), key=lambda level: level.rank, default=Level.OK)


def together(name: str, words: str, found: Iterable[Finding | None]) -> Finding:
    """Several findings as one: the worst level, the words of all that are not well; `words` when all are."""
    wrong = [one for one in found if one is not None and one.level is not Level.OK]
    if not wrong:
        return ok(name, words)
    wrong.sort(key=lambda one: -one.level.rank)
    mends = dict.fromkeys(one.mend for one in wrong if one.mend)
    return Finding(name, wrong[0].level, " ".join(one.words for one in wrong), " ".join(mends))


def minutes(seconds: float) -> str:
    """A stretch of time for people: seconds, minutes, hours or days, whichever says it best."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * size or (seconds >= size and unit == "day"):
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    count = round(seconds)
    return f"{count} second{'' if count == 1 else 's'}"


def size_words(count: int) -> str:
    """Bytes for people, in binary units."""
    value = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"
