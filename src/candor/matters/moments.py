"""Moments of a case from which periods and clocks of the law run. What is wrong is withdrawn or corrected, with a
reason; nothing is overwritten."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.core.ids import new_id
from candor.custody.events import Event
from candor.law.vocabulary import LawEvent
from candor.matters.errors import CaseEntryUnknown, CaseFieldWrong
from candor.matters.holding import held, note, past
from candor.matters.rules import EVENTS_NOTED, LONGEST_REASON, check_line, check_reason, chosen
from candor.matters.tables import matter_event
from candor.people.rules import Actor

__all__ = ["correct_event", "note_event", "withdraw_event"]


def note_event(
    tx: Connection,
    actor: Actor,
    case_id: str,
    event: LawEvent | str,
    at: datetime,
    *,
    words: str = "",
    clock: Clock | None = None,
) -> str:
    """Note that something happened in an open case at a moment that has come; the entry's id.

    Raises Refused, CaseUnknown, CaseClosed, CaseFieldWrong.
    """
    clock = clock or SystemClock()
    before = held(tx, actor, case_id)
    return _note(tx, actor, before.id, event, at, words, {}, clock)


def correct_event(
    tx: Connection,
    actor: Actor,
    case_id: str,
    entry_id: str,
    at: datetime,
    *,
    reason: str,
    clock: Clock | None = None,
) -> str:
    """Put another moment in the place of one that was noted wrongly; the new entry's id.

    Raises Refused, CaseUnknown, CaseClosed, CaseReasonMissing, CaseEntryUnknown, CaseFieldWrong.
    """
    clock, why = clock or SystemClock(), check_reason(reason)
    before = held(tx, actor, case_id)
    row = _withdraw(tx, actor, before, entry_id, why, clock)
    return _note(tx, actor, before.id, row.event, at, row.note, {"replaces": entry_id, "reason": why}, clock)


def withdraw_event(
    tx: Connection, actor: Actor, case_id: str, entry_id: str, *, reason: str, clock: Clock | None = None
) -> None:
    """Withdraw what was noted wrongly. Raises Refused, CaseUnknown, CaseClosed, CaseReasonMissing,
    CaseEntryUnknown."""
    clock, why = clock or SystemClock(), check_reason(reason)
    before = held(tx, actor, case_id)
    row = _withdraw(tx, actor, before, entry_id, why, clock)
    details = {"entry": entry_id, "event": row.event, "at": iso(row.at), "reason": why}
    note(tx, Event.CASE_EVENT_WITHDRAWN, actor, before.id, details, clock=clock)


def _note(
    tx: Connection,
    actor: Actor,
    case_id: str,
    event: LawEvent | str,
    at: datetime,
    words: str,
    instead: dict[str, str],
    clock: Clock,
) -> str:
    kind = chosen(LawEvent, "event", event)
    if kind not in EVENTS_NOTED:
        reason = f"“{kind}” follows by itself; these are noted by hand: {', '.join(EVENTS_NOTED)}"
        raise CaseFieldWrong(field="event", reason=reason)
    row: dict[str, Any] = {
        "id": new_id(),
        "matter_id": case_id,
        "event": kind.value,
        "at": past(at, clock.now(), "moment of an event"),
        "note": check_line("event's note", words, LONGEST_REASON, needed=False),
        "noted_by": actor.account_id,
        "noted_at": clock.now(),
        "replaces": instead.get("replaces"),
    }
    tx.execute(matter_event.insert(), row)
    details = {"entry": row["id"], "event": kind.value, "at": iso(at), **instead}
    note(tx, Event.CASE_EVENT_NOTED, actor, case_id, details, clock=clock)
    return str(row["id"])


def _withdraw(tx: Connection, actor: Actor, before: sa.Row[Any], entry_id: str, why: str, clock: Clock) -> sa.Row[Any]:
    which = (matter_event.c.id == entry_id, matter_event.c.matter_id == before.id)
    row = tx.execute(sa.select(matter_event).where(*which, matter_event.c.withdrawn_at.is_(None))).first()
    if row is None:
        raise CaseEntryUnknown(number=before.number)
    values = {"withdrawn_at": clock.now(), "withdrawn_by": actor.account_id, "withdraw_reason": why}
    tx.execute(matter_event.update().where(matter_event.c.id == entry_id).values(**values))
    return row
