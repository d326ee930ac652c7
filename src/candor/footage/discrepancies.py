"""Two things said of a recording that cannot both be true: kept, shown, and settled by a person with a reason.

Rules it keeps:

1. Opening, settling and ending each append an event to the recording's history, in the same transaction.
2. Of one field of a recording at most one is open. What is said anew while it is open is added to it.
3. Settling changes the catalogue entry in the same act. What was said stays with the discrepancy.
4. The same claims, once settled, are not opened again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.errors import ChoiceWrong, DiscrepancySettled, DiscrepancyUnknown, RecordingUnknown
from candor.footage.indexing import index_recording
from candor.footage.rules import Flag, RecordingState, visible_to
from candor.footage.tables import discrepancy as discrepancy_table
from candor.footage.tables import recording
from candor.people.rules import Actor, Permission
from candor.people.tables import account

__all__ = [
    "FIELD_WORDS",
    "WHY_WORDS",
    "Conflict",
    "Discrepancy",
    "Field",
    "State",
    "Why",
    "counts_by_device",
    "discrepancies_of",
    "discrepancy",
    "end_open",
    "note_conflict",
    "open_discrepancies",
    "pass_on_open",
    "put_wearer",
    "settle",
]

LONGEST_REASON = 500
#: Claims that one discrepancy can hold; what is said after that is the same quarrel.
_MOST_CLAIMS = 20


class Field(StrEnum):
    """What is said in two ways."""

    WEARER = "wearer"
    HASH = "hash"
    DEVICE = "device"


#: Names of fields for people.
FIELD_WORDS: dict[Field, str] = {
    Field.WEARER: "Who wore the camera",
    Field.HASH: "The digest of the file",
    Field.DEVICE: "Which camera it was",
}


class Why(StrEnum):
    """What is wrong."""

    DIFFERS = "differs"
    UNCERTAIN = "uncertain"


#: Why there is a conflict, for people.
WHY_WORDS: dict[Why, str] = {
    Why.DIFFERS: "What is said differs from what is on record.",
    Why.UNCERTAIN: "The camera changed hands so close to the start that its clock cannot tell who had it.",
}


class State(StrEnum):
    """What has become of it."""

    OPEN = "open"
    SETTLED = "settled"
    ENDED = "ended"


@dataclass(frozen=True)
class Conflict:
    """What is to be opened. A claim is JSON: `says` (a face, `assignment`, `sidecar` …), `value` (an id or a text),
    and what else the claim rests on."""

    field: Field
    why: Why
    claims: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Discrepancy:
    """One that was opened."""

    id: str
    recording_id: str
    field: Field
    why: Why
    claims: tuple[Mapping[str, Any], ...]
    state: State
    chosen: str | None
    reason: str | None
    settled_by: str | None
    opened_at: datetime
    settled_at: datetime | None


def note_conflict(
    tx: Connection, recording_id: str, conflict: Conflict, *, actor: str, clock: Clock | None = None
) -> str | None:
    """Open it, or add it to the one that is open; the discrepancy's id, None when nothing new is said."""
    clock = clock or SystemClock()
    claims = [dict(claim) for claim in conflict.claims]
    known = _open(tx, recording_id, conflict.field)
    if known is not None:
        more = [claim for claim in claims if claim not in known.claims]
        if not more or len(known.claims) >= _MOST_CLAIMS:
            return None
        held = [*known.claims, *more][:_MOST_CLAIMS]
        same = discrepancy_table.c.id == known.id
        tx.execute(discrepancy_table.update().where(same).values(claims=held, why=conflict.why.value))
        _opened(tx, known.id, recording_id, conflict, more, actor, clock)
        return known.id
    if any(_covers(one, claims) for one in discrepancies_of(tx, recording_id) if one.field is conflict.field):
        return None
    row = {
        "id": new_id(),
        "recording_id": recording_id,
        "field": conflict.field.value,
        "why": conflict.why.value,
        "claims": claims[:_MOST_CLAIMS],
        "state": State.OPEN.value,
        "open_key": f"{recording_id} {conflict.field.value}",
        "opened_at": clock.now(),
    }
    tx.execute(discrepancy_table.insert(), row)
    _opened(tx, str(row["id"]), recording_id, conflict, claims, actor, clock)
    if conflict.field is Field.WEARER:
        _flag(tx, recording_id, disputed=True)
    return str(row["id"])


