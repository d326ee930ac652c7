"""The choice of the store: a folder by default, an S3 bucket by one setting."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from candor.core.settings import Settings
from candor.store.bucket import BucketStore
from candor.store.errors import StoreAddressWrong
from candor.store.folder import FolderStore
from candor.store.stored import ObjectStore

__all__ = ["open_store"]


def open_store(settings: Settings) -> ObjectStore:
    """The store that the settings name: a path, file:///path, or s3://bucket/prefix. Raises StoreAddressWrong for
    anything else, StoreUnreachable when the folder cannot be made."""
    url = settings.store
    parts = urlsplit(url)
    if parts.scheme == "s3":
        if not parts.netloc or parts.query or parts.fragment:
            raise StoreAddressWrong(url=url, reason="it names no bucket, or more than a bucket and a prefix")
        return BucketStore(
            parts.netloc,
            parts.path.strip("/"),
            endpoint=settings.s3_endpoint,
            region=settings.s3_region,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key,
        )
    if parts.scheme == "file" and not parts.netloc:
        return FolderStore(Path(unquote(parts.path)))
    if "://" in url:
        raise StoreAddressWrong(url=url, reason="it is neither a folder nor an S3 bucket")
    return FolderStore(Path(url).expanduser().absolute())
