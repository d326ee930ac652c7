"""What is kept of cards: each reading, and every file that is in, so that it is known again and never read twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.docking.cards.listing import CardFile, Listing
from candor.docking.cards.tables import card_file, card_reading
from candor.footage import names
from candor.footage.destruction_tables import returned
from candor.footage.rules import RecordingState
from candor.footage.tables import part, recording, sidecar
from candor.store import Vault

__all__ = [
    "CardReading",
    "Known",
    "ReadingState",
    "begin_reading",
    "end_reading",
    "keep_file",
    "known_files",
    "note_failed",
    "note_progress",
    "readings",
]

#: Remarks kept with one reading.
_MOST_REMARKS = 500


class ReadingState(StrEnum):
    """How far the reading of a card is. One that was killed stays "reading"; its last sign of life tells."""

    READING = "reading"
    ENDED = "ended"
    STOPPED = "stopped"


@dataclass(frozen=True)
class CardReading:
    """One reading. Sizes in bytes, of what was not in before."""

    id: str
    dock_id: str | None
    device_id: str | None
    place: str
    reader: str
    state: ReadingState
    listing_sha256: bytes
    files: int
    size: int
    files_done: int
    size_done: int
    failed: int
    remarks: list[dict[str, Any]]
    actor: str
    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Known:
    """A file that is in. `media`: what its part says of itself, empty for a small file. `destroyed`: its recording was
    purged since."""

    fingerprint: bytes
    sha256: bytes
    size: int
    recording_id: str | None
    part_id: str | None
    sidecar_id: str | None
    destroyed: bool
    media: dict[str, Any]
    times: list[dict[str, Any]]


def begin_reading(
    tx: Connection,
    listing: Listing,
    todo: Sequence[CardFile],
    *,
    place: str,
    reader: str,
    device_id: str | None,
    dock_id: str | None,
    actor: str,
    clock: Clock,
) -> str:
    """Note that a card is being read; the reading's id."""
    row: dict[str, Any] = {
        "id": new_id(),
        "dock_id": dock_id,
        "device_id": device_id,
        "place": names.kept(place),
        "reader": reader,
        "state": ReadingState.READING.value,
        "listing_sha256": listing.digest(),
        "files": len(todo),
        "size": sum(file.size for file in todo),
        "files_done": 0,
        "size_done": 0,
        "failed": 0,
        "remarks": [],
        "actor": actor,
        "started_at": clock.now(),
        "seen_at": clock.now(),
    }
    tx.execute(card_reading.insert(), row)
    return str(row["id"])


def note_progress(tx: Connection, reading_id: str, *, files: int, size: int, failed: int, clock: Clock) -> None:
    """Note how far a reading is: files and bytes so far, files that could not be read."""
    values = {"files_done": files, "size_done": size, "failed": failed, "seen_at": clock.now()}
    tx.execute(card_reading.update().where(card_reading.c.id == reading_id).values(**values))


def end_reading(
    tx: Connection, reading_id: str, state: ReadingState, remarks: Sequence[dict[str, Any]], *, clock: Clock
) -> None:
    """End a reading, as an event."""
    now = clock.now()
    values = {"state": state.value, "remarks": list(remarks)[:_MOST_REMARKS], "seen_at": now, "ended_at": now}
    tx.execute(card_reading.update().where(card_reading.c.id == reading_id).values(**values))
    row = tx.execute(sa.select(card_reading).where(card_reading.c.id == reading_id)).one()
    details = {
        "reading": row.id,
        "device": row.device_id,
        "dock": row.dock_id,
        "place": row.place,
        "reader": row.reader,
        "state": row.state,
        "listing": row.listing_sha256.hex(),
        "files": row.files,
        "size": row.size,
        "files_done": row.files_done,
        "failed": row.failed,
        "remarks": len(remarks),
    }
    custody.append(tx, Event.CARD_READ, actor=row.actor, details=details, clock=clock)


def readings(tx: Connection, *, under_way: bool = False, limit: int = 100) -> list[CardReading]:
    """The latest readings, newest first; with `under_way` those that have not ended."""
    query = sa.select(card_reading).order_by(card_reading.c.started_at.desc(), card_reading.c.id.desc()).limit(limit)
    if under_way:
        query = query.where(card_reading.c.state == ReadingState.READING.value)
    return [CardReading(**{**row._mapping, "state": ReadingState(row.state)}) for row in tx.execute(query)]


