"""Which tracks of one recording may be of one person: by where they end and begin, and by the colours of clothes and
hair.

Nothing here knows a face. Colours are taken from a few pictures of this recording when somebody asks, compared, and
forgotten; nothing of them is stored, and nothing is ever compared with another recording.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final

import cv2
import numpy as np
import numpy.typing as npt

from candor.redaction.media.frames import Looked, Wish, watch
from candor.redaction.media.plan import Plan
from candor.redaction.model import Kind, Track

__all__ = ["same_person"]

KINDS: Final = (Kind.FACE, Kind.PERSON)
LIKELY: Final = 0.5
"""From which a track is named at all."""
_SAMPLES: Final = 3  # pictures of each track
_MOST: Final = 400  # pictures in all
_SIDE: Final = 640
_TOGETHER: Final = 0.3  # seconds that two tracks may both be in the picture and still be one person
_LIES_ON: Final = 0.5  # overlap from which they are the same thing, tracked twice
_SOON: Final = 2.0  # seconds between the end of one and the beginning of the other
_NEAR: Final = 0.45  # the most that being near and soon adds
_BINS: Final = (12, 6)  # of the two colour axes
_LIGHTS: Final = 8
_TORSO: Final = 0.65  # share that clothes have in the comparison, where they are in the picture

Colours = tuple["npt.NDArray[np.float32]", "npt.NDArray[np.float32] | None"]
"""Of the head, and of what is below it if that is in the picture."""
Box = tuple[float, ...]


def same_person(
    stream: BinaryIO,
    plan: Plan,
    tracks: Sequence[Track],
    track_id: str,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[tuple[str, float]]:
    """Tracks of this recording that may be of the same person as `track_id`, with how likely that is (LIKELY to 1), the
    likeliest first. Two that are in the picture together are two persons.

    Raises KeyError where there is no such track, a LimitedError as `analyse` does, and what `stream` or a callback
    raises.
    """
    wanted = {one.id: one for one in tracks}[track_id]
    others = [one for one in tracks if one.id != track_id and one.kind in KINDS and not _together(plan, wanted, one)]
    doubles = [one for one in others if _lies_on(plan, wanted, one)]
    if not others or wanted.kind not in KINDS:
        return []
    moments = _moments(plan, [wanted, *others])
    looks = _look(stream, plan, [wanted, *others], moments, progress, cancelled)
    found: list[tuple[str, float]] = []
    for one in others:
        likely = 1.0 if one in doubles else _likely(plan, wanted, one, looks)
        if likely >= LIKELY:
            found.append((one.id, round(likely, 3)))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def _both(plan: Plan, one: Track, other: Track) -> list[int]:
    """Times, a few, at which both are in the picture."""
    first, last = max(one.first, other.first), min(one.last, other.last)
    if first > last:
        return []
    times = {round(first + (last - first) * share / 8) for share in range(9)}
    return [time for time in sorted(times) if one.at(time) is not None and other.at(time) is not None]


def _together(plan: Plan, one: Track, other: Track) -> bool:
    """Whether both are in the picture for a while, in different places."""
    times = _both(plan, one, other)
    if not times or float((times[-1] - times[0]) * plan.frames.clock) < _TOGETHER:
        return False
    return not _lies_on(plan, one, other)


def _lies_on(plan: Plan, one: Track, other: Track) -> bool:
    shared = [_overlap(one.at(time) or (), other.at(time) or ()) for time in _both(plan, one, other)]
    return bool(shared) and sum(shared) / len(shared) > _LIES_ON


def _overlap(one: Box, other: Box) -> float:
    a, b = _around(one), _around(other)
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    inner = width * height
    return inner / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inner)


def _around(numbers: Box) -> tuple[float, float, float, float]:
    """The box around a shape's numbers."""
    return min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])


