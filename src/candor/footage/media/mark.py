"""Marked copies of a viewing copy: in each another line of text is burnt into the picture. The parent's side of
`mark_work.py`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from candor.core.limited import Limits, run_limited
from candor.footage.media.scratch import Scratch

__all__ = ["MARKER", "Marked", "mark_copies"]

MARKER: Final = "marked@1"


@dataclass(frozen=True)
class Marked:
    """A marked copy, not yet stored. Close `file` when done: its content exists nowhere else."""

    maker: str
    file: BinaryIO
    """Seekable, at its beginning."""
    size: int
    media_type: str
    details: dict[str, Any]
    """"width", "height" (None where it is sound alone), "pictures", "sound" (whether it has any), "dropped" (pictures
    without a time of their own), "damaged" (places in the viewing copy that could not be read)."""


def limits_for(size: int, copies: int) -> Limits:
    """What marking a viewing copy of `size` bytes may use: time and output grow with its size and with how many copies
    are made of it in one pass."""
    seconds = 600 + copies * size / 20_000
    return Limits(
        memory=2 << 30,
        cpu_seconds=seconds,
        wall_seconds=2 * seconds,
        stall_seconds=120,
        output_bytes=copies * ((64 << 20) + 4 * size),
    )


def mark_copies(
    stream: BinaryIO,
    marks: Mapping[str, Sequence[str]],
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    *,
    limits: Limits | None = None,
    scratch: Path | None = None,
) -> dict[str, Marked]:
    """Make a marked copy of the viewing copy in `stream` (seekable) for each of `marks`: by a name, the parts of its
    text. Sound is passed through as it is, and the time of every picture is kept. Where there is sound alone the text
    stands in the file's comment and nowhere else.

    progress gets 0..1 for all of them. scratch: the folder in which they lie, encrypted and without a name, until their
    files are closed. Raises LimitedRefused when it is no viewing copy that can be decoded, another LimitedError when it
    was stopped, LimitedCancelled, and whatever `stream`, the scratch files or the callbacks raise.
    """
    files = {name: cast(BinaryIO, Scratch(scratch)) for name in marks}
    try:
        details = run_limited(
            "candor.footage.media.work:mark",
            stream,
            {"marks": {name: list(parts) for name, parts in marks.items()}},
            limits or limits_for(stream.seek(0, os.SEEK_END), len(files)),
            progress=progress,
            cancelled=cancelled,
            outputs=files,
        )
    except BaseException:
        for file in files.values():
            file.close()
        raise
    media_type = "video/mp4" if details["pictures"] else "audio/mp4"
    return {name: _marked(file, media_type, details) for name, file in files.items()}


def _marked(file: BinaryIO, media_type: str, details: dict[str, Any]) -> Marked:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return Marked(MARKER, file, size, media_type, dict(details))
