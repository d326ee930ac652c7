"""Licence plates, drawn: proportions and layout of the United States (12 by 6 inches) and the EU (520 by 110 mm)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np

from candor.redaction.known.portraits import Pixels

Style = Literal["us", "eu"]

_LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"  # I, O and Q are taken for 1 and 0, and mostly not used
_SIZE: Final[dict[Style, tuple[int, int]]] = {"us": (480, 240), "eu": (520, 110)}
_STATES: Final = ("CONNECTICUT", "WYOMING", "OHIO", "MONTANA", "VERMONT")


@dataclass(frozen=True)
class Plate:
    """A plate's picture, what stands on it, and where its characters are: x0, y0, x1, y1 in the picture."""

    rgb: Pixels
    text: str
    characters: tuple[float, float, float, float]
    style: Style


def draw_plate(seed: int, style: Style) -> Plate:
    """A plate with letters and digits after the seed."""
    rng = np.random.default_rng(4000 + seed)
    width, height = _SIZE[style]
    picture = np.full((height, width, 3), 238, np.uint8)
    if style == "us":
        text = _some(rng, _LETTERS, 2) + _some(rng, "0123456789", 2) + _some(rng, _LETTERS, 3)
        picture[:] = np.array([[236, 240, 244], [244, 238, 214]][int(rng.integers(2))], np.uint8)
        _write(picture, _STATES[int(rng.integers(len(_STATES)))], (0, 8, width, 52), (30, 50, 120))
        inside = _write(picture, text, (14, 66, width - 14, 214), (28, 34, 84))
    else:
        text = _some(rng, _LETTERS, 2) + " " + _some(rng, _LETTERS, 2) + " " + _some(rng, "0123456789", 3)
        picture[:, :44] = (10, 50, 150)
        _write(picture, "D", (4, 62, 40, 102), (240, 240, 240))
        inside = _write(picture, text, (54, 12, width - 10, 98), (20, 20, 22))
    cv2.rectangle(picture, (2, 2), (width - 3, height - 3), (40, 40, 44), 3)
    return Plate(picture, text, inside, style)


def _some(rng: np.random.Generator, of: str, count: int) -> str:
    return "".join(of[int(one)] for one in rng.integers(0, len(of), count))


def _write(
    picture: Pixels, text: str, into: tuple[int, int, int, int], colour: tuple[int, int, int]
) -> tuple[float, float, float, float]:
    """Write text as large as fits, in the middle. Returns where it stands."""
    x0, y0, x1, y1 = into
    font, thick = cv2.FONT_HERSHEY_DUPLEX, 2
    (wide, high), _ = cv2.getTextSize(text, font, 2.0, thick)
    sheet = np.zeros((high + 16, wide + 16), np.uint8)
    cv2.putText(sheet, text, (8, high + 8), font, 2.0, 255, thick + 4, cv2.LINE_AA)
    rows, columns = np.flatnonzero(sheet.any(1)), np.flatnonzero(sheet.any(0))
    sheet = sheet[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    tall = y1 - y0
    across = min(x1 - x0, round(tall * sheet.shape[1] / sheet.shape[0]))
    weight = cv2.resize(sheet, (across, tall), interpolation=cv2.INTER_AREA).astype(np.float32)[:, :, None] / 255
    left = x0 + (x1 - x0 - across) // 2
    under = picture[y0:y1, left : left + across]
    under[:] = (under * (1 - weight) + np.array(colour, np.float32) * weight).astype(np.uint8)
    return float(left), float(y0), float(left + across), float(y1)
