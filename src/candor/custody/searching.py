"""Searching the events by what an auditor asks for (CJIS AU-3, AU-7): who, what, about whom, when, from where, how it
ended. Nothing is altered, and the order is that of time, both ways.

How a search over millions of events stays quick:

- One of the narrow conditions leads: the one with the fewest events, counted up to a bound. Each has an index that is
  in the order of time, so a page is read off its end, never sorted.
- The other conditions are tried on what the leading one finds, one window of so many events after the other. When the
  page is not full after half a second, it says how far it looked, and its cursor goes on from there. So the worst
  search costs that long, whatever the log holds.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.custody.errors import SearchWrong
from candor.custody.events import Event
from candor.custody.record import CustodyEvent
from candor.custody.tables import custody_event

MOST_ROWS = 500
LONGEST_TEXT = 200
#: Events that are tried at once, when the leading condition alone does not decide: few at first, as a page is often
#: full by then, and more each time up to the second number.
FIRST_WINDOW, LARGEST_WINDOW = 500, 10_000
#: A page that is not full by then says how far it looked; seconds.
LONGEST_LOOK = 0.5
#: Counting the candidates for leading stops here.
_MANY = 20_000
#: So few that all are tried at once.
_FEW = 2_000
#: Values of one condition that may lead; each is read by itself.
_MOST_STREAMS = 40
_LEAST_WINDOW = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Outcome(StrEnum):
    """How what an event tells of ended."""

    SUCCESS = "success"
    FAILURE = "failure"


class Group(StrEnum):
    """Kinds of events that are looked for together."""

    SIGN_IN = "sign-in"
    ACCOUNTS = "accounts"
    FOOTAGE = "footage"
    HAND_OUTS = "hand-outs"
    READING = "reading"
    SYSTEM = "system"


GROUP_WORDS: dict[Group, str] = {
    Group.SIGN_IN: "Signing in and out",
    Group.ACCOUNTS: "Accounts and rights",
    Group.FOOTAGE: "Footage and catalogue",
    Group.HAND_OUTS: "Hand-outs",
    Group.READING: "Reading of this record",
    Group.SYSTEM: "Keys, log and upkeep",
}

_AT_THE_DOOR = re.compile(r"sign|session|lock|unlock|release|re-auth|recovery-code-used|passkey-refused")
_FAILED = re.compile(r"failed|refused")


def group_of(kind: Event) -> Group:
    """The one group of a kind."""
    subject, _, act = kind.value.partition(":")
    match subject:
        case "audit":
            return Group.READING
        case "recording" if act in ("exported", "package-downloaded"):
            return Group.HAND_OUTS
        case "recording" | "rendition" | "intake" | "categories" | "device":
            return Group.FOOTAGE
        case "discrepancy" | "site" | "dock" | "assignment":
            return Group.FOOTAGE
        case "clock" if act == "read":
            return Group.FOOTAGE
        case "token" if act in ("used", "refused"):
            return Group.SIGN_IN
        case "account" if _AT_THE_DOOR.match(act):
            return Group.SIGN_IN
        case "access" | "account" | "accounts" | "agency" | "unit" | "token" | "policy":
            return Group.ACCOUNTS
    return Group.SYSTEM


def kinds_of(group: Group) -> frozenset[Event]:
    """The kinds of a group."""
    return frozenset(kind for kind in Event if group_of(kind) is group)


def outcome_of(kind: Event) -> Outcome:
    """Whether a kind tells of a failure or a refusal; the name of each such kind says so."""
    return Outcome.FAILURE if _FAILED.search(kind.value.partition(":")[2]) else Outcome.SUCCESS


@dataclass(frozen=True)
class Search:
    """All conditions together narrow; None and empty ones do not.

    `actors`: who did it. `accounts`: whose account it concerns. `since` ≤ time < `until`. `text` stands anywhere in
    what the event recorded. `after` is the cursor that the page before gave out. Raises SearchWrong.
    """

    kinds: frozenset[Event] | None = None
    actors: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None
    address: str = ""
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    descending: bool = True
    after: str = ""
    limit: int = 50

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MOST_ROWS:
            raise SearchWrong(reason=f"a page has 1 to {MOST_ROWS} events")
        if max(len(self.text), len(self.address)) > LONGEST_TEXT:
            raise SearchWrong(reason=f"a text of more than {LONGEST_TEXT} characters")
        for moment in (self.since, self.until):
            if moment is not None and moment.tzinfo is None:
                raise SearchWrong(reason="a time without a zone")
        for values in (self.actors, self.accounts):
            if values is not None and len(values) > _MOST_STREAMS:
                raise SearchWrong(reason=f"that name fits more than {_MOST_STREAMS} accounts; give more of it")


@dataclass(frozen=True)
class Page:
    """Events of a search, in its order."""

    events: list[CustodyEvent]
    after: str | None
    """The cursor of what follows; None when all was looked at."""
    looked_to: datetime | None
    """How far it looked, when the page is not full although more may fit."""


def find(tx: Connection, search: Search) -> Page:
    """One page. Raises SearchWrong when the cursor is not one of ours."""
    conditions = _conditions(search)
    if any(not values for values in conditions.values()):
        return Page([], None, None)
    _read_cursor(search.after)
    lead, few = _lead(tx, conditions, search)
    started, window = time.monotonic(), FIRST_WINDOW
    found: list[CustodyEvent] = []
    while True:
        page = _look(tx, replace(search, limit=search.limit - len(found)), conditions, lead, None if few else window)
        found += page.events
        if page.looked_to is None or len(found) == search.limit or time.monotonic() - started > LONGEST_LOOK:
            full = len(found) == search.limit
            return Page(found, page.after, None if full else page.looked_to)
        search = replace(search, after=page.after or "")
        window = min(window * 4, LARGEST_WINDOW)


def _look(
    tx: Connection,
    search: Search,
    conditions: dict[str, tuple[str, ...]],
    lead: str | None,
    window: int | None,
) -> Page:
    """What is found in one window; with None, all at once."""
    cursor = _read_cursor(search.after)
    values: tuple[str | None, ...] = conditions[lead] if lead is not None else (None,)
    others: list[sa.ColumnElement[bool]] = [
        custody_event.c[name].in_(found) for name, found in conditions.items() if name != lead
    ]
    if search.text.strip():
        others.append(custody_event.c.payload.icontains(_as_written(search.text.strip()), autoescape=True))
    each = None if window is None or not others else max(window // len(values), _LEAST_WINDOW)
    rows: list[Any] = []
    ends: list[tuple[int, int]] = []
    for value in values:
        stream = _Stream(search, lead, value, cursor, others)
        rows += stream.rows(tx, each)
        end = None if each is None else stream.end(tx, each)
        if end is not None:
            ends.append(end)
    return _page(rows, ends, search)


def every(tx: Connection, search: Search, most: int) -> Iterator[CustodyEvent]:
    """Events of a search, page after page, up to so many."""
    search = replace(search, limit=MOST_ROWS)
    given = 0
    while given < most:
        page = find(tx, search)
        yield from page.events[: most - given]
        given += len(page.events)
        if page.after is None:
            return
        search = replace(search, after=page.after)


def fill_in(tx: Connection) -> int:
    """Copy what events are searched by out of the payloads of those that an earlier version wrote; how many."""
    if tx.dialect.name == "postgresql":
        source = "payload::json #>> '{{details,{0}}}'"
    else:
        source = "json_extract(payload, '$.details.{0}')"
    account, address = source.format("account"), source.format("address")
    # Names of columns and fields only; nothing here was given from outside.
    filled: int = tx.execute(
        sa.text(
            f"UPDATE custody_event SET about_account = {account}, address = {address} "
            "WHERE about_account IS NULL AND address IS NULL AND recording_id IS NULL "
            f"AND ({account} IS NOT NULL OR {address} IS NOT NULL)"
        )
    ).rowcount
    return filled


# -- how


def _conditions(search: Search) -> dict[str, tuple[str, ...]]:
    """Columns that must have one of some values."""
    found: dict[str, tuple[str, ...]] = {}
    kinds = frozenset(Event) if search.kinds is None else search.kinds
    if search.outcome is not None:
        kinds = frozenset(kind for kind in kinds if outcome_of(kind) is search.outcome)
    if kinds != frozenset(Event):
        found["kind"] = tuple(sorted(kind.value for kind in kinds))
    if search.actors is not None:
        found["actor"] = search.actors
    if search.accounts is not None:
        found["about_account"] = search.accounts
    if search.address.strip():
        found["address"] = (search.address.strip(),)
    return found


def _lead(tx: Connection, conditions: dict[str, tuple[str, ...]], search: Search) -> tuple[str | None, bool]:
    """The condition with the fewest events, and whether these are so few that all may be tried."""
    best: tuple[int, str] | None = None
    for name, values in conditions.items():
        if len(values) > _MOST_STREAMS:
            continue
        column = custody_event.c[name]
        some = sa.select(column).where(column.in_(values), *_within(search)).limit(_MANY).subquery()
        count = tx.scalar(sa.select(sa.func.count()).select_from(some)) or 0
        if best is None or count < best[0]:
            best = (count, name)
        if count < _FEW:
            break
    return (None, False) if best is None else (best[1], best[0] < _FEW)


def _within(search: Search) -> list[sa.ColumnElement[bool]]:
    at = custody_event.c.at
    found = []
    if search.since is not None:
        found.append(at >= search.since)
    if search.until is not None:
        found.append(at < search.until)
    return found


@dataclass(frozen=True)
class _Stream:
    """The events of one value of the leading condition, in the order of time."""

    search: Search
    lead: str | None
    value: str | None
    cursor: tuple[int, int] | None
    others: list[sa.ColumnElement[bool]]

    def rows(self, tx: Connection, window: int | None) -> list[Any]:
        """What fits, one more than a page holds; of the first `window` events only, if one is given."""
        wanted = [custody_event.c[name] for name in CustodyEvent.__dataclass_fields__]
        wanted.append(custody_event.c.seq)
        if window is None:
            query = self._ordered(sa.select(*wanted)).where(*self.others)
        else:
            near = self._ordered(sa.select(custody_event.c.seq)).limit(window).subquery("near")
            query = sa.select(*wanted).where(custody_event.c.seq.in_(sa.select(near.c.seq)), *self.others)
            query = query.order_by(*self._order())
        return list(tx.execute(query.limit(self.search.limit + 1)))

    def end(self, tx: Connection, window: int) -> tuple[int, int] | None:
        """Where the window ends; None when it holds all there is."""
        last = tx.execute(
            self._ordered(sa.select(custody_event.c.at, custody_event.c.seq)).offset(window - 1).limit(1)
        ).first()
        return None if last is None else (_micros(last.at), last.seq)

    def _ordered(self, query: sa.Select[Any]) -> sa.Select[Any]:
        query = query.where(*_within(self.search)).order_by(*self._order())
        if self.lead is not None:
            query = query.where(custody_event.c[self.lead] == self.value)
        if self.cursor is not None:
            at, seq = custody_event.c.at, custody_event.c.seq
            then = _EPOCH + timedelta(microseconds=self.cursor[0])
            beyond = at < then if self.search.descending else at > then
            later = seq < self.cursor[1] if self.search.descending else seq > self.cursor[1]
            query = query.where(
                at <= then if self.search.descending else at >= then, sa.or_(beyond, sa.and_(at == then, later))
            )
        return query

    def _order(self) -> tuple[sa.ColumnElement[Any], ...]:
        keys = (custody_event.c.at, custody_event.c.seq)
        return tuple(key.desc() if self.search.descending else key.asc() for key in keys)


def _page(rows: list[Any], ends: list[tuple[int, int]], search: Search) -> Page:
    """Put the streams together. Beyond the end that comes first, some stream has not been looked at yet."""
    keyed = sorted(((_micros(row.at), row.seq), row) for row in rows) if rows else []
    end = None
    if search.descending:
        keyed.reverse()
    if ends:
        end = max(ends) if search.descending else min(ends)
        keyed = [(key, row) for key, row in keyed if (key >= end if search.descending else key <= end)]
    shown = keyed[: search.limit]
    events = [_event(row) for _, row in shown]
    if len(keyed) > search.limit:
        return Page(events, _written(shown[-1][0]), None)
    if end is not None:
        return Page(events, _written(end), _EPOCH + timedelta(microseconds=end[0]))
    return Page(events, None, None)


def _event(row: sa.Row[Any]) -> CustodyEvent:
    values = {name: value for name, value in row._mapping.items() if name != "seq"}
    return CustodyEvent(**{**values, "kind": Event(values["kind"])})


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _written(key: tuple[int, int]) -> str:
    return f"{key[0]}-{key[1]}"


def _read_cursor(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    found = re.fullmatch(r"(-?[0-9]{1,18})-([0-9]{1,18})", text)
    if found is None or abs(int(found[1])) > 10**17:
        raise SearchWrong(reason="the place to go on from is not one that a page gave out")
    return int(found[1]), int(found[2])


def _as_written(text: str) -> str:
    """A text as it stands inside the JSON of a payload."""
    return json.dumps(text, ensure_ascii=False)[1:-1]
