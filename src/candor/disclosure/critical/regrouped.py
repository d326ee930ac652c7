"""A recording of a critical incident that became part of another one: that one is of the incident too."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.custody.events import Event
from candor.disclosure.critical.holding import note
from candor.disclosure.critical.lawful import put_due
from candor.disclosure.critical.rules import CriticalState
from candor.disclosure.critical.tables import critical_incident, critical_recording
from candor.footage import regrouping
from candor.people.rules import Actor

__all__: list[str] = []


def _pass_on(tx: Connection, whole_id: str, other_id: str, actor: Actor, clock: Clock) -> None:
    """Its hold went there too. What is owed before the release of the one is owed before that of the whole."""
    table = critical_recording.c
    joined = critical_recording.join(critical_incident, critical_incident.c.id == table.critical_id)
    query = sa.select(critical_recording, critical_incident.c.state).select_from(joined)
    of_whole = sa.select(table.critical_id).where(table.recording_id == whole_id)
    query = query.where(table.recording_id == other_id, table.critical_id.not_in(of_whole))
    for row in tx.execute(query.order_by(table.critical_id)).all():
        given: dict[str, Any] = {"critical_id": row.critical_id, "recording_id": whole_id, "hold_id": row.hold_id}
        given |= {"added_by": actor.account_id, "added_at": clock.now()}
        mine = table.critical_id == row.critical_id, table.recording_id == other_id
        tx.execute(critical_recording.update().where(*mine).values(hold_id=None))
        tx.execute(critical_recording.insert(), given)
        details = {"hold": row.hold_id, "from": other_id}
        note(tx, Event.CRITICAL_RECORDING_ADDED, actor, row.critical_id, details, recording=whole_id, clock=clock)
        if row.state == CriticalState.OPEN.value:
            put_due(tx, row.critical_id, clock=clock)


regrouping.PASS_ON.append(_pass_on)
