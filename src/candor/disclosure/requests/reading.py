"""Reading requests: one, by its identifier or number; what belongs to it; the requests of a recording; its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.ids import is_id
from candor.disclosure.requests.errors import RequestUnknown
from candor.disclosure.requests.naming import Named
from candor.disclosure.requests.rules import (
    OPEN,
    Channel,
    ClockState,
    Meant,
    Outcome,
    RequesterClass,
    RequestState,
    clock_state,
)
from candor.disclosure.requests.tables import (
    records_request as request_table,
)
from candor.disclosure.requests.tables import (
    request_clock,
    request_history,
    request_recording,
)
from candor.footage.rules import RecordingState, visible_to
from candor.footage.tables import recording
from candor.matters.inside import Happening, newest_of
from candor.people.rules import Actor, Permission
from candor.people.tables import account

__all__ = [
    "Happening",
    "RecordsRequest",
    "RequestRecording",
    "RequestRecordings",
    "RunningClock",
    "clocks_of_request",
    "find_request",
    "history_of_request",
    "recordings_of_request",
    "records_request",
    "request_by_tracking",
    "requests_of_recording",
]


@dataclass(frozen=True)
class RecordsRequest:
    """A request as it is shown. Moments are in UTC; `version` counts its changes. `contact`: mail, phone, post."""

    id: str
    number: str
    channel: Channel
    state: RequestState
    received_at: datetime
    entered_at: datetime
    entered_by: str
    requester_class: RequesterClass
    class_confirmed_by: str | None
    requester_name: str
    organisation: str
    contact: Mapping[str, str]
    words: str
    named: Named
    wants: str
    assigned_to: str | None
    assigned_name: str | None
    due_at: datetime | None
    due_rule: str | None
    late: bool
    answered_at: datetime | None
    closed_at: datetime | None
    outcome: Outcome | None
    critical_id: str | None
    book: str | None
    version: int

    @property
    def open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.state in OPEN

    def clock(self, now: datetime) -> ClockState:
        """How the clock that ends first stands."""
        return clock_state(self.due_at, now, met=not self.open)


@dataclass(frozen=True)
class RunningClock:
    """A clock of a request. `extensions`: how often it was extended, the last time by `extended_by`; `extendable_to`:
    until when its rule lets it be extended once more; `latest`: beyond which no delay goes. `answer_only`: an answer is
    due, not a release."""

    id: str
    recording_id: str | None
    pack: str
    rule: str
    citation: str
    words: str
    answer_only: bool
    adopted: bool
    started_by: str
    started_at: datetime
    due_at: datetime
    extended_by: str | None
    extended_at: datetime | None
    extension_reason: str | None
    met_at: datetime | None
    extensions: int
    extendable_because: str | None
    extendable_to: datetime | None
    latest: datetime | None

    def state(self, now: datetime) -> ClockState:
        """How it stands."""
        return clock_state(self.due_at, now, met=self.met_at is not None)

    @property
    def extendable(self) -> bool:
        """Whether it may be extended now."""
        return self.met_at is None and self.extendable_to is not None


@dataclass(frozen=True)
class RequestRecording:
    """A recording that somebody took for one that is meant, or not."""

    recording_id: str
    meant: Meant
    why: str
    said_by: str
    said_at: datetime
    hold_id: str | None
    title: str
    state: RecordingState
    started_at: datetime
    duration_ms: int | None
    category: str | None
    wearer_name: str | None


@dataclass(frozen=True)
class RequestRecordings:
    """Those that somebody may see, the earliest first; `hidden`: how many more are meant that they may not see."""

    rows: tuple[RequestRecording, ...]
    hidden: int


def records_request(tx: Connection, actor: Actor, request_id: str) -> RecordsRequest:
    """One request by its identifier or number. Raises Refused, RequestUnknown."""
    found = find_request(tx, actor, request_id)
    if found is None:
        raise RequestUnknown(id=request_id)
    return found


def find_request(tx: Connection, actor: Actor, request_id: str) -> RecordsRequest | None:
    """The same, None where there is none. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    row = tx.execute(_query().where(by_name(request_id))).first()
    return None if row is None else _request(row)


def request_by_tracking(tx: Connection, tracking_digest: bytes) -> str | None:
    """The identifier of the request with this digest of its tracking code (`published.tracking.digest_of`)."""
    return tx.scalar(sa.select(request_table.c.id).where(request_table.c.tracking_digest == tracking_digest))


