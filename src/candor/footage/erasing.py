"""Orders of a court about a recording: to erase it and all that is known of it, to close it, to open it again.

An order of erasure goes further than a purge. Besides the bytes it takes what the catalogue says of the footage (title,
notes, tags, fields, place, incident, category, labels), the names and hashes of its files, and what its custody events
said: payload and salt, so that the public log is the same as before and nothing opens those entries again. What stays:
that there was a recording, its number, whose camera made it, when, how large it was; and the order, with who carried it
out. The words of the order are kept for good: they must not name what was to be forgotten.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import erasure, purging, restrictions
from candor.footage.court_seals import is_closed
from candor.footage.destruction_tables import court_seal
from candor.footage.errors import ClosedAlready, ErasedAlready, NotClosed, RecordingUnknown
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.tables import recording
from candor.jobs import Jobs
from candor.people.rules import Actor, Permission
from candor.store import Vault
from candor.store.tables import tombstone
from candor.store.tombstones import ERASURE

__all__ = ["erase", "seal_away", "unseal"]


def erase(
    tx: Connection,
    vault: Vault,
    jobs: Jobs,
    actor: Actor,
    recording_id: str,
    *,
    authority: str,
    reason: str,
    clock: Clock | None = None,
) -> str:
    """Erase a recording by order, in the caller's transaction; the tombstone's id. Afterwards call `purging.settle`.

    `authority`: the order's number; `reason`: why, in words that say nothing of the footage: both stay. A recording
    that was purged before is erased all the same; so is one that is closed by order. Raises Refused, RecordingUnknown,
    PurgeOfRegrouped, PurgeWordsMissing, ErasedAlready.
    """
    actor.require(Permission.RECORDINGS_PURGE)
    clock = clock or SystemClock()
    said = purging.words_for_the_record(authority, reason)
    purging.held_to_destroy(tx, actor, recording_id, clock, closed_too=True)
    objects = purging.destroy_keys(tx, vault, jobs, recording_id, by_order=True)
    before = sa.select(tombstone.c.id).where(tombstone.c.subject == recording_id, tombstone.c.kind == ERASURE)
    if not objects and tx.execute(before.limit(1)).first() is not None:
        raise ErasedAlready(id=recording_id)
    stone_id = new_id()
    row = {"id": stone_id, "subject": recording_id, "object_ids": sorted(objects), "destroyed_at": clock.now()}
    tx.execute(tombstone.insert().values(**row, actor=actor.account_id, kind=ERASURE, **said))
    purging.mark(tx, recording_id)
    emptied = erasure.erase_rows(tx, vault, recording_id, stone_id)
    custody.append(
        tx,
        Event.RECORDING_ERASED,
        actor=actor.account_id,
        recording=recording_id,
        details={**said, "tombstone": stone_id, "objects": objects, "events": emptied},
        clock=clock,
    )
    return stone_id


def seal_away(
    tx: Connection, actor: Actor, recording_id: str, *, authority: str, reason: str, clock: Clock | None = None
) -> str:
    """Close a recording by order: only who is named may see it, nothing destroys it. The identifier of the closing.

    Raises Refused, RecordingUnknown, RecordingDestroyed, ClosedAlready, PurgeOfRegrouped, PurgeWordsMissing.
    """
    actor.require(Permission.RECORDINGS_PURGE)
    clock = clock or SystemClock()
    said = purging.words_for_the_record(authority, reason)
    if is_closed(tx, recording_id):
        raise ClosedAlready(id=recording_id)
    purging.held_to_destroy(tx, actor, recording_id, clock)
    purging.must_not_be_destroyed(tx, recording_id)
    seal_id = new_id()
    row = {"id": seal_id, "recording_id": recording_id, "open_key": recording_id, "placed_at": clock.now()}
    tx.execute(court_seal.insert().values(**row, placed_by=actor.account_id, **said))
    restrictions.place(
        tx,
        recording_id,
        RestrictionKind.ERASED,
        ref=seal_id,
        reason=said["reason"],
        rule=said["authority"],
        actor=actor.account_id,
        clock=clock,
    )
    _told(tx, Event.RECORDING_CLOSED, actor, recording_id, {**said, "closing": seal_id}, clock)
    return seal_id


def unseal(
    tx: Connection, actor: Actor, recording_id: str, *, authority: str, reason: str, clock: Clock | None = None
) -> None:
    """Open a recording again that was closed by order, on another order. Raises Refused, RecordingUnknown, NotClosed,
    PurgeWordsMissing."""
    actor.require(Permission.RECORDINGS_PURGE)
    clock = clock or SystemClock()
    said = purging.words_for_the_record(authority, reason)
    if tx.execute(sa.select(recording.c.id).where(recording.c.id == recording_id)).first() is None:
        raise RecordingUnknown(id=recording_id)
    query = sa.select(court_seal).where(court_seal.c.open_key == recording_id)
    held = tx.execute(query.with_for_update()).first()
    if held is None:
        raise NotClosed(id=recording_id)
    lifted = {"lifted_by": actor.account_id, "lifted_at": clock.now(), "open_key": None}
    words = {"lift_authority": said["authority"], "lift_reason": said["reason"]}
    tx.execute(court_seal.update().where(court_seal.c.id == held.id).values(**lifted, **words))
    for one in restrictions.restrictions_of(tx, recording_id):
        if one.kind is RestrictionKind.ERASED and one.ref == held.id:
            restrictions.take_away(tx, one.id, reason=said["reason"], actor=actor.account_id, clock=clock)
    _told(tx, Event.RECORDING_OPENED_AGAIN, actor, recording_id, {**said, "closing": held.id}, clock)


def _told(tx: Connection, event: Event, actor: Actor, recording_id: str, details: dict[str, str], clock: Clock) -> None:
    custody.append(tx, event, actor=actor.account_id, recording=recording_id, details=details, clock=clock)
