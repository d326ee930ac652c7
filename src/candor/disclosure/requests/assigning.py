"""Who works on a request."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody.events import Event
from candor.disclosure.requests import telling
from candor.disclosure.requests.errors import RequestFieldWrong, TooManyForRequest
from candor.disclosure.requests.holding import account_in, held, note, put
from candor.disclosure.requests.rules import RequestState
from candor.people.rules import Actor, Permission, allowed
from candor.people.service import AccountKind
from candor.people.tables import account

__all__ = ["MOST_AT_ONCE", "assign", "assign_many", "assignable"]

MOST_AT_ONCE = 200


def assign(
    tx: Connection,
    actor: Actor,
    request_id: str,
    account_id: str | None,
    *,
    expected_version: int | None = None,
    clock: Clock | None = None,
) -> bool:
    """Give a request to somebody, or (None) to nobody; whether that was new. They are told. Raises Refused,
    RequestUnknown, RequestClosed, RequestChangedMeanwhile, RequestFieldWrong when they may not work on requests."""
    clock = clock or SystemClock()
    before = held(tx, actor, request_id, version=expected_version)
    if account_id is not None:
        account_in(tx, account_id, "person who works on it")
        roles = tx.scalar(sa.select(account.c.roles).where(account.c.id == account_id))
        if not allowed(roles or (), Permission.REQUESTS_MANAGE):
            raise RequestFieldWrong(field="person who works on it", reason="their role may not work on requests")
    if before.assigned_to == account_id:
        return False
    state = RequestState(before.state)
    if state is RequestState.RECEIVED and account_id is not None:
        state = RequestState.WORKING
    version = put(tx, before, assigned_to=account_id, state=state.value)
    details = {"to": account_id, "from": before.assigned_to, "version": version}
    note(tx, Event.REQUEST_ASSIGNED, actor, before.id, details, clock=clock)
    if account_id is not None:
        telling.of_assignment(tx, actor, before.id, account_id, clock=clock)
    return True


def assign_many(
    tx: Connection, actor: Actor, request_ids: Sequence[str], account_id: str | None, *, clock: Clock | None = None
) -> int:
    """The same for many, all or none; of how many it was new. Raises TooManyForRequest, and what `assign` raises."""
    chosen = sorted(set(request_ids))  # one order for everybody: two such acts cannot wait for each other
    if len(chosen) > MOST_AT_ONCE:
        raise TooManyForRequest(most=MOST_AT_ONCE, what="requests", count=len(chosen))
    return sum(assign(tx, actor, one, account_id, clock=clock) for one in chosen)


def assignable(tx: Connection, actor: Actor) -> list[tuple[str, str]]:
    """Whom a request can be given to: identifier and name, by name. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    query = sa.select(account.c.id, account.c.display_name, account.c.roles)
    query = query.where(account.c.active, account.c.kind == AccountKind.PERSON.value)
    rows = tx.execute(query.order_by(account.c.display_name, account.c.id))
    return [(row.id, row.display_name) for row in rows if allowed(row.roles, Permission.REQUESTS_MANAGE)]
