"""Objects that are half-received: gone on with after a break, or after the end of the process.

    FOLDER/<object id>                  the encrypted stream so far (Cobblestone-256, no last chunk yet)
    FOLDER/<object id>.<number>         the tail: what was received and is not in the stream yet, sealed by itself
    FOLDER/place                        this folder's name, so that a row can say where its drafts are
    FOLDER/holders/<id>                 locked while the process lives that goes by that id

Rules it keeps:

1. Plaintext is never written. A stream has a key of its own, kept by whoever keeps the row (`Vault.keep_secret`).
2. Under a key nothing is encrypted twice: a stream whose writer is gone is never written to again. What comes after
   it goes into another stream under another key, or the stream is read and sealed anew.
3. `Durable` says exactly what can be read back: so many bytes of the stream, and the tail of that number. What lies in
   the folder beyond that is not believed; what is missing is a fault that says so.
4. Over a store in a folder the stream's last chunk makes it the object itself, with no byte written twice. The draft
   keeps its own name until `remove`: nothing is gone before the act that counts is committed. A file system without
   hard links cannot do that: there drafts are read back and sealed anew, as over a bucket.
5. Nothing is believed to be lost because the folder is away: a disk that is not mounted looks like an empty folder, and
   is told from one by the name in `place`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from candor.core.files import make_folder, write_durably
from candor.core.ids import is_id, new_id
from candor.store.cobblestone import CHUNK, HEADER, SEALED_CHUNK, ChunkReader, NotAuthentic, sealed_size
from candor.store.errors import ObjectAltered, ObjectMissing, StoreUnreachable
from candor.store.folder import NO_LINKS, FileSource, FolderSink, FolderStore, fault_of
from candor.store.sealed_bytes import open_bytes, seal_bytes
from candor.store.sealing import ObjectWriter, SealedObject, context_of
from candor.store.vault import Vault

__all__ = ["DraftReader", "DraftWriter", "Drafts", "Durable"]

_BLOCKS = 4
"""Blocks of a draft's pipeline: about 10 MiB of memory each."""
_PIECE = 1 << 20
_HALF_WRITTEN = 3600.0
"""Seconds after which a tail that got no name, or a scratch file that kept its own, is what a crash left."""


@dataclass(frozen=True, slots=True)
class Durable:
    """What of a draft is on stable storage: `streamed` bytes of plaintext in the stream, a multiple of its chunk, and
    `tail` bytes in the tail of that number (0: there is none)."""

    streamed: int
    tail: int = 0
    number: int = 0

    @property
    def size(self) -> int:
        """Bytes of plaintext in all."""
        return self.streamed + self.tail


