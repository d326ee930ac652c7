"""Files of one recording: under which name they gather, and what is done when all of them are in."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.docking.cards.claims import Camera, CardOrders
from candor.docking.cards.found import Contents
from candor.docking.cards.grouping import Group
from candor.footage import gathering
from candor.footage.errors import FootageError
from candor.footage.regrouping import regroup
from candor.footage.rules import RecordingState
from candor.footage.said import Said
from candor.footage.tables import part, recording
from candor.people.errors import PeopleError

__all__ = ["complete_group", "key_of", "regroup_late"]


def key_of(camera: Camera | None, first: bytes) -> str:
    """The name of a recording for good: its camera and the fingerprint of its first file, which has its place on the
    card, size, date, beginning and end."""
    return f"card:{camera.id if camera else 'unknown'}/{first.hex()}"


def complete_group(
    tx: Connection,
    key: str,
    camera: Camera | None,
    contents: Contents,
    joined: Group,
    orders: CardOrders,
    *,
    clock: Clock,
) -> str | None:
    """Seal a recording of which nothing more is to be expected; its id, None when every file of it was known before."""
    facts = {"reader": contents.reader, "files": len(joined.members)}
    said = Said(device_id=camera.id if camera else None, time_zone=orders.zone, facts=facts)
    return gathering.complete(tx, key, said, actor=orders.who.account_id, clock=clock)


def regroup_late(
    tx: Connection, orders: CardOrders, recording_ids: Sequence[str], shas: set[bytes], *, clock: Clock
) -> str | None:
    """Join recordings whose files turned out to be one, when no other file is in them; why not in words, None when it
    is done or nothing was to do."""
    distinct = list(dict.fromkeys(recording_ids))
    if len(distinct) < 2:
        return None
    states = set(tx.scalars(sa.select(recording.c.state).where(recording.c.id.in_(distinct))))
    held = set(tx.scalars(sa.select(part.c.sha256).where(part.c.recording_id.in_(distinct))))
    if states != {RecordingState.SEALED.value} or not held <= shas:
        return "they belong together, but some of them are in recordings that hold something else"
    try:
        with tx.begin_nested():
            regroup(tx, orders.who, distinct, reason="their files follow one another on the card", clock=clock)
    except (FootageError, PeopleError) as error:
        return f"they belong together, and were not joined: {error}"
    return None
