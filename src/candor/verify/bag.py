"""A BagIt bag read where it lies: in a folder or in a zip, never unpacked, nothing in it believed.

Rules kept here:
1. A name is a relative path with "/" between its parts; anything that could point outside the bag, or that
   two computers would read differently, makes the whole bag unsafe (`name_fault`).
2. Links and special files are never opened.
3. Two names that differ only in case or in Unicode form are a clash: on some disks one would hide the other.
4. Nothing is read whole but by `read`, which has a ceiling; large files are digested in pieces of 1 MiB.
5. A file is digested once; its SHA-256 and chunk root are remembered.

Source: RFC 8493 (The BagIt File Packaging Format), sections 2 and 5.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from candor.verify.errors import VerifyError, shown
from candor.verify.merkle import Frontier, leaf_hash

CHUNK_SIZE = 1024 * 1024
"""Bytes in a chunk of the chunk root, and in one read."""

MAX_FILES = 100_000
"""Files in one bag. A package of 500 recordings with 100 events each stays below."""

MAX_TEXT = 64 * 1024 * 1024
"""Bytes of a text file that is read whole: a manifest or a history."""

MAX_DEPTH = 16
"""Folders within folders; a package needs three."""

LEFT_BY_THE_COMPUTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""File browsers leave these behind in any folder that is looked at. Named, not verified, never read."""

BAGIT_TXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")


class UnreadableBag(VerifyError):
    """This cannot be read as a package: {reason}."""


class UnsafeBag(VerifyError):
    """This is not a package as Candor makes it: {reason}."""

    exit_code = 21


def name_fault(name: str) -> str | None:
    """Why a path may not stand in a bag, in plain words, or None when it may.

    The path is relative to the bag, with "/" between its parts. "%" is refused because BagIt would have it
    escaped and `sha256sum -c` would not undo that: one name, two readings.
    """
    if not name or name.startswith("/"):
        return "it is empty or absolute"
    if "\\" in name or ":" in name:
        return "it holds a backslash or a colon"
    if "%" in name:
        return "it holds a percent sign"
    if len(name.encode("utf-8", "surrogatepass")) > 1024:
        return "it is longer than 1,024 bytes"
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in name):
        return "it holds an invisible or direction-changing character"
    parts = name.split("/")
    if len(parts) > MAX_DEPTH:
        return f"it is more than {MAX_DEPTH} folders deep"
    for part in parts:
        if part in ("", ".", ".."):
            return "a part of it is empty, '.' or '..'"
        if part != part.rstrip(" .") or _RESERVED.match(part):
            return "Windows would read it as another name"
    return None


def clash_key(name: str) -> str:
    """Two names with the same key would be one file on a disk that ignores case or Unicode form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def check_names(names: Iterable[str]) -> None:
    """Raise UnsafeBag when a name may not stand in a bag, stands twice, or clashes with another.

    Folders count too: `Data/a` beside `data/b` is a clash, and so is a file `a` beside a file `a/b`.
    """
    files: set[str] = set()
    spelled: dict[str, str] = {}
    for name in names:
        fault = name_fault(name)
        if fault is not None:
            raise UnsafeBag(reason=f"the name {quoted(name)} may not stand in a package: {fault}")
        if name in files:
            raise UnsafeBag(reason=f"the name {quoted(name)} stands in it twice")
        files.add(name)
        parts = name.split("/")
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            other = spelled.setdefault(clash_key(path), path)
            if other != path:
                raise UnsafeBag(reason=f"the names {quoted(other)} and {quoted(path)} clash on some computers")
            if depth < len(parts) and path in files:
                raise UnsafeBag(reason=f"{quoted(path)} is both a file and a folder")
    for name in files:
        parent = name.rpartition("/")[0]
        if parent in files:
            raise UnsafeBag(reason=f"{quoted(parent)} is both a file and a folder")


def quoted(name: str) -> str:
    """A name for people: in quotation marks, with everything that could move a cursor spelled out."""
    return f"“{shown(name if len(name) <= 70 else name[:40] + '…' + name[-25:])}”"


@dataclass(frozen=True)
class Digests:
    """What a file's bytes came to. `chunk_root` is the RFC 6962 root over 1 MiB chunks."""

    size: int
    sha256: str
    chunk_root: str


class Bag(ABC):
    """Files by name, with their sizes. `label` is what to call the place: a path as the caller gave it."""

    label: str
    sizes: Mapping[str, int]
    left_behind: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._digests: dict[str, Digests] = {}

    @abstractmethod
    def open(self, name: str) -> BinaryIO:
        """A stream over the file's bytes, from the start. Raises UnreadableBag."""

    def close(self) -> None:  # noqa: B027 - a folder holds nothing open
        """Let go of what is open."""

    def __enter__(self) -> Bag:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __contains__(self, name: str) -> bool:
        return name in self.sizes

    def read(self, name: str, ceiling: int = MAX_TEXT) -> bytes:
        """The whole file; raises UnreadableBag when it is missing or larger than `ceiling` bytes."""
        size = self.sizes.get(name)
        if size is None:
            raise UnreadableBag(reason=f"the file {quoted(name)} is missing")
        if size > ceiling:
            raise UnreadableBag(reason=f"{quoted(name)} is {size:,} bytes; no more than {ceiling:,} are read")
        with self.open(name) as stream:
            data = _read_at_most(stream, size + 1, name)
        if len(data) != size:
            raise UnreadableBag(reason=f"{quoted(name)} is not as long as it was a moment ago")
        return data

    def text(self, name: str, ceiling: int = MAX_TEXT) -> str:
        """The whole file as UTF-8 text without a byte-order mark; raises UnreadableBag."""
        try:
            return self.read(name, ceiling).decode("utf-8", "strict")
        except UnicodeDecodeError as error:
            raise UnreadableBag(reason=f"{quoted(name)} is not UTF-8 text") from error

    def digests(self, name: str, progress: Callable[[int], None] | None = None) -> Digests:
        """SHA-256 and chunk root of a file, read once in pieces. `progress` gets the bytes of each piece.

        Raises UnreadableBag when the file is missing, unreadable, or not as long as it said.
        """
        known = self._digests.get(name)
        if known is not None:
            return known
        if name not in self.sizes:
            raise UnreadableBag(reason=f"the file {quoted(name)} is missing")
        with self.open(name) as stream:
            found = digest_stream(stream, self.sizes[name], name, progress)
        self._digests[name] = found
        return found


