"""Room for what is taken in from outside: a store in a folder is never filled to the last byte.

The database usually lies on the same disk, and a full disk would stop everything, custody events first.
"""

from __future__ import annotations

import os

from candor.core.errors import CandorError
from candor.store.folder import FolderStore
from candor.store.stored import ObjectStore
from candor.store.vault import Vault

#: Bytes that stay free where footage lies.
RESERVE = 1 << 30


class NoRoom(CandorError):
    """There is not enough room left for this file: where the footage is stored, {reserve} GiB are kept free. Nothing
    of the file was kept. Tell your administrator, who has to free space there or move the store; then send it
    again."""

    exit_code = 7


def free_bytes(store: ObjectStore) -> int | None:
    """Bytes that may still be written where a store in a folder lies; None for a store elsewhere, or unknown."""
    if not isinstance(store, FolderStore):
        return None
    try:
        found = os.statvfs(store.root)
    except OSError:
        return None  # that the folder cannot be used is said, better, by whoever writes there
    return found.f_bavail * found.f_frsize


def must_have_room(vault: Vault, size: int) -> None:
    """Raises NoRoom when `size` more bytes would leave less than the reserve."""
    free = free_bytes(vault.store)
    if free is not None and free - size < RESERVE:
        raise NoRoom(reserve=RESERVE >> 30)
