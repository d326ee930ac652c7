"""Tables of what cases close: which of them are open to their own people alone, and reviews before a statement."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

#: A case whose recordings only its own people may see, and which only they may see. One row per time that it was so.
matter_closed_circle = sa.Table(
    "matter_closed_circle",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("matter_id", sa.String(36), sa.ForeignKey("matter.id"), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("placed_by", sa.Text, nullable=False),  # an actor
    sa.Column("placed_at", UtcDateTime, nullable=False),
    sa.Column("lifted_by", sa.Text),
    sa.Column("lifted_at", UtcDateTime),  # None while it is so
    sa.Column("lift_reason", sa.Text),
    sa.Index(
        "ix_matter_closed_circle_now",
        "matter_id",
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    ),
)
