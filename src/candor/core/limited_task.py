"""What the work in a limited process sees: its input, its outputs, and a way to say how far it is.

Code that runs there is a function `(task: Task) -> dict` named "package.module:function". It must import everything it
needs when its module is imported: when it runs, no file can be opened any more.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from typing import Any

from candor.core import limited_wire
from candor.core.positioned import Positioned

_BLOCK = 128 << 10  # the cache of the input works in such blocks
_CACHED_BLOCKS = 32
_PROGRESS_INTERVAL = 0.1  # seconds between two messages


class Refused(Exception):
    """Raised by the work: these bytes cannot be worked on. `code` is a word for programs, `reason` for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Channel:
    """The child's end of the socket."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def send(self, kind: int, *payload: bytes) -> None:
        limited_wire.send_all(self._descriptor, limited_wire.frame(kind, *payload))

    def send_note(self, kind: int, note: Any) -> None:
        self.send(kind, json.dumps(note, separators=(",", ":")).encode())

    def receive(self, expected: int) -> bytes:
        header = limited_wire.receive_exactly(self._descriptor, limited_wire.HEADER.size)
        kind, length = limited_wire.HEADER.unpack(header)
        if kind != expected:
            raise EOFError(f"expected a frame of kind {expected}, got {kind}")
        return limited_wire.receive_exactly(self._descriptor, length)

    def ask(self, kind: int, payload: bytes) -> bytes:
        self.send(kind, payload)
        return self.receive(limited_wire.DATA)


class Source(Positioned):
    """The input: a seekable stream whose bytes are asked for, in blocks that are kept for a while."""

    def __init__(self, channel: Channel, size: int, origin: int = 0) -> None:
        super().__init__()
        self._channel = channel
        self._origin = origin
        self.size = size
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._next_block = -1

    def stretch(self, begin: int, size: int) -> Source:
        """A part of the input as a stream of its own, with a position and kept blocks of its own: where several files
        were given one after the other, each is read as if it were alone. Raises ValueError beyond the end."""
        if begin < 0 or size < 0 or begin + size > self.size:
            raise ValueError("a stretch beyond the end of the input")
        return Source(self._channel, size, self._origin + begin)

    def extent(self) -> int:
        return self.size

    def readinto(self, buffer: Any, /) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, fewer only at the end."""
        left = max(0, self.size - self._position)
        wanted = left if size < 0 else min(size, left)
        pieces: list[bytes] = []
        while wanted:
            number, within = divmod(self._position, _BLOCK)
            piece = self._block(number)[within : within + wanted]
            if not piece:  # the file became shorter while it was read
                break
            pieces.append(piece)
            self._position += len(piece)
            wanted -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            # Reading on from where the last request ended earns a longer one.
            count = 8 if number == self._next_block else 1
            request = limited_wire.READ_FRAME.pack(self._origin + number * _BLOCK, count * _BLOCK)
            data = self._channel.ask(limited_wire.READ, request)
            for place in range(count):
                self._blocks[number + place] = data[place * _BLOCK : (place + 1) * _BLOCK]
            self._next_block = number + count
            while len(self._blocks) > _CACHED_BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]


class Output(Positioned):
    """An output: a seekable stream, kept by the parent, that can also be read again."""

    def __init__(self, channel: Channel, number: int) -> None:
        super().__init__()
        self._channel = channel
        self._number = number
        self._size = 0

    def extent(self) -> int:
        return self._size

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        for begin in range(0, len(view), limited_wire.MAX_BLOCK):
            piece = view[begin : begin + limited_wire.MAX_BLOCK]
            header = limited_wire.WRITE_FRAME.pack(self._number, self._position)
            self._channel.send(limited_wire.WRITE, header, bytes(piece))
            self._position += len(piece)
            self._size = max(self._size, self._position)
        return len(view)

    def readinto(self, buffer: Any, /) -> int:
        length = max(0, min(len(buffer), self._size - self._position, limited_wire.MAX_BLOCK))
        request = limited_wire.FETCH_FRAME.pack(self._number, self._position, length)
        data = self._channel.ask(limited_wire.FETCH, request) if length else b""
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def again(self) -> Output:
        """A second view on the same output, with a position of its own."""
        view = Output(self._channel, self._number)
        view._size = self._size
        return view


class Task:
    """What the work sees: `source`, `params`, `outputs` by name, and `progress`."""

    def __init__(self, channel: Channel, setup: dict[str, Any]) -> None:
        self._channel = channel
        self._last_progress = 0.0
        self.params: dict[str, Any] = setup["params"]
        self.source = Source(channel, setup["size"])
        self.outputs = {name: Output(channel, number) for number, name in enumerate(setup["outputs"])}

    def progress(self, fraction: float) -> None:
        """Say how far the work is, 0 to 1. May be called as often as one likes."""
        now = time.monotonic()
        if now - self._last_progress >= _PROGRESS_INTERVAL or fraction >= 1:
            self._last_progress = now
            self._channel.send(limited_wire.PROGRESS, limited_wire.PROGRESS_FRAME.pack(min(1.0, max(0.0, fraction))))
