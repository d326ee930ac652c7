"""Deciding on a disposition: approval or refusal by a second person, taking it back, keeping a recording back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock, SystemClock, iso
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import regrouping
from candor.people.rules import Actor, Permission
from candor.retention.dispositions import (
    Disposition,
    DispositionKind,
    DispositionState,
    ItemState,
    dispositions_of_recording,
    held,
    may_keep,
    must_be,
    must_not_be_own,
    told,
)
from candor.retention.errors import DispositionBySamePerson, ItemUnknown
from candor.retention.proposing import list_hash
from candor.retention.tables import disposition, disposition_item
from candor.retention.words import on_record

__all__ = ["approve", "keep_item", "refuse", "withdraw", "withdraw_approved"]

_S = DispositionState


def approve(
    tx: Connection,
    actor: Actor,
    disposition_id: str,
    *,
    reason: str,
    recycle_days: int,
    at_once: bool = False,
    clock: Clock | None = None,
) -> None:
    """Approve what another person proposed; it can be run when its recycle period is over.

    `at_once`: without that period, for an order of a court that leaves no time; not for what goes by schedule. Raises
    Refused, DispositionUnknown, DispositionState, DispositionBySamePerson, DispositionOfOwn, RetentionWordsMissing.
    """
    found, clock, said = _to_decide(tx, actor, disposition_id, reason, clock)
    at_once = at_once and found.kind is not DispositionKind.SCHEDULE
    until = clock.now() + timedelta(days=0 if at_once else recycle_days)
    _set(tx, found, state=_S.APPROVED.value, **_decided(actor, clock, said), recycle_until=until)
    details = {
        **told(found),
        "reason": said,
        "proposed_by": found.proposed_by,
        "recordings": found.recordings,
        "list_sha256": list_hash(tx, found.id),
        "recycle_until": iso(until),
        "at_once": at_once,
    }
    custody.append(tx, Event.DISPOSITION_APPROVED, actor=actor.account_id, details=details, clock=clock)


def refuse(tx: Connection, actor: Actor, disposition_id: str, *, reason: str, clock: Clock | None = None) -> None:
    """Refuse it. Raises what `approve` does."""
    found, clock, said = _to_decide(tx, actor, disposition_id, reason, clock)
    _set(tx, found, state=_S.REFUSED.value, **_decided(actor, clock, said))
    details = {**told(found), "reason": said, "proposed_by": found.proposed_by}
    custody.append(tx, Event.DISPOSITION_REFUSED, actor=actor.account_id, details=details, clock=clock)


def withdraw(tx: Connection, actor: Actor, disposition_id: str, *, reason: str, clock: Clock | None = None) -> None:
    """Take it back, also while it is being carried out: what is not destroyed by then stays. By whoever proposed it,
    or may approve. Raises Refused, DispositionUnknown, DispositionState, RetentionWordsMissing."""
    clock, said = clock or SystemClock(), on_record("reason", reason)
    found = held(tx, disposition_id)
    if actor.account_id != found.proposed_by:
        actor.require(Permission.RETENTION_APPROVE)
    must_be(found, _S.PROPOSED, _S.APPROVED, _S.RUNNING)
    _take_back(tx, found, actor.account_id, said, clock)


def withdraw_approved(tx: Connection, *, by: str, reason: str, clock: Clock) -> int:
    """Take back everything that is approved, not done, and destroys; how many. For a database that was restored: what
    was held since the backup was made is not held in it, so two people look once more."""
    approved = disposition.c.state.in_([_S.APPROVED.value, _S.RUNNING.value])
    destroys = disposition.c.kind.in_([DispositionKind.SCHEDULE.value, DispositionKind.ERASURE.value])
    ids = tx.scalars(sa.select(disposition.c.id).where(approved, destroys).order_by(disposition.c.id)).all()
    for disposition_id in ids:
        _take_back(tx, held(tx, disposition_id), by, reason, clock)
    return len(ids)


def _take_back(tx: Connection, found: Disposition, by: str, said: str, clock: Clock) -> None:
    _set(tx, found, state=_S.WITHDRAWN.value, done_at=clock.now())
    waiting = disposition_item.c.disposition_id == found.id, disposition_item.c.state == ItemState.WAITING.value
    kept = {"state": ItemState.KEPT.value, "why": "The disposition was withdrawn.", "by": by}
    tx.execute(disposition_item.update().where(*waiting).values(**kept, done_at=clock.now()))
    outbox.resolve(tx, f"disposition:{found.id}", clock=clock)
    details = {**told(found), "reason": said, "proposed_by": found.proposed_by}
    custody.append(tx, Event.DISPOSITION_WITHDRAWN, actor=by, details=details, clock=clock)


def keep_item(
    tx: Connection, actor: Actor, disposition_id: str, recording_id: str, *, reason: str, clock: Clock | None = None
) -> None:
    """Keep one recording back that is to be destroyed. Raises Refused, DispositionUnknown, DispositionState,
    ItemUnknown, RetentionWordsMissing."""
    may_keep(actor)
    clock, said = clock or SystemClock(), on_record("reason", reason)
    found = held(tx, disposition_id)
    must_be(found, _S.PROPOSED, _S.APPROVED, _S.RUNNING)
    note_kept(tx, found, recording_id, why=said, by=actor.account_id, clock=clock)


def note_kept(tx: Connection, found: Disposition, recording_id: str, *, why: str, by: str, clock: Clock) -> None:
    """Put on record that a recording of it stays. Raises ItemUnknown."""
    waiting = (
        disposition_item.c.disposition_id == found.id,
        disposition_item.c.recording_id == recording_id,
        disposition_item.c.state == ItemState.WAITING.value,
    )
    values = {"state": ItemState.KEPT.value, "why": why, "by": by, "done_at": clock.now()}
    if not tx.execute(disposition_item.update().where(*waiting).values(**values)).rowcount:
        raise ItemUnknown(id=recording_id, number=found.number)
    details = {**told(found), "reason": why}
    del details["kind"]
    custody.append(tx, Event.DISPOSITION_ITEM_KEPT, actor=by, recording=recording_id, details=details, clock=clock)


def _set_aside(tx: Connection, whole_id: str, other_id: str, actor: Actor, clock: Clock) -> None:
    """Recordings became one: that is not what was proposed and looked at, so none of them goes by it."""
    for recording_id in (whole_id, other_id):
        for found, item in dispositions_of_recording(tx, recording_id):
            if item.state is ItemState.WAITING and found.state in (_S.PROPOSED, _S.APPROVED, _S.RUNNING):
                why = "It was made one with another recording after it was proposed."
                note_kept(tx, found, recording_id, why=why, by=actor.account_id, clock=clock)


regrouping.PASS_ON.append(_set_aside)


def _to_decide(
    tx: Connection, actor: Actor, disposition_id: str, reason: str, clock: Clock | None
) -> tuple[Disposition, Clock, str]:
    actor.require(Permission.RETENTION_APPROVE)
    clock, said = clock or SystemClock(), on_record("reason", reason)
    found = held(tx, disposition_id)
    must_be(found, _S.PROPOSED)
    if found.proposed_by == actor.account_id:
        raise DispositionBySamePerson()
    must_not_be_own(tx, actor, found)
    outbox.resolve(tx, f"disposition:{found.id}", clock=clock)
    return found, clock, said


def _decided(actor: Actor, clock: Clock, said: str) -> dict[str, Any]:
    return {"decided_by": actor.account_id, "decided_at": clock.now(), "decision_reason": said}


def _set(tx: Connection, found: Disposition, **values: Any) -> None:
    tx.execute(disposition.update().where(disposition.c.id == found.id).values(**values))
