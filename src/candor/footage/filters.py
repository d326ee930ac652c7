"""Saved filters: what an account wants to find again. A convenience of one account, so no custody event."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.footage.errors import FilterNameWrong, FilterUnknown, QueryWrong
from candor.footage.query import Query
from candor.footage.tables import saved_filter
from candor.people.rules import Actor

LONGEST_NAME = 100
#: Filters one account can keep.
MOST_FILTERS = 200


@dataclass(frozen=True)
class SavedFilter:
    """A search under a name."""

    id: str
    name: str
    query: Query


def save_filter(tx: Connection, actor: Actor, name: str, query: Query, *, clock: Clock | None = None) -> str:
    """Keep a search under a name, instead of what had that name; returns its id. Cursor and length of the page are
    not kept."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise FilterNameWrong(longest=LONGEST_NAME)
    text = replace(query, after="", limit=Query.limit).to_text()
    mine = saved_filter.c.account_id == actor.account_id
    known = tx.scalar(sa.select(saved_filter.c.id).where(mine, saved_filter.c.name == name))
    if known is not None:
        tx.execute(saved_filter.update().where(saved_filter.c.id == known).values(query=text))
        return str(known)
    if (tx.scalar(sa.select(sa.func.count()).select_from(saved_filter).where(mine)) or 0) >= MOST_FILTERS:
        raise QueryWrong(field="name", reason=f"would be filter number {MOST_FILTERS + 1}; remove one first")
    row = {"id": new_id(), "account_id": actor.account_id, "name": name, "query": text}
    tx.execute(saved_filter.insert(), {**row, "created_at": (clock or SystemClock()).now()})
    return row["id"]


def saved_filters(tx: Connection, actor: Actor) -> list[SavedFilter]:
    """The actor's filters by name. One that an earlier version wrote and this one cannot read is left out."""
    query = sa.select(saved_filter).where(saved_filter.c.account_id == actor.account_id).order_by(saved_filter.c.name)
    found = []
    for row in tx.execute(query):
        try:
            found.append(SavedFilter(row.id, row.name, Query.from_text(row.query)))
        except QueryWrong:
            continue
    return found


def remove_filter(tx: Connection, actor: Actor, filter_id: str) -> None:
    """Remove one of the actor's filters; raises FilterUnknown."""
    which = saved_filter.c.id == filter_id, saved_filter.c.account_id == actor.account_id
    if tx.execute(saved_filter.delete().where(*which)).rowcount == 0:
        raise FilterUnknown(id=filter_id)
