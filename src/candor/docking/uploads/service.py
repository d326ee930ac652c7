"""Uploads as rows: begin, find, hold, note what is durable, end. One function per act, in the caller's transaction.

An upload is received in segments, each a draft in the vault under a key of its own. The number of bytes in its row is
the truth: it is written only after those bytes are durable, and every segment says how much of it counts.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.docking.links import service as links
from candor.docking.uploads.errors import (
    PartsNotWhole,
    UploadBusy,
    UploadTakenOver,
    UploadUnknown,
)
from candor.docking.uploads.limits import check_limits, one_at_a_time
from candor.docking.uploads.rules import (
    LEASE,
    UNFINISHED,
    Limits,
    Owner,
    Result,
    Upload,
    UploadKind,
    UploadState,
    as_claim,
    as_json,
)
from candor.docking.uploads.segments import Segment, drop_segment, segments_of
from candor.docking.uploads.tables import upload as upload_table
from candor.docking.uploads.tables import upload_segment as segment_table
from candor.footage import names
from candor.footage.intake import Claim, Received
from candor.store.drafts import Durable

__all__ = [
    "begin",
    "end",
    "expired",
    "find",
    "found",
    "hold",
    "join",
    "let_go",
    "note_assembled",
    "note_durable",
    "of_owner",
    "seal",
    "set_assembling",
    "stranded",
]

_MOST_PARTS = 1000
_ABANDONED = timedelta(days=7)
"""How long after its time an upload of another place is left to whoever has that place."""


def begin(
    tx: Connection,
    owner: Owner,
    claim: Claim,
    *,
    length: int | None,
    kind: UploadKind = UploadKind.WHOLE,
    metadata: str = "",
    parts: Sequence[str] = (),
    received: int = 0,
    limits: Limits,
    place: str,
    days: int,
    clock: Clock,
) -> Upload:
    """Begin an upload: its row and the event `upload:begun`. Raises UploadsTooMany, UploadsTooLarge; of a link's,
    LinkEnded and LinkFull."""
    one_at_a_time(tx, owner)
    if owner.kind == "link":
        links.admit(tx, owner.id, length, clock=clock)
    if kind is not UploadKind.JOINED:  # what it consists of was counted
        check_limits(tx, owner, limits, length or 0)
    now, upload_id = clock.now(), secrets.token_hex(16)
    row = {
        "id": upload_id,
        "owner_kind": owner.kind,
        "owner_id": owner.id,
        "actor": claim.actor,
        "kind": kind.value,
        "state": UploadState.OPEN.value,
        "length": length,
        "received": received,
        "claim": as_json(claim),
        "metadata": metadata,
        "parts": list(parts),
        "place": place,
        "created_at": now,
        "changed_at": now,
        "expires_at": now + timedelta(days=days),
        "assembled": 0,
    }
    tx.execute(upload_table.insert(), row)
    made = _read(tx, upload_table.c.id == upload_id)
    assert made is not None
    custody.append(tx, Event.UPLOAD_BEGUN, actor=claim.actor, details=_details(made), clock=clock)
    return made


def join(tx: Connection, owner: Owner, part_ids: Sequence[str], now: datetime) -> tuple[int, list[Upload]]:
    """The uploads that one is to consist of, and their bytes together. From now on they are its own: nobody cancels
    them, none expires, and none is joined once more. Raises PartsNotWhole, UploadUnknown."""
    if not part_ids or len(part_ids) > _MOST_PARTS or len(set(part_ids)) != len(part_ids):
        raise PartsNotWhole(reason=f"name from 1 to {_MOST_PARTS} of them, each once")
    held = {part_id: found(tx, owner, part_id, held=True) for part_id in sorted(part_ids)}  # in one order for all
    parts = [held[part_id] for part_id in part_ids]
    for one in parts:
        one.must_be_there(now)
        if one.kind is not UploadKind.PART or one.state is not UploadState.OPEN:
            raise PartsNotWhole(reason=f"{one.id} was not begun as a part, or was joined before")
        if not one.whole:
            raise PartsNotWhole(reason=f"{one.id} has {one.received} bytes of {one.length}")
        if one.place != parts[0].place:
            raise PartsNotWhole(reason=f"{one.id} was received by another machine")
    tx.execute(upload_table.update().where(upload_table.c.id.in_(part_ids)).values(state=UploadState.JOINED.value))
    return sum(one.received for one in parts), parts


def find(tx: Connection, upload_id: str) -> Upload | None:
    """An upload by its id, whoever's it is."""
    return _read(tx, upload_table.c.id == upload_id)


def found(tx: Connection, owner: Owner, upload_id: str, *, held: bool = False) -> Upload:
    """The owner's upload; `held`: until the transaction ends. Raises UploadUnknown, also for somebody else's."""
    mine = (upload_table.c.owner_kind == owner.kind, upload_table.c.owner_id == owner.id)
    known = _read(tx, upload_table.c.id == upload_id, *mine, held=held)
    if known is None:
        raise UploadUnknown()
    return known


