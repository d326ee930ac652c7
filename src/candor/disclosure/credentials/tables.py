"""The table of keys for content credentials."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

#: A certificate, and its private key where it is held here. No row is ever deleted: copies that were signed with an old
#: one are out there, and whoever checks one needs its root.
credential_key = sa.Table(
    "credential_key",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("role", sa.Text, nullable=False),  # credentials.rules.KeyRole
    sa.Column("origin", sa.Text, nullable=False),  # credentials.rules.KeyOrigin
    # The role again, of the one that is in use: unique, so that two that begin at once do not make two.
    sa.Column("in_use", sa.Text, unique=True),
    sa.Column("chain", sa.Text, nullable=False),  # PEM, this certificate first, its root last
    sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),  # SHA-256 of the certificate in DER
    sa.Column("root_fingerprint", sa.LargeBinary(32), nullable=False),
    sa.Column("algorithm", sa.Text, nullable=False),  # credentials.rules.Algorithm
    sa.Column("not_before", UtcDateTime, nullable=False),
    sa.Column("not_after", UtcDateTime, nullable=False),
    sa.Column("secret_id", sa.String(36), nullable=False),  # of store.secrets: what the key is sealed with
    sa.Column("sealed_key", sa.LargeBinary, nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
)

#: A redacted copy with content credentials in it, sealed. One for each title that it went out under.
credentialed_copy = sa.Table(
    "credentialed_copy",
    metadata,
    sa.Column("copy_id", sa.String(36), primary_key=True),  # of redaction.tables.redacted_copy
    sa.Column("title", sa.Text, primary_key=True),
    sa.Column("recording_id", sa.String(36), nullable=False, index=True),
    sa.Column("object_id", sa.String(36), nullable=False),  # its key may be destroyed
    sa.Column("sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("key_id", sa.String(36), sa.ForeignKey("credential_key.id"), nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
)
