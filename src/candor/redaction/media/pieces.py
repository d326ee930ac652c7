"""A piece of a track: one thing followed without a break through a stretch, picture by picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from candor.redaction.model import FrameTimes, Kind

__all__ = ["Boxes", "Piece"]

_TICK = Fraction(1)  # the clock does not matter for runs of times

Boxes = npt.NDArray[np.float32]
"""Rows of x0, y0, x1, y1 in pixels of the upright original."""


@dataclass(frozen=True)
class Piece:
    """`times`: of each picture it is in, growing. `boxes`: what is hidden in each, padding included, as many rows.
    `kind`, `label`, `model`: what it is, what the model calls it, which model. `score`: the best that the model gave.
    `mean`: of the scores where it was seen. `seen`: in how many pictures it was looked for and seen; `looked`: in how
    many it was looked for. `longest`: pictures of the longest stretch between two sightings. `size`: pixels, the
    median of the longer side of what was seen. `speed`: pictures' widths a second, the fastest. `begins`, `ends`: why
    there: "entry", "cut", "edge", "lost", "end" (of the stretch)."""

    kind: Kind
    label: str
    model: str
    times: tuple[int, ...]
    boxes: Boxes
    score: float
    mean: float
    seen: int
    looked: int
    longest: int
    size: float
    speed: float
    begins: str
    ends: str

    def to_json(self) -> dict[str, Any]:
        """Times as runs (first, step, count); boxes as one row of tenths of a pixel, rounded outward."""
        outward = np.empty_like(self.boxes)
        outward[:, :2] = np.floor(self.boxes[:, :2] * 10)
        outward[:, 2:] = np.ceil(self.boxes[:, 2:] * 10)
        runs = FrameTimes.of(self.times, _TICK).runs
        numbers = {name: round(getattr(self, name), 4) for name in ("score", "mean", "size", "speed")}
        return {
            "kind": self.kind.value,
            "label": self.label,
            "model": self.model,
            "times": [list(run) for run in runs],
            "boxes": [int(one) for one in outward.reshape(-1)],
            "seen": self.seen,
            "looked": self.looked,
            "longest": self.longest,
            "begins": self.begins,
            "ends": self.ends,
            **numbers,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Piece:
        """Read `to_json`. Raises KeyError, TypeError or ValueError for what is none."""
        times = tuple(first + step * place for first, step, count in value["times"] for place in range(count))
        boxes = (np.asarray(value["boxes"], np.float32).reshape(-1, 4) / 10).astype(np.float32)
        if len(boxes) != len(times):
            raise ValueError("as many boxes as times")
        rest = {name: value[name] for name in cls.__dataclass_fields__ if name not in ("kind", "times", "boxes")}
        return cls(kind=Kind(value["kind"]), times=times, boxes=boxes, **rest)