class Drafts:
    """The drafts of a vault, in a folder of its store, or of `spool` when the store is no folder.

    Shared by the threads of a process. `direct`: whether a finished draft is the object itself; known for good once
    `place` was asked for.
    """

    def __init__(self, vault: Vault, spool: Path) -> None:
        self._vault = vault
        self.direct = isinstance(vault.store, FolderStore)
        root = vault.store.root if isinstance(vault.store, FolderStore) else spool
        self.folder = root / "drafts"
        self._root = root
        self._guard = threading.Lock()
        self._place = ""
        self._me = -1
        self.holder = new_id()

    @property
    def place(self) -> str:
        """The folder's own name; it is made, durably, when it has none."""
        with self._guard:
            if not self._place:
                self._place = self._find_place()
            return self._place

    def _find_place(self) -> str:
        named = self.folder / "place"
        try:
            make_folder(self.folder / "holders", mode=0o700)
            self.direct = self.direct and self._has_links()
            if not named.exists():
                self._give_name(named)
            found = named.read_text("ascii").strip()
            # The lock dies with the process: so others can tell a holder that lives from one that is gone.
            self._me = os.open(self.folder / "holders" / self.holder, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._me, fcntl.LOCK_EX)
        except OSError as error:
            raise StoreUnreachable(place=self.folder, reason=error.strerror or str(error)) from error
        return found

    def _has_links(self) -> bool:
        """Whether a file here can have two names."""
        one, two = (self.folder / f".links-{self.holder}-{number}" for number in (1, 2))
        try:
            one.touch(mode=0o600)
            os.link(one, two)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            return False
        finally:
            for path in (one, two):
                path.unlink(missing_ok=True)
        return True

    def _give_name(self, named: Path) -> None:
        waiting = self.folder / ".naming"
        with waiting.open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # of two processes that begin at once, one names the folder
            if not named.exists():
                write_durably(named, new_id().encode(), mode=0o600)
            waiting.unlink(missing_ok=True)

    def _must_be_ours(self) -> None:
        """Raise StoreUnreachable where the folder is not the one that it was when this process came to it."""
        try:
            found = (self.folder / "place").read_text("ascii").strip()
        except FileNotFoundError:
            found = ""
        except OSError as error:
            raise StoreUnreachable(place=self.folder, reason=error.strerror or str(error)) from error
        if found != self.place:
            raise StoreUnreachable(place=self.folder, reason="it is not the folder that it was; its disk may be away")

    def is_gone(self, holder: str) -> bool:
        """Whether the process that went by that id, and wrote in this folder, has ended."""
        if holder == self.holder or not self.place:
            return False
        if not is_id(holder):
            raise ValueError(f"{holder!r} is no process's id")
        try:
            handle = os.open(self.folder / "holders" / holder, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return True  # it gave its id up, or was cleared away after it had ended
        except OSError as error:
            raise StoreUnreachable(place=self.folder, reason=error.strerror or str(error)) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(handle)
        return True

    def begin(self, object_id: str, kind: str, key: bytes) -> DraftWriter:
        """Begin a draft, with an identifier and a key of 32 bytes that were never used before."""
        _ = self.place
        return DraftWriter(self.folder, self._root, object_id, kind, key, self._vault)

    def holds(self, object_id: str, durable: Durable) -> bool:
        """Whether as much of a draft is in the folder as is said to be. Its content is not looked at. Raises
        StoreUnreachable where the folder itself is away."""
        try:
            stream = (self.folder / object_id).stat().st_size if durable.streamed else 0
            tail = (self.folder / f"{object_id}.{durable.number}").stat().st_size if durable.tail else 0
        except FileNotFoundError:
            self._must_be_ours()
            return False
        except OSError as error:
            raise fault_of(error, str(self.folder), object_id) from error
        whole = HEADER + durable.streamed // CHUNK * SEALED_CHUNK if durable.streamed else 0
        return stream >= whole and tail == (sealed_size(durable.tail) if durable.tail else 0)

    def open(self, object_id: str, key: bytes, durable: Durable) -> DraftReader:
        """What of a draft is durable, as a stream to read once. Raises ObjectMissing where less of it is there,
        ObjectAltered where it does not authenticate, here or while it is read; StoreUnreachable where the folder itself
        is away."""
        try:
            return DraftReader(self.folder, object_id, key, durable)
        except ObjectMissing:
            self._must_be_ours()
            raise
        except OSError as error:
            raise fault_of(error, str(self.folder), object_id) from error

    def remove(self, object_id: str) -> None:
        """Remove a draft and its tails; nothing happens where there is none."""
        if not is_id(object_id):
            raise ValueError(f"{object_id!r} is not an object's identifier")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.folder / object_id)
        self.remove_tails(object_id, keep=0)

    def remove_tails(self, object_id: str, *, keep: int) -> None:
        """Remove the tails of a draft but the one of that number."""
        for path in self.folder.glob(f"{object_id}.*"):
            if path.name != f"{object_id}.{keep}":
                path.unlink(missing_ok=True)

    def left(self) -> Iterator[tuple[str, float]]:
        """Every draft that no living process writes: its identifier, and when it was last written (seconds since
        1970). Ids of processes that have ended are cleared away on the way."""
        _ = self.place
        for path in list((self.folder / "holders").iterdir()):
            with contextlib.suppress(FileNotFoundError):
                # One made just now may not be locked yet.
                if path.stat().st_mtime < time.time() - _HALF_WRITTEN and self.is_gone(path.name):
                    path.unlink(missing_ok=True)
        for path in list(self.folder.iterdir()):
            with contextlib.suppress(FileNotFoundError):
                changed = path.stat().st_mtime
                if is_id(path.name) and _unlocked(path):
                    yield path.name, changed
                elif path.name.startswith((".", "scratch-")) and changed < time.time() - _HALF_WRITTEN:
                    path.unlink()

    def free_bytes(self) -> int:
        """Room left where drafts lie."""
        found = os.statvfs(self._root if not self.folder.exists() else self.folder)
        return found.f_bavail * found.f_frsize

    def close(self) -> None:
        """Give up this process's id."""
        with self._guard:
            if self._me >= 0:
                os.close(self._me)
                self._me = -1
                (self.folder / "holders" / self.holder).unlink(missing_ok=True)
            self._place, self.holder = "", new_id()


