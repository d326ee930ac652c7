"""Shifts that a camera was used in without having been tested before.

There are no rosters here, so a shift is what the recordings show: it begins with the first of one person with one
camera after a pause as long as a shift.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.fleet.duties.rows import open_duty, terms_now
from candor.fleet.duties.rules import DutyKind, Result, Term, Use, shifts_begun
from candor.fleet.duties.tables import device_test
from candor.fleet.duties.tables import duty as duty_table
from candor.people.tables import account as account_table

__all__ = ["LOOK_BACK", "USES", "enter_missed"]

#: Who knows when cameras were used, between two moments: rooms above.
USES: list[Callable[[Connection, datetime, datetime], Iterable[Use]]] = []
#: A recording that comes in later than this after it was made is not asked about any more.
LOOK_BACK = timedelta(days=14)


def enter_missed(database: Database, clock: Clock, since: datetime, shift: timedelta) -> int:
    """Enter the shifts begun since a moment in which a camera was used that nobody had tested within `shift` before;
    how many were entered. Does nothing twice, also where an earlier recording of a shift comes in later.

    What there is to enter is found by reading; nobody waits for that who has something to write.
    """
    now = clock.now()
    begin = max(since, now - LOOK_BACK)
    with database.read() as tx:
        term = terms_now(tx, now).get(DutyKind.INSPECT_AND_TEST)
        found = [] if term is None or begin >= now else _untested(tx, begin, now, shift)
    if term is None or not found:
        return 0
    with database.write() as tx:
        return sum(_enter(tx, term, use, clock) for use in found)


def _untested(tx: Connection, begin: datetime, now: datetime, shift: timedelta) -> list[Use]:
    """The uses that begin a shift without a test before it, and that do not stand there as missed already."""
    # From one shift before: what was begun then is no shift that begins now.
    uses = [use for look in USES for use in look(tx, begin - shift, now)]
    begun = [use for use in shifts_begun(uses, shift) if use.at >= begin]
    if not begun:
        return []
    tests, known = _tests(tx, begin - shift, now), _known(tx, begin - shift)
    found = []
    for use in begun:
        tested = any(use.at - shift < at <= use.at for at in tests.get(use.device_id, ()))
        stands = any(abs(use.at - at) <= shift for at in known.get((use.device_id, use.account_id), ()))
        if not tested and not stands:
            found.append(use)
    return found


def _tests(tx: Connection, begin: datetime, end: datetime) -> dict[str, list[datetime]]:
    column, found = device_test.c, defaultdict(list)
    query = sa.select(column.device_id, column.tested_at).where(column.tested_at > begin, column.tested_at <= end)
    for row in tx.execute(query):
        found[row.device_id].append(row.tested_at)
    return found


def _known(tx: Connection, begin: datetime) -> dict[tuple[str, str], list[datetime]]:
    """When the shifts began that stand there as missed, by device and account."""
    column, found = duty_table.c, defaultdict(list)
    inspecting = column.kind == DutyKind.INSPECT_AND_TEST.value
    query = sa.select(column.device_id, column.account_id, column.due_at).where(inspecting, column.due_at >= begin)
    for row in tx.execute(query):
        found[row.device_id, row.account_id].append(row.due_at)
    return found


def _enter(tx: Connection, term: Term, use: Use, clock: Clock) -> bool:
    unit_id = tx.scalar(sa.select(account_table.c.unit_id).where(account_table.c.id == use.account_id))
    opened = open_duty(
        tx,
        term,
        once=f"inspect-and-test:{use.ref}",
        due_at=use.at,
        clock=clock,
        account_id=use.account_id,
        unit_id=unit_id,
        device_id=use.device_id,
        result=Result.MISSED,
    )
    return opened is not None
