"""Erasing what the events of a recording said, on a court's order: so that the log goes on as it was.

A public leaf commits to the event's payload under a random salt of 32 bytes (`candor.verify.leaf`). Payload and salt
are destroyed; leaf, place, kind, actor and hour stay. The log's tree does not change by a bit, every proof that was
handed out before still holds, and nobody, the agency included, can open the commitment again: it hides 256 random bits.

What cannot be called back is what was handed out: a package has copies of the events up to its day.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.custody.events import Event
from candor.custody.tables import custody_event
from candor.store.tables import tombstone
from candor.store.tombstones import ERASURE

__all__ = ["erase", "erased_count", "erased_without_order", "events_naming"]

_NAMED = 500


def erase(tx: Connection, recordings: Collection[str], order: str, *, also: Sequence[str] = ()) -> int:
    """Erase what all events of some recordings said, and the events `also`; how many. Those that say that something was
    erased stay as they are.

    `order` is the tombstone of the order, which is entered in this transaction. What was erased before stays with the
    order that it was erased by.
    """
    mine = custody_event.c.recording_id.in_(list(recordings))
    chosen = sa.or_(mine, custody_event.c.id.in_(list(also))) if also else mine
    done: int = tx.execute(
        custody_event.update()
        .where(chosen, custody_event.c.erased_by.is_(None), custody_event.c.kind != Event.RECORDING_ERASED.value)
        .values(payload="", salt=b"", erased_by=order, about_account=None, address=None)
    ).rowcount
    return done


def events_naming(tx: Connection, words: Sequence[str]) -> list[str]:
    """Events of no recording that hold one of these words, such as the SHA-256 of a file; their identifiers.

    Reads every such event: a second for some hundred thousand. An order of a court is rare.
    """
    found: list[str] = []
    for begin in range(0, len(words), 20):
        holds = [custody_event.c.payload.contains(word, autoescape=True) for word in words[begin : begin + 20]]
        query = sa.select(custody_event.c.id).where(custody_event.c.recording_id.is_(None), sa.or_(*holds))
        found += tx.scalars(query)
    return sorted(set(found))


def erased_count(tx: Connection) -> int:
    """How many entries of the log say nothing any more, by order."""
    query = sa.select(sa.func.count()).select_from(custody_event).where(custody_event.c.erased_by.is_not(None))
    return int(tx.scalar(query) or 0)


def erased_without_order(tx: Connection) -> list[str]:
    """Events whose payload or salt is gone and for which no order of erasure is known here: somebody removed them by
    hand. Their identifiers, at most some hundreds."""
    orders = sa.select(tombstone.c.id).where(tombstone.c.kind == ERASURE)
    gone = sa.or_(custody_event.c.payload == "", custody_event.c.salt == b"", custody_event.c.erased_by.is_not(None))
    ordered = sa.and_(custody_event.c.erased_by.is_not(None), custody_event.c.erased_by.in_(orders))
    query = sa.select(custody_event.c.id).where(gone, sa.not_(ordered)).order_by(custody_event.c.seq).limit(_NAMED)
    return list(tx.scalars(query))
