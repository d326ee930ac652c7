"""Which sealed objects a backup needs, each with the SHA-256 of its stored bytes; in clear, as they lie there anyway.

0193…  4194456 9f86d0…        <object id> <size as stored> <SHA-256 of the stored bytes>, by identifier
"""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Item", "Items", "items_of", "put_items"]

#: Lines of one file.
_AT_ONCE = 50_000
_LINE = re.compile(rb"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) ([0-9]{1,15}) ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Item:
    """One object as it lies in the store: size in bytes, SHA-256 (32 bytes) of what is stored, not of the footage."""

    object_id: str
    size: int
    sha256: bytes


class Items:
    """Objects by identifier, kept small: a backup of an archive has millions."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._found = {bytes.fromhex(one.object_id.replace("-", "")): one.sha256 for one in items}

    def hash_of(self, object_id: str) -> bytes | None:
        """The SHA-256 of an object's stored bytes, if it is among them."""
        return self._found.get(_short(object_id))

    def add(self, object_id: str, sha256: bytes) -> None:
        """Remember one more."""
        self._found[_short(object_id)] = sha256

    def __contains__(self, object_id: str) -> bool:
        return _short(object_id) in self._found

    def __len__(self) -> int:
        return len(self._found)


def put_items(items: Iterable[Item], put: Callable[[bytes], None]) -> tuple[int, int]:
    """Hand out the inventory in compressed files; how many objects, and their bytes as stored."""
    count = size = 0
    lines: list[str] = []

    def flush() -> None:
        put(gzip.compress("".join(lines).encode(), compresslevel=4, mtime=0))
        lines.clear()

    for one in items:
        lines.append(f"{one.object_id} {one.size} {one.sha256.hex()}\n")
        count, size = count + 1, size + one.size
        if len(lines) >= _AT_ONCE:
            flush()
    if lines:
        flush()
    return count, size


def items_of(data: bytes) -> Iterator[Item]:
    """What one file of the inventory lists. Raises ValueError for what is none."""
    most = _AT_ONCE * 128
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        text = file.read(most + 1)
    if len(text) > most:
        raise ValueError("an inventory is longer than any that is written")
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError("a line of the inventory cannot be read")
        yield Item(found[1].decode(), int(found[2]), bytes.fromhex(found[3].decode()))


def _short(object_id: str) -> bytes:
    return bytes.fromhex(object_id.replace("-", ""))
