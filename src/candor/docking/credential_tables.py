"""Tables of the credentials that docks come with."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

#: A user name and a key, of which only the hash is kept. A dock may have several at a time, so that one can be
#: replaced without a break.
dock_credential = sa.Table(
    "dock_credential",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("dock_id", sa.String(36), sa.ForeignKey("dock.id"), nullable=False, index=True),
    sa.Column("user_name", sa.Text, nullable=False, unique=True),
    sa.Column("key_hash", sa.LargeBinary(32), nullable=False),  # SHA-256; the key is 256 random bits
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),  # an actor
    sa.Column("revoked_at", UtcDateTime),
    sa.Column("used_at", UtcDateTime),  # last time, to the minute
)

#: How often a credential was used or turned away, per day and address: what decides whether it is an event.
dock_credential_use = sa.Table(
    "dock_credential_use",
    metadata,
    sa.Column("day", sa.String(10), primary_key=True),  # UTC
    sa.Column("credential_id", sa.String(36), primary_key=True),  # empty: a user name that nobody has
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("outcome", sa.Text, primary_key=True),  # used | unknown | wrong-key | revoked | dock-closed
    sa.Column("times", sa.Integer, nullable=False),
)
