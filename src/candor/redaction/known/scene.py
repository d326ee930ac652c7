"""What happens in a clip: shots with a moving camera, people and plates that move through them, posts they pass behind.

Everything follows from the seed. Places are in pixels of the upright picture; moments are numbers of pictures, which
may be halves (for interlaced footage).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np

from candor.redaction.known.plates import draw_plate
from candor.redaction.known.portraits import Head, Level, Pixels, Portraits, heads

__all__ = ["Actor", "Look", "Scene", "Shot", "plan_scene"]

SMALLEST, LARGEST = 16.0, 300.0  # pixels of a face's height
_SHOT_SECONDS: Final = 2.5
Act = Literal["stand", "walk", "approach", "enter", "plate"]


@dataclass(frozen=True)
class Look:
    """Where something is and how it looks at a moment: its middle in the world, `height` of face or plate in pixels,
    turned by `turn` radians, `squeeze`: width as a share of what it is from the front."""

    x: float
    y: float
    height: float
    turn: float
    squeeze: float


@dataclass(frozen=True)
class Actor:
    """Somebody or something in one shot. `blur`: out of focus, as a share of the face's height. `lit`: 1 plainly.
    `clothes`: the colour of what is below the head; None: there is nothing."""

    thing: str
    act: Act
    levels: tuple[Level, ...]
    face: tuple[float, float, float, float]
    photographed: bool
    begin: Look
    speed: tuple[float, float]
    growth: float  # of its height, a second
    sway: tuple[float, float, float]  # pixels, turns a second, phase
    turning: float  # radians to either side
    profile: float  # how far it turns away: 0 never, 1 to less than half its width
    blur: float
    lit: float
    clothes: tuple[int, int, int] | None

    def look(self, seconds: float) -> Look:
        """How it looks so many seconds into its shot."""
        wave = math.sin(2 * math.pi * (self.sway[1] * seconds + self.sway[2]))
        turn_away = self.profile * (0.5 - 0.5 * math.cos(2 * math.pi * (0.23 * seconds + self.sway[2])))
        return Look(
            self.begin.x + self.speed[0] * seconds + self.sway[0] * wave,
            self.begin.y + self.speed[1] * seconds + self.sway[0] * 0.3 * abs(wave),
            self.begin.height * (1 + self.growth) ** seconds,
            self.begin.turn + self.turning * wave,
            1.0 - 0.55 * turn_away,
        )


@dataclass(frozen=True)
class Shot:
    """From picture `first` on. `post`: x and width in the world of what stands before everybody. `light`: 1 is day."""

    first: int
    count: int
    world: Pixels
    actors: tuple[Actor, ...]
    post: tuple[float, float] | None
    light: float
    noise: float
    drift: tuple[float, float]  # pixels a second, sway in pixels
    pan: tuple[float, float, float]  # begins at, lasts, pixels that it goes across

    def camera(self, seconds: float) -> tuple[float, float]:
        """Where the picture's upper left corner is in the world."""
        begin, lasts, far = self.pan
        share = min(1.0, max(0.0, (seconds - begin) / lasts))
        eased = share * share * (3 - 2 * share)
        sway = self.drift[1] * math.sin(2 * math.pi * 0.7 * seconds)
        return self.drift[0] * seconds + far * eased + sway + self.drift[1], self.drift[1] * (
            1 + math.cos(2 * math.pi * 0.45 * seconds)
        )


@dataclass(frozen=True)
class Scene:
    """All shots of a clip, in order, without a gap."""

    size: tuple[int, int]
    fps: float
    shots: tuple[Shot, ...]
    seed: int

    def at(self, picture: float) -> tuple[Shot, float]:
        """The shot of a picture, and how many seconds into it."""
        shot = next(one for one in reversed(self.shots) if picture >= one.first)
        return shot, (picture - shot.first) / self.fps


def plan_scene(
    seed: int, count: int, size: tuple[int, int], fps: float, portraits: Portraits, *, faces: int, plates: int
) -> Scene:
    """A scene of `count` pictures with so many faces and plates in each shot of two to three seconds."""
    rng = np.random.default_rng(seed)
    number = max(1, round(count / fps / _SHOT_SECONDS))
    edges = [round(count * place / number) for place in range(number + 1)]
    people = heads(portraits)
    begin = int(rng.integers(len(people)))
    shots = []
    for place, (first, last) in enumerate(itertools.pairwise(edges)):
        cast = [people[(begin + place * faces + one) % len(people)] for one in range(faces)]
        shots.append(_shot(rng, place, first, last - first, size, fps, cast, plates))
    return Scene(size, fps, tuple(shots), seed)


def _shot(
    rng: np.random.Generator,
    place: int,
    first: int,
    count: int,
    size: tuple[int, int],
    fps: float,
    cast: list[Head],
    plates: int,
) -> Shot:
    width, height = size
    seconds = count / fps
    drift = (float(rng.uniform(-0.03, 0.03) * width), float(rng.uniform(2, 6) * width / 640))
    far = float(rng.choice([-1, 1]) * rng.uniform(0.35, 0.6) * width) if place % 2 == 1 or rng.random() < 0.4 else 0.0
    pan = (float(rng.uniform(0.5, max(0.6, seconds - 0.8))), float(rng.uniform(0.3, 0.5)), far)
    night = place % 3 == 2
    actors = [_person(rng, f"s{place}f{number}", number, len(cast), head, size) for number, head in enumerate(cast)]
    actors += [_plate(rng, f"s{place}p{number}", number, plates, size) for number in range(plates)]
    # what is nearer is in front
    actors.sort(key=lambda one: one.begin.height if one.act != "plate" else math.inf)
    post = (float(rng.uniform(0.3, 0.7) * width), float(rng.uniform(0.03, 0.06) * width))
    shown = post if rng.random() < 0.6 else None
    light = float(rng.uniform(0.26, 0.42)) if night else float(rng.uniform(0.7, 1.05))
    across = width + 2 * math.ceil(abs(far) + abs(drift[0]) * seconds + 4 * drift[1] + 8)
    world = _world(rng, across, height + math.ceil(2 * drift[1]) + 8)
    noise = float(rng.uniform(4, 6)) if night else float(rng.uniform(1.5, 3.5))
    return Shot(first, count, world, tuple(actors), shown, light, noise, drift, pan)


