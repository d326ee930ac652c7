"""How a mark looks: one line that moves over the picture, and a small one that stays at its lower edge.

What is drawn is half transparent, white with a dark rim, so that it is read on any ground and what lies under it is
still seen. The line that moves is large enough for the smallest pictures and changes its place every few seconds, along
a way that crosses the middle: whoever cuts the edges off, or covers one place, has it in the picture all the same.
Only brightness is painted. Runs in a limited process, where no file can be opened: the letters are in memory before.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

__all__ = ["BETWEEN", "SECONDS", "Mark", "writable"]

Pixels = npt.NDArray[np.uint8]
_Wide = npt.NDArray[np.uint16]

BETWEEN: Final = " · "
SECONDS: Final = 4
"""So long the line stays in one place."""
_PLACES: Final = ((0.5, 0.3), (0.1, 0.65), (0.85, 0.45), (0.35, 0.1), (0.6, 0.8), (0.0, 0.35), (1.0, 0.65), (0.4, 0.5))
"""Where it is, one after the other: shares of the free room from the left and from the top."""
_LARGE, _LEAST_LARGE, _MOST_LARGE = 0.06, 12, 72
"""The height of its letters: a share of the picture's shorter side, in points."""
_SMALL, _LEAST_SMALL, _MOST_SMALL = 0.032, 9, 32
_WIDEST: Final = 0.62
"""Share of the width that it takes at most, so that it has room to move."""
_LEAST: Final = 8
_STRENGTH: Final = {"moving": 0.45, "edge": 0.75}
_DARK, _LIGHT = 16, 235
_LONGEST: Final = 28  # characters of one part of the text


def _letters() -> bytes:
    """Bitstream Vera, which comes with the library that writes our papers."""
    found = find_spec("reportlab")
    assert found is not None, "a dependency of this package"
    assert found.origin is not None, "it is installed as files"
    return (Path(found.origin).parent / "fonts" / "VeraBd.ttf").read_bytes()


_FONT: Final = _letters()


@cache
def _font(points: int) -> Any:
    return ImageFont.truetype(io.BytesIO(_FONT), points, layout_engine=ImageFont.Layout.BASIC)


def writable(text: str) -> str:
    """The text in letters that can be drawn: those of the Latin script, with their accents where there are such
    letters, without them where not; `?` for every other."""
    return "".join(one if _has(one) else _plain(one) for one in unicodedata.normalize("NFC", text))


@cache
def _has(character: str) -> bool:
    font = _font(20)
    return character == " " or (
        character.isprintable() and bytes(font.getmask(character)) != bytes(font.getmask("\uffff"))
    )


def _plain(character: str) -> str:
    plain = "".join(one for one in unicodedata.normalize("NFKD", character) if one.isascii() and one.isprintable())
    return plain or "?"


@dataclass(frozen=True)
class _Stamp:
    """Something drawn: how much it covers (of 256), and what it adds to what is left of the brightness below."""

    weight: _Wide
    added: _Wide

    @property
    def height(self) -> int:
        return int(self.weight.shape[0])

    @property
    def width(self) -> int:
        return int(self.weight.shape[1])

    def paint(self, luma: Pixels, left: int, top: int) -> None:
        """Paint it over a plane of brightness, whose rows are `luma`; what would lie outside is left out."""
        height, width = min(self.height, luma.shape[0] - top), min(self.width, luma.shape[1] - left)
        if height <= 0 or width <= 0:
            return
        weight, added = self.weight[:height, :width], self.added[:height, :width]
        below = luma[top : top + height, left : left + width]
        below[:] = (below * (256 - weight) + added) >> 8


class Mark:
    """A mark for pictures of one size."""

    def __init__(self, parts: Sequence[str], width: int, height: int) -> None:
        """parts: of the text, what tells most of whom it names first. width, height: of the picture."""
        words = [_short(writable(one)) for one in parts if one.strip()]
        short = min(width, height)
        self._size = (width, height)
        large = round(max(_LEAST_LARGE, min(_MOST_LARGE, short * _LARGE)))
        small = round(max(_LEAST_SMALL, min(_MOST_SMALL, short * _SMALL)))
        self._moving = _stamp(*_fitting(words, large, int(width * _WIDEST)), _STRENGTH["moving"])
        self._margin = margin = max(2, round(short * 0.02))
        self._edge = _stamp(*_fitting([BETWEEN.join(words)], small, width - 2 * margin), _STRENGTH["edge"])

    def paint(self, luma: Pixels, seconds: float) -> None:
        """Paint it over the brightness of the picture that is shown at that time: rows x columns, 16 to 235."""
        (width, height), edge = self._size, self._edge
        edge.paint(luma, min(self._margin, max(0, width - edge.width)), max(0, height - edge.height - self._margin))
        self._moving.paint(luma, *self.place(seconds))

    def place(self, seconds: float) -> tuple[int, int]:
        """Where the line that moves is at that time: columns from the left, rows from the top. It keeps off the one
        that stays."""
        across, down = _PLACES[int(max(0.0, seconds) // SECONDS) % len(_PLACES)]
        (width, height), margin = self._size, self._margin
        right = max(0, width - self._moving.width - 2 * margin)
        low = max(0, height - self._moving.height - self._edge.height - 3 * margin)
        return min(margin, right) + round(across * right), min(margin, low) + round(down * low)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _fitting(words: list[str], points: int, widest: int) -> tuple[list[str], int]:
    """Lines and the size of their letters: one line where it fits, more where not, smaller letters at last."""
    ways = [[BETWEEN.join(words[:at]), *words[at:]] for at in range(len(words), 0, -1)]
    for lines in ways:
        if _width(lines, points) <= widest:
            return lines, points
    lines = ways[-1]
    while points > _LEAST and _width(lines, points) > widest:
        points -= 1
    return lines, points


def _width(lines: list[str], points: int) -> float:
    return max(float(_font(points).getlength(one)) for one in lines) + 2 * _rim(points)


def _rim(points: int) -> int:
    return max(1, points // 14)


def _stamp(lines: list[str], points: int, strength: float) -> _Stamp:
    rim, font = _rim(points), _font(points)
    step = points + max(2, points // 6)
    size = (int(_width(lines, points)) + 2 * rim, step * len(lines) + 2 * rim)
    letters, covered = Image.new("L", size), Image.new("L", size)
    for at, line in enumerate(lines):
        where = (2 * rim, rim + at * step)
        ImageDraw.Draw(letters).text(where, line, fill=255, font=font)
        ImageDraw.Draw(covered).text(where, line, fill=255, font=font, stroke_width=rim)
    light = np.asarray(letters, np.float32) / 255
    weight = np.round(np.asarray(covered, np.float32) / 255 * strength * 256)
    added = (_DARK + (_LIGHT - _DARK) * light) * weight
    return _Stamp(weight.astype(np.uint16), np.round(added).astype(np.uint16))


# Parts of Pillow are imported when they are first needed, and in a limited process no file can be opened by then.
Mark(("A", "B"), 64, 64)
