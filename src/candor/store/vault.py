"""The vault: seal once, record in the act's own transaction, open and seek, destroy a key, erase."""

from __future__ import annotations

import contextlib
import copy
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from candor.core.clock import Clock, SystemClock, iso
from candor.core.ids import new_id
from candor.core.settings import Settings
from candor.store import secrets
from candor.store.archive import open_archive
from candor.store.errors import (
    KeyDestroyed,
    KeyInUse,
    KeyMissing,
    KeyStillHeld,
    KeyWrong,
    ObjectAltered,
    ObjectArchived,
    ObjectExists,
    ObjectMissing,
    ObjectUnknown,
)
from candor.store.keys import KEY_SIZE, WRAPPED_SIZE, KeyRing
from candor.store.objects import open_store
from candor.store.rewrapping import rewrap_batch
from candor.store.sealing import BLOCKS, ObjectWriter, Readable, SealedObject, context_of
from candor.store.stored import ObjectStore, StoredObject
from candor.store.stream import SealedStream
from candor.store.tables import vault_epoch, vault_key, vault_object

__all__ = ["RecordedObject", "Vault"]


@dataclass(frozen=True, slots=True)
class RecordedObject:
    """What the database says of a sealed object. Sizes in bytes; hashes are 32 bytes, of the plaintext."""

    object_id: str
    kind: str
    size: int
    sha256: bytes
    chunk_root: bytes
    stored_size: int
    created_at: datetime
    key_destroyed_at: datetime | None
    last_fixity_at: datetime | None
    last_fixity_result: str | None


_COLUMNS = [vault_object.c[name] for name in RecordedObject.__slots__]
_KEYS = sa.select(vault_object.c.object_id, vault_object.c.key_epoch, vault_key.c.wrapped_key).join_from(
    vault_object, vault_key
)


