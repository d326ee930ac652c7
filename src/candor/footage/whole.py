"""What is known of a recording beside its catalogue entry and its files, for programs and packages: JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import iso
from candor.footage.bookmarks import bookmarks_of
from candor.footage.purging import erased_by_order
from candor.footage.rules import RecordingState
from candor.footage.sidecars import sidecars_of
from candor.footage.tables import gathering, recording, recording_gap
from candor.footage.tracks import tracks_of

__all__ = ["gaps_told", "whole_told"]


def whole_told(tx: Connection, recording_id: str) -> dict[str, Any]:
    """{"activated_at", "deactivated_at", "ended_at", "regrouped_into", "made_of": [ids], "elsewhere": [ids of
    recordings that had bytes of it before], "coming_in": {"begun_at",
    "last_part_at"} while parts still come, "gaps", "sidecars", "bookmarks", "tracks"}. Times are ISO 8601 in UTC or
    None; of tracks the number of points and the first and last. Of what an order erased no hash is told: what is left
    is a digest that nobody else can make. Whoever calls has checked that the reader may see it.
    """
    columns = ("state", "activated_at", "deactivated_at", "ended_at", "regrouped_into")
    row = tx.execute(sa.select(*(recording.c[name] for name in columns)).where(recording.c.id == recording_id)).one()
    made_of = sa.select(recording.c.id).where(recording.c.regrouped_into == recording_id)
    erased = erased_by_order(tx, recording_id)
    return {
        "activated_at": _iso(row.activated_at),
        "deactivated_at": _iso(row.deactivated_at),
        "ended_at": _iso(row.ended_at),
        "regrouped_into": row.regrouped_into,
        "made_of": sorted(tx.scalars(made_of)),
        "elsewhere": _elsewhere(tx, recording_id),
        "coming_in": _coming_in(tx, recording_id) if row.state == RecordingState.RECEIVING.value else None,
        "gaps": gaps_told(tx, recording_id),
        "sidecars": [
            {
                "id": one.id,
                "kind": one.kind,
                "name": one.name,
                "size": one.size,
                "sha256": None if erased else one.sha256.hex(),
            }
            for one in sidecars_of(tx, recording_id)
        ],
        "bookmarks": [
            {
                "at": _iso(one.at),
                "until": _iso(one.until),
                "category": one.category,
                "text": one.text,
                "tags": list(one.tags),
            }
            for one in bookmarks_of(tx, recording_id)
        ],
        "tracks": [
            {
                "id": one.id,
                "source": one.source,
                "points": len(one.points),
                "first": [one.points[0].latitude, one.points[0].longitude],
                "last": [one.points[-1].latitude, one.points[-1].longitude],
            }
            for one in tracks_of(tx, recording_id)
            if one.points
        ],
    }


def gaps_told(tx: Connection, recording_id: str) -> list[dict[str, Any]]:
    """The stretches that no part has, in order of time."""
    query = sa.select(recording_gap).where(recording_gap.c.recording_id == recording_id)
    return [
        {"after_part": one.after_part, "from": iso(one.from_at), "to": iso(one.to_at), "reason": one.reason}
        for one in tx.execute(query.order_by(recording_gap.c.from_at))
    ]


def _elsewhere(tx: Connection, recording_id: str) -> list[str]:
    query = sa.select(gathering.c.elsewhere).where(gathering.c.recording_id == recording_id)
    return sorted({one for held in tx.scalars(query) for one in held} - {recording_id})


def _coming_in(tx: Connection, recording_id: str) -> dict[str, Any] | None:
    row = tx.execute(sa.select(gathering).where(gathering.c.recording_id == recording_id)).first()
    return None if row is None else {"begun_at": iso(row.begun_at), "last_part_at": _iso(row.last_part_at)}


def _iso(at: datetime | None) -> str | None:
    return None if at is None else iso(at)
