"""What was destroyed and comes in again: recognised at whatever door, sealed, held, and shown to those who decide.

Rules it keeps:

1. A sender gets its usual answer, and a card can be wiped: the bytes are safe. They are in no list, nobody can watch
   them, and nothing is made of them.
2. Bytes of a purged recording are known by their SHA-256; those of an erased one by a digest that only this site can
   make (`erasure.digest_of`), so that what an order left here tells nobody else what was erased.
3. They stay held until somebody decides: destroyed again on the authority of the order or schedule that destroyed them
   first, or taken in (`readmitting`), on an authority and for a reason of their own. Both are events.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import erasure, facts, names, purging, register
from candor.footage.destruction_tables import returned
from candor.footage.errors import ReturnHeldBack, ReturnUnknown
from candor.footage.kept import ERASED
from candor.footage.register import Digest, Kept
from candor.footage.rules import RecordingState
from candor.footage.said import Claim
from candor.footage.tables import part, recording, sidecar
from candor.law.vocabulary import HOLD_WORDS
from candor.people.rules import Actor, Permission
from candor.store import SealedObject, Vault
from candor.store.tables import tombstone, vault_object
from candor.store.tombstones import ERASURE

__all__ = [
    "MOST_LISTED",
    "ReturnState",
    "Returned",
    "destroy_again",
    "held",
    "held_to_decide",
    "hold",
    "is_destroyed",
    "objects_held",
    "of_recording",
    "part_with",
    "waiting",
]

MOST_LISTED = 500


class ReturnState(StrEnum):
    """What became of bytes that came in again."""

    HELD = "held"
    DESTROYED = "destroyed"
    TAKEN_IN = "taken-in"


@dataclass(frozen=True)
class Returned:
    """Bytes of a destroyed recording that came in again. `size` in bytes; `by_order`: an order had erased it."""

    id: str
    recording_id: str
    part_id: str
    object_id: str
    state: ReturnState
    times: int
    name: str
    face: str
    actor: str
    size: int
    received_at: datetime
    last_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    authority: str | None
    reason: str | None
    into_recording: str | None
    by_order: bool


def part_with(tx: Connection, vault: Vault, sha256: bytes, size: int, *, lock: bool = False) -> sa.Row[Any] | None:
    """The part (id, recording_id, number, object_id) that has, or had, these bytes; one that was erased too. Empty
    files are never the same."""
    if size == 0:
        return None
    columns = (part.c[name] for name in ("id", "recording_id", "number", "object_id"))
    query = sa.select(*columns).where(part.c.size > 0)
    found = tx.execute(_locked(query.where(part.c.sha256 == sha256), lock)).first()
    if found is None and (digest := erasure.digest_of(tx, vault)) is not None:
        found = tx.execute(_locked(query.where(part.c.sha256 == digest(sha256)), lock)).first()
    return found


def _locked(query: sa.Select[Any], lock: bool) -> sa.Select[Any]:
    return query.with_for_update() if lock else query


def is_destroyed(tx: Connection, vault: Vault, sha256: bytes, size: int) -> bool:
    """Whether these bytes are of a recording that was destroyed, or lay beside one: they are missed by nobody."""
    known = part_with(tx, vault, sha256, size)
    if known is not None:
        return vault.look_up(tx, known.object_id).key_destroyed_at is not None
    digest = erasure.digest_of(tx, vault)
    same = [sha256] if digest is None else [sha256, digest(sha256)]
    beside = sa.select(vault_object.c.key_destroyed_at).join(sidecar, sidecar.c.object_id == vault_object.c.object_id)
    return any(tx.scalars(beside.where(sidecar.c.sha256.in_(same), sidecar.c.size == size)))


def hold(
    tx: Connection,
    vault: Vault,
    clock: Clock,
    known: sa.Row[Any],
    sealed: SealedObject,
    claim: Claim,
    received_at: datetime,
) -> bool:
    """Hold what came in again, in the transaction of its intake; whether the object sealed just now is the one that is
    held. `known`: the part, locked, whose key is destroyed."""
    here = sa.select(returned).where(returned.c.part_id == known.id, returned.c.state == ReturnState.HELD.value)
    before = tx.execute(here).first()
    held_id = new_id() if before is None else before.id
    if before is None:
        vault.record(tx, sealed)
        row = {
            "id": held_id,
            "recording_id": known.recording_id,
            "part_id": known.id,
            "object_id": sealed.object_id,
            "state": ReturnState.HELD.value,
            "times": 1,
            "name": names.kept(claim.name),
            "source": names.kept(claim.source),
            "face": claim.face,
            "actor": claim.actor,
            "device_id": claim.device_id,
            "dock_id": claim.dock_id,
            "file_modified_at": claim.modified_at,
            "received_at": received_at,
            "last_at": received_at,
        }
        tx.execute(returned.insert().values(row))
    else:
        again = {"times": before.times + 1, "last_at": received_at}
        tx.execute(returned.update().where(returned.c.id == held_id).values(again))
    # Neither name nor hash: what an order erased is not to be told again by the event that it came back.
    details = {"held": held_id, "face": claim.face, "part": known.number, "size": sealed.size}
    about = {"recording": known.recording_id, "held": held_id}
    outbox.tell(
        tx,
        outbox.NoticeKind.RECORDING_CAME_AGAIN,
        details=about,
        about="/returned",
        once=f"recording:came-again:{held_id}",
        clock=clock,
    )
    custody.append(
        tx, Event.RECORDING_CAME_AGAIN, actor=claim.actor, recording=known.recording_id, details=details, clock=clock
    )
    return before is None


def waiting(tx: Connection, actor: Actor, *, limit: int = MOST_LISTED) -> list[Returned]:
    """What is held and waits for somebody, oldest first. Raises Refused."""
    actor.require_any(Permission.RETENTION_VIEW, Permission.RECORDINGS_PURGE)
    query = _query().where(returned.c.state == ReturnState.HELD.value)
    return [_returned(row) for row in tx.execute(query.order_by(returned.c.received_at, returned.c.id).limit(limit))]


def of_recording(tx: Connection, recording_id: str) -> list[Returned]:
    """Everything of a recording that came in again, newest first; whoever calls has checked who reads."""
    query = _query().where(returned.c.recording_id == recording_id)
    return [_returned(row) for row in tx.execute(query.order_by(returned.c.received_at.desc(), returned.c.id))]


def objects_held(tx: Connection) -> frozenset[str]:
    """The sealed objects that are held: nothing opens them before somebody decided."""
    return frozenset(tx.scalars(sa.select(returned.c.object_id).where(returned.c.state == ReturnState.HELD.value)))


def held(tx: Connection, actor: Actor, held_id: str) -> Returned:
    """One that waits. Raises Refused, ReturnUnknown."""
    actor.require_any(Permission.RETENTION_VIEW, Permission.RECORDINGS_PURGE)
    row = tx.execute(_query().where(returned.c.id == held_id, returned.c.state == ReturnState.HELD.value)).first()
    if row is None:
        raise ReturnUnknown(id=held_id)
    return _returned(row)


def held_to_decide(tx: Connection, actor: Actor, held_id: str) -> Returned:
    """One that waits, which nobody else decides until the transaction ends. Raises Refused, ReturnUnknown."""
    actor.require(Permission.RECORDINGS_PURGE)
    found = held(tx, actor, held_id)
    tx.execute(sa.select(recording.c.id).where(recording.c.id == found.recording_id).with_for_update())
    return held(tx, actor, held_id)


def destroy_again(tx: Connection, vault: Vault, actor: Actor, held_id: str, *, clock: Clock | None = None) -> str:
    """Destroy what came in again, by what right it was destroyed first; the tombstone's id. Afterwards call
    `purging.settle`. A hold on the recording keeps what came back as well. Raises Refused, ReturnUnknown,
    ReturnHeldBack."""
    clock = clock or SystemClock()
    found = held_to_decide(tx, actor, held_id)
    for hold_fact in facts.facts_of(tx, found.recording_id).holds:
        raise ReturnHeldBack(id=found.recording_id, why=HOLD_WORDS[hold_fact.kind])
    first = purging.purges_of(tx, found.recording_id)[0]
    # What came beside it since, such as the clip as its camera system encrypted it, shows it as well.
    beside = [one for one, kind in register.objects_of(tx, found.recording_id).items() if kind == "sidecar"]
    gone = [one for one in (found.object_id, *beside) if vault.destroy_key(tx, one)]
    stone_id, now = new_id(), clock.now()
    row = {"id": stone_id, "subject": found.recording_id, "object_ids": sorted(gone), "destroyed_at": now}
    said = {"authority": first.authority, "reason": first.reason}
    tx.execute(tombstone.insert().values(**row, actor=actor.account_id, kind=first.kind, **said))
    decide(tx, found.id, ReturnState.DESTROYED, actor, now, first.authority, first.reason)
    purging.mark(tx, found.recording_id)
    if first.is_erasure:  # its receipt told of names and hashes once more
        erasure.erase_rows(tx, vault, found.recording_id, stone_id)
    details = {**said, "tombstone": stone_id, "held": found.id, "first": first.id}
    custody.append(
        tx,
        Event.RECORDING_RETURN_DESTROYED,
        actor=actor.account_id,
        recording=found.recording_id,
        details=details,
        clock=clock,
    )
    return stone_id


def decide(
    tx: Connection,
    held_id: str,
    state: ReturnState,
    actor: Actor,
    now: datetime,
    authority: str,
    reason: str,
    into: str | None = None,
) -> None:
    """Note what became of it, and that nobody waits for it any more."""
    outbox.resolve(tx, f"recording:came-again:{held_id}")
    said = {"authority": authority, "reason": reason, "into_recording": into}
    values = {"state": state.value, "decided_by": actor.account_id, "decided_at": now, **said}
    tx.execute(returned.update().where(returned.c.id == held_id).values(values))


def _query() -> sa.Select[Any]:
    newest = (
        sa.select(tombstone.c.kind)
        .where(tombstone.c.subject == returned.c.recording_id)
        .order_by(tombstone.c.destroyed_at.desc(), tombstone.c.id.desc())
        .limit(1)
    )
    size = sa.select(vault_object.c.size).where(vault_object.c.object_id == returned.c.object_id)
    return sa.select(returned, size.scalar_subquery().label("size"), newest.scalar_subquery().label("kind"))


def _returned(row: sa.Row[Any]) -> Returned:
    plain = {name: getattr(row, name) for name in Returned.__dataclass_fields__ if name != "by_order"}
    return Returned(**{**plain, "state": ReturnState(row.state)}, by_order=row.kind == ERASURE)


# -- what the register knows of it


def _objects(tx: Connection, recording_id: str) -> dict[str, str]:
    mine = returned.c.recording_id == recording_id, returned.c.state == ReturnState.HELD.value
    return dict.fromkeys(tx.scalars(sa.select(returned.c.object_id).where(*mine)), "original")


def _forget(tx: Connection, recording_id: str) -> None:
    """What a further purge of the recording took with it is held no longer."""
    keyless = sa.select(vault_object.c.object_id).where(vault_object.c.key_destroyed_at.is_not(None))
    gone = returned.c.recording_id == recording_id, returned.c.object_id.in_(keyless)
    still = returned.c.state == ReturnState.HELD.value
    for held_id in tx.scalars(sa.select(returned.c.id).where(*gone, still)).all():
        outbox.resolve(tx, f"recording:came-again:{held_id}")
    tx.execute(returned.update().where(*gone, still).values(state=ReturnState.DESTROYED.value))


def _erase(tx: Connection, recording_id: str, _digest: Digest) -> None:
    values = {"name": ERASED, "source": ERASED, "file_modified_at": None}
    tx.execute(returned.update().where(returned.c.recording_id == recording_id).values(values))


def _refers(tx: Connection, recording_id: str) -> list[str]:
    state = tx.scalar(sa.select(recording.c.state).where(recording.c.id == recording_id))
    count = len(_objects(tx, recording_id))
    return (
        [f"{count} files of it came in again and are held."]
        if count and state == RecordingState.DESTROYED.value
        else []
    )


register.register(
    Kept(
        name="what came in again",
        words="bytes of a destroyed recording that came in again, with their names",
        goes="the bytes that are held",
        stays="that they came, through which door and when, and what was decided",
        tables=frozenset({"returned"}),
        kinds=frozenset({"original"}),
        objects=_objects,
        forget=_forget,
        erase=_erase,
        refers=_refers,
    )
)
register.keeps_nothing("court_seal", "the order that closed a recording, and the one that opened it again")