def _person(rng: np.random.Generator, thing: str, number: int, among: int, head: Head, size: tuple[int, int]) -> Actor:
    width, height = size
    act: Act = ("stand", "enter", "approach", "walk")[number % 4]
    top = min(LARGEST, 0.42 * height, head.largest * 1.4)
    tall = float(np.exp(rng.uniform(np.log(SMALLEST * 1.25), np.log(max(SMALLEST * 1.6, top)))))
    y = float(rng.uniform(0.2, 0.55) * height)
    # side by side, so that nobody stands wholly behind somebody else all the time
    slot = (number + float(rng.uniform(0.25, 0.75))) / among
    speed, growth, x = (0.0, 0.0), 0.0, (0.1 + 0.8 * slot) * width
    if act == "walk":
        speed = (float(rng.choice([-1, 1]) * rng.uniform(0.05, 0.14) * width), float(rng.uniform(-0.01, 0.01) * height))
    elif act == "approach":
        growth, tall = float(rng.uniform(0.08, 0.2)), tall * 0.75
    elif act == "enter":
        side = int(rng.integers(2))
        x = -0.08 * width - tall if side == 0 else 1.08 * width + tall
        speed = ((1 if side == 0 else -1) * float(rng.uniform(0.22, 0.4)) * width, 0.0)
    return Actor(
        thing,
        act,
        head.levels,
        head.face,
        head.photographed,
        Look(x, y, max(SMALLEST, tall), float(rng.uniform(-0.12, 0.12)), 1.0),
        speed,
        growth,
        (float(rng.uniform(1, 5) * width / 640), float(rng.uniform(0.4, 1.1)), float(rng.uniform(0, 1))),
        float(rng.uniform(0.02, 0.3)),
        float(rng.uniform(0.6, 1.0)) if rng.random() < 0.35 else 0.0,
        float(rng.uniform(0.02, 0.045)) if rng.random() < 0.2 else 0.0,
        float(rng.uniform(0.75, 1.15)),
        (int(rng.integers(20, 190)), int(rng.integers(20, 190)), int(rng.integers(20, 190))),
    )


def _plate(rng: np.random.Generator, thing: str, number: int, among: int, size: tuple[int, int]) -> Actor:
    width, height = size
    slot = (number + float(rng.uniform(0.3, 0.7))) / among
    style: Literal["us", "eu"] = "us" if rng.random() < 0.5 else "eu"
    plate = draw_plate(int(rng.integers(100_000)), style)
    tall = float(rng.uniform(0.1, 0.16) if style == "us" else rng.uniform(0.055, 0.09)) * height
    level = Level(plate.rgb, np.ones(plate.rgb.shape[:2], np.float32))
    levels = [level]
    while min(levels[-1].rgb.shape[:2]) >= 40:
        rows, columns = levels[-1].rgb.shape[0] // 2 * 2, levels[-1].rgb.shape[1] // 2 * 2
        quarter = levels[-1].rgb[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2, 3).mean(axis=(1, 3))
        levels.append(Level(quarter.astype(np.uint8), np.ones(quarter.shape[:2], np.float32)))
    return Actor(
        thing,
        "plate",
        tuple(levels),
        (0.0, 0.0, float(plate.rgb.shape[1]), float(plate.rgb.shape[0])),
        False,
        Look((0.2 + 0.6 * slot) * width, float(rng.uniform(0.6, 0.78) * height), tall, 0.0, 1.0),
        (float(rng.uniform(-0.05, 0.05) * width), 0.0),
        float(rng.uniform(0.0, 0.06)),
        (float(rng.uniform(0, 1.5)), 0.5, 0.0),
        0.03,
        0.0,
        0.0,
        1.0,
        None,
    )


def _world(rng: np.random.Generator, width: int, height: int) -> Pixels:
    """A textured background: clouds of colour at several sizes, edges, fine grain."""
    world = np.zeros((height, width, 3), np.float32)
    for cells, strength in ((4, 46.0), (13, 26.0), (48, 15.0)):
        coarse = rng.normal(0, strength, (cells, max(2, cells * width // height), 3)).astype(np.float32)
        coarse = coarse * 0.18 + coarse.mean(axis=2, keepdims=True) * 1.1
        world += np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))
    world += 112
    for _ in range(int(rng.integers(10, 18))):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        wide, high = int(rng.integers(10, width // 5)), int(rng.integers(10, height // 2))
        patch = world[y : y + high, x : x + wide]
        patch *= 0.45
        patch += rng.uniform(15, 130, 3).astype(np.float32) * np.array([0.6, 0.6, 0.6], np.float32)
    grain = rng.integers(-9, 10, (height, width, 1)).astype(np.float32)
    lit: Pixels = np.clip(world + grain, 0, 255).astype(np.uint8)
    return lit
