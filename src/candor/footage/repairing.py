"""Repairing damaged files: what became of an attempt, which files can show how a camera writes, and asking for one.

The original stays sealed as it came. A repaired copy is another object with a seal of its own; it says what of the
original it holds, what is lost, and which file served as the reference. The job is `repair_jobs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.errors import NotToBeRepaired, PartUnknown, ReferenceWrong
from candor.footage.media.repairs import NEEDS_INDEX, worth_repairing
from candor.footage.purging import must_not_be_destroyed
from candor.footage.renditions import REPAIR_JOB, Rendition, renditions_of, want_repair
from candor.footage.rules import RecordingState, RenditionKind, changeable_by, visible_to
from candor.footage.tables import part, recording
from candor.jobs import Jobs, JobState
from candor.people.rules import Actor

__all__ = [
    "REPAIR_JOB",
    "Reference",
    "Repair",
    "ask_for_repair",
    "may_serve",
    "needs_reference",
    "references_for",
    "repair_of",
    "repairs_of",
]

#: Undamaged files of the same camera that are looked at as references, newest first.
_LOOKED_AT: Final = 200


@dataclass(frozen=True)
class Reference:
    """A whole file that shows how a camera writes."""

    part_id: str
    recording_id: str
    number: int
    object_id: str
    sha256: bytes
    title: str
    started_at: datetime
    device_id: str | None
    shape: tuple[Any, ...]
    """Codecs and sizes: files of one shape show the same."""


@dataclass(frozen=True)
class Repair:
    """A damaged part, and what became of repairing it."""

    part_id: str
    number: int
    problems: tuple[str, ...]
    """Codes of footage.media.PROBLEMS."""
    rendition: Rendition | None
    under_way: bool
    fraction: float
    asked_for: str | None
    """The reference that a person chose for the attempt under way: a part's identifier."""

    @property
    def report(self) -> Mapping[str, Any]:
        """What was recovered and what was lost (`footage.media.repair.repair`); empty when nothing was."""
        details = self.rendition.details if self.rendition is not None else None
        return details or {}


def repairs_of(tx: Connection, jobs: Jobs, recording_id: str) -> list[Repair]:
    """The damaged parts of a recording in order; whoever calls has checked that the reader may see it."""
    rows = tx.execute(sa.select(part).where(part.c.recording_id == recording_id).order_by(part.c.number))
    found = (repair_of(tx, jobs, row) for row in rows)
    return [one for one in found if one is not None]


def repair_of(tx: Connection, jobs: Jobs, row: sa.Row[Any]) -> Repair | None:
    """A part's repair; None for a part that is whole."""
    problems = tuple(row.claims.get("media", {}).get("problems", ()))
    made = next((one for one in renditions_of(tx, row.id) if one.kind is RenditionKind.REPAIRED), None)
    if made is None and not worth_repairing(problems):
        return None
    job = jobs.get(tx, made.job_id) if made is not None and made.job_id else None
    open_job = job if job is not None and job.state in (JobState.WAITING, JobState.RUNNING) else None
    return Repair(
        row.id,
        row.number,
        problems,
        made,
        open_job is not None,
        open_job.fraction if open_job is not None else 0.0,
        open_job.params.get("reference") if open_job is not None else None,
    )


def needs_reference(problems: tuple[str, ...]) -> bool:
    """Whether a reference may help a file with these problems."""
    return not NEEDS_INDEX.isdisjoint(problems)


