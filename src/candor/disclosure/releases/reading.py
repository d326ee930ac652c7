"""Reading releases: one, its copies, its history; the list; those of a request, a critical incident, a recording."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.custody.events import Event
from candor.custody.tables import custody_event
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.releases.acting import by_name
from candor.disclosure.releases.errors import ReleaseUnknown
from candor.disclosure.releases.rules import STATE_WORDS, Audience, ReleaseState
from candor.disclosure.releases.tables import release as release_table
from candor.disclosure.releases.tables import release_copy, release_history
from candor.footage.rules import visible_to
from candor.footage.tables import part, recording
from candor.jobs import JobState
from candor.jobs.tables import job
from candor.people.rules import Actor, Permission
from candor.redaction.tables import redacted_copy

__all__ = [
    "Happening",
    "Release",
    "ReleasePage",
    "ReleasedCopy",
    "copies_of_release",
    "history_of_release",
    "release",
    "release_prepared",
    "releases",
    "releases_of",
    "releases_of_recording",
]

#: Releases on one page of the list.
PAGE = 50
_NEWEST_FIRST = (release_table.c.prepared_at.desc(), release_table.c.id.desc())


@dataclass(frozen=True)
class Release:
    """A release. Moments in UTC, sizes in bytes; `version` counts its changes, and an act names the one it was decided
    upon. `rule`: what forbade it, where something did. `copies`: how many it holds."""

    id: str
    number: str
    request_id: str | None
    critical_id: str | None
    audience: Audience
    state: ReleaseState
    title: str
    summary: str
    prepared_by: str
    prepared_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    sent_back_by: str | None
    sent_back_at: datetime | None
    sent_back_reason: str | None
    package_id: str | None
    published_at: datetime | None
    zip_sha256: bytes | None
    zip_size: int | None
    recalled_by: str | None
    recalled_at: datetime | None
    recall_reason: str | None
    discarded_by: str | None
    discarded_at: datetime | None
    discard_reason: str | None
    problem: str | None
    rule: str | None
    job_id: str | None
    files: tuple[Mapping[str, Any], ...]
    basis: Mapping[str, Any]
    version: int
    copies: int

    @property
    def subject(self) -> Subject:
        """What it is of."""
        return Subject(self.request_id, self.critical_id)

    @property
    def state_words(self) -> str:
        """How far it is, in words."""
        return STATE_WORDS[self.state]


@dataclass(frozen=True)
class ReleasedCopy:
    """A redacted copy in a release. `position` from 0; SHA-256 of the copy that was proven, and of the file with its
    content credentials, once there is one."""

    position: int
    copy_id: str
    redaction_id: str
    recording_id: str
    part_number: int
    title: str
    duration_ms: int | None
    verdict: str
    although: str
    sha256: bytes
    size: int
    signed_sha256: bytes | None
    signed_size: int | None


@dataclass(frozen=True)
class ReleasePage:
    """A page of the list, the newest first. `after`: what asks for the next page; None: this is the last."""

    rows: tuple[Release, ...]
    after: str | None


@dataclass(frozen=True)
class Happening:
    """What happened with a release: a custody event. `position` in the log, None until it is there."""

    event_id: str
    kind: Event
    actor: str
    at: datetime
    details: Mapping[str, Any]
    position: int | None


def release(tx: Connection, actor: Actor, release_id: str) -> Release:
    """One release, by its identifier or number. Raises Refused, ReleaseUnknown."""
    actor.require(Permission.REQUESTS_VIEW)
    return release_prepared(tx, release_id)


def release_prepared(tx: Connection, release_id: str) -> Release:
    """The same for a caller that has checked another right: to prepare, or to approve. Raises ReleaseUnknown."""
    row = tx.execute(_query().where(by_name(release_id))).first()
    if row is None:
        raise ReleaseUnknown(id=release_id)
    return _release(row)


def releases(
    tx: Connection,
    actor: Actor,
    *,
    states: Collection[ReleaseState] = (),
    after: str | None = None,
    limit: int = PAGE,
) -> ReleasePage:
    """The releases, the newest first; `states`: of these alone; `after`: what the page before gave. Raises Refused,
    ReleaseUnknown for an `after` that is none."""
    actor.require(Permission.REQUESTS_VIEW)
    query = _query().order_by(*_NEWEST_FIRST).limit(limit + 1)
    if states:
        query = query.where(release_table.c.state.in_([ReleaseState(one).value for one in states]))
    if after is not None:
        columns = (release_table.c.prepared_at, release_table.c.id)
        key = tx.execute(sa.select(*columns).where(release_table.c.id == after)).first()
        if key is None:
            raise ReleaseUnknown(id=after)
        query = query.where(
            sa.or_(
                release_table.c.prepared_at < key.prepared_at,
                sa.and_(release_table.c.prepared_at == key.prepared_at, release_table.c.id < key.id),
            )
        )
    rows = [_release(row) for row in tx.execute(query)]
    return ReleasePage(tuple(rows[:limit]), rows[limit - 1].id if len(rows) > limit else None)


def releases_of(tx: Connection, actor: Actor, subject: Subject) -> list[Release]:
    """The releases of a request or a critical incident, the newest first. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    query = _query().where(subject.owns(release_table)).order_by(*_NEWEST_FIRST)
    return [_release(row) for row in tx.execute(query)]


