"""Tables of the fleet: sites, docks, the devices that record, who had them when, and what their clocks said."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

#: A place where cameras are handed out and handed over.
site = sa.Table(
    "site",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", sa.Text, nullable=False, unique=True),  # case-folded, spaces made one
    sa.Column("note", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("closed_at", UtcDateTime),
)

#: What cameras hand over to: a camera system, a program that uploads, a reader of cards.
dock = sa.Table(
    "dock",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),  # fleet.rules.DockKind
    sa.Column("site_id", sa.String(36), sa.ForeignKey("site.id"), index=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("closed_at", UtcDateTime),
    sa.Column("seen_at", UtcDateTime),  # when something last came through it
)

device = sa.Table(
    "device",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("serial", sa.Text, nullable=False, unique=True),  # as `fleet.rules.clean_serial` leaves it
    sa.Column("kind", sa.Text, nullable=False),  # fleet.rules.DeviceKind
    sa.Column("make", sa.Text),
    sa.Column("model", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("firmware", sa.Text),  # as it last said of itself, or as registered
    # fleet.rules.DeviceState; never "issued", which follows from an assignment that runs.
    sa.Column("state", sa.Text, nullable=False, server_default="in-stock"),
    sa.Column("pooled", sa.Boolean, nullable=False, server_default=sa.false()),  # shared, given out by the shift
    # No foreign key: SQLite could add it to a table that others refer to only by making the table anew.
    sa.Column("site_id", sa.String(36), index=True),
    sa.Column("note", sa.Text),
    # Seen at a dock or on a card, and not confirmed by anybody yet.
    sa.Column("found", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("seen_at", UtcDateTime),  # when it last handed something over, or was compared
)

#: Which firmware a device was seen with, and when that was first and last so. One row per stretch.
device_firmware = sa.Table(
    "device_firmware",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("device_id", sa.String(36), sa.ForeignKey("device.id"), nullable=False, index=True),
    sa.Column("firmware", sa.Text, nullable=False),
    sa.Column("first_at", UtcDateTime, nullable=False),
    sa.Column("last_at", UtcDateTime, nullable=False),
)

#: Who had which device when: from `from_at` until just before `to_at`, without end where that is None. Rows that count
#: (`withdrawn_at` is None) of one device never overlap. A correction withdraws a row and puts another in its place.
assignment = sa.Table(
    "assignment",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("device_id", sa.String(36), sa.ForeignKey("device.id"), nullable=False),
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id"), index=True),  # None: in the pool, with nobody
    sa.Column("from_at", UtcDateTime, nullable=False),
    sa.Column("to_at", UtcDateTime),
    sa.Column("note", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),  # an actor
    sa.Column("withdrawn_at", UtcDateTime),
    sa.Column("replaces", sa.String(36)),  # the row that this one corrects
    sa.Index("ix_assignment_device_from", "device_id", "from_at"),
)

#: What a device's clock said, beside a clock that is trusted more. Rows are only ever added.
clock_reading = sa.Table(
    "clock_reading",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("device_id", sa.String(36), sa.ForeignKey("device.id"), nullable=False),
    sa.Column("camera_at", UtcDateTime, nullable=False),  # what the device said
    sa.Column("reference_at", UtcDateTime, nullable=False),  # what the other clock said in that moment
    sa.Column("source", sa.Text, nullable=False),  # fleet.clock_rules.ReadingSource
    sa.Column("uncertainty_ms", sa.BigInteger, nullable=False),
    # Whether the device's clock was put right in that moment, so that what follows begins at no offset.
    sa.Column("clock_set", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("recording_id", sa.String(36)),  # the recording whose track it was read from; a room above keeps it
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("noted_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("device_id", "reference_at", "camera_at", "source"),
)

#: What cameras, docks and cards say was recorded or lost, one row per stretch (fleet.reports). Times are as said, by
#: the camera's own clock. Never removed.
reported_stretch = sa.Table(
    "reported_stretch",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("device_id", sa.String(36), sa.ForeignKey("device.id"), nullable=False),
    sa.Column("dock_id", sa.String(36)),  # through which it was last said
    sa.Column("source", sa.Text, nullable=False),  # axis | card:<reader> | tus …
    sa.Column("ref", sa.Text, nullable=False),  # names the stretch within its source
    sa.Column("kind", sa.Text, nullable=False),  # fleet.reports.ReportKind
    sa.Column("from_at", UtcDateTime),
    sa.Column("to_at", UtcDateTime),
    sa.Column("size", sa.BigInteger),  # bytes
    sa.Column("sha256", sa.LargeBinary(32)),
    sa.Column("reason", sa.Text),  # fleet.reports.LossReason or the camera's own words
    sa.Column("counter", sa.BigInteger),  # the number that the camera gave its file
    sa.Column("first_said_at", UtcDateTime, nullable=False),
    sa.Column("last_said_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("device_id", "source", "ref"),
    sa.Index("ix_reported_stretch_time", "device_id", "from_at"),
    sa.Index("ix_reported_stretch_from", "from_at"),
    sa.Index("ix_reported_stretch_said", "first_said_at"),
)
