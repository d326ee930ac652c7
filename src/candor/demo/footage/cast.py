"""Who is in the demo, what they wear, the cameras they carry, and the loaded pictures a scene is built from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from candor.demo.footage.air import Lamp
from candor.demo.footage.figures import Clothes, Figure
from candor.demo.footage.frame import Sprite
from candor.demo.footage.ground import Materials
from candor.demo.footage.portraits import Head, head_from_behind, photograph, photographed_heads, plain_head, texture
from candor.demo.footage.vehicles import Car

AGENCY = "CANDOR STATE POLICE  TROOP C"


@dataclass(frozen=True)
class Wearer:
    """Somebody who wears a camera."""

    key: str
    name: str
    rank: str
    unit: str


WEARERS = {
    w.key: w
    for w in (
        Wearer("alvarez", "Inés Alvarez", "Trooper", "Troop C, Patrol 412"),
        Wearer("okafor", "Daniel Okafor", "Trooper", "Troop C, Patrol 415"),
        Wearer("lindqvist", "Maren Lindqvist", "Sergeant", "Troop C, Supervisor 401"),
        Wearer("brooks", "Theo Brooks", "Trooper", "Troop C, Patrol 418"),
    )
}


@dataclass(frozen=True)
class Device:
    """A camera of the demo's fictional make."""

    serial: str
    kind: str
    """"body" or "in-car"."""
    model: str

    @property
    def stamp(self) -> str:
        """What it burns into the picture about itself."""
        return f"{self.model.upper()}  {self.serial}"


DEVICES = {
    "alvarez": Device("X60C10412", "body", "Meridian BW3"),
    "okafor": Device("X60C10415", "body", "Meridian BW3"),
    "lindqvist": Device("X60C10401", "body", "Meridian BW3"),
    "brooks": Device("X60C10418", "body", "Meridian BW3"),
    "car 412": Device("V5K200412", "in-car", "Meridian IC5"),
    "car 418": Device("V5K200418", "in-car", "Meridian IC5"),
}


@dataclass(frozen=True)
class Stage:
    """The figures and materials of one set of photographs."""

    folder: Path | None
    stuff: Materials
    figures: dict[str, Figure]
    cat: Image.Image | None


@lru_cache(maxsize=2)
def stage(folder: Path | None) -> Stage:
    """Everything drawn and loaded once; folder None draws plain faces and makes the textures."""
    heads = photographed_heads(folder)
    fair, dark, grey = (head_from_behind(hair, False) for hair in ((150, 118, 66), (30, 22, 18), (120, 116, 110)))
    hat = head_from_behind((42, 32, 24), True)
    uniform = Clothes((150, 138, 112), (52, 52, 62), shirt=(140, 128, 104), uniform=True, long=0.96)

    def head(name: str, skin: tuple[int, int, int], hair: tuple[int, int, int]) -> Head:
        return heads.get(name) or plain_head(name, skin, hair, False)

    hale = head("astronaut", (224, 180, 156), (150, 118, 66))
    brandt = head("hopper", (214, 164, 142), (150, 148, 142))
    people = [
        Figure("hale", Clothes((92, 34, 44), (44, 52, 72)), hale, fair),
        Figure("hale in green", Clothes((52, 82, 66), (62, 58, 54), shirt=(206, 204, 190), long=0.84), hale, fair),
        Figure(
            "brandt", Clothes((66, 84, 112), (62, 58, 52), shirt=(220, 220, 214), long=0.84), brandt, grey, tall=1.64
        ),
        Figure(
            "osei",
            Clothes((58, 60, 66), (70, 66, 58), shirt=(170, 60, 50)),
            plain_head("osei", (124, 86, 64), (18, 16, 15), False),
            dark,
            tall=1.78,
        ),
        Figure(
            "passer-by",
            Clothes((176, 150, 60), (40, 44, 60)),
            plain_head("passer-by", (206, 160, 130), (84, 52, 30), False),
            head_from_behind((84, 52, 30), False),
            tall=1.68,
        ),
    ]
    skins = {
        "alvarez": (196, 148, 118),
        "okafor": (112, 78, 58),
        "lindqvist": (226, 186, 166),
        "brooks": (204, 160, 136),
    }
    for key, skin in skins.items():
        people.append(Figure(key, uniform, plain_head(key, skin, (40, 30, 24), True), hat, tall=1.76))
    stuff = Materials.made(texture(folder, "gravel"), texture(folder, "grass"))
    return Stage(folder, stuff, {p.name: p for p in people}, photograph(folder, "cat"))


PATROL_412 = Car("CSP 412", (0.035, 0.045, 0.085), "suv", patrol=True, headlamps=True)
PATROL_418 = Car("CSP 418", (0.035, 0.045, 0.085), "suv", patrol=True)


def patrol_lamps(x: float, y: float, bright: float = 1.0) -> list[Lamp]:
    """The light of a patrol car that stands at (x, y) with its nose along the road: headlamps and light bar."""
    beams = [
        Lamp((x + dx, y + 2.5, 0.8), (26 * bright, 25 * bright, 22 * bright), (0, 1, -0.09), 0.84, reach=60)
        for dx in (-0.6, 0.6)
    ]
    return [
        *beams,
        Lamp((x - 0.35, y - 0.2, 1.95), (9, 0.4, 0.2), beat="red", reach=45),
        Lamp((x + 0.35, y - 0.2, 1.95), (0.5, 1.4, 11), beat="blue", reach=45),
    ]


@lru_cache(maxsize=6)
def hood(size: tuple[int, int], bright: int) -> Sprite:
    """The patrol car's own hood along the lower edge of an in-car picture; bright from 0 to 255."""
    width, height = size[0], round(size[1] * 0.17) & ~1
    sheet = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(sheet)
    for layer in range(12):
        share = layer / 11
        tone = int(bright * (0.16 + 0.30 * (1 - share) ** 2))
        top = height * (0.12 + 0.50 * share)
        draw.ellipse(
            (width * (-0.14 + 0.02 * share), top, width * (1.10 - 0.02 * share), height * 3.2 + top),
            fill=(tone, tone, int(tone * 1.12) + 4, 255),
        )
    draw.line(
        (width * 0.48, height * 0.14, width * 0.482, height),
        fill=(int(bright * 0.1),) * 3 + (255,),
        width=max(2, width // 500),
    )
    pixels = np.array(sheet.filter(ImageFilter.GaussianBlur(width / 700)))
    return Sprite.of(pixels[..., :3], pixels[..., 3])
