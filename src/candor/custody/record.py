"""Recording what happens: the durable row of an event, written in the transaction of the act itself."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.core.ids import new_id
from candor.custody.errors import EventErased
from candor.custody.events import Event
from candor.custody.tables import custody_event, custody_subject, custody_tag_key
from candor.verify.leaf import commit, hour_of, public_leaf, tag
from candor.verify.opening import EventPayload, Opening

#: Bytes of a random salt and of a tag key.
SECRET_BYTES = 32


@dataclass(frozen=True)
class CustodyEvent:
    """One event with everything that opens its public leaf."""

    id: str
    kind: Event
    actor: str
    at: datetime
    recording_id: str | None
    n: int
    epoch: int
    payload: str
    salt: bytes
    leaf: str
    position: int | None  # index in the log; None while it waits for the sequencer
    erased_by: str | None = None  # the tombstone of the order by which payload and salt were erased

    @property
    def is_erased(self) -> bool:
        """Whether what it said was erased by order (`forgetting`). Its leaf stays in the log, and nothing opens it."""
        return self.erased_by is not None

    @property
    def details(self) -> dict[str, Any]:
        """What the act recorded about itself; nothing once that was erased."""
        if self.is_erased:
            return {}
        found: dict[str, Any] = json.loads(self.payload)["details"]
        return found

    @property
    def opening(self) -> Opening:
        """What shows somebody else what stands behind the public leaf. Raises EventErased when nothing can any more."""
        if self.erased_by is not None:
            raise EventErased(id=self.id, order=self.erased_by)
        return Opening(self.leaf.encode(), self.payload.encode(), self.salt)


@dataclass(frozen=True)
class Epoch:
    """A stretch of a recording's history under one tag key."""

    epoch: int
    first_n: int
    tag_key: bytes


def append(
    tx: Connection,
    kind: Event,
    *,
    actor: str,
    recording: str | None = None,
    details: Mapping[str, Any] | None = None,
    clock: Clock | None = None,
) -> str:
    """Write one custody event in the caller's transaction and return its id.

    It is durable when that transaction is; the sequencer gives it its place in the log afterwards.
    `actor` is an account's id or `system:…`, never a name. `details` holds text, integers, booleans, lists
    and dicts of these (no floats: TypeError).
    """
    n, epoch, tag_hex = (0, 0, os.urandom(16).hex()) if recording is None else _next_number(tx, recording)
    at = (clock or SystemClock()).now()  # after the wait for another act on the recording: order and time agree
    event_id = new_id()
    payload = EventPayload(
        event=event_id,
        kind=kind.value,
        actor=actor,
        at=iso(at),
        recording=recording,
        n=n,
        epoch=epoch,
        details=details or {},
    ).encode()
    salt = os.urandom(SECRET_BYTES)
    leaf = public_leaf(commit(salt, payload), hour_of(at), tag_hex)
    tx.execute(
        _INSERT,
        {
            "id": event_id,
            "kind": kind.value,
            "actor": actor,
            "at": at,
            "recording_id": recording,
            "n": n,
            "epoch": epoch,
            "payload": payload.decode(),
            "salt": salt,
            "leaf": leaf.decode(),
            **_searched(details),
        },
    )
    return event_id


def _searched(details: Mapping[str, Any] | None) -> dict[str, str | None]:
    """What an event is searched by besides its own fields: whose account it concerns and from where it came."""
    given = {"about_account": (details or {}).get("account"), "address": (details or {}).get("address")}
    return {name: value if isinstance(value, str) else None for name, value in given.items()}


# inline(): no RETURNING for the row's number, which nobody needs here.
_INSERT = custody_event.insert().inline()


