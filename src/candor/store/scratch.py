"""Bytes kept for a moment outside of memory: encrypted under a key that is in memory alone, in a file without a name,
so that nothing of them is left when the process ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.cobblestone import Cobblestone256Encryptor

from candor.core.files import make_folder
from candor.core.ids import new_id
from candor.store.cobblestone import CHUNK, HEADER, SEALED_CHUNK, ChunkReader
from candor.store.folder import fault_of
from candor.store.keys import KEY_SIZE

__all__ = ["Scratch"]

_CONTEXT = b"bwc/scratch/v1"
_RUN = 64 * CHUNK


class Scratch:
    """Written once, then read once. Used by one thread at a time; raises StoreFull or StoreUnreachable."""

    def __init__(self, folder: Path) -> None:
        self.size = 0
        self._folder, self._key = folder, os.urandom(KEY_SIZE)
        self._encryptor = Cobblestone256Encryptor(self._key, _CONTEXT)
        path = folder / f"scratch-{new_id()}"
        try:
            make_folder(folder, mode=0o700)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            path.unlink()
        except OSError as error:
            raise fault_of(error, str(folder)) from error

    def write(self, data: bytes) -> None:
        """Take bytes in."""
        room = bytearray(HEADER + (len(data) // CHUNK + 2) * SEALED_CHUNK)
        count = self._encryptor.update_into(data, room)
        self._put(memoryview(room)[:count])
        self.size += len(data)

    def pieces(self) -> Iterator[bytes]:
        """All that was written, a piece at a time; nothing can be written after."""
        self._put(memoryview(self._encryptor.finalize()))
        reader = ChunkReader(_Handle(self._handle), self._key, _CONTEXT)
        full = reader.size // CHUNK
        for start in range(0, full * CHUNK, _RUN):
            room = bytearray(min(_RUN, full * CHUNK - start))
            reader.read_into(start // CHUNK, memoryview(room))
            yield bytes(room)
        if reader.size % CHUNK:
            yield reader.chunk(full)

    def close(self) -> None:
        """Let it go; nothing is left of it."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def _put(self, left: memoryview) -> None:
        try:
            while left:
                left = left[os.write(self._handle, left) :]
        except OSError as error:
            raise fault_of(error, str(self._folder)) from error


class _Handle:
    """The bytes of an open file as a source."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self.size = os.fstat(handle).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        return os.pread(self._handle, length, offset)

    def close(self) -> None:
        """Whoever opened it closes it."""
