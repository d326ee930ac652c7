"""Tables of releases."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

release = sa.Table(
    "release",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("number", sa.Text, nullable=False, unique=True),  # RL-2026-0001
    sa.Column("request_id", sa.String(36), index=True),  # one of these two
    sa.Column("critical_id", sa.String(36), index=True),
    sa.Column("audience", sa.Text, nullable=False),  # releases.rules.Audience: requester, public
    sa.Column("state", sa.Text, nullable=False),  # releases.rules.ReleaseState
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),  # in plain language
    sa.Column("prepared_by", sa.Text, nullable=False),  # an actor
    sa.Column("prepared_at", UtcDateTime, nullable=False),
    sa.Column("approved_by", sa.Text),
    sa.Column("approved_at", UtcDateTime),
    sa.Column("sent_back_by", sa.Text),
    sa.Column("sent_back_at", UtcDateTime),
    sa.Column("sent_back_reason", sa.Text),
    sa.Column("package_id", sa.String(36)),  # of disclosure.tables.package, once approved
    sa.Column("published_at", UtcDateTime),
    sa.Column("zip_sha256", sa.LargeBinary(32)),  # of the package as it was published
    sa.Column("zip_size", sa.BigInteger),
    sa.Column("recalled_by", sa.Text),
    sa.Column("recalled_at", UtcDateTime),
    sa.Column("recall_reason", sa.Text),
    sa.Column("discarded_by", sa.Text),
    sa.Column("discarded_at", UtcDateTime),
    sa.Column("discard_reason", sa.Text),
    sa.Column("problem", sa.Text),
    sa.Column("rule", sa.Text),  # the rule that forbade it, where one did
    sa.Column("job_id", sa.Text),
    # What was published: [{"name", "kind", "media_type", "size", "sha256", "words", "duration_ms", "proven"}]
    sa.Column("files", JsonText),
    # What was held back, as the papers of the package have it: [hidden.Hidden, …], the first of them
    sa.Column("hidden", JsonText),
    sa.Column("basis", JsonText, nullable=False),  # decisions, clocks and book that it was prepared by
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index("ix_release_state", "state", "prepared_at", "id"),
)

#: A redacted copy that a release holds.
release_copy = sa.Table(
    "release_copy",
    metadata,
    sa.Column("release_id", sa.String(36), sa.ForeignKey("release.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("copy_id", sa.String(36), nullable=False),  # of redaction.tables.redacted_copy
    sa.Column("recording_id", sa.String(36), nullable=False, index=True),
    sa.Column("although", sa.Text, nullable=False),  # why it goes out with a doubtful proof
    sa.Column("signed_object_id", sa.String(36)),  # the copy with its content credentials
    sa.Column("signed_sha256", sa.LargeBinary(32)),
    sa.Column("signed_size", sa.BigInteger),
)

#: The last number that was given in a year.
release_counter = sa.Table(
    "release_counter",
    metadata,
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last", sa.Integer, nullable=False),
)

#: Which custody events tell of a release, in the order in which they were appended. The events are the custody log's.
release_history = sa.Table(
    "release_history",
    metadata,
    sa.Column("event_id", sa.String(36), primary_key=True),  # a custody event
    sa.Column("release_id", sa.String(36), sa.ForeignKey("release.id"), nullable=False),
    sa.Index("ix_release_history_release", "release_id", "event_id"),
)
