"""Proposing what is destroyed: a choice of recordings, each of which may go by the law as it is applied now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from candor.core import outbox
from candor.core.clock import Clock, SystemClock, iso
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.errors import RecordingUnknown
from candor.footage.rules import visible_to
from candor.footage.tables import recording
from candor.law.books import book_now
from candor.matters.reading import nothing_walled
from candor.people.rules import Actor, Permission
from candor.retention.dispositions import DispositionKind, DispositionState, ItemState
from candor.retention.errors import DispositionEmpty, DispositionNumberTaken, RecordingsMustStay
from candor.retention.planning import Candidate, purgeable
from candor.retention.staying import must_stay
from candor.retention.tables import disposition, disposition_item
from candor.retention.words import LONGEST_NUMBER, on_record

__all__ = ["MOST_NAMED", "Choice", "list_hash", "propose", "waiting_elsewhere"]

#: Recordings that one proposal names one by one.
MOST_NAMED = 5000
_AT_ONCE = 500


@dataclass(frozen=True)
class Choice:
    """Which recordings. Either named one by one, or by the plan: all that may be destroyed now, perhaps only those of
    a category, or that began before a moment."""

    recording_ids: tuple[str, ...] = ()
    everything: bool = False
    category: str | None = None
    before: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """As it is kept with the disposition."""
        if self.recording_ids:
            return {"named": len(self.recording_ids)}
        found: dict[str, Any] = {"everything": True}
        if self.category is not None:
            found["category"] = self.category
        if self.before is not None:
            found["before"] = iso(self.before)
        return found


def propose(
    tx: Connection,
    actor: Actor,
    *,
    number: str,
    kind: DispositionKind,
    authority: str,
    reason: str,
    choice: Choice,
    clock: Clock | None = None,
) -> str:
    """Propose a disposition; its id. Nothing happens to any recording before another person approves it.

    `number`: the agency's own number of the authorisation. By schedule only what the law lets go; by order of a court
    anything but what is held, named one by one. Raises Refused, RetentionWordsMissing, DispositionNumberTaken,
    DispositionEmpty, RecordingUnknown, RecordingsMustStay.
    """
    actor.require(Permission.RECORDINGS_PURGE)
    clock = clock or SystemClock()
    book = book_now(tx)
    row: dict[str, Any] = {
        "id": new_id(),
        "number": on_record("number", number, LONGEST_NUMBER),
        "kind": kind.value,
        "authority": on_record("authority", authority),
        "reason": on_record("reason", reason),
        "state": DispositionState.PROPOSED.value,
        "proposed_by": actor.account_id,
        "proposed_at": clock.now(),
        "book": book.id,
        "chosen": choice.to_json(),
        "recordings": 0,
        "size": 0,
        "duration_ms": 0,
    }
    try:
        with tx.begin_nested():
            tx.execute(disposition.insert().values(**row))
    except IntegrityError as error:
        raise DispositionNumberTaken(number=row["number"]) from error
    if choice.recording_ids:
        found = _named(tx, actor, kind, choice.recording_ids, clock.now())
    elif kind is DispositionKind.SCHEDULE and choice.everything:
        found = _by_plan(tx, choice, clock.now())
    else:
        raise DispositionEmpty(why="name them one by one, or choose all that the plan lets go")
    counted, digest = _enter(tx, row["id"], found)
    if not counted["recordings"]:
        raise DispositionEmpty(why="by the law as it is applied here, nothing of this choice may be destroyed now")
    tx.execute(disposition.update().where(disposition.c.id == row["id"]).values(**counted))
    details = {name: row[name] for name in ("number", "kind", "authority", "reason", "book")}
    details |= {"disposition": row["id"], "recordings": counted["recordings"], "list_sha256": digest}
    custody.append(tx, Event.DISPOSITION_PROPOSED, actor=actor.account_id, details=details, clock=clock)
    outbox.tell(
        tx,
        outbox.NoticeKind.DISPOSITION_WAITS,
        details={"disposition": row["number"], "recordings": counted["recordings"]},
        about=f"/retention/dispositions/{row['id']}",
        once=f"disposition:{row['id']}",
        clock=clock,
    )
    return str(row["id"])


def list_hash(tx: Connection, disposition_id: str) -> str:
    """SHA-256 of the identifiers of its recordings in their order, each with a newline."""
    digest = hashlib.sha256()
    query = sa.select(disposition_item.c.recording_id).where(disposition_item.c.disposition_id == disposition_id)
    ordered = query.order_by(disposition_item.c.recording_id)
    for recording_id in tx.scalars(ordered, execution_options={"yield_per": 2000}):
        digest.update(f"{recording_id}\n".encode())
    return digest.hexdigest()


def waiting_elsewhere(*, besides: str | None = None) -> sa.ColumnElement[bool]:
    """Whether a recording waits in a disposition that is proposed, approved or running, as a condition."""
    open_ones = [one.value for one in (DispositionState.PROPOSED, DispositionState.APPROVED, DispositionState.RUNNING)]
    query = (
        sa.select(disposition_item.c.recording_id)
        .join(disposition, disposition.c.id == disposition_item.c.disposition_id)
        .where(
            disposition_item.c.recording_id == recording.c.id,
            disposition_item.c.state == ItemState.WAITING.value,
            disposition.c.state.in_(open_ones),
        )
    )
    if besides is not None:
        query = query.where(disposition.c.id != besides)
    return query.correlate(recording).exists()


def _named(
    tx: Connection, actor: Actor, kind: DispositionKind, ids: Sequence[str], moment: datetime
) -> Iterator[Candidate]:
    """Those that were named, each checked. Raises RecordingUnknown, RecordingsMustStay."""
    chosen = sorted(set(ids))
    if len(chosen) > MOST_NAMED:
        raise DispositionEmpty(why=f"more than {MOST_NAMED} were named; choose by the plan instead")
    book, stay = book_now(tx), []
    found: list[Candidate] = []
    columns = (recording.c.id, recording.c.size, recording.c.duration_ms, waiting_elsewhere().label("waits"))
    for begin in range(0, len(chosen), _AT_ONCE):
        some = chosen[begin : begin + _AT_ONCE]
        query = sa.select(*columns).where(recording.c.id.in_(some))
        if kind is not DispositionKind.OPENING:  # what is closed by order is seen by nobody who could name it
            query = query.where(visible_to(actor).expression)
        rows = {row.id: row for row in tx.execute(query)}
        for recording_id in some:
            row = rows.get(recording_id)
            if row is None:
                raise RecordingUnknown(id=recording_id)
            why = "It is in another disposition that is not done." if row.waits else None
            why = why or must_stay(tx, kind, book, recording_id, moment)
            if why is not None:
                told = nothing_walled(tx, actor, recording_id)
                stay.append((recording_id, why if told else "something keeps it that is closed to you."))
            found.append(Candidate(row.id, row.size, row.duration_ms or 0))
    if stay:
        raise RecordingsMustStay(count=len(stay), id=stay[0][0], why=stay[0][1])
    return iter(found)


def _by_plan(tx: Connection, choice: Choice, moment: datetime) -> Iterator[Candidate]:
    narrowed: list[sa.ColumnElement[bool]] = [~waiting_elsewhere()]
    if choice.category is not None:
        narrowed.append(recording.c.category == choice.category)
    if choice.before is not None:
        narrowed.append(recording.c.started_at < choice.before)
    return purgeable(tx, book_now(tx), moment, *narrowed)


def _enter(tx: Connection, disposition_id: str, found: Iterator[Candidate]) -> tuple[dict[str, int], str]:
    """Enter the items, some at a time; what they are together, and the hash of their list."""
    counted = {"recordings": 0, "size": 0, "duration_ms": 0}
    digest = hashlib.sha256()
    rows: list[dict[str, str]] = []
    for one in found:
        rows.append({"disposition_id": disposition_id, "recording_id": one.id, "state": ItemState.WAITING.value})
        digest.update(f"{one.id}\n".encode())
        counted["recordings"] += 1
        counted["size"] += one.size
        counted["duration_ms"] += one.duration_ms
        if len(rows) == _AT_ONCE:
            tx.execute(disposition_item.insert(), rows)
            rows = []
    if rows:
        tx.execute(disposition_item.insert(), rows)
    return counted, digest.hexdigest()
