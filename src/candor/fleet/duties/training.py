"""Trainings: who was trained when, recorded by somebody else, and who has to be trained by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.fleet import assignments
from candor.fleet.duties.errors import NotYourself, NotYourUnit, TrainingDayWrong, TrainingUnknown
from candor.fleet.duties.rows import done, open_duty, terms_now, today_zone
from candor.fleet.duties.rules import TRAINING_LEAD, DutyKind, Result, Term, clean_words, may_act_for
from candor.fleet.duties.tables import duty as duty_table
from candor.fleet.duties.tables import training as training_table
from candor.people import service as people
from candor.people.rules import Actor, Role
from candor.people.tables import account as account_table

__all__ = ["Training", "open_trainings", "recent", "record_training", "trainings_of", "untrained", "withdraw_training"]

_KINDS = (DutyKind.INITIAL_TRAINING.value, DutyKind.ANNUAL_TRAINING.value)


@dataclass(frozen=True)
class Training:
    """That somebody was trained on a day of the agency's calendar."""

    id: str
    account_id: str
    course: str
    done_on: date
    recorded_by: str
    recorded_at: datetime


def record_training(
    tx: Connection, actor: Actor, account_id: str, course: str, done_on: date, *, clock: Clock | None = None
) -> str:
    """Record that somebody was trained; its id. What of their training was due is done by it, unless it is older than
    the duty's year. Raises AccountUnknown, NotYourself, NotYourUnit, TrainingDayWrong, WordsMissing."""
    clock = clock or SystemClock()
    whom = people.account(tx, account_id)
    if whom.id == actor.account_id:
        raise NotYourself()
    if not may_act_for(actor, whom.unit_id):
        raise NotYourUnit()
    name = clean_words("which course it was", course)
    present = clock.now().astimezone(today_zone(tx)).date()
    if not date(1990, 1, 1) <= done_on <= present:
        raise TrainingDayWrong(day=done_on.isoformat(), reason="it is not over yet, or very long ago")
    row = {"id": new_id(), "account_id": whom.id, "course": name, "recorded_at": clock.now()}
    day, by = done_on.isoformat(), actor.account_id
    tx.execute(training_table.insert(), {**row, "done_on": day, "recorded_by": by})
    details = {"training": row["id"], "account": whom.id, "course": name, "done_on": done_on.isoformat()}
    custody.append(tx, Event.TRAINING_RECORDED, actor=actor.account_id, details=details, clock=clock)
    enough = sa.and_(duty_table.c.account_id == whom.id, duty_table.c.kind == DutyKind.INITIAL_TRAINING.value)
    term = terms_now(tx, clock.now()).get(DutyKind.ANNUAL_TRAINING)
    if term is None or _due(tx, term, done_on) > clock.now():
        enough = sa.and_(duty_table.c.account_id == whom.id, duty_table.c.kind.in_(_KINDS))
    done(tx, enough, by=actor.account_id, clock=clock, note=name, training_id=str(row["id"]))
    return str(row["id"])


def withdraw_training(
    tx: Connection, actor: Actor, training_id: str, *, reason: str, clock: Clock | None = None
) -> str:
    """Say that a record of a training is wrong; the event's id. It stays on record, counts no longer, and what it had
    done is to be done again. Raises TrainingUnknown, NotYourUnit, WordsMissing."""
    clock, why = clock or SystemClock(), clean_words("why the record is wrong", reason)
    column = training_table.c
    row = tx.execute(sa.select(training_table).where(column.id == training_id, column.withdrawn_at.is_(None))).first()
    if row is None:
        raise TrainingUnknown(id=training_id)
    if row.account_id == actor.account_id:
        raise NotYourself()
    if not may_act_for(actor, people.account(tx, row.account_id).unit_id):
        raise NotYourUnit()
    values = {"withdrawn_at": clock.now(), "withdrawn_by": actor.account_id, "withdraw_reason": why}
    tx.execute(training_table.update().where(column.id == row.id).values(**values))
    again = dict.fromkeys(("done_at", "done_by", "note", "training_id"))
    reopened = duty_table.update().where(duty_table.c.training_id == row.id)
    tx.execute(reopened.values(**again, result=Result.OPEN.value, told=0))
    details = {"training": row.id, "account": row.account_id, "reason": why}
    return custody.append(tx, Event.TRAINING_WITHDRAWN, actor=actor.account_id, details=details, clock=clock)


