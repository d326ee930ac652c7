"""What readings of a camera's clock say about the true time. Pure: no database, no clock.

A reading says what the camera's clock showed (`camera_at`) when a clock that is trusted more showed `reference_at`,
give or take its uncertainty. The offset is reference minus camera: what must be added to the camera's time.

How the true time of a moment by the camera's clock is estimated:

1. Between two readings without a jump the offset is drawn in a straight line. However the clock drifted between them,
   as long as it did so in one direction, the truth is no further away than the part of the change that lies on the
   longer side; that, and the readings' own uncertainty, is the uncertainty.
2. Outside of all readings the nearest one counts, carried on by the drift per day that the readings beside it show.
   Each day away widens the uncertainty: by ten seconds where no drift is known, otherwise by the drift itself and two
   seconds. Ten seconds a day is a poor quartz clock at an uncomfortable temperature.
3. Where the camera's clock went on by more or less than the trusted one did, beyond any drift (a minute a day and five
   seconds), it was reset or set in between: a jump. A moment near a jump counts to the side on which it can lie. Where
   it can lie on both, the estimate spans both; where it can lie on neither, it spans the jump.
4. A reading at which the camera's clock was put right begins anew without an offset.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

__all__ = [
    "BASIS_WORDS",
    "CLOCK_WORDS",
    "READING_WORDS",
    "Basis",
    "ClockFinding",
    "ClockState",
    "Estimate",
    "Reading",
    "ReadingSource",
    "estimate",
    "find",
]

DAY = timedelta(days=1)
#: What an unknown clock may drift in a day, and what a known drift may stray by.
UNKNOWN_DRIFT, STRAY = timedelta(seconds=10), timedelta(seconds=2)
#: What is more than this between two readings is a jump, not a drift.
JUMP_PER_DAY, JUMP_AT_ONCE = timedelta(seconds=60), timedelta(seconds=5)
#: A drift is told from two readings at least this far apart.
DRIFT_NEEDS = timedelta(hours=6)
#: From here on a camera is flagged: drifting so much a day, or being so far off.
DRIFTING, OFF = timedelta(seconds=5), timedelta(seconds=60)
#: Clocks that were never set begin in 1904, 1970, 1980 or on 1 January 2000.
NEVER_SET = datetime(2000, 1, 2, tzinfo=UTC)
NONE = timedelta(0)


class ReadingSource(StrEnum):
    """What the camera's clock was compared with."""

    DOCK = "dock"
    GNSS = "gnss"
    HAND = "hand"


#: Names of sources for people.
READING_WORDS: dict[ReadingSource, str] = {
    ReadingSource.DOCK: "this server's clock, when it was docked",
    ReadingSource.GNSS: "the location track's time",
    ReadingSource.HAND: "read by a person",
}


@dataclass(frozen=True)
class Reading:
    """A comparison. `clock_set`: the camera's clock was put right in that moment."""

    camera_at: datetime
    reference_at: datetime
    uncertainty: timedelta = NONE
    source: ReadingSource = ReadingSource.DOCK
    clock_set: bool = False

    @property
    def offset(self) -> timedelta:
        """What must be added to the camera's time to have the true one."""
        return self.reference_at - self.camera_at

    @property
    def after(self) -> datetime:
        """What the camera's clock showed right after it."""
        return self.reference_at if self.clock_set else self.camera_at

    @property
    def offset_after(self) -> timedelta:
        """The offset with which it went on."""
        return NONE if self.clock_set else self.offset


class Basis(StrEnum):
    """How an estimate came about; a sentence with its fields for people is `Estimate.words`."""

    NONE = "none"
    BETWEEN = "between"
    AFTER = "after"
    BEFORE = "before"
    AMBIGUOUS = "ambiguous"
    UNFITTING = "unfitting"


#: How an estimate came about, as sentences for people.
BASIS_WORDS: dict[Basis, str] = {
    Basis.NONE: "The camera's clock was never compared with another.",
    Basis.BETWEEN: "Between two comparisons of the camera's clock.",
    Basis.AFTER: "Carried on from the last comparison of the camera's clock before it.",
    Basis.BEFORE: "Carried back from the first comparison of the camera's clock after it.",
    Basis.AMBIGUOUS: "The camera's clock was reset or set; this time occurs more than once, and the span holds each.",
    Basis.UNFITTING: "The camera's clock jumped, and this time fits no side of the jump; the span holds the jump.",
}


