"""Putting a release off: only as far as the law's own rule lets it, a step at a time, with a reason and a document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.core.ids import new_id
from candor.custody.events import Event
from candor.disclosure.critical.errors import PutOffRefused
from candor.disclosure.critical.holding import held, must_have_document, note, put
from candor.disclosure.critical.lawful import Running, answer_of, put_due, running_clocks
from candor.disclosure.critical.tables import critical_put_off
from candor.disclosure.critical.words import digest, line
from candor.people.rules import Actor, Permission

__all__ = ["PutOff", "put_off", "put_offs_of"]


@dataclass(frozen=True)
class PutOff:
    """A clock that was put off. `step`: the how many-th time."""

    id: str
    recording_id: str | None
    pack: str
    rule: str
    citation: str
    step: int
    due_before: datetime
    until: datetime
    reason: str
    document_id: str
    put_off_by: str
    put_off_at: datetime


def put_off(
    tx: Connection,
    actor: Actor,
    critical_id: str,
    *,
    rule: str,
    reason: str,
    document_id: str,
    clock: Clock | None = None,
) -> datetime:
    """Put off every clock of a rule ("pack/id") that runs, by the next step that the rule allows; until when the last
    of them is due then. `document_id`: what the rule asks for, such as a prosecutor's reason in writing, put with the
    incident before.

    Raises Refused, CriticalUnknown, CriticalClosed, CriticalWrong, and PutOffRefused where the rule allows no step, all
    were taken, or the time has run out.
    """
    clock = clock or SystemClock()
    before, said = held(tx, actor, critical_id), line("reason", reason, 500)
    must_have_document(tx, before.id, document_id)
    running = running_clocks(tx, before.id, answer_of(tx, before.id, clock=clock))
    mine = [one for one in running if f"{one.key[1]}/{one.key[2]}" == rule]
    if not mine:
        raise PutOffRefused(reason="no clock of this rule runs here", rule=rule)
    for one in mine:
        _must_be_allowed(one, clock.now())
    rows = [_row(one, before.id, said, document_id, actor, clock) for one in mine]
    tx.execute(critical_put_off.insert(), rows)
    put(tx, before)
    put_due(tx, before.id, clock=clock)
    until: datetime = max(row["until"] for row in rows)
    details = {
        "put_offs": [row["id"] for row in rows],
        "rule": rule,
        "from": iso(mine[0].due),
        "until": iso(until),
        "step": rows[0]["step"],
        "document": document_id,
        "reason_sha256": digest(said),
    }
    note(tx, Event.CRITICAL_PUT_OFF, actor, before.id, details, clock=clock)
    return until


def put_offs_of(tx: Connection, actor: Actor, critical_id: str) -> list[PutOff]:
    """What was put off, the oldest first. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    table = critical_put_off.c
    columns = [table[name] for name in PutOff.__dataclass_fields__]
    query = sa.select(*columns).where(table.critical_id == critical_id).order_by(table.put_off_at, table.id)
    return [PutOff(**row._mapping) for row in tx.execute(query)]


def _must_be_allowed(one: Running, now: datetime) -> None:
    rule = one.clock.clock.rule
    name = f"{rule.pack}/{rule.id}"
    if one.next_step is None and one.steps_taken:
        raise PutOffRefused(reason=f"{rule.citation} allows no more than was put off already", rule=name)
    if one.next_step is None:
        raise PutOffRefused(
            reason=f"{rule.citation} allows no delay, or the rule was neither checked nor adopted", rule=name
        )
    if one.due < now:
        raise PutOffRefused(reason=f"it was due on {one.due:%Y-%m-%d}, and only a time that runs is put off", rule=name)


def _row(one: Running, critical_id: str, reason: str, document_id: str, actor: Actor, clock: Clock) -> dict[str, Any]:
    recording_id, pack, rule = one.key
    return {
        "id": new_id(),
        "critical_id": critical_id,
        "recording_id": recording_id,
        "pack": pack,
        "rule": rule,
        "citation": one.clock.clock.rule.citation,
        "step": one.steps_taken + 1,
        "due_before": one.due,
        "until": one.next_step,
        "reason": reason,
        "document_id": document_id,
        "put_off_by": actor.account_id,
        "put_off_at": clock.now(),
    }
