"""The record of backups: what the last ones came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.recovery.tables import backup_run

__all__ = ["BackupRun", "last_backup", "last_run", "places"]


@dataclass(frozen=True)
class BackupRun:
    """One run. Sizes in bytes as stored; `ended_at` None: it runs, or it was interrupted; `problem` None: all well."""

    id: str
    place: str
    kind: str
    started_at: datetime
    ended_at: datetime | None
    objects: int | None
    bytes: int | None
    copied: int | None
    log_size: int | None
    problem: str | None


def last_backup(tx: Connection) -> BackupRun | None:
    """The newest backup that is whole, by when it began; None when there never was one."""
    whole = backup_run.c.ended_at.is_not(None), backup_run.c.problem.is_(None)
    return _newest(tx, *whole)


def last_run(tx: Connection) -> BackupRun | None:
    """The newest run, whatever came of it."""
    return _newest(tx)


def places(tx: Connection) -> list[str]:
    """Every place in which a whole backup was made, also those that no setting names."""
    whole = backup_run.c.ended_at.is_not(None), backup_run.c.problem.is_(None)
    return sorted(tx.scalars(sa.select(backup_run.c.place).where(*whole).distinct()))


def _newest(tx: Connection, *conditions: sa.ColumnElement[bool]) -> BackupRun | None:
    query = sa.select(backup_run).where(*conditions).order_by(backup_run.c.started_at.desc()).limit(1)
    row = tx.execute(query).first()
    return None if row is None else BackupRun(**row._mapping)
