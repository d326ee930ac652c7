"""First tables

Revision: 0001
After: none

Moments are microseconds since 1970 (core.database.UtcDateTime), JSON is text (core.database.JsonText). What SQLite and
PostgreSQL need for searching differs: an FTS5 table kept by triggers there, a tsvector with a GIN index here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEARCH_CREATE = (
    "CREATE VIRTUAL TABLE recording_fts USING fts5(words, content='recording_words', content_rowid='key',"
    " detail=none, columnsize=0, tokenize='ascii', prefix='1 2 3 4 5')",
    "CREATE TRIGGER recording_words_added AFTER INSERT ON recording_words BEGIN INSERT INTO "
    "recording_fts(rowid, words) VALUES (new.key, new.words); END",
    "CREATE TRIGGER recording_words_removed AFTER DELETE ON recording_words BEGIN INSERT INTO "
    "recording_fts(recording_fts, rowid, words) VALUES ('delete', old.key, old.words); END",
    "CREATE TRIGGER recording_words_changed AFTER UPDATE ON recording_words BEGIN INSERT INTO "
    "recording_fts(recording_fts, rowid, words) VALUES ('delete', old.key, old.words); INSERT INTO "
    "recording_fts(rowid, words) VALUES (new.key, new.words); END",
)
SEARCH_DROP = ("DROP TABLE IF EXISTS recording_fts",)


def upgrade() -> None:
    op.create_table(
        "agency",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("only", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("guard_key", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint('"only" = 1', name=op.f("ck_agency_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
        sa.UniqueConstraint("only", name=op.f("uq_agency_only")),
    )
    op.create_table(
        "category",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_category")),
    )
    op.create_table(
        "custody_event",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_custody_event")),
        sa.UniqueConstraint("id", name=op.f("uq_custody_event_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("custody_event", schema=None) as batch_op:
        batch_op.create_index("ix_custody_event_actor", ["actor", "at"], unique=False)
        batch_op.create_index("ix_custody_event_kind", ["kind", "at"], unique=False)
        batch_op.create_index("ix_custody_event_position", ["position"], unique=True)
        batch_op.create_index("ix_custody_event_recording", ["recording_id", "n"], unique=True)
        batch_op.create_index(
            "ix_custody_event_waiting",
            ["seq"],
            unique=False,
            sqlite_where=sa.text("position IS NULL"),
            postgresql_where=sa.text("position IS NULL"),
        )

    op.create_table(
        "custody_subject",
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("next_n", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("tag_key", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_custody_subject")),
    )
    op.create_table(
        "custody_tag_key",
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("first_n", sa.Integer(), nullable=False),
        sa.Column("tag_key", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", "epoch", name=op.f("pk_custody_tag_key")),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("make", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("serial", name=op.f("uq_device_serial")),
    )
    op.create_table(
        "fixity_check",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("checked", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fixity_check")),
    )
    op.create_table(
        "fixity_run",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.String(length=36), nullable=False),
        sa.Column("objects_done", sa.Integer(), nullable=False),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("objects_wrong", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_fixity_run")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fraction", sa.Float(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("deaths", sa.Integer(), server_default="0", nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("dispatch", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=36), nullable=True),
        sa.Column("execution", sa.String(length=36), nullable=True),
        sa.Column("enqueued_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index("ix_job_ended", ["ended_at"], unique=False)
        batch_op.create_index("ix_job_state_enqueued", ["state", "enqueued_at"], unique=False)

    op.create_table(
        "job_worker",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("pid_space", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("beat_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_worker")),
    )
    op.create_table(
        "log_checkpoint",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("cosignatures", sa.Text(), server_default="", nullable=False),
        sa.Column("first_waiting_at", sa.BigInteger(), nullable=True),
        sa.Column("signed_at", sa.BigInteger(), nullable=True),
        sa.Column("witnessed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_checkpoint")),
    )
    op.create_table(
        "log_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("vkey", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("tiles_size", sa.BigInteger(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_head")),
    )
    op.create_table(
        "log_node",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_log_node")),
    )
    op.create_table(
        "log_witness",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("vkey", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("cosigned_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("problem_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_log_witness")),
    )
    op.create_table(
        "package",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("manifest_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=True),
        sa.Column("small_object_id", sa.String(length=36), nullable=True),
        sa.Column("zip_size", sa.BigInteger(), nullable=True),
        sa.Column("checkpoint_size", sa.BigInteger(), nullable=True),
        sa.Column("witnessed", sa.Boolean(), nullable=True),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package")),
    )
    op.create_table(
        "recording_term",
        sa.Column("term", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("term", name=op.f("pk_recording_term")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sign_in_guard",
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=False),
        sa.Column("blocked_until", sa.BigInteger(), nullable=True),
        sa.Column("turned_away", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_sign_in_guard")),
    )
    with op.batch_alter_table("sign_in_guard", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_guard_failed_at"), ["failed_at"], unique=False)

    op.create_table(
        "unit",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("name", name=op.f("uq_unit_name")),
    )
    op.create_table(
        "vault_epoch",
        sa.Column("key_epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("check_value", sa.LargeBinary(length=16), nullable=False),
        sa.Column("first_used_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_epoch", name=op.f("pk_vault_epoch")),
    )
    op.create_table(
        "vault_object",
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("chunk_root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("stored_size", sa.BigInteger(), nullable=False),
        sa.Column("key_epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("key_destroyed_at", sa.BigInteger(), nullable=True),
        sa.Column("last_fixity_at", sa.BigInteger(), nullable=True),
        sa.Column("last_fixity_result", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("object_id", name=op.f("pk_vault_object")),
    )
    with op.batch_alter_table("vault_object", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_object_key_epoch"), ["key_epoch"], unique=False)
        batch_op.create_index("ix_vault_object_sha256", ["sha256"], unique=False)

    op.create_table(
        "account",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("sign_in_name", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("badge", sa.Text(), nullable=True),
        sa.Column("unit_id", sa.String(length=36), nullable=True),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("signed_in_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_account_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("sign_in_name", name=op.f("uq_account_sign_in_name")),
    )
    op.create_table(
        "job_step",
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_step_job_id_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "key", name=op.f("pk_job_step")),
    )
    op.create_table(
        "package_recording",
        sa.Column("package_id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_package_recording_package_id_package")),
        sa.PrimaryKeyConstraint("package_id", "recording_id", name=op.f("pk_package_recording")),
    )
    with op.batch_alter_table("package_recording", schema=None) as batch_op:
        batch_op.create_index("ix_package_recording_recording", ["recording_id"], unique=False)

    op.create_table(
        "vault_key",
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["object_id"], ["vault_object.object_id"], name=op.f("fk_vault_key_object_id_vault_object")
        ),
        sa.PrimaryKeyConstraint("object_id", name=op.f("pk_vault_key")),
    )
    op.create_table(
        "recording",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("wearer_id", sa.String(length=36), nullable=True),
        sa.Column("unit_id", sa.String(length=36), nullable=True),
        sa.Column("device_id", sa.String(length=36), nullable=True),
        sa.Column("device_kind", sa.Text(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("started_source", sa.Text(), nullable=False),
        sa.Column("started_key", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("incident_number", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_sort", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("custom", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_recording_device_id_device")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_recording_unit_id_unit")),
        sa.ForeignKeyConstraint(["wearer_id"], ["account.id"], name=op.f("fk_recording_wearer_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        sa.UniqueConstraint("started_key", name=op.f("uq_recording_started_key")),
    )
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.create_index("ix_recording_incident", ["incident_number", "started_key"], unique=False)
        batch_op.create_index("ix_recording_received", ["received_at", "started_key"], unique=False)
        batch_op.create_index("ix_recording_title", ["title_sort", "started_key"], unique=False)
        batch_op.create_index("ix_recording_unit", ["unit_id", "started_key"], unique=False)
        batch_op.create_index("ix_recording_wearer", ["wearer_id", "started_key"], unique=False)

    op.create_table(
        "saved_filter",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_saved_filter_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_saved_filter_account_id")),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id_account")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_account_id"), ["account_id"], unique=False)

    op.create_table(
        "part",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("chunk_root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("claims", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_part_recording_id_recording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part")),
        sa.UniqueConstraint("object_id", name=op.f("uq_part_object_id")),
        sa.UniqueConstraint("recording_id", "number", name=op.f("uq_part_recording_id")),
    )
    with op.batch_alter_table("part", schema=None) as batch_op:
        batch_op.create_index(
            "ix_part_bytes",
            ["sha256"],
            unique=True,
            sqlite_where=sa.text("size > 0"),
            postgresql_where=sa.text("size > 0"),
        )

    op.create_table(
        "recording_words",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("words", sa.Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_recording_words_recording_id_recording")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_recording_words")),
        sa.UniqueConstraint("recording_id", name=op.f("uq_recording_words_recording_id")),
    )

    op.create_table(
        "viewing",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_viewing_recording_id_recording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_viewing")),
    )
    with op.batch_alter_table("viewing", schema=None) as batch_op:
        batch_op.create_index("ix_viewing_open", ["recording_id", "account_id", "purpose", "ends_at"], unique=False)

    op.create_table(
        "intake",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("part_id", sa.String(length=36), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("face", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("file_modified_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_intake_part_id_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake")),
    )
    with op.batch_alter_table("intake", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_intake_part_id"), ["part_id"], unique=False)

    op.create_table(
        "rendition",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("part_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("object_id", sa.String(length=36), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_rendition_part_id_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rendition")),
        sa.UniqueConstraint("object_id", name=op.f("uq_rendition_object_id")),
        sa.UniqueConstraint("part_id", "kind", name=op.f("uq_rendition_part_id")),
    )
    op.create_index("ix_recording_duration", "recording", [sa.text("coalesce(duration_ms, -1)"), "started_key"])
    if op.get_bind().dialect.name == "sqlite":
        for statement in SEARCH_CREATE:
            op.execute(statement)
    else:
        op.create_index("ix_recording_words_words", "recording_words", ["words"], postgresql_using="gin")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in SEARCH_DROP:
            op.execute(statement)
    op.drop_table("rendition")
    with op.batch_alter_table("intake", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_intake_part_id"))

    op.drop_table("intake")
    with op.batch_alter_table("viewing", schema=None) as batch_op:
        batch_op.drop_index("ix_viewing_open")

    op.drop_table("viewing")

    op.drop_table("recording_words")
    with op.batch_alter_table("part", schema=None) as batch_op:
        batch_op.drop_index("ix_part_bytes", sqlite_where=sa.text("size > 0"), postgresql_where=sa.text("size > 0"))

    op.drop_table("part")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_account_id"))

    op.drop_table("session")
    op.drop_table("saved_filter")
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.drop_index("ix_recording_wearer")
        batch_op.drop_index("ix_recording_unit")
        batch_op.drop_index("ix_recording_title")
        batch_op.drop_index("ix_recording_received")
        batch_op.drop_index("ix_recording_incident")

    op.drop_table("recording")
    op.drop_table("vault_key")
    with op.batch_alter_table("package_recording", schema=None) as batch_op:
        batch_op.drop_index("ix_package_recording_recording")

    op.drop_table("package_recording")
    op.drop_table("job_step")
    op.drop_table("account")
    with op.batch_alter_table("vault_object", schema=None) as batch_op:
        batch_op.drop_index("ix_vault_object_sha256")
        batch_op.drop_index(batch_op.f("ix_vault_object_key_epoch"))

    op.drop_table("vault_object")
    op.drop_table("vault_epoch")
    op.drop_table("unit")
    with op.batch_alter_table("sign_in_guard", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_guard_failed_at"))

    op.drop_table("sign_in_guard")
    op.drop_table("recording_term")
    op.drop_table("package")
    op.drop_table("log_witness")
    op.drop_table("log_node")
    op.drop_table("log_head")
    op.drop_table("log_checkpoint")
    op.drop_table("job_worker")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index("ix_job_state_enqueued")
        batch_op.drop_index("ix_job_ended")

    op.drop_table("job")
    op.drop_table("fixity_run")
    op.drop_table("fixity_check")
    op.drop_table("device")
    op.drop_table("custody_tag_key")
    op.drop_table("custody_subject")
    with op.batch_alter_table("custody_event", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_custody_event_waiting",
            sqlite_where=sa.text("position IS NULL"),
            postgresql_where=sa.text("position IS NULL"),
        )
        batch_op.drop_index("ix_custody_event_recording")
        batch_op.drop_index("ix_custody_event_position")
        batch_op.drop_index("ix_custody_event_kind")
        batch_op.drop_index("ix_custody_event_actor")

    op.drop_table("custody_event")
    op.drop_table("category")
    op.drop_table("agency")
