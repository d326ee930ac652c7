"""A seekable stream that keeps its own position: what every stream made here has in common."""

from __future__ import annotations

import io
import os
from abc import abstractmethod


class Positioned(io.RawIOBase):
    """Readable and seekable, with a position of its own that may lie beyond the end but never before the beginning.

    A kind of stream says how long it is (`extent`), and reads or writes at `_position`, which it moves on.
    """

    def __init__(self) -> None:
        self._position = 0

    @abstractmethod
    def extent(self) -> int:
        """How many bytes there are now."""
        raise NotImplementedError  # the interpreter makes streams of C without looking for abstract methods

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if whence == os.SEEK_CUR:
            offset += self._position
        elif whence == os.SEEK_END:
            offset += self.extent()
        elif whence != os.SEEK_SET:
            raise ValueError(f"there is no such way to seek: {whence}")
        if offset < 0:
            raise ValueError("a position before the beginning")
        self._position = offset
        return offset
