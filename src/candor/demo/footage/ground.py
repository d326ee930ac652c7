"""The road, its verges and the sky, worked out per pixel for one camera."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from candor.demo.footage.air import Air, Lamp, light_on
from candor.demo.footage.optics import Camera, Floats, linear, unit

TILE = 512
"""Pixels a side of a ground texture; it repeats."""


def seeded(*words: object) -> np.random.Generator:
    """Numbers that are the same on every machine for the same words."""
    return np.random.default_rng(zlib.crc32(repr(words).encode()))


@lru_cache(maxsize=32)
def cloud(seed: str, size: int = TILE, octaves: int = 6, rough: float = 0.6) -> Floats:
    """(size, size) soft noise around 0, within about -1 to 1, that repeats at its edges."""
    chance = seeded("cloud", seed)
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        cells = 4 << octave
        if cells > size:
            break
        grid = chance.standard_normal((cells, cells)).astype(np.float32)
        place = np.arange(size, dtype=np.float32) * (cells / size)
        low = place.astype(int)
        part = place - low
        part = part * part * (3 - 2 * part)
        rows = grid[low] * (1 - part)[:, None] + grid[(low + 1) % cells] * part[:, None]
        total += (rows[:, low] * (1 - part) + rows[:, (low + 1) % cells] * part) * np.float32(rough**octave)
    return np.asarray(total / (np.abs(total).max() * 0.8), np.float32)


class Texture:
    """A repeating grey picture with its halvings, so that far ground does not shimmer."""

    def __init__(self, picture: Floats, metres: float) -> None:
        levels: list[Floats] = [np.asarray(picture, np.float32)]
        while levels[-1].shape[0] > 4:
            last = levels[-1]
            levels.append((last[::2, ::2] + last[1::2, ::2] + last[::2, 1::2] + last[1::2, 1::2]) / 4)
        self._flat = np.concatenate([level.ravel() for level in levels])
        sizes = np.array([level.size for level in levels])
        self._start = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
        self._deepest = len(levels) - 1
        self._per_metre = picture.shape[0] / metres

    def at(self, x: Floats, y: Floats, footprint: Floats) -> Floats:
        """Its brightness at places in metres; footprint, (rows, 1), is the metres that one
        pixel covers there."""
        depth = np.log2(np.maximum(footprint * self._per_metre, 1))
        level = np.clip(np.round(depth), 0, self._deepest).astype(np.int32)
        size = (TILE >> level).astype(np.int32)
        scale = np.asarray(self._per_metre / (1 << level), np.float32)
        # Beyond the origin the pattern goes on as a whole tile more: truncation must never meet a negative number.
        far = np.float32(TILE * 64)
        u = (x * scale + far).astype(np.int32)
        u &= size - 1
        v = (y * scale + far).astype(np.int32)
        v &= size - 1
        v *= size
        v += u
        v += self._start[level]
        return np.asarray(np.take(self._flat, v), np.float32)


@dataclass(frozen=True)
class Road:
    """How the ground is laid out across x: two lanes, shoulders, verges; and what lies flat on it."""

    lane: float = 3.6
    shoulder: float = 2.9
    gravel: float = 1.0
    kerb: bool = False
    parking: bool = False
    """A paved lot on the right instead of a shoulder, with bays marked every 2.8 m."""


@dataclass(frozen=True)
class Materials:
    """The textures of the ground."""

    asphalt: Texture
    gravel: Texture
    grass: Texture
    broad: Texture

    @staticmethod
    def made(gravel: npt.NDArray[np.uint8] | None, grass: npt.NDArray[np.uint8] | None) -> Materials:
        """From photographs of gravel and grass where there are any, from noise otherwise."""
        fine = seeded("asphalt").standard_normal((TILE, TILE)).astype(np.float32)
        asphalt = 1 + 0.17 * fine + 0.10 * cloud("asphalt")
        stones = 1 + 0.5 * cloud("stones", rough=0.95) if gravel is None else linear(gravel)
        blades = 1 + 0.5 * cloud("blades", rough=0.95) if grass is None else linear(grass)
        return Materials(
            Texture(asphalt, 2.2),
            Texture(stones / stones.mean(), 1.9),
            Texture(np.clip(blades / blades.mean(), 0, 2.6), 2.6),
            Texture(1 + 0.5 * cloud("broad"), 23.0),
        )


def _edge(distance: Floats, footprint: Floats) -> Floats:
    """1 where distance is negative, 0 where positive, smooth over a pixel."""
    return np.asarray(np.clip(0.5 - distance / np.maximum(footprint, 0.012), 0, 1), np.float32)


def _mix(base: Floats, colour: tuple[float, float, float], share: Floats, shade: Floats | None = None) -> None:
    """Mix a colour into the base, in place, only on the rows that it touches."""
    rows = np.flatnonzero(share.max(axis=1) > 0.004)
    if not len(rows):
        return
    cut = slice(int(rows[0]), int(rows[-1]) + 1)
    part, weight = base[cut], share[cut]
    for channel in range(3):
        top = colour[channel] if shade is None else colour[channel] * shade[cut]
        part[..., channel] += (top - part[..., channel]) * weight


def ground_colour(x: Floats, y: Floats, footprint: Floats, road: Road, stuff: Materials) -> Floats:
    """(…, 3) how much light the ground gives back at places in metres."""
    across = footprint * 0.35
    broad = stuff.broad.at(x, y, footprint)
    asphalt = stuff.asphalt.at(x, y, footprint) * (0.82 + 0.18 * broad)
    wear = 1 - 0.13 * np.exp(-(((np.abs(np.abs(x) - road.lane / 2) - 0.85) / 0.33) ** 2))
    colour = (asphalt * wear)[..., None] * np.array([0.105, 0.107, 0.112], np.float32)
    crack = np.abs(np.mod(y + 0.25 * np.sin(x * 3.1) + 0.1 * broad, 17.0) - 8.5)
    _mix(colour, (0.03, 0.03, 0.032), _edge(crack - 0.025, across * 2) * 0.7)
    verge = road.lane + road.shoulder
    grass = stuff.grass.at(x, y, footprint) * (0.55 + 0.45 * broad)
    stones = stuff.gravel.at(x, y, footprint)
    right_end = 400.0 if road.parking else verge
    left_end = road.lane + road.shoulder * 0.55
    shoulder = _edge(road.lane + 0.1 - np.abs(x), footprint)
    _mix(colour, (0.135, 0.13, 0.125), shoulder * 0.75, asphalt)
    wobble = 0.22 * (broad - 1)
    off = np.maximum(_edge(right_end - x + wobble, across), _edge(left_end + x + wobble, across))
    _mix(colour, (0.20, 0.185, 0.16), off, stones)
    lawn = np.maximum(
        _edge(right_end + road.gravel - x + wobble * 3, across * 3),
        _edge(left_end + road.gravel + x + wobble * 3, across * 3),
    )
    _mix(colour, (0.088, 0.105, 0.038), lawn, grass)
    _marks(colour, x, y, across, road, broad)
    return colour


def _marks(colour: Floats, x: Floats, y: Floats, across: Floats, road: Road, broad: Floats) -> None:
    worn = np.clip(0.95 - 0.35 * np.clip(broad - 1, 0, 1), 0, 1)
    for middle in (-0.13, 0.13):
        _mix(colour, (0.62, 0.42, 0.06), _edge(np.abs(x - middle) - 0.06, across) * worn)
    for middle in (-road.lane, road.lane):
        _mix(colour, (0.66, 0.67, 0.66), _edge(np.abs(x - middle) - 0.065, across) * worn)
    if road.parking:
        bay = np.abs(np.mod(y + 1.4, 2.8) - 1.4)
        inside = _edge(5.6 - x, across) * _edge(x - 11.0, across)
        _mix(colour, (0.66, 0.67, 0.66), _edge(bay - 0.055, across * 2) * inside * worn)
    if road.kerb:
        for middle in (-road.lane - road.shoulder * 0.55, road.lane + road.shoulder):
            _mix(colour, (0.42, 0.41, 0.39), _edge(np.abs(x - middle) - 0.14, across))


_SKIES: dict[tuple[float | str, ...], Floats] = {}
"""The last few skies: a walking camera sees the same one from view to view."""


class Scenery:
    """Ground and sky as one camera sees them: what they are, and per beat of the lamps what they look like."""

    def __init__(
        self,
        camera: Camera,
        road: Road,
        air: Air,
        stuff: Materials,
        shade: npt.NDArray[np.float32] | None,
    ) -> None:
        """shade: (n, 6) cars as x, y, sine and cosine of heading, half width, half length, which darken the ground."""
        rays = camera.rays()
        self._air, self._camera = air, camera
        down = rays[..., 2].max(axis=1) < -0.004
        self.first = int(np.argmax(down)) if down.any() else camera.height
        under = rays[self.first :]
        # Without roll, everything that depends on how far the ground is away is the same along a row.
        distance = np.asarray(camera.eye[2] / np.maximum(-under[:, :1, 2], 1e-4), np.float32)
        self._points = np.asarray(camera.eye, np.float32) + under * distance[..., None]
        self._points[..., 2] = 0
        self._far = distance
        footprint = distance / camera.focal
        along = np.minimum(footprint * np.maximum(1, distance / max(camera.eye[2], 0.3)) * 0.5, 30).astype(np.float32)
        x, y = self._points[..., 0], self._points[..., 1]
        self._colour = ground_colour(x, y, np.sqrt(footprint * along), road, stuff)
        self._shade = None if shade is None else contact_shade(x[::2, ::2], y[::2, ::2], shade)
        key = (camera.yaw, camera.pitch, camera.focal, camera.width, camera.height, air.name)
        if key not in _SKIES:
            if len(_SKIES) > 3:
                _SKIES.clear()
            _SKIES[key] = self._heavens(rays[: self.first], air)
        self.sky = _SKIES[key]

    def _heavens(self, rays: Floats, air: Air) -> Floats:
        way = unit(rays)
        height = np.clip(way[..., 2], 0, 1)
        around = np.arctan2(way[..., 0], way[..., 1])
        blend = np.clip(height * 2.6, 0, 1)[..., None] ** 0.7
        sky = np.array(air.horizon, np.float32) * (1 - blend) + np.array(air.zenith, np.float32) * blend
        u = (around * (TILE / (2 * np.pi)) * 2).astype(np.int32) % TILE
        v = (np.sqrt(height) * 300).astype(np.int32) % TILE
        veil = (
            np.clip(cloud("veil", octaves=5)[v, u] * 1.5 - 0.1, 0, 1)[..., None] * np.clip(height * 9, 0, 1)[..., None]
        )
        sky = sky + (np.array(air.horizon, np.float32) * 1.12 - sky) * veil * (0.75 if not air.stars else 0.35)
        glow = np.clip(np.einsum("...i,i->...", way, unit(air.sun_from)), 0, 1)[..., None] ** 24
        sky = sky + glow * np.array(air.sun, np.float32) * 0.5
        if air.stars:
            lit = seeded("stars").random((TILE, TILE)) > 0.9990
            sky = sky + (lit[v * 3 % TILE, u * 5 % TILE] * np.clip(height * 4, 0, 1))[..., None] * np.float32(0.07)
        ridge_at = ((around / (2 * np.pi) + 0.5) * TILE * 4).astype(np.int32) % TILE
        for depth, (tall, seed) in enumerate(((0.075, "far hills"), (0.042, "near hills"))):
            ridge = tall * (0.62 + 0.42 * cloud(seed, octaves=6, rough=0.55)[depth * 9][ridge_at])
            inside = np.clip((ridge - way[..., 2]) * self._camera.focal * 0.8, 0, 1)[..., None]
            tint = (
                np.array(air.hills, np.float32) * (1.0, 0.72)[depth]
                + np.array(air.horizon, np.float32) * (0.34, 0.1)[depth]
            )
            sky = sky * (1 - inside) + tint.astype(np.float32) * inside
        return np.asarray(sky, np.float32)

    def light(self, lamps: list[Lamp], beat: str) -> Floats:
        """(height, width, 3) the whole empty scene in linear light."""
        # Light is smooth on flat ground: every second pixel both ways is enough.
        points = self._points[::2, ::2]
        up = np.zeros_like(points)
        up[..., 2] = 1
        shining = light_on(points, up, self._air, lamps, beat)
        if self._shade is not None:
            shining *= self._shade[..., None]
        rows, columns = self._colour.shape[:2]
        whole = np.repeat(np.repeat(shining, 2, axis=0)[:rows], 2, axis=1)[:, :columns]
        return np.concatenate([self.sky, self._air.fade(self._colour * whole, self._far)], axis=0)


def contact_shade(x: Floats, y: Floats, cars: npt.NDArray[np.float32]) -> Floats:
    """How much of the light of the sky reaches the ground under and beside standing cars, 0 to 1."""
    light = np.ones_like(x)
    for cx, cy, sine, cosine, half_wide, half_long in cars:
        near = np.nonzero(np.abs(x - cx) + np.abs(y - cy) < 7)
        dx, dy = x[near] - cx, y[near] - cy
        side = np.abs(dx * cosine - dy * sine) - half_wide
        ahead = np.abs(dx * sine + dy * cosine) - half_long
        away = np.hypot(np.maximum(side, 0), np.maximum(ahead, 0)) + np.minimum(np.maximum(side, ahead), 0) * 0.6
        light[near] *= 1 - 0.82 * np.clip(1 - (away + 0.35) / 1.05, 0, 1) ** 1.4
    return np.asarray(light, np.float32)
