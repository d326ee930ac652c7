"""The choice of the store: a folder by default, an S3 bucket by one setting."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from candor.core.settings import Settings
from candor.store.bucket import BucketStore
from candor.store.errors import StoreAddressWrong
from candor.store.folder import FolderStore
from candor.store.named_files import BucketFiles, FolderFiles, NamedFiles
from candor.store.stored import ObjectStore

__all__ = ["open_at", "open_place", "open_store"]


def open_store(settings: Settings) -> ObjectStore:
    """The store that the settings name: a path, file:///path, or s3://bucket/prefix. Raises StoreAddressWrong for
    anything else, StoreUnreachable when the folder cannot be made."""
    found = _parse(settings.store)
    if isinstance(found, Path):
        return FolderStore(found)
    return BucketStore(*found, **_access(settings))


def open_at(settings: Settings, url: str, setting: str) -> ObjectStore:
    """Another place for objects, with the access of the store. `setting`: its name, for the errors."""
    found = _parse(url, setting)
    return FolderStore(found) if isinstance(found, Path) else BucketStore(*found, **_access(settings))


def open_place(settings: Settings, url: str) -> tuple[ObjectStore, NamedFiles]:
    """A backup's place by its address, of the same forms: its objects, and the files beside them.

    A bucket is opened with CANDOR_BACKUP_S3_*, and with CANDOR_S3_* for what those leave out.
    """
    found = _parse(url, "CANDOR_BACKUP")
    if isinstance(found, Path):
        return FolderStore(found), FolderFiles(found)
    access = _access(settings)
    for name in access:
        access[name] = getattr(settings, f"backup_s3_{name}") or access[name]
    return BucketStore(*found, **access), BucketFiles(*found, **access)


def _parse(url: str, setting: str = "CANDOR_STORE_URL") -> Path | tuple[str, str]:
    """A folder, or a bucket and a prefix."""
    parts = urlsplit(url)
    if parts.scheme == "s3":
        if not parts.netloc or parts.query or parts.fragment:
            reason = "it names no bucket, or more than a bucket and a prefix"
            raise StoreAddressWrong(url=url, reason=reason, setting=setting)
        return parts.netloc, parts.path.strip("/")
    if parts.scheme == "file" and not parts.netloc:
        return Path(unquote(parts.path))
    if "://" in url:
        raise StoreAddressWrong(url=url, reason="it is neither a folder nor an S3 bucket", setting=setting)
    return Path(url).expanduser().absolute()


def _access(settings: Settings) -> dict[str, Any]:
    return {
        "endpoint": settings.s3_endpoint,
        "region": settings.s3_region,
        "access_key": settings.s3_access_key,
        "secret_key": settings.s3_secret_key,
    }
