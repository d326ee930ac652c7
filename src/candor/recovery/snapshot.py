"""One consistent view of every row, written into a backup."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.settings import Settings
from candor.custody.tables import log_checkpoint, log_head
from candor.migrations import HEAD
from candor.migrations.models import metadata
from candor.recovery.manifest import LogState
from candor.recovery.pieces import PieceWriter, kind_of, plain_type
from candor.store.tables import vault_object

__all__ = ["LEFT_OUT", "Snapshot", "begin_consistent", "secrets", "take"]

#: Tables that are not in a backup. Sessions and half-finished sign-ins must not live again; who was locked out, ran
#: jobs or was ill is of the moment; words to search by are made anew, because each database keeps them in its own form.
LEFT_OUT = frozenset(
    {
        "session",
        "session_former",
        "sign_in_guard",
        "passkey_challenge",
        "job_worker",
        "health_state",
        "health_lease",
        "recording_words",
        "recording_term",
    }
)
_ROWS = 2000


class Snapshot:
    """What was taken: rows of each table, the log's state, the newest signed checkpoint with its cosignatures."""

    def __init__(self) -> None:
        self.tables: dict[str, int] = {}
        self.revision = HEAD
        self.log = LogState("", "", 0, 0, "")
        self.checkpoint = ""


def begin_consistent(tx: Connection) -> None:
    """Have a reading transaction see one moment only; to be called before anything else in it."""
    if tx.dialect.name == "postgresql":
        tx.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def take(tx: Connection, put: Callable[[bytes], None], needed: TextIO) -> Snapshot:
    """Hand out every row in compressed pieces, in an order in which they can be put back; and write to `needed`, one to
    a line, every object that has a key: identifier, size as stored."""
    found = Snapshot()
    writer = PieceWriter(put)
    for table in metadata.sorted_tables:
        if table.name not in LEFT_OUT:
            found.tables[table.name] = _table(tx, table, writer)
    writer.end()
    for row in tx.execute(
        sa.select(vault_object.c.object_id, vault_object.c.stored_size)
        .where(vault_object.c.key_destroyed_at.is_(None))
        .order_by(vault_object.c.object_id),
        execution_options={"yield_per": _ROWS},
    ):
        needed.write(f"{row.object_id} {row.stored_size}\n")
    found.log, found.checkpoint = _log(tx)
    return found


def secrets(settings: Settings) -> bytes:
    """The log's key, the marker of what it signed last, and the settings, as JSON. Never the key-encryption key."""
    config = Path(os.environ.get("CANDOR_CONFIG", "candor.toml"))
    return json.dumps(
        {
            "log_key": _text(settings.keys_folder / "log.key"),
            "last_signed": _text(settings.keys_folder / "log.last-signed"),
            "settings": settings.model_dump(mode="json"),
            "candor_toml": _text(config),
        }
    ).encode()


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def _table(tx: Connection, table: sa.Table, writer: PieceWriter) -> int:
    columns = tuple((column.name, kind_of(column)) for column in table.columns)
    writer.begin(table.name, columns)
    # By their plain types: what lies in the database, not what the program makes of it.
    plain: list[Any] = [
        sa.type_coerce(column, plain_type(kind)).label(name)
        for column, (name, kind) in zip(table.columns, columns, strict=True)
    ]
    query = sa.select(*plain).order_by(*table.primary_key.columns)
    count = 0
    for row in tx.execute(query, execution_options={"yield_per": _ROWS}):
        writer.row(tuple(row))
        count += 1
    return count


def _log(tx: Connection) -> tuple[LogState, str]:
    head = tx.execute(sa.select(log_head.c.origin, log_head.c.vkey, log_head.c.size)).first()
    if head is None:
        return LogState("", "", 0, 0, ""), ""
    signed = tx.execute(
        sa.select(log_checkpoint)
        .where(log_checkpoint.c.note.is_not(None))
        .order_by(log_checkpoint.c.size.desc())
        .limit(1)
    ).first()
    if signed is None:
        return LogState(head.origin, head.vkey, head.size, 0, ""), ""
    state = LogState(head.origin, head.vkey, head.size, signed.size, signed.root.hex())
    return state, signed.note + signed.cosignatures
