"""What releases say to the room of critical incidents: what was released to everybody, so that no clock asks for it any
more; and that a recall has it asked for again."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.disclosure.critical import lawful
from candor.disclosure.critical.rules import CriticalState
from candor.disclosure.critical.tables import critical_incident, critical_recording
from candor.disclosure.releases.rules import Audience, ReleaseState
from candor.disclosure.releases.tables import release, release_copy

__all__ = ["put_dues", "released_to_everybody"]


def released_to_everybody(tx: Connection, recording_ids: Collection[str]) -> set[str]:
    """Those of these recordings of which a release for everybody is published, whatever it was prepared for."""
    if not recording_ids:
        return set()
    out = release.c.state == ReleaseState.PUBLISHED.value, release.c.audience == Audience.PUBLIC.value
    query = sa.select(release_copy.c.recording_id).join(release, release.c.id == release_copy.c.release_id)
    return set(tx.scalars(query.where(*out, release_copy.c.recording_id.in_(recording_ids))))


def put_dues(tx: Connection, release_id: str, *, clock: Clock) -> None:
    """Work out anew what is due of every open incident that a recording of this release belongs to."""
    recordings = sa.select(release_copy.c.recording_id).where(release_copy.c.release_id == release_id)
    joined = critical_recording.join(critical_incident, critical_incident.c.id == critical_recording.c.critical_id)
    query = sa.select(critical_recording.c.critical_id).distinct().select_from(joined)
    query = query.where(critical_recording.c.recording_id.in_(recordings))
    query = query.where(critical_incident.c.state == CriticalState.OPEN.value)
    for critical_id in sorted(tx.scalars(query)):
        lawful.put_due(tx, critical_id, clock=clock)


lawful.RELEASED.append(released_to_everybody)
