"""Rows of duties: opened once, done once, told of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock, iso
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.fleet.duties.rules import DutyKind, Result, Term, terms_of
from candor.fleet.duties.tables import duty as duty_table
from candor.fleet.tables import device as device_table
from candor.law.books import book_now
from candor.people import service as people
from candor.people.rules import Role
from candor.people.tables import account as account_table
from candor.people.tables import unit as unit_table

__all__ = ["Duty", "done", "due_key", "duties", "open_duty", "overdue_key", "supervisors_of", "terms_now", "today"]


@dataclass(frozen=True)
class Duty:
    """What somebody must do by when, and what became of it. `account_id` None: supervisors of the unit."""

    id: str
    kind: DutyKind
    account_id: str | None
    account_name: str | None
    unit_id: str | None
    unit_name: str | None
    device_id: str | None
    device_serial: str | None
    malfunction_id: str | None
    rule_id: str
    pack: str
    citation: str
    opened_at: datetime
    due_at: datetime
    done_at: datetime | None
    done_by: str | None
    result: Result
    note: str | None
    told: int

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been done by now."""
        return self.result is Result.MISSED or (self.result is Result.OPEN and self.due_at <= now)


def terms_now(tx: Connection, now: datetime) -> Mapping[DutyKind, Term]:
    """The duties by the law that is applied here now."""
    return terms_of(book_now(tx), now.astimezone(today_zone(tx)).date())


def today_zone(tx: Connection) -> ZoneInfo:
    """The agency's zone; UTC where there is no agency yet."""
    agency = people.agency(tx)
    return ZoneInfo(agency.time_zone if agency else "UTC")


def today(tx: Connection, now: datetime) -> datetime:
    """The beginning of the agency's present day, in UTC."""
    return now.astimezone(today_zone(tx)).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def open_duty(
    tx: Connection,
    term: Term,
    *,
    once: str,
    due_at: datetime,
    clock: Clock,
    account_id: str | None = None,
    unit_id: str | None = None,
    device_id: str | None = None,
    malfunction_id: str | None = None,
    result: Result = Result.OPEN,
) -> str | None:
    """Open a duty by a rule, with its event; its id, None when it was opened before. `once` names what it follows
    from. With Result.MISSED it is entered as something that was not done and cannot be done any more."""
    row: dict[str, Any] = {
        "id": new_id(),
        "kind": term.kind.value,
        "account_id": account_id,
        "unit_id": unit_id,
        "device_id": device_id,
        "malfunction_id": malfunction_id,
        "rule_id": term.rule.id,
        "pack": term.rule.pack,
        "citation": term.rule.citation,
        "opened_at": clock.now(),
        "due_at": due_at,
        "result": result.value,
        "once_key": once,
        "told": 0,
    }
    insert: Any = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
    entered = insert(duty_table).values(row).on_conflict_do_nothing().returning(duty_table.c.id)
    if tx.execute(entered).first() is None:
        return None
    event = Event.DUTY_MISSED if result is Result.MISSED else Event.DUTY_OPENED
    details = {"duty": row["id"], "kind": row["kind"], "account": account_id, "unit": unit_id, "device": device_id}
    details |= {"rule": row["rule_id"], "pack": row["pack"], "due": iso(due_at)}
    custody.append(tx, event, actor="system:duties", details=details, clock=clock)
    return str(row["id"])


def done(
    tx: Connection,
    which: sa.ColumnElement[bool],
    *,
    by: str,
    clock: Clock,
    note: str | None = None,
    training_id: str | None = None,
) -> list[str]:
    """Mark the open duties that fit as done, each with its event; their ids."""
    query = sa.select(duty_table).where(which, duty_table.c.result == Result.OPEN.value).order_by(duty_table.c.id)
    rows = tx.execute(query.with_for_update()).all()
    for row in rows:
        values = {"result": Result.DONE.value, "done_at": clock.now(), "done_by": by, "note": note}
        values |= {"training_id": training_id}
        tx.execute(duty_table.update().where(duty_table.c.id == row.id).values(**values))
        details = {"duty": row.id, "kind": row.kind, "late": row.due_at <= clock.now()}
        custody.append(tx, Event.DUTY_DONE, actor=by, details=details, clock=clock)
        for key in (due_key(row.id), overdue_key(row.id)):
            outbox.resolve(tx, key, clock=clock)
    return [str(row.id) for row in rows]


def due_key(duty_id: str) -> str:
    """Names the notice that a duty is due soon."""
    return f"duty-due:{duty_id}"


def overdue_key(duty_id: str) -> str:
    """Names the notice that a duty is overdue."""
    return f"duty-overdue:{duty_id}"


def supervisors_of(tx: Connection, unit_id: str | None) -> list[str]:
    """The ids of a unit's active supervisors."""
    if unit_id is None:
        return []
    query = sa.select(account_table.c.id, account_table.c.roles)
    query = query.where(account_table.c.unit_id == unit_id, account_table.c.active).order_by(account_table.c.id)
    return [row.id for row in tx.execute(query) if Role.SUPERVISOR.value in row.roles]


_JOINED = (
    duty_table.outerjoin(account_table, account_table.c.id == duty_table.c.account_id)
    .outerjoin(unit_table, unit_table.c.id == duty_table.c.unit_id)
    .outerjoin(device_table, device_table.c.id == duty_table.c.device_id)
)


def duties(
    tx: Connection,
    *which: sa.ColumnElement[bool],
    settled_since: datetime | None = None,
    limit: int = 500,
) -> list[Duty]:
    """Duties that are to be done or were missed, the most overdue first; with `settled_since` also those done or
    explained from then on, after the others."""
    column = duty_table.c
    waits = column.result.in_([Result.OPEN.value, Result.MISSED.value])
    shown = waits if settled_since is None else sa.or_(waits, column.done_at >= settled_since)
    own = [column[name] for name in Duty.__dataclass_fields__ if name in column]
    query = sa.select(
        *own,
        account_table.c.display_name.label("account_name"),
        unit_table.c.name.label("unit_name"),
        device_table.c.serial.label("device_serial"),
    ).select_from(_JOINED)
    query = query.where(shown, *which).order_by(sa.case((waits, 0), else_=1), column.due_at, column.id).limit(limit)
    return [
        Duty(**{**row._mapping, "kind": DutyKind(row.kind), "result": Result(row.result)}) for row in tx.execute(query)
    ]


#: How long “as soon as practicable” is where nobody set it otherwise.
PROMPT = timedelta(hours=24)
