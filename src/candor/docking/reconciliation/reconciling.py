"""What cameras say they recorded against what arrived: which seconds are missing, and why. Pure: no database, no clock.

Rules it keeps:

1. Every second that was reported is in exactly one of: arrived, within the rounding of clocks, missing. A missing one
   has exactly one reason, and somebody's explanation or none.
2. Rounding: docks and cards say times in whole seconds, so each edge may be off by one. What is missing, is at most
   `ROUNDING` long and touches what arrived, counts as rounding; it is shown as a figure of its own, never left out. A
   short stretch of which nothing at all arrived is missing.
3. What a person explains stays in the count of what is missing. It is shown as explained.
4. Both sides are in the camera's own time, so a clock that was off changes nothing in the comparison; the offsets of
   the clock's ledger are a note beside it, never a correction in it.
5. A report without usable times is no number of seconds: it is counted by itself, and found by its bytes or not.
6. A number that is left out between two files of a camera is a file of unknown length; it is never made into seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from candor.docking.reconciliation.spans import NOTHING, Span, clipped, length, merged, shared, touching, twice, without
from candor.fleet.reports import LossReason

__all__ = [
    "LONGEST_STRETCH",
    "ROUNDING",
    "NEWEST",
    "OLDEST",
    "Account",
    "Arrival",
    "Explained",
    "Missing",
    "MissingNumbers",
    "Numbered",
    "Shift",
    "Stay",
    "Told",
    "Totals",
    "Why",
    "compare",
    "cut",
    "missing_numbers",
    "shifts",
    "usable",
]

#: Two edges, each in whole seconds.
ROUNDING = timedelta(seconds=2)
#: No camera records longer in one go; a longer stretch is a clock that was reset in between, and not usable.
LONGEST_STRETCH = timedelta(hours=48)
#: How far before and after the moment it is said a stretch may lie and be believed.
OLDEST, NEWEST = timedelta(days=400), timedelta(days=1)
#: Where more numbers than this are left out, the camera began to count anew rather than lost so many files.
MOST_LEFT_OUT = 999
#: An assignment that is no longer is a shift; a longer one is somebody's own camera, and its shifts are days.
LONGEST_SHIFT = timedelta(hours=36)


class Why(StrEnum):
    """Why a stretch is missing, besides what cameras say (`LossReason`)."""

    DOCKED = "docked"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Told:
    """A stretch that a camera says it recorded. `reason`: why it was lost, if it says so; `row`: the report's id."""

    span: Span
    reason: str | None = None
    row: str = ""


@dataclass(frozen=True)
class Arrival:
    """A stretch that is here. `doubtful`: its file is damaged, and some of these seconds may not be shown."""

    span: Span
    recording_id: str = ""
    doubtful: bool = False


@dataclass(frozen=True)
class Explained:
    """A stretch whose absence a person explained."""

    span: Span
    id: str


@dataclass(frozen=True)
class Missing:
    """A stretch that was reported and is not here. `reason`: a LossReason, a `Why` or the camera's own words;
    `explanation`: the id of what a person said of it."""

    span: Span
    reason: str
    explanation: str | None = None


@dataclass(frozen=True)
class Totals:
    """How long everything is together. reported = arrived + rounding + missing, and
    missing = explained + pending + reasoned + unexplained."""

    reported: timedelta = NOTHING
    arrived: timedelta = NOTHING
    rounding: timedelta = NOTHING
    missing: timedelta = NOTHING
    explained: timedelta = NOTHING  # by a person
    pending: timedelta = NOTHING  # a transfer is under way
    reasoned: timedelta = NOTHING  # the camera or the file says why, and nobody has explained it
    unexplained: timedelta = NOTHING
    surplus: timedelta = NOTHING  # here, and never reported
    doubled: timedelta = NOTHING  # here in more than one file
    doubtful: timedelta = NOTHING  # of what arrived, in damaged files

    def __add__(self, other: Totals) -> Totals:
        return Totals(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


@dataclass(frozen=True)
class Account:
    """The account of one camera over a stretch of time: disjoint, ordered stretches of each sort."""

    reported: tuple[Span, ...] = ()
    arrived: tuple[Span, ...] = ()  # of what was reported
    rounding: tuple[Span, ...] = ()
    missing: tuple[Missing, ...] = ()
    surplus: tuple[Span, ...] = ()
    doubled: tuple[Span, ...] = ()
    doubtful: tuple[Span, ...] = ()

    @property
    def totals(self) -> Totals:
        """Its figures."""
        explained = [one for one in self.missing if one.explanation is not None]
        rest = [one for one in self.missing if one.explanation is None]
        by = {sort: length(one.span for one in rest if _sort(one.reason) == sort) for sort in ("p", "r", "u")}
        return Totals(
            reported=length(self.reported),
            arrived=length(self.arrived),
            rounding=length(self.rounding),
            missing=length(one.span for one in self.missing),
            explained=length(one.span for one in explained),
            pending=by["p"],
            reasoned=by["r"],
            unexplained=by["u"],
            surplus=length(self.surplus),
            doubled=length(self.doubled),
            doubtful=length(self.doubtful),
        )

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.reported or self.surplus)


