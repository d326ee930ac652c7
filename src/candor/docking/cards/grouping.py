"""Which files make up one recording. Pure rules; when they are not sure, nothing is joined, and it is said why.

Two files of one series are joined when all of this holds:

1. Both lengths are known, and the files are made up alike (tracks, codecs, size of the picture).
2. The second begins where the first ends, within `TOLERANCE` seconds and what the times leave open. Times are those of
   the names, or those that the files themselves claim; both of the same kind.
3. No number is missing between them, where the camera numbers its files.
4. Where times come from the files alone, whose creation time some cameras write at the end: the first was cut by the
   camera, for its length is a whole number of minutes, or the same as another one's of its series.
5. Segments of a name that knows the minute only: the first lasts a minute or longer, so that no second recording of
   the camera can have begun in that minute; and the two do not last equally long, as two lenses would.

An overlap, a short gap, a number that is missing, and whatever makes unsure, is a remark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from candor.docking.cards.found import Clip

__all__ = ["Group", "Grouping", "Measured", "Remark", "RemarkKind", "chains", "group"]

#: Seconds by which one file may begin before or after the end of the one before.
TOLERANCE = 2.0
#: A gap of so many seconds at most may be a part of a recording that is missing: it is remarked upon.
SHORT_GAP = 60.0
#: From here on missing numbers are not looked for one by one.
_MOST_MISSING = 10_000
#: By how much the length of a file that the camera cut may differ from whole minutes, in seconds.
_CUT = 2.5


class RemarkKind(StrEnum):
    """What there is to say of two files that might be one recording."""

    GAP = "gap"
    OVERLAP = "overlap"
    NUMBER_MISSING = "number-missing"
    COLLISION = "collision"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Remark:
    """`seconds` of a gap or an overlap; `count` of missing numbers. `words` are for people."""

    kind: RemarkKind
    before: str
    after: str
    words: str
    seconds: int | None = None
    count: int | None = None


@dataclass(frozen=True)
class Measured:
    """A clip whose file was examined. `seconds`: its length, None when it does not say or is damaged; `claimed`: when
    it began, as the file itself says, with its zone; `shape`: what it is made up of."""

    clip: Clip
    seconds: float | None = None
    claimed: datetime | None = None
    shape: tuple[object, ...] = ()

    @property
    def path(self) -> str:
        return self.clip.file.path

    @property
    def named(self) -> datetime | None:
        """When it began by its name, to the second; None where only the minute is known."""
        start = self.clip.start
        return start.local if start is not None and start.resolution <= 1 else None


@dataclass(frozen=True)
class Group:
    """The files of one recording, in order."""

    members: tuple[Measured, ...]

    @property
    def first(self) -> Measured:
        return self.members[0]


@dataclass(frozen=True)
class Grouping:
    """Every file in exactly one group, and what there is to say."""

    groups: tuple[Group, ...] = ()
    remarks: tuple[Remark, ...] = field(default=())


@dataclass(frozen=True)
class _Step:
    """What is found between two files that follow one another."""

    joined: bool
    remark: Remark | None = None


def chains(clips: Iterable[Clip]) -> list[tuple[Clip, ...]]:
    """Clips that may go on from one another, together and in order; one that stands alone is alone. No file is lost or
    doubled."""
    series: dict[str, list[Clip]] = {}
    alone: list[tuple[Clip, ...]] = []
    for clip in clips:
        if clip.series is None:
            alone.append((clip,))
        else:
            series.setdefault(clip.series, []).append(clip)
    return [tuple(sorted(one, key=_order)) for one in series.values()] + alone


def group(chain: Sequence[Measured], elsewhere: Iterable[Clip] = ()) -> Grouping:
    """Split one chain into recordings. `elsewhere`: the card's other clips, whose numbers are not missing."""
    numbers = {clip.number for clip in elsewhere if clip.number is not None}
    lengths = [one.seconds for one in chain if one.seconds is not None]
    groups: list[list[Measured]] = []
    remarks: list[Remark] = []
    for one in chain:
        if groups:
            step = _step(groups[-1][-1], one, numbers, lengths)
            if step.remark is not None:
                remarks.append(step.remark)
            if step.joined:
                groups[-1].append(one)
                continue
        groups.append([one])
    return Grouping(tuple(Group(tuple(members)) for members in groups), tuple(remarks))


def _order(clip: Clip) -> tuple[object, ...]:
    start = clip.start.local if clip.start is not None else datetime.min
    return start, clip.segment or 0, clip.number or 0, clip.file.path


def _step(one: Measured, two: Measured, numbers: set[int], lengths: list[float]) -> _Step:
    if one.clip.series is None or one.clip.series != two.clip.series or one.clip.serial != two.clip.serial:
        return _Step(False)
    if one.clip.whole is not None:
        return _segments(one, two)
    missing = _missing_between(one.clip, two.clip, numbers)
    between = _between(one, two)
    if between is None:
        if one.named is None and one.claimed is None:
            return _Step(False)  # nothing says that they might be one
        return _unsure(one, two, _why_unknown(one, two))
    if between > SHORT_GAP + TOLERANCE:
        return _Step(False, _numbers(one, two, missing))
    if between < -TOLERANCE:
        return _Step(False, _overlap(one, two, between))
    if missing is None:
        return _unsure(one, two, "they follow one another, but the camera's numbers go backwards")
    if missing:
        return _Step(False, _numbers(one, two, missing))
    if between > TOLERANCE:
        return _Step(False, _gap(one, two, between))
    if one.shape != two.shape:
        return _unsure(one, two, "they follow one another, but are made up differently")
    if one.named is None and not _was_cut(one, lengths):
        return _unsure(one, two, "they follow one another, but nothing shows that the camera cut the first one")
    return _Step(True)


