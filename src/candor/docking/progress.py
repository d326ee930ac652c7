"""What is being received at this moment in this process: a list in memory, for whoever watches.

Nothing depends on it: it is lost with the process, as what it shows is. Only what is durable is evidence, and that
stands in the database.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

__all__ = ["Receiving", "receiving", "under_way"]

_lock = threading.Lock()
_now: dict[int, Receiving] = {}
_numbers = itertools.count(1)


@dataclass
class Receiving:
    """A file on its way in. `kind`: axis, tus, card, link; sizes in bytes; `total`: None when nobody said."""

    kind: str
    dock_id: str | None
    name: str
    total: int | None
    size: int = 0
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)

    @property
    def rate(self) -> float:
        """Bytes a second since it began."""
        return self.size / max(self.told - self.began, 0.001)


@contextmanager
def receiving(kind: str, dock_id: str | None, name: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a file while the block runs; call what is yielded with how many bytes there are by now."""
    one, number = Receiving(kind, dock_id, name, total), next(_numbers)
    with _lock:
        _now[number] = one

    def told(size: int) -> None:
        one.size, one.told = size, time.monotonic()

    try:
        yield told
    finally:
        with _lock:
            del _now[number]


def under_way(kind: str | None = None, dock_id: str | None = None) -> list[Receiving]:
    """What is on its way in, oldest first: all, or of one kind or dock."""
    with _lock:
        found = list(_now.values())
    return [one for one in found if kind in (None, one.kind) and dock_id in (None, one.dock_id)]