def _sort(reason: str) -> str:
    return {Why.DOCKED.value: "p", Why.UNKNOWN.value: "u"}.get(reason, "r")


def usable(from_at: datetime | None, to_at: datetime | None, said_at: datetime) -> Span | None:
    """The stretch between two times as said at a moment of this machine; None when it cannot be counted with: an end
    is missing, it ends before it begins, is longer than `LONGEST_STRETCH`, or lies where no clock that was ever set
    would put it (`OLDEST` before it was said, `NEWEST` after)."""
    if from_at is None or to_at is None or not from_at < to_at <= from_at + LONGEST_STRETCH:
        return None
    if not said_at - OLDEST <= from_at <= said_at + NEWEST:
        return None
    return Span(from_at, to_at)


def compare(
    told: Iterable[Told],
    arrivals: Iterable[Arrival],
    *,
    locked: Iterable[Span] = (),
    damaged: Iterable[Span] = (),
    pending: Iterable[Span] = (),
    explained: Iterable[Explained] = (),
    rounding: timedelta = ROUNDING,
) -> Account:
    """The account of one camera.

    `locked`: what is here encrypted, and its key is not; `damaged`: what files should hold, by their source's times,
    and do not; `pending`: what a transfer under way is said to bring. A stretch's reason is the first that there is of:
    what the camera says, then these in this order.
    """
    stretches, here = list(told), list(arrivals)
    reported, came = merged(one.span for one in stretches), merged(one.span for one in here)
    absent = without(reported, came)
    rounded = [span for span in absent if span.length <= rounding and touching(span, came)]
    missing = [span for span in absent if not (span.length <= rounding and touching(span, came))]
    surplus = [s for s in without(came, reported) if not (s.length <= rounding and touching(s, reported))]
    return Account(
        reported=tuple(reported),
        arrived=tuple(shared(reported, came)),
        rounding=tuple(rounded),
        missing=tuple(_explained(_reasoned(missing, stretches, list(locked), list(damaged), list(pending)), explained)),
        surplus=tuple(surplus),
        doubled=tuple(span for span in twice(one.span for one in here) if span.length > rounding),
        doubtful=tuple(shared(reported, (one.span for one in here if one.doubtful))),
    )


def _reasoned(
    missing: list[Span],
    told: Sequence[Told],
    locked: Sequence[Span],
    damaged: Sequence[Span],
    pending: Sequence[Span],
) -> list[Missing]:
    """Every missing stretch cut so that each piece has one reason."""
    reasons = [(one.reason, [one.span]) for one in told if one.reason is not None]
    reasons += [
        (LossReason.ENCRYPTED.value, list(locked)),
        (LossReason.CORRUPT.value, list(damaged)),
        (Why.DOCKED.value, list(pending)),
    ]
    rest, found = missing, []
    for reason, spans in reasons:
        found += [Missing(span, reason) for span in shared(rest, spans)]
        rest = without(rest, spans)
    found += [Missing(span, Why.UNKNOWN.value) for span in rest]
    return sorted(found, key=lambda one: one.span)


def _explained(missing: Sequence[Missing], explained: Iterable[Explained]) -> Iterator[Missing]:
    """The same, cut so that each piece is explained or not. Where there are several explanations the first counts."""
    said = list(explained)
    for one in missing:
        rest, pieces = [one.span], []
        for word in said:
            pieces += [Missing(span, one.reason, word.id) for span in shared(rest, [word.span])]
            rest = without(rest, [word.span])
        pieces += [Missing(span, one.reason) for span in rest]
        yield from sorted(pieces, key=lambda piece: piece.span)


