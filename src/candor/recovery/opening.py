"""Opening a backup: its key, and everything in it looked at before a word of it is written anywhere."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from candor.core.settings import Settings
from candor.migrations import HEAD, revisions
from candor.recovery.errors import (
    BackupAltered,
    BackupHalf,
    BackupKeyMissing,
    BackupKeyWrong,
    BackupTooNew,
)
from candor.recovery.inventory import Item
from candor.recovery.manifest import Entry, Manifest
from candor.recovery.pieces import Columns, PieceReader
from candor.recovery.place import DATABASE, SECRETS, BackupFiles, BackupPlace
from candor.store import KeyMissing, KeyRing

__all__ = ["OpenBackup", "key_of", "open_backup"]


@dataclass(frozen=True)
class OpenBackup:
    """A backup whose every file was found right. `secrets`: log_key, last_signed, settings, candor_toml."""

    place: BackupPlace
    manifest: Manifest
    files: BackupFiles
    secrets: dict[str, Any]

    def rows(self) -> Iterator[tuple[str, Columns, list[Any]]]:
        """Every row: (table, columns, values), in an order in which they can be put back."""
        reader = PieceReader()
        for entry in _numbered(self.manifest, DATABASE):
            try:
                yield from reader.read(self.files.get_sealed(entry))
            except (ValueError, KeyError, TypeError, OSError, EOFError) as error:
                raise BackupAltered(id=self.manifest.id, what=f"its file {entry.name}: {error}") from error

    def items(self) -> Iterator[Item]:
        """Every object that it needs."""
        return self.files.items(self.manifest.files)


def key_of(manifest: Manifest, keys: KeyRing) -> bytes:
    """The backup's key, 32 bytes. Raises BackupKeyWrong for another agency's; the epoch is at hand."""
    if keys.check_value(manifest.epoch) != manifest.key_check:
        raise BackupKeyWrong(id=manifest.id, epoch=manifest.epoch, folder="CANDOR_KEYS")
    try:
        return keys.unwrap(manifest.id, manifest.epoch, manifest.wrapped)
    except KeyMissing as error:
        raise BackupAltered(id=manifest.id, what="its key, which the manifest holds wrapped, does not open") from error


def open_backup(settings: Settings, place: BackupPlace, backup_id: str | None) -> OpenBackup:
    """Find a backup, open it with the key in CANDOR_KEYS, and check all of it but the footage. Nothing is written.

    Raises NoBackup, BackupTooNew, BackupKeyMissing, BackupKeyWrong, BackupHalf, BackupAltered, and KeyringMissing when
    there is no key at all.
    """
    manifest = place.manifest(backup_id)
    keys = KeyRing.load(settings.keys_folder)
    if not keys.has(manifest.epoch):
        raise BackupKeyMissing(id=manifest.id, epoch=manifest.epoch, folder=settings.keys_folder)
    if keys.check_value(manifest.epoch) != manifest.key_check:
        raise BackupKeyWrong(id=manifest.id, epoch=manifest.epoch, folder=settings.keys_folder)
    key = key_of(manifest, keys)
    manifest.must_be_sealed_by(key)
    if manifest.revision not in revisions():
        what = f"tables at {manifest.revision}, known are those up to {HEAD}"
        raise BackupTooNew(id=manifest.id, version=manifest.program, what=what)
    files = BackupFiles(place, manifest.id, manifest.folder, key)
    for entry in manifest.files:
        if not entry.name.startswith((DATABASE, SECRETS)):
            files.get(entry)
    secret = next((one for one in manifest.files if one.name == SECRETS), None)
    if secret is None:
        raise BackupHalf(id=manifest.id, missing="the log's key with the settings")
    found = OpenBackup(place, manifest, files, json.loads(files.get_sealed(secret)))
    _must_hold_together(found, keys, settings)
    return found


def _must_hold_together(found: OpenBackup, keys: KeyRing, settings: Settings) -> None:
    """As many rows as the manifest says, as many objects, and every key that wraps something."""
    counts: Counter[str] = Counter()
    epochs: set[int] = set()
    for table, columns, row in found.rows():
        counts[table] += 1
        if table == "vault_object":
            values = dict(zip((name for name, _ in columns), row, strict=True))
            if values["key_destroyed_at"] is None:
                epochs.add(values["key_epoch"])
        elif table == "vault_secret":
            epochs |= {row[[name for name, _ in columns].index("key_epoch")]} - {0}  # 0: destroyed
    for table, count in found.manifest.tables.items():
        if counts[table] != count:
            what = f"it holds {counts[table]} rows of {table}, and its manifest says {count}"
            raise BackupAltered(id=found.manifest.id, what=what)
    objects = sum(1 for _ in found.items())
    if objects != found.manifest.objects:
        raise BackupAltered(id=found.manifest.id, what=f"it lists {objects} objects, not {found.manifest.objects}")
    for epoch in sorted(epochs):
        if not keys.has(epoch):
            raise BackupKeyMissing(id=found.manifest.id, epoch=epoch, folder=settings.keys_folder)


def _numbered(manifest: Manifest, kind: str) -> list[Entry]:
    return sorted((one for one in manifest.files if one.name.startswith(f"{kind}-")), key=lambda one: one.name)
