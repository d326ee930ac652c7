"""Tables of retention: holds, plans, dispositions and what became of each recording in them."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

__all__ = ["disposition", "disposition_item", "hold", "retention_plan", "retention_plan_item"]

#: Why footage must stay. On a case, with everything that belongs to it, or on one recording.
hold = sa.Table(
    "hold",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),  # law.vocabulary.HoldKind
    # One of the two. The case is of the room above footage, so its row is not referred to by a constraint.
    sa.Column("matter_id", sa.String(36), index=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("owner_id", sa.String(36), sa.ForeignKey("account.id")),  # who answers for it; None: nobody yet
    sa.Column("review_on", sa.String(10)),  # ISO 8601: when somebody looks at it again; it ends nothing
    sa.Column("placed_by", sa.Text, nullable=False),
    sa.Column("placed_at", UtcDateTime, nullable=False),
    sa.Column("released_by", sa.Text),
    sa.Column("released_at", UtcDateTime),
    sa.Column("release_reason", sa.Text),
    sa.Index("ix_hold_open", "released_at", "review_on"),
)

#: What followed for all recordings by a book at a moment: a plan, or a change that was tried out.
retention_plan = sa.Table(
    "retention_plan",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),  # plan | dry-run
    sa.Column("change_id", sa.String(36), index=True),  # of a dry run: law.tables.law_change
    sa.Column("state", sa.Text, nullable=False),  # retention.plans.PlanState
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("asked_at", UtcDateTime, nullable=False),
    sa.Column("job_id", sa.String(36)),
    sa.Column("moment", UtcDateTime),  # for which it was asked
    sa.Column("book", sa.String(64)),  # by which book it was answered
    sa.Column("result", JsonText),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("problem", sa.Text),
    sa.Index("ix_retention_plan_newest", "kind", "asked_at"),
)

#: A recording for which a change makes a difference.
retention_plan_item = sa.Table(
    "retention_plan_item",
    metadata,
    sa.Column("plan_id", sa.String(36), sa.ForeignKey("retention_plan.id"), primary_key=True),
    sa.Column("recording_id", sa.String(36), primary_key=True),
    sa.Column("becomes", sa.Text, nullable=False),  # purgeable | kept
)

#: An authorisation to destroy, erase or seal away.
disposition = sa.Table(
    "disposition",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("number", sa.Text, nullable=False, unique=True),  # the agency's, such as RC-108 2026/14
    sa.Column("kind", sa.Text, nullable=False),  # retention.dispositions.DispositionKind
    sa.Column("authority", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # retention.dispositions.DispositionState
    sa.Column("proposed_by", sa.Text, nullable=False),
    sa.Column("proposed_at", UtcDateTime, nullable=False),
    sa.Column("book", sa.String(64), nullable=False),  # by which it was proposed
    sa.Column("chosen", JsonText, nullable=False),  # how the recordings were chosen
    sa.Column("recordings", sa.BigInteger, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),  # bytes
    sa.Column("duration_ms", sa.BigInteger, nullable=False),
    sa.Column("decided_by", sa.Text),
    sa.Column("decided_at", UtcDateTime),
    sa.Column("decision_reason", sa.Text),
    sa.Column("recycle_until", UtcDateTime),
    sa.Column("begun_by", sa.Text),
    sa.Column("begun_at", UtcDateTime),
    sa.Column("job_id", sa.String(36)),
    sa.Column("problem", sa.Text),  # why its last run stopped, for people
    sa.Column("done_at", UtcDateTime),
    sa.Index("ix_disposition_newest", "proposed_at"),
)

#: A recording of a disposition, and what became of it.
disposition_item = sa.Table(
    "disposition_item",
    metadata,
    sa.Column("disposition_id", sa.String(36), sa.ForeignKey("disposition.id"), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), primary_key=True),
    sa.Column("state", sa.Text, nullable=False),  # retention.dispositions.ItemState
    sa.Column("why", sa.Text),  # why it was kept, for people
    sa.Column("by", sa.Text),  # who kept it
    sa.Column("tombstone_id", sa.String(36), unique=True),
    sa.Column("done_at", UtcDateTime),
    sa.Index("ix_disposition_item_state", "disposition_id", "state", "recording_id"),
    sa.Index("ix_disposition_item_recording", "recording_id"),
)
