"""Recordings that several files make up: begun with the first, complete when their source says so.

    describe, part, part, …   the recording is being received; every part is durable, sealed and an event by itself
    complete                  parts in order, gaps named, one seal over all of them

What its source says of the whole is kept beside it and never overwrites what the bytes say. A source that falls silent
does not take what came: somebody ends the waiting (`close_incomplete`), and the recording says that it is incomplete.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from candor.core.clock import Clock, from_iso, iso
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.fleet.tables import device as device_table
from candor.footage.classification_rows import basis_of, note_category
from candor.footage.errors import GatheringUnknown
from candor.footage.gaps import Placed, gaps_of
from candor.footage.indexing import free_key, index_recording
from candor.footage.rules import Flag, RecordingState
from candor.footage.said import PartOf, Said
from candor.footage.sealing import flags_with, said_start, seal_entry
from candor.footage.tables import gathering as gathering_table
from candor.footage.tables import part, recording, recording_gap
from candor.footage.times import TimeClaim, TimeSource, choose_start
from candor.footage.wearing import note_conflicts, set_by_hand, wearer_of
from candor.footage.words import sort_text
from candor.store.tables import vault_object

__all__ = [
    "Gathering",
    "PartOf",
    "Said",
    "close_incomplete",
    "complete",
    "describe",
    "device_kind",
    "gathered",
    "hold",
    "lacking",
    "name_gaps",
    "note_elsewhere",
    "open_gatherings",
    "place_part",
    "put_recording",
    "standing",
]

_OPEN, _COMPLETE = "open", "complete"
#: How many recordings are followed from one to the one it was regrouped into.
_MOST_STEPS = 100


@dataclass(frozen=True)
class Gathering:
    """A recording of several files as its source names it. `elsewhere`: recordings that held parts of it before."""

    key: str
    recording_id: str | None
    complete: bool
    said: Said
    elsewhere: tuple[str, ...]
    parts: int
    actor: str
    begun_at: datetime
    last_part_at: datetime | None
    completed_at: datetime | None


def describe(tx: Connection, key: str, said: Said, *, actor: str, clock: Clock) -> None:
    """Keep what is said of the whole, before the first part or later. What is said again replaces what was said."""
    held = hold(tx, key, actor=actor, clock=clock)
    merged = held.said.merged(said)
    if merged != held.said:
        tx.execute(gathering_table.update().where(gathering_table.c.key == key).values(said=merged.to_json()))


def complete(tx: Connection, key: str, said: Said | None = None, *, actor: str, clock: Clock) -> str | None:
    """Nothing more comes, the source says: order the parts, name the gaps, seal. The recording's id; None when every
    part of it was known before, or none came. Harmless to repeat."""
    return _complete(tx, key, said, actor=actor, clock=clock)


def close_incomplete(tx: Connection, key: str, *, actor: str, reason: str, clock: Clock) -> str | None:
    """End the waiting for a source that says nothing any more; as `complete`, and the recording says that it is
    incomplete. `reason` goes on record. Raises GatheringUnknown."""
    if gathered(tx, key) is None:
        raise GatheringUnknown(key=key)
    return _complete(tx, key, None, actor=actor, clock=clock, given_up=reason)


def gathered(tx: Connection, key: str) -> Gathering | None:
    """What has become of a recording of this name."""
    row = tx.execute(_query().where(gathering_table.c.key == key)).first()
    return None if row is None else _gathering(row)


def open_gatherings(tx: Connection, *, limit: int = 1000) -> list[Gathering]:
    """What is being received, longest first."""
    query = _query().where(gathering_table.c.state == _OPEN).order_by(gathering_table.c.begun_at).limit(limit)
    return [_gathering(row) for row in tx.execute(query)]


def hold(tx: Connection, key: str, *, actor: str, clock: Clock) -> Gathering:
    """The gathering of this name, made when there is none, and held until the transaction ends."""
    query = sa.select(gathering_table.c.key).where(gathering_table.c.key == key).with_for_update()
    if tx.execute(query).first() is None:
        row = {"key": key, "state": _OPEN, "said": {}, "elsewhere": [], "actor": actor, "begun_at": clock.now()}
        try:
            with tx.begin_nested():
                tx.execute(gathering_table.insert(), row)
        except IntegrityError:  # somebody else was quicker, and has committed by now
            tx.execute(query)
    found = gathered(tx, key)
    assert found is not None
    return found


def put_recording(tx: Connection, key: str, recording_id: str, *, clock: Clock) -> None:
    """Note that a part came in, and in which recording it is."""
    values = {"recording_id": recording_id, "last_part_at": clock.now()}
    tx.execute(gathering_table.update().where(gathering_table.c.key == key).values(values))


def note_elsewhere(tx: Connection, held: Gathering, recording_id: str) -> None:
    """Note that bytes of it were known, in another recording."""
    if recording_id in (held.recording_id, *held.elsewhere):
        return
    values = {"elsewhere": [*held.elsewhere, recording_id]}
    tx.execute(gathering_table.update().where(gathering_table.c.key == held.key).values(values))


def place_part(tx: Connection, part_id: str, started_at: datetime | None, ended_at: datetime | None) -> None:
    """Keep from when to when a part goes where its source says that only after the part itself. A recording that is
    sealed keeps its order, and what was said of its parts then."""
    found = tx.scalar(sa.select(part.c.recording_id).where(part.c.id == part_id))
    if found is None or standing(tx, found).state != RecordingState.RECEIVING.value:
        return
    tx.execute(part.update().where(part.c.id == part_id).values(started_at=started_at, ended_at=ended_at))


def standing(tx: Connection, recording_id: str) -> sa.Row[Any]:
    """The row of a recording, or of the one it was regrouped into, held until the transaction ends."""
    for _ in range(_MOST_STEPS):
        row = tx.execute(sa.select(recording).where(recording.c.id == recording_id).with_for_update()).one()
        if row.state != RecordingState.REGROUPED.value:
            break
        recording_id = row.regrouped_into
    return row


def name_gaps(tx: Connection, recording_id: str) -> int:
    """Name anew what is missing of a recording, by its parts and by what is said of the whole; how many gaps there
    are. Where it was made of several that each had a source, it goes from the earliest start said to the latest end."""
    tx.execute(recording_gap.delete().where(recording_gap.c.recording_id == recording_id))
    parts = tx.execute(sa.select(part).where(part.c.recording_id == recording_id)).all()
    query = sa.select(gathering_table.c.said).where(gathering_table.c.recording_id == recording_id)
    said = [Said.from_json(one) for one in tx.scalars(query)]
    begins = min((one.started_at for one in said if one.started_at), default=None)
    ends = max((one.ended_at for one in said if one.ended_at), default=None)
    found = gaps_of([_placed(row) for row in parts], begins, ends)
    rows = [
        {
            "id": new_id(),
            "recording_id": recording_id,
            "after_part": gap.after_part,
            "from_at": gap.from_at,
            "to_at": gap.to_at,
            "reason": gap.reason.value,
        }
        for gap in found
    ]
    if rows:
        tx.execute(recording_gap.insert(), rows)
    return len(rows)


def lacking(tx: Connection, recording_id: str) -> bool:
    """Whether a recording that was sealed is known to lack something: a gap is named, somebody gave up waiting for
    more, or a part was destroyed and has not come again."""
    gap = sa.select(recording_gap.c.id).where(recording_gap.c.recording_id == recording_id)
    keyless = (
        sa.select(part.c.id)
        .join(vault_object, vault_object.c.object_id == part.c.object_id)
        .where(part.c.recording_id == recording_id, vault_object.c.key_destroyed_at.is_not(None))
    )
    if any(tx.execute(query.limit(1)).first() is not None for query in (gap, keyless)):
        return True
    joined = sa.select(recording.c.id).where(recording.c.regrouped_into == recording_id)
    return any(
        event.kind is Event.RECORDING_SEALED and "given_up" in event.details
        for one in (recording_id, *tx.scalars(joined))
        for event in custody.history(tx, one)
    )


def device_kind(tx: Connection, device_id: str | None) -> str | None:
    """What sort of camera a device is."""
    return tx.scalar(sa.select(device_table.c.kind).where(device_table.c.id == device_id)) if device_id else None


def _complete(
    tx: Connection, key: str, said: Said | None, *, actor: str, clock: Clock, given_up: str | None = None
) -> str | None:
    if said is not None:
        describe(tx, key, said, actor=actor, clock=clock)
    held = hold(tx, key, actor=actor, clock=clock)
    if held.complete:
        if said is not None and held.recording_id is not None:
            _say_again(tx, held, standing(tx, held.recording_id), actor=actor, clock=clock)
        return held.recording_id
    values = {"state": _COMPLETE, "completed_at": clock.now()}
    tx.execute(gathering_table.update().where(gathering_table.c.key == key).values(values))
    if held.recording_id is None:
        return None
    before = standing(tx, held.recording_id)
    if before.state == RecordingState.RECEIVING.value:
        _seal(tx, held, before, actor=actor, clock=clock, given_up=given_up)
    return str(before.id)


def _say_again(tx: Connection, held: Gathering, before: sa.Row[Any], *, actor: str, clock: Clock) -> None:
    """A source that says more of a recording that is sealed: its end, and so what is missing, may be another one."""
    if before.state != RecordingState.SEALED.value or before.id != held.recording_id:
        return
    gaps = name_gaps(tx, before.id)
    flags = set(before.flags) - {Flag.INCOMPLETE.value} | ({Flag.INCOMPLETE.value} if gaps else set())
    values = {"flags": sorted(flags), "ended_at": held.said.ended_at or before.ended_at}
    old = {name: getattr(before, name) for name in values}
    if values == old:
        return
    tx.execute(recording.update().where(recording.c.id == before.id).values(**values, version=before.version + 1))
    changed = {
        name: {"old": _told(old[name]), "new": _told(values[name])} for name in values if values[name] != old[name]
    }
    details = {"changed": changed, "version": before.version + 1}
    custody.append(tx, Event.RECORDING_CHANGED, actor=actor, recording=before.id, details=details, clock=clock)
    index_recording(tx, before.id)


def _told(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else value


def _seal(
    tx: Connection, held: Gathering, before: sa.Row[Any], *, actor: str, clock: Clock, given_up: str | None
) -> None:
    parts = _put_in_order(tx, before.id)
    gaps = name_gaps(tx, before.id)
    values, conflicts = _whole(tx, held, before, parts, incomplete=given_up is not None or gaps > 0)
    tx.execute(recording.update().where(recording.c.id == before.id).values(**values))
    if "category" in values:
        basis = basis_of(held.key.partition(":")[0])
        note_category(tx, before.id, None, values["category"], said_by=actor, basis=basis, reason=None, clock=clock)
    entries = [
        seal_entry(one.number, one.sha256, one.chunk_root, one.size, one.name, media=one.claims.get("media"))
        for one in parts
    ]
    details: dict[str, Any] = {"parts": entries, "flags": values["flags"], "gaps": gaps, "gathering": held.key}
    # What else its source says stays out: a camera says where it was, and an event outlives a purge.
    details |= {"said": replace(held.said, facts={}).to_json()}
    details |= {} if given_up is None else {"given_up": given_up}
    custody.append(tx, Event.RECORDING_SEALED, actor=actor, recording=before.id, details=details, clock=clock)
    note_conflicts(tx, before.id, conflicts, actor=actor, clock=clock)
    index_recording(tx, before.id)


def _whole(
    tx: Connection, held: Gathering, before: sa.Row[Any], parts: Sequence[sa.Row[Any]], *, incomplete: bool
) -> tuple[dict[str, Any], Any]:
    """The columns of a recording that is complete, and who wore the camera."""
    said = held.said
    values: dict[str, Any] = {"state": RecordingState.SEALED.value}
    begins = _begins(said, parts)
    flags = {Flag(flag) for flag in before.flags}
    if begins is not None and before.started_source != TimeSource.CORRECTED.value:
        start = choose_start((begins,), before.received_at)
        if start.source is TimeSource.RECEIPT:  # what it says cannot well be true: what was shown so far stays
            flags.add(Flag.TIME_UNLIKELY)
        elif start.at != before.started_at or start.source.value != before.started_source:
            key = free_key(tx, start.at, before.id) if start.at != before.started_at else before.started_key
            values |= {"started_at": start.at, "started_source": start.source.value, "started_key": key}
    told = ("ended_at", "activated_at", "deactivated_at", "device_id", "incident_number", "category")
    values |= {name: getattr(said, name) for name in told if getattr(said, name) and not getattr(before, name)}
    if "device_id" in values:
        values["device_kind"] = device_kind(tx, values["device_id"])
    described = before.version > 1  # by somebody, meanwhile
    by_hand = described and set_by_hand(tx, before.id)
    if said.title and not described:
        values |= {"title": said.title, "title_sort": sort_text(said.title)}
    wearing = wearer_of(
        tx,
        said_wearer=before.wearer_id if by_hand else said.wearer_id,
        said_unit=before.unit_id if by_hand else said.unit_id,
        device_id=values.get("device_id", before.device_id),
        face=held.key.partition(":")[0],
        started_at=values.get("started_at", before.started_at),
        source=TimeSource(values.get("started_source", before.started_source)),
        handed_over_at=before.received_at,
        by_hand=by_hand,
    )
    values |= {"wearer_id": wearing.wearer_id, "unit_id": wearing.unit_id}
    values["flags"] = [flag.value for flag in flags_with(flags, wearing, incomplete=incomplete)]
    return values, wearing


def _begins(said: Said, parts: Sequence[sa.Row[Any]]) -> TimeClaim | None:
    """When a recording begins: as is said of the whole, else where its first part does, by whatever said that of the
    part. None where nobody said either."""
    if said.started_at is not None:
        return said_start(said.started_at)
    first = min((one for one in parts if one.started_at), key=lambda one: (one.started_at, one.number), default=None)
    if first is None:
        return None
    for claim in first.claims.get("times", ()):
        if claim.get("at") and from_iso(claim["at"]) == first.started_at:
            return TimeClaim(TimeSource(claim["source"]), first.started_at, claim["where"], claim["value"])
    return said_start(first.started_at)


def _put_in_order(tx: Connection, recording_id: str) -> list[sa.Row[Any]]:
    """Number the parts by their starts; those without one keep their place among the others, by arrival."""
    rows = tx.execute(sa.select(part).where(part.c.recording_id == recording_id).order_by(part.c.number)).all()
    order: list[sa.Row[Any]] = []
    latest: datetime | None = None
    keys: dict[str, tuple[bool, Any, int]] = {}
    for row in rows:
        latest = row.started_at or latest
        keys[row.id] = (latest is not None, latest, row.number)
    order = sorted(rows, key=lambda row: (keys[row.id][0], keys[row.id][1] or row.number, keys[row.id][2]))
    if [row.id for row in order] != [row.id for row in rows]:
        for number, row in enumerate(order, 1):  # two steps: a number belongs to one part at a time
            tx.execute(part.update().where(part.c.id == row.id).values(number=-number))
        tx.execute(part.update().where(part.c.recording_id == recording_id).values(number=-part.c.number))
    return list(tx.execute(sa.select(part).where(part.c.recording_id == recording_id).order_by(part.c.number)).all())


def _placed(row: sa.Row[Any]) -> Placed:
    """A part's place in time: as its source says, its end by its own length where nothing is said."""
    ends, length = row.ended_at, row.claims.get("media", {}).get("duration")
    if ends is None and row.started_at is not None and length is not None and 0 <= length < 1e9:
        with contextlib.suppress(OverflowError):  # it says to begin at the end of all time
            ends = row.started_at + timedelta(seconds=length)
    return Placed(row.number, row.started_at, ends)


def _query() -> sa.Select[Any]:
    counted = sa.select(sa.func.count()).where(part.c.recording_id == gathering_table.c.recording_id)
    return sa.select(gathering_table, counted.scalar_subquery().label("parts"))


def _gathering(row: sa.Row[Any]) -> Gathering:
    return Gathering(
        row.key,
        row.recording_id,
        row.state == _COMPLETE,
        Said.from_json(row.said),
        tuple(row.elsewhere),
        row.parts,
        row.actor,
        row.begun_at,
        row.last_part_at,
        row.completed_at,
    )
