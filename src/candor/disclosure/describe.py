"""What data/recordings.json says of a recording.

Whoever is given a package is given the catalogue's entry as it stands at that moment, the notes included, and the
whole history, in which every change keeps the old value. Nothing is left out of one that stands in the other.
Accounts are named by their identifiers alone, but for the person who wore the camera.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import iso
from candor.core.errors import NotFound
from candor.disclosure.errors import NoFiles, RecordingGone
from candor.disclosure.file_names import original_path
from candor.fleet.tables import device
from candor.footage.errors import StillComingIn
from candor.footage.rules import RecordingState, visible_to
from candor.footage.signatures import signatures_of, told
from candor.footage.tables import intake, part, recording
from candor.footage.whole import gaps_told
from candor.people.rules import Actor
from candor.people.tables import account, unit
from candor.store.tables import vault_object
from candor.verify.bag import CHUNK_SIZE


def described(tx: Connection, actor: Actor, recording_id: str, number: int) -> tuple[dict[str, Any], list[str]]:
    """The entry of recording `number` (1, 2, …) of a package, and the vault's objects of its parts, in order.

    Numbers that are no integers stand as text. Raises NotFound (also for what the actor may not see), NoFiles,
    RecordingGone.
    """
    metadata = _metadata(tx, actor, recording_id)
    rows = tx.execute(
        sa.select(part, vault_object.c.key_destroyed_at)
        .join(vault_object, vault_object.c.object_id == part.c.object_id)
        .where(part.c.recording_id == recording_id)
        .order_by(part.c.number)
    ).all()
    if not rows:
        raise NoFiles(id=recording_id)
    for one in rows:
        if one.key_destroyed_at is not None:
            raise RecordingGone(id=recording_id, name=one.name)
    parts = [
        {
            "file": original_path(number, one.number, one.name),
            "part": one.number,
            "sha256": one.sha256.hex(),
            "chunk_root": one.chunk_root.hex(),
            "chunk_size": CHUNK_SIZE,
            "size": one.size,
            "name": one.name,
        }
        for one in rows
    ]
    return {"id": recording_id, "metadata": metadata, "parts": parts}, [one.object_id for one in rows]


def _metadata(tx: Connection, actor: Actor, recording_id: str) -> dict[str, Any]:
    row = tx.execute(
        sa.select(
            recording,
            account.c.display_name.label("wearer_name"),
            account.c.badge.label("wearer_badge"),
            unit.c.name.label("unit_name"),
            device.c.serial.label("device_serial"),
            device.c.make.label("device_make"),
            device.c.model.label("device_model"),
        )
        .select_from(
            recording.outerjoin(account, account.c.id == recording.c.wearer_id)
            .outerjoin(unit, unit.c.id == recording.c.unit_id)
            .outerjoin(device, device.c.id == recording.c.device_id)
        )
        .where(recording.c.id == recording_id, visible_to(actor).expression)
    ).first()
    if row is None:
        raise NotFound(what="recording", id=recording_id)
    if row.state == RecordingState.RECEIVING.value:
        raise StillComingIn(id=recording_id)
    return {
        "title": row.title,
        "flags": row.flags,
        "started_at": iso(row.started_at),
        "started_source": row.started_source,
        "ended_at": None if row.ended_at is None else iso(row.ended_at),
        "activated_at": None if row.activated_at is None else iso(row.activated_at),
        "deactivated_at": None if row.deactivated_at is None else iso(row.deactivated_at),
        "duration_ms": row.duration_ms,
        "received_at": iso(row.received_at),
        "wearer": {"id": row.wearer_id, "name": row.wearer_name, "badge": row.wearer_badge},
        "unit": row.unit_name,
        "device": {
            "kind": row.device_kind,
            "serial": row.device_serial,
            "make": row.device_make,
            "model": row.device_model,
        },
        "incident_number": row.incident_number,
        "category": row.category,
        "tags": row.tags,
        "custom": row.custom,
        "notes": row.notes,
        "place": row.place,
        "latitude": None if row.latitude is None else f"{row.latitude:.7f}",
        "longitude": None if row.longitude is None else f"{row.longitude:.7f}",
        "intakes": _intakes(tx, recording_id),
        "gaps": gaps_told(tx, recording_id),
        "signatures": _signatures(tx, recording_id),
    }


def _signatures(tx: Connection, recording_id: str) -> list[dict[str, Any]]:
    """What was found of the signatures that cameras put into the originals, by part."""
    query = sa.select(part.c.id, part.c.number).where(part.c.recording_id == recording_id).order_by(part.c.number)
    numbers = {row.id: row.number for row in tx.execute(query)}
    found = signatures_of(tx, numbers)
    return [{"part": numbers[one], **told(signature)} for one in numbers for signature in found[one]]


def _intakes(tx: Connection, recording_id: str) -> list[dict[str, Any]]:
    rows = tx.execute(
        sa.select(part.c.number, intake.c.received_at, intake.c.face, intake.c.source, intake.c.file_modified_at)
        .join(part, part.c.id == intake.c.part_id)
        .where(part.c.recording_id == recording_id)
        .order_by(intake.c.received_at, intake.c.id)
    )
    return [
        {
            "part": one.number,
            "received_at": iso(one.received_at),
            "face": one.face,
            "source": one.source,
            "file_modified_at": None if one.file_modified_at is None else iso(one.file_modified_at),
        }
        for one in rows
    ]
