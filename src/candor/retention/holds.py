"""Holds: why footage must stay, who says so, and until when somebody looks at it again.

A hold is on a case, with every recording that belongs to it or will, or on one recording. Nothing but a person ends it.
A hold on what a wall, a case or a name closes to somebody is not there for them: its reason would tell of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock, SystemClock, iso
from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import facts, regrouping
from candor.footage.errors import RecordingUnknown
from candor.footage.rules import RecordingState, closed_to, visible_to
from candor.footage.tables import recording
from candor.law.model import HoldFact
from candor.law.vocabulary import HOLD_WORDS, HoldKind
from candor.matters import service as matters
from candor.matters.holding import in_history
from candor.matters.rules import walled_cases
from candor.matters.tables import matter, matter_recording
from candor.people.rules import Actor, Permission
from candor.people.tables import account
from candor.retention.errors import HoldNeedsOne, HoldOwnerUnknown, HoldReleased, HoldUnknown
from candor.retention.tables import hold as hold_table
from candor.retention.words import on_record

__all__ = [
    "Hold",
    "change_review",
    "EVERY",
    "due",
    "go_round",
    "hold",
    "holds",
    "holds_of_case",
    "holds_of_recording",
    "keep_on",
    "open_on",
    "place",
    "release",
    "remind",
    "reminder_key",
]


#: Recordings that are asked for one by one.
_FEW = 100
#: How often it is looked which holds are due.
EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Hold:
    """A hold. `case_number`: of the case that it is on; None on a single recording."""

    id: str
    kind: HoldKind
    matter_id: str | None
    case_number: str | None
    recording_id: str | None
    reason: str
    owner_id: str | None
    review_on: date | None
    placed_by: str
    placed_at: datetime
    released_by: str | None
    released_at: datetime | None
    release_reason: str | None

    @property
    def open(self) -> bool:
        """Whether it still holds."""
        return self.released_at is None


def place(
    tx: Connection,
    actor: Actor,
    kind: HoldKind,
    *,
    matter_id: str | None = None,
    recording_id: str | None = None,
    reason: str,
    owner_id: str | None = None,
    review_on: date | None = None,
    clock: Clock | None = None,
) -> str:
    """Hold a case or a recording; the hold's id. Raises Refused, HoldNeedsOne, RetentionWordsMissing,
    HoldOwnerUnknown, RecordingUnknown, and what the case's room raises for a case that is not there."""
    actor.require(Permission.HOLDS_MANAGE)
    if (matter_id is None) == (recording_id is None):
        raise HoldNeedsOne()
    clock, said = clock or SystemClock(), on_record("reason", reason)
    if recording_id is not None:
        recording_id = _held_whole(tx, actor, recording_id)
    if matter_id is not None:
        matter_id = matters.case(tx, actor, matter_id).id
        _lock_recordings_of(tx, matter_id)
    if owner_id is not None:
        _must_be_active(tx, owner_id)
    row: dict[str, Any] = {
        "id": new_id(),
        "kind": HoldKind(kind).value,
        "matter_id": matter_id,
        "recording_id": recording_id,
        "reason": said,
        "owner_id": owner_id,
        "review_on": _text(review_on),
        "placed_by": actor.account_id,
        "placed_at": clock.now(),
    }
    tx.execute(hold_table.insert().values(**row))
    details = {**_told(row), "reason": said, "owner": owner_id, "review_on": _text(review_on)}
    _append(tx, Event.HOLD_PLACED, actor, row, details, clock)
    return str(row["id"])


def release(tx: Connection, actor: Actor, hold_id: str, *, reason: str, clock: Clock | None = None) -> None:
    """End a hold. Raises Refused, HoldUnknown, HoldReleased, RetentionWordsMissing."""
    actor.require(Permission.HOLDS_MANAGE)
    clock, said = clock or SystemClock(), on_record("reason", reason)
    row = _held(tx, actor, hold_id)
    values = {"released_by": actor.account_id, "released_at": clock.now(), "release_reason": said}
    tx.execute(hold_table.update().where(hold_table.c.id == hold_id).values(**values))
    outbox.resolve(tx, reminder_key(hold_id), clock=clock)
    details = {**_told(row._mapping), "reason": said, "placed_by": row.placed_by, "placed_at": iso(row.placed_at)}
    _append(tx, Event.HOLD_RELEASED, actor, row._mapping, details, clock)