def of_owner(tx: Connection, owner: Owner, *, limit: int = 1000) -> list[Upload]:
    """The owner's uploads, the newest first."""
    mine = (upload_table.c.owner_kind == owner.kind, upload_table.c.owner_id == owner.id)
    query = sa.select(upload_table).where(*mine).order_by(upload_table.c.created_at.desc(), upload_table.c.id)
    return [_upload(row) for row in tx.execute(query.limit(limit))]


def hold(tx: Connection, upload: Upload, holder: str, is_gone: Callable[[str], bool], now: datetime) -> None:
    """Have this process be the only one that receives or assembles the upload. Raises UploadBusy."""
    row = tx.execute(sa.select(upload_table.c.lease, upload_table.c.lease_until).where(upload_table.c.id == upload.id))
    lease, until = row.one()
    if lease not in (None, holder) and until > now and not is_gone(lease):
        raise UploadBusy()
    _change(tx, upload.id, lease=holder, lease_until=now + LEASE)


def let_go(tx: Connection, upload_id: str, holder: str) -> None:
    """Have others go on with it."""
    mine = (upload_table.c.id == upload_id, upload_table.c.lease == holder)
    tx.execute(upload_table.update().where(*mine).values(lease=None, lease_until=None))


def note_durable(
    tx: Connection,
    upload_id: str,
    holder: str,
    segment: Segment,
    durable: Durable,
    *,
    received: int,
    length: int | None,
    replaced: Segment | None,
    days: int,
    now: datetime,
) -> None:
    """Write down that so much of a segment is durable, and of the upload. Raises UploadTakenOver.

    `replaced`: the segment whose bytes are in this one too, and which is needed no more.
    """
    values = {"streamed": durable.streamed, "tail": durable.tail, "tail_number": durable.number}
    tx.execute(segment_table.update().where(segment_table.c.object_id == segment.object_id).values(values))
    if replaced is not None:
        drop_segment(tx, replaced)
    _change_held(
        tx,
        upload_id,
        holder,
        received=received,
        length=length,
        changed_at=now,
        expires_at=now + timedelta(days=days),
        lease_until=now + LEASE,
    )


def set_assembling(tx: Connection, upload_id: str, holder: str, now: datetime) -> None:
    """All of it is here: it is to be put together. Raises UploadTakenOver."""
    values = {"state": UploadState.ASSEMBLING.value, "changed_at": now, "lease_until": now + LEASE}
    _change_held(tx, upload_id, holder, **values)


def note_assembled(tx: Connection, upload_id: str, holder: str, done: int, now: datetime) -> None:
    """How far the assembling is. Raises UploadTakenOver."""
    _change_held(tx, upload_id, holder, assembled=done, changed_at=now, lease_until=now + LEASE)


def note_problem(tx: Connection, upload_id: str, problem: str, now: datetime) -> None:
    """Why it could not be assembled just now."""
    _change(tx, upload_id, problem=problem, changed_at=now)


def seal(tx: Connection, upload: Upload, holder: str, received: Received, clock: Clock) -> list[Segment]:
    """In the transaction of intake: the upload is done. Its segments are forgotten, their keys destroyed; returns them,
    so that their files go once this is committed. Raises UploadTakenOver, which undoes the intake too."""
    values = {
        "state": UploadState.DONE.value,
        "received": received.size,
        "length": received.size,
        "assembled": received.size,
        "problem": None,
        "lease": None,
        "lease_until": None,
        "ended_at": clock.now(),
        "changed_at": clock.now(),
        "recording_id": received.recording_id,
        "part_id": received.part_id,
        "sha256": received.sha256,
        "new": received.new,
        "flags": [flag.value for flag in received.flags],
    }
    _change_held(tx, upload.id, holder, **values)
    segments = segments_of(tx, upload)
    for one in segments:
        drop_segment(tx, one)
    ended = {"state": UploadState.JOINED.value, "ended_at": clock.now(), "recording_id": received.recording_id}
    tx.execute(upload_table.update().where(upload_table.c.id.in_(upload.parts)).values(ended))
    details = {"upload": upload.id, "sha256": received.sha256.hex(), "size": received.size, "new": received.new}
    custody.append(
        tx, Event.UPLOAD_SEALED, actor=upload.actor, recording=received.recording_id, details=details, clock=clock
    )
    links.note_sealed(tx, upload, received, clock=clock)
    return segments


def end(
    tx: Connection, upload: Upload, state: UploadState, actor: str, clock: Clock, problem: str = ""
) -> list[Segment]:
    """End an upload that never became evidence, with the event that says so; returns its segments, whose files go once
    this is committed. The parts of a joined one stay, to be joined again: they end by themselves."""
    values = {"state": state.value, "ended_at": clock.now(), "lease": None, "lease_until": None}
    _change(tx, upload.id, **values, problem=problem or None)
    segments = [] if upload.kind is UploadKind.JOINED else segments_of(tx, upload)
    for one in segments:
        drop_segment(tx, one)
    if upload.kind is UploadKind.JOINED:
        again = {"state": UploadState.OPEN.value, "expires_at": clock.now() + (upload.expires_at - upload.created_at)}
        tx.execute(upload_table.update().where(upload_table.c.id.in_(upload.parts)).values(again))
    details = _details(upload) | {"how": state.value, "received": upload.received, "problem": problem or None}
    custody.append(tx, Event.UPLOAD_ENDED, actor=actor, details=details, clock=clock)
    return segments


