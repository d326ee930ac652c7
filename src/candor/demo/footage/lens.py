"""What a worn camera adds to the picture: sway and shake, sensor noise, and the date burnt into a corner."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from candor.demo.footage.ground import seeded
from candor.demo.footage.optics import Bytes, Floats


@dataclass(frozen=True)
class Wear:
    """How a camera moves: on a standing chest, a walking one, behind a windscreen."""

    breath: float
    """Slow sway in radians."""
    tremble: float
    """Quick small movement in radians."""
    step: float = 0.0
    """Bob of a step in radians."""


STANDING = Wear(0.0085, 0.0016)
WALKING = Wear(0.010, 0.0030, 0.017)
PARKED = Wear(0.0, 0.0005)
DRIVING = Wear(0.0022, 0.0020)
PACE = 1.85
"""Steps in a second."""


def sway(wear: Wear, seed: str, seconds: float) -> tuple[float, float]:
    """How far the lens has turned right and up at that moment, in radians."""
    phase = _phases(seed)
    right = up = 0.0
    for k in range(4):
        pace = (0.13, 0.31, 0.55, 0.9)[k]
        right += wear.breath * math.sin(2 * math.pi * pace * seconds + phase[k]) / (1 + 0.6 * k)
        up += wear.breath * 0.55 * math.sin(2 * math.pi * pace * 1.13 * seconds + phase[k + 4]) / (1 + 0.6 * k)
    for k in range(4):
        pace = (2.3, 3.7, 5.2, 7.9)[k]
        right += wear.tremble * math.sin(2 * math.pi * pace * seconds + phase[k + 8]) / 1.6
        up += wear.tremble * math.sin(2 * math.pi * pace * 0.93 * seconds + phase[k + 12]) / 1.6
    if wear.step:
        right += wear.step * 0.8 * math.sin(math.pi * PACE * seconds + phase[1])
        up += wear.step * (abs(math.sin(math.pi * PACE * seconds + phase[2])) - 0.64)
    return right, up


@lru_cache(maxsize=64)
def _phases(seed: str) -> list[float]:
    return [float(p) for p in seeded("sway", seed).uniform(0, 2 * math.pi, 16)]


@lru_cache(maxsize=8)
def _grain(width: int, height: int, strength: float) -> Bytes:
    noise = seeded("grain", width, height).standard_normal((height + 64, width + 64)).astype(np.float32)
    noise[1:] = noise[1:] * 0.75 + noise[:-1] * 0.45
    return np.clip(np.round(noise * strength), -6, 6).astype(np.int8).view(np.uint8)


def add_grain(luma: Bytes, strength: float, number: int) -> None:
    """Sensor noise on a brightness plane, in place. The plane keeps clear of 0 and 255 by more than the noise."""
    height, width = luma.shape
    number //= 2  # The same noise for two frames: it looks alike, and costs half to encode.
    across, down = (number * 37) % 64, (number * 23) % 64
    np.add(luma, _grain(width, height, strength)[down : down + height, across : across + width], out=luma)


@dataclass(frozen=True)
class Stamp:
    """The text that a camera burns into its picture, upper right: its own clock, model, serial and agency."""

    start: datetime
    """The camera's clock at the first frame, error and all."""
    device: str
    agency: str
    width: int

    def draw(self, luma: Bytes, blue: Bytes, red: Bytes, seconds: float) -> None:
        """Burn it into the three planes of a frame that is `seconds` into the recording."""
        now = self.start + timedelta(seconds=seconds)
        ink, share = _stamp(now.strftime("%Y-%m-%d T %H:%M:%SZ"), self.device, self.agency, self.width)
        height, width = ink.shape
        margin = self.width // 64
        top, left = margin & ~1, (self.width - margin - width) & ~1
        part = luma[top : top + height, left : left + width]
        part[:] = part + ((ink - part) * share).astype(np.int16)
        half = share[::2, ::2] * 0.9
        for plane in (blue, red):
            box = plane[top // 2 : top // 2 + height // 2, left // 2 : left // 2 + width // 2]
            box[:] = box + ((128.0 - box) * half[: box.shape[0], : box.shape[1]]).astype(np.int16)


@lru_cache(maxsize=8)
def _stamp(clock: str, device: str, agency: str, frame_width: int) -> tuple[Floats, Floats]:
    points = frame_width / 58
    font, small = ImageFont.load_default(points), ImageFont.load_default(points * 0.72)
    rows = ((clock, font, 1.25), (device, font, 1.25), (agency, small, 1.05))
    wide = int(max(f.getlength(text) for text, f, _ in rows) + points) & ~1
    tall = int(sum(points * step for _, _, step in rows) + points * 0.4) & ~1
    ink, edge = Image.new("L", (wide, tall), 0), Image.new("L", (wide, tall), 0)
    y = points * 0.1
    for text, f, step in rows:
        for sheet, stroke in ((ink, 0), (edge, max(2, round(points / 10)))):
            ImageDraw.Draw(sheet).text(
                (wide - points * 0.3, y), text, font=f, fill=255, anchor="ra", stroke_width=stroke
            )
        y += points * step
    bright, dark = np.asarray(ink, np.float32) / 255, np.asarray(edge, np.float32) / 255
    return np.asarray(20 + 208 * bright, np.float32), np.asarray(np.clip(dark * 0.72 + bright, 0, 1), np.float32)
