"""People of the demo's world: clothed figures with walking legs and talking arms, drawn once per pose."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from candor.demo.footage.frame import Frame
from candor.demo.footage.ground import seeded
from candor.demo.footage.optics import Camera, Floats
from candor.demo.footage.portraits import Box, Head

PER_METRE = 540
"""Pixels in a metre of a finished figure."""
WIDE, TALL = 1.20, 2.06
"""Metres that a figure is drawn in; feet stand 0.04 m above the lower edge. Its picture is cut to what it needs."""

SKETCH = 300
"""Pixels in a metre that the clothes are drawn at before they are enlarged, which softens them as cloth is."""

Ink = tuple[int, int, int]
Spot = tuple[float, float]


@dataclass(frozen=True)
class Clothes:
    """Colours of a figure and what it wears."""

    coat: Ink
    trousers: Ink
    shoes: Ink = (28, 26, 26)
    shirt: Ink | None = None
    uniform: bool = False
    vest: bool = False
    long: float = 0.92
    """Height of the coat's hem in metres."""


@dataclass(frozen=True)
class Pose:
    """How a figure holds itself. `stride` from 0 to 1 round one pair of steps, or None for standing."""

    stride: float | None = None
    left: str = "down"
    right: str = "down"
    """Each arm: "down", "half" (talking), "up" (palm out), "point", "notes" (holding a pad)."""
    tilt: float = 0.0
    sway: float = 0.0


@dataclass(frozen=True)
class Drawn:
    """A finished figure: its picture, and the box of its face in pixels of it (None from behind)."""

    picture: Image.Image
    """As tall as TALL, cut at both sides alike, so that the middle stays the middle."""
    face: Box | None
    photographed: bool
    who: str


@dataclass(eq=False)
class Figure:
    """A person who can be drawn from the front or from behind in any pose."""

    name: str
    clothes: Clothes
    front: Head
    behind: Head
    tall: float = 1.72
    _done: dict[tuple[Pose, bool], Drawn] = field(default_factory=dict)

    def drawn(self, pose: Pose, from_behind: bool) -> Drawn:
        """The figure in that pose."""
        key = (pose, from_behind)
        if key not in self._done:
            self._done[key] = _draw(self, pose, from_behind)
        return self._done[key]


def _spot(x: float, z: float) -> Spot:
    return (WIDE / 2 + x) * SKETCH, (TALL - 0.04 - z) * SKETCH


def _limb(sheet: Image.Image, path: list[tuple[float, float, float]], ink: Ink, *, round_ends: bool = True) -> None:
    """A rounded shape along (x, z, half width) in metres, lighter towards its upper left."""
    draw = ImageDraw.Draw(sheet)
    fine = np.linspace(0, len(path) - 1, 18)
    points = np.array(path, np.float64)
    smooth = np.stack([np.interp(fine, np.arange(len(path)), points[:, k]) for k in range(3)], axis=1)
    along = np.gradient(smooth[:, :2], axis=0)
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)
    side = np.stack([-along[:, 1], along[:, 0]], axis=1) / length[:, None]
    for layer in np.linspace(0, 1, 9):
        wide = smooth[:, 2] * (1 - 0.86 * layer)
        middle = smooth[:, :2] - np.array([0.30, -0.05]) * (smooth[:, 2] * layer)[:, None]
        light = 0.50 + 0.62 * layer**0.8
        colour = tuple(min(255, int(c * light)) for c in ink)
        one, other = middle + side * wide[:, None], middle - side * wide[:, None]
        outline = [_spot(float(x), float(z)) for x, z in [*one, *other[::-1]]]
        draw.polygon(outline, fill=(*colour, 255))
        for end in (0, -1) if round_ends else ():
            x, z = _spot(float(middle[end, 0]), float(middle[end, 1]))
            r = float(wide[end]) * SKETCH
            draw.ellipse((x - r, z - r, x + r, z + r), fill=(*colour, 255))


ARMS: dict[str, list[Spot]] = {
    "down": [(0.158, 1.405), (0.206, 1.13), (0.212, 0.88)],
    "half": [(0.158, 1.405), (0.222, 1.14), (0.150, 1.07)],
    "up": [(0.158, 1.405), (0.265, 1.18), (0.280, 1.40)],
    "point": [(0.158, 1.405), (0.330, 1.29), (0.520, 1.36)],
    "notes": [(0.158, 1.405), (0.218, 1.13), (0.070, 1.10)],
}


