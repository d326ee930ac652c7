"""Bytes that fit in memory, sealed as objects are: Cobblestone-256 under a key of 32 bytes, bound to a context."""

from __future__ import annotations

from cryptography.cobblestone import Cobblestone256Encryptor

from candor.store.cobblestone import CHUNK, ChunkReader, NotAuthentic, sealed_size

__all__ = ["NotAuthentic", "open_bytes", "seal_bytes"]


def seal_bytes(key: bytes, context: bytes, data: bytes) -> bytes:
    """The sealed form of `data`; `sealed_size(len(data))` bytes."""
    encryptor = Cobblestone256Encryptor(key, context)
    room = bytearray(sealed_size(len(data)) + CHUNK)
    count = encryptor.update_into(data, room) if data else 0
    return bytes(room[:count]) + encryptor.finalize()


def open_bytes(key: bytes, context: bytes, sealed: bytes) -> bytes:
    """What was sealed. Raises NotAuthentic for another key, another context, or a single altered byte."""
    reader = ChunkReader(_Held(sealed), key, context)
    full = reader.size // CHUNK
    plain = bytearray(full * CHUNK)
    reader.read_into(0, memoryview(plain))
    return bytes(plain) + reader.chunk(full)


class _Held:
    """Bytes in memory as a source."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self.size = len(data)

    def read_at(self, offset: int, length: int) -> memoryview:
        return self._data[offset : offset + length]

    def close(self) -> None:
        self._data.release()
