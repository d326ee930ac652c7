"""Asking the index: FTS5 on SQLite, a GIN index over tsvector on PostgreSQL, with the same answers.

Words are cut and folded before they come here (footage.words), so neither database's parser decides anything.

SQLite: the index yields hits in the order of their places, either way, and goes on from a place; so the newest
fifty, and a count up to a bound, stop early. The hits of a whole word are streamed, and a rare word among common ones
leads. A prefix beyond the listed lengths is widened to the words that begin with it.

PostgreSQL: GIN has no order. The count up to a bound, which is wanted anyway, decides: few hits are gathered through
the index and sorted; many are met soon by walking in the order that is wanted. Beginnings of words are lexemes of
their own; a longer one is looked up by its first letters and then checked row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.engine import Connection

from candor.footage.indexing import LISTED_BEGINNING, LISTED_PREFIX, beginning
from candor.footage.plan import Plan, Term
from candor.footage.tables import recording_term, recording_words

#: Hits are counted up to here; beyond, a list says “more than”.
MOST_COUNTED = 10_000
#: A prefix that more words begin with is left to the index: hardly one of them is common.
_MOST_WIDENED = 64
_LAST = "\U0010ffff"


class Hits(Protocol):
    """The recordings that answer a plan, by their places."""

    def count(self) -> int:
        """How many there are, counted up to one more than MOST_COUNTED."""

    def places(self, descending: bool, after: int | None, limit: int) -> list[int]:
        """The first places in their order, beyond `after`."""

    def beginning(self, descending: bool, limit: int) -> tuple[int, list[int]]:
        """`count` and the first places, for no more than asking once."""

    def places_query(self) -> sa.Select[tuple[int]]:
        """All of them: one column, `key`."""

    def fit(self, words: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """Whether a row's words, read from `recording_words`, answer the plan."""


def hits(tx: Connection, plan: Plan) -> Hits:
    """The hits of a plan with at least one group that can be answered."""
    return _SqliteHits(tx, plan) if tx.dialect.name == "sqlite" else _PostgresqlHits(tx, plan)


def within(plan: Plan, place: sa.ColumnElement[int]) -> list[sa.ColumnElement[bool]]:
    """The condition that a place lies between the plan's bounds, and that no restriction hides what is there."""
    bounds: list[sa.ColumnElement[bool]] = []
    if plan.low is not None:
        bounds.append(place >= plan.low)
    if plan.high is not None:
        bounds.append(place < plan.high)
    if plan.hidden is not None:
        bounds.append(sa.not_(plan.hidden.at(place)))
    return bounds


def _ordered(
    query: sa.Select[Any], place: sa.ColumnElement[int], descending: bool, after: int | None
) -> sa.Select[Any]:
    if after is not None:
        query = query.where(place < after if descending else place > after)
    return query.order_by(place.desc() if descending else place.asc())


_INDEX = sa.table("recording_fts", sa.column("rowid", sa.BigInteger), sa.column("recording_fts", sa.Text))


