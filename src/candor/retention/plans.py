"""Plans and dry runs as they are asked for, worked out in the background, and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock, SystemClock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.footage.rules import RecordingState
from candor.footage.tables import recording
from candor.jobs import Jobs
from candor.law import changes
from candor.law.books import book_now, book_with
from candor.people.rules import Actor, Permission
from candor.retention import planning
from candor.retention.errors import LawChangedMeanwhile, PlanStopped, PlanUnknown
from candor.retention.tables import retention_plan, retention_plan_item

__all__ = [
    "JOB",
    "Kept",
    "PlanKind",
    "PlanState",
    "ask",
    "differing",
    "dry_run",
    "dry_run_of",
    "newest",
    "of_id",
    "present_recordings",
    "stop",
    "work_out",
]

JOB = "retention.plan@1"
#: Plans that are kept; the older ones go when a new one is asked for. What was tried out with a change stays.
KEPT_PLANS = 20
_AT_ONCE = 1000


class PlanKind(StrEnum):
    """What is asked."""

    PLAN = "plan"
    DRY_RUN = "dry-run"


class PlanState(StrEnum):
    """How far it is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Kept:
    """A plan or a dry run. `result`: of `planning.Plan` or `planning.Difference`, as JSON."""

    id: str
    kind: PlanKind
    change_id: str | None
    state: PlanState
    asked_by: str
    asked_at: datetime
    job_id: str | None
    moment: datetime | None
    book: str | None
    result: dict[str, Any] | None
    ended_at: datetime | None
    problem: str | None


def ask(
    tx: Connection,
    actor: Actor,
    *,
    change_id: str | None = None,
    jobs: Jobs | None = None,
    clock: Clock | None = None,
) -> str:
    """Ask for a plan, or with a change for a dry run of it; its id. With `jobs` it is worked out in the background,
    otherwise by whoever calls `work_out`. Raises Refused, ChangeUnknown."""
    clock = clock or SystemClock()
    if change_id is None:
        actor.require(Permission.RETENTION_VIEW)
        _forget_old(tx)
    else:
        may = [Permission.LAW_CHANGE, Permission.LAW_ADOPT]
        if changes.change(tx, change_id).kind is changes.ChangeKind.MEANING:
            may.append(Permission.CATEGORIES_MANAGE)  # who proposes a meaning has it tried out
        actor.require_any(*may)
    row: dict[str, Any] = {
        "id": new_id(),
        "kind": (PlanKind.PLAN if change_id is None else PlanKind.DRY_RUN).value,
        "change_id": change_id,
        "state": PlanState.WAITING.value,
        "asked_by": actor.account_id,
        "asked_at": clock.now(),
    }
    if jobs is not None:
        row["job_id"] = jobs.enqueue(tx, JOB, {"plan": row["id"]})
    tx.execute(retention_plan.insert().values(**row))
    return str(row["id"])


def stop(tx: Connection, actor: Actor, jobs: Jobs, plan_id: str, *, clock: Clock | None = None) -> None:
    """Want a plan no more. Raises Refused, PlanUnknown."""
    actor.require_any(Permission.RETENTION_VIEW, Permission.LAW_CHANGE)
    found = of_id(tx, plan_id)
    if found.job_id is not None:
        jobs.cancel(tx, found.job_id)
    if found.state in (PlanState.WAITING, PlanState.RUNNING):
        _end(tx, plan_id, PlanState.STOPPED, clock or SystemClock())


def work_out(
    database: Database,
    plan_id: str,
    *,
    moment: datetime | None = None,
    clock: Clock | None = None,
    progress: planning.Progress | None = None,
    cancelled: planning.Cancelled | None = None,
) -> None:
    """Work a plan or a dry run out and keep it. Harmless to repeat. Raises PlanUnknown, PlanStopped, and what the law
    says of a change that is gone."""
    clock = clock or SystemClock()
    with database.write() as tx:
        found = of_id(tx, plan_id)
        if found.state in (PlanState.DONE, PlanState.STOPPED):
            return
        tx.execute(retention_plan.update().where(_is(plan_id)).values(state=PlanState.RUNNING.value))
        tx.execute(retention_plan_item.delete().where(retention_plan_item.c.plan_id == plan_id))
    try:
        if found.change_id is None:
            _plan(database, found, moment or clock.now(), clock, progress, cancelled)
        else:
            dry_run(database, found.change_id, plan_id=plan_id, clock=clock, progress=progress, cancelled=cancelled)
    except PlanStopped:
        with database.write() as tx:
            _end(tx, plan_id, PlanState.STOPPED, clock)
        raise


def fail(tx: Connection, plan_id: str, problem: str, clock: Clock) -> None:
    """Put down that it could not be worked out."""
    _end(tx, plan_id, PlanState.FAILED, clock, problem=problem)


