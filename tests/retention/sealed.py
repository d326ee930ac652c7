"""Recordings with small sealed bytes, made without examining them: what destroys them cannot tell."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection
from tests.footage.entries import add_entry

from candor.footage.tables import part
from candor.store import Vault


def add_sealed(tx: Connection, vault: Vault, at: datetime, content: bytes, category: str = "Traffic stop") -> str:
    """A recording of these bytes, recorded and received at a moment; its id."""
    sealed = vault.seal("original", io.BytesIO(content))
    vault.record(tx, sealed)
    recording_id = add_entry(tx, at, received_at=at + timedelta(hours=1), category=category, size=sealed.size)
    values = {"object_id": sealed.object_id, "sha256": sealed.sha256, "chunk_root": sealed.chunk_root}
    tx.execute(part.update().where(part.c.recording_id == recording_id).values(**values, size=sealed.size))
    return recording_id
