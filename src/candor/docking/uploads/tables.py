"""Tables of resumable uploads."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

__all__ = ["upload", "upload_segment"]

upload = sa.Table(
    "upload",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # 128 random bits; the address that the sender goes on with
    sa.Column("owner_kind", sa.String(10), nullable=False),  # account | dock | link
    sa.Column("owner_id", sa.String(40), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),  # account id or system:…
    sa.Column("kind", sa.String(10), nullable=False),  # whole | part | joined
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("length", sa.BigInteger),  # None: not said yet
    sa.Column("received", sa.BigInteger, nullable=False),  # durable, and the segments have exactly so many
    sa.Column("claim", JsonText, nullable=False),  # what is claimed of the file, checked
    sa.Column("metadata", sa.Text, nullable=False),  # as the sender gave it, given back as it was
    sa.Column("parts", JsonText, nullable=False),  # ids of the uploads that a joined one consists of, in order
    sa.Column("place", sa.String(36), nullable=False),  # the folder in which its segments lie
    sa.Column("lease", sa.String(36)),  # the process that receives or assembles it now
    sa.Column("lease_until", UtcDateTime),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("assembled", sa.BigInteger, nullable=False),  # bytes, while it is being assembled
    sa.Column("problem", sa.Text),  # why it could not be assembled, or never will be
    # What became of it.
    sa.Column("recording_id", sa.String(36)),
    sa.Column("part_id", sa.String(36)),
    sa.Column("sha256", sa.LargeBinary(32)),
    sa.Column("new", sa.Boolean),
    sa.Column("flags", JsonText),
    sa.Index("ix_upload_owner", "owner_kind", "owner_id", "state"),
    sa.Index("ix_upload_state", "state", "expires_at"),
)
"""One row per upload. It is not evidence: only what intake made of it is."""

upload_segment = sa.Table(
    "upload_segment",
    metadata,
    sa.Column("object_id", sa.String(36), primary_key=True),
    sa.Column("upload_id", sa.String(32), sa.ForeignKey("upload.id"), nullable=False, index=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("secret_id", sa.String(36), nullable=False),  # its key, in vault_secret
    sa.Column("streamed", sa.BigInteger, nullable=False),
    sa.Column("tail", sa.Integer, nullable=False),
    sa.Column("tail_number", sa.Integer, nullable=False),
)
"""A stretch of an upload that was received by one writer: a draft under a key of its own (`store.drafts`)."""
