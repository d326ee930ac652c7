"""The public log as its files say it: the checkpoint with who signed it, and entries, none shown before it is proven.

The folder is read as a stranger would read it. What does not fold into the signed checkpoint is not shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from candor.portal.errors import LogChanged, LogPartMissing, LogUnsigned
from candor.verify.checkpoint import Checkpoint
from candor.verify.cosignature import verify_cosignatures
from candor.verify.encoding import base64_text
from candor.verify.errors import BadTile, Malformed, MissingTile, VerifyError
from candor.verify.leaf import parse_leaf
from candor.verify.merkle import tree_root
from candor.verify.note import MAX_NOTE_SIZE, Note
from candor.verify.policy import Policy
from candor.verify.tiles import ENTRIES, MAX_ENTRY_SIZE, TILE_WIDTH, Tile, TileReader

__all__ = ["PAGE", "Cosigned", "LogEntry", "PublicLog", "Signed"]

#: Entries of one page.
PAGE = 100


@dataclass(frozen=True)
class Cosigned:
    """A witness's signature on the checkpoint, checked: its name, and when it signed, by its own clock."""

    name: str
    at: datetime


@dataclass(frozen=True)
class Signed:
    """A checkpoint whose signature by the log's key was checked, with the cosignatures of known witnesses."""

    checkpoint: Checkpoint
    cosigned: tuple[Cosigned, ...]

    @property
    def root(self) -> str:
        """The root hash, in base64."""
        return base64_text(self.checkpoint.root)


@dataclass(frozen=True)
class LogEntry:
    """An entry: where it stands (from 0), the hour in UTC, tag and commitment in hex; the three are empty for an entry
    of a form that is not known here."""

    index: int
    hour: str
    tag: str
    commit: str


class PublicLog:
    """The folder of the log's public files."""

    def __init__(self, folder: Path, policy: str) -> None:
        self._folder, self._policy = folder, policy

    def signed(self) -> Signed | None:
        """The checkpoint that lies there; None before there is one. Raises LogUnsigned."""
        try:
            data = self._read("checkpoint", MAX_NOTE_SIZE)
        except OSError:
            return None
        return _checked(data, self._policy)

    def entries(self, signed: Signed, start: int) -> list[LogEntry]:
        """At most PAGE entries from `start` back, the newest first, each proven to be at its place under the
        checkpoint. Raises LogChanged, LogPartMissing."""
        end, first = start + 1, max(start + 1 - PAGE, 0)
        with _in_words():
            found = list(self._reader(signed).entries(first, end))
        return [_entry(first + at, found[at]) for at in reversed(range(len(found)))]

    def root_of(self, signed: Signed, size: int) -> str:
        """The root hash (base64) of the first `size` entries, which the checkpoint covers: what an older checkpoint
        of that size must say. Raises LogChanged, LogPartMissing."""
        with _in_words():
            return base64_text(tree_root(self._reader(signed).read, size))

    def _reader(self, signed: Signed) -> TileReader:
        return TileReader(signed.checkpoint.size, signed.checkpoint.root, self._fetch)

    def _fetch(self, tile: Tile) -> bytes | None:
        most = TILE_WIDTH * (2 + MAX_ENTRY_SIZE) if tile.level == ENTRIES else TILE_WIDTH * 32
        with suppress(OSError):
            return self._read(tile.path, most)
        return None

    def _read(self, path: str, most: int) -> bytes:
        with (self._folder / path).open("rb") as file:
            return file.read(most)


@lru_cache(maxsize=8)
def _checked(data: bytes, policy: str) -> Signed:
    """Kept for a few checkpoints: the signatures take longer to check than all else of a page."""
    try:
        note, trusted = Note.parse(data), Policy.parse(policy)
        checkpoint = trusted.verify_log(note)
        found = verify_cosignatures(note, trusted.witness_keys)
    except VerifyError as error:
        raise LogUnsigned() from error
    return Signed(checkpoint, tuple(Cosigned(one.key.name, _moment(one.timestamp)) for one in found))


def _moment(seconds: int) -> datetime:
    """A witness may write any number; what no calendar has is shown as its end."""
    last = datetime(9999, 12, 30, tzinfo=UTC)
    return datetime.fromtimestamp(min(seconds, int(last.timestamp())), UTC)


def _entry(index: int, data: bytes) -> LogEntry:
    try:
        leaf = parse_leaf(data)
    except Malformed:
        return LogEntry(index, "", "", "")
    return LogEntry(index, f"{leaf.hour[:10]} {leaf.hour[11:13]}:00", leaf.tag, leaf.commit)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except MissingTile as error:
        raise LogPartMissing(path=error.fields["path"]) from error
    except BadTile as error:
        raise LogChanged(path=error.fields["path"]) from error