def end_open(
    tx: Connection,
    recording_id: str,
    field: Field,
    *,
    actor: str,
    clock: Clock | None = None,
    passed_on: str | None = None,
) -> str | None:
    """Say that what was said in two ways agrees now, without anybody's choice; the event's id, None if none was
    open. `passed_on`: the recording with which it goes on instead."""
    clock = clock or SystemClock()
    known = _open(tx, recording_id, field)
    if known is None:
        return None
    values = {"state": State.ENDED.value, "open_key": None, "settled_at": clock.now()}
    tx.execute(discrepancy_table.update().where(discrepancy_table.c.id == known.id).values(**values))
    if field is Field.WEARER:
        _flag(tx, recording_id, disputed=False)
    details = {"discrepancy": known.id, "field": field.value, **({"passed_on": passed_on} if passed_on else {})}
    return custody.append(
        tx, Event.DISCREPANCY_ENDED, actor=actor, recording=recording_id, details=details, clock=clock
    )


def pass_on_open(tx: Connection, from_id: str, to_id: str, *, actor: str, clock: Clock) -> None:
    """Let what is open of a recording go on with the one that it became a part of."""
    for known in discrepancies_of(tx, from_id):
        if known.state is State.OPEN:
            note_conflict(tx, to_id, Conflict(known.field, known.why, known.claims), actor=actor, clock=clock)
            end_open(tx, from_id, known.field, actor=actor, clock=clock, passed_on=to_id)


def settle(
    tx: Connection,
    actor: Actor,
    discrepancy_id: str,
    chosen: str | None,
    *,
    reason: str,
    clock: Clock | None = None,
) -> str:
    """Say what holds, and why; the event's id. The catalogue entry changes in the same act.

    `chosen`: for the wearer an account's id, one of those claimed or another, None when nobody can tell; for other
    fields one of the claimed values. Nobody gets to see a recording by saying that they wore its camera. Raises
    DiscrepancyUnknown, DiscrepancySettled, ChoiceWrong, Refused.
    """
    actor.require(Permission.DOCKS_MANAGE)
    clock, why = clock or SystemClock(), " ".join(reason.split())
    if not 1 <= len(why) <= LONGEST_REASON or not why.isprintable():
        raise ChoiceWrong(reason=f"say why, in 1 to {LONGEST_REASON} visible characters")
    found = discrepancy(tx, discrepancy_id)
    row = _held(tx, found.recording_id)
    found = discrepancy(tx, discrepancy_id)
    if found.state is not State.OPEN:
        raise DiscrepancySettled()
    changed: Mapping[str, Any] = {}
    if found.field is Field.WEARER:
        _must_not_open_it(tx, actor, found.recording_id, chosen)
        unit = _unit_of(tx, chosen)
        changed = put_wearer(tx, row, chosen, unit if chosen else row.unit_id, disputed=False)
    elif chosen not in {str(claim.get("value")) for claim in found.claims}:
        raise ChoiceWrong(reason="choose one of what is said")
    values = {
        "state": State.SETTLED.value,
        "open_key": None,
        "chosen": chosen,
        "reason": why,
        "settled_by": actor.account_id,
        "settled_at": clock.now(),
    }
    tx.execute(discrepancy_table.update().where(discrepancy_table.c.id == found.id).values(**values))
    details = {"discrepancy": found.id, "field": found.field.value, "chosen": chosen, "reason": why, **changed}
    return custody.append(
        tx,
        Event.DISCREPANCY_SETTLED,
        actor=actor.account_id,
        recording=found.recording_id,
        details=details,
        clock=clock,
    )


def discrepancy(tx: Connection, discrepancy_id: str) -> Discrepancy:
    """One by its id; raises DiscrepancyUnknown."""
    row = tx.execute(sa.select(discrepancy_table).where(discrepancy_table.c.id == discrepancy_id)).first()
    if row is None:
        raise DiscrepancyUnknown(id=discrepancy_id)
    return _discrepancy(row)


def discrepancies_of(tx: Connection, recording_id: str) -> list[Discrepancy]:
    """Those of a recording, open ones first, then the latest first."""
    query = sa.select(discrepancy_table).where(discrepancy_table.c.recording_id == recording_id)
    query = query.order_by(discrepancy_table.c.open_key.is_(None), discrepancy_table.c.opened_at.desc())
    return [_discrepancy(row) for row in tx.execute(query)]


def open_discrepancies(tx: Connection, *, device_id: str | None = None, limit: int = 100) -> list[Discrepancy]:
    """Those that wait for somebody, the oldest first; of one device's recordings or of all."""
    query = _waiting(sa.select(discrepancy_table)).order_by(discrepancy_table.c.opened_at).limit(limit)
    if device_id is not None:
        query = query.where(recording.c.device_id == device_id)
    return [_discrepancy(row) for row in tx.execute(query)]


def counts_by_device(tx: Connection) -> dict[str, int]:
    """How many wait, by the device of their recording."""
    query = _waiting(sa.select(recording.c.device_id, sa.func.count())).group_by(recording.c.device_id)
    return {row[0]: row[1] for row in tx.execute(query) if row[0] is not None}


