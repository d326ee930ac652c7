"""Checking everything in the vault, on record: who began it, when it ended, and by name what does not match.

The store reads and compares, and remembers how far it has come; here each finding is kept in the same transaction and
named as people know it. A run that was stopped or killed is taken up where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock, SystemClock
from candor.core.database import Database
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.tables import fixity_check, part, rendition, sidecar
from candor.people.rules import Actor, Permission
from candor.store import FixityProgress, FixityResult, Outcome, Vault, begin_run, run_fixity
from candor.store import unfinished_run as _unfinished_in_store

__all__ = ["Check", "Finding", "begin", "carry_on", "check", "checks", "unfinished"]

#: Findings that the closing event names; all of them stand in the check's row.
MOST_NAMED = 1000


@dataclass(frozen=True)
class Finding:
    """One object that does not match. `what` names, in words, each thing that differs."""

    object_id: str
    kind: str
    outcome: Outcome
    what: list[str]
    recording_id: str | None
    name: str | None
    """The file's name, or the kind of the rendition."""

    def to_json(self) -> dict[str, Any]:
        """For keeping, and for the closing event."""
        return {**vars(self), "outcome": self.outcome.value}


@dataclass(frozen=True)
class Check:
    """A check as it stands. `ended_at`: None while it is unfinished."""

    id: str
    actor: str
    started_at: datetime
    ended_at: datetime | None
    checked: int
    bytes: int
    findings: list[Finding]


def begin(tx: Connection, vault: Vault, actor: Actor, *, clock: Clock | None = None) -> str:
    """Put a new check on record; its id. Raises Refused."""
    actor.require(Permission.FIXITY_RUN)
    run_id = begin_run(tx, vault)
    row = {"id": run_id, "actor": actor.account_id, "started_at": (clock or SystemClock()).now()}
    tx.execute(fixity_check.insert(), {**row, "checked": 0, "bytes": 0, "findings": []})
    custody.append(tx, Event.FIXITY_STARTED, actor=actor.account_id, details={"check": run_id}, clock=clock)
    return run_id


def unfinished(tx: Connection) -> str | None:
    """The newest check that has not come to its end, if any."""
    query = sa.select(fixity_check.c.id).where(fixity_check.c.ended_at.is_(None))
    return tx.scalar(query.order_by(fixity_check.c.id.desc()).limit(1))


def carry_on(
    database: Database,
    vault: Vault,
    check_id: str,
    *,
    bytes_per_second: float | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[FixityProgress], None] = lambda progress: None,
    found: Callable[[Finding], None] = lambda finding: None,
    clock: Clock | None = None,
) -> Check:
    """Go on with a check until it ends or is stopped; `found` is told each finding once it is kept.

    Slow: makes many transactions of its own. Raises what `store.run_fixity` raises.
    """
    with database.read() as tx:
        open_in_store = _unfinished_in_store(tx) == check_id
    if open_in_store:
        told: list[Finding] = []
        results = run_fixity(
            database,
            vault,
            check_id,
            bytes_per_second=bytes_per_second,
            cancelled=cancelled,
            settle=lambda tx, result: told.extend(_keep(tx, check_id, result)),
            progress=progress,
        )
        for _ in results:
            while told:
                found(told.pop(0))
    with database.write() as tx:
        if _unfinished_in_store(tx) != check_id:
            _end(tx, check_id, clock or SystemClock())
        return check(tx, check_id)


def check(tx: Connection, check_id: str) -> Check:
    """A check as it stands."""
    return _check(tx.execute(sa.select(fixity_check).where(fixity_check.c.id == check_id)).one())


def checks(tx: Connection, limit: int = 50) -> list[Check]:
    """The newest checks, newest first."""
    query = sa.select(fixity_check).order_by(fixity_check.c.id.desc()).limit(limit)
    return [_check(row) for row in tx.execute(query)]


def _keep(tx: Connection, check_id: str, result: FixityResult) -> list[Finding]:
    """Count one result, and keep what was found, in the transaction that stores how far the run is."""
    this = fixity_check.c.id == check_id
    values: dict[str, Any] = {
        "checked": fixity_check.c.checked + 1,
        "bytes": fixity_check.c.bytes + result.bytes_read,
    }
    findings = [] if result.outcome is Outcome.OK else [_finding(tx, result)]
    if findings:
        kept = tx.scalar(sa.select(fixity_check.c.findings).where(this))
        values["findings"] = [*(kept or []), *(finding.to_json() for finding in findings)]
        # At the first one, not at the end: a check of everything takes days.
        outbox.tell(tx, outbox.NoticeKind.FIXITY_MISMATCH, about="/system", once=f"fixity:{check_id}")
    tx.execute(fixity_check.update().where(this).values(values))
    return findings


def _finding(tx: Connection, result: FixityResult) -> Finding:
    original = sa.select(part.c.recording_id, part.c.name).where(part.c.object_id == result.object_id)
    made = (
        sa.select(part.c.recording_id, rendition.c.kind.label("name"))
        .select_from(rendition.join(part, part.c.id == rendition.c.part_id))
        .where(rendition.c.object_id == result.object_id)
    )
    beside = sa.select(sidecar.c.recording_id, sidecar.c.name).where(sidecar.c.object_id == result.object_id)
    row = tx.execute(original).first() or tx.execute(made).first() or tx.execute(beside).first()
    recording_id, name = (None, None) if row is None else (row.recording_id, row.name)
    return Finding(result.object_id, result.kind, result.outcome, list(result.findings), recording_id, name)


def _end(tx: Connection, check_id: str, clock: Clock) -> None:
    this = fixity_check.c.id == check_id
    row = tx.execute(sa.select(fixity_check).where(this, fixity_check.c.ended_at.is_(None)).with_for_update()).first()
    if row is None:
        return
    tx.execute(fixity_check.update().where(this).values(ended_at=clock.now()))
    details = {
        "check": check_id,
        "checked": row.checked,
        "bytes": row.bytes,
        "wrong": len(row.findings),
        "findings": row.findings[:MOST_NAMED],
    }
    custody.append(tx, Event.FIXITY_ENDED, actor=row.actor, details=details, clock=clock)


def _check(row: sa.Row[Any]) -> Check:
    findings = [Finding(**{**kept, "outcome": Outcome(kept["outcome"])}) for kept in row.findings]
    return Check(row.id, row.actor, row.started_at, row.ended_at, row.checked, row.bytes, findings)
