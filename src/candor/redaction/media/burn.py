"""Burning masks into decoded pictures, in place. Runs in a limited process.

Under a solid mask nothing of the original is left, in brightness and in colour: every value is overwritten before the
encoder sees the picture. A mosaic and a blur are painted the same way (`mosaic.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from av.video.frame import VideoFrame

from candor.redaction.masks import Mask
from candor.redaction.media.areas import Area, area_of, pixels_of
from candor.redaction.media.mosaic import Blurs, Mosaics, Plane
from candor.redaction.model import Picture, Style

__all__ = ["Burner", "as_encoded", "encoded_size", "pixel_format", "repeat_edge"]

_AS_IT_IS: Final = ("yuv420p", "yuvj420p")
_FULL_RANGE: Final = 2  # AVCOL_RANGE_JPEG


class Burner:
    """Masks for the pictures of one part, in the order in which they are shown."""

    def __init__(self, picture: Picture, *, interlaced: bool = False) -> None:
        self._picture = picture
        self._interlaced = interlaced
        self._mosaics = Mosaics()
        self._blurs = Blurs()

    def burn(self, frame: Any, masks: Sequence[Mask]) -> None:
        """Paint these masks over a frame (4:2:0, eight bits, that is nobody else's), in their order."""
        planes = _planes(frame)
        black = 0 if _is_full_range(frame) else 16
        for mask in masks:
            area = area_of(mask, self._picture, interlaced=self._interlaced)
            if area is not None:
                self._paint(planes, area, mask, black)

    def cover(self, frame: Any) -> None:
        """Paint the whole picture black."""
        luma, *chroma = _planes(frame)
        luma[:] = 0 if _is_full_range(frame) else 16
        for plane in chroma:
            plane[:] = 128

    def _paint(self, planes: tuple[Plane, Plane, Plane], area: Area, mask: Mask, black: int) -> None:
        height, width = planes[0].shape
        rows, columns = area.pixels(width, height)
        luma = planes[0][rows, columns]
        blue, red = planes[1][area.cells()], planes[2][area.cells()]
        inside = None if area.inside is None else pixels_of(area.inside, luma.shape[1], luma.shape[0])
        if mask.style is Style.SOLID:
            _fill(luma, inside, black)
            _fill(blue, area.inside, 128)
            _fill(red, area.inside, 128)
            return
        source = self._mosaics if mask.style is Style.MOSAIC else self._blurs
        colours = source.colours(mask.group, (luma, blue, red))
        for plane, painted, where in zip((luma, blue, red), colours, (inside, area.inside, area.inside), strict=True):
            if where is None:
                plane[:] = painted
            else:
                np.copyto(plane, painted, where=where)


def encoded_size(frame: Any) -> tuple[int, int]:
    """Width and height of what is encoded of such a frame: even."""
    return frame.width + frame.width % 2, frame.height + frame.height % 2


def as_encoded(frame: Any, size: tuple[int, int], *, touched: bool) -> Any:
    """The frame as it is burnt into and encoded: 4:2:0 with eight bits, of `size` (where that is larger by one, the
    last column or row stands twice). touched: it will be painted over, so it must not be what the decoder still looks
    at."""
    same_size = (frame.width, frame.height) == size
    if frame.format.name not in _AS_IT_IS:
        made = frame.reformat(format=pixel_format(frame))
    else:
        made = frame
        if touched and same_size:
            made.make_writable()
    return made if same_size else _enlarged(made, size)


def pixel_format(frame: Any) -> str:
    """The pixel format that `as_encoded` gives for this frame."""
    if frame.format.name in _AS_IT_IS:
        return str(frame.format.name)
    return "yuvj420p" if frame.format.name.startswith("yuvj") or _is_full_range(frame) else "yuv420p"


def repeat_edge(frame: Any, width: int, height: int) -> None:
    """Where a frame was made even: let its last column and row be what stands beside them, masks included."""
    luma = _planes(frame)[0]
    if width < luma.shape[1]:
        luma[:, width] = luma[:, width - 1]
    if height < luma.shape[0]:
        luma[height] = luma[height - 1]


def _enlarged(frame: Any, size: tuple[int, int]) -> Any:
    made = VideoFrame(*size, frame.format.name)
    made.pts, made.time_base = frame.pts, frame.time_base
    for target, source in zip(_planes(made), _planes(frame), strict=True):
        height, width = source.shape
        target[:height, :width] = source
    repeat_edge(made, frame.width, frame.height)
    return made


def _planes(frame: Any) -> tuple[Plane, Plane, Plane]:
    across, down = (frame.width + 1) // 2, (frame.height + 1) // 2
    sizes: Iterable[tuple[int, int]] = ((frame.width, frame.height), (across, down), (across, down))
    views = [
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:height, :width]
        for plane, (width, height) in zip(frame.planes, sizes, strict=True)
    ]
    return views[0], views[1], views[2]


def _fill(plane: Plane, where: Any, value: int) -> None:
    if where is None:
        plane[:] = value
    else:
        plane[where] = value


def _is_full_range(frame: Any) -> bool:
    return bool(frame.format.name.startswith("yuvj") or int(frame.color_range) == _FULL_RANGE)
