"""The folder of published files: each under its SHA-256, written once, never changed.

A file is on the disk whole, under its own digest, before its name can be seen: temporary file, fsync, link (which never
replaces), fsync of the folder. Whoever serves it opens it by that name and needs to write nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

from candor.core.files import make_folder, sync_folder
from candor.published.errors import FileGone, FileOther

__all__ = ["PublishedFiles"]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PIECE = 1 << 20


class PublishedFiles:
    """Files in a folder, `ab/abcdef…`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, pieces: Iterable[bytes], sha256: str | None = None) -> tuple[str, int]:
        """Write a file; its digest and size. With `sha256` given, other content is refused (FileOther). The same
        content again changes nothing; a file that is not what its name says is replaced."""
        incoming = self.folder / ".incoming"
        make_folder(incoming)
        temporary = incoming / f"{os.getpid()}.{os.urandom(8).hex()}"
        hashed, size = hashlib.sha256(), 0
        try:
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as out:
                for piece in pieces:
                    out.write(piece)
                    hashed.update(piece)
                    size += len(piece)
                out.flush()
                os.fsync(out.fileno())
            found = hashed.hexdigest()
            if sha256 is not None and found != sha256:
                raise FileOther(sha256=sha256, found=found)
            target = self.path(found)
            make_folder(target.parent)
            try:
                os.link(temporary, target)
            except FileExistsError:
                if not self.check(found):
                    os.replace(temporary, target)
            sync_folder(target.parent)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
        return found, size

    def has(self, sha256: str) -> bool:
        """Whether the file is there."""
        return self.path(sha256).is_file()

    def open(self, sha256: str) -> BufferedReader:
        """The file, open for reading. Raises FileGone."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError as error:
            raise FileGone(sha256=sha256) from error

    def check(self, sha256: str) -> bool:
        """Whether the file is what its name says."""
        with suppress(FileGone), self.open(sha256) as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest() == sha256
        return False

    def remove(self, sha256: str) -> None:
        """Take a file away; one that is not there is no fault."""
        path = self.path(sha256)
        with suppress(FileNotFoundError):
            path.unlink()
            sync_folder(path.parent)

    def clear_incoming(self) -> None:
        """Take away what was begun and not finished. Only while nobody publishes."""
        with suppress(FileNotFoundError):
            for one in (self.folder / ".incoming").iterdir():
                one.unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Where a file lies. Raises FileGone for what is no digest."""
        if not _DIGEST.fullmatch(sha256):
            raise FileGone(sha256=sha256)
        return self.folder / sha256[:2] / sha256
