"""What one transaction of intake writes: rows, seal, custody events and the job, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, iso
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import names, returning
from candor.footage.classification_rows import basis_of, note_category
from candor.footage.gathering import (
    Gathering,
    describe,
    device_kind,
    hold,
    lacking,
    name_gaps,
    note_elsewhere,
    put_recording,
    standing,
)
from candor.footage.indexing import free_key, index_recording
from candor.footage.media_types import media_type
from candor.footage.renditions import want_renditions
from candor.footage.returning import part_with
from candor.footage.rules import Flag, RecordingState
from candor.footage.said import Claim, Said
from candor.footage.sealing import flags_with, said_start, seal_entry
from candor.footage.signatures import claimed, want_signatures
from candor.footage.tables import intake as intake_table
from candor.footage.tables import part as part_table
from candor.footage.tables import recording as recording_table
from candor.footage.times import Start, TimeClaim, choose_start
from candor.footage.wearing import Wearing, note_conflicts, wearer_of
from candor.footage.words import sort_text
from candor.jobs import Jobs
from candor.store import SealedObject, SealedStream, Vault
from candor.store.sealing import context_of

__all__ = ["Claim", "Receipt", "Received", "enter", "enter_again", "enter_recorded", "is_known", "unrecorded"]


@dataclass(frozen=True)
class Receipt:
    """A file that is sealed and examined, and not yet entered. `times`: most trusted first."""

    claim: Claim
    received_at: datetime
    sealed: SealedObject
    media: dict[str, Any]
    times: tuple[TimeClaim, ...]
    start: Start
    flags: tuple[Flag, ...]


@dataclass(frozen=True)
class Received:
    """A file that is in: durable, sealed and in the custody log.

    `new`: False when the same bytes were known already; the recording is then the one they are in. `kept`: whether
    the object sealed just now is the one that is kept. `held`: the recording was destroyed, and these bytes are held
    until somebody decides (`returning`).
    """

    recording_id: str
    part_id: str
    sha256: bytes
    size: int
    state: RecordingState
    flags: tuple[Flag, ...]
    new: bool
    kept: bool
    held: bool = False


def unrecorded(vault: Vault, sealed: SealedObject) -> SealedStream:
    """The plaintext of an object that is sealed and that no row names yet."""
    key = vault.keys.unwrap(sealed.object_id, sealed.key_epoch, sealed.wrapped_key)
    return SealedStream(vault.store.source(sealed.object_id), key, context_of(sealed.object_id), sealed.object_id)


def enter(tx: Connection, vault: Vault, jobs: Jobs, clock: Clock, receipt: Receipt) -> Received:
    """Write everything about a sealed file; whoever calls commits. Raises IntegrityError when another writer sealed
    the same bytes in the same moment: call again in a new transaction."""
    again = enter_again(tx, vault, clock, receipt)
    if again is not None:
        return again
    vault.record(tx, receipt.sealed)
    part_of = receipt.claim.part_of
    if part_of is None:
        return _enter_recording(tx, jobs, clock, receipt, None)
    held = hold(tx, part_of.key, actor=receipt.claim.actor, clock=clock)
    before = None if held.recording_id is None else standing(tx, held.recording_id)
    if before is None or before.state == RecordingState.DESTROYED.value:
        # What was destroyed stays so: what comes after it is a recording of its own.
        return _enter_recording(tx, jobs, clock, receipt, held)
    return _enter_part(tx, jobs, clock, receipt, held, before)


def enter_recorded(tx: Connection, jobs: Jobs, clock: Clock, receipt: Receipt) -> Received:
    """Write everything about a file whose object is recorded already, as a recording of its own."""
    return _enter_recording(tx, jobs, clock, receipt, None)


def _enter_recording(tx: Connection, jobs: Jobs, clock: Clock, receipt: Receipt, held: Gathering | None) -> Received:
    """A file that begins a recording; `held`: the gathering that it is the first part of."""
    said = Said() if held is None else held.said
    start = _start(receipt, said)
    wearing = wearer_of(
        tx,
        said_wearer=receipt.claim.wearer_id or said.wearer_id,
        said_unit=receipt.claim.unit_id or said.unit_id,
        device_id=receipt.claim.device_id or said.device_id,
        face=receipt.claim.face,
        started_at=start.at,
        source=start.source,
        handed_over_at=receipt.received_at,
    )
    state, late = RecordingState.SEALED, False
    if held is not None:
        late = held.complete
        state = RecordingState.SEALED if late else RecordingState.RECEIVING
    flags = flags_with(receipt.flags, wearing, late=late)
    recording_id, part_id = new_id(), new_id()
    row = _recording_row(tx, receipt, recording_id, said, start, wearing)
    tx.execute(recording_table.insert(), {**row, "state": state.value, "flags": [flag.value for flag in flags]})
    tx.execute(part_table.insert(), _part_row(receipt, recording_id, part_id, 1))
    basis = basis_of(receipt.claim.face, receipt.claim if receipt.claim.category else None)
    by = receipt.claim.actor
    note_category(tx, recording_id, None, row["category"], said_by=by, basis=basis, reason=None, clock=clock)
    intake_id = _add_intake(tx, receipt, part_id)
    more = {"started_at": iso(start.at), "started_source": start.source.value}
    if held is not None:
        put_recording(tx, held.key, recording_id, clock=clock)
        asked = Said(wearer_id=receipt.claim.wearer_id, unit_id=receipt.claim.unit_id)
        describe(tx, held.key, asked.merged(said), actor=receipt.claim.actor, clock=clock)
        more["gathering"] = held.key
    details = {**_receipt_details(receipt, intake_id), **more, "wearer": wearing.wearer_id, "unit": wearing.unit_id}
    _append(tx, Event.RECORDING_RECEIVED, receipt, recording_id, details, clock)
    entry = _entry(receipt, 1)
    if state is RecordingState.SEALED:
        sealing = {"parts": [entry], "flags": [flag.value for flag in flags]}
        _append(tx, Event.RECORDING_SEALED, receipt, recording_id, sealing, clock)
    else:
        _append(tx, Event.RECORDING_PART_RECEIVED, receipt, recording_id, {**entry, "intake": intake_id}, clock)
    note_conflicts(tx, recording_id, wearing, actor=receipt.claim.actor, clock=clock)
    want_renditions(tx, jobs, clock, part_id, receipt.media)
    want_signatures(tx, jobs, clock, part_id, receipt.media)
    index_recording(tx, recording_id)
    return _received(receipt, recording_id, part_id, state, flags)


def _enter_part(
    tx: Connection, jobs: Jobs, clock: Clock, receipt: Receipt, held: Gathering, before: sa.Row[Any]
) -> Received:
    """A further part of a recording: added while it is being received, or late, when it was sealed already."""
    late = before.state != RecordingState.RECEIVING.value
    number = tx.scalar(sa.select(sa.func.max(part_table.c.number)).where(part_table.c.recording_id == before.id)) or 0
    part_id, state = new_id(), RecordingState(before.state)
    tx.execute(part_table.insert(), _part_row(receipt, before.id, part_id, number + 1))
    intake_id = _add_intake(tx, receipt, part_id)
    flags = {Flag(flag) for flag in before.flags} | set(receipt.flags) | ({Flag.LATE_PART} if late else set())
    put_recording(tx, held.key, before.id, clock=clock)
    if late:
        name_gaps(tx, before.id)
        if not lacking(tx, before.id):  # it was what was missing
            flags.discard(Flag.INCOMPLETE)
    length = _milliseconds(receipt.media.get("duration"))
    values = {
        "flags": sorted(flag.value for flag in flags),
        "size": before.size + receipt.sealed.size,
        "duration_ms": before.duration_ms if length is None else (before.duration_ms or 0) + length,
    }
    tx.execute(recording_table.update().where(recording_table.c.id == before.id).values(values))
    entry, more = _entry(receipt, number + 1), _receipt_details(receipt, intake_id)
    if late:
        details = {**more, "parts": [entry], "flags": values["flags"]}
        _append(tx, Event.RECORDING_PART_ADDED, receipt, before.id, details, clock)
    else:
        _append(tx, Event.RECORDING_PART_RECEIVED, receipt, before.id, {**more, **entry}, clock)
    want_renditions(tx, jobs, clock, part_id, receipt.media)
    want_signatures(tx, jobs, clock, part_id, receipt.media)
    index_recording(tx, before.id)
    return _received(receipt, before.id, part_id, state, tuple(sorted(flags)))


def _append(
    tx: Connection, event: Event, receipt: Receipt, recording_id: str, details: Mapping[str, Any], clock: Clock
) -> None:
    actor = receipt.claim.actor
    custody.append(tx, event, actor=actor, recording=recording_id, details=dict(details), clock=clock)


def _received(
    receipt: Receipt, recording_id: str, part_id: str, state: RecordingState, flags: tuple[Flag, ...]
) -> Received:
    sealed = receipt.sealed
    return Received(recording_id, part_id, sealed.sha256, sealed.size, state, flags, new=True, kept=True)


def _start(receipt: Receipt, said: Said) -> Start:
    """The start that is shown: what is said of the whole recording counts before what one file says."""
    if said.started_at is None:
        return receipt.start
    return choose_start((said_start(said.started_at), *receipt.times), receipt.received_at)


def _entry(receipt: Receipt, number: int) -> dict[str, Any]:
    sealed = receipt.sealed
    name = names.kept(receipt.claim.name)
    return seal_entry(number, sealed.sha256, sealed.chunk_root, sealed.size, name, media=receipt.media)


def is_known(tx: Connection, vault: Vault, sealed: SealedObject) -> bool:
    """Whether there is, or was, a part with the same bytes. Empty files are never the same."""
    return part_with(tx, vault, sealed.sha256, sealed.size) is not None


def enter_again(tx: Connection, vault: Vault, clock: Clock, receipt: Receipt) -> Received | None:
    """If the same bytes came in before, write one more intake; None if they did not.

    If the sealed object can no longer be read, the one sealed just now takes its place: what could be evidence is
    never thrown away for the sake of something that is gone. The old object keeps its key: its disk may only be away.
    What was destroyed on somebody's authority is held (`returning`).
    """
    known = part_with(tx, vault, receipt.sealed.sha256, receipt.sealed.size, lock=True)
    if known is None:
        return None
    if receipt.claim.part_of is not None:
        gathered = hold(tx, receipt.claim.part_of.key, actor=receipt.claim.actor, clock=clock)
        note_elsewhere(tx, gathered, known.recording_id)
    if vault.look_up(tx, known.object_id).key_destroyed_at is not None:
        kept = returning.hold(tx, vault, clock, known, receipt.sealed, receipt.claim, receipt.received_at)
        return _known(tx, receipt, known, kept=kept, held=True)
    restored = not _readable(tx, vault, known.object_id)
    if restored:
        vault.record(tx, receipt.sealed)
        tx.execute(part_table.update().where(part_table.c.id == known.id).values(object_id=receipt.sealed.object_id))
    intake_id = _add_intake(tx, receipt, known.id)
    custody.append(
        tx,
        Event.RECORDING_RECEIVED_AGAIN,
        actor=receipt.claim.actor,
        recording=known.recording_id,
        details={**_receipt_details(receipt, intake_id), "part": known.number, "restored": restored},
        clock=clock,
    )
    return _known(tx, receipt, known, kept=restored)


def _known(tx: Connection, receipt: Receipt, known: sa.Row[Any], *, kept: bool, held: bool = False) -> Received:
    columns = (recording_table.c.state, recording_table.c.flags)
    row = tx.execute(sa.select(*columns).where(recording_table.c.id == known.recording_id)).one()
    return Received(
        known.recording_id,
        known.id,
        receipt.sealed.sha256,
        receipt.sealed.size,
        RecordingState(row.state),
        tuple(Flag(flag) for flag in row.flags),
        new=False,
        kept=kept,
        held=held,
    )


def _readable(tx: Connection, vault: Vault, object_id: str) -> bool:
    found = vault.there(object_id)
    return found is not None and found.size == vault.look_up(tx, object_id).stored_size


def _recording_row(
    tx: Connection, receipt: Receipt, recording_id: str, said: Said, start: Start, wearing: Wearing
) -> dict[str, Any]:
    claim = receipt.claim
    title = claim.title or said.title or names.shown(names.kept(claim.name))
    device_id = claim.device_id or said.device_id
    return {
        "id": recording_id,
        "received_at": receipt.received_at,
        "wearer_id": wearing.wearer_id,
        "unit_id": wearing.unit_id,
        "device_id": device_id,
        "device_kind": claim.device_kind or device_kind(tx, device_id),
        "started_at": start.at,
        "started_source": start.source.value,
        "started_key": free_key(tx, start.at, recording_id),
        "duration_ms": _milliseconds(receipt.media.get("duration")),
        "incident_number": claim.incident_number or said.incident_number,
        "category": claim.category or said.category,
        "title": title,
        "title_sort": sort_text(title),
        "tags": [],
        "custom": {},
        "notes": "",
        "size": receipt.sealed.size,
        "version": 1,
        "activated_at": said.activated_at,
        "deactivated_at": said.deactivated_at,
        "ended_at": said.ended_at,
    }


def _part_row(receipt: Receipt, recording_id: str, part_id: str, number: int) -> dict[str, Any]:
    claims: dict[str, Any] = {"media": receipt.media, "times": [claim.to_json() for claim in receipt.times]}
    raw = names.raw_bytes(receipt.claim.name)
    if raw is not None:
        claims["name_bytes"] = raw.hex()
    if receipt.claim.also:
        claims["source"] = dict(receipt.claim.also)
    sealed, part_of = receipt.sealed, receipt.claim.part_of
    return {
        "id": part_id,
        "recording_id": recording_id,
        "number": number,
        "object_id": sealed.object_id,
        "sha256": sealed.sha256,
        "chunk_root": sealed.chunk_root,
        "size": sealed.size,
        "name": names.kept(receipt.claim.name),
        "media_type": media_type(receipt.media),
        "claims": claims,
        "started_at": part_of.started_at if part_of else None,
        "ended_at": part_of.ended_at if part_of else None,
    }


def _add_intake(tx: Connection, receipt: Receipt, part_id: str) -> str:
    claim, intake_id = receipt.claim, new_id()
    row = {
        "id": intake_id,
        "part_id": part_id,
        "received_at": receipt.received_at,
        "actor": claim.actor,
        "face": claim.face,
        "source": names.kept(claim.source),
        "file_modified_at": claim.modified_at,
        "dock_id": claim.dock_id,
    }
    tx.execute(intake_table.insert(), row)
    return intake_id


def _receipt_details(receipt: Receipt, intake_id: str) -> dict[str, Any]:
    claim, signatures = receipt.claim, claimed(receipt.media)
    return {
        "intake": intake_id,
        "name": names.kept(claim.name),
        "source": names.kept(claim.source),
        "face": claim.face,
        "sha256": receipt.sealed.sha256.hex(),
        "size": receipt.sealed.size,
        "received_at": iso(receipt.received_at),
        "file_modified_at": None if claim.modified_at is None else iso(claim.modified_at),
        "wearer": claim.wearer_id,
        "unit": claim.unit_id,
        "device": claim.device_id,
        **({"dock": claim.dock_id} if claim.dock_id else {}),
        **({"signatures": signatures} if signatures else {}),
    }


def _milliseconds(seconds: float | None) -> int | None:
    # A claim: it may be absurd. What no column can hold is not kept as a number; the claims have it as it was.
    return None if seconds is None or not 0 <= seconds < 1e9 else round(seconds * 1000)
