"""Tombstones: which sealed objects were destroyed on purpose, told outside the database, so that a backup from before
cannot bring them back.

    CANDOR_KEYS/tombstones.jsonl                              one line each; survives the loss of CANDOR_HOME
    candor-backup/tombstones/<id>.json  in a backup's place   one file each, never replaced

The identifiers stand in clear, because they must be understood whatever key is at hand in years to come. Who, by what
right and why are sealed under the key-encryption key of the day, bound to what stands in clear: an entry that was
altered while that key is at hand is noticed.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from candor.core.canonical import canonical_json
from candor.core.clock import from_iso, iso
from candor.core.files import make_folder, sync_folder
from candor.core.ids import is_id
from candor.store.errors import KeyMissing, TombstoneAltered
from candor.store.keys import KEY_SIZE, KeyRing
from candor.store.named_files import NamedFiles
from candor.store.sealed_bytes import NotAuthentic, open_bytes, seal_bytes

__all__ = ["ERASURE", "PURGE", "KeysLedger", "PlaceLedger", "Tombstone", "decode", "encode", "read_file"]

PURGE = "purge"
ERASURE = "erasure"
_FILE = "tombstones.jsonl"
_FOLDER = "tombstones"


@dataclass(frozen=True)
class Tombstone:
    """One act of destruction. `subject`: the recording; `actor` and the words are None when the key that sealed them is
    not at hand. `kind`: PURGE, or ERASURE where the catalogue entry and the history were emptied too."""

    id: str
    subject: str
    object_ids: tuple[str, ...]
    destroyed_at: datetime
    actor: str | None = None
    authority: str | None = None
    reason: str | None = None
    kind: str = PURGE

    @property
    def is_checked(self) -> bool:
        """Whether it was opened with its key, so that nobody altered it."""
        return self.actor is not None


def encode(keys: KeyRing, stone: Tombstone) -> bytes:
    """One line of JSON, without its end."""
    clear = _clear(stone)
    key = os.urandom(KEY_SIZE)
    epoch, wrapped = keys.wrap(stone.id, key)
    words = json.dumps({"actor": stone.actor, "authority": stone.authority, "reason": stone.reason}).encode()
    sealed = seal_bytes(key, _context(clear), words)
    check = keys.check_value(epoch).hex()
    private = {"check": check, "epoch": epoch, "wrapped": _text(wrapped), "words": _text(sealed)}
    return canonical_json({**clear, "sealed": private})


def decode(keys: KeyRing, line: bytes, where: str) -> Tombstone:
    """An entry as it was written. Its words are None when the key of its day is not at hand.

    Raises TombstoneAltered when it cannot be read, or when its key is at hand and says that it is another.
    """
    try:
        found = json.loads(line)
        private = found.pop("sealed")
        ids = tuple(found["objects"])
        kind = found.get("kind", PURGE)
        stone = Tombstone(found["id"], found["recording"], ids, from_iso(found["destroyed_at"]), kind=kind)
        if kind not in (PURGE, ERASURE):
            raise ValueError("it is of a kind that is not known")
        if found != _clear(stone) or not all(map(is_id, (stone.id, stone.subject, *ids))):
            raise ValueError("it holds what no tombstone has")
        epoch, wrapped = int(private["epoch"]), base64.b64decode(private["wrapped"], validate=True)
        sealed = base64.b64decode(private["words"], validate=True)
        check = bytes.fromhex(private.get("check", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise TombstoneAltered(where=where, reason="it cannot be read") from error
    if not keys.has(epoch) or (check and check != keys.check_value(epoch)):
        return stone  # of a key that is not at hand, or that was lost and whose number another one got since
    try:
        words = json.loads(open_bytes(keys.unwrap(stone.id, epoch, wrapped), _context(_clear(stone)), sealed))
    except (KeyMissing, NotAuthentic) as error:
        raise TombstoneAltered(where=where, reason="it does not fit the seal that was put on it") from error
    return replace(stone, **words)


def read_file(keys: KeyRing, path: Path) -> Iterator[Tombstone]:
    """Every tombstone of a file with one on each line. Raises TombstoneAltered; OSError when it cannot be read."""
    lines = path.read_bytes().split(b"\n")
    # Half a line was being written when the machine died, and is written again; it says nothing. A whole one that only
    # lacks its end was copied by hand.
    if not _id_of(lines[-1]):
        lines.pop()
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield decode(keys, line, f"{path}, line {number}")


class KeysLedger:
    """The ledger beside the keys."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def add(self, keys: KeyRing, stones: Iterable[Tombstone]) -> None:
        """Append what it has not; durable when this returns. Raises OSError."""
        make_folder(self._path.parent, mode=0o700)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            before = file.read()
            known = {_id_of(line) for line in before.split(b"\n")[:-1]}
            fresh = [encode(keys, stone) + b"\n" for stone in stones if stone.id not in known]
            if not fresh:
                return
            if before and not before.endswith(b"\n"):
                file.truncate(before.rfind(b"\n") + 1)  # half a line, left by a machine that died
            file.write(b"".join(fresh))
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self._path.parent)

    def read(self, keys: KeyRing) -> list[Tombstone]:
        """Every tombstone in it. Raises TombstoneAltered."""
        return list(read_file(keys, self._path)) if self._path.exists() else []


class PlaceLedger:
    """The ledger in a backup's place."""

    def __init__(self, files: NamedFiles) -> None:
        self._files = files

    def add(self, keys: KeyRing, stones: Iterable[Tombstone]) -> None:
        """Put down what it has not. Raises StoreUnreachable."""
        for stone in stones:
            self._files.put_new(f"{_FOLDER}/{stone.id}.json", encode(keys, stone) + b"\n")

    def ids(self) -> frozenset[str]:
        """Whose tombstones are there. Raises StoreUnreachable."""
        return frozenset(name.rpartition("/")[2].removesuffix(".json") for name in self._files.list(_FOLDER))

    def read(self, keys: KeyRing) -> list[Tombstone]:
        """Every tombstone in it. Raises TombstoneAltered, StoreUnreachable."""
        found = []
        for name in sorted(self._files.list(_FOLDER)):
            line = self._files.get(name)
            if line is not None:
                found.append(decode(keys, line, f"{self._files.place}, {name}"))
        return found


def _clear(stone: Tombstone) -> dict[str, Any]:
    return {
        "destroyed_at": iso(stone.destroyed_at),
        "id": stone.id,
        "objects": list(stone.object_ids),
        "recording": stone.subject,
        "v": 1,
        # Whoever does not know the word refuses the entry, and does not bring back what an order erased.
        **({} if stone.kind == PURGE else {"kind": stone.kind}),
    }


def _context(clear: dict[str, Any]) -> bytes:
    return b"bwc/tombstone/v1\0" + canonical_json(clear)


def _id_of(line: bytes) -> str:
    try:
        return str(json.loads(line)["id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
