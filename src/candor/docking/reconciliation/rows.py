"""What the reconciliation reads: reports, arrivals, transfers under way, who had which camera, explanations. For many
cameras at once, so that a page over all of them costs a few questions and not one per camera."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.docking.axis.tables import axis_refused_call
from candor.docking.reconciliation.reconciling import LONGEST_STRETCH, NEWEST, ROUNDING, Arrival, Stay
from candor.docking.reconciliation.spans import Span
from candor.docking.reconciliation.tables import reconciliation_explanation
from candor.fleet.reports import Reported, ReportKind, touches
from candor.fleet.tables import assignment, clock_reading, reported_stretch
from candor.footage.gathering import open_gatherings
from candor.footage.tables import part, recording
from candor.footage.words import lowest_key

__all__ = [
    "Explanation",
    "File",
    "Here",
    "Offset",
    "Refusal",
    "arrivals",
    "explanations",
    "files_at",
    "files_with",
    "numbered",
    "offsets",
    "pending",
    "refusals",
    "reports",
    "stays",
]

#: Transfers under way that are looked at.
_MOST_OPEN = 10_000
#: After so long without anything new nobody can say that a recording is still being transferred.
WAITED_FOR = timedelta(days=7)
#: Problems of a file (footage.media.findings) by which some of its seconds may not be shown.
_DOUBTFUL = frozenset({"damaged", "ends-early", "index-missing", "picture-undecodable", "sound-undecodable"})


@dataclass(frozen=True)
class File:
    """A file that is here. `arrival`: where it lies in time, `held`: how long it is; None: nothing can be shown."""

    sha256: bytes
    recording_id: str
    arrival: Arrival | None
    held: timedelta | None
    doubtful: bool


@dataclass
class Here:
    """What arrived of one camera. `locked`: what is here encrypted, without a key that opens it; `damaged`: what its
    files should hold by their source's times, and do not."""

    files: list[File] = field(default_factory=list)
    locked: list[Span] = field(default_factory=list)
    damaged: list[Span] = field(default_factory=list)


@dataclass(frozen=True)
class Explanation:
    """What a person said of something that is missing."""

    id: str
    device_id: str
    kind: str
    from_at: datetime | None
    to_at: datetime | None
    source: str | None
    first_number: int | None
    last_number: int | None
    report_id: str | None
    cause: str
    words: str
    actor: str
    at: datetime


@dataclass(frozen=True)
class Offset:
    """What the ledger last said of a camera's clock. `ahead` is negative where the camera was behind."""

    at: datetime
    ahead: timedelta


@dataclass(frozen=True)
class Refusal:
    """A call of a camera system that could not be understood."""

    device_id: str | None
    span: Span | None
    container: str
    reason: str
    times: int
    last_at: datetime


def reports(tx: Connection, period: Span, devices: Collection[str] | None) -> dict[str, list[Reported]]:
    """Everything that was said of the period, by camera."""
    query = sa.select(reported_stretch).where(touches(period.from_at, period.to_at))
    query = _only(query, reported_stretch.c.device_id, devices)
    found: dict[str, list[Reported]] = defaultdict(list)
    for row in tx.execute(query.order_by(reported_stretch.c.first_said_at, reported_stretch.c.id)):
        values = dict(row._mapping)
        found[row.device_id].append(Reported(**values | {"kind": ReportKind(values["kind"])}))
    return found


def numbered(tx: Connection, period: Span, devices: Collection[str] | None) -> dict[str, list[Reported]]:
    """Reports with a number, by camera, in the order in which the files were made; also the last before the period, so
    that what was left out at its beginning is seen."""
    column = reported_stretch.c
    made = sa.func.coalesce(column.from_at, column.first_said_at, type_=column.from_at.type)
    order = (made, column.counter, column.id)
    inside = _only(sa.select(reported_stretch).where(column.counter.is_not(None)), column.device_id, devices)
    rows = list(tx.execute(inside.where(made >= period.from_at, made < period.to_at).order_by(*order)))
    last = sa.select(column.device_id, column.source, sa.func.max(made).label("made"))
    last = _only(last.where(column.counter.is_not(None), made < period.from_at), column.device_id, devices)
    newest = last.group_by(column.device_id, column.source).subquery()
    same = sa.and_(column.device_id == newest.c.device_id, column.source == newest.c.source, made == newest.c.made)
    before = tx.execute(inside.join(newest, same).order_by(*order)).all()
    found: dict[str, list[Reported]] = defaultdict(list)
    for row in [*before, *rows]:
        values = dict(row._mapping)
        found[row.device_id].append(Reported(**values | {"kind": ReportKind(values["kind"])}))
    return found


