"""Sealed objects in a folder of a local (or mounted) file system.

    ROOT/objects/<last three digits of the id>/<object id>       finished objects, mode 0400
    ROOT/incoming/<object id>                                    being written, locked by the writer
    ROOT/drafts/…                                                half-received, to be gone on with (drafts.py)

The files are written here and not through obstore: its LocalStore renames without any fsync (seen by strace), so a
power cut could take an acknowledged object. Here the file is synced, then given its final name by a hard link, which
unlike a rename never replaces another file, and then its folder is synced.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from candor.core.files import make_folder, sync_folder
from candor.core.ids import is_id
from candor.store.cobblestone import Bytes
from candor.store.errors import ObjectExists, ObjectMissing, StoreError, StoreFull, StoreUnreachable
from candor.store.stored import StoredObject, key_of

__all__ = ["FolderStore"]

_FULL = {errno.ENOSPC, errno.EDQUOT}
NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
"""What a file system answers that gives no file a second name."""

WRITE_BACK = 16 << 20
"""Bytes after which the kernel is asked to start writing, so that the sync at the end finds little left to do."""


class FolderStore:
    """Objects in a folder. It is made, durably, when it is missing; raises StoreUnreachable when it cannot be."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._incoming = root / "incoming"
        try:
            make_folder(self._incoming, mode=0o700)
            make_folder(root / "objects", mode=0o700)
        except OSError as error:
            raise fault_of(error, self.place) from error

    @property
    def place(self) -> str:
        return str(self.root)

    def create(self, object_id: str) -> FolderSink:
        return FolderSink(self.root, object_id)

    def source(self, object_id: str) -> FileSource:
        try:
            return FileSource(self._path(object_id), self.place)
        except FileNotFoundError as error:
            raise ObjectMissing(object_id=object_id, place=self.place) from error
        except OSError as error:
            raise fault_of(error, self.place, object_id) from error

    def head(self, object_id: str) -> StoredObject | None:
        try:
            return _stored(self._path(object_id))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise fault_of(error, self.place, object_id) from error

    def list(self) -> Iterator[StoredObject]:
        try:
            for folder in sorted((self.root / "objects").iterdir()):
                for path in folder.iterdir():
                    if is_id(path.name):
                        with contextlib.suppress(FileNotFoundError):  # erased while we looked
                            yield _stored(path)
        except OSError as error:
            raise fault_of(error, self.place) from error

    def delete(self, object_id: str) -> bool:
        path = self._path(object_id)
        try:
            path.unlink()
            sync_folder(path.parent)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise fault_of(error, self.place, object_id) from error
        return True

    def clear_unfinished(self, before: datetime) -> int:
        cleared = 0
        try:
            for path in list(self._incoming.iterdir()):
                with contextlib.suppress(FileNotFoundError):  # its writer finished while we looked
                    if path.stat().st_mtime < before.timestamp() and _abandoned(path):
                        path.unlink()
                        cleared += 1
            sync_folder(self._incoming)
        except OSError as error:
            raise fault_of(error, self.place) from error
        return cleared

    def _path(self, object_id: str) -> Path:
        return self.root / key_of(object_id)


class FolderSink:
    """One object being written to a folder.

    With `drafts`, what is half-written lies in that folder, on the same file system, and is kept: by `abort` up to the
    last `sync`, and by `finish` under its second name, until whoever asked for it removes it.
    """

    def __init__(self, root: Path, object_id: str, *, drafts: Path | None = None) -> None:
        self._root, self._object_id = root, object_id
        self._target = root / key_of(object_id)
        self._draft = (drafts or root / "incoming") / object_id
        self._kept = drafts is not None
        self._written = self._handed_over = self._synced = 0
        self._handle, self._named = -1, False
        self._closing = threading.Lock()  # nobody syncs what another thread closes
        try:
            self._handle = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
            # The lock dies with the process: so a sweep can tell a draft that is being written from one left over.
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            if drafts is not None:
                sync_folder(drafts)
        except FileExistsError as error:
            raise ObjectExists(object_id=object_id, place=root) from error
        except OSError as error:
            self.abort()
            raise fault_of(error, str(root), object_id) from error

    def write(self, data: Bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._handle, left) :]
            self._written += len(data)
            if self._written - self._handed_over >= WRITE_BACK:
                self._start_write_back()
        except OSError as error:
            raise fault_of(error, str(self._root), self._object_id) from error

    def _start_write_back(self) -> None:
        if hasattr(os, "posix_fadvise"):
            # Linux starts writing the range's dirty pages (WB_SYNC_NONE) and drops only clean ones, which these
            # are not yet: so the disk works while we compute, and what comes next still finds them in memory.
            length = self._written - self._handed_over
            os.posix_fadvise(self._handle, self._handed_over, length, os.POSIX_FADV_DONTNEED)
        self._handed_over = self._written

    def sync(self) -> None:
        """Have what was written so far on stable storage. Another thread may go on writing meanwhile."""
        with self._closing:
            written = self._written
            try:
                os.fsync(self._handle)
            except OSError as error:
                raise fault_of(error, str(self._root), self._object_id) from error
            self._synced = max(self._synced, written)

    def finish(self) -> None:
        try:
            os.fsync(self._handle)
            make_folder(self._target.parent, mode=0o700)
            self._give_name()
            sync_folder(self._target.parent)
        except FileExistsError as error:
            self.abort()
            raise ObjectExists(object_id=self._object_id, place=self._root) from error
        except OSError as error:
            self.abort()
            raise fault_of(error, str(self._root), self._object_id) from error
        self._close()

    def _give_name(self) -> None:
        try:
            os.link(self._draft, self._target)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            # A file system without hard links (exFAT, some network shares). Identifiers are never used twice, so
            # the gap between looking and renaming is only theoretical.
            if self._target.exists():
                raise FileExistsError(errno.EEXIST, "already there") from error
            os.rename(self._draft, self._target)
            self._named = True
        else:
            self._named = True
            if not self._kept:
                self._draft.unlink()

    def abort(self) -> None:
        if self._handle < 0:
            return
        if self._kept:
            with self._closing, contextlib.suppress(OSError):  # what is not needed takes room, perhaps the last
                os.ftruncate(self._handle, self._synced)
        self._close()
        if not self._kept:
            with contextlib.suppress(OSError):
                self._draft.unlink(missing_ok=True)
        if self._named:  # it got its name, but the name could not be made durable
            with contextlib.suppress(OSError):
                self._target.unlink()

    def _close(self) -> None:
        with self._closing:
            handle, self._handle = self._handle, -1
            if handle >= 0:
                os.close(handle)


class FileSource:
    """The stored bytes of one file. Reading gives no position away, so threads may share it."""

    def __init__(self, path: Path, place: str) -> None:
        self._place = place
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self._handle).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        parts = []
        while length > 0:
            try:
                part = os.pread(self._handle, length, offset)
            except OSError as error:
                raise fault_of(error, self._place) from error
            if not part:
                break
            parts.append(part)
            offset, length = offset + len(part), length - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


def _stored(path: Path) -> StoredObject:
    status = path.stat()
    return StoredObject(path.name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _abandoned(path: Path) -> bool:
    """Whether no living writer holds the draft."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


def fault_of(error: OSError, place: str, object_id: str = "") -> StoreError:
    if error.errno in _FULL:
        return StoreFull(place=place, object_id=object_id or "(none)")
    return StoreUnreachable(place=place, reason=error.strerror or str(error))
