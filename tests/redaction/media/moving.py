"""Textured things of one colour that move over a textured ground along known ways, and a detector that sees them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

from candor.redaction.media.pieces import Piece
from candor.redaction.model import Kind, Track
from candor.redaction.models.detector import Pixels, Sighting

Box = tuple[float, float, float, float]
Way = Callable[[float], Box | None]
"""Where a thing is at a time in seconds; None: nowhere."""
MAGENTA = (215, 30, 215)


def texture(seed: int, height: int, width: int, coarse: float = 3.0) -> npt.NDArray[np.float32]:
    """Soft noise, -1 to 1."""
    noise = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), coarse)
    return np.asarray(np.clip(soft / (2 * soft.std()), -1, 1), np.float32)


@dataclass(frozen=True)
class Scene:
    """Things on a ground. `cut`: seconds at which the ground is another one. `shift`: how the ground moves, pixels a
    second."""

    ways: Sequence[Way]
    size: tuple[int, int] = (320, 180)
    cut: float | None = None
    shift: float = 0.0
    colours: Sequence[tuple[int, int, int]] = ()
    _grounds: dict[int, Any] = field(default_factory=dict)

    def paint(self, time: float) -> Pixels:
        """The picture at a time."""
        width, height = self.size
        number = 1 if self.cut is not None and time >= self.cut else 0
        if number not in self._grounds:
            self._grounds[number] = texture(10 + number, height, 4 * width, 4.0)
        left = round(self.shift * time) % (3 * width)
        ground = self._grounds[number][:, left : left + width]
        picture = np.repeat((105 + (15 + 70 * number) * 0.5 + 55 * ground)[:, :, None], 3, axis=2)
        for place, way in enumerate(self.ways):
            box = way(time)
            if box is not None:
                colour = self.colours[place] if self.colours else MAGENTA
                self._put(picture, box, colour, 50 + place)
        return np.clip(picture, 0, 255).astype(np.uint8)

    def _put(self, picture: npt.NDArray[np.float32], box: Box, colour: tuple[int, int, int], seed: int) -> None:
        width, height = self.size
        x0, y0, x1, y1 = box
        side = (max(2, round(x1 - x0)), max(2, round(y1 - y0)))
        skin = cv2.resize(texture(seed, 40, 40, 2.0), side)[:, :, None] * 40
        patch = np.asarray(colour, np.float32) + skin * (np.asarray(colour) > 100)
        left, top = round(x0), round(y0)
        if left + side[0] <= 0 or top + side[1] <= 0 or left >= width or top >= height:
            return
        into = picture[max(0, top) : min(height, top + side[1]), max(0, left) : min(width, left + side[0])]
        into[:] = patch[max(0, -top) : max(0, -top) + into.shape[0], max(0, -left) : max(0, -left) + into.shape[1]]

    def known(self, time: float) -> list[Box]:
        """The things, as far as they are in the picture."""
        width, height = self.size
        found = []
        for way in self.ways:
            box = way(time)
            if box is None:
                continue
            inner = (max(0.0, box[0]), max(0.0, box[1]), min(float(width), box[2]), min(float(height), box[3]))
            if inner[2] - inner[0] >= 2 and inner[3] - inner[1] >= 2:
                found.append(inner)
        return found

    def film(self, seconds: float, rate: int = 25, group: int = 25, times: Sequence[Fraction] | None = None) -> bytes:
        """A recording of it, MP4."""
        file = io.BytesIO()
        with av.open(file, "w", format="mp4", options={"movflags": "frag_keyframe+empty_moov"}) as out:
            video: Any = out.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "crf": "18"})
            video.width, video.height, video.pix_fmt = *self.size, "yuv420p"
            video.codec_context.gop_size = group
            video.codec_context.options = {"x264-params": f"keyint={group}:min-keyint={group}:scenecut=0"}
            video.codec_context.time_base = video.time_base = Fraction(1, 600)
            for time in times or [Fraction(n, rate) for n in range(round(seconds * rate))]:
                frame = av.VideoFrame.from_ndarray(self.paint(float(time)), format="rgb24")
                frame.pts, frame.time_base = round(time * 600), Fraction(1, 600)
                out.mux(video.encode(frame))
            out.mux(video.encode(None))
        return file.getvalue()


@dataclass
class Magenta:
    """Sees what is magenta. `misses`: says of each look (counted from 0) whether it sees nothing that time; `score`:
    what it gives in each."""

    misses: Callable[[int], bool] = lambda _: False
    score: Callable[[int], float] = lambda _: 0.8
    size: tuple[int, int] = (320, 192)
    second_size: tuple[int, int] | None = None
    rarer: int = 1
    thresholds: tuple[float, float] = (0.2, 0.1)
    name: str = "magenta@1"
    kinds: frozenset[Kind] = frozenset({Kind.REGION})
    looks: int = 0

    def detect(self, rgb: Pixels, threshold: float) -> list[Sighting]:
        """Every magenta patch of some size."""
        look, self.looks = self.looks, self.looks + 1
        if self.misses(look) or self.score(look) < threshold:
            return []
        red, green, blue = (rgb[:, :, place].astype(np.int16) for place in range(3))
        mask = ((red - green > 70) & (blue - green > 70)).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        kind = next(iter(self.kinds))
        return [
            Sighting(kind, (float(x), float(y), float(x + w), float(y + h)), self.score(look))
            for x, y, w, h, area in stats[1:count].tolist()
            if area >= 12 and w >= 3 and h >= 3
        ]


def straight(begin: Box, speed: tuple[float, float], since: float = 0.0, until: float = 1e9) -> Way:
    """Along a line from `begin`, pixels a second."""

    def way(time: float) -> Box | None:
        if not since <= time < until:
            return None
        dx, dy = speed[0] * (time - since), speed[1] * (time - since)
        return begin[0] + dx, begin[1] + dy, begin[2] + dx, begin[3] + dy

    return way


def share_covered(known: Box, masks: Sequence[Sequence[float]], scale: int = 2) -> float:
    """The share of a box that masks cover together."""
    x0, y0, x1, y1 = known
    grid = np.zeros((max(1, round((y1 - y0) * scale)), max(1, round((x1 - x0) * scale))), bool)
    for m in masks:
        a, b, c, d = (round((one - origin) * scale) for one, origin in zip(m, (x0, y0, x0, y0), strict=True))
        grid[max(0, b) : max(0, d), max(0, a) : max(0, c)] = True
    return float(grid.mean())


def shares(scene: Scene, times: Sequence[tuple[int, float]], found: Sequence[Track] | Sequence[Piece]) -> list[float]:
    """For each known thing in each picture (time in ticks, in seconds), the share that is covered."""
    result = []
    for tick, seconds in times:
        masks = [box for one in found if (box := _at(one, tick)) is not None]
        result += [share_covered(known, masks) for known in scene.known(seconds)]
    return result


def _at(one: Track | Piece, tick: int) -> Sequence[float] | None:
    if isinstance(one, Track):
        return one.at(tick)
    return one.boxes[one.times.index(tick)].tolist() if tick in one.times else None
