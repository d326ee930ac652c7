"""A backup's place: the objects there, the backups that are whole, and whether it may be used at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from candor.core.settings import Settings
from candor.recovery.errors import (
    BackupAltered,
    BackupHalf,
    BackupTooNew,
    NoBackup,
    PlaceNotNamed,
    PlaceUnfit,
)
from candor.recovery.inventory import Item, items_of
from candor.recovery.manifest import Entry, Manifest, context_of
from candor.store import ObjectStore
from candor.store.named_files import NamedFiles
from candor.store.objects import open_place
from candor.store.sealed_bytes import NotAuthentic, open_bytes, seal_bytes
from candor.store.tombstones import PlaceLedger

__all__ = ["BACKUPS", "BackupFiles", "BackupPlace"]

BACKUPS = "backups"
MANIFEST = "manifest.json"
#: Names of a backup's files; those that come in numbers have -000001 and so on behind.
DATABASE, OBJECTS, SECRETS, CHECKPOINT = "database", "objects", "secrets", "checkpoint"


class BackupPlace:
    """One place with backups of one installation."""

    def __init__(self, objects: ObjectStore, files: NamedFiles, kind: str) -> None:
        self.objects, self.files, self.kind = objects, files, kind
        self.tombstones = PlaceLedger(files)

    @property
    def name(self) -> str:
        """Its address in words for people."""
        return self.files.place

    @classmethod
    def open(cls, settings: Settings, target: str | None, *, create: bool = False) -> BackupPlace:
        """The place that is named, or that CANDOR_BACKUP names.

        Raises PlaceNotNamed, PlaceUnfit (also for a folder that would be lost, or stolen, with what it is to protect),
        NoBackup when it is not there and not to be made, StoreAddressWrong, StoreUnreachable.
        """
        target = target or settings.backup
        if not target:
            raise PlaceNotNamed()
        is_bucket = target.startswith("s3://")
        if not is_bucket:
            folder = Path(target.removeprefix("file://")).expanduser().absolute()
            if not create and not folder.is_dir():
                raise NoBackup(which="", place=folder)
            if create:
                _must_be_apart(settings, folder)
        elif create and target.rstrip("/") == settings.store.rstrip("/"):
            raise PlaceUnfit(place=target, reason="the footage itself lies there")
        objects, files = open_place(settings, target)
        return cls(objects, files, "s3" if is_bucket else "folder")

    def manifests(self) -> list[Manifest]:
        """The backups that have a manifest, newest first. Raises BackupAltered, BackupTooNew for one that cannot be
        read: whoever keeps house must not go on without knowing what it needs."""
        found = []
        for name in self.files.list(BACKUPS):
            if name.endswith(f"/{MANIFEST}"):
                data = self.files.get(name)
                if data is not None:
                    manifest = Manifest.decode(data, name.split("/")[1])
                    if f"{manifest.folder}/{MANIFEST}" != name:
                        raise BackupAltered(id=manifest.id, what=f"its manifest lies in {name}, where it was not put")
                    found.append(manifest)
        return sorted(found, key=lambda one: (one.made_at, one.id), reverse=True)

    def others(self, manifest: Manifest) -> Iterator[Manifest]:
        """The other backups that can be read, in no order; those that cannot say nothing."""
        for name in self.files.list(BACKUPS):
            if name.endswith(f"/{MANIFEST}") and (data := self.files.get(name)) is not None:
                try:
                    other = Manifest.decode(data, name.split("/")[1])
                except (BackupAltered, BackupTooNew):
                    continue
                if other.id != manifest.id:
                    yield other

    def manifest(self, backup_id: str | None = None) -> Manifest:
        """The newest backup, or the one of that identifier (its beginning or end is enough). Raises NoBackup."""
        if backup_id is None:
            found = self.manifests()
        else:
            # Others may be of a newer program, or damaged: that is no reason not to find this one.
            names = [name for name in self.files.list(BACKUPS) if name.endswith(f"/{MANIFEST}") and backup_id in name]
            found = [Manifest.decode(self.files.get(name) or b"", name.split("/")[1]) for name in names[:2]]
        if not found or (backup_id is not None and len(found) != 1):
            raise NoBackup(which="" if backup_id is None else f" {backup_id}", place=self.name)
        return found[0]

    def half_done(self, whole: list[Manifest]) -> Iterator[str]:
        """Names of files that belong to no backup that is whole."""
        folders = {one.folder for one in whole}
        for name in self.files.list(BACKUPS):
            if name.rpartition("/")[0] not in folders:
                yield name


class BackupFiles:
    """The files of one backup, written or read one at a time."""

    def __init__(self, place: BackupPlace, backup_id: str, folder: str, key: bytes | None) -> None:
        self._files, self._id, self._folder, self._key = place.files, backup_id, folder, key
        self._counts: dict[str, int] = {}
        self.written: list[Entry] = []

    def put(self, name: str, data: bytes) -> None:
        """Write a file as it is."""
        if not self._files.put_new(f"{self._folder}/{name}", data):
            raise BackupAltered(id=self._id, what=f"its file {name} was there before it was written")
        self.written.append(Entry(name, len(data), hashlib.sha256(data).hexdigest()))

    def put_sealed(self, name: str, data: bytes) -> None:
        """Write a file encrypted under the backup's key."""
        assert self._key is not None, "a backup is written with its key"
        self.put(name, seal_bytes(self._key, context_of(self._id, name), data))

    def next_name(self, kind: str) -> str:
        """The next name of a file that comes in numbers."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{kind}-{self._counts[kind]:06d}"

    def get(self, entry: Entry) -> bytes:
        """A file as it lies there. Raises BackupHalf, BackupAltered."""
        data = self._files.get(f"{self._folder}/{entry.name}")
        if data is None:
            raise BackupHalf(id=self._id, missing=f"its file {entry.name}")
        if len(data) != entry.size or hashlib.sha256(data).hexdigest() != entry.sha256:
            raise BackupAltered(id=self._id, what=f"its file {entry.name} has another SHA-256 than its manifest says")
        return data

    def get_sealed(self, entry: Entry) -> bytes:
        """A file's content. Raises BackupHalf, BackupAltered."""
        assert self._key is not None, "what is encrypted is read with the backup's key"
        try:
            return open_bytes(self._key, context_of(self._id, entry.name), self.get(entry))
        except NotAuthentic as error:
            raise BackupAltered(id=self._id, what=f"its file {entry.name}: {error.where}") from error

    def items(self, entries: tuple[Entry, ...]) -> Iterator[Item]:
        """Every object that the backup needs. Raises BackupHalf, BackupAltered."""
        for entry in entries:
            if entry.name.startswith(f"{OBJECTS}-"):
                data = self.get(entry)
                try:
                    yield from items_of(data)
                except (ValueError, OSError, EOFError) as error:
                    raise BackupAltered(id=self._id, what=f"its file {entry.name}: {error}") from error


def _must_be_apart(settings: Settings, folder: Path) -> None:
    """A backup in the home is lost with it; one with the keys is worth as much as none to whoever steals it."""
    real = folder.resolve()
    for other, what in ((settings.home, "CANDOR_HOME"), (settings.keys_folder, "CANDOR_KEYS")):
        there = other.resolve()
        if real == there or there in real.parents:
            raise PlaceUnfit(place=folder, reason=f"it lies in {what} ({other}) and would be lost with it")
        if real in there.parents:
            raise PlaceUnfit(place=folder, reason=f"{what} ({other}) lies in it, so one thief would have both")
    store = settings.store.removeprefix("file://")
    if settings.store_url and "://" not in store and Path(store).expanduser().resolve() == real:
        raise PlaceUnfit(place=folder, reason="the footage itself lies there")
