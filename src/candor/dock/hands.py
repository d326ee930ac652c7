"""The threads that the door works with, and how many may send at a time.

Four small groups, so that nothing waits for what it has nothing to do with: sealers take one piece of one body at a
time, in the order in which pieces came, so everyone who sends gets the same share; finishers make a body durable and
examine it; settlers do what follows from it, which may be to decrypt a long clip; clerks answer the short questions.
However many send, there are no more threads than these.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from candor.core.errors import CandorError

__all__ = ["MOST_BODIES", "Busy", "Hands"]

#: Bodies that are taken in at a time; each takes about 3 MiB of memory. Whoever comes beyond that tries again soon.
MOST_BODIES = 256
#: Mostly they wait, for disks and for commits that many share; the more there are, the more share one.
_FINISHERS, _SETTLERS, _CLERKS = 16, 8, 24

P = ParamSpec("P")
R = TypeVar("R")


class Busy(CandorError):
    """Too many files are being handed over at this moment. Nothing of this one was kept. Try again in some seconds."""

    exit_code = 7


class Hands:
    """The threads of one door. Close it at the end."""

    def __init__(self, most: int = MOST_BODIES) -> None:
        self._most, self._bodies = most, 0
        self.ended = threading.Event()
        self.sealers = ThreadPoolExecutor(max(2, os.cpu_count() or 1), "dock-sealing")
        self.finishers = ThreadPoolExecutor(_FINISHERS, "dock-finishing")
        self.settlers = ThreadPoolExecutor(_SETTLERS, "dock-settling")
        self.clerks = ThreadPoolExecutor(_CLERKS, "dock-asking")

    @contextmanager
    def body(self) -> Iterator[None]:
        """One body more, while the block runs; asked on the event loop alone. Raises Busy."""
        if self._bodies >= self._most:
            raise Busy()
        self._bodies += 1
        try:
            yield
        finally:
            self._bodies -= 1

    async def ask(self, act: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
        """A short act, such as a question to the database."""
        return await asyncio.get_running_loop().run_in_executor(self.clerks, lambda: act(*args, **named))

    async def finish(self, act: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
        """An act that syncs disks or examines files."""
        return await asyncio.get_running_loop().run_in_executor(self.finishers, lambda: act(*args, **named))

    async def settle(self, act: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
        """An act that follows from what is durable already, and may take long."""
        return await asyncio.get_running_loop().run_in_executor(self.settlers, lambda: act(*args, **named))

    def seal(self, act: Callable[P, R], *args: P.args, **named: P.kwargs) -> asyncio.Future[R]:
        """Begin the sealing of one piece, behind those that came before it."""
        return asyncio.get_running_loop().run_in_executor(self.sealers, lambda: act(*args, **named))

    def close(self) -> None:
        """Let the threads end with what they are at."""
        self.ended.set()
        for pool in (self.sealers, self.finishers, self.settlers, self.clerks):
            pool.shutdown(wait=False)
