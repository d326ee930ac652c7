"""Making one recording of several: files of one camera that were taken in by themselves and belong together.

Both histories are kept. The earliest recording gets the parts of the others, each under a new number and sealed again
there (`recording:part-added`); the others stay, without parts, with the event that says where those are
(`recording:regrouped`). A part's number never changes once it was sealed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.catalogue import held_to_change
from candor.footage.classification_rows import carry_labels
from candor.footage.discrepancies import Field, State, discrepancies_of, pass_on_open
from candor.footage.errors import RegroupWrong
from candor.footage.facts import recorded_moment
from candor.footage.gathering import name_gaps
from candor.footage.indexing import index_recording
from candor.footage.rules import Flag, RecordingState
from candor.footage.sealing import seal_entry
from candor.footage.tables import bookmark, gathering, location_track, part, recording, recording_gap, sidecar
from candor.people.rules import Actor

__all__ = ["LONGEST_REASON", "MOST_AT_ONCE", "PASS_ON", "regroup"]

MOST_AT_ONCE = 100
LONGEST_REASON = 500
#: Between the beginnings of the first and the last of them.
LONGEST_APART = timedelta(days=1)
#: What rooms above do in the same transaction, so that what they keep of a recording holds for the one that has its
#: parts: (transaction, the whole, the one that was joined, who acts, clock).
PASS_ON: list[Callable[[Connection, str, str, Actor, Clock], None]] = []


def regroup(
    tx: Connection, actor: Actor, recording_ids: Sequence[str], *, reason: str, clock: Clock | None = None
) -> str:
    """Make one recording of these; the identifier of the one that has all parts now, the earliest of them.

    All are sealed, of one camera, worn by one person, and may be changed by the actor. Conflicts that wait for somebody
    go on with it. Raises RecordingUnknown, Refused, RegroupWrong.
    """
    clock, why = clock or SystemClock(), reason.strip()
    chosen = sorted(set(recording_ids))
    if not 1 <= len(why) <= LONGEST_REASON or not why.isprintable():
        raise RegroupWrong(reason=f"why is to be said in 1 to {LONGEST_REASON} characters, all of them visible")
    if not 2 <= len(chosen) <= MOST_AT_ONCE:
        raise RegroupWrong(reason=f"2 to {MOST_AT_ONCE} recordings are needed, and these are {len(chosen)}")
    rows = sorted((held_to_change(tx, one, actor) for one in chosen), key=lambda row: (row.started_at, row.id))
    _must_fit(rows)
    whole, others = rows[0], rows[1:]
    number = tx.scalar(sa.select(sa.func.max(part.c.number)).where(part.c.recording_id == whole.id)) or 0
    for other in others:
        number = _move(tx, actor, whole, other, number, why, clock)
    _add_up(tx, whole, others)
    return str(whole.id)


def _must_fit(rows: Sequence[sa.Row[Any]]) -> None:
    for row in rows:
        if row.state != RecordingState.SEALED.value:
            raise RegroupWrong(reason=f"the recording {row.id} is not a sealed one with parts of its own")
    if len({row.device_id for row in rows}) > 1:
        raise RegroupWrong(reason="they are not all known to be of the same camera; set the camera of each first")
    # By the moments that the law counts from, which no correction of a start makes earlier.
    begun = [recorded_moment(row.started_at, row.started_source, row.received_at, row.flags) for row in rows]
    if max(begun) - min(begun) > LONGEST_APART:
        # The whole counts from its beginning: what is young must not become old by being joined to it.
        raise RegroupWrong(reason=f"they begin more than {LONGEST_APART.days * 24} hours apart")
    if len({row.category for row in rows}) > 1:
        # What is kept longest must not become what is kept shortest by being joined to it.
        raise RegroupWrong(reason="they are not all of one category; set the category of each first")
    if len({row.wearer_id for row in rows}) > 1:
        raise RegroupWrong(
            reason="the same person did not wear the camera in all of them; set the wearer of each first"
        )


def _move(
    tx: Connection, actor: Actor, whole: sa.Row[Any], other: sa.Row[Any], number: int, why: str, clock: Clock
) -> int:
    """Give the parts of one recording to another; the last number used."""
    moved, entries = [], []
    for row in tx.execute(sa.select(part).where(part.c.recording_id == other.id).order_by(part.c.number)).all():
        number += 1
        tx.execute(part.update().where(part.c.id == row.id).values(recording_id=whole.id, number=number))
        media = row.claims.get("media")
        entries.append(seal_entry(number, row.sha256, row.chunk_root, row.size, row.name, media=media))
        moved.append({"part": row.number, "there": number, "sha256": row.sha256.hex()})
    for table in (sidecar, location_track):
        tx.execute(table.update().where(table.c.recording_id == other.id).values(recording_id=whole.id))
    _move_bookmarks(tx, whole.id, other.id)
    labels = carry_labels(tx, other.id, whole.id, said_by=actor.account_id, reason=why, clock=clock)
    pass_on_open(tx, other.id, whole.id, actor=actor.account_id, clock=clock)
    tx.execute(recording_gap.delete().where(recording_gap.c.recording_id == other.id))
    tx.execute(gathering.update().where(gathering.c.recording_id == other.id).values(recording_id=whole.id))
    state = {"state": RecordingState.REGROUPED.value, "regrouped_into": whole.id, "version": other.version + 1}
    tx.execute(recording.update().where(recording.c.id == other.id).values(**state))
    flags = _flags(tx, whole.id, (whole, other))
    details: dict[str, Any] = {"parts": entries, "flags": flags, "from": other.id}
    details |= {"labels": [one.value for one in labels]}
    _append(tx, Event.RECORDING_PART_ADDED, actor, whole.id, {**details, "reason": why}, clock)
    _append(tx, Event.RECORDING_REGROUPED, actor, other.id, {"into": whole.id, "parts": moved, "reason": why}, clock)
    for pass_on in PASS_ON:
        pass_on(tx, whole.id, other.id, actor, clock)
    index_recording(tx, other.id)
    return number


def _move_bookmarks(tx: Connection, whole_id: str, other_id: str) -> None:
    there = sa.select(bookmark.c.source_id).where(bookmark.c.recording_id == whole_id)
    for row in tx.execute(sa.select(bookmark).where(bookmark.c.recording_id == other_id)).all():
        values = {"recording_id": whole_id}
        if tx.execute(there.where(bookmark.c.source_id == row.source_id)).first() is not None:
            values["source_id"] = f"{row.source_id} ({other_id})"
        tx.execute(bookmark.update().where(bookmark.c.id == row.id).values(**values))


def _add_up(tx: Connection, whole: sa.Row[Any], others: Sequence[sa.Row[Any]]) -> None:
    rows = [whole, *others]
    lengths = [row.duration_ms for row in rows if row.duration_ms is not None]
    values = {
        "size": sum(row.size for row in rows),
        "duration_ms": sum(lengths) if lengths else None,
        "ended_at": max((row.ended_at for row in rows if row.ended_at), default=None),
        "flags": _flags(tx, whole.id, rows),
        "version": whole.version + 1,
    }
    tx.execute(recording.update().where(recording.c.id == whole.id).values(**values))
    name_gaps(tx, whole.id)
    index_recording(tx, whole.id)


def _flags(tx: Connection, whole_id: str, rows: Sequence[sa.Row[Any]]) -> list[str]:
    """Everything that is wrong with one of them; whether the wearer is disputed, as it stands with the whole now."""
    flags = {flag for row in rows for flag in row.flags} - {Flag.WEARER_DISPUTED.value}
    disputed = any(one.field is Field.WEARER and one.state is State.OPEN for one in discrepancies_of(tx, whole_id))
    return sorted(flags | ({Flag.WEARER_DISPUTED.value} if disputed else set()))


def _append(
    tx: Connection, event: Event, actor: Actor, recording_id: str, details: dict[str, Any], clock: Clock
) -> None:
    custody.append(tx, event, actor=actor.account_id, recording=recording_id, details=details, clock=clock)
