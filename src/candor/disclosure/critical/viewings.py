"""Viewings before a release: offered, held, declined; that, and who was there, is on record before a release."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.core.ids import new_id
from candor.custody.events import Event
from candor.disclosure.critical.errors import ViewingNotNow, ViewingUnknown
from candor.disclosure.critical.holding import held, note, put
from candor.disclosure.critical.lawful import put_due
from candor.disclosure.critical.rules import VIEWERS, VIEWING_WORDS, ViewingState
from candor.disclosure.critical.tables import critical_viewing
from candor.disclosure.critical.words import digest, line, moment, one_of, text
from candor.law.vocabulary import Requester
from candor.people.rules import Actor, Permission

__all__ = ["Viewing", "declined", "offer", "viewed", "viewings_of"]


@dataclass(frozen=True)
class Viewing:
    """A viewing. `offered_for`: when they can come; `present`: who was there."""

    id: str
    who: Requester
    name: str
    offered_for: datetime
    offered_by: str
    offered_at: datetime
    held_at: datetime | None
    declined_at: datetime | None
    present: str
    said_by: str | None
    note: str

    @property
    def state(self) -> ViewingState:
        """How far it is."""
        if self.held_at is not None:
            return ViewingState.HELD
        return ViewingState.OFFERED if self.declined_at is None else ViewingState.DECLINED


def offer(
    tx: Connection,
    actor: Actor,
    critical_id: str,
    *,
    who: Requester | str,
    name: str,
    offered_for: datetime,
    words: str = "",
    clock: Clock | None = None,
) -> str:
    """Offer somebody to see the footage at a time; the viewing's id. `words`: how it was offered. One that is put on
    record after its time counts once it is said to have been held or declined. Raises Refused, CriticalUnknown,
    CriticalClosed, CriticalWrong."""
    clock = clock or SystemClock()
    before = held(tx, actor, critical_id)
    row: dict[str, Any] = {
        "id": new_id(),
        "critical_id": before.id,
        "who": one_of(Requester, "person", who, VIEWERS).value,
        "name": line("name", name),
        "offered_for": moment("time", offered_for),
        "offered_by": actor.account_id,
        "offered_at": clock.now(),
        "present": "",
        "note": text("note", words, needed=False),
    }
    tx.execute(critical_viewing.insert(), row)
    put(tx, before)
    put_due(tx, before.id, clock=clock)
    details = {"viewing": row["id"], "who": row["who"], "offered_for": iso(row["offered_for"])}
    details |= {"name_sha256": digest(row["name"])}
    note(tx, Event.CRITICAL_VIEWING_OFFERED, actor, before.id, details, clock=clock)
    return str(row["id"])


def viewed(
    tx: Connection,
    actor: Actor,
    critical_id: str,
    viewing_id: str,
    *,
    present: str,
    held_at: datetime | None = None,
    clock: Clock | None = None,
) -> None:
    """Put on record that a viewing was held, and who was there. Raises Refused, CriticalUnknown, CriticalClosed,
    ViewingUnknown, ViewingNotNow, CriticalWrong."""
    clock = clock or SystemClock()
    at = moment("time", held_at or clock.now(), until=clock.now())
    said = line("people who were there", present, 500)
    values = {"held_at": at, "present": said}
    details = {"held_at": iso(at), "present_sha256": digest(said)}
    _ended(tx, actor, critical_id, viewing_id, Event.CRITICAL_VIEWING_HELD, values, details, clock)


def declined(
    tx: Connection, actor: Actor, critical_id: str, viewing_id: str, *, words: str = "", clock: Clock | None = None
) -> None:
    """Put on record that somebody does not wish to see the footage. Raises as `viewed`."""
    clock = clock or SystemClock()
    values: dict[str, Any] = {"declined_at": clock.now()}
    said = text("note", words, needed=False)
    if said:
        values["note"] = said
    details = {"words_sha256": digest(said)}
    _ended(tx, actor, critical_id, viewing_id, Event.CRITICAL_VIEWING_DECLINED, values, details, clock)


def viewings_of(tx: Connection, actor: Actor, critical_id: str) -> list[Viewing]:
    """The viewings of a critical incident, the oldest offer first. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    return _read(tx, critical_viewing.c.critical_id == critical_id)


def _ended(
    tx: Connection,
    actor: Actor,
    critical_id: str,
    viewing_id: str,
    kind: Event,
    values: dict[str, Any],
    details: dict[str, Any],
    clock: Clock,
) -> None:
    before = held(tx, actor, critical_id)
    mine = critical_viewing.c.id == viewing_id, critical_viewing.c.critical_id == before.id
    found = _read(tx, sa.and_(*mine))
    if not found:
        raise ViewingUnknown(id=viewing_id)
    if found[0].state is not ViewingState.OFFERED:
        raise ViewingNotNow(state=VIEWING_WORDS[found[0].state])
    tx.execute(critical_viewing.update().where(*mine).values(**values, said_by=actor.account_id))
    put(tx, before)
    told = {"viewing": viewing_id, "who": found[0].who.value, **details}
    note(tx, kind, actor, before.id, told, clock=clock)


_COLUMNS = [critical_viewing.c[name] for name in Viewing.__dataclass_fields__]


def _read(tx: Connection, which: sa.ColumnElement[bool]) -> list[Viewing]:
    query = sa.select(*_COLUMNS).where(which).order_by(critical_viewing.c.offered_at, critical_viewing.c.id)
    return [Viewing(**{**row._mapping, "who": Requester(row.who)}) for row in tx.execute(query)]
