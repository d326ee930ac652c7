"""One standing view of the world: everything that does not move, drawn once per beat of the lamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import hypot

import av
import numpy as np
from PIL import Image, ImageDraw

from candor.demo.footage.air import Air, Lamp, light_on
from candor.demo.footage.ground import Materials, Road, Scenery
from candor.demo.footage.optics import NEAR, Bytes, Camera, Floats, develop, under_light
from candor.demo.footage.solids import Decal, Flare, Solid, together

SUPER = 2
"""Solid things are drawn this many times larger and shrunk, for smooth edges."""


@dataclass(frozen=True)
class Standing:
    """A flat picture that faces the camera wherever it is: a tree, a post. Feet at (x, y), `tall` metres high."""

    picture: Image.Image
    x: float
    y: float
    tall: float


@dataclass
class World:
    """A place at an hour: what stands in it and what shines."""

    air: Air
    road: Road
    stuff: Materials
    solids: list[Solid] = field(default_factory=list)
    standing: list[Standing] = field(default_factory=list)
    lamps: list[Lamp] = field(default_factory=list)
    footprints: list[tuple[float, float, float, float, float]] = field(default_factory=list)
    """Standing cars as x, y, heading, half width, half length."""

    def shade(self) -> Floats | None:
        """The footprints as `Scenery` wants them."""
        rows = [(x, y, np.sin(h), np.cos(h), w, long) for x, y, h, w, long in self.footprints]
        return np.array(rows, np.float32) if rows else None


@dataclass(frozen=True)
class Seen:
    """A decal's place in a view: corners (4, 2) in pixels, its distance, whether something stands before it."""

    decal: Decal
    corners: Floats
    depth: float
    hidden: bool


@dataclass
class _Cut:
    """A standing thing as one view shows it: its corner, colours, cover, and what it looks like in each beat."""

    thing: Standing
    depth: float
    corner: tuple[int, int]
    colours: Bytes
    cover: Image.Image
    lit: dict[str, Image.Image] = field(default_factory=dict)


