"""What a part is worked on from: the original, or its repaired copy where the viewing copy was made of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.footage.rules import RenditionKind, RenditionState
from candor.footage.tables import part, rendition
from candor.store.tables import vault_object

__all__ = ["Source", "has_key", "repaired_of", "source_of"]


@dataclass(frozen=True)
class Source:
    """The sealed object that a part is worked on from. `part_number`, `original_sha256`: of the part itself; `told`:
    what results say of the source, nothing of an original."""

    recording_id: str
    part_number: int
    original_sha256: bytes
    object_id: str
    sha256: bytes
    size: int
    told: dict[str, Any]


def repaired_of(tx: Connection, part_id: str) -> str | None:
    """The repaired copy that a part's viewing copy was made of, so that boxes drawn over the one fit the other; None:
    it was made of the original."""
    query = sa.select(rendition.c.details).where(
        rendition.c.part_id == part_id,
        rendition.c.kind == RenditionKind.PROXY.value,
        rendition.c.state == RenditionState.READY.value,
    )
    made_of = (tx.scalar(query) or {}).get("made_of", {})
    found = made_of.get("rendition")
    return None if found is None else str(found)


def source_of(tx: Connection, part_id: str, rendition_id: str | None) -> Source:
    """What a part is worked on from: that repaired copy, or the original. A repaired copy that is there no more went
    with its recording, which opening the original tells."""
    original = tx.execute(sa.select(part).where(part.c.id == part_id)).one()
    about = (original.recording_id, original.number, original.sha256)
    if rendition_id is not None:
        joined = rendition.join(vault_object, vault_object.c.object_id == rendition.c.object_id)
        columns = (vault_object.c.object_id, vault_object.c.sha256, vault_object.c.size)
        found = tx.execute(sa.select(*columns).select_from(joined).where(rendition.c.id == rendition_id)).first()
        if found is not None:
            told = {"repaired": rendition_id, "repaired_of": original.sha256.hex()}
            return Source(*about, found.object_id, found.sha256, found.size, told)
    return Source(*about, original.object_id, original.sha256, original.size, {})


def has_key(tx: Connection, object_id: str) -> bool:
    """Whether an object still has its key; held so until the transaction ends, so that nothing made of it outlives
    it."""
    query = sa.select(vault_object.c.key_destroyed_at).where(vault_object.c.object_id == object_id)
    return tx.execute(query.with_for_update(read=True)).scalar_one() is None