def _next_number(tx: Connection, recording: str) -> tuple[int, int, str]:
    """The event's number, its epoch and its tag; holds the subject's row until the transaction ends."""
    taken = tx.execute(_TAKE, {"subject": recording}).first()
    if taken is None:
        key = os.urandom(SECRET_BYTES)
        tx.execute(custody_subject.insert(), {"recording_id": recording, "next_n": 1, "epoch": 0, "tag_key": key})
        tx.execute(custody_tag_key.insert(), {"recording_id": recording, "epoch": 0, "first_n": 0, "tag_key": key})
        return 0, 0, tag(key, 0)
    return taken.next_n - 1, taken.epoch, tag(taken.tag_key, taken.next_n - 1)


_TAKE = (
    custody_subject.update()
    .where(custody_subject.c.recording_id == sa.bindparam("subject"))
    .values(next_n=custody_subject.c.next_n + 1)
    .returning(custody_subject.c.next_n, custody_subject.c.epoch, custody_subject.c.tag_key)
)


def rotate_tag_key(tx: Connection, recording: str, *, actor: str, clock: Clock | None = None) -> str:
    """Give the recording a new tag key, so that a key handed out says nothing of later events.

    The rotation is the last event under the old key and commits to the new one, so that whoever gets the
    next key can check that no epoch was slipped in or left out between them.
    """
    key = os.urandom(SECRET_BYTES)
    row = tx.execute(
        sa.select(custody_subject.c.next_n, custody_subject.c.epoch).where(custody_subject.c.recording_id == recording)
    ).one()
    event_id = append(
        tx,
        Event.RECORDING_TAG_KEY_ROTATED,
        actor=actor,
        recording=recording,
        details={
            "epoch": row.epoch,
            "events": row.next_n + 1,
            "next_key_sha256": hashlib.sha256(key).hexdigest(),
        },
        clock=clock,
    )
    tx.execute(
        custody_subject.update()
        .where(custody_subject.c.recording_id == recording)
        .values(epoch=row.epoch + 1, tag_key=key)
    )
    tx.execute(
        custody_tag_key.insert(),
        {"recording_id": recording, "epoch": row.epoch + 1, "first_n": row.next_n + 1, "tag_key": key},
    )
    return event_id


_COLUMNS = [
    custody_event.c[name]
    for name in (
        *("id", "kind", "actor", "at", "recording_id", "n", "epoch"),
        *("payload", "salt", "leaf", "position", "erased_by"),
    )
]


def history(tx: Connection, recording: str) -> list[CustodyEvent]:
    """Every event of a recording, in order."""
    found = tx.execute(
        sa.select(*_COLUMNS).where(custody_event.c.recording_id == recording).order_by(custody_event.c.n)
    )
    return [_event(row) for row in found]


def epochs(tx: Connection, recording: str) -> list[Epoch]:
    """The tag keys of a recording, oldest first. Secret: they link its events in the public log."""
    found = tx.execute(
        sa.select(custody_tag_key).where(custody_tag_key.c.recording_id == recording).order_by(custody_tag_key.c.epoch)
    )
    return [Epoch(row.epoch, row.first_n, row.tag_key) for row in found]


def find(tx: Connection, event_id: str) -> CustodyEvent | None:
    """One event by its id."""
    row = tx.execute(sa.select(*_COLUMNS).where(custody_event.c.id == event_id)).first()
    return None if row is None else _event(row)


def recent(
    tx: Connection, *, kinds: list[Event] | None = None, actor: str | None = None, limit: int = 100
) -> Iterator[CustodyEvent]:
    """The newest events, newest first, of some kinds or one actor."""
    query = sa.select(*_COLUMNS).order_by(custody_event.c.seq.desc()).limit(limit)
    if kinds is not None:
        query = query.where(custody_event.c.kind.in_([kind.value for kind in kinds]))
    if actor is not None:
        query = query.where(custody_event.c.actor == actor)
    for row in tx.execute(query):
        yield _event(row)


def _event(row: sa.Row[Any]) -> CustodyEvent:
    values = dict(row._mapping)
    return CustodyEvent(**{**values, "kind": Event(values["kind"])})
