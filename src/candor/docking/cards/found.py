"""What a reader says of a card: which files are recordings, what their names claim, which files belong beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from candor.docking.cards.listing import CardFile, Listing

__all__ = ["Beside", "Clip", "Contents", "Facts", "Look", "Mark", "NamedTime", "Reader", "by_themselves"]

#: What the limited process read in small files, by their paths (`candor.footage.media.sidecar`).
Facts = Mapping[str, Mapping[str, Any]]


class Mark(StrEnum):
    """What the camera itself did to a file."""

    LOCKED = "locked"
    EVENT = "event"


@dataclass(frozen=True)
class NamedTime:
    """A time as a name or a record writes it. `local`: without a zone; `resolution` in seconds; `zone`: IANA, None when
    nobody says which zone is meant."""

    local: datetime
    resolution: int = 1
    zone: str | None = None
    where: str = "the file's name"

    def at(self, zone: str | None = None) -> datetime | None:
        """The moment in UTC; `zone` is used where the time itself names none, None when nobody does. An hour that came
        twice there is taken for the first, one that never came as if the clocks had not been set: see `twofold`."""
        name = self.zone or zone
        if name is None:
            return None
        try:
            return self.local.replace(tzinfo=ZoneInfo(name)).astimezone(UTC)
        except (OverflowError, ValueError):
            return None

    def twofold(self, zone: str | None = None) -> bool:
        """Whether this local time came twice, or never, because clocks were set back or forward."""
        name = self.zone or zone
        if name is None:
            return False
        placed = self.local.replace(tzinfo=ZoneInfo(name))
        return placed.utcoffset() != placed.replace(fold=1).utcoffset()


@dataclass(frozen=True)
class Clip:
    """A file that is a recording, or a part of one.

    `series`: files of one camera and one lens, in one place, that may go on from one another; None: it stands alone.
    `number`: the camera's count of its files, which begins anew after `wraps`. `whole`: names the recording that this
    is segment `segment` of. `serial`, `wearer`: as the name or a record claims. `until`: the end, as a record claims.
    `said`: what else is claimed, small, JSON without floats.
    """

    file: CardFile
    series: str | None = None
    start: NamedTime | None = None
    until: NamedTime | None = None
    number: int | None = None
    wraps: int | None = None
    whole: str | None = None
    segment: int | None = None
    serial: str | None = None
    wearer: str | None = None
    marks: tuple[Mark, ...] = ()
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Beside:
    """A small file that belongs beside recordings: `of` has their paths, none when it is not known which.

    `kind`: as `footage.sidecars` knows it, for what its content does not tell.
    """

    file: CardFile
    of: tuple[str, ...] = ()
    kind: str = "unknown"


@dataclass(frozen=True)
class Look:
    """How well a reader fits: `sureness` of 100, and why in words."""

    sureness: int
    why: str


@dataclass(frozen=True)
class Contents:
    """A card as one reader reads it. Every file of the listing is in exactly one of `clips` and `besides`."""

    reader: str
    look: Look
    clips: tuple[Clip, ...] = ()
    besides: tuple[Beside, ...] = ()
    make: str | None = None
    model: str | None = None
    kind: str = "body"
    remarks: tuple[str, ...] = ()

    def only(self, paths: Sequence[str] | set[str]) -> Contents:
        """The same without any other file."""
        kept = set(paths)
        return replace(
            self,
            clips=tuple(clip for clip in self.clips if clip.file.path in kept),
            besides=tuple(one for one in self.besides if one.file.path in kept),
        )


class Reader(Protocol):
    """One way in which cameras fill a card. Pure: it sees the listing and the facts, and opens nothing."""

    @property
    def name(self) -> str:
        """As `--reader` names it."""

    def look(self, listing: Listing, facts: Facts) -> Look | None:
        """How well it fits; None when it does not."""

    def read(self, listing: Listing, facts: Facts) -> Contents:
        """What there is. Called only where `look` gave something."""


#: Suffixes of files that hold recordings, also in formats that cannot be played here.
_MEDIA = (
    ".mp4 .mov .m4v .mkv .avi .ts .mts .m2ts .mpg .mpeg .asf .wmv .3gp .webm .mxf .flv .dav .h264 .h265 .264 .265 .g64 "
    ".g64x .wav .mp3 .aac .m4a .amr .ogg .flac"
)
MEDIA = frozenset(re.findall(r"\S+", _MEDIA))
#: Suffixes of small files that belong beside recordings.
_SMALL = ".sha256 .sha1 .md5 .xml .json .gpx .srt .nmea .nma .txt .csv .log .pdf .html .htm .ini .key"
SMALL = frozenset(re.findall(r"\S+", _SMALL))
#: The largest file that counts as a small one, in bytes.
LARGEST_SMALL = 16 << 20


def is_media(file: CardFile) -> bool:
    """Whether it is a recording by its suffix."""
    return file.suffix in MEDIA


def is_small(file: CardFile) -> bool:
    """Whether it belongs beside recordings by its suffix and size."""
    return file.suffix in SMALL and file.size <= LARGEST_SMALL


def by_themselves(files: Sequence[CardFile], clips: Sequence[Clip], facts: Facts) -> tuple[list[Clip], list[Beside]]:
    """The files that no rule of a reader covers: (recordings that stand alone, small files beside others).

    `clips` are the recordings that are known; a small file goes beside those that share its name up to the suffix,
    those that a hash list names, and otherwise beside none.
    """
    small = [file for file in files if is_small(file)]
    alone = [Clip(file) for file in files if not is_small(file)]
    near = _Near([*clips, *alone])
    return alone, [Beside(file, near.those_of(file, facts.get(file.path, {}))) for file in small]


class _Near:
    """Recordings by what a small file may call them: their name, or their name without the suffix, in its folder."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self._found: dict[tuple[str, str], list[str]] = {}
        for clip in clips:
            file = clip.file
            for name in {file.name.lower(), file.stem.lower()}:
                self._found.setdefault((file.folder, name), []).append(file.path)

    def those_of(self, file: CardFile, facts: Mapping[str, Any]) -> tuple[str, ...]:
        named = [entry.get("name") or "" for entry in facts.get("hashes", ())]
        names = {file.stem.lower()} | {name.replace("\\", "/").rpartition("/")[2].lower() for name in named if name}
        found: list[str] = []
        for name in sorted(names):
            found += self._found.get((file.folder, name), [])
        return tuple(dict.fromkeys(found))


def plausible(year: int, month: int, day: int, hour: int, minute: int, second: int = 0) -> datetime | None:
    """The local time that these numbers name, if a calendar has it."""
    try:
        return datetime(year, month, day, hour, minute, 0) + timedelta(seconds=second) if second < 60 else None
    except (ValueError, OverflowError):
        return None
