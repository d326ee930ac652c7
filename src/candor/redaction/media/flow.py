"""Following boxes from one grey picture to another by the motion of points in them (Lucas and Kanade, pyramidal).

A grid of points in each box is followed there and back; what does not come back to where it was does not count
(forward-backward error: Kalal, Mikolajczyk, Matas 2010). The box moves by the median of what counts, and grows by the
median change of distances. Pure: arrays in, arrays out.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from candor.redaction.media.cuts import correlation

__all__ = ["Rows", "camera", "crosses", "find", "likeness", "move", "patch_of"]

Rows = npt.NDArray[np.float32]
"""Rows of x0, y0, x1, y1 in pixels of the grey plane."""
Grey = npt.NDArray[np.uint8]

_GRID: Final = 5
_INNER: Final = 0.7  # share of the box that the grid covers: its rim is background
_LEAST: Final = 8.0  # pixels that the grid covers at least, in a very small box
_BACK: Final = 1.0  # pixels by which a point may miss where it came from
_FEWEST: Final = 5  # points that have to count
_SCALED: Final = 10.0  # pixels of the shorter side from which a change of size can be told
_GROWING: Final = 0.5  # trust from which a change of size is believed
_GROWTH: Final = (0.9, 1.12)  # in one step
_WINDOW: Final = (11, 11)
_LEVELS: Final = 3
_AT_EDGE: Final = 0.35  # of its size, how near an edge something is that comes in or goes out there
_COARSE: Final = 4  # how much smaller the pictures are in which the camera's motion is looked for
_AS_A_WHOLE: Final = 0.4  # correlation of what both show, once shifted
_PATCH: Final = 20
_REACH: Final = 1.0  # of its size, how far around it is looked for
_FOUND: Final = 0.6  # correlation from which it is found
_FLAT: Final = 2.0  # grey levels of deviation, below which there is nothing to find

_axis = (np.arange(_GRID, dtype=np.float32) / (_GRID - 1) - 0.5).astype(np.float32)
_grid: Rows = np.stack(np.meshgrid(_axis, _axis), axis=-1).reshape(-1, 2).astype(np.float32)
_first, _second = np.triu_indices(_GRID * _GRID, 1)


def move(before: Grey, after: Grey, boxes: Rows, speeds: Rows | None = None) -> tuple[Rows, Rows]:
    """Where boxes of one picture are in another, and how far that can be trusted: 0 (nothing found again) to 1.

    speeds: how much each box (its four numbers) is expected to change: where to begin to look.
    """
    if not len(boxes):
        return boxes, np.zeros(0, np.float32)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    extents = np.maximum((boxes[:, 2:] - boxes[:, :2]) * _INNER, _LEAST)
    points = centres[:, None, :] + _grid[None] * extents[:, None, :]
    expected = np.zeros((len(boxes), 2), np.float32) if speeds is None else (speeds[:, :2] + speeds[:, 2:]) / 2
    shifts = np.repeat(expected[:, None, :], points.shape[1], axis=1)
    found, good = _follow(before, after, _flat(points), _flat(shifts))
    found, good = found.reshape(points.shape), good.reshape(points.shape[:2])
    # Of a box that is partly out of the picture, what is in it counts.
    limits = np.array(before.shape[::-1], np.float32)
    within = ((points >= 0) & (points < limits)).all(axis=2).sum(axis=1)
    moved = boxes.copy()
    trust = np.zeros(len(boxes), np.float32)
    for row in range(len(boxes)):
        valid = good[row]
        if valid.sum() < _FEWEST:
            continue
        steps = found[row][valid] - points[row][valid]
        spread = np.abs(steps - np.median(steps, axis=0)).sum(axis=1)
        # Points that go another way belong to something else.
        alike = spread < 0.75 + 0.03 * float(extents[row].max())
        agreeing = float(alike.sum())
        shift = np.median(steps[alike] if agreeing else steps, axis=0)
        valid = valid.copy()
        valid[valid] = alike
        trust[row] = agreeing / max(int(within[row]), 2 * _FEWEST)
        # How it grows is told by many points alone; a box that grows by mistake soon covers everything.
        told = trust[row] > _GROWING and extents[row].min() >= _SCALED * _INNER
        scale = _scale(points[row], found[row], valid) if told else 1.0
        half = (boxes[row, 2:] - boxes[row, :2]) / 2 * scale
        centre = centres[row] + shift
        moved[row, :2], moved[row, 2:] = centre - half, centre + half
    return moved, trust


def _flat(points: npt.NDArray[Any]) -> Rows:
    return np.ascontiguousarray(points.reshape(-1, 1, 2), np.float32)


def _tracked(before: Grey, after: Grey, points: Rows, guess: Rows) -> tuple[Rows, npt.NDArray[np.uint8]]:
    """Where points are found again, looked for from a guess on, and whether they were."""
    first = cv2.OPTFLOW_USE_INITIAL_FLOW
    there, status, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points, guess, winSize=_WINDOW, maxLevel=_LEVELS, flags=first
    )
    return np.asarray(there, np.float32), np.asarray(status, np.uint8)


def _follow(before: Grey, after: Grey, points: Rows, shifts: Rows) -> tuple[Rows, npt.NDArray[np.bool_]]:
    there, status = _tracked(before, after, points, points + shifts)
    back, again = _tracked(after, before, there, there - shifts)
    missed = np.abs(back - points).reshape(-1, 2).max(axis=1)
    height, width = after.shape
    spots = there.reshape(-1, 2)
    inside = (spots[:, 0] >= 0) & (spots[:, 1] >= 0) & (spots[:, 0] < width) & (spots[:, 1] < height)
    good = (status.reshape(-1) == 1) & (again.reshape(-1) == 1) & (missed < _BACK) & inside
    return there, good


def _scale(points: Rows, found: Rows, valid: npt.NDArray[np.bool_]) -> float:
    pairs = valid[_first] & valid[_second]
    one, other = _first[pairs], _second[pairs]
    was = np.hypot(*(points[one] - points[other]).T)
    now = np.hypot(*(found[one] - found[other]).T)
    if len(was) < _FEWEST:
        return 1.0
    return float(np.clip(np.median(now / np.maximum(was, 1e-3)), *_GROWTH))


def find(before: Grey, after: Grey, box: Rows, guess: Rows) -> Rows | None:
    """Where what a box shows in one picture stands in another, near `guess`; for where flow fails: fast motion, hardly
    any texture. None where nothing there is like it."""
    height, width = after.shape
    if guess.min() < 0 or guess[2] > width or guess[3] > height:
        return None  # of what leaves, less and less is there to be found
    template, origin = _cut_out(before, box)
    reach = max(_LEAST, _REACH * float((guess[2:] - guess[:2]).max()))
    around, corner = _cut_out(after, guess + np.array([-reach, -reach, reach, reach], np.float32))
    if min(template.shape) < 4 or around.shape[0] < template.shape[0] or around.shape[1] < template.shape[1]:
        return None
    if float(template.std()) < _FLAT:
        return None
    scores = cv2.matchTemplate(around, template, cv2.TM_CCOEFF_NORMED)
    _, best, _, place = cv2.minMaxLoc(scores)
    if best < _FOUND:
        return None
    shift = np.array(place, np.float32) + corner - origin
    there: Rows = (box + np.concatenate([shift, shift])).astype(np.float32)
    return there


def _cut_out(grey: Grey, box: Rows) -> tuple[Grey, Rows]:
    """What a box shows, as far as it is in the picture, and where that begins."""
    height, width = grey.shape
    x0, y0, x1, y1 = (round(float(one)) for one in box)
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(width, x1), min(height, y1)
    return np.ascontiguousarray(grey[y0 : max(y0, y1), x0 : max(x0, x1)]), np.array([x0, y0], np.float32)


def camera(before: Grey, after: Grey) -> Rows | None:
    """How the whole picture moved, as the change of a box's four numbers; None where it did not move as a whole. For
    fast turns, in which points are lost (phase correlation: Kuglin and Hines 1975)."""
    height, width = before.shape
    size = (max(16, width // _COARSE), max(16, height // _COARSE))
    one, other = (cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32) for grey in (before, after))
    (across, down), _ = cv2.phaseCorrelate(one, other, cv2.createHanningWindow(size, cv2.CV_32F))
    dx, dy = round(across), round(down)
    if abs(dx) > 0.6 * size[0] or abs(dy) > 0.6 * size[1]:
        return None
    was = one[max(0, -dy) : size[1] - max(0, dy), max(0, -dx) : size[0] - max(0, dx)]
    now = other[max(0, dy) : size[1] - max(0, -dy), max(0, dx) : size[0] - max(0, -dx)]
    if correlation(was, now) < _AS_A_WHOLE:
        return None
    return np.array([across * width / size[0], down * height / size[1]] * 2, np.float32)


def crosses(box: Rows, speed: Rows, shape: tuple[int, ...]) -> bool:
    """Whether a box is at an edge of the picture and on its way out (seen backward: came in there)."""
    height, width = shape
    near = _AT_EDGE * float((box[2:] - box[:2]).mean())
    out_x, out_y = (speed[0] + speed[2]) / 2, (speed[1] + speed[3]) / 2
    return bool(
        (box[0] < near and out_x < 0)
        or (box[2] > width - near and out_x > 0)
        or (box[1] < near and out_y < 0)
        or (box[3] > height - near and out_y > 0)
    )


def patch_of(grey: Grey, box: Rows) -> npt.NDArray[np.float32] | None:
    """What a box shows, at one small size; None where less than a quarter of it is in the picture."""
    height, width = grey.shape
    x0, y0, x1, y1 = (round(float(one)) for one in box)
    inner = grey[max(0, y0) : min(height, y1), max(0, x0) : min(width, x1)]
    if inner.shape[0] < 3 or inner.shape[1] < 3 or 4 * inner.size < (x1 - x0) * (y1 - y0):
        return None
    return cv2.resize(inner, (_PATCH, _PATCH), interpolation=cv2.INTER_AREA).astype(np.float32)


def likeness(one: npt.NDArray[np.float32] | None, other: npt.NDArray[np.float32] | None) -> float:
    """How alike two patches are, -1 to 1; 1 where there is nothing to compare."""
    return 1.0 if one is None or other is None else correlation(one, other)
