"""Tables of what was destroyed: what of it came in again, what a court closed, and the secret of keyed digests."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

__all__ = ["court_seal", "digest_secret", "returned"]

#: Bytes of a destroyed recording that came in again, through whatever door. They are sealed and held until somebody
#: decides: no list of recordings has them, nobody can watch them.
returned = sa.Table(
    "returned",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False, index=True),
    sa.Column("part_id", sa.String(36), sa.ForeignKey("part.id"), nullable=False, index=True),
    sa.Column("object_id", sa.String(36), nullable=False, unique=True),  # in the vault, of kind original
    sa.Column("state", sa.Text, nullable=False),  # footage.returning.ReturnState
    sa.Column("times", sa.Integer, nullable=False),  # how often the same bytes came while they were held
    sa.Column("name", sa.Text, nullable=False),  # as the sender named it (footage.names.kept)
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("face", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("device_id", sa.String(36)),
    sa.Column("dock_id", sa.String(36)),
    sa.Column("file_modified_at", UtcDateTime),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("last_at", UtcDateTime, nullable=False),
    sa.Column("decided_by", sa.Text),  # an actor; None while it is held
    sa.Column("decided_at", UtcDateTime),
    sa.Column("authority", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("into_recording", sa.String(36)),  # what it became, where it was taken in
    sa.Index("ix_returned_state", "state", "received_at"),
)

#: A recording that a court ordered to be closed, and the order that opened it again.
court_seal = sa.Table(
    "court_seal",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False, index=True),
    # "recording" while it holds, None afterwards. Unique: two at once cannot both close it.
    sa.Column("open_key", sa.String(36), unique=True),
    sa.Column("authority", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("placed_by", sa.Text, nullable=False),
    sa.Column("placed_at", UtcDateTime, nullable=False),
    sa.Column("lift_authority", sa.Text),
    sa.Column("lift_reason", sa.Text),
    sa.Column("lifted_by", sa.Text),
    sa.Column("lifted_at", UtcDateTime),
)

#: One row: which secret of the vault keys the digests by which erased files are known again.
digest_secret = sa.Table(
    "digest_secret",
    metadata,
    sa.Column("only", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("secret_id", sa.String(36), nullable=False),
)
