"""Marked copies: for each part that was given and each side a viewing copy with that side's mark in its picture.

Rules it keeps:

1. There is one for every part and every side, made ahead, whatever a side watches: that a copy is made says nothing of
   what is watched.
2. What is made of it is the viewing copy that the part has now. While there is none, it waits; when another takes its
   place, it is made anew.
3. A copy lives as long as the side's access. Where that ends, the copy's key is destroyed (`marks_ending`); where
   access is given anew, it is made anew. The originals in the package have no mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.ids import new_id
from candor.disclosure.discovery.errors import NoLongerGiven, NoMarkChosen
from candor.disclosure.discovery.reading import Discovery, by_id, discovery_of, must_still_be_given
from candor.disclosure.discovery.rules import MarkState, PartySide
from candor.disclosure.discovery.tables import discovery, discovery_mark
from candor.footage.archive_tables import archived_recording
from candor.footage.archiving import ArchiveState
from candor.footage.rules import RenditionKind, RenditionState
from candor.footage.tables import part, rendition
from candor.jobs import Job, Jobs, JobState
from candor.people.rules import Actor, Permission
from candor.people.tables import agency
from candor.store.tables import vault_object

__all__ = [
    "JOB",
    "Failed",
    "Marks",
    "Unmade",
    "ask",
    "ask_again",
    "copy_of",
    "is_given",
    "marks",
    "next_unmade",
    "parts_of_mark",
    "unmade",
    "want",
    "want_for",
]

#: The job that makes what is missing; its parameters: {"discovery": id}.
JOB = "discovery.mark@1"
_OPEN = (JobState.WAITING, JobState.RUNNING)


@dataclass(frozen=True)
class Failed:
    """A part of which no marked copy could be made, and why, for people."""

    recording_id: str
    part: int
    problem: str


@dataclass(frozen=True)
class Marks:
    """How the marked copies of a discovery stand: how many there are, of how many; those that failed; how many wait
    because the part has no viewing copy to make them of, or it lies in the archive; how much of the job that is at it
    is done, 0 to 1, None where there is none."""

    made: int
    of: int
    failed: tuple[Failed, ...]
    without: int
    done: float | None


@dataclass(frozen=True)
class Unmade:
    """A part with marked copies to make. `parent`: its viewing copy; `sides`: by the side the copy's row."""

    part_id: str
    parent: str
    object_id: str
    sha256: bytes
    sides: dict[PartySide, str]


def want(tx: Connection, jobs: Jobs, discovery_id: str, given: Iterable[str], *, clock: Clock) -> None:
    """Have a copy made of each part of these recordings for each side, if the transaction commits."""
    parts = tx.scalars(sa.select(part.c.id).where(part.c.recording_id.in_(list(given))).order_by(part.c.id)).all()
    rows = [
        {
            "id": new_id(),
            "discovery_id": discovery_id,
            "part_id": one,
            "side": side.value,
            "state": MarkState.WAITING.value,
            "created_at": clock.now(),
        }
        for one in parts
        for side in PartySide
    ]
    if rows:
        tx.execute(discovery_mark.insert(), rows)
    ask(tx, jobs, discovery_id)


def want_for(tx: Connection, jobs: Jobs, discovery_id: str, side: PartySide) -> None:
    """Have the copies made again that were taken away when this side's access ended: it has access anew."""
    if _set_waiting(tx, discovery_id, MarkState.ENDED, discovery_mark.c.side == side.value):
        ask(tx, jobs, discovery_id)


def ask_again(tx: Connection, jobs: Jobs, actor: Actor, discovery_id: str) -> Discovery:
    """Have made what failed or is missing. Raises Refused, DiscoveryUnknown, NoMarkChosen, NoLongerGiven."""
    actor.require(Permission.DISCOVERY_MANAGE)
    found = discovery_of(tx, actor, discovery_id)
    if not found.watermark:
        raise NoMarkChosen(number=found.number)
    must_still_be_given(tx, found)
    _set_waiting(tx, found.id, MarkState.FAILED)
    ask(tx, jobs, found.id)
    return found


def ask(tx: Connection, jobs: Jobs, discovery_id: str) -> None:
    """Have a job make what is missing, unless one is at it; whoever asks at the same moment waits, and finds it."""
    tx.execute(sa.select(discovery.c.id).where(discovery.c.id == discovery_id).with_for_update())
    if job_of(tx, jobs, discovery_id) is None:
        jobs.enqueue(tx, JOB, {"discovery": discovery_id})


def job_of(tx: Connection, jobs: Jobs, discovery_id: str) -> Job | None:
    """The job that waits or is at it."""
    at_it = jobs.list(tx, _OPEN, limit=1000, names=[JOB])
    return next((one for one in at_it if one.params["discovery"] == discovery_id), None)


