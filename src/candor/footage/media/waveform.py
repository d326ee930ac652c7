"""The waveform: the lowest and highest value of the sound, bucket by bucket. Runs in a limited process."""

from __future__ import annotations

import json
import math
from typing import Any, Final

import numpy as np

VERSION: Final = "waveform@1"
RATE: Final = 48_000  # the sound arrives resampled to this
UNIT: Final = 128  # samples in the smallest bucket
MAX_BUCKETS: Final = 2048


class Waveform:
    """Takes sound as arrays (channels, samples) of floats in -1..1, without gaps, from time 0.

    The length need not be known: when there are too many buckets, pairs are joined and buckets become twice as long.
    """

    def __init__(self) -> None:
        self._low: list[float] = []
        self._high: list[float] = []
        self._units = 1  # units per bucket
        self._rest = np.zeros(0, np.float32), np.zeros(0, np.float32)
        self._samples = 0
        self._loudest = 0.0

    def take(self, sound: Any) -> None:
        """Use one stretch of sound."""
        self._samples += sound.shape[1]
        low = np.concatenate((self._rest[0], sound.min(axis=0)))
        high = np.concatenate((self._rest[1], sound.max(axis=0)))
        bucket = UNIT * self._units
        whole = len(low) // bucket
        if whole:
            self._low += low[: whole * bucket].reshape(whole, bucket).min(axis=1).tolist()
            self._high += high[: whole * bucket].reshape(whole, bucket).max(axis=1).tolist()
        self._rest = low[whole * bucket :], high[whole * bucket :]
        while len(self._low) > MAX_BUCKETS:
            self._join()

    def _join(self) -> None:
        if len(self._low) % 2:  # an odd one out goes back to the rest, as its two extremes
            low, high = self._low.pop(), self._high.pop()
            bucket = UNIT * self._units
            self._rest = (
                np.concatenate((np.full(bucket, low, np.float32), self._rest[0])),
                np.concatenate((np.full(bucket, high, np.float32), self._rest[1])),
            )
        self._low = [min(pair) for pair in zip(self._low[::2], self._low[1::2], strict=True)]
        self._high = [max(pair) for pair in zip(self._high[::2], self._high[1::2], strict=True)]
        self._units *= 2

    def finish(self) -> tuple[bytes, dict[str, Any]] | None:
        """JSON {"v", "bucket_seconds", "count", "peaks": [low, high, low, high, …]} with values -127..127, and
        {"count", "bucket_seconds", "seconds", "silent"}; None when no sound came."""
        if not self._samples:
            return None
        if len(self._rest[0]):
            self._low.append(float(self._rest[0].min()))
            self._high.append(float(self._rest[1].max()))
        peaks: list[int] = []
        for low, high in zip(self._low, self._high, strict=True):
            peaks += (_byte(low, math.floor), _byte(high, math.ceil))
        seconds = UNIT * self._units / RATE
        data = {"v": VERSION, "bucket_seconds": seconds, "count": len(self._low), "peaks": peaks}
        details = {
            "count": len(self._low),
            "bucket_seconds": seconds,
            "seconds": round(self._samples / RATE, 6),
            "silent": not any(peaks),
        }
        return json.dumps(data, separators=(",", ":")).encode(), details


def _byte(value: float, rounded: Any) -> int:
    """A sample as -127..127; anything that is not a number counts as silence. Below -60 dB is silence too."""
    if not math.isfinite(value) or abs(value) < 0.001:
        return 0
    return int(max(-127, min(127, rounded(value * 127))))
