"""A new tracking code for somebody who lost theirs and showed who they are. The old one opens nothing from then on."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody.events import Event
from candor.disclosure.requests import messages
from candor.disclosure.requests.holding import held, note, put
from candor.disclosure.requests.tables import request_code
from candor.disclosure.requests.words import checked_reason, digest
from candor.people.rules import Actor
from candor.published.tracking import digest_of, new_code

__all__ = ["replace_code", "replaced", "replaced_of", "replaced_since"]


def replace_code(
    tx: Connection,
    actor: Actor,
    request_id: str,
    *,
    shown: str,
    expected_version: int | None = None,
    clock: Clock | None = None,
) -> str:
    """Give a request, also one that is closed, another tracking code; the code, which is kept nowhere. `shown`: how
    they showed that it is they who asked; it stays with the request as a note. Whoever holds the old code, whoever they
    are, sees nothing any more within a round of publishing. Raises Refused, RequestUnknown, RequestChangedMeanwhile,
    RequestReasonMissing."""
    clock = clock or SystemClock()
    before = held(tx, actor, request_id, version=expected_version, must_be_open=False)
    how, code = checked_reason(shown), new_code()
    row = {"tracking_digest": before.tracking_digest, "request_id": before.id}
    tx.execute(request_code.insert(), {**row, "replaced_at": clock.now(), "replaced_by": actor.account_id})
    version = put(tx, before, tracking_digest=digest_of(code))
    note(
        tx,
        Event.REQUEST_CODE_REPLACED,
        actor,
        before.id,
        {"shown_sha256": digest(how), "version": version},
        clock=clock,
    )
    messages.write_note(
        tx, actor, before.id, f"Got a new tracking code. Who they are, they showed so: {how}", clock=clock
    )
    return code


def replaced(tx: Connection, tracking_digest: bytes) -> str | None:
    """The request that once had this code; None where none had."""
    table = request_code.c
    found: str | None = tx.scalar(sa.select(table.request_id).where(table.tracking_digest == tracking_digest))
    return found


def replaced_since(tx: Connection, tracking_digest: bytes, moment: datetime) -> str | None:
    """The request that still had this code at that moment: what was sent before a code was replaced is taken in."""
    table = request_code.c
    query = sa.select(table.request_id).where(table.tracking_digest == tracking_digest, table.replaced_at >= moment)
    found: str | None = tx.scalar(query)
    return found


def replaced_of(tx: Connection, request_id: str) -> list[bytes]:
    """The digests of the codes that a request once had, the oldest first."""
    table = request_code.c
    query = sa.select(table.tracking_digest).where(table.request_id == request_id).order_by(table.replaced_at)
    return [bytes(one) for one in tx.scalars(query)]
