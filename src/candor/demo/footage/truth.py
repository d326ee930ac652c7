"""What is really in a recording: where faces and plates are in every frame, and how far its clock was out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

SMALLEST = 7.0
"""Pixels of height below which a face or plate is not noted: nobody could know or read it."""
TOLERANCE = 1.6
"""Pixels that a straight line between two key frames may be off."""


@dataclass
class Sighting:
    """A face or a plate in one frame: its box as x0, y0, x1, y1 in pixels, cut to the frame."""

    kind: str
    label: str
    box: tuple[float, float, float, float]
    occluded: bool
    depth: float
    photographed: bool = False

    @staticmethod
    def of(
        kind: str,
        label: str,
        corners: npt.ArrayLike,
        size: tuple[int, int],
        occluded: bool,
        *,
        depth: float,
        photographed: bool = False,
    ) -> Sighting | None:
        """From four corners; None where it is out of the frame, mostly cut off or too small to be known."""
        spots = np.asarray(corners, np.float64)
        x0, y0 = spots.min(axis=0)
        x1, y1 = spots.max(axis=0)
        whole = (x1 - x0) * (y1 - y0)
        left, top, right, low = max(0.0, x0), max(0.0, y0), min(float(size[0]), x1), min(float(size[1]), y1)
        if right - left < SMALLEST or low - top < SMALLEST or (right - left) * (low - top) < 0.35 * whole:
            return None
        return Sighting(kind, label, (left, top, right, low), occluded, depth, photographed)


@dataclass
class _Track:
    kind: str
    label: str
    photographed: bool
    rows: list[tuple[int, tuple[float, float, float, float], bool]] = field(default_factory=list)


class TruthBook:
    """Gathers sightings frame by frame and gives them as key frames with straight lines between."""

    def __init__(self, fps: int) -> None:
        self._fps = fps
        self._tracks: dict[tuple[str, str], list[_Track]] = {}

    def note(self, number: int, sightings: list[Sighting]) -> None:
        """Note what is in frame `number`; frames come in order."""
        for seen in sightings:
            tracks = self._tracks.setdefault((seen.kind, seen.label), [])
            if not tracks or tracks[-1].rows[-1][0] < number - 1:
                tracks.append(_Track(seen.kind, seen.label, seen.photographed))
            if tracks[-1].rows and tracks[-1].rows[-1][0] == number:
                continue
            tracks[-1].rows.append((number, seen.box, seen.occluded))

    def tracks(self) -> list[dict[str, Any]]:
        """One dictionary a track: kind, label, from and to frame, keys as [frame, x0, y0, x1, y1, occluded]."""
        found = []
        for track in (t for tracks in self._tracks.values() for t in tracks):
            keys = [[n, *(round(v, 1) for v in box), int(hidden)] for n, box, hidden in _keys(track.rows)]
            entry: dict[str, Any] = {
                "kind": track.kind,
                "label": track.label,
                "first_frame": track.rows[0][0],
                "last_frame": track.rows[-1][0],
                "keys": keys,
            }
            if track.kind == "face":
                entry["photographed"] = track.photographed
            found.append(entry)
        return sorted(found, key=lambda e: (e["first_frame"], e["kind"], e["label"]))


Row = tuple[int, tuple[float, float, float, float], bool]


def _keys(rows: list[Row]) -> list[Row]:
    """The fewest rows (greedily) between which straight lines stay within TOLERANCE of all others."""
    kept = [rows[0]]
    start = 0
    while start < len(rows) - 1:
        reach = start + 1
        while reach + 1 < len(rows) and _straight(rows, start, reach + 1):
            reach += 1
        kept.append(rows[reach])
        start = reach
    return kept


def _straight(rows: list[Row], start: int, end: int) -> bool:
    if end - start > 60 or any(rows[i][2] != rows[start][2] for i in range(start, end)):
        return False
    first, last = np.array(rows[start][1]), np.array(rows[end][1])
    span = rows[end][0] - rows[start][0]
    for i in range(start + 1, end):
        share = (rows[i][0] - rows[start][0]) / span
        if np.abs(first + (last - first) * share - np.array(rows[i][1])).max() > TOLERANCE:
            return False
    return True
