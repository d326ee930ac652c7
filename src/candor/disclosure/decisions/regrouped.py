"""Recordings that became one: what was decided on each says nothing of the whole, so it is decided on anew."""

from __future__ import annotations

import hashlib
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.disclosure.decisions.subjects import AFTER, HISTORY, Subject, about
from candor.disclosure.decisions.tables import release_decision
from candor.footage import regrouping
from candor.people.rules import Actor

__all__: list[str] = []

_WHY: Final = "It was made one recording with another one: it has parts now on which nobody decided."


def _take_back(tx: Connection, whole_id: str, other_id: str, actor: Actor, clock: Clock) -> None:
    """Take back every decision that stands on either, in whatever it was made, also where that was answered: something
    may still wait there to be approved."""
    table = release_decision.c
    columns = (table.id, table.request_id, table.critical_id, table.recording_id)
    query = sa.select(*columns).where(table.recording_id.in_([whole_id, other_id]), table.withdrawn_at.is_(None))
    found: dict[tuple[Subject, str], list[str]] = {}
    for row in tx.execute(query.order_by(table.request_id, table.critical_id, table.recording_id, table.id)).all():
        found.setdefault((Subject(row.request_id, row.critical_id), row.recording_id), []).append(row.id)
    for (subject, recording_id), taken in found.items():
        asked = about(tx, subject, held=True)
        values = {"withdrawn_by": actor.account_id, "withdrawn_at": clock.now(), "withdraw_reason": _WHY}
        tx.execute(release_decision.update().where(table.id.in_(taken)).values(**values))
        details = {"decisions": taken, "reason_sha256": hashlib.sha256(_WHY.encode()).hexdigest()}
        event_id = custody.append(
            tx,
            Event.REQUEST_DECISION_WITHDRAWN,
            actor=actor.account_id,
            recording=recording_id,
            details={subject.kind: subject.id, **details},
            clock=clock,
        )
        HISTORY[subject.kind](tx, subject.id, event_id)
        for tell in AFTER:
            tell(tx, actor, asked, clock)


regrouping.PASS_ON.append(_take_back)
