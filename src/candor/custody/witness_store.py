"""What a witness remembers: the logs it watches and, for each, the newest checkpoint that it cosigned.

One SQLite file in the witness's own folder, flushed to the disk at every commit. Comparing with the newest
checkpoint and replacing it is one transaction that excludes every other writer, in this process or another.
A copy of this file brought back from a backup would let the witness cosign a second history: never restore it
under the same key.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from candor.verify.checkpoint import Checkpoint
from candor.verify.note import Note, VerifierKey

_SCHEMA = """
CREATE TABLE IF NOT EXISTS log_key (
    vkey TEXT PRIMARY KEY, origin TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS newest (
    origin TEXT PRIMARY KEY, origin_sha256 TEXT NOT NULL UNIQUE, note TEXT NOT NULL
) STRICT;
"""


@dataclass(frozen=True)
class Newest:
    """The newest checkpoint of a log that was cosigned, as the note with that cosignature."""

    note: Note

    @property
    def checkpoint(self) -> Checkpoint:
        """What the note states."""
        return Checkpoint.parse(self.note.text)


class Held:
    """The newest checkpoint of one log while nobody else can change it; `replace` counts from the commit on."""

    def __init__(self, connection: sqlite3.Connection, origin: str, origin_sha256: str) -> None:
        self._connection, self._origin, self._origin_sha256 = connection, origin, origin_sha256

    def newest(self) -> Newest | None:
        """The newest one, None for a log that was never cosigned."""
        row = self._connection.execute("SELECT note FROM newest WHERE origin = ?", (self._origin,)).fetchone()
        return None if row is None else Newest(Note.parse(row[0]))

    def replace(self, note: Note) -> None:
        """Make this the newest one."""
        self._connection.execute(
            "INSERT INTO newest (origin, origin_sha256, note) VALUES (?, ?, ?)"
            " ON CONFLICT (origin) DO UPDATE SET note = excluded.note",
            (self._origin, self._origin_sha256, note.format()),
        )


class WitnessStore:
    """The database of a witness. Safe to use from several threads and beside other processes; close it at the end."""

    def __init__(self, path: Path, busy_timeout: float = 10.0) -> None:
        """Opens or makes the file; `busy_timeout` (seconds) is how long to wait for another process."""
        # One connection for all threads, kept open: SQLite folds its log back into the file, with several more
        # flushes, whenever the last connection closes.
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, busy_timeout, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def add_log(self, key: VerifierKey) -> None:
        """Watch the log that signs with this key; adding it again changes nothing."""
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO log_key (vkey, origin) VALUES (?, ?)", (key.format(), key.name))

    def log_keys(self, origin: str | None = None) -> tuple[VerifierKey, ...]:
        """The keys trusted for a log, or for all logs."""
        query = "SELECT vkey FROM log_key WHERE ?1 IS NULL OR origin = ?1 ORDER BY origin, vkey"
        with self._lock:
            rows = self._connection.execute(query, (origin,)).fetchall()
        return tuple(VerifierKey.parse(vkey) for (vkey,) in rows)

    def newest_by_hash(self, origin_sha256: str) -> Newest | None:
        """The newest checkpoint of the log whose origin has this SHA-256 (hex)."""
        query = "SELECT note FROM newest WHERE origin_sha256 = ?"
        with self._lock:
            row = self._connection.execute(query, (origin_sha256,)).fetchone()
        return None if row is None else Newest(Note.parse(row[0]))

    @contextmanager
    def hold(self, origin: str, origin_sha256: str) -> Iterator[Held]:
        """Hold a log's newest checkpoint: nobody else can change it until the block ends.

        What was replaced is on the disk when the block ends well, and undone when it raises.
        """
        with self._writing() as connection:
            yield Held(connection, origin, origin_sha256)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        # The lock keeps out other threads, IMMEDIATE other processes.
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk may have ended it already
                    self._connection.execute("ROLLBACK")
                raise
