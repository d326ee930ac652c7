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
from candor.footage import names
from candor.footage.indexing import free_key, index_recording
from candor.footage.renditions import want_renditions
from candor.footage.rules import Flag, RecordingState
from candor.footage.tables import intake as intake_table
from candor.footage.tables import part as part_table
from candor.footage.tables import recording as recording_table
from candor.footage.tables import rendition as rendition_table
from candor.footage.times import Start, TimeClaim
from candor.footage.words import sort_text
from candor.jobs import Jobs
from candor.store import SealedObject, SealedStream, Vault
from candor.store.sealing import LEAF, context_of

__all__ = ["Claim", "Receipt", "Received", "enter", "enter_again", "is_known", "seal_details", "unrecorded"]


@dataclass(frozen=True)
class Claim:
    """What the sender says of a file. Only bytes are believed; this is kept beside them.

    `name`: of the file; `source`: path or name as given; `face`: cli, web …; `actor`: who hands it in (account id or
    `system:…`). Whoever calls has checked that ids exist and that the actor may.
    """

    name: str
    source: str
    face: str
    actor: str
    modified_at: datetime | None = None
    wearer_id: str | None = None
    unit_id: str | None = None
    device_id: str | None = None
    device_kind: str | None = None
    incident_number: str | None = None
    category: str | None = None
    title: str | None = None


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
    the object sealed just now is the one that is kept.
    """

    recording_id: str
    part_id: str
    sha256: bytes
    size: int
    state: RecordingState
    flags: tuple[Flag, ...]
    new: bool
    kept: bool


def unrecorded(vault: Vault, sealed: SealedObject) -> SealedStream:
    """The plaintext of an object that is sealed and that no row names yet."""
    key = vault.keys.unwrap(sealed.object_id, sealed.key_epoch, sealed.wrapped_key)
    return SealedStream(vault.store.source(sealed.object_id), key, context_of(sealed.object_id), sealed.object_id)


def enter(tx: Connection, vault: Vault, jobs: Jobs, clock: Clock, receipt: Receipt) -> Received:
    """Write everything about a sealed file; whoever calls commits. Raises IntegrityError when another writer sealed
    the same bytes in the same moment: call again in a new transaction."""
    again = enter_again(tx, vault, jobs, clock, receipt)
    if again is not None:
        return again
    vault.record(tx, receipt.sealed)
    recording_id, part_id = new_id(), new_id()
    tx.execute(recording_table.insert(), _recording_row(tx, receipt, recording_id))
    tx.execute(part_table.insert(), _part_row(receipt, recording_id, part_id))
    intake_id = _add_intake(tx, receipt, part_id)
    start = {"started_at": iso(receipt.start.at), "started_source": receipt.start.source.value}
    custody.append(
        tx,
        Event.RECORDING_RECEIVED,
        actor=receipt.claim.actor,
        recording=recording_id,
        details=_receipt_details(receipt, intake_id) | start,
        clock=clock,
    )
    custody.append(
        tx,
        Event.RECORDING_SEALED,
        actor=receipt.claim.actor,
        recording=recording_id,
        details=seal_details(receipt.sealed, names.kept(receipt.claim.name), receipt.flags),
        clock=clock,
    )
    want_renditions(tx, jobs, clock, part_id, receipt.media)
    index_recording(tx, recording_id)
    sealed = receipt.sealed
    return Received(
        recording_id, part_id, sealed.sha256, sealed.size, RecordingState.SEALED, receipt.flags, new=True, kept=True
    )


def seal_details(sealed: SealedObject, name: str, flags: tuple[Flag, ...]) -> dict[str, Any]:
    """The details of `recording:sealed` for a recording of one part."""
    part = {
        "part": 1,
        "sha256": sealed.sha256.hex(),
        "chunk_root": sealed.chunk_root.hex(),
        "chunk_size": LEAF,
        "size": sealed.size,
        "name": name,
    }
    return {"parts": [part], "flags": [flag.value for flag in flags]}


def is_known(tx: Connection, sealed: SealedObject) -> bool:
    """Whether there is a part with the same bytes. Empty files are never the same."""
    return _part_with(tx, sealed) is not None


def enter_again(tx: Connection, vault: Vault, jobs: Jobs, clock: Clock, receipt: Receipt) -> Received | None:
    """If the same bytes came in before, write one more intake; None if they did not.

    If the sealed object can no longer be read, the one sealed just now takes its place: what could be evidence is
    never thrown away for the sake of something that is gone. The old object keeps its key: its disk may only be away.
    A recording that was purged lives again so: its viewing copies are made anew.
    """
    known = _part_with(tx, receipt.sealed, held=True)
    if known is None:
        return None
    restored = not _readable(tx, vault, known.object_id)
    if restored:
        vault.record(tx, receipt.sealed)
        tx.execute(part_table.update().where(part_table.c.id == known.id).values(object_id=receipt.sealed.object_id))
        tx.execute(
            recording_table.update()
            .where(recording_table.c.id == known.recording_id)
            .values(state=RecordingState.SEALED.value)
        )
        _make_renditions_anew(tx, vault, jobs, clock, known)
        index_recording(tx, known.recording_id)
    intake_id = _add_intake(tx, receipt, known.id)
    custody.append(
        tx,
        Event.RECORDING_RECEIVED_AGAIN,
        actor=receipt.claim.actor,
        recording=known.recording_id,
        details={**_receipt_details(receipt, intake_id), "part": known.number, "restored": restored},
        clock=clock,
    )
    row = tx.execute(
        sa.select(recording_table.c.state, recording_table.c.flags).where(recording_table.c.id == known.recording_id)
    ).one()
    return Received(
        known.recording_id,
        known.id,
        receipt.sealed.sha256,
        receipt.sealed.size,
        RecordingState(row.state),
        tuple(Flag(flag) for flag in row.flags),
        new=False,
        kept=restored,
    )


def _part_with(tx: Connection, sealed: SealedObject, *, held: bool = False) -> sa.Row[Any] | None:
    if sealed.size == 0:
        return None
    columns = (part_table.c[name] for name in ("id", "recording_id", "number", "object_id"))
    query = sa.select(*columns).where(part_table.c.sha256 == sealed.sha256, part_table.c.size > 0)
    return tx.execute(query.with_for_update() if held else query).first()


def _readable(tx: Connection, vault: Vault, object_id: str) -> bool:
    recorded = vault.look_up(tx, object_id)
    found = vault.store.head(object_id)
    return recorded.key_destroyed_at is None and found is not None and found.size == recorded.stored_size


def _make_renditions_anew(tx: Connection, vault: Vault, jobs: Jobs, clock: Clock, known: sa.Row[Any]) -> None:
    """Viewing copies of a part whose first object was destroyed are gone with it."""
    if vault.look_up(tx, known.object_id).key_destroyed_at is None:
        return
    claims = tx.execute(sa.select(part_table.c.claims).where(part_table.c.id == known.id)).scalar_one()
    tx.execute(rendition_table.delete().where(rendition_table.c.part_id == known.id))
    want_renditions(tx, jobs, clock, known.id, claims.get("media", {}))


def _recording_row(tx: Connection, receipt: Receipt, recording_id: str) -> dict[str, Any]:
    claim, start = receipt.claim, receipt.start
    title = claim.title or names.shown(names.kept(claim.name))
    return {
        "id": recording_id,
        "state": RecordingState.SEALED.value,
        "flags": [flag.value for flag in receipt.flags],
        "received_at": receipt.received_at,
        "wearer_id": claim.wearer_id,
        "unit_id": claim.unit_id,
        "device_id": claim.device_id,
        "device_kind": claim.device_kind,
        "started_at": start.at,
        "started_source": start.source.value,
        "started_key": free_key(tx, start.at, recording_id),
        "duration_ms": _milliseconds(receipt.media.get("duration")),
        "incident_number": claim.incident_number,
        "category": claim.category,
        "title": title,
        "title_sort": sort_text(title),
        "tags": [],
        "custom": {},
        "notes": "",
        "size": receipt.sealed.size,
        "version": 1,
    }


def _part_row(receipt: Receipt, recording_id: str, part_id: str) -> dict[str, Any]:
    claims: dict[str, Any] = {"media": receipt.media, "times": [claim.to_json() for claim in receipt.times]}
    raw = names.raw_bytes(receipt.claim.name)
    if raw is not None:
        claims["name_bytes"] = raw.hex()
    sealed = receipt.sealed
    return {
        "id": part_id,
        "recording_id": recording_id,
        "number": 1,
        "object_id": sealed.object_id,
        "sha256": sealed.sha256,
        "chunk_root": sealed.chunk_root,
        "size": sealed.size,
        "name": names.kept(receipt.claim.name),
        "media_type": media_type(receipt.media),
        "claims": claims,
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
    }
    tx.execute(intake_table.insert(), row)
    return intake_id


def _receipt_details(receipt: Receipt, intake_id: str) -> dict[str, Any]:
    claim = receipt.claim
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
    }


#: FFmpeg's names of formats, by their first word, as (with pictures, sound alone).
_MEDIA_TYPES = {
    "mov": ("video/mp4", "audio/mp4"),
    "matroska": ("video/x-matroska", "audio/x-matroska"),
    "avi": ("video/x-msvideo", "video/x-msvideo"),
    "mpegts": ("video/mp2t", "video/mp2t"),
    "mpeg": ("video/mpeg", "audio/mpeg"),
    "asf": ("video/x-ms-asf", "audio/x-ms-wma"),
    "flv": ("video/x-flv", "video/x-flv"),
    "mxf": ("application/mxf", "application/mxf"),
    "wav": ("audio/wav", "audio/wav"),
    "mp3": ("audio/mpeg", "audio/mpeg"),
    "ogg": ("video/ogg", "audio/ogg"),
    "flac": ("audio/flac", "audio/flac"),
    "aac": ("audio/aac", "audio/aac"),
}


def media_type(media: Mapping[str, Any]) -> str | None:
    """The media type by what is in the file, never by its name; None when it is no recording in a known format."""
    container = media.get("container")
    if not container:
        return None
    pictures = any(stream["type"] == "video" for stream in media["streams"])
    known = _MEDIA_TYPES.get(container.split(",")[0])
    return "application/octet-stream" if known is None else known[0 if pictures else 1]


def _milliseconds(seconds: float | None) -> int | None:
    # A claim: it may be absurd. What no column can hold is not kept as a number; the claims have it as it was.
    return None if seconds is None or not 0 <= seconds < 1e9 else round(seconds * 1000)