def trainings_of(tx: Connection, account_id: str) -> list[Training]:
    """Somebody's trainings that count, the latest first."""
    column = training_table.c
    query = sa.select(*(column[name] for name in Training.__dataclass_fields__))
    query = query.where(column.account_id == account_id, column.withdrawn_at.is_(None))
    return [_training(row) for row in tx.execute(query.order_by(column.done_on.desc(), column.recorded_at.desc()))]


def recent(tx: Connection, *, unit_id: str | None = None, limit: int = 50) -> list[Training]:
    """The latest trainings that count, of one unit's people or of all."""
    column = training_table.c
    query = sa.select(*(column[name] for name in Training.__dataclass_fields__)).where(column.withdrawn_at.is_(None))
    if unit_id is not None:
        query = query.join(account_table, account_table.c.id == column.account_id)
        query = query.where(account_table.c.unit_id == unit_id)
    order = column.done_on.desc(), column.recorded_at.desc()
    return [_training(row) for row in tx.execute(query.order_by(*order).limit(limit))]


def open_trainings(tx: Connection, clock: Clock) -> int:
    """Open what of trainings is due, or will be within 60 days, of everybody who wears a camera; how many were
    opened. Does nothing twice."""
    now = clock.now()
    terms = terms_now(tx, now)
    first, yearly = terms.get(DutyKind.INITIAL_TRAINING), terms.get(DutyKind.ANNUAL_TRAINING)
    if first is None and yearly is None:
        return 0
    held = {one.account_id: one.from_at for one in assignments.holders_now(tx, now).values()}
    latest = _latest(tx)
    opened = 0
    query = sa.select(account_table).where(account_table.c.active, account_table.c.kind == "person")
    for row in tx.execute(query.order_by(account_table.c.id)).all():
        if row.id not in held and Role.OFFICER.value not in row.roles:
            continue
        last = latest.get(row.id)
        if last is None and first is not None:
            if row.id in held:
                opened += _open(tx, first, row, held[row.id], f"initial-training:{row.id}", clock)
        elif yearly is not None:
            due = yearly.due(row.created_at, TRAINING_LEAD) if last is None else _due(tx, yearly, last)
            if due - now <= TRAINING_LEAD:
                opened += _open(tx, yearly, row, due, f"annual-training:{row.id}:{due.date().isoformat()}", clock)
    return opened


def untrained(tx: Connection, account_id: str, device_id: str, at: datetime) -> str | None:
    """That somebody who is given a camera has no record of a training, where the law in force asks for one before
    use."""
    del device_id
    term = terms_now(tx, at).get(DutyKind.INITIAL_TRAINING)
    if term is None or trainings_of(tx, account_id):
        return None
    return f"no training of this person is on record; {term.rule.citation} asks for one before a camera is used"


def _training(row: sa.Row[Any]) -> Training:
    return Training(**{**row._mapping, "done_on": date.fromisoformat(row.done_on)})


def _open(tx: Connection, term: Term, row: sa.Row[Any], due: datetime, once: str, clock: Clock) -> int:
    opened = open_duty(tx, term, once=once, due_at=due, clock=clock, account_id=row.id, unit_id=row.unit_id)
    return int(opened is not None)


def _due(tx: Connection, term: Term, last: date) -> datetime:
    """When somebody who was trained on a day has to be trained again: at the end of that day, a period later."""
    ends = datetime.combine(last, time(23, 59, 59), today_zone(tx)).astimezone(UTC)
    return term.due(ends, TRAINING_LEAD)


def _latest(tx: Connection) -> dict[str, date]:
    column = training_table.c
    query = sa.select(column.account_id, sa.func.max(column.done_on)).where(column.withdrawn_at.is_(None))
    return {row[0]: date.fromisoformat(row[1]) for row in tx.execute(query.group_by(column.account_id))}


assignments.REQUIREMENTS.append(untrained)