class DraftWriter:
    """One draft being written, by one thread at a time; only `sync_in_passing` may be called beside the others."""

    def __init__(self, folder: Path, root: Path, object_id: str, kind: str, key: bytes, vault: Vault) -> None:
        self.object_id = object_id
        self._folder, self._key = folder, key
        self._tails = 0
        self._sink = FolderSink(root, self.object_id, drafts=folder)
        self.writer = ObjectWriter(
            self.object_id,
            kind,
            sink=self._sink,
            key=key,
            wrapped=vault.keys.wrap(self.object_id, key),
            clock=vault.clock,
            blocks=_BLOCKS,
        )

    @property
    def size(self) -> int:
        """Bytes taken so far."""
        return self.writer.size

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes in. Any error ends the writing; what was durable stays so."""
        self.writer.write(data)

    def sync_in_passing(self) -> Durable:
        """Have what the stream holds by now on stable storage, while another thread goes on writing."""
        streamed = self.writer.passed_on
        self._sink.sync()
        return Durable(streamed)

    def settle(self) -> Durable:
        """Have everything that was taken on stable storage. Any error ends the writing; what was durable stays so."""
        try:
            tail = self.writer.settle()
            self._sink.sync()
            if not tail:
                return Durable(self.size)
            self._tails += 1
            path = self._folder / f"{self.object_id}.{self._tails}"
            try:
                write_durably(path, seal_bytes(self._key, _tail_context(self.object_id), tail), mode=0o400)
            except OSError as error:
                path.unlink(missing_ok=True)
                raise fault_of(error, str(self._folder), self.object_id) from error
            return Durable(self.size - len(tail), len(tail), self._tails)
        except BaseException:
            self.park()
            raise

    def park(self) -> None:
        """End the writing and let go of what it holds; what is durable stays."""
        self.writer.abort()

    def finish(self) -> SealedObject:
        """Make the draft the object itself (only where `Drafts.direct`). It keeps its name among the drafts too."""
        return self.writer.finish()


class DraftReader:
    """The durable plaintext of a draft, read once from its start."""

    def __init__(self, folder: Path, object_id: str, key: bytes, durable: Durable) -> None:
        self.object_id, self.size = object_id, durable.size
        self._folder, self._durable = folder, durable
        self._position = 0
        self._source: FileSource | None = None
        self._tail = b""
        if durable.streamed % CHUNK:
            raise ValueError("a stream is read in whole chunks")
        try:
            if durable.streamed:
                self._source = FileSource(folder / object_id, str(folder))
                self._chunks = ChunkReader(self._source, key, context_of(object_id), full=durable.streamed // CHUNK)
            if durable.tail:
                sealed = (folder / f"{object_id}.{durable.number}").read_bytes()
                self._tail = open_bytes(key, _tail_context(object_id), sealed)
        except FileNotFoundError as error:
            self.close()
            raise ObjectMissing(object_id=object_id, place=folder) from error
        except NotAuthentic as error:
            self.close()
            raise ObjectAltered(object_id=object_id, what=error.where) from error
        if len(self._tail) != durable.tail:
            self.close()
            raise ObjectAltered(object_id=object_id, what=f"its tail has {len(self._tail)} bytes, not {durable.tail}")

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, at least a chunk's worth unless the end is near; none at the end."""
        streamed = self._durable.streamed
        if self._position >= streamed:
            at = self._position - streamed
            piece = self._tail[at : at + size]
        else:
            length = min(max(size - size % CHUNK, CHUNK), streamed - self._position)
            room = bytearray(length)
            try:
                self._chunks.read_into(self._position // CHUNK, memoryview(room))
            except NotAuthentic as error:
                raise ObjectAltered(object_id=self.object_id, what=error.where) from error
            piece = bytes(room)
        self._position += len(piece)
        return piece

    def pieces(self) -> Iterator[bytes]:
        """All that is left, a piece at a time."""
        while piece := self.read(_PIECE):
            yield piece

    def close(self) -> None:
        """Let go of the files."""
        if self._source is not None:
            self._source.close()

    def __enter__(self) -> DraftReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _tail_context(object_id: str) -> bytes:
    return b"bwc/draft-tail/v1\0" + object_id.encode()


def _unlocked(path: Path) -> bool:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
