"""Small raw pictures of a part, decoded in a limited process, looked at here.

Decoding (there) and looking (here, in a thread of its own) go on at the same time; what is decoded waits in a short
queue, and where that is full decoding waits. The parent's side of `frames_work.py`.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, TypeVar, cast

import numpy as np
import numpy.typing as npt

from candor.core.limited import LimitedGarbage, run_limited
from candor.redaction.media.plan import Plan, limits_for
from candor.redaction.media.sent_pictures import CUT, GREY, MARK, PLANE, RECORD

__all__ = ["GREY_SIDE", "Looked", "Wish", "grey_size", "watch"]

GREY_SIDE: Final = 480
"""Pixels of the longer side of the plane in which motion is followed."""
_DUE: Final = 1.5  # times as long as pictures usually take
_WAITING: Final = 6  # pictures in the queue
_MOST_OUTPUT: Final = 1 << 50  # bytes; what counts is the time, memory does not grow with it

Pixels = npt.NDArray[np.uint8]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Wish:
    """Colour pictures for a detector: of each size (width, height, even) in turn, of every `every`-th picture."""

    sizes: tuple[tuple[int, int], ...]
    every: int = 1


@dataclass(frozen=True)
class Looked:
    """One picture. `number`: as counted from the one that `watch` was given. `cut`: it has nothing to do with the one
    before. `colour`: (place of the wish, pixels) of the pictures made for detectors."""

    time: int
    number: int
    cut: bool
    grey: Pixels
    colour: list[tuple[int, Pixels]] = field(default_factory=list)


def grey_size(plan: Plan, side: int = GREY_SIDE) -> tuple[int, int]:
    """Width and height of the grey plane: even, the longer at most `side`, never enlarged."""
    width, height = plan.picture.width, plan.picture.height
    scale = min(1.0, side / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def watch(
    stream: BinaryIO,
    plan: Plan,
    look: Callable[[Iterator[Looked]], Result],
    *,
    begin: int | None = None,
    until: int | None = None,
    times: Sequence[int] | None = None,
    wishes: Sequence[Wish] = (),
    side: int = GREY_SIDE,
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[Result, dict[str, Any]]:
    """Give `look` the pictures with begin <= time < until, in order; return what it returns, and {"pictures",
    "damaged"}.

    begin, until: None, or the plan cannot be sought: from the start, to the end. times: those pictures alone, growing,
    each with everything that is wished. `look` runs in a thread of its own; it may stop before the end. progress: gets
    the time of the newest picture, in the calling thread, as does `cancelled`.

    Raises a LimitedError, and whatever `stream`, `look` or the callbacks raise.
    """
    begin = begin if plan.seekable else None
    size = grey_size(plan, side)
    line = _Line(look, _sizes(size, wishes), progress)
    params = {
        "begin": begin,
        "until": until,
        "times": None if times is None else list(times),
        "seekable": plan.seekable,
        "number": 0 if begin is None else plan.frames.number_at(begin),
        "grey": list(size),
        "wishes": [_asked(plan, wish) for wish in wishes],
        "coded": list(plan.coded),
    }
    facts: dict[str, Any] = {"pictures": 0, "damaged": 0}
    line.begin()
    try:
        facts = run_limited(
            "candor.redaction.media.work:frames",
            stream,
            params,
            limits_for(stream.seek(0, os.SEEK_END), output=_MOST_OUTPUT),
            cancelled=cancelled,
            outputs={"planes": cast(BinaryIO, line)},
        )
    except _Enough:
        pass
    except BaseException:
        line.abandon()
        raise
    return line.end(), facts


def _asked(plan: Plan, wish: Wish) -> dict[str, Any]:
    """A wish as the limited process gets it. `span`: ticks after which a picture is due, however few came since."""
    count = len(plan.frames)
    usual = (plan.frames.at(count - 1) - plan.frames.at(0)) / (count - 1) if count > 1 else 0
    span = max(1, round(_DUE * wish.every * usual))
    return {"sizes": [list(one) for one in wish.sizes], "every": wish.every, "span": span}


def _sizes(grey: tuple[int, int], wishes: Sequence[Wish]) -> dict[int, set[tuple[int, int, int]]]:
    """Slot: (channels, width, height) of what may come for it."""
    return {GREY: {(1, *grey)}} | {slot: {(3, *size) for size in wish.sizes} for slot, wish in enumerate(wishes)}


class _Enough(Exception):
    """The looker has seen what it wanted."""


class _Line:
    """Where the limited process writes (a file that only goes on), and from where `look` reads."""

    def __init__(
        self,
        look: Callable[[Iterator[Looked]], Any],
        allowed: dict[int, set[tuple[int, int, int]]],
        progress: Callable[[int], None] | None,
    ) -> None:
        self._look = look
        self._progress = progress
        self._queue: queue.Queue[Looked | None] = queue.Queue(_WAITING)
        self._parser = _parse(allowed)
        self._wanted = next(self._parser)
        self._bytes = bytearray()
        self._position = 0
        self._over = threading.Event()  # nobody reads from the queue any more
        self._abandoned = False
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="candor-looking", daemon=True)

    # the limited process's side: what a seekable file would be asked

    def seek(self, offset: int, whence: int = 0) -> int:
        """Only to where it is."""
        if whence != 0 or offset != self._position:
            raise LimitedGarbage(how="it did not write its pictures one after another")
        return offset

    def write(self, data: bytes) -> int:
        """Take bytes; waits while the queue is full."""
        self._position += len(data)
        self._bytes += data
        while len(self._bytes) >= self._wanted:
            piece = bytes(self._bytes[: self._wanted])
            del self._bytes[: self._wanted]
            found = self._parser.send(piece)
            if isinstance(found, Looked):
                self._put(found)
                found = next(self._parser)
            self._wanted = found
        return len(data)

    def _put(self, looked: Looked) -> None:
        if self._progress is not None:
            self._progress(looked.time)
        while not self._over.is_set():
            try:
                self._queue.put(looked, timeout=0.1)
                return
            except queue.Full:
                continue
        raise _Enough

    # the looker's side

    def begin(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._look(self._pictures())
        except BaseException as error:
            self._error = error
        finally:
            self._over.set()

    def _pictures(self) -> Iterator[Looked]:
        while not self._abandoned:
            try:
                looked = self._queue.get(timeout=0.1)
            except queue.Empty:
                continue
            if looked is None:
                return
            yield looked

    def end(self) -> Any:
        """Everything was sent: what `look` made of it."""
        while not self._over.is_set():
            try:
                self._queue.put(None, timeout=0.1)
                break
            except queue.Full:
                continue
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._result

    def abandon(self) -> None:
        """Nothing more comes. What `look` raises of its own from here on does not count."""
        self._abandoned = True
        self._thread.join()


def _parse(allowed: dict[int, set[tuple[int, int, int]]]) -> Generator[Any, bytes, None]:
    """Yields how many bytes it wants, is sent them; yields a Looked when one is whole. Believes nothing."""
    while True:
        mark, time, number, flags, planes = RECORD.unpack((yield RECORD.size))
        if mark != MARK or not 1 <= planes <= 64:
            raise LimitedGarbage(how="it sent something that is no picture")
        grey: Pixels | None = None
        colour: list[tuple[int, Pixels]] = []
        for _ in range(planes):
            slot, channels, width, height = PLANE.unpack((yield PLANE.size))
            if (channels, width, height) not in allowed.get(slot, ()):
                raise LimitedGarbage(how="it sent a picture of a size nobody asked for")
            data = yield width * height * channels
            pixels = np.frombuffer(data, np.uint8)
            if slot == GREY:
                grey = pixels.reshape(height, width)
            else:
                colour.append((slot, pixels.reshape(height, width, channels)))
        if grey is None:
            raise LimitedGarbage(how="it sent a picture without its grey plane")
        yield Looked(time, number, bool(flags & CUT), grey, colour)