def arrivals(tx: Connection, period: Span, devices: Collection[str] | None) -> dict[str, Here]:
    """Every file that arrived of the period, by camera, placed in the camera's own time as its source says, or else
    where its recording begins."""
    low, high = period.from_at - LONGEST_STRETCH, period.to_at + NEWEST
    own = sa.and_(part.c.started_at >= low, part.c.started_at < high)
    begun = sa.and_(recording.c.started_key >= lowest_key(low), recording.c.started_key < lowest_key(high))
    query = _only(_files().where(sa.or_(own, begun)), recording.c.device_id, devices)
    return _by_camera(tx.execute(query.where(recording.c.device_id.is_not(None))))


def files_with(tx: Connection, hashes: Collection[bytes]) -> dict[bytes, File]:
    """The files with these bytes, whichever camera they are of."""
    found: dict[bytes, File] = {}
    sought = sorted(hashes)
    for at in range(0, len(sought), 500):
        rows = tx.execute(_files().where(part.c.sha256.in_(sought[at : at + 500])))
        for here in _by_camera(rows).values():
            found |= {one.sha256: one for one in here.files}
    return found


def files_at(tx: Connection, device_id: str, spans: Sequence[Span]) -> list[Span]:
    """What a camera's files cover of stretches that may lie anywhere in time."""
    found: list[Span] = []
    for at in range(0, len(spans), 100):
        near = (
            sa.and_(part.c.started_at >= one.from_at - ROUNDING, part.c.started_at < one.to_at)
            for one in spans[at : at + 100]
        )
        query = _files().where(recording.c.device_id == device_id, sa.or_(*near))
        for here in _by_camera(tx.execute(query)).values():
            found += [one.arrival.span for one in here.files if one.arrival is not None]
    return found


def _files() -> sa.Select[Any]:
    return (
        sa.select(
            recording.c.id.label("recording_id"),
            recording.c.device_id,
            recording.c.started_at.label("begun_at"),
            part.c.sha256,
            part.c.started_at,
            part.c.ended_at,
            part.c.claims,
        )
        .join(part, part.c.recording_id == recording.c.id)
        .order_by(recording.c.id, part.c.number)
    )


def _by_camera(rows: Iterable[sa.Row[Any]]) -> dict[str, Here]:
    found: dict[str, Here] = defaultdict(Here)
    recording_id, at = "", timedelta(0)
    for row in rows:
        if row.recording_id != recording_id:
            recording_id, at = row.recording_id, timedelta(0)
        at += _place(found[row.device_id or ""], row, row.begun_at + at)
    return found


def _place(here: Here, row: sa.Row[Any], otherwise: datetime) -> timedelta:
    """Enter one file; how long it is, which tells where the next begins that says nothing of itself."""
    media = row.claims.get("media") or {}
    problems = set(media.get("problems") or ())
    seconds = media.get("duration")
    held = timedelta(seconds=seconds) if seconds and 0 < seconds <= LONGEST_STRETCH.total_seconds() else None
    begin = row.started_at or otherwise
    stopped = "examination-stopped" in problems  # nobody could look inside: that is no proof that nothing can be shown
    locked = "encrypted" in (row.claims.get("source") or {})
    readable = not locked and (stopped or not media or bool(media.get("playable")))
    said = row.ended_at - begin if row.ended_at and timedelta(0) < row.ended_at - begin <= LONGEST_STRETCH else None
    length = _length(said, held) if readable else None
    doubtful = stopped or bool(problems & _DOUBTFUL)
    arrival = None if length is None else Arrival(Span(begin, begin + length), row.recording_id, doubtful)
    here.files.append(File(row.sha256, row.recording_id, arrival, length, doubtful))
    if said is not None and said - (length or timedelta(0)) > ROUNDING:
        (here.locked if locked else here.damaged).append(Span(begin + (length or timedelta(0)), begin + said))
    return held or timedelta(0)


def _length(said: timedelta | None, held: timedelta | None) -> timedelta | None:
    """How long a readable file is: as it holds; where that agrees with what its source says, as that says."""
    if said is None or held is None:
        return held or said
    return said if abs(said - held) <= ROUNDING else held


