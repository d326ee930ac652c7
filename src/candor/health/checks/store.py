"""Where footage lies: reachable, and holding what the database says it holds."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa

from candor.core.ids import new_id
from candor.health.findings import Finding, bad, together
from candor.health.place import NotHereYet, Place
from candor.store import StoreError
from candor.store.archive import open_archive
from candor.store.tables import vault_object

_MEND = "Is its disk mounted, the bucket there, the network up? Correct CANDOR_STORE_URL or the CANDOR_S3_ settings."
#: So many of the newest and of the oldest objects are looked for.
_LOOKED_FOR = 3


def store(place: Place) -> Finding | None:
    """The newest and the oldest objects are there, as large as they were sealed; with leave to write, an object is
    written, read again and removed."""
    if not place.begun:
        return None
    folder = _folder(place.settings.store)
    if folder is not None and not folder.is_dir():
        return bad("store", f"The folder of the footage is not there: {folder}.", _MEND)
    try:
        found = [*_holds(place), _takes(place) if place.write else None]
    except StoreError as error:
        return bad("store", str(error), _MEND)
    wrote = ", and takes new ones" if place.write else ""
    return together("store", f"{place.store.place} answers and holds what was looked for{wrote}.", found)


def _folder(address: str) -> Path | None:
    parts = urlsplit(address)
    if parts.scheme in ("", "file"):
        return Path(unquote(parts.path) if parts.scheme else address).expanduser().absolute()
    return None


def _holds(place: Place) -> list[Finding]:
    living = sa.select(vault_object.c.object_id, vault_object.c.stored_size).where(
        vault_object.c.key_destroyed_at.is_(None)
    )
    try:
        with place.read() as tx:
            newest = tx.execute(living.order_by(vault_object.c.object_id.desc()).limit(_LOOKED_FOR)).all()
            oldest = tx.execute(living.order_by(vault_object.c.object_id).limit(_LOOKED_FOR)).all()
    except NotHereYet:
        return []
    wrong, archive = [], open_archive(place.settings)
    for object_id, size in dict.fromkeys((row.object_id, row.stored_size) for row in [*newest, *oldest]):
        there = place.store.head(object_id) or (archive.head(object_id) if archive is not None else None)
        if there is None:
            wrong.append(f"{object_id} is missing")
        elif there.size != size:
            wrong.append(f"{object_id} has {there.size} bytes, {size} were sealed")
    if not wrong:
        return []
    mend = "Put the objects back from a copy of the store, then run `candor fixity` to learn what else is affected."
    return [bad("store", f"Of the objects looked for: {'; '.join(wrong)}.", mend)]


def _takes(place: Place) -> Finding | None:
    object_id, content = new_id(), os.urandom(4096)
    sink = place.store.create(object_id)
    try:
        sink.write(content)
        sink.finish()
    except BaseException:
        sink.abort()
        raise
    try:
        source = place.store.source(object_id)
        try:
            read = source.read_at(0, len(content))
        finally:
            source.close()
        if bytes(read) != content:
            return bad("store", f"{place.store.place} gave back other bytes than it was given.", "Replace the disk.")
    finally:
        place.store.delete(object_id)
    return None
