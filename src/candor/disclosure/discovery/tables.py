"""Tables of discovery: what was made, marked copies, which side has access, what a side watched (sealed to it),
receipts, findings.

What a side watched stands here only as bytes that nobody here can open; no column names the recording.
"""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import BigIntKey, JsonText, UtcDateTime, metadata

#: Discovery of a case, made at one moment: one package for both sides.
discovery = sa.Table(
    "discovery",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("number", sa.Text, nullable=False, unique=True),  # D-2026-0001
    sa.Column("matter_id", sa.String(36), sa.ForeignKey("matter.id"), nullable=False),
    sa.Column("package_id", sa.String(36), sa.ForeignKey("package.id"), nullable=False, unique=True),
    sa.Column("event_id", sa.String(36), nullable=False),  # its discovery:made
    sa.Column("made_by", sa.Text, nullable=False),  # an actor
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("watermark", sa.Boolean, nullable=False),  # what a side watches here has its mark in it
    # data/discovery.json as it stands in the package: what was given, what was withheld, and why
    sa.Column("said", JsonText, nullable=False),
    sa.Index("ix_discovery_matter", "matter_id", "made_at"),
)

#: A viewing copy of a part with a side's mark burnt into its picture. There is a row for each part that was given and
#: each side, whatever a side watches: that a copy is made says nothing of it.
discovery_mark = sa.Table(
    "discovery_mark",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("discovery_id", sa.String(36), sa.ForeignKey("discovery.id"), nullable=False),
    sa.Column("part_id", sa.String(36), sa.ForeignKey("part.id"), nullable=False, index=True),
    sa.Column("side", sa.Text, nullable=False),  # rules.PartySide
    sa.Column("state", sa.Text, nullable=False),  # rules.MarkState
    sa.Column("rendition_id", sa.String(36)),  # the viewing copy that it was made of, or could not be
    sa.Column("parent_sha256", sa.LargeBinary(32)),  # of that one
    sa.Column("object_id", sa.String(36), unique=True),  # in the vault, while it is ready
    sa.Column("media_type", sa.Text),
    sa.Column("made_by", sa.Text),  # version of the maker
    sa.Column("details", JsonText),
    sa.Column("problem", sa.Text),  # why it failed, for people
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("ready_at", UtcDateTime),
    sa.UniqueConstraint("discovery_id", "part_id", "side"),
)

#: The last number that was given in a year.
discovery_counter = sa.Table(
    "discovery_counter",
    metadata,
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last", sa.Integer, nullable=False),
)

#: A side's access. One row per code that was given; what the side watched is sealed to `recipient`.
discovery_side = sa.Table(
    "discovery_side",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("discovery_id", sa.String(36), sa.ForeignKey("discovery.id"), nullable=False),
    sa.Column("side", sa.Text, nullable=False),  # rules.PartySide
    sa.Column("holder", sa.Text, nullable=False),  # to whom the letter went, in words
    sa.Column("code_digest", sa.LargeBinary(32), nullable=False, unique=True),  # access.digest_of
    sa.Column("code_number", sa.Text, nullable=False),  # names the code without being it: eight hexadecimal digits
    sa.Column("recipient", sa.Text, nullable=False),  # age1…; its identity was shown once and is not kept
    sa.Column("given_by", sa.Text, nullable=False),  # an actor
    sa.Column("given_at", UtcDateTime, nullable=False),
    sa.Column("ends_at", UtcDateTime, nullable=False),
    sa.Column("ended_by", sa.Text),
    sa.Column("ended_at", UtcDateTime),  # None while nobody ended it
    sa.Column("end_reason", sa.Text),
    sa.Index(
        "ix_discovery_side_now",
        "discovery_id",
        "side",
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
)

#: A visit of a side: a cookie of its own, apart from the sign-in of the agency's people.
discovery_session = sa.Table(
    "discovery_session",
    metadata,
    sa.Column("token_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("side_id", sa.String(36), sa.ForeignKey("discovery_side.id"), nullable=False, index=True),
    sa.Column("began_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
    sa.Column("ends_at", UtcDateTime, nullable=False),
)

#: Codes that were not right, by address and for the whole door.
discovery_miss = sa.Table(
    "discovery_miss",
    metadata,
    sa.Column("id", BigIntKey, primary_key=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index("ix_discovery_miss_address", "address", "at"),
)

#: Something that a side watched, sealed to that side. The commitment stands in the custody log.
discovery_view = sa.Table(
    "discovery_view",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("discovery_id", sa.String(36), sa.ForeignKey("discovery.id"), nullable=False),
    sa.Column("side", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("event_id", sa.String(36), nullable=False),  # its discovery:viewed
    sa.Column("commitment", sa.String(64), nullable=False),  # SHA-256 in hexadecimal digits
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # age, over words padded to one length
    sa.Index("ix_discovery_view_side", "discovery_id", "side", "at"),
)

#: That a side says it has the discovery.
discovery_receipt = sa.Table(
    "discovery_receipt",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("discovery_id", sa.String(36), sa.ForeignKey("discovery.id"), nullable=False, index=True),
    sa.Column("side_id", sa.String(36), sa.ForeignKey("discovery_side.id"), nullable=False),
    sa.Column("side", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),  # who says so, if they like; "" where they do not
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("event_id", sa.String(36), nullable=False),
)

#: That a recording and what an officer stated do not agree, and what was answered.
finding = sa.Table(
    "finding",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("matter_id", sa.String(36), sa.ForeignKey("matter.id"), nullable=False),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False, index=True),
    sa.Column("from_ms", sa.BigInteger),  # of the recording; None: the whole of it
    sa.Column("to_ms", sa.BigInteger),
    sa.Column("statement", sa.Text, nullable=False),  # which statement, and whose
    sa.Column("words", sa.Text, nullable=False),  # what does not agree
    sa.Column("noted_by", sa.Text, nullable=False),  # an actor
    sa.Column("noted_at", UtcDateTime, nullable=False),
    sa.Column("answer", sa.Text),  # findings.Answer; None: the question is open
    sa.Column("answer_reason", sa.Text),
    sa.Column("answered_by", sa.Text),
    sa.Column("answered_at", UtcDateTime),
    sa.Column("discovery_id", sa.String(36), sa.ForeignKey("discovery.id")),  # in which it was disclosed
    sa.Index("ix_finding_matter", "matter_id", "noted_at"),
)