def keep_file(
    tx: Connection,
    reading_id: str,
    fingerprint: bytes,
    file: CardFile,
    *,
    sha256: bytes,
    size: int,
    recording_id: str | None = None,
    part_id: str | None = None,
    sidecar_id: str | None = None,
    clock: Clock,
) -> None:
    """Note that a file is in, so that it is not read again. Harmless to repeat."""
    insert = sqlite_insert if tx.dialect.name == "sqlite" else postgresql_insert
    row: dict[str, Any] = {
        "id": new_id(),
        "reading_id": reading_id,
        "fingerprint": fingerprint,
        "path": names.kept(file.path),
        "size": size,
        "sha256": sha256,
        "recording_id": recording_id,
        "part_id": part_id,
        "sidecar_id": sidecar_id,
        "taken_at": clock.now(),
    }
    kept = {name: row[name] for name in ("sha256", "size", "recording_id", "part_id", "sidecar_id", "taken_at")}
    query = insert(card_file).values(**row)
    tx.execute(query.on_conflict_do_update(index_elements=[card_file.c.fingerprint], set_=kept))


def known_files(tx: Connection, vault: Vault, fingerprints: Collection[bytes]) -> dict[bytes, Known]:
    """Which of these files are in, and can be read in the vault, or were destroyed since. One whose sealed bytes are
    gone without that is not known: it is taken in again. Nor is one that was destroyed and comes for the first time
    since: it is taken in, recognised and held (`footage.returning`)."""
    found: dict[bytes, Known] = {}
    wanted = list(fingerprints)
    for begin in range(0, len(wanted), 500):
        for row in tx.execute(_known().where(card_file.c.fingerprint.in_(wanted[begin : begin + 500]))):
            destroyed = row.state == RecordingState.DESTROYED.value
            if destroyed and row.part_id is not None and row.came_again is None:
                continue
            object_id = row.part_object or row.sidecar_object
            if object_id is None or (not destroyed and not _there(tx, vault, object_id)):
                continue
            claims = row.claims or {}
            found[row.fingerprint] = Known(
                row.fingerprint,
                row.sha256,
                row.size,
                row.now_in or row.recording_id,
                row.part_id,
                row.sidecar_id,
                destroyed,
                claims.get("media", {}),
                claims.get("times", []),
            )
    return found


def note_failed(tx: Connection, path: str, name: str, reason: str, *, actor: str, clock: Clock) -> str:
    """Note that a file of a card could not be read, as an event; the event's id."""
    details = {"source": names.kept(path), "name": names.kept(name), "face": "card", "reason": reason}
    event_id = custody.append(tx, Event.INTAKE_FAILED, actor=actor, details=details, clock=clock)
    today = f"intake:card:{clock.now():%Y-%m-%d}"  # one notice a day counts up, however many files
    outbox.tell(tx, outbox.NoticeKind.INTAKE_FAILED, once=today, clock=clock)
    return event_id


def _known() -> sa.Select[Any]:
    """Files with the part or the sidecar that they are, wherever a part belongs to by now."""
    came_again = sa.select(sa.func.min(returned.c.id)).where(returned.c.part_id == card_file.c.part_id)
    home = sa.func.coalesce(part.c.recording_id, sidecar.c.recording_id, card_file.c.recording_id)
    return (
        sa.select(
            card_file.c.fingerprint,
            card_file.c.sha256,
            card_file.c.size,
            card_file.c.recording_id,
            card_file.c.part_id,
            card_file.c.sidecar_id,
            part.c.object_id.label("part_object"),
            part.c.claims,
            sidecar.c.object_id.label("sidecar_object"),
            home.label("now_in"),
            recording.c.state,
            came_again.scalar_subquery().label("came_again"),
        )
        .select_from(card_file)
        .outerjoin(part, part.c.id == card_file.c.part_id)
        .outerjoin(sidecar, sidecar.c.id == card_file.c.sidecar_id)
        .outerjoin(recording, recording.c.id == home)
    )


def _there(tx: Connection, vault: Vault, object_id: str) -> bool:
    recorded = vault.look_up(tx, object_id)
    found = vault.there(object_id)
    return recorded.key_destroyed_at is None and found is not None and found.size == recorded.stored_size
