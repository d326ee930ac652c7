"""Reading a captions file from outside. Runs in a limited process; see `footage.captions` for the parent's side."""

from __future__ import annotations

import json
from typing import Any

from candor.core.limited_task import Refused, Task
from candor.footage import vtt


def captions(task: Task) -> dict[str, Any]:
    """The task. Result: {"text": a TranscriptText as JSON}. Refused("not-vtt") with the line and why."""
    try:
        text = vtt.read(task.source.read(vtt.MAX_BYTES + 1))
    except vtt.VttWrong as error:
        raise Refused("not-vtt", str(error)) from error
    return {"text": json.loads(text.to_bytes())}
