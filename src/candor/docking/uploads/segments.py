"""The stretches in which an upload was received, each a draft in the vault under a key of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.ids import new_id
from candor.docking.uploads.rules import Upload, UploadKind
from candor.docking.uploads.tables import upload_segment as segment_table
from candor.store import Vault
from candor.store.drafts import Durable
from candor.store.secrets import destroy_secret

__all__ = ["Segment", "add_segment", "drop_segment", "known_segments", "segments_of"]


@dataclass(frozen=True)
class Segment:
    """A stretch of an upload. `durable`: what of its draft counts."""

    object_id: str
    upload_id: str
    number: int
    secret_id: str
    durable: Durable


def add_segment(tx: Connection, vault: Vault, upload: Upload, number: int) -> tuple[Segment, bytes]:
    """Another segment, with nothing in it yet, and its key."""
    secret_id = vault.keep_secret(tx)
    made = Segment(new_id(), upload.id, number, secret_id, Durable(0))
    row = {"object_id": made.object_id, "upload_id": upload.id, "number": number, "secret_id": secret_id}
    tx.execute(segment_table.insert(), {**row, "streamed": 0, "tail": 0, "tail_number": 0})
    return made, vault.open_secret(tx, secret_id)


def segments_of(tx: Connection, upload: Upload) -> list[Segment]:
    """The segments of an upload in order; of a joined one, those of its parts."""
    ids = upload.parts if upload.kind is UploadKind.JOINED else (upload.id,)
    order = {upload_id: place for place, upload_id in enumerate(ids)}
    rows = tx.execute(sa.select(segment_table).where(segment_table.c.upload_id.in_(ids)))
    segments = [
        Segment(
            row.object_id, row.upload_id, row.number, row.secret_id, Durable(row.streamed, row.tail, row.tail_number)
        )
        for row in rows
    ]
    return sorted(segments, key=lambda one: (order[one.upload_id], one.number))


def drop_segment(tx: Connection, segment: Segment) -> None:
    """Forget a segment and destroy its key: another one has its bytes, or they are wanted no more."""
    tx.execute(segment_table.delete().where(segment_table.c.object_id == segment.object_id))
    destroy_secret(tx, segment.secret_id)


def known_segments(tx: Connection, object_ids: Sequence[str]) -> set[str]:
    """Which of these drafts a segment names."""
    query = sa.select(segment_table.c.object_id).where(segment_table.c.object_id.in_(object_ids))
    return set(tx.scalars(query))
