"""Tables of what was taken in from the portal, and of what was published to it."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

#: A key that entries of the inbox are sealed to. An older one stays, for what was sealed to it.
portal_key = sa.Table(
    "portal_key",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("recipient", sa.Text, nullable=False),  # age1…, published
    sa.Column("secret_id", sa.String(36), nullable=False),  # store.secrets
    sa.Column("identity", sa.LargeBinary, nullable=False),  # AGE-SECRET-KEY-1…, sealed under that secret
    sa.Column("made_at", UtcDateTime, nullable=False),
)

#: An entry of the inbox that was dealt with: by what it became, or why it became nothing.
portal_entry = sa.Table(
    "portal_entry",
    metadata,
    sa.Column("entry_id", sa.String(36), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("sent_at", UtcDateTime, nullable=False),
    sa.Column("taken_at", UtcDateTime, nullable=False),
    sa.Column("request_id", sa.String(36), index=True),  # None: nothing came of it
    sa.Column("problem", sa.Text),
    sa.Column("seen_at", UtcDateTime),  # of one with a problem: when somebody here said that they know
    sa.Column("sealed_sha256", sa.LargeBinary(32), index=True),  # what was in it: the same again is no other entry
    sa.Index("ix_portal_entry_taken", "kind", "taken_at"),
    sa.Index("ix_portal_entry_problem", "problem", "seen_at"),
)

#: What stands in the published place, by its digest without its moment: of a request, or "about".
portal_published = sa.Table(
    "portal_published",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),  # "request/ID", "about"
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("published_at", UtcDateTime, nullable=False),
)

#: When each part of a round was last done to its end: "drain", "clear" (and nothing waited any more), "changes",
#: "all".
portal_round = sa.Table(
    "portal_round",
    metadata,
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
)