def by_name(request_id: str) -> sa.ColumnElement[bool]:
    """The request with an identifier or a number."""
    if is_id(request_id):
        return request_table.c.id == request_id
    return request_table.c.number == request_id.strip().upper()


def requests_of_recording(
    tx: Connection, actor: Actor, recording_id: str, *, all_of_them: bool = False
) -> list[RecordsRequest]:
    """The requests that mean a recording, open ones first, then newest first; `all_of_them`: those too of which
    somebody said that they do not. Nothing for somebody who may not see requests, or not the recording."""
    if not actor.may(Permission.REQUESTS_VIEW):
        return []
    said = sa.true() if all_of_them else request_recording.c.meant == Meant.MEANT.value
    seen = sa.exists().where(recording.c.id == recording_id, visible_to(actor).expression)
    mine = sa.select(request_recording.c.request_id).where(request_recording.c.recording_id == recording_id, said)
    query = _query().where(request_table.c.id.in_(mine), seen)
    query = query.order_by(request_table.c.closed_at.is_not(None), request_table.c.received_at.desc())
    return [_request(row) for row in tx.execute(query)]


def clocks_of_request(tx: Connection, request_id: str) -> list[RunningClock]:
    """The clocks of a request, the earliest end first, those that were met last. Whoever calls has checked that it may
    be seen."""
    names = [request_clock.c[name] for name in RunningClock.__dataclass_fields__]
    query = sa.select(*names).where(request_clock.c.request_id == request_id, request_clock.c.ended_at.is_(None))
    query = query.order_by(request_clock.c.met_at.is_not(None), request_clock.c.due_at, request_clock.c.id)
    return [RunningClock(**row._mapping) for row in tx.execute(query)]


def recordings_of_request(
    tx: Connection, actor: Actor, request_id: str, *, meant: Meant | None = Meant.MEANT
) -> RequestRecordings:
    """The recordings that somebody took for meant (or for not meant; None: both) and that the actor may see."""
    of_request = request_recording.c.request_id == request_id
    if meant is not None:
        of_request = sa.and_(of_request, request_recording.c.meant == meant.value)
    joined = request_recording.join(recording, recording.c.id == request_recording.c.recording_id)
    joined = joined.outerjoin(account, account.c.id == recording.c.wearer_id)
    own = ("recording_id", "meant", "why", "said_by", "said_at", "hold_id")
    theirs = ("title", "state", "started_at", "duration_ms", "category")
    query = sa.select(
        *(request_recording.c[name] for name in own),
        *(recording.c[name] for name in theirs),
        account.c.display_name.label("wearer_name"),
    )
    query = query.select_from(joined).where(of_request, visible_to(actor).expression)
    rows = tuple(
        RequestRecording(**{**row._mapping, "meant": Meant(row.meant), "state": RecordingState(row.state)})
        for row in tx.execute(query.order_by(recording.c.started_key))
    )
    total = tx.scalar(sa.select(sa.func.count()).select_from(request_recording).where(of_request)) or 0
    return RequestRecordings(rows, total - len(rows))


def history_of_request(
    tx: Connection, actor: Actor, request_id: str, *, limit: int = 100
) -> tuple[list[Happening], int]:
    """The newest events of a request, newest first, and how many there are. A recording that the actor may not see is
    not named."""
    return newest_of(tx, actor, request_history, request_history.c.request_id == request_id, limit=limit)


_COLUMNS = [request_table.c[name] for name in RecordsRequest.__dataclass_fields__ if name in request_table.c]


def _query() -> sa.Select[Any]:
    joined = request_table.outerjoin(account, account.c.id == request_table.c.assigned_to)
    return sa.select(*_COLUMNS, account.c.display_name.label("assigned_name")).select_from(joined)


def _request(row: sa.Row[Any]) -> RecordsRequest:
    values = dict(row._mapping)
    read = {
        "channel": Channel(values["channel"]),
        "state": RequestState(values["state"]),
        "requester_class": RequesterClass(values["requester_class"]),
        "named": Named.from_json(values["named"]),
        "outcome": None if values["outcome"] is None else Outcome(values["outcome"]),
    }
    return RecordsRequest(**{**values, **read})
