"""The archive tier: footage that nobody opened for long goes to a slower place, and comes back when it is asked for.

Rules it keeps:

1. What is moved are the files, their repaired and viewing copies and what lies beside them, sealed as they are.
   Posters, filmstrips and waveforms stay near: pages show them.
2. An object is removed from the near store after its copy in the archive was read back whole (`store.archive`). Killed
   anywhere, the same again goes on.
3. What comes back is read and compared with its seal before anybody is told that it is there.
4. A purge and an order of erasure reach the archive as they reach the store.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.ids import is_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import register
from candor.footage.archive_tables import archived_recording
from candor.footage.errors import NoArchive, NothingArchived, RecordingUnknown
from candor.footage.rules import RecordingState, RenditionKind, visible_to
from candor.footage.tables import recording, viewing
from candor.jobs import Jobs
from candor.people.rules import Actor
from candor.store import ObjectAltered, ObjectStore, Outcome, Vault, check_object
from candor.store.archive import move
from candor.store.tables import vault_object

__all__ = [
    "ACTOR",
    "JOB",
    "Archived",
    "ArchiveState",
    "archive_one",
    "archived_of",
    "ask_back",
    "bring_back",
    "due",
    "run",
]

JOB = "footage.archive_return@1"
ACTOR = "system:archive"
#: What stays near, because pages show it.
_STAYS = frozenset({RenditionKind.POSTER.value, RenditionKind.FILMSTRIP.value, RenditionKind.WAVEFORM.value})


class ArchiveState(StrEnum):
    """Where a recording lies."""

    ARCHIVED = "archived"
    RETURNING = "returning"
    NEAR = "near"


@dataclass(frozen=True)
class Archived:
    """What is known of a recording that was archived."""

    state: ArchiveState
    archived_at: datetime
    asked_by: str | None
    asked_at: datetime | None
    returned_at: datetime | None
    problem: str | None


def archived_of(tx: Connection, recording_id: str) -> Archived | None:
    """Where a recording lies that was archived; None: it never was. Whoever calls has checked who reads."""
    columns = [archived_recording.c[name] for name in Archived.__dataclass_fields__]
    row = tx.execute(sa.select(*columns).where(archived_recording.c.recording_id == recording_id)).first()
    return None if row is None else Archived(**{**row._mapping, "state": ArchiveState(row.state)})


def due(tx: Connection, before: datetime, *, after: str = "", limit: int = 500) -> list[str]:
    """Recordings that came in, were opened and came back before that moment, in the order of their identifiers."""
    seen = sa.select(viewing.c.id).where(viewing.c.recording_id == recording.c.id, viewing.c.began_at >= before)
    kept = archived_recording.c
    lies = sa.select(kept.recording_id).where(
        kept.recording_id == recording.c.id,
        sa.or_(kept.state != ArchiveState.NEAR.value, kept.returned_at >= before),
    )
    sealed = recording.c.state == RecordingState.SEALED.value
    query = sa.select(recording.c.id).where(sealed, recording.c.received_at < before, recording.c.id > after)
    return list(tx.scalars(query.where(~seen.exists(), ~lies.exists()).order_by(recording.c.id).limit(limit)))


def archive_one(database: Database, vault: Vault, recording_id: str, *, clock: Clock) -> int:
    """Move a recording to the archive, in transactions of its own; how many objects. Raises NoArchive, and what
    `store.archive.move` raises: what was moved before stays moved, and the same again goes on."""
    archive = _archive(vault)
    with database.read() as tx:
        objects = _objects(tx, recording_id)
    count = sum(move(vault.store, archive, one) for one in objects)
    with database.write() as tx:
        state = tx.scalar(sa.select(recording.c.state).where(recording.c.id == recording_id).with_for_update())
        if state == RecordingState.DESTROYED.value:  # meanwhile; what it left in either place is owed by the purge
            return count
        values = {"state": ArchiveState.ARCHIVED.value, "archived_at": clock.now(), "problem": None}
        values |= dict.fromkeys(("asked_by", "asked_at", "job_id", "returned_at"))
        mine = archived_recording.c.recording_id == recording_id
        if not tx.execute(archived_recording.update().where(mine).values(values)).rowcount:
            tx.execute(archived_recording.insert().values(recording_id=recording_id, **values))
        details = {"objects": len(objects), "size": _size(tx, objects)}
        custody.append(tx, Event.RECORDING_ARCHIVED, actor=ACTOR, recording=recording_id, details=details, clock=clock)
    return count


def ask_back(tx: Connection, jobs: Jobs, actor: Actor, recording_id: str, *, clock: Clock) -> str:
    """Have a recording brought back, by anybody who may see it; the job's id. Raises RecordingUnknown,
    NothingArchived."""
    query = sa.select(recording.c.id).where(recording.c.id == recording_id, visible_to(actor).expression)
    if tx.execute(query).first() is None:
        raise RecordingUnknown(id=recording_id)
    job_id = jobs.enqueue(tx, JOB, {"recording": recording_id})
    values = {"state": ArchiveState.RETURNING.value, "asked_by": actor.account_id, "asked_at": clock.now()}
    lies = archived_recording.c.state == ArchiveState.ARCHIVED.value
    mine = archived_recording.c.recording_id == recording_id, lies
    if not tx.execute(archived_recording.update().where(*mine).values(**values, job_id=job_id, problem=None)).rowcount:
        raise NothingArchived(id=recording_id)
    return job_id


def bring_back(
    database: Database, vault: Vault, recording_id: str, *, clock: Clock, cancelled: Callable[[], bool] = lambda: False
) -> bool:
    """Bring a recording back, in transactions of its own; whether it is there, not when `cancelled` said so meanwhile.

    What comes back is read whole and compared with its seal. Raises NoArchive, ObjectAltered, and what the stores
    raise: the same again goes on.
    """
    archive = _archive(vault)
    with database.read() as tx:
        objects = _objects(tx, recording_id)
    for object_id in objects:
        if cancelled():
            return False
        if move(archive, vault.store, object_id):
            _must_be_whole(database, vault, object_id)
    with database.write() as tx:
        _note_back(tx, recording_id, len(objects), clock)
    return True


def _note_back(tx: Connection, recording_id: str, objects: int, clock: Clock) -> None:
    mine = archived_recording.c.recording_id == recording_id
    row = tx.execute(sa.select(archived_recording).where(mine).with_for_update()).first()
    if row is None or row.state == ArchiveState.NEAR.value:
        return
    values = {"state": ArchiveState.NEAR.value, "returned_at": clock.now(), "problem": None, "job_id": None}
    tx.execute(archived_recording.update().where(mine).values(values))
    details = {"objects": objects, "asked_by": row.asked_by}
    custody.append(tx, Event.RECORDING_BROUGHT_BACK, actor=ACTOR, recording=recording_id, details=details, clock=clock)
    if row.asked_by and is_id(row.asked_by):
        about = f"/recordings/{recording_id}"
        outbox.tell(tx, outbox.NoticeKind.RECORDING_BROUGHT_BACK, about=about, to=[row.asked_by], clock=clock)


def _must_be_whole(database: Database, vault: Vault, object_id: str) -> None:
    with database.read() as tx:
        recorded = vault.look_up(tx, object_id)
    if recorded.key_destroyed_at is not None:
        return
    found = check_object(database, vault, recorded)
    if found.outcome is not Outcome.OK:
        raise ObjectAltered(object_id=object_id, what="; ".join(found.findings))


def _archive(vault: Vault) -> ObjectStore:
    if vault.archive is None:
        raise NoArchive()
    return vault.archive


def _objects(tx: Connection, recording_id: str) -> list[str]:
    """What of a recording is moved: everything that shows it and still has a key, but for what pages show."""
    shown = register.objects_of(tx, recording_id)
    wanted = [one for one, kind in shown.items() if kind not in _STAYS]
    living = vault_object.c.key_destroyed_at.is_(None)
    query = sa.select(vault_object.c.object_id).where(vault_object.c.object_id.in_(wanted), living)
    return sorted(tx.scalars(query))


def _size(tx: Connection, objects: list[str]) -> int:
    query = sa.select(sa.func.sum(vault_object.c.stored_size)).where(vault_object.c.object_id.in_(objects))
    return int(tx.scalar(query) or 0)


register.keeps_nothing("archived_recording", "where its bytes lie, and who asked for them")


def run(
    database: Database,
    vault: Vault,
    *,
    older_than: timedelta,
    clock: Clock,
    told: Callable[[str, int], None] = lambda recording_id, objects: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Archive everything that is due; how many recordings. `told` hears of each. Stopped or killed, the next run goes
    on. Raises NoArchive, and what the stores raise."""
    _archive(vault)
    before, after, done = clock.now() - older_than, "", 0
    while True:
        with database.read() as tx:
            found = due(tx, before, after=after)
        for recording_id in found:
            if cancelled():
                return done
            told(recording_id, archive_one(database, vault, recording_id, clock=clock))
            done, after = done + 1, recording_id
        if not found:
            return done
