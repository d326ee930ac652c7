"""Taking in what was destroyed and came in again: on an authority of its own, as an event of its own.

What was purged lives again as the recording that it was. Of what an order erased nothing is left to go on from: it
becomes a recording of its own, with a history that begins on the day it was taken in.
"""

from __future__ import annotations

from typing import Any, BinaryIO, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.limited import LimitedUnavailable
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import purging, returning
from candor.footage.destruction_tables import returned
from candor.footage.gathering import lacking
from candor.footage.indexing import index_recording
from candor.footage.media import examine
from candor.footage.receipt import Receipt, enter_recorded
from candor.footage.renditions import want_renditions
from candor.footage.returning import Returned, ReturnState
from candor.footage.rules import Flag, RecordingState, choose_start, flags_of
from candor.footage.said import Claim
from candor.footage.tables import part, recording, rendition
from candor.footage.times import claims_of, file_date, in_order
from candor.jobs import Jobs
from candor.people.rules import Actor
from candor.store import SealedObject, StoreError, Vault
from candor.store.tables import vault_key, vault_object

__all__ = ["take_in"]


def take_in(
    database: Database,
    vault: Vault,
    jobs: Jobs,
    actor: Actor,
    held_id: str,
    *,
    authority: str,
    reason: str,
    clock: Clock,
) -> str:
    """Take in what is held, in transactions of its own; the recording's id. `authority`: by what right it lives after
    all; `reason`: why. Raises Refused, ReturnUnknown, PurgeWordsMissing, and what the vault raises."""
    said = purging.words_for_the_record(authority, reason)
    with database.read() as tx:
        found = returning.held(tx, actor, held_id)
    media = _examined(database, vault, found) if found.by_order else {}
    with database.write() as tx:
        found = returning.held_to_decide(tx, actor, held_id)
        if found.by_order:
            into = _as_another(tx, jobs, clock, actor, found, media)
        else:
            into = found.recording_id
            _revive(tx, jobs, clock, found)
        details = {**said, "held": found.id, "from": found.recording_id}
        for one in dict.fromkeys((found.recording_id, into)):
            custody.append(
                tx, Event.RECORDING_TAKEN_IN_AGAIN, actor=actor.account_id, recording=one, details=details, clock=clock
            )
        words = (said["authority"], said["reason"])
        returning.decide(tx, found.id, ReturnState.TAKEN_IN, actor, clock.now(), *words, into=into)
    return into


def _examined(database: Database, vault: Vault, found: Returned) -> dict[str, Any]:
    """What the bytes claim of themselves; of what was erased nothing is known any more."""
    try:
        with database.read() as tx:
            stream = vault.open(tx, found.object_id)
        with stream:
            return dict(examine(cast(BinaryIO, stream)))
    except (LimitedUnavailable, StoreError) as error:
        return {"problems": ["examination-stopped"], "stopped": str(error)}


def _revive(tx: Connection, jobs: Jobs, clock: Clock, found: Returned) -> None:
    """A recording of which a part can be read again is destroyed no longer. While other parts of it are, it says that
    something of it is missing; its viewing copies are made anew."""
    tx.execute(part.update().where(part.c.id == found.part_id).values(object_id=found.object_id))
    row = tx.execute(sa.select(recording).where(recording.c.id == found.recording_id)).one()
    lacks = {Flag.INCOMPLETE.value} if lacking(tx, row.id) else set[str]()
    flags = sorted({*row.flags} - {Flag.INCOMPLETE.value} | lacks)
    values = {"state": RecordingState.SEALED.value, "flags": flags, "version": row.version + 1}
    tx.execute(recording.update().where(recording.c.id == row.id).values(values))
    claims = tx.scalar(sa.select(part.c.claims).where(part.c.id == found.part_id)) or {}
    tx.execute(rendition.delete().where(rendition.c.part_id == found.part_id))
    want_renditions(tx, jobs, clock, found.part_id, claims.get("media", {}))
    index_recording(tx, row.id)


def _as_another(tx: Connection, jobs: Jobs, clock: Clock, actor: Actor, found: Returned, media: dict[str, Any]) -> str:
    """A recording of its own, entered as any file is, but for the object, which is recorded already."""
    row = tx.execute(sa.select(returned).where(returned.c.id == found.id)).one()
    claim = Claim(
        row.name,
        row.source,
        row.face,
        actor.account_id,
        row.file_modified_at,
        device_id=row.device_id,
        dock_id=row.dock_id,
    )
    times = in_order([*claims_of(media), *file_date(claim.modified_at)])
    start = choose_start(times, row.received_at)
    flags = flags_of(media["problems"]) | ({Flag.TIME_UNLIKELY} if start.unlikely else set())
    receipt = Receipt(claim, row.received_at, _sealed(tx, found), media, tuple(times), start, tuple(sorted(flags)))
    return enter_recorded(tx, jobs, clock, receipt).recording_id


def _sealed(tx: Connection, found: Returned) -> SealedObject:
    columns = [vault_object.c[name] for name in SealedObject.__slots__ if name in vault_object.c]
    query = sa.select(*columns, vault_key.c.wrapped_key).join(vault_key)
    row = tx.execute(query.where(vault_object.c.object_id == found.object_id)).one()
    return SealedObject(**row._mapping)
