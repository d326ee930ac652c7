"""Deciding anew: what stands on a recording is taken back with a reason, and another decision is made, in one act."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.disclosure.decisions.deciding import Weighed, decide, withdraw
from candor.disclosure.decisions.errors import ChangedMeanwhile
from candor.disclosure.decisions.standing import rows_of
from candor.disclosure.decisions.stretches import Choice
from candor.disclosure.decisions.subjects import Subject, about
from candor.people.rules import Actor, Permission

__all__ = ["decide_anew"]


def decide_anew(
    tx: Connection,
    actor: Actor,
    subject: Subject,
    recording_id: str,
    choices: Sequence[Choice],
    weighed: Sequence[Weighed] = (),
    *,
    reason: str,
    upon: str,
    clock: Clock | None = None,
) -> tuple[str, ...]:
    """Take back everything that was decided on a recording, and decide on it again; the identifiers of the new
    decisions. Both stay on record. `reason`: why it is taken back; `upon`: as for `decide`. Raises what `withdraw` and
    `decide` raise, and then what stood stands on when the caller's transaction is given up."""
    actor.require(Permission.REQUESTS_MANAGE)
    clock = clock or SystemClock()
    asked = about(tx, subject, held=True)
    before = rows_of(tx, subject)
    if upon not in (before.upon, before.upon_of(recording_id)):
        raise ChangedMeanwhile(number=asked.number)
    whole = before.whole(recording_id)
    if whole is not None:
        withdraw(tx, actor, subject, whole.id, reason=reason, clock=clock)
    left = rows_of(tx, subject).upon_of(recording_id)
    return decide(tx, actor, subject, recording_id, choices, weighed, upon=left, clock=clock)
