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
    sa.Column("email", sa.Text),  # where notices are sent; None: to the inbox alone
    # person, or service: a program, which never signs in and comes with tokens.
    sa.Column("kind", sa.Text, nullable=False, server_default="person"),
    # When a sign-in showed that the password stands on the operator's list; None: it does not, or nobody knows.
    sa.Column("password_listed_at", UtcDateTime),
)

#: What programs come with: a secret of which only the hash is kept, for some permissions, until a day.
service_token = sa.Table(
    "service_token",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),  # which program, on which machine
    sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),  # SHA-256 of the whole token
    sa.Column("scopes", JsonText, nullable=False),  # list of permissions
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),  # an actor
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("revoked_at", UtcDateTime),
    sa.Column("used_at", UtcDateTime),  # last time, to the minute
    sa.Column("used_address", sa.Text),
)

#: How often a token was used or turned away, per day and address: what decides whether a use is an event.
service_token_use = sa.Table(
    "service_token_use",
    metadata,
    sa.Column("day", sa.String(10), primary_key=True),  # UTC
    sa.Column("token_id", sa.String(36), primary_key=True),  # empty: a token that nobody has
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("outcome", sa.Text, primary_key=True),  # used, or why it was turned away
    sa.Column("times", sa.Integer, nullable=False),
)

#: How often an account asked for what it has no right to, per day and rule: what decides whether it is an event.
access_refusal = sa.Table(
    "access_refusal",
    metadata,
    sa.Column("day", sa.String(10), primary_key=True),  # UTC
    sa.Column("account_id", sa.String(36), primary_key=True),
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("times", sa.Integer, nullable=False),
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
    # How far through the door: `full`, `second` (a second factor is awaited), `enrol` (one must be set up first).
    sa.Column("stage", sa.Text, nullable=False, server_default="full"),
    sa.Column("proved_at", UtcDateTime),  # when it last showed who is there; None: when it began
    sa.Column("locked_at", UtcDateTime),  # the screen is concealed since
)

#: Tokens that were replaced by another one of the same session. Whoever shows one later than a moment after that has
#: it from somebody else.
session_former = sa.Table(
    "session_former",
    metadata,
    sa.Column("token_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("session_hash", sa.LargeBinary(32), nullable=False, index=True),  # the session's present token_hash
    sa.Column("replaced_at", UtcDateTime, nullable=False),
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
    sa.Column("latest", JsonText),  # microseconds since 1970 of the latest failures, oldest first
    sa.Column("locked_at", UtcDateTime),  # until an administrator releases it
)

#: One row: how people sign in here. No row: `policy.Policy()`.
sign_in_policy = sa.Table(
    "sign_in_policy",
    metadata,
    sa.Column("only", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("second_factor_roles", JsonText, nullable=False),  # list of role names
    sa.Column("notice_shown", sa.Boolean, nullable=False),
    sa.Column("notice", sa.Text, nullable=False),
    sa.Column("idle_lock_minutes", sa.Integer, nullable=False),
    sa.Column("absolute_hours", sa.Integer, nullable=False),
    sa.Column("fresh_minutes", sa.Integer, nullable=False),
    sa.Column("lock_until_released", sa.Boolean, nullable=False),
    sa.CheckConstraint('"only" = 1', name="only_one"),
)

#: The authenticator app of an account; its secret is kept sealed under the vault's key (`store.secrets`).
totp = sa.Table(
    "totp",
    metadata,
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("secret_id", sa.String(36), nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("confirmed_at", UtcDateTime),  # None: does not count yet
    sa.Column("last_step", sa.BigInteger, nullable=False),  # the newest time step whose code was taken
)

recovery_code = sa.Table(
    "recovery_code",
    metadata,
    sa.Column("code_hash", sa.LargeBinary(32), primary_key=True),  # SHA-256 of account and 80 random bits
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id"), nullable=False, index=True),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
)

passkey = sa.Table(
    "passkey",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id"), nullable=False, index=True),
    sa.Column("credential_id", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("public_key", sa.LargeBinary, nullable=False),  # COSE
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("transports", JsonText, nullable=False),  # list of text, as the browser named them
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
    sa.Column("refused_at", UtcDateTime),  # its counter went back: somebody may have a copy
)

#: Challenges given to browsers: each is taken once, by the browser it was given to, for what it was given for.
passkey_challenge = sa.Table(
    "passkey_challenge",
    metadata,
    sa.Column("challenge_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("bound_to", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("account_id", sa.String(36)),
    sa.Column("ends_at", UtcDateTime, nullable=False, index=True),
)
