"""A sealed object as a file that is read and sought in; only what is asked for is decrypted."""

from __future__ import annotations

import io
import os
import threading
from typing import TYPE_CHECKING, BinaryIO

from candor.store.cobblestone import CHUNK, ByteSource, ChunkReader, NotAuthentic
from candor.store.errors import ObjectAltered

if TYPE_CHECKING:

    class _Base(io.RawIOBase, BinaryIO):
        """A raw stream that the type checker takes for a binary file, as it takes io.FileIO."""
else:
    _Base = io.RawIOBase

__all__ = ["SealedStream"]


class SealedStream(_Base):
    """The plaintext of one sealed object, read-only.

    Threads may share an instance: every call is whole in itself, and `read_at` uses no position. Reading raises
    ObjectAltered as soon as it meets bytes that do not authenticate; nothing of them is returned. `read` gives as
    many bytes as were asked for, fewer only at the end. Needs no buffering around it: a chunk that was read in part
    is kept for the next call.
    """

    def __init__(self, source: ByteSource, key: bytes, context: bytes, object_id: str) -> None:
        self.object_id = object_id
        self._source = source
        self._lock = threading.RLock()
        self._position = 0
        self._held: tuple[int, bytes] = (-1, b"")
        try:
            self._chunks = ChunkReader(source, key, context)
        except NotAuthentic as error:
            raise ObjectAltered(object_id=object_id, what=error.where) from error
        self.size = self._chunks.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset` on; fewer only at the end. Leaves the position alone."""
        room = bytearray(max(0, min(length, self.size - offset)))
        with self._lock, memoryview(room) as target:
            self._must_be_open()
            self._fill(offset, target)
        return bytes(room)

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        with self._lock, memoryview(buffer).cast("B") as whole:
            self._must_be_open()
            length = max(0, min(len(whole), self.size - self._position))
            self._fill(self._position, whole[:length])
            self._position += length
            return length

    def read(self, size: int | None = -1, /) -> bytes:
        with self._lock:
            self._must_be_open()
            left = max(0, self.size - self._position)
            data = self.read_at(self._position, left if size is None or size < 0 else min(size, left))
            self._position += len(data)
            return data

    def readall(self) -> bytes:
        return self.read()

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        with self._lock:
            self._must_be_open()
            start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}.get(whence)
            if start is None:
                raise ValueError(f"whence is 0, 1 or 2, not {whence}")
            if start + offset < 0:
                raise ValueError(f"there is no position {start + offset}")
            self._position = start + offset
            return self._position

    def tell(self) -> int:
        with self._lock:
            self._must_be_open()
            return self._position

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            with self._lock:
                super().close()
                self._held = (-1, b"")
                self._source.close()

    def _must_be_open(self) -> None:
        if self.closed:
            raise ValueError("the sealed object was closed")

    def _fill(self, offset: int, target: memoryview) -> None:
        if offset < 0:
            raise ValueError(f"there is no position {offset}")
        try:
            done = 0
            while done < len(target):
                index, skip = divmod(offset + done, CHUNK)
                full = 0 if skip else (len(target) - done) // CHUNK
                if full:
                    part = full * CHUNK
                    self._chunks.read_into(index, target[done : done + part])
                else:
                    part = min(CHUNK - skip, len(target) - done)
                    target[done : done + part] = self._chunk(index)[skip : skip + part]
                done += part
        except NotAuthentic as error:
            raise ObjectAltered(object_id=self.object_id, what=error.where) from error

    def _chunk(self, index: int) -> bytes:
        if self._held[0] != index:
            self._held = (index, self._chunks.chunk(index))
        return self._held[1]
