"""Docks: devices and who had them, uploads, what cameras report, recordings of several files.

Revision: 0003
After: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "axis_category",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_axis_category")),
        sa.UniqueConstraint("name", name=op.f("uq_axis_category_name")),
    )
    op.create_table(
        "dock_credential_use",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("credential_id", sa.String(length=36), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "credential_id", "address", "outcome", name=op.f("pk_dock_credential_use")),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("name_key", name=op.f("uq_site_name_key")),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner_kind", sa.String(length=10), nullable=False),
        sa.Column("owner_id", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=True),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("place", sa.String(length=36), nullable=False),
        sa.Column("lease", sa.String(length=36), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("assembled", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("recording_id", sa.String(length=36), nullable=True),
        sa.Column("part_id", sa.String(length=36), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("new", sa.Boolean(), nullable=True),
        sa.Column("flags", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index("ix_upload_owner", "upload", ["owner_kind", "owner_id", "state"], unique=False)
    op.create_index("ix_upload_state", "upload", ["state", "expires_at"], unique=False)
    op.create_table(
        "upload_link",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=9), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("incident_number", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("most_files", sa.Integer(), nullable=False),
        sa.Column("most_bytes", sa.BigInteger(), nullable=False),
        sa.Column("begun", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_link")),
        sa.UniqueConstraint("number", name=op.f("uq_upload_link_number")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_upload_link_secret_hash")),
    )
    op.create_index("ix_upload_link_created", "upload_link", ["created_at"], unique=False)
    op.create_table(
        "upload_link_miss",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_link_miss")),
    )
    op.create_index("ix_upload_link_miss_address", "upload_link_miss", ["address", "at"], unique=False)
    op.create_table(
        "card_reading",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("dock_id", sa.String(length=36), nullable=True),
        sa.Column("device_id", sa.String(length=36), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("listing_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("files_done", sa.Integer(), nullable=False),
        sa.Column("size_done", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_card_reading_device_id_device")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_reading")),
    )
    op.create_index(op.f("ix_card_reading_device_id"), "card_reading", ["device_id"], unique=False)
    op.create_index("ix_card_reading_state", "card_reading", ["state", "started_at"], unique=False)
    op.create_table(
        "clock_reading",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("camera_at", sa.BigInteger(), nullable=False),
        sa.Column("reference_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("uncertainty_ms", sa.BigInteger(), nullable=False),
        sa.Column("clock_set", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_clock_reading_device_id_device")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_reading")),
        sa.UniqueConstraint(
            "device_id", "reference_at", "camera_at", "source", name=op.f("uq_clock_reading_device_id")
        ),
    )
    op.create_table(
        "device_firmware",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("firmware", sa.Text(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_firmware_device_id_device")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_firmware")),
    )
    op.create_index(op.f("ix_device_firmware_device_id"), "device_firmware", ["device_id"], unique=False)
    op.create_table(
        "dock",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("site_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_dock_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dock")),
        sa.UniqueConstraint("name_key", name=op.f("uq_dock_name_key")),
    )
    op.create_index(op.f("ix_dock_site_id"), "dock", ["site_id"], unique=False)
    op.create_table(
        "reconciliation_explanation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=True),
        sa.Column("to_at", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("first_number", sa.BigInteger(), nullable=True),
        sa.Column("last_number", sa.BigInteger(), nullable=True),
        sa.Column("report_id", sa.String(length=36), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_reconciliation_explanation_device_id_device")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_explanation")),
    )
    op.create_index(
        "ix_reconciliation_explanation_device", "reconciliation_explanation", ["device_id", "from_at"], unique=False
    )
    op.create_table(
        "reported_stretch",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("dock_id", sa.String(length=36), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=True),
        sa.Column("to_at", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("counter", sa.BigInteger(), nullable=True),
        sa.Column("first_said_at", sa.BigInteger(), nullable=False),
        sa.Column("last_said_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_reported_stretch_device_id_device")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reported_stretch")),
        sa.UniqueConstraint("device_id", "source", "ref", name=op.f("uq_reported_stretch_device_id")),
    )
    op.create_index("ix_reported_stretch_from", "reported_stretch", ["from_at"], unique=False)
    op.create_index("ix_reported_stretch_said", "reported_stretch", ["first_said_at"], unique=False)
    op.create_index("ix_reported_stretch_time", "reported_stretch", ["device_id", "from_at"], unique=False)
    op.create_table(
        "upload_link_file",
        sa.Column("upload_id", sa.String(length=32), nullable=False),
        sa.Column("link_id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_at", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["upload_link.id"], name=op.f("fk_upload_link_file_link_id_upload_link")),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_upload_link_file")),
    )
    op.create_index(op.f("ix_upload_link_file_link_id"), "upload_link_file", ["link_id"], unique=False)
    op.create_table(
        "upload_segment",
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("upload_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("secret_id", sa.String(length=36), nullable=False),
        sa.Column("streamed", sa.BigInteger(), nullable=False),
        sa.Column("tail", sa.Integer(), nullable=False),
        sa.Column("tail_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_upload_segment_upload_id_upload")),
        sa.PrimaryKeyConstraint("object_id", name=op.f("pk_upload_segment")),
    )
    op.create_index(op.f("ix_upload_segment_upload_id"), "upload_segment", ["upload_id"], unique=False)
    op.create_table(
        "assignment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("to_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("replaces", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_assignment_account_id_account")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_assignment_device_id_device")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index(op.f("ix_assignment_account_id"), "assignment", ["account_id"], unique=False)
    op.create_index("ix_assignment_device_from", "assignment", ["device_id", "from_at"], unique=False)
    op.create_table(
        "axis_connection",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("dock_id", sa.String(length=36), nullable=False),
        sa.Column("container_type", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=True),
        sa.Column("public_key_id", sa.Text(), nullable=True),
        sa.Column("private_key", sa.LargeBinary(), nullable=True),
        sa.Column("private_key_secret", sa.String(length=36), nullable=True),
        sa.Column("capabilities", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["dock_id"], ["dock.id"], name=op.f("fk_axis_connection_dock_id_dock")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_axis_connection")),
        sa.UniqueConstraint("dock_id", name=op.f("uq_axis_connection_dock_id")),
    )
    op.create_table(
        "dock_credential",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("dock_id", sa.String(length=36), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["dock_id"], ["dock.id"], name=op.f("fk_dock_credential_dock_id_dock")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dock_credential")),
        sa.UniqueConstraint("user_name", name=op.f("uq_dock_credential_user_name")),
    )
    op.create_index(op.f("ix_dock_credential_dock_id"), "dock_credential", ["dock_id"], unique=False)
    op.create_table(
        "axis_container",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["axis_connection.id"], name=op.f("fk_axis_container_connection_id_axis_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_axis_container")),
        sa.UniqueConstraint("connection_id", "name", name=op.f("uq_axis_container_connection_id")),
    )
    op.create_table(
        "axis_refused_call",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("container", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=True),
        sa.Column("from_at", sa.BigInteger(), nullable=True),
        sa.Column("to_at", sa.BigInteger(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["axis_connection.id"], name=op.f("fk_axis_refused_call_connection_id_axis_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_axis_refused_call")),
        sa.UniqueConstraint(
            "connection_id", "method", "container", "object", "reason", name=op.f("uq_axis_refused_call_connection_id")
        ),
    )
    op.create_table(
        "axis_token",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("credential_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["axis_connection.id"], name=op.f("fk_axis_token_connection_id_axis_connection")
        ),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["dock_credential.id"], name=op.f("fk_axis_token_credential_id_dock_credential")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_axis_token")),
    )
    op.create_index(op.f("ix_axis_token_connection_id"), "axis_token", ["connection_id"], unique=False)
    op.create_index(op.f("ix_axis_token_ends_at"), "axis_token", ["ends_at"], unique=False)
    op.create_table(
        "bookmark",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_bookmark_recording_id_recording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookmark")),
        sa.UniqueConstraint("recording_id", "source_id", name=op.f("uq_bookmark_recording_id")),
    )
    op.create_table(
        "discrepancy",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("claims", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("open_key", sa.Text(), nullable=True),
        sa.Column("chosen", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_discrepancy_recording_id_recording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discrepancy")),
        sa.UniqueConstraint("open_key", name=op.f("uq_discrepancy_open_key")),
    )
    op.create_index(op.f("ix_discrepancy_recording_id"), "discrepancy", ["recording_id"], unique=False)
    op.create_index("ix_discrepancy_state", "discrepancy", ["state", "opened_at"], unique=False)
    op.create_table(
        "gathering",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("elsewhere", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("last_part_at", sa.BigInteger(), nullable=True),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_gathering_recording_id_recording")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_gathering")),
    )
    op.create_index("ix_gathering_open", "gathering", ["state", "begun_at"], unique=False)
    op.create_index(op.f("ix_gathering_recording_id"), "gathering", ["recording_id"], unique=False)
    op.create_table(
        "recording_gap",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("after_part", sa.Integer(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("to_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_recording_gap_recording_id_recording")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_gap")),
    )
    op.create_index(op.f("ix_recording_gap_recording_id"), "recording_gap", ["recording_id"], unique=False)
    op.create_table(
        "recording_wearing",
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("said_wearer_id", sa.String(length=36), nullable=True),
        sa.Column("said_unit_id", sa.String(length=36), nullable=True),
        sa.Column("face", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("derived_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_recording_wearing_recording_id_recording")
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_recording_wearing")),
    )
    op.create_table(
        "sidecar",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=True),
        sa.Column("device_id", sa.String(length=36), nullable=True),
        sa.Column("dock_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("face", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_sidecar_device_id_device")),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_sidecar_recording_id_recording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sidecar")),
        sa.UniqueConstraint("object_id", name=op.f("uq_sidecar_object_id")),
    )
    op.create_index(op.f("ix_sidecar_recording_id"), "sidecar", ["recording_id"], unique=False)
    op.create_index(op.f("ix_sidecar_sha256"), "sidecar", ["sha256"], unique=False)
    op.create_table(
        "axis_object",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("container_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("part_id", sa.String(length=36), nullable=True),
        sa.Column("sidecar_id", sa.String(length=36), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("device_id", sa.String(length=36), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["container_id"], ["axis_container.id"], name=op.f("fk_axis_object_container_id_axis_container")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_axis_object")),
        sa.UniqueConstraint("container_id", "name", "number", name=op.f("uq_axis_object_container_id")),
    )
    op.create_index("ix_axis_object_sidecar", "axis_object", ["sidecar_id"], unique=False)
    op.create_table(
        "card_file",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("reading_id", sa.String(length=36), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=True),
        sa.Column("part_id", sa.String(length=36), nullable=True),
        sa.Column("sidecar_id", sa.String(length=36), nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_card_file_part_id_part")),
        sa.ForeignKeyConstraint(["reading_id"], ["card_reading.id"], name=op.f("fk_card_file_reading_id_card_reading")),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_card_file_recording_id_recording")),
        sa.ForeignKeyConstraint(["sidecar_id"], ["sidecar.id"], name=op.f("fk_card_file_sidecar_id_sidecar")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_file")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_card_file_fingerprint")),
    )
    op.create_index(op.f("ix_card_file_reading_id"), "card_file", ["reading_id"], unique=False)
    op.create_index(op.f("ix_card_file_sha256"), "card_file", ["sha256"], unique=False)
    op.create_table(
        "location_track",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("part_id", sa.String(length=36), nullable=True),
        sa.Column("sidecar_id", sa.String(length=36), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("points", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_location_track_part_id_part")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_location_track_recording_id_recording")
        ),
        sa.ForeignKeyConstraint(["sidecar_id"], ["sidecar.id"], name=op.f("fk_location_track_sidecar_id_sidecar")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location_track")),
    )
    op.create_index(op.f("ix_location_track_recording_id"), "location_track", ["recording_id"], unique=False)
    op.create_table(
        "part_signature",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("part_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("trust", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_part_signature_part_id_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_signature")),
        sa.UniqueConstraint("part_id", "kind", name=op.f("uq_part_signature_part_id")),
    )
    op.add_column("device", sa.Column("firmware", sa.Text(), nullable=True))
    op.add_column("device", sa.Column("state", sa.Text(), server_default="in-stock", nullable=False))
    op.add_column("device", sa.Column("pooled", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("device", sa.Column("site_id", sa.String(length=36), nullable=True))
    op.add_column("device", sa.Column("note", sa.Text(), nullable=True))
    op.add_column("device", sa.Column("found", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("device", sa.Column("seen_at", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_device_site_id"), "device", ["site_id"], unique=False)
    op.add_column("intake", sa.Column("dock_id", sa.String(length=36), nullable=True))
    op.add_column("part", sa.Column("started_at", sa.BigInteger(), nullable=True))
    op.add_column("part", sa.Column("ended_at", sa.BigInteger(), nullable=True))
    op.add_column("recording", sa.Column("activated_at", sa.BigInteger(), nullable=True))
    op.add_column("recording", sa.Column("deactivated_at", sa.BigInteger(), nullable=True))
    op.add_column("recording", sa.Column("ended_at", sa.BigInteger(), nullable=True))
    op.add_column("recording", sa.Column("regrouped_into", sa.String(length=36), nullable=True))
    op.create_index("ix_recording_device", "recording", ["device_id", "started_key"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_recording_device", table_name="recording")
    op.drop_column("recording", "regrouped_into")
    op.drop_column("recording", "ended_at")
    op.drop_column("recording", "deactivated_at")
    op.drop_column("recording", "activated_at")
    op.drop_column("part", "ended_at")
    op.drop_column("part", "started_at")
    op.drop_column("intake", "dock_id")
    op.drop_index(op.f("ix_device_site_id"), table_name="device")
    op.drop_column("device", "seen_at")
    op.drop_column("device", "found")
    op.drop_column("device", "note")
    op.drop_column("device", "site_id")
    op.drop_column("device", "pooled")
    op.drop_column("device", "state")
    op.drop_column("device", "firmware")
    op.drop_table("part_signature")
    op.drop_index(op.f("ix_location_track_recording_id"), table_name="location_track")
    op.drop_table("location_track")
    op.drop_index(op.f("ix_card_file_sha256"), table_name="card_file")
    op.drop_index(op.f("ix_card_file_reading_id"), table_name="card_file")
    op.drop_table("card_file")
    op.drop_index("ix_axis_object_sidecar", table_name="axis_object")
    op.drop_table("axis_object")
    op.drop_index(op.f("ix_sidecar_sha256"), table_name="sidecar")
    op.drop_index(op.f("ix_sidecar_recording_id"), table_name="sidecar")
    op.drop_table("sidecar")
    op.drop_table("recording_wearing")
    op.drop_index(op.f("ix_recording_gap_recording_id"), table_name="recording_gap")
    op.drop_table("recording_gap")
    op.drop_index(op.f("ix_gathering_recording_id"), table_name="gathering")
    op.drop_index("ix_gathering_open", table_name="gathering")
    op.drop_table("gathering")
    op.drop_index("ix_discrepancy_state", table_name="discrepancy")
    op.drop_index(op.f("ix_discrepancy_recording_id"), table_name="discrepancy")
    op.drop_table("discrepancy")
    op.drop_table("bookmark")
    op.drop_index(op.f("ix_axis_token_ends_at"), table_name="axis_token")
    op.drop_index(op.f("ix_axis_token_connection_id"), table_name="axis_token")
    op.drop_table("axis_token")
    op.drop_table("axis_refused_call")
    op.drop_table("axis_container")
    op.drop_index(op.f("ix_dock_credential_dock_id"), table_name="dock_credential")
    op.drop_table("dock_credential")
    op.drop_table("axis_connection")
    op.drop_index("ix_assignment_device_from", table_name="assignment")
    op.drop_index(op.f("ix_assignment_account_id"), table_name="assignment")
    op.drop_table("assignment")
    op.drop_index(op.f("ix_upload_segment_upload_id"), table_name="upload_segment")
    op.drop_table("upload_segment")
    op.drop_index(op.f("ix_upload_link_file_link_id"), table_name="upload_link_file")
    op.drop_table("upload_link_file")
    op.drop_index("ix_reported_stretch_time", table_name="reported_stretch")
    op.drop_index("ix_reported_stretch_said", table_name="reported_stretch")
    op.drop_index("ix_reported_stretch_from", table_name="reported_stretch")
    op.drop_table("reported_stretch")
    op.drop_index("ix_reconciliation_explanation_device", table_name="reconciliation_explanation")
    op.drop_table("reconciliation_explanation")
    op.drop_index(op.f("ix_dock_site_id"), table_name="dock")
    op.drop_table("dock")
    op.drop_index(op.f("ix_device_firmware_device_id"), table_name="device_firmware")
    op.drop_table("device_firmware")
    op.drop_table("clock_reading")
    op.drop_index("ix_card_reading_state", table_name="card_reading")
    op.drop_index(op.f("ix_card_reading_device_id"), table_name="card_reading")
    op.drop_table("card_reading")
    op.drop_index("ix_upload_link_miss_address", table_name="upload_link_miss")
    op.drop_table("upload_link_miss")
    op.drop_index("ix_upload_link_created", table_name="upload_link")
    op.drop_table("upload_link")
    op.drop_index("ix_upload_state", table_name="upload")
    op.drop_index("ix_upload_owner", table_name="upload")
    op.drop_table("upload")
    op.drop_table("site")
    op.drop_table("dock_credential_use")
    op.drop_table("axis_category")
