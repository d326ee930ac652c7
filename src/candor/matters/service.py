"""Cases: opening, changing, closing, opening again, putting beside each other. One function per act.

What belongs to a case has modules of its own, whose acts are named here too: recordings (`contents`), people
(`membership`), moments (`moments`), reading (`reading`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody.events import Event
from candor.law.vocabulary import CaseKind
from candor.matters import telling
from candor.matters.contents import add_by_incident, add_recordings, remove_recording
from candor.matters.errors import (
    CaseEntryUnknown,
    CaseFieldWrong,
    CaseNumberTaken,
    CaseOpenAlready,
    RelationWrong,
)
from candor.matters.holding import account_in, as_told, held, note, unit_in
from candor.matters.membership import add_person, end_person
from candor.matters.moments import correct_event, note_event, withdraw_event
from candor.matters.narrowing import follow
from candor.matters.reading import case, cases, cases_of
from candor.matters.rules import (
    LONGEST_NUMBER,
    LONGEST_TITLE,
    CaseState,
    check_line,
    check_note,
    check_reason,
    kind_named,
    number_key,
    search_key,
)
from candor.matters.tables import matter, matter_counter, matter_relation
from candor.matters.walls import check_group, check_kind
from candor.people.rules import Actor, Permission

__all__ = [
    "HANGS",
    "add_by_incident",
    "add_person",
    "add_recordings",
    "case",
    "cases",
    "cases_of",
    "change_case",
    "close_case",
    "correct_event",
    "end_person",
    "end_relation",
    "note_event",
    "open_case",
    "relate_cases",
    "remove_recording",
    "reopen_case",
    "suggested_number",
    "what_hangs_on",
    "withdraw_event",
]

#: What still hangs on a case, in words for people: rooms above say so, such as holds that go on when it is closed.
HANGS: list[Callable[[Connection, str], list[str]]] = []

#: Their words may name people, and an event is never destroyed.
_QUIET = frozenset({"title", "note"})


def open_case(
    tx: Connection,
    actor: Actor,
    number: str,
    kind: CaseKind | str,
    title: str,
    *,
    owner_id: str | None = None,
    unit_id: str | None = None,
    note_text: str = "",
    clock: Clock | None = None,
) -> str:
    """Open a case; its id. Without a number it gets the next one of this year; without an owner it is the actor's.

    Raises Refused, CaseNumberTaken, CaseFieldWrong.
    """
    actor.require(Permission.CASES_MANAGE)
    clock = clock or SystemClock()
    now = clock.now()
    owner = owner_id or ("" if actor.account_id.startswith("system:") else actor.account_id)
    if not owner:
        raise CaseFieldWrong(field="owner", reason="it is not said whose case it is")
    given = check_line("number", number, LONGEST_NUMBER, needed=False) or _next_number(tx, now.year)
    row: dict[str, Any] = {
        "id": new_id(),
        "number": given,
        "number_key": number_key(given),
        "kind": kind_named(kind).value,
        "title": check_line("title", title, LONGEST_TITLE),
        "state": CaseState.OPEN.value,
        "owner_id": account_in(tx, owner, "owner"),
        "unit_id": unit_in(tx, unit_id),
        "note": check_note(note_text),
        "opened_by": actor.account_id,
        "opened_at": now,
        "version": 1,
    }
    row["search_key"] = search_key(row["number"], row["title"])
    if _taken(tx, row["number_key"], ""):
        raise CaseNumberTaken(number=given)
    try:
        tx.execute(matter.insert(), row)
    except IntegrityError as error:  # another process was quicker
        raise CaseNumberTaken(number=given) from error
    details = {name: row[f"{name}_id"] if name in ("owner", "unit") else row[name] for name in _OPENED}
    note(tx, Event.CASE_OPENED, actor, row["id"], details, clock=clock)
    telling.of_owning(tx, actor, row["id"], row["owner_id"], clock=clock)
    return str(row["id"])


_OPENED = ("number", "kind", "owner", "unit")


def change_case(
    tx: Connection,
    actor: Actor,
    case_id: str,
    changes: Mapping[str, Any],
    expected_version: int | None = None,
    *,
    clock: Clock | None = None,
) -> str | None:
    """Change number, kind, title, owner_id, unit_id or note of a case; the event's id, None when all was so.

    Raises Refused, CaseUnknown, CaseClosed, CaseChangedMeanwhile, CaseNumberTaken, CaseFieldWrong,
    WallRefused.
    """
    before = held(tx, actor, case_id, version=expected_version)
    checked = {field: _checked(tx, field, value, before) for field, value in changes.items()}
    new = {field: value for field, value in checked.items() if value != getattr(before, field)}
    if not new:
        return None
    check_kind(tx, before.id, before.kind, new.get("kind", before.kind))
    row: dict[str, Any] = {**new, "version": before.version + 1}
    if "number" in new:
        row["number_key"] = number_key(new["number"])
        if _taken(tx, row["number_key"], before.id):
            raise CaseNumberTaken(number=new["number"])
    row["search_key"] = search_key(new.get("number", before.number), new.get("title", before.title))
    try:
        tx.execute(matter.update().where(matter.c.id == before.id).values(**row))
    except IntegrityError as error:
        raise CaseNumberTaken(number=new.get("number", before.number)) from error
    changed = {field.removesuffix("_id"): (getattr(before, field), value) for field, value in new.items()}
    details = {"changed": as_told(changed, quiet=_QUIET), "version": row["version"]}
    event = note(tx, Event.CASE_CHANGED, actor, before.id, details, clock=clock)
    if {"kind", "owner_id"} & new.keys():
        check_group(tx, [before.id])
        follow(tx, before.id, actor, clock=clock)
    if "owner_id" in new:
        telling.of_owning(tx, actor, before.id, new["owner_id"], clock=clock or SystemClock())
    return event


def close_case(
    tx: Connection, actor: Actor, case_id: str, *, reason: str, clock: Clock | None = None
) -> tuple[str, ...]:
    """Close a case, with a reason; what still hangs on it, in words. What is in it stays in it; from now on the law
    counts from its closing. Raises Refused, CaseUnknown, CaseClosed, CaseReasonMissing."""
    before, clock = held(tx, actor, case_id), clock or SystemClock()
    values = {
        "state": CaseState.CLOSED.value,
        "closed_at": clock.now(),
        "closed_by": actor.account_id,
        "close_reason": check_reason(reason),
        "version": before.version + 1,
    }
    tx.execute(matter.update().where(matter.c.id == before.id).values(**values))
    hanging = what_hangs_on(tx, before.id)
    details = {"number": before.number, "reason": values["close_reason"], "hanging": len(hanging)}
    note(tx, Event.CASE_CLOSED, actor, before.id, details, clock=clock)
    telling.of_closing(tx, actor, before.id, before.owner_id, len(hanging), clock=clock)
    follow(tx, before.id, actor, clock=clock)
    return hanging


def reopen_case(tx: Connection, actor: Actor, case_id: str, *, reason: str, clock: Clock | None = None) -> str:
    """Open a closed case again; the event's id. Raises Refused, CaseUnknown, CaseOpenAlready, CaseReasonMissing."""
    before = held(tx, actor, case_id, must_be_open=False)
    if before.state == CaseState.OPEN:
        raise CaseOpenAlready(number=before.number)
    why = check_reason(reason)
    values = {"state": CaseState.OPEN.value, "closed_at": None, "closed_by": None, "close_reason": None}
    tx.execute(matter.update().where(matter.c.id == before.id).values(**values, version=before.version + 1))
    details = {"number": before.number, "reason": why}
    event = note(tx, Event.CASE_REOPENED, actor, before.id, details, clock=clock)
    follow(tx, before.id, actor, clock=clock)
    return event


