"""What is in a case: people, recordings, moments, cases beside it, history. Whoever calls has checked, by `reading`,
that the reader may see the case; what of it names other things is narrowed to what the reader may see of those."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.custody.events import Event
from candor.custody.tables import custody_event
from candor.footage.purging import purges_of
from candor.footage.rules import RecordingState, visible_to
from candor.footage.tables import recording
from candor.law.vocabulary import CaseKind, LawEvent
from candor.matters.rules import CaseState, Part, Side, visible_cases
from candor.matters.tables import (
    matter,
    matter_event,
    matter_history,
    matter_person,
    matter_recording,
    matter_relation,
)
from candor.people.rules import Actor
from candor.people.tables import account

__all__ = [
    "Happening",
    "Inside",
    "Moment",
    "Person",
    "Recorded",
    "Related",
    "history_of",
    "moments_of",
    "names_of",
    "newest_of",
    "people_of",
    "recordings_of",
    "related_to",
]


@dataclass(frozen=True)
class Person:
    """Somebody in a case; `name` of the account, or as it was given for somebody from outside."""

    id: str
    account_id: str | None
    name: str
    badge: str | None
    part: Part
    side: Side
    from_at: datetime
    added_by: str
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str | None


@dataclass(frozen=True)
class Recorded:
    """A recording that is in a case, or was. `destroyed`: when and by what right, where it was destroyed."""

    entry_id: str
    recording_id: str
    title: str
    state: RecordingState
    started_at: datetime
    duration_ms: int | None
    wearer_name: str | None
    category: str | None
    reason: str
    added_by: str
    added_at: datetime
    removed_by: str | None
    removed_at: datetime | None
    remove_reason: str | None
    destroyed_at: datetime | None = None
    destroyed_under: str | None = None


@dataclass(frozen=True)
class Inside:
    """A page of a case's recordings by their start. `hidden`: how many others there are that the reader may not see;
    `after`: where the next page begins, None on the last."""

    rows: list[Recorded]
    total: int
    hidden: int
    after: int | None


@dataclass(frozen=True)
class Moment:
    """A moment that was noted in a case."""

    id: str
    event: LawEvent
    at: datetime
    note: str
    noted_by: str
    noted_at: datetime
    replaces: str | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    withdraw_reason: str | None


@dataclass(frozen=True)
class Related:
    """A case beside this one."""

    id: str
    case_id: str
    number: str
    kind: CaseKind
    title: str
    state: CaseState
    reason: str
    added_by: str
    added_at: datetime


@dataclass(frozen=True)
class Happening:
    """An event of the case's history. `recording_id` only where the reader may see that recording."""

    event_id: str
    kind: Event
    actor: str
    at: datetime
    recording_id: str | None
    details: dict[str, Any]
    position: int | None


def people_of(tx: Connection, case_id: str) -> list[Person]:
    """The people of a case: those who are in it, then those who were, each in the order of their beginning."""
    joined = matter_person.outerjoin(account, account.c.id == matter_person.c.account_id)
    query = sa.select(matter_person, account.c.display_name, account.c.badge).select_from(joined)
    query = query.where(matter_person.c.matter_id == case_id)
    rows = tx.execute(
        query.order_by(matter_person.c.ended_at.is_not(None), matter_person.c.from_at, matter_person.c.id)
    )
    return [
        Person(
            row.id,
            row.account_id,
            row.name or row.display_name or row.account_id,
            row.badge,
            Part(row.part),
            Side(row.side),
            row.from_at,
            row.added_by,
            row.ended_at,
            row.ended_by,
            row.end_reason,
        )
        for row in rows
    ]


def recordings_of(
    tx: Connection, actor: Actor, case_id: str, *, removed: bool = False, after: int | None = None, limit: int = 100
) -> Inside:
    """The recordings that are in a case, or with `removed` those that were taken out of it, by their start."""
    gone = matter_recording.c.removed_at.is_not(None) if removed else matter_recording.c.removed_at.is_(None)
    of_case = (matter_recording.c.matter_id == case_id, gone)
    seen = visible_to(actor).expression
    joined = matter_recording.join(recording, recording.c.id == matter_recording.c.recording_id)
    everything = tx.scalar(sa.select(sa.func.count()).select_from(matter_recording).where(*of_case)) or 0
    shown = tx.scalar(sa.select(sa.func.count()).select_from(joined).where(*of_case, seen)) or 0
    wearer = joined.outerjoin(account, account.c.id == recording.c.wearer_id)
    names = ("title", "state", "started_at", "duration_ms", "category", "started_key")
    query = sa.select(
        matter_recording, *(recording.c[name] for name in names), account.c.display_name.label("wearer_name")
    )
    query = query.select_from(wearer).where(*of_case, seen)
    if after is not None:
        query = query.where(recording.c.started_key > after)
    rows = tx.execute(query.order_by(recording.c.started_key, matter_recording.c.id).limit(limit + 1)).all()
    following = rows[limit - 1].started_key if len(rows) > limit else None
    return Inside([_recorded(tx, row) for row in rows[:limit]], shown, everything - shown, following)