def _arm(sheet: Image.Image, clothes: Clothes, which: str, side: float, swing: float, skin: Ink) -> None:
    shoulder, elbow, wrist = ARMS[which]
    lift = max(0.0, swing) * 0.10 if which == "down" else 0.0
    path = [
        (side * shoulder[0], shoulder[1], 0.052),
        (side * elbow[0], elbow[1] + lift * 0.3, 0.050),
        (side * (wrist[0] - lift * 0.5), wrist[1] + lift, 0.037),
    ]
    hand_x, hand_z = path[2][0], path[2][1]
    drop = 0.07 if which == "down" else -0.05 if which in ("up",) else 0.0
    reach = side * 0.06 if which == "point" else -side * 0.05 if which in ("half", "notes") else 0.0
    _limb(sheet, [(hand_x, hand_z, 0.027), (hand_x + reach, hand_z - drop, 0.029)], skin)
    _limb(sheet, path, clothes.coat)


def _leg(sheet: Image.Image, clothes: Clothes, side: float, lift: float) -> None:
    hip, knee, ankle = 0.078 * side, 0.088 * side, 0.092 * side
    up = max(0.0, lift)
    _limb(sheet, [(ankle, 0.06 + up * 0.14, 0.050), (ankle + side * 0.025, 0.035 + up * 0.10, 0.050)], clothes.shoes)
    _limb(
        sheet,
        [(hip, 0.94, 0.090), (knee - side * up * 0.02, 0.50 + up * 0.05, 0.070), (ankle, 0.12 + up * 0.15, 0.056)],
        clothes.trousers,
    )


def _torso(sheet: Image.Image, clothes: Clothes, from_behind: bool) -> None:
    hem = clothes.long
    _limb(
        sheet,
        [
            (0, 1.50, 0.060),
            (0, 1.475, 0.095),
            (0, 1.44, 0.152),
            (0, 1.39, 0.176),
            (0, 1.30, 0.178),
            (0, 1.14, 0.160),
            (0, 1.00, 0.156),
            (0, hem, 0.170),
        ],
        clothes.coat,
        round_ends=False,
    )
    draw = ImageDraw.Draw(sheet)
    if clothes.vest:
        for z in (1.26, 1.08):
            draw.line([_spot(-0.16, z), _spot(0.16, z)], fill=(228, 230, 214, 255), width=12)
        for x in (-0.11, 0.11):
            draw.line([_spot(x, 1.42), _spot(x, 1.08)], fill=(228, 230, 214, 255), width=10)
    if not from_behind and clothes.shirt is not None:
        draw.polygon([_spot(-0.055, 1.475), _spot(0.055, 1.475), _spot(0.0, 1.27)], fill=(*clothes.shirt, 255))
    if not from_behind:
        dark = tuple(int(c * 0.45) for c in clothes.coat)
        draw.line([_spot(0.0, 1.28), _spot(0.0, hem)], fill=(*dark, 255), width=2)
    if clothes.uniform:
        _limb(sheet, [(-0.15, 0.985, 0.024), (0.15, 0.985, 0.024)], (32, 30, 30))
        for x in (-0.135, 0.13):
            _limb(sheet, [(x, 0.99, 0.030), (x, 0.92, 0.030)], (30, 28, 28))
        if not from_behind:
            draw.polygon(
                [_spot(0.09, 1.33), _spot(0.13, 1.33), _spot(0.125, 1.28), _spot(0.11, 1.26), _spot(0.095, 1.28)],
                fill=(206, 178, 96, 255),
            )
            draw.rectangle((*_spot(-0.055, 1.33), *_spot(0.025, 1.23)), fill=(24, 24, 26, 255))
            draw.ellipse((*_spot(-0.03, 1.30), *_spot(0.0, 1.265)), fill=(10, 12, 18, 255), outline=(70, 72, 78, 255))
            draw.line([_spot(0, 1.47), _spot(0, 1.24)], fill=(24, 24, 30, 255), width=8)


