"""The people of a case: accounts, and people from outside by name; what each is in it, and on which side."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody.events import Event
from candor.matters import telling
from candor.matters.errors import CaseEntryUnknown, CaseFieldWrong, PersonIsThere
from candor.matters.holding import account_in, held, note, past
from candor.matters.narrowing import follow
from candor.matters.rules import LONGEST_NAME, Part, Side, check_line, check_reason, chosen
from candor.matters.tables import matter_person
from candor.matters.walls import check_side, side_of
from candor.people.rules import Actor

__all__ = ["add_person", "end_person"]


def add_person(
    tx: Connection,
    actor: Actor,
    case_id: str,
    part: Part | str,
    side: Side | str = Side.NONE,
    *,
    account_id: str | None = None,
    name: str | None = None,
    from_at: datetime | None = None,
    clock: Clock | None = None,
) -> str:
    """Enter somebody in an open case: an account, or somebody from outside by name; the entry's id.

    An account that is entered sees the case from now on. Raises Refused, CaseUnknown, CaseClosed, CaseFieldWrong,
    PersonIsThere, WallRefused.
    """
    clock = clock or SystemClock()
    before = held(tx, actor, case_id)
    if bool(account_id) == bool((name or "").strip()):
        raise CaseFieldWrong(field="person", reason="it is an account, or somebody from outside by name, and not both")
    row: dict[str, Any] = {
        "id": new_id(),
        "matter_id": before.id,
        "account_id": account_in(tx, account_id, "person", active=False) if account_id else None,
        "name": None if account_id else check_line("person", name, LONGEST_NAME),
        "part": chosen(Part, "part", part).value,
        "side": chosen(Side, "side", side).value,
        "from_at": past(from_at or clock.now(), clock.now(), "beginning"),
        "added_by": actor.account_id,
    }
    there = [matter_person.c[field] == row[field] for field in ("matter_id", "part", "account_id", "name")]
    if tx.execute(sa.select(matter_person.c.id).where(*there, matter_person.c.ended_at.is_(None))).first() is not None:
        raise PersonIsThere(number=before.number)
    if row["account_id"]:
        check_side(tx, before.id, row["account_id"], side_of(before.kind, Part(row["part"]), Side(row["side"])))
    tx.execute(matter_person.insert(), row)
    details = {"entry": row["id"], "part": row["part"], "side": row["side"], "outside": account_id is None}
    if account_id:
        details["account"] = account_id
    note(tx, Event.CASE_PERSON_ADDED, actor, before.id, details, clock=clock)
    if account_id:
        telling.of_entry(tx, actor, before.id, account_id, Part(row["part"]), clock=clock)
    follow(tx, before.id, actor, clock=clock)
    return str(row["id"])


def end_person(
    tx: Connection, actor: Actor, case_id: str, entry_id: str, *, reason: str, clock: Clock | None = None
) -> None:
    """End somebody's part in a case, also in a closed one; that it was so stays on record.

    Raises Refused, CaseUnknown, CaseReasonMissing, CaseEntryUnknown.
    """
    clock, why = clock or SystemClock(), check_reason(reason)
    before = held(tx, actor, case_id, must_be_open=False)
    which = (matter_person.c.id == entry_id, matter_person.c.matter_id == before.id)
    row = tx.execute(sa.select(matter_person).where(*which, matter_person.c.ended_at.is_(None))).first()
    if row is None:
        raise CaseEntryUnknown(number=before.number)
    values = {"ended_at": clock.now(), "ended_by": actor.account_id, "end_reason": why}
    tx.execute(matter_person.update().where(matter_person.c.id == entry_id).values(**values))
    details = {"entry": entry_id, "part": row.part, "side": row.side, "outside": row.account_id is None}
    if row.account_id:
        details["account"] = row.account_id
    note(tx, Event.CASE_PERSON_ENDED, actor, before.id, details, clock=clock)
    follow(tx, before.id, actor, clock=clock)
