"""Tables of the vault."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

__all__ = ["fixity_run", "tombstone", "vault_epoch", "vault_key", "vault_object", "vault_secret"]

vault_object = sa.Table(
    "vault_object",
    metadata,
    sa.Column("object_id", sa.String(36), primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("chunk_root", sa.LargeBinary(32), nullable=False),
    sa.Column("stored_size", sa.BigInteger, nullable=False),
    sa.Column("key_epoch", sa.Integer, nullable=False, index=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("key_destroyed_at", UtcDateTime),
    sa.Column("last_fixity_at", UtcDateTime),
    sa.Column("last_fixity_result", sa.String(20)),
    sa.Index("ix_vault_object_sha256", "sha256"),
)
"""One row per sealed object. It outlives the object's key: that something was sealed stays known."""

vault_key = sa.Table(
    "vault_key",
    metadata,
    sa.Column("object_id", sa.String(36), sa.ForeignKey("vault_object.object_id"), primary_key=True),
    sa.Column("wrapped_key", sa.LargeBinary(60), nullable=False),
)
"""The wrapped key of an object; zeros once it is destroyed.

A table of its own whose rows all have one size and are never deleted, because of how SQLite keeps rows: deleting some
merges pages, and that leaves copies of the others in the gaps of a page, which secure_delete does not clear. A row that
is overwritten by one of its own size is overwritten in its place, and no other row moves."""

vault_secret = sa.Table(
    "vault_secret",
    metadata,
    sa.Column("secret_id", sa.String(36), primary_key=True),
    sa.Column("key_epoch", sa.Integer, nullable=False, index=True),  # 0: destroyed
    sa.Column("wrapped_secret", sa.LargeBinary(60), nullable=False),
)
"""Small secrets of the programme itself, wrapped as the keys of objects are (`secrets.py`)."""

vault_epoch = sa.Table(
    "vault_epoch",
    metadata,
    sa.Column("key_epoch", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("check_value", sa.LargeBinary(16), nullable=False),
    sa.Column("first_used_at", UtcDateTime, nullable=False),
    sa.Column("retired_at", UtcDateTime),
)
"""Which key-encryption keys have sealed here: a wrong keyring is noticed before it is used, and nothing is recorded
under a key that is about to be destroyed."""

fixity_run = sa.Table(
    "fixity_run",
    metadata,
    sa.Column("run_id", sa.String(36), primary_key=True),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("position", sa.String(36), nullable=False),
    sa.Column("objects_done", sa.Integer, nullable=False),
    sa.Column("bytes_done", sa.BigInteger, nullable=False),
    sa.Column("objects_wrong", sa.Integer, nullable=False),
)
"""How far a re-reading of everything has come. `position` is the last object that was checked."""

tombstone = sa.Table(
    "tombstone",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("subject", sa.String(36), nullable=False, index=True),  # the recording
    sa.Column("object_ids", JsonText, nullable=False),  # list of identifiers, sorted
    sa.Column("destroyed_at", UtcDateTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),  # account id or system:…
    sa.Column("authority", sa.Text, nullable=False),  # by what right: an order, a statute
    sa.Column("reason", sa.Text, nullable=False),
    # purge: catalogue entry and history stay; erasure: what they held of the footage is gone too, by a court's order
    sa.Column("kind", sa.Text, nullable=False, server_default="purge"),
    # What has been done since; None: still owed.
    sa.Column("erased_at", UtcDateTime),  # the bytes left the store
    sa.Column("kept_at", UtcDateTime),  # in the ledger beside the keys
    sa.Column("backup_place", sa.Text),  # the backup's place that was told last
)
"""What was destroyed on purpose: a backup from before it must not bring it back."""
