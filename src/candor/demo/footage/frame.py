"""One frame as planes of YUV 4:2:0 (BT.709, limited range), and pasting things onto it."""

from __future__ import annotations

from dataclasses import dataclass

import av
import numpy as np
from PIL import Image

from candor.demo.footage.optics import Bytes, Floats, develop


@dataclass
class Frame:
    """The planes of one frame; `sheet` is all three as PyAV takes them, (height * 3 / 2, width)."""

    sheet: Bytes
    luma: Bytes
    blue: Bytes
    red: Bytes

    @staticmethod
    def empty(width: int, height: int) -> Frame:
        """A frame to be filled."""
        sheet = np.empty((height * 3 // 2, width), np.uint8)
        return Frame(sheet, *planes_of(sheet, width, height))


def planes_of(sheet: Bytes, width: int, height: int) -> tuple[Bytes, Bytes, Bytes]:
    """Views of brightness, blue and red difference within a sheet."""
    quarter = width * height // 4
    flat = sheet.reshape(-1)
    blue = flat[width * height : width * height + quarter].reshape(height // 2, width // 2)
    red = flat[width * height + quarter :].reshape(height // 2, width // 2)
    return sheet[:height], blue, red


def window(source: Bytes, size: tuple[int, int], frame: Frame, place: tuple[float, float, float, float]) -> None:
    """Fill the frame with a part (x, y, width, height) of a larger sheet of that size, scaled where they differ."""
    width, height = size
    luma, blue, red = planes_of(source, width, height)
    wanted_height, wanted_width = frame.luma.shape
    x, y = round(place[0]), round(place[1])
    if abs(place[2] - wanted_width) < 1.5:
        frame.luma[:] = luma[y : y + wanted_height, x : x + wanted_width]
        half_y, half_x = y // 2, x // 2
        frame.blue[:] = blue[half_y : half_y + wanted_height // 2, half_x : half_x + wanted_width // 2]
        frame.red[:] = red[half_y : half_y + wanted_height // 2, half_x : half_x + wanted_width // 2]
        return
    x, y, wide, tall = x & ~1, y & ~1, round(place[2]) & ~1, round(place[3]) & ~1
    part = np.concatenate(
        [
            luma[y : y + tall, x : x + wide].reshape(-1),
            blue[y // 2 : (y + tall) // 2, x // 2 : (x + wide) // 2].reshape(-1),
            red[y // 2 : (y + tall) // 2, x // 2 : (x + wide) // 2].reshape(-1),
        ]
    )
    small = av.VideoFrame.from_ndarray(part.reshape(tall * 3 // 2, wide), format="yuv420p")
    frame.sheet[:] = small.reformat(wanted_width, wanted_height, interpolation="BILINEAR").to_ndarray()


@dataclass(frozen=True)
class Sprite:
    """A cut-out in planes, even-sided: what it adds (its light times its cover), and its cover from 0 to 1."""

    luma: Floats
    blue: Floats
    red: Floats
    """Colour at half the size, as the difference from 128."""
    cover: Floats

    @staticmethod
    def of(colours: Bytes, cover: Bytes) -> Sprite:
        """From (height, width, 3) RGB and (height, width) alpha."""
        height, width = cover.shape
        pad = ((0, height & 1), (0, width & 1))
        share = np.pad(cover, pad).astype(np.float32) / 255
        rgb = np.pad(colours, (*pad, (0, 0))).astype(np.float32) * share[..., None]
        luma = rgb @ np.array([0.1826, 0.6142, 0.0620], np.float32) + share * np.float32(16)
        half = rgb[::2, ::2]
        blue = half @ np.array([-0.1006, -0.3386, 0.4392], np.float32)
        red = half @ np.array([0.4392, -0.3989, -0.0403], np.float32)
        return Sprite(luma, blue, red, share)


def paste(frame: Frame, sprite: Sprite, left: int, top: int, keep: Floats | None = None) -> Floats | None:
    """Paste a sprite with its corner at an even pixel; keep (height, width) 0 to 1 thins its cover further.

    Returns the cover as it was used on the whole sprite, or None where nothing lay in the frame.
    """
    left, top = left & ~1, top & ~1
    height, width = frame.luma.shape
    x0, y0 = max(0, -left), max(0, -top)
    x1, y1 = min(sprite.cover.shape[1], width - left), min(sprite.cover.shape[0], height - top)
    if x1 <= x0 or y1 <= y0:
        return None
    full, half = (slice(y0, y1), slice(x0, x1)), (slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2))
    thin = None if keep is None else keep[full]
    cover = sprite.cover[full] if thin is None else sprite.cover[full] * thin
    inside = (slice(top + y0, top + y1), slice(left + x0, left + x1))
    coarse = (slice((top + y0) // 2, (top + y1) // 2), slice((left + x0) // 2, (left + x1) // 2))
    clear = 1 - cover
    _blend(frame.luma[inside], sprite.luma[full], clear, thin, 0.0)
    some = None if thin is None else thin[::2, ::2]
    _blend(frame.blue[coarse], sprite.blue[half], clear[::2, ::2], some, 128.0)
    _blend(frame.red[coarse], sprite.red[half], clear[::2, ::2], some, 128.0)
    return sprite.cover if keep is None else sprite.cover * keep


def _blend(under: Bytes, own: Floats, clear: Floats, thin: Floats | None, zero: float) -> None:
    tall, wide = min(under.shape[0], own.shape[0]), min(under.shape[1], own.shape[1])
    base = under[:tall, :wide]
    mixed = base - np.float32(zero) if zero else base.astype(np.float32)
    mixed *= clear[:tall, :wide]
    mixed += own[:tall, :wide] if thin is None else own[:tall, :wide] * thin[:tall, :wide]
    if zero:
        mixed += np.float32(zero + 0.5)
    np.clip(mixed, 14, 240, out=mixed)
    base[:] = mixed.astype(np.uint8)


Place = tuple[int, int, int, int]


@dataclass(frozen=True)
class Tint:
    """Light on a cut-out: brightness as a share of the picture's own, and its cast towards blue and red."""

    bright: float
    blue: float = 0.0
    red: float = 0.0

    @staticmethod
    def of(light: Floats) -> Tint:
        """From linear light (3,), as it changes a middle grey."""
        grey = np.float32(0.16)
        shown = (develop(light * grey).astype(np.float32) - 6) / float(develop(np.array([grey], np.float32))[0] - 6)
        bright = float(shown @ np.array([0.2126, 0.7152, 0.0722], np.float32))
        blue = float(shown @ np.array([-0.1146, -0.3854, 0.5], np.float32))
        red = float(shown @ np.array([0.5, -0.4542, -0.0458], np.float32))
        return Tint(bright, blue, red)


class Cutout:
    """A picture with cover, kept in planes and halvings, that is cheap to paste at any size."""

    def __init__(self, picture: Image.Image) -> None:
        self._pictures = [picture.convert("RGBA")]
        while min(self._pictures[-1].size) > 48:
            self._pictures.append(self._pictures[-1].reduce(2))
        self._planar: dict[int, Image.Image] = {}
        self._ready: dict[tuple[int, int, Tint], Sprite] = {}

    def sprite(self, wide: int, tall: int, tint: Tint) -> Sprite:
        """The whole picture at that (even) size in that light. The last few are kept: many people stand still."""
        key = (wide, tall, tint)
        if key not in self._ready:
            if len(self._ready) > 3:
                self._ready.clear()
            self._ready[key] = self._lit((0, 0, wide, tall), wide, tall, tint, (0.0, 16.0))
        return self._ready[key]

    def paste(self, frame: Frame, place: Place, tint: Tint, haze: tuple[float, float]) -> None:
        """At (left, top, width, height) in that light; haze is the share lost and to which brightness."""
        left, top, wide, tall = place
        left, top = left & ~1, top & ~1
        height, width = frame.luma.shape
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(left + wide, width) & ~1, min(top + tall, height) & ~1
        if x1 - x0 < 2 or y1 - y0 < 2:
            return
        paste(frame, self._lit((x0 - left, y0 - top, x1 - left, y1 - top), wide, tall, tint, haze), x0, y0)

    def _lit(self, part: Place, wide: int, tall: int, tint: Tint, haze: tuple[float, float]) -> Sprite:
        """A part (x0, y0, x1, y1) of the picture at that size."""
        levels = range(len(self._pictures) - 1, -1, -1)
        level = next((n for n in levels if self._pictures[n].height >= tall * 0.8), 0)
        if level not in self._planar:
            self._planar[level] = _planar(self._pictures[level])
        source = self._planar[level]
        across, down = source.width / wide, source.height / tall
        x0, y0, x1, y1 = part
        box = (x0 * across, y0 * down, x1 * across, y1 * down)
        pixels = np.asarray(source.resize((x1 - x0, y1 - y0), Image.Resampling.BILINEAR, box=box))
        cover = pixels[..., 3] * np.float32(1 / 255)
        lost, toward = haze
        kept = np.float32(1 - lost)
        luma = pixels[..., 0] * np.float32(tint.bright * kept)
        luma += cover * np.float32(lost * (toward - 16) + 16)
        half = pixels[::2, ::2]
        shine = half[..., 0].astype(np.float32) * kept
        colour = []
        for channel, cast in ((1, tint.blue), (2, tint.red)):
            own = (half[..., channel].astype(np.float32) - 128) * np.float32(min(1.0, tint.bright) * kept)
            colour.append(own + shine * np.float32(cast) if cast else own)
        return Sprite(luma, colour[0], colour[1], cover)


def _planar(picture: Image.Image) -> Image.Image:
    """Brightness above black and both colour differences, each times cover, and the cover, as four channels."""
    pixels = np.asarray(picture, np.float32)
    cover = pixels[..., 3:] / 255
    sprite = pixels[..., :3] @ np.array(
        [[0.1826, -0.1006, 0.4392], [0.6142, -0.3386, -0.3989], [0.0620, 0.4392, -0.0403]], np.float32
    )
    covered = sprite * cover + np.array([0, 128, 128], np.float32)
    return Image.fromarray(
        np.concatenate([covered, pixels[..., 3:]], axis=2).round().clip(0, 255).astype(np.uint8), "CMYK"
    )
