"""An older database put back, as restoring a backup does, and a witness to answer to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from candor.core.database import Database
from candor.custody import CustodyLog, Event, append, witness_server
from candor.custody.tables import (
    custody_event,
    custody_lost_entry,
    custody_subject,
    custody_tag_key,
    log_checkpoint,
    log_head,
    log_node,
    log_problem,
    log_witness,
)
from candor.verify.merkle import leaf_hash

from .witness_log import serving

TABLES = (
    custody_event,
    custody_subject,
    custody_tag_key,
    custody_lost_entry,
    log_head,
    log_checkpoint,
    log_node,
    log_witness,
    log_problem,
)
Rows = dict[sa.Table, list[dict[str, Any]]]


def record(database: Database, count: int, recording: str | None = None) -> list[str]:
    """Write events in one transaction."""
    with database.write() as tx:
        return [append(tx, Event.RECORDING_VIEWED, actor="system:test", recording=recording) for _ in range(count)]


def backup(database: Database) -> Rows:
    """Every row of the log as it is now."""
    with database.read() as tx:
        return {table: [dict(row._mapping) for row in tx.execute(sa.select(table))] for table in TABLES}


def restore(database: Database, rows: Rows) -> None:
    """Every row of the log as it was then."""
    with database.write() as tx:
        for table in TABLES:
            tx.execute(table.delete())
            if rows[table]:
                tx.execute(table.insert(), rows[table])


@contextmanager
def witnessed(home: Path, name: str = "witness.example/w1") -> Iterator[tuple[Path, str]]:
    """A real witness on the loopback: its home, and how CANDOR_WITNESSES names it."""
    with closing(witness_server.create_witness(home, name)) as made, serving(witness_server.witness_app(made)) as url:
        yield home, f"{made.key.format()} {url}"


def every_entry_is_proven(database: Database, log: CustodyLog) -> int:
    """See that each event with a place has a proof that an outsider accepts; gives how many."""
    checkpoint = log.checkpoint()
    assert checkpoint is not None
    with database.read() as tx:
        ids = tx.execute(sa.select(custody_event.c.id).where(custody_event.c.position.is_not(None))).scalars().all()
    for one in ids:
        proof = log.proof(one, checkpoint)
        with database.read() as tx:
            leaf = tx.execute(sa.select(custody_event.c.leaf).where(custody_event.c.id == one)).scalar_one()
        proof.verify(leaf_hash(leaf.encode()), log.policy())
    return len(ids)
