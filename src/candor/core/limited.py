"""One mechanism for untrusted bytes: a separate process that can compute, and nothing else.

Parsers of media, documents and metadata have faults, and a camera's file may be made by somebody who knows them. So
they run in a fresh process of their own:

1. It has no path and no file. It reads by asking its parent for (offset, length), which answers from a seekable stream:
   the vault's decrypting one, or a file.
2. It makes no file. Its outputs go back over the same socket, are counted, and are written by the parent.
3. Its result is JSON data of bounded size; nothing in it is run or unpickled.
4. Memory, processor time, time and amount of output are bounded; whatever happens to it, the parent lives on and says
   plainly what it was.
5. It gives up its rights before the first byte: no new descriptors, no sockets, no programs, no root
   (`candor.core.limited_lock`). Where a platform lacks a measure, that is logged once and `confinement()` tells it.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from candor.core import limited_wire
from candor.core.limited_errors import (
    LimitedCancelled,
    LimitedCrashed,
    LimitedError,
    LimitedFailed,
    LimitedGarbage,
    LimitedMemory,
    LimitedRefused,
    LimitedSlow,
    LimitedTooMuch,
    LimitedUnavailable,
)
from candor.core.limited_words import note_of, plain, result_of, signal_name

__all__ = [
    "Limits",
    "LimitedCancelled",
    "LimitedCrashed",
    "LimitedError",
    "LimitedFailed",
    "LimitedGarbage",
    "LimitedMemory",
    "LimitedRefused",
    "LimitedSlow",
    "LimitedTooMuch",
    "LimitedUnavailable",
    "confinement",
    "run_limited",
]

log = logging.getLogger(__name__)

_TICK = 0.1  # seconds between two looks at the clock and at `cancelled`
_KEPT_ERRORS = 4096  # bytes of the child's last words, for the log
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
    return _Conversation(target, stream, limits or Limits(), progress, cancelled, outputs or {}).run(
        dict(params or {}), [str(folder) for folder in import_from]
    )


def confinement() -> dict[str, str]:
    """How a limited process is confined on this machine: {measure: "on" or why not}. Starts one to find out."""
    conversation = _Conversation("candor.core.limited_idle:idle", None, Limits(), None, None, {})
    conversation.run({}, [])
    return conversation.measures


class _Conversation:
    """The parent's end: one child, from its start to its burial."""

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
        self.started = self.alive = time.monotonic()
        self.asked = 0.0

    def run(self, params: dict[str, Any], import_from: list[str]) -> dict[str, Any]:
        """Start, talk, and never leave a process behind."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket = ours
        try:
            with theirs:
                self.child = _start(theirs.fileno())
            try:
                return self._talk(self._setup(params, import_from))
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
            "parent": os.getpid(),
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
        stderr = self.child.stderr
        if stderr is not None and not stderr.closed:
            poll.register(stderr, select.POLLIN)
        ready = dict(poll.poll(_TICK * 1000))
        if stderr is not None and not stderr.closed and stderr.fileno() in ready:
            self._hear_errors(stderr)
        self._look_at_the_clock()

    def _hear_errors(self, stderr: Any) -> None:
        words = os.read(stderr.fileno(), 65536)
        if words:
            self.errors = (self.errors + words)[-_KEPT_ERRORS:]
        else:
            stderr.close()

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        if self.cancelled is not None and now - self.asked >= _TICK:
            self.asked = now
            if self.cancelled():
                raise LimitedCancelled()
        if now - self.started > self.limits.wall_seconds:
            raise LimitedSlow(seconds=self.limits.wall_seconds, what="time")
        stall = self.limits.stall_seconds
        if stall is not None and now - self.alive > stall:
            raise LimitedSlow(seconds=stall, what="time without progress")

    # the end

    def _failure(self, note: dict[str, Any]) -> LimitedError:
        if note.get("kind") == "memory":
            return LimitedMemory(memory_mib=self.limits.memory >> 20)
        return LimitedFailed(text=plain(note.get("text")))

    def _how_it_ended(self) -> LimitedError:
        """The socket was closed without a result: why?"""
        try:
            status = self.child.wait(2)
        except subprocess.TimeoutExpired:
            return LimitedGarbage(how="it closed its line and went on")
        if not self.measures:
            return LimitedUnavailable(reason=self._last_words() or f"it ended at once with status {status}")
        if status == -signal.SIGXCPU:
            return LimitedSlow(seconds=self.limits.cpu_seconds, what="processor time")
        if status == -signal.SIGKILL:
            return LimitedCrashed(how="it was killed from outside, most likely for lack of memory")
        if status < 0:
            return LimitedCrashed(how=signal_name(-status))
        return LimitedCrashed(how=f"it ended with status {status} and without a result")

    def _last_words(self) -> str:
        if self.child.stderr is not None and not self.child.stderr.closed:
            os.set_blocking(self.child.stderr.fileno(), False)
            self.errors = (self.errors + (self.child.stderr.read() or b""))[-_KEPT_ERRORS:]
        lines = self.errors.decode("utf-8", "replace").strip().splitlines()
        return plain(lines[-1]) if lines else ""

    def _bury(self) -> None:
        """Kill what still runs (its whole group), and take the exit status so that no zombie stays."""
        if self.child.poll() is None:
            try:
                self.child.wait(0.5 if self.answered else 0)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()
        if self.child.stderr is not None:
            self.child.stderr.close()
        if self.errors:
            log.debug("last words of %s: %s", self.target, self.errors.decode("utf-8", "replace"))


def _start(descriptor: int) -> subprocess.Popen[bytes]:
    """A fresh interpreter: isolated, with an empty environment, no input, and a group of its own."""
    command = [sys.executable, "-I", "-B", "-m", "candor.core.limited_child", str(descriptor)]
    # One arena and one thread: libraries that reserve address space per processor would use up the limit for nothing.
    environment = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(descriptor,),
            env=environment,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise LimitedUnavailable(reason=str(error)) from error


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
