"""Passwords that nobody may use, from a file that the operator gives (CJIS IA-5(1), NIST SP 800-63B §5.1.1.2).

The file holds one password to a line, as text in UTF-8 or as SHA-1 in hex, with or without `:count` behind it, as
lists of breaches come. It never leaves the machine and nothing is asked of anybody else.

- Text, and hashes in any order, up to LARGEST_IN_MEMORY bytes: eight bytes of each line's SHA-1 are kept in memory.
- Hashes in order, of any size: looked up in the file itself, by halving, in about 40 short reads.

A file that is set but cannot be used is an error wherever a password is chosen: the check is never skipped silently.
A sign-in goes on without it, because the password was checked when it was chosen, and locking everybody out over a
file would be worse; the program's log says so.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from candor.people.errors import PasswordListed, PasswordListUnusable

if TYPE_CHECKING:
    import numpy as np

_logger = logging.getLogger("candor.people")

LARGEST_IN_MEMORY = 50 * 1024 * 1024
#: Lines at the beginning that must all be hashes for the file to be one of hashes.
_LOOKED_AT = 50
#: Places at which a large file is looked at to see whether it is in order.
_SAMPLES = 1024
_LONGEST_LINE = 4096
_HASH = re.compile(rb"([0-9A-Fa-f]{40})(?::[0-9]+)?")


@dataclass(frozen=True)
class Found:
    """What the file is, for whoever looks after the machine."""

    path: Path
    size: int
    form: str
    """`text`, `hashes` or `hashes in order`."""
    lines: int | None
    """None for a file that is looked up on disk: nobody counted them."""


@dataclass
class PasswordList:
    """The list at a path; without a path nothing stands on it. Safe to use from several threads; a file that was
    replaced is read again."""

    path: Path | None
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _read: tuple[tuple[int, int, int], _Memory | _Disk] | None = field(default=None, repr=False)

    def holds(self, password: str) -> bool:
        """Whether the password stands on the list. Raises PasswordListUnusable."""
        if self.path is None:
            return False
        digests = {_digest(form) for form in (password, unicodedata.normalize("NFKC", password))}
        try:
            source = self._source(self.path)
            return any(source.holds(digest) for digest in digests)
        except OSError as error:
            raise PasswordListUnusable(path=self.path, reason=error.strerror or str(error)) from error

    def refuse(self, password: str) -> None:
        """Raise PasswordListed when the password stands on the list, PasswordListUnusable when nobody can tell."""
        if self.holds(password):
            raise PasswordListed()

    def holds_if_known(self, password: str) -> bool:
        """As `holds`, for a sign-in: a list that cannot be used holds nothing, and the program's log says so."""
        try:
            return self.holds(password)
        except PasswordListUnusable as error:
            _logger.error("%s", error)
            return False

    def look(self) -> Found | None:
        """Read the file and say what it is; None when no list is set. Raises PasswordListUnusable."""
        if self.path is None:
            return None
        try:
            source = self._source(self.path)
            return Found(self.path, self.path.stat().st_size, source.form, source.lines)
        except OSError as error:
            raise PasswordListUnusable(path=self.path, reason=error.strerror or str(error)) from error

    def _source(self, path: Path) -> _Memory | _Disk:
        state = path.stat()
        known = (state.st_ino, state.st_size, state.st_mtime_ns)
        with self._guard:
            if self._read is None or self._read[0] != known:
                self._read = None
                self._read = (known, _open(path, state.st_size))
            return self._read[1]


_lists: dict[Path | None, PasswordList] = {}
_lists_guard = threading.Lock()


def list_at(path: Path | None) -> PasswordList:
    """The list at a path, the same one for every caller of this process, so that it is read once."""
    path = path and path.expanduser().absolute()
    with _lists_guard:
        return _lists.setdefault(path, PasswordList(path))


def _open(path: Path, size: int) -> _Memory | _Disk:
    with path.open("rb") as file:
        beginning = [line.rstrip(b"\r\n") for line in _lines(file, _LOOKED_AT)]
    filled = [line for line in beginning if line]
    if not filled:
        raise PasswordListUnusable(path=path, reason="it holds no lines")
    hashed = all(_HASH.fullmatch(line) for line in filled)
    if size <= LARGEST_IN_MEMORY:
        return _in_memory(path, hashed)
    if not hashed:
        words = f"it is text of more than {LARGEST_IN_MEMORY >> 20} MiB; make a list of SHA-1 hashes in order of it"
        raise PasswordListUnusable(path=path, reason=words)
    disk = _Disk(path, size)
    if not disk.seems_in_order():
        raise PasswordListUnusable(
            path=path, reason="its hashes are not in order; sort the file (LC_ALL=C sort -o FILE FILE)"
        )
    return disk


