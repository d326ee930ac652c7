"""What is hidden in each picture of a part: its tracks, its mode and its overlay, asked by time.

One answer for rendering, for proof and for measuring. In doubt it hides: a shape whose numbers make no sense hides the
whole picture, a mask that begins between two pictures hides the one that is still shown then, and every edge is moved
outward by `PADDING`. Pure: places here are of the upright original; `candor.redaction.media.areas` makes pixels of
them.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from candor.redaction.model import FrameTimes, Key, Mode, PartDocument, Picture, Shape, Style, Track

__all__ = ["PADDING", "Hole", "Mask", "Masks"]

PADDING: Final = 1.0
"""Pixels that every mask's edge is moved outward, and every hole's inward: key frames are rounded to tenths of a pixel,
and pictures to whole ones."""
OVERLAY: Final = "overlay"
"""What masks over the camera's own lettering are of."""
_COUNTS: Final = {Shape.BOX: 4, Shape.ELLIPSE: 4, Shape.WHOLE: 0}


@dataclass(frozen=True)
class Hole:
    """A place that stays shown within a mask over the whole picture; already made smaller by the padding."""

    shape: Shape
    numbers: tuple[float, ...]


@dataclass(frozen=True)
class Mask:
    """One place to hide in one picture. `numbers`: as Shape says, in upright pixels, without the padding. `padding`: in
    pixels, outward. `track`: whose it is; "overlay" and "" (everything around the holes) are nobody's. `group`: masks
    that are of one thing all along share it. `holes`: what stays shown, of a mask over the whole picture."""

    style: Style
    shape: Shape
    numbers: tuple[float, ...]
    track: str
    group: str
    padding: float = PADDING
    holes: tuple[Hole, ...] = ()

    def box(self, picture: Picture) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 of what it covers with its padding, within the picture; x1 <= x0 where it lies beyond."""
        if self.shape is Shape.WHOLE:
            return (0.0, 0.0, float(picture.width), float(picture.height))
        across, down = self.numbers[0::2], self.numbers[1::2]
        return (
            max(0.0, min(across) - self.padding),
            max(0.0, min(down) - self.padding),
            min(float(picture.width), max(across) + self.padding),
            min(float(picture.height), max(down) + self.padding),
        )


class _Ranges:
    """Which of many stretches of time hold a time: in the logarithm of their number and the number of answers."""

    def __init__(self, ranges: Sequence[tuple[int, int]]) -> None:
        """ranges: first and last, both included, in the order of their first."""
        self._firsts = [first for first, _ in ranges]
        size = 1
        while size < len(ranges):
            size *= 2
        self._size = size
        self._latest: list[float] = [-math.inf] * (2 * size)
        for place, (_, last) in enumerate(ranges):
            self._latest[size + place] = last
        for node in range(size - 1, 0, -1):
            self._latest[node] = max(self._latest[2 * node], self._latest[2 * node + 1])

    def holding(self, time: int) -> list[int]:
        """The places, growing, of the ranges that hold `time`."""
        end = bisect.bisect_right(self._firsts, time)
        found: list[int] = []
        waiting = [(1, 0, self._size)] if end else []
        while waiting:
            node, begin, length = waiting.pop()
            if begin >= end or self._latest[node] < time:
                continue
            if length == 1:
                found.append(begin)
                continue
            half = length // 2
            waiting.append((2 * node + 1, begin + half, half))
            waiting.append((2 * node, begin, half))
        return found


class Masks:
    """What is hidden in a part, by time. Many thousand tracks are no matter."""

    def __init__(
        self,
        picture: Picture,
        part: PartDocument,
        style: Style = Style.SOLID,
        *,
        times: FrameTimes | None = None,
        padding: float = PADDING,
    ) -> None:
        """style: of tracks that do not say it themselves. times: of the part's pictures, so that what begins between
        two of them hides the one that is still shown then; without them a beginning counts to the tick."""
        self.picture = picture
        self.style = style
        self.padding = padding
        self.everywhere = part.mode is Mode.SHOW_ONLY
        self._overlay = part.overlay_boxes if part.overlay else ()
        tracks = [one for one in part.tracks.values() if one.keys and (one.hidden or self.everywhere)]
        shown = [one for one in tracks if not one.hidden]
        hidden = [_from_picture(one, times) if times is not None else one for one in tracks if one.hidden]
        self._hidden = sorted(hidden, key=lambda one: (one.first, one.last, one.id))
        self._shown = sorted(shown, key=lambda one: (one.first, one.last, one.id))
        self._stretches = _merged(stretch for one in self._hidden for stretch in _inside(one))
        self._by_time = _Ranges([(one.first, one.last) for one in self._hidden])
        self._shown_by_time = _Ranges([(one.first, one.last) for one in self._shown])

    def at(self, time: int) -> list[Mask]:
        """What is hidden in the picture that is shown at `time`, in ticks of the original's clock; solid ones last, so
        that they are painted over the others."""
        found: list[Mask] = []
        if self.everywhere:
            found.append(Mask(self.style, Shape.WHOLE, (), "", "", self.padding, self._holes(time)))
        for place in self._by_time.holding(time):
            mask = self._mask(self._hidden[place], time)
            if mask is not None:
                found.append(mask)
        for box in self._overlay:
            found.append(self._checked(Style.SOLID, Shape.BOX, tuple(box), OVERLAY, OVERLAY))
        order = {Style.BLUR: 0, Style.MOSAIC: 1, Style.SOLID: 2}
        return sorted(found, key=lambda mask: order[mask.style]) if len(found) > 1 else found

    def any_at(self, time: int) -> bool:
        """Whether anything is hidden at `time`; quicker than `at`."""
        if self.everywhere or self._overlay:
            return True
        return any(self._hidden[place].at(time) is not None for place in self._by_time.holding(time))

    def near(self, time: int, ticks: int) -> bool:
        """Whether anything is hidden between `time` - ticks and `time` + ticks."""
        if self.everywhere or self._overlay:
            return True
        place = bisect.bisect_right(self._stretches, (time + ticks, math.inf)) - 1
        return place >= 0 and self._stretches[place][1] >= time - ticks

    def touched(self, times: FrameTimes) -> list[tuple[int, int]]:
        """The runs of pictures with anything hidden: times of the first and the last of each, both included."""
        if not len(times):
            return []
        if self.everywhere or self._overlay:
            return [(times.at(0), times.at(len(times) - 1))]
        runs: list[tuple[int, int]] = []
        for first, last in self._stretches:
            begin = times.number_at(first)
            begin += times.at(begin) < first
            end = times.number_at(last)
            if end < begin or times.at(begin) > last:
                continue
            if runs and begin <= runs[-1][1] + 1:
                runs[-1] = (runs[-1][0], max(end, runs[-1][1]))
            else:
                runs.append((begin, end))
        return [(times.at(begin), times.at(end)) for begin, end in runs]

    def to_json(self) -> dict[str, Any]:
        """What rendering and proof need, for a limited process; `from_json` reads it."""
        return {
            "picture": self.picture.to_json(),
            "style": self.style.value,
            "padding": self.padding,
            "everywhere": self.everywhere,
            "overlay": [list(box) for box in self._overlay],
            "tracks": [_track_json(one) for one in (*self._hidden, *self._shown)],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Masks:
        """Read `to_json`."""
        tracks = [Track.from_json(one) for one in value["tracks"]]
        boxes = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in value["overlay"])
        part = PartDocument(
            Mode.SHOW_ONLY if value["everywhere"] else Mode.HIDE,
            {str(place): one for place, one in enumerate(tracks)},
            overlay=bool(boxes),
            overlay_boxes=boxes,
        )
        picture, style = Picture.from_json(value["picture"]), Style(value["style"])
        return cls(picture, part, style, padding=float(value["padding"]))

    def _mask(self, track: Track, time: int) -> Mask | None:
        numbers = track.at(time)
        if numbers is None:
            return None
        return self._checked(track.style or self.style, track.shape, numbers, track.id, track.group or track.id)

    def _checked(self, style: Style, shape: Shape, numbers: tuple[float, ...], track: str, group: str) -> Mask:
        if not _makes_sense(shape, numbers):
            return Mask(Style.SOLID, Shape.WHOLE, (), track, group, self.padding)
        return Mask(style, shape, () if shape is Shape.WHOLE else numbers, track, group, self.padding)

    def _holes(self, time: int) -> tuple[Hole, ...]:
        found: list[Hole] = []
        for place in self._shown_by_time.holding(time):
            track = self._shown[place]
            numbers = track.at(time)
            if numbers is None or not _makes_sense(track.shape, numbers):
                continue
            hole = _smaller(track.shape, numbers, self.padding)
            if hole is not None:
                found.append(hole)
        return tuple(found)


def _makes_sense(shape: Shape, numbers: tuple[float, ...]) -> bool:
    if not all(math.isfinite(one) for one in numbers):
        return False
    if shape is Shape.POLYGON:
        return len(numbers) >= 6 and len(numbers) % 2 == 0
    return shape is Shape.WHOLE or len(numbers) == _COUNTS[shape]


def _smaller(shape: Shape, numbers: tuple[float, ...], padding: float) -> Hole | None:
    """A hole with its edges moved inward; a polygon's are when it becomes pixels."""
    if shape in (Shape.BOX, Shape.ELLIPSE):
        x0, x1 = sorted(numbers[0::2])
        y0, y1 = sorted(numbers[1::2])
        if x1 - x0 <= 2 * padding or y1 - y0 <= 2 * padding:
            return None
        return Hole(shape, (x0 + padding, y0 + padding, x1 - padding, y1 - padding))
    return Hole(shape, numbers)


