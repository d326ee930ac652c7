"""Law packs in effect, cases, holds, labels, restrictions, statements, duties, what is destroyed.

Revision: 0004
After: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_policy",
        sa.Column("only", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("restricting_labels", sa.Text(), nullable=False),
        sa.Column("subjects_kept_out", sa.Boolean(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("purposes", sa.Text(), nullable=False),
        sa.Column("other_purposes", sa.Boolean(), nullable=False),
        sa.CheckConstraint('"only" = 1', name=op.f("ck_access_policy_only_one")),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_access_policy")),
    )
    op.create_table(
        "category_meaning",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("law_class", sa.Text(), nullable=True),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category_meaning")),
    )
    op.create_index(op.f("ix_category_meaning_said_at"), "category_meaning", ["said_at"], unique=False)
    op.create_table(
        "digest_secret",
        sa.Column("only", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_digest_secret")),
    )
    op.create_table(
        "disposition",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("book", sa.String(length=64), nullable=False),
        sa.Column("chosen", sa.Text(), nullable=False),
        sa.Column("recordings", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("recycle_until", sa.BigInteger(), nullable=True),
        sa.Column("begun_by", sa.Text(), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("job_id", sa.String(length=36), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposition")),
        sa.UniqueConstraint("number", name=op.f("uq_disposition_number")),
    )
    op.create_index("ix_disposition_newest", "disposition", ["proposed_at"], unique=False)
    op.create_table(
        "law_text",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("pack_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_law_text")),
    )
    op.create_table(
        "matter_counter",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_matter_counter")),
    )
    op.create_table(
        "recurring_act",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_recurring_act")),
    )
    op.create_table(
        "retention_plan",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=True),
        sa.Column("moment", sa.BigInteger(), nullable=True),
        sa.Column("book", sa.String(length=64), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_plan")),
    )
    op.create_index(op.f("ix_retention_plan_change_id"), "retention_plan", ["change_id"], unique=False)
    op.create_index("ix_retention_plan_newest", "retention_plan", ["kind", "asked_at"], unique=False)
    op.create_table(
        "law_change",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("pack_id", sa.Text(), nullable=True),
        sa.Column("text_sha256", sa.String(length=64), nullable=True),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("dry_run", sa.Text(), nullable=True),
        sa.Column("dry_run_at", sa.BigInteger(), nullable=True),
        sa.Column("dry_run_book", sa.String(length=64), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["text_sha256"], ["law_text.sha256"], name=op.f("fk_law_change_text_sha256_law_text")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_change")),
        sa.UniqueConstraint("number", name=op.f("uq_law_change_number")),
    )
    op.create_index("ix_law_change_state", "law_change", ["state", "proposed_at"], unique=False)
    op.create_table(
        "retention_plan_item",
        sa.Column("plan_id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("becomes", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["retention_plan.id"], name=op.f("fk_retention_plan_item_plan_id_retention_plan")
        ),
        sa.PrimaryKeyConstraint("plan_id", "recording_id", name=op.f("pk_retention_plan_item")),
    )
    op.create_table(
        "device_malfunction",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("unit_id", sa.String(length=36), nullable=True),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("found_by", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=True),
        sa.Column("reported_at", sa.BigInteger(), nullable=True),
        sa.Column("reported_by", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("action_note", sa.Text(), nullable=True),
        sa.Column("action_by", sa.Text(), nullable=True),
        sa.Column("action_at", sa.BigInteger(), nullable=True),
        sa.Column("open_key", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_device_malfunction_account_id_account")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_malfunction_device_id_device")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_device_malfunction_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_malfunction")),
        sa.UniqueConstraint("open_key", name=op.f("uq_device_malfunction_open_key")),
    )
    op.create_index(op.f("ix_device_malfunction_device_id"), "device_malfunction", ["device_id"], unique=False)
    op.create_table(
        "device_test",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("tested_at", sa.BigInteger(), nullable=False),
        sa.Column("tested_by", sa.Text(), nullable=False),
        sa.Column("in_order", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_device_test_account_id_account")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_test_device_id_device")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_test")),
    )
    op.create_index("ix_device_test_at", "device_test", ["tested_at"], unique=False)
    op.create_index("ix_device_test_time", "device_test", ["device_id", "tested_at"], unique=False)
    op.create_table(
        "duty",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("unit_id", sa.String(length=36), nullable=True),
        sa.Column("device_id", sa.String(length=36), nullable=True),
        sa.Column("malfunction_id", sa.String(length=36), nullable=True),
        sa.Column("training_id", sa.String(length=36), nullable=True),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("citation", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("once_key", sa.Text(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_duty_account_id_account")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_duty_device_id_device")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_duty_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
        sa.UniqueConstraint("once_key", name=op.f("uq_duty_once_key")),
    )
    op.create_index(op.f("ix_duty_account_id"), "duty", ["account_id"], unique=False)
    op.create_index("ix_duty_kind", "duty", ["kind", "due_at"], unique=False)
    op.create_index("ix_duty_open", "duty", ["result", "due_at"], unique=False)
    op.create_index(op.f("ix_duty_unit_id"), "duty", ["unit_id"], unique=False)
    op.create_table(
        "matter",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("number_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=False),
        sa.Column("unit_id", sa.String(length=36), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["account.id"], name=op.f("fk_matter_owner_id_account")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_matter_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter")),
        sa.UniqueConstraint("number_key", name=op.f("uq_matter_number_key")),
    )
    op.create_index("ix_matter_kind", "matter", ["kind", "opened_at", "id"], unique=False)
    op.create_index("ix_matter_opened", "matter", ["opened_at", "id"], unique=False)
    op.create_index("ix_matter_owner", "matter", ["owner_id", "opened_at", "id"], unique=False)
    op.create_index("ix_matter_state", "matter", ["state", "opened_at", "id"], unique=False)
    op.create_index(op.f("ix_matter_unit_id"), "matter", ["unit_id"], unique=False)
    op.create_table(
        "training",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("course", sa.Text(), nullable=False),
        sa.Column("done_on", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdraw_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_training_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training")),
    )
    op.create_index(op.f("ix_training_account_id"), "training", ["account_id"], unique=False)
    op.create_table(
        "archived_recording",
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("job_id", sa.String(length=36), nullable=True),
        sa.Column("returned_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_archived_recording_recording_id_recording")
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_archived_recording")),
    )
    op.create_index(op.f("ix_archived_recording_state"), "archived_recording", ["state"], unique=False)
    op.create_table(
        "classification",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_classification_recording_id_recording")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_classification")),
    )
    op.create_index(
        "ix_classification_category",
        "classification",
        ["recording_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'category' AND ended_at IS NULL"),
        postgresql_where=sa.text("kind = 'category' AND ended_at IS NULL"),
    )
    op.create_index(
        "ix_classification_open",
        "classification",
        ["recording_id", "kind", "value"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_classification_recording", "classification", ["recording_id", "said_at"], unique=False)
    op.create_table(
        "court_seal",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("open_key", sa.String(length=36), nullable=True),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("lift_authority", sa.Text(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_court_seal_recording_id_recording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_court_seal")),
        sa.UniqueConstraint("open_key", name=op.f("uq_court_seal_open_key")),
    )
    op.create_index(op.f("ix_court_seal_recording_id"), "court_seal", ["recording_id"], unique=False)
    op.create_table(
        "disposition_item",
        sa.Column("disposition_id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("tombstone_id", sa.String(length=36), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["disposition_id"], ["disposition.id"], name=op.f("fk_disposition_item_disposition_id_disposition")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_disposition_item_recording_id_recording")
        ),
        sa.PrimaryKeyConstraint("disposition_id", "recording_id", name=op.f("pk_disposition_item")),
        sa.UniqueConstraint("tombstone_id", name=op.f("uq_disposition_item_tombstone_id")),
    )
    op.create_index("ix_disposition_item_recording", "disposition_item", ["recording_id"], unique=False)
    op.create_index(
        "ix_disposition_item_state", "disposition_item", ["disposition_id", "state", "recording_id"], unique=False
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("matter_id", sa.String(length=36), nullable=True),
        sa.Column("recording_id", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=True),
        sa.Column("review_on", sa.String(length=10), nullable=True),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["account.id"], name=op.f("fk_hold_owner_id_account")),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_hold_recording_id_recording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_matter_id"), "hold", ["matter_id"], unique=False)
    op.create_index("ix_hold_open", "hold", ["released_at", "review_on"], unique=False)
    op.create_index(op.f("ix_hold_recording_id"), "hold", ["recording_id"], unique=False)
    op.create_table(
        "matter_closed_circle",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("matter_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("fk_matter_closed_circle_matter_id_matter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_closed_circle")),
    )
    op.create_index(
        "ix_matter_closed_circle_now",
        "matter_closed_circle",
        ["matter_id"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "matter_event",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("matter_id", sa.String(length=36), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("replaces", sa.String(length=36), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdraw_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("fk_matter_event_matter_id_matter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_event")),
    )
    op.create_index(op.f("ix_matter_event_matter_id"), "matter_event", ["matter_id"], unique=False)
    op.create_table(
        "matter_history",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("matter_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("fk_matter_history_matter_id_matter")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_matter_history")),
    )
    op.create_index("ix_matter_history_matter", "matter_history", ["matter_id", "event_id"], unique=False)
    op.create_table(
        "matter_person",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("matter_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_matter_person_account_id_account")),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("fk_matter_person_matter_id_matter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_person")),
    )
    op.create_index("ix_matter_person_account", "matter_person", ["account_id", "matter_id"], unique=False)
    op.create_index(op.f("ix_matter_person_matter_id"), "matter_person", ["matter_id"], unique=False)
    op.create_table(
        "matter_recording",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("matter_id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_by", sa.Text(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("remove_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("fk_matter_recording_matter_id_matter")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_matter_recording_recording_id_recording")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_recording")),
    )
    op.create_index("ix_matter_recording_matter", "matter_recording", ["matter_id", "added_at"], unique=False)
    op.create_index(
        "ix_matter_recording_now",
        "matter_recording",
        ["matter_id", "recording_id"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_index(op.f("ix_matter_recording_recording_id"), "matter_recording", ["recording_id"], unique=False)
    op.create_table(
        "matter_relation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("matter_id", sa.String(length=36), nullable=False),
        sa.Column("other_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("fk_matter_relation_matter_id_matter")),
        sa.ForeignKeyConstraint(["other_id"], ["matter.id"], name=op.f("fk_matter_relation_other_id_matter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_relation")),
    )
    op.create_index(op.f("ix_matter_relation_matter_id"), "matter_relation", ["matter_id"], unique=False)
    op.create_index(op.f("ix_matter_relation_other_id"), "matter_relation", ["other_id"], unique=False)
    op.create_table(
        "recording_opening",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_recording_opening_account_id_account")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_recording_opening_recording_id_recording")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_opening")),
    )
    op.create_index(
        "ix_recording_opening_account", "recording_opening", ["recording_id", "account_id", "ended_at"], unique=False
    )
    op.create_index("ix_recording_opening_ref", "recording_opening", ["ref"], unique=False)
    op.create_table(
        "restricted_place",
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_restricted_place_recording_id_recording")
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_restricted_place")),
        sa.UniqueConstraint("key", name=op.f("uq_restricted_place_key")),
    )
    op.create_table(
        "restriction",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_restriction_recording_id_recording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restriction")),
    )
    op.create_index(
        "ix_restriction_now",
        "restriction",
        ["recording_id", "kind", "ref"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_index("ix_restriction_recording", "restriction", ["recording_id", "lifted_at", "kind"], unique=False)
    op.create_index("ix_restriction_ref", "restriction", ["ref", "kind"], unique=False)
    op.create_table(
        "statement_review",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("officer_id", sa.String(length=36), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("matter_id", sa.String(length=36), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("with_whom", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("present", sa.Text(), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=36), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("fk_statement_review_matter_id_matter")),
        sa.ForeignKeyConstraint(["officer_id"], ["account.id"], name=op.f("fk_statement_review_officer_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_review")),
    )
    op.create_index(op.f("ix_statement_review_matter_id"), "statement_review", ["matter_id"], unique=False)
    op.create_index("ix_statement_review_officer", "statement_review", ["officer_id", "asked_at"], unique=False)
    op.create_index("ix_statement_review_state", "statement_review", ["state", "asked_at"], unique=False)
    op.create_table(
        "restriction_person",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("restriction_id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("may", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_restriction_person_account_id_account")),
        sa.ForeignKeyConstraint(
            ["restriction_id"], ["restriction.id"], name=op.f("fk_restriction_person_restriction_id_restriction")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restriction_person")),
    )
    op.create_index(
        "ix_restriction_person_account", "restriction_person", ["recording_id", "account_id", "ended_at"], unique=False
    )
    op.create_index(
        "ix_restriction_person_now",
        "restriction_person",
        ["restriction_id", "account_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "returned",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("part_id", sa.String(length=36), nullable=False),
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("face", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=True),
        sa.Column("dock_id", sa.String(length=36), nullable=True),
        sa.Column("file_modified_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("authority", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("into_recording", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_returned_part_id_part")),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_returned_recording_id_recording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returned")),
        sa.UniqueConstraint("object_id", name=op.f("uq_returned_object_id")),
    )
    op.create_index(op.f("ix_returned_part_id"), "returned", ["part_id"], unique=False)
    op.create_index(op.f("ix_returned_recording_id"), "returned", ["recording_id"], unique=False)
    op.create_index("ix_returned_state", "returned", ["state", "received_at"], unique=False)
    op.create_table(
        "statement_recording",
        sa.Column("review_id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_statement_recording_recording_id_recording")
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["statement_review.id"], name=op.f("fk_statement_recording_review_id_statement_review")
        ),
        sa.PrimaryKeyConstraint("review_id", "recording_id", name=op.f("pk_statement_recording")),
    )
    op.create_index("ix_statement_recording_recording", "statement_recording", ["recording_id"], unique=False)
    op.add_column("category", sa.Column("law_class", sa.Text(), nullable=True))
    op.add_column("custody_event", sa.Column("erased_by", sa.String(length=36), nullable=True))
    op.add_column("tombstone", sa.Column("kind", sa.Text(), server_default="purge", nullable=False))


def downgrade() -> None:
    op.drop_column("tombstone", "kind")
    op.drop_column("custody_event", "erased_by")
    op.drop_column("category", "law_class")
    op.drop_index("ix_statement_recording_recording", table_name="statement_recording")
    op.drop_table("statement_recording")
    op.drop_index("ix_returned_state", table_name="returned")
    op.drop_index(op.f("ix_returned_recording_id"), table_name="returned")
    op.drop_index(op.f("ix_returned_part_id"), table_name="returned")
    op.drop_table("returned")
    op.drop_index(
        "ix_restriction_person_now",
        table_name="restriction_person",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index("ix_restriction_person_account", table_name="restriction_person")
    op.drop_table("restriction_person")
    op.drop_index("ix_statement_review_state", table_name="statement_review")
    op.drop_index("ix_statement_review_officer", table_name="statement_review")
    op.drop_index(op.f("ix_statement_review_matter_id"), table_name="statement_review")
    op.drop_table("statement_review")
    op.drop_index("ix_restriction_ref", table_name="restriction")
    op.drop_index("ix_restriction_recording", table_name="restriction")
    op.drop_index(
        "ix_restriction_now",
        table_name="restriction",
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.drop_table("restriction")
    op.drop_table("restricted_place")
    op.drop_index("ix_recording_opening_ref", table_name="recording_opening")
    op.drop_index("ix_recording_opening_account", table_name="recording_opening")
    op.drop_table("recording_opening")
    op.drop_index(op.f("ix_matter_relation_other_id"), table_name="matter_relation")
    op.drop_index(op.f("ix_matter_relation_matter_id"), table_name="matter_relation")
    op.drop_table("matter_relation")
    op.drop_index(op.f("ix_matter_recording_recording_id"), table_name="matter_recording")
    op.drop_index(
        "ix_matter_recording_now",
        table_name="matter_recording",
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.drop_index("ix_matter_recording_matter", table_name="matter_recording")
    op.drop_table("matter_recording")
    op.drop_index(op.f("ix_matter_person_matter_id"), table_name="matter_person")
    op.drop_index("ix_matter_person_account", table_name="matter_person")
    op.drop_table("matter_person")
    op.drop_index("ix_matter_history_matter", table_name="matter_history")
    op.drop_table("matter_history")
    op.drop_index(op.f("ix_matter_event_matter_id"), table_name="matter_event")
    op.drop_table("matter_event")
    op.drop_index(
        "ix_matter_closed_circle_now",
        table_name="matter_closed_circle",
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.drop_table("matter_closed_circle")
    op.drop_index(op.f("ix_hold_recording_id"), table_name="hold")
    op.drop_index("ix_hold_open", table_name="hold")
    op.drop_index(op.f("ix_hold_matter_id"), table_name="hold")
    op.drop_table("hold")
    op.drop_index("ix_disposition_item_state", table_name="disposition_item")
    op.drop_index("ix_disposition_item_recording", table_name="disposition_item")
    op.drop_table("disposition_item")
    op.drop_index(op.f("ix_court_seal_recording_id"), table_name="court_seal")
    op.drop_table("court_seal")
    op.drop_index("ix_classification_recording", table_name="classification")
    op.drop_index(
        "ix_classification_open",
        table_name="classification",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index(
        "ix_classification_category",
        table_name="classification",
        sqlite_where=sa.text("kind = 'category' AND ended_at IS NULL"),
        postgresql_where=sa.text("kind = 'category' AND ended_at IS NULL"),
    )
    op.drop_table("classification")
    op.drop_index(op.f("ix_archived_recording_state"), table_name="archived_recording")
    op.drop_table("archived_recording")
    op.drop_index(op.f("ix_training_account_id"), table_name="training")
    op.drop_table("training")
    op.drop_index(op.f("ix_matter_unit_id"), table_name="matter")
    op.drop_index("ix_matter_state", table_name="matter")
    op.drop_index("ix_matter_owner", table_name="matter")
    op.drop_index("ix_matter_opened", table_name="matter")
    op.drop_index("ix_matter_kind", table_name="matter")
    op.drop_table("matter")
    op.drop_index(op.f("ix_duty_unit_id"), table_name="duty")
    op.drop_index("ix_duty_open", table_name="duty")
    op.drop_index("ix_duty_kind", table_name="duty")
    op.drop_index(op.f("ix_duty_account_id"), table_name="duty")
    op.drop_table("duty")
    op.drop_index("ix_device_test_time", table_name="device_test")
    op.drop_index("ix_device_test_at", table_name="device_test")
    op.drop_table("device_test")
    op.drop_index(op.f("ix_device_malfunction_device_id"), table_name="device_malfunction")
    op.drop_table("device_malfunction")
    op.drop_table("retention_plan_item")
    op.drop_index("ix_law_change_state", table_name="law_change")
    op.drop_table("law_change")
    op.drop_index("ix_retention_plan_newest", table_name="retention_plan")
    op.drop_index(op.f("ix_retention_plan_change_id"), table_name="retention_plan")
    op.drop_table("retention_plan")
    op.drop_table("recurring_act")
    op.drop_table("matter_counter")
    op.drop_table("law_text")
    op.drop_index("ix_disposition_newest", table_name="disposition")
    op.drop_table("disposition")
    op.drop_table("digest_secret")
    op.drop_index(op.f("ix_category_meaning_said_at"), table_name="category_meaning")
    op.drop_table("category_meaning")
    op.drop_table("access_policy")
