"""Copying sealed objects from one store to another, as they are stored, and reading them back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from candor.recovery.errors import CopyDamaged
from candor.store import ObjectExists, ObjectMissing, ObjectStore
from candor.store.stored import Sink

__all__ = ["copy", "hash_of"]

_PIECE = 4 << 20
_EVER = datetime(9999, 1, 1, tzinfo=UTC)


def copy(
    source: ObjectStore, target: ObjectStore, object_id: str, size: int, moved: Callable[[int], None]
) -> bytes | None:
    """Copy an object; the SHA-256 of its stored bytes, 32 bytes. None when the source has not got it in that size.

    `moved` is told the bytes of each piece. Whatever happens, the target has the whole object or nothing of it. Raises
    CopyDamaged when what is read back is something else (it is removed then), StoreFull, StoreUnreachable.
    """
    try:
        reading = source.source(object_id)
    except ObjectMissing:
        return None
    try:
        if reading.size != size:
            return None
        digest, offset = hashlib.sha256(), 0
        sink = _begin(target, object_id)
        if sink is None:  # somebody else put it there: it counts if it is the same
            return _same(source, target, object_id)
        try:
            while offset < size and (piece := reading.read_at(offset, min(_PIECE, size - offset))):
                sink.write(piece)
                digest.update(piece)
                offset += len(piece)
                moved(len(piece))
            if offset != size:
                sink.abort()
                return None
            sink.finish()
        except BaseException as error:
            sink.abort()
            if isinstance(error, ObjectExists):  # somebody else put it there meanwhile: it counts if it is the same
                return _same(source, target, object_id)
            raise
    finally:
        reading.close()
    if hash_of(target, object_id) != digest.digest():
        target.delete(object_id)
        raise CopyDamaged(object_id=object_id, place=target.place)
    return digest.digest()


def _begin(target: ObjectStore, object_id: str) -> Sink | None:
    """Begin to write an object; None when it is there. A draft that a killed run left in its way is removed: nobody
    holds it any more."""
    for last in (False, True):
        try:
            return target.create(object_id)
        except ObjectExists:
            if target.head(object_id) is not None:
                return None
            if last or not target.clear_unfinished(_EVER):
                raise
    return None


def hash_of(store: ObjectStore, object_id: str, moved: Callable[[int], None] = lambda count: None) -> bytes | None:
    """The SHA-256 of an object's stored bytes, read now; None when the store has not got it."""
    try:
        reading = store.source(object_id)
    except ObjectMissing:
        return None
    digest, offset = hashlib.sha256(), 0
    try:
        while offset < reading.size and (piece := reading.read_at(offset, min(_PIECE, reading.size - offset))):
            digest.update(piece)
            offset += len(piece)
            moved(len(piece))
    finally:
        reading.close()
    return digest.digest() if offset == reading.size else None


def _same(source: ObjectStore, target: ObjectStore, object_id: str) -> bytes:
    found = hash_of(target, object_id)
    if found is None or found != hash_of(source, object_id):
        raise CopyDamaged(object_id=object_id, place=target.place)
    return found
