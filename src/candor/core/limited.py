"""One mechanism for untrusted bytes: a separate process that can compute, and nothing else.

Parsers of media, documents and metadata have faults, and a camera's file may be made by somebody who knows them. So
they run in a process of their own, a fresh one for each task:

1. It has no path and no file. It reads by asking its parent for (offset, length), which answers from a seekable stream:
   the vault's decrypting one, or a file.
2. It makes no file. Its outputs go back over the same socket, are counted, and are written by the parent.
3. Its result is JSON data of bounded size; nothing in it is run or unpickled.
4. Memory, processor time, time and amount of output are bounded; whatever happens to it, the parent lives on and says
   plainly what it was.
5. It gives up its rights before the first byte: no new descriptors, no sockets, no programs, no root
   (`candor.core.limited_lock`). Where a platform lacks a measure, that is logged once and `confinement()` tells it.
6. No process serves two tasks, not even of one recording: what met hostile bytes ends with them. To be quick all the
   same, it is forked from a clean process that has the code in memory and has never read a byte (`limited_forking`,
   `limited_pool`). Where that is not possible a fresh interpreter is started: slower, otherwise the same.
7. There are only so many at a time, and the memory they are allowed together is bounded (`limited_room`).
"""

from __future__ import annotations

import atexit
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from candor.core.limited_conversation import Conversation, Limits
from candor.core.limited_errors import (
    LimitedBusy,
    LimitedCancelled,
    LimitedCrashed,
    LimitedError,
    LimitedFailed,
    LimitedGarbage,
    LimitedHeldUp,
    LimitedKilled,
    LimitedMemory,
    LimitedRefused,
    LimitedSlow,
    LimitedTooMuch,
    LimitedUnavailable,
)
from candor.core.limited_pool import Pool
from candor.core.limited_process import Forked, Process, Started
from candor.core.limited_room import Room, usual_memory, usual_places
from candor.core.limited_template import Template, TemplateGone

__all__ = [
    "LimitedBusy",
    "LimitedCancelled",
    "LimitedCrashed",
    "LimitedError",
    "LimitedFailed",
    "LimitedGarbage",
    "LimitedHeldUp",
    "LimitedKilled",
    "LimitedMemory",
    "LimitedRefused",
    "LimitedSlow",
    "LimitedTooMuch",
    "LimitedUnavailable",
    "Limits",
    "arrange",
    "confinement",
    "end_waiting_processes",
    "run_limited",
    "run_patiently",
    "waiting_processes",
]

log = logging.getLogger(__name__)

ATTEMPTS: Final = 3
"""How often what is examined once and never again is tried."""
_PAUSE: Final = 1.0  # seconds before the second attempt, twice as long before the third
_TRIES = 2  # to fork, before a fresh interpreter is started

_pool = Pool(most=2)
_room = Room(usual_places(), usual_memory())
atexit.register(_pool.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.forget)
    os.register_at_fork(after_in_child=_room.begin)


def run_limited(
    target: str,
    stream: BinaryIO | None,
    params: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    outputs: Mapping[str, BinaryIO] | None = None,
    import_from: Sequence[Path] = (),
) -> dict[str, Any]:
    """Run the function `target` ("package.module:function") over `stream` in a limited process.

    stream: seekable, read only by the calling thread while this runs; its whole length is the input. None: no input.
    params: JSON data for the function. outputs: seekable files by name, open for reading and writing; what they hold
    after an error is of no use. progress gets 0..1. cancelled is asked about ten times a second. import_from: further
    folders from which the function's module may be imported.

    Returns the function's result. Raises a LimitedError, or whatever `stream`, an output or a callback raised.
    """
    limits = limits or Limits()
    folders = [str(folder) for folder in import_from]
    conversation = Conversation(target, stream, limits, progress, cancelled, outputs or {})
    with _room.place(limits.memory, limits.wall_seconds, cancelled):
        begun: list[Template] = []
        try:
            return conversation.run(lambda line: _begin(target, folders, line, begun), dict(params or {}), folders)
        finally:
            for template in begun:
                _pool.release(template, crashed=conversation.crashed)


def run_patiently(
    target: str,
    stream: BinaryIO | None,
    params: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    *,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """As `run_limited`, for what nobody would try again later: a recording must not be without its places for good
    because the machine was busy when it came in. What passes (`LimitedError.passes`) is tried again at once, `ATTEMPTS`
    times in all, and raised after the last. Whoever waited for its turn in vain (LimitedBusy) has waited enough."""
    for attempt in range(1, ATTEMPTS):
        try:
            return run_limited(target, stream, params, limits, cancelled=cancelled)
        except LimitedError as error:
            if not error.passes or isinstance(error, LimitedBusy):
                raise
            log.warning("%s did not come to an end (attempt %d of %d): %s", target, attempt, ATTEMPTS, error)
            time.sleep(_PAUSE * attempt)
    return run_limited(target, stream, params, limits, cancelled=cancelled)


def confinement() -> dict[str, str]:
    """How a limited process is confined on this machine: {measure: "on" or why not}. Starts one to find out."""
    conversation = Conversation("candor.core.limited_idle:idle", None, Limits(), None, None, {})
    conversation.run(Started, {}, [])
    return conversation.measures


def arrange(*, warm: int, places: int | None = None, memory: int | None = None) -> None:
    """Set for this process of the service: how many modules are kept warm (0: every task starts an interpreter), how
    many limited processes there may be at a time (at least 2), and the bytes of memory they may be allowed together.
    None: as the machine suggests."""
    _pool.most = warm
    _room.places = places or usual_places()
    _room.memory = memory or usual_memory()


def end_waiting_processes() -> None:
    """End the processes that are kept warm; one in use ends with its last task. The next task starts what it needs."""
    _pool.drain()


def waiting_processes() -> list[int]:
    """The numbers of the processes that are kept warm now."""
    return _pool.numbers()


def _begin(target: str, import_from: list[str], line: int, begun: list[Template]) -> Process:
    """A process for one task: forked from a warm one where that is possible. `begun` gets what it was forked from."""
    module = target.partition(":")[0]
    for _ in range(_TRIES):
        template = _pool.acquire(module, tuple(import_from))
        if template is None:
            break
        try:
            forked = Forked(template, line)
        except TemplateGone as error:
            log.warning("the process kept ready for %s does not answer (%s); starting another one", module, error)
            _pool.release(template, crashed=True)
            continue
        except BaseException:
            _pool.release(template, crashed=False)
            raise
        begun.append(template)
        return forked
    return Started(line)