def change_review(
    tx: Connection,
    actor: Actor,
    hold_id: str,
    *,
    review_on: date | None,
    owner_id: str | None,
    clock: Clock | None = None,
) -> None:
    """Say when somebody looks at it again, and who answers for it. Raises Refused, HoldUnknown, HoldReleased,
    HoldOwnerUnknown."""
    actor.require(Permission.HOLDS_MANAGE)
    clock = clock or SystemClock()
    row = _held(tx, actor, hold_id)
    if owner_id is not None and owner_id != row.owner_id:
        _must_be_active(tx, owner_id)
    values = {"review_on": _text(review_on), "owner_id": owner_id}
    if (values["review_on"], owner_id) == (row.review_on, row.owner_id):
        return
    tx.execute(hold_table.update().where(hold_table.c.id == hold_id).values(**values))
    outbox.resolve(tx, reminder_key(hold_id), clock=clock)
    details = {
        **_told(row._mapping),
        "owner": owner_id,
        "review_on": values["review_on"],
        "review_before": row.review_on,
    }
    _append(tx, Event.HOLD_CHANGED, actor, row._mapping, details, clock)


def keep_on(
    tx: Connection, actor: Actor, hold_id: str, *, reason: str, by: str | None = None, clock: Clock | None = None
) -> None:
    """Say why a hold goes on although what it was placed for is over: from now on that is its reason. `by`: whose
    choice it was, where the actor is the program. Raises Refused, HoldUnknown, HoldReleased, RetentionWordsMissing."""
    actor.require(Permission.HOLDS_MANAGE)
    clock, said = clock or SystemClock(), on_record("reason", reason)
    row = _held(tx, actor, hold_id)
    tx.execute(hold_table.update().where(hold_table.c.id == hold_id).values(reason=said))
    details = {**_told(row._mapping), "reason": said, "reason_before": row.reason, "by": by or actor.account_id}
    _append(tx, Event.HOLD_KEPT, actor, row._mapping, details, clock)


def hold(tx: Connection, hold_id: str) -> Hold:
    """One hold. Raises HoldUnknown."""
    row = tx.execute(_query().where(hold_table.c.id == hold_id)).first()
    if row is None:
        raise HoldUnknown(id=hold_id)
    return _hold(row)


def holds(tx: Connection, *, released: bool = False, limit: int = 500, seen_by: Actor | None = None) -> list[Hold]:
    """The holds, those to be looked at first first; with `released`, those that ended, newest first. All of them where
    nobody reads."""
    query = _query().where(hold_table.c.released_at.is_not(None) if released else hold_table.c.released_at.is_(None))
    query = query.where(_told_to(seen_by))
    order = (
        [hold_table.c.released_at.desc()]
        if released
        else [hold_table.c.review_on.is_(None), hold_table.c.review_on, hold_table.c.placed_at]
    )
    return [_hold(row) for row in tx.execute(query.order_by(*order, hold_table.c.id).limit(limit))]


def due(tx: Connection, today: date, *, seen_by: Actor | None = None) -> list[Hold]:
    """Open holds that somebody should look at by now. All of them where nobody reads."""
    open_ones = hold_table.c.released_at.is_(None), hold_table.c.review_on <= today.isoformat()
    return [
        _hold(row) for row in tx.execute(_query().where(*open_ones, _told_to(seen_by)).order_by(hold_table.c.review_on))
    ]


def holds_of_case(tx: Connection, matter_id: str) -> list[Hold]:
    """The holds on a case, open ones first."""
    query = _query().where(hold_table.c.matter_id == matter_id)
    return [_hold(row) for row in tx.execute(query.order_by(hold_table.c.released_at.is_not(None), hold_table.c.id))]


