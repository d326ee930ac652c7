"""How long a request that is closed still holds what it means: while something of it is about to go out, and while a
refusal can be taken to somebody else, who may want to see it."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.disclosure.requests import clocks, meant
from candor.disclosure.requests.rules import Outcome
from candor.disclosure.requests.tables import records_request, request_recording
from candor.people.service import agency

__all__ = ["GOING_OUT", "free_what_is_over", "go_round"]

#: Who knows whether something of a request is still about to go out: rooms above.
GOING_OUT: list[Callable[[Connection, str], bool]] = []
#: Answers that can be appealed.
_REFUSED = (Outcome.WITHHELD.value, Outcome.RELEASED_IN_PART.value)
#: Requests of one round; the rest comes with the next.
_AT_ONCE = 500


def free_what_is_over(tx: Connection, request_id: str, *, clock: Clock) -> int:
    """Release what a closed request held, unless it is still needed; how many holds. Whoever calls holds the
    request."""
    if _is_needed(tx, request_id, clock):
        return 0
    number = tx.scalar(sa.select(records_request.c.number).where(records_request.c.id == request_id))
    return meant.free_holds(tx, request_id, str(number), clock=clock)


def go_round(database: Database, clock: Clock) -> int:
    """Release what closed requests need no more; how many holds. Done again and again while a process stays."""
    joined = records_request.join(request_recording, request_recording.c.request_id == records_request.c.id)
    still = records_request.c.closed_at.is_not(None), request_recording.c.hold_id.is_not(None)
    query = sa.select(records_request.c.id).distinct().select_from(joined).where(*still)
    with database.read() as tx:
        found = tx.scalars(query.order_by(records_request.c.id).limit(_AT_ONCE)).all()
        over = [one for one in found if not _is_needed(tx, one, clock)]
    freed = 0
    for one in over:
        with database.write() as tx:
            meant.lock_meant(tx, one)
            mine = records_request.c.id == one, records_request.c.closed_at.is_not(None)
            if tx.execute(sa.select(records_request.c.id).where(*mine).with_for_update()).first() is not None:
                freed += free_what_is_over(tx, one, clock=clock)
    return freed


def _is_needed(tx: Connection, request_id: str, clock: Clock) -> bool:
    columns = (records_request.c.outcome, records_request.c.closed_at)
    row = tx.execute(sa.select(*columns).where(records_request.c.id == request_id)).one()
    if row.outcome == Outcome.WITHDRAWN.value:
        return False  # nothing goes out for it any more, and nothing was refused
    if any(knows(tx, request_id) for knows in GOING_OUT):
        return True
    if row.outcome not in _REFUSED or row.closed_at is None:
        return False
    here = agency(tx)
    zone = here.time_zone if here else "UTC"
    appeals = clocks.answer_of(tx, request_id, clock=clock).appeal
    return any(one.within is not None and one.within.after(row.closed_at, zone) > clock.now() for one in appeals)
