"""The critical incidents that a recording or a case belongs to."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.critical.incidents import CriticalIncident, critical_incident_of
from candor.disclosure.critical.tables import critical_incident, critical_recording
from candor.footage.rules import visible_to
from candor.footage.tables import recording
from candor.people.rules import Actor, Permission

__all__ = ["incidents_of_recording"]


def incidents_of_recording(tx: Connection, actor: Actor, recording_id: str) -> list[CriticalIncident]:
    """The critical incidents that a recording belongs to, open ones first; none for somebody who may not see them, or
    not the recording."""
    if not actor.may(Permission.REQUESTS_VIEW):
        return []
    seen = sa.exists().where(recording.c.id == recording_id, visible_to(actor).expression)
    joined = critical_recording.join(critical_incident, critical_incident.c.id == critical_recording.c.critical_id)
    query = sa.select(critical_incident.c.id).select_from(joined)
    query = query.where(critical_recording.c.recording_id == recording_id, seen)
    order = critical_incident.c.closed_at.is_not(None), critical_incident.c.occurred_at.desc()
    return [critical_incident_of(tx, actor, one) for one in tx.scalars(query.order_by(*order)).all()]
