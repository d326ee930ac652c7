"""Giving up what is under way of a redaction: the looking through, and the making of copies. What is there stays."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.jobs import Jobs
from candor.people.rules import Actor
from candor.redaction.detecting import give_up_run
from candor.redaction.redactions import Redaction, copies_of, parts_of, to_change
from candor.redaction.rules import CopyState, PartState
from candor.redaction.tables import redacted_copy, redaction_part
from candor.store import Vault

__all__ = ["GIVEN_UP", "stop"]

GIVEN_UP = "Somebody gave it up before it was done."
_LOOKING = (PartState.WAITING, PartState.RUNNING)
_MADE = (CopyState.READY, CopyState.FAILED)


def stop(
    tx: Connection, jobs: Jobs, vault: Vault, actor: Actor, redaction_id: str, *, clock: Clock | None = None
) -> int:
    """Give up everything of a redaction that waits or runs, if the caller's transaction commits; how many parts and
    copies it was. A part of which a detection was there before keeps what that found.

    Raises Refused, RedactionUnknown, RedactionClosed, RecordingDestroyed.
    """
    clock = clock or SystemClock()
    found = to_change(tx, actor, redaction_id)
    looked = [one for one in parts_of(tx, redaction_id) if one.state in _LOOKING]
    for one in looked:
        give_up_run(tx, jobs, vault, redaction_id, one.part_id)
        state = PartState.READY if one.tracks_object_id is not None else PartState.FAILED
        values = {"state": state.value, "run": None, "problem": None if state is PartState.READY else GIVEN_UP}
        mine = redaction_part.c.redaction_id == redaction_id, redaction_part.c.part_id == one.part_id
        tx.execute(redaction_part.update().where(*mine).values(**values, ready_at=clock.now()))
    return len(looked) + _stop_copies(tx, jobs, actor, found, clock)


def _stop_copies(tx: Connection, jobs: Jobs, actor: Actor, found: Redaction, clock: Clock) -> int:
    """Its jobs find that the copy failed, and make nothing more of it."""
    stopped = 0
    for one in copies_of(tx, found.id):
        if one.state in _MADE:
            continue
        if one.job_id is not None:
            jobs.cancel(tx, one.job_id)
        values = {"state": CopyState.FAILED.value, "problem": GIVEN_UP, "ready_at": clock.now()}
        waiting = redacted_copy.c.id == one.id, redacted_copy.c.state.not_in([state.value for state in _MADE])
        if not tx.execute(redacted_copy.update().where(*waiting).values(**values)).rowcount:
            continue  # it was done just now
        stopped += 1
        details = {"redaction": found.id, "copy": one.id, "part": one.part_number, "edit": one.edit}
        custody.append(
            tx,
            Event.REDACTION_RENDER_FAILED,
            actor=actor.account_id,
            recording=found.recording_id,
            details={**details, "problem": GIVEN_UP},
            clock=clock,
        )
    return stopped
