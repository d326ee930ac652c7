"""What becomes of marked copies with time: they go when the side's access ends, they are made anew when the viewing
copy that they were made of was replaced, and they are asked for again when what they waited for is there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.custody import Event, append
from candor.disclosure.discovery import marks
from candor.disclosure.discovery.marking import SYSTEM
from candor.disclosure.discovery.rules import MarkState
from candor.disclosure.discovery.tables import discovery_mark, discovery_side
from candor.footage.rules import RecordingState, RenditionKind
from candor.footage.tables import part, recording, rendition
from candor.jobs import Jobs
from candor.store import Vault

__all__ = ["EVERY", "go_round"]

EVERY = timedelta(minutes=10)
_ACCESS_ENDED, _OTHER_COPY = "access ended", "another viewing copy"
_LIVING = (MarkState.WAITING.value, MarkState.READY.value, MarkState.FAILED.value)


def go_round(database: Database, jobs: Jobs, vault: Vault, clock: Clock) -> int:
    """Take away the copies of sides whose access is over, and of viewing copies that are not there any more, and have
    made what can be made; how many were taken away. What is stored of them is deleted afterwards; where that does not
    come to its end, the next sweep of the store does it."""
    with database.write() as tx:
        gone = [*_of_ended_sides(tx, vault, clock), *_of_replaced(tx, vault, clock)]
        _want_again(tx, clock)
    with database.write() as tx:  # another one: whoever gives access holds the discovery first, then its copies
        for discovery_id in tx.scalars(_waiting()).all():
            if marks.unmade(tx, discovery_id) and marks.is_given(tx, discovery_id):
                marks.ask(tx, jobs, discovery_id)
    for object_id in gone:
        with database.read() as tx:
            vault.erase(tx, object_id)
    return len(gone)


def _waiting() -> sa.Select[Any]:
    waits = discovery_mark.c.state == MarkState.WAITING.value
    return sa.select(discovery_mark.c.discovery_id).where(waits).distinct().order_by(discovery_mark.c.discovery_id)


_ITS = discovery_side.c.discovery_id == discovery_mark.c.discovery_id, discovery_side.c.side == discovery_mark.c.side


def _has_access(clock: Clock) -> sa.ColumnElement[bool]:
    """Whether the side of a copy has access now."""
    return sa.exists().where(*_ITS, discovery_side.c.ended_at.is_(None), discovery_side.c.ends_at > clock.now())


def _want_again(tx: Connection, clock: Clock) -> None:
    """Those that went although their side has access: it was given in the same moment, or what was destroyed was taken
    in again."""
    living = sa.select(part.c.id).join(recording, recording.c.id == part.c.recording_id)
    living = living.where(recording.c.state != RecordingState.DESTROYED.value)
    which = discovery_mark.c.state == MarkState.ENDED.value, discovery_mark.c.part_id.in_(living), _has_access(clock)
    tx.execute(discovery_mark.update().where(*which).values(state=MarkState.WAITING.value, problem=None))


def _of_ended_sides(tx: Connection, vault: Vault, clock: Clock) -> list[str]:
    """Of sides that had access and have none now; the objects that went."""
    rows = _living(tx, sa.exists().where(*_ITS), ~_has_access(clock))
    return _take_away(tx, vault, rows, MarkState.ENDED, _ACCESS_ENDED, clock)


def _of_replaced(tx: Connection, vault: Vault, clock: Clock) -> list[str]:
    """Of viewing copies in whose place there is another; the objects that went."""
    now = (
        sa.select(rendition.c.id)
        .where(rendition.c.part_id == discovery_mark.c.part_id, rendition.c.kind == RenditionKind.PROXY.value)
        .scalar_subquery()
    )
    rows = _living(
        tx, discovery_mark.c.rendition_id.is_not(None), sa.func.coalesce(now, "") != discovery_mark.c.rendition_id
    )
    return _take_away(tx, vault, rows, MarkState.WAITING, _OTHER_COPY, clock)


def _living(tx: Connection, *which: sa.ColumnElement[bool]) -> Sequence[sa.Row[Any]]:
    query = sa.select(discovery_mark, part.c.number, part.c.recording_id).join(
        part, part.c.id == discovery_mark.c.part_id
    )
    query = query.where(discovery_mark.c.state.in_(_LIVING), *which).order_by(discovery_mark.c.id)
    return tx.execute(query.with_for_update(of=discovery_mark)).all()


def _take_away(
    tx: Connection, vault: Vault, rows: Sequence[sa.Row[Any]], state: MarkState, why: str, clock: Clock
) -> list[str]:
    nothing: dict[str, datetime | None] = dict.fromkeys(
        ("rendition_id", "parent_sha256", "object_id", "media_type", "made_by", "details", "problem", "ready_at")
    )
    gone = []
    for row in rows:
        tx.execute(discovery_mark.update().where(discovery_mark.c.id == row.id).values(state=state.value, **nothing))
        if row.object_id is None or not vault.destroy_key(tx, row.object_id):
            continue
        gone.append(row.object_id)
        details = {
            "discovery": row.discovery_id,
            "side": row.side,
            "part": row.number,
            "copy": row.id,
            "sha256": vault.look_up(tx, row.object_id).sha256.hex(),
            "why": why,
        }
        append(tx, Event.DISCOVERY_MARK_ENDED, actor=SYSTEM, recording=row.recording_id, details=details, clock=clock)
    return gone
