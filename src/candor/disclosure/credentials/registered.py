"""What content credentials keep of a recording, entered in the register: copies that went out with them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.credentials.signing import KIND
from candor.disclosure.credentials.tables import credentialed_copy
from candor.footage.kept import ERASED
from candor.footage.register import Digest, Kept, register

__all__: list[str] = []


def _objects(tx: Connection, recording_id: str) -> dict[str, str]:
    query = sa.select(credentialed_copy.c.object_id).where(credentialed_copy.c.recording_id == recording_id)
    return dict.fromkeys(tx.scalars(query), KIND)


def _erase(tx: Connection, recording_id: str, digest: Digest) -> None:
    """The hashes, and under which title it went out; each once: a digest of a digest would know nothing again."""
    mine = credentialed_copy.c.recording_id == recording_id, credentialed_copy.c.size != 0
    for row in tx.execute(sa.select(credentialed_copy).where(*mine)).all():
        its = credentialed_copy.c.copy_id == row.copy_id, credentialed_copy.c.title == row.title
        told = {"title": f"{ERASED} {row.object_id}", "sha256": digest(row.sha256), "size": 0}
        tx.execute(credentialed_copy.update().where(*its).values(**told))


register(
    Kept(
        name="copies with content credentials",
        words="redacted copies of it as they went out, with content credentials in them",
        goes="the copies; what went out is with its receivers",
        stays="under which title each went out, and its hash, by which what was handed out is known",
        tables=frozenset({"credentialed_copy"}),
        kinds=frozenset({KIND}),
        objects=_objects,
        erase=_erase,
    )
)
