"""Work whose module starts a thread when it is imported: nothing can be forked from a process that has it."""

from __future__ import annotations

import threading
from typing import Any

from candor.core.limited_task import Task

_forever = threading.Event()
threading.Thread(target=_forever.wait, daemon=True).start()


def answer(task: Task) -> dict[str, Any]:
    """How many threads there are."""
    return {"threads": threading.active_count()}