def put_wearer(
    tx: Connection, row: sa.Row[Any], wearer_id: str | None, unit_id: str | None, *, disputed: bool
) -> dict[str, Any]:
    """Write who wore the camera into the catalogue entry; what an event says of that: `changed` and `version`."""
    new = {"wearer_id": wearer_id, "unit_id": unit_id}
    changed = {
        column.removesuffix("_id"): {"old": getattr(row, column), "new": value}
        for column, value in new.items()
        if value != getattr(row, column)
    }
    flags = _flags(row.flags, disputed=disputed, known=wearer_id is not None)
    version = row.version + 1
    values = {**new, "flags": flags, "version": version}
    tx.execute(recording.update().where(recording.c.id == row.id).values(**values))
    index_recording(tx, row.id)
    return {"changed": changed, "version": version}


def _must_not_open_it(tx: Connection, actor: Actor, recording_id: str, chosen: str | None) -> None:
    seen = sa.select(recording.c.id).where(recording.c.id == recording_id, visible_to(actor).expression)
    if chosen == actor.account_id and tx.execute(seen).first() is None:
        raise ChoiceWrong(
            reason="it would open the recording to you; somebody else has to say that you wore the camera"
        )


def _waiting(query: sa.Select[Any]) -> sa.Select[Any]:
    """Only what is open, of recordings that are there."""
    there = recording.c.state.in_([RecordingState.SEALED.value, RecordingState.RECEIVING.value])
    joined = query.select_from(discrepancy_table.join(recording, recording.c.id == discrepancy_table.c.recording_id))
    return joined.where(discrepancy_table.c.state == State.OPEN.value, there)


def _open(tx: Connection, recording_id: str, field: Field) -> Discrepancy | None:
    key = f"{recording_id} {field.value}"
    row = tx.execute(sa.select(discrepancy_table).where(discrepancy_table.c.open_key == key)).first()
    return None if row is None else _discrepancy(row)


def _covers(settled: Discrepancy, claims: list[dict[str, Any]]) -> bool:
    """Whether somebody settled it already with all of these claims before them. What an entry of who had the camera
    says is known by who and from when to when."""
    return settled.state is State.SETTLED and all(
        any(_same(claim, before) for before in settled.claims) for claim in claims
    )


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    names = ("says", "value", "from", "to")
    return all(one.get(name) == other.get(name) for name in names)


def _opened(
    tx: Connection,
    discrepancy_id: str,
    recording_id: str,
    conflict: Conflict,
    claims: list[dict[str, Any]],
    actor: str,
    clock: Clock,
) -> None:
    details = {
        "discrepancy": discrepancy_id,
        "field": conflict.field.value,
        "why": conflict.why.value,
        "claims": claims,
    }
    custody.append(tx, Event.DISCREPANCY_OPENED, actor=actor, recording=recording_id, details=details, clock=clock)


def _held(tx: Connection, recording_id: str) -> sa.Row[Any]:
    row = tx.execute(sa.select(recording).where(recording.c.id == recording_id).with_for_update()).first()
    if row is None:
        raise RecordingUnknown(id=recording_id)
    return row


def _flag(tx: Connection, recording_id: str, *, disputed: bool) -> None:
    row = _held(tx, recording_id)
    flags = _flags(row.flags, disputed=disputed, known=row.wearer_id is not None)
    if flags != row.flags:
        tx.execute(recording.update().where(recording.c.id == recording_id).values(flags=flags))
        index_recording(tx, recording_id)


def _flags(before: list[str], *, disputed: bool, known: bool) -> list[str]:
    flags = set(before) - {Flag.WEARER_DISPUTED.value, Flag.NOBODY_KNOWN.value}
    if disputed:
        flags.add(Flag.WEARER_DISPUTED.value)
    if not known:
        flags.add(Flag.NOBODY_KNOWN.value)
    return sorted(flags)


def _unit_of(tx: Connection, account_id: str | None) -> str | None:
    if account_id is None:
        return None
    row = tx.execute(sa.select(account.c.unit_id).where(account.c.id == account_id)).first()
    if row is None:
        raise ChoiceWrong(reason=f"there is no account with the identifier {account_id}")
    unit: str | None = row.unit_id
    return unit


def _discrepancy(row: sa.Row[Any]) -> Discrepancy:
    return Discrepancy(
        row.id,
        row.recording_id,
        Field(row.field),
        Why(row.why),
        tuple(row.claims),
        State(row.state),
        row.chosen,
        row.reason,
        row.settled_by,
        row.opened_at,
        row.settled_at,
    )