def holds_of_recording(tx: Connection, recording_id: str, *, seen_by: Actor | None = None) -> list[Hold]:
    """The holds on a recording, by itself and through its cases, open ones first. All of them where nobody reads."""
    through = sa.select(matter_recording.c.matter_id).where(
        matter_recording.c.recording_id == recording_id, matter_recording.c.removed_at.is_(None)
    )
    mine = sa.or_(hold_table.c.recording_id == recording_id, hold_table.c.matter_id.in_(through))
    query = _query().where(mine, _told_to(seen_by)).order_by(hold_table.c.released_at.is_not(None), hold_table.c.id)
    return [_hold(row) for row in tx.execute(query)]


def go_round(database: Database, clock: Clock) -> int:
    """Remind of what is due; done again and again while a process stays."""
    with database.write() as tx:
        return remind(tx, clock)


def remind(tx: Connection, clock: Clock) -> int:
    """Tell whoever answers for a hold that it is time to look at it again, once per hold; how many are told now."""
    told = 0
    for one in due(tx, clock.now().date()):
        details = {"hold": one.id, "kind": one.kind.value}
        if one.owner_id is not None:  # whoever else is told may be somebody from whom a wall keeps it
            details["words"] = one.reason
        new = outbox.tell(
            tx,
            outbox.NoticeKind.HOLD_REVIEW,
            details=details,
            about="/retention/holds",
            to=None if one.owner_id is None else [one.owner_id],
            once=reminder_key(one.id),
            clock=clock,
        )
        told += new is not None
    return told


def open_on(
    tx: Connection, recording_ids: Sequence[str], *, seen_by: Actor | None = None
) -> dict[str, tuple[HoldFact, ...]]:
    """Every open hold on these recordings, by itself or through a case, as the law hears of it. All of them where
    nobody reads."""
    if not recording_ids:
        return {}
    found: dict[str, list[HoldFact]] = {}
    columns = (hold_table.c.id, hold_table.c.kind, hold_table.c.reason, hold_table.c.placed_at)
    is_open = sa.and_(hold_table.c.released_at.is_(None), _told_to(seen_by))
    single = sa.select(hold_table.c.recording_id, sa.literal("").label("number"), *columns)
    single = single.where(is_open, _among(hold_table.c.recording_id, recording_ids))
    joined = hold_table.join(matter_recording, matter_recording.c.matter_id == hold_table.c.matter_id)
    joined = joined.join(matter, matter.c.id == hold_table.c.matter_id)
    cases = sa.select(matter_recording.c.recording_id, matter.c.number, *columns).select_from(joined)
    cases = cases.where(
        is_open, matter_recording.c.removed_at.is_(None), _among(matter_recording.c.recording_id, recording_ids)
    )
    asked = set(recording_ids)
    for query in (single, cases):
        for of, number, hold_id, kind, reason, since in tx.execute(query):
            if of in asked:
                found.setdefault(of, []).append(HoldFact(hold_id, HoldKind(kind), reason, since, number))
    return {of: tuple(sorted(several, key=lambda one: (one.since, one.id))) for of, several in found.items()}


def _among(column: sa.ColumnElement[str], recording_ids: Sequence[str]) -> sa.ColumnElement[bool]:
    """Whether a row may be of one of these. Many are asked for in the order of their identifiers, a stretch at a time:
    then two ends do, and the few rows of others in between are left out afterwards."""
    if len(recording_ids) <= _FEW:
        return column.in_(recording_ids)
    return column.between(min(recording_ids), max(recording_ids))


def _hanging(tx: Connection, matter_id: str) -> list[str]:
    """What somebody who closes a case is told."""
    return [
        f"A hold because of {HOLD_WORDS[one.kind]} goes on: {one.reason}"
        for one in holds_of_case(tx, matter_id)
        if one.open
    ]


facts.HOLDS.append(open_on)
matters.HANGS.append(_hanging)


def _told_to(reader: Actor | None) -> sa.ColumnElement[bool]:
    """Which holds somebody is told of: all but those on what is closed to them."""
    if reader is None:
        return sa.true()
    cases = sa.select(matter.c.id).where(walled_cases(reader)).correlate(None)
    closed = sa.select(recording.c.id).where(recording.c.id == hold_table.c.recording_id, closed_to(reader))
    of_walled = sa.and_(hold_table.c.matter_id.is_not(None), hold_table.c.matter_id.in_(cases))
    return sa.not_(sa.or_(of_walled, closed.correlate(hold_table).exists()))


