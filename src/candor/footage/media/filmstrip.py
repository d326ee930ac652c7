"""The filmstrip: small pictures at even distances, on one sheet. Runs in a limited process."""

from __future__ import annotations

from typing import Any, Final

import av
import numpy as np

from candor.footage.media.geometry import fit
from candor.footage.media.jpeg import encode_jpeg

VERSION: Final = "filmstrip@1"
MAX_TILES: Final = 120
COLUMNS: Final = 10
TILE: Final = 160  # longer side of a tile, pixels; the shorter is at most 90


def interval_for(duration: float) -> float:
    """Seconds between tiles for a recording of this length: 1, 2, 4, … so that MAX_TILES are enough."""
    interval = 1.0
    while interval * MAX_TILES <= duration:
        interval *= 2
    return interval


class Filmstrip:
    """Takes upright pictures in order of time. Tile k shows the first picture at or after k intervals.

    The length need not be known: when the sheet is full every second tile is dropped and the interval doubles.
    """

    def __init__(self) -> None:
        self.interval = 1.0
        self._tiles: list[Any] = []
        self._size: tuple[int, int] | None = None

    def wants(self, time: float) -> bool:
        """Whether a picture at this time (seconds from the start) would become a tile."""
        return time >= len(self._tiles) * self.interval

    def take(self, frame: Any, time: float) -> None:
        """Use one upright picture with square pixels."""
        if self._size is None:
            self._size = fit(frame.width, frame.height, TILE, TILE * 9 // 16)
        width, height = self._size
        tile = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
        # A gap in time is filled with what was last seen, so that a place on the strip stays a place in time.
        before = self._tiles[-1] if self._tiles else tile
        while self.wants(time):
            due = len(self._tiles) * self.interval
            self._tiles.append(before if time - due >= self.interval else tile)
            if len(self._tiles) > MAX_TILES:
                self._tiles = self._tiles[::2]
                self.interval *= 2

    def finish(self) -> tuple[bytes, dict[str, Any]] | None:
        """The JPEG sheet and {"tile_width", "tile_height", "columns", "rows", "count", "interval"}, interval in
        seconds, tiles row by row; None when no picture came."""
        if self._size is None or not self._tiles:
            return None
        width, height = self._size
        count = len(self._tiles)
        columns = min(COLUMNS, count)
        rows = -(-count // columns)
        sheet = np.zeros((rows * height, columns * width, 3), np.uint8)
        for place, tile in enumerate(self._tiles):
            row, column = divmod(place, columns)
            sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = tile
        picture = av.VideoFrame.from_ndarray(sheet, format="rgb24")
        details = {
            "tile_width": width,
            "tile_height": height,
            "columns": columns,
            "rows": rows,
            "count": count,
            "interval": self.interval,
        }
        return encode_jpeg(picture, columns * width, rows * height, 5), details