class _SqliteHits:
    def __init__(self, tx: Connection, plan: Plan) -> None:
        self._tx, self._plan = tx, plan
        groups = [self._group(group) for group in plan.groups]
        self.nothing = not all(groups)
        expression = " AND ".join(f"({' OR '.join(group)})" for group in groups)
        self._place = _INDEX.c.rowid
        matching = _INDEX.c.recording_fts.op("MATCH")(expression)
        self._query = sa.select(self._place.label("key")).where(matching, *within(plan, self._place))

    def _group(self, group: tuple[Term, ...]) -> list[str]:
        return [written for term in group for written in self._written(term)]

    def _written(self, term: Term) -> list[str]:
        # A word holds letters, digits, marks and § only, so it cannot leave the quotes.
        if not term.prefix:
            return [f'"{term.word}"']
        if len(term.word) <= LISTED_PREFIX:
            return [f'"{term.word}" *']
        begun = recording_term.c.term >= term.word, recording_term.c.term < term.word + _LAST
        words = self._tx.scalars(sa.select(recording_term.c.term).where(*begun).limit(_MOST_WIDENED + 1)).all()
        return [f'"{term.word}" *'] if len(words) > _MOST_WIDENED else [f'"{word}"' for word in words]

    def count(self) -> int:
        if self.nothing:
            return 0
        counted = self._query.limit(MOST_COUNTED + 1).subquery()
        return self._tx.scalar(sa.select(sa.func.count()).select_from(counted)) or 0

    def places(self, descending: bool, after: int | None, limit: int) -> list[int]:
        if self.nothing:
            return []
        return list(self._tx.scalars(_ordered(self._query, self._place, descending, after).limit(limit)))

    def beginning(self, descending: bool, limit: int) -> tuple[int, list[int]]:
        if self.nothing:
            return 0, []
        if limit > MOST_COUNTED:
            return self.count(), self.places(descending, None, limit)
        asked = _ordered(self._query, self._place, descending, None).limit(MOST_COUNTED + 1)
        found = asked.cte("hits").prefix_with("MATERIALIZED")
        counted = sa.select(sa.func.count()).select_from(found).scalar_subquery()
        rows = self._tx.execute(_ordered(sa.select(found.c.key, counted), found.c.key, descending, None).limit(limit))
        places = rows.all()
        return (places[0][1] if places else 0), [row.key for row in places]

    def places_query(self) -> sa.Select[tuple[int]]:
        return self._query

    def fit(self, words: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        padded = sa.literal(" ") + words + sa.literal(" ")
        return sa.and_(
            *(
                sa.or_(*(sa.func.instr(padded, f" {term.word}" + " " * (not term.prefix)) > 0 for term in group))
                for group in self._plan.groups
            )
        )


class _PostgresqlHits:
    def __init__(self, tx: Connection, plan: Plan) -> None:
        self._tx = tx
        self.nothing = False
        self._counted: int | None = None
        self._place = recording_words.c.key
        self._asked, self._checked = _tsquery(plan), _exactly(plan)
        self._query = sa.select(self._place).where(self.fit(recording_words.c.words), *within(plan, self._place))

    def count(self) -> int:
        if self._counted is None:
            counted = self._query.limit(MOST_COUNTED + 1).subquery()
            # Without order, and with a bound, reading the table from its beginning looks cheap to the planner; it
            # is not when what fits lies at the end.
            with self._without("enable_seqscan"):
                self._counted = self._tx.scalar(sa.select(sa.func.count()).select_from(counted)) or 0
        return self._counted

    def places(self, descending: bool, after: int | None, limit: int) -> list[int]:
        if self.count() > MOST_COUNTED:
            with self._without("enable_bitmapscan", "enable_seqscan"):
                return list(self._tx.scalars(_ordered(self._query, self._place, descending, after).limit(limit)))
        found = self._query.cte("hits").prefix_with("MATERIALIZED")
        with self._without("enable_seqscan", "enable_indexscan", "enable_indexonlyscan"):
            return list(self._tx.scalars(_ordered(sa.select(found.c.key), found.c.key, descending, after).limit(limit)))

    def beginning(self, descending: bool, limit: int) -> tuple[int, list[int]]:
        found = self._query.limit(MOST_COUNTED + 1).cte("hits").prefix_with("MATERIALIZED")
        counted = sa.select(sa.func.count()).select_from(found).scalar_subquery()
        page = _ordered(sa.select(found.c.key, counted), found.c.key, descending, None).limit(limit)
        with self._without("enable_seqscan"):
            rows = self._tx.execute(page).all()
        self._counted = rows[0][1] if rows else 0
        if self._counted <= MOST_COUNTED:
            return self._counted, [row.key for row in rows]  # all were gathered, so these are the first
        return self._counted, self.places(descending, None, limit)

    def places_query(self) -> sa.Select[tuple[int]]:
        return self._query

    def fit(self, words: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        asked = words.op("@@")(sa.cast(self._asked, TSQUERY))
        if self._checked is None:
            return asked
        # IS TRUE keeps it from the index, which would gather every row of every word that begins so.
        return sa.and_(asked, words.op("@@", is_comparison=True)(sa.cast(self._checked, TSQUERY)).is_(sa.true()))

    @contextmanager
    def _without(self, *ways: str) -> Iterator[None]:
        for way in ways:
            self._tx.execute(sa.text(f"SET LOCAL {way} = off"))
        yield
        for way in ways:
            self._tx.execute(sa.text(f"SET LOCAL {way} = on"))


def _tsquery(plan: Plan) -> str:
    """The plan for the index: beginnings as lexemes, those that are too long for one by their first letters."""
    groups = (" | ".join(f"'{_lexeme(term)}'" for term in group) for group in plan.groups)
    return " & ".join(f"({group})" for group in groups)


def _lexeme(term: Term) -> str:
    return beginning(term.word[:LISTED_BEGINNING]) if term.prefix else term.word


def _exactly(plan: Plan) -> str | None:
    """The groups that `_tsquery` widens, as they are meant; None when it widens none."""
    widened = [
        group for group in plan.groups if any(term.prefix and len(term.word) > LISTED_BEGINNING for term in group)
    ]
    groups = (" | ".join(f"'{term.word}'{':*' * term.prefix}" for term in group) for group in widened)
    return " & ".join(f"({group})" for group in groups) or None
