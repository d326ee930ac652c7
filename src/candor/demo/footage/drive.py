"""What a camera behind a moving windscreen records: a road that bends and runs on, trees, parked and oncoming cars."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

from candor.demo.footage.air import Lamp, light_on
from candor.demo.footage.backdrop import Standing, World
from candor.demo.footage.frame import Cutout, Frame, Sprite, Tint, paste, planes_of
from candor.demo.footage.ground import Scenery, ground_colour, seeded
from candor.demo.footage.lens import DRIVING, add_grain, sway
from candor.demo.footage.optics import Bytes, Camera, Floats, develop
from candor.demo.footage.roadside import TREES, pole, tree
from candor.demo.footage.solids import Solid
from candor.demo.footage.traffic import Drawn, moving_car
from candor.demo.footage.truth import Sighting

ACROSS, ALONG = 64, 32
"""Texels in a metre, across and along, of the strip of road that is laid again and again."""
LONG, HALF = 48.0, 20.0
"""Metres of the strip along the road, and to each side of its middle."""
SPARE = 12
"""Pixels that the picture is drawn higher than the frame, for bumps."""


@dataclass(frozen=True)
class OnRoad:
    """A car on the drive: how far along at second 0, how far right of the middle, its speed (negative: oncoming)."""

    solid: Solid
    along: float
    x: float
    speed: float = 0.0


class Strip:
    """A stretch of road that joins onto itself, in planes of brightness and colour, with its halvings."""

    def __init__(self, world: World, lamps: list[Lamp]) -> None:
        wide, long = round(HALF * 2 * ACROSS), round(LONG * ALONG)
        x = np.broadcast_to((np.arange(wide, dtype=np.float32) + 0.5) / ACROSS - HALF, (long, wide))
        y = np.broadcast_to(((np.arange(long, dtype=np.float32) + 0.5) / ALONG)[:, None], (long, wide))
        foot = np.full((long, 1), 1 / ACROSS, np.float32)
        colour = ground_colour(np.ascontiguousarray(x), np.ascontiguousarray(y), foot, world.road, world.stuff)
        up = np.zeros((1, 1, 3), np.float32)
        up[..., 2] = 1
        light = light_on(np.zeros((1, 1, 3), np.float32), up, world.air, [], "off") + (0.55 if lamps else 0.0)
        lit = colour * light
        if lamps:
            grey = lit.mean(axis=2, keepdims=True)
            lit = grey + (lit - grey) * np.float32(0.45)
        parts: list[list[Bytes]] = [[], [], []]
        starts, widths, lengths = [], [], []
        at = 0
        while min(lit.shape[:2]) >= 12:
            tall, across = (lit.shape[0] // 2) * 2, (lit.shape[1] // 2) * 2
            lit = lit[:tall, :across]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(develop(lit)), format="rgb24")
            planes = frame.reformat(format="yuv444p", dst_colorspace="ITU709").to_ndarray()
            for k in range(3):
                parts[k].append(planes[k].ravel())
            starts.append(at)
            widths.append(across)
            lengths.append(tall)
            at += tall * across
            lit = (lit[::2, ::2] + lit[1::2, ::2] + lit[::2, 1::2] + lit[1::2, 1::2]) / 4
        self.planes = [np.concatenate(part) for part in parts]
        self.start, self.wide, self.long = (np.array(v, np.int32) for v in (starts, widths, lengths))
        self.light = light[0, 0]


@dataclass
class Drive:
    """Everything that a camera behind the windscreen of a driving car records."""

    world: World
    size: tuple[int, int]
    fps: int
    seconds: float
    seed: str
    speed: float
    """Metres a second."""
    focal: float = 0.62
    bend: float = 0.10
    """How far the road turns either way, in radians."""
    beside: float = 9.0
    """Metres from the middle of the road to the first trees."""
    cars: tuple[OnRoad, ...] = ()
    boards: tuple[tuple[Image.Image, float, float, float], ...] = ()
    """Flat pictures beside the road: picture, metres along, metres right, height."""
    headlamps: bool = False
    grain: float = 2.0
    hood: Sprite | None = None
    keep_left: float = 1.8
    """Metres right of the road's middle that the car drives."""
    _cutouts: dict[int, Cutout] = field(default_factory=dict)
    _gains: dict[tuple[int, int], float] = field(default_factory=dict)
    _views: dict[tuple[object, ...], Drawn | None] = field(default_factory=dict)

    def frames(self) -> Iterator[tuple[Frame, list[Sighting]]]:
        """Every frame with what is to be seen in it. The frame is overwritten by the next one."""
        self._prepare()
        width, height = self.size
        tall = Frame.empty(width, height + SPARE)
        frame = Frame.empty(width, height)
        for number in range(round(self.seconds * self.fps)):
            at = number / self.fps
            sightings = self._compose(tall, at)
            right, up = sway(DRIVING, self.seed, at)
            down = int(np.clip(SPARE / 2 - up * self._eye.focal, 0, SPARE)) & ~1
            frame.luma[:] = tall.luma[down : down + height]
            frame.blue[:] = tall.blue[down // 2 : (down + height) // 2]
            frame.red[:] = tall.red[down // 2 : (down + height) // 2]
            if self.hood is not None:
                paste(frame, self.hood, 0, height - self.hood.luma.shape[0])
            add_grain(frame.luma, self.grain, number)
            del right
            yield frame, [s for s in (_moved(s, -down, self.size) for s in sightings) if s is not None]

    def along(self, at: float) -> float:
        """Metres driven at that second; the speed breathes a little."""
        return self.speed * (at + 0.9 * math.sin(at * 0.23) * 0.6)

    def _prepare(self) -> None:
        width, height = self.size
        self._eye = Camera((self.keep_left, 0.0, 1.32), 0.0, -0.035, self.focal * width, width, height + SPARE)
        lamps = (
            [
                Lamp((self.keep_left + dx, 1.2, 0.75), (34, 33, 29), (dx * 0.12, 1, -0.05), 0.80, reach=95)
                for dx in (-0.6, 0.6)
            ]
            + [Lamp((self.keep_left, 1.2, 0.75), (150, 146, 130), (0, 1, -0.012), 0.925, reach=120)]
            if self.headlamps
            else []
        )
        self._lamps = lamps
        strip = Strip(self.world, lamps)
        self._strip = strip
        self._road = _RoadRows(self._eye, strip, self.world, lamps)
        reach = round(self.focal * width * (self.bend * 2.6 + 0.02) / 2) * 2
        broad = Camera(self._eye.eye, 0.0, self._eye.pitch, self._eye.focal, width + 2 * reach, height + SPARE)
        sky = Scenery(broad, self.world.road, self.world.air, self.world.stuff, None)
        rows = self._road.first & ~1
        shown = np.zeros(((rows + 1) & ~1, broad.width, 3), np.uint8)
        shown[: min(rows, len(sky.sky))] = develop(sky.sky)[:rows]
        sheet = av.VideoFrame.from_ndarray(shown, format="rgb24").reformat(format="yuv420p", dst_colorspace="ITU709")
        self._sky = planes_of(np.asarray(sheet.to_ndarray(), np.uint8), broad.width, shown.shape[0])
        self._reach = reach
        self._things = self._plant()

    def _plant(self) -> list[tuple[float, Standing]]:
        """Trees and poles with how far along they stand, in order."""
        chance = seeded("drive", self.seed)
        things = []
        end = self.along(self.seconds) + 150
        place = 0.0
        while place < end:
            place += float(chance.gamma(2.0, 4.4))
            side = 1 if chance.random() < 0.5 else -1
            kind = TREES[int(chance.choice(6, p=[0.22, 0.16, 0.12, 0.22, 0.16, 0.12]))]
            tall = float(chance.uniform(1.0, 2.0)) if kind == "bush" else float(chance.uniform(6, 12))
            x = side * (self.beside + float(chance.gamma(1.3, 4.0)))
            things.append((place, Standing(tree(kind, int(chance.integers(2))), x, 0.0, tall)))
        things += [(s, Standing(pole(), -8.2, 0.0, 9.0)) for s in np.arange(20, end, 42.0).tolist()]
        things += [(s, Standing(picture, x, 0.0, tall)) for picture, s, x, tall in self.boards]
        return sorted(things, key=lambda thing: thing[0])

    def _turned(self, along: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The road's heading there."""
        s = np.asarray(along, np.float64)
        return np.asarray(self.bend * (np.sin(s / 71) * 0.7 + np.sin(s / 173 + 1.3)), np.float64)

    def _aside(self, along: float, ahead: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """How far right the road's middle lies at distances ahead, seen along its present heading."""
        far = np.asarray(ahead, np.float64)
        s = along + far
        path = self.bend * (-71 * 0.7 * np.cos(s / 71) - 173 * np.cos(s / 173 + 1.3))
        here = self.bend * (-71 * 0.7 * math.cos(along / 71) - 173 * math.cos(along / 173 + 1.3))
        return np.asarray(path - here - self._turned(along) * far, np.float64)

    def _compose(self, frame: Frame, at: float) -> list[Sighting]:
        along = self.along(at)
        shift = int(self._eye.focal * math.tan(float(self._turned(along))))
        left = int(np.clip(self._reach + shift, 0, 2 * self._reach)) & ~1
        rows = self._sky[0].shape[0]
        frame.luma[:rows] = self._sky[0][:, left : left + self.size[0]]
        frame.blue[: rows // 2] = self._sky[1][:, left // 2 : (left + self.size[0]) // 2]
        frame.red[: rows // 2] = self._sky[2][:, left // 2 : (left + self.size[0]) // 2]
        self._road.lay(frame, along, self._aside(along, self._road.far))
        sightings: list[Sighting] = []
        for distance, thing in self._ahead(along, at):
            if isinstance(thing, Standing):
                self._put(frame, thing, distance, along)
            else:
                self._put_car(frame, thing, distance, along, sightings)
        return sightings

    def _ahead(self, along: float, at: float) -> list[tuple[float, Standing | OnRoad]]:
        """What stands or drives within sight, the farthest first."""
        seen: list[tuple[float, Standing | OnRoad]] = [
            (s - along, thing) for s, thing in self._things if 2.5 < s - along < 120
        ]
        for car in self.cars:
            distance = car.along + car.speed * at - along
            if 3.2 < distance < 170:
                seen.append((distance, car))
        return sorted(seen, key=lambda item: -item[0])

    def _put(self, frame: Frame, thing: Standing, distance: float, along: float) -> None:
        focal = self._eye.focal
        tall = round(thing.tall * focal / distance / 2) * 2
        wide = max(2, round(tall * thing.picture.width / thing.picture.height / 2) * 2)
        aside = float(self._aside(along, distance)) + thing.x - self.keep_left
        x = self.size[0] / 2 + focal * aside / distance
        if tall < 4 or tall > 2400 or x + wide / 2 < 0 or x - wide / 2 > self.size[0]:
            return
        foot = self._road.horizon + focal * self._eye.eye[2] / distance
        if id(thing.picture) not in self._cutouts:
            self._cutouts[id(thing.picture)] = Cutout(thing.picture)
        lost = 1 - math.exp(-self.world.air.haze * distance)
        place = round(x - wide / 2), round(foot - tall), wide, tall
        self._cutouts[id(thing.picture)].paste(
            frame, place, Tint(self._gain(thing.x, distance)), (lost, self._road.far_luma)
        )

    def _gain(self, x: float, distance: float) -> float:
        """How bright a pale thing beside the road looks, as a share of its picture's own brightness."""
        key = (round(x / 4), round(math.log(distance) * 5))
        if key in self._gains:
            return self._gains[key]
        place = np.array([[x, distance, 1.5]], np.float32)
        light = light_on(place, np.array([[0.0, -0.9, 0.3]], np.float32), self.world.air, self._lamps, "off")[0]
        self._gains[key] = float(develop(np.array([float(light[1]) * 0.25], np.float32))[0]) / 255 / 0.57
        return self._gains[key]

    def _put_car(self, frame: Frame, car: OnRoad, distance: float, along: float, sightings: list[Sighting]) -> None:
        step = round(math.log(distance) / 0.11)
        drawn_at = math.exp(step * 0.11)
        key = (id(car.solid), step, car.x)
        if key not in self._views:
            placed = car.solid.placed(car.x, drawn_at, math.pi if car.speed < 0 else 0.0)
            world = World(self.world.air, self.world.road, self.world.stuff, lamps=list(self._lamps))
            self._views[key] = moving_car(placed, self._eye, world, "off")
        drawn = self._views[key]
        if drawn is None:
            return
        scale = drawn_at / distance
        aside = self._eye.focal * float(self._aside(along, distance)) / distance
        height, width = drawn.pixels.shape[:2]
        wide, tall = max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
        middle = np.array([self.size[0] / 2, self._road.horizon], np.float32)
        corner = middle + (np.array(drawn.corner, np.float32) - middle) * scale + np.array([aside, 0], np.float32)
        small = np.array(Image.fromarray(drawn.pixels).resize((wide, tall), Image.Resampling.BILINEAR))
        left, top = round(float(corner[0])) & ~1, round(float(corner[1])) & ~1
        used = paste(frame, Sprite.of(small[..., :3], small[..., 3]), left, top)
        if used is None:
            return
        for seen in sightings:
            x0, y0, x1, y1 = seen.box
            part = used[max(0, int(y0 - top)) : max(0, int(y1 - top)), max(0, int(x0 - left)) : max(0, int(x1 - left))]
            seen.occluded = seen.occluded or (part.size > 0 and float(part.sum()) > 0.4 * (x1 - x0) * (y1 - y0))
        for text, spots in drawn.plates:
            moved = middle + (spots - middle) * scale + np.array([aside, 0], np.float32)
            seen_now = Sighting.of("plate", text, moved, (self.size[0], self.size[1] + SPARE), False, depth=distance)
            if seen_now is not None:
                sightings.append(seen_now)


class _RoadRows:
    """Lays the strip under the camera, row by row, in the light of its own lamps."""

    def __init__(self, eye: Camera, strip: Strip, world: World, lamps: list[Lamp]) -> None:
        self.horizon = eye.height / 2 + eye.focal * math.tan(eye.pitch)
        self.first = (int(self.horizon) + 2) & ~1
        rows = np.arange(self.first, eye.height, dtype=np.float32) + 0.5
        self.far = np.minimum(eye.focal * eye.eye[2] / (rows - self.horizon), 400).astype(np.float32)
        footprint = self.far / eye.focal
        level = np.clip(np.round(np.log2(np.maximum(footprint * ACROSS * 1.2, 1))), 0, len(strip.start) - 1).astype(int)
        self._scale = (ACROSS / (1 << level)).astype(np.float32)
        self._down = (ALONG / (1 << level)).astype(np.float32)
        self._start, self._wide, self._long = strip.start[level], strip.wide[level], strip.long[level]
        columns = (np.arange(eye.width, dtype=np.float32) + 0.5 - eye.width / 2) / eye.focal
        x = columns[None] * self.far[:, None] + eye.eye[0] + HALF
        self._column = (x * self._scale[:, None]).astype(np.float32)
        self._strip, self._eye = strip, eye
        self._dim = self._dimming(world, lamps, columns)
        haze = np.exp(-world.air.haze * self.far)[:, None]
        far_colour = np.tile(develop(np.array(world.air.horizon, np.float32)), (2, 2, 1))
        far = av.VideoFrame.from_ndarray(far_colour, format="rgb24").reformat(format="yuv444p", dst_colorspace="ITU709")
        self.far_luma = int(far.to_ndarray()[0, 0, 0])
        self._keep = np.round(haze * 256).astype(np.uint16) * np.ones((1, eye.width), np.uint16)
        self._keep = (self._keep * self._dim).astype(np.uint16)
        fog = 1.0 if not lamps else 0.4
        self._add = (
            ((1 - haze) * 256 * self.far_luma * fog + 16 * 256 - 16.0 * self._keep).clip(0, 65535).astype(np.uint16)
        )

    def _dimming(self, world: World, lamps: list[Lamp], columns: Floats) -> Floats:
        if not lamps:
            return np.ones((len(self.far), len(columns)), np.float32)
        points = np.zeros((len(self.far), len(columns), 3), np.float32)
        points[..., 0] = columns[None] * self.far[:, None] + self._eye.eye[0]
        points[..., 1] = self.far[:, None]
        up = np.zeros_like(points)
        up[..., 2] = 1
        light = light_on(points, up, world.air, lamps, "off")[..., 1]
        shown = develop((light * 0.11).astype(np.float32)).astype(np.float32)
        full = float(develop(np.array([self._strip.light[1] * 0.11], np.float32))[0])
        return np.asarray(np.clip(shown / full, 0.05, 1.9), np.float32)

    def lay(self, frame: Frame, along: float, aside: npt.NDArray[np.float64]) -> None:
        """Paint the road into the frame from `first` down, the car being that far along."""
        line = ((along + self.far) % LONG * self._down).astype(np.int32) % self._long
        index = (self._column - (aside * self._scale).astype(np.float32)[:, None]).astype(np.int32)
        np.clip(index, 0, self._wide[:, None] - 1, out=index)
        index += (self._start + line * self._wide)[:, None]
        luma = np.take(self._strip.planes[0], index).astype(np.uint16)
        luma *= self._keep
        luma += self._add
        luma >>= 8
        frame.luma[self.first :] = np.minimum(luma, 240)
        coarse = index[::2, ::2]
        frame.blue[self.first // 2 :] = np.take(self._strip.planes[1], coarse)
        frame.red[self.first // 2 :] = np.take(self._strip.planes[2], coarse)


def _moved(seen: Sighting, down: int, size: tuple[int, int]) -> Sighting | None:
    x0, y0, x1, y1 = seen.box
    corners = [(x0, y0 + down), (x1, y0 + down), (x1, y1 + down), (x0, y1 + down)]
    return Sighting.of(seen.kind, seen.label, corners, size, seen.occluded, depth=seen.depth)
