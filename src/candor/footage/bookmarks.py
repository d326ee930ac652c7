"""Marks that were made on the camera, or beside it: a moment or a stretch, with a category or some words."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, iso
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.holder import holder_of
from candor.footage.tables import bookmark

__all__ = ["LONGEST_TEXT", "Bookmark", "bookmarks_of", "keep_bookmark"]

LONGEST_TEXT = 10_000
_MOST_TAGS = 100


@dataclass(frozen=True)
class Bookmark:
    """A mark. `source_id`: as its source names it; `at` and `until` as its source says, None when it says nothing."""

    source_id: str
    at: datetime | None = None
    until: datetime | None = None
    category: str | None = None
    text: str = ""
    tags: tuple[str, ...] = ()


def keep_bookmark(tx: Connection, recording_id: str, mark: Bookmark, *, actor: str, clock: Clock) -> None:
    """Keep a mark of a recording. One that its source sends again takes the place of what it said before. Of a
    recording that was destroyed none is kept: its words would outlive it."""
    holder = holder_of(tx, recording_id)
    if holder.destroyed:
        return
    recording_id, source_id, text = holder.id, _written(mark.source_id), _written(mark.text[:LONGEST_TEXT])
    held = (bookmark.c.recording_id == recording_id, bookmark.c.source_id == source_id)
    values = {
        "at": mark.at,
        "until": mark.until,
        "category": None if mark.category is None else _written(mark.category),
        "text": text,
        "tags": [_written(tag) for tag in mark.tags[:_MOST_TAGS]],
    }
    before = tx.execute(sa.select(bookmark).where(*held)).first()
    if before is not None and all(getattr(before, name) == value for name, value in values.items()):
        return
    if before is None:
        row = {"id": new_id(), "recording_id": recording_id, "source_id": source_id, "received_at": clock.now()}
        tx.execute(bookmark.insert(), {**row, **values})
    else:
        tx.execute(bookmark.update().where(*held).values(**values))
    # The words themselves stay out of the log: they are destroyed with the recording, and an event never is.
    details = {
        "source_id": source_id,
        "again": before is not None,
        "at": None if mark.at is None else iso(mark.at),
        "until": None if mark.until is None else iso(mark.until),
        "text_sha256": hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
    }
    custody.append(tx, Event.BOOKMARK_KEPT, actor=actor, recording=recording_id, details=details, clock=clock)


def _written(text: str) -> str:
    """A camera's words as a column of every database can hold them."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def bookmarks_of(tx: Connection, recording_id: str) -> list[Bookmark]:
    """The marks of a recording in order of time; whoever calls has checked that the reader may see it."""
    query = sa.select(bookmark).where(bookmark.c.recording_id == recording_id)
    found = [
        Bookmark(row.source_id, row.at, row.until, row.category, row.text, tuple(row.tags))
        for row in tx.execute(query.order_by(bookmark.c.source_id))
    ]
    return sorted(found, key=lambda mark: (mark.at is None, mark.at.timestamp() if mark.at else 0.0))
