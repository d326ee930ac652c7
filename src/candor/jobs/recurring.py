"""What is done again and again: reminders, what becomes due. One process at a time does each of them, once per period.

Rules it keeps:

1. An act has its turn by a row: whoever moves the row's time has the turn, on either database, so that several
   processes over one database do each act once per period.
2. An act must bear being done again: the process may die in its middle, and the next turn comes after the period.
3. One that fails does not keep the others from their turn; it is said in the program's log and tried at the next.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.errors import DatabaseGone
from candor.jobs.tables import recurring_act

__all__ = ["Recurring", "Rounds"]

_log = logging.getLogger("candor.jobs")
#: Seconds between two looks at what is due.
EVERY = 60.0
#: Seconds before the first look: a process that starts has enough to do.
_FIRST = 10.0


@dataclass(frozen=True)
class Recurring:
    """An act and how often it is done. `act` is given when it was first looked at on this installation."""

    name: str
    every: timedelta
    act: Callable[[Database, Clock, datetime], object]


class Rounds:
    """Does what is due, in a thread of its own; `look` is one look, for whoever has no thread."""

    def __init__(self, database: Database, clock: Clock, acts: Sequence[Recurring], *, every: float = EVERY) -> None:
        self._database, self._clock, self._acts, self._every = database, clock, tuple(acts), every
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> list[str]:
        """Do what is due; the names of what was done."""
        return [one.name for one in self._acts if self._take_turn(one)]

    def _take_turn(self, one: Recurring) -> bool:
        try:
            since = self._turn(one)
            if since is not None:
                one.act(self._database, self._clock, since)
        except DatabaseGone:
            raise
        except Exception:
            _log.exception("%s failed; it is tried again in %s", one.name, one.every)
            return False
        return since is not None

    def _turn(self, one: Recurring) -> datetime | None:
        """When the act was first looked at, if it is this process's turn now."""
        now, row = self._clock.now(), recurring_act.c
        with self._database.write() as tx:
            insert: Any = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
            first = insert(recurring_act).values(name=one.name, first_at=now).on_conflict_do_nothing()
            tx.execute(first)
            due = sa.or_(row.last_at.is_(None), row.last_at <= now - one.every)
            taken = tx.execute(recurring_act.update().where(row.name == one.name, due).values(last_at=now)).rowcount
            since: datetime | None = tx.scalar(sa.select(row.first_at).where(row.name == one.name))
            return since if taken else None

    def start(self) -> None:
        """Begin; a second call does nothing."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="candor-rounds", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End after what is being done."""
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout=30)

    def _run(self) -> None:
        pause = min(_FIRST, self._every)
        while not self._stop.wait(pause):
            pause = self._every
            try:
                self.look()
            except DatabaseGone as error:
                _log.error("what is due waits, the database does not answer: %s", error)
            except Exception:
                _log.exception("a look at what is due failed; the next one comes")
