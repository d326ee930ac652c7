"""The poster: one picture that stands for a recording. Runs in a limited process."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from candor.footage.media.geometry import fit
from candor.footage.media.jpeg import encode_jpeg

VERSION: Final = "poster@1"
LONG_SIDE: Final = 640
_INTERVAL: Final = 0.5  # seconds between two candidates
_SEARCHED: Final = 60.0  # seconds from the beginning in which a good picture is looked for
_SETTLED: Final = 1.0  # the first second often shows a hand or the exposure settling


class Poster:
    """Takes upright pictures in order of time and keeps the first good one, or the best of the first minute.

    Good is neither dark nor blown out and has something in it: mean luma 45 to 210, standard deviation 25 or more.
    """

    def __init__(self) -> None:
        self._next = 0.0
        self._best = -1.0
        self._done = False
        self._kept: tuple[bytes, float, int, int] | None = None

    def wants(self, time: float) -> bool:
        """Whether a picture at this time (seconds from the start) would be looked at."""
        return not self._done and time >= self._next and (self._kept is None or time <= _SEARCHED)

    def take(self, frame: Any, time: float) -> None:
        """Look at one upright picture with square pixels."""
        self._next = time + _INTERVAL
        luma = frame.reformat(width=64, height=36, format="gray").to_ndarray().astype(np.float32)
        mean, spread = float(luma.mean()), float(luma.std())
        good = 45 <= mean <= 210 and spread >= 25 and time >= _SETTLED
        score = 1e6 if good else spread * (1.0 if 45 <= mean <= 210 else 0.3) + 0.01 * mean
        if score > self._best:
            self._best = score
            width, height = fit(frame.width, frame.height, LONG_SIDE, LONG_SIDE)
            self._kept = (encode_jpeg(frame, width, height, 4), time, width, height)
        self._done = good

    def finish(self) -> tuple[bytes, dict[str, Any]] | None:
        """The JPEG and {"time", "width", "height"}; None when no picture came."""
        if self._kept is None:
            return None
        data, time, width, height = self._kept
        return data, {"time": round(time, 3), "width": width, "height": height}
