"""Stored bytes in memory, as a source for readers."""

from __future__ import annotations


class MemorySource:
    """A ByteSource over bytes. Counts what was read, so that a test can tell how much a read needed."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.fetched = 0

    @property
    def size(self) -> int:
        return len(self.content)

    def read_at(self, offset: int, length: int) -> bytes:
        part = self.content[offset : offset + length]
        self.fetched += len(part)
        return part

    def close(self) -> None:
        """Nothing is held open."""
