"""What a detector is, whatever model is behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from candor.redaction.model import Kind

Pixels = npt.NDArray[np.uint8]
"""A picture: rows, columns, red-green-blue; uint8."""

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels, x1 and y1 excluded."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something seen in one picture. `box`: in pixels of the picture that was given, within its edges. `score`: 0 to 1.
    `label`: what the model calls it; "" where it knows one thing only."""

    kind: Kind
    box: Box
    score: float
    label: str = ""


class Detector(Protocol):
    """Finds things of some kinds in single pictures. One may be used by one thread at a time."""

    @property
    def name(self) -> str:
        """Model and version, as every result names it: "centerface@1f3a5b7c9d0e/int8"."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """What it looks for."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures it wants of footage that lies on its side (landscape); exchanged for
        footage that stands. Other sizes are taken too, at the cost of time or of what is found."""

    @property
    def second_size(self) -> tuple[int, int] | None:
        """A smaller size worth taking turns with `size`: what is large is found better in it. None: there is none."""

    @property
    def rarer(self) -> int:
        """On every how-manieth of the pictures that are looked at it should run: 1 on each, 5 where it is slow."""

    @property
    def thresholds(self) -> tuple[float, float]:
        """Scores from which a sighting begins a track, and from which it goes on with one."""

    def detect(self, rgb: Pixels, threshold: float) -> list[Sighting]:
        """What is seen with at least this score, the surest first. Boxes of one label do not lie on each other."""
