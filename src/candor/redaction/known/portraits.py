"""Heads: cut from photographs that packages ship, or drawn where there are none.

The photographs, all in scikit-image and matplotlib (requirements-demo.lock): the astronaut Eileen Collins (NASA, public
domain), Rear Admiral Grace Hopper (US Navy, public domain), and 100 grey faces of 25 by 25 pixels out of "Labeled Faces
in the Wild" (Huang and others, University of Massachusetts 2007), which scikit-image has for trying detectors.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np
import numpy.typing as npt

Portraits = Literal["measure", "calibrate"]

Pixels = npt.NDArray[np.uint8]
Weights = npt.NDArray[np.float32]
Colour = tuple[int, int, int]

_LEVELS: Final = 6  # each half the size of the one before
_OF_THE_CROWD: Final = 100  # that many of the small grey pictures are faces
_CALIBRATING: Final = range(40)  # of them, the first; the others measure


@dataclass(frozen=True)
class Level:
    """A head at one size: red-green-blue (rows, columns, 3), how much of each pixel is head (rows, columns; 0 to 1)."""

    rgb: Pixels
    weight: Weights


@dataclass(frozen=True)
class Head:
    """A head at several sizes, the largest first. `face`: x0, y0, x1, y1 of brow to chin and ear to ear in the largest.
    `largest`: beyond so many pixels of the face's height it has no more detail. `photographed`: False: drawn."""

    who: str
    levels: tuple[Level, ...]
    face: tuple[float, float, float, float]
    largest: int
    photographed: bool


@cache
def heads(portraits: Portraits) -> tuple[Head, ...]:
    """Everybody of one set: photographed where the packages are, else drawn. Nobody is in both."""
    measuring = portraits == "measure"
    found = [one for one in (_astronaut() if measuring else _admiral(),) if one is not None]
    found += _crowd(range(_CALIBRATING.stop, _OF_THE_CROWD) if measuring else _CALIBRATING)
    drawn = [draw_head(seed) for seed in (range(6) if measuring else range(6, 12))]
    return tuple(found or drawn) if measuring else (*found, *drawn[:3])


