"""What lies on a card: a listing, made and read by open folder descriptors, never through a link, never for writing."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from candor.docking.cards.errors import CardGone, CardTooLarge
from candor.footage import names
from candor.footage.collect import OF_THE_SYSTEM, moment

__all__ = ["Card", "CardFile", "LeftOut", "Listing", "numbers_files"]

MOST_FILES = 200_000
DEEPEST = 24
#: Bytes from the beginning and from the end of a file that go into its fingerprint.
_SAMPLE = 256 << 10
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_ATIME = getattr(os, "O_NOATIME", 0)

#: File systems whose files have no numbers of their own.
_WITHOUT_NUMBERS = frozenset({"vfat", "msdos", "exfat", "fuseblk"})


@dataclass(frozen=True)
class CardFile:
    """A file as the listing found it. `path` is relative to the card, with "/" between; `size` in bytes; the date is
    the file system's (a camera's card keeps local time without a zone: it is a claim like any other)."""

    path: str
    size: int
    modified_ns: int = 0
    changed_ns: int = 0
    inode: int = 0
    device: int = 0

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def stem(self) -> str:
        return PurePosixPath(self.path).stem

    @property
    def suffix(self) -> str:
        """With its dot, in lower case."""
        return PurePosixPath(self.path).suffix.lower()

    @property
    def folder(self) -> str:
        """Empty for a file that lies on the card itself."""
        found = PurePosixPath(self.path).parent.as_posix()
        return "" if found == "." else found

    @property
    def modified_at(self) -> datetime | None:
        return moment(self.modified_ns / 1e9)

    @property
    def as_it_was(self) -> tuple[object, ...]:
        """Differs when the file was written to, replaced or renamed. `inode` is 0 where the file system has no numbers
        of its own."""
        return self.path, self.size, self.modified_ns, self.changed_ns, self.inode


@dataclass(frozen=True)
class LeftOut:
    """Something that is not read, and why. `of_the_system`: an operating system made it for itself."""

    path: str
    reason: str
    of_the_system: bool = False


@dataclass(frozen=True)
class Listing:
    """Everything on a card. `name` is that of its folder; files are in the order of their paths."""

    name: str
    files: tuple[CardFile, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    def folders(self) -> set[str]:
        """Every folder that a file lies in, with those above it."""
        found: set[str] = set()
        for file in self.files:
            found.update(part.as_posix() for part in PurePosixPath(file.path).parents if part.as_posix() != ".")
        return found

    def digest(self) -> bytes:
        """SHA-256 over paths, sizes and dates: names this listing."""
        whole = hashlib.sha256()
        for file in self.files:
            whole.update(f"{names.kept(file.path)}\0{file.size}\0{file.modified_ns}\0".encode())
        return whole.digest()


class Card:
    """A card or folder that is open for reading. Close it at the end; as a context manager it closes itself."""

    def __init__(self, place: Path) -> None:
        self.place = place
        try:
            self._root = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)  # the named folder may be a link
        except OSError as error:
            raise CardGone(place=place, reason=error.strerror or str(error)) from error
        self._numbered = numbers_files(os.fstat(self._root).st_dev)

    def close(self) -> None:
        """Let go of the card, so that it can be taken out."""
        if self._root >= 0:
            os.close(self._root)
            self._root = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def listing(self) -> Listing:
        """Everything that lies on the card now. Raises CardGone, CardTooLarge."""
        files: list[CardFile] = []
        left: list[LeftOut] = []
        try:
            self._walk(self._root, "", 0, files, left)
        except OSError as error:
            raise CardGone(place=self.place, reason=error.strerror or str(error)) from error
        files.sort(key=lambda file: os.fsencode(file.path))
        return Listing(self.place.name or str(self.place), tuple(files), tuple(left))

    def open(self, file: CardFile) -> int:
        """A descriptor for reading. Raises OSError, also when it is no regular file any more."""
        with self.folder_of(file) as folder:
            handle = _open_quietly(file.name, folder)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OSError(errno.EINVAL, "it is no regular file any more")
        return handle

    def look_at(self, file: CardFile) -> CardFile:
        """The file as it is now. Raises OSError."""
        with self.folder_of(file) as folder:
            status = os.stat(file.name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file any more")
        return self._file(file.path, status)

    def same_in(self, folder: int, file: CardFile) -> bool:
        """Whether what lies in that open folder under the file's name is the file, as it was. Raises OSError."""
        status = os.stat(file.name, dir_fd=folder, follow_symlinks=False)
        return stat.S_ISREG(status.st_mode) and self._file(file.path, status).as_it_was == file.as_it_was

    def _file(self, path: str, status: os.stat_result) -> CardFile:
        number = status.st_ino if self._numbered else 0
        return CardFile(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, number, status.st_dev)

    @contextlib.contextmanager
    def folder_of(self, file: CardFile) -> Iterator[int]:
        """A descriptor of the folder that the file lies in, reached step by step without following a link."""
        folder = os.dup(self._root)
        try:
            for step in PurePosixPath(file.folder).parts:
                below = os.open(step, _FOLDER, dir_fd=folder)
                os.close(folder)
                folder = below
            yield folder
        finally:
            os.close(folder)

    def fingerprint(self, file: CardFile, whose: str = "") -> bytes:
        """SHA-256 over whose camera it is, path, size, date, beginning and end. Raises OSError."""
        told = f"{whose}\0{names.kept(file.path)}\0{file.size}\0{file.modified_ns}\0"
        whole = hashlib.sha256(told.encode())
        handle = self.open(file)
        try:
            whole.update(os.pread(handle, _SAMPLE, 0))
            whole.update(os.pread(handle, _SAMPLE, max(0, file.size - _SAMPLE)))
        finally:
            os.close(handle)
        return whole.digest()

    def sha256(self, file: CardFile) -> tuple[bytes, int]:
        """Hash and number of all bytes as the card gives them now. Raises OSError."""
        whole, size = hashlib.sha256(), 0
        handle = self.open(file)
        try:
            with contextlib.suppress(OSError, AttributeError):  # read it from the card, not from memory
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            while piece := os.read(handle, 1 << 20):
                whole.update(piece)
                size += len(piece)
        finally:
            os.close(handle)
        return whole.digest(), size

    def _walk(self, folder: int, above: str, depth: int, files: list[CardFile], left: list[LeftOut]) -> None:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: os.fsencode(entry.name))
        for entry in entries:
            path = f"{above}{entry.name}"
            if entry.name.lower() in OF_THE_SYSTEM:
                left.append(LeftOut(path, "it belongs to the operating system that used the card", of_the_system=True))
                continue
            try:
                status = os.stat(entry.name, dir_fd=folder, follow_symlinks=False)
            except OSError as error:
                left.append(LeftOut(path, f"it cannot be looked at: {error.strerror or error}"))
                continue
            if stat.S_ISREG(status.st_mode):
                files.append(self._file(path, status))
                if len(files) > MOST_FILES:
                    raise CardTooLarge(place=self.place, most=f"{MOST_FILES:,}", what="files")
            elif stat.S_ISDIR(status.st_mode):
                self._enter(folder, entry.name, path, depth, files, left)
            else:
                left.append(LeftOut(path, _why_not(status.st_mode)))

    def _enter(self, folder: int, name: str, path: str, depth: int, files: list[CardFile], left: list[LeftOut]) -> None:
        if depth >= DEEPEST:
            left.append(LeftOut(path, f"it lies more than {DEEPEST} folders deep"))
            return
        try:
            below = os.open(name, _FOLDER, dir_fd=folder)
        except OSError as error:
            left.append(LeftOut(path, f"the folder cannot be read: {error.strerror or error}"))
            return
        try:
            self._walk(below, f"{path}/", depth + 1, files, left)
        except OSError as error:
            left.append(LeftOut(path, f"the folder cannot be read: {error.strerror or error}"))
        finally:
            os.close(below)


def _open_quietly(name: str, folder: int) -> int:
    # Not blocking: something may have put a pipe in the file's place since it was found.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(name, flags | _NO_ATIME, dir_fd=folder)
    except PermissionError:  # only a file's owner may read it without a trace
        return os.open(name, flags, dir_fd=folder)


def numbers_files(device: int, mounts: str | None = None) -> bool:
    """Whether a file keeps its number on this file system. On those of most cards it does not: the kernel makes numbers
    up, and forgets them when it needs the memory. `mounts`: as /proc/self/mountinfo has them."""
    if mounts is None:
        try:
            mounts = Path("/proc/self/mountinfo").read_text("utf-8", "replace")
        except OSError:
            return True  # no Linux
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        if before.split(" ")[2:3] == [wanted]:
            return after.split(" ")[0] not in _WITHOUT_NUMBERS
    return True


def _why_not(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "it is a link; name what it points to if that is meant"
    return "it is neither a file nor a folder"
