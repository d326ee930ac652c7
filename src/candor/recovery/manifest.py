"""The manifest of a backup: what it consists of, sealed by the backup's own key."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from candor.core.canonical import canonical_json
from candor.core.clock import from_iso, iso
from candor.core.ids import is_id
from candor.recovery.errors import BackupAltered, BackupTooNew

__all__ = ["FORM", "Entry", "LogState", "Manifest", "context_of"]

_FILE = re.compile(r"[a-z]+(-[0-9]{6,})?")

#: The form of backups that this program writes and reads.
FORM = 1


@dataclass(frozen=True)
class Entry:
    """A file of the backup, as it lies there: size in bytes, SHA-256 in hexadecimal."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class LogState:
    """The custody log in this backup. `size`: entries with a place; `signed`: size of the newest signed checkpoint,
    whose root is `root` in hexadecimal; 0 and "" when nothing was signed."""

    origin: str
    vkey: str
    size: int
    signed: int
    root: str


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself. `agency` is its identifier, "" before there is one; `revision` the tables' version;
    `key_check`, 16 bytes, tells the key-encryption key of `epoch` from any other; `tables`: rows of each;
    `objects` and their `size` in bytes as stored; `missing`: objects that the archive's own store had not got."""

    id: str
    made_at: datetime
    program: str
    revision: str
    agency: str
    log: LogState
    epoch: int
    key_check: bytes
    wrapped: bytes
    files: tuple[Entry, ...]
    tables: dict[str, int]
    objects: int
    size: int
    missing: int = 0
    seal: str = field(default="", compare=False)

    @property
    def folder(self) -> str:
        """Where its files are, below the place's room for backups."""
        return f"backups/{self.made_at:%Y%m%dT%H%M%SZ}-{self.id}"

    def encode(self, key: bytes) -> bytes:
        """The file, sealed by the backup's key (32 bytes)."""
        body = self._body()
        return canonical_json({**body, "seal": _seal(key, body)}) + b"\n"

    def must_be_sealed_by(self, key: bytes) -> None:
        """Raise BackupAltered unless the manifest is as it was written."""
        if not hmac.compare_digest(self.seal, _seal(key, self._body())):
            raise BackupAltered(id=self.id, what="its manifest does not fit the seal that was put on it")

    @classmethod
    def decode(cls, data: bytes, name: str) -> Manifest:
        """Read one. Raises BackupAltered, or BackupTooNew for a form that this program does not know."""
        try:
            found = json.loads(data)
            if found["v"] != FORM:
                raise BackupTooNew(id=name, version=found.get("program", "(not named)"), what=f"form {found['v']}")
            manifest = cls(
                id=found["id"],
                made_at=from_iso(found["made_at"]),
                program=found["program"],
                revision=found["revision"],
                agency=found["agency"],
                log=LogState(**found["log"]),
                epoch=found["key"]["epoch"],
                key_check=bytes.fromhex(found["key"]["check"]),
                wrapped=base64.b64decode(found["key"]["wrapped"], validate=True),
                files=tuple(Entry(**one) for one in found["files"]),
                tables=dict(found["tables"]),
                objects=found["objects"],
                size=found["bytes"],
                missing=found["missing"],
                seal=found["seal"],
            )
            _must_be_plain(manifest)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
            raise BackupAltered(id=name, what="its manifest cannot be read") from error
        return manifest

    def _body(self) -> dict[str, Any]:
        return {
            "agency": self.agency,
            "bytes": self.size,
            "files": [asdict(one) for one in self.files],
            "id": self.id,
            "key": {
                "check": self.key_check.hex(),
                "epoch": self.epoch,
                "wrapped": base64.b64encode(self.wrapped).decode(),
            },
            "log": asdict(self.log),
            "made_at": iso(self.made_at),
            "missing": self.missing,
            "objects": self.objects,
            "program": self.program,
            "revision": self.revision,
            "tables": self.tables,
            "v": FORM,
        }


def _must_be_plain(manifest: Manifest) -> None:
    """Raise ValueError for what no manifest says: nobody has looked at its seal yet, and others may write there."""
    logged = (manifest.log.size, manifest.log.signed)
    numbers = (manifest.epoch, manifest.objects, manifest.size, manifest.missing, *logged)
    texts = (manifest.program, manifest.revision, manifest.agency, manifest.seal)
    logs = (manifest.log.origin, manifest.log.vkey, manifest.log.root)
    if not is_id(manifest.id) or not all(type(one) is int and one >= 0 for one in numbers):
        raise ValueError("no identifier, or a number that is none")
    if not all(isinstance(one, str) for one in (*texts, *logs)) or manifest.epoch < 1:
        raise ValueError("a text that is none")
    if not all(_FILE.fullmatch(one.name) and type(one.size) is int for one in manifest.files):
        raise ValueError("a file of a name that no backup has")


def context_of(backup_id: str, name: str) -> bytes:
    """What binds an encrypted file to its backup and its name."""
    return b"bwc/backup/v1\0" + backup_id.encode() + b"\0" + name.encode()


def _seal(key: bytes, body: dict[str, Any]) -> str:
    # A key of its own for this use: the backup's key itself only ever goes into Cobblestone's derivation.
    own = hmac.new(key, b"bwc/backup-manifest/v1", hashlib.sha256).digest()
    return hmac.new(own, canonical_json(body), hashlib.sha256).hexdigest()
