"""Small files beside recordings, and places within recordings, read in a limited process, under one name: one warm
process serves all of it. The parent's side is `sidecar.py` and `track.py`."""

from __future__ import annotations

from typing import Any

from candor.core.limited_task import Task
from candor.footage.media.sidecar_dialects import read_small
from candor.footage.media.track_freegps import read_freegps

__all__ = ["places", "sidecar"]


def sidecar(task: Task) -> dict[str, Any]:
    """What a small file says: `sidecar_dialects.read_small` over the task's source."""
    return read_small(task.source, str(task.params.get("name", "")))


def places(task: Task) -> dict[str, Any]:
    """Where a recording says it was made: `track_freegps.read_freegps` over the task's source."""
    return read_freegps(task.source, task.params.get("seconds"))
