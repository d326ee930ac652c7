"""Renditions: viewing copies of a part, each a sealed object of its own that names its parent and its maker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.ids import new_id
from candor.footage.rules import RenditionKind, RenditionState, wanted_renditions
from candor.footage.tables import rendition
from candor.jobs import Jobs

__all__ = ["JOB", "Rendition", "renditions_of", "want_renditions"]

#: The job that makes all renditions of a part; its parameters: {"part": part id}.
JOB = "footage.renditions@1"


@dataclass(frozen=True)
class Rendition:
    """One rendition as it stands. `job_id`: whose progress `Jobs.get` tells while it is waiting or being made."""

    id: str
    part_id: str
    kind: RenditionKind
    state: RenditionState
    job_id: str | None
    object_id: str | None
    media_type: str | None
    made_by: str | None
    details: dict[str, Any] | None
    problem: str | None
    created_at: datetime
    ready_at: datetime | None


def want_renditions(tx: Connection, jobs: Jobs, clock: Clock, part_id: str, media: Mapping[str, Any]) -> list[str]:
    """Have the renditions made that a part with these claims can have, if the transaction commits; their ids.

    None for a file in which nothing could be decoded: its flags say why.
    """
    decoded = {stream["type"] for stream in media.get("streams", ()) if stream["decoded"]}
    kinds = wanted_renditions("video" in decoded, "audio" in decoded)
    if not kinds:
        return []
    job_id = jobs.enqueue(tx, JOB, {"part": part_id})
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "part_id": part_id,
            "kind": kind.value,
            "state": RenditionState.WAITING.value,
            "job_id": job_id,
            "created_at": clock.now(),
        }
        for kind in kinds
    ]
    tx.execute(rendition.insert(), rows)
    return [row["id"] for row in rows]


def renditions_of(tx: Connection, part_id: str) -> list[Rendition]:
    """The renditions of a part, in the order of making."""
    order = list(RenditionKind)
    rows = tx.execute(sa.select(rendition).where(rendition.c.part_id == part_id))
    return sorted((_rendition(row) for row in rows), key=lambda found: order.index(found.kind))


def _rendition(row: sa.Row[Any]) -> Rendition:
    values = dict(row._mapping)
    return Rendition(**{**values, "kind": RenditionKind(row.kind), "state": RenditionState(row.state)})
