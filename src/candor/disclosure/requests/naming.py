"""What a request names of the recordings that it means: person, officer, place, incident, case, time. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from candor.core.clock import POSSIBLE_YEARS, from_iso, iso
from candor.disclosure.requests.errors import RequestFieldWrong
from candor.disclosure.requests.words import LONGEST_LINE, checked_line
from candor.fleet.errors import MomentWrong
from candor.fleet.moments import moment as moment_of

__all__ = ["FIELD_WORDS", "NAMEABLE", "Named", "between"]

#: What a law may ask a request to name, as its packs write it.
NAMEABLE = ("person", "officer", "place", "date", "time", "incident", "case-number")

FIELD_WORDS: dict[str, str] = {
    "person": "person who was recorded",
    "officer": "officer",
    "place": "place",
    "incident": "incident number",
    "case_number": "case number",
    "began": "earliest time",
    "ended": "latest time",
}
_LINES = ("person", "officer", "place", "incident", "case_number")
#: Nobody who knows when something was means a longer stretch of time.
_LONGEST = timedelta(days=366 * 5)


@dataclass(frozen=True)
class Named:
    """What is named. `began` to `ended`: within what time it was, in UTC; with `whole_days` only days were named, and
    these are their beginning and end in the agency's zone. What is not named is "" or None."""

    person: str = ""
    officer: str = ""
    place: str = ""
    incident: str = ""
    case_number: str = ""
    began: datetime | None = None
    ended: datetime | None = None
    whole_days: bool = False

    def checked(self) -> Named:
        """The same, made safe and sound. Raises RequestFieldWrong."""
        lines: dict[str, Any] = {
            name: checked_line(FIELD_WORDS[name], getattr(self, name), LONGEST_LINE) for name in _LINES
        }
        for name in ("began", "ended"):
            moment = getattr(self, name)
            if moment is None:
                continue
            if moment.tzinfo is None:
                raise RequestFieldWrong(field=FIELD_WORDS[name], reason="it needs a time zone")
            if moment.year not in POSSIBLE_YEARS:
                raise RequestFieldWrong(field=FIELD_WORDS[name], reason="nothing can have been recorded in that year")
        if self.began is not None and self.ended is not None:
            if self.ended < self.began:
                raise RequestFieldWrong(field=FIELD_WORDS["ended"], reason="it is before the earliest time")
            if self.ended - self.began > _LONGEST:
                raise RequestFieldWrong(field=FIELD_WORDS["ended"], reason="it is more than five years after the start")
        timed = self.began is not None or self.ended is not None
        return replace(self, **lines, whole_days=self.whole_days and timed)

    @property
    def nameable(self) -> frozenset[str]:
        """Which of the things that a law may ask for are named."""
        found = {name.replace("_", "-") for name in _LINES if getattr(self, name)}
        if self.began is not None or self.ended is not None:
            found |= {"date"} if self.whole_days else {"date", "time"}
        return frozenset(found)

    def to_json(self) -> dict[str, Any]:
        """As it is kept: only what is named."""
        found: dict[str, Any] = {name: getattr(self, name) for name in _LINES if getattr(self, name)}
        found |= {name: iso(moment) for name in ("began", "ended") if (moment := getattr(self, name)) is not None}
        return {**found, "whole_days": True} if self.whole_days else found

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Named:
        """What `to_json` wrote, or what came in from outside in the same form. Raises RequestFieldWrong."""
        if not isinstance(value, Mapping):
            raise RequestFieldWrong(field="description", reason="it is not a list of fields")
        given: dict[str, Any] = {name: value.get(name) or "" for name in _LINES}
        for name in ("began", "ended"):
            given[name] = _moment(name, value.get(name))
        return cls(**given, whole_days=value.get("whole_days") is True).checked()


def between(first: str, last: str, zone: tzinfo) -> tuple[datetime | None, datetime | None, bool]:
    """`began`, `ended` and `whole_days` from what people write: `2026-11-22`, `2026-11-22 08:30`, or with an offset. A
    day alone is the whole of it, also where only the first is given. Raises RequestFieldWrong."""
    began, ended = (_written(name, text, zone) for name, text in (("began", first), ("ended", last)))
    days = all(len(text.strip()) == _DAY for text in (first, last) if text.strip())
    if len(last.strip()) == _DAY or (began is not None and ended is None and days):
        ended = _next_day(ended or began, zone)
    return began, ended, days and began is not ended


_DAY = len("2026-11-22")


def _next_day(moment: datetime | None, zone: tzinfo) -> datetime | None:
    if moment is None:
        return None
    day = moment.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _written(name: str, text: str, zone: tzinfo) -> datetime | None:
    if not text.strip():
        return None
    try:
        return moment_of(text[:_LONGEST_TIME], zone).astimezone(UTC)
    except (MomentWrong, OverflowError, ValueError) as error:
        reason = "write it like 2026-11-22 or 2026-11-22 08:30"
        raise RequestFieldWrong(field=FIELD_WORDS[name], reason=reason) from error


_LONGEST_TIME = 40


def _moment(name: str, value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        return from_iso(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise RequestFieldWrong(field=FIELD_WORDS[name], reason="it is no time; write 2026-11-22T10:11:12Z") from error