class Backdrop:
    """A view of a world from one camera, as planes of YUV 4:2:0 for each beat, with the depth of its solids."""

    def __init__(self, world: World, camera: Camera) -> None:
        self.camera = camera
        self._world = world
        self._scenery = Scenery(camera, world.road, world.air, world.stuff, world.shade())
        self._solid = together(world.solids)
        self._planes: dict[str, Bytes] = {}
        self.depth = np.full((camera.height, camera.width), np.inf, np.float32)
        self._order: list[tuple[float, int]] = []
        if self._solid is not None:
            self._arrange(self._solid)
        self._cut = self._cut_standing()
        self.seen = self._find_plates()

    def planes(self, beat: str) -> Bytes:
        """(height * 3 / 2, width) YUV 4:2:0 of the view in that beat."""
        if beat not in self._planes:
            frame = av.VideoFrame.from_ndarray(self.picture(beat), format="rgb24")
            sheet = frame.reformat(format="yuv420p", dst_colorspace="ITU709").to_ndarray()
            self._planes[beat] = np.asarray(sheet, np.uint8)
        return self._planes[beat]

    def picture(self, beat: str) -> Bytes:
        """(height, width, 3) the view in that beat."""
        image = Image.fromarray(develop(self._scenery.light(self._world.lamps, beat)))
        self._put_standing(image, beat)
        if self._solid is not None and self._order:
            self._put_solids(image, self._solid, beat)
        flares = [] if self._solid is None else self._solid.flares
        shown = add_flares(np.array(image), self.camera, flares, beat, self.depth, bright=self._world.air.ambient[1])
        return np.asarray(shown * _vignette(self.camera.width, self.camera.height), np.uint8)

    def _arrange(self, solid: Solid) -> None:
        """Which faces are turned to the lens, and in which order they are painted; fills the depth picture."""
        spots = self.camera.project(solid.corners)
        middle = solid.corners.mean(axis=1)
        towards = np.asarray(self.camera.eye, np.float32) - middle
        facing = np.einsum("ni,ni->n", towards, solid.normals()) > 0
        depth = spots[..., 2].mean(axis=1)
        shown = facing & (spots[..., 2].min(axis=1) > NEAR) & (depth < 260)
        in_x = (spots[..., 0].max(axis=1) > 0) & (spots[..., 0].min(axis=1) < self.camera.width)
        rank = np.linalg.norm(towards, axis=1) - solid.lift
        order = [(float(rank[i]), int(i)) for i in np.flatnonzero(shown & in_x)]
        for number, decal in enumerate(solid.decals):
            if _front(decal, self.camera):
                near = float(np.linalg.norm(decal.corners - np.asarray(self.camera.eye, np.float32), axis=1).min())
                order.append((near - 0.6, -1 - number))
        self._order = sorted(order, reverse=True)
        self._spots = spots
        sheet = Image.new("F", (self.camera.width, self.camera.height), float("inf"))
        draw = ImageDraw.Draw(sheet)
        for _, i in self._order:
            if i >= 0:
                draw.polygon([(float(x), float(y)) for x, y in spots[i, :, :2]], fill=float(depth[i]))
        self.depth = np.array(sheet, np.float32)

    def _cut_standing(self) -> list[_Cut]:
        """Trees and posts in view, far ones first, at the size they are seen at."""
        cuts = []
        for thing in self._world.standing:
            x, y, depth = (float(part) for part in self.camera.project((thing.x, thing.y, 0.0)))
            if depth <= 1.0:
                continue
            tall = round(thing.tall * self.camera.focal / depth)
            wide = round(tall * thing.picture.width / thing.picture.height)
            left, top = round(x - wide / 2), round(y - tall)
            x0, y0 = max(left, 0), max(top, 0)
            x1, y1 = min(left + wide, self.camera.width), min(top + tall, self.camera.height)
            if tall < 3 or x1 - x0 < 1 or y1 - y0 < 1:
                continue
            across, down = thing.picture.width / wide, thing.picture.height / tall
            part = ((x0 - left) * across, (y0 - top) * down, (x1 - left) * across, (y1 - top) * down)
            cut = thing.picture.resize((x1 - x0, y1 - y0), Image.Resampling.BILINEAR, box=part, reducing_gap=2.0)
            pixels = np.array(cut)
            cuts.append(_Cut(thing, depth, (x0, y0), pixels[..., :3], Image.fromarray(pixels[..., 3])))
        return sorted(cuts, key=lambda cut: -cut.depth)

    def _put_standing(self, image: Image.Image, beat: str) -> None:
        far = develop(np.array(self._world.air.horizon, np.float32))
        flashing = [lamp for lamp in self._world.lamps if lamp.beat != "off"]
        for cut in self._cut:
            near = any(hypot(lamp.at[0] - cut.thing.x, lamp.at[1] - cut.thing.y) < 28 for lamp in flashing)
            lit = beat if near else "off"
            if lit not in cut.lit:
                light = light_at((cut.thing.x, cut.thing.y, cut.thing.tall * 0.4), self.camera, self._world, lit)
                kept = float(np.exp(-self._world.air.haze * cut.depth))
                shown = under_light(cut.colours, light) * np.float32(kept) + far * np.float32(1 - kept)
                cut.lit[lit] = Image.fromarray(shown.astype(np.uint8))
            image.paste(cut.lit[lit], cut.corner, cut.cover)

    def _put_solids(self, image: Image.Image, solid: Solid, beat: str) -> None:
        used = self._spots[[i for _, i in self._order if i >= 0]]
        if not len(used):
            return
        left = max(0, int(used[..., 0].min()) - 2)
        top = max(0, int(used[..., 1].min()) - 2)
        right = min(image.width, int(used[..., 0].max()) + 3)
        low = min(image.height, int(used[..., 1].max()) + 3)
        if right <= left or low <= top:
            return
        part = image.crop((left, top, right, low))
        sheet = part.resize((part.width * SUPER, part.height * SUPER), Image.Resampling.NEAREST)
        draw = ImageDraw.Draw(sheet)
        inks = develop(shaded(solid, self.camera.eye, self._world, beat))
        spots = (self._spots[..., :2] - np.array([left, top], np.float32)) * SUPER
        for _, i in self._order:
            if i >= 0:
                ink = inks[i]
                draw.polygon([(float(x), float(y)) for x, y in spots[i]], fill=(int(ink[0]), int(ink[1]), int(ink[2])))
            else:
                self._put_decal(sheet, solid.decals[-1 - i], (left, top), beat)
        image.paste(sheet.reduce(SUPER), (left, top))

    def _put_decal(self, sheet: Image.Image, decal: Decal, corner: tuple[int, int], beat: str) -> None:
        spots = (self.camera.project(decal.corners)[:, :2] - np.array(corner, np.float32)) * SUPER
        paste_warped(sheet, decal, spots, light_at(tuple(decal.corners.mean(axis=0)), self.camera, self._world, beat))

    def _find_plates(self) -> list[Seen]:
        found = []
        for decal in [] if self._solid is None else self._solid.decals:
            if not decal.kind or not _front(decal, self.camera):
                continue
            spots = self.camera.project(decal.corners)
            x, y = spots[:, 0].mean(), spots[:, 1].mean()
            depth = float(spots[:, 2].mean())
            hidden = True
            if 0 <= x < self.camera.width and 0 <= y < self.camera.height:
                hidden = bool(self.depth[int(y), int(x)] < depth - 0.25)
            found.append(Seen(decal, spots[:, :2].astype(np.float32), depth, hidden))
        return found


