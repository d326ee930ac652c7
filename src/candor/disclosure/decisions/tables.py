"""Tables of decisions. A decision is never changed: it is withdrawn, and another stands in its place."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

#: What is done with a recording, or with a stretch of it, in a request or for a critical incident.
release_decision = sa.Table(
    "release_decision",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("request_id", sa.String(36)),  # one of these two
    sa.Column("critical_id", sa.String(36)),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False, index=True),
    sa.Column("begin_ms", sa.BigInteger),  # on the recording's own clock; None: the whole recording
    sa.Column("end_ms", sa.BigInteger),
    sa.Column("decision", sa.Text, nullable=False),  # decisions.rules.Decision: release, redact, withhold
    sa.Column("exemption", sa.Text, nullable=False),  # redaction.exemptions key; "" where nothing is held back
    sa.Column("citation", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column(
        "weighed", JsonText, nullable=False
    ),  # [{"code", "rule", "citation", "words", "how", "reason", "document"}]
    sa.Column("decided_by", sa.Text, nullable=False),  # an actor
    sa.Column("decided_at", UtcDateTime, nullable=False),
    sa.Column("book", sa.Text, nullable=False),  # identifier of the law's book it was decided by
    sa.Column("withdrawn_by", sa.Text),
    sa.Column("withdrawn_at", UtcDateTime),  # None while it stands
    sa.Column("withdraw_reason", sa.Text),
    sa.Index("ix_release_decision_request", "request_id", "recording_id"),
    sa.Index("ix_release_decision_critical", "critical_id", "recording_id"),
)
