"""What there is to take in under some paths: files, folders, a mounted card.

Every regular file is a candidate, in a fixed order; whether it is a recording is for the seal to flag, not for a name
to decide. Left out, each with a word: what operating systems put on cards for themselves, links (what they point to
may lie anywhere), and what is no file (devices, pipes, sockets).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from candor.footage.errors import NothingToTakeIn

__all__ = ["OF_THE_SYSTEM", "Candidate", "Skipped", "collect", "moment"]

#: Files and folders that operating systems make for themselves, by name in lower case.
OF_THE_SYSTEM = frozenset(
    {
        ".ds_store",
        ".fseventsd",
        ".spotlight-v100",
        ".temporaryitems",
        ".trash-1000",
        ".trashes",
        "$recycle.bin",
        "desktop.ini",
        "lost+found",
        "system volume information",
        "thumbs.db",
    }
)


@dataclass(frozen=True)
class Candidate:
    """A regular file to take in. `size` in bytes and the date as they were when it was found."""

    path: Path
    name: str
    size: int
    modified_at: datetime | None


@dataclass(frozen=True)
class Skipped:
    """Something that is left out, and why."""

    path: Path
    reason: str


def collect(paths: Iterable[Path]) -> list[Candidate | Skipped]:
    """Everything under the paths, each once, sorted by path within each of them.

    A link that is named itself is followed, one that is met is not. Raises NothingToTakeIn for a path that is not
    there, before anything is taken in.
    """
    found: list[Candidate | Skipped] = []
    seen: set[tuple[int, int]] = set()
    for path in paths:
        try:
            status = path.stat()
        except OSError as error:
            raise NothingToTakeIn(path=path, reason=error.strerror or str(error)) from error
        for one in _under(path, status):
            if isinstance(one, Candidate):
                identity = _identity(one.path)
                if identity in seen:
                    continue  # a folder and a file in it were both named
                if identity is not None:
                    seen.add(identity)
            found.append(one)
    return found


def moment(seconds: float) -> datetime | None:
    """A file system's time, or None for one that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _under(path: Path, status: os.stat_result) -> Iterator[Candidate | Skipped]:
    if stat.S_ISREG(status.st_mode):
        yield Candidate(path, path.name, status.st_size, moment(status.st_mtime))
    elif stat.S_ISDIR(status.st_mode):
        yield from _within(path)
    else:
        yield Skipped(path, "it is neither a file nor a folder")


def _within(folder: Path) -> Iterator[Candidate | Skipped]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        yield Skipped(folder, f"the folder cannot be read: {error.strerror or error}")
        return
    for entry in entries:
        path = folder / entry.name
        if entry.name.lower() in OF_THE_SYSTEM:
            yield Skipped(path, "it belongs to the operating system that used the card")
            continue
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            yield Skipped(path, f"it cannot be looked at: {error.strerror or error}")
            continue
        if stat.S_ISLNK(status.st_mode):
            yield Skipped(path, "it is a link; name what it points to if that is meant")
        else:
            yield from _under(path, status)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