def shaded(solid: Solid, eye: tuple[float, float, float], world: World, beat: str) -> Floats:
    """(n, 3) linear light that each face sends to the eye: what falls on it, and the sky mirrored in it."""
    normals = solid.normals()
    middle = solid.corners.mean(axis=1)
    light = solid.colour * light_on(middle, normals, world.air, world.lamps, beat)
    to_eye = middle - np.asarray(eye, np.float32)
    far = np.linalg.norm(to_eye, axis=1)
    way = to_eye / np.maximum(far, 1e-3)[:, None]
    into = np.einsum("ni,ni->n", way, normals)
    mirrored = way[:, 2] - 2 * into * normals[:, 2]
    grazing = (0.10 + 0.90 * (1 - np.clip(-into, 0, 1)) ** 4) * solid.gloss
    horizon, zenith = np.array(world.air.horizon, np.float32), np.array(world.air.zenith, np.float32)
    up = np.clip(mirrored * 1.6, 0, 1)[:, None]
    sky = horizon * (1 - up) + zenith * up
    sky = np.where(mirrored[:, None] > -0.03, sky, np.array(world.air.ambient, np.float32) * 0.10)
    return world.air.fade(light + sky * grazing[:, None], far) + solid.glow


def light_at(point: tuple[float, float, float] | Sequence[float], camera: Camera, world: World, beat: str) -> Floats:
    """(3,) light on something upright at a point that faces the camera."""
    place = np.asarray(point, np.float32)
    towards = np.asarray(camera.eye, np.float32) - place
    towards[2] = max(towards[2], 0.3)
    normal = towards / np.linalg.norm(towards)
    return np.asarray(light_on(place[None], normal[None], world.air, world.lamps, beat)[0], np.float32)


def _front(decal: Decal, camera: Camera) -> bool:
    spots = camera.project(decal.corners)
    if spots[:, 2].min() <= NEAR or spots[:, 2].min() > 60:
        return False
    a, b = spots[1, :2] - spots[0, :2], spots[3, :2] - spots[0, :2]
    return bool(a[0] * b[1] - a[1] * b[0] > 4)