def _lines(file: BinaryIO, most: int | None = None) -> Iterator[bytes]:
    given = 0
    while (most is None or given < most) and (line := file.readline(_LONGEST_LINE)):
        given += 1
        yield line


def _digest(text: str) -> bytes:
    # What lists of breaches hold; nothing is protected by it.
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()


@dataclass(frozen=True)
class _Memory:
    """The first eight bytes of every SHA-1, sorted. That two passwords share them happens once in 10¹² lists."""

    heads: np.ndarray[Any, Any]
    form: str
    lines: int

    def holds(self, digest: bytes) -> bool:
        import numpy as np

        head = np.frombuffer(digest[:8], ">u8").astype("u8")[0]
        at = int(np.searchsorted(self.heads, head))
        return at < len(self.heads) and bool(self.heads[at] == head)


def _in_memory(path: Path, hashed: bool) -> _Memory:
    import numpy as np  # only where there is a list: it takes a while to load

    heads = bytearray()
    with path.open("rb") as file:
        for number, raw in enumerate(_lines(file), 1):
            line = raw.rstrip(b"\r\n")
            if not line:
                continue
            if hashed:
                found = _HASH.fullmatch(line)
                if found is None:
                    raise PasswordListUnusable(path=path, reason=f"line {number} is no SHA-1 hash, unlike those before")
                heads += bytes.fromhex(found[1].decode())[:8]
            else:
                # As it stands and as it would be typed: both are asked for.
                heads += hashlib.sha1(line, usedforsecurity=False).digest()[:8]
                if not line.isascii():
                    heads += _digest(unicodedata.normalize("NFKC", line.decode("utf-8", "replace")))[:8]
    numbers = np.sort(np.frombuffer(bytes(heads), ">u8").astype("u8"))
    return _Memory(numbers, "hashes" if hashed else "text", len(numbers))


@dataclass(frozen=True)
class _Disk:
    """Hashes in order, looked up in the file."""

    path: Path
    size: int
    form: str = "hashes in order"
    lines: None = None

    def holds(self, digest: bytes) -> bool:
        with self.path.open("rb", buffering=0) as file:
            low, high = 0, self.size
            # Invariant: a line with this hash begins at `low` or later, and before `high`.
            while low < high:
                middle = (low + high) // 2
                begin, found, after = self._line_from(file, middle)
                if found is None or begin >= high or digest < found:
                    high = middle
                elif digest == found:
                    return True
                else:
                    low = after
        return False

    def seems_in_order(self) -> bool:
        """Whether the hashes rise wherever they are looked at: at many places over the whole file, and from each
        to the next line. A file that somebody sorted passes; one in order of counts does not."""
        last = b""
        with self.path.open("rb", buffering=0) as file:
            for number in range(_SAMPLES):
                _, first, after = self._line_from(file, self.size * number // _SAMPLES)
                if first is None:
                    continue
                _, second, _ = self._line_from(file, after)
                if first < last or (second is not None and second < first):
                    return False
                last = first
        return True

    def _line_from(self, file: BinaryIO, place: int) -> tuple[int, bytes | None, int]:
        """The first line that begins at `place` or later: where it begins, its hash (None: there is none), and where
        the next one begins. Raises PasswordListUnusable at a line that is no hash."""
        start = max(place - 1, 0)
        piece = os.pread(file.fileno(), 256, start)
        if place > 0:
            end = piece.find(b"\n")
            if end < 0:
                if start + len(piece) >= self.size:
                    return self.size, None, self.size
                raise PasswordListUnusable(path=self.path, reason=f"a line near byte {place} is too long")
            start, piece = start + end + 1, piece[end + 1 :]
        if not piece.strip():
            return self.size, None, self.size
        line, newline, _ = piece.partition(b"\n")
        found = _HASH.fullmatch(line.rstrip(b"\r"))
        if found is None:
            raise PasswordListUnusable(path=self.path, reason=f"the line at byte {start} is no SHA-1 hash")
        return start, bytes.fromhex(found[1].decode()), start + len(line) + len(newline)
