"""The tables that the dispatching engine keeps in our database."""

from __future__ import annotations

from candor.core.database import Database

__all__ = ["ENGINE_TABLES", "make_engine_tables"]

#: On SQLite the engine's tables lie among ours (PostgreSQL gives them a schema of their own): whoever
#: compares the database with `core.database.metadata` leaves these out.
ENGINE_TABLES = frozenset(
    {
        "application_versions",
        "dbos_migrations",
        "notifications",
        "operation_outputs",
        "queues",
        "streams",
        "workflow_events",
        "workflow_events_history",
        "workflow_input",
        "workflow_output",
        "workflow_schedules",
        "workflow_status",
    }
)


def make_engine_tables(database: Database) -> None:
    """Make the engine's tables, or bring them up to date; harmless when they are. Needed before the first enqueue."""
    from candor.jobs.engine import migrate_engine  # it takes most of a second to load

    migrate_engine(database)
