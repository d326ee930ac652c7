"""Table of the archive tier: which recordings lie in the archive, and which are on their way back."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

__all__ = ["archived_recording"]

#: One row per recording that was ever archived. Where its bytes lie is where the stores find them; this says it for
#: lists and pages, and who waits.
archived_recording = sa.Table(
    "archived_recording",
    metadata,
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), primary_key=True),
    sa.Column("state", sa.Text, nullable=False, index=True),  # footage.archiving.ArchiveState
    sa.Column("archived_at", UtcDateTime, nullable=False),
    sa.Column("asked_by", sa.Text),  # who asked for it back, an actor
    sa.Column("asked_at", UtcDateTime),
    sa.Column("job_id", sa.String(36)),
    sa.Column("returned_at", UtcDateTime),
    sa.Column("problem", sa.Text),  # why it could not be brought back, for people
)