def what_hangs_on(tx: Connection, case_id: str) -> tuple[str, ...]:
    """What still hangs on a case, in words for people."""
    return tuple(words for hangs in HANGS for words in hangs(tx, case_id))


def relate_cases(
    tx: Connection, actor: Actor, case_id: str, other_id: str, *, reason: str, clock: Clock | None = None
) -> str:
    """Say that two cases are about the same thing; the relation's id. Walls follow from it, so it may be said of closed
    ones too. Raises Refused, CaseUnknown, RelationWrong, CaseReasonMissing, WallRefused."""
    clock, why = clock or SystemClock(), check_reason(reason)
    both = [held(tx, actor, one, must_be_open=False) for one in sorted((case_id, other_id))]
    first, second = sorted(both, key=_by_id)
    if first.id == second.id:
        raise RelationWrong(reason="it is one and the same case")
    pairs = (matter_relation.c.matter_id == first.id, matter_relation.c.other_id == second.id)
    if tx.execute(sa.select(matter_relation.c.id).where(*pairs, matter_relation.c.ended_at.is_(None))).first():
        raise RelationWrong(reason="they are beside each other already")
    row = {"id": new_id(), "matter_id": first.id, "other_id": second.id, "reason": why}
    tx.execute(matter_relation.insert(), {**row, "added_by": actor.account_id, "added_at": clock.now()})
    for one in (first.id, second.id):
        # Each history says it without naming the other: who may see the one need not know of the other.
        note(tx, Event.CASE_RELATED, actor, one, {"relation": row["id"]}, clock=clock)
    check_group(tx, [first.id])
    follow(tx, first.id, actor, clock=clock)
    return str(row["id"])


