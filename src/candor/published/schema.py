"""The tables of the two public places, apart from every other table: each place makes its own, with a version row.

They are not in the main migrations: the portal's databases may lie on another machine, and are made again at any time
from what the staff side knows (all but what waits in the inbox).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from candor.core.database import Database, UtcDateTime
from candor.published.errors import PublishedTooNew

__all__ = ["INBOX", "PUBLISHED", "about", "entry", "file", "is_made", "make", "release", "status"]

#: Form of the tables that this program writes.
VERSION = 1

PUBLISHED = sa.MetaData()
INBOX = sa.MetaData()

#: A release. `notice` is all of it; the other columns are for finding it.
release = sa.Table(
    "published_release",
    PUBLISHED,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("tracking", sa.LargeBinary(32)),
    sa.Column("published_at", UtcDateTime, nullable=False),
    sa.Column("recalled_at", UtcDateTime),
    sa.Column("search_key", sa.Text, nullable=False),  # number, title, summary, facts: folded
    sa.Column("notice", sa.Text, nullable=False),
    sa.Index("ix_published_release_public", "audience", "published_at", "id"),
    sa.Index("ix_published_release_tracking", "tracking"),
)

#: Which release or request a published file belongs to. `prefix` is the digest's first byte.
file = sa.Table(
    "published_file",
    PUBLISHED,
    sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
    sa.Column("owner", sa.Text, primary_key=True),  # "release/ID" or "status/DIGEST"
    sa.Column("prefix", sa.Integer, nullable=False, index=True),
    sa.Column("stored", sa.Boolean, nullable=False),  # it can be had; False: it is known by its digest alone
    sa.Column("bare", sa.Boolean, nullable=False),  # the digest is that of a file without its content credentials
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("tracking", sa.LargeBinary(32)),
    sa.Column("release_id", sa.String(36), index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("published_at", UtcDateTime, nullable=False),
    sa.Column("recalled_at", UtcDateTime),
    sa.Index("ix_published_file_owner", "owner"),
)

#: How a request stands, by the digest of its tracking code.
status = sa.Table(
    "published_status",
    PUBLISHED,
    sa.Column("tracking", sa.LargeBinary(32), primary_key=True),
    sa.Column("as_of", UtcDateTime, nullable=False),
    sa.Column("notice", sa.Text, nullable=False),
)

#: One row: who the agency is.
about = sa.Table(
    "published_about",
    PUBLISHED,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("as_of", UtcDateTime, nullable=False),
    sa.Column("notice", sa.Text, nullable=False),
)

#: What came in, sealed. What was taken in by the staff side stays for a while: whoever goes back to an older backup of
#: the main database takes it in again.
entry = sa.Table(
    "inbox_entry",
    INBOX,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("taken_at", UtcDateTime, index=True),  # when the staff side had it durably; None: it waits
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)

_published_version = sa.Table(
    "published_schema",
    PUBLISHED,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
)
_inbox_version = sa.Table(
    "inbox_schema",
    INBOX,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
)
_VERSIONS = {"published": _published_version, "inbox": _inbox_version}
#: Numbers of the locks under which the tables are made (`Database.only_one`).
_LOCKS = {"published": 7_306_001, "inbox": 7_306_002}


def make(database: Database, place: str) -> None:
    """Make the tables of a place ("published", "inbox") where they are missing. Raises PublishedTooNew."""
    table = _VERSIONS[place]
    with database.only_one(_LOCKS[place]), database.write() as tx:
        table.metadata.create_all(tx)
        found = tx.scalar(sa.select(sa.func.max(table.c.version)))
        if found is None:
            tx.execute(table.insert().values(version=VERSION))
        elif found > VERSION:
            raise PublishedTooNew(found=found, known=VERSION)


def is_made(database: Database, place: str) -> bool:
    """Whether the tables are there, in a form that this program reads. Raises PublishedTooNew, DatabaseGone."""
    table = _VERSIONS[place]
    try:
        with database.read() as tx:
            found = tx.scalar(sa.select(sa.func.max(table.c.version)))
    except DBAPIError:
        return False
    if found is not None and found > VERSION:
        raise PublishedTooNew(found=found, known=VERSION)
    return found is not None
