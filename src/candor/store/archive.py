"""The archive place: sealed bytes of footage that nobody has opened for long, somewhere cheaper and slower.

Rules it keeps:

1. Bytes go as they are stored, sealed; the archive place learns nothing of them.
2. An object is copied, read back and compared whole, and only then removed from the near store. Killed anywhere, it is
   whole in one of the two, and the same again goes on.
3. Where an object lies is where it is found: the near store first. No list says otherwise, so none can be wrong.
4. Destroying reaches both places.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from candor.core.settings import Settings
from candor.store.errors import ArchiveDiffers, ObjectExists, ObjectMissing
from candor.store.objects import open_at
from candor.store.stored import ObjectStore, Sink

__all__ = ["move", "open_archive"]

_PIECE = 4 << 20


def open_archive(settings: Settings) -> ObjectStore | None:
    """The archive place that the settings name, if they do. Raises StoreAddressWrong, StoreUnreachable."""
    return None if settings.archive_url is None else open_at(settings, settings.archive_url, "CANDOR_ARCHIVE_URL")


def move(
    source: ObjectStore, target: ObjectStore, object_id: str, moved: Callable[[int], None] = lambda count: None
) -> bool:
    """Move an object from one place to another; whether it had to be moved. False: the source has not got it.

    `moved` is told the bytes of each piece that is written. Raises ArchiveDiffers, and then both places have what they
    had; StoreFull, StoreUnreachable.
    """
    found = source.head(object_id)
    if found is None:
        return False
    if target.head(object_id) is None:
        _copy(source, target, object_id, moved)
    if _hash_of(source, object_id) != _hash_of(target, object_id):
        raise ArchiveDiffers(object_id=object_id, source=source.place, target=target.place)
    source.delete(object_id)
    return True


def _copy(source: ObjectStore, target: ObjectStore, object_id: str, moved: Callable[[int], None]) -> None:
    reading = source.source(object_id)
    try:
        sink: Sink = target.create(object_id)
        try:
            offset = 0
            while offset < reading.size and (piece := reading.read_at(offset, min(_PIECE, reading.size - offset))):
                sink.write(piece)
                offset += len(piece)
                moved(len(piece))
            sink.finish()
        except ObjectExists:  # another run was quicker; whether it is the same is compared next
            sink.abort()
        except BaseException:
            sink.abort()
            raise
    finally:
        reading.close()


def _hash_of(store: ObjectStore, object_id: str) -> bytes:
    try:
        reading = store.source(object_id)
    except ObjectMissing:
        return b""
    try:
        digest, offset = hashlib.sha256(), 0
        while offset < reading.size and (piece := reading.read_at(offset, min(_PIECE, reading.size - offset))):
            digest.update(piece)
            offset += len(piece)
        return digest.digest()
    finally:
        reading.close()