@lru_cache(maxsize=1)
def _cloth() -> Image.Image:
    chance = seeded("cloth")
    size = (round(WIDE * SKETCH), round(TALL * SKETCH))
    coarse = Image.fromarray((chance.random((size[1] // 13, size[0] // 13)) * 255).astype(np.uint8)).resize(size, 3)
    fine = Image.fromarray((chance.random((size[1], size[0])) * 255).astype(np.uint8)).resize(size, 2)
    return Image.blend(coarse, fine, 0.35)


def _woven(sheet: Image.Image) -> Image.Image:
    """The clothes with folds and a weave instead of smooth paint."""
    pixels = np.array(sheet.filter(ImageFilter.BoxBlur(1)))
    grain = (np.asarray(_cloth(), np.float32)[..., None] - 127) / 127
    pixels[..., :3] = np.clip(pixels[..., :3] * (1 + 0.20 * grain), 0, 255).astype(np.uint8)
    return Image.fromarray(pixels)


def _draw(figure: Figure, pose: Pose, from_behind: bool) -> Drawn:
    clothes = figure.clothes
    sheet = Image.new("RGBA", (round(WIDE * SKETCH), round(TALL * SKETCH)), (0, 0, 0, 0))
    turn = 0.0 if pose.stride is None else float(np.sin(pose.stride * 2 * np.pi))
    skin: Ink = (206, 160, 136)
    _leg(sheet, clothes, -1, turn)
    _leg(sheet, clothes, 1, -turn)
    behind_first = [("left", -1.0, -turn), ("right", 1.0, turn)]
    _torso(sheet, clothes, from_behind)
    for name, side, swing in behind_first:
        _arm(sheet, clothes, pose.left if name == "left" else pose.right, side, swing, skin)
    if "notes" in (pose.left, pose.right) and not from_behind:
        ImageDraw.Draw(sheet).polygon(
            [_spot(-0.09, 1.18), _spot(0.06, 1.19), _spot(0.07, 1.05), _spot(-0.08, 1.04)], fill=(232, 230, 214, 255)
        )
    if clothes.shirt is None:
        _limb(sheet, [(-0.075, 1.475, 0.030), (0.0, 1.448, 0.028), (0.075, 1.475, 0.030)], clothes.coat)
    sheet = _woven(sheet).resize((round(WIDE * PER_METRE), round(TALL * PER_METRE)), Image.Resampling.BILINEAR)
    head = figure.behind if from_behind else figure.front
    face = _put_head(sheet, head, pose)
    left, _, right, _ = sheet.getbbox() or (0, 0, sheet.width, sheet.height)
    spare = min(left, sheet.width - right)
    picture = sheet.crop((spare, 0, sheet.width - spare, sheet.height))
    box = None if from_behind else (face[0] - spare, face[1], face[2] - spare, face[3])
    return Drawn(picture, box, head.photographed, head.who)


def _put_head(sheet: Image.Image, head: Head, pose: Pose) -> Box:
    scale = PER_METRE / head.per_metre * 1.10
    size = (round(head.picture.width * scale), round(head.picture.height * scale))
    chin_x, chin_z = (part * PER_METRE / SKETCH for part in _spot(pose.sway * 0.02, 1.515))
    small = head.picture.resize(size, Image.Resampling.LANCZOS)
    if pose.tilt:
        small = small.rotate(pose.tilt, Image.Resampling.BICUBIC, center=(head.middle * scale, head.chin * scale))
    left, top = round(chin_x - head.middle * scale), round(chin_z - head.chin * scale)
    sheet.alpha_composite(small, (left, max(0, top)), (0, max(0, -top)))
    x0, y0, x1, y1 = head.face
    return left + x0 * scale, top + y0 * scale, left + x1 * scale, top + y1 * scale


def foot_shadow(frame: Frame, spot: Floats, camera: Camera, light: float) -> None:
    """The dark patch under somebody's feet."""
    wide = 0.36 * camera.focal / float(spot[2])
    tall = wide * camera.eye[2] / float(spot[2])
    if wide < 4 or tall < 1.5:
        return
    x0, x1 = max(0, round(float(spot[0]) - wide)), min(camera.width, round(float(spot[0]) + wide))
    y0, y1 = max(0, round(float(spot[1]) - tall)), min(camera.height, round(float(spot[1]) + tall))
    if x1 <= x0 or y1 <= y0:
        return
    dx = ((np.arange(x0, x1, dtype=np.float32) - float(spot[0])) / wide)[None]
    dy = ((np.arange(y0, y1, dtype=np.float32) - float(spot[1])) / tall)[:, None]
    dark = np.clip(1 - dx * dx - dy * dy, 0, 1) * min(0.62, 0.25 + 0.5 * light)
    part = frame.luma[y0:y1, x0:x1]
    part[:] = (16 + (part - 16.0) * (1 - dark)).clip(12, 240).astype(np.uint8)
