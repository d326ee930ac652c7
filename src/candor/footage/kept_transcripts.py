"""Transcripts in the register: what was said in a recording goes with it, text, versions and unfinished work."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.footage.register import Kept, register
from candor.footage.tables import part
from candor.footage.transcript_tables import transcript, transcript_stretch, transcript_version
from candor.store.tables import vault_object

__all__ = ["forget_transcripts"]


def _of(recording_id: str) -> sa.Select[Any]:
    joined = transcript.join(part, part.c.id == transcript.c.part_id)
    return sa.select(transcript.c.id).select_from(joined).where(part.c.recording_id == recording_id)


def _objects(tx: Connection, recording_id: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for table in (transcript_version, transcript_stretch):
        mine = sa.select(table.c.object_id).where(table.c.transcript_id.in_(_of(recording_id)))
        found |= dict.fromkeys(tx.scalars(mine), "transcript")
    return found


def forget_transcripts(tx: Connection, recording_id: str) -> None:
    """Take out the rows of transcripts whose part has no key any more: in a recording that was regrouped others may
    live. The work of a machine that is under way finds no row and ends."""
    keyless = sa.select(vault_object.c.object_id).where(vault_object.c.key_destroyed_at.is_not(None))
    gone = tx.scalars(_of(recording_id).where(part.c.object_id.in_(keyless))).all()
    for table in (transcript_version, transcript_stretch):
        tx.execute(table.delete().where(table.c.transcript_id.in_(gone)))
    tx.execute(transcript.delete().where(transcript.c.id.in_(gone)))


register(
    Kept(
        name="transcripts",
        words="what is said in it, written out, in every version, and who wrote it",
        goes="all of it",
        stays="that there was such a text, in the custody history",
        tables=frozenset({"transcript", "transcript_version", "transcript_stretch"}),
        kinds=frozenset({"transcript"}),
        objects=_objects,
        forget=forget_transcripts,
    )
)
