"""What a step takes: time by the clock, processor time and memory, of this process and of all that it started.

Limited processes are forked from ones that are kept warm, as in a service that is up. These are not ended to be
counted: what they and their children spent is read while they wait.
"""

from __future__ import annotations

import contextlib
import os
import resource
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from candor.core import limited

__all__ = ["Memory", "SpeedOf", "processor_seconds", "timed"]

_EVERY: Final = 0.1  # seconds between two looks at memory
_TIMES: Final = slice(11, 15)  # of /proc/…/stat after the name: its own and its children's, user and system


@dataclass(frozen=True)
class SpeedOf:
    """What a step took: wall and processor seconds, of so many pictures."""

    wall: float
    processor: float
    pictures: int

    @property
    def rate(self) -> float:
        """Pictures a second by the clock."""
        return self.pictures / self.wall if self.wall else 0.0

    @property
    def cost(self) -> float:
        """Processor milliseconds a picture."""
        return 1000 * self.processor / self.pictures if self.pictures else 0.0


@contextlib.contextmanager
def timed(speeds: dict[str, SpeedOf], step: str, pictures: int) -> Iterator[None]:
    """Put under `step` what is spent within."""
    before, begun = processor_seconds(), time.perf_counter()
    yield
    wall = time.perf_counter() - begun
    speeds[step] = SpeedOf(wall, processor_seconds() - before, pictures)


def processor_seconds() -> float:
    """Of this process, of what it started and has ended, and of what waits to be forked from."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    waiting = sum(_of_process(number) for number in limited.waiting_processes())
    return waiting + sum(one.ru_utime + one.ru_stime for one in used)


def _of_process(number: int) -> float:
    """Seconds of a process that is there and of its children that have ended."""
    try:
        words = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, words[_TIMES])) / os.sysconf("SC_CLK_TCK")


class Memory:
    """Looks ten times a second at what this process and all below it hold, while it is entered.

    Pages that two of them share count twice: the true number is no larger.
    """

    def __init__(self) -> None:
        self.most = 0
        """Bytes, at the worst moment."""
        self._over = threading.Event()

    def __enter__(self) -> Memory:
        self._over.clear()
        self._thread = threading.Thread(target=self._look_on, name="candor-memory", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look_on(self) -> None:
        while True:
            self.most = max(self.most, _held(os.getpid()))
            if self._over.wait(_EVERY):
                return


def _held(number: int) -> int:
    """Bytes that a process and all below it hold; what ended meanwhile holds none."""
    own = 0
    below: list[str] = []
    with contextlib.suppress(OSError):
        own = int(Path(f"/proc/{number}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        for thread in os.listdir(f"/proc/{number}/task"):
            with contextlib.suppress(OSError):
                below += Path(f"/proc/{number}/task/{thread}/children").read_text().split()
    return own + sum(_held(int(one)) for one in below)
