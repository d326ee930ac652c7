"""The queue: every request in one list, the oldest due first, with whose turn it is and what it waits for.

It must open at once however many requests there ever were. What is open is little and has an index of its own; what is
closed is paged by the moment of its closing. A page holds a place by its own key, so that a later page costs as much as
the first. Counts of what is closed stop at MOST_COUNTED.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.disclosure.requests import hours
from candor.disclosure.requests.errors import RequestsQueryWrong
from candor.disclosure.requests.hours import Hours
from candor.disclosure.requests.rules import (
    NEAR,
    OPEN,
    TURN_WORDS,
    Channel,
    ClockState,
    Meant,
    Outcome,
    RequesterClass,
    RequestState,
    Turn,
    Way,
    clock_state,
)
from candor.disclosure.requests.tables import records_request, request_message, request_recording
from candor.disclosure.requests.words import folded
from candor.people.rules import Actor, Permission
from candor.people.tables import account

__all__ = ["DECIDED", "MOST_COUNTED", "SECOND", "QueueCounts", "QueuePage", "QueueQuery", "QueueRow", "counts", "queue"]

MOST_ROWS = 200
MOST_COUNTED = 1_000
_LONGEST_TEXT = 200
#: Of what is asked for, so much stands in the list.
_SHOWN = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: A place in a list: microseconds (n: none), and an identifier.
_CURSOR = re.compile(r"(n|-?[0-9]{1,18})\.([0-9a-f-]{36})")

#: Who knows which requests wait for a second person: rooms above, each with a condition on `records_request`.
SECOND: list[Callable[[], sa.ColumnElement[bool]]] = []
#: Who knows of how many of a request's recordings it is decided what is released: rooms above.
DECIDED: list[Callable[[Connection, Sequence[str]], Mapping[str, int]]] = []


@dataclass(frozen=True)
class QueueQuery:
    """What somebody looks for among requests; all fields together narrow, an empty one does not.

    `state`: "open" (the default), "closed", "all", or one of RequestState. `assigned`: an account's identifier, or
    "nobody". `due`: "over" or "near". `text`: words that each stand somewhere in number, names or what is asked for.
    `after`: the cursor that the page before gave out. Raises RequestsQueryWrong.
    """

    text: str = ""
    state: str = "open"
    turn: Turn | None = None
    assigned: str = ""
    requester_class: RequesterClass | None = None
    due: str = ""
    after: str = ""
    limit: int = 50

    def __post_init__(self) -> None:
        if len(self.text) > _LONGEST_TEXT:
            raise RequestsQueryWrong(reason=f"the text has more than {_LONGEST_TEXT} characters")
        if self.state not in ("open", "closed", "all", *RequestState):
            raise RequestsQueryWrong(reason=f"“{self.state[:40]}” is no state")
        if self.due not in ("", "over", "near"):
            raise RequestsQueryWrong(reason="due is “over” or “near”")
        if not 1 <= self.limit <= MOST_ROWS:
            raise RequestsQueryWrong(reason=f"a page has 1 to {MOST_ROWS} requests")
        if self.after and _CURSOR.fullmatch(self.after) is None:
            raise RequestsQueryWrong(reason="that place in the list is none that a page gave out")

    @property
    def of_open(self) -> bool:
        """Whether only what is open is looked for."""
        return self.state == "open" or self.state in [one.value for one in OPEN]

    def to_text(self) -> str:
        """As the query string of a link."""
        given = {"text": self.text, "state": "" if self.state == "open" else self.state, "turn": self.turn}
        given |= {"assigned": self.assigned, "class": self.requester_class, "due": self.due, "after": self.after}
        return urlencode([(name, str(value)) for name, value in given.items() if value])

    def following(self, after: str) -> QueueQuery:
        """The same from another place on."""
        return replace(self, after=after)


@dataclass(frozen=True)
class QueueRow:
    """A request as the queue shows it. `waits_for`: what has to be done next, and by whom, in words; `meant`,
    `decided`: recordings; `unread`: messages of whoever asked that nobody here has seen; `hours`: what it is expected
    to cost, None where nothing is known of that."""

    id: str
    number: str
    state: RequestState
    channel: Channel
    received_at: datetime
    requester_class: RequesterClass
    class_confirmed: bool
    requester_name: str
    organisation: str
    words: str
    assigned_to: str | None
    assigned_name: str | None
    due_at: datetime | None
    due_rule: str | None
    clock: ClockState
    late: bool
    closed_at: datetime | None
    outcome: Outcome | None
    critical_id: str | None
    version: int
    turn: Turn
    waits_for: str
    meant: int
    decided: int
    unread: int
    hours: Hours | None


@dataclass(frozen=True)
class QueuePage:
    """A page of the queue. `total` counts all that fit, up to MOST_COUNTED; `more`: there are more than that."""

    rows: tuple[QueueRow, ...]
    after: str | None
    total: int
    more: bool


@dataclass(frozen=True)
class QueueCounts:
    """What the office has before it: open requests; of these overdue, due soon, with nobody, the reader's own, waiting
    for whoever asked, for a second person; and those with a message that nobody has read."""

    open: int
    over: int
    near: int
    unassigned: int
    mine: int
    clarifying: int
    second: int
    unread: int


def queue(tx: Connection, actor: Actor, query: QueueQuery | None = None, *, clock: Clock | None = None) -> QueuePage:
    """The requests that fit: open ones by what is due first, closed ones by when they were closed, the last first; all
    together by when they came, the last first. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    query, now = query or QueueQuery(), (clock or SystemClock()).now()
    fitting = _conditions(query, now)
    counted = sa.select(records_request.c.id).where(*fitting).limit(MOST_COUNTED + 1).subquery()
    total = tx.scalar(sa.select(sa.func.count()).select_from(counted)) or 0
    if total == 0:
        return QueuePage((), None, 0, False)
    listed = _rows_query().where(*fitting).order_by(*_order(query))
    if query.after:
        listed = listed.where(_beyond(query))
    found = tx.execute(listed.limit(query.limit + 1)).all()
    after = _cursor(query, found[query.limit - 1]) if len(found) > query.limit else None
    rows = _rows(tx, found[: query.limit], now)
    return QueuePage(rows, after, min(total, MOST_COUNTED), total > MOST_COUNTED)