def cut(account: Account, within: Span) -> Account:
    """The part of an account that lies within a stretch. What was missing or rounding stays so, however small the
    piece, so that the parts of a whole add up to it."""
    return Account(
        reported=tuple(clipped(account.reported, within)),
        arrived=tuple(clipped(account.arrived, within)),
        rounding=tuple(clipped(account.rounding, within)),
        missing=tuple(
            Missing(span, one.reason, one.explanation)
            for one in account.missing
            if (span := one.span.within(within)) is not None
        ),
        surplus=tuple(clipped(account.surplus, within)),
        doubled=tuple(clipped(account.doubled, within)),
        doubtful=tuple(clipped(account.doubtful, within)),
    )


# -- shifts


@dataclass(frozen=True)
class Stay:
    """That somebody had a camera: from, to (None: still). `account_id` None: it was with nobody, in the pool."""

    from_at: datetime
    to_at: datetime | None
    account_id: str | None
    id: str = ""


@dataclass(frozen=True)
class Shift:
    """A stretch in which one person, or nobody known, had a camera: an assignment, or a local calendar day of one."""

    span: Span
    account_id: str | None
    assignment: bool  # whether it is a whole assignment rather than a day


def shifts(period: Span, zone: str, stays: Iterable[Stay]) -> list[Shift]:
    """A period cut into shifts, in order, without gaps: assignments of at most `LONGEST_SHIFT`, and for the rest local
    calendar days of the zone (23 to 25 hours), cut where the camera changed hands."""
    found: list[Shift] = []
    rest = [period]
    for stay in sorted(stays, key=lambda one: one.from_at):
        end = min(stay.to_at or period.to_at, period.to_at)
        if end <= max(stay.from_at, period.from_at):
            continue
        had = shared(rest, [Span(max(stay.from_at, period.from_at), end)])
        rest = without(rest, had)
        whole = stay.to_at is not None and stay.to_at - stay.from_at <= LONGEST_SHIFT
        for span in had:
            pieces = [span] if whole else list(_days(span, ZoneInfo(zone)))
            found += [Shift(piece, stay.account_id, whole) for piece in pieces]
    for span in rest:
        found += [Shift(piece, None, False) for piece in _days(span, ZoneInfo(zone))]
    return sorted(found, key=lambda one: one.span)


def _days(span: Span, zone: ZoneInfo) -> Iterator[Span]:
    begin = span.from_at
    while begin < span.to_at:
        tomorrow = begin.astimezone(zone).date() + timedelta(days=1)
        midnight = datetime.combine(tomorrow, time(), tzinfo=zone).astimezone(begin.tzinfo)
        # A zone may skip midnight itself, or a whole day; the next stretch begins later all the same.
        end = min(midnight if midnight > begin else begin + timedelta(days=1), span.to_at)
        yield Span(begin, end)
        begin = end


# -- numbers


@dataclass(frozen=True)
class Numbered:
    """A file that a camera gave a number, in the order of its times."""

    number: int
    from_at: datetime | None = None
    to_at: datetime | None = None


@dataclass(frozen=True)
class MissingNumbers:
    """Numbers `first` to `last` that no file has; their files were made between two times, where those are known."""

    first: int
    last: int
    after: datetime | None = None
    before: datetime | None = None
    explanation: str | None = None

    @property
    def count(self) -> int:
        """How many files that is."""
        return self.last - self.first + 1


def missing_numbers(files: Iterable[Numbered]) -> list[MissingNumbers]:
    """The numbers left out in one camera's counting, given its files in the order in which it made them.

    The same number again is no loss (several files of one moment). A smaller number, or one more than `MOST_LEFT_OUT`
    beyond, begins the counting anew: what a camera counts per day or per card is no gap.
    """
    found: list[MissingNumbers] = []
    last: Numbered | None = None
    for one in files:
        if last is not None and 1 < one.number - last.number <= MOST_LEFT_OUT + 1:
            found.append(
                MissingNumbers(last.number + 1, one.number - 1, last.to_at or last.from_at, one.from_at or one.to_at)
            )
        last = one
    return found
