"""Receipts: a side says that it has the discovery. It is a button, and nobody has to press it to see anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import Event, append
from candor.disclosure.discovery.reading import by_id
from candor.disclosure.discovery.rules import PartySide
from candor.disclosure.discovery.sessions import Visit
from candor.disclosure.discovery.tables import discovery_receipt
from candor.disclosure.discovery.viewing import must_not_be_too_often
from candor.disclosure.discovery.words import clean_if_any
from candor.matters.holding import in_history

__all__ = ["Receipt", "confirm", "receipts_of"]


@dataclass(frozen=True)
class Receipt:
    """That a side says it has the discovery; `name` is empty where they gave none."""

    id: str
    discovery_id: str
    side_id: str
    side: PartySide
    name: str
    at: datetime
    event_id: str


def confirm(tx: Connection, visit: Visit, *, name: str = "", clock: Clock | None = None) -> Receipt:
    """Put on record that the side says it has the discovery. `name`: who says so, if they like; it stays out of the
    event. Raises DiscoveryWordsMissing, TooOften."""
    clock, side = clock or SystemClock(), visit.side
    found = by_id(tx, side.discovery_id)
    must_not_be_too_often(tx, visit, found, Event.DISCOVERY_RECEIPT_GIVEN, clock)
    who = clean_if_any("your name", name)
    identifier, now = new_id(), clock.now()
    details = {"discovery": found.id, "side": side.side.value, "receipt": identifier, "package": found.package_id}
    event = append(tx, Event.DISCOVERY_RECEIPT_GIVEN, actor="system:discovery", details=details, clock=clock)
    in_history(tx, found.matter_id, event)
    made = Receipt(identifier, found.id, side.id, side.side, who, now, event)
    tx.execute(discovery_receipt.insert(), {**vars(made), "side": side.side.value})
    return made


def receipts_of(tx: Connection, discovery_id: str) -> list[Receipt]:
    """The receipts of a discovery, the newest first."""
    query = sa.select(discovery_receipt).where(discovery_receipt.c.discovery_id == discovery_id)
    rows = tx.execute(query.order_by(discovery_receipt.c.at.desc(), discovery_receipt.c.id.desc()))
    return [Receipt(**{**row._mapping, "side": PartySide(row.side)}) for row in rows]