def _segments(one: Measured, two: Measured) -> _Step:
    """Two segments of one name."""
    numbers = one.clip.segment, two.clip.segment
    if numbers[0] is None or numbers[1] is None or numbers[0] == numbers[1]:
        words = "both say that they are the same segment of the same recording"
        return _Step(False, Remark(RemarkKind.COLLISION, one.path, two.path, words))
    missing = numbers[1] - numbers[0] - 1
    if missing:
        return _Step(False, _numbers(one, two, missing))
    if one.shape != two.shape:
        return _unsure(one, two, "they are named as segments of one recording, but are made up differently")
    between = _seconds_between(one.claimed, two.claimed, one.seconds)
    if between is not None and between < -TOLERANCE:
        return _Step(False, _overlap(one, two, between))
    if between is not None and between > TOLERANCE:
        return _Step(False, _gap(one, two, between))
    if between is not None:
        return _Step(True)
    if one.seconds is None or two.seconds is None:
        return _unsure(one, two, _why_unknown(one, two))
    if abs(one.seconds - two.seconds) <= 1:
        return _unsure(one, two, "they last equally long: they may be two lenses, or parts of one recording")
    if one.seconds < 60:
        return _unsure(one, two, "two recordings can have begun in that minute")
    return _Step(True)


def _between(one: Measured, two: Measured) -> float | None:
    """Seconds from the end of one to the start of two; by names, else by what the files claim."""
    by_name = _seconds_between(one.named, two.named, one.seconds)
    return by_name if by_name is not None else _seconds_between(one.claimed, two.claimed, one.seconds)


def _seconds_between(one: datetime | None, two: datetime | None, seconds: float | None) -> float | None:
    if one is None or two is None or seconds is None:
        return None
    return (two - one).total_seconds() - seconds


def _was_cut(one: Measured, lengths: list[float]) -> bool:
    seconds = one.seconds or 0.0
    off = seconds % 60
    whole = seconds >= 60 - _CUT and min(off, 60 - off) <= _CUT
    return whole or sum(1 for length in lengths if abs(length - seconds) <= 0.5) > 1


def _missing_between(one: Clip, two: Clip, numbers: set[int]) -> int | None:
    """How many numbers are missing between two clips; 0 where they are not numbered, None where numbers go backwards
    without having come to their end."""
    if one.number is None or two.number is None:
        return 0
    step = two.number - one.number
    if step > 0:
        if step > _MOST_MISSING:
            return step - 1
        return sum(1 for number in range(one.number + 1, two.number) if number not in numbers)
    if not one.wraps or one.number < 0.9 * one.wraps or two.number > 0.1 * one.wraps:
        return None
    after = [number % one.wraps for number in range(one.number + 1, two.number + one.wraps)]
    return sum(1 for number in after if number and number not in numbers)  # some count from 0 again, some from 1


def _why_unknown(one: Measured, two: Measured) -> str:
    if one.seconds is None:
        return "it is not known how long the first one lasts"
    if two.seconds is None:
        return "it is not known how long the second one lasts"
    return "it is not known when each of them began"


def _unsure(one: Measured, two: Measured, words: str) -> _Step:
    return _Step(False, Remark(RemarkKind.UNSURE, one.path, two.path, words))


def _gap(one: Measured, two: Measured, seconds: float) -> Remark:
    words = f"{seconds:.0f} s lie between them: something may be missing"
    return Remark(RemarkKind.GAP, one.path, two.path, words, seconds=round(seconds))


def _overlap(one: Measured, two: Measured, seconds: float) -> Remark:
    words = f"they overlap by {-seconds:.0f} s"
    return Remark(RemarkKind.OVERLAP, one.path, two.path, words, seconds=round(-seconds))


def _numbers(one: Measured, two: Measured, missing: int | None) -> Remark | None:
    if missing is None or missing <= 0:
        return None
    words = f"{missing} of the camera's numbers are missing between them"
    return Remark(RemarkKind.NUMBER_MISSING, one.path, two.path, words, count=missing)


def end_of(one: Measured, zone: str | None) -> datetime | None:
    """When a file ends, in UTC, as far as its name or its own claim and its length tell."""
    start = start_of(one, zone)
    return None if start is None or one.seconds is None else start + timedelta(seconds=one.seconds)


def start_of(one: Measured, zone: str | None) -> datetime | None:
    """When a file begins, in UTC: by a name that is exact to the second, else as it claims itself, else by its name."""
    named = one.clip.start.at(zone) if one.clip.start is not None else None
    if named is not None and one.clip.start is not None and one.clip.start.resolution <= 1:
        return named
    return one.claimed or named
