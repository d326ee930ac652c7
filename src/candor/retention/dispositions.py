"""Dispositions: the authorisations to destroy, erase, seal away or open again, from proposal to approval.

What may not go is refused when it is proposed; what must stay since is kept by the run (`running`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.footage.tables import recording
from candor.people.rules import Actor, Permission
from candor.retention.errors import DispositionOfOwn, DispositionUnknown
from candor.retention.errors import DispositionState as WrongState
from candor.retention.tables import disposition, disposition_item

__all__ = [
    "KIND_WORDS",
    "STATE_WORDS",
    "Disposition",
    "DispositionKind",
    "DispositionState",
    "Item",
    "ItemState",
    "all_dispositions",
    "disposition_of",
    "dispositions_of_recording",
    "held",
    "items",
    "may_keep",
    "must_be",
    "must_not_be_own",
    "tally",
    "told",
]


class DispositionKind(StrEnum):
    """On what ground, and what is done."""

    SCHEDULE = "schedule"
    ERASURE = "erasure"
    SEALING = "sealing"
    OPENING = "opening"


KIND_WORDS: dict[DispositionKind, str] = {
    DispositionKind.SCHEDULE: "destroyed, because its period is over",
    DispositionKind.ERASURE: "erased by order",
    DispositionKind.SEALING: "sealed away by order",
    DispositionKind.OPENING: "opened again by order",
}


class DispositionState(StrEnum):
    """How far it is."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    RUNNING = "running"
    DONE = "done"


STATE_WORDS: dict[DispositionState, str] = {
    DispositionState.PROPOSED: "waiting for a second person",
    DispositionState.APPROVED: "approved",
    DispositionState.REFUSED: "refused",
    DispositionState.WITHDRAWN: "withdrawn",
    DispositionState.RUNNING: "being carried out",
    DispositionState.DONE: "done",
}


class ItemState(StrEnum):
    """What became of a recording in it."""

    WAITING = "waiting"
    KEPT = "kept"
    DESTROYED = "destroyed"
    SEALED = "sealed"
    OPENED = "opened"


@dataclass(frozen=True)
class Disposition:
    """One disposition. `recordings`, `size` (bytes) and `duration_ms` as it was proposed."""

    id: str
    number: str
    kind: DispositionKind
    authority: str
    reason: str
    state: DispositionState
    proposed_by: str
    proposed_at: datetime
    book: str
    chosen: dict[str, Any]
    recordings: int
    size: int
    duration_ms: int
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    recycle_until: datetime | None
    begun_by: str | None
    begun_at: datetime | None
    job_id: str | None
    problem: str | None
    done_at: datetime | None


@dataclass(frozen=True)
class Item:
    """A recording in a disposition."""

    recording_id: str
    state: ItemState
    why: str | None
    by: str | None
    tombstone_id: str | None
    done_at: datetime | None


def disposition_of(tx: Connection, name: str) -> Disposition:
    """A disposition, by its identifier or its number. Raises DispositionUnknown."""
    query = sa.select(disposition).where(sa.or_(disposition.c.id == name, disposition.c.number == name))
    row = tx.execute(query).first()
    if row is None:
        raise DispositionUnknown(id=name)
    return _disposition(row)


def held(tx: Connection, disposition_id: str) -> Disposition:
    """The same by its identifier, held until the transaction ends."""
    row = tx.execute(sa.select(disposition).where(disposition.c.id == disposition_id).with_for_update()).first()
    if row is None:
        raise DispositionUnknown(id=disposition_id)
    return _disposition(row)


def all_dispositions(tx: Connection, *, limit: int = 200) -> list[Disposition]:
    """The newest first."""
    query = sa.select(disposition).order_by(disposition.c.proposed_at.desc(), disposition.c.id.desc()).limit(limit)
    return [_disposition(row) for row in tx.execute(query)]


def dispositions_of_recording(tx: Connection, recording_id: str) -> list[tuple[Disposition, Item]]:
    """Those that the recording is or was in, newest first."""
    query = (
        sa.select(disposition, *_ITEM)
        .join(disposition_item, disposition_item.c.disposition_id == disposition.c.id)
        .where(disposition_item.c.recording_id == recording_id)
        .order_by(disposition.c.proposed_at.desc(), disposition.c.id.desc())
    )
    return [(_disposition(row), _item(row)) for row in tx.execute(query)]


def items(
    tx: Connection, disposition_id: str, *, state: ItemState | None = None, after: str = "", limit: int = 50
) -> list[Item]:
    """A page of its recordings, in the order of their identifiers, from behind `after`."""
    query = sa.select(*_ITEM).where(
        disposition_item.c.disposition_id == disposition_id, disposition_item.c.recording_id > after
    )
    if state is not None:
        query = query.where(disposition_item.c.state == state.value)
    return [_item(row) for row in tx.execute(query.order_by(disposition_item.c.recording_id).limit(limit))]


def tally(tx: Connection, disposition_id: str) -> dict[ItemState, int]:
    """How many of its recordings are in each state."""
    query = sa.select(disposition_item.c.state, sa.func.count()).where(
        disposition_item.c.disposition_id == disposition_id
    )
    counted = {row[0]: row[1] for row in tx.execute(query.group_by(disposition_item.c.state))}
    return {state: counted.get(state.value, 0) for state in ItemState}


def must_be(found: Disposition, *wanted: DispositionState) -> None:
    """Raise DispositionState unless it is in one of these states."""
    if found.state not in wanted:
        words = " or ".join(STATE_WORDS[one] for one in wanted)
        raise WrongState(number=found.number, state=STATE_WORDS[found.state], wanted=words)


def must_not_be_own(tx: Connection, actor: Actor, found: Disposition) -> None:
    """Raise DispositionOfOwn when the actor wore the camera of a recording in it: nobody decides that what they did
    themselves is not seen any more."""
    query = (
        sa.select(recording.c.id)
        .join(disposition_item, disposition_item.c.recording_id == recording.c.id)
        .where(disposition_item.c.disposition_id == found.id, recording.c.wearer_id == actor.account_id)
    )
    own = tx.scalar(query.limit(1))
    if own is not None:
        raise DispositionOfOwn(number=found.number, id=own)


def may_keep(actor: Actor) -> None:
    """Raise Refused unless the actor may keep a recording back."""
    actor.require_any(Permission.RECORDINGS_PURGE, Permission.RETENTION_APPROVE, Permission.HOLDS_MANAGE)


def told(found: Disposition) -> dict[str, Any]:
    """A disposition as its events name it."""
    return {"disposition": found.id, "number": found.number, "kind": found.kind.value}


_ITEM = [disposition_item.c[name].label(f"item_{name}") for name in Item.__dataclass_fields__]


def _disposition(row: sa.Row[Any]) -> Disposition:
    found = {name: getattr(row, name) for name in Disposition.__dataclass_fields__}
    return Disposition(**(found | {"kind": DispositionKind(row.kind), "state": DispositionState(row.state)}))


def _item(row: sa.Row[Any]) -> Item:
    found = {name: getattr(row, f"item_{name}") for name in Item.__dataclass_fields__}
    return Item(**(found | {"state": ItemState(found["state"])}))
