"""Having redacted copies made, and opening what was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.footage.purging import must_not_be_destroyed
from candor.jobs import Jobs
from candor.jobs.tables import job
from candor.people.rules import Actor
from candor.redaction.errors import CopyNotReady, RenderRefused
from candor.redaction.media.render import MEDIA_TYPE, Quality
from candor.redaction.redactions import Copy, RedactionPart, copy_of, parts_of, to_change
from candor.redaction.rules import CopyState, PartState
from candor.redaction.saving import put_on_record
from candor.redaction.tables import redacted_copy
from candor.store import SealedStream, Vault

__all__ = ["MEDIA_TYPES", "RENDER_JOB", "OpenedCopy", "ask_for_copies", "copy_progress", "open_copy", "quality_of"]

#: {"copy": id}
RENDER_JOB: Final = "redaction.render@1"
#: What there is of a copy, with the media type of each.
MEDIA_TYPES: Final = {
    "copy": MEDIA_TYPE,
    "proof": "application/json",
    "list": "text/plain; charset=utf-8",
    "poster": "image/jpeg",
    "filmstrip": "image/jpeg",
    "waveform": "application/json",
}
PRESETS: Final = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow")
_BUSY = (PartState.WAITING, PartState.RUNNING)


@dataclass(frozen=True)
class OpenedCopy:
    """Something of a copy to read: a seekable stream, to be closed."""

    stream: SealedStream
    size: int
    sha256: bytes
    media_type: str
    copy: Copy


def quality_of(given: Mapping[str, Any]) -> Quality:
    """How copies are encoded, from JSON that somebody sent. Raises RenderRefused for what is out of bounds."""
    usual = Quality()
    reading = {
        "crf": lambda one: type(one) is int and 0 <= one <= 35,
        "preset": lambda one: one in PRESETS,
        "sound_rate": lambda one: type(one) is int and 24_000 <= one <= 320_000,
        "smart": lambda one: isinstance(one, bool),
        "keep_times": lambda one: isinstance(one, bool),
    }
    for name, one in given.items():
        if name not in reading or not reading[name](one):
            raise RenderRefused(reason=f"“{str(name)[:40]}” of the quality is not known, or out of bounds")
    return Quality(**{**usual.to_json(), **given})


def ask_for_copies(
    tx: Connection,
    jobs: Jobs,
    vault: Vault,
    actor: Actor,
    redaction_id: str,
    *,
    part_ids: Sequence[str] | None = None,
    quality: Mapping[str, Any] | None = None,
    clock: Clock | None = None,
) -> list[str]:
    """Have redacted copies made of the newest edit, of these parts or all that have pictures, if the caller's
    transaction commits; the copies' identifiers. What was edited goes on record.

    Raises RedactionUnknown, RedactionClosed, RecordingDestroyed, RenderRefused.
    """
    clock = clock or SystemClock()
    found = to_change(tx, actor, redaction_id)
    chosen = quality_of(quality or {}).to_json()
    parts = _chosen(parts_of(tx, redaction_id), part_ids)
    put_on_record(tx, vault, redaction_id, actor=actor.account_id, clock=clock)
    made, now = [], clock.now()
    for one in parts:
        copy_id = new_id()
        job_id = jobs.enqueue(tx, RENDER_JOB, {"copy": copy_id})
        tx.execute(
            redacted_copy.insert().values(
                id=copy_id,
                redaction_id=redaction_id,
                part_id=one.part_id,
                edit=found.edit,
                state=CopyState.WAITING.value,
                job_id=job_id,
                wanted=chosen,
                asked_by=actor.account_id,
                asked_at=now,
            )
        )
        made.append(copy_id)
    return made


def _chosen(parts: Sequence[RedactionPart], part_ids: Sequence[str] | None) -> list[RedactionPart]:
    if part_ids is None:
        chosen = [one for one in parts if one.state is not PartState.NO_PICTURE]
    else:
        known = {one.part_id: one for one in parts}
        if unknown := [one for one in part_ids if one not in known]:
            raise RenderRefused(reason=f"{unknown[0][:40]} is no part of this redaction")
        chosen = [known[one] for one in dict.fromkeys(part_ids)]
    if not chosen:
        raise RenderRefused(reason="no part of it has pictures; sound alone is not redacted here")
    for one in chosen:
        if one.state in _BUSY:
            raise RenderRefused(reason=f"part {one.number} is still being looked through; wait until that is done")
        if one.plan is None:
            raise RenderRefused(reason=f"part {one.number} cannot be worked on: {one.problem or 'it has no pictures'}")
    return chosen


def copy_progress(tx: Connection, copy: Copy) -> float:
    """How far a copy is, 0 to 1."""
    if copy.state in (CopyState.READY, CopyState.FAILED):
        return 1.0
    query = sa.select(job.c.fraction).where(job.c.id == copy.job_id)
    return float(tx.scalar(query) or 0.0)


def open_copy(tx: Connection, vault: Vault, actor: Actor, copy_id: str, what: str = "copy") -> OpenedCopy:
    """Open something of a copy, a name of MEDIA_TYPES. What is footage (all but "proof" and "list") is to be opened
    within a viewing: whoever calls has begun one, and it is on record.

    Raises Refused, CopyUnknown, RecordingDestroyed, CopyNotReady, and what `Vault.open` raises.
    """
    found, copy = copy_of(tx, actor, copy_id)
    must_not_be_destroyed(tx, found.recording_id)
    object_id = getattr(copy, f"{what}_object_id") if what in MEDIA_TYPES else None
    if copy.state is not CopyState.READY:
        raise CopyNotReady(reason=copy.problem or "it is being made, or proved")
    if object_id is None:
        raise CopyNotReady(reason="there is nothing in it to make this of")
    recorded = vault.look_up(tx, object_id)
    return OpenedCopy(vault.open(tx, object_id), recorded.size, recorded.sha256, MEDIA_TYPES[what], copy)