@dataclass(frozen=True)
class Estimate:
    """The true time: at `at`, give or take `uncertainty` (None: nothing is known of it)."""

    at: datetime
    uncertainty: timedelta | None
    basis: Basis
    readings: tuple[Reading, ...] = ()
    """What it was made from."""

    @property
    def words(self) -> str:
        """How it came about, as a sentence."""
        return BASIS_WORDS[self.basis]


class ClockState(StrEnum):
    """What is to be thought of a camera's clock."""

    UNREAD = "unread"
    GOOD = "good"
    OFF = "off"
    DRIFTING = "drifting"
    RESET = "reset"

    @property
    def bad(self) -> bool:
        """Whether somebody should look at it."""
        return self in (ClockState.OFF, ClockState.DRIFTING, ClockState.RESET)


#: Names of findings for people.
CLOCK_WORDS: dict[ClockState, str] = {
    ClockState.UNREAD: "Never compared",
    ClockState.GOOD: "Good",
    ClockState.OFF: "Over a minute off",
    ClockState.DRIFTING: "Drifting",
    ClockState.RESET: "Was reset or set",
}


@dataclass(frozen=True)
class ClockFinding:
    """The state of a camera's clock by its latest readings. `drift`: gained offset per day; None when not known."""

    state: ClockState
    latest: Reading | None = None
    drift: timedelta | None = None


def find(readings: Iterable[Reading]) -> ClockFinding:
    """What the latest readings say of the clock: reset comes before wrong, wrong before drifting."""
    ordered = _ordered(readings)
    if not ordered:
        return ClockFinding(ClockState.UNREAD)
    latest = ordered[-1]
    drift = _drift(_run_ending(ordered, len(ordered) - 1))
    jumped = len(ordered) > 1 and _jumped(ordered[-2], latest)
    if jumped or latest.camera_at < NEVER_SET:
        return ClockFinding(ClockState.RESET, latest, drift)
    if abs(latest.offset) > OFF + latest.uncertainty:
        return ClockFinding(ClockState.OFF, latest, drift)
    if drift is not None and abs(drift) > DRIFTING:
        return ClockFinding(ClockState.DRIFTING, latest, drift)
    return ClockFinding(ClockState.GOOD, latest, drift)


def estimate(camera_at: datetime, readings: Iterable[Reading], *, until: datetime | None = None) -> Estimate:
    """The true time of a moment by the camera's clock. `until`: the true time cannot be later (when the recording was
    handed over)."""
    ordered = _ordered(readings)
    if not ordered:
        return Estimate(camera_at, None, Basis.NONE)
    try:
        return _estimated(camera_at, ordered, until)
    except OverflowError:  # a clock may claim the first or the last year there is
        return Estimate(camera_at, None, Basis.UNFITTING, (ordered[-1],))


def _estimated(camera_at: datetime, ordered: Sequence[Reading], until: datetime | None) -> Estimate:
    found = _candidates(camera_at, ordered)
    # Not one that would have it begin after it was here, or before there was any such camera.
    possible = [one for one in found if until is None or one.at - _width(one) <= until]
    possible = [one for one in possible if one.at + _width(one) >= NEVER_SET]
    found = possible or found
    if not found:
        return _unfitting(camera_at, ordered)
    if len(found) == 1:
        return found[0]
    first = min(one.at - _width(one) for one in found)
    last = max(one.at + _width(one) for one in found)
    used = _ordered(reading for one in found for reading in one.readings)
    return Estimate(first + (last - first) / 2, (last - first) / 2, Basis.AMBIGUOUS, tuple(used))


def _candidates(at: datetime, ordered: Sequence[Reading]) -> list[Estimate]:
    """Every place between, before and after the readings where the camera's clock can have shown this."""
    found = []
    if at <= ordered[0].camera_at:
        found.append(_carried_back(at, ordered, 0))
    for number, (earlier, later) in enumerate(pairwise(ordered)):
        if not _jumped(earlier, later):
            if _behind(at, earlier) and at <= later.camera_at:
                found.append(_between(at, earlier, later))
            continue
        before = _carried_on(at, ordered, number) if _behind(at, earlier) else None
        if before is not None and before.at - _width(before) <= later.reference_at:
            found.append(before)
        behind = _carried_back(at, ordered, number + 1) if at <= later.camera_at else None
        if behind is not None and behind.at + _width(behind) >= earlier.reference_at:
            found.append(behind)
    if _behind(at, ordered[-1]):
        found.append(_carried_on(at, ordered, len(ordered) - 1))
    return found


