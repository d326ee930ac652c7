"""Run by Alembic: hands it the connection of the caller's transaction and every room's tables."""

from __future__ import annotations

from alembic import context

from candor.migrations.models import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
