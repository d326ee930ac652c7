"""Tables of the fleet: the devices that record."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

device = sa.Table(
    "device",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("serial", sa.Text, nullable=False, unique=True),  # as `fleet.rules.clean_serial` leaves it
    sa.Column("kind", sa.Text, nullable=False),  # fleet.rules.DeviceKind
    sa.Column("make", sa.Text),
    sa.Column("model", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
)
