"""The parent's end of the line to one limited process: it answers what it is asked for, within the limits.

Nothing the child sends is believed: every frame is checked, what it may read and write is counted, and the clock runs.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from candor.core import limited_wire
from candor.core.limited_errors import (
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
from candor.core.limited_process import Process
from candor.core.limited_words import note_of, plain, result_of, signal_name

log = logging.getLogger(__name__)

_TICK = 0.1  # seconds between two looks at the clock and at `cancelled`
_LEAVING = 0.5  # seconds to leave by itself after its answer
_KEPT_ERRORS = 4096  # bytes of the child's last words, for the log
_SENT: Final = (signal.SIGKILL, signal.SIGXCPU)  # signals that a limit or somebody else sends
_told: set[str] = set()


@dataclass(frozen=True)
class Limits:
    """What one examination may use."""

    memory: int = 512 << 20
    """Bytes of address space beyond what the interpreter and its libraries take."""
    cpu_seconds: float = 30
    """Processor time, all threads together."""
    wall_seconds: float = 60
    """Time from start to result."""
    stall_seconds: float | None = None
    """Time without a sign of life (a read, a write, progress); None: only `wall_seconds` counts."""
    output_bytes: int = 0
    """How far the outputs together may reach, and also four times that for all writing (rewriting counts)."""
    result_bytes: int = 1 << 20
    """Size of the JSON result."""
    files: int = 0
    """Descriptors that may exist; with 0 no new one can be made, those already open stay."""


class Conversation:
    """One task with one child, from its start to its burial."""

    def __init__(
        self,
        target: str,
        stream: BinaryIO | None,
        limits: Limits,
        progress: Callable[[float], None] | None,
        cancelled: Callable[[], bool] | None,
        outputs: Mapping[str, BinaryIO],
    ) -> None:
        self.target = target
        self.stream = stream
        self.limits = limits
        self.progress = progress
        self.cancelled = cancelled
        self.names = list(outputs)
        self.outputs = list(outputs.values())
        self.reach = [0] * len(self.outputs)
        self.written = 0
        self.measures: dict[str, str] = {}
        self.errors = b""
        self.answered = False
        self.crashed = False
        """The child broke off by itself or talked nonsense: what it was forked from shall not be used again."""
        self.heard_errors = True
        self.started = self.alive = time.monotonic()
        self.asked = 0.0

    def run(self, begin: Callable[[int], Process], params: dict[str, Any], import_from: list[str]) -> dict[str, Any]:
        """Begin a process (given the descriptor of its end of the line), talk, and never leave it behind."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket = ours
        try:
            with theirs:
                self.child = begin(theirs.fileno())
            self.started = self.alive = time.monotonic()
            try:
                return self._talk(self._setup(params, import_from))
            except LimitedGarbage:
                self.crashed = True
                raise
            finally:
                self._bury()
        finally:
            ours.close()

    def _setup(self, params: dict[str, Any], import_from: list[str]) -> bytes:
        size = self.stream.seek(0, os.SEEK_END) if self.stream is not None else 0
        limits = self.limits
        setup = {
            "target": self.target,
            "params": params,
            "size": size,
            "outputs": self.names,
            "import_from": import_from,
            "parent": self.child.parent,
            "limits": {"memory": limits.memory, "cpu_seconds": limits.cpu_seconds, "files": limits.files},
        }
        return json.dumps(setup).encode()

    def _talk(self, setup: bytes) -> dict[str, Any]:
        self.socket.setblocking(False)
        self._send(limited_wire.SETUP, setup)
        while True:
            header = self._receive(limited_wire.HEADER.size)
            if header is None:
                raise self._how_it_ended()
            kind, length = limited_wire.HEADER.unpack(header)
            self._check(kind, length)
            payload = self._receive(length)
            if payload is None:
                raise self._how_it_ended()
            self.alive = time.monotonic()
            if kind == limited_wire.RESULT:
                self.answered = True
                return result_of(payload)
            self._answer(kind, payload)
            self._look_at_the_clock()

    def _check(self, kind: int, length: int) -> None:
        if kind == limited_wire.RESULT and length > self.limits.result_bytes:
            raise LimitedTooMuch(limit=self.limits.result_bytes, what="result")
        wrong = limited_wire.check_frame(kind, length, self.limits.result_bytes)
        if wrong:
            raise LimitedGarbage(how=wrong)

    def _answer(self, kind: int, payload: bytes) -> None:
        match kind:
            case limited_wire.READ:
                self._read(*limited_wire.READ_FRAME.unpack(payload))
            case limited_wire.WRITE:
                header = limited_wire.WRITE_FRAME.size
                number, offset = limited_wire.WRITE_FRAME.unpack(payload[:header])
                self._write(number, offset, payload[header:])
            case limited_wire.FETCH:
                self._fetch(*limited_wire.FETCH_FRAME.unpack(payload))
            case limited_wire.PROGRESS:
                (fraction,) = limited_wire.PROGRESS_FRAME.unpack(payload)
                if not 0 <= fraction <= 1:
                    raise LimitedGarbage(how="progress outside 0 to 1")
                if self.progress:
                    self.progress(fraction)
            case limited_wire.HELLO:
                self._hear_measures(payload)
            case limited_wire.REFUSED:
                note = note_of(payload)
                raise LimitedRefused(code=plain(note.get("code")), reason=plain(note.get("reason")))
            case _:
                raise self._failure(note_of(payload))

    def _read(self, offset: int, length: int) -> None:
        if length > limited_wire.MAX_BLOCK or self.stream is None:
            raise LimitedGarbage(how="it asked for input it cannot have")
        self._send(limited_wire.DATA, _read_at(self.stream, offset, length))

    def _write(self, number: int, offset: int, data: bytes) -> None:
        if number >= len(self.outputs):
            raise LimitedGarbage(how="it wrote to an output that does not exist")
        self.reach[number] = max(self.reach[number], offset + len(data))
        self.written += len(data)
        most = self.limits.output_bytes
        if sum(self.reach) > most or self.written > 4 * most:
            raise LimitedTooMuch(limit=most, what="output")
        output = self.outputs[number]
        output.seek(offset)
        output.write(data)

    def _fetch(self, number: int, offset: int, length: int) -> None:
        if number >= len(self.outputs) or length > limited_wire.MAX_BLOCK:
            raise LimitedGarbage(how="it asked for an output it cannot have")
        self._send(limited_wire.DATA, _read_at(self.outputs[number], offset, length))

    def _hear_measures(self, payload: bytes) -> None:
        self.measures = {plain(key): plain(value) for key, value in note_of(payload).items()}
        for measure, word in self.measures.items():
            if word != "on" and measure not in _told:
                _told.add(measure)
                log.warning("examining files is less confined here: %s: %s", measure, word)

    # the socket, with one eye on the clock

    def _receive(self, length: int) -> bytes | None:
        """Exactly `length` bytes, or None when the child has gone."""
        data = bytearray()
        while len(data) < length:
            try:
                piece = self.socket.recv(min(length - len(data), limited_wire.MAX_BLOCK))
            except BlockingIOError:
                self._wait(select.POLLIN)
                continue
            except ConnectionError:
                return None
            if not piece:
                return None
            data += piece
        return bytes(data)

    def _send(self, kind: int, payload: bytes) -> None:
        view = memoryview(limited_wire.frame(kind, payload))
        while view:
            try:
                view = view[self.socket.send(view) :]
            except BlockingIOError:
                self._wait(select.POLLOUT)
            except ConnectionError as error:
                raise self._how_it_ended() from error

    def _wait(self, event: int) -> None:
        """Until the socket is ready for `event` or a moment has passed; raises when the time is over."""
        poll = select.poll()
        poll.register(self.socket, event)
        if self.heard_errors:
            poll.register(self.child.errors, select.POLLIN)
        ready = dict(poll.poll(_TICK * 1000))
        if self.child.errors in ready:
            self._hear_errors()
        self._look_at_the_clock()

    def _hear_errors(self) -> None:
        words = os.read(self.child.errors, 65536)
        self.heard_errors = bool(words)
        self.errors = (self.errors + words)[-_KEPT_ERRORS:]

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        if self.cancelled is not None and now - self.asked >= _TICK:
            self.asked = now
            if self.cancelled():
                raise LimitedCancelled()
        if now - self.started > self.limits.wall_seconds:
            raise LimitedHeldUp(seconds=self.limits.wall_seconds, what="time")
        stall = self.limits.stall_seconds
        if stall is not None and now - self.alive > stall:
            raise LimitedHeldUp(seconds=stall, what="time without progress")

    # the end

    def _failure(self, note: dict[str, Any]) -> LimitedError:
        if note.get("kind") == "memory":
            return LimitedMemory(memory_mib=self.limits.memory >> 20)
        return LimitedFailed(text=plain(note.get("text")))

    def _how_it_ended(self) -> LimitedError:
        """The socket was closed without a result: why?"""
        status = self.child.wait(2)
        if status is None:
            return LimitedGarbage(how="it closed its line and went on")
        if not self.measures:
            return LimitedUnavailable(reason=self._last_words() or f"it ended at once with status {status}")
        self.crashed = status < 0 and -status not in _SENT
        if status == -signal.SIGXCPU:
            return LimitedSlow(seconds=self.limits.cpu_seconds, what="processor time")
        if status == -signal.SIGKILL:
            return LimitedKilled()
        if status < 0:
            return LimitedCrashed(how=signal_name(-status))
        return LimitedCrashed(how=f"it ended with status {status} and without a result")

    def _last_words(self) -> str:
        os.set_blocking(self.child.errors, False)
        with contextlib.suppress(BlockingIOError):
            while self.heard_errors:
                self._hear_errors()
        lines = self.errors.decode("utf-8", "replace").strip().splitlines()
        return plain(lines[-1]) if lines else ""

    def _bury(self) -> None:
        """Kill it if it still runs, and take its status so that no zombie stays."""
        self.child.close(_LEAVING if self.answered else 0)
        if self.errors:
            log.debug("last words of %s: %s", self.target, self.errors.decode("utf-8", "replace"))


def _read_at(stream: BinaryIO, offset: int, length: int) -> bytes:
    """Up to `length` bytes at `offset`, fewer only at the end, also from a raw stream that returns less."""
    if offset >= 1 << 62:
        return b""
    stream.seek(offset)
    pieces: list[bytes] = []
    while length:
        piece = stream.read(length)
        if not piece:
            break
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)
