"""Tables of the law: texts that were proposed or are in effect, and every change of what is applied here."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

#: The text of a pack or a policy as it was proposed, for good.
law_text = sa.Table(
    "law_text",
    metadata,
    sa.Column("sha256", sa.String(64), primary_key=True),  # of content, hexadecimal
    sa.Column("pack_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # law.model.PackKind
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("entered_at", UtcDateTime, nullable=False),
)

#: One change of what is applied here: a pack, the policy, rules adopted or no longer adopted.
law_change = sa.Table(
    "law_change",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),  # law.changes.ChangeKind
    sa.Column("state", sa.Text, nullable=False),  # law.changes.ChangeState
    sa.Column("pack_id", sa.Text),  # of a pack or a policy
    sa.Column("text_sha256", sa.String(64), sa.ForeignKey("law_text.sha256")),  # None: it is taken out of effect
    # Of an adoption: list of [rule id, rule sha256]; of a meaning: of [category, law class].
    sa.Column("rules", JsonText, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("proposed_by", sa.Text, nullable=False),
    sa.Column("proposed_at", UtcDateTime, nullable=False),
    # What the change would do to what is kept: retention's summary of trying it out.
    sa.Column("dry_run", JsonText),
    sa.Column("dry_run_at", UtcDateTime),
    # What it was tried out over: the book in effect then. Another book: it has to be tried out again.
    sa.Column("dry_run_book", sa.String(64)),
    sa.Column("decided_by", sa.Text),
    sa.Column("decided_at", UtcDateTime),
    sa.Column("decision_reason", sa.Text),
    # Counts up over changes that came into force: the order in which they did, without two at once.
    sa.Column("number", sa.Integer, unique=True),
    sa.Index("ix_law_change_state", "state", "proposed_at"),
)