def _package_file(package: str, inside: str) -> Path | None:
    """A file of an installed package, which is not imported; None where it is not there."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / inside
    return path if path.is_file() else None


def _photograph(package: str, inside: str) -> Pixels | None:
    path = _package_file(package, inside)
    read = None if path is None else cv2.imread(str(path), cv2.IMREAD_COLOR)
    return None if read is None else np.ascontiguousarray(read[:, :, ::-1]).astype(np.uint8)


def _astronaut() -> Head | None:
    photo = _photograph("skimage", "data/astronaut.png")
    if photo is None:
        return None
    cut = photo[8:204, 138:316]
    return _head("astronaut", cut, _oval(cut, (88, 90), (72, 86)), (38, 62, 132, 172), 108)


def _admiral() -> Head | None:
    photo = _photograph("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")
    if photo is None:
        return None
    cut = photo[30:410, 136:392]
    return _head("admiral", cut, _oval(cut, (128, 196), (116, 184)), (30, 92, 224, 306), 210)


def _crowd(which: range) -> list[Head]:
    path = _package_file("skimage", "data/lfw_subset.npy")
    if path is None:
        return []
    grey = np.load(path, allow_pickle=False)[:_OF_THE_CROWD]
    return [_of_crowd(int(number), grey[number]) for number in which]


def _of_crowd(number: int, grey: npt.NDArray[np.float64]) -> Head:
    """One of the small grey faces, with a tint of skin, hair around it, and a neck."""
    rng = np.random.default_rng(number)
    face = cv2.resize((grey / max(1e-6, float(grey.max())) * 235).astype(np.float32), (100, 100), interpolation=2)
    face = face * np.float32(
        max(1.0, 90 / max(1.0, float(np.median(face))))
    )  # whose picture was dark stands in the same light here
    tint = np.array([[1.12, 0.86, 0.74], [1.05, 0.9, 0.8], [1.1, 0.8, 0.62]][number % 3], np.float32)
    picture = np.zeros((176, 150, 3), np.float32)
    hair = float(rng.uniform(12, 110)) * np.array([1.0, 0.85, 0.7], np.float32)
    skin = float(np.median(face)) * tint
    cv2.rectangle(picture, (50, 110), (100, 176), (skin * 0.75).tolist(), -1)
    cv2.ellipse(picture, (75, 74), (62, 70), 0, 0, 360, hair.tolist(), -1)
    weight = _oval(np.zeros((100, 100, 3), np.uint8), (50, 50), (48, 54))[:, :, None]
    within = picture[30:130, 25:125]
    within[:] = within * (1 - weight) + np.clip(face[:, :, None] * tint, 0, 255) * weight
    mask = np.zeros(picture.shape[:2], np.float32)
    cv2.rectangle(mask, (50, 110), (100, 176), 1.0, -1)
    cv2.ellipse(mask, (75, 74), (62, 70), 0, 0, 360, 1.0, -1)
    cv2.ellipse(mask, (75, 80), (47, 54), 0, 0, 360, 1.0, -1)
    shape = cv2.GaussianBlur(mask, (0, 0), 1.5).astype(np.float32)
    return _head(f"crowd-{number}", np.clip(picture, 0, 255).astype(np.uint8), shape, (28, 32, 122, 132), 64)


def draw_head(seed: int) -> Head:
    """A drawn head: skin, hair, eyes, brows, nose, mouth, with light from one side."""
    rng = np.random.default_rng(1000 + seed)
    skin = np.array([[214, 168, 140], [176, 122, 92], [120, 82, 62], [232, 190, 166]][seed % 4], np.float32)
    hair = np.array([[40, 28, 22], [96, 66, 40], [24, 22, 24], [150, 130, 100]][(seed // 2) % 4], np.float32)
    picture = np.zeros((330, 260, 3), np.float32)
    dark, lips = (skin * 0.7).tolist(), (skin * [0.85, 0.55, 0.55]).tolist()
    cv2.rectangle(picture, (95, 220), (165, 330), dark, -1)
    cv2.ellipse(picture, (130, 140), (92, 112), 0, 0, 360, hair.tolist(), -1)
    cv2.ellipse(picture, (130, 170), (72, 96), 0, 0, 360, skin.tolist(), -1)
    gap, high = int(rng.integers(28, 36)), int(rng.integers(146, 158))
    for x in (130 - gap, 130 + gap):
        cv2.ellipse(picture, (x, high), (19, 15), 0, 0, 360, (skin * 0.82).tolist(), -1)
        cv2.ellipse(picture, (x, high), (14, 7), 0, 0, 360, (236, 232, 228), -1)
        cv2.circle(picture, (x, high), 7, (44, 30, 24), -1)
        cv2.ellipse(picture, (x, high - 16), (19, 7), 0, 190, 350, hair.tolist(), 6)
    cv2.line(picture, (130, high + 8), (124, high + 46), dark, 5)
    cv2.ellipse(picture, (130, high + 50), (15, 8), 0, 10, 170, dark, 5)
    cv2.ellipse(picture, (130, high + 78), (26, int(rng.integers(7, 13))), 0, 0, 360, lips, -1)
    picture = cv2.GaussianBlur(picture, (0, 0), 2.5).astype(np.float32)
    picture *= np.linspace(1.12, 0.72, 260, dtype=np.float32)[None, :, None]
    mask = np.zeros(picture.shape[:2], np.float32)
    cv2.rectangle(mask, (95, 220), (165, 330), 1.0, -1)
    cv2.ellipse(mask, (130, 140), (92, 112), 0, 0, 360, 1.0, -1)
    cv2.ellipse(mask, (130, 170), (72, 96), 0, 0, 360, 1.0, -1)
    shape = cv2.GaussianBlur(mask, (0, 0), 1.5).astype(np.float32)
    face = (60.0, 84.0, 200.0, 266.0)
    return _head(f"drawn-{seed}", np.clip(picture, 0, 255).astype(np.uint8), shape, face, 182, photographed=False)


def _oval(of: Pixels, middle: tuple[float, float], radii: tuple[float, float]) -> Weights:
    """1 within an ellipse, 0 outside, soft at its edge."""
    rows, columns = np.mgrid[0 : of.shape[0], 0 : of.shape[1]].astype(np.float32)
    away = np.hypot((columns - middle[0]) / radii[0], (rows - middle[1]) / radii[1])
    weight: Weights = np.clip((1.0 - away) * min(radii) / 4 + 0.5, 0, 1).astype(np.float32)
    return weight


def _head(
    who: str,
    rgb: Pixels,
    weight: Weights,
    face: tuple[float, float, float, float],
    largest: int,
    *,
    photographed: bool = True,
) -> Head:
    levels = [Level(np.ascontiguousarray(rgb), weight)]
    while len(levels) < _LEVELS and min(levels[-1].rgb.shape[:2]) >= 24:
        rows, columns = levels[-1].rgb.shape[:2]
        half = (max(1, columns // 2), max(1, rows // 2))
        smaller = cv2.resize(levels[-1].rgb, half, interpolation=cv2.INTER_AREA).astype(np.uint8)
        levels.append(Level(smaller, cv2.resize(levels[-1].weight, half, interpolation=3).astype(np.float32)))
    return Head(who, tuple(levels), face, largest, photographed)
