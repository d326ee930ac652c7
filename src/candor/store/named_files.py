"""Small files with names beside the sealed objects of a place: what a backup says of itself, and who was destroyed.

    candor-backup/<path>     in a folder or under a bucket's prefix

1. A file is there whole or not at all, and on stable storage when `put_new` returns.
2. It is written once: a name that is taken stays as it is.
3. Read and written whole, so whoever writes keeps a file to a few tens of mebibytes; a larger one is none of ours, and
   is not read: a place that others may write to must not fill the memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError

from candor.core.files import make_folder, sync_folder, write_durably
from candor.store.bucket import s3_store
from candor.store.errors import StoreUnreachable

__all__ = ["BucketFiles", "FolderFiles", "NamedFiles"]

ROOM = "candor-backup"
#: Bytes of the largest file that is read.
LARGEST = 256 << 20
_NAME = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z._-]*(/[0-9A-Za-z_-][0-9A-Za-z._-]*)*")
_FAULTS = (BaseError, OSError, ValueError)


class NamedFiles(Protocol):
    """Files by name; a name is words of letters, digits, dots, dashes with `/` between."""

    @property
    def place(self) -> str:
        """Where they are, in words for people."""

    def put_new(self, name: str, data: bytes) -> bool:
        """Write a file unless there is one of that name; whether it was written. Raises StoreUnreachable."""

    def get(self, name: str) -> bytes | None:
        """A file's bytes; None when there is none."""

    def list(self, under: str) -> Iterator[str]:
        """Names of all files below `under`, in no order."""

    def delete(self, name: str) -> None:
        """Remove a file; harmless when there is none."""


class FolderFiles:
    """In a folder; files are open to this account alone."""

    def __init__(self, root: Path) -> None:
        self._root = root / ROOM
        self.place = str(root)

    def put_new(self, name: str, data: bytes) -> bool:
        path = self._root / checked(name)
        try:
            make_folder(path.parent, mode=0o700)
            write_durably(path, data, mode=0o600, new=True)
        except FileExistsError:
            return False
        except OSError as error:
            raise _fault(error, self.place) from error
        return True

    def get(self, name: str) -> bytes | None:
        try:
            with (self._root / checked(name)).open("rb") as file:
                data = file.read(LARGEST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _fault(error, self.place) from error
        if len(data) > LARGEST:
            raise _too_large(name, self.place)
        return data

    def list(self, under: str) -> Iterator[str]:
        try:
            for path in (self._root / checked(under)).rglob("*"):
                name = path.relative_to(self._root).as_posix()
                if _NAME.fullmatch(name) and path.is_file():  # not what a crash left half-written
                    yield name
        except FileNotFoundError:
            return
        except OSError as error:
            raise _fault(error, self.place) from error

    def delete(self, name: str) -> None:
        path = self._root / checked(name)
        try:
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                sync_folder(path.parent)
                if path.parent != self._root and not any(path.parent.iterdir()):
                    path.parent.rmdir()
        except OSError as error:
            raise _fault(error, self.place) from error


class BucketFiles:
    """In an S3 bucket, under a prefix. No request is made before the first use."""

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint: str | None = None,
        region: str = "us-east-1",
        access_key: str | None = None,
        secret_key: str | None = None,
    ) -> None:
        self.place = f"s3://{bucket}/{prefix}".rstrip("/")
        self._store: Any = s3_store(
            bucket,
            f"{prefix}/{ROOM}".lstrip("/"),
            endpoint=endpoint,
            region=region,
            access_key=access_key,
            secret_key=secret_key,
        )

    def put_new(self, name: str, data: bytes) -> bool:
        try:
            obstore.put(self._store, checked(name), data, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        except _FAULTS as error:
            raise _fault(error, self.place) from error
        return True

    def get(self, name: str) -> bytes | None:
        try:
            found = obstore.get(self._store, checked(name))
            if found.meta["size"] > LARGEST:
                raise _too_large(name, self.place)
            return bytes(found.bytes())
        except FileNotFoundError:
            return None
        except _FAULTS as error:
            raise _fault(error, self.place) from error

    def list(self, under: str) -> Iterator[str]:
        try:
            for page in obstore.list(self._store, checked(under), chunk_size=1000):
                for meta in page:
                    if _NAME.fullmatch(meta["path"]):
                        yield meta["path"]
        except _FAULTS as error:
            raise _fault(error, self.place) from error

    def delete(self, name: str) -> None:
        try:
            obstore.delete(self._store, checked(name))
        except FileNotFoundError:
            return
        except _FAULTS as error:
            raise _fault(error, self.place) from error


def checked(name: str) -> str:
    """The name; ValueError for one that could lead elsewhere."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no file's name")
    return name


def _too_large(name: str, place: str) -> StoreUnreachable:
    reason = (
        f"{ROOM}/{name} is larger than {LARGEST >> 20} MiB, which nothing of Candor's is; somebody else put it there"
    )
    return StoreUnreachable(place=place, reason=reason)


def _fault(error: Exception, place: str) -> StoreUnreachable:
    words = getattr(error, "strerror", None) or next(iter(str(error).splitlines()), type(error).__name__)
    return StoreUnreachable(place=place, reason=words[:300])
