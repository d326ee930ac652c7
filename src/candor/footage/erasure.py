"""Emptying what the rows hold of a recording, on a court's order: the act itself, for the order and for a restore.

A restore of a backup from before the order does the same again: the tombstone says that it was an erasure.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.custody import forgetting
from candor.footage import register
from candor.footage.destruction_tables import digest_secret
from candor.footage.indexing import index_recording
from candor.footage.register import Digest
from candor.footage.tables import part, recording, sidecar
from candor.store import Vault
from candor.store.tables import vault_object

__all__ = ["digest_of", "erase_rows", "scrub_words"]

#: What keyed digests are of, so that the secret gives the same for nothing else.
_CONTEXT = b"candor/erased/v1\0"


def digest_of(tx: Connection, vault: Vault, *, make: bool = False) -> Digest | None:
    """The keyed digest by which this site, and nobody else, knows again what an order erased: HMAC-SHA-256 under a
    secret of the vault. None while nothing was ever erased; with `make` the secret is made then."""
    secret_id = tx.scalar(sa.select(digest_secret.c.secret_id))
    if secret_id is None:
        if not make:
            return None
        secret_id = vault.keep_secret(tx)
        tx.execute(digest_secret.insert().values(only=1, secret_id=secret_id))
    secret = vault.open_secret(tx, secret_id)
    return lambda data: hmac.digest(secret, _CONTEXT + data, sha256)


def erase_rows(tx: Connection, vault: Vault, recording_id: str, order: str) -> int:
    """Empty what every room holds of a recording, and of those that were made one with it; how many custody events.

    `order`: the tombstone, entered before. The keys are destroyed already. The event of the order itself is appended
    afterwards, so that it stays.
    """
    every = _made_one(tx, recording_id)
    digest = digest_of(tx, vault, make=True)
    assert digest is not None, "the secret was just made"
    hashes = _hashes(tx, recording_id)
    also = {event for one in every for event in register.events_of(tx, one)}
    also |= set(forgetting.events_naming(tx, hashes))
    _empty_objects(tx, recording_id, digest)
    for one in every:
        register.empty(tx, one, digest)
        index_recording(tx, one)
    return forgetting.erase(tx, every, order, also=sorted(also))


def scrub_words(tx: Connection) -> None:
    """Have SQLite's index write itself anew: words that were taken out of it stand in its older pages until then.
    Holds up writers while it does, for a minute where there are a million recordings. PostgreSQL does it in its own
    time, when it vacuums."""
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql("INSERT INTO recording_fts(recording_fts) VALUES('optimize')")


def _made_one(tx: Connection, recording_id: str) -> list[str]:
    """The recording, those that were joined to it, and those that had been joined to them before."""
    found, level = [recording_id], [recording_id]
    while level:
        query = sa.select(recording.c.id).where(recording.c.regrouped_into.in_(level), recording.c.id.not_in(found))
        level = list(tx.scalars(query))
        found += level
    return found


def _hashes(tx: Connection, recording_id: str) -> list[str]:
    """SHA-256 of its files and of what lies beside it, in hexadecimal digits: so events of no recording name it."""
    return [
        one.hex()
        for table in (part, sidecar)
        for one in tx.scalars(sa.select(table.c.sha256).where(table.c.recording_id == recording_id))
    ]


def _empty_objects(tx: Connection, recording_id: str, digest: Digest) -> None:
    """That something was sealed stays known; what it was does not."""
    ids = list(register.objects_of(tx, recording_id))
    query = sa.select(vault_object.c.object_id, vault_object.c.sha256)
    keyless = vault_object.c.key_destroyed_at.is_not(None), vault_object.c.chunk_root != bytes(32)  # not emptied before
    for row in tx.execute(query.where(vault_object.c.object_id.in_(ids), *keyless)).all():
        values = {"sha256": digest(row.sha256), "chunk_root": bytes(32)}
        tx.execute(vault_object.update().where(vault_object.c.object_id == row.object_id).values(values))
