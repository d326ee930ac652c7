"""Decisions as they stand: read, and known again by a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.decisions.rules import Decision, Weighing
from candor.disclosure.decisions.subjects import Subject, standing
from candor.disclosure.decisions.tables import release_decision
from candor.people.rules import Actor, Permission

__all__ = ["Answer", "Decisions", "Made", "changed_at", "decisions_of", "history_of", "rows_of"]


@dataclass(frozen=True)
class Answer:
    """How an obstacle was answered when the decision was made. `exception`: which of the rule's own; `document`: the
    identifier of a document of the request or the critical incident."""

    code: str
    rule: str
    citation: str
    words: str
    how: Weighing
    reason: str
    exception: str = ""
    document: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {**vars(self), "how": self.how.value}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Answer:
        """Read `to_json`."""
        return cls(**{**value, "how": Weighing(value["how"])})


@dataclass(frozen=True)
class Made:
    """A decision. Times None: on the recording as a whole. `withdrawn_at` None: it stands."""

    id: str
    recording_id: str
    begin_ms: int | None
    end_ms: int | None
    decision: Decision
    exemption: str
    citation: str
    reason: str
    weighed: tuple[Answer, ...]
    decided_by: str
    decided_at: datetime
    book: str
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None
    withdraw_reason: str | None = None


@dataclass(frozen=True)
class Decisions:
    """The decisions that stand in a subject, by recording, each recording's whole first and then its stretches in
    order. `upon`: what a form that decides names, so that it is noticed when somebody decides in between."""

    by_recording: Mapping[str, tuple[Made, ...]]

    @property
    def upon(self) -> str:
        """The digest of everything that stands."""
        return _digest(one for several in self.by_recording.values() for one in several)

    def upon_of(self, recording_id: str) -> str:
        """The digest of what stands of one recording."""
        return _digest(self.of(recording_id))

    def of(self, recording_id: str) -> tuple[Made, ...]:
        """What stands of one recording."""
        return self.by_recording.get(recording_id, ())

    def whole(self, recording_id: str) -> Made | None:
        """The decision on one recording as a whole."""
        return next((one for one in self.of(recording_id) if one.begin_ms is None), None)

    def answers(self, recording_id: str) -> dict[str, Answer]:
        """How what stood in the way of one recording was answered, by rule."""
        return {answer.rule: answer for one in self.of(recording_id) for answer in one.weighed}


def decisions_of(tx: Connection, actor: Actor, subject: Subject) -> Decisions:
    """The decisions that stand in a subject. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    return rows_of(tx, subject)


def rows_of(tx: Connection, subject: Subject, among: Collection[str] | None = None) -> Decisions:
    """The same for a caller that has checked the permission. `among`: those on these recordings alone; then `upon` says
    nothing of the others."""
    found: dict[str, tuple[Made, ...]] = {}
    which = standing(subject)
    if among is not None:
        which = sa.and_(which, release_decision.c.recording_id.in_(among))
    for one in _made(tx, which):
        found[one.recording_id] = (*found.get(one.recording_id, ()), one)
    return Decisions(found)


def history_of(tx: Connection, actor: Actor, subject: Subject) -> list[Made]:
    """Every decision that was ever made in a subject, also those that were taken back, the oldest first. Raises
    Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    return sorted(_made(tx, subject.owns(release_decision)), key=lambda one: (one.decided_at, one.id))


def changed_at(tx: Connection, subject: Subject) -> datetime | None:
    """When something was last decided in a subject, or taken back; None where nothing ever was. What was written before
    tells of other decisions. Whoever calls has checked the permission."""
    table = release_decision.c
    columns = (sa.func.max(one, type_=one.type) for one in (table.decided_at, table.withdrawn_at))
    row = tx.execute(sa.select(*columns).where(subject.owns(release_decision))).one()
    return max((one for one in row if one is not None), default=None)


def _made(tx: Connection, which: sa.ColumnElement[bool]) -> Sequence[Made]:
    table = release_decision.c
    # NULLS FIRST, on every database: the decision on the whole comes before those on stretches.
    order = (table.recording_id, table.begin_ms.is_not(None), table.begin_ms, table.decided_at, table.id)
    names = [table[name] for name in Made.__dataclass_fields__]
    return [_read(row) for row in tx.execute(sa.select(*names).where(which).order_by(*order))]


def _read(row: sa.Row[Any]) -> Made:
    weighed = tuple(Answer.from_json(one) for one in row.weighed)
    return Made(**{**row._mapping, "decision": Decision(row.decision), "weighed": weighed})


def _digest(decisions: Iterable[Made]) -> str:
    text = "\n".join(sorted(one.id for one in decisions))
    return hashlib.sha256(text.encode()).hexdigest()