def dry_run(
    database: Database,
    change_id: str,
    *,
    plan_id: str,
    clock: Clock | None = None,
    progress: planning.Progress | None = None,
    cancelled: planning.Cancelled | None = None,
) -> planning.Difference:
    """Try out what a change would make of everything: put down with the change, with the list of exactly which
    recordings. Raises ChangeUnknown, ChangeDecided, LawChangedMeanwhile, PlanStopped."""
    clock = clock or SystemClock()
    entered = _Entering(database, plan_id)
    with database.read() as tx:
        before, after = book_now(tx), book_with(tx, change_id)
        made = planning.compare(tx, before, after, clock.now(), entered.note, progress=progress, cancelled=cancelled)
    entered.flush()
    result = made.to_json() | {"list_sha256": entered.digest.hexdigest(), "plan": plan_id}
    with database.write() as tx:
        if book_now(tx).id != before.id:
            raise LawChangedMeanwhile()
        changes.note_dry_run(tx, change_id, result, clock=clock)
        values = {"moment": made.moment, "book": after.id, "result": result}
        _end(tx, plan_id, PlanState.DONE, clock, **values)
        outbox.tell(
            tx,
            outbox.NoticeKind.LAW_CHANGE_WAITS,
            details={"change": change_id, "becomes_purgeable": made.becomes_purgeable.recordings},
            about=f"/retention/changes/{change_id}",
            once=f"law-change:{change_id}",
            clock=clock,
        )
    return made


def of_id(tx: Connection, plan_id: str) -> Kept:
    """One of them. Raises PlanUnknown."""
    row = tx.execute(sa.select(retention_plan).where(_is(plan_id))).first()
    if row is None:
        raise PlanUnknown(id=plan_id)
    return _kept(row)


def newest(tx: Connection, *, done: bool = False) -> Kept | None:
    """The plan that was asked for last; with `done` the last that was finished."""
    query = sa.select(retention_plan).where(retention_plan.c.kind == PlanKind.PLAN.value)
    if done:
        query = query.where(retention_plan.c.state == PlanState.DONE.value)
    row = tx.execute(query.order_by(retention_plan.c.asked_at.desc(), retention_plan.c.id.desc()).limit(1)).first()
    return None if row is None else _kept(row)


def dry_run_of(tx: Connection, change_id: str) -> Kept | None:
    """The dry run of a change that was asked for last."""
    query = sa.select(retention_plan).where(retention_plan.c.change_id == change_id)
    row = tx.execute(query.order_by(retention_plan.c.asked_at.desc(), retention_plan.c.id.desc()).limit(1)).first()
    return None if row is None else _kept(row)


def differing(tx: Connection, plan_id: str, *, limit: int | None = None) -> Iterator[tuple[str, str]]:
    """The recordings for which it makes a difference, and what each becomes: purgeable or kept."""
    columns = retention_plan_item.c.recording_id, retention_plan_item.c.becomes
    query = sa.select(*columns).where(retention_plan_item.c.plan_id == plan_id).order_by(columns[0])
    if limit is not None:
        query = query.limit(limit)
    for row in tx.execute(query, execution_options={"yield_per": 2000}):
        yield row.recording_id, row.becomes


def present_recordings(tx: Connection) -> int:
    """How many recordings a plan of now would be about: for whoever asks whether an older one is still true."""
    sealed = recording.c.state == RecordingState.SEALED.value
    return tx.scalar(sa.select(sa.func.count()).select_from(recording).where(sealed)) or 0


class _Entering:
    """Enters the recordings for which a change makes a difference, some at a time, and the hash of their list."""

    def __init__(self, database: Database, plan_id: str) -> None:
        self._database, self._plan_id = database, plan_id
        self._rows: list[dict[str, str]] = []
        self.digest = hashlib.sha256()

    def note(self, recording_id: str, becomes: str) -> None:
        """One more."""
        self.digest.update(f"{recording_id} {becomes}\n".encode())
        self._rows.append({"plan_id": self._plan_id, "recording_id": recording_id, "becomes": becomes})
        if len(self._rows) >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Enter what is left."""
        if self._rows:
            with self._database.write() as tx:
                tx.execute(retention_plan_item.insert(), self._rows)
            self._rows = []


def _plan(
    database: Database,
    found: Kept,
    moment: datetime,
    clock: Clock,
    progress: planning.Progress | None,
    cancelled: Callable[[], bool] | None,
) -> None:
    with database.read() as tx:
        book = book_now(tx)
        made = planning.plan(tx, book, moment, progress=progress, cancelled=cancelled)
    with database.write() as tx:
        _end(tx, found.id, PlanState.DONE, clock, moment=moment, book=book.id, result=made.to_json())


def _end(tx: Connection, plan_id: str, state: PlanState, clock: Clock, **values: Any) -> None:
    tx.execute(retention_plan.update().where(_is(plan_id)).values(state=state.value, ended_at=clock.now(), **values))


def _forget_old(tx: Connection) -> None:
    """Drop plans beyond the newest; nothing of a change."""
    mine = sa.select(retention_plan.c.id).where(retention_plan.c.kind == PlanKind.PLAN.value)
    kept = mine.order_by(retention_plan.c.asked_at.desc()).limit(KEPT_PLANS).subquery()
    old = retention_plan.c.kind == PlanKind.PLAN.value, retention_plan.c.id.not_in(sa.select(kept.c.id))
    tx.execute(retention_plan.delete().where(*old))


def _is(plan_id: str) -> sa.ColumnElement[bool]:
    return retention_plan.c.id == plan_id


def _kept(row: sa.Row[Any]) -> Kept:
    found = {name: getattr(row, name) for name in Kept.__dataclass_fields__}
    return Kept(**(found | {"kind": PlanKind(row.kind), "state": PlanState(row.state)}))
