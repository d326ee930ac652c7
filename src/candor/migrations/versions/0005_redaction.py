"""Redactions, their models, edits and copies; transcripts.

Revision: 0005
After: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "detection_model",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("model_object_id", sa.String(length=36), nullable=True),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_detection_model")),
        sa.UniqueConstraint("name", name=op.f("uq_detection_model_name")),
    )
    op.create_table(
        "redaction_segment",
        sa.Column("redaction_id", sa.String(length=36), nullable=False),
        sa.Column("part_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(length=36), nullable=False),
        sa.Column("begin", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("segment_object_id", sa.String(length=36), nullable=True),
        sa.Column("ready_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("redaction_id", "part_id", "number", name=op.f("pk_redaction_segment")),
    )
    op.create_table(
        "redaction",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("edit", sa.Integer(), nullable=False),
        sa.Column("holder_id", sa.String(length=36), nullable=True),
        sa.Column("holder_key", sa.Text(), nullable=True),
        sa.Column("holder_until", sa.BigInteger(), nullable=True),
        sa.Column("logged_edit", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_redaction_recording_id_recording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redaction")),
    )
    op.create_index(op.f("ix_redaction_recording_id"), "redaction", ["recording_id"], unique=False)
    op.create_table(
        "redacted_copy",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("redaction_id", sa.String(length=36), nullable=False),
        sa.Column("part_id", sa.String(length=36), nullable=False),
        sa.Column("edit", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("copy_object_id", sa.String(length=36), nullable=True),
        sa.Column("proof_object_id", sa.String(length=36), nullable=True),
        sa.Column("list_object_id", sa.String(length=36), nullable=True),
        sa.Column("poster_object_id", sa.String(length=36), nullable=True),
        sa.Column("filmstrip_object_id", sa.String(length=36), nullable=True),
        sa.Column("waveform_object_id", sa.String(length=36), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_redacted_copy_part_id_part")),
        sa.ForeignKeyConstraint(
            ["redaction_id"], ["redaction.id"], name=op.f("fk_redacted_copy_redaction_id_redaction")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redacted_copy")),
    )
    op.create_index(op.f("ix_redacted_copy_redaction_id"), "redacted_copy", ["redaction_id"], unique=False)
    op.create_table(
        "redaction_edit",
        sa.Column("redaction_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("acts", sa.Text(), nullable=False),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.Column("tracks_object_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["redaction_id"], ["redaction.id"], name=op.f("fk_redaction_edit_redaction_id_redaction")
        ),
        sa.PrimaryKeyConstraint("redaction_id", "number", name=op.f("pk_redaction_edit")),
    )
    op.create_table(
        "redaction_part",
        sa.Column("redaction_id", sa.String(length=36), nullable=False),
        sa.Column("part_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("picture", sa.Text(), nullable=True),
        sa.Column("frames", sa.Text(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("run", sa.String(length=36), nullable=True),
        sa.Column("source_rendition_id", sa.String(length=36), nullable=True),
        sa.Column("tracks_object_id", sa.String(length=36), nullable=True),
        sa.Column("found", sa.Text(), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("ready_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_redaction_part_part_id_part")),
        sa.ForeignKeyConstraint(
            ["redaction_id"], ["redaction.id"], name=op.f("fk_redaction_part_redaction_id_redaction")
        ),
        sa.PrimaryKeyConstraint("redaction_id", "part_id", name=op.f("pk_redaction_part")),
    )
    op.create_table(
        "redaction_watched",
        sa.Column("redaction_id", sa.String(length=36), nullable=False),
        sa.Column("part_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("runs", sa.Text(), nullable=False),
        sa.Column("edit", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["redaction_id"], ["redaction.id"], name=op.f("fk_redaction_watched_redaction_id_redaction")
        ),
        sa.PrimaryKeyConstraint("redaction_id", "part_id", "account_id", name=op.f("pk_redaction_watched")),
    )
    op.create_table(
        "transcript",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("part_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=True),
        sa.Column("engine_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("rough", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_transcript_part_id_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transcript")),
    )
    op.create_index(op.f("ix_transcript_part_id"), "transcript", ["part_id"], unique=False)
    op.create_table(
        "transcript_stretch",
        sa.Column("transcript_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["transcript_id"], ["transcript.id"], name=op.f("fk_transcript_stretch_transcript_id_transcript")
        ),
        sa.PrimaryKeyConstraint("transcript_id", "number", name=op.f("pk_transcript_stretch")),
        sa.UniqueConstraint("object_id", name=op.f("uq_transcript_stretch_object_id")),
    )
    op.create_table(
        "transcript_version",
        sa.Column("transcript_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("corrected", sa.Integer(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transcript_id"], ["transcript.id"], name=op.f("fk_transcript_version_transcript_id_transcript")
        ),
        sa.PrimaryKeyConstraint("transcript_id", "number", name=op.f("pk_transcript_version")),
        sa.UniqueConstraint("object_id", name=op.f("uq_transcript_version_object_id")),
    )


def downgrade() -> None:
    op.drop_table("transcript_version")
    op.drop_table("transcript_stretch")
    op.drop_index(op.f("ix_transcript_part_id"), table_name="transcript")
    op.drop_table("transcript")
    op.drop_table("redaction_watched")
    op.drop_table("redaction_part")
    op.drop_table("redaction_edit")
    op.drop_index(op.f("ix_redacted_copy_redaction_id"), table_name="redacted_copy")
    op.drop_table("redacted_copy")
    op.drop_index(op.f("ix_redaction_recording_id"), table_name="redaction")
    op.drop_table("redaction")
    op.drop_table("redaction_segment")
    op.drop_table("detection_model")
