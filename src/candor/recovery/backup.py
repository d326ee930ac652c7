"""Making a backup.

    purges that are owed → footage that is not there yet → the event, and the log brought up to it
    → one view of all rows → what came in meanwhile → manifest → what no kept backup needs any more is removed

Killed anywhere, what is there already is used by the next run, and what has no manifest is no backup.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

import sqlalchemy as sa

from candor import __version__
from candor.core.errors import CandorError
from candor.core.ids import new_id
from candor.custody import Event, append
from candor.custody.tables import log_head
from candor.installation import Installation
from candor.people.rules import Actor, Permission
from candor.people.tables import agency
from candor.recovery import keeping, snapshot
from candor.recovery.copying import copy, hash_of
from candor.recovery.errors import BackupRunning, PlaceInUse, PlaceOfAnother
from candor.recovery.inventory import Item, Items, put_items
from candor.recovery.manifest import LogState, Manifest
from candor.recovery.place import CHECKPOINT, DATABASE, MANIFEST, OBJECTS, SECRETS, BackupFiles, BackupPlace
from candor.recovery.tables import backup_run
from candor.store.key_records import alone_with_keys
from candor.store.keys import KEY_SIZE
from candor.store.tables import vault_object

__all__ = ["KEEP", "Backup", "BackupResult", "Told", "run_backup"]

#: Backups that are kept.
KEEP = 30
_BATCH = 1000
_LONGEST_ROTATION = 900.0
"""Seconds; a change of keys that takes longer ends the backup, which is made again."""


@dataclass(frozen=True)
class Told:
    """How far it has come. `step`: purges, footage, database, keeping; bytes as stored."""

    step: str
    objects_done: int
    objects_total: int
    bytes_copied: int


@dataclass(frozen=True)
class BackupResult:
    """What was made. `copied`: objects that were not there before; `missing`: those that the archive's own store has
    not got; `removed`: objects that nothing needs any more; `dropped`: backups that were too many; `log_problem`: why
    the newest events are not in a signed checkpoint; `dated_later`: one there that was made before and says otherwise,
    because the clock was wrong."""

    manifest: Manifest
    copied: int
    copied_bytes: int
    missing: tuple[str, ...]
    removed: int
    dropped: int
    log_problem: str | None
    dated_later: Manifest | None


def run_backup(
    here: Installation,
    actor: Actor,
    target: str | None = None,
    *,
    keep: int = KEEP,
    told: Callable[[Told], None] = lambda told: None,
) -> BackupResult:
    """Make a backup and keep the newest `keep`. Raises Refused, PlaceNotNamed, PlaceUnfit, PlaceOfAnother,
    BackupRunning, CopyDamaged, and what a store raises."""
    actor.require(Permission.KEYS_MANAGE)
    place = BackupPlace.open(here.settings, target, create=True)
    with _alone(here), tempfile.TemporaryFile("w+", dir=here.settings.spool_folder) as needed:
        return Backup(here, actor, place, keep, told, needed).make()


#: Any number: names the lock of backups among the database's advisory locks.
_ADVISORY = 0x4241434B5550


@contextmanager
def _alone(here: Installation) -> Iterator[None]:
    with (here.settings.home / "backup.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupRunning() from error
        with here.database.only_one(_ADVISORY, wait=False) as mine:  # also over machines that share the database
            if not mine:
                raise BackupRunning()
            yield


@dataclass
class Backup:
    """One run."""

    here: Installation
    actor: Actor
    place: BackupPlace
    keep: int
    told: Callable[[Told], None]
    needed: TextIO
    id: str = field(default_factory=new_id)
    copied: int = 0
    copied_bytes: int = 0
    missing: list[str] = field(default_factory=list)
    _done: int = 0
    _total: int = 0

    def make(self) -> BackupResult:
        """All of it."""
        whole = self.place.manifests()
        whose = self._must_be_ours(whole)
        self._enter()
        try:
            result = self._make(whole, whose)
        except BaseException as error:
            with contextlib.suppress(Exception):  # what went wrong first is what matters
                self._note(problem=str(error) or type(error).__name__)
            raise
        return result

    def _make(self, whole: list[Manifest], whose: str) -> BackupResult:
        self.told(Told("purges", 0, 0, 0))
        keeping.pass_on_purges(self.here, self.place)
        known = self._known(whole)
        there = {one.object_id: one.size for one in self.place.objects.list()}
        for _ in self._bring(self._living(), known, there):
            pass
        self._record()
        log_problem = self._settle()
        # A change of keys in between would leave rows under a key whose sheet is to be destroyed then.
        with alone_with_keys(self.here.settings.keys_folder, _LONGEST_ROTATION):
            self.here.vault.keys.reload()
            manifest = self._write(whose, known, there)
        self.told(Told("keeping", self._done, self._total, self.copied_bytes))
        dropped, removed = keeping.tidy(self.here, self.place, self.keep, manifest.id)
        keeping.pass_on_purges(self.here, self.place)
        self._end(manifest)
        return BackupResult(
            manifest,
            self.copied,
            self.copied_bytes,
            tuple(self.missing),
            removed,
            dropped,
            log_problem,
            next((one for one in whole if one.made_at > manifest.made_at), None),
        )

    # -- before -------------------------------------------------------------------------------------------------------
    def _must_be_ours(self, whole: list[Manifest]) -> str:
        with self.here.database.read() as tx:
            whose = tx.scalar(sa.select(agency.c.id)) or ""
            origin = tx.scalar(sa.select(log_head.c.origin)) or ""
        for other in whole[:1]:
            same = other.agency == whose if other.agency and whose else other.log.origin == origin
            if not same:
                raise PlaceOfAnother(place=self.place.name, whose=f"log {other.log.origin}")
        if not whole:
            self._must_know_what_lies_there()
        return str(whose)

    def _must_know_what_lies_there(self) -> None:
        """Without a backup that says whose they are, objects in the place are ours only if our rows name them. Each is
        looked up, once: house is kept there afterwards, and that removes what nobody needs."""
        batch: list[str] = []
        for stored in itertools.chain(self.place.objects.list(), [None]):
            if stored is not None:
                batch.append(stored.object_id)
            if batch and (stored is None or len(batch) == _BATCH):
                with self.here.database.read() as tx:
                    query = sa.select(vault_object.c.object_id).where(vault_object.c.object_id.in_(batch))
                    unknown = set(batch) - set(tx.scalars(query))
                if unknown:
                    raise PlaceInUse(place=self.place.name, object_id=min(unknown))
                batch = []

    def _enter(self) -> None:
        row = {"id": self.id, "place": self.place.name, "kind": self.place.kind, "started_at": self.here.clock.now()}
        with self.here.database.write() as tx:
            tx.execute(backup_run.insert().values(row))

    def _known(self, whole: list[Manifest]) -> Items:
        """What the last backup knows of the objects there."""
        if not whole:
            return Items()
        return Items(BackupFiles(self.place, whole[0].id, whole[0].folder, None).items(whole[0].files))

    # -- footage ------------------------------------------------------------------------------------------------------
    def _living(self) -> Iterator[tuple[str, int]]:
        """Every object that has its key now, in short transactions."""
        with self.here.database.read() as tx:
            query = sa.select(sa.func.count()).select_from(vault_object)
            self._total = tx.scalar(query.where(vault_object.c.key_destroyed_at.is_(None))) or 0
        after = ""
        while True:
            with self.here.database.read() as tx:
                rows = tx.execute(
                    sa.select(vault_object.c.object_id, vault_object.c.stored_size)
                    .where(vault_object.c.object_id > after, vault_object.c.key_destroyed_at.is_(None))
                    .order_by(vault_object.c.object_id)
                    .limit(_BATCH)
                ).all()
            if not rows:
                return
            yield from ((row.object_id, row.stored_size) for row in rows)
            after = rows[-1].object_id

    def _bring(self, wanted: Iterator[tuple[str, int]], known: Items, there: dict[str, int]) -> Iterator[Item]:
        """See that the place has these objects; yields each as it lies there."""
        self._done, self.missing = 0, []
        for object_id, size in wanted:
            found = known.hash_of(object_id) if there.get(object_id) == size else None
            if found is None:
                found = self._fetch(object_id, size, there)
            self._done += 1
            self.told(Told("footage", self._done, max(self._total, self._done), self.copied_bytes))
            if found is None:
                if self._has_key(object_id):
                    self.missing.append(object_id)
                continue
            known.add(object_id, found)
            there[object_id] = size
            yield Item(object_id, size, found)

    def _fetch(self, object_id: str, size: int, there: dict[str, int]) -> bytes | None:
        vault = self.here.vault
        store = vault.archive if vault.archive is not None and vault.is_archived(object_id) else vault.store
        if object_id in there:
            # Left by a run that came to no end, or damaged since: kept if it is what the archive has.
            found = hash_of(self.place.objects, object_id)
            own = hash_of(store, object_id)
            if own is None or found == own:
                return found if there[object_id] == size else None
            self.place.objects.delete(object_id)
        found = copy(store, self.place.objects, object_id, size, self._moved)
        self.copied += found is not None
        return found

    def _moved(self, count: int) -> None:
        self.copied_bytes += count
        self.told(Told("footage", self._done, self._total, self.copied_bytes))

    def _has_key(self, object_id: str) -> bool:
        with self.here.database.read() as tx:
            return self.here.vault.look_up(tx, object_id).key_destroyed_at is None

    # -- the event ----------------------------------------------------------------------------------------------------
    def _record(self) -> None:
        """Put the backup on record before its rows are read, so that it holds its own event, and the log in it is as
        far as the log that was signed."""
        with self.here.database.write() as tx:
            size = tx.scalar(sa.select(log_head.c.size)) or 0
            details = {
                "backup": self.id,
                "target": self.place.kind,
                "objects": self._done - len(self.missing),
                "copied": self.copied,
                "missing": len(self.missing),
                "log_size": size,
            }
            append(tx, Event.BACKUP_MADE, actor=self.actor.account_id, details=details, clock=self.here.clock)

    def _settle(self) -> str | None:
        """A log that cannot sign is no reason to have no backup."""
        try:
            self.here.log.settle()
        except CandorError as error:
            return str(error)
        return None

    # -- the rows, the manifest ---------------------------------------------------------------------------------------
    def _write(self, whose: str, known: Items, there: dict[str, int]) -> Manifest:
        key, made_at = os.urandom(KEY_SIZE), self.here.clock.now().replace(microsecond=0)
        keys = self.here.vault.keys
        epoch, wrapped = keys.wrap(self.id, key)
        blank = Manifest(
            id=self.id,
            made_at=made_at,
            program=__version__,
            revision="",
            agency=whose,
            log=LogState("", "", 0, 0, ""),
            epoch=epoch,
            key_check=keys.check_value(epoch),
            wrapped=wrapped,
            files=(),
            tables={},
            objects=0,
            size=0,
        )
        files = BackupFiles(self.place, self.id, blank.folder, key)
        self.told(Told("database", self._done, self._total, self.copied_bytes))
        # Before the rows: the marker in it must not be ahead of them.
        files.put_sealed(SECRETS, snapshot.secrets(self.here.settings))
        with self.here.database.read() as tx:
            snapshot.begin_consistent(tx)
            taken = snapshot.take(tx, lambda piece: files.put_sealed(files.next_name(DATABASE), piece), self.needed)
        if taken.checkpoint:
            files.put(CHECKPOINT, taken.checkpoint.encode())
        self.needed.seek(0)
        wanted = ((line.split()[0], int(line.split()[1])) for line in self.needed)
        items = self._bring(wanted, known, there)
        count, size = put_items(items, lambda data: files.put(files.next_name(OBJECTS), data))
        manifest = Manifest(
            **{
                **vars(blank),
                "revision": taken.revision,
                "log": taken.log,
                "files": tuple(files.written),
                "tables": taken.tables,
                "objects": count,
                "size": size,
                "missing": len(self.missing),
            }
        )
        data = manifest.encode(key)
        self.place.files.put_new(f"{manifest.folder}/{MANIFEST}", data)
        return Manifest.decode(data, manifest.id)

    def _end(self, manifest: Manifest) -> None:
        problem = f"{len(self.missing)} objects are not in the archive's own store" if self.missing else None
        self._note(
            objects=manifest.objects,
            bytes=manifest.size,
            copied=self.copied,
            log_size=manifest.log.size,
            problem=problem,
        )

    def _note(self, **values: object) -> None:
        with self.here.database.write() as tx:
            ended = {"ended_at": self.here.clock.now(), **values}
            tx.execute(backup_run.update().where(backup_run.c.id == self.id).values(ended))
