"""What of an upload stays when its recording is destroyed: what its sender said of the file, until the upload is
forgotten. An order of erasure takes it at once, with the hash. The bytes of its pieces went when it was sealed."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.docking.uploads.tables import upload
from candor.footage.kept import ERASED
from candor.footage.register import Digest, Kept, keeps_nothing, register

__all__ = ["erase"]


def erase(tx: Connection, recording_id: str, _digest: Digest) -> None:
    """Take out what the sender said, and the hash."""
    for row in tx.execute(sa.select(upload.c.id, upload.c.claim).where(upload.c.recording_id == recording_id)).all():
        claim = {**dict.fromkeys(row.claim), "name": ERASED}
        values = {"claim": claim, "metadata": "", "sha256": None, "problem": None}
        tx.execute(upload.update().where(upload.c.id == row.id).values(values))


register(
    Kept(
        name="uploads",
        words="what the sender of an upload said of the file",
        goes="nothing",
        stays="name and description as they were sent, until the upload is forgotten; the catalogue has them too",
        tables=frozenset({"upload"}),
        erase=erase,
    )
)
keeps_nothing("upload_segment", "pieces of an upload on its way; when it is sealed their keys are destroyed")
