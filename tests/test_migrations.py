"""Migrations: head equals the models, up and down, with data, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from candor import migrations
from candor.core.database import Database
from candor.custody import Event, append
from candor.jobs import ENGINE_TABLES
from candor.migrations import DatabaseTooNew, migrate
from candor.migrations.models import metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/empty.sqlite3")
        yield database
        database.dispose()
        return
    server = request.getfixturevalue("postgresql")
    name = server.create()
    database = Database(server.url(name))
    yield database
    database.dispose()
    server.drop(name)


def tables(database: Database) -> set[str]:
    return set(sa.inspect(database.engine).get_table_names())


@pytest.mark.filterwarnings("ignore:autogenerate skipping:UserWarning")
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index:sqlalchemy.exc.SAWarning")
def test_head_equals_the_models(empty: Database) -> None:
    migrate(empty)

    def ours(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
        searching = kind == "table" and (name or "").startswith("recording_fts")
        only_there = kind == "index" and name == "ix_recording_words_words" and empty.is_sqlite
        return not (searching or only_there or (kind == "table" and name in {*ENGINE_TABLES, "alembic_version"}))

    with empty.read() as tx:
        context = MigrationContext.configure(tx, opts={"include_object": ours, "compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_indexes_on_expressions_are_there_too(empty: Database) -> None:
    """What Alembic cannot compare, by name."""
    migrate(empty)
    query = "SELECT name FROM sqlite_master" if empty.is_sqlite else "SELECT indexname FROM pg_indexes"
    with empty.read() as tx:
        there = set(tx.execute(sa.text(query)).scalars())
    for table in metadata.tables.values():
        wanted = {
            str(index.name)
            for index in table.indexes
            if empty.is_sqlite is False or "words_words" not in str(index.name)
        }
        assert wanted <= there


def test_down_and_up_again_with_data(empty: Database) -> None:
    before = tables(empty)
    migrate(empty)
    with empty.write() as tx:
        append(tx, Event.ACCOUNT_SIGNED_IN, actor="system:test")
    migrate(empty, "base")
    assert tables(empty) - {"alembic_version"} == before
    migrate(empty)
    with empty.write() as tx:
        append(tx, Event.ACCOUNT_SIGNED_IN, actor="system:test")


def test_migrating_again_changes_nothing_and_keeps_data(empty: Database) -> None:
    migrate(empty)
    with empty.write() as tx:
        event = append(tx, Event.ACCOUNT_SIGNED_IN, actor="system:test")
    migrate(empty)
    with empty.read() as tx:
        assert tx.execute(sa.text("SELECT id FROM custody_event")).scalar() == event


def test_the_newest_file_is_the_head() -> None:
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert script.get_current_head() == migrations.HEAD


def test_a_database_of_a_newer_version_is_left_alone(empty: Database) -> None:
    migrate(empty)
    with empty.write() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew, match=re.escape("9999")):
        migrate(empty)
