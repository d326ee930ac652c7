"""What makes restored rows an installation again: tombstones, jobs, words to search by, footage, the log's files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from candor.core.errors import SettingsWrong
from candor.core.files import write_durably
from candor.core.settings import Settings
from candor.custody.errors import LogBehind, LogDamaged, LogKeyMissing
from candor.custody.keys import check_signature, read_marker, write_marker
from candor.footage import purging
from candor.footage.indexing import index_recording
from candor.footage.tables import recording, recording_words
from candor.installation import Installation
from candor.recovery.copying import copy, hash_of
from candor.recovery.errors import BackupAltered, BackupHalf, BackupKeyWrong, CopyDamaged, TombstonesUnchecked
from candor.recovery.inventory import Item
from candor.recovery.manifest import Manifest
from candor.recovery.opening import OpenBackup, key_of
from candor.recovery.place import CHECKPOINT, BackupFiles, BackupPlace
from candor.recovery.tables import backup_run
from candor.store import KeyRing, ObjectMissing
from candor.store.tables import tombstone, vault_object
from candor.store.tombstones import Tombstone
from candor.verify.checkpoint import Checkpoint, verify_checkpoint
from candor.verify.errors import VerifyError
from candor.verify.note import Note, VerifierKey

__all__ = [
    "Brought",
    "bring_objects",
    "compare_log",
    "index_again",
    "must_name_nothing_alive",
    "put_back_settings",
    "put_marker_forward",
    "revive",
]

_BATCH = 200


@dataclass
class Brought:
    """How the footage came back: objects copied, there already, kept destroyed; what could not be, in words."""

    copied: int = 0
    there: int = 0
    destroyed: int = 0
    problems: tuple[str, ...] = ()


def revive(here: Installation, stones: list[Tombstone], manifest: Manifest) -> int:
    """Lay the tombstones, end the run that made the backup, and hand every open job out anew; how many jobs."""
    with here.database.write() as tx:
        purging.lay_to_rest(tx, here.vault, stones)
        # Where bytes and ledgers stand is to be seen anew on this machine.
        tx.execute(tombstone.update().values(erased_at=None, kept_at=None, backup_place=None))
        ended = {"ended_at": here.clock.now(), "objects": manifest.objects, "bytes": manifest.size}
        mine = backup_run.update().where(backup_run.c.id == manifest.id, backup_run.c.ended_at.is_(None))
        tx.execute(mine.values(ended | {"log_size": manifest.log.size}))
        return here.jobs.dispatch_again(tx)


def index_again(here: Installation) -> None:
    """Make the words of every recording that has none."""
    without = (
        sa.select(recording.c.id)
        .join(recording_words, recording_words.c.recording_id == recording.c.id, isouter=True)
        .where(recording_words.c.recording_id.is_(None))
        .order_by(recording.c.id)
        .limit(_BATCH)
    )
    while True:
        with here.database.write() as tx:
            found = tx.scalars(without).all()
            for recording_id in found:
                index_recording(tx, recording_id)
        if not found:
            return


def bring_objects(
    here: Installation, place: BackupPlace, backup: OpenBackup, told: Callable[[int, int], None]
) -> Brought:
    """Copy what the archive's own store has not got, each read back and compared with the SHA-256 of the backup. What
    a tombstone names is left where it is, and removed where it survived."""
    brought, problems = Brought(), list[str]()
    listed: set[str] = set()
    batch: list[Item] = []

    def settle() -> None:
        with here.database.read() as tx:
            rows = tx.execute(
                sa.select(vault_object.c.object_id, vault_object.c.key_destroyed_at).where(
                    vault_object.c.object_id.in_([item.object_id for item in batch])
                )
            )
            destroyed = {row.object_id for row in rows if row.key_destroyed_at is not None}
        for item in batch:
            if item.object_id in destroyed:
                brought.destroyed += 1
                here.vault.remove(item.object_id)
            else:
                problem = _bring(here, place, item, brought)
                problems.extend(filter(None, [problem]))
        batch.clear()

    for item in backup.items():
        listed.add(item.object_id)
        batch.append(item)
        if len(batch) == _BATCH:
            settle()
            told(len(listed), backup.manifest.objects)
    settle()
    told(len(listed), backup.manifest.objects)
    brought.problems = (*problems, *_never_there(here, listed))
    return brought


def must_name_nothing_alive(backup: OpenBackup, unsure: Sequence[Tombstone], place: str) -> None:
    """Raise TombstonesUnchecked when tombstones that nobody can vouch for name objects that the backup would bring
    back. Those that name none are harmless: the backup's own rows know of them, or never had what they name."""
    named = {object_id: stone for stone in unsure for object_id in stone.object_ids}
    hit = []
    for table, columns, row in backup.rows():
        if table == "vault_object":
            values = dict(zip((name for name, _ in columns), row, strict=True))
            if values["key_destroyed_at"] is None and values["object_id"] in named:
                hit.append(named[values["object_id"]])
    if hit:
        which = sorted({f"recording {stone.subject}" for stone in hit})
        more = f" and {len(which) - 5} more" if len(which) > 5 else ""
        count = len({stone.id for stone in hit})
        raise TombstonesUnchecked(count=count, place=place, objects=len(hit), which=", ".join(which[:5]) + more)


