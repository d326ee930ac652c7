"""Tables of cards: each reading of one, and every file of one that is in, so that nothing is read twice."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

#: One reading of a card, or of a folder of exports, from its listing to its end.
card_reading = sa.Table(
    "card_reading",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("dock_id", sa.String(36)),
    sa.Column("device_id", sa.String(36), sa.ForeignKey("device.id"), index=True),
    sa.Column("place", sa.Text, nullable=False),  # the folder as it was named (footage.names.kept)
    sa.Column("reader", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # docking.cards.records.ReadingState
    sa.Column("listing_sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("files", sa.Integer, nullable=False),  # on the card and not in before
    sa.Column("size", sa.BigInteger, nullable=False),  # bytes of them
    sa.Column("files_done", sa.Integer, nullable=False),
    sa.Column("size_done", sa.BigInteger, nullable=False),
    sa.Column("failed", sa.Integer, nullable=False),
    sa.Column("remarks", JsonText, nullable=False),  # gaps, overlaps, what was not joined, what could not be read
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),  # the last sign of life of whoever reads
    sa.Column("ended_at", UtcDateTime),
    sa.Index("ix_card_reading_state", "state", "started_at"),
)

#: A file of a card that is in. Known again by its fingerprint: place on the card, size, date, beginning and end.
card_file = sa.Table(
    "card_file",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("reading_id", sa.String(36), sa.ForeignKey("card_reading.id"), nullable=False, index=True),
    sa.Column("fingerprint", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("path", sa.Text, nullable=False),  # on the card (footage.names.kept)
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id")),
    sa.Column("part_id", sa.String(36), sa.ForeignKey("part.id")),
    sa.Column("sidecar_id", sa.String(36), sa.ForeignKey("sidecar.id")),
    sa.Column("taken_at", UtcDateTime, nullable=False),
)
