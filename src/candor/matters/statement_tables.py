"""Tables of reviews before a statement: who asked, who decided, what was opened and seen, with whom present."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

#: An officer's review of footage before a formal statement, or in a disciplinary investigation.
statement_review = sa.Table(
    "statement_review",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("officer_id", sa.String(36), sa.ForeignKey("account.id"), nullable=False),
    sa.Column("occasion", sa.Text, nullable=False),  # matters.statements.Occasion
    sa.Column("about", sa.Text, nullable=False),  # what the officer asks for, in words
    sa.Column("asked_by", sa.String(36), nullable=False),
    sa.Column("asked_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # matters.statements.ReviewState
    sa.Column("matter_id", sa.String(36), sa.ForeignKey("matter.id"), index=True),
    sa.Column("rule", sa.Text, nullable=False),  # citation of the rule of law that gives the right; empty: none does
    sa.Column("with_whom", sa.Text, nullable=False),  # who has to be present
    sa.Column("decided_by", sa.String(36)),
    sa.Column("decided_at", UtcDateTime),
    sa.Column("decision_reason", sa.Text),
    sa.Column("present", sa.Text),  # who was present, as the officer says
    sa.Column("begun_at", UtcDateTime),
    sa.Column("ended_by", sa.String(36)),
    sa.Column("ended_at", UtcDateTime),  # completed, or taken back
    sa.Column("end_reason", sa.Text),
    sa.Index("ix_statement_review_officer", "officer_id", "asked_at"),
    sa.Index("ix_statement_review_state", "state", "asked_at"),
)

#: A recording of such a review: asked for by the officer, or granted.
statement_recording = sa.Table(
    "statement_recording",
    metadata,
    sa.Column("review_id", sa.String(36), sa.ForeignKey("statement_review.id"), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), primary_key=True),
    sa.Column("granted", sa.Boolean, nullable=False),
    sa.Column("opened_at", UtcDateTime),  # by the officer, within the review; None: never
    sa.Index("ix_statement_recording_recording", "recording_id"),
)