def put_marker_forward(settings: Settings, place: BackupPlace, backup: OpenBackup) -> None:
    """Have the marker beside the log's key say what later backups in the same place show to have been signed.

    When the folder of the keys is lost and an earlier backup is taken, they may be all that still knows; going on from
    here would sign a second history. A checkpoint counts by the signature of the log's own key. One of a log that
    followed this one counts by the seal of its backup, and keeps the log that ended from signing.
    """
    mine, keys = backup.manifest, KeyRing.load(settings.keys_folder)
    if not mine.log.vkey:
        return
    newest: tuple[int, int, Note] | None = None
    for other in place.others(mine):
        note = _checkpoint_of(place, other, mine, keys)
        if note is not None:
            follows = other.log.vkey != mine.log.vkey
            if newest is None or (follows, other.log.signed) > newest[:2]:
                newest = follows, other.log.signed, note
    if newest is None:
        return
    present = read_marker(settings.keys_folder)
    if present is not None:
        known = Checkpoint.parse(present.text)
        if known.origin != mine.log.origin or (not newest[0] and known.size >= newest[1]):
            return
    write_marker(settings.keys_folder, newest[2])


def _checkpoint_of(place: BackupPlace, other: Manifest, mine: Manifest, keys: KeyRing) -> Note | None:
    """The newest checkpoint in another backup, without its cosignatures, if it can be relied on and matters here."""
    entry = next((one for one in other.files if one.name == CHECKPOINT), None)
    same = other.log.vkey == mine.log.vkey
    if entry is None or (not same and (other.made_at, other.id) <= (mine.made_at, mine.id)):
        return None
    try:
        if not same:
            if other.agency != mine.agency or not keys.has(other.epoch):
                return None
            other.must_be_sealed_by(key_of(other, keys))
        data = BackupFiles(place, other.id, other.folder, None).get(entry)
        key = VerifierKey.parse(other.log.vkey)
        note = Note.parse(data)
        found = verify_checkpoint(note, [key], check_signature)
    except (BackupAltered, BackupHalf, BackupKeyWrong, VerifyError, ValueError):
        return None
    if (found.size, found.origin) != (other.log.signed, other.log.origin):
        return None
    return Note(note.text, tuple(one for one in note.signatures if one.is_by(key))[:1])


def compare_log(here: Installation) -> tuple[str | None, tuple[str, ...]]:
    """Write the log's files anew from the rows, and compare the log with all that is known to have been signed: the
    marker beside the key, the published checkpoint, what the witnesses hold. Why it must not sign, None when it may;
    and what is wrong with it in words, because a log that was damaged when it was backed up is restored as it was."""
    try:
        here.log.check(repair=True)
    except (LogBehind, LogKeyMissing) as error:
        return str(error), ()
    except (LogDamaged, VerifyError) as error:
        return None, (f"the custody log as it was backed up: {error}",)
    return None, ()


def put_back_settings(settings: Settings, saved: Path) -> Path:
    """Put candor.toml where this program reads it, if there is none and it leads to these same folders; otherwise it
    stays where it is. Where it is now."""
    path = Path(os.environ.get("CANDOR_CONFIG", "candor.toml")).absolute()
    if not saved.exists() or path.exists() or not path.parent.is_dir():
        return saved
    write_durably(path, saved.read_bytes(), mode=0o600)
    try:
        again = Settings.load()
    except SettingsWrong:
        again = None
    same = ("home", "keys", "database_url", "store_url")
    if again is None or any(getattr(again, name) != getattr(settings, name) for name in same):
        path.unlink()  # it is of another machine: what was restored just now would not be found
        return saved
    return path


def _bring(here: Installation, place: BackupPlace, item: Item, brought: Brought) -> str | None:
    store = here.vault.store
    found = here.vault.there(item.object_id)
    if found is not None and found.size == item.size:
        brought.there += 1
        return None
    if found is not None:
        return f"{item.object_id}: the store holds {found.size} bytes under that name, not {item.size}"
    try:
        got = copy(place.objects, store, item.object_id, item.size, lambda count: None)
    except (CopyDamaged, ObjectMissing) as error:
        return str(error)
    if got is None:
        return f"{item.object_id}: the backup has not got it, or not in its size"
    if got != item.sha256:
        store.delete(item.object_id)
        there = hash_of(place.objects, item.object_id)
        what = "it is altered there" if there == got else "it was read differently twice"
        return f"{item.object_id}: not what was backed up ({what})"
    brought.copied += 1
    return None


def _never_there(here: Installation, listed: set[str]) -> list[str]:
    """Objects that the rows name and the backup never had: the archive had lost them before."""
    problems = []
    with here.database.read() as tx:
        living = sa.select(vault_object.c.object_id).where(vault_object.c.key_destroyed_at.is_(None))
        for object_id in tx.scalars(living.order_by(vault_object.c.object_id)):
            if object_id not in listed and here.vault.there(object_id) is None:
                problems.append(f"{object_id}: it was missing when the backup was made")
    return problems