def _from_picture(track: Track, times: FrameTimes) -> Track:
    """The same track with each time at which it comes into the picture moved to the picture that is shown then, and to
    the very first where it comes with the first picture of the viewing copy: nobody saw those that come before it."""
    if not len(times):
        return track
    keys: list[Key] = []
    if times.at(0) < track.first <= _first_seen(times) and not track.keys[0].outside:
        keys.append(Key(times.at(0), track.keys[0].numbers))
    for place, key in enumerate(track.keys):
        comes = not key.outside and (place == 0 or track.keys[place - 1].outside)
        at = min(key.at, times.at(times.number_at(key.at))) if comes else key.at
        if at < key.at:
            while keys and keys[-1].outside and keys[-1].at >= at:  # it was gone within this one picture
                keys.pop()
            if not keys or keys[-1].at < at:
                keys.append(Key(at, key.numbers))
        keys.append(key)
    changed = vars(track) | {"keys": tuple(keys)}
    return Track(**changed)


def _first_seen(times: FrameTimes) -> int:
    """The time of the first picture that the viewing copy shows; those before its zero are left out of it."""
    number = times.number_at(times.zero)
    return times.at(min(number + (times.at(number) < times.zero), len(times) - 1))


def _inside(track: Track) -> Iterable[tuple[int, int]]:
    """The stretches of time, both ends included, in which a track is in the picture."""
    begin: int | None = None
    for key in track.keys:
        if key.outside:
            if begin is not None:
                yield begin, key.at - 1
            begin = None
        elif begin is None:
            begin = key.at
    if begin is not None:
        yield begin, track.last


def _merged(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches that overlap or touch as one, growing."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(stretches):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _track_json(track: Track) -> dict[str, Any]:
    """A track without what nobody needs to hide it. Its numbers as they are, not rounded."""
    return {
        "id": track.id,
        "part": "",
        "kind": track.kind.value,
        "origin": track.origin.value,
        "shape": track.shape.value,
        "keys": [[key.at, int(key.outside), *(_plain(one) for one in key.numbers)] for key in track.keys],
        "hidden": track.hidden,
        "style": None if track.style is None else track.style.value,
        "group": track.group,
    }


def _plain(number: float) -> float:
    return number if math.isfinite(number) else float("nan")
