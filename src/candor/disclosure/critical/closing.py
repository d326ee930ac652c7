"""Closing a critical incident: what is still owed is said, and it is decided whether what it held stays held.

Whatever nobody chose to free stays held. Freeing is the act of who closes it, who needs the right to release holds and
sees the recording; keeping is nobody's privilege.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody.events import Event
from candor.disclosure.critical import telling
from candor.disclosure.critical.errors import CriticalChanged, CriticalHolds, CriticalOwes
from candor.disclosure.critical.holding import held, note, put
from candor.disclosure.critical.lawful import answer_of, owed_before
from candor.disclosure.critical.rules import CriticalState
from candor.disclosure.critical.tables import critical_recording
from candor.disclosure.critical.words import digest, line
from candor.footage.rules import visible_to
from candor.footage.tables import recording
from candor.people.rules import Actor, Permission, system_actor
from candor.retention import holds
from candor.retention.errors import HoldUnknown
from candor.retention.tables import hold

__all__ = ["LONGEST_WHY", "Closed", "Held", "close", "holds_of"]

#: Of the reason for which holds go on: it stands in the hold's own, after the incident's number.
LONGEST_WHY = 300
#: Keeps holds on for whoever closes the incident: they need not be allowed to place others.
_SYSTEM = system_actor("critical")


@dataclass(frozen=True)
class Held:
    """A recording that the incident holds. `otherwise`: a hold that is none of the incident's keeps it too, so it stays
    also when freed."""

    hold_id: str
    recording_id: str
    title: str
    started_at: datetime
    placed_at: datetime
    otherwise: bool


@dataclass(frozen=True)
class Closed:
    """What became of the holds of an incident that was closed: identifiers."""

    kept: tuple[str, ...]
    freed: tuple[str, ...]


def holds_of(tx: Connection, actor: Actor, critical_id: str) -> tuple[list[Held], int]:
    """What the incident holds, of recordings that the actor may see, the earliest first; and how many more there are.
    Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    mine = critical_recording.c.critical_id == critical_id, hold.c.released_at.is_(None)
    joined = critical_recording.join(hold, hold.c.id == critical_recording.c.hold_id)
    total = tx.scalar(sa.select(sa.func.count()).select_from(joined).where(*mine)) or 0
    joined = joined.join(recording, recording.c.id == hold.c.recording_id)
    columns = (hold.c.id, hold.c.recording_id, recording.c.title, recording.c.started_at, hold.c.placed_at)
    query = sa.select(*columns).select_from(joined).where(*mine, visible_to(actor).expression)
    rows = tx.execute(query.order_by(recording.c.started_key)).all()
    every = holds.open_on(tx, [row.recording_id for row in rows], seen_by=actor)
    own = {row.id for row in rows}  # of a recording that others of the incident became part of, there are several
    found = [Held(*row, otherwise=any(one.id not in own for one in every.get(row.recording_id, ()))) for row in rows]
    return found, total - len(found)


def close(
    tx: Connection,
    actor: Actor,
    critical_id: str,
    *,
    reason: str,
    although: bool = False,
    keep_because: str = "",
    free_holds: bool = False,
    upon: int | None = None,
    clock: Clock | None = None,
) -> Closed:
    """Close a critical incident: no clock of it is shown any more, and what it held stays held or is freed, as is
    chosen here.

    `although`: something is still owed, and the reason says why it is closed all the same. `keep_because`: why what it
    held stays held; it goes on record in clear. `free_holds`: the holds on recordings that the actor may see end
    instead. Where something is held, one of the two is needed. `upon`: the version that was seen. Raises Refused,
    CriticalUnknown, CriticalClosed, CriticalChanged, CriticalOwes, CriticalHolds, CriticalWrong."""
    clock = clock or SystemClock()
    before, said = held(tx, actor, critical_id), line("reason", reason, 500)
    if upon is not None and before.version != upon:
        raise CriticalChanged(number=before.number)
    owed = owed_before(tx, before.id, answer_of(tx, before.id, clock=clock), clock.now())
    if owed and not although:
        raise CriticalOwes(number=before.number, owed=" ".join(one.words for one in owed))
    found = _freed_or_kept(tx, actor, before, keep_because, free_holds, clock)
    values = {"state": CriticalState.CLOSED.value, "closed_by": actor.account_id, "closed_at": clock.now()}
    put(tx, before, **values, close_reason=said, due_at=None, due_rule=None)
    telling.settle(tx, before.id, (), clock=clock)
    details = {"reason_sha256": digest(said), "owed": [one.rule for one in owed]}
    details |= {"holds_kept": list(found.kept), "holds_freed": list(found.freed)}
    note(tx, Event.CRITICAL_CLOSED, actor, before.id, details, clock=clock)
    return found


def _freed_or_kept(tx: Connection, actor: Actor, before: sa.Row[Any], because: str, free: bool, clock: Clock) -> Closed:
    """Every hold is freed that was to be, and that the actor may free; every other goes on."""
    every = _open_holds(tx, before.id)
    why = line("reason why it stays held", because, LONGEST_WHY, needed=False)
    if every and not (free or why):
        several = "1 recording" if len(every) == 1 else f"{len(every)} recordings"
        raise CriticalHolds(number=before.number, several=several)
    freed = _free(tx, actor, before, clock) if free and every else []
    kept = [one for one in every if one not in freed]
    reason = f"the critical incident {before.number}, which was closed{f': {why}' if why else ''}"
    for one in kept:
        holds.keep_on(tx, _SYSTEM, one, reason=reason, by=actor.account_id, clock=clock)
    return Closed(tuple(kept), tuple(freed))


def _free(tx: Connection, actor: Actor, before: sa.Row[Any], clock: Clock) -> list[str]:
    """As everybody does who releases a hold: with the right to, under their own name."""
    actor.require(Permission.HOLDS_MANAGE)
    freed = []
    for one in holds_of(tx, actor, before.id)[0]:
        try:
            holds.release(tx, actor, one.hold_id, reason=f"{before.number} was closed", clock=clock)
        except HoldUnknown:
            continue  # a wall keeps it from them: it goes on
        freed.append(one.hold_id)
    return freed


def _open_holds(tx: Connection, critical_id: str) -> list[str]:
    """Its holds that nobody ended yet, held themselves until the transaction ends."""
    mine = sa.select(critical_recording.c.hold_id).where(critical_recording.c.critical_id == critical_id)
    query = sa.select(hold.c.id).where(hold.c.id.in_(mine), hold.c.released_at.is_(None)).order_by(hold.c.id)
    return [str(one) for one in tx.scalars(query.with_for_update())]
