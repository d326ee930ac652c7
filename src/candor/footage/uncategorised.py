"""Recordings that nobody has put into a category: how many, how old, of which unit; and reminding who wore the camera.

Nothing of this says what is in a recording: whoever may see duties may see how many wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.outbox import NoticeKind
from candor.footage.rules import RecordingState
from candor.footage.tables import recording
from candor.people.tables import account, unit

__all__ = ["EVERY", "WITHIN", "Share", "remind_uncategorised", "shares"]

#: What is counted: recordings that came in within so many days.
WITHIN = timedelta(days=90)
EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Share:
    """Of one unit's recordings (None: of no unit) of the last 90 days: how many, how many without a category, and when
    the oldest of these came in."""

    unit_id: str | None
    unit_name: str | None
    total: int
    without: int
    oldest_at: datetime | None

    @property
    def percent(self) -> int:
        """The share without a category, in whole percent, never rounded to none."""
        return -(-100 * self.without // self.total) if self.total else 0


def shares(tx: Connection, now: datetime, *, unit_id: str | None = None) -> list[Share]:
    """The share of each unit, or of one, the largest first."""
    column = recording.c
    lacks = column.category.is_(None)
    query = (
        sa.select(
            column.unit_id,
            unit.c.name,
            sa.func.count().label("total"),
            sa.func.sum(sa.case((lacks, 1), else_=0)).label("without"),
            sa.func.min(sa.case((lacks, column.received_at))).label("oldest"),
        )
        .select_from(recording.outerjoin(unit, unit.c.id == column.unit_id))
        .where(column.received_at > now - WITHIN, column.state == RecordingState.SEALED.value)
        .group_by(column.unit_id, unit.c.name)
    )
    if unit_id is not None:
        query = query.where(column.unit_id == unit_id)
    found = [Share(row.unit_id, row.name, row.total, int(row.without), row.oldest) for row in tx.execute(query)]
    return sorted(found, key=lambda one: (-one.without, one.unit_name or ""))


def remind_uncategorised(database: Database, clock: Clock, *, within: timedelta) -> int:
    """Tell whoever wore the camera that recordings wait for a category for longer than `within`; how many people were
    told. Whoever was told is not told again while that lasts, and hears that it is over when nothing waits any more.
    No `within` (zero): nobody is reminded."""
    if not within:
        return 0
    column, now = recording.c, clock.now()
    query = (
        sa.select(column.wearer_id, sa.func.count().label("waiting"))
        .where(
            column.category.is_(None),
            column.wearer_id.is_not(None),
            column.state == RecordingState.SEALED.value,
            column.received_at <= now - within,
            column.received_at > now - WITHIN,
        )
        .group_by(column.wearer_id)
        .order_by(column.wearer_id)
    )
    told = 0
    with database.write() as tx:
        waiting = {row.wearer_id: row.waiting for row in tx.execute(query)}
        for row in tx.execute(sa.select(account.c.id).where(account.c.active).order_by(account.c.id)).all():
            key = f"uncategorised:{row.id}"
            if row.id not in waiting:
                outbox.resolve(tx, key, clock=clock)
            elif not outbox.is_open(tx, key):
                about, count = "/recordings?uncategorised=yes", int(waiting[row.id])
                kind = NoticeKind.RECORDING_UNCATEGORISED
                details = {"recordings": count}
                outbox.tell(tx, kind, details=details, about=about, to=[row.id], once=key, clock=clock)
                told += 1
    return told
