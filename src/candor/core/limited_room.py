"""How many limited processes there are at a time: a number, and the memory they are allowed together.

A hundred files that arrive together are examined one after another, a few at a time, not by a hundred processes. Work
that lasts (a viewing copy takes minutes to hours) leaves a place for work that is short (a look at a file that just
came in), and each of the two kinds comes to its turn in the order of asking.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from candor.core.limited_errors import LimitedBusy, LimitedCancelled

SHORT_SECONDS: Final = 120.0
"""Work that may take longer lasts."""
PATIENCE: Final = 600.0
"""Seconds that short work waits for a place. Work that lasts waits as long as it must: it is a job."""
_TICK: Final = 0.1


def usual_places() -> int:
    """One more than there are processors, and at least three."""
    return max(3, (os.cpu_count() or 1) + 1)


def usual_memory() -> int:
    """Half of the machine's memory, in bytes."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (ValueError, OSError):
        return 4 << 30


class Room:
    """The places of one process of the service. For any number of threads."""

    def __init__(self, places: int, memory: int, patience: float = PATIENCE) -> None:
        """places: processes at a time, at least 2. memory: bytes that their limits may come to together."""
        self.places, self.memory, self.patience = places, memory, patience
        self.begin()

    def begin(self) -> None:
        """Nobody is inside. Also in a fork of the service, which has none of the other one's threads."""
        self._changed = threading.Condition()
        self._waiting: dict[bool, deque[object]] = {True: deque(), False: deque()}
        self._inside = {True: 0, False: 0}
        self._taken = 0

    @contextlib.contextmanager
    def place(self, memory: int, wall_seconds: float, cancelled: Callable[[], bool] | None) -> Iterator[None]:
        """Hold a place for work with these limits. LimitedBusy when it took too long, LimitedCancelled."""
        lasting = wall_seconds > SHORT_SECONDS
        self._enter(memory, lasting, cancelled)
        try:
            yield
        finally:
            with self._changed:
                self._inside[lasting] -= 1
                self._taken -= memory
                self._changed.notify_all()

    def _enter(self, memory: int, lasting: bool, cancelled: Callable[[], bool] | None) -> None:
        ticket, asked = object(), time.monotonic()
        queue = self._waiting[lasting]
        with self._changed:
            queue.append(ticket)
        try:
            while True:
                with self._changed:
                    if queue[0] is ticket and self._fits(memory, lasting):
                        self._inside[lasting] += 1
                        self._taken += memory
                        return
                    self._changed.wait(_TICK)
                # Asked without the lock: it may take its time.
                if cancelled is not None and cancelled():
                    raise LimitedCancelled()
                if not lasting and time.monotonic() - asked > self.patience:
                    raise LimitedBusy(seconds=self.patience)
        finally:
            with self._changed:
                queue.remove(ticket)
                self._changed.notify_all()

    def _fits(self, memory: int, lasting: bool) -> bool:
        if sum(self._inside.values()) >= self.places or (lasting and self._inside[True] >= self.places - 1):
            return False
        # One of each kind may always run: otherwise something allowed more than there is would wait for ever.
        return self._taken + memory <= self.memory or not self._inside[lasting]