def counts(tx: Connection, actor: Actor, *, clock: Clock | None = None) -> QueueCounts:
    """What the office has before it, in one look. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    now, row = (clock or SystemClock()).now(), records_request.c
    conditions = {
        "open": sa.true(),
        "over": row.due_at < now,
        "near": sa.and_(row.due_at >= now, row.due_at <= now + NEAR),
        "unassigned": row.assigned_to.is_(None),
        "mine": row.assigned_to == actor.account_id,
        "clarifying": row.state == RequestState.CLARIFYING.value,
        "second": _second(),
        "unread": sa.exists().where(request_message.c.request_id == row.id, _UNREAD),
    }
    columns = [sa.func.count(sa.case((one, 1))).label(name) for name, one in conditions.items()]
    found = tx.execute(sa.select(*columns).where(row.closed_at.is_(None))).one()
    return QueueCounts(**found._mapping)


_UNREAD = sa.and_(request_message.c.way == Way.IN.value, request_message.c.seen_at.is_(None))
_COLUMNS = (
    *("id", "number", "state", "channel", "received_at", "requester_class", "requester_name", "organisation"),
    *("assigned_to", "due_at", "due_rule", "late", "closed_at", "outcome", "critical_id", "version"),
)


def _second() -> sa.ColumnElement[bool]:
    """Whether a request waits for a second person."""
    return sa.or_(sa.false(), *(one() for one in SECOND))


def _conditions(query: QueueQuery, now: datetime) -> list[sa.ColumnElement[bool]]:
    row = records_request.c
    found: list[sa.ColumnElement[bool]] = []
    if query.of_open:
        found.append(row.closed_at.is_(None))
    if query.state == "closed":
        found.append(row.closed_at.is_not(None))
    if query.state in list(RequestState):
        found.append(row.state == query.state)
    if query.turn is not None:
        found.append(_turn_is(query.turn))
    if query.assigned:
        found.append(row.assigned_to.is_(None) if query.assigned == "nobody" else row.assigned_to == query.assigned)
    if query.requester_class is not None:
        found.append(row.requester_class == query.requester_class.value)
    if query.due == "over":
        found += [row.closed_at.is_(None), row.due_at < now]
    if query.due == "near":
        found += [row.closed_at.is_(None), row.due_at >= now, row.due_at <= now + NEAR]
    return found + [row.search_key.contains(word, autoescape=True) for word in folded(query.text).split()[:16]]


def _turn_is(turn: Turn) -> sa.ColumnElement[bool]:
    """The same as `_turn`, as a condition."""
    row = records_request.c
    is_open, second = row.closed_at.is_(None), _second()
    asked = row.state == RequestState.CLARIFYING.value
    if turn is Turn.NOBODY:
        return row.closed_at.is_not(None)
    if turn is Turn.SECOND:
        return sa.and_(is_open, second)
    if turn is Turn.REQUESTER:
        return sa.and_(is_open, sa.not_(second), asked)
    given = row.assigned_to.is_(None) if turn is Turn.OFFICE else row.assigned_to.is_not(None)
    return sa.and_(is_open, sa.not_(second), sa.not_(asked), given)


def _turn(row: Any) -> Turn:
    if row.closed_at is not None:
        return Turn.NOBODY
    if row.second:
        return Turn.SECOND
    if row.state == RequestState.CLARIFYING:
        return Turn.REQUESTER
    return Turn.OFFICE if row.assigned_to is None else Turn.ASSIGNED


def _order(query: QueueQuery) -> list[sa.ColumnElement[Any]]:
    row = records_request.c
    if query.of_open:  # what has no clock comes last
        return [row.due_at.is_(None), row.due_at, row.id]
    if query.state in ("closed", *RequestState):
        return [row.closed_at.desc(), row.id.desc()]
    return [row.received_at.desc(), row.id.desc()]


def _cursor(query: QueueQuery, last: Any) -> str:
    moment = last.due_at if query.of_open else last.received_at if query.state == "all" else last.closed_at
    return f"{'n' if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)}.{last.id}"


def _beyond(query: QueueQuery) -> sa.ColumnElement[bool]:
    found = _CURSOR.fullmatch(query.after)
    assert found is not None, "a query holds no other"
    row, identifier = records_request.c, found[2]
    if found[1] == "n":
        return sa.and_(row.due_at.is_(None), row.id > identifier)
    moment = _EPOCH + timedelta(microseconds=min(max(int(found[1]), -(10**15)), 10**17))
    if query.of_open:
        same = sa.and_(row.due_at == moment, row.id > identifier)
        return sa.or_(row.due_at > moment, same, row.due_at.is_(None))
    column = row.received_at if query.state == "all" else row.closed_at
    return sa.or_(column < moment, sa.and_(column == moment, row.id < identifier))


def _rows_query() -> sa.Select[Any]:
    row = records_request.c
    joined = records_request.outerjoin(account, account.c.id == row.assigned_to)
    return sa.select(
        *(row[name] for name in _COLUMNS),
        sa.func.substr(row.words, 1, _SHOWN + 1).label("words"),
        row.class_confirmed_by.is_not(None).label("class_confirmed"),
        account.c.display_name.label("assigned_name"),
        _second().label("second"),
    ).select_from(joined)


def _rows(tx: Connection, found: Sequence[Any], now: datetime) -> tuple[QueueRow, ...]:
    ids = [row.id for row in found]
    meant = _counted(tx, ids, request_recording, request_recording.c.meant == Meant.MEANT.value)
    unread = _counted(tx, ids, request_message, _UNREAD)
    decided: dict[str, int] = {}
    for known in DECIDED:
        decided |= known(tx, ids)
    costs = hours.expected(tx, [one for one in ids if meant.get(one)])
    rows = []
    for row in found:
        turn, is_open = _turn(row), row.closed_at is None
        values = {name: getattr(row, name) for name in (*_COLUMNS, "assigned_name")}
        values |= {
            "state": RequestState(row.state),
            "channel": Channel(row.channel),
            "requester_class": RequesterClass(row.requester_class),
            "class_confirmed": bool(row.class_confirmed),
            "words": row.words if len(row.words) <= _SHOWN else f"{row.words[:_SHOWN]}…",
            "outcome": None if row.outcome is None else Outcome(row.outcome),
            "clock": clock_state(row.due_at, now, met=not is_open),
            "turn": turn,
            "meant": meant.get(row.id, 0),
            "decided": decided.get(row.id, 0),
            "unread": unread.get(row.id, 0),
            "hours": costs.get(row.id),
        }
        waits = waits_for(
            turn, values["state"], row.assigned_name, values["meant"], values["decided"], values["unread"]
        )
        rows.append(QueueRow(**values, waits_for=waits))
    return tuple(rows)


def waits_for(turn: Turn, state: RequestState, name: str | None, meant: int, decided: int, unread: int) -> str:
    """What has to be done next, and by whom, in words."""
    if turn in (Turn.NOBODY, Turn.REQUESTER, Turn.SECOND):
        return TURN_WORDS[turn]
    next_one = "to read what whoever asked wrote" if unread else _next(state, meant, decided)
    return f"{TURN_WORDS[turn]}; {next_one}" if turn is Turn.OFFICE else f"{name or 'somebody'}, {next_one}"


def _next(state: RequestState, meant: int, decided: int) -> str:
    if state is RequestState.DECIDED:
        return "to write the letter and answer"
    if not meant:
        return "to find the recordings that are meant"
    if decided < meant:
        return f"to decide on {meant - decided} of {meant} recordings"
    return "to answer"


def _counted(tx: Connection, ids: Sequence[str], table: sa.Table, which: sa.ColumnElement[bool]) -> dict[str, int]:
    if not ids:
        return {}
    query = sa.select(table.c.request_id, sa.func.count().label("count")).where(table.c.request_id.in_(ids), which)
    return {row.request_id: row._mapping["count"] for row in tx.execute(query.group_by(table.c.request_id))}
