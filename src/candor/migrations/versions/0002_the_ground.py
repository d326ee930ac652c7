"""The ground: what keys, recovery, sign-in and notices keep.

Revision: 0002
After: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_refusal",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "account_id", "rule", name=op.f("pk_access_refusal")),
    )
    op.create_table(
        "backup_run",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("objects", sa.BigInteger(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("copied", sa.BigInteger(), nullable=True),
        sa.Column("log_size", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_run")),
    )
    with op.batch_alter_table("backup_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_backup_run_started_at"), ["started_at"], unique=False)

    op.create_table(
        "custody_lost_entry",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.Column("recording_id", sa.String(length=36), nullable=True),
        sa.Column("n", sa.Integer(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_custody_lost_entry")),
    )
    with op.batch_alter_table("custody_lost_entry", schema=None) as batch_op:
        batch_op.create_index("ix_custody_lost_entry_recording", ["recording_id", "n"], unique=False)

    op.create_table(
        "health_lease",
        sa.Column("only", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.String(length=36), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.CheckConstraint('"only" = 1', name=op.f("ck_health_lease_only_one")),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_health_lease")),
    )
    op.create_table(
        "health_state",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("mend", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_health_state")),
    )
    op.create_table(
        "log_old",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("vkey", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("last_size", sa.BigInteger(), nullable=False),
        sa.Column("last_root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("last_note", sa.Text(), nullable=True),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_log_old")),
    )
    op.create_table(
        "log_old_checkpoint",
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("cosignatures", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=True),
        sa.Column("witnessed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("log", "size", name=op.f("pk_log_old_checkpoint")),
    )
    op.create_table(
        "log_old_place",
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("leaf", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("log", "position", name=op.f("pk_log_old_place")),
    )
    with op.batch_alter_table("log_old_place", schema=None) as batch_op:
        batch_op.create_index("ix_log_old_place_seq", ["seq"], unique=False)

    op.create_table(
        "log_problem",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_log_problem")),
    )
    op.create_table(
        "notice_route",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("accounts", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_notice_route")),
    )
    op.create_table(
        "notice_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("urgent_breaks_quiet", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_rule")),
    )
    op.create_table(
        "outbox_notice",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("recipients", sa.Text(), nullable=True),
        sa.Column("once_key", sa.Text(), nullable=True),
        sa.Column("open_key", sa.Text(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("pending", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_notice")),
        sa.UniqueConstraint("open_key", name=op.f("uq_outbox_notice_open_key")),
    )
    with op.batch_alter_table("outbox_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_notice_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_notice_once_key"), ["once_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_notice_pending"), ["pending"], unique=False)

    op.create_table(
        "passkey_challenge",
        sa.Column("challenge_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("bound_to", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_passkey_challenge")),
    )
    with op.batch_alter_table("passkey_challenge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_challenge_bound_to"), ["bound_to"], unique=False)
        batch_op.create_index(batch_op.f("ix_passkey_challenge_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "service_token_use",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("token_id", sa.String(length=36), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "token_id", "address", "outcome", name=op.f("pk_service_token_use")),
    )
    op.create_table(
        "session_former",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("session_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session_former")),
    )
    with op.batch_alter_table("session_former", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_former_session_hash"), ["session_hash"], unique=False)

    op.create_table(
        "sign_in_policy",
        sa.Column("only", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("second_factor_roles", sa.Text(), nullable=False),
        sa.Column("notice_shown", sa.Boolean(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("idle_lock_minutes", sa.Integer(), nullable=False),
        sa.Column("absolute_hours", sa.Integer(), nullable=False),
        sa.Column("fresh_minutes", sa.Integer(), nullable=False),
        sa.Column("lock_until_released", sa.Boolean(), nullable=False),
        sa.CheckConstraint('"only" = 1', name=op.f("ck_sign_in_policy_only_one")),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_sign_in_policy")),
    )
    op.create_table(
        "tombstone",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("subject", sa.String(length=36), nullable=False),
        sa.Column("object_ids", sa.Text(), nullable=False),
        sa.Column("destroyed_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.Column("kept_at", sa.BigInteger(), nullable=True),
        sa.Column("backup_place", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstone")),
    )
    with op.batch_alter_table("tombstone", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tombstone_subject"), ["subject"], unique=False)

    op.create_table(
        "vault_secret",
        sa.Column("secret_id", sa.String(length=36), nullable=False),
        sa.Column("key_epoch", sa.Integer(), nullable=False),
        sa.Column("wrapped_secret", sa.LargeBinary(length=60), nullable=False),
        sa.PrimaryKeyConstraint("secret_id", name=op.f("pk_vault_secret")),
    )
    with op.batch_alter_table("vault_secret", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_secret_key_epoch"), ["key_epoch"], unique=False)

    op.create_table(
        "notice_choice",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("mail", sa.Boolean(), nullable=False),
        sa.Column("paces", sa.Text(), nullable=False),
        sa.Column("daily_at", sa.Integer(), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_until", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_notice_choice_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_notice_choice")),
    )
    op.create_table(
        "notice_entry",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_notice_entry_account_id_account")),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["outbox_notice.id"], name=op.f("fk_notice_entry_notice_id_outbox_notice")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_entry")),
        sa.UniqueConstraint("notice_id", "account_id", name=op.f("uq_notice_entry_notice_id")),
    )
    with op.batch_alter_table("notice_entry", schema=None) as batch_op:
        batch_op.create_index("ix_notice_entry_read_at", ["read_at"], unique=False)
        batch_op.create_index("ix_notice_entry_unread", ["account_id", "read_at"], unique=False)

    op.create_table(
        "notice_mail",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("in_reply_to", sa.Text(), nullable=True),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_by", sa.String(length=36), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_notice_mail_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_mail")),
        sa.UniqueConstraint("message_id", name=op.f("uq_notice_mail_message_id")),
    )
    with op.batch_alter_table("notice_mail", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_mail_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_notice_mail_due", ["state", "next_at"], unique=False)

    op.create_table(
        "passkey",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("refused_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_passkey_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_account_id"), ["account_id"], unique=False)

    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_recovery_code_account_id_account")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_code")),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_code_account_id"), ["account_id"], unique=False)

    op.create_table(
        "service_token",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("used_address", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_service_token_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_token")),
    )
    with op.batch_alter_table("service_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_service_token_account_id"), ["account_id"], unique=False)

    op.create_table(
        "totp",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("secret_id", sa.String(length=36), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_totp_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_totp")),
    )
    op.create_table(
        "notice_mail_item",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("bundled", sa.Boolean(), nullable=False),
        sa.Column("mail_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_notice_mail_item_account_id_account")),
        sa.ForeignKeyConstraint(
            ["mail_id"], ["notice_mail.id"], name=op.f("fk_notice_mail_item_mail_id_notice_mail"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["outbox_notice.id"], name=op.f("fk_notice_mail_item_notice_id_outbox_notice")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_mail_item")),
        sa.UniqueConstraint("notice_id", "account_id", "part", name=op.f("uq_notice_mail_item_notice_id")),
    )
    with op.batch_alter_table("notice_mail_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_mail_item_mail_id"), ["mail_id"], unique=False)
        batch_op.create_index("ix_notice_mail_item_waiting", ["mail_id", "due_at"], unique=False)

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("kind", sa.Text(), server_default="person", nullable=False))
        batch_op.add_column(sa.Column("password_listed_at", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("custody_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("about_account", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("address", sa.Text(), nullable=True))
        batch_op.create_index(
            "ix_custody_event_about",
            ["about_account", "at"],
            unique=False,
            sqlite_where=sa.text("about_account IS NOT NULL"),
            postgresql_where=sa.text("about_account IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_custody_event_address",
            ["address", "at"],
            unique=False,
            sqlite_where=sa.text("address IS NOT NULL"),
            postgresql_where=sa.text("address IS NOT NULL"),
        )
        batch_op.create_index("ix_custody_event_at", ["at"], unique=False)

    with op.batch_alter_table("log_head", schema=None) as batch_op:
        batch_op.add_column(sa.Column("newest_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("newest_seq", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stage", sa.Text(), server_default="full", nullable=False))
        batch_op.add_column(sa.Column("proved_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("locked_at", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("sign_in_guard", schema=None) as batch_op:
        batch_op.add_column(sa.Column("latest", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("locked_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("sign_in_guard", schema=None) as batch_op:
        batch_op.drop_column("locked_at")
        batch_op.drop_column("latest")

    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_column("locked_at")
        batch_op.drop_column("proved_at")
        batch_op.drop_column("stage")

    with op.batch_alter_table("log_head", schema=None) as batch_op:
        batch_op.drop_column("newest_seq")
        batch_op.drop_column("newest_at")

    with op.batch_alter_table("custody_event", schema=None) as batch_op:
        batch_op.drop_index("ix_custody_event_at")
        batch_op.drop_index(
            "ix_custody_event_address",
            sqlite_where=sa.text("address IS NOT NULL"),
            postgresql_where=sa.text("address IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_custody_event_about",
            sqlite_where=sa.text("about_account IS NOT NULL"),
            postgresql_where=sa.text("about_account IS NOT NULL"),
        )
        batch_op.drop_column("address")
        batch_op.drop_column("about_account")

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_column("password_listed_at")
        batch_op.drop_column("kind")
        batch_op.drop_column("email")

    with op.batch_alter_table("notice_mail_item", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_mail_item_waiting")
        batch_op.drop_index(batch_op.f("ix_notice_mail_item_mail_id"))

    op.drop_table("notice_mail_item")
    op.drop_table("totp")
    with op.batch_alter_table("service_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_service_token_account_id"))

    op.drop_table("service_token")
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recovery_code_account_id"))

    op.drop_table("recovery_code")
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkey_account_id"))

    op.drop_table("passkey")
    with op.batch_alter_table("notice_mail", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_mail_due")
        batch_op.drop_index(batch_op.f("ix_notice_mail_account_id"))

    op.drop_table("notice_mail")
    with op.batch_alter_table("notice_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_entry_unread")
        batch_op.drop_index("ix_notice_entry_read_at")

    op.drop_table("notice_entry")
    op.drop_table("notice_choice")
    with op.batch_alter_table("vault_secret", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vault_secret_key_epoch"))

    op.drop_table("vault_secret")
    with op.batch_alter_table("tombstone", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tombstone_subject"))

    op.drop_table("tombstone")
    op.drop_table("sign_in_policy")
    with op.batch_alter_table("session_former", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_former_session_hash"))

    op.drop_table("session_former")
    op.drop_table("service_token_use")
    with op.batch_alter_table("passkey_challenge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkey_challenge_ends_at"))
        batch_op.drop_index(batch_op.f("ix_passkey_challenge_bound_to"))

    op.drop_table("passkey_challenge")
    with op.batch_alter_table("outbox_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_notice_pending"))
        batch_op.drop_index(batch_op.f("ix_outbox_notice_once_key"))
        batch_op.drop_index(batch_op.f("ix_outbox_notice_created_at"))

    op.drop_table("outbox_notice")
    op.drop_table("notice_rule")
    op.drop_table("notice_route")
    op.drop_table("log_problem")
    with op.batch_alter_table("log_old_place", schema=None) as batch_op:
        batch_op.drop_index("ix_log_old_place_seq")

    op.drop_table("log_old_place")
    op.drop_table("log_old_checkpoint")
    op.drop_table("log_old")
    op.drop_table("health_state")
    op.drop_table("health_lease")
    with op.batch_alter_table("custody_lost_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_custody_lost_entry_recording")

    op.drop_table("custody_lost_entry")
    with op.batch_alter_table("backup_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_backup_run_started_at"))

    op.drop_table("backup_run")
    op.drop_table("access_refusal")
