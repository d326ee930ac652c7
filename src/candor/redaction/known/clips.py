"""Clips with known boxes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from candor.redaction.known.coding import Coding, times_of, write
from candor.redaction.known.drawing import KnownBox, draw
from candor.redaction.known.numbers import burn_number
from candor.redaction.known.portraits import Pixels, Portraits
from candor.redaction.known.scene import Scene, plan_scene

__all__ = ["Coding", "KnownBox", "KnownClip", "known_pictures", "make_clip"]


@dataclass(frozen=True)
class KnownClip:
    """A clip and what is in it.

    `size`: width and height upright. `times`: when picture n, which carries the number n, is shown, in seconds of the
    file's own clock. `boxes`: of picture n. `cuts`: numbers of the pictures that begin a shot, but for the first.
    `photographed`: whether its faces are of photographs.
    """

    path: Path
    size: tuple[int, int]
    fps: float
    times: tuple[Fraction, ...]
    boxes: tuple[tuple[KnownBox, ...], ...]
    cuts: tuple[int, ...]
    photographed: bool

    @property
    def frames(self) -> int:
        """How many pictures were put in; a clip that begins without a key frame has lost some."""
        return len(self.times)


@dataclass
class _Drawing:
    scene: Scene
    count: int
    interlaced: bool
    boxes: list[tuple[KnownBox, ...]] = field(default_factory=list)

    def __iter__(self) -> Iterator[Pixels]:
        for number in range(self.count):
            picture, boxes = draw(self.scene, number)
            if self.interlaced:
                later, after = draw(self.scene, number + 0.5)
                picture[1::2] = later[1::2]
                boxes = _both(boxes, after)
            burn_number(picture, number)
            self.boxes.append(tuple(boxes))
            yield picture


def make_clip(
    path: Path,
    seed: int,
    seconds: float = 4.0,
    size: tuple[int, int] = (640, 360),
    fps: float = 30.0,
    *,
    coding: Coding | None = None,
    portraits: Portraits = "measure",
    faces: int = 3,
    plates: int = 0,
) -> KnownClip:
    """Write a clip of `size` (width, height, upright) with so many faces and plates in each of its shots."""
    coding = coding or Coding()
    count = max(1, round(seconds * fps))
    scene = plan_scene(seed, count, size, fps, portraits, faces=faces, plates=plates)
    times = times_of(coding, count, fps, seed)
    drawing = _Drawing(scene, count, coding.interlaced)
    write(path, coding, size, fps, times, drawing)
    return KnownClip(
        path,
        size,
        fps,
        tuple(times),
        tuple(drawing.boxes),
        tuple(shot.first for shot in scene.shots[1:]),
        all(one.photographed for boxes in drawing.boxes for one in boxes if one.kind == "face"),
    )


def known_pictures(
    seed: int,
    count: int,
    size: tuple[int, int],
    *,
    portraits: Portraits,
    faces: int = 4,
    plates: int = 0,
    apart: float = 1.5,
) -> Iterator[tuple[Pixels, list[KnownBox]]]:
    """Single pictures, `apart` seconds from each other, that were never coded; with what is in them."""
    step = round(apart * 30)
    scene = plan_scene(seed, count * step, size, 30.0, portraits, faces=faces, plates=plates)
    for number in range(count):
        yield draw(scene, number * step + step // 2)


def _both(first: list[KnownBox], second: list[KnownBox]) -> list[KnownBox]:
    """What is in either of two moments, each with a box around both its places."""
    later = {one.thing: one for one in second}
    joined = []
    for one in first:
        other = later.pop(one.thing, one)
        edges = np.array([one.box, other.box])
        box = (*edges[:, :2].min(axis=0).tolist(), *edges[:, 2:].max(axis=0).tolist())
        joined.append(KnownBox(**{**vars(one), "box": box}))
    return [*joined, *later.values()]
