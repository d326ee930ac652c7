"""The list of releases: what waits first, the oldest first; narrowed by state, by whom it waits for, by words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.releases.errors import ReleaseUnknown
from candor.disclosure.releases.reading import Release, release_prepared
from candor.disclosure.releases.rules import Audience, ReleaseState
from candor.disclosure.releases.tables import release as table
from candor.people.rules import Actor, Permission

__all__ = ["DONE", "PAGE", "UNDONE", "ListPage", "ListQuery", "counts_of", "list_of"]

#: Releases on one page of the list.
PAGE: Final = 50
LONGEST_TEXT: Final = 200
#: Somebody, or the program, still has to do something.
UNDONE: Final = (ReleaseState.PREPARED, ReleaseState.SENT_BACK, ReleaseState.FAILED, ReleaseState.APPROVED)
DONE: Final = (ReleaseState.PUBLISHED, ReleaseState.RECALLED, ReleaseState.DISCARDED)


@dataclass(frozen=True)
class ListQuery:
    """What is looked for. `states` none: of every state; `mine`: what waits for the reader alone; `after`: the
    identifier with which the page before ended."""

    states: tuple[ReleaseState, ...] = UNDONE
    audience: Audience | None = None
    text: str = ""
    mine: bool = False
    after: str = ""

    @property
    def oldest_first(self) -> bool:
        """What waits is looked at in the order in which it came; what is done, the newest first."""
        return bool(self.states) and set(self.states) <= set(UNDONE)


@dataclass(frozen=True)
class ListPage:
    """A page of the list. `after`: what asks for the next one, None on the last; `total`: how many there are."""

    rows: tuple[Release, ...]
    after: str | None
    total: int


def list_of(tx: Connection, actor: Actor, query: ListQuery, *, limit: int = PAGE) -> ListPage:
    """Releases. Raises Refused, ReleaseUnknown for an `after` that is none."""
    actor.require(Permission.REQUESTS_VIEW)
    fits = _fits(actor, query)
    order = [table.c.prepared_at, table.c.id]
    statement = sa.select(table.c.id).where(*fits).limit(limit + 1)
    statement = statement.order_by(*(order if query.oldest_first else (one.desc() for one in order)))
    if query.after:
        statement = statement.where(_behind(tx, query))
    ids = tx.scalars(statement).all()
    total = tx.scalar(sa.select(sa.func.count()).select_from(table).where(*fits)) or 0
    rows = tuple(release_prepared(tx, one) for one in ids[:limit])
    return ListPage(rows, ids[limit - 1] if len(ids) > limit else None, total)


def counts_of(tx: Connection, actor: Actor) -> Mapping[str, int]:
    """How many releases there are by state, and as "mine" how many wait for the reader. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    query = sa.select(table.c.state, sa.func.count().label("several")).group_by(table.c.state)
    found = {one.value: 0 for one in ReleaseState}
    found |= {row.state: row.several for row in tx.execute(query)}
    mine = _fits(actor, replace(ListQuery(), mine=True))
    found["mine"] = tx.scalar(sa.select(sa.func.count()).select_from(table).where(*mine)) or 0
    return found


def _fits(actor: Actor, query: ListQuery) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if query.states:
        found.append(table.c.state.in_([one.value for one in query.states]))
    if query.audience is not None:
        found.append(table.c.audience == query.audience.value)
    for word in query.text[:LONGEST_TEXT].split():
        found.append(
            sa.or_(
                sa.func.lower(table.c.title).contains(word.lower(), autoescape=True),
                sa.func.lower(table.c.number).contains(word.lower(), autoescape=True),
            )
        )
    if query.mine:
        found.append(_waits_for(actor))
    return found


def _waits_for(actor: Actor) -> sa.ColumnElement[bool]:
    """To be approved by somebody who did not prepare it; to be put right by who did."""
    own = table.c.prepared_by == actor.account_id
    to_approve = sa.and_(table.c.state == ReleaseState.PREPARED.value, sa.not_(own))
    to_mend = sa.and_(table.c.state.in_([ReleaseState.SENT_BACK.value, ReleaseState.FAILED.value]), own)
    return sa.or_(to_approve if actor.may(Permission.RELEASES_APPROVE) else sa.false(), to_mend)


def _behind(tx: Connection, query: ListQuery) -> sa.ColumnElement[bool]:
    key = tx.execute(sa.select(table.c.prepared_at, table.c.id).where(table.c.id == query.after)).first()
    if key is None:
        raise ReleaseUnknown(id=query.after)
    at, same = table.c.prepared_at, table.c.prepared_at == key.prepared_at
    if query.oldest_first:
        return sa.or_(at > key.prepared_at, sa.and_(same, table.c.id > key.id))
    return sa.or_(at < key.prepared_at, sa.and_(same, table.c.id < key.id))
