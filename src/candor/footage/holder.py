"""Which recording something that stands beside one belongs to now."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.footage.rules import RecordingState
from candor.footage.tables import recording

__all__ = ["Holder", "holder_of"]

#: How many recordings are followed from one to the one it was regrouped into.
_MOST_STEPS = 100


@dataclass(frozen=True)
class Holder:
    """A recording that has its parts. `destroyed`: it was purged, and nothing that would show it is kept readable."""

    id: str
    destroyed: bool


def holder_of(tx: Connection, recording_id: str) -> Holder:
    """The recording, or the one it was regrouped into; held until the transaction ends, so that a purge in the same
    moment comes before or after, and sees what was added."""
    state = ""
    for _ in range(_MOST_STEPS):
        columns = (recording.c.state, recording.c.regrouped_into)
        query = sa.select(*columns).where(recording.c.id == recording_id)
        row = tx.execute(query.with_for_update(key_share=True)).one()
        state = row.state
        if state != RecordingState.REGROUPED.value:
            break
        recording_id = row.regrouped_into
    return Holder(recording_id, state == RecordingState.DESTROYED.value)
