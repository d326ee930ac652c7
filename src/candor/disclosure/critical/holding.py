"""What every act on a critical incident shares: taking hold of it, and putting the act on record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.ids import is_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.disclosure.critical.errors import ConsentUnproven, CriticalClosed, CriticalUnknown, CriticalWrong
from candor.disclosure.critical.rules import CriticalState
from candor.disclosure.critical.tables import critical_history, critical_incident
from candor.disclosure.requests import documents
from candor.disclosure.requests.rules import DocumentKind
from candor.disclosure.requests.tables import request_document
from candor.people.rules import Actor, Permission

__all__ = ["by_name", "held", "in_history", "must_have_document", "note", "put"]


def by_name(critical_id: str) -> sa.ColumnElement[bool]:
    """The critical incident with an identifier or a number."""
    if is_id(critical_id):
        return critical_incident.c.id == critical_id
    return critical_incident.c.number == critical_id.strip().upper()


def held(tx: Connection, actor: Actor, critical_id: str, *, must_be_open: bool = True) -> sa.Row[Any]:
    """The critical incident by its identifier or number, held until the transaction ends, for somebody who may change
    it. Raises Refused, CriticalUnknown, CriticalClosed."""
    actor.require(Permission.REQUESTS_MANAGE)
    row = tx.execute(sa.select(critical_incident).where(by_name(critical_id)).with_for_update()).first()
    if row is None:
        raise CriticalUnknown(id=critical_id)
    if must_be_open and row.state != CriticalState.OPEN:
        raise CriticalClosed(number=row.number)
    return row


def put(tx: Connection, row: sa.Row[Any], **values: Any) -> None:
    """Write these values into a critical incident that is held, and count its version up."""
    mine = critical_incident.c.id == row.id
    tx.execute(critical_incident.update().where(mine).values(**values, version=critical_incident.c.version + 1))


def note(
    tx: Connection,
    kind: Event,
    actor: Actor,
    critical_id: str,
    details: Mapping[str, Any],
    *,
    recording: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Append the custody event of an act, and put it into the incident's history; the event's id. Details hold
    identifiers and digests, no names and no words."""
    told = {"critical": critical_id, **details}
    event_id = custody.append(tx, kind, actor=actor.account_id, recording=recording, details=told, clock=clock)
    in_history(tx, critical_id, event_id)
    return event_id


def in_history(tx: Connection, critical_id: str, event_id: str) -> None:
    """Put a custody event into the history of a critical incident, in the transaction that appends it."""
    tx.execute(critical_history.insert(), {"critical_id": critical_id, "event_id": event_id})


def must_have_document(tx: Connection, critical_id: str, document_id: str, *, consent: bool = False) -> None:
    """Raise unless the document is one of the incident's own: ConsentUnproven where a consent is needed, CriticalWrong
    otherwise."""
    mine = request_document.c.id == document_id, request_document.c.critical_id == critical_id
    kind = tx.scalar(sa.select(request_document.c.kind).where(*mine))
    if consent and kind != DocumentKind.CONSENT.value:
        raise ConsentUnproven()
    if kind is None:
        raise CriticalWrong(what="document", reason="it is none of this incident’s; put it there first")


documents.ENTERED.append(in_history)
