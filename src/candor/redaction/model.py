"""What redaction speaks of: pictures and times of a part, tracks with their key frames, spans of sound, a document.

Everything here is data with a JSON form, which the database, sealed objects, the browser and limited processes share.
Pure: no database, no media.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

__all__ = [
    "Document",
    "FrameTimes",
    "Key",
    "Kind",
    "Mode",
    "Origin",
    "PartDocument",
    "Picture",
    "Shape",
    "SoundStyle",
    "Span",
    "Style",
    "Track",
]


class Kind(StrEnum):
    """What a track follows. A value, once used, is never renamed."""

    FACE = "face"  # widened to the head
    PLATE = "plate"
    SCREEN = "screen"
    DOCUMENT = "document"
    PERSON = "person"
    REGION = "region"  # drawn by a person, whatever it is
    FRAME = "frame"  # the whole picture


class Shape(StrEnum):
    """How a track's place is drawn; its numbers: x0, y0, x1, y1 of a box or the box around an ellipse, x, y of each
    corner of a polygon, none for the whole picture."""

    BOX = "box"
    ELLIPSE = "ellipse"
    POLYGON = "polygon"
    WHOLE = "whole"


class Style(StrEnum):
    """How pixels are hidden, the strongest first."""

    SOLID = "solid"
    MOSAIC = "mosaic"  # at most 7 x 7 cells
    BLUR = "blur"  # cosmetic: weaker, and said so


class SoundStyle(StrEnum):
    """How sound is hidden. What was there is taken out first, whatever is put in its place."""

    MUTE = "mute"
    BLEEP = "bleep"
    DISTORT = "distort"  # cosmetic: words stay understandable to some, and that is said


class Origin(StrEnum):
    """Who said that something is there."""

    MODEL = "model"
    PERSON = "person"
    FOLLOWED = "followed"  # drawn by a person, followed by the tracker


class Mode(StrEnum):
    """What the tracks of a part mean."""

    HIDE = "hide"  # tracks that are hidden are masked, the rest is shown
    SHOW_ONLY = "show-only"  # everything is masked but the tracks that are not hidden


@dataclass(frozen=True)
class Picture:
    """A part's pictures as they stand upright: `width` and `height` in the original's own pixels, after `degrees` (0,
    90, 180, 270, clockwise) and `mirrored` (left and right exchanged before the turn). `aspect`: width of one upright
    pixel divided by its height, as "16:15"."""

    width: int
    height: int
    degrees: int = 0
    mirrored: bool = False
    aspect: str = "1:1"

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return vars(self).copy()

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Picture:
        """Read `to_json`."""
        return cls(**value)


@dataclass(frozen=True)
class FrameTimes:
    """When each picture of a part is shown: strictly growing times in ticks of `clock` (seconds a tick).

    `runs`: (first time, step, count), each at least one picture. `zero`: the time that is 0 in the viewing copy.
    """

    clock: Fraction
    runs: tuple[tuple[int, int, int], ...]
    zero: int = 0
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _counts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        counts, total = [], 0
        for _, _, count in self.runs:
            counts.append(total)
            total += count
        object.__setattr__(self, "_starts", tuple(first for first, _, _ in self.runs))
        object.__setattr__(self, "_counts", (*counts, total))

    @classmethod
    def of(cls, times: Iterable[int], clock: Fraction, zero: int = 0) -> FrameTimes:
        """From the times themselves, in any order; a time that stands there twice counts once."""
        ordered = sorted(set(times))
        runs: list[tuple[int, int, int]] = []
        at = 0
        while at < len(ordered):
            step = ordered[at + 1] - ordered[at] if at + 1 < len(ordered) else 1
            end = at + 1
            while end < len(ordered) and ordered[end] - ordered[end - 1] == step:
                end += 1
            runs.append((ordered[at], step, end - at))
            at = end
        return cls(clock, tuple(runs), zero)

    def __len__(self) -> int:
        return self._counts[-1]

    def at(self, number: int) -> int:
        """The time of picture `number`, from 0. Raises IndexError."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        run = bisect.bisect_right(self._counts, number) - 1
        first, step, _ = self.runs[run]
        return first + (number - self._counts[run]) * step

    def number_at(self, time: int) -> int:
        """Which picture is shown at a time: the last that begins at it or before; 0 before the first."""
        run = max(0, bisect.bisect_right(self._starts, time) - 1)
        if not self.runs:
            return 0
        first, step, count = self.runs[run]
        within = min(count - 1, max(0, (time - first) // step)) if step > 0 else 0
        return self._counts[run] + within

    def all(self) -> list[int]:
        """Every time, in order."""
        return [first + place * step for first, step, count in self.runs for place in range(count)]

    def seconds(self, time: int) -> float:
        """A time as seconds of the viewing copy."""
        return float((time - self.zero) * self.clock)

    def ticks(self, seconds: float) -> int:
        """Seconds of the viewing copy as a time."""
        return round(Fraction(seconds).limit_denominator(10_000_000) / self.clock) + self.zero

    def to_json(self) -> dict[str, Any]:
        """{"clock": "1/90000", "zero": ticks, "runs": [[first, step, count], …]}"""
        return {"clock": str(self.clock), "zero": self.zero, "runs": [list(run) for run in self.runs]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> FrameTimes:
        """Read `to_json`."""
        runs = tuple((int(first), int(step), int(count)) for first, step, count in value["runs"])
        return cls(Fraction(value["clock"]), runs, int(value["zero"]))


@dataclass(frozen=True)
class Key:
    """Where a track is at one time. Between two keys its numbers change in a straight line; from an `outside` key on to
    the next key it is not in the picture. `numbers`: see Shape; in pixels of the upright original, may reach beyond its
    edges."""

    at: int
    numbers: tuple[float, ...]
    outside: bool = False

    def to_json(self) -> list[Any]:
        """[at, 1 when outside else 0, number, …], numbers to a tenth of a pixel."""
        return [self.at, int(self.outside), *(round(one, 1) for one in self.numbers)]

    @classmethod
    def from_json(cls, value: Sequence[Any]) -> Key:
        """Read `to_json`."""
        return cls(int(value[0]), tuple(float(one) for one in value[2:]), bool(value[1]))


@dataclass(frozen=True)
class Track:
    """Something that is followed through a part, from its first key to its last (both included).

    `hidden`: whether it is masked (in Mode.SHOW_ONLY: whether it is left masked). `exemption`: why, a key of the law
    pack's exemptions or the agency's own words. `style`: None: the document's. `group`: tracks of one person in this
    recording share it. `reviewed`: somebody looked at it and let it stand. `doubt`: 0 (plain) to 1, how much it wants
    looking at; `doubts`: why, in keys of `DOUBTS`. `model`: which model found it, as registered, with its version.
    `score`: the best that the model gave it.
    """

    id: str
    part: str
    kind: Kind
    origin: Origin
    shape: Shape
    keys: tuple[Key, ...]
    hidden: bool = True
    exemption: str | None = None
    style: Style | None = None
    label: str = ""
    group: str | None = None
    reviewed: bool = False
    doubt: float = 0.0
    doubts: tuple[str, ...] = ()
    model: str | None = None
    score: float | None = None

    @property
    def first(self) -> int:
        """The time of its first key."""
        return self.keys[0].at

    @property
    def last(self) -> int:
        """The time of its last key."""
        return self.keys[-1].at

    def at(self, time: int) -> tuple[float, ...] | None:
        """Its numbers at a time; None where it is not there."""
        if not self.keys or not self.first <= time <= self.last:
            return None
        place = bisect.bisect_right(self.keys, time, key=lambda key: key.at) - 1
        key = self.keys[place]
        if key.outside:
            return None
        if key.at == time or place + 1 == len(self.keys):
            return key.numbers
        following = self.keys[place + 1]
        if following.outside or len(following.numbers) != len(key.numbers):
            return key.numbers
        share = (time - key.at) / (following.at - key.at)
        return tuple(a + (b - a) * share for a, b in zip(key.numbers, following.numbers, strict=True))

    def to_json(self) -> dict[str, Any]:
        """Everything, values as they are; keys as lists."""
        return vars(self) | {
            "keys": [key.to_json() for key in self.keys],
            "doubts": list(self.doubts),
            "doubt": round(self.doubt, 3),
            "score": None if self.score is None else round(self.score, 3),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Track:
        """Read `to_json`. Raises KeyError, TypeError or ValueError for what is none."""
        return cls(
            **{
                **value,
                "kind": Kind(value["kind"]),
                "origin": Origin(value["origin"]),
                "shape": Shape(value["shape"]),
                "style": None if value.get("style") is None else Style(value["style"]),
                "keys": tuple(Key.from_json(one) for one in value["keys"]),
                "doubts": tuple(value.get("doubts", ())),
            }
        )


#: Why a track wants looking at.
DOUBTS: Final[dict[str, str]] = {
    "short": "seen for a moment only",
    "weak": "the model was not sure",
    "filled": "followed by motion where the model did not see it",
    "small": "small in the picture",
    "fast": "moves fast",
    "edge": "at the edge of the picture",
    "cut": "begins or ends at a cut",
    "lost": "lost while it was still in the picture",
    "joined": "put together from several pieces",
}


@dataclass(frozen=True)
class Span:
    """A stretch of a part's sound to hide: milliseconds of the viewing copy (0 is its beginning), `until` excluded."""

    id: str
    part: str
    begin: int
    until: int
    style: SoundStyle = SoundStyle.MUTE
    exemption: str | None = None
    label: str = ""
    origin: Origin = Origin.PERSON
    hidden: bool = True
    reviewed: bool = False

    def to_json(self) -> dict[str, Any]:
        """Everything, values as they are."""
        return vars(self).copy()

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Span:
        """Read `to_json`. Raises KeyError, TypeError or ValueError for what is none."""
        return cls(**{**value, "style": SoundStyle(value["style"]), "origin": Origin(value["origin"])})


@dataclass(frozen=True)
class PartDocument:
    """What is said of one part. `overlay`: whether what the camera wrote into the picture (time, name, number) is
    masked too; `overlay_boxes`: where it stands, as x0, y0, x1, y1."""

    mode: Mode = Mode.HIDE
    tracks: Mapping[str, Track] = field(default_factory=dict)
    spans: Mapping[str, Span] = field(default_factory=dict)
    overlay: bool = False
    overlay_boxes: tuple[tuple[float, float, float, float], ...] = ()
    mute_all: bool = False

    def to_json(self) -> dict[str, Any]:
        """Tracks and spans as lists, in the order of their first times."""
        return {
            "mode": self.mode.value,
            "tracks": [
                one.to_json() for one in sorted(self.tracks.values(), key=lambda one: (one.first, one.last, one.id))
            ],
            "spans": [
                one.to_json() for one in sorted(self.spans.values(), key=lambda one: (one.begin, one.until, one.id))
            ],
            "overlay": self.overlay,
            "overlay_boxes": [list(one) for one in self.overlay_boxes],
            "mute_all": self.mute_all,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PartDocument:
        """Read `to_json`."""
        tracks = [Track.from_json(one) for one in value["tracks"]]
        spans = [Span.from_json(one) for one in value["spans"]]
        boxes = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in value.get("overlay_boxes", ()))
        return cls(
            Mode(value["mode"]),
            {one.id: one for one in tracks},
            {one.id: one for one in spans},
            bool(value["overlay"]),
            boxes,
            bool(value["mute_all"]),
        )


@dataclass(frozen=True)
class Document:
    """Everything that is said of a recording in one redaction, by part. `style`: how tracks are hidden that do not say
    it themselves."""

    parts: Mapping[str, PartDocument] = field(default_factory=dict)
    style: Style = Style.SOLID

    def part(self, part_id: str) -> PartDocument:
        """What is said of a part; nothing, when nobody said anything."""
        return self.parts.get(part_id, PartDocument())

    def with_part(self, part_id: str, changed: PartDocument) -> Document:
        """The same with one part changed."""
        return replace(self, parts={**self.parts, part_id: changed})

    def to_json(self) -> dict[str, Any]:
        """{"style": …, "parts": {part: …}}"""
        return {"style": self.style.value, "parts": {name: one.to_json() for name, one in sorted(self.parts.items())}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Document:
        """Read `to_json`."""
        parts = {name: PartDocument.from_json(one) for name, one in value["parts"].items()}
        return cls(parts, Style(value["style"]))
