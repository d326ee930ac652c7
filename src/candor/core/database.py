"""The database: an engine and transactions, the same on SQLite and PostgreSQL.

Rules it keeps:

1. SQLite runs in WAL with synchronous=FULL: what is committed survives a power cut.
2. A writing transaction takes the write lock at its start (BEGIN IMMEDIATE), so it never fails half-way
   because somebody else wrote in between. Within one process writers queue for a lock of ours first,
   in the order they came: SQLite's own waiting is polling, and polling is unfair under load.
3. A transaction is opened by a face or a job and committed once. On SQLite, when more writers are waiting, several
   share one commit (group commit): each runs in a savepoint of its own, undone alone when it fails, and none returns
   before the commit that makes all of them durable. One fsync then serves many.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, RootTransaction, make_url
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError
from sqlalchemy.types import TypeDecorator

from candor.core.errors import DatabaseGone

#: Names of constraints follow one pattern, so that a migration can name them on both databases.
metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: 64-bit integer key that counts by itself on both databases.
BigIntKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware UTC in Python; microseconds since 1970 in the database, so that both databases sort,
    compare and index it alike."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        delta = value.astimezone(UTC) - _EPOCH
        return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return datetime.fromtimestamp(value // 1_000_000, UTC).replace(microsecond=value % 1_000_000)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class JsonText(TypeDecorator[Any]):
    """A JSON value kept as text, the same on both databases."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Any) -> Any:
        return None if value is None else json.loads(value)


