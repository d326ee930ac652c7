"""The redactions of a recording, for its page."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection

from candor.footage.search import Row
from candor.people.rules import Actor, Permission
from candor.redaction import redactions
from candor.redaction.detecting import progress_of
from candor.web.pages.redaction import kinds_told


def redactions_told(tx: Connection, actor: Actor, row: Row) -> dict[str, Any]:
    """What the page shows of them to whoever may redact; whoever calls has checked that the reader may see it."""
    if not actor.may(Permission.RECORDINGS_REDACT):
        return {"may_redact": False}
    found = redactions.list_of(tx, actor, recording_id=row.id, closed=True)
    told = [(one, progress_of(tx, one.id).under_way) for one in found]
    return {"may_redact": True, "redactions_told": told, **kinds_told(tx)}
