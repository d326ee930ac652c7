"""Things that stand beside a road: trees, bushes, posts, signs, a guard rail, a shop front, a flyer on a board."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from candor.demo.footage.backdrop import Standing
from candor.demo.footage.ground import seeded
from candor.demo.footage.optics import Colour, Floats
from candor.demo.footage.solids import Decal, Solid, Workshop
from candor.demo.footage.vehicles import lettering

TREES = ("oak", "maple", "bare", "pine", "spruce", "bush")
_LEAVES = {
    "oak": (118, 84, 42),
    "maple": (150, 78, 34),
    "pine": (40, 62, 42),
    "spruce": (34, 56, 46),
    "bush": (74, 82, 44),
}


@lru_cache(maxsize=32)
def tree(kind: str, seed: int = 0) -> Image.Image:
    """One tree with a transparent ground, 384 by 512 pixels, its foot in the middle of the lower edge."""
    chance = seeded("tree", kind, seed)
    sheet = Image.new("RGBA", (384, 512), (0, 0, 0, 0))
    draw = ImageDraw.Draw(sheet)
    if kind in ("pine", "spruce"):
        _conifer(draw, chance, _LEAVES[kind])
    elif kind == "bush":
        _crown(draw, chance, (192, 420), (120, 76), _LEAVES[kind], 2200)
    else:
        _branch(draw, chance, 192, 511, 138 if kind == "bare" else 128, -math.pi / 2, 15)
        if kind != "bare":
            _crown(draw, chance, (192, 200), (128, 140), _LEAVES[kind], 4200)
    return sheet.filter(ImageFilter.GaussianBlur(0.7))


def _conifer(draw: ImageDraw.ImageDraw, chance: np.random.Generator, ink: tuple[int, int, int]) -> None:
    draw.line((192, 511, 192, 60), fill=(52, 42, 34, 255), width=10)
    for step in range(110):
        high = 480 - step * 4.2
        reach = (480 - 20 - high) / 460
        wide = (1 - reach) * 150 * (0.7 + 0.3 * chance.random()) + 5
        for side in (-1, 1):
            light = 0.55 + 0.5 * chance.random() - 0.12 * side
            colour = tuple(int(min(255, c * light)) for c in ink)
            end = 192 + side * wide
            droop = 12 + 18 * (1 - reach)
            draw.polygon([(192, high - 14), (end, high + droop), (192, high + 12)], fill=(*colour, 255))


def _branch(
    draw: ImageDraw.ImageDraw, chance: np.random.Generator, x: float, y: float, long: float, angle: float, wide: float
) -> None:
    end_x, end_y = x + math.cos(angle) * long, y + math.sin(angle) * long
    draw.line((x, y, end_x, end_y), fill=(58, 47, 40, 255), width=max(1, round(wide)))
    if long < 16:
        return
    for _ in range(3):
        turn = float(chance.uniform(-0.58, 0.58))
        _branch(draw, chance, end_x, end_y, long * float(chance.uniform(0.56, 0.74)), angle + turn, wide * 0.6)


def _crown(
    draw: ImageDraw.ImageDraw,
    chance: np.random.Generator,
    middle: tuple[int, int],
    size: tuple[int, int],
    ink: tuple[int, int, int],
    leaves: int,
) -> None:
    lumps = np.clip(chance.normal(0, 0.40, (22, 2)), -0.85, 0.85) * size
    spread = np.clip(chance.normal(0, 0.17, (leaves, 2)), -0.4, 0.4) * size
    number = np.arange(leaves)
    spots = np.array(middle) + lumps[number % len(lumps)] + spread
    light = 0.62 + 0.35 * chance.random(leaves) - 0.30 * spread[:, 1] / size[1] - 0.12 * spread[:, 0] / size[0]
    light += 0.25 * number / leaves
    colours = np.clip(np.array(ink) * light[:, None], 0, 255).astype(int).tolist()
    half = chance.uniform(1.6, 5.4, leaves)
    boxes = np.stack(
        [spots[:, 0] - half, spots[:, 1] - half * 0.75, spots[:, 0] + half, spots[:, 1] + half * 0.75], axis=1
    )
    for box, colour in zip(boxes.tolist(), colours, strict=True):
        draw.ellipse(box, fill=(*colour, 255))


def woods(seed: str, *, along: tuple[float, float], right: float, left: float, thick: int = 34) -> list[Standing]:
    """Trees on both sides of a road, beyond those distances from its middle."""
    chance = seeded("woods", seed)
    trees = []
    for _ in range(thick):
        kind = TREES[int(chance.choice(6, p=[0.24, 0.16, 0.14, 0.2, 0.14, 0.12]))]
        side = 1 if chance.random() < 0.5 else -1
        x = side * ((right if side > 0 else left) + float(chance.gamma(1.6, 7.0)))
        tall = float(chance.uniform(1.2, 2.2)) if kind == "bush" else float(chance.uniform(7, 14))
        trees.append(Standing(tree(kind, int(chance.integers(3))), x, float(chance.uniform(*along)), tall))
    return trees


@lru_cache(maxsize=8)
def pole() -> Image.Image:
    """A utility pole with its crossbar."""
    sheet = Image.new("RGBA", (120, 512), (0, 0, 0, 0))
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((55, 6, 65, 511), fill=(84, 70, 58, 255))
    draw.rectangle((61, 6, 65, 511), fill=(60, 50, 42, 255))
    draw.rectangle((8, 34, 112, 42), fill=(78, 66, 56, 255))
    for x in (12, 40, 80, 106):
        draw.rectangle((x - 3, 24, x + 3, 35), fill=(150, 156, 158, 255))
    return sheet


def poles(along: tuple[float, float], x: float, every: float = 38.0) -> list[Standing]:
    """Utility poles along one side."""
    return [Standing(pole(), x, y, 9.5) for y in np.arange(along[0], along[1], every).tolist()]


def rail(x: float, along: tuple[float, float]) -> Solid:
    """A guard rail along the road at x, facing its middle."""
    work = Workshop()
    side = -1.0 if x > 0 else 1.0
    for y in np.arange(along[0], along[1], 2.0).tolist():
        for low, high, ink in ((0.46, 0.53, 0.20), (0.53, 0.60, 0.34), (0.60, 0.67, 0.22), (0.67, 0.76, 0.38)):
            corners = [(x, y + 2, low), (x, y, low), (x, y, high), (x, y + 2, high)]
            colour: Colour = (ink, ink, ink * 1.03)
            work.face(corners if side < 0 else corners[::-1], colour, gloss=0.3)
        work.box((x - 0.06, y - 0.05, 0), (x + 0.06, y + 0.05, 0.72), (0.10, 0.09, 0.08), lift=-0.3)
    return work.done()


def board(
    x: float,
    y: float,
    low: float,
    size: tuple[float, float],
    picture: Image.Image,
    heading: float = 0.0,
    glow: float = 0.0,
    post: bool = True,
) -> Solid:
    """A sign whose face looks back along its heading; size in metres; low is its lower edge."""
    work = Workshop()
    wide, tall = size
    if post:
        work.box((-0.04, 0.02, 0), (0.04, 0.08, low + tall), (0.22, 0.23, 0.24))
    work.face(
        [
            (-wide / 2, 0.015, low),
            (wide / 2, 0.015, low),
            (wide / 2, 0.015, low + tall),
            (-wide / 2, 0.015, low + tall),
        ],
        (0.2, 0.2, 0.2),
        lift=0.1,
    )
    corners = np.array(
        [(-wide / 2, 0, low + tall), (wide / 2, 0, low + tall), (wide / 2, 0, low), (-wide / 2, 0, low)], np.float32
    )
    work.decals.append(Decal(np.asarray(corners, np.float32), picture, glow=glow))
    return work.done().placed(x, y, heading)


def route_sign(route: str, mile: str) -> Image.Image:
    """A green mile marker."""
    sign = Image.new("RGB", (240, 400), (20, 92, 60))
    draw = ImageDraw.Draw(sign)
    draw.rounded_rectangle((6, 6, 233, 393), 18, outline=(236, 240, 236), width=6)
    for text, y, points in ((f"ROUTE {route}", 66, 52), ("MILE", 156, 60), (mile, 278, 150)):
        draw.text(
            (120, y), text, font=ImageFont.load_default(points), fill=(240, 244, 240), anchor="mm", stroke_width=1
        )
    return sign


def flyer(photo: Image.Image | None) -> Image.Image:
    """A paper flyer about a lost cat, with her photograph where there is one."""
    paper = Image.new("RGB", (440, 600), (244, 240, 228))
    draw = ImageDraw.Draw(paper)
    draw.text((220, 58), "LOST CAT", font=ImageFont.load_default(78), fill=(170, 30, 28), anchor="mm", stroke_width=2)
    if photo is None:
        draw.ellipse((120, 160, 320, 360), fill=(196, 150, 96))
        for side in (-1, 1):
            draw.polygon([(220 + side * 90, 220), (220 + side * 96, 120), (220 + side * 30, 170)], fill=(180, 134, 84))
            draw.ellipse((220 + side * 46 - 16, 236, 220 + side * 46 + 16, 268), fill=(70, 96, 50))
    else:
        paper.paste(photo.resize((400, 266), Image.Resampling.LANCZOS), (20, 116))
    for text, y, points in (
        ("“CHELSEA”", 420, 54),
        ("tabby, green eyes, shy", 480, 36),
        ("last seen Mill Lane", 522, 32),
        ("please call 555-0142", 564, 36),
    ):
        draw.text((220, y), text, font=ImageFont.load_default(points), fill=(38, 36, 40), anchor="mm")
    return paper


@lru_cache(maxsize=16)
def house(number: int) -> Image.Image:
    """A wooden house with a porch, seen from the road: 512 by 400 pixels for about 11 by 8.6 metres."""
    chance = seeded("house", number)
    walls = ((196, 188, 170), (150, 164, 172), (172, 130, 104), (206, 202, 196), (132, 148, 120))
    wall = walls[number % len(walls)]
    shade = tuple(int(c * 0.78) for c in wall)
    sheet = Image.new("RGBA", (512, 400), (0, 0, 0, 0))
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((70, 170, 442, 400), fill=(*wall, 255))
    for y in range(176, 400, 9):
        draw.line((70, y, 442, y), fill=(*shade, 255), width=1)
    draw.polygon([(40, 178), (256, 40), (472, 178)], fill=(86, 80, 78, 255))
    draw.polygon([(96, 170), (256, 66), (416, 170)], fill=(*wall, 255))
    draw.rectangle((380, 54, 412, 132), fill=(128, 76, 62, 255))
    lit = chance.random(5) > 0.6
    for i, (x, y) in enumerate(((104, 206), (352, 206), (104, 310), (352, 310), (228, 100))):
        draw.rectangle((x - 6, y - 6, x + 62, y + 76 if i < 4 else y + 60), fill=(240, 238, 232, 255))
        glass = (222, 190, 128) if lit[i] else (58, 68, 80)
        draw.rectangle((x, y, x + 56, y + 70 if i < 4 else y + 54), fill=(*glass, 255))
        draw.line((x + 28, y, x + 28, y + 70 if i < 4 else y + 54), fill=(240, 238, 232, 255), width=4)
    draw.rectangle((226, 290, 286, 400), fill=(112, 52, 44, 255))
    draw.polygon([(196, 286), (256, 248), (316, 286)], fill=(86, 80, 78, 255))
    for x in (204, 304):
        draw.rectangle((x, 286, x + 7, 400), fill=(240, 238, 232, 255))
    return sheet.filter(ImageFilter.GaussianBlur(0.8))


def shop(
    x: float,
    y: float,
    wide: float,
    name: str,
    wall: Colour,
    heading: float = math.pi / 2,
    tall: float = 4.6,
    lit: bool = False,
) -> Solid:
    """A one-storey shop whose front looks back along its heading, with windows, a door and its name."""
    work = Workshop()
    half = wide / 2
    columns = max(4, round(wide / 0.8))
    for i in range(columns):
        x0, x1 = -half + wide * i / columns, -half + wide * (i + 1) / columns
        for z0, z1 in ((0.0, 0.7), (0.7, 1.5), (1.5, 2.6), (2.6, 3.4), (3.4, tall)):
            glass = 0.7 <= z0 < 2.6 and i % 4 != 0
            glow: Colour = (0.55, 0.46, 0.30) if glass and lit else (0.0, 0.0, 0.0)
            ink = (0.02, 0.024, 0.028) if glass else wall
            work.face(
                [(x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)], ink, gloss=0.7 if glass else 0.05, glow=glow
            )
    for side in (-1.0, 1.0):
        ends = [(side * half, 0.0, 0.0), (side * half, 7.0, 0.0), (side * half, 7.0, tall), (side * half, 0.0, tall)]
        work.face(ends if side > 0 else ends[::-1], (wall[0] * 0.8, wall[1] * 0.8, wall[2] * 0.8))
    work.box((-half - 0.15, -0.5, 2.62), (half + 0.15, 0.0, 2.80), (0.10, 0.11, 0.12), lift=0.2)
    corners = np.array(
        [(-half * 0.8, -0.03, 3.75), (half * 0.8, -0.03, 3.75), (half * 0.8, -0.03, 2.95), (-half * 0.8, -0.03, 2.95)]
    )
    name_picture = lettering(name, (900, 120), (240, 236, 224))
    work.decals.append(Decal(_floats(corners), name_picture, glow=0.7 if lit else 0.2))
    return work.done().placed(x, y, heading)


def _floats(array: object) -> Floats:
    return np.asarray(array, np.float32)
