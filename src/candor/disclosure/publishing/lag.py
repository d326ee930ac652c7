"""How far what is published lies behind, and what waits: for whoever watches over the system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.disclosure.publishing.tables import portal_entry, portal_round
from candor.published.inbox import Inbox

__all__ = ["PortalState", "dismiss", "portal_state", "put_aside"]


@dataclass(frozen=True)
class PortalState:
    """`waiting` entries and bytes in the inbox, since when the oldest waits; entries put aside that nobody has seen;
    when a round was last done to its end; requests taken in, altogether."""

    waiting: int
    waiting_bytes: int
    oldest: datetime | None
    aside: int
    drained_at: datetime | None
    published_at: datetime | None
    taken: int

    def behind(self, now: datetime) -> float | None:
        """Seconds since how things stand was last published; None: it never was."""
        return None if self.published_at is None else max(0.0, (now - self.published_at).total_seconds())


@dataclass(frozen=True)
class PutAside:
    """An entry that could not be taken in, and why."""

    entry_id: str
    kind: str
    sent_at: datetime
    taken_at: datetime
    problem: str


def portal_state(tx: Connection, inbox: Inbox) -> PortalState:
    """How the portal's places stand. Raises DatabaseGone."""
    waiting, size = inbox.held()
    rounds = {row.part: row.at for row in tx.execute(sa.select(portal_round))}
    table = portal_entry.c
    aside = tx.scalar(sa.select(sa.func.count()).where(table.problem.is_not(None), table.seen_at.is_(None)))
    taken = tx.scalar(sa.select(sa.func.count()).where(table.kind == "request", table.problem.is_(None)))
    oldest = inbox.oldest()
    return PortalState(waiting, size, oldest, aside or 0, rounds.get("drain"), rounds.get("changes"), taken or 0)


def put_aside(tx: Connection, *, most: int = 50) -> list[PutAside]:
    """Entries that could not be taken in and that nobody has seen, the newest first."""
    table = portal_entry.c
    names = [table[name] for name in PutAside.__dataclass_fields__]
    query = sa.select(*names).where(table.problem.is_not(None), table.seen_at.is_(None))
    return [PutAside(*row) for row in tx.execute(query.order_by(table.taken_at.desc()).limit(most))]


def dismiss(tx: Connection, *, clock: Clock) -> int:
    """Say that somebody has seen what was put aside; how many entries that were. The files stay."""
    table = portal_entry
    unseen = table.update().where(table.c.problem.is_not(None), table.c.seen_at.is_(None))
    return tx.execute(unseen.values(seen_at=clock.now())).rowcount
