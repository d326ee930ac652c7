"""Tables of health: what was found last, and who watches."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

#: The newest finding of each check, written by whoever watches; every process and the page read the same.
health_state = sa.Table(
    "health_state",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("level", sa.Text, nullable=False),  # findings.Level
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("mend", sa.Text, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),  # at this level
    sa.Column("checked_at", UtcDateTime, nullable=False),
)

#: One row: the process that watches, and until when nobody else does.
health_lease = sa.Table(
    "health_lease",
    metadata,
    sa.Column("only", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("holder", sa.String(36), nullable=False),
    sa.Column("until", UtcDateTime, nullable=False),
    sa.CheckConstraint('"only" = 1', name="only_one"),
)