def is_given(tx: Connection, discovery_id: str) -> bool:
    """Whether the discovery may still be given: nothing is made of what nobody may be shown."""
    try:
        must_still_be_given(tx, by_id(tx, discovery_id))
    except NoLongerGiven:
        return False
    return True


def unmade(tx: Connection, discovery_id: str) -> int:
    """How many parts have a copy to make, and a viewing copy to make it of."""
    return (
        tx.scalar(sa.select(sa.func.count(sa.distinct(discovery_mark.c.part_id))).where(*_to_make(discovery_id))) or 0
    )


def next_unmade(tx: Connection, discovery_id: str, after: str = "") -> Unmade | None:
    """The next part of which a copy can be made, of those whose identifiers come `after` that one."""
    columns = (
        discovery_mark.c.part_id,
        discovery_mark.c.side,
        discovery_mark.c.id,
        rendition.c.id.label("parent"),
        rendition.c.object_id,
        vault_object.c.sha256,
    )
    query: sa.Select[Any] = (
        sa.select(*columns)
        .where(*_to_make(discovery_id), vault_object.c.object_id == rendition.c.object_id)
        .where(discovery_mark.c.part_id > after)
        .order_by(discovery_mark.c.part_id, discovery_mark.c.side)
        .limit(len(PartySide))
    )
    rows = tx.execute(query).all()
    if not rows:
        return None
    first = rows[0]
    sides = {PartySide(row.side): row.id for row in rows if row.part_id == first.part_id}
    return Unmade(first.part_id, first.parent, first.object_id, first.sha256, sides)


def parts_of_mark(tx: Connection, found: Discovery, side: PartySide) -> list[str]:
    """The parts of the text of a mark: the side, the discovery, the agency."""
    name = tx.scalar(sa.select(agency.c.short_name)) or ""
    return [one for one in (side.value.upper(), found.number, name) if one]


def marks(tx: Connection, jobs: Jobs, found: Discovery) -> Marks | None:
    """How they stand; None where no mark was chosen."""
    if not found.watermark:
        return None
    rows = tx.execute(
        sa.select(
            discovery_mark.c.state,
            discovery_mark.c.problem,
            discovery_mark.c.part_id,
            part.c.number,
            part.c.recording_id,
            rendition.c.state.label("parent"),
            _is_away(part.c.id).label("away"),
        )
        .join(part, part.c.id == discovery_mark.c.part_id)
        .outerjoin(rendition, (rendition.c.part_id == part.c.id) & (rendition.c.kind == RenditionKind.PROXY.value))
        .where(discovery_mark.c.discovery_id == found.id, discovery_mark.c.state != MarkState.ENDED.value)
        .order_by(part.c.recording_id, part.c.number)
    ).all()
    made = sum(row.state == MarkState.READY.value for row in rows)
    failed = {
        row.part_id: Failed(row.recording_id, row.number, row.problem or "")
        for row in rows
        if row.state == MarkState.FAILED.value
    }
    hopeless = (None, RenditionState.FAILED.value)
    without = sum(row.state == MarkState.WAITING.value and (row.away or row.parent in hopeless) for row in rows)
    job = job_of(tx, jobs, found.id)
    return Marks(made, len(rows), tuple(failed.values()), without, None if job is None else job.fraction or 0.0)


def copy_of(tx: Connection, found: Discovery, side: PartySide, copy_id: str) -> Any:
    """A side's own marked copy of a part (object_id, media_type, sha256 of the part's original), where it is ready;
    else None."""
    mine = (
        discovery_mark.c.id == copy_id,
        discovery_mark.c.discovery_id == found.id,
        discovery_mark.c.side == side.value,
        discovery_mark.c.state == MarkState.READY.value,
    )
    query = sa.select(discovery_mark.c.object_id, discovery_mark.c.media_type, part.c.sha256)
    return tx.execute(query.join(part, part.c.id == discovery_mark.c.part_id).where(*mine)).first()


def _to_make(discovery_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        discovery_mark.c.discovery_id == discovery_id,
        discovery_mark.c.state == MarkState.WAITING.value,
        rendition.c.part_id == discovery_mark.c.part_id,
        rendition.c.kind == RenditionKind.PROXY.value,
        rendition.c.state == RenditionState.READY.value,
        ~_is_away(discovery_mark.c.part_id),
    )


def _is_away(part_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether what there is of a part lies in the archive, and cannot be read before it comes back."""
    its = part.alias()
    away = archived_recording.c.state != ArchiveState.NEAR.value
    return sa.exists().where(its.c.id == part_id, archived_recording.c.recording_id == its.c.recording_id, away)


def _set_waiting(tx: Connection, discovery_id: str, state: MarkState, *more: sa.ColumnElement[bool]) -> int:
    which = discovery_mark.c.discovery_id == discovery_id, discovery_mark.c.state == state.value, *more
    waiting = {"state": MarkState.WAITING.value, "problem": None}
    return tx.execute(discovery_mark.update().where(*which).values(**waiting)).rowcount
