"""Reading the places that a recording carries: the parent's side of `track_freegps.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, Final

from candor.core.limited import LimitedCancelled, LimitedError, LimitedUnavailable, Limits, run_patiently

__all__ = ["TRACK_LIMITS", "read_track"]

TRACK_LIMITS: Final = Limits(memory=512 << 20, cpu_seconds=30, wall_seconds=120, result_bytes=24 << 20)


def read_track(
    stream: BinaryIO,
    seconds: float | None,
    *,
    limits: Limits = TRACK_LIMITS,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """The places within the recording in `stream` (seekable), which lasts so many seconds: see
    `track_freegps.read_freegps` for the shape. What cannot be read is a finding: "problems" holds "stopped".

    Raises LimitedCancelled, LimitedUnavailable when no process could be started, and whatever `stream` raises.
    """
    try:
        return run_patiently(
            "candor.footage.media.reading:places", stream, {"seconds": seconds}, limits, cancelled=cancelled
        )
    except (LimitedCancelled, LimitedUnavailable):
        raise
    except LimitedError as error:
        return {
            "v": "freegps@1", "dialect": None, "blocks": 0, "points": [], "timed": None, "problems": ["stopped"],
            "stopped": str(error),
        }  # fmt: skip
