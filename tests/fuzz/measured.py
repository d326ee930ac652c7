"""Runs in the limited process: the real work, and how much memory it took at its peak."""

from __future__ import annotations

import resource
from typing import Any

from candor.core.limited_task import Refused, Task
from candor.docking.axis_track import parse_track
from candor.footage.media import reading, work

_WORK = {
    "probe": work.probe,
    "repair": work.repair,
    "profile": work.profile,
    "signatures": work.check,
    "sidecar": reading.sidecar,
    "places": reading.places,
    "track": parse_track,
}


def measured(task: Task) -> dict[str, Any]:
    """params: {"work": name, "params": its own}. {"result" or "refused", "peak": bytes of memory at most}."""
    name, task.params = task.params["work"], task.params["params"]
    answer: dict[str, Any] = {}
    try:
        answer["result"] = _WORK[name](task)
    except Refused as refusal:
        answer["refused"] = {"code": refusal.code, "reason": refusal.reason}
    answer["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return answer
