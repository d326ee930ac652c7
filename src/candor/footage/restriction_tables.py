"""Tables of what narrows, or for a while opens, who may see a recording. What is taken back is ended, never removed."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

#: Why a recording is not for everybody whose role would reach it.
restriction = sa.Table(
    "restriction",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # footage.restriction_rules.RestrictionKind
    sa.Column("ref", sa.Text, nullable=False),  # what it follows from: a label, a case's id, an account's id; or empty
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),  # citation, or the id of a rule
    sa.Column("placed_by", sa.Text, nullable=False),  # an actor
    sa.Column("placed_at", UtcDateTime, nullable=False),
    sa.Column("lifted_by", sa.Text),
    sa.Column("lifted_at", UtcDateTime),  # None while it holds
    sa.Column("lift_reason", sa.Text),
    sa.Index("ix_restriction_recording", "recording_id", "lifted_at", "kind"),
    sa.Index("ix_restriction_ref", "ref", "kind"),
    # Two at once cannot both place it.
    sa.Index(
        "ix_restriction_now",
        "recording_id",
        "kind",
        "ref",
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    ),
)

#: Who is let in to a restricted recording, and who is kept out of it whatever else says otherwise.
restriction_person = sa.Table(
    "restriction_person",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("restriction_id", sa.String(36), sa.ForeignKey("restriction.id"), nullable=False),
    sa.Column("recording_id", sa.String(36), nullable=False),  # the restriction's
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id"), nullable=False),
    sa.Column("may", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("said_by", sa.Text, nullable=False),  # an actor
    sa.Column("said_at", UtcDateTime, nullable=False),
    sa.Column("ended_by", sa.Text),
    sa.Column("ended_at", UtcDateTime),  # None while it holds
    sa.Column("end_reason", sa.Text),
    sa.Index("ix_restriction_person_account", "recording_id", "account_id", "ended_at"),
    sa.Index(
        "ix_restriction_person_now",
        "restriction_id",
        "account_id",
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
)

#: A recording that its roles alone would not show to somebody, opened to them for one granted purpose.
recording_opening = sa.Table(
    "recording_opening",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False),
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id"), nullable=False),
    sa.Column("ref", sa.Text, nullable=False),  # what grants it, such as the id of a review before a statement
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("opened_by", sa.Text, nullable=False),  # an actor
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("ended_by", sa.Text),
    sa.Column("ended_at", UtcDateTime),  # None while it is open
    sa.Index("ix_recording_opening_account", "recording_id", "account_id", "ended_at"),
    sa.Index("ix_recording_opening_ref", "ref"),
)

#: Which recordings are restricted now, by their places in the order by start: one row each, made from the tables above
#: in the same transaction. It is what lets a list of a million leave out a few without reading the rest.
restricted_place = sa.Table(
    "restricted_place",
    metadata,
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), primary_key=True),
    sa.Column("key", sa.BigInteger, nullable=False, unique=True),  # recording.started_key
    sa.Column("level", sa.Integer, nullable=False),  # footage.restriction_rules.Level
)

#: One row: what the agency says of who may see footage. No row: `access_policy.AccessPolicy()`.
access_policy = sa.Table(
    "access_policy",
    metadata,
    sa.Column("only", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("restricting_labels", JsonText, nullable=False),  # list of law.vocabulary.Label
    sa.Column("subjects_kept_out", sa.Boolean, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),  # access_policy.AskPurpose
    sa.Column("purposes", JsonText, nullable=False),  # list of text
    sa.Column("other_purposes", sa.Boolean, nullable=False),
    sa.CheckConstraint('"only" = 1', name="only_one"),
)
