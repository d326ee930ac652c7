"""Tables of recovery: the backups that were made from here."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

#: One row per run of `candor backup`. The newest one with `ended_at` and no problem says how old the last backup is.
backup_run = sa.Table(
    "backup_run",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),  # the backup's identifier
    sa.Column("place", sa.Text, nullable=False),  # in words for people
    sa.Column("kind", sa.Text, nullable=False),  # folder | s3
    sa.Column("started_at", UtcDateTime, nullable=False, index=True),
    sa.Column("ended_at", UtcDateTime),  # None: it runs, or it was interrupted
    sa.Column("objects", sa.BigInteger),
    sa.Column("bytes", sa.BigInteger),
    sa.Column("copied", sa.BigInteger),  # objects that were not there before
    sa.Column("log_size", sa.BigInteger),
    sa.Column("problem", sa.Text),  # what kept it from being whole; None: it is whole
)