def digest_stream(stream: BinaryIO, size: int, name: str, progress: Callable[[int], None] | None = None) -> Digests:
    """Digest exactly `size` bytes of a stream, which must then be at its end."""
    whole, chunks, total = hashlib.sha256(), Frontier(), 0
    while True:
        chunk = _read_at_most(stream, CHUNK_SIZE, name)
        if not chunk:
            break
        total += len(chunk)
        if total > size:
            break
        whole.update(chunk)
        chunks.append(leaf_hash(chunk))
        if progress is not None:
            progress(len(chunk))
    if total != size:
        raise UnreadableBag(reason=f"{quoted(name)} is not as long as it says")
    return Digests(size, whole.hexdigest(), chunks.root().hex())


def _read_at_most(stream: BinaryIO, count: int, name: str) -> bytes:
    """Up to `count` bytes, fewer only at the end of the stream."""
    pieces: list[bytes] = []
    while count > 0:
        try:
            piece = stream.read(count)
        except OSError as error:
            raise UnreadableBag(reason=f"{quoted(name)} cannot be read: {error.strerror or error}") from error
        if not piece:
            break
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


class FolderBag(Bag):
    """A bag in a folder. Every entry is looked at before any is opened."""

    def __init__(self, root: Path, label: str | None = None) -> None:
        super().__init__()
        self.label = label if label is not None else str(root)
        self._root = root
        self.sizes, self.left_behind = self._survey()

    def _survey(self) -> tuple[dict[str, int], tuple[str, ...]]:
        sizes: dict[str, int] = {}
        left: list[str] = []
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            for entry in _listed(self._root / folder if folder else self._root):
                name = f"{folder}/{entry.name}" if folder else entry.name
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    if name.count("/") >= MAX_DEPTH:
                        raise UnsafeBag(reason=f"its folders go more than {MAX_DEPTH} deep")
                    waiting.append(name)
                elif not stat.S_ISREG(status.st_mode):
                    raise UnsafeBag(reason=f"{quoted(name)} is a link or a special file")
                elif entry.name in LEFT_BY_THE_COMPUTER:
                    left.append(name)
                else:
                    sizes[name] = status.st_size
                if len(sizes) > MAX_FILES or len(waiting) > MAX_FILES:
                    raise UnsafeBag(reason=f"it holds more than {MAX_FILES:,} files")
        check_names(sorted(sizes))
        return dict(sorted(sizes.items())), tuple(sorted(left))

    def open(self, name: str) -> BinaryIO:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        flags |= getattr(os, "O_NONBLOCK", 0)
        try:
            handle = os.open(self._root / name, flags)
        except OSError as error:
            raise UnreadableBag(reason=f"{quoted(name)} cannot be opened: {error.strerror or error}") from error
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise UnreadableBag(reason=f"{quoted(name)} is no longer a plain file")
        return os.fdopen(handle, "rb", buffering=0)


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise UnreadableBag(reason=f"the folder {quoted(str(folder))} cannot be read: {error.strerror}") from error


def open_bag(path: Path) -> Bag:
    """The bag at a path: a folder, a folder that holds nothing but one, or a zip.

    Raises UnreadableBag when there is nothing of the kind, UnsafeBag when it is not an honest package.
    """
    from candor.verify.zipbag import ZipBag

    label = str(path)
    if path.is_dir():
        root = path
        if not (path / "bagit.txt").exists():
            inside = [e for e in _listed(path) if e.name not in LEFT_BY_THE_COMPUTER]
            if len(inside) == 1 and inside[0].is_dir(follow_symlinks=False):
                root = path / inside[0].name
        return FolderBag(root, label)
    if path.is_file():
        return ZipBag(path, label)
    raise UnreadableBag(reason=f"there is no folder and no file at {quoted(label)}")


_LINE = re.compile(r"^([0-9a-f]{64})  ([^\s].*)$")


def parse_manifest(text: str, name: str) -> dict[str, str]:
    """The lines `<64 lower-case hex>  <path>` of a manifest, as path → digest.

    Strict, so that `sha256sum -c` and this program read the same: "\\n" line ends, two spaces, no path twice.
    Raises UnsafeBag.
    """
    if not text.endswith("\n") or "\r" in text:
        raise UnsafeBag(reason=f"{quoted(name)} does not end its lines as it should")
    digests: dict[str, str] = {}
    for number, line in enumerate(text[:-1].split("\n"), 1):
        match = _LINE.match(line)
        if match is None:
            raise UnsafeBag(reason=f"line {number} of {quoted(name)} is not a digest and a file's name")
        digest, path = match.groups()
        fault = name_fault(path)
        if fault is not None:
            raise UnsafeBag(reason=f"line {number} of {quoted(name)} names {quoted(path)}: {fault}")
        if path in digests:
            raise UnsafeBag(reason=f"{quoted(name)} names {quoted(path)} twice")
        digests[path] = digest
    return digests
