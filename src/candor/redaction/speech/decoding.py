"""Decoding the sound of a recording to plain samples: the parent's side of `listening.py`. The samples lie in a scratch
file that nobody else can read."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self, cast

import numpy as np
import numpy.typing as npt

from candor.core.limited import Limits, run_limited
from candor.footage.media.scratch import Scratch

__all__ = ["RATE", "Pcm", "Samples", "decoded"]

#: Samples a second, as `listening` writes them.
RATE: Final = 16_000
_BYTES: Final = 2  # a sample
_TASK: Final = "candor.redaction.media.work:listen"

#: Sound as floats within -1 to 1, RATE a second, one channel: an array of shape (samples,).
Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Pcm:
    """The samples of a recording, to be closed."""

    file: BinaryIO
    samples: int

    @property
    def milliseconds(self) -> int:
        """How long it is."""
        return self.samples * 1000 // RATE

    def read(self, begin: int, until: int) -> Samples:
        """The samples from `begin` to `until` (excluded), in milliseconds; fewer at the end."""
        first = min(self.samples, max(0, begin) * RATE // 1000)
        last = min(self.samples, max(0, until) * RATE // 1000)
        return self.at(first, max(0, last - first))

    def at(self, first: int, count: int) -> Samples:
        """So many samples from one on; fewer at the end."""
        self.file.seek(first * _BYTES)
        data = bytearray()
        while len(data) < count * _BYTES:
            piece = self.file.read(count * _BYTES - len(data))
            if not piece:
                break
            data += piece
        return np.frombuffer(bytes(data), "<i2").astype(np.float32) / np.float32(32768)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()


def limits_for(size: int) -> Limits:
    """What decoding the sound of a recording of `size` bytes may use. The thriftiest codecs grow to 64 times their
    size; 2 GiB are 18 hours."""
    seconds = 300 + size / 100_000
    return Limits(
        memory=1 << 30,
        cpu_seconds=seconds,
        wall_seconds=3 * seconds,
        stall_seconds=120,
        output_bytes=min(2 << 30, (64 << 20) + 64 * size),
    )


def decoded(
    stream: BinaryIO,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    scratch: Path | None = None,
) -> Pcm:
    """The sound of the recording in `stream` (seekable), its first sample at time 0 of the viewing copy. `scratch`: the
    folder in which the samples lie, encrypted and without a name.

    Raises LimitedRefused when there is no sound in it, and what `run_limited` raises.
    """
    file = cast(BinaryIO, Scratch(scratch))
    try:
        limits = limits_for(stream.seek(0, os.SEEK_END))
        run_limited(_TASK, stream, {}, limits, progress=progress, cancelled=cancelled, outputs={"sound": file})
        return Pcm(file, file.seek(0, os.SEEK_END) // _BYTES)
    except BaseException:
        file.close()
        raise
