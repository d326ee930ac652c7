"""Wrapping objects' keys under the newest epoch, a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.store.errors import KeyMissing
from candor.store.keys import WRAPPED_SIZE
from candor.store.tables import vault_key, vault_object

if TYPE_CHECKING:
    from candor.store.vault import Vault

__all__ = ["Rewrapped", "rewrap_batch"]

_DESTROYED = bytes(WRAPPED_SIZE)
_ID, _EPOCH, _KEY = "of_object", "to_epoch", "anew"
_PUT_KEY = (
    vault_key.update()
    .where(vault_key.c.object_id == sa.bindparam(_ID))
    .values(wrapped_key=sa.bindparam(_KEY, type_=sa.LargeBinary(WRAPPED_SIZE)))
)
_PUT_EPOCH = (
    vault_object.update()
    .where(vault_object.c.object_id == sa.bindparam(_ID))
    .values(key_epoch=sa.bindparam(_EPOCH, type_=sa.Integer))
)


@dataclass(frozen=True)
class Rewrapped:
    """A batch. `last`: the object to go on after, None at the end; `not_opening`: objects whose wrapped key does not
    open under the epoch it names, left as they are."""

    keys: int
    last: str | None
    not_opening: tuple[str, ...]


def rewrap_batch(tx: Connection, vault: Vault, *, after: str = "", limit: int = 10_000) -> Rewrapped:
    """Wrap up to `limit` keys of older epochs under the newest one, in the order of objects, beginning behind `after`.

    Both rows of an object are locked while its key is replaced, and what somebody else has locked is passed over: no
    key that is destroyed meanwhile comes back, and two who hold rows never wait for each other. Raises KeyMissing when
    an epoch's key is not at hand, KeyWrong when it is not the one that sealed here.
    """
    vault.keys.reload()
    newest = vault.keys.current
    vault.write_down_epoch(tx, newest)
    query = (
        sa.select(vault_object.c.object_id, vault_object.c.key_epoch, vault_key.c.wrapped_key)
        .join_from(vault_object, vault_key)
        .where(
            vault_object.c.object_id > after,
            vault_object.c.key_epoch != newest,
            vault_object.c.key_destroyed_at.is_(None),
        )
        .order_by(vault_object.c.object_id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)  # SQLite needs none: it has one writer at a time
    )
    rows = tx.execute(query).all()
    for epoch in {row.key_epoch for row in rows}:
        vault.vouch_for(tx, epoch)
    anew, not_opening = [], []
    for object_id, epoch, wrapped in rows:
        if wrapped == _DESTROYED:
            continue
        try:
            key = vault.keys.unwrap(object_id, epoch, wrapped)
        except KeyMissing:
            if not vault.keys.has(epoch):
                raise
            not_opening.append(object_id)
            continue
        to_epoch, again = vault.keys.wrap(object_id, key)
        anew.append({_ID: object_id, _EPOCH: to_epoch, _KEY: again})
    if anew:
        tx.execute(_PUT_KEY, anew)
        tx.execute(_PUT_EPOCH, anew)
    return Rewrapped(len(anew), rows[-1].object_id if len(rows) == limit else None, tuple(not_opening))
