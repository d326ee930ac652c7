"""Sealed objects in an S3 bucket (Amazon's or any other), through obstore.

    s3://BUCKET/PREFIX/objects/<last three digits of the id>/<object id>

1. What fits in one part is put with a condition (create, never replace). A larger object goes up in parts; the
   library cannot put a condition on completing them, so the name is looked up first. Identifiers are random and never
   used twice, so this guards against mistakes, not against a race.
2. An object in parts is invisible until it is completed. A writer that is killed leaves parts that only the bucket
   can clear: give it a lifecycle rule for incomplete multipart uploads.
3. Ranges are fetched in windows: a request costs tens of milliseconds whatever its size (2 MiB for a jump, doubling
   to 8 MiB while somebody reads on).
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, cast

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from candor.core.ids import is_id
from candor.store.cobblestone import Bytes
from candor.store.errors import ObjectExists, ObjectMissing, StoreError, StoreUnreachable
from candor.store.stored import StoredObject, key_of

__all__ = ["BucketStore"]

PART = 8 << 20
"""Bytes of one part of an upload; S3 takes at most 10,000 parts, so 78 GiB is the largest object."""
PARTS_AT_ONCE = 2
SMALL_WINDOW = 2 << 20
LARGE_WINDOW = 8 << 20
WINDOWS_KEPT = 2
RETRY_SECONDS = 60
"""How long a request is tried again before the store counts as unreachable."""

_FAULTS = (BaseError, OSError, ValueError)


def s3_store(
    bucket: str,
    prefix: str,
    *,
    endpoint: str | None,
    region: str,
    access_key: str | None,
    secret_key: str | None,
) -> S3Store:
    """The library's access to one prefix of a bucket, with patience for a server that is away for a moment."""
    options: dict[str, Any] = {"region": region}
    if endpoint:
        options |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
    if access_key and secret_key:
        options |= {"access_key_id": access_key, "secret_access_key": secret_key}
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=cast(Any, options),
        client_options={
            "allow_http": bool(endpoint and endpoint.startswith("http://")),
            "timeout": timedelta(seconds=120),
            "connect_timeout": timedelta(seconds=10),
        },
        retry_config={"max_retries": 5, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
    )


class BucketStore:
    """Objects in a bucket, under a prefix. No request is made before the first use."""

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
        self._store = s3_store(
            bucket, prefix, endpoint=endpoint, region=region, access_key=access_key, secret_key=secret_key
        )

    def create(self, object_id: str) -> BucketSink:
        return BucketSink(self, self._store, object_id)

    def source(self, object_id: str) -> BucketSource:
        found = self.head(object_id)
        if found is None:
            raise ObjectMissing(object_id=object_id, place=self.place)
        return BucketSource(self._store, self.place, object_id, found.size)

    def head(self, object_id: str) -> StoredObject | None:
        path = key_of(object_id)
        try:
            meta = obstore.head(self._store, path)
        except FileNotFoundError:
            return None
        except _FAULTS as error:
            raise _fault(error, self.place) from error
        return StoredObject(object_id, meta["size"], meta["last_modified"])

    def list(self) -> Iterator[StoredObject]:
        try:
            for page in obstore.list(self._store, "objects", chunk_size=1000):
                for meta in page:
                    name = meta["path"].rpartition("/")[2]
                    if is_id(name):
                        yield StoredObject(name, meta["size"], meta["last_modified"])
        except _FAULTS as error:
            raise _fault(error, self.place) from error

    def delete(self, object_id: str) -> bool:
        there = self.head(object_id) is not None  # S3 says "deleted" of what never was
        try:
            obstore.delete(self._store, key_of(object_id))
        except FileNotFoundError:
            return False
        except _FAULTS as error:
            raise _fault(error, self.place) from error
        return there

    def clear_unfinished(self, before: datetime) -> int:
        """Nothing to clear: parts of an incomplete upload are the bucket's own, see rule 2 of this module."""
        return 0


