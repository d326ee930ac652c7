"""Redactions as people see them: which there are, their parts and copies, who changed what; and closing one.

Whoever redacts has the permission to, and sight of the recording: one expression, for the list and for a single one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import regrouping
from candor.footage.purging import must_not_be_destroyed
from candor.footage.rules import visible_to
from candor.footage.tables import part, recording
from candor.people.auditing import names_of
from candor.people.rules import Actor, Permission
from candor.redaction.errors import CopyUnknown, RedactionClosed, RedactionUnknown
from candor.redaction.media.plan import Plan
from candor.redaction.model import FrameTimes, Kind, Picture
from candor.redaction.rules import CopyState, PartState, Profile, Verdict
from candor.redaction.tables import redacted_copy, redaction, redaction_edit, redaction_part

__all__ = [
    "SYSTEM",
    "Copy",
    "Edit",
    "Redaction",
    "RedactionPart",
    "close",
    "copies_of",
    "copy_of",
    "get",
    "history",
    "list_of",
    "parts_of",
    "sight",
    "to_change",
]

#: Who brings in what was detected, and makes copies.
SYSTEM = "system:redaction"
MOST = 500


@dataclass(frozen=True)
class Redaction:
    """One redaction of one recording. `edit`: the number of the newest edit; `holder_id`: who is at work on it until
    `holder_until`, on the page `holder_key`; `logged_edit`: up to which edit the custody log has it."""

    id: str
    recording_id: str
    title: str
    wanted: Mapping[str, Any]
    edit: int
    holder_id: str | None
    holder_key: str | None
    holder_until: datetime | None
    logged_edit: int
    created_by: str
    created_at: datetime
    closed_at: datetime | None
    recording_title: str

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What is looked for."""
        return tuple(Kind(one) for one in self.wanted.get("kinds", ()))

    @property
    def profile(self) -> Profile:
        """How closely."""
        return Profile(self.wanted.get("profile", Profile.DEFAULT))

    def held_by(self, now: datetime) -> str | None:
        """The account that is at work on it at a moment."""
        return self.holder_id if self.holder_until is not None and self.holder_until > now else None


@dataclass(frozen=True)
class RedactionPart:
    """A part within a redaction. `number`, `name`, `sha256`: of the original; `found`: models, counts, seconds."""

    redaction_id: str
    part_id: str
    number: int
    name: str
    sha256: bytes
    size: int
    state: PartState
    picture: Picture | None
    frames: FrameTimes | None
    facts: Mapping[str, Any] | None
    run: str | None
    source_rendition_id: str | None
    tracks_object_id: str | None
    found: Mapping[str, Any] | None
    problem: str | None
    begun_at: datetime | None
    ready_at: datetime | None

    @property
    def plan(self) -> Plan | None:
        """What every pass goes by; None while nobody looked, and for sound alone."""
        if self.picture is None or self.frames is None or self.facts is None:
            return None
        return Plan.of(self.picture.to_json(), self.frames.to_json(), self.facts)


@dataclass(frozen=True)
class Copy:
    """A redacted copy of a part, made of one edit."""

    id: str
    redaction_id: str
    part_id: str
    part_number: int
    edit: int
    state: CopyState
    job_id: str | None
    wanted: Mapping[str, Any]
    copy_object_id: str | None
    proof_object_id: str | None
    list_object_id: str | None
    poster_object_id: str | None
    filmstrip_object_id: str | None
    waveform_object_id: str | None
    sha256: bytes | None
    size: int | None
    made_by: str | None
    details: Mapping[str, Any] | None
    verdict: Verdict | None
    problem: str | None
    asked_by: str
    asked_at: datetime
    ready_at: datetime | None


@dataclass(frozen=True)
class Edit:
    """One edit of the history. `name`: of the author, for people; `undoes`, `undone_by`: numbers of other edits."""

    number: int
    author: str
    name: str
    made_at: datetime
    words: str
    undoes: int | None
    undone_by: int | None


def sight(actor: Actor) -> sa.ColumnElement[bool]:
    """Which redactions the actor may see and work on, as a condition on `redaction` joined with `recording`. Raises
    Refused."""
    actor.require(Permission.RECORDINGS_REDACT)
    return visible_to(actor).expression


def _query(actor: Actor) -> sa.Select[Any]:
    columns = [redaction.c[name] for name in Redaction.__dataclass_fields__ if name != "recording_title"]
    joined = redaction.join(recording, recording.c.id == redaction.c.recording_id)
    query = sa.select(*columns, recording.c.title.label("recording_title"))
    return query.select_from(joined).where(sight(actor))


def get(tx: Connection, actor: Actor, redaction_id: str) -> Redaction:
    """One redaction. Raises Refused, RedactionUnknown."""
    row = tx.execute(_query(actor).where(redaction.c.id == redaction_id)).first()
    if row is None:
        raise RedactionUnknown(id=redaction_id)
    return Redaction(**row._mapping)


def to_change(tx: Connection, actor: Actor, redaction_id: str) -> Redaction:
    """One redaction, held until the transaction ends, that may be changed. Raises RedactionUnknown, RedactionClosed,
    RecordingDestroyed."""
    query = _query(actor).where(redaction.c.id == redaction_id).with_for_update(of=redaction)
    row = tx.execute(query).first()
    if row is None:
        raise RedactionUnknown(id=redaction_id)
    must_not_be_destroyed(tx, row.recording_id)
    if row.closed_at is not None:
        raise RedactionClosed(id=redaction_id)
    return Redaction(**row._mapping)


