"""A page in another order than that by start.

Up to 10,000 hits are gathered and sorted. When there are more, the first rows in the wanted order are looked at, then
more of them, until the page is full; if it is not by then, all hits are gathered after all.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import from_iso, iso
from candor.footage.errors import QueryWrong
from candor.footage.hits import Hits, within
from candor.footage.plan import Plan
from candor.footage.query import Sort
from candor.footage.tables import recording, recording_words

#: How many rows are looked at, at first and then.
_WALKS = (1_000, 20_000)
#: Comparing rows with more alternatives than that takes longer than gathering.
_MOST_COMPARED = 40

_COLUMNS: dict[Sort, sa.ColumnElement[Any]] = {
    Sort.STARTED: recording.c.started_key,
    Sort.RECEIVED: recording.c.received_at,
    Sort.DURATION: sa.func.coalesce(recording.c.duration_ms, sa.text("-1"), type_=sa.BigInteger),
    Sort.TITLE: recording.c.title_sort,
}


@dataclass(frozen=True)
class Position:
    """Where a page ended: the value it is ordered by, and the place in the order by start."""

    value: Any
    place: int


@dataclass(frozen=True)
class Order:
    """An order, from a position on, for so many rows."""

    sort: Sort
    descending: bool
    after: Position | None
    limit: int

    def places(self, tx: Connection, plan: Plan, found: Hits | None, many: bool) -> list[int]:
        """The places of the rows of the page. `found`: the hits, None when the plan asks for no word."""
        if found is None:
            key = recording.c.started_key
            if many:
                # The order's index holds the place too, so this reads no row that lies outside the bounds.
                every = sa.select(key).where(*within(plan, key))
                return list(tx.scalars(self._sorted(every, _COLUMNS[self.sort], key)))
            return self._gather(tx, sa.select(key.label("key")).where(*within(plan, key)))
        if many and sum(map(len, plan.groups)) <= _MOST_COMPARED:
            for length in _WALKS:
                page = self._walk(tx, plan, found, length)
                if len(page) == self.limit:
                    return page
        return self._gather(tx, found.places_query())

    def position_of(self, tx: Connection, place: int) -> Position:
        """Where a page that ends with this place ends."""
        value = tx.scalar(sa.select(_COLUMNS[self.sort]).where(recording.c.started_key == place))
        return Position(value, place)

    def _gather(self, tx: Connection, hits: sa.Select[tuple[int]]) -> list[int]:
        chosen = hits.cte("hits").prefix_with("MATERIALIZED")
        key = recording.c.started_key
        rows = sa.select(key).select_from(chosen.join(recording, key == chosen.c.key))
        # An expression, not the bare column: SQLite would walk the whole index by that column instead.
        column = sa.case((key.is_not(None), _COLUMNS[self.sort]))
        return list(tx.scalars(self._sorted(rows, column, key)))

    def _walk(self, tx: Connection, plan: Plan, found: Hits, length: int) -> list[int]:
        key, column = recording.c.started_key, _COLUMNS[self.sort].label("value")
        joined = recording.join(recording_words, recording_words.c.key == key)
        rows = sa.select(key, column, recording_words.c.words).select_from(joined).where(*within(plan, key))
        looked_at = self._sorted(rows, _COLUMNS[self.sort], key, length).subquery()
        fitting = sa.select(looked_at.c.started_key).where(found.fit(looked_at.c.words))
        return list(tx.scalars(self._by(fitting, looked_at.c.value, looked_at.c.started_key).limit(self.limit)))

    def _sorted(
        self, query: sa.Select[Any], column: sa.ColumnElement[Any], key: sa.ColumnElement[int], limit: int = 0
    ) -> sa.Select[Any]:
        if self.after is not None:
            value, place = sa.literal(self.after.value, _COLUMNS[self.sort].type), self.after.place
            if self.descending:
                query = query.where(column <= value, sa.or_(column < value, key < place))
            else:
                query = query.where(column >= value, sa.or_(column > value, key > place))
        return self._by(query, column, key).limit(limit or self.limit)

    def _by(self, query: sa.Select[Any], column: sa.ColumnElement[Any], key: sa.ColumnElement[int]) -> sa.Select[Any]:
        return query.order_by(column.desc(), key.desc()) if self.descending else query.order_by(column, key)


def write_cursor(position: Position) -> str:
    """A position as text for a link."""
    value = iso(position.value) if isinstance(position.value, datetime) else position.value
    return base64.urlsafe_b64encode(json.dumps([value, position.place]).encode()).decode().rstrip("=")


def read_cursor(sort: Sort, text: str) -> Position | None:
    """The position that a text holds, None for an empty one. Raises QueryWrong."""
    if not text:
        return None
    try:
        value, place = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
        wanted = str if sort in (Sort.RECEIVED, Sort.TITLE) else int
        if type(place) is not int or type(value) is not wanted or abs(place) >= 1 << 63:
            raise ValueError("of another kind")
        if sort is Sort.RECEIVED:
            value = from_iso(str(value))
        elif isinstance(value, int) and abs(value) >= 1 << 63:
            raise ValueError("out of range")
    except (ValueError, TypeError, binascii.Error, UnicodeDecodeError, RecursionError) as error:
        raise QueryWrong(field="after", reason="is no place in this list; start again from its beginning") from error
    return Position(value, place)