class Vault:
    """Sealed objects: bytes in a store, rows and wrapped keys in the database, key-encryption keys in a keyring.

    Shared by all threads of a process. No method commits.
    """

    def __init__(
        self,
        store: ObjectStore,
        keys: KeyRing,
        clock: Clock | None = None,
        *,
        archive: ObjectStore | None = None,
        return_hours: int = 12,
    ) -> None:
        self.store, self.keys, self.archive, self.return_hours = store, keys, archive, return_hours
        self.clock: Clock = clock or SystemClock()
        self._vouched: set[int] = set()
        self._blocks = BLOCKS

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock | None = None) -> Vault:
        """The vault that the settings describe. Raises KeyringMissing before `create_keyring` was called once."""
        archive, hours = open_archive(settings), settings.archive_return_hours
        keys = KeyRing.load(settings.keys_folder)
        return cls(open_store(settings), keys, clock, archive=archive, return_hours=hours)

    def there(self, object_id: str) -> StoredObject | None:
        """What the store says of an object, or the archive where the store has none of it."""
        found = self.store.head(object_id)
        return found if found is not None or self.archive is None else self.archive.head(object_id)

    def is_archived(self, object_id: str) -> bool:
        """Whether an object lies in the archive alone."""
        if self.archive is None or self.store.head(object_id) is not None:
            return False
        return self.archive.head(object_id) is not None

    def remove(self, object_id: str) -> bool:
        """Remove an object's bytes wherever they lie; whether there were any."""
        there = self.store.delete(object_id)
        return (self.archive is not None and self.archive.delete(object_id)) or there

    def for_many(self) -> Vault:
        """The same vault, for whoever seals many objects at a time: its writers have no threads of their own, and each
        takes 2 MiB of memory where the usual ones take 16."""
        one = copy.copy(self)
        one._blocks = 0
        return one

    def writer(self, kind: str) -> ObjectWriter:
        """Begin a sealed object. `kind` says what it is: original, proxy, poster … (at most 40 characters)."""
        object_id, key = new_id(), os.urandom(KEY_SIZE)
        wrapped = self.keys.wrap(object_id, key)
        sink = self.store.create(object_id)
        return ObjectWriter(object_id, kind, sink=sink, key=key, wrapped=wrapped, clock=self.clock, blocks=self._blocks)

    def seal(self, kind: str, source: Readable) -> SealedObject:
        """Seal what is left to read of an open binary file."""
        with self.writer(kind) as writer:
            writer.write_from(source)
            return writer.finish()

    def record(self, tx: Connection, sealed: SealedObject) -> None:
        """Name a sealed object in the caller's transaction; from its commit on the object counts.

        Raises KeyWrong when this database was sealed to with another key of the same epoch, ObjectExists when the
        object is recorded already, ObjectMissing when its bytes are gone (swept, because it stayed unrecorded).
        """
        row = {name: getattr(sealed, name) for name in SealedObject.__slots__}
        if self._begin_epoch(tx, sealed.key_epoch):  # retired while this was being sealed
            anew = self._wrapped_anew(tx, sealed.object_id, sealed.key_epoch, sealed.wrapped_key)
            row["key_epoch"], row["wrapped_key"] = anew
        wrapped = row.pop("wrapped_key")
        try:
            with tx.begin_nested():
                tx.execute(vault_object.insert().values(row))
                tx.execute(vault_key.insert().values(object_id=sealed.object_id, wrapped_key=wrapped))
        except IntegrityError as error:
            raise ObjectExists(object_id=sealed.object_id, place="the database") from error
        # After the insert: a sweep that runs meanwhile now either sees the row or has been seen.
        found = self.store.head(sealed.object_id)
        if found is None or found.size != sealed.stored_size:
            raise ObjectMissing(object_id=sealed.object_id, place=self.store.place)

    def discard(self, sealed: SealedObject) -> None:
        """Remove an object that was sealed and is not going to be recorded."""
        self.store.delete(sealed.object_id)

    def look_up(self, tx: Connection, object_id: str) -> RecordedObject:
        """What is recorded of an object. Raises ObjectUnknown."""
        row = tx.execute(sa.select(*_COLUMNS).where(vault_object.c.object_id == object_id)).one_or_none()
        if row is None:
            raise ObjectUnknown(object_id=object_id)
        return RecordedObject(*row)

    def with_sha256(self, tx: Connection, sha256: bytes) -> Sequence[RecordedObject]:
        """The objects whose plaintext has this hash and whose key still exists, oldest first."""
        query = sa.select(*_COLUMNS).where(vault_object.c.sha256 == sha256, vault_object.c.key_destroyed_at.is_(None))
        return [RecordedObject(*row) for row in tx.execute(query.order_by(vault_object.c.object_id))]

    def open(self, tx: Connection, object_id: str) -> SealedStream:
        """The object's plaintext as a seekable stream; the transaction is needed only for this call.

        Raises ObjectUnknown, KeyDestroyed, KeyMissing or KeyWrong, ObjectMissing, ObjectAltered (also from the
        stream, as soon as it meets altered bytes), ObjectArchived, StoreUnreachable.
        """
        recorded = self.look_up(tx, object_id)
        key = self._key_of(tx, recorded)
        try:
            source = self.store.source(object_id)
        except ObjectMissing as error:
            if self.archive is None or self.archive.head(object_id) is None:
                raise
            raise ObjectArchived(place=self.archive.place, hours=self.return_hours) from error
        try:
            if source.size != recorded.stored_size:
                what = f"it has {source.size} bytes as stored, {recorded.stored_size} were sealed"
                raise ObjectAltered(object_id=object_id, what=what)
            return SealedStream(source, key, context_of(object_id), object_id)
        except BaseException:
            source.close()
            raise

    def destroy_key(self, tx: Connection, object_id: str) -> bool:
        """Destroy an object's key in the caller's transaction; whether it still had one.

        From the commit on nobody can read the object. Afterwards call `erase`, and `scrub_destroyed_keys` to have
        the key's bytes leave the database's files too. Raises ObjectUnknown.
        """
        if self.look_up(tx, object_id).key_destroyed_at is not None:
            return False
        if tx.dialect.name == "sqlite":
            tx.exec_driver_sql("PRAGMA secure_delete=ON")  # whoever made the engine
        tx.execute(vault_key.update().where(vault_key.c.object_id == object_id).values(wrapped_key=bytes(WRAPPED_SIZE)))
        tx.execute(
            vault_object.update().where(vault_object.c.object_id == object_id).values(key_destroyed_at=self.clock.now())
        )
        return True

    def erase(self, tx: Connection, object_id: str) -> bool:
        """Delete the stored bytes of an object whose key is destroyed; whether there were any.

        To be called in a transaction after the one that destroyed the key: bytes cannot be rolled back. Raises
        KeyStillHeld, ObjectUnknown. A crash before this call is mended by `sweep`.
        """
        if self.look_up(tx, object_id).key_destroyed_at is None:
            raise KeyStillHeld(object_id=object_id)
        return self.remove(object_id)

    def check_keys(self, tx: Connection) -> None:
        """Raise KeyWrong when a key at hand is not the one this database was sealed with, KeyMissing when the key of
        an epoch that still wraps something is not at hand. For start-up."""
        for epoch in tx.scalars(sa.select(vault_epoch.c.key_epoch).order_by(vault_epoch.c.key_epoch)).all():
            if self.keys.has(epoch):
                self._vouch(tx, epoch)
            elif count := self.wrapped_under(tx, epoch):
                reason = f"the key-encryption key of epoch {epoch}, which wraps the keys of {count} objects, is missing"
                one = sa.select(sa.func.min(vault_object.c.object_id)).where(*_wrapped_under(epoch))
                raise KeyMissing(object_id=tx.scalar(one), reason=reason)
            elif count := secrets.secrets_under(tx, epoch):
                reason = f"the key-encryption key of epoch {epoch}, which wraps {count} secrets of sign-in, is missing"
                raise KeyMissing(object_id=f"of epoch {epoch}", reason=reason)

    def wrapped_under(self, tx: Connection, epoch: int) -> int:
        """How many objects' keys an epoch wraps."""
        query = sa.select(sa.func.count()).select_from(vault_object).where(*_wrapped_under(epoch))
        return int(tx.scalar(query) or 0)

    def rewrap(self, tx: Connection, limit: int = 10_000) -> int:
        """Wrap up to `limit` keys, and as many secrets, of older epochs under the newest one; how many it was, 0 when
        none is left that can be. `candor.store.rotation` does it for all of them, and safely beside others."""
        return rewrap_batch(tx, self, limit=limit).keys + secrets.rewrap_secrets(tx, self.keys, limit)

    def retire_epoch(self, tx: Connection, epoch: int) -> None:
        """Write down that nothing is wrapped under an epoch any more; once that is committed, `destroy_epoch` may
        destroy its key. Raises KeyInUse for the newest epoch and for one that still wraps something."""
        if epoch >= self.keys.current:
            raise KeyInUse(epoch=epoch, why="it wraps what is sealed from now on")
        # The row is locked before we count: whoever records under this epoch meanwhile is counted, or sees it retired.
        tx.execute(vault_epoch.update().where(vault_epoch.c.key_epoch == epoch).values(retired_at=self.clock.now()))
        if count := self.wrapped_under(tx, epoch):
            raise KeyInUse(epoch=epoch, why=f"it wraps the keys of {count} objects")
        if count := secrets.secrets_under(tx, epoch):
            raise KeyInUse(epoch=epoch, why=f"it wraps {count} secrets")

    def keep_secret(self, tx: Connection) -> str:
        """Make a random secret of 32 bytes and keep it sealed in the database; its identifier."""
        return secrets.keep_secret(tx, self.keys, self._begin_epoch)

    def open_secret(self, tx: Connection, secret_id: str) -> bytes:
        """A kept secret, 32 bytes. Raises KeyMissing or KeyDestroyed."""
        return secrets.open_secret(tx, self.keys, secret_id)

    def vouch_for(self, tx: Connection, epoch: int) -> None:
        """Raise KeyWrong unless the epoch's key is the one that sealed here before; for an epoch that is not at hand
        nothing is said."""
        if self.keys.has(epoch):
            self._vouch(tx, epoch)

    def write_down_epoch(self, tx: Connection, epoch: int) -> bool:
        """Write an epoch down in the caller's transaction, as its first use does; whether it is retired. Raises
        KeyWrong when another key of this epoch was used here."""
        return self._begin_epoch(tx, epoch)

    def _key_of(self, tx: Connection, recorded: RecordedObject) -> bytes:
        if recorded.key_destroyed_at is not None:
            raise KeyDestroyed(object_id=recorded.object_id, when=iso(recorded.key_destroyed_at))
        row = tx.execute(_KEYS.where(vault_object.c.object_id == recorded.object_id)).one_or_none()
        if row is None:
            raise KeyMissing(object_id=recorded.object_id, reason="the database holds no wrapped key for it")
        object_id, epoch, wrapped = row
        if self.keys.has(epoch):
            self._vouch(tx, epoch)
        return self.keys.unwrap(object_id, epoch, wrapped)

    def _vouch(self, tx: Connection, epoch: int) -> None:
        """Raise KeyWrong unless the epoch's key, which is at hand, is the one that sealed here before."""
        if epoch in self._vouched:
            return
        expected = tx.scalar(sa.select(vault_epoch.c.check_value).where(vault_epoch.c.key_epoch == epoch))
        if expected is None:
            return
        if expected != self.keys.check_value(epoch):
            raise KeyWrong(epoch=epoch)
        self._vouched.add(epoch)

    def _begin_epoch(self, tx: Connection, epoch: int) -> bool:
        """Write an epoch down on its first use, raise KeyWrong if another key was used in it; whether it is retired.

        The row is locked, so that the epoch cannot be retired before this transaction ends.
        """
        row = {"key_epoch": epoch, "check_value": self.keys.check_value(epoch), "first_used_at": self.clock.now()}
        query = sa.select(vault_epoch).where(vault_epoch.c.key_epoch == epoch).with_for_update(read=True)
        known = tx.execute(query).one_or_none()
        if known is None:
            with contextlib.suppress(IntegrityError), tx.begin_nested():  # somebody else may have been first
                tx.execute(vault_epoch.insert().values(row))
            known = tx.execute(query).one()
        if known.check_value != row["check_value"]:
            raise KeyWrong(epoch=epoch)
        return known.retired_at is not None

    def _wrapped_anew(self, tx: Connection, object_id: str, epoch: int, wrapped: bytes) -> tuple[int, bytes]:
        """An object's key under the newest epoch: (epoch, wrapped key)."""
        key = self.keys.unwrap(object_id, epoch, wrapped)
        self.keys.reload()
        self._begin_epoch(tx, self.keys.current)
        return self.keys.wrap(object_id, key)


def _wrapped_under(epoch: int) -> tuple[sa.ColumnElement[bool], ...]:
    return vault_object.c.key_epoch == epoch, vault_object.c.key_destroyed_at.is_(None)