def end_relation(
    tx: Connection, actor: Actor, case_id: str, relation_id: str, *, reason: str, clock: Clock | None = None
) -> None:
    """End a relation of a case with another that the actor may see as well. Raises Refused, CaseUnknown,
    CaseEntryUnknown, CaseReasonMissing."""
    clock, why = clock or SystemClock(), check_reason(reason)
    before = held(tx, actor, case_id, must_be_open=False)
    found = tx.execute(
        sa.select(matter_relation).where(
            matter_relation.c.id == relation_id,
            sa.or_(matter_relation.c.matter_id == before.id, matter_relation.c.other_id == before.id),
            matter_relation.c.ended_at.is_(None),
        )
    ).first()
    if found is None:
        raise CaseEntryUnknown(number=before.number)
    for one in sorted({found.matter_id, found.other_id} - {before.id}):
        held(tx, actor, one, must_be_open=False)
    values = {"ended_at": clock.now(), "ended_by": actor.account_id, "end_reason": why}
    tx.execute(matter_relation.update().where(matter_relation.c.id == relation_id).values(**values))
    for one in (found.matter_id, found.other_id):
        note(tx, Event.CASE_RELATION_ENDED, actor, one, {"relation": relation_id}, clock=clock)


def suggested_number(tx: Connection, year: int) -> str:
    """The number that a case would get which is given none."""
    last = tx.scalar(sa.select(matter_counter.c.last).where(matter_counter.c.year == year)) or 0
    while _taken(tx, number_key(_numbered(year, last + 1)), ""):
        last += 1
    return _numbered(year, last + 1)


def _next_number(tx: Connection, year: int) -> str:
    """The next number of a year that no case has; nobody else gets it."""
    insert: Any = sqlite_insert if tx.dialect.name == "sqlite" else postgresql_insert
    counted = (
        insert(matter_counter)
        .values(year=year, last=1)
        .on_conflict_do_update(index_elements=["year"], set_={"last": matter_counter.c.last + 1})
        .returning(matter_counter.c.last)
    )
    while True:
        number = _numbered(year, tx.execute(counted).scalar_one())
        if not _taken(tx, number_key(number), ""):
            return number


def _numbered(year: int, number: int) -> str:
    return f"C-{year}-{number:05d}"


def _taken(tx: Connection, key: str, but: str) -> bool:
    query = sa.select(matter.c.id).where(matter.c.number_key == key, matter.c.id != but)
    return tx.execute(query).first() is not None


def _checked(tx: Connection, field: str, value: Any, before: sa.Row[Any]) -> Any:
    if field == "number":
        return check_line("number", value, LONGEST_NUMBER)
    if field == "title":
        return check_line("title", value, LONGEST_TITLE)
    if field == "kind":
        return kind_named(value).value
    if field == "owner_id":
        # Whose case it is may stay with somebody who has left; it cannot be given to them.
        return value if value == before.owner_id else account_in(tx, value or "", "owner")
    if field == "unit_id":
        return unit_in(tx, value)
    if field == "note":
        return check_note(value)
    raise CaseFieldWrong(field=field, reason="a case has no such field")


def _by_id(row: sa.Row[Any]) -> str:
    return str(row.id)