def releases_of_recording(tx: Connection, actor: Actor, recording_id: str) -> list[Release]:
    """The releases that show a recording, the newest first; none for who may not see releases, or the recording."""
    if not actor.may(Permission.REQUESTS_VIEW):
        return []
    seen = sa.exists().where(recording.c.id == recording_id, visible_to(actor).expression)
    mine = sa.select(release_copy.c.release_id).where(release_copy.c.recording_id == recording_id)
    query = _query().where(release_table.c.id.in_(mine), seen).order_by(*_NEWEST_FIRST)
    return [_release(row) for row in tx.execute(query)]


def copies_of_release(tx: Connection, actor: Actor, release_id: str) -> tuple[list[ReleasedCopy], int]:
    """The copies whose recordings the actor may see, in their order, and how many more there are. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    of_it = release_copy.c.release_id == release_id
    own = ("position", "copy_id", "recording_id", "although", "signed_sha256", "signed_size")
    theirs = ("redaction_id", "verdict", "sha256", "size")
    query = (
        sa.select(
            *(release_copy.c[name] for name in own),
            *(redacted_copy.c[name] for name in theirs),
            part.c.number.label("part_number"),
            recording.c.title,
            recording.c.duration_ms,
        )
        .select_from(release_copy)
        .join(redacted_copy, redacted_copy.c.id == release_copy.c.copy_id)
        .join(part, part.c.id == redacted_copy.c.part_id)
        .join(recording, recording.c.id == release_copy.c.recording_id)
        .where(of_it, visible_to(actor).expression)
        .order_by(release_copy.c.position)
    )
    rows = [ReleasedCopy(**row._mapping) for row in tx.execute(query)]
    total = tx.scalar(sa.select(sa.func.count()).select_from(release_copy).where(of_it)) or 0
    return rows, total - len(rows)


def history_of_release(tx: Connection, actor: Actor, release_id: str) -> list[Happening]:
    """What happened with a release, the oldest first. What is said of a recording that the actor may not see is left
    out. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    names = ("id", "kind", "actor", "at", "recording_id", "payload", "position")
    joined = release_history.join(custody_event, custody_event.c.id == release_history.c.event_id)
    query = sa.select(*(custody_event.c[name] for name in names)).select_from(joined)
    rows = tx.execute(
        query.where(release_history.c.release_id == release_id).order_by(release_history.c.event_id)
    ).all()
    named = {row.recording_id for row in rows if row.recording_id}
    seen = set(tx.scalars(sa.select(recording.c.id).where(recording.c.id.in_(named), visible_to(actor).expression)))
    return [
        Happening(
            row.id,
            Event(row.kind),
            row.actor,
            row.at,
            json.loads(row.payload)["details"] if row.payload else {},
            row.position,
        )
        for row in rows
        if row.recording_id is None or row.recording_id in seen
    ]


_COLUMNS = [release_table.c[name] for name in Release.__dataclass_fields__ if name in release_table.c]


#: What a release says whose job was stopped before it was done.
_STOPPED = "It was stopped before it was made. Approve it again to have it made."


def _query() -> sa.Select[Any]:
    count = sa.select(sa.func.count()).where(release_copy.c.release_id == release_table.c.id)
    joined = release_table.outerjoin(job, job.c.id == release_table.c.job_id)
    columns = (*_COLUMNS, count.scalar_subquery().label("copies"), job.c.state.label("job_state"))
    return sa.select(*columns).select_from(joined)


def _release(row: sa.Row[Any]) -> Release:
    values = dict(row._mapping)
    stopped = values.pop("job_state") == JobState.CANCELLED.value
    read = {
        "audience": Audience(values["audience"]),
        "state": ReleaseState(values["state"]),
        "files": tuple(values["files"] or ()),
    }
    if stopped and read["state"] is ReleaseState.APPROVED:
        read |= {"state": ReleaseState.FAILED, "problem": _STOPPED}
    return Release(**{**values, **read})