class _TurnLock:
    """A lock given in the order of asking (threading.Lock promises no order, and p95 would suffer)."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Lock] = deque()

    def acquire(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        try:
            turn.acquire()  # released by the holder before us, who leaves `_held` set for us
        except BaseException:  # interrupted while waiting: step out of the queue, or pass the turn on
            with self._guard:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                    raise
            self.release()
            raise

    def release(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False

    def others_wait(self) -> bool:
        """Whether somebody will have the turn as soon as it is released."""
        return bool(self._waiting)


@dataclass
class _Group:
    """Acts that share one commit on SQLite."""

    connection: Connection
    transaction: RootTransaction
    opened: float
    members: int = 0
    done: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None


#: A group is committed when nobody waits any more, at the latest after so many acts or seconds.
_GROUP_ACTS, _GROUP_SECONDS = 64, 0.02


class Database:
    """An engine and the two kinds of transaction.

    `url` is an SQLAlchemy URL; `postgresql://` means the psycopg driver. `Database.engine` may be handed to
    the jobs engine, which keeps its tables in the same database.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        parsed = make_url(url)
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url = parsed
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            if parsed.database and parsed.database != ":memory:":
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = _sqlite_engine(parsed, pool_size)
        else:
            self.engine = sa.create_engine(
                parsed,
                pool_size=pool_size,
                max_overflow=pool_size * 2,
                pool_pre_ping=True,
                hide_parameters=True,  # values (hashes, names) do not belong in an error's words, which are logged
            )
        self._turn = _TurnLock()
        self._group: _Group | None = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One writing transaction, durable when the block has ended, rolled back on any error."""
        if not self.is_sqlite:
            with self._guarded() as connection, connection.begin():
                yield connection
            return
        self._turn.acquire()
        group: _Group | None = None
        try:
            try:
                group = self._group or self._open_group()
                with _savepoint(group):
                    yield group.connection
                group.members += 1
            finally:
                self._end_of_act(group)
        except OperationalError as error:
            if _is_lost(error):
                raise DatabaseGone(reason=_reason(error)) from error
            raise
        finally:
            self._turn.release()
        group.done.wait()
        if group.error is not None:
            raise DatabaseGone(reason=" ".join(str(group.error).split())) from group.error

    def _open_group(self) -> _Group:
        connection = self._connect()
        try:
            transaction = connection.begin()
        except BaseException as error:
            connection.close()
            if isinstance(error, DBAPIError):
                raise DatabaseGone(reason=_reason(error)) from error
            raise
        self._group = _Group(connection, transaction, time.monotonic())
        return self._group

    def _end_of_act(self, group: _Group | None) -> None:
        """Commit the group, unless somebody is waiting who will do it with their own act."""
        if group is None:
            return
        late = time.monotonic() - group.opened > _GROUP_SECONDS
        # A transaction that SQLite gave up ends at once, with the error for everybody in it: whoever came next would
        # open another one without knowing.
        whole = _is_open(group.connection)
        if whole and group.members and self._turn.others_wait() and group.members < _GROUP_ACTS and not late:
            return
        self._group = None
        try:
            if group.members:
                if not whole:
                    raise sqlite3.OperationalError("the disk is full or failed, and SQLite rolled everything back")
                group.transaction.commit()
            else:
                group.transaction.rollback()
        except BaseException as error:
            group.error = error
            group.transaction.close()
        finally:
            group.done.set()
            group.connection.close()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One reading transaction: a consistent view; whatever it wrote by mistake is rolled back."""
        with self._guarded() as connection:
            connection = connection.execution_options(candor_write=False)
            transaction = connection.begin()
            try:
                yield connection
            finally:
                transaction.rollback()

    def _connect(self) -> Connection:
        try:
            return self.engine.connect()
        except DBAPIError as error:
            raise DatabaseGone(reason=_reason(error)) from error
        except TimeoutError as error:
            raise DatabaseGone(reason="every connection is in use") from error

    @contextmanager
    def _guarded(self) -> Iterator[Connection]:
        connection = self._connect()
        try:
            yield connection
        except OperationalError as error:
            # A refused statement is a fault of ours and passes through; a lost server is not.
            if _is_lost(error):
                raise DatabaseGone(reason=_reason(error)) from error
            raise
        finally:
            connection.close()

    @contextmanager
    def only_one(self, number: int, *, wait: bool = True) -> Iterator[bool]:
        """Hold a lock of this number over all machines that share a PostgreSQL database; with `wait` false it yields
        False when somebody else holds it. SQLite has one machine, where a lock on a file does: there it yields True.
        """
        if self.is_sqlite:
            yield True
            return
        with self.engine.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            name = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
            if connection.execute(sa.text(f"SELECT {name}({number})")).scalar() is False:
                yield False
                return
            try:
                yield True
            finally:
                connection.execute(sa.text(f"SELECT pg_advisory_unlock({number})"))

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def _savepoint(group: _Group) -> Iterator[None]:
    """What is done inside is undone alone when it fails. The first act of a group needs none: nothing else is there.

    Said to the driver directly: SQLAlchemy's own savepoints cost a fifth of a small act.
    """
    if not group.members:
        yield
        return
    driver: Any = group.connection.connection.dbapi_connection
    driver.execute("SAVEPOINT act")
    try:
        yield
    except BaseException:
        if driver.in_transaction:
            driver.execute("ROLLBACK TO act")
            driver.execute("RELEASE act")
        raise
    driver.execute("RELEASE act")


def _is_open(connection: Connection) -> bool:
    """Whether SQLite still holds the transaction. It gives a whole one up by itself when the disk is full or fails; the
    driver's commit would then do nothing, and acts be acknowledged that are gone."""
    return bool(getattr(connection.connection.dbapi_connection, "in_transaction", True))


def _is_lost(error: DBAPIError) -> bool:
    return error.connection_invalidated or any(words in str(error) for words in _LOST)


#: What SQLite says when it is not the statement that is wrong.
_LOST = ("unable to open", "disk I/O", "database is locked", "database or disk is full", "readonly database")


def _reason(error: DBAPIError) -> str:
    return " ".join(str(error.orig or error).split())


def _sqlite_engine(url: sa.URL, pool_size: int) -> Engine:
    engine = sa.create_engine(
        url,
        poolclass=sa.pool.QueuePool,
        pool_size=pool_size,
        max_overflow=pool_size * 4,
        hide_parameters=True,  # as above
        # isolation_level None: the driver opens no transaction of its own, `_begin` below does.
        connect_args={"timeout": 30, "check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=30000",
            "secure_delete=ON",  # a destroyed key must not linger in a free page
            "cache_size=-16000",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # Default is IMMEDIATE: whoever opens a transaction without saying "read" (the jobs engine) may write.
        reading = connection.get_execution_options().get("candor_write") is False
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
