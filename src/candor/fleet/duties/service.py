"""What people do about cameras: test them, say what is wrong, act on it. One function per act, in the caller's
transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.core.outbox import NoticeKind
from candor.custody import record as custody
from candor.custody.events import Event
from candor.fleet.assignments import wearer_at
from candor.fleet.duties.errors import DutyUnknown, MalfunctionUnknown, NotYourCamera, NotYourUnit
from candor.fleet.duties.rows import PROMPT, done, open_duty, overdue_key, supervisors_of, terms_now
from candor.fleet.duties.rules import Action, DutyKind, Result, clean_words, may_act_for
from candor.fleet.duties.tables import device_malfunction, device_test
from candor.fleet.duties.tables import duty as duty_table
from candor.fleet.errors import DeviceUnknown
from candor.fleet.tables import device as device_table
from candor.people.rules import Actor, Permission
from candor.people.tables import account as account_table

__all__ = ["Malfunction", "Test", "act_on", "explain", "last_tests", "mark_tested", "open_malfunctions", "report"]


@dataclass(frozen=True)
class Malfunction:
    """A camera that is not in order and that somebody has to act on. `what` None: nobody has said yet."""

    id: str
    device_id: str
    device_serial: str
    account_id: str | None
    account_name: str | None
    unit_id: str | None
    found_at: datetime
    what: str | None


@dataclass(frozen=True)
class Test:
    """The latest test of a camera."""

    device_id: str
    tested_at: datetime
    tested_by: str
    in_order: bool
    note: str | None

    __test__ = False  # no test of the tests


def mark_tested(
    tx: Connection,
    actor: Actor,
    device_id: str,
    in_order: bool,
    *,
    what: str = "",
    prompt: timedelta = PROMPT,
    clock: Clock | None = None,
) -> str:
    """Mark that a camera was inspected and tested; the test's id.

    Not in order: it is reported at once where `what` says what is wrong, else saying so becomes a duty; and the unit's
    supervisor has to act. `prompt`: how long “as soon as practicable” is. Raises DeviceUnknown, NotYourCamera,
    WordsMissing.
    """
    clock = clock or SystemClock()
    device, holder = _mine(tx, actor, device_id, clock.now())
    note = clean_words("what is wrong with the camera", what) if what.strip() else None
    row = {"id": new_id(), "device_id": device.id, "account_id": holder, "tested_at": clock.now()}
    by = actor.account_id
    tx.execute(device_test.insert(), {**row, "tested_by": by, "in_order": in_order, "note": note})
    details = {"test": row["id"], "device": device.id, "serial": device.serial, "in_order": in_order}
    custody.append(tx, Event.DEVICE_TESTED, actor=by, details={**details, "account": holder}, clock=clock)
    if not in_order:
        malfunction_id = _malfunction(tx, actor, device, holder, prompt, clock)
        if note is not None:
            _say_what(tx, actor, device, malfunction_id, note, clock)
    return str(row["id"])


def report(
    tx: Connection, actor: Actor, device_id: str, what: str, *, prompt: timedelta = PROMPT, clock: Clock | None = None
) -> str:
    """Say what is wrong with a camera: it is lost, damaged or does not work; the report's id. Raises as
    `mark_tested`."""
    clock = clock or SystemClock()
    device, holder = _mine(tx, actor, device_id, clock.now())
    words = clean_words("what is wrong with the camera", what)
    malfunction_id = _malfunction(tx, actor, device, holder, prompt, clock)
    _say_what(tx, actor, device, malfunction_id, words, clock)
    return malfunction_id


def act_on(
    tx: Connection, actor: Actor, malfunction_id: str, action: Action, *, note: str = "", clock: Clock | None = None
) -> str:
    """Say what was done about a camera that was reported, which ends the report; the event's id. Raises
    MalfunctionUnknown, NotYourUnit, WordsMissing."""
    clock = clock or SystemClock()
    column = device_malfunction.c
    query = sa.select(device_malfunction).where(column.id == malfunction_id, column.open_key.is_not(None))
    row = tx.execute(query.with_for_update()).first()
    if row is None:
        raise MalfunctionUnknown(id=malfunction_id)
    if not may_act_for(actor, row.unit_id):
        raise NotYourUnit()
    words = clean_words("what was done", note) if note.strip() else None
    by = actor.account_id
    values = {"action": action.value, "action_note": words, "action_by": by, "action_at": clock.now()}
    tx.execute(device_malfunction.update().where(column.id == row.id).values(**values, open_key=None))
    done(tx, duty_table.c.malfunction_id == row.id, by=by, clock=clock, note=words)
    outbox.resolve(tx, _key(row.id), clock=clock)
    details = {"malfunction": row.id, "device": row.device_id, "action": action.value, "note": words}
    return custody.append(tx, Event.MALFUNCTION_ACTED_ON, actor=by, details=details, clock=clock)


def explain(tx: Connection, actor: Actor, duty_id: str, words: str, *, clock: Clock | None = None) -> str:
    """Explain why a camera was not tested before a shift: it stays in the count, and waits for nobody any more; the
    event's id. Only who missed it, or whoever may act for the unit. Raises DutyUnknown, WordsMissing."""
    clock = clock or SystemClock()
    why = clean_words("why it was missed", words)
    column = duty_table.c
    missed = sa.select(duty_table).where(column.id == duty_id, column.result == Result.MISSED.value)
    row = tx.execute(missed.with_for_update()).first()
    if row is None or not (row.account_id == actor.account_id or may_act_for(actor, row.unit_id)):
        raise DutyUnknown(id=duty_id)
    values = {"result": Result.EXPLAINED.value, "note": why, "done_at": clock.now(), "done_by": actor.account_id}
    tx.execute(duty_table.update().where(column.id == row.id).values(**values))
    outbox.resolve(tx, overdue_key(row.id), clock=clock)
    details = {"duty": row.id, "kind": row.kind, "reason": why}
    return custody.append(tx, Event.DUTY_EXPLAINED, actor=actor.account_id, details=details, clock=clock)


