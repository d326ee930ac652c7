"""The key that what comes in is sealed to. Only here can it be opened."""

from __future__ import annotations

import pyrage
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.ids import new_id
from candor.disclosure.publishing.tables import portal_key
from candor.store import Vault
from candor.store.sealed_bytes import open_bytes, seal_bytes

__all__ = ["identities", "recipient"]


def recipient(tx: Connection, vault: Vault, *, clock: Clock) -> str:
    """The recipient that the portal seals to; made when there is none yet. In a writing transaction."""
    found = tx.scalar(sa.select(portal_key.c.recipient).order_by(portal_key.c.id.desc()).limit(1))
    if found is not None:
        return str(found)
    made, key_id = pyrage.x25519.Identity.generate(), new_id()
    secret_id = vault.keep_secret(tx)
    sealed = seal_bytes(vault.open_secret(tx, secret_id), _context(key_id), str(made).encode("ascii"))
    values = {"id": key_id, "recipient": str(made.to_public()), "secret_id": secret_id, "identity": sealed}
    tx.execute(portal_key.insert(), {**values, "made_at": clock.now()})
    return str(made.to_public())


def identities(tx: Connection, vault: Vault) -> list[str]:
    """Every key of ours, the newest first. Raises KeyMissing where the key-encryption key is not at hand."""
    rows = tx.execute(sa.select(portal_key).order_by(portal_key.c.id.desc())).all()
    opened = ((vault.open_secret(tx, row.secret_id), row) for row in rows)
    return [open_bytes(secret, _context(row.id), row.identity).decode("ascii") for secret, row in opened]


def _context(key_id: str) -> bytes:
    return b"candor portal key " + key_id.encode("ascii")
