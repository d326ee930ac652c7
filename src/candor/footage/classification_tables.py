"""Tables of classification: who said which category and which labels of a recording, and what categories mean."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

_OPEN = sa.text("ended_at IS NULL")
_OPEN_CATEGORY = sa.text("kind = 'category' AND ended_at IS NULL")

#: That somebody said a category or a label of a recording. What holds has no end; what was put right keeps its row.
classification = sa.Table(
    "classification",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # category | label
    sa.Column("value", sa.Text, nullable=False),  # the category's name, or law.vocabulary.Label
    sa.Column("said_by", sa.Text, nullable=False),  # an actor
    sa.Column("said_at", UtcDateTime, nullable=False),
    sa.Column("basis", sa.Text, nullable=False),  # footage.classification_rows.Basis
    sa.Column("reason", sa.Text),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("ended_by", sa.Text),
    sa.Column("end_reason", sa.Text),
    sa.Index("ix_classification_recording", "recording_id", "said_at"),
    # The same thing holds once, and one category at a time: two at once cannot both say it.
    sa.Index(
        "ix_classification_open",
        "recording_id",
        "kind",
        "value",
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    ),
    sa.Index(
        "ix_classification_category",
        "recording_id",
        unique=True,
        sqlite_where=_OPEN_CATEGORY,
        postgresql_where=_OPEN_CATEGORY,
    ),
)

#: Every change of what a category means to the law. Rows are only ever added; the present meaning stands in `category`.
category_meaning = sa.Table(
    "category_meaning",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("law_class", sa.Text),  # law.vocabulary.LawClass; None: it means nothing to the law
    sa.Column("said_by", sa.Text, nullable=False),
    sa.Column("said_at", UtcDateTime, nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
)
