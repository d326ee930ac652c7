"""Small secrets of 32 bytes kept in the database, sealed like the keys of footage: an account's shared secret with its
authenticator app, say. Whoever has the database without the key-encryption key reads none of them.

Each is wrapped under the newest key-encryption key with `secret/` and its identifier as additional data; rotation wraps
them anew together with the keys of objects (`Vault.rewrap`), and an epoch that still wraps one cannot be retired. A row
is overwritten, never deleted, when its secret is destroyed (why: `tables.vault_key`).
"""

from __future__ import annotations

import os
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.ids import new_id
from candor.store.errors import KeyDestroyed, KeyMissing
from candor.store.keys import KEY_SIZE, WRAPPED_SIZE, KeyRing
from candor.store.tables import vault_secret

__all__ = ["destroy_secret", "keep_secret", "open_secret", "rewrap_secrets", "secrets_under"]


def keep_secret(tx: Connection, keys: KeyRing, begin_epoch: Callable[[Connection, int], bool]) -> str:
    """Keep a random secret of 32 bytes; returns its identifier.

    `begin_epoch` writes the epoch down, holds its row so that it is not retired meanwhile, and says whether it is
    already (`Vault.keep_secret`). Raises KeyMissing when the key that came after a retired one is not at hand.
    """
    keys.reload()
    if begin_epoch(tx, keys.current):  # a rotation ended between the two lines: its new key is there by now
        retired = keys.current
        keys.reload()
        if keys.current == retired or begin_epoch(tx, keys.current):
            reason = f"the key-encryption key of epoch {retired} is retired, and the newer one is not at hand"
            raise KeyMissing(object_id="of a new secret", reason=reason)
    secret_id = new_id()
    epoch, wrapped = keys.wrap(_bound_to(secret_id), os.urandom(KEY_SIZE))
    tx.execute(vault_secret.insert().values(secret_id=secret_id, key_epoch=epoch, wrapped_secret=wrapped))
    return secret_id


def open_secret(tx: Connection, keys: KeyRing, secret_id: str) -> bytes:
    """The 32 bytes. Raises KeyMissing when the key-encryption key is not at hand, KeyDestroyed when the secret was
    destroyed."""
    row = tx.execute(sa.select(vault_secret).where(vault_secret.c.secret_id == secret_id)).one_or_none()
    if row is None or row.key_epoch == 0:
        raise KeyDestroyed(object_id=secret_id, when="when it was removed")
    return keys.unwrap(_bound_to(secret_id), row.key_epoch, row.wrapped_secret)


def destroy_secret(tx: Connection, secret_id: str) -> None:
    """Overwrite a secret in the caller's transaction."""
    tx.execute(
        vault_secret.update()
        .where(vault_secret.c.secret_id == secret_id)
        .values(key_epoch=0, wrapped_secret=bytes(WRAPPED_SIZE))
    )


def rewrap_secrets(tx: Connection, keys: KeyRing, limit: int) -> int:
    """Wrap up to `limit` secrets of older epochs under the newest one; how many it was. A secret that is destroyed
    meanwhile stays so: each row is changed only as it was read."""
    older = vault_secret.c.key_epoch.not_in((0, keys.current))
    rows = tx.execute(sa.select(vault_secret).where(older).order_by(vault_secret.c.secret_id).limit(limit)).all()
    for row in rows:
        bound = _bound_to(row.secret_id)
        epoch, wrapped = keys.wrap(bound, keys.unwrap(bound, row.key_epoch, row.wrapped_secret))
        same = vault_secret.c.secret_id == row.secret_id, vault_secret.c.key_epoch == row.key_epoch
        tx.execute(vault_secret.update().where(*same).values(key_epoch=epoch, wrapped_secret=wrapped))
    return len(rows)


def secrets_under(tx: Connection, epoch: int) -> int:
    """How many secrets an epoch wraps."""
    query = sa.select(sa.func.count()).select_from(vault_secret).where(vault_secret.c.key_epoch == epoch)
    return int(tx.scalar(query) or 0)


def _bound_to(secret_id: str) -> str:
    return f"secret/{secret_id}"
