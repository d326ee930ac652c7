"""Making renditions of a recording: the parent's side of `render.py`."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from candor.core.limited import Limits, run_limited
from candor.footage.media.scratch import Scratch

MAKERS: Final = {"proxy": "proxy@1", "poster": "poster@1", "filmstrip": "filmstrip@1", "waveform": "waveform@1"}
"""The renditions there are, each with the version of what makes it."""

_MEDIA_TYPES: Final = {"poster": "image/jpeg", "filmstrip": "image/jpeg", "waveform": "application/json"}


@dataclass(frozen=True)
class RenditionResult:
    """One rendition, not yet stored. Close `file` when done: its content exists nowhere else."""

    name: str
    maker: str
    """The version of what made it, for the seal."""
    file: BinaryIO
    """Seekable, at its beginning."""
    size: int
    media_type: str
    details: dict[str, Any]
    """What is needed to use it. Every one has "origin" (seconds: the presentation time in the original that is time 0
    here), "duration" (seconds), "damaged" (places in the original that could not be read). proxy: width, height,
    pictures, key_frames, dropped, clock, sound; poster: time, width, height; filmstrip: tile_width, tile_height,
    columns, rows, count, interval (seconds); waveform: count, bucket_seconds, seconds, silent."""


def limits_for(size: int) -> Limits:
    """What making renditions of an original of `size` bytes may use.

    Time grows with size: 20 kB a second is a hundredth of what two cores do. What stops a file that leads nowhere is
    the stall: two minutes without reading, writing or progress.
    """
    seconds = 600 + size / 20_000
    return Limits(
        memory=2 << 30,
        cpu_seconds=seconds,
        wall_seconds=2 * seconds,
        stall_seconds=120,
        output_bytes=(64 << 20) + 4 * size,
    )


def make_renditions(
    stream: BinaryIO,
    wanted: Iterable[str],
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    *,
    limits: Limits | None = None,
    scratch: Path | None = None,
) -> dict[str, RenditionResult]:
    """Make the `wanted` renditions (names of MAKERS) of the recording in `stream` (seekable).

    progress gets 0..1 for the whole. scratch: the folder in which a proxy lies, encrypted and without a name, until
    its file is closed. What does not apply is left out: no poster of a sound recording, no waveform without sound.

    Raises LimitedRefused when nothing in it can be decoded, another LimitedError when making it was stopped,
    LimitedCancelled, and whatever `stream`, the scratch file or the callbacks raise.
    """
    names = [name for name in MAKERS if name in set(wanted)]
    files: dict[str, BinaryIO] = {
        name: cast(BinaryIO, Scratch(scratch) if name == "proxy" else io.BytesIO()) for name in names
    }
    results: dict[str, RenditionResult] = {}
    try:
        answer = run_limited(
            "candor.footage.media.work:render",
            stream,
            {"wanted": names},
            limits or limits_for(stream.seek(0, os.SEEK_END)),
            progress=progress,
            cancelled=cancelled,
            outputs=files,
        )
        results = {name: _result(name, files[name], answer) for name in names if name in answer["made"]}
    finally:
        for name in files.keys() - results.keys():
            files[name].close()
    return results


def _result(name: str, file: BinaryIO, answer: dict[str, Any]) -> RenditionResult:
    details = {
        **answer["made"][name],
        "origin": answer["origin"],
        "duration": answer["duration"],
        "damaged": answer["counts"]["damaged"],
    }
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    proxy_type = "video/mp4" if details.get("pictures") else "audio/mp4"
    media_type = _MEDIA_TYPES.get(name, proxy_type)
    return RenditionResult(name, MAKERS[name], file, size, media_type, details)
