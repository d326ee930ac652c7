"""What holds a recording, and in which disposition it is: for its page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.engine import Connection

from candor.footage.rules import RecordingState
from candor.footage.search import Row
from candor.matters.reading import nothing_walled
from candor.people.rules import Actor, Permission
from candor.retention import holds
from candor.retention.dispositions import DispositionState, dispositions_of_recording
from candor.web.pages.retention import STATE_BADGES
from candor.web.pages.retention_holds import KIND_LABELS

__all__ = ["holds_told"]


def holds_told(tx: Connection, actor: Actor, row: Row) -> dict[str, Any]:
    """The holds on a recording, by itself and through its cases, and the dispositions that it is in: for those who see
    holds. Why it stayed in a disposition may tell of a case that is closed to the reader, and is left out then."""
    may_place, may_see = bool(actor.may(Permission.HOLDS_MANAGE)), bool(actor.may(Permission.RETENTION_VIEW))
    if not (may_place or may_see):
        return {"holds": [], "disposed": [], "may_hold": False}
    gone = row.state in (RecordingState.DESTROYED.value, RecordingState.REGROUPED.value)
    never = (DispositionState.REFUSED, DispositionState.WITHDRAWN)
    return {
        "holds": holds.holds_of_recording(tx, row.id, seen_by=actor),
        "hold_kinds": KIND_LABELS,
        "disposed": [
            (one, item if nothing_walled(tx, actor, row.id) else replace(item, why=None))
            for one, item in dispositions_of_recording(tx, row.id)
            if one.state not in never
        ],
        "disposition_badges": STATE_BADGES,
        "may_hold": not gone and may_place,
        "may_see_retention": may_see,
    }
