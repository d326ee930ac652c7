"""Carrying out what was approved: recording by recording, everything asked once more, killable at any point.

    begin   the disposition is running, on record with who began it
    run     some recordings per transaction: asked again, then keys destroyed and tombstone written, or kept with why
            after each hundred, and at the end, what lies outside the database follows (`footage.purging.settle`)
    done    nothing waits any more

A process that dies leaves the recordings of its last transaction as they were; `run` goes on with what waits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.database import Database
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.categories import meanings_changed_at
from candor.footage.errors import FootageError
from candor.footage.tables import recording
from candor.jobs import Jobs
from candor.law.books import book_now
from candor.law.changes import last_in_force
from candor.law.model import Book
from candor.people.rules import Actor, Permission, system_actor
from candor.retention.acts import Act, act_of
from candor.retention.deciding import note_kept
from candor.retention.dispositions import (
    Disposition,
    DispositionKind,
    DispositionState,
    ItemState,
    disposition_of,
    held,
    must_be,
    tally,
    told,
)
from candor.retention.errors import LawTooYoung, RecycleNotOver
from candor.retention.staying import must_stay
from candor.retention.tables import disposition, disposition_item
from candor.store import Vault

__all__ = ["ACTOR", "JOB", "Outcome", "begin", "rest_until", "run"]

JOB = "retention.run@1"
#: Who destroys: the program, on the authority of the disposition, whose proposer and approver are on record with it.
ACTOR = system_actor("retention")
#: Recordings of one transaction, and between two times that bytes are erased.
BATCH, SETTLE_EVERY = 10, 100

Settle = Callable[[], None]


@dataclass(frozen=True)
class Outcome:
    """What a run came to. `waiting` is 0 when it is done."""

    destroyed: int
    kept: int
    waiting: int


def begin(
    tx: Connection,
    actor: Actor,
    disposition_id: str,
    *,
    pause_days: int,
    jobs: Jobs | None = None,
    clock: Clock | None = None,
) -> None:
    """Have an approved disposition carried out, or go on with one that stopped. With `jobs`, in the background;
    otherwise whoever calls does `run`. Raises Refused, DispositionUnknown, DispositionState, RecycleNotOver,
    LawTooYoung."""
    actor.require(Permission.RECORDINGS_PURGE)
    clock = clock or SystemClock()
    found = held(tx, disposition_id)
    must_be(found, DispositionState.APPROVED, DispositionState.RUNNING)
    _must_be_time(tx, found, pause_days, clock.now())
    values: dict[str, Any] = {"state": DispositionState.RUNNING.value, "problem": None}
    if found.begun_at is None:
        values |= {"begun_by": actor.account_id, "begun_at": clock.now()}
    if jobs is not None:
        values["job_id"] = jobs.enqueue(tx, JOB, {"disposition": found.id})
    tx.execute(disposition.update().where(disposition.c.id == found.id).values(**values))
    details = {
        **told(found),
        "proposed_by": found.proposed_by,
        "approved_by": found.decided_by,
        "waiting": tally(tx, found.id)[ItemState.WAITING],
    }
    custody.append(tx, Event.DISPOSITION_RUN, actor=actor.account_id, details=details, clock=clock)


def run(
    database: Database,
    vault: Vault,
    jobs: Jobs,
    disposition_id: str,
    *,
    pause_days: int,
    settle: Settle,
    clock: Clock | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Outcome:
    """Carry out a disposition that is running, to its end or until `cancelled`. Harmless to repeat, also at the same
    time in another process. `settle` does what lies outside the database. Raises DispositionUnknown, LawTooYoung (what
    is done by then is done), StoreError, OSError."""
    clock = clock or SystemClock()
    since = 0
    with database.read() as tx:
        counted = tally(tx, disposition_id)  # once: counting a million after every ten would take longer than the rest
    waiting, total = counted[ItemState.WAITING], max(1, sum(counted.values()))
    while cancelled is None or not cancelled():
        with database.write() as tx:
            found = held(tx, disposition_id)
            if found.state is not DispositionState.RUNNING:
                break
            done = _batch(tx, vault, jobs, found, pause_days, clock)
            if not done:
                _end(tx, found, clock)
                break
        since += done
        if since >= SETTLE_EVERY:
            settle()
            since = 0
        waiting = max(0, waiting - done)
        if progress is not None:
            progress(1 - waiting / total)
    settle()
    return outcome(database, disposition_id)


def outcome(database: Database, disposition_id: str) -> Outcome:
    """What it has come to so far."""
    with database.read() as tx:
        counted = tally(tx, disposition_id)
    gone = counted[ItemState.DESTROYED] + counted[ItemState.SEALED] + counted[ItemState.OPENED]
    return Outcome(gone, counted[ItemState.KEPT], counted[ItemState.WAITING])


def rest_until(tx: Connection, pause_days: int) -> datetime | None:
    """Until when nothing goes by schedule because law, policy or the meaning of a category was changed; None when that
    was never."""
    changes = [moment for moment in (last_in_force(tx), meanings_changed_at(tx)) if moment is not None]
    return max(changes) + timedelta(days=pause_days) if changes else None


def _must_be_time(tx: Connection, found: Disposition, pause_days: int, now: datetime) -> None:
    if found.recycle_until is not None and now < found.recycle_until:
        raise RecycleNotOver(number=found.number, until=f"{found.recycle_until:%Y-%m-%d %H:%M} UTC")
    until = rest_until(tx, pause_days)
    if found.kind is DispositionKind.SCHEDULE and until is not None and now < until:
        changed = until - timedelta(days=pause_days)
        raise LawTooYoung(changed=f"{changed:%Y-%m-%d}", days=pause_days, until=f"{until:%Y-%m-%d %H:%M} UTC")


def _batch(tx: Connection, vault: Vault, jobs: Jobs, found: Disposition, pause_days: int, clock: Clock) -> int:
    """The next recordings; how many. The disposition's row is held, so no other process has the same ones."""
    _must_be_time(tx, found, pause_days, clock.now())
    mine = disposition_item.c.disposition_id == found.id, disposition_item.c.state == ItemState.WAITING.value
    query = sa.select(disposition_item.c.recording_id).where(*mine).order_by(disposition_item.c.recording_id)
    waiting = tx.scalars(query.limit(BATCH)).all()
    if waiting:
        # In one order for everybody: whoever places a hold on one of them waits, or is waited for.
        tx.execute(
            sa.select(recording.c.id).where(recording.c.id.in_(waiting)).order_by(recording.c.id).with_for_update()
        )
        book, act = book_now(tx), act_of(found.kind)
        for recording_id in waiting:
            _one(tx, vault, jobs, found, act, book, recording_id, clock)
    return len(waiting)


