"""Requests for records, decisions, critical incidents, releases, discovery and findings.

Revision: 0006
After: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "credential_key",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("in_use", sa.Text(), nullable=True),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("root_fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=False),
        sa.Column("secret_id", sa.String(length=36), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential_key")),
        sa.UniqueConstraint("in_use", name=op.f("uq_credential_key_in_use")),
    )
    op.create_table(
        "critical_counter",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_critical_counter")),
    )
    op.create_table(
        "critical_incident",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("matter_id", sa.String(length=36), nullable=True),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("due_rule", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_incident")),
        sa.UniqueConstraint("number", name=op.f("uq_critical_incident_number")),
    )
    op.create_index("ix_critical_incident_matter", "critical_incident", ["matter_id"], unique=False)
    op.create_index("ix_critical_incident_state", "critical_incident", ["state", "due_at", "id"], unique=False)
    op.create_table(
        "discovery_counter",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_discovery_counter")),
    )
    op.create_table(
        "discovery_miss",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discovery_miss")),
    )
    op.create_index("ix_discovery_miss_address", "discovery_miss", ["address", "at"], unique=False)
    op.create_table(
        "portal_entry",
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("sealed_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_portal_entry")),
    )
    op.create_index("ix_portal_entry_problem", "portal_entry", ["problem", "seen_at"], unique=False)
    op.create_index(op.f("ix_portal_entry_request_id"), "portal_entry", ["request_id"], unique=False)
    op.create_index(op.f("ix_portal_entry_sealed_sha256"), "portal_entry", ["sealed_sha256"], unique=False)
    op.create_index("ix_portal_entry_taken", "portal_entry", ["kind", "taken_at"], unique=False)
    op.create_table(
        "portal_key",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("secret_id", sa.String(length=36), nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_key")),
    )
    op.create_table(
        "portal_published",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_portal_published")),
    )
    op.create_table(
        "portal_round",
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_portal_round")),
    )
    op.create_table(
        "release",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=True),
        sa.Column("critical_id", sa.String(length=36), nullable=True),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("prepared_by", sa.Text(), nullable=False),
        sa.Column("prepared_at", sa.BigInteger(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("sent_back_by", sa.Text(), nullable=True),
        sa.Column("sent_back_at", sa.BigInteger(), nullable=True),
        sa.Column("sent_back_reason", sa.Text(), nullable=True),
        sa.Column("package_id", sa.String(length=36), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("zip_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("zip_size", sa.BigInteger(), nullable=True),
        sa.Column("recalled_by", sa.Text(), nullable=True),
        sa.Column("recalled_at", sa.BigInteger(), nullable=True),
        sa.Column("recall_reason", sa.Text(), nullable=True),
        sa.Column("discarded_by", sa.Text(), nullable=True),
        sa.Column("discarded_at", sa.BigInteger(), nullable=True),
        sa.Column("discard_reason", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("files", sa.Text(), nullable=True),
        sa.Column("hidden", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("number", name=op.f("uq_release_number")),
    )
    op.create_index(op.f("ix_release_critical_id"), "release", ["critical_id"], unique=False)
    op.create_index(op.f("ix_release_request_id"), "release", ["request_id"], unique=False)
    op.create_index("ix_release_state", "release", ["state", "prepared_at", "id"], unique=False)
    op.create_table(
        "release_counter",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_release_counter")),
    )
    op.create_table(
        "request_counter",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_request_counter")),
    )
    op.create_table(
        "request_import",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_import")),
    )
    op.create_index(op.f("ix_request_import_sha256"), "request_import", ["sha256"], unique=False)
    op.create_table(
        "credentialed_copy",
        sa.Column("copy_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.String(length=36), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"], ["credential_key.id"], name=op.f("fk_credentialed_copy_key_id_credential_key")
        ),
        sa.PrimaryKeyConstraint("copy_id", "title", name=op.f("pk_credentialed_copy")),
    )
    op.create_index(op.f("ix_credentialed_copy_recording_id"), "credentialed_copy", ["recording_id"], unique=False)
    op.create_table(
        "critical_consent",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("critical_id", sa.String(length=36), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["critical_id"], ["critical_incident.id"], name=op.f("fk_critical_consent_critical_id_critical_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_consent")),
    )
    op.create_index(op.f("ix_critical_consent_critical_id"), "critical_consent", ["critical_id"], unique=False)
    op.create_table(
        "critical_history",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("critical_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["critical_id"], ["critical_incident.id"], name=op.f("fk_critical_history_critical_id_critical_incident")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_critical_history")),
    )
    op.create_index("ix_critical_history_critical", "critical_history", ["critical_id", "event_id"], unique=False)
    op.create_table(
        "critical_put_off",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("critical_id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=True),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("citation", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("due_before", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("put_off_by", sa.Text(), nullable=False),
        sa.Column("put_off_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["critical_id"], ["critical_incident.id"], name=op.f("fk_critical_put_off_critical_id_critical_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_put_off")),
    )
    op.create_index(op.f("ix_critical_put_off_critical_id"), "critical_put_off", ["critical_id"], unique=False)
    op.create_table(
        "critical_statement",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("critical_id", sa.String(length=36), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=True),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["critical_id"], ["critical_incident.id"], name=op.f("fk_critical_statement_critical_id_critical_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_statement")),
    )
    op.create_index(op.f("ix_critical_statement_critical_id"), "critical_statement", ["critical_id"], unique=False)
    op.create_table(
        "critical_viewing",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("critical_id", sa.String(length=36), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("offered_for", sa.BigInteger(), nullable=False),
        sa.Column("offered_by", sa.Text(), nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.Column("held_at", sa.BigInteger(), nullable=True),
        sa.Column("declined_at", sa.BigInteger(), nullable=True),
        sa.Column("present", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["critical_id"], ["critical_incident.id"], name=op.f("fk_critical_viewing_critical_id_critical_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_viewing")),
    )
    op.create_index("ix_critical_viewing_critical", "critical_viewing", ["critical_id", "offered_at"], unique=False)
    op.create_table(
        "release_copy",
        sa.Column("release_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("copy_id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("although", sa.Text(), nullable=False),
        sa.Column("signed_object_id", sa.String(length=36), nullable=True),
        sa.Column("signed_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("signed_size", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_release_copy_release_id_release")),
        sa.PrimaryKeyConstraint("release_id", "position", name=op.f("pk_release_copy")),
    )
    op.create_index(op.f("ix_release_copy_recording_id"), "release_copy", ["recording_id"], unique=False)
    op.create_table(
        "release_history",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("release_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_release_history_release_id_release")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_release_history")),
    )
    op.create_index("ix_release_history_release", "release_history", ["release_id", "event_id"], unique=False)
    op.create_table(
        "records_request",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("tracking_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("requester_class", sa.Text(), nullable=False),
        sa.Column("class_confirmed_by", sa.Text(), nullable=True),
        sa.Column("requester_name", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("named", sa.Text(), nullable=False),
        sa.Column("wants", sa.Text(), nullable=False),
        sa.Column("assigned_to", sa.String(length=36), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("due_rule", sa.Text(), nullable=True),
        sa.Column("late", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("critical_id", sa.String(length=36), nullable=True),
        sa.Column("book", sa.Text(), nullable=True),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["assigned_to"], ["account.id"], name=op.f("fk_records_request_assigned_to_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_request")),
        sa.UniqueConstraint("number", name=op.f("uq_records_request_number")),
        sa.UniqueConstraint("tracking_digest", name=op.f("uq_records_request_tracking_digest")),
    )
    op.create_index("ix_records_request_assigned", "records_request", ["assigned_to", "state", "due_at"], unique=False)
    op.create_index("ix_records_request_closed", "records_request", ["closed_at", "id"], unique=False)
    op.create_index(
        "ix_records_request_open",
        "records_request",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_records_request_received", "records_request", ["received_at", "id", "search_key"], unique=False)
    op.create_index("ix_records_request_state", "records_request", ["state", "closed_at", "id"], unique=False)
    op.create_table(
        "critical_recording",
        sa.Column("critical_id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("hold_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["critical_id"], ["critical_incident.id"], name=op.f("fk_critical_recording_critical_id_critical_incident")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_critical_recording_recording_id_recording")
        ),
        sa.PrimaryKeyConstraint("critical_id", "recording_id", name=op.f("pk_critical_recording")),
    )
    op.create_index(
        "ix_critical_recording_recording", "critical_recording", ["recording_id", "critical_id"], unique=False
    )
    op.create_table(
        "discovery",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("matter_id", sa.String(length=36), nullable=False),
        sa.Column("package_id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("watermark", sa.Boolean(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("fk_discovery_matter_id_matter")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_discovery_package_id_package")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discovery")),
        sa.UniqueConstraint("number", name=op.f("uq_discovery_number")),
        sa.UniqueConstraint("package_id", name=op.f("uq_discovery_package_id")),
    )
    op.create_index("ix_discovery_matter", "discovery", ["matter_id", "made_at"], unique=False)
    op.create_table(
        "release_decision",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=True),
        sa.Column("critical_id", sa.String(length=36), nullable=True),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("begin_ms", sa.BigInteger(), nullable=True),
        sa.Column("end_ms", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("exemption", sa.Text(), nullable=False),
        sa.Column("citation", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("weighed", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdraw_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_release_decision_recording_id_recording")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_decision")),
    )
    op.create_index("ix_release_decision_critical", "release_decision", ["critical_id", "recording_id"], unique=False)
    op.create_index(op.f("ix_release_decision_recording_id"), "release_decision", ["recording_id"], unique=False)
    op.create_index("ix_release_decision_request", "release_decision", ["request_id", "recording_id"], unique=False)
    op.create_table(
        "request_clock",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=True),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("citation", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("answer_only", sa.Boolean(), nullable=False),
        sa.Column("adopted", sa.Boolean(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("extended_by", sa.Text(), nullable=True),
        sa.Column("extended_at", sa.BigInteger(), nullable=True),
        sa.Column("extension_reason", sa.Text(), nullable=True),
        sa.Column("met_at", sa.BigInteger(), nullable=True),
        sa.Column("extensions", sa.Integer(), server_default="0", nullable=False),
        sa.Column("extendable_because", sa.Text(), nullable=True),
        sa.Column("extendable_to", sa.BigInteger(), nullable=True),
        sa.Column("latest", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["records_request.id"], name=op.f("fk_request_clock_request_id_records_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_clock")),
    )
    op.create_index(op.f("ix_request_clock_request_id"), "request_clock", ["request_id"], unique=False)
    op.create_table(
        "request_code",
        sa.Column("tracking_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        sa.Column("replaced_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["records_request.id"], name=op.f("fk_request_code_request_id_records_request")
        ),
        sa.PrimaryKeyConstraint("tracking_digest", name=op.f("pk_request_code")),
    )
    op.create_index(op.f("ix_request_code_request_id"), "request_code", ["request_id"], unique=False)
    op.create_table(
        "request_document",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=True),
        sa.Column("critical_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("letter", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["records_request.id"], name=op.f("fk_request_document_request_id_records_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_document")),
    )
    op.create_index(op.f("ix_request_document_critical_id"), "request_document", ["critical_id"], unique=False)
    op.create_index(op.f("ix_request_document_request_id"), "request_document", ["request_id"], unique=False)
    op.create_table(
        "request_history",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["records_request.id"], name=op.f("fk_request_history_request_id_records_request")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_request_history")),
    )
    op.create_index("ix_request_history_request", "request_history", ["request_id", "event_id"], unique=False)
    op.create_table(
        "request_message",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["records_request.id"], name=op.f("fk_request_message_request_id_records_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_message")),
    )
    op.create_index("ix_request_message_request", "request_message", ["request_id", "written_at"], unique=False)
    op.create_table(
        "request_recording",
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("meant", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("hold_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_request_recording_recording_id_recording")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["records_request.id"], name=op.f("fk_request_recording_request_id_records_request")
        ),
        sa.PrimaryKeyConstraint("request_id", "recording_id", name=op.f("pk_request_recording")),
    )
    op.create_index("ix_request_recording_recording", "request_recording", ["recording_id", "request_id"], unique=False)
    op.create_table(
        "discovery_mark",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("discovery_id", sa.String(length=36), nullable=False),
        sa.Column("part_id", sa.String(length=36), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rendition_id", sa.String(length=36), nullable=True),
        sa.Column("parent_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("object_id", sa.String(length=36), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["discovery_id"], ["discovery.id"], name=op.f("fk_discovery_mark_discovery_id_discovery")
        ),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_discovery_mark_part_id_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discovery_mark")),
        sa.UniqueConstraint("discovery_id", "part_id", "side", name=op.f("uq_discovery_mark_discovery_id")),
        sa.UniqueConstraint("object_id", name=op.f("uq_discovery_mark_object_id")),
    )
    op.create_index(op.f("ix_discovery_mark_part_id"), "discovery_mark", ["part_id"], unique=False)
    op.create_table(
        "discovery_side",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("discovery_id", sa.String(length=36), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("code_number", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["discovery_id"], ["discovery.id"], name=op.f("fk_discovery_side_discovery_id_discovery")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discovery_side")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_discovery_side_code_digest")),
    )
    op.create_index(
        "ix_discovery_side_now",
        "discovery_side",
        ["discovery_id", "side"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "discovery_view",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("discovery_id", sa.String(length=36), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["discovery_id"], ["discovery.id"], name=op.f("fk_discovery_view_discovery_id_discovery")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discovery_view")),
    )
    op.create_index("ix_discovery_view_side", "discovery_view", ["discovery_id", "side", "at"], unique=False)
    op.create_table(
        "finding",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("matter_id", sa.String(length=36), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=True),
        sa.Column("to_ms", sa.BigInteger(), nullable=True),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answer_reason", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("discovery_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["discovery_id"], ["discovery.id"], name=op.f("fk_finding_discovery_id_discovery")),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("fk_finding_matter_id_matter")),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_finding_recording_id_recording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    op.create_index("ix_finding_matter", "finding", ["matter_id", "noted_at"], unique=False)
    op.create_index(op.f("ix_finding_recording_id"), "finding", ["recording_id"], unique=False)
    op.create_table(
        "discovery_receipt",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("discovery_id", sa.String(length=36), nullable=False),
        sa.Column("side_id", sa.String(length=36), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["discovery_id"], ["discovery.id"], name=op.f("fk_discovery_receipt_discovery_id_discovery")
        ),
        sa.ForeignKeyConstraint(
            ["side_id"], ["discovery_side.id"], name=op.f("fk_discovery_receipt_side_id_discovery_side")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discovery_receipt")),
    )
    op.create_index(op.f("ix_discovery_receipt_discovery_id"), "discovery_receipt", ["discovery_id"], unique=False)
    op.create_table(
        "discovery_session",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("side_id", sa.String(length=36), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["side_id"], ["discovery_side.id"], name=op.f("fk_discovery_session_side_id_discovery_side")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_discovery_session")),
    )
    op.create_index(op.f("ix_discovery_session_side_id"), "discovery_session", ["side_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_discovery_session_side_id"), table_name="discovery_session")
    op.drop_table("discovery_session")
    op.drop_index(op.f("ix_discovery_receipt_discovery_id"), table_name="discovery_receipt")
    op.drop_table("discovery_receipt")
    op.drop_index(op.f("ix_finding_recording_id"), table_name="finding")
    op.drop_index("ix_finding_matter", table_name="finding")
    op.drop_table("finding")
    op.drop_index("ix_discovery_view_side", table_name="discovery_view")
    op.drop_table("discovery_view")
    op.drop_index(
        "ix_discovery_side_now",
        table_name="discovery_side",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("discovery_side")
    op.drop_index(op.f("ix_discovery_mark_part_id"), table_name="discovery_mark")
    op.drop_table("discovery_mark")
    op.drop_index("ix_request_recording_recording", table_name="request_recording")
    op.drop_table("request_recording")
    op.drop_index("ix_request_message_request", table_name="request_message")
    op.drop_table("request_message")
    op.drop_index("ix_request_history_request", table_name="request_history")
    op.drop_table("request_history")
    op.drop_index(op.f("ix_request_document_request_id"), table_name="request_document")
    op.drop_index(op.f("ix_request_document_critical_id"), table_name="request_document")
    op.drop_table("request_document")
    op.drop_index(op.f("ix_request_code_request_id"), table_name="request_code")
    op.drop_table("request_code")
    op.drop_index(op.f("ix_request_clock_request_id"), table_name="request_clock")
    op.drop_table("request_clock")
    op.drop_index("ix_release_decision_request", table_name="release_decision")
    op.drop_index(op.f("ix_release_decision_recording_id"), table_name="release_decision")
    op.drop_index("ix_release_decision_critical", table_name="release_decision")
    op.drop_table("release_decision")
    op.drop_index("ix_discovery_matter", table_name="discovery")
    op.drop_table("discovery")
    op.drop_index("ix_critical_recording_recording", table_name="critical_recording")
    op.drop_table("critical_recording")
    op.drop_index("ix_records_request_state", table_name="records_request")
    op.drop_index("ix_records_request_received", table_name="records_request")
    op.drop_index(
        "ix_records_request_open",
        table_name="records_request",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_index("ix_records_request_closed", table_name="records_request")
    op.drop_index("ix_records_request_assigned", table_name="records_request")
    op.drop_table("records_request")
    op.drop_index("ix_release_history_release", table_name="release_history")
    op.drop_table("release_history")
    op.drop_index(op.f("ix_release_copy_recording_id"), table_name="release_copy")
    op.drop_table("release_copy")
    op.drop_index("ix_critical_viewing_critical", table_name="critical_viewing")
    op.drop_table("critical_viewing")
    op.drop_index(op.f("ix_critical_statement_critical_id"), table_name="critical_statement")
    op.drop_table("critical_statement")
    op.drop_index(op.f("ix_critical_put_off_critical_id"), table_name="critical_put_off")
    op.drop_table("critical_put_off")
    op.drop_index("ix_critical_history_critical", table_name="critical_history")
    op.drop_table("critical_history")
    op.drop_index(op.f("ix_critical_consent_critical_id"), table_name="critical_consent")
    op.drop_table("critical_consent")
    op.drop_index(op.f("ix_credentialed_copy_recording_id"), table_name="credentialed_copy")
    op.drop_table("credentialed_copy")
    op.drop_index(op.f("ix_request_import_sha256"), table_name="request_import")
    op.drop_table("request_import")
    op.drop_table("request_counter")
    op.drop_table("release_counter")
    op.drop_index("ix_release_state", table_name="release")
    op.drop_index(op.f("ix_release_request_id"), table_name="release")
    op.drop_index(op.f("ix_release_critical_id"), table_name="release")
    op.drop_table("release")
    op.drop_table("portal_round")
    op.drop_table("portal_published")
    op.drop_table("portal_key")
    op.drop_index("ix_portal_entry_taken", table_name="portal_entry")
    op.drop_index(op.f("ix_portal_entry_sealed_sha256"), table_name="portal_entry")
    op.drop_index(op.f("ix_portal_entry_request_id"), table_name="portal_entry")
    op.drop_index("ix_portal_entry_problem", table_name="portal_entry")
    op.drop_table("portal_entry")
    op.drop_index("ix_discovery_miss_address", table_name="discovery_miss")
    op.drop_table("discovery_miss")
    op.drop_table("discovery_counter")
    op.drop_index("ix_critical_incident_state", table_name="critical_incident")
    op.drop_index("ix_critical_incident_matter", table_name="critical_incident")
    op.drop_table("critical_incident")
    op.drop_table("critical_counter")
    op.drop_table("credential_key")
