"""Folders and files that survive a power cut: what is said to be there is on the disk, its folder's entry too.

POSIX promises nothing about a new name until the folder that holds it has been synced (fsync(2), NOTES), so each act
that makes a name ends with a sync of its folder.
"""

from __future__ import annotations

import os
from pathlib import Path


def write_durably(path: Path, data: bytes, *, mode: int = 0o644, new: bool = False) -> None:
    """Put `data` at `path` whole or not at all: temporary file, fsync, rename, fsync of the folder.

    With `new` an existing file is left alone and FileExistsError raised.
    """
    write_file(path, data, mode=mode, new=new)
    sync_folder(path.parent)


def write_file(path: Path, data: bytes, *, mode: int = 0o644, new: bool = False) -> None:
    """As `write_durably`, without the folder's fsync: for several files of one folder, synced once after."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if new:
            os.link(temporary, path)  # unlike a rename, a link never replaces
        else:
            os.rename(temporary, path)
    finally:
        if new or temporary.exists():
            temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """fsync a folder, so that names made or changed in it last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and those above it that are missing; each new name is durable when this returns."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        try:
            one.mkdir(mode=mode)
        except FileExistsError:  # somebody else made it meanwhile, and may not have synced it yet
            if not one.is_dir():
                raise
        sync_folder(one.parent)