def list_of(
    tx: Connection, actor: Actor, *, recording_id: str | None = None, closed: bool = False, limit: int = MOST
) -> list[Redaction]:
    """The redactions that the actor may work on, the newest first; `closed`: those too. Raises Refused."""
    query = _query(actor).order_by(redaction.c.created_at.desc(), redaction.c.id.desc()).limit(min(limit, MOST))
    if recording_id is not None:
        query = query.where(redaction.c.recording_id == recording_id)
    if not closed:
        query = query.where(redaction.c.closed_at.is_(None))
    return [Redaction(**row._mapping) for row in tx.execute(query)]


def parts_of(tx: Connection, redaction_id: str) -> list[RedactionPart]:
    """The parts of a redaction in order; whoever calls has checked that it may be seen."""
    own = [name for name in RedactionPart.__dataclass_fields__ if name not in ("number", "name", "sha256", "size")]
    query = (
        sa.select(*(redaction_part.c[name] for name in own), part.c.number, part.c.name, part.c.sha256, part.c.size)
        .join(part, part.c.id == redaction_part.c.part_id)
        .where(redaction_part.c.redaction_id == redaction_id)
        .order_by(part.c.number)
    )
    return [_part(row) for row in tx.execute(query)]


def _part(row: Any) -> RedactionPart:
    values = dict(row._mapping)
    picture, frames = values["picture"], values["frames"]
    values |= {
        "state": PartState(row.state),
        "picture": None if picture is None else Picture.from_json(picture),
        "frames": None if frames is None else FrameTimes.from_json(frames),
    }
    return RedactionPart(**values)


def _copies() -> sa.Select[Any]:
    own = [name for name in Copy.__dataclass_fields__ if name != "part_number"]
    query = sa.select(*(redacted_copy.c[name] for name in own), part.c.number.label("part_number"))
    return query.join(part, part.c.id == redacted_copy.c.part_id)


def _copy(row: sa.Row[Any]) -> Copy:
    verdict = None if row.verdict is None else Verdict(row.verdict)
    return Copy(**{**row._mapping, "state": CopyState(row.state), "verdict": verdict})


def copies_of(tx: Connection, redaction_id: str) -> list[Copy]:
    """The copies of a redaction, the newest first, those of one asking by part; whoever calls has checked that it may
    be seen."""
    order = redacted_copy.c.asked_at.desc(), redacted_copy.c.edit.desc(), part.c.number, redacted_copy.c.id.desc()
    query = _copies().where(redacted_copy.c.redaction_id == redaction_id).order_by(*order)
    return [_copy(row) for row in tx.execute(query)]


def copy_of(tx: Connection, actor: Actor, copy_id: str) -> tuple[Redaction, Copy]:
    """One copy, and the redaction that it is of. Raises Refused, CopyUnknown."""
    row = tx.execute(_copies().where(redacted_copy.c.id == copy_id)).first()
    seen = None if row is None else tx.execute(_query(actor).where(redaction.c.id == row.redaction_id)).first()
    if row is None or seen is None:
        actor.require(Permission.RECORDINGS_REDACT)
        raise CopyUnknown(id=copy_id)
    return Redaction(**seen._mapping), _copy(row)


def history(tx: Connection, redaction_id: str, *, before: int | None = None, limit: int = 200) -> list[Edit]:
    """The edits of a redaction, the newest first, `before` a number; whoever calls has checked that it may be seen."""
    table = redaction_edit.c
    columns = (table.number, table.author, table.made_at, table.words, table.undoes)
    query = sa.select(*columns).where(table.redaction_id == redaction_id).order_by(table.number.desc()).limit(limit)
    rows = tx.execute(query if before is None else query.where(table.number < before)).all()
    names = names_of(tx, {row.author for row in rows})
    taken = sa.select(table.undoes, sa.func.max(table.number)).where(table.redaction_id == redaction_id)
    taken = taken.where(table.undoes.in_([row.number for row in rows])).group_by(table.undoes)
    by: dict[int, int] = {row.undoes: row[1] for row in tx.execute(taken)}
    return [
        Edit(
            row.number,
            row.author,
            names.get(row.author, row.author),
            row.made_at,
            row.words,
            row.undoes,
            by.get(row.number),
        )
        for row in rows
    ]


def close(tx: Connection, actor: Actor, redaction_id: str, *, clock: Clock | None = None) -> None:
    """End the work on a redaction: it is looked at, and its copies are handed out, but it is not changed any more.

    Raises RedactionUnknown, RedactionClosed, RecordingDestroyed.
    """
    clock = clock or SystemClock()
    found = to_change(tx, actor, redaction_id)
    ended = {"closed_at": clock.now(), "holder_id": None, "holder_key": None, "holder_until": None}
    tx.execute(redaction.update().where(redaction.c.id == redaction_id).values(**ended))
    custody.append(
        tx,
        Event.REDACTION_CLOSED,
        actor=actor.account_id,
        recording=found.recording_id,
        details={"redaction": redaction_id, "edit": found.edit},
        clock=clock,
    )


def _follow_parts(tx: Connection, into_recording: str, other_id: str, _actor: Actor, _clock: Clock) -> None:
    """A recording that went into another takes its redactions along: who may see the whole decides over them."""
    tx.execute(redaction.update().where(redaction.c.recording_id == other_id).values(recording_id=into_recording))


regrouping.PASS_ON.append(_follow_parts)