def ask_for_repair(
    tx: Connection,
    jobs: Jobs,
    actor: Actor,
    part_id: str,
    *,
    reference_part_id: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Have a damaged part repaired, in the caller's transaction; the rendition's id. `reference_part_id`: the file that
    shows how the camera writes; None: one is looked for.

    Raises PartUnknown when the actor may not change the recording, RecordingDestroyed, NotToBeRepaired, and
    ReferenceWrong when the reference cannot serve or may not be seen.
    """
    clock = clock or SystemClock()
    found = sa.select(part).join(recording, recording.c.id == part.c.recording_id)
    row = tx.execute(found.where(part.c.id == part_id, changeable_by(actor).expression)).first()
    if row is None:
        raise PartUnknown(id=part_id)
    must_not_be_destroyed(tx, row.recording_id)
    present = repair_of(tx, jobs, row)
    if present is None:
        raise NotToBeRepaired(reason="no damage was found in it that can be repaired")
    if present.under_way:
        raise NotToBeRepaired(reason="it is being repaired already")
    chosen: Reference | None = None
    if reference_part_id is not None:
        seen = found.where(part.c.id == reference_part_id, visible_to(actor).expression)
        if reference_part_id == part_id or tx.execute(seen).first() is None:
            raise ReferenceWrong(reason="there is no other file with that identifier, or it may not be seen")
        chosen = may_serve(tx, reference_part_id)
        if chosen is None:
            raise ReferenceWrong(reason="it is not itself a whole MP4 or QuickTime file with pictures")
    rendition_id = want_repair(tx, jobs, clock, part_id, reference=reference_part_id)
    details: dict[str, Any] = {"part": row.number, "sha256": row.sha256.hex(), "rendition": rendition_id}
    if chosen is not None:
        details["reference"] = reference_details(chosen)
    custody.append(
        tx,
        Event.RENDITION_REPAIR_ASKED,
        actor=actor.account_id,
        recording=row.recording_id,
        details=details,
        clock=clock,
    )
    return rendition_id


def reference_details(one: Reference) -> dict[str, Any]:
    """A reference as events and reports name it."""
    return {"recording": one.recording_id, "part": one.number, "sha256": one.sha256.hex()}


def may_serve(tx: Connection, part_id: str) -> Reference | None:
    """A part as a reference, or None when it is damaged itself or of another format."""
    return next(_references(tx, part.c.id == part_id), None)


def references_for(tx: Connection, part_id: str, *, limit: int, actor: Actor | None = None) -> list[Reference]:
    """Whole files of the same device, the newest first, one of each shape first. With `actor` those it may see."""
    device = sa.select(recording.c.device_id).join(part, part.c.recording_id == recording.c.id)
    device_id = tx.scalar(device.where(part.c.id == part_id))
    if device_id is None:
        return []
    condition = sa.and_(recording.c.device_id == device_id, part.c.id != part_id)
    if actor is not None:
        condition = sa.and_(condition, visible_to(actor).expression)
    found = list(_references(tx, condition))
    shapes: set[tuple[Any, ...]] = set()
    first: list[Reference] = []
    others: list[Reference] = []
    for one in found:
        (others if one.shape in shapes else first).append(one)
        shapes.add(one.shape)
    return [*first, *others][:limit]


def _references(tx: Connection, condition: sa.ColumnElement[bool]) -> Iterator[Reference]:
    columns = (part.c.id, part.c.recording_id, part.c.number, part.c.object_id, part.c.sha256, part.c.claims)
    about = (recording.c.title, recording.c.started_at, recording.c.device_id)
    query = (
        sa.select(*columns, *about)
        .join(recording, recording.c.id == part.c.recording_id)
        .where(condition, recording.c.state != RecordingState.DESTROYED.value, part.c.media_type == "video/mp4")
        .order_by(recording.c.started_key.desc(), part.c.number.desc())
        .limit(_LOOKED_AT)
    )
    for row in tx.execute(query):
        media = row.claims.get("media", {})
        shape = tuple(
            (stream["type"], stream.get("codec"), stream.get("width"), stream.get("height"), stream.get("sample_rate"))
            for stream in media.get("streams", ())
            if stream["type"] in ("video", "audio")
        )
        if media.get("playable") and not media.get("problems") and any(one[0] == "video" for one in shape):
            yield Reference(
                row.id, row.recording_id, row.number, row.object_id, row.sha256, row.title, row.started_at,
                row.device_id, shape,
            )  # fmt: skip