def paste_warped(sheet: Image.Image, decal: Decal, spots: Floats, light: Floats) -> None:
    """Draw a decal with its corners at those pixels, under that light."""
    left, top = np.floor(spots.min(axis=0)).astype(int) - 1
    right, low = np.ceil(spots.max(axis=0)).astype(int) + 2
    if right - left > 4000 or low - top > 4000 or right < 0 or low < 0 or left > sheet.width or top > sheet.height:
        return
    source = _sized(decal.picture, right - left)
    wide, tall = source.size
    plane = spots - np.array([left, top], np.float32)
    flat = [(0, 0), (wide, 0), (wide, tall), (0, tall)]
    rows, aims = [], []
    for (x, y), (u, v) in zip(plane.tolist(), flat, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        aims += [u, v]
    bend = np.linalg.solve(np.array(rows, np.float64), np.array(aims, np.float64))
    warped = source.transform(
        (int(right - left), int(low - top)), Image.Transform.PERSPECTIVE, bend.tolist(), Image.Resampling.BILINEAR
    )
    pixels = np.array(warped)
    shown = under_light(pixels[..., :3], light + decal.glow)
    sheet.paste(Image.fromarray(shown), (int(left), int(top)), Image.fromarray(pixels[..., 3]))


_SIZED: dict[tuple[int, int], tuple[Image.Image, Image.Image]] = {}


def _sized(picture: Image.Image, wide: int) -> Image.Image:
    """The picture with cover, halved until it is at most about twice as wide as it will be seen."""
    halvings = 0
    while picture.width >> halvings > max(24, 2.2 * wide):
        halvings += 1
    key = (id(picture), halvings)
    if key not in _SIZED:
        full = picture.convert("RGBA")
        # The picture is kept beside its copy, so that its id is not given to another one.
        _SIZED[key] = (picture, full.reduce(1 << halvings) if halvings else full)
    return _SIZED[key][1]


def add_flares(shown: Bytes, camera: Camera, flares: Sequence[Flare], beat: str, depth: Floats, bright: float) -> Bytes:
    """The halos of lamps that shine towards the lens, added to a picture (height, width, 3)."""
    eye = np.asarray(camera.eye, np.float32)
    for flare in flares:
        if flare.beat not in ("off", beat):
            continue
        x, y, far = (float(part) for part in camera.project(flare.at))
        if far < 0.5:
            continue
        facing = 1.0
        if flare.toward is not None:
            way = eye - np.asarray(flare.at, np.float32)
            facing = float(way @ np.asarray(flare.toward, np.float32)) / float(np.linalg.norm(way))
        if facing <= 0.02:
            continue
        px, py = int(x), int(y)
        if 0 <= px < depth.shape[1] and 0 <= py < depth.shape[0] and depth[py, px] < far - 0.8:
            continue
        radius = halo_radius(flare.size, camera.focal, far)
        _add_halo(shown, x, y, radius, np.asarray(flare.colour, np.float32) * facing**0.7 * (1.15 - min(bright, 0.9)))
    return shown


def halo_radius(size: float, focal: float, far: float) -> float:
    """Pixels that a lamp's halo reaches; less than in proportion to nearness, as glare is made in the lens."""
    return min(420.0, size * focal / float(max(far, 0.5) ** 0.72) * 0.62)


def _add_halo(shown: Bytes, x: float, y: float, radius: float, colour: Floats) -> None:
    x0, x1 = max(0, int(x - radius)), min(shown.shape[1], int(x + radius) + 1)
    y0, y1 = max(0, int(y - radius)), min(shown.shape[0], int(y + radius) + 1)
    if x1 <= x0 or y1 <= y0:
        return
    dx = ((np.arange(x0, x1, dtype=np.float32) - x) / radius)[None]
    dy = ((np.arange(y0, y1, dtype=np.float32) - y) / radius)[:, None]
    away = np.sqrt(dx * dx + dy * dy)
    fall = np.clip(1 - away, 0, 1)
    halo = fall**5 * 0.75 + np.clip(1 - away * 7, 0, 1) ** 0.6 * 1.2
    halo += np.clip(1 - np.abs(dy) * 26, 0, 1) * fall**3 * 0.35
    part = shown[y0:y1, x0:x1]
    added = np.asarray(halo[..., None] * colour * 200, np.float32)
    shown[y0:y1, x0:x1] = (255 - (255 - part) * np.exp(-added / 165)).astype(np.uint8)


def _vignette(width: int, height: int) -> Floats:
    x = np.linspace(-1, 1, width, dtype=np.float32)[None]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    return np.asarray(1 - 0.34 * np.clip((x * x * 0.8 + y * y * 0.45), 0, 1.25) ** 1.6, np.float32)[..., None]