def _moments(plan: Plan, tracks: Sequence[Track]) -> dict[int, list[Track]]:
    """Pictures to look at, with the tracks that are in them; key frames where there are some, found soonest."""
    moments: dict[int, list[Track]] = {}
    for track in tracks:
        begin, end = bisect.bisect_left(plan.keys, track.first), bisect.bisect_right(plan.keys, track.last)
        within = [time for time in plan.keys[begin:end] if track.at(time) is not None]
        chosen = _spread(within)
        if not chosen:
            middle = plan.frames.at(plan.frames.number_at((track.first + track.last) // 2))
            chosen = [middle if track.at(middle) is not None else track.first]
        if len(moments.keys() | set(chosen)) > _MOST:
            chosen = [time for time in chosen if time in moments]
        for time in chosen:
            moments.setdefault(time, []).append(track)
    return moments


def _spread(times: list[int]) -> list[int]:
    if len(times) <= _SAMPLES:
        return times
    return [times[round((len(times) - 1) * (place + 0.5) / _SAMPLES)] for place in range(_SAMPLES)]


def _look(
    stream: BinaryIO,
    plan: Plan,
    tracks: Sequence[Track],
    moments: dict[int, list[Track]],
    progress: Callable[[float], None] | None,
    cancelled: Callable[[], bool] | None,
) -> dict[str, list[Colours]]:
    width, height = plan.picture.width, plan.picture.height
    scale = min(1.0, _SIDE / max(width, height))
    size = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
    looks: dict[str, list[Colours]] = {track.id: [] for track in tracks}

    def take(pictures: Iterator[Looked]) -> None:
        for looked in pictures:
            for track in moments.get(looked.time, ()):
                numbers = track.at(looked.time)
                if numbers is None:
                    continue
                colours = _colours(looked.colour[0][1], _around(numbers), scale, track.kind)
                if colours is not None:
                    looks[track.id].append(colours)

    times = sorted(moments)
    told = None if progress is None else lambda now: progress(min(1.0, bisect.bisect_right(times, now) / len(times)))
    watch(stream, plan, take, times=times, wishes=[Wish((size,))], progress=told, cancelled=cancelled)
    return looks


def _colours(
    picture: npt.NDArray[np.uint8], box: tuple[float, float, float, float], scale: float, kind: Kind
) -> Colours | None:
    x0, y0, x1, y1 = (one * scale for one in box)
    width, height = x1 - x0, y1 - y0
    if kind is Kind.PERSON:
        head, body = (x0, y0, x1, y0 + height / 6), (x0 + width / 5, y0 + height / 6, x1 - width / 5, y0 + height / 2)
    else:
        head, body = (x0, y0, x1, y1), (x0 - 0.2 * width, y1 + 0.1 * height, x1 + 0.2 * width, y1 + 1.5 * height)
    above = _histogram(picture, head)
    return None if above is None else (above, _histogram(picture, body))


def _histogram(
    picture: npt.NDArray[np.uint8], box: tuple[float, float, float, float]
) -> npt.NDArray[np.float32] | None:
    """Colours (Lab, the two colour axes) and lights of a place; None where less than half of it is in the picture."""
    rows, columns = picture.shape[:2]
    x0, y0, x1, y1 = (round(one) for one in box)
    inner = picture[max(0, y0) : min(rows, y1), max(0, x0) : min(columns, x1)]
    if inner.shape[0] < 3 or inner.shape[1] < 3 or 2 * inner.shape[0] * inner.shape[1] < (x1 - x0) * (y1 - y0):
        return None
    lab = cv2.cvtColor(np.ascontiguousarray(inner), cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float32)
    edges = [np.linspace(96, 160, count + 1) for count in _BINS]
    clipped = np.clip(lab[:, 1:], 96.5, 159.5)
    tints, _, _ = np.histogram2d(clipped[:, 0], clipped[:, 1], bins=[edges[0], edges[1]])
    lights, _ = np.histogram(lab[:, 0], bins=_LIGHTS, range=(0, 256))
    soft = cv2.GaussianBlur(tints.astype(np.float32), (3, 3), 0).reshape(-1)
    light = cv2.GaussianBlur(lights.astype(np.float32).reshape(1, -1), (3, 1), 0).reshape(-1)
    return np.concatenate([soft / max(1.0, soft.sum()), light / max(1.0, light.sum())])


def _alike(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """Bhattacharyya's coefficient of tints and of lights, tints counting more."""
    tints = _BINS[0] * _BINS[1]
    root = np.sqrt(one * other)
    return 0.7 * float(root[:tints].sum()) + 0.3 * float(root[tints:].sum())


def _likely(plan: Plan, one: Track, other: Track, looks: dict[str, list[Colours]]) -> float:
    """By colours, the best two pairs of pictures; raised where one ends near where and when the other begins."""
    pairs = sorted(
        (_compared(mine, theirs) for mine in looks[one.id] for theirs in looks[other.id]),
        reverse=True,
    )[:2]
    by_colour = sum(pairs) / len(pairs) if pairs else 0.0
    # Any two people are somewhat alike in colour: what counts is what goes beyond that.
    by_colour = max(0.0, (by_colour - 0.4) / 0.6)
    return 1 - (1 - by_colour) * (1 - _NEAR * _continues(plan, one, other))


def _compared(one: Colours, other: Colours) -> float:
    head = _alike(one[0], other[0])
    if one[1] is None or other[1] is None:
        return 0.9 * head
    return _TORSO * _alike(one[1], other[1]) + (1 - _TORSO) * head


def _continues(plan: Plan, one: Track, other: Track) -> float:
    """1: one ends where and when the other begins; 0: nothing speaks for it."""
    earlier, later = (one, other) if one.last <= other.last else (other, one)
    gap = float((later.first - earlier.last) * plan.frames.clock)
    end, begin = earlier.at(earlier.last), later.at(later.first)
    if gap > _SOON or end is None or begin is None:
        return 0.0
    a, b = _around(end), _around(begin)
    size = max(a[2] - a[0], a[3] - a[1], b[2] - b[0], b[3] - b[1], 1.0)
    apart = float(np.hypot(a[0] + a[2] - b[0] - b[2], a[1] + a[3] - b[1] - b[3])) / 2
    return float(np.exp(-apart / (2 * size))) * max(0.0, 1 - max(0.0, gap) / (2 * _SOON))
