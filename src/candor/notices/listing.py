"""What was told to anybody, for whoever keeps the notices: without the details, which are for those told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import iso
from candor.core.outbox import KINDS, NoticeKind, outbox_notice
from candor.notices.tables import notice_entry


@dataclass(frozen=True)
class Listed:
    """One notice, with how many people were told and have read it."""

    id: str
    kind: str
    title: str
    severity: str
    times: int
    told: int
    read: int
    created_at: datetime
    resolved_at: datetime | None
    state: str  # waiting: not passed on yet; open: told, and lasts; over; told

    def as_json(self) -> dict[str, Any]:
        """As a program reads it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "severity": self.severity,
            "times": self.times,
            "told": self.told,
            "read": self.read,
            "created_at": iso(self.created_at),
            "resolved_at": iso(self.resolved_at) if self.resolved_at else None,
            "state": self.state,
        }


def recent(tx: Connection, *, limit: int = 50) -> list[Listed]:
    """The notices of everybody, newest first."""
    entry = notice_entry.c
    counts = (
        sa.select(entry.notice_id, sa.func.count().label("told"), sa.func.count(entry.read_at).label("read"))
        .group_by(entry.notice_id)
        .subquery()
    )
    query = (
        sa.select(outbox_notice, counts.c.told, counts.c.read)
        .outerjoin(counts, counts.c.notice_id == outbox_notice.c.id)
        .order_by(outbox_notice.c.created_at.desc(), outbox_notice.c.id.desc())
        .limit(limit)
    )
    return [_listed(row) for row in tx.execute(query)]


def _listed(row: Any) -> Listed:
    known = KINDS[NoticeKind(row.kind)] if row.kind in set(NoticeKind) else None
    state = "told"
    if row.pending is not None:
        state = "waiting"
    elif row.open_key is not None:
        state = "open"
    elif row.resolved_at is not None:
        state = "over"
    return Listed(
        id=row.id,
        kind=row.kind,
        title=known.title if known else row.kind,
        severity=known.severity.value if known else "info",
        times=row.times,
        told=row.told or 0,
        read=row.read or 0,
        created_at=row.created_at,
        resolved_at=row.resolved_at,
        state=state,
    )
