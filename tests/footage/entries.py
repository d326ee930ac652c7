"""Catalogue entries without footage, for tests of what is found."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from candor.core.ids import new_id
from candor.footage.indexing import free_key, index_recording
from candor.footage.tables import part, recording
from candor.footage.words import sort_text


def add_entry(tx: Connection, started_at: datetime, name: str = "clip.mp4", **values: Any) -> str:
    """A recording with a part of this name; returns its id."""
    recording_id = new_id()
    title = values.pop("title", "")
    row = {
        "id": recording_id,
        "state": "sealed",
        "flags": [],
        "received_at": started_at + timedelta(hours=2),
        "started_at": started_at,
        "started_source": "claim",
        "started_key": free_key(tx, started_at, recording_id),
        "title": title,
        "title_sort": sort_text(title),
        "tags": [],
        "custom": {},
        "notes": "",
        "size": 1,
        "version": 1,
        **values,
    }
    tx.execute(recording.insert(), row)
    held = {
        "id": new_id(),
        "recording_id": recording_id,
        "number": 1,
        "object_id": new_id(),
        "chunk_root": bytes(32),
        "size": 1,
        "name": name,
        "claims": {},
    }
    held["sha256"] = recording_id.replace("-", "").encode()
    tx.execute(part.insert(), held)
    index_recording(tx, recording_id)
    return recording_id
