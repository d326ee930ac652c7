"""Which start is shown: a stated rule over times that each have a source. Pure.

The rule, in order:
1. what the dock or camera system says that handed it in, if likely;
2. what the file itself claims, if it names its zone and is likely (the first such claim in the order of `claims_of`);
3. what the file's name says, read in a stated zone, if likely;
4. the file's own date, if likely. It is when the file was last written, usually the end of the recording;
5. the time of receipt.
Somebody may set it right (`corrected`); what was claimed stays beside it.

A time is likely from 2 January 2000 on (clocks that were never set begin in 1904, 1970, 1980 or on 1 January 2000)
until 15 hours after receipt (local time written as if it were UTC is up to 14 hours ahead, and clocks err).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from candor.core.clock import from_iso, iso

EARLIEST = datetime(2000, 1, 2, tzinfo=UTC)
LATEST_AFTER_RECEIPT = timedelta(hours=15)


class TimeSource(StrEnum):
    """Where a time comes from."""

    DOCK = "dock"
    CLAIM = "claim"
    NAME = "name"
    FILE_DATE = "file-date"
    RECEIPT = "receipt"
    CORRECTED = "corrected"


#: What the display says beside a time.
SOURCE_WORDS: dict[TimeSource, str] = {
    TimeSource.DOCK: "as the camera system says",
    TimeSource.CLAIM: "as the file itself claims",
    TimeSource.NAME: "by the file's name",
    TimeSource.FILE_DATE: "by the file's own date, usually the end of the recording",
    TimeSource.RECEIPT: "time of receipt; the start is not known",
    TimeSource.CORRECTED: "corrected by hand",
}

#: Tags in the order of trust: the first of these is written with the camera's zone, the others as UTC or what the
#: camera takes for it.
_TRUST = ("com.apple.quicktime.creationdate", "creation_time", "date_recorded", "date", "creationdate")


@dataclass(frozen=True)
class TimeClaim:
    """One time that something says. `at` is None when the value names no full moment with a zone."""

    source: TimeSource
    at: datetime | None
    where: str
    """Container or track and tag, or what the clock belongs to."""
    value: str

    def to_json(self) -> dict[str, Any]:
        """For keeping with the part."""
        at = None if self.at is None else iso(self.at)
        return {"source": self.source.value, "at": at, "where": self.where, "value": self.value}


@dataclass(frozen=True)
class Start:
    """The start that is shown."""

    at: datetime
    source: TimeSource
    unlikely: tuple[TimeClaim, ...]
    """Claims that were not used because they cannot well be true."""


def claims_of(media: Mapping[str, Any]) -> list[TimeClaim]:
    """The times among what a file says of itself (`footage.media.examine`), most trusted first."""
    found = []
    for tag in media.get("times", ()):
        at = None if tag.get("utc") is None else from_iso(tag["utc"])
        claim = TimeClaim(TimeSource.CLAIM, at, f"{tag['where']}: {tag['tag']}", tag["value"])
        found.append((tag["tag"].lower(), claim))
    found = [pair for pair in found if pair[0] in _TRUST]
    return [claim for _, claim in sorted(found, key=lambda pair: _TRUST.index(pair[0]))]


def file_date(modified_at: datetime | None) -> list[TimeClaim]:
    """The file's own date as a claim, if there is one."""
    if modified_at is None:
        return []
    return [TimeClaim(TimeSource.FILE_DATE, modified_at, "the file's date", iso(modified_at))]


def in_order(claims: Iterable[TimeClaim]) -> list[TimeClaim]:
    """Claims most trusted first: by the order of sources, within one as they came."""
    order = list(TimeSource)
    return sorted(claims, key=lambda claim: order.index(claim.source))


def likely(at: datetime, received_at: datetime) -> bool:
    """Whether a recording received then can well have been made at that time."""
    return EARLIEST <= at <= received_at + LATEST_AFTER_RECEIPT


def choose_start(claims: Iterable[TimeClaim], received_at: datetime) -> Start:
    """The start by the rule above. `claims` come most trusted first: the file's, then the file's date."""
    chosen: TimeClaim | None = None
    unlikely = []
    for claim in claims:
        if claim.at is None:
            continue
        if not likely(claim.at, received_at):
            unlikely.append(claim)
        elif chosen is None:
            chosen = claim
    if chosen is None or chosen.at is None:
        return Start(received_at, TimeSource.RECEIPT, tuple(unlikely))
    return Start(chosen.at, chosen.source, tuple(unlikely))
