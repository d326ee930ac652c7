"""Renditions: copies of a part, each a sealed object of its own that names its parent and its maker.

Viewing copies are made of the original, or of the repaired copy where the original cannot be shown. A copy that is made
anew takes the place of the one before, which is kept under another name (`superseded`): it is on record, and what is
purged with the recording is everything that has a row here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.ids import new_id
from candor.footage.media.repairs import worth_repairing
from candor.footage.rules import RenditionKind, RenditionState, wanted_renditions
from candor.footage.tables import rendition
from candor.jobs import Jobs

__all__ = [
    "JOB",
    "REPAIR_JOB",
    "Rendition",
    "renditions_of",
    "superseded",
    "want_renditions",
    "want_repair",
    "want_viewing_copies",
]

#: The job that makes all viewing copies of a part; its parameters: {"part": part id, "of": id of the repaired copy that
#: they are made of; absent: of the original}.
JOB = "footage.renditions@1"
#: The job that repairs a part; its parameters: {"part": part id, "reference": part id, or absent: look for one}.
REPAIR_JOB = "footage.repair@1"


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
    """Have made what a part with these claims can have, if the transaction commits; the ids: viewing copies of a file
    in which something could be decoded, and a repaired copy of one that is damaged."""
    decoded = {stream["type"] for stream in media.get("streams", ()) if stream["decoded"]}
    wanted = want_viewing_copies(tx, jobs, clock, part_id, wanted_renditions("video" in decoded, "audio" in decoded))
    if worth_repairing(media.get("problems", ())):
        wanted.append(want_repair(tx, jobs, clock, part_id))
    return wanted


def want_viewing_copies(
    tx: Connection,
    jobs: Jobs,
    clock: Clock,
    part_id: str,
    kinds: Sequence[RenditionKind],
    *,
    of: str | None = None,
) -> list[str]:
    """Have these viewing copies made, which the part does not have yet; the ids. `of`: the repaired copy that they are
    made of; None: of the original."""
    if not kinds:
        return []
    job_id = jobs.enqueue(tx, JOB, {"part": part_id} if of is None else {"part": part_id, "of": of})
    rows = [_waiting(part_id, kind, job_id, clock) for kind in kinds]
    tx.execute(rendition.insert(), rows)
    return [row["id"] for row in rows]


def want_repair(tx: Connection, jobs: Jobs, clock: Clock, part_id: str, *, reference: str | None = None) -> str:
    """Have a part repaired, again too, if the transaction commits; the rendition's id. `reference`: a part that shows
    how the camera writes. A copy that is there stays until there is another."""
    params = {"part": part_id} if reference is None else {"part": part_id, "reference": reference}
    job_id = jobs.enqueue(tx, REPAIR_JOB, params)
    mine = sa.select(rendition).where(rendition.c.part_id == part_id, rendition.c.kind == RenditionKind.REPAIRED.value)
    known = tx.execute(mine.with_for_update()).first()
    if known is None:
        row = _waiting(part_id, RenditionKind.REPAIRED, job_id, clock)
        tx.execute(rendition.insert(), row)
        return str(row["id"])
    values: dict[str, Any] = {"job_id": job_id, "problem": None}
    if known.state != RenditionState.READY.value:
        values["state"] = RenditionState.WAITING.value
    tx.execute(rendition.update().where(rendition.c.id == known.id).values(values))
    return str(known.id)


def _waiting(part_id: str, kind: RenditionKind, job_id: str, clock: Clock) -> dict[str, Any]:
    return {
        "id": new_id(),
        "part_id": part_id,
        "kind": kind.value,
        "state": RenditionState.WAITING.value,
        "job_id": job_id,
        "created_at": clock.now(),
    }


def superseded(kind: RenditionKind, rendition_id: str) -> str:
    """Under which kind a copy is kept when another takes its place."""
    return f"{kind.value}/{rendition_id}"


def renditions_of(tx: Connection, part_id: str) -> list[Rendition]:
    """The renditions of a part, in the order of making."""
    order = list(RenditionKind)
    present = rendition.c.kind.in_([kind.value for kind in order])
    rows = tx.execute(sa.select(rendition).where(rendition.c.part_id == part_id, present))
    return sorted((_rendition(row) for row in rows), key=lambda found: order.index(found.kind))


def _rendition(row: sa.Row[Any]) -> Rendition:
    values = dict(row._mapping)
    return Rendition(**{**values, "kind": RenditionKind(row.kind), "state": RenditionState(row.state)})
