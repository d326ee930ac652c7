"""The keys: each that the database needs at hand and right, the log's too, and a way back if the folder is lost."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.custody.errors import CustodyError
from candor.custody.keys import LogKey
from candor.custody.tables import log_head
from candor.health.findings import Finding, bad, ok, together
from candor.health.place import Place
from candor.store import KeyRing, StoreError
from candor.store.tables import vault_epoch, vault_object

_PUT_BACK = "Put it back: `candor key restore --sheet FILE` from the recovery sheet, or from where its copy is kept."


def keys(place: Place) -> Finding | None:
    """Every key-encryption key that wraps something, and the custody log's key. Nothing is made in their place."""
    if not place.begun:
        return None
    try:
        ring = KeyRing.load(place.settings.keys_folder)
    except StoreError as error:
        return bad("keys", str(error), _PUT_BACK)
    with place.read() as tx:
        epochs = tx.execute(sa.select(vault_epoch.c.key_epoch, vault_epoch.c.check_value)).all()
        missing = [epoch for epoch, _ in epochs if not ring.has(epoch)]
        wrapping = {epoch: _wrapped_under(tx, epoch) for epoch in missing}
        vkey = tx.scalar(sa.select(log_head.c.vkey))
    found: list[Finding | None] = []
    for epoch, check in epochs:
        if ring.has(epoch):
            if ring.check_value(epoch) != check:
                words = f"The key of epoch {epoch} in {place.settings.keys_folder} belongs to another installation."
                found.append(bad("keys", words, _PUT_BACK))
        elif wrapping.get(epoch):
            words = f"The key of epoch {epoch} is missing; it opens {wrapping[epoch]} objects."
            found.append(bad("keys", words, _PUT_BACK))
    found.append(_log_key(place, vkey))
    return together("keys", f"Every key is at hand (newest epoch: {ring.current}), the custody log's too.", found)


def _wrapped_under(tx: Connection, epoch: int) -> int:
    """How many living objects an epoch wraps. Counted for missing keys only: it reads the table."""
    query = sa.select(sa.func.count()).where(
        vault_object.c.key_epoch == epoch, vault_object.c.key_destroyed_at.is_(None)
    )
    return int(tx.scalar(query) or 0)


def _log_key(place: Place, vkey: str | None) -> Finding | None:
    if vkey is None:
        return None
    try:
        LogKey.load(place.settings.keys_folder, vkey)
    except CustodyError as error:
        return bad("keys", str(error), "Intake goes on; put the key file back, and the log signs what waits.")
    return None


def keys_for_readiness(place: Place) -> Finding:
    """Whether footage can be sealed and read now: the newest key file is where it was."""
    try:
        ring = KeyRing.load(place.settings.keys_folder)
    except StoreError as error:
        return bad("keys", str(error), _PUT_BACK)
    return ok("keys", f"The key of epoch {ring.current} is at hand.")
