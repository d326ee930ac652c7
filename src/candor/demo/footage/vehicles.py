"""Cars of the demo's world: lofted bodies with glass, wheels, lamps and licence plates of a state that is not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from candor.demo.footage.optics import Colour, Floats, Point
from candor.demo.footage.solids import Decal, Flare, Solid, Workshop

GLASS: Colour = (0.012, 0.014, 0.018)
RUBBER: Colour = (0.018, 0.018, 0.02)
TRIM: Colour = (0.03, 0.03, 0.033)

PROFILES: dict[str, list[tuple[float, float]]] = {
    "sedan": [
        (-2.34, 0.70),
        (-2.30, 0.95),
        (-2.15, 1.03),
        (-1.62, 1.07),
        (-0.98, 1.38),
        (-0.45, 1.45),
        (0.10, 1.45),
        (0.45, 1.39),
        (1.18, 1.02),
        (1.70, 0.95),
        (2.10, 0.86),
        (2.30, 0.74),
        (2.36, 0.58),
    ],
    "suv": [
        (-2.42, 0.80),
        (-2.38, 1.08),
        (-2.22, 1.62),
        (-2.00, 1.73),
        (-0.60, 1.78),
        (0.20, 1.75),
        (0.52, 1.66),
        (1.12, 1.18),
        (1.70, 1.10),
        (2.20, 1.00),
        (2.40, 0.84),
        (2.46, 0.62),
    ],
    "hatch": [
        (-1.98, 0.66),
        (-1.96, 0.92),
        (-1.82, 1.20),
        (-1.50, 1.42),
        (-0.80, 1.50),
        (0.00, 1.50),
        (0.32, 1.42),
        (0.98, 1.06),
        (1.50, 0.98),
        (1.86, 0.86),
        (2.00, 0.60),
    ],
}
CABINS = {"sedan": (-1.72, 1.22), "suv": (-2.30, 1.14), "hatch": (-1.86, 1.02)}
PILLARS = {"sedan": (-1.30, -0.28, 0.66), "suv": (-1.60, -0.42, 0.62), "hatch": (-1.20, -0.20, 0.50)}


@dataclass(frozen=True)
class Car:
    """What a car looks like. `plate` is its number; `patrol` gives it livery, light bar and spotlights."""

    plate: str
    colour: Colour
    shape: str = "sedan"
    patrol: bool = False
    headlamps: bool = False
    tail: str = "off"
    """"off", "on", "left-out" (the reason for a stop) or "hazard"."""
    dented: bool = False


@lru_cache(maxsize=256)
def plate_picture(number: str) -> Image.Image:
    """A licence plate of the fictional state of Candor, 480 by 240 pixels for 30 by 15 cm."""
    plate = Image.new("RGB", (480, 240), (236, 240, 244))
    draw = ImageDraw.Draw(plate)
    draw.rectangle((0, 0, 480, 54), fill=(28, 62, 112))
    draw.rounded_rectangle((4, 4, 475, 235), 22, outline=(24, 44, 84), width=6)
    small, large = ImageFont.load_default(40), ImageFont.load_default(136)
    draw.text((240, 29), "CANDOR", font=small, fill=(245, 248, 250), anchor="mm", stroke_width=1)
    # As on real plates, a long number is set narrower, not smaller.
    letters = Image.new("L", (round(large.getlength(number)) + 20, 130), 0)
    ImageDraw.Draw(letters).text((letters.width / 2, 64), number, font=large, fill=255, anchor="mm", stroke_width=3)
    letters = letters.resize((min(letters.width, 436), 130), Image.Resampling.BILINEAR)
    plate.paste((16, 24, 52), (240 - letters.width // 2, 70), letters)
    draw.text((240, 216), "THE OPEN STATE", font=ImageFont.load_default(26), fill=(28, 62, 112), anchor="mm")
    return plate


@lru_cache(maxsize=64)
def lettering(text: str, size: tuple[int, int], ink: tuple[int, int, int]) -> Image.Image:
    """Words on a transparent ground that fill a picture of that size."""
    picture = Image.new("RGBA", size, (*ink, 0))
    draw = ImageDraw.Draw(picture)
    points = size[1] * 1.1
    while points > 6 and draw.textlength(text, font=ImageFont.load_default(points)) > size[0] * 0.96:
        points *= 0.94
    draw.text(
        (size[0] / 2, size[1] / 2),
        text,
        font=ImageFont.load_default(points),
        fill=(*ink, 255),
        anchor="mm",
        stroke_width=max(1, int(points / 28)),
    )
    return picture


def _stations(shape: str, fine: int) -> tuple[Floats, Floats]:
    profile = np.array(PROFILES[shape], np.float32)
    places = np.unique(np.concatenate([profile[:, 0], np.linspace(profile[0, 0], profile[-1, 0], fine)]))
    return places.astype(np.float32), np.interp(places, profile[:, 0], profile[:, 1]).astype(np.float32)


def _ring(y: float, top: float, shape: str) -> Floats:
    """(8, 3) the right half of a cross-section, from the sill to the middle of the roof."""
    long = -PROFILES[shape][0][0] if y < 0 else PROFILES[shape][-1][0]
    wide = 0.92 * (1 - 0.16 * (abs(y) / long) ** 7)
    belt = min(1.12 if shape == "suv" else 0.98, top - 0.03)
    tall = max(0.0, top - belt)
    lean = 1 - min(0.24, tall * 0.42)
    sill = 0.26 + 0.10 * (abs(y) / long) ** 10
    points = [
        (wide * 0.90, sill),
        (wide * 0.985, min(0.42, top - 0.08)),
        (wide, min(0.66, top - 0.06)),
        (wide * 0.965, belt),
        (wide * 0.965 * lean, belt + tall * 0.80),
        (wide * 0.90 * lean, belt + tall * 0.94),
        (wide * 0.55 * lean, top - 0.005),
        (0.0, top),
    ]
    return np.array([(x, y, z) for x, z in points], np.float32)


def _body(work: Workshop, car: Car, fine: int) -> None:
    places, tops = _stations(car.shape, fine)
    rings = [_ring(float(y), float(t), car.shape) for y, t in zip(places, tops, strict=True)]
    start, end = CABINS[car.shape]
    pillars = PILLARS[car.shape]
    mirror = np.array([-1, 1, 1], np.float32)
    for i in range(len(rings) - 1):
        near, far = rings[i], rings[i + 1]
        middle = float(places[i] + places[i + 1]) / 2
        slope = abs(float(tops[i + 1] - tops[i]) / max(1e-3, float(places[i + 1] - places[i])))
        cabin = start < middle < end
        for k in range(7):
            window = (
                cabin and k == 3 and all(abs(middle - p) > 0.06 for p in pillars) and start + 0.2 < middle < end - 0.25
            )
            screen = cabin and slope > 0.36 and k >= 5 and min(tops[i], tops[i + 1]) > 1.0
            colour, gloss = (GLASS, 0.9) if window or screen else (car.colour, 0.35)
            if k == 0:
                colour, gloss = TRIM, 0.1
            elif car.patrol and k in (1, 2) and -1.2 < middle < 1.0:
                colour = (0.55, 0.56, 0.58)
            quad = np.stack([near[k], far[k], far[k + 1], near[k + 1]])
            work.face(quad, colour, gloss=gloss)
            work.face((quad * mirror)[::-1], colour, gloss=gloss)
    for ring, rear in ((rings[0], True), (rings[-1], False)):
        for k in range(7):
            low, high = ring[k], ring[k + 1]
            quad = np.stack([low * mirror, low, high, high * mirror])
            colour = TRIM if k == 0 else car.colour
            work.face(quad if rear else quad[::-1], colour, gloss=0.3)


def _wheels(work: Workshop, car: Car) -> None:
    reach = 1.42 if car.shape != "hatch" else 1.24
    radius = 0.37 if car.shape == "suv" else 0.33
    for y in (-reach, reach):
        for side in (-1.0, 1.0):
            x = side * 0.915
            work.disc((x - side * 0.02, y, radius + 0.03), radius + 0.075, side, (0.006, 0.006, 0.007), lift=0.35)
            work.disc((x, y, radius), radius, side, RUBBER, lift=0.75)
            work.disc((x + side * 0.01, y, radius), radius * 0.64, side, (0.30, 0.31, 0.32), gloss=0.4, lift=1.15)
            work.disc((x + side * 0.02, y, radius), radius * 0.18, side, (0.05, 0.05, 0.05), lift=1.5)


def _lamps(work: Workshop, car: Car) -> None:
    rear, front = PROFILES[car.shape][0][0], PROFILES[car.shape][-1][0]
    high = 1.05 if car.shape == "suv" else 0.88
    for side in (-1.0, 1.0):
        lit = car.tail in ("on", "hazard") or (car.tail == "left-out" and side > 0)
        x0, x1 = sorted((side * 0.50, side * 0.80))
        glow: Colour = (1.1, 0.012, 0.008) if lit else (0.0, 0.0, 0.0)
        y = rear - 0.012
        work.face(
            [(x0, y, high - 0.16), (x1, y, high - 0.16), (x1, y, high - 0.02), (x0, y, high)],
            (0.16, 0.006, 0.006),
            gloss=0.12,
            glow=glow,
            lift=0.25,
        )
        if lit:
            work.flares.append(Flare((side * 0.66, y - 0.03, high - 0.08), (0.9, 0.07, 0.04), 0.34, (0, -1, 0)))
        y = front - 0.06
        low = 0.66 if car.shape != "suv" else 0.80
        shine: Colour = (3.2, 3.1, 2.7) if car.headlamps else (0.0, 0.0, 0.0)
        x0, x1 = sorted((side * 0.44, side * 0.76))
        work.face(
            [
                (x1, y + 0.03, low - 0.10),
                (x0, y + 0.08, low - 0.10),
                (x0, y + 0.06, low + 0.06),
                (x1, y - 0.05, low + 0.07),
            ],
            (0.55, 0.56, 0.58),
            gloss=0.8,
            glow=shine,
            lift=0.3,
        )
        if car.headlamps:
            work.flares.append(Flare((side * 0.62, front + 0.02, low), (1.6, 1.55, 1.35), 0.75, (0, 1, 0)))
    work.face(
        [
            (0.40, front + 0.005, 0.36),
            (-0.40, front + 0.005, 0.36),
            (-0.40, front - 0.02, 0.56),
            (0.40, front - 0.02, 0.56),
        ],
        TRIM,
        gloss=0.3,
        lift=0.2,
    )
    work.face(
        [(-0.80, rear - 0.01, 0.34), (0.80, rear - 0.01, 0.34), (0.80, rear - 0.02, 0.50), (-0.80, rear - 0.02, 0.50)],
        TRIM,
        gloss=0.2,
        lift=0.12,
    )
    if car.dented:
        work.face(
            [
                (0.30, rear - 0.018, 0.40),
                (0.86, rear - 0.018, 0.38),
                (0.88, rear - 0.02, 0.66),
                (0.52, rear - 0.02, 0.58),
            ],
            (car.colour[0] * 0.35, car.colour[1] * 0.35, car.colour[2] * 0.35),
            gloss=0.05,
            lift=0.3,
        )


def _quad(left: float, right: float, y: float, low: float, high: float) -> Floats:
    return np.array([(left, y, high), (right, y, high), (right, y, low), (left, y, low)], np.float32)


def _plates(work: Workshop, car: Car) -> None:
    rear, front = PROFILES[car.shape][0][0], PROFILES[car.shape][-1][0]
    high = 0.92 if car.shape == "suv" else 0.74
    picture = plate_picture(car.plate)
    work.decals.append(Decal(_quad(-0.17, 0.17, rear - 0.035, high - 0.17, high), picture, "plate", car.plate, 0.10))
    work.decals.append(Decal(_quad(0.17, -0.17, front + 0.03, 0.38, 0.55), picture, "plate", car.plate, 0.06))


def _livery(work: Workshop) -> None:
    words = lettering("STATE POLICE", (600, 96), (22, 40, 78))
    for side in (-1.0, 1.0):
        x = side * 0.94
        y0, y1 = (0.95, -1.15) if side < 0 else (-1.15, 0.95)
        corners = np.array([(x, y0, 0.86), (x, y1, 0.86), (x * 0.99, y1, 0.56), (x * 0.99, y0, 0.56)], np.float32)
        work.decals.append(Decal(corners, words))
    work.decals.append(
        Decal(_quad(-0.62, 0.62, -2.455, 1.00, 1.14), lettering("STATE POLICE", (600, 66), (235, 238, 240)), glow=0.05)
    )
    bar = 1.80
    work.box((-0.60, -0.35, bar), (0.60, -0.05, bar + 0.04), TRIM, lift=0.3)
    tints: list[tuple[float, Colour, str]] = [(-0.58, (1.0, 0.03, 0.02), "red"), (0.06, (0.04, 0.12, 1.0), "blue")]
    for x, tint, beat in tints:
        shell: Colour = (tint[0] * 0.25, tint[1] * 0.25, tint[2] * 0.25)
        work.box((x, -0.35, bar + 0.04), (x + 0.52, -0.05, bar + 0.15), shell, gloss=0.4, lift=0.35)
        at: Point = (x + 0.26, -0.2, bar + 0.10)
        work.flares.append(
            Flare(at, (tint[0] * 1.5 + 0.25, tint[1] * 1.5 + 0.2, tint[2] * 1.5 + 0.25), 1.0, None, beat)
        )


MOVING = 14
"""Slices that are enough for a car that drives by."""


@lru_cache(maxsize=64)
def car_solid(car: Car, fine: int = 44) -> Solid:
    """The car standing at the origin, its nose towards +y; fine is how many slices its body is made of."""
    work = Workshop()
    _body(work, car, fine)
    _wheels(work, car)
    _lamps(work, car)
    _plates(work, car)
    for side in (-1.0, 1.0):
        x0, x1 = sorted((side * 0.93, side * 1.08))
        y = CABINS[car.shape][1] - 0.42
        work.box((x0, y, 0.96), (x1, y + 0.10, 1.10), car.colour, gloss=0.3, lift=0.1)
    if car.patrol:
        _livery(work)
    return work.done()
