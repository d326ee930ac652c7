"""Closing a recording by a court's order: nobody sees it but who is named, and nobody destroys it, until an order opens
it again. The bytes and their keys stay as they are.

What an order of erasure takes is another thing (`erasing`): that one goes before this.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.footage.destruction_tables import court_seal

__all__ = ["CourtSeal", "closed_between", "is_closed", "seals_of"]


@dataclass(frozen=True)
class CourtSeal:
    """An order that closed a recording; what lifted it is None while it holds."""

    id: str
    recording_id: str
    authority: str
    reason: str
    placed_by: str
    placed_at: datetime
    lift_authority: str | None
    lift_reason: str | None
    lifted_by: str | None
    lifted_at: datetime | None


def is_closed(tx: Connection, recording_id: str) -> bool:
    """Whether an order closes the recording now."""
    query = sa.select(court_seal.c.id).where(court_seal.c.open_key == recording_id)
    return tx.execute(query.limit(1)).first() is not None


def closed_between(tx: Connection, first: str, last: str) -> frozenset[str]:
    """The recordings that an order closes now, of those whose identifiers lie between two, both included."""
    return frozenset(tx.scalars(sa.select(court_seal.c.open_key).where(court_seal.c.open_key.between(first, last))))


def seals_of(tx: Connection, recording_id: str) -> list[CourtSeal]:
    """Every order that closed a recording, newest first; whoever calls has checked that the reader may see it."""
    columns = [court_seal.c[name] for name in CourtSeal.__dataclass_fields__]
    query = sa.select(*columns).where(court_seal.c.recording_id == recording_id)
    return [CourtSeal(**row._mapping) for row in tx.execute(query.order_by(court_seal.c.placed_at.desc()))]
