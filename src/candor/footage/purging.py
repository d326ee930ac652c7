"""Purging: a recording is destroyed for good, on somebody's authority, so that no backup brings it back.

Rules it keeps:

1. The keys of everything that shows the recording go in one transaction with the custody event and the tombstone: what
   that is says the register (`register`), which rooms above fill too. From its commit on nobody can read it.
2. What lies outside the database follows after the commit, each as soon as it can be reached: the stored bytes, the
   copies of the keys in the database's files, the tombstone beside the keys and in the backup's place, the bytes
   there. The tombstone's row says what is still owed, and `settle` does it.
3. Catalogue entry, custody history and seals stay: that something was there, and on whose word it was destroyed, is
   never forgotten. Packages keep their lists and histories; they hold no footage of their own.
4. It stays destroyed. When the same bytes come in again, by whatever door, they are sealed and held (`returning`) until
   somebody with the right destroys them again or takes them in, by what right and why.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import erasure, kept, kept_rules, kept_transcripts, names, register
from candor.footage.court_seals import is_closed
from candor.footage.errors import (
    ClosedByCourt,
    PurgedAlready,
    PurgeOfRegrouped,
    PurgeWordsMissing,
    RecordingDestroyed,
    RecordingUnknown,
)
from candor.footage.gathering import close_incomplete
from candor.footage.indexing import index_recording
from candor.footage.rules import RecordingState, visible_to
from candor.footage.tables import gathering, part, recording, rendition
from candor.jobs import Jobs
from candor.people.rules import Actor, Permission
from candor.store import KeyRing, ObjectMissing, Vault, scrub_destroyed_keys
from candor.store.tables import tombstone, vault_object
from candor.store.tombstones import ERASURE, PURGE, Tombstone

__all__ = [
    "Ledger",
    "Purge",
    "destroy_keys",
    "erased_by_order",
    "held_to_destroy",
    "lay_to_rest",
    "mark",
    "must_not_be_destroyed",
    "owed",
    "purge",
    "purges_of",
    "settle",
    "stones",
    "told",
    "words_for_the_record",
]

LONGEST_WORDS = 500
_REGISTERED = (kept, kept_rules, kept_transcripts)  # what this room keeps is in the register once this is loaded


class Ledger(Protocol):
    """Somewhere outside the database that remembers what was destroyed."""

    def add(self, keys: KeyRing, stones: Sequence[Tombstone]) -> None:
        """Put down what it has not; raises OSError or StoreError when it cannot be reached."""


@dataclass(frozen=True)
class Purge:
    """One purge of a recording. What has not been done yet is None."""

    id: str
    recording_id: str
    object_ids: tuple[str, ...]
    at: datetime
    actor: str
    authority: str
    reason: str
    erased_at: datetime | None
    kept_at: datetime | None
    backup_place: str | None
    kind: str = PURGE

    @property
    def is_erasure(self) -> bool:
        """Whether an order took what catalogue and history held of the footage too."""
        return self.kind == ERASURE


def purge(
    tx: Connection,
    vault: Vault,
    jobs: Jobs,
    actor: Actor,
    recording_id: str,
    *,
    authority: str,
    reason: str,
    clock: Clock | None = None,
) -> str:
    """Destroy the keys of a recording in the caller's transaction; the tombstone's id. Afterwards call `settle`.

    `authority`: by what right, such as the number of a court's order; `reason`: why. Both go on record. One that is
    still coming in is sealed as it is first; what comes of it afterwards is another recording. Raises Refused,
    RecordingUnknown, PurgedAlready, PurgeOfRegrouped, PurgeWordsMissing, ClosedByCourt.
    """
    actor.require(Permission.RECORDINGS_PURGE)
    clock = clock or SystemClock()
    said = words_for_the_record(authority, reason)
    held_to_destroy(tx, actor, recording_id, clock)
    if is_closed(tx, recording_id):
        raise ClosedByCourt(id=recording_id)
    objects = destroy_keys(tx, vault, jobs, recording_id)
    if not objects:
        raise PurgedAlready(id=recording_id)
    mark(tx, recording_id)
    stone_id = new_id()
    custody.append(
        tx,
        Event.RECORDING_KEY_DESTROYED,
        actor=actor.account_id,
        recording=recording_id,
        details={**said, "tombstone": stone_id, "objects": objects},
        clock=clock,
    )
    row = {"id": stone_id, "subject": recording_id, "object_ids": list(objects), "destroyed_at": clock.now()}
    tx.execute(tombstone.insert().values(**row, actor=actor.account_id, **said))
    return stone_id


def held_to_destroy(tx: Connection, actor: Actor, recording_id: str, clock: Clock, *, closed_too: bool = False) -> None:
    """Hold a recording that the actor may destroy until the transaction ends; one that is still coming in is sealed as
    it is. `closed_too`: also one that a court's order hides from the actor. Raises RecordingUnknown,
    PurgeOfRegrouped."""
    columns = (recording.c.state, recording.c.regrouped_into)
    query = sa.select(*columns).where(recording.c.id == recording_id)
    if not (closed_too and is_closed(tx, recording_id)):
        query = query.where(visible_to(actor).expression)
    held = tx.execute(query.with_for_update(of=recording)).first()
    if held is None:
        raise RecordingUnknown(id=recording_id)
    if held.state == RecordingState.REGROUPED.value:
        raise PurgeOfRegrouped(id=recording_id, whole=held.regrouped_into)
    if held.state == RecordingState.RECEIVING.value:
        _end_receiving(tx, recording_id, actor.account_id, clock)


def destroy_keys(
    tx: Connection, vault: Vault, jobs: Jobs, recording_id: str, *, by_order: bool = False
) -> dict[str, str]:
    """Destroy the keys of everything that shows a recording (`by_order`: or tells of it), and have nothing more made of
    it; what still had one, with its kind, by identifier."""
    _stop_making(tx, jobs, recording_id)
    destroyed: dict[str, str] = {}
    # Looked up again until nothing is left: whoever is recording a copy holds the key of what it was made of, and the
    # destruction of that one waits for them. What they recorded meanwhile is found here; later ones find no key.
    while True:
        objects = register.objects_of(tx, recording_id, by_order=by_order)
        more = {one: kind for one, kind in objects.items() if one not in destroyed and vault.destroy_key(tx, one)}
        if not more:
            return dict(sorted(destroyed.items()))
        destroyed |= more


def lay_to_rest(tx: Connection, vault: Vault, found: Sequence[Tombstone]) -> int:
    """Make true in this database what tombstones from outside say, in the caller's transaction; how many were new.

    For a database that was restored from before a purge: keys that it still has are destroyed, the recording says that
    it is, and the tombstone's row is entered. Objects that this database never had are left alone.
    """
    new = 0
    known = set(tx.scalars(sa.select(tombstone.c.id)))
    for stone in found:
        here = tx.scalars(sa.select(vault_object.c.object_id).where(vault_object.c.object_id.in_(stone.object_ids)))
        for object_id in here.all():
            vault.destroy_key(tx, object_id)
        fresh = stone.id not in known
        if fresh:
            tx.execute(tombstone.insert().values(_row(stone)))
            new += 1
        # Its parts may have been in recordings of their own when this database was kept.
        holders = sa.select(part.c.recording_id).where(part.c.object_id.in_(stone.object_ids))
        mine = sa.or_(recording.c.id == stone.subject, recording.c.id.in_(holders))
        for recording_id in tx.scalars(sa.select(recording.c.id).where(mine).order_by(recording.c.id)).all():
            mark(tx, recording_id)
            if fresh and stone.kind == ERASURE:
                erasure.erase_rows(tx, vault, recording_id, stone.id)
    return new


def purges_of(tx: Connection, recording_id: str) -> list[Purge]:
    """The purges of a recording, newest first; whoever calls has checked that the reader may see it."""
    query = sa.select(tombstone).where(tombstone.c.subject == recording_id)
    return [_purge(row) for row in tx.execute(query.order_by(tombstone.c.destroyed_at.desc()))]


def erased_by_order(tx: Connection, recording_id: str) -> bool:
    """Whether an order erased what was known of the recording: its hashes are then digests under a secret of this site
    and are told to nobody as hashes."""
    return any(purge.is_erasure for purge in purges_of(tx, recording_id))


def must_not_be_destroyed(tx: Connection, recording_id: str) -> None:
    """Raise RecordingDestroyed for a recording that was purged and has not come in again since."""
    state = tx.scalar(sa.select(recording.c.state).where(recording.c.id == recording_id))
    if state != RecordingState.DESTROYED.value:
        return
    last = next(iter(purges_of(tx, recording_id)), None)
    when = "a day that is not on record" if last is None else iso(last.at)
    raise RecordingDestroyed(when=when, authority="not on record" if last is None else last.authority)


def owed(tx: Connection, place: str | None = None, *, there: frozenset[str] | None = None) -> list[Purge]:
    """Purges of which something is still to be done: erasing, the ledger beside the keys, or, with `place`, telling
    the backup's place of that name. `there`: whose tombstones lie in it now; a place of that name may be another disk
    than the one that was told, and then all that it lacks is owed to it."""
    open_ends: list[sa.ColumnElement[bool]] = [tombstone.c.erased_at.is_(None), tombstone.c.kept_at.is_(None)]
    if place is not None:
        open_ends.append(sa.or_(tombstone.c.backup_place.is_(None), tombstone.c.backup_place != place))
    query = sa.select(tombstone).order_by(tombstone.c.id)
    found = [_purge(row) for row in tx.execute(query.where(sa.or_(*open_ends)))]
    if there is not None:
        known = {one.id for one in found}
        found += [_purge(row) for row in tx.execute(query) if row.id not in known and row.id not in there]
    return found


def stones(found: Sequence[Purge]) -> list[Tombstone]:
    """Purges as a ledger keeps them."""
    return [
        Tombstone(one.id, one.recording_id, one.object_ids, one.at, one.actor, one.authority, one.reason, one.kind)
        for one in found
    ]


def settle(database: Database, vault: Vault, ledger: Ledger, *, clock: Clock | None = None) -> None:
    """Do what is owed on this machine: erase the bytes, scrub the keys, tell the ledger beside the keys.

    Each is noted once it is done, so whatever fails (StoreError, OSError are raised) is tried again by the next call.
    So are the keys' copies in SQLite's write-ahead log while a reader holds it open: until they have left it, the purge
    is owed (`owed`).
    """
    clock = clock or SystemClock()
    with database.read() as tx:
        waiting = owed(tx)
    if not waiting:
        return
    ledger.add(vault.keys, stones([one for one in waiting if one.kept_at is None]))
    _note(database, waiting, kept_at=clock.now())
    if any(one.is_erasure and one.erased_at is None for one in waiting):
        with database.write() as tx:
            erasure.scrub_words(tx)
    scrubbed = scrub_destroyed_keys(database) or not database.is_sqlite  # PostgreSQL never says that they have
    for one in waiting:
        if one.erased_at is None:
            with database.read() as tx:
                here = tx.scalars(
                    sa.select(vault_object.c.object_id).where(vault_object.c.object_id.in_(one.object_ids))
                ).all()
                for object_id in here:
                    with contextlib.suppress(ObjectMissing):
                        vault.erase(tx, object_id)
            if scrubbed:
                _note(database, [one], erased_at=clock.now())


def told(database: Database, found: Sequence[Purge], place: str) -> None:
    """Note that a backup's place knows of these purges, and holds nothing of them any more."""
    _note(database, found, backup_place=place)


