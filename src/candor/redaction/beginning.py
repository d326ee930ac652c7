"""Beginning a redaction of a recording."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import names
from candor.footage.errors import RecordingUnknown
from candor.footage.purging import must_not_be_destroyed
from candor.footage.rules import RecordingState
from candor.footage.tables import part, recording
from candor.jobs import Jobs
from candor.people.rules import Actor
from candor.redaction.detecting import begin_runs, wanted
from candor.redaction.errors import NothingToRedact
from candor.redaction.model import Kind
from candor.redaction.redactions import sight
from candor.redaction.rules import PartState, Profile
from candor.redaction.sources import repaired_of
from candor.redaction.tables import redaction, redaction_part
from candor.store import Vault

__all__ = ["begin"]

LONGEST_TITLE = 120


def begin(
    tx: Connection,
    jobs: Jobs,
    vault: Vault,
    actor: Actor,
    recording_id: str,
    *,
    title: str = "",
    kinds: Iterable[Kind] = (Kind.FACE,),
    profile: Profile = Profile.DEFAULT,
    clock: Clock | None = None,
) -> str:
    """Begin a redaction, in the caller's transaction, and have its parts looked through for these kinds; its id.
    Without any kind the times of its pictures are found out, and everything is drawn by people.

    Raises Refused, RecordingUnknown, RecordingDestroyed, NothingToRedact, DetectionRefused.
    """
    clock, may = clock or SystemClock(), sight(actor)
    asked = wanted(kinds, profile)
    row = tx.execute(sa.select(recording.c.state).where(recording.c.id == recording_id, may)).first()
    if row is None:
        raise RecordingUnknown(id=recording_id)
    must_not_be_destroyed(tx, recording_id)
    if row.state != RecordingState.SEALED.value:
        reason = (
            "it is still coming in" if row.state == RecordingState.RECEIVING.value else "its files went into another"
        )
        raise NothingToRedact(id=recording_id, reason=reason)
    files = tx.execute(
        sa.select(part.c.id, part.c.size).where(part.c.recording_id == recording_id).order_by(part.c.number)
    ).all()
    chosen = [one.id for one in files if one.size]
    if not chosen:
        raise NothingToRedact(id=recording_id, reason="none of its files has any bytes")
    redaction_id = new_id()
    tx.execute(
        redaction.insert(),
        {
            "id": redaction_id,
            "recording_id": recording_id,
            "title": "".join(one for one in names.kept(" ".join(title.split())) if one.isprintable())[:LONGEST_TITLE],
            "wanted": asked,
            "edit": 0,
            "logged_edit": 0,
            "created_by": actor.account_id,
            "created_at": clock.now(),
        },
    )
    rows = [
        {
            "redaction_id": redaction_id,
            "part_id": part_id,
            "state": PartState.WAITING.value,
            "source_rendition_id": repaired_of(tx, part_id),
        }
        for part_id in chosen
    ]
    tx.execute(redaction_part.insert(), rows)
    custody.append(
        tx,
        Event.REDACTION_BEGUN,
        actor=actor.account_id,
        recording=recording_id,
        details={"redaction": redaction_id, "parts": len(chosen), **asked},
        clock=clock,
    )
    begin_runs(tx, jobs, vault, redaction_id, chosen, clock)
    return redaction_id
