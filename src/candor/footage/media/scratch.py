"""A scratch file whose content nobody can read but the process that made it.

Renditions are footage. While one is made it lies on a disk, and what lies on a disk can be found there long after the
recording was purged. So the file has no name, and what is written to it is encrypted (AES-256-XTS, IEEE 1619, one data
unit per block) under a key that lives in memory and dies with the object. XTS allows what a muxer does: go back and
write another thing at the same place. It is for secrecy only; nobody else can write to a file without a name.
"""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from candor.core.positioned import Positioned

BLOCK: Final = 32 << 10


class Scratch(Positioned):
    """A seekable file open for reading and writing, gone when it is closed. One thread at a time."""

    def __init__(self, folder: Path | None = None) -> None:
        """folder: where it lies; None: the system's folder for temporary files."""
        super().__init__()
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        key = secrets.token_bytes(64)
        while key[:32] == key[32:]:
            key = secrets.token_bytes(64)
        self._key = algorithms.AES(key)
        self._size = 0
        self._number = 0  # of the block in hand
        self._block = bytearray(BLOCK)
        self._changed = False

    def extent(self) -> int:
        return self._size

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        length = max(0, min(len(buffer), self._size - self._position))
        view = memoryview(buffer).cast("B")
        done = 0
        while done < length:
            within = self._take(self._position)
            count = min(BLOCK - within, length - done)
            view[done : done + count] = self._block[within : within + count]
            self._position += count
            done += count
        return done

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        if not view:
            return 0
        done = 0
        while done < len(view):
            within = self._take(self._position)
            count = min(BLOCK - within, len(view) - done)
            self._block[within : within + count] = view[done : done + count]
            self._changed = True
            self._position += count
            done += count
        self._size = max(self._size, self._position)
        return len(view)

    def close(self) -> None:
        if not self.closed:
            self._changed = False
            self._file.close()
            self._block = bytearray()
        super().close()

    def _take(self, position: int) -> int:
        """Have the block of `position` in hand; returns the place within it."""
        number, within = divmod(position, BLOCK)
        if number != self._number:
            self._put()
            self._file.seek(number * BLOCK)
            stored = self._file.read(BLOCK)
            # A block never written is a hole of zeros; it stands for zeros and is not decrypted.
            empty = len(stored) < BLOCK or not any(stored)
            self._block = bytearray(BLOCK) if empty else bytearray(self._crypt(number).decryptor().update(stored))
            self._number = number
        return within

    def _put(self) -> None:
        if self._changed:
            self._file.seek(self._number * BLOCK)
            data = memoryview(self._crypt(self._number).encryptor().update(bytes(self._block)))
            while data:
                data = data[self._file.write(data) :]
            self._changed = False

    def _crypt(self, number: int) -> Cipher[modes.XTS]:
        return Cipher(self._key, modes.XTS(number.to_bytes(16, "little")))
