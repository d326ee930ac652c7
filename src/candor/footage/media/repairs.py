"""Repairing a damaged film: the parent's side of `repair.py` and `repair_profile.py`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from candor.core.limited import LimitedGarbage, Limits, run_limited
from candor.footage.media.scratch import Scratch

REPAIRER: Final = "repair@1"
"""The version of what repairs."""
REPAIRABLE: Final = frozenset(
    {"index-missing", "index-broken", "ends-early", "length-unknown", "damaged", "picture-undecodable"}
)
"""Problems of a probe (`findings.PROBLEMS`) after which a repair is worth the attempt."""
NEEDS_INDEX: Final = frozenset({"index-missing", "index-broken", "picture-undecodable"})
"""Those of them that a reference of the same camera may help with."""
PROFILE_LIMITS: Final = Limits(memory=1 << 30, cpu_seconds=30, wall_seconds=90)
_MEDIA_TYPES: Final = {
    "mp4": "video/mp4", "matroska": "video/x-matroska", "mpegts": "video/mp2t", "avi": "video/x-msvideo"
}  # fmt: skip
_WORDS: Final = (
    "v", "method", "container", "codec", "rate", "rate_from", "parameters_from", "sound", "sound_codec",
)  # fmt: skip
_NUMBERS: Final = (
    "width", "height", "pictures", "pictures_dropped", "picture_ms", "length_ms", "claimed_ms", "estimated_ms",
    "sound_ms", "sound_dropped", "skipped_count", "skipped_bytes", "media_bytes", "used_bytes",
)  # fmt: skip


@dataclass(frozen=True)
class Repaired:
    """A repaired film, not yet stored. Close `file` when done: its content exists nowhere else."""

    file: BinaryIO
    """Seekable, at its beginning."""
    size: int
    media_type: str
    maker: str
    report: dict[str, Any]
    """What was recovered and what was lost: see `repair.repair`."""


def worth_repairing(problems: Iterable[str]) -> bool:
    """Whether there is something to repair after these problems of a probe."""
    return not REPAIRABLE.isdisjoint(problems)


def limits_for(size: int) -> Limits:
    """What repairing a film of `size` bytes may use, a day of processor time at most. Every picture is decoded once,
    and all of it is copied."""
    seconds = min(300 + size / 40_000, 86_400)
    return Limits(
        memory=1 << 30,
        cpu_seconds=seconds,
        wall_seconds=2 * seconds,
        stall_seconds=120,
        output_bytes=(64 << 20) + 3 * size,
    )


def profile_of(
    stream: BinaryIO, *, limits: Limits = PROFILE_LIMITS, cancelled: Callable[[], bool] | None = None
) -> dict[str, Any]:
    """How the camera writes, by a whole film of it. LimitedRefused when it is none; otherwise as `run_limited`."""
    return run_limited("candor.footage.media.work:profile", stream, {}, limits, cancelled=cancelled)


def make_repaired(
    stream: BinaryIO,
    reference: dict[str, Any] | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    *,
    limits: Limits | None = None,
    scratch: Path | None = None,
) -> Repaired:
    """Make a film of what can be recovered of the damaged one in `stream` (seekable).

    reference: what `profile_of` gave of a whole film of the same camera. scratch: the folder in which the new film
    lies, encrypted and without a name, until its file is closed.

    Raises LimitedRefused, with the reason, when nothing can be shown; another LimitedError when it was stopped;
    LimitedCancelled; and whatever `stream`, the scratch file or the callbacks raise.
    """
    files: dict[str, BinaryIO] = {name: cast(BinaryIO, Scratch(scratch)) for name in ("copied", "rebuilt")}
    kept = ""
    try:
        report = run_limited(
            "candor.footage.media.work:repair",
            stream,
            {"reference": reference},
            limits or limits_for(stream.seek(0, os.SEEK_END)),
            progress=progress,
            cancelled=cancelled,
            outputs=files,
        )
        name, report = _checked(report)
        file = files[name]
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        kept = name
    finally:
        for other, one in files.items():
            if other != kept:
                one.close()
    return Repaired(file, size, _MEDIA_TYPES[report["container"]], REPAIRER, report)


def _checked(told: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Which output holds the film, and the report with nothing in it but what belongs there: it goes on record."""
    output = told.get("output")
    if output not in ("copied", "rebuilt") or told.get("container") not in _MEDIA_TYPES:
        raise LimitedGarbage(how="it repaired a film into nothing known")
    report: dict[str, Any] = {}
    for name in _WORDS:
        value = told.get(name)
        report[name] = value[:40] if isinstance(value, str) and value[:40].isprintable() else None
    for name in _NUMBERS:
        value = told.get(name)
        report[name] = value if isinstance(value, int) and 0 <= value < 1 << 62 else None
    ranges = told.get("skipped")
    report["skipped"] = [
        [int(one[0]), int(one[1])]
        for one in (ranges if isinstance(ranges, list) else [])[:100]
        if isinstance(one, list) and len(one) == 2 and all(isinstance(place, int) for place in one)
    ]
    return output, report
