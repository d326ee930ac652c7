"""Table of the reconciliation: what people explained."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

#: Why something is missing, as a person says. It stays in the count; what is said later goes before what was said.
reconciliation_explanation = sa.Table(
    "reconciliation_explanation",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("device_id", sa.String(36), sa.ForeignKey("device.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # docking.explaining.Finding
    sa.Column("from_at", UtcDateTime),  # of a stretch that is missing
    sa.Column("to_at", UtcDateTime),
    sa.Column("source", sa.Text),  # of numbers that are left out: whose counting it is
    sa.Column("first_number", sa.BigInteger),
    sa.Column("last_number", sa.BigInteger),
    sa.Column("report_id", sa.String(36)),  # of a report without usable times: fleet's reported_stretch
    sa.Column("cause", sa.Text, nullable=False),  # docking.explaining.Cause
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index("ix_reconciliation_explanation_device", "device_id", "from_at"),
)
