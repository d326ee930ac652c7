"""What is wrong with the log's surroundings: its files cannot be written, the clock was set back.

Kept in the database, so that every process and every page sees what the sequencer met.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, iso
from candor.custody.events import Event
from candor.custody.record import append
from candor.custody.tables import custody_event, log_head, log_problem

FILES, CLOCK = "files", "clock"

#: How far an event may be dated before the one recorded before it. Two acts at once, and clocks that are steered
#: gently, stay well within it.
TOLERANCE = timedelta(seconds=2)

#: Machines whose clocks differ show small jumps without end: one up to this long is recorded once in this many seconds.
_SMALL, _SELDOM = timedelta(minutes=1), 600.0


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, in words, and since when."""

    kind: str
    words: str
    since: datetime


def problems(tx: Connection) -> tuple[Problem, ...]:
    """Everything that is wrong at present."""
    rows = tx.execute(sa.select(log_problem).order_by(log_problem.c.kind))
    return tuple(Problem(row.kind, row.words, row.since) for row in rows)


def begin(tx: Connection, kind: str, words: str, clock: Clock, *, until: datetime | None = None) -> None:
    """Note a problem, or other words for one that lasts."""
    changed = tx.execute(log_problem.update().where(log_problem.c.kind == kind).values(words=words, until=until))
    if changed.rowcount == 0:
        row = {"kind": kind, "words": words, "since": clock.now(), "until": until}
        tx.execute(log_problem.insert(), row)


def end(tx: Connection, kind: str) -> None:
    """The problem is over."""
    tx.execute(log_problem.delete().where(log_problem.c.kind == kind))


@dataclass
class ClockWatch:
    """Looks at the times of events as they get their places; one per sequencer.

    An event with a higher number (`seq`) than the newest, dated before it by more than the tolerance, shows that the
    clock was set back. Each jump is recorded once; the problem lasts until time has come back to where it was.
    Events keep the time that the clock said: their order is that of their numbers.
    """

    clock: Clock
    _recorded: timedelta = timedelta(0)  # how far the jump went that was recorded last, and when by a steady clock
    _recorded_at: float = 0.0

    def look(self, tx: Connection, rows: list[tuple[int, datetime]]) -> None:
        """See the (seq, time) of the events that are placed in this transaction, in order of `seq`."""
        newest_at, newest_seq = _marks(tx)
        for seq, at in rows:
            if seq <= newest_seq:  # a slow act: it was recorded before, and is placed later
                continue
            if newest_at is not None and at < newest_at - TOLERANCE:
                self._set_back(tx, newest_at, at)
                newest_at = at
            newest_at, newest_seq = max(newest_at or at, at), seq
        tx.execute(log_head.update().where(log_head.c.id == 1).values(newest_at=newest_at, newest_seq=newest_seq))
        tx.execute(log_problem.delete().where(log_problem.c.kind == CLOCK, log_problem.c.until <= newest_at))

    def _set_back(self, tx: Connection, before: datetime, after: datetime) -> None:
        until = tx.execute(sa.select(log_problem.c.until).where(log_problem.c.kind == CLOCK)).scalar() or before
        words = f"the clock was set back from {iso(before)} to {iso(after)}"
        begin(tx, CLOCK, words, self.clock, until=max(before, until))
        jump, now = max(before, until) - after, time.monotonic()
        if jump <= min(_SMALL, self._recorded + TOLERANCE) and now < self._recorded_at + _SELDOM:
            return
        self._recorded, self._recorded_at = jump, now
        details = {"before": iso(before), "after": iso(after)}
        append(tx, Event.CLOCK_SET_BACK, actor="system:log", details=details, clock=self.clock)


def _marks(tx: Connection) -> tuple[datetime | None, int]:
    """Time and number of the newest event that has a place."""
    row = tx.execute(sa.select(log_head.c.newest_at, log_head.c.newest_seq)).one()
    if row.newest_at is None:  # a log from before these marks
        found = tx.execute(
            sa.select(custody_event.c.at, custody_event.c.seq)
            .where(custody_event.c.position.is_not(None))
            .order_by(custody_event.c.seq.desc())
            .limit(1)
        ).first()
        return (None, -1) if found is None else (found.at, found.seq)
    return row.newest_at, row.newest_seq
