"""The task that does nothing: `candor.core.limited.confinement` runs it to learn how a process is confined here."""

from __future__ import annotations

from candor.core.limited_task import Task


def idle(task: Task) -> dict[str, str]:
    """Nothing."""
    return {}
