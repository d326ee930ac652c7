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
    """A cut-out in planes: brightness and cover at full size, colour at half, all with even sides."""

    luma: Floats
    blue: Floats
    red: Floats
    cover: Floats
    """(height, width) from 0 to 1."""

    @staticmethod
    def of(colours: Bytes, cover: Bytes) -> Sprite:
        """From (height, width, 3) RGB and (height, width) alpha."""
        height, width = cover.shape
        pad = ((0, height & 1), (0, width & 1))
        rgb = np.pad(colours, (*pad, (0, 0))).astype(np.float32)
        luma = rgb @ np.array([0.1826, 0.6142, 0.0620], np.float32) + 16
        half = rgb[::2, ::2]
        blue = half @ np.array([-0.1006, -0.3386, 0.4392], np.float32) + 128
        red = half @ np.array([0.4392, -0.3989, -0.0403], np.float32) + 128
        return Sprite(luma, blue, red, np.pad(cover, pad).astype(np.float32) / 255)


def paste(frame: Frame, sprite: Sprite, left: int, top: int, keep: Floats | None = None) -> Floats | None:
    """Paste a sprite with its corner at an even pixel; keep (height, width) 0 to 1 thins its cover further.

    Returns the cover as it was used on the whole sprite, or None where nothing lay in the frame.
    """
    left, top = left & ~1, top & ~1
    height, width = frame.luma.shape
    x0, y0 = max(0, -left), max(0, -top)
    x1, y1 = min(sprite.luma.shape[1], width - left), min(sprite.luma.shape[0], height - top)
    if x1 <= x0 or y1 <= y0:
        return None
    cover = sprite.cover if keep is None else sprite.cover * keep
    _blend(frame.luma[top + y0 : top + y1, left + x0 : left + x1], sprite.luma[y0:y1, x0:x1], cover[y0:y1, x0:x1])
    half = cover[y0:y1:2, x0:x1:2]
    inside = (slice((top + y0) // 2, (top + y1) // 2), slice((left + x0) // 2, (left + x1) // 2))
    own = (slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2))
    _blend(frame.blue[inside], sprite.blue[own], half)
    _blend(frame.red[inside], sprite.red[own], half)
    return cover


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
        full = picture.convert("RGBA")
        self._last: tuple[tuple[int, ...], Bytes] | None = None
        self._sizes = [_planar(full)]
        while min(full.size) > 48:
            full = full.reduce(2)
            self._sizes.append(_planar(full))

    def paste(
        self,
        frame: Frame,
        place: Place,
        tint: Tint,
        haze: tuple[float, float] = (0.0, 16.0),
        keep: Floats | None = None,
    ) -> Floats | None:
        """At (left, top, width, height) in that light; haze is the share lost and to which brightness; keep, of the
        place's size, thins the cover. Returns the cover used, over the whole place, or None out of the frame."""
        left, top, wide, tall = place
        left, top = left & ~1, top & ~1
        height, width = frame.luma.shape
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(left + wide, width) & ~1, min(top + tall, height) & ~1
        if x1 - x0 < 2 or y1 - y0 < 2:
            return None
        pixels = self._sized((x0 - left, y0 - top, x1 - left, y1 - top), wide, tall)
        cover = pixels[..., 3] * np.float32(1 / 255)
        thin = None if keep is None else keep[y0 - top : y1 - top, x0 - left : x1 - left]
        if thin is not None:
            cover *= thin
        lost, toward = haze
        kept = np.float32(1 - lost)
        under = frame.luma[y0:y1, x0:x1]
        over = pixels[..., 0] * np.float32(tint.bright * kept)
        if thin is not None:
            over *= thin
        over += (np.float32(lost * (toward - 16) + 16) - under) * cover
        over += under
        np.minimum(over, 240, out=over)
        under[:] = over.astype(np.uint8)
        inside = (slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2))
        half, clear = pixels[::2, ::2], 1 - cover[::2, ::2]
        shine = half[..., 0].astype(np.float32) * kept
        for plane, channel, cast in ((frame.blue, 1, tint.blue), (frame.red, 2, tint.red)):
            own = (half[..., channel].astype(np.float32) - 128) * np.float32(min(1.0, tint.bright) * kept)
            if cast:
                own += shine * np.float32(cast)
            if thin is not None:
                own *= thin[::2, ::2]
            mixed = (plane[inside] - np.float32(128)) * clear + own
            plane[inside] = np.clip(mixed + 128.5, 16, 240).astype(np.uint8)
        whole = np.zeros((tall, wide), np.float32)
        whole[y0 - top : y1 - top, x0 - left : x1 - left] = cover
        return whole

    def _sized(self, part: Place, wide: int, tall: int) -> Bytes:
        """The four channels of a part of the picture at that size; the last one is kept, as many people stand still."""
        key = (*part, wide, tall)
        if self._last is None or self._last[0] != key:
            source = next((size for size in reversed(self._sizes) if size.height >= tall * 0.8), self._sizes[0])
            across, down = source.width / wide, source.height / tall
            x0, y0, x1, y1 = part
            box = (x0 * across, y0 * down, x1 * across, y1 * down)
            self._last = (key, np.asarray(source.resize((x1 - x0, y1 - y0), Image.Resampling.BILINEAR, box=box)))
        return self._last[1]


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


def _blend(under: Bytes, over: Floats, cover: Floats) -> None:
    tall, wide = min(under.shape[0], cover.shape[0]), min(under.shape[1], cover.shape[1])
    base = under[:tall, :wide]
    base[:] = (base + (over[:tall, :wide] - base) * cover[:tall, :wide]).astype(np.uint8)
