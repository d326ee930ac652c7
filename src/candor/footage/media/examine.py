"""Examining a file from outside: the parent's side of `probe.py`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, BinaryIO, Final

from candor.core.limited import (
    LimitedCancelled,
    LimitedError,
    LimitedUnavailable,
    Limits,
    run_patiently,
)
from candor.footage.media.findings import PROBLEMS

__all__ = ["PROBE_LIMITS", "PROBLEMS", "examine"]

PROBE_LIMITS: Final = Limits(memory=1 << 30, cpu_seconds=30, wall_seconds=90)


def examine(
    stream: BinaryIO, *, limits: Limits = PROBE_LIMITS, cancelled: Callable[[], bool] | None = None
) -> dict[str, Any]:
    """What the file in `stream` (seekable) claims, and whether it plays: see `probe.probe_stream` for the shape.

    A file that cannot be examined is a finding too: then "playable" is false, "problems" holds "examination-stopped",
    and "stopped" says why in plain words. Raises LimitedCancelled, LimitedUnavailable when no process could be
    started, and whatever reading `stream` raises.
    """
    try:
        return run_patiently("candor.footage.media.work:probe", stream, {}, limits, cancelled=cancelled)
    except (LimitedCancelled, LimitedUnavailable):
        raise
    except LimitedError as error:
        return {
            "v": "probe@1", "size": stream.seek(0, os.SEEK_END), "container": None, "duration": None, "start": None,
            "bit_rate": None, "streams": [], "times": [], "device": {}, "place": None, "tags": [], "data_tracks": [],
            "packets": {"read": 0, "damaged": 0}, "playable": False, "problems": ["examination-stopped"],
            "signatures": [],
            "stopped": str(error),
        }  # fmt: skip
