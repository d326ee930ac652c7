"""Keeping house in a backup's place: purges are passed on, old backups and what only they needed are removed."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from candor.footage import purging
from candor.installation import Installation
from candor.recovery.inventory import Item, Items
from candor.recovery.manifest import Manifest
from candor.recovery.place import MANIFEST, BackupFiles, BackupPlace
from candor.store.tables import vault_object
from candor.store.tombstones import KeysLedger

__all__ = ["pass_on_purges", "tidy"]

#: What has no manifest belongs to a run that came to no end, once it is so old.
_ABANDONED = timedelta(days=1)


def pass_on_purges(here: Installation, place: BackupPlace | None) -> int:
    """Do what purges still owe: here, beside the keys, and in the backup's place, where the tombstone is put down and
    the bytes are removed. How many the place was told. Whatever cannot be reached is raised, and owed on."""
    purging.settle(here.database, here.vault, KeysLedger(here.settings.keys_folder), clock=here.clock)
    if place is None:
        return 0
    there = place.tombstones.ids()
    with here.database.read() as tx:
        waiting = purging.owed(tx, place.name, there=there)
    for one in waiting:
        # The tombstone first: bytes that are gone without one would look like a loss.
        place.tombstones.add(here.vault.keys, purging.stones([one]))
        for object_id in one.object_ids:
            place.objects.delete(object_id)
        purging.told(here.database, [one], place.name)
    return len(waiting)


def tidy(here: Installation, place: BackupPlace, keep: int, made: str) -> tuple[int, int]:
    """Remove backups beyond the newest `keep`, half ones that nobody is writing any more, and objects that no kept
    backup and no living row names; (backups, objects) removed. The one `made` just now stays, whatever the clock says.
    """
    whole = sorted(place.manifests(), key=lambda one: one.id != made)
    for old in whole[keep:]:
        # The manifest goes first: what is left when this is interrupted is half a backup, and looks like one.
        place.files.delete(f"{old.folder}/{MANIFEST}")
    kept = whole[:keep]
    before = here.clock.now() - _ABANDONED
    dropped = {old.folder for old in whole[keep:]}
    for name in list(place.half_done(kept)):
        folder = name.rpartition("/")[0]
        if folder in dropped or _began(folder) < before.timestamp():
            place.files.delete(name)
    place.objects.clear_unfinished(before)
    return len(whole[keep:]), _remove_unneeded(here, place, kept)


def _remove_unneeded(here: Installation, place: BackupPlace, kept: list[Manifest]) -> int:
    needed = Items()
    for manifest in kept:
        for item in BackupFiles(place, manifest.id, manifest.folder, None).items(manifest.files):
            needed.add(item.object_id, b"")
    with here.database.read() as tx:
        living = sa.select(vault_object.c.object_id).where(vault_object.c.key_destroyed_at.is_(None))
        for object_id in tx.scalars(living, execution_options={"yield_per": 2000}):
            needed.add(object_id, b"")
        destroyed = sa.select(vault_object.c.object_id).where(vault_object.c.key_destroyed_at.is_not(None))
        gone = Items(Item(one, 0, b"") for one in tx.scalars(destroyed, execution_options={"yield_per": 2000}))
    removed = 0
    for stored in place.objects.list():
        if stored.object_id not in needed or stored.object_id in gone:
            removed += place.objects.delete(stored.object_id)
    return removed


def _began(folder: str) -> float:
    """When a backup was begun, in seconds since 1970: its identifier's own time (RFC 9562 section 5.7)."""
    try:
        return (UUID(folder[-36:]).int >> 80) / 1000
    except ValueError:
        return 0.0
