"""What is done about duties again and again: open what is due, enter what was missed, remind. Does nothing twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.outbox import NoticeKind
from candor.fleet.duties.missed import enter_missed
from candor.fleet.duties.rows import due_key, overdue_key, supervisors_of
from candor.fleet.duties.rules import SUPERVISORS_AFTER, TRAINING_LEAD, DutyKind, Result
from candor.fleet.duties.tables import duty as duty_table
from candor.fleet.duties.training import open_trainings

__all__ = ["EVERY", "Done", "go_round", "remind"]

EVERY = timedelta(minutes=10)
_TRAININGS = (DutyKind.INITIAL_TRAINING.value, DutyKind.ANNUAL_TRAINING.value)
_NOTHING, _SOON, _OVERDUE = 0, 1, 2


@dataclass(frozen=True)
class Done:
    """What one round did."""

    opened: int
    missed: int
    told: int


def go_round(database: Database, clock: Clock, since: datetime, *, shift: timedelta) -> Done:
    """One round. `since`: shifts begun before are not asked about; `shift`: how long a test counts for."""
    with database.write() as tx:
        opened = open_trainings(tx, clock)
    missed = enter_missed(database, clock, since, shift)
    with database.write() as tx:
        told = remind(tx, clock)
    return Done(opened, missed, told)


def remind(tx: Connection, clock: Clock) -> int:
    """Tell whoever has to do something that it is due soon, and once more when it is overdue; and supervisors, a day
    later, how many of their unit's duties are. How many notices that made."""
    now, column = clock.now(), duty_table.c
    told = 0
    waits = column.result.in_([Result.OPEN.value, Result.MISSED.value])
    soon = sa.or_(column.due_at <= now + TRAINING_LEAD, column.kind.not_in(_TRAININGS))
    late = column.due_at <= now
    stage = sa.or_(sa.and_(column.told < _OVERDUE, late), sa.and_(column.told < _SOON, soon))
    for row in tx.execute(sa.select(duty_table).where(waits, stage).order_by(column.due_at, column.id)).all():
        to = [row.account_id] if row.account_id else supervisors_of(tx, row.unit_id)
        overdue = row.due_at <= now
        kind, key = (
            (NoticeKind.DUTY_OVERDUE, overdue_key(row.id)) if overdue else (NoticeKind.DUTY_DUE, due_key(row.id))
        )
        # That a camera does not work was told when it was found.
        if overdue or row.kind != DutyKind.SUPERVISOR_ACTION.value:
            outbox.tell(tx, kind, details={"duty": row.kind}, about="/duties", to=to or None, once=key, clock=clock)
            told += 1
        tx.execute(duty_table.update().where(column.id == row.id).values(told=_OVERDUE if overdue else _SOON))
    return told + _tell_supervisors(tx, now, clock)


def _tell_supervisors(tx: Connection, now: datetime, clock: Clock) -> int:
    """One notice per unit while something of it is overdue for longer than a day."""
    column = duty_table.c
    late = sa.and_(
        column.result.in_([Result.OPEN.value, Result.MISSED.value]), column.due_at <= now - SUPERVISORS_AFTER
    )
    counted = sa.func.sum(sa.case((late, 1), else_=0)).label("late")
    query = sa.select(column.unit_id, counted).where(column.unit_id.is_not(None)).group_by(column.unit_id)
    told = 0
    for row in tx.execute(query.order_by(column.unit_id)).all():
        key = f"duties-overdue:{row.unit_id}"
        if not row.late:
            outbox.resolve(tx, key, clock=clock)
        elif not outbox.is_open(tx, key):
            to, details = supervisors_of(tx, row.unit_id), {"duties": int(row.late)}
            outbox.tell(
                tx, NoticeKind.DUTY_OVERDUE, details=details, about="/duties", to=to or None, once=key, clock=clock
            )
            told += 1
    return told
