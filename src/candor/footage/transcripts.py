"""Transcripts: what is said in a part, written out by a machine, an imported file or a person.

Rules it keeps:

1. A transcript says what the footage says. Its text lies sealed in the vault, is read only within a viewing that is on
   record, and goes with the footage. The search does not know its words: a hit would tell what nobody opened.
2. A correction is a new version. No version is ever overwritten; each word says who wrote it.
3. Making, importing, correcting and removing are events of the recording's history. They tell how many words there
   were and the hash of the text, never the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.footage.errors import ViewingEnded
from candor.footage.purging import must_not_be_destroyed
from candor.footage.rules import changeable_by, visible_to
from candor.footage.tables import part, recording
from candor.footage.transcript_errors import (
    TranscriptNotReady,
    TranscriptUnknown,
)
from candor.footage.transcript_tables import transcript, transcript_version
from candor.footage.transcript_text import TranscriptText, WordOrigin
from candor.footage.viewing import watched_within
from candor.people.rules import Actor
from candor.store import Vault

__all__ = [
    "KIND",
    "ORIGIN_WORDS",
    "read_transcript",
    "text_of",
    "Transcript",
    "transcript_of",
    "transcripts_of",
    "transcripts_of_part",
    "TranscriptState",
    "Version",
    "versions_of",
]

#: What a sealed text is called in the vault.
KIND: Final = "transcript"


class TranscriptState(StrEnum):
    """How far a transcript is."""

    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


#: Who wrote a transcript, for people.
ORIGIN_WORDS: Final[dict[WordOrigin, str]] = {
    WordOrigin.MACHINE: "written by a machine",
    WordOrigin.FILE: "imported from a file",
    WordOrigin.PERSON: "written by a person",
}


@dataclass(frozen=True)
class Transcript:
    """One transcript as it stands. `number`: of its part; `version`: the newest of its text, 0 where there is none."""

    id: str
    part_id: str
    recording_id: str
    number: int
    state: TranscriptState
    origin: WordOrigin
    engine: str | None
    engine_sha256: bytes | None
    rough: bool
    language: str
    wanted: dict[str, Any]
    job_id: str | None
    problem: str | None
    remark: str | None
    version: int
    made_by: str
    made_at: datetime
    ready_at: datetime | None

    @property
    def under_way(self) -> bool:
        """Whether a machine is at work on it, or will be."""
        return self.state in (TranscriptState.WAITING, TranscriptState.MAKING)


@dataclass(frozen=True)
class Version:
    """One version of a text. `corrected`: how many of its words a person wrote."""

    number: int
    words: int
    corrected: int
    author: str
    made_at: datetime


def transcripts_of(tx: Connection, recording_id: str) -> list[Transcript]:
    """The transcripts of a recording, by part, the newest first; whoever calls has checked that the reader may see the
    recording. What they say is read by `read_transcript` alone."""
    found = tx.execute(_all().where(part.c.recording_id == recording_id).order_by(part.c.number, *_NEWEST))
    return [_told(row) for row in found]


def transcripts_of_part(tx: Connection, part_id: str) -> list[Transcript]:
    """The transcripts of a part, the newest first; as `transcripts_of`."""
    return [_told(row) for row in tx.execute(_all().where(transcript.c.part_id == part_id).order_by(*_NEWEST))]


def transcript_of(tx: Connection, actor: Actor, transcript_id: str, *, to_change: bool = False) -> Transcript:
    """One transcript of a recording that the actor may see; `to_change`: and describe. Raises TranscriptUnknown."""
    query = _all().where(transcript.c.id == transcript_id, visible_to(actor).expression)
    if to_change:
        query = query.where(changeable_by(actor).expression)
    row = tx.execute(query).first()
    if row is None:
        raise TranscriptUnknown(id=transcript_id)
    return _told(row)


def versions_of(tx: Connection, transcript_id: str) -> list[Version]:
    """The versions of a transcript, the oldest first; whoever calls has checked that the reader may see it."""
    columns = [transcript_version.c[name] for name in ("number", "words", "corrected", "author", "made_at")]
    query = sa.select(*columns).where(transcript_version.c.transcript_id == transcript_id)
    return [Version(**row._mapping) for row in tx.execute(query.order_by(transcript_version.c.number))]


def read_transcript(
    database: Database,
    vault: Vault,
    actor: Actor,
    transcript_id: str,
    *,
    viewing_id: str,
    version: int | None = None,
    clock: Clock | None = None,
) -> TranscriptText:
    """What a transcript says, within a viewing of its recording that the actor has begun; None: the newest version.

    Raises TranscriptUnknown, TranscriptNotReady, RecordingDestroyed, ViewingEnded, and what `Vault.open` raises.
    """
    with database.read() as tx:
        found = transcript_of(tx, actor, transcript_id)
        must_not_be_destroyed(tx, found.recording_id)
        if watched_within(tx, actor, found.recording_id, viewing_id, clock=clock) is None:
            raise ViewingEnded()
        return text_of(tx, vault, found, version)


def text_of(tx: Connection, vault: Vault, found: Transcript, version: int | None = None) -> TranscriptText:
    """The text of a version (None: the newest) for a room above that works within a viewing, or makes something of it
    that is guarded as footage is. Raises TranscriptNotReady, TranscriptUnknown, and what `Vault.open` raises."""
    if not found.version:
        why = found.problem or ("it is being made" if found.under_way else "it could not be made")
        raise TranscriptNotReady(reason=why.rstrip("."))
    mine = transcript_version.c.transcript_id == found.id, transcript_version.c.number == (version or found.version)
    object_id = tx.scalar(sa.select(transcript_version.c.object_id).where(*mine))
    if object_id is None:
        raise TranscriptUnknown(id=f"{found.id}, version {version}")
    with vault.open(tx, object_id) as stream:
        return TranscriptText.from_bytes(stream.read())


_NEWEST: Sequence[Any] = (transcript.c.made_at.desc(), transcript.c.id.desc())


def _all() -> sa.Select[Any]:
    joined = transcript.join(part, part.c.id == transcript.c.part_id)
    joined = joined.join(recording, recording.c.id == part.c.recording_id)
    return sa.select(transcript, part.c.recording_id, part.c.number).select_from(joined)


def _told(row: sa.Row[Any]) -> Transcript:
    values = dict(row._mapping)
    return Transcript(**(values | {"state": TranscriptState(values["state"]), "origin": WordOrigin(values["origin"])}))
