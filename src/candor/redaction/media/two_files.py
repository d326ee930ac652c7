"""Two files read side by side in one limited process.

A limited process has one input. Here it is two files and a page of instructions, one after the other; in the process
each is opened as a stream of its own. What the process may do stays what it was: it asks for bytes at a place, and the
parent answers.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from typing import Any, BinaryIO, cast

from candor.core.limited_task import Source, Task
from candor.core.positioned import Positioned

__all__ = ["Joined", "Sides", "sides"]


class Joined(Positioned):
    """Streams one after the other as one. The parent's side; read by one thread."""

    def __init__(self, streams: list[BinaryIO]) -> None:
        super().__init__()
        self._streams = streams
        self._sizes = [one.seek(0, os.SEEK_END) for one in streams]

    @classmethod
    def of(cls, original: BinaryIO, copy: BinaryIO, told: Mapping[str, Any]) -> tuple[BinaryIO, dict[str, int]]:
        """The input for a limited process, and what its parameters must hold for `sides`. told: JSON data of any
        size."""
        page = io.BytesIO(json.dumps(told, separators=(",", ":")).encode())
        made = cls([original, copy, page])
        names = ("original", "copy", "told")
        return cast(BinaryIO, made), dict(zip(names, made._sizes, strict=True))

    def extent(self) -> int:
        return sum(self._sizes)

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, fewer only at the end."""
        wanted = self.extent() - self._position if size < 0 else size
        pieces: list[bytes] = []
        begin = 0
        for stream, length in zip(self._streams, self._sizes, strict=True):
            inside = self._position - begin
            while wanted > 0 and 0 <= inside < length:
                stream.seek(inside)
                piece = stream.read(min(wanted, length - inside))
                if not piece:  # it became shorter while it was read
                    return b"".join(pieces)
                pieces.append(piece)
                self._position += len(piece)
                inside += len(piece)
                wanted -= len(piece)
            begin += length
        return b"".join(pieces)


class Sides:
    """The child's side: `original` and `copy` as streams, and what the parent told."""

    def __init__(self, original: Source, copy: Source, told: dict[str, Any]) -> None:
        self.original, self.copy, self.told = original, copy, told


def sides(task: Task) -> Sides:
    """The two files of a task whose parameters have the sizes that `Joined.of` gave."""
    first, second, third = (int(task.params["sizes"][name]) for name in ("original", "copy", "told"))
    told = json.loads(task.source.stretch(first + second, third).read())
    return Sides(task.source.stretch(0, first), task.source.stretch(first, second), told)
