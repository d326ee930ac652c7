"""A reader made from a mapping file: how an agency's own cameras or exports name their files.

`mapping_file` reads the file. Its patterns are regular expressions over paths; a path that is longer than
`LONGEST_PATH` fits none.
"""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from candor.docking.cards.errors import MappingTooSlow
from candor.docking.cards.found import Beside, Clip, Contents, Facts, Look, Mark, NamedTime, plausible
from candor.docking.cards.listing import CardFile, Listing
from candor.docking.cards.readers.shares import contents, series_of
from candor.fleet.rules import DeviceKind

__all__ = ["Mapped", "RecordingRule", "SidecarRule"]

LONGEST_PATH = 300
#: Seconds of processor time that all patterns together may take over one card.
LONGEST_SEARCH = 10.0
#: Digits of a number that is kept; a longer one is none.
_MOST_DIGITS = 12
#: Named groups that have a meaning; others can be used in `split.by` and in a sidecar's `of`.
TIME = ("year", "month", "day", "hour", "minute", "second")
NUMBERS = frozenset({*TIME, "number", "segment"})


@dataclass(frozen=True)
class RecordingRule:
    """Which files are recordings. `century` is put before a year of two digits."""

    path: re.Pattern[str]
    locked: re.Pattern[str] | None = None
    event: re.Pattern[str] | None = None
    century: int = 2000


@dataclass(frozen=True)
class SidecarRule:
    """Which files belong beside recordings. `of`: the recording's path, with the pattern's groups in braces."""

    path: re.Pattern[str]
    kind: str = "unknown"
    of: str | None = None


@dataclass(frozen=True)
class Mapped:
    """The reader. Pure, like any other."""

    name: str
    recordings: tuple[RecordingRule, ...]
    sidecars: tuple[SidecarRule, ...] = ()
    by: tuple[str, ...] | None = None
    whole: bool = False
    across_folders: bool = False
    make: str | None = None
    model: str | None = None
    kind: str = DeviceKind.BODY.value
    zone: str | None = None

    def look(self, listing: Listing, facts: Facts) -> Look | None:
        with _at_most(LONGEST_SEARCH, self.name):
            found = sum(1 for file in listing.files if self._clip(file) is not None)
        return Look(100, f"{found} files fit the patterns of the mapping file") if found else None

    def read(self, listing: Listing, facts: Facts) -> Contents:
        look = self.look(listing, facts) or Look(0, "chosen by hand")
        paths: dict[str, list[str]] = {}
        for file in listing.files:
            paths.setdefault(file.path.lower(), []).append(file.path)
        with _at_most(LONGEST_SEARCH, self.name):
            taken = {beside.file.path: beside for file in listing.files if (beside := self._beside(file, paths))}
            found_clips = ((file, self._clip(file)) for file in listing.files if file.path not in taken)
            clips = [clip for _, clip in found_clips if clip is not None]
        rest = Listing(listing.name, tuple(file for file in listing.files if file.path not in taken))
        found = contents(self.name, look, rest, facts, clips)
        besides = (*taken.values(), *found.besides)
        return Contents(self.name, look, found.clips, besides, self.make, self.model, self.kind)

    def _clip(self, file: CardFile) -> Clip | None:
        for rule in self.recordings:
            match = rule.path.search(file.path) if len(file.path) <= LONGEST_PATH else None
            if match is None:
                continue
            groups = {name: value for name, value in match.groupdict().items() if value}
            marks = [(rule.locked, Mark.LOCKED), (rule.event, Mark.EVENT)]
            segment, whole = _number(groups, "segment"), None
            if self.whole and segment is not None:
                whole = self._series(file, groups)
            return Clip(
                file,
                series=None if self.by is None else self._series(file, groups),
                start=self._start(groups, rule),
                number=_number(groups, "number"),
                whole=whole,
                segment=segment,
                serial=groups.get("serial"),
                wearer=groups.get("officer"),
                marks=tuple(mark for pattern, mark in marks if pattern is not None and pattern.search(file.path)),
                said={name: value for name, value in groups.items() if name not in NUMBERS},
            )
        return None

    def _series(self, file: CardFile, groups: Mapping[str, str]) -> str:
        chosen = [groups.get(name, "") for name in self.by or ()]
        if self.whole:
            chosen += [groups.get(name, "") for name in TIME]
        return series_of("" if self.across_folders else file.folder, groups.get("serial", ""), *chosen, file.suffix)

    def _start(self, groups: Mapping[str, str], rule: RecordingRule) -> NamedTime | None:
        if any(name not in groups for name in TIME[:5]) or any(
            len(groups[name]) > 4 for name in TIME if name in groups
        ):
            return None
        year, month, day, hour, minute = (int(groups[name]) for name in TIME[:5])
        at = plausible(
            year + rule.century if year < 100 else year, month, day, hour, minute, int(groups.get("second", 0))
        )
        if at is None:
            return None
        return NamedTime(at, resolution=1 if "second" in groups else 60, zone=self.zone)

    def _beside(self, file: CardFile, paths: Mapping[str, list[str]]) -> Beside | None:
        for rule in self.sidecars:
            match = rule.path.search(file.path) if len(file.path) <= LONGEST_PATH else None
            if match is None:
                continue
            if rule.of is None:
                return Beside(file, (), rule.kind)
            groups = {"folder": file.folder, "stem": file.stem}
            groups |= {name: value or "" for name, value in match.groupdict().items()}
            meant = rule.of.format(**groups).lstrip("/").lower()
            return Beside(file, tuple(paths.get(meant, ())), rule.kind)
        return None


@contextmanager
def _at_most(seconds: float, name: str) -> Iterator[None]:
    """Break off what takes longer, in seconds of processor time: names on a card are somebody else's, and a pattern
    that goes back and forth may take hours over one that was made for it. Only a program's first thread can be
    interrupted so; cards are read by it. Raises MappingTooSlow."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def enough(_number: int, _frame: FrameType | None) -> None:
        raise MappingTooSlow(name=name, seconds=f"{seconds:g}")

    before = signal.signal(signal.SIGVTALRM, enough)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _number(groups: Mapping[str, str], name: str) -> int | None:
    text = groups.get(name, "")
    return int(text) if text and len(text) <= _MOST_DIGITS else None
