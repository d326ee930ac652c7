"""What every act on a request shares: taking hold of it, and putting the act on record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.disclosure.requests.errors import (
    RequestChangedMeanwhile,
    RequestClosed,
    RequestFieldWrong,
    RequestUnknown,
)
from candor.disclosure.requests.reading import by_name
from candor.disclosure.requests.rules import OPEN, STATE_WORDS, RequestState
from candor.disclosure.requests.tables import records_request, request_history
from candor.people.rules import Actor, Permission
from candor.people.service import AccountKind
from candor.people.tables import account

__all__ = ["account_in", "held", "in_history", "note", "put"]


def held(
    tx: Connection, actor: Actor, request_id: str, *, version: int | None = None, must_be_open: bool = True
) -> sa.Row[Any]:
    """The request by its identifier or number, held until the transaction ends, for somebody who may change requests.

    Raises Refused, RequestUnknown, RequestClosed, RequestChangedMeanwhile when it is not at `version`.
    """
    actor.require(Permission.REQUESTS_MANAGE)
    query = sa.select(records_request).where(by_name(request_id))
    row = tx.execute(query.with_for_update(of=records_request)).first()
    if row is None:
        raise RequestUnknown(id=request_id)
    if version is not None and row.version != version:
        raise RequestChangedMeanwhile(number=row.number, version=row.version, expected=version)
    if must_be_open and row.state not in OPEN:
        raise RequestClosed(number=row.number, state=STATE_WORDS[RequestState(row.state)])
    return row


def put(tx: Connection, row: sa.Row[Any], **values: Any) -> int:
    """Write these values into a request that is held, and count its version up; the new version."""
    version = int(row.version) + 1
    tx.execute(records_request.update().where(records_request.c.id == row.id).values(**values, version=version))
    return version


def note(
    tx: Connection,
    kind: Event,
    actor: Actor,
    request_id: str,
    details: Mapping[str, Any],
    *,
    recording: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Append the custody event of an act on a request, and put it into the request's history; the event's id. Details
    hold identifiers and digests, never names or words of whoever asked."""
    event_id = custody.append(
        tx, kind, actor=actor.account_id, recording=recording, details={"request": request_id, **details}, clock=clock
    )
    in_history(tx, request_id, event_id)
    return event_id


def in_history(tx: Connection, request_id: str, event_id: str) -> None:
    """Put a custody event into the history that the request's page shows, in the transaction that appends it. For rooms
    above, whose acts hang on a request."""
    tx.execute(request_history.insert(), {"request_id": request_id, "event_id": event_id})


def account_in(tx: Connection, account_id: str, field: str) -> str:
    """The id of a person's active account. Raises RequestFieldWrong."""
    query = sa.select(account.c.active).where(account.c.id == account_id, account.c.kind == AccountKind.PERSON.value)
    found = tx.scalar(query)
    if found is None:
        raise RequestFieldWrong(field=field, reason=f"there is no account of a person with the identifier {account_id}")
    if not found:
        raise RequestFieldWrong(field=field, reason="that account is not active")
    return account_id