def _behind(at: datetime, reading: Reading) -> bool:
    """Whether the camera's clock can have shown this after the reading; what it showed at it counts to what is before,
    unless it was set to it."""
    return at >= reading.after if reading.clock_set else at > reading.after


def _between(at: datetime, earlier: Reading, later: Reading) -> Estimate:
    start = earlier.offset_after
    passed = later.camera_at - earlier.after
    share = (at - earlier.after) / passed if passed else 0.5  # set, and read in the same moment: anywhere between
    change = later.offset - start
    width = abs(change) * max(share, 1 - share) + max(earlier.uncertainty, later.uncertainty)
    return Estimate(at + start + change * share, width, Basis.BETWEEN, (earlier, later))


def _carried_on(at: datetime, ordered: Sequence[Reading], number: int) -> Estimate:
    reading = ordered[number]
    drift = _drift(_run_ending(ordered, number))
    return _carried(at, at - reading.after, reading.offset_after, drift, reading, Basis.AFTER)


def _carried_back(at: datetime, ordered: Sequence[Reading], number: int) -> Estimate:
    reading = ordered[number]
    drift = _drift(_run_beginning(ordered, number))
    return _carried(at, at - reading.camera_at, reading.offset, drift, reading, Basis.BEFORE)


def _carried(
    at: datetime, away: timedelta, offset: timedelta, drift: timedelta | None, reading: Reading, basis: Basis
) -> Estimate:
    days = away / DAY
    widening = UNKNOWN_DRIFT if drift is None else abs(drift) + STRAY
    gained = NONE if drift is None else drift * days
    return Estimate(at + offset + gained, reading.uncertainty + widening * abs(days), basis, (reading,))


def _unfitting(at: datetime, ordered: Sequence[Reading]) -> Estimate:
    """A moment that the camera's clock cannot have shown by these readings: it went past it in a jump, or when it was
    put right."""
    holes = [(one, one) for one in ordered if one.clock_set and one.camera_at < at < one.after]
    holes = holes or [(a, b) for a, b in pairwise(ordered) if _jumped(a, b)]
    earlier, later = min(holes, key=lambda pair: min(abs(at - pair[0].after), abs(at - pair[1].camera_at)))
    half = (later.reference_at - earlier.reference_at) / 2 if earlier is not later else abs(earlier.offset)
    middle = earlier.reference_at + (half if earlier is not later else NONE)
    width = half + max(earlier.uncertainty, later.uncertainty)
    return Estimate(middle, width, Basis.UNFITTING, tuple(_ordered((earlier, later))))


def _jumped(earlier: Reading, later: Reading) -> bool:
    """Whether the camera's clock went on by more or less than any drift explains."""
    passed = later.reference_at - earlier.reference_at
    strayed = abs((later.camera_at - earlier.after) - passed)
    allowed = JUMP_AT_ONCE + JUMP_PER_DAY * (passed / DAY) + earlier.uncertainty + later.uncertainty
    return strayed > allowed


def _run_ending(ordered: Sequence[Reading], number: int) -> list[Reading]:
    """The readings up to this one between which the clock neither jumped nor was set."""
    first = number
    while first > 0 and not _jumped(ordered[first - 1], ordered[first]):
        first -= 1
        if ordered[first].clock_set:
            break
    return list(ordered[first : number + 1])


def _run_beginning(ordered: Sequence[Reading], number: int) -> list[Reading]:
    """The readings from this one on between which the clock neither jumped nor was set."""
    last = number
    while last + 1 < len(ordered) and not _jumped(ordered[last], ordered[last + 1]):
        last += 1
        if ordered[last].clock_set:
            break
    return list(ordered[number : last + 1])


def _drift(run: Sequence[Reading]) -> timedelta | None:
    """Gained offset per day over a run; None when it is too short, or what was gained is less than is uncertain."""
    passed = run[-1].reference_at - run[0].reference_at
    if passed < DRIFT_NEEDS:
        return None
    gained = run[-1].offset - run[0].offset_after
    return NONE if abs(gained) <= run[0].uncertainty + run[-1].uncertainty else gained / (passed / DAY)


def _width(one: Estimate) -> timedelta:
    return one.uncertainty or NONE


def _ordered(readings: Iterable[Reading]) -> list[Reading]:
    return sorted(set(readings), key=lambda one: (one.reference_at, one.camera_at))
