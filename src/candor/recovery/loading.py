"""Putting a backup's rows into an empty database, at the version of the tables that they are of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.engine import Connection

from candor.core.database import Database, UtcDateTime
from candor.migrations import migrate
from candor.migrations.models import metadata
from candor.recovery.opening import OpenBackup
from candor.recovery.pieces import plain_type
from candor.store.keys import WRAPPED_SIZE
from candor.store.tombstones import Tombstone

__all__ = ["holds_rows", "load"]

_BATCH = 1000


def holds_rows(database: Database) -> str | None:
    """The name of a table of ours that has a row; None when there is none, or no table."""
    with database.read() as tx:
        there = set(sa.inspect(tx).get_table_names())
        for table in metadata.sorted_tables:
            if table.name in there and tx.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
                return table.name
    return None


def load(database: Database, backup: OpenBackup, stones: list[Tombstone]) -> None:
    """Make the tables and write every row, all in one transaction: afterwards everything is there, or nothing.

    The wrapped key of an object that a tombstone names is not written: zeros stand in its place, and the object's row
    says when it was destroyed.
    """
    migrate(database, backup.manifest.revision)
    destroyed = {object_id: stone.destroyed_at for stone in stones for object_id in stone.object_ids}
    with database.write() as tx:
        if database.is_sqlite:
            tx.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for (name, columns), rows in groupby(backup.rows(), key=lambda row: row[:2]):
            # A table of plain types, by the columns that the backup has: the models may be newer than its rows.
            table = sa.table(name, *(sa.column(column, plain_type(kind)) for column, kind in columns))
            names = [column for column, _ in columns]
            batch: list[dict[str, Any]] = []
            for _, _, row in rows:
                batch.append(_laid_to_rest(name, dict(zip(names, row, strict=True)), destroyed))
                if len(batch) == _BATCH:
                    tx.execute(table.insert(), batch)
                    batch = []
            if batch:
                tx.execute(table.insert(), batch)
        if not database.is_sqlite:
            _count_on(tx)


def _laid_to_rest(table: str, row: dict[str, Any], destroyed: Mapping[str, datetime]) -> dict[str, Any]:
    when = destroyed.get(row.get("object_id", "")) if table in ("vault_object", "vault_key") else None
    if when is None:
        return row
    if table == "vault_key":
        return row | {"wrapped_key": bytes(WRAPPED_SIZE)}
    if row["key_destroyed_at"] is None:
        moment = UtcDateTime().process_bind_param(when, None)
        return row | {"key_destroyed_at": moment}
    return row


def _count_on(tx: Connection) -> None:
    """PostgreSQL's counters go on behind the rows that were written with their numbers."""
    for table in metadata.sorted_tables:
        for column in table.primary_key.columns:
            if not sa.inspect(tx).has_table(table.name) or not isinstance(column.type, sa.Integer):
                continue
            sequence = tx.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name)))
            if sequence:
                newest = sa.select(sa.func.max(column)).scalar_subquery()
                there = sa.select(sa.func.count()).select_from(table).scalar_subquery()
                tx.execute(
                    sa.select(sa.func.setval(sa.cast(sequence, REGCLASS), sa.func.coalesce(newest, 1), there > 0))
                )
