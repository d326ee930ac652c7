"""Tables of notices: who is told of what, what each person was told, and the mails of it."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

#: Who is told of a kind, where an administrator changed it; a kind without a row goes by its default.
notice_route = sa.Table(
    "notice_route",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),  # outbox.NoticeKind
    sa.Column("roles", JsonText, nullable=False),  # list of role names
    sa.Column("accounts", JsonText, nullable=False),  # list of account ids
    sa.Column("changed_at", UtcDateTime, nullable=False),
)

#: What holds for everybody's notices: one row, or none while nothing was changed.
notice_rule = sa.Table(
    "notice_rule",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),  # always 1
    sa.Column("urgent_breaks_quiet", sa.Boolean, nullable=False),
)

#: How somebody wants to be told; without a row as `rules.Choice` has it.
notice_choice = sa.Table(
    "notice_choice",
    metadata,
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("mail", sa.Boolean, nullable=False),
    sa.Column("paces", JsonText, nullable=False),  # severity -> pace
    sa.Column("daily_at", sa.Integer, nullable=False),  # minutes after midnight, in the agency's zone
    sa.Column("quiet_from", sa.Integer),  # the same
    sa.Column("quiet_until", sa.Integer),
)

#: What somebody was told: one row per person and notice.
notice_entry = sa.Table(
    "notice_entry",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("notice_id", sa.String(36), sa.ForeignKey("outbox_notice.id"), nullable=False),
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id"), nullable=False),
    sa.Column("told_at", UtcDateTime, nullable=False),
    sa.Column("read_at", UtcDateTime),
    sa.UniqueConstraint("notice_id", "account_id"),
    sa.Index("ix_notice_entry_unread", "account_id", "read_at"),
    sa.Index("ix_notice_entry_read_at", "read_at"),
)

#: One mail to one person. What it says is made from its items when it is sent, the same each time.
notice_mail = sa.Table(
    "notice_mail",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id"), nullable=False, index=True),
    sa.Column("message_id", sa.Text, nullable=False, unique=True),  # stays the same however often it is tried
    sa.Column("in_reply_to", sa.Text),  # Message-ID of the mail that this one follows up
    sa.Column("form", sa.Text, nullable=False),  # single or digest
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # delivery.MailState
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_at", UtcDateTime, nullable=False),  # not before
    sa.Column("lease_by", sa.String(36)),  # who is sending it now
    sa.Column("lease_until", UtcDateTime),
    sa.Column("problem", sa.Text),  # the latest, in the mail server's words
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Index("ix_notice_mail_due", "state", "next_at"),
)

#: What a mail tells, or will tell once it is put together.
notice_mail_item = sa.Table(
    "notice_mail_item",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("notice_id", sa.String(36), sa.ForeignKey("outbox_notice.id"), nullable=False),
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id"), nullable=False),
    sa.Column("part", sa.Text, nullable=False),  # told or over
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("bundled", sa.Boolean, nullable=False),  # goes into a digest
    sa.Column("mail_id", sa.String(36), sa.ForeignKey("notice_mail.id", ondelete="CASCADE"), index=True),
    sa.UniqueConstraint("notice_id", "account_id", "part"),
    sa.Index("ix_notice_mail_item_waiting", "mail_id", "due_at"),
)
