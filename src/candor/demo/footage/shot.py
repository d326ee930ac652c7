"""A camera among standing things and moving people: frame after frame, and where faces and plates are in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import atan2, hypot, pi

import numpy as np

from candor.demo.footage.backdrop import Backdrop, World, light_at
from candor.demo.footage.figures import PER_METRE, TALL, Figure, Pose, foot_shadow
from candor.demo.footage.frame import Cutout, Frame, Sprite, Tint, paste, window
from candor.demo.footage.lens import PACE, STANDING, WALKING, Wear, add_grain, sway
from candor.demo.footage.optics import Camera, Floats
from candor.demo.footage.solids import Solid
from candor.demo.footage.traffic import moving_car
from candor.demo.footage.truth import Sighting

MARGIN = 0.07
"""Room around a view, as a share of the frame, for sway and small turns."""
STRIDE = 0.6
"""Metres that a walking camera goes before the view is drawn anew; between, the last one is enlarged."""
TURN = 0.11
"""Radians that a camera turns within one drawn view."""


@dataclass(frozen=True)
class Mark:
    """Where a person or camera is at a moment, straight lines between; heading None looks at the camera."""

    at: float
    x: float
    y: float
    heading: float | None = None


STILL = Pose()


@dataclass(frozen=True)
class Actor:
    """A figure, the marks it walks between, and when it talks (start, end) with its hands."""

    figure: Figure
    marks: tuple[Mark, ...]
    talks: tuple[tuple[float, float], ...] = ()
    rest: Pose = STILL

    def place(self, at: float) -> tuple[float, float, float | None, bool]:
        """x, y, heading and whether it walks."""
        before = [m for m in self.marks if m.at <= at] or [self.marks[0]]
        after = [m for m in self.marks if m.at > at]
        last = before[-1]
        if not after or at < last.at:
            return last.x, last.y, last.heading, False
        share = (at - last.at) / (after[0].at - last.at)
        dx, dy = after[0].x - last.x, after[0].y - last.y
        walks = hypot(dx, dy) > 0.3
        heading = atan2(dx, dy) if walks else last.heading
        return last.x + dx * share, last.y + dy * share, heading, walks

    def pose(self, at: float, walks: bool) -> Pose:
        """How it holds itself then."""
        if walks:
            return Pose(stride=round(at * PACE / 2 % 1 * 8) % 8 / 8)
        beat = int(at * 1.4 + len(self.figure.name))
        if any(start <= at < end for start, end in self.talks):
            hands = (("half", "down"), ("half", "half"), ("down", "half"), ("half", "up"))[beat * 7 % 4]
            return Pose(None, *hands, tilt=(-2.5, 1.5, 3.0, 0.0)[beat % 4], sway=(0.4, -0.3, 0.1, 0.6)[beat % 4])
        slow = int(at * 0.5 + len(self.figure.name))
        return replace(self.rest, tilt=(0.0, 1.5, -1.0)[slow % 3], sway=(0.0, 0.5, -0.4)[slow % 3])


@dataclass(frozen=True)
class Passing:
    """A car that drives by on a straight line: where it is at second `at`, and its speed along y."""

    solid: Solid
    x: float
    y: float
    at: float
    speed: float

    def now(self, at: float) -> Solid | None:
        """The car at that moment, or None when far off."""
        y = self.y + self.speed * (at - self.at)
        if abs(y) > 150:
            return None
        return self.solid.placed(self.x, y, 0.0 if self.speed > 0 else pi)


@dataclass(frozen=True)
class View:
    """Where the lens is at a moment; straight lines between moments."""

    at: float
    x: float
    y: float
    z: float
    yaw: float
    pitch: float


@dataclass
class Shot:
    """Everything that one standing or walking camera records. Times are on the scene's clock."""

    world: World
    views: tuple[View, ...]
    focal: float
    """In frame widths."""
    size: tuple[int, int]
    fps: int
    start: float
    seconds: float
    seed: str
    actors: tuple[Actor, ...] = ()
    passing: tuple[Passing, ...] = ()
    flashing: tuple[float, float] | None = None
    """When the light bar burns."""
    wear: Wear = STANDING
    grain: float = 2.0
    hood: Sprite | None = None
    _drawn: dict[tuple[int, ...], Backdrop] = field(default_factory=dict)
    _cutouts: dict[int, Cutout] = field(default_factory=dict)
    _tints: dict[tuple[int | str, ...], Tint] = field(default_factory=dict)

    def frames(self) -> Iterator[tuple[Frame, list[Sighting]]]:
        """Every frame with what is to be seen in it. The frame is overwritten by the next one."""
        frame = Frame.empty(*self.size)
        for number in range(round(self.seconds * self.fps)):
            at = self.start + number / self.fps
            yield frame, self._compose(frame, at, number)

    def beat(self, at: float) -> str:
        """Which half of the light bar burns."""
        if self.flashing is None or not self.flashing[0] <= at < self.flashing[1]:
            return "off"
        return ("red", "red", "blue", "blue", "red", "blue")[int(at * 7.0) % 6]

    def camera(self, at: float) -> tuple[Camera, bool]:
        """The lens at that moment, sway and all, and whether its wearer walks."""
        before = [v for v in self.views if v.at <= at] or [self.views[0]]
        after = [v for v in self.views if v.at > at]
        here, walks = before[-1], False
        if after and at >= here.at:
            share = (at - here.at) / (after[0].at - here.at)
            there = after[0]
            walks = hypot(there.x - here.x, there.y - here.y) > 0.3
            smooth = share * share * (3 - 2 * share)
            values = [
                a + (b - a) * (share if k < 3 else smooth)
                for k, (a, b) in enumerate(
                    zip(
                        (here.x, here.y, here.z, here.yaw, here.pitch),
                        (there.x, there.y, there.z, there.yaw, there.pitch),
                        strict=True,
                    )
                )
            ]
            here = View(at, *values)
        right, up = sway(WALKING if walks and self.wear is STANDING else self.wear, self.seed, at)
        width, height = self.size
        return Camera(
            (here.x, here.y, here.z), here.yaw + right, here.pitch + up, self.focal * width, width, height
        ), walks

    def _backdrop(self, camera: Camera) -> tuple[Backdrop, tuple[float, float, float, float]]:
        """The drawn view nearest to the camera's, and the part of it that the camera sees."""
        plain = self._settled(camera)
        key = tuple(round(part * 1000) for part in (*plain.eye, plain.yaw, plain.pitch))
        if key not in self._drawn:
            if len(self._drawn) > 2:
                self._drawn.pop(next(iter(self._drawn)))
            # What is seen for half a second, in motion, need not be drawn finer than 540 lines.
            rests = len(self.views) == 1 or (*plain.eye, plain.yaw) in self._rests()
            coarse = 1.0 if rests else min(1.0, 540 / plain.height)
            sized = replace(
                plain,
                focal=plain.focal * coarse,
                width=round(plain.width * coarse),
                height=round(plain.height * coarse),
            )
            self._drawn[key] = Backdrop(self.world, sized.wider(MARGIN))
        drawn = self._drawn[key]
        big, width, height = drawn.camera, camera.width, camera.height
        forward = float((np.asarray(camera.eye) - np.asarray(big.eye)) @ big.axes()[2])
        zoom = max(1.0, 8.0 / max(4.0, 8.0 - max(0.0, forward)))
        fine = big.focal / camera.focal
        wide, tall = width / zoom * fine, height / zoom * fine
        x = (big.width - wide) / 2 + big.focal * np.tan(camera.yaw - big.yaw)
        y = (big.height - tall) / 2 - big.focal * np.tan(camera.pitch - big.pitch)
        return drawn, (float(np.clip(x, 0, big.width - wide)), float(np.clip(y, 0, big.height - tall)), wide, tall)

    def _rests(self) -> set[tuple[float, float, float, float]]:
        """Where the camera stands still for more than a second, and which way it looks there."""
        ends = [*(v.at for v in self.views[1:]), self.start + self.seconds]
        return {
            (v.x, v.y, v.z, v.yaw)
            for v, after, end in zip(self.views, [*self.views[1:], self.views[-1]], ends, strict=True)
            if (v.x, v.y, v.yaw) == (after.x, after.y, after.yaw) and end - v.at > 1
        }

    def _settled(self, camera: Camera) -> Camera:
        """The camera moved back to the last place and turn at which a view is drawn."""
        first, last = self.views[0], self.views[-1]
        still = len(self.views) == 1 or (first.x, first.y, first.yaw) == (last.x, last.y, last.yaw)
        if still:
            return replace(camera, eye=(first.x, first.y, first.z), yaw=first.yaw, pitch=first.pitch)
        choices: list[View] = []
        for here, there in pairwise(self.views):
            far = hypot(there.x - here.x, there.y - here.y)
            steps = max(
                1, round(max(far / STRIDE, abs(there.yaw - here.yaw) / TURN, abs(there.pitch - here.pitch) / TURN))
            )
            for k in range(steps):
                values = [
                    a + (b - a) * k / steps
                    for a, b in zip(
                        (here.at, here.x, here.y, here.z, here.yaw, here.pitch),
                        (there.at, there.x, there.y, there.z, there.yaw, there.pitch),
                        strict=True,
                    )
                ]
                choices.append(View(*values))
        choices.append(last)
        best = min(
            choices,
            key=lambda v: (
                hypot(v.x - camera.eye[0], v.y - camera.eye[1]) * 0.4
                + abs(v.yaw - camera.yaw)
                + (0.3 if (camera.eye[0] - v.x) * np.sin(v.yaw) + (camera.eye[1] - v.y) * np.cos(v.yaw) < -0.02 else 0)
            ),
        )
        return replace(camera, eye=(best.x, best.y, best.z), yaw=best.yaw, pitch=best.pitch)

    def _compose(self, frame: Frame, at: float, number: int) -> list[Sighting]:
        camera, _ = self.camera(at)
        beat = self.beat(at)
        drawn, place = self._backdrop(camera)
        big = drawn.camera
        window(drawn.planes(beat), (big.width, big.height), frame, place)
        sightings = self._plates(drawn, place)
        things: list[tuple[float, Actor | Solid]] = []
        for actor in self.actors:
            x, y, _, _ = actor.place(at)
            things.append((float(camera.project((x, y, 1.0))[2]), actor))
        for car in self.passing:
            solid = car.now(at)
            if solid is not None:
                middle = solid.corners.mean(axis=(0, 1))
                things.append((float(camera.project(middle)[2]), solid))
        for depth, thing in sorted(things, key=lambda item: -item[0]):
            if depth < 0.6:
                continue
            if isinstance(thing, Solid):
                self._put_car(frame, camera, thing, depth, beat, sightings, (drawn, place))
            else:
                self._put_actor(frame, camera, thing, depth, at, beat, sightings, (drawn, place))
        if self.hood is not None:
            paste(frame, self.hood, 0, frame.luma.shape[0] - self.hood.luma.shape[0])
        add_grain(frame.luma, self.grain, number)
        return sightings

    def _plates(self, drawn: Backdrop, place: tuple[float, float, float, float]) -> list[Sighting]:
        found = []
        scale = self.size[0] / place[2]
        for seen in drawn.seen:
            spots = (seen.corners - np.array(place[:2], np.float32)) * scale
            found.append(Sighting.of("plate", seen.decal.text, spots, self.size, seen.hidden, depth=seen.depth))
        return [s for s in found if s is not None]

    def _standing_before(
        self,
        box: tuple[int, int, int, int],
        depth: float,
        where: tuple[Backdrop, tuple[float, ...]],
    ) -> Floats | None:
        """(height, width) 0 where a standing thing hides what is at that depth; None where nothing does."""
        left, top, wide, tall = box
        drawn, (x, y, part_wide, _) = where
        scale = part_wide / self.size[0]
        columns = np.clip(np.round(x + (left + np.arange(wide)) * scale), 0, drawn.camera.width - 1).astype(int)
        rows = np.clip(np.round(y + (top + np.arange(tall)) * scale), 0, drawn.camera.height - 1).astype(int)
        part = drawn.depth[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        if not part.size or float(part.min()) > depth:
            return None
        return np.asarray(drawn.depth[rows[:, None], columns[None]] > depth, np.float32)

    def _put_actor(
        self,
        frame: Frame,
        camera: Camera,
        actor: Actor,
        depth: float,
        at: float,
        beat: str,
        sightings: list[Sighting],
        where: tuple[Backdrop, tuple[float, ...]],
    ) -> None:
        x, y, heading, walks = actor.place(at)
        towards = atan2(camera.eye[0] - x, camera.eye[1] - y)
        away = 0.0 if heading is None else abs((heading - towards + pi) % (2 * pi) - pi)
        figure = actor.figure.drawn(actor.pose(at, walks), away > pi * 0.58)
        scale = camera.focal / depth / PER_METRE * (actor.figure.tall / 1.72)
        tall = max(8, round(TALL * PER_METRE * scale / 2) * 2)
        wide = max(4, round(tall * figure.picture.width / figure.picture.height / 2) * 2)
        spot = camera.project((x, y, 0.0))
        bob = 0.025 * abs(np.sin(at * PACE * pi)) * tall / TALL if walks else 0.0
        left, top = round(float(spot[0]) - wide / 2), round(float(spot[1]) - tall * (TALL - 0.04) / TALL - bob)
        if left > camera.width or left + wide < 0 or tall > 6000:
            return
        tint = self._tint(x, y, camera, beat)
        foot = self._standing_before((int(spot[0]), int(spot[1]) - 2, 2, 2), depth, where)
        if foot is None or foot.any():
            foot_shadow(frame, spot, camera, tint.bright)
        keep = self._standing_before((left & ~1, top & ~1, wide, tall), depth, where)
        if id(figure) not in self._cutouts:
            self._cutouts[id(figure)] = Cutout(figure.picture)
        used = paste(frame, self._cutouts[id(figure)].sprite(wide, tall, tint), left, top, keep)
        if used is None:
            return
        _hide(sightings, used, left & ~1, top & ~1, depth)
        if figure.face is not None:
            ratio = tall / figure.picture.height
            x0, y0, x1, y1 = (edge * ratio for edge in figure.face)
            spots = np.array(
                [(left + x0, top + y0), (left + x1, top + y0), (left + x1, top + y1), (left + x0, top + y1)]
            )
            covered = _covered(keep, spots, (left & ~1, top & ~1))
            seen = Sighting.of(
                "face", actor.figure.name, spots, self.size, covered, depth=depth, photographed=figure.photographed
            )
            if seen is not None:
                sightings.append(seen)

    def _tint(self, x: float, y: float, camera: Camera, beat: str) -> Tint:
        key = (round(x * 3), round(y * 3), round(camera.eye[0] * 2), round(camera.eye[1] * 2), beat)
        if key not in self._tints:
            self._tints[key] = Tint.of(light_at((x, y, 1.2), camera, self.world, beat))
        return self._tints[key]

    def _put_car(
        self,
        frame: Frame,
        camera: Camera,
        solid: Solid,
        depth: float,
        beat: str,
        sightings: list[Sighting],
        where: tuple[Backdrop, tuple[float, ...]],
    ) -> None:
        made = moving_car(solid, camera, self.world, beat)
        if made is None:
            return
        left, top = made.corner
        sprite = Sprite.of(made.pixels[..., :3], made.pixels[..., 3])
        tall, wide = sprite.luma.shape
        keep = self._standing_before((left, top, wide, tall), depth, where)
        used = paste(frame, sprite, left, top, keep)
        if used is None:
            return
        _hide(sightings, used, left, top, depth)
        for text, spots in made.plates:
            seen = Sighting.of("plate", text, spots, self.size, _covered(keep, spots, (left, top)), depth=depth)
            if seen is not None:
                sightings.append(seen)


def _covered(keep: Floats | None, corners: Floats, corner: tuple[int, int]) -> bool:
    """Whether standing things hide more than two fifths of what has those corners, keep being what they leave."""
    if keep is None:
        return False
    x0, y0 = (max(0, int(edge)) for edge in corners.min(axis=0) - np.array(corner))
    x1, y1 = (int(edge) for edge in corners.max(axis=0) - np.array(corner))
    part = keep[y0 : y1 + 1, x0 : x1 + 1]
    return part.size > 0 and float(part.mean()) < 0.6


def _hide(sightings: list[Sighting], cover: Floats, left: int, top: int, depth: float) -> None:
    """Mark as occluded what lies behind something pasted with that cover."""
    for seen in sightings:
        if seen.occluded or seen.depth <= depth:
            continue
        x0, y0, x1, y1 = seen.box
        part = cover[max(0, int(y0 - top)) : max(0, int(y1 - top)), max(0, int(x0 - left)) : max(0, int(x1 - left))]
        if part.size and float(part.sum()) > 0.4 * (x1 - x0) * (y1 - y0):
            seen.occluded = True
