"""The log's entries as the database holds them: those of events, and those whose event was lost, in one order."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.custody.tables import custody_event, custody_lost_entry

#: Rows fetched at a time when a whole log is read.
_PIECE = 2000


def leaves(tx: Connection, start: int, end: int) -> Iterator[str]:
    """The entries at positions start to end-1 in order; fewer where the database holds fewer."""
    query = sa.union_all(*(_between(table, start, end) for table in (custody_event, custody_lost_entry)))
    for row in tx.execute(query.order_by("position")).yield_per(_PIECE):
        yield row.leaf


def lost_entries(tx: Connection) -> int:
    """How many entries of the log have no event here any more."""
    return int(tx.execute(sa.select(sa.func.count()).select_from(custody_lost_entry)).scalar_one())


def _between(table: sa.Table, start: int, end: int) -> sa.Select[tuple[int, str]]:
    place = table.c.position
    return sa.select(place.label("position"), table.c.leaf.label("leaf")).where(place >= start, place < end)