def pending(tx: Connection, now: datetime) -> dict[str, list[tuple[Span, str]]]:
    """Stretches that recordings still being received are said to have, by camera, with what names the recording. One of
    which nothing has come for `WAITED_FOR` is not under way any more; one whose end is not said goes on until now, and
    no longer than a camera records in one go."""
    found: dict[str, list[tuple[Span, str]]] = defaultdict(list)
    open_ones = open_gatherings(tx, limit=_MOST_OPEN)
    holders = [one.recording_id for one in open_ones if one.said.device_id is None and one.recording_id is not None]
    devices: dict[str, str] = {}
    for at in range(0, len(holders), 500):
        query = sa.select(recording.c.id, recording.c.device_id).where(recording.c.id.in_(holders[at : at + 500]))
        devices |= {row.id: row.device_id for row in tx.execute(query) if row.device_id is not None}
    for one in open_ones:
        device_id = one.said.device_id or devices.get(one.recording_id or "")
        begin = one.said.started_at or one.said.activated_at
        if device_id is None or begin is None or now - (one.last_part_at or one.begun_at) > WAITED_FOR:
            continue
        end = one.said.ended_at or min(now, begin + LONGEST_STRETCH)
        if begin < end <= begin + LONGEST_STRETCH:
            found[device_id].append((Span(begin, end), one.key))
    return found


def stays(tx: Connection, period: Span, devices: Collection[str] | None) -> dict[str, list[Stay]]:
    """Who had which camera in the period."""
    column = assignment.c
    query = sa.select(assignment).where(
        column.withdrawn_at.is_(None),
        column.from_at < period.to_at,
        sa.or_(column.to_at.is_(None), column.to_at > period.from_at),
    )
    found: dict[str, list[Stay]] = defaultdict(list)
    for row in tx.execute(_only(query, column.device_id, devices).order_by(column.from_at)):
        found[row.device_id].append(Stay(row.from_at, row.to_at, row.account_id, row.id))
    return found


def explanations(tx: Connection, period: Span, devices: Collection[str] | None) -> dict[str, list[Explanation]]:
    """What people said of the period, or of what has no time, by camera, latest first."""
    column = reconciliation_explanation.c
    about = sa.and_(column.from_at < period.to_at, column.to_at > period.from_at)
    query = sa.select(reconciliation_explanation).where(sa.or_(about, column.from_at.is_(None)))
    query = _only(query, column.device_id, devices).order_by(column.at.desc(), column.id.desc())
    found: dict[str, list[Explanation]] = defaultdict(list)
    for row in tx.execute(query):
        found[row.device_id].append(Explanation(**row._mapping))
    return found


def offsets(tx: Connection, devices: Collection[str] | None) -> dict[str, Offset]:
    """The latest reading of each camera's clock."""
    column = clock_reading.c
    last = sa.select(column.device_id, sa.func.max(column.reference_at).label("at"))
    newest = _only(last, column.device_id, devices).group_by(column.device_id).subquery()
    same = sa.and_(column.device_id == newest.c.device_id, column.reference_at == newest.c.at)
    rows = tx.execute(sa.select(clock_reading).join(newest, same))
    return {row.device_id: Offset(row.reference_at, row.camera_at - row.reference_at) for row in rows}


def refusals(tx: Connection, period: Span, devices: Collection[str] | None) -> list[Refusal]:
    """Calls of camera systems in the period that could not be understood, latest first."""
    column = axis_refused_call.c
    about = sa.and_(column.from_at < period.to_at, column.to_at > period.from_at)
    query = sa.select(axis_refused_call).where(
        sa.or_(about, sa.and_(column.first_at < period.to_at, column.last_at >= period.from_at))
    )
    if devices is not None:
        query = query.where(column.device_id.in_(devices))
    return [
        Refusal(row.device_id, _span(row.from_at, row.to_at), row.container, row.reason, row.times, row.last_at)
        for row in tx.execute(query.order_by(column.last_at.desc()).limit(_MOST_OPEN))
    ]


def _span(from_at: datetime | None, to_at: datetime | None) -> Span | None:
    if from_at is None or to_at is None or not from_at < to_at <= from_at + LONGEST_STRETCH:
        return None
    return Span(from_at, to_at)


def _only(query: sa.Select[Any], column: sa.ColumnElement[Any], devices: Collection[str] | None) -> sa.Select[Any]:
    return query if devices is None else query.where(column.in_(list(devices)))
