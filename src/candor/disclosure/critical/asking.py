"""That a request for records is about a critical incident: clocks that begin with a request run from the first one."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody.events import Event
from candor.disclosure.critical.holding import held, note, put
from candor.disclosure.critical.lawful import put_due
from candor.disclosure.requests import changing
from candor.disclosure.requests.reading import records_request
from candor.people.rules import Actor

__all__ = ["asked_by"]


def asked_by(tx: Connection, actor: Actor, critical_id: str, request_id: str, *, clock: Clock | None = None) -> bool:
    """Say that an open request, by its identifier or number, is about a critical incident; whether that was new. Of a
    request that was about another one it is said anew. Raises Refused, CriticalUnknown, CriticalClosed,
    RequestUnknown, RequestClosed."""
    clock = clock or SystemClock()
    before = held(tx, actor, critical_id)
    asked = records_request(tx, actor, request_id)
    if not changing.change(tx, actor, asked.id, {"critical_id": before.id}, clock=clock):
        return False
    put(tx, before)
    put_due(tx, before.id, clock=clock)
    note(tx, Event.CRITICAL_CHANGED, actor, before.id, {"request": asked.id}, clock=clock)
    return True