def _one(
    tx: Connection,
    vault: Vault,
    jobs: Jobs,
    found: Disposition,
    act: Act,
    book: Book,
    recording_id: str,
    clock: Clock,
) -> None:
    """Destroy one recording, or keep it with the reason."""
    why = must_stay(tx, found.kind, book, recording_id, clock.now())
    if why is None:
        try:
            with tx.begin_nested():
                stone = act.do(
                    tx,
                    vault,
                    jobs,
                    ACTOR,
                    recording_id,
                    authority=f"{found.number}: {found.authority}"[:500],
                    reason=found.reason,
                    clock=clock,
                )
        except FootageError as error:  # purged or regrouped by now: the words say which
            why = str(error)
        else:
            mine = disposition_item.c.disposition_id == found.id, disposition_item.c.recording_id == recording_id
            values = {"state": act.becomes.value, "tombstone_id": stone, "done_at": clock.now()}
            tx.execute(disposition_item.update().where(*mine).values(**values))
            return
    note_kept(tx, found, recording_id, why=why, by=ACTOR.account_id, clock=clock)


def _end(tx: Connection, found: Disposition, clock: Clock) -> None:
    counted = tally(tx, found.id)
    values = {"state": DispositionState.DONE.value, "done_at": clock.now(), "problem": None}
    tx.execute(disposition.update().where(disposition.c.id == found.id).values(**values))
    gone = counted[ItemState.DESTROYED] + counted[ItemState.SEALED] + counted[ItemState.OPENED]
    details = {**told(found), "destroyed": gone, "kept": counted[ItemState.KEPT]}
    del details["kind"]
    custody.append(tx, Event.DISPOSITION_DONE, actor=ACTOR.account_id, details=details, clock=clock)


def stopped(tx: Connection, disposition_id: str, problem: str) -> Disposition:
    """Put down why its run stopped; it can be begun again."""
    tx.execute(disposition.update().where(disposition.c.id == disposition_id).values(problem=problem))
    return disposition_of(tx, disposition_id)
