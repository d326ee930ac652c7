"""The recordings of a request or a critical incident sorted by what a release of them still needs, by the database: so
that each one shows, however many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.decisions.rules import Decision
from candor.disclosure.decisions.subjects import Subject, recordings_of, standing
from candor.disclosure.decisions.tables import release_decision
from candor.disclosure.releases.rules import NOT_OUT, Needs
from candor.disclosure.releases.tables import release, release_copy
from candor.footage.rules import RecordingState, visible_to
from candor.footage.tables import part, recording
from candor.people.rules import Actor
from candor.redaction.rules import CopyState
from candor.redaction.tables import redacted_copy, redaction

__all__ = ["PAGE", "chosen_in_order", "counts_of", "page_of", "released_in"]

#: Recordings on a page of the form.
PAGE: Final = 50


def counts_of(tx: Connection, actor: Actor, subject: Subject) -> tuple[Mapping[Needs, int], int]:
    """How many of a subject's recordings there are of each kind that the actor may see, and how many more that they may
    not. Whoever calls has checked the permission."""
    needs = _needs(subject).label("needs")
    query = sa.select(needs, sa.func.count().label("several")).where(*_seen(actor, subject)).group_by(needs)
    found = dict.fromkeys(Needs, 0) | {Needs(row.needs): row.several for row in tx.execute(query)}
    total = tx.scalar(sa.select(sa.func.count()).select_from(recording).where(*_of(subject))) or 0
    return found, total - sum(found.values())


def page_of(tx: Connection, actor: Actor, subject: Subject, needs: Needs, page: int) -> Sequence[str]:
    """The recordings of one kind on a page, from 1, the earliest first. Whoever calls has checked the permission."""
    query = sa.select(recording.c.id).where(*_seen(actor, subject), _needs(subject) == needs.value)
    query = query.order_by(recording.c.started_key, recording.c.id).limit(PAGE).offset((page - 1) * PAGE)
    return tx.scalars(query).all()


def chosen_in_order(
    tx: Connection, actor: Actor, subject: Subject, copy_ids: Sequence[str]
) -> Sequence[sa.Row[Any, Any]]:
    """Those of these copies that a release of the subject could hold, as it holds them: by recording, by part; each
    with `id` and `verdict`. Whoever calls has checked the permission."""
    joined = redacted_copy.join(redaction, redaction.c.id == redacted_copy.c.redaction_id)
    joined = joined.join(part, part.c.id == redacted_copy.c.part_id)
    joined = joined.join(recording, recording.c.id == redaction.c.recording_id)
    query = sa.select(redacted_copy.c.id, redacted_copy.c.verdict).select_from(joined)
    query = query.where(redacted_copy.c.id.in_(copy_ids), *_ready(), *_seen(actor, subject))
    order = (recording.c.started_key, recording.c.id, part.c.number, redacted_copy.c.asked_at, redacted_copy.c.id)
    return tx.execute(query.order_by(*order)).all()


def released_in(tx: Connection, subject: Subject, recording_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """By recording: numbers of the subject's releases that hold it, but for those that were recalled or discarded."""
    query = sa.select(release_copy.c.recording_id, release.c.number).distinct()
    query = _out(query, subject).where(release_copy.c.recording_id.in_(recording_ids))
    found: dict[str, tuple[str, ...]] = {}
    for row in tx.execute(query.order_by(release.c.number)):
        found[row.recording_id] = (*found.get(row.recording_id, ()), row.number)
    return found


def _seen(actor: Actor, subject: Subject) -> tuple[sa.ColumnElement[bool], ...]:
    return *_of(subject), visible_to(actor).expression


def _of(subject: Subject) -> tuple[sa.ColumnElement[bool], ...]:
    """What became part of another recording is decided on and released as that one."""
    return recording.c.id.in_(recordings_of(subject)), recording.c.state != RecordingState.REGROUPED.value


def _needs(subject: Subject) -> sa.Case[str]:
    """What a recording of the subject still needs. Each of the sets is asked for once, not once for each recording."""
    table = release_decision.c
    decided = sa.select(table.recording_id).where(standing(subject))
    goes = recording.c.id.in_(decided.where(table.decision != Decision.WITHHOLD.value))
    whole = recording.c.id.in_(decided.where(table.begin_ms.is_(None)))
    joined = redacted_copy.join(redaction, redaction.c.id == redacted_copy.c.redaction_id)
    copies = sa.select(redaction.c.recording_id).select_from(joined)
    copied = recording.c.id.in_(copies.where(*_ready(), redaction.c.recording_id.in_(recordings_of(subject))))
    released = recording.c.id.in_(_out(sa.select(release_copy.c.recording_id), subject))
    return sa.case(
        (released, Needs.NOTHING.value),
        (sa.not_(whole), Needs.DECISION.value),
        (sa.not_(goes), Needs.WITHHELD.value),
        (copied, Needs.RELEASE.value),
        else_=Needs.COPY.value,
    )


def _ready() -> tuple[sa.ColumnElement[bool], ...]:
    return redacted_copy.c.state == CopyState.READY.value, redacted_copy.c.verdict.is_not(None)


def _out(query: sa.Select[Any], subject: Subject) -> sa.Select[Any]:
    """Of what releases of the subject hold that went out, or may still."""
    joined = release_copy.join(release, release.c.id == release_copy.c.release_id)
    not_out = [one.value for one in NOT_OUT]
    return query.select_from(joined).where(subject.owns(release), release.c.state.not_in(not_out))