def expired(tx: Connection, place: str, now: datetime, *, limit: int = 100) -> list[Upload]:
    """Uploads that were not gone on with in time: of this place; and of others, where nobody has ended them for long
    (a machine that is gone, a database that was restored elsewhere). One whose every byte is here is not among them: it
    is sealed, however late."""
    table = upload_table.c
    here = sa.and_(table.place == place, table.expires_at <= now)
    elsewhere = sa.and_(table.place != place, table.expires_at <= now - _ABANDONED)
    whole = sa.and_(table.kind == UploadKind.WHOLE.value, table.length.is_not(None), table.received == table.length)
    late = (table.state == UploadState.OPEN.value, sa.or_(here, elsewhere), sa.not_(whole))
    query = sa.select(upload_table).where(*late).order_by(table.expires_at)
    return [_upload(row) for row in tx.execute(query.limit(limit))]


def stranded(
    tx: Connection, place: str, now: datetime, *, after: timedelta, is_gone: Callable[[str], bool], limit: int = 100
) -> list[str]:
    """Uploads of this place whose every byte is here and that nobody is sealing: what was let go, after so long; what
    a process had that has ended, at once."""
    table = upload_table.c
    opened = sa.and_(
        table.state == UploadState.OPEN.value, table.kind == UploadKind.WHOLE.value, table.received == table.length
    )
    query = sa.select(table.id, table.lease, table.lease_until, table.changed_at).where(table.place == place)
    query = query.where(sa.or_(table.state == UploadState.ASSEMBLING.value, opened)).order_by(table.changed_at)
    found = []
    for row in tx.execute(query.limit(limit)):
        let_go = row.lease is None and row.changed_at <= now - after
        if let_go or (row.lease is not None and (row.lease_until <= now or is_gone(row.lease))):
            found.append(row.id)
    return found


def say_length(tx: Connection, upload_id: str, length: int | None) -> None:
    """Write down the length of an upload that had none."""
    _change(tx, upload_id, length=length)


def renew(tx: Connection, upload_id: str, holder: str, now: datetime) -> None:
    """Have it a while longer. Raises UploadTakenOver."""
    _change_held(tx, upload_id, holder, lease_until=now + LEASE)


def forget(tx: Connection, before: datetime) -> int:
    """Remove the rows of uploads that ended before that moment, with all that was said of them; how many. The events
    stay, and what was sealed by a link counts there (`links.admit`)."""
    done = sa.and_(upload_table.c.ended_at.is_not(None), upload_table.c.ended_at < before)
    return tx.execute(upload_table.delete().where(done)).rowcount


def _details(upload: Upload) -> dict[str, Any]:
    """What the events say of it. A part of a file is told from a file."""
    return {
        "upload": upload.id,
        "owner": f"{upload.owner.kind}:{upload.owner.id}",
        "kind": upload.kind.value,
        "name": names.kept(upload.claim.name),
        "face": upload.claim.face,
        "length": upload.length,
        "dock": upload.claim.dock_id,
        "parts": list(upload.parts),
    }


def _change(tx: Connection, upload_id: str, **values: Any) -> None:
    tx.execute(upload_table.update().where(upload_table.c.id == upload_id).values(**values))


def _change_held(tx: Connection, upload_id: str, holder: str, **values: Any) -> None:
    unfinished = upload_table.c.state.in_([one.value for one in UNFINISHED])
    mine = (upload_table.c.id == upload_id, upload_table.c.lease == holder, unfinished)
    if tx.execute(upload_table.update().where(*mine).values(**values)).rowcount != 1:
        raise UploadTakenOver()


def _read(tx: Connection, *where: sa.ColumnElement[bool], held: bool = False) -> Upload | None:
    query = sa.select(upload_table).where(*where)
    row = tx.execute(query.with_for_update() if held else query).first()
    return None if row is None else _upload(row)


def _upload(row: sa.Row[Any]) -> Upload:
    result = None
    if row.sha256 is not None:
        result = Result(row.recording_id, row.part_id, row.sha256, bool(row.new), tuple(row.flags or ()))
    same = (
        "id", "actor", "length", "received", "metadata", "place", "created_at", "changed_at", "expires_at", "ended_at",
        "assembled", "problem",
    )  # fmt: skip
    return Upload(
        owner=Owner(row.owner_kind, row.owner_id),
        kind=UploadKind(row.kind),
        state=UploadState(row.state),
        claim=as_claim(row.claim),
        parts=tuple(row.parts),
        result=result,
        **{name: getattr(row, name) for name in same},
    )
