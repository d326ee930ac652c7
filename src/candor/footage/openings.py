"""Openings: a recording that roles alone would not show to somebody, open to them for one granted purpose.

They open nothing that a wall or an order closes to them, and no more than looking: whoever may change, keep or hand out
a recording may so by their role alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.indexing import index_recording
from candor.footage.restriction_tables import recording_opening

__all__ = ["end_openings", "open_to", "openings_of"]


def open_to(
    tx: Connection,
    recording_id: str,
    account_id: str,
    *,
    ref: str,
    reason: str,
    actor: str,
    clock: Clock | None = None,
) -> None:
    """Open a recording to an account, on behalf of a room that has granted it under `ref`."""
    clock = clock or SystemClock()
    opening = recording_opening.c
    mine = opening.recording_id == recording_id, opening.account_id == account_id, opening.ref == ref
    if tx.execute(sa.select(opening.id).where(*mine, opening.ended_at.is_(None))).first() is not None:
        return
    row = {
        "id": new_id(),
        "recording_id": recording_id,
        "account_id": account_id,
        "ref": ref,
        "reason": reason,
        "opened_by": actor,
        "opened_at": clock.now(),
    }
    tx.execute(recording_opening.insert(), row)
    details = {"opening": row["id"], "account": account_id, "ref": ref, "reason": reason}
    custody.append(tx, Event.RECORDING_OPENED_TO, actor=actor, recording=recording_id, details=details, clock=clock)
    index_recording(tx, recording_id)


def end_openings(tx: Connection, ref: str, *, actor: str, clock: Clock | None = None) -> None:
    """End everything that was opened under `ref`."""
    clock = clock or SystemClock()
    opening = recording_opening.c
    query = sa.select(recording_opening).where(opening.ref == ref, opening.ended_at.is_(None))
    for row in tx.execute(query.order_by(opening.recording_id)).all():
        ended = {"ended_by": actor, "ended_at": clock.now()}
        tx.execute(recording_opening.update().where(opening.id == row.id).values(ended))
        details = {"opening": row.id, "account": row.account_id, "ref": ref}
        custody.append(
            tx, Event.RECORDING_OPENING_ENDED, actor=actor, recording=row.recording_id, details=details, clock=clock
        )
        index_recording(tx, row.recording_id)


def openings_of(tx: Connection, ref: str) -> set[str]:
    """The recordings that are open under `ref` now."""
    opening = recording_opening.c
    query = sa.select(opening.recording_id).where(opening.ref == ref, opening.ended_at.is_(None))
    return set(tx.scalars(query))
