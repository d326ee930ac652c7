"""Reading a small file from outside: the parent's side of `sidecar_dialects.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, Final

from candor.core.limited import LimitedCancelled, LimitedError, LimitedUnavailable, Limits, run_patiently

__all__ = ["LARGEST", "SIDECAR_LIMITS", "facts_of", "read_sidecar"]

#: Bytes of a file that are read at all; a larger one is kept raw, and nothing of it is read.
LARGEST: Final = 16 << 20
SIDECAR_LIMITS: Final = Limits(memory=768 << 20, cpu_seconds=9, wall_seconds=45, result_bytes=24 << 20)
#: What is kept of it beside the file; its points become a track.
_KEPT: Final = ("v", "kind", "encoding", "dialect", "problems", "fields", "hashes", "lines", "stopped")


def read_sidecar(
    stream: BinaryIO, name: str, *, limits: Limits = SIDECAR_LIMITS, cancelled: Callable[[], bool] | None = None
) -> dict[str, Any]:
    """What the file in `stream` (seekable) says, all of it a claim: see `sidecar_dialects.read_small` for the shape.

    A file that cannot be read is a finding too: its kind is "unknown", "problems" holds "stopped", and "stopped" says
    why. Raises LimitedCancelled, LimitedUnavailable when no process could be started, and whatever `stream` raises.
    """
    try:
        return run_patiently(
            "candor.footage.media.reading:sidecar", stream, {"name": name[:255]}, limits, cancelled=cancelled
        )
    except (LimitedCancelled, LimitedUnavailable):
        raise
    except LimitedError as error:
        return {
            "v": "sidecar@1", "kind": "unknown", "encoding": None, "dialect": None, "problems": ["stopped"],
            "fields": {}, "hashes": [], "records": [], "lines": [], "points": [], "stopped": str(error),
        }  # fmt: skip


def facts_of(read: dict[str, Any]) -> dict[str, Any]:
    """What of it is kept as the sidecar's facts: bounded, without the points, which become a track."""
    facts = {name: read[name] for name in _KEPT if read.get(name)}
    if read.get("points"):
        facts["points"] = len(read["points"])
    return facts
