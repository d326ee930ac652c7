"""Telling whoever works on a request: that it is theirs, that whoever asked wrote, that a clock ends soon or is over.

What is told names the request by its address alone; whoever may not see it learns nothing there.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.outbox import NoticeKind, is_open, resolve, tell
from candor.disclosure.requests.rules import ClockState, clock_state
from candor.disclosure.requests.tables import records_request
from candor.people.rules import Actor

__all__ = ["has_news", "of_assignment", "of_clock", "of_message", "settle_clock", "settle_message"]


def of_assignment(tx: Connection, actor: Actor, request_id: str, account_id: str, *, clock: Clock) -> None:
    """Tell somebody that a request is theirs; what people do themselves is no news to them."""
    if account_id != actor.account_id:
        tell(tx, NoticeKind.REQUEST_YOURS, about=_about(request_id), to=[account_id], clock=clock)


def of_message(tx: Connection, request_id: str, *, clock: Clock) -> None:
    """Tell whoever works on a request that whoever asked wrote."""
    to = _assigned(tx, request_id)
    tell(tx, NoticeKind.REQUEST_MESSAGE, about=_about(request_id), to=to, once=_message(request_id), clock=clock)


def settle_message(tx: Connection, request_id: str, *, clock: Clock) -> None:
    """What whoever asked wrote was read."""
    resolve(tx, _message(request_id), clock=clock)


def of_clock(tx: Connection, request_id: str, *, clock: Clock) -> None:
    """Tell whoever works on a request that its first clock ends soon, or is over: each once."""
    kind, key = _news(tx, request_id, clock)
    if kind is not None and not is_open(tx, key):
        tell(tx, kind, about=_about(request_id), to=_assigned(tx, request_id), once=key, clock=clock)


def has_news(tx: Connection, request_id: str, clock: Clock) -> bool:
    """Whether `of_clock` would tell something."""
    kind, key = _news(tx, request_id, clock)
    return kind is not None and not is_open(tx, key)


def settle_clock(tx: Connection, request_id: str, *, clock: Clock) -> None:
    """Close what was told of a clock that does not end soon any more: it was met, or extended."""
    state = _state(tx, request_id, clock)
    if state not in (ClockState.NEAR, ClockState.OVER):
        resolve(tx, _near(request_id), clock=clock)
    if state is not ClockState.OVER:
        resolve(tx, _over(request_id), clock=clock)


def _news(tx: Connection, request_id: str, clock: Clock) -> tuple[NoticeKind | None, str]:
    state = _state(tx, request_id, clock)
    if state is ClockState.NEAR:
        return NoticeKind.REQUEST_DUE, _near(request_id)
    if state is ClockState.OVER:
        return NoticeKind.REQUEST_OVERDUE, _over(request_id)
    return None, ""


def _state(tx: Connection, request_id: str, clock: Clock) -> ClockState:
    columns = (records_request.c.due_at, records_request.c.closed_at)
    row = tx.execute(sa.select(*columns).where(records_request.c.id == request_id)).one()
    return clock_state(row.due_at, clock.now(), met=row.closed_at is not None)


def _assigned(tx: Connection, request_id: str) -> list[str] | None:
    """To whom it was given; None: nobody, so the kind's own roles are told."""
    found = tx.scalar(sa.select(records_request.c.assigned_to).where(records_request.c.id == request_id))
    return None if found is None else [found]


def _about(request_id: str) -> str:
    return f"/requests/{request_id}"


def _message(request_id: str) -> str:
    return f"request-message:{request_id}"


def _near(request_id: str) -> str:
    return f"request-near:{request_id}"


def _over(request_id: str) -> str:
    return f"request-over:{request_id}"
