"""Heads for the figures: cut from photographs that packages ship, or drawn plainly where there are none.

Where the photographs come from and their licences: ASSETS.md beside this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Pixels = tuple[int, int]
Box = tuple[float, float, float, float]

PHOTOGRAPHS = {
    "astronaut": "skimage/data/astronaut.png",
    "hopper": "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
    "cat": "skimage/data/chelsea.png",
    "gravel": "skimage/data/gravel.png",
    "grass": "skimage/data/grass.png",
}
"""Name to path below the folder that the packages of requirements-demo.lock are in."""

_ASTRONAUT: list[Pixels] = [
    (186, 186),
    (187, 170),
    (185, 158),
    (183, 143),
    (181, 131),
    (177, 130),
    (171, 119),
    (166, 113),
    (159, 106),
    (155, 96),
    (154, 84),
    (153, 68),
    (157, 56),
    (166, 48),
    (178, 41),
    (190, 32),
    (198, 25),
    (212, 20),
    (232, 16),
    (246, 18),
    (262, 25),
    (276, 31),
    (288, 41),
    (295, 56),
    (299, 72),
    (301, 86),
    (299, 98),
    (294, 110),
    (286, 119),
    (279, 127),
    (275, 133),
    (270, 136),
    (267, 136),
    (266, 146),
    (260, 158),
    (256, 168),
    (254, 185),
    (244, 190),
    (230, 191),
    (212, 189),
    (198, 186),
]
_HOPPER: list[Pixels] = [
    (204, 356),
    (203, 340),
    (200, 310),
    (190, 296),
    (172, 286),
    (163, 276),
    (160, 262),
    (164, 248),
    (158, 226),
    (154, 206),
    (156, 194),
    (158, 176),
    (164, 160),
    (176, 146),
    (200, 136),
    (260, 130),
    (320, 134),
    (346, 146),
    (358, 160),
    (364, 178),
    (374, 190),
    (373, 208),
    (368, 226),
    (364, 248),
    (362, 266),
    (358, 284),
    (352, 296),
    (342, 304),
    (334, 312),
    (332, 330),
    (330, 352),
    (316, 372),
    (290, 392),
    (262, 396),
    (236, 388),
    (216, 372),
]


@dataclass(frozen=True)
class Head:
    """A head with its neck: the picture, pixels in a metre, where chin and neck's end are, and the face's box."""

    picture: Image.Image
    per_metre: float
    middle: float
    chin: float
    face: Box
    photographed: bool
    who: str


def photograph(folder: Path | None, name: str) -> Image.Image | None:
    """The photograph of that name in the folder, or None."""
    if folder is None:
        return None
    for path in (folder / PHOTOGRAPHS[name], folder / Path(PHOTOGRAPHS[name]).name):
        if path.is_file():
            with Image.open(path) as opened:
                return opened.convert("RGB")
    return None


def texture(folder: Path | None, name: str) -> npt.NDArray[np.uint8] | None:
    """A photographed ground texture as grey bytes (512, 512), or None."""
    found = photograph(folder, name)
    return None if found is None else np.asarray(found.convert("L"), np.uint8)


def _cut(photo: Image.Image, outline: list[Pixels]) -> Image.Image:
    mask = Image.new("L", (photo.width * 2, photo.height * 2), 0)
    ImageDraw.Draw(mask).polygon([(x * 2, y * 2) for x, y in outline], fill=255)
    mask = mask.resize(photo.size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(1.1))
    cut = photo.convert("RGBA")
    cut.putalpha(mask)
    return cut


def _wool_hat(cut: Image.Image) -> Image.Image:
    """The second portrait's cap gives way to a knitted hat."""
    hat = Image.new("RGBA", cut.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(hat)
    draw.pieslice((156, 38, 370, 262), 180, 360, fill=(54, 78, 66, 255))
    draw.rounded_rectangle((150, 118, 374, 160), 16, fill=(66, 94, 80, 255))
    for x in range(160, 370, 11):
        draw.line((x, 122, x, 157), fill=(44, 66, 56, 255), width=4)
        draw.line((x, 120, 263 + (x - 263) * 0.35, 44), fill=(46, 69, 58, 255), width=3)
    hat = hat.filter(ImageFilter.GaussianBlur(1.2))
    side = Image.linear_gradient("L").rotate(90).resize(cut.size).point(lambda v: 150 + v // 3)
    shaded = ImageChops.multiply(hat.convert("RGB"), Image.merge("RGB", (side, side, side)))
    shaded.putalpha(hat.getchannel("A"))
    cut.alpha_composite(shaded)
    return cut


def photographed_heads(folder: Path | None) -> dict[str, Head]:
    """The heads that the photographs in the folder give: "astronaut" and "hopper", as far as they are there."""
    heads = {}
    first = photograph(folder, "astronaut")
    if first is not None:
        cut = _cut(first, _ASTRONAUT).crop((140, 10, 312, 194))
        heads["astronaut"] = Head(cut, 690.0, 82.0, 168.0, (38, 62, 130, 170), True, "astronaut")
    second = photograph(folder, "hopper")
    if second is not None:
        cut = _wool_hat(_cut(second, _HOPPER)).crop((140, 30, 384, 400))
        heads["hopper"] = Head(cut, 1240.0, 122.0, 302.0, (22, 116, 224, 304), True, "hopper")
    return heads


def plain_head(who: str, skin: tuple[int, int, int], hair: tuple[int, int, int], hat: bool) -> Head:
    """A drawn head: enough of a face to be found, with hair or a trooper's broad hat."""
    size = (300, 330)
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    dark = tuple(int(c * 0.72) for c in skin)
    lips = (int(skin[0] * 0.82), int(skin[1] * 0.58), int(skin[2] * 0.56))
    draw.rectangle((116, 220, 184, 326), fill=(*dark, 255))
    draw.ellipse((78, 58, 222, 200), fill=(*hair, 255))
    draw.ellipse((72, 140, 92, 184), fill=(*dark, 255))
    draw.ellipse((208, 140, 228, 184), fill=(*dark, 255))
    draw.ellipse((84, 76, 216, 262), fill=(*skin, 255))
    for x in (122, 178):
        draw.ellipse((x - 17, 142, x + 17, 168), fill=(*dark, 110))
        draw.ellipse((x - 13, 148, x + 13, 162), fill=(236, 234, 230, 255))
        draw.ellipse((x - 6, 148, x + 6, 161), fill=(40, 30, 24, 255))
        draw.line((x - 18, 138, x, 131, x + 18, 138), fill=(*hair, 255), width=6)
    draw.polygon([(150, 156), (136, 202), (164, 202)], fill=(*dark, 120))
    draw.arc((122, 204, 178, 236), 20, 160, fill=(*lips, 255), width=7)
    picture = picture.filter(ImageFilter.GaussianBlur(2.2))
    draw = ImageDraw.Draw(picture)
    if hat:
        draw.ellipse((18, 84, 282, 132), fill=(58, 52, 42, 255))
        draw.polygon(
            [(86, 108), (94, 34), (132, 20), (150, 30), (168, 20), (206, 34), (214, 108)], fill=(74, 66, 52, 255)
        )
        draw.rectangle((88, 90, 212, 106), fill=(30, 28, 30, 255))
        picture = picture.filter(ImageFilter.GaussianBlur(1.0))
    else:
        draw.pieslice((80, 52, 220, 190), 180, 360, fill=(*hair, 255))
        picture = picture.filter(ImageFilter.GaussianBlur(1.2))
    return Head(picture, 1150.0, 150.0, 262.0, (84, 104, 216, 262), False, who)


def head_from_behind(hair: tuple[int, int, int], hat: bool) -> Head:
    """The back of a head."""
    picture = Image.new("RGBA", (300, 330), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((114, 220, 186, 326), fill=(150, 112, 92, 255))
    draw.ellipse((80, 60, 220, 258), fill=(*hair, 255))
    if hat:
        draw.ellipse((18, 88, 282, 138), fill=(50, 45, 36, 255))
        draw.polygon([(86, 110), (96, 32), (150, 18), (204, 32), (214, 110)], fill=(70, 62, 49, 255))
        draw.rectangle((88, 92, 212, 108), fill=(28, 26, 28, 255))
    return Head(picture.filter(ImageFilter.GaussianBlur(1.5)), 1150.0, 150.0, 262.0, (0, 0, 0, 0), False, "")
