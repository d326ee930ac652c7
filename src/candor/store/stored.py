"""What any store of sealed objects does, be it a folder or a bucket.

A store knows nothing of plaintext. An object is written once, is there as a whole or not at all, and is on stable
storage before its sink's `finish` returns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from candor.core.ids import is_id
from candor.store.cobblestone import Bytes, ByteSource

__all__ = ["ObjectStore", "Sink", "StoredObject", "key_of"]


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as the store sees it: sizes in bytes as stored, `modified` by the store's clock."""

    object_id: str
    size: int
    modified: datetime


class Sink(Protocol):
    """One object being written, by one thread at a time."""

    def write(self, data: Bytes) -> None:
        """Append stored bytes; the caller may reuse the buffer afterwards. Raises StoreFull or StoreUnreachable;
        then only `abort` is left."""

    def finish(self) -> None:
        """Make the object visible and durable. Raises ObjectExists rather than replacing one, and StoreFull or
        StoreUnreachable, after which nothing of it is visible."""

    def abort(self) -> None:
        """Leave nothing behind. May be called at any time, and again; never raises for the store's sake."""


class ObjectStore(Protocol):
    """Sealed objects by identifier."""

    @property
    def place(self) -> str:
        """The store's address in words for people."""

    def create(self, object_id: str) -> Sink:
        """Begin an object."""

    def source(self, object_id: str) -> ByteSource:
        """The stored bytes of an object. Raises ObjectMissing or StoreUnreachable."""

    def head(self, object_id: str) -> StoredObject | None:
        """What the store says of an object; None when it has none."""

    def list(self) -> Iterator[StoredObject]:
        """Every finished object, in no order."""

    def delete(self, object_id: str) -> bool:
        """Remove an object for good; whether there was one."""

    def clear_unfinished(self, before: datetime) -> int:
        """Remove what writers that are no more left half-written before that moment; how many it was."""


def key_of(object_id: str) -> str:
    """An object's path in a store: `objects/f3a/<object id>`.

    The last three digits of an identifier are random, so 4,096 folders fill evenly. Refuses what is no identifier
    (ValueError), so that no path ever comes from outside.
    """
    if not is_id(object_id):
        raise ValueError(f"{object_id!r} is not an object's identifier")
    return f"objects/{object_id[-3:]}/{object_id}"