def _note(database: Database, found: Sequence[Purge], **values: Any) -> None:
    with database.write() as tx:
        for one in found:
            tx.execute(tombstone.update().where(tombstone.c.id == one.id).values(values))


def _end_receiving(tx: Connection, recording_id: str, actor: str, clock: Clock) -> None:
    """What is destroyed was sealed before: its history names every part, and can be checked."""
    keys = sa.select(gathering.c.key).where(gathering.c.recording_id == recording_id).order_by(gathering.c.key)
    for key in tx.scalars(keys).all():
        close_incomplete(tx, key, actor=actor, reason="the recording was destroyed", clock=clock)


def _stop_making(tx: Connection, jobs: Jobs, recording_id: str) -> None:
    """No viewing copy is made of it any more. One that is being made is thrown away when it is done."""
    mine = sa.select(part.c.id).where(part.c.recording_id == recording_id)
    waiting = sa.select(rendition.c.job_id).where(rendition.c.part_id.in_(mine), rendition.c.job_id.is_not(None))
    for job_id in set(tx.scalars(waiting)):
        jobs.cancel(tx, job_id)


def mark(tx: Connection, recording_id: str) -> None:
    """Let the rows say what is so: destroyed when a part has no key any more. What must not outlive it goes."""
    parts = sa.select(part.c.object_id).where(part.c.recording_id == recording_id)
    keyless = sa.select(vault_object.c.object_id).where(vault_object.c.key_destroyed_at.is_not(None))
    if tx.execute(keyless.where(vault_object.c.object_id.in_(parts)).limit(1)).first() is not None:
        living = recording.c.id == recording_id, recording.c.state != RecordingState.DESTROYED.value
        values = {"state": RecordingState.DESTROYED.value, "version": recording.c.version + 1}
        tx.execute(recording.update().where(*living).values(values))
        register.forget(tx, recording_id)
    index_recording(tx, recording_id)


def _row(stone: Tombstone) -> dict[str, Any]:
    lost = "(sealed under a key that was not at hand)"
    return {
        "id": stone.id,
        "subject": stone.subject,
        "object_ids": list(stone.object_ids),
        "destroyed_at": stone.destroyed_at,
        "actor": stone.actor or "system:unknown",
        "authority": stone.authority or lost,
        "reason": stone.reason or lost,
        "kind": stone.kind,
    }


def _purge(row: sa.Row[Any]) -> Purge:
    return Purge(
        row.id,
        row.subject,
        tuple(row.object_ids),
        row.destroyed_at,
        row.actor,
        row.authority,
        row.reason,
        row.erased_at,
        row.kept_at,
        row.backup_place,
        row.kind,
    )


def words_for_the_record(authority: str, reason: str) -> dict[str, str]:
    """By what right and why, as they go on record. Raises PurgeWordsMissing."""
    return {"authority": _words("authority", authority), "reason": _words("reason", reason)}


def _words(what: str, given: str) -> str:
    text = " ".join(names.kept(given).split())
    if not 1 <= len(text) <= LONGEST_WORDS or names.unusual(text):
        raise PurgeWordsMissing(what=what, longest=LONGEST_WORDS)
    return text