class BucketSink:
    """One object going up: whole when it is small, in parts when it is not."""

    def __init__(self, home: BucketStore, store: S3Store, object_id: str) -> None:
        self._home, self._store, self._object_id = home, store, object_id
        self._path = key_of(object_id)
        self._held = bytearray()
        self._upload: obstore.WritableFile | None = None
        self._written = 0

    def write(self, data: Bytes) -> None:
        self._written += len(data)
        try:
            if self._upload is None:
                self._held += data
                if len(self._held) <= PART:
                    return
                self._begin_upload()
                data, self._held = self._held, bytearray()
            assert self._upload is not None
            self._upload.write(bytes(data))  # a copy: the library keeps the buffer until it has been sent
        except _FAULTS as error:
            raise _fault(error, self._home.place) from error

    def _begin_upload(self) -> None:
        if self._home.head(self._object_id) is not None:
            raise ObjectExists(object_id=self._object_id, place=self._home.place)
        self._upload = obstore.open_writer(self._store, self._path, buffer_size=PART, max_concurrency=PARTS_AT_ONCE)

    def finish(self) -> None:
        try:
            if self._upload is None:
                obstore.put(self._store, self._path, bytes(self._held), mode="create")
            else:
                self._upload.close()
        except AlreadyExistsError as error:
            raise ObjectExists(object_id=self._object_id, place=self._home.place) from error
        except _FAULTS as error:
            raise _fault(error, self._home.place) from error
        self._held, self._upload = bytearray(), None
        found = self._home.head(self._object_id)
        if found is None or found.size != self._written:
            raise StoreUnreachable(
                place=self._home.place, reason=f"it acknowledged {self._written} bytes but shows {found and found.size}"
            )

    def abort(self) -> None:
        self._held = bytearray()
        upload, self._upload = self._upload, None
        if upload is not None:
            # The library cannot abandon an upload. Completing it frees its parts; no row will name the object, and
            # should the deletion fail, the sweep finds it.
            with contextlib.suppress(*_FAULTS):
                upload.close()
                obstore.delete(self._store, self._path)


class BucketSource:
    """The stored bytes of one object, fetched in windows; the last few are kept."""

    def __init__(self, store: S3Store, place: str, object_id: str, size: int) -> None:
        self._store, self._place, self._object_id, self.size = store, place, object_id, size
        self._path = key_of(object_id)
        self._windows: OrderedDict[int, memoryview] = OrderedDict()  # by where they start
        self._next, self._width = -1, SMALL_WINDOW
        self._lock = threading.Lock()

    def read_at(self, offset: int, length: int) -> bytes:
        length = min(length, self.size - offset)
        parts = []
        with self._lock:
            while length > 0:
                start, window = self._window(offset)
                part = bytes(window[offset - start : offset - start + length])
                parts.append(part)
                offset, length = offset + len(part), length - len(part)
        return b"".join(parts)

    def _window(self, offset: int) -> tuple[int, memoryview]:
        for start, window in self._windows.items():
            if start <= offset < start + len(window):
                self._windows.move_to_end(start)
                return start, window
        # Reading on where the last window ended earns a wider one; a jump begins small again.
        self._width = min(self._width * 2, LARGE_WINDOW) if offset == self._next else SMALL_WINDOW
        end = min(offset + self._width, self.size)
        window = self._fetch(offset, end)
        self._next = end
        self._windows[offset] = window
        while len(self._windows) > WINDOWS_KEPT:
            self._windows.popitem(last=False)
        return offset, window

    def _fetch(self, start: int, end: int) -> memoryview:
        try:
            window = memoryview(obstore.get_range(self._store, self._path, start=start, end=end))
        except FileNotFoundError as error:
            raise ObjectMissing(object_id=self._object_id, place=self._place) from error
        except _FAULTS as error:
            raise _fault(error, self._place) from error
        if len(window) != end - start:
            reason = f"asked for {end - start} bytes of {self._object_id} it sent {len(window)}"
            raise StoreUnreachable(place=self._place, reason=reason)
        return window

    def close(self) -> None:
        with self._lock:
            self._windows.clear()


def _fault(error: Exception, place: str) -> StoreError:
    if isinstance(error, StoreError):
        return error
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return StoreUnreachable(place=place, reason=first[:300])
