"""Finding recordings: by words, by facts, by time, in an order, page by page.

Worst cases and what was chosen (benchmarks/catalogue.py measures them on 1,000,000 recordings):

- A common word, newest first. Ranking or sorting 300,000 hits takes too long, so nothing is ranked and the order by
  start is built in: the index's own row numbers are places in that order (`recording.started_key`).
- A common word that only few of somebody's recordings have. What somebody may see, and every filter, is a word of the
  index too, so that the rarest leads.
- How many there are. Counted up to 10,000; beyond, a page says “more than”.
- Another order: see `ordering`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.fleet.tables import device
from candor.footage.directory import directory
from candor.footage.hits import MOST_COUNTED, Hits, hits, within
from candor.footage.ordering import Order, read_cursor, write_cursor
from candor.footage.plan import Plan, make_plan
from candor.footage.query import Query, Sort
from candor.footage.rules import RenditionKind, RenditionState, reach, visible_to
from candor.footage.tables import part, recording, rendition
from candor.people.rules import Actor
from candor.people.tables import account, unit

__all__ = ["Page", "Query", "Row", "Sort", "find", "find_ids", "row_of"]


#: Who knows which case somebody means by a number, among those that they may see: a room above.
CASES: list[Callable[[Connection, Actor, str], str | None]] = []


@dataclass(frozen=True)
class Row:
    """A recording as a list shows it."""

    id: str
    state: str
    flags: list[str]
    received_at: datetime
    started_at: datetime
    started_source: str
    duration_ms: int | None
    size: int
    wearer_id: str | None
    wearer_name: str | None
    wearer_badge: str | None
    unit_id: str | None
    unit_name: str | None
    device_id: str | None
    device_serial: str | None
    device_kind: str | None
    incident_number: str | None
    category: str | None
    title: str
    tags: list[str]
    place: str | None
    version: int
    poster_id: str | None
    """The rendition to show in a list, once it is ready."""
    place_in_order: int


@dataclass(frozen=True)
class Page:
    """A page of a search."""

    rows: list[Row]
    after: str | None
    """The cursor of the next page; None on the last."""
    total: int
    """How many there are in all, up to 10,000."""
    more: bool
    """Whether there are more than `total`."""
    too_general: tuple[str, ...]
    """Words that begin so many names that they were looked for in the texts only."""


def find(tx: Connection, actor: Actor, query: Query) -> Page:
    """The recordings that fit and that the actor may see. Raises QueryWrong."""
    order = Order(query.sort, query.descending, read_cursor(query.sort, query.after), query.limit + 1)
    plan = make_plan(query, reach(actor), directory(tx), _case_of(tx, actor, query))
    counted, places = _search(tx, plan, order)
    after = None
    if len(places) > query.limit:
        after = write_cursor(order.position_of(tx, places[query.limit - 1]))
    rows = _rows(tx, actor, recording.c.started_key.in_(places[: query.limit]))
    rows.sort(key=lambda row: places.index(row.place_in_order))
    return Page(rows, after, min(counted, MOST_COUNTED), counted > MOST_COUNTED, plan.too_general)


def find_ids(tx: Connection, actor: Actor, query: Query, most: int = MOST_COUNTED) -> list[str]:
    """The identifiers of up to `most` recordings that fit, in the order by start; for bulk changes and exports."""
    plan = make_plan(query, reach(actor), directory(tx), _case_of(tx, actor, query))
    _, places = _search(tx, plan, Order(Sort.STARTED, query.descending, None, most))
    found: list[str] = []
    for begin in range(0, len(places), 500):
        chunk = recording.c.started_key.in_(places[begin : begin + 500])
        order = recording.c.started_key.desc() if query.descending else recording.c.started_key
        found += tx.scalars(sa.select(recording.c.id).where(chunk, visible_to(actor).expression).order_by(order))
    return found


def row_of(tx: Connection, actor: Actor, recording_id: str) -> Row | None:
    """One recording as a list shows it; None when there is none, or the actor may not see it."""
    rows = _rows(tx, actor, recording.c.id == recording_id)
    return rows[0] if rows else None


def _case_of(tx: Connection, actor: Actor, query: Query) -> str | None:
    """The case that the query names, if the actor may see it: whoever may not must not learn what is in it."""
    named = (which(tx, actor, query.case) for which in CASES) if query.case else ()
    return next((found for found in named if found is not None), None)


def _search(tx: Connection, plan: Plan, order: Order) -> tuple[int, list[int]]:
    """How many fit, up to one more than MOST_COUNTED, and the places of the page."""
    if plan.nothing:
        return 0, []
    found = hits(tx, plan) if plan.groups else None
    if order.sort is Sort.STARTED and found is not None:
        if order.after is None:
            return found.beginning(order.descending, order.limit)
        return found.count(), found.places(order.descending, order.after.place, order.limit)
    counted = _count(tx, plan, found)
    if counted == 0:
        return 0, []
    return counted, order.places(tx, plan, found, many=counted > MOST_COUNTED)


def _count(tx: Connection, plan: Plan, found: Hits | None) -> int:
    if found is not None:
        return found.count()
    place = recording.c.started_key
    counted = sa.select(place).where(*within(plan, place)).limit(MOST_COUNTED + 1).subquery()
    return tx.scalar(sa.select(sa.func.count()).select_from(counted)) or 0


_JOINED = (
    recording.outerjoin(account, account.c.id == recording.c.wearer_id)
    .outerjoin(unit, unit.c.id == recording.c.unit_id)
    .outerjoin(device, device.c.id == recording.c.device_id)
)
_OWN = [name for name in Row.__dataclass_fields__ if name in recording.c]
_POSTER = (
    sa.select(rendition.c.id)
    .join(part, part.c.id == rendition.c.part_id)
    .where(
        part.c.recording_id == recording.c.id,
        rendition.c.kind == RenditionKind.POSTER.value,
        rendition.c.state == RenditionState.READY.value,
    )
    .order_by(part.c.number)
    .limit(1)
    .correlate(recording)
    .scalar_subquery()
)


def _rows(tx: Connection, actor: Actor, which: sa.ColumnElement[bool]) -> list[Row]:
    """The rows, once more by the rule itself: the index only finds, it does not decide."""
    query = sa.select(
        *(recording.c[name] for name in _OWN),
        recording.c.started_key.label("place_in_order"),
        account.c.display_name.label("wearer_name"),
        account.c.badge.label("wearer_badge"),
        unit.c.name.label("unit_name"),
        device.c.serial.label("device_serial"),
        _POSTER.label("poster_id"),
    )
    query = query.select_from(_JOINED).where(which, visible_to(actor).expression)
    return [Row(**row._mapping) for row in tx.execute(query)]
