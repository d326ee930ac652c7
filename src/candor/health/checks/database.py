"""The database: whether it answers, at which tables, and whether it keeps what it is given."""

from __future__ import annotations

import sqlite3
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.health.findings import Finding, bad, ok, together, warn
from candor.health.place import NotHereYet, Place
from candor.migrations import HEAD

#: SQLite's numbers for how durable a commit is; FULL syncs the write-ahead log at every commit.
_FULL = 2
_OLDEST_POSTGRESQL = 150_000


def database(place: Place) -> Finding | None:
    """Reachable, at this version's tables, and set to keep what it acknowledges."""
    if not place.begun:
        return None
    try:
        with place.read() as tx:
            revision = tx.scalar(sa.text("SELECT version_num FROM alembic_version"))
            kind, found = (_sqlite if place.database.is_sqlite else _postgresql)(tx)
    except NotHereYet:
        return warn(
            "database",
            f"{place.database.url.render_as_string()} has no tables of Candor yet.",
            "Run `candor serve` once; it makes them. If there should be some, the address is of another database.",
        )
    if revision != HEAD:
        words = f"Its tables are at revision {revision}, this version knows {HEAD}."
        found.append(warn("database", words, "Start Candor: it brings them up. If it refuses, install the newer one."))
    return together("database", f"{kind} answers, with the tables of this version.", found)


def _sqlite(tx: Connection) -> tuple[str, list[Finding]]:
    found: list[Finding] = []
    mode = str(_pragma(tx, "journal_mode"))
    if mode != "wal":
        words = f"SQLite's journal mode is {mode}, not wal: the file system does not carry shared memory."
        found.append(bad("database", words, "Put CANDOR_HOME on a local disk; SQLite does not belong on a share."))
    if int(_pragma(tx, "synchronous")) < _FULL:
        words = "SQLite does not sync every commit: a power cut may take acknowledged acts."
        found.append(bad("database", words, "Something set PRAGMA synchronous; find out what opens this file."))
    return f"SQLite {sqlite3.sqlite_version}", found


def _postgresql(tx: Connection) -> tuple[str, list[Finding]]:
    found: list[Finding] = []
    number = int(tx.scalar(sa.text("SHOW server_version_num")) or 0)
    version = str(tx.scalar(sa.text("SHOW server_version")))
    if number < _OLDEST_POSTGRESQL:
        found.append(bad("database", f"PostgreSQL {version} is too old.", "Move to PostgreSQL 15 or later."))
    for name, risk in (("fsync", "loses"), ("full_page_writes", "damages"), ("synchronous_commit", "loses")):
        if tx.scalar(sa.text(f"SHOW {name}")) == "off":
            words = f"PostgreSQL runs with {name}=off: a power cut {risk} acknowledged acts."
            found.append(bad("database", words, f"Set {name}=on in postgresql.conf and restart the server."))
    return f"PostgreSQL {version.split()[0]}", found


def _pragma(tx: Connection, name: str) -> Any:
    return tx.exec_driver_sql(f"PRAGMA {name}").scalar()


def database_whole(place: Place) -> Finding | None:
    """SQLite's own check of the whole file; PostgreSQL checks its pages itself as it reads them."""
    if not place.begun or not place.database.is_sqlite:
        return None
    with place.read() as tx:
        wrong = [str(row[0]) for row in tx.exec_driver_sql("PRAGMA quick_check(5)")]
    if wrong == ["ok"]:
        return ok("database-whole", "Every page of the database file is sound.")
    return bad(
        "database-whole",
        f"The database file is damaged: {'; '.join(wrong)[:300]}.",
        "Stop Candor, keep the file aside as it is, check the disk, and restore the newest backup (`candor restore`).",
    )
