"""The hours of the day: what the sky, the sun and the lamps of the demo's world shine on a surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from candor.demo.footage.optics import Colour, Floats, Point, unit

Beat = str
"""Which half of the light bar burns: "off", "red" or "blue"."""


@dataclass(frozen=True)
class Air:
    """Light that comes from everywhere, from the sun, and what lies between the lens and far things."""

    name: str
    ambient: Colour
    sun: Colour
    sun_from: Point
    zenith: Colour
    horizon: Colour
    haze: float
    """How much of a thing's colour is lost to the horizon's in one metre."""
    hills: Colour
    stars: bool = False

    def fade(self, light: Floats, distance: Floats) -> Floats:
        """What is left of light from that far away, the horizon's colour mixed in."""
        kept = np.exp(-self.haze * np.maximum(distance, 0))[..., None]
        return np.asarray(light * kept + np.array(self.horizon, np.float32) * (1 - kept), np.float32)


DAY = Air(
    "day",
    (0.40, 0.45, 0.54),
    (1.45, 1.32, 1.10),
    (-0.5, -0.35, 0.62),
    (0.16, 0.31, 0.70),
    (0.62, 0.72, 0.86),
    0.0028,
    (0.20, 0.25, 0.27),
)
OVERCAST = Air(
    "overcast",
    (0.74, 0.77, 0.81),
    (0.16, 0.16, 0.15),
    (-0.3, -0.4, 0.8),
    (0.42, 0.46, 0.52),
    (0.64, 0.67, 0.70),
    0.0030,
    (0.27, 0.29, 0.31),
)
DUSK = Air(
    "dusk",
    (0.26, 0.27, 0.38),
    (0.16, 0.09, 0.05),
    (-0.8, 0.5, 0.12),
    (0.05, 0.075, 0.17),
    (0.50, 0.30, 0.23),
    0.0022,
    (0.035, 0.035, 0.05),
)
NIGHT = Air(
    "night",
    (0.030, 0.034, 0.048),
    (0.012, 0.013, 0.018),
    (0.4, 0.3, 0.7),
    (0.006, 0.008, 0.018),
    (0.030, 0.032, 0.045),
    0.0025,
    (0.008, 0.009, 0.013),
    stars=True,
)


@dataclass(frozen=True)
class Lamp:
    """A light in the world. `toward` and `spread` make it a beam; `beat` ties it to the light bar's rhythm."""

    at: Point
    colour: Colour
    toward: Point | None = None
    spread: float = 0.0
    """Cosine of the angle at which a beam has ended."""
    beat: Beat = "off"
    reach: float = 80.0

    def burns(self, beat: Beat) -> bool:
        """Whether the lamp is lit in that beat; a lamp without a beat always is."""
        return self.beat in ("off", beat)

    def on(self, points: Floats, normals: Floats) -> Floats:
        """(…, 3) light that falls on points with those normals."""
        way = np.asarray(self.at, np.float32) - points
        square = np.einsum("...i,...i->...", way, way) + 0.25
        away = np.sqrt(square)
        facing = np.einsum("...i,...i->...", way, normals) / away
        strength = np.clip(facing * 0.85 + 0.15, 0, 1) / square
        if self.toward is not None:
            axis = unit(self.toward)
            along = -np.einsum("...i,i->...", way, axis) / away
            strength = strength * np.clip((along - self.spread) / (1 - self.spread), 0, 1) ** 1.5
        strength = strength * np.clip(1 - away / self.reach, 0, 1)
        return np.asarray(strength[..., None] * np.array(self.colour, np.float32), np.float32)


def light_on(points: Floats, normals: Floats, air: Air, lamps: Sequence[Lamp], beat: Beat) -> Floats:
    """(…, 3) all light on points with those normals."""
    up = normals[..., 2]
    light = np.asarray(air.ambient, np.float32) * (0.72 + 0.28 * up)[..., None]
    sun = np.clip(np.einsum("...i,i->...", normals, unit(air.sun_from)), 0, 1)
    light = light + sun[..., None] * np.asarray(air.sun, np.float32)
    for lamp in lamps:
        if lamp.burns(beat):
            light = light + lamp.on(points, normals)
    return np.asarray(light, np.float32)
