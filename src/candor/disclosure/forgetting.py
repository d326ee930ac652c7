"""What of a package goes with a recording that is destroyed.

A package has no footage of its own: it names the originals and opens them when it is given out. Its small files, sealed
as one object, hold the description and the custody history of each recording. After a purge they stay: they are what
was handed out. An order of erasure destroys them, because they tell what the events said; the package stays on record,
without what it said, and cannot be given out any more. What somebody has received cannot be called back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.packages import PackageState
from candor.disclosure.tables import package, package_recording
from candor.footage.kept import ERASED
from candor.footage.register import Digest, Kept, register
from candor.store.tables import vault_object

__all__ = ["erase"]

_WHY = "a recording in it was erased by order, and what the package said of it went too"


def _packages(tx: Connection, recording_id: str) -> list[sa.Row[Any]]:
    mine = sa.select(package_recording.c.package_id).where(package_recording.c.recording_id == recording_id)
    return list(tx.execute(sa.select(package).where(package.c.id.in_(mine)).order_by(package.c.created_at)))


def erase(tx: Connection, recording_id: str, _digest: Digest) -> None:
    """Take out of the packages what they say; that they were handed out, to whom and when, stays."""
    for row in _packages(tx, recording_id):
        plan = {"events": row.plan["events"], "originals": [], "payload": {}, "documents": {}}
        values = {"plan": plan, "files": None, "state": PackageState.FAILED.value, "problem": _WHY, "purpose": ERASED}
        tx.execute(package.update().where(package.c.id == row.id).values(values))


def _refers(tx: Connection, recording_id: str) -> list[str]:
    return [
        f"The package {row.id} of {row.created_at:%Y-%m-%d} hands it out; it will not open any more."
        for row in _packages(tx, recording_id)
    ]


def _small_files(tx: Connection, recording_id: str) -> Mapping[str, str]:
    ids = [row.small_object_id for row in _packages(tx, recording_id) if row.small_object_id is not None]
    query = sa.select(vault_object.c.object_id, vault_object.c.kind).where(vault_object.c.object_id.in_(ids))
    return {row.object_id: row.kind for row in tx.execute(query)}


register(
    Kept(
        name="packages",
        words="what was handed out: the list of its files, the description and the custody history of each recording",
        goes="nothing; a package opens its originals anew each time, and these are gone",
        stays="what was handed out, to whom and when",
        tables=frozenset({"package", "package_recording"}),
        kinds=frozenset({"package"}),
        by_order=_small_files,
        erase=erase,
        refers=_refers,
    )
)
