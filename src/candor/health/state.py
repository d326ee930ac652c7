"""What was found last, kept in the database so that every process and the page say the same; and who is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from candor.core import outbox
from candor.core.clock import Clock
from candor.health.examination import CHECKS, Check
from candor.health.findings import Finding, Level
from candor.health.tables import health_lease, health_state

#: After so long without a look nobody watches, and what is kept here is old.
STALE = timedelta(minutes=3)


@dataclass(frozen=True)
class Kept:
    """A finding as it was kept. `since`: at this level."""

    finding: Finding
    since: datetime
    checked_at: datetime


def kept(tx: Connection) -> list[Kept]:
    """The newest findings, in the order of the checks."""
    order = {check.name: number for number, check in enumerate(CHECKS)}
    rows = tx.execute(sa.select(health_state)).all()
    found = [
        Kept(Finding(row.name, Level(row.level), row.words, row.mend), row.since, row.checked_at)
        for row in rows
        if row.name in order
    ]
    return sorted(found, key=lambda one: order[one.finding.name])


def is_watched(tx: Connection, now: datetime) -> bool:
    """Whether somebody has looked lately."""
    newest: datetime | None = tx.scalar(sa.select(sa.func.max(health_state.c.checked_at)))
    return newest is not None and abs(now - newest) < STALE


def keep(tx: Connection, findings: Sequence[Finding], made: Collection[Check], clock: Clock) -> list[Finding]:
    """Keep what the checks that were `made` found, in the caller's transaction, and tell of what changed.

    Returns the findings whose level changed. A check that had nothing to look at is forgotten, its notices closed.
    """
    now = clock.now()
    before = {row.name: row.level for row in tx.execute(sa.select(health_state.c.name, health_state.c.level))}
    by_name = {one.name: one for one in findings}
    changed = []
    for check in made:
        found = by_name.get(check.name)
        old = Level(before[check.name]) if check.name in before else Level.OK
        new = Level.OK if found is None else found.level
        if found is None:
            tx.execute(health_state.delete().where(health_state.c.name == check.name))
        else:
            _write(tx, found, now, before.get(check.name))
        if new is not old:
            _tell(tx, check, old, new, found, clock)
            changed.append(found or Finding(check.name, Level.OK, "There is nothing to look at any more."))
    return changed


def _write(tx: Connection, found: Finding, now: datetime, before: str | None) -> None:
    values = {"level": found.level.value, "words": found.words, "mend": found.mend, "checked_at": now}
    if before != found.level.value:
        values["since"] = now
    if before is None:
        tx.execute(health_state.insert(), {"name": found.name, **values})
    else:
        tx.execute(health_state.update().where(health_state.c.name == found.name).values(**values))


def _tell(tx: Connection, check: Check, old: Level, new: Level, found: Finding | None, clock: Clock) -> None:
    """Notices of this change. Warnings and alarms have keys of their own: an alarm must go out although a warning of
    the same check is open already."""
    for level in (Level.WARN, Level.BAD):
        if new.rank < level.rank <= old.rank:
            outbox.resolve(tx, _key(check, level), clock=clock)
    kind = check.notice(new)
    if kind is not None and new.rank > old.rank and found is not None:
        outbox.tell(
            tx,
            kind,
            details={"check": check.name, "words": found.words, "mend": found.mend},
            about="/system",
            once=_key(check, new),
            clock=clock,
        )


def _key(check: Check, level: Level) -> str:
    return f"health:{check.name}" if level is Level.BAD else f"health:{check.name}:{level.value}"


def take_lease(tx: Connection, holder: str, now: datetime, length: timedelta) -> bool:
    """Be the one who watches, for `length` from now; whether it is so. A lease that ends further ahead than any could
    was given before the clock was set back, and counts for nothing."""
    mine = sa.or_(health_lease.c.holder == holder, health_lease.c.until < now, health_lease.c.until > now + 2 * length)
    if tx.execute(health_lease.update().where(mine).values(holder=holder, until=now + length)).rowcount:
        return True
    if tx.execute(sa.select(health_lease.c.only)).first() is not None:
        return False
    try:
        with tx.begin_nested():
            tx.execute(health_lease.insert(), {"only": 1, "holder": holder, "until": now + length})
    except IntegrityError:  # somebody else was first
        return False
    return True


def give_lease_back(tx: Connection, holder: str, now: datetime) -> None:
    """Let another one watch at once."""
    tx.execute(health_lease.update().where(health_lease.c.holder == holder).values(until=now - timedelta(seconds=1)))
