"""Tables of the links by which the public gives footage."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import BigIntKey, UtcDateTime, metadata

__all__ = ["upload_link", "upload_link_file", "upload_link_miss"]

#: A link for one giver and one case. Its secret stands in the address; here is only its hash.
upload_link = sa.Table(
    "upload_link",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("number", sa.String(9), nullable=False, unique=True),  # for people, on the receipt; opens nothing
    sa.Column("secret_hash", sa.LargeBinary(32), nullable=False, unique=True),  # SHA-256; the secret is 192 random bits
    sa.Column("incident_number", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),  # for the giver
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),  # an actor
    sa.Column("ends_at", UtcDateTime, nullable=False),
    sa.Column("most_files", sa.Integer, nullable=False),
    sa.Column("most_bytes", sa.BigInteger, nullable=False),
    sa.Column("begun", sa.Integer, nullable=False),  # files that were begun, also those that were given up
    sa.Column("opened_at", UtcDateTime),  # last time that it was an event
    sa.Column("revoked_at", UtcDateTime),
    sa.Column("revoked_by", sa.Text),
    sa.Index("ix_upload_link_created", "created_at"),
)

#: A file that came by a link and is sealed: what the receipt says. It stays when its upload is forgotten.
upload_link_file = sa.Table(
    "upload_link_file",
    metadata,
    sa.Column("upload_id", sa.String(32), primary_key=True),
    sa.Column("link_id", sa.String(36), sa.ForeignKey("upload_link.id"), nullable=False, index=True),
    sa.Column("recording_id", sa.String(36), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("sealed_at", UtcDateTime, nullable=False),
    sa.Column("event_id", sa.String(36), nullable=False),  # link:used
)

#: Addresses that led nowhere, by whom they were asked for; kept for a quarter of an hour.
upload_link_miss = sa.Table(
    "upload_link_miss",
    metadata,
    sa.Column("id", BigIntKey, primary_key=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index("ix_upload_link_miss_address", "address", "at"),
)