def open_malfunctions(tx: Connection, *, unit_id: str | None = None, limit: int = 500) -> list[Malfunction]:
    """Cameras that somebody has to act on, the longest waiting first; of one unit, or all."""
    column = device_malfunction.c
    query = (
        sa.select(
            *(column[name] for name in ("id", "device_id", "account_id", "unit_id", "found_at", "what")),
            device_table.c.serial.label("device_serial"),
            account_table.c.display_name.label("account_name"),
        )
        .select_from(
            device_malfunction.join(device_table, device_table.c.id == column.device_id).outerjoin(
                account_table, account_table.c.id == column.account_id
            )
        )
        .where(column.open_key.is_not(None))
    )
    if unit_id is not None:
        query = query.where(column.unit_id == unit_id)
    return [Malfunction(**row._mapping) for row in tx.execute(query.order_by(column.found_at, column.id).limit(limit))]


def last_tests(tx: Connection, device_ids: list[str]) -> dict[str, Test]:
    """The latest test of each of these cameras that has one."""
    column = device_test.c
    latest = (
        sa.select(column.device_id, sa.func.max(column.tested_at).label("at"))
        .where(column.device_id.in_(device_ids))
        .group_by(column.device_id)
        .subquery()
    )
    names = (column[name] for name in Test.__dataclass_fields__)
    both = sa.and_(latest.c.device_id == column.device_id, latest.c.at == column.tested_at)
    return {row.device_id: Test(*row) for row in tx.execute(sa.select(*names).join(latest, both).order_by(column.id))}


def _mine(tx: Connection, actor: Actor, device_id: str, now: datetime) -> tuple[sa.Row[Any], str | None]:
    """The device, held until the transaction ends, and who has it, if the actor may say whether it is in order."""
    query = sa.select(device_table).where(device_table.c.id == device_id)
    device = tx.execute(query.with_for_update(key_share=True)).first()
    if device is None:
        raise DeviceUnknown(id=device_id)
    running = wearer_at(tx, device_id, now)
    holder = None if running is None else running.account_id
    if holder != actor.account_id and not actor.may(Permission.DEVICES_MANAGE):
        raise NotYourCamera(serial=device.serial)
    return device, holder


def _malfunction(
    tx: Connection, actor: Actor, device: sa.Row[Any], holder: str | None, prompt: timedelta, clock: Clock
) -> str:
    """The open report of a device: the one there is, else a new one with the duties that follow from it."""
    column, now = device_malfunction.c, clock.now()
    known = tx.scalar(sa.select(column.id).where(column.open_key == device.id))
    if known is not None:
        return str(known)
    unit_id = tx.scalar(sa.select(account_table.c.unit_id).where(account_table.c.id == (holder or actor.account_id)))
    row = {"id": new_id(), "device_id": device.id, "account_id": holder, "unit_id": unit_id, "found_at": now}
    tx.execute(device_malfunction.insert(), {**row, "found_by": actor.account_id, "open_key": device.id})
    terms = terms_now(tx, now)
    for kind, whose in (
        (DutyKind.REPORT_MALFUNCTION, holder or actor.account_id),
        (DutyKind.SUPERVISOR_ACTION, None),
    ):
        # Somebody at the machine's command line has no account that could have a duty.
        if kind in terms and (whose is None or not whose.startswith("system:")):
            open_duty(
                tx,
                terms[kind],
                once=f"{kind.value}:{row['id']}",
                due_at=terms[kind].due(now, prompt),
                clock=clock,
                account_id=whose,
                unit_id=unit_id,
                device_id=device.id,
                malfunction_id=str(row["id"]),
            )
    outbox.tell(
        tx,
        NoticeKind.CAMERA_MALFUNCTION,
        details={"camera": device.serial},
        about="/duties",
        to=supervisors_of(tx, unit_id) or None,
        once=_key(str(row["id"])),
        clock=clock,
    )
    return str(row["id"])


def _say_what(tx: Connection, actor: Actor, device: sa.Row[Any], malfunction_id: str, what: str, clock: Clock) -> None:
    column, by = device_malfunction.c, actor.account_id
    before = tx.scalar(sa.select(column.what).where(column.id == malfunction_id))
    words = what if before is None or what in before else f"{before}; {what}"
    values = {"what": words, "reported_at": clock.now(), "reported_by": by}
    tx.execute(device_malfunction.update().where(column.id == malfunction_id).values(**values))
    details = {"malfunction": malfunction_id, "device": device.id, "serial": device.serial, "what": what}
    custody.append(tx, Event.MALFUNCTION_REPORTED, actor=by, details=details, clock=clock)
    said = duty_table.c.kind == DutyKind.REPORT_MALFUNCTION.value
    done(tx, sa.and_(duty_table.c.malfunction_id == malfunction_id, said), by=by, clock=clock)


def _key(malfunction_id: str) -> str:
    return f"malfunction:{malfunction_id}"
