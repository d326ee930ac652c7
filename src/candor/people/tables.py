"""Tables of people: the agency, its units, accounts, sessions, failed sign-ins."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

#: One row: the agency this installation belongs to.
agency = sa.Table(
    "agency",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    # Always 1, and unique: two first runs at once cannot both make an agency, on either database.
    sa.Column("only", sa.Integer, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("short_name", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),  # IANA name, for display only
    sa.Column("created_at", UtcDateTime, nullable=False),
    # Key under which names of failed sign-ins are counted and logged, so that a password typed into the wrong
    # field is kept nowhere.
    sa.Column("guard_key", sa.LargeBinary(32), nullable=False),
    sa.CheckConstraint('"only" = 1', name="only_one"),
)

#: Troops, districts, divisions.
unit = sa.Table(
    "unit",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

account = sa.Table(
    "account",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("sign_in_name", sa.Text, nullable=False, unique=True),  # case-folded
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("badge", sa.Text),
    sa.Column("unit_id", sa.String(36), sa.ForeignKey("unit.id")),
    sa.Column("roles", JsonText, nullable=False),  # list of role names
    sa.Column("password_hash", sa.Text),  # argon2id, encoded; None: cannot sign in
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("signed_in_at", UtcDateTime),  # last time
)

session = sa.Table(
    "session",
    metadata,
    # SHA-256 of the token: whoever reads the database cannot use the sessions in it.
    sa.Column("token_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id"), nullable=False, index=True),
    sa.Column("csrf", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
    sa.Column("ends_at", UtcDateTime, nullable=False),  # in any case
    sa.Column("address", sa.Text),
    sa.Column("agent", sa.Text),
)

#: Failed sign-ins in a row, counted per name, per address and per both, known names and unknown ones alike.
sign_in_guard = sa.Table(
    "sign_in_guard",
    metadata,
    # HMAC-SHA256 under the agency's guard key of what is counted.
    sa.Column("subject", sa.LargeBinary(32), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("failed_at", UtcDateTime, nullable=False, index=True),  # last time
    sa.Column("blocked_until", UtcDateTime),
    sa.Column("turned_away", sa.Integer, nullable=False),  # attempts while blocked, since the last one checked
)