def moments_of(tx: Connection, case_id: str) -> list[Moment]:
    """What was noted in a case, the latest first; what was withdrawn stands among it."""
    query = sa.select(matter_event).where(matter_event.c.matter_id == case_id)
    rows = tx.execute(query.order_by(matter_event.c.at.desc(), matter_event.c.id.desc()))
    left_out = {"matter_id"}
    return [
        Moment(**{**{k: v for k, v in row._mapping.items() if k not in left_out}, "event": LawEvent(row.event)})
        for row in rows
    ]


def related_to(tx: Connection, actor: Actor, case_id: str) -> list[Related]:
    """The cases beside a case that the reader may see as well."""
    found: list[Related] = []
    ends = (matter_relation.c.matter_id, matter_relation.c.other_id)
    for here, there in (ends, ends[::-1]):
        query = sa.select(matter_relation, matter.c.number, matter.c.kind, matter.c.title, matter.c.state)
        query = query.select_from(matter_relation.join(matter, matter.c.id == there))
        query = query.where(here == case_id, matter_relation.c.ended_at.is_(None), visible_cases(actor))
        for row in tx.execute(query):
            other = row.other_id if row.matter_id == case_id else row.matter_id
            kind, state = CaseKind(row.kind), CaseState(row.state)
            found.append(
                Related(row.id, other, row.number, kind, row.title, state, row.reason, row.added_by, row.added_at)
            )
    return sorted(found, key=lambda one: one.added_at)


def history_of(tx: Connection, actor: Actor, case_id: str, *, limit: int = 100) -> tuple[list[Happening], int]:
    """The newest events of a case, newest first, and how many there are."""
    return newest_of(tx, actor, matter_history, matter_history.c.matter_id == case_id, limit=limit)


def newest_of(
    tx: Connection, actor: Actor, history: sa.Table, which: sa.ColumnElement[bool], *, limit: int
) -> tuple[list[Happening], int]:
    """The newest events that a table of histories names in some of its rows, newest first, and how many there are. A
    recording that the actor may not see is not named. `history`: a table with `event_id`, of custody events."""
    total = tx.scalar(sa.select(sa.func.count()).select_from(history).where(which)) or 0
    names = ("id", "kind", "actor", "at", "recording_id", "payload", "position")
    joined = history.join(custody_event, custody_event.c.id == history.c.event_id)
    query = sa.select(*(custody_event.c[name] for name in names)).select_from(joined).where(which)
    rows = tx.execute(query.order_by(history.c.event_id.desc()).limit(limit)).all()
    named = {row.recording_id for row in rows if row.recording_id}
    seen = set(tx.scalars(sa.select(recording.c.id).where(recording.c.id.in_(named), visible_to(actor).expression)))
    return [
        Happening(
            row.id,
            Event(row.kind),
            row.actor,
            row.at,
            row.recording_id if row.recording_id in seen else None,
            json.loads(row.payload)["details"] if row.payload else {},
            row.position,
        )
        for row in rows
    ], total


def names_of(tx: Connection, actors: Sequence[str]) -> dict[str, str]:
    """The names of accounts among actors, by their id."""
    chosen = {one for one in actors if one and not one.startswith("system:")}
    query = sa.select(account.c.id, account.c.display_name).where(account.c.id.in_(chosen))
    return {row.id: row.display_name for row in tx.execute(query)} if chosen else {}


def _recorded(tx: Connection, row: sa.Row[Any]) -> Recorded:
    stone = next(iter(purges_of(tx, row.recording_id)), None) if row.state == RecordingState.DESTROYED else None
    return Recorded(
        row.id,
        row.recording_id,
        row.title,
        RecordingState(row.state),
        row.started_at,
        row.duration_ms,
        row.wearer_name,
        row.category,
        row.reason,
        row.added_by,
        row.added_at,
        row.removed_by,
        row.removed_at,
        row.remove_reason,
        None if stone is None else stone.at,
        None if stone is None else stone.authority,
    )