def _query() -> sa.Select[Any]:
    joined = hold_table.outerjoin(matter, matter.c.id == hold_table.c.matter_id)
    return sa.select(hold_table, matter.c.number.label("case_number")).select_from(joined)


def _hold(row: sa.Row[Any]) -> Hold:
    found = {name: getattr(row, name) for name in Hold.__dataclass_fields__}
    review_on = None if row.review_on is None else date.fromisoformat(row.review_on)
    return Hold(**(found | {"kind": HoldKind(row.kind), "review_on": review_on}))


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _held(tx: Connection, actor: Actor, hold_id: str) -> sa.Row[Any]:
    """The hold's row, held until the transaction ends, if it is open."""
    query = sa.select(hold_table).where(hold_table.c.id == hold_id, _told_to(actor))
    row = tx.execute(query.with_for_update(of=hold_table)).first()
    if row is None:
        raise HoldUnknown(id=hold_id)
    if row.released_at is not None:
        raise HoldReleased(when=f"{row.released_at:%Y-%m-%d}")
    return row


def _held_whole(tx: Connection, actor: Actor, recording_id: str) -> str:
    """The recording, or the one that has its parts since it was joined: there they are destroyed. Its row is locked: a
    run that is about to destroy it waits, and then sees the hold. Raises RecordingUnknown."""
    query = sa.select(recording.c.id, recording.c.state, recording.c.regrouped_into).where(visible_to(actor).expression)
    wanted: str | None = recording_id
    while wanted is not None:
        row = tx.execute(query.where(recording.c.id == wanted).with_for_update(of=recording)).first()
        if row is None:
            break
        if row.state != RecordingState.REGROUPED.value:
            return str(row.id)
        wanted = row.regrouped_into
    raise RecordingUnknown(id=recording_id)


def _pass_on(tx: Connection, whole_id: str, other_id: str, actor: Actor, clock: Clock) -> None:
    """A recording became part of another: what held it holds that one, on the same word and since the same day."""
    query = sa.select(hold_table).where(hold_table.c.recording_id == other_id, hold_table.c.released_at.is_(None))
    for row in tx.execute(query.order_by(hold_table.c.placed_at, hold_table.c.id).with_for_update()).all():
        tx.execute(hold_table.update().where(hold_table.c.id == row.id).values(recording_id=whole_id))
        moved = {**row._mapping, "recording_id": whole_id}
        details = {**_told(moved), "reason": row.reason, "owner": row.owner_id, "review_on": row.review_on}
        details |= {"from": other_id, "placed_by": row.placed_by, "placed_at": iso(row.placed_at)}
        _append(tx, Event.HOLD_PLACED, actor, moved, details, clock)


regrouping.PASS_ON.append(_pass_on)


def _lock_recordings_of(tx: Connection, matter_id: str) -> None:
    """Wait for whoever is about to destroy one of them; whoever comes later sees the hold."""
    mine = sa.select(matter_recording.c.recording_id).where(
        matter_recording.c.matter_id == matter_id, matter_recording.c.removed_at.is_(None)
    )
    tx.execute(sa.select(recording.c.id).where(recording.c.id.in_(mine)).order_by(recording.c.id).with_for_update())


def _must_be_active(tx: Connection, account_id: str) -> None:
    query = sa.select(account.c.id).where(account.c.id == account_id, account.c.active)
    if tx.execute(query).first() is None:
        raise HoldOwnerUnknown(id=account_id)


def _told(row: Any) -> dict[str, Any]:
    return {"hold": row["id"], "kind": row["kind"], "case": row["matter_id"], "recording": row["recording_id"]}


def _append(tx: Connection, kind: Event, actor: Actor, row: Any, details: dict[str, Any], clock: Clock) -> None:
    """The custody event of an act on a hold: in the recording's history, or in the case's."""
    event = custody.append(
        tx, kind, actor=actor.account_id, recording=row["recording_id"], details=details, clock=clock
    )
    if row["matter_id"] is not None:
        in_history(tx, row["matter_id"], event)


def reminder_key(hold_id: str) -> str:
    """By what the notice of a hold that is due is known again."""
    return f"hold-review:{hold_id}"
