"""A pinhole camera in the demo's world, and how scene light becomes the bytes of a picture.

World axes: x to the right of the road, y along it, z up; metres. Angles are radians, headings run clockwise from y.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Bytes = npt.NDArray[np.uint8]
Colour = tuple[float, float, float]
Point = tuple[float, float, float]

NEAR = 0.15
"""Nothing closer to the lens than this many metres is drawn."""


@dataclass(frozen=True)
class Camera:
    """Where a lens is, where it looks, and the size in pixels of the picture it makes."""

    eye: Point
    yaw: float
    pitch: float
    focal: float
    width: int
    height: int

    def axes(self) -> Floats:
        """Three rows: the camera's right, up and forward in world axes."""
        sy, cy, sp, cp = np.sin(self.yaw), np.cos(self.yaw), np.sin(self.pitch), np.cos(self.pitch)
        return np.array([[cy, -sy, 0], [-sy * sp, -cy * sp, cp], [sy * cp, cy * cp, sp]], np.float32)

    def project(self, points: npt.ArrayLike) -> Floats:
        """(…, 3) world points to (…, 3): x and y in pixels and the depth in metres (below NEAR: behind the lens)."""
        seen = (np.asarray(points, np.float32) - np.asarray(self.eye, np.float32)) @ self.axes().T
        depth = np.maximum(seen[..., 2], 1e-3)
        x = self.width / 2 + self.focal * seen[..., 0] / depth
        y = self.height / 2 - self.focal * seen[..., 1] / depth
        return np.stack([x, y, seen[..., 2]], axis=-1).astype(np.float32)

    def rays(self) -> Floats:
        """(height, width, 3) directions in world axes, one a pixel, of length 1 along the camera's axis."""
        x = (np.arange(self.width, dtype=np.float32) + 0.5 - self.width / 2) / self.focal
        y = (self.height / 2 - np.arange(self.height, dtype=np.float32) - 0.5) / self.focal
        right, up, forward = self.axes()
        return np.asarray(x[None, :, None] * right + (y[:, None, None] * up + forward), np.float32)

    def wider(self, margin: float) -> Camera:
        """The same view with room around it: a canvas that the shake of a worn camera moves about in."""
        width, height = (round(side * (1 + 2 * margin) / 2) * 2 for side in (self.width, self.height))
        return replace(self, width=width, height=height)


def unit(vector: npt.ArrayLike) -> Floats:
    """The vectors of the last axis at length 1."""
    array = np.asarray(vector, np.float32)
    length = np.linalg.norm(array, axis=-1, keepdims=True)
    return np.asarray(array / np.maximum(length, 1e-6), np.float32)


LEVELS = 4096
"""Steps that linear light from 0 to 4 is counted in before it is turned into a byte."""


@lru_cache(maxsize=1)
def tone_curve() -> Bytes:
    """The film curve: linear light in steps of 4/LEVELS to sRGB bytes, with a soft shoulder instead of clipping."""
    light = np.arange(LEVELS, dtype=np.float32) * (4 / LEVELS)
    shown = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)
    return np.asarray(np.clip(shown, 0, 1) ** (1 / 2.2) * 243 + 6, np.uint8)


def develop(light: Floats) -> Bytes:
    """Linear light of any shape to bytes."""
    steps = np.clip(light * (LEVELS / 4), 0, LEVELS - 1).astype(np.uint16)
    return np.asarray(tone_curve()[steps], np.uint8)


def linear(shown: npt.ArrayLike) -> Floats:
    """Bytes of a photograph to the reflectance (0 to 1) that `develop` shows about alike under light of strength 1."""
    return (np.asarray(shown, np.float32) / 255) ** 2.2 * np.float32(0.8)


@lru_cache(maxsize=4096)
def relit(red: int, green: int, blue: int) -> Bytes:
    """(3, 256) a table per channel: a picture's bytes under light of that strength, given in hundredths."""
    scale = np.array([[red], [green], [blue]], np.float32) / 100
    return develop(linear(np.arange(256))[None, :] * scale)


def under_light(picture: Bytes, light: npt.ArrayLike) -> Bytes:
    """A picture of shape (…, 3) as it looks under that light (three strengths)."""
    strength = np.clip(np.asarray(light, np.float32), 0, 6)
    # Light is rounded to a twentieth of itself, so that a few hundred tables serve a whole recording.
    steps = [max(0, round(float(s) * 100 / max(1, s * 5)) * max(1, round(float(s) * 5))) for s in strength]
    table = relit(*steps)
    return np.stack([table[c][picture[..., c]] for c in range(3)], axis=-1)
