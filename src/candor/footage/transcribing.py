"""What is done to transcripts: had made, imported, put right, removed. The rules stand in `transcripts`."""

from __future__ import annotations

import io
import re
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import names
from candor.footage.errors import PartUnknown, RecordingDestroyed
from candor.footage.purging import must_not_be_destroyed
from candor.footage.rules import changeable_by, visible_to
from candor.footage.tables import part, recording
from candor.footage.transcript_errors import (
    LanguageWrong,
    NothingHeard,
    TranscriptChanged,
    TranscriptReasonMissing,
    TranscriptsTooMany,
    TranscriptWrong,
)
from candor.footage.transcript_tables import transcript, transcript_stretch, transcript_version
from candor.footage.transcript_text import TextWrong, TranscriptText, WordOrigin, corrected
from candor.footage.transcripts import KIND, TranscriptState, read_transcript, transcript_of
from candor.jobs import Jobs
from candor.people.rules import Actor
from candor.store import SealedObject, Vault
from candor.store.tables import vault_object

__all__ = [
    "add_version",
    "append_made",
    "ask_for_transcript",
    "check_language",
    "correct_cue",
    "has_key",
    "import_text",
    "JOB",
    "LONGEST_REASON",
    "part_to_change",
    "remove_transcript",
]

#: The job that writes out what is said in a part; its parameters: {"transcript": id}.
JOB: Final = "footage.transcribe@1"
LONGEST_REASON: Final = 500
_MOST: Final = 20  # of one part
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")


def ask_for_transcript(
    tx: Connection,
    jobs: Jobs,
    actor: Actor,
    part_id: str,
    *,
    by: str,
    language: str = "",
    clock: Clock | None = None,
) -> str:
    """Have a machine write out what is said in a part, in the caller's transaction; the transcript's id. `by`: which
    way, as the job knows it; `language`: a tag, or "" for what the machine hears.

    Raises PartUnknown when the actor may not describe the recording, RecordingDestroyed, TranscriptsTooMany,
    LanguageWrong, NothingHeard.
    """
    clock = clock or SystemClock()
    found = part_to_change(tx, actor, part_id)
    check_language(language)
    streams = found.claims.get("media", {}).get("streams")
    if streams is not None and not any(one["type"] == "audio" and one["decoded"] for one in streams):
        raise NothingHeard(number=found.number)
    values = {"state": TranscriptState.WAITING.value, "origin": WordOrigin.MACHINE.value, "language": language}
    transcript_id = _enter(tx, actor, part_id, clock, **values, wanted={"by": by, "language": language})
    job_id = jobs.enqueue(tx, JOB, {"transcript": transcript_id})
    tx.execute(transcript.update().where(transcript.c.id == transcript_id).values(job_id=job_id))
    return transcript_id


def import_text(
    database: Database,
    vault: Vault,
    actor: Actor,
    part_id: str,
    text: TranscriptText,
    *,
    name: str,
    sha256: bytes,
    clock: Clock | None = None,
) -> str:
    """Keep a text that came in a file of that name and hash, in a transaction of its own; the transcript's id.

    Raises PartUnknown, RecordingDestroyed, TranscriptsTooMany, LanguageWrong, TranscriptWrong for one without words.
    """
    clock = clock or SystemClock()
    if not text.cues:
        raise TranscriptWrong(reason="there is no line in it")
    check_language(text.language)
    with database.read() as tx:
        part_to_change(tx, actor, part_id)
    sealed = vault.seal(KIND, io.BytesIO(text.to_bytes()))
    try:
        with database.write() as tx:
            part_to_change(tx, actor, part_id)
            values = {"state": TranscriptState.READY.value, "origin": WordOrigin.FILE.value, "ready_at": clock.now()}
            values |= {"engine": names.kept(name), "engine_sha256": sha256, "language": text.language}
            transcript_id = _enter(tx, actor, part_id, clock, **values)
            add_version(tx, vault, transcript_id, 1, text, sealed, author=actor.account_id, clock=clock)
            append_made(tx, transcript_id, text, sealed, actor=actor.account_id, clock=clock)
    except BaseException:
        vault.discard(sealed)
        raise
    return transcript_id


def correct_cue(
    database: Database,
    vault: Vault,
    actor: Actor,
    transcript_id: str,
    *,
    version: int,
    cue: int,
    line: str,
    viewing_id: str,
    clock: Clock | None = None,
) -> int:
    """Put right what cue `cue` (from 0) of that version says, within a viewing, in a transaction of its own; the number
    of the version that has it, which is the same when nothing was changed.

    Raises TranscriptUnknown, TranscriptChanged when that version is not the newest, TranscriptWrong, ViewingEnded.
    """
    clock = clock or SystemClock()
    before = read_transcript(database, vault, actor, transcript_id, viewing_id=viewing_id, version=version, clock=clock)
    try:
        text = corrected(before, cue, line)
    except TextWrong as error:
        raise TranscriptWrong(reason=error) from error
    if text == before:
        return version
    if not text.cues:
        raise TranscriptWrong(reason="nothing would be left of it; remove it instead")
    sealed = vault.seal(KIND, io.BytesIO(text.to_bytes()))
    try:
        with database.write() as tx:
            found = transcript_of(tx, actor, transcript_id, to_change=True)
            part_to_change(tx, actor, found.part_id)
            mine = transcript.c.id == transcript_id, transcript.c.version == version
            tx.execute(sa.select(transcript.c.id).where(transcript.c.id == transcript_id).with_for_update())
            if not tx.execute(transcript.update().where(*mine).values(version=version + 1)).rowcount:
                raise TranscriptChanged(version=found.version, expected=version)
            add_version(tx, vault, transcript_id, version + 1, text, sealed, author=actor.account_id, clock=clock)
            details = {"transcript": transcript_id, "part": found.number, "before": version}
            details |= _counted(text, sealed, version + 1)
            _append(tx, Event.TRANSCRIPT_CHANGED, actor.account_id, found.recording_id, details, clock)
    except BaseException:
        vault.discard(sealed)
        raise
    return version + 1


def remove_transcript(
    tx: Connection,
    vault: Vault,
    jobs: Jobs,
    actor: Actor,
    transcript_id: str,
    *,
    reason: str,
    clock: Clock | None = None,
) -> str:
    """Remove a transcript with all its versions, for good, or end its making, in the caller's transaction; the
    recording's id. What is stored of it nobody can read any more, and goes with the next sweep of the store.

    Raises TranscriptUnknown when the actor may not describe the recording, TranscriptReasonMissing.
    """
    clock, reason = clock or SystemClock(), " ".join(reason.split())
    if not 1 <= len(reason) <= LONGEST_REASON or not reason.isprintable():
        raise TranscriptReasonMissing(longest=LONGEST_REASON)
    found = transcript_of(tx, actor, transcript_id, to_change=True)
    if found.under_way and found.job_id is not None:
        jobs.cancel(tx, found.job_id)
    for table in (transcript_version, transcript_stretch):
        for object_id in tx.scalars(sa.select(table.c.object_id).where(table.c.transcript_id == transcript_id)).all():
            vault.destroy_key(tx, object_id)
        tx.execute(table.delete().where(table.c.transcript_id == transcript_id))
    tx.execute(transcript.delete().where(transcript.c.id == transcript_id))
    details = {"transcript": transcript_id, "part": found.number, "versions": found.version, "reason": reason}
    _append(tx, Event.TRANSCRIPT_REMOVED, actor.account_id, found.recording_id, details, clock)
    return found.recording_id


def add_version(
    tx: Connection,
    vault: Vault,
    transcript_id: str,
    number: int,
    text: TranscriptText,
    sealed: SealedObject,
    *,
    author: str,
    clock: Clock,
) -> None:
    """Record a sealed text as a version, in the transaction of the act that made it."""
    vault.record(tx, sealed)
    words = text.words
    tx.execute(
        transcript_version.insert().values(
            transcript_id=transcript_id,
            number=number,
            object_id=sealed.object_id,
            words=len(words),
            corrected=sum(word.origin is WordOrigin.PERSON for word in words),
            author=author,
            made_at=clock.now(),
        )
    )
    tx.execute(transcript.update().where(transcript.c.id == transcript_id).values(version=number))


def append_made(
    tx: Connection, transcript_id: str, text: TranscriptText, sealed: SealedObject, *, actor: str, clock: Clock
) -> None:
    """Put on record that a transcript was made, as its row stands now. The name of an imported file is no engine, and
    stands in the row alone: people put names into names."""
    columns = part.c.recording_id, part.c.number, part.c.sha256
    joined = transcript.join(part, part.c.id == transcript.c.part_id)
    row = tx.execute(sa.select(transcript, *columns).select_from(joined).where(transcript.c.id == transcript_id)).one()
    hashed = row._mapping[transcript.c.engine_sha256]
    details = {
        "transcript": transcript_id,
        "part": row.number,
        "origin": row.origin,
        "engine": row.engine if row.origin == WordOrigin.MACHINE.value else None,
        "engine_sha256": None if hashed is None else hashed.hex(),
        "rough": row.rough,
        "language": row.language,
        "parent_sha256": row._mapping[part.c.sha256].hex(),
        **_counted(text, sealed),
    }
    _append(tx, Event.TRANSCRIPT_MADE, actor, row.recording_id, details, clock)


def part_to_change(tx: Connection, actor: Actor, part_id: str) -> sa.Row[Any]:
    """A part of a recording that the actor may see and describe, with its key held until the transaction ends, so that
    nothing made of it outlives it. Raises PartUnknown, RecordingDestroyed."""
    query = sa.select(part).join(recording, recording.c.id == part.c.recording_id).where(part.c.id == part_id)
    row = tx.execute(query.where(visible_to(actor).expression, changeable_by(actor).expression)).first()
    if row is None:
        raise PartUnknown(id=part_id)
    must_not_be_destroyed(tx, row.recording_id)
    if not has_key(tx, row.object_id):
        raise RecordingDestroyed(when="a day that is on its page", authority="as its page says")
    return row


def has_key(tx: Connection, object_id: str) -> bool:
    """Whether an object still has its key; held so until the transaction ends."""
    query = sa.select(vault_object.c.key_destroyed_at).where(vault_object.c.object_id == object_id)
    return tx.execute(query.with_for_update(read=True)).scalar_one() is None


def check_language(language: str) -> None:
    """Raise LanguageWrong unless it is a language tag (BCP 47, as far as people write them) or empty."""
    if language and _LANGUAGE.fullmatch(language) is None:
        raise LanguageWrong(language=language[:40])


def _enter(tx: Connection, actor: Actor, part_id: str, clock: Clock, **values: Any) -> str:
    """A new row. Raises TranscriptsTooMany."""
    counted = sa.select(sa.func.count()).select_from(transcript).where(transcript.c.part_id == part_id)
    if tx.execute(counted).scalar_one() >= _MOST:
        raise TranscriptsTooMany(most=_MOST)
    row = {"id": new_id(), "part_id": part_id, "rough": False, "wanted": {}, "version": 0}
    row |= {"made_by": actor.account_id, "made_at": clock.now(), **values}
    tx.execute(transcript.insert().values(row))
    return str(row["id"])


def _counted(text: TranscriptText, sealed: SealedObject, version: int = 1) -> dict[str, Any]:
    """What an event says of a text."""
    words = text.words
    return {
        "version": version,
        "words": len(words),
        "corrected": sum(word.origin is WordOrigin.PERSON for word in words),
        "sha256": sealed.sha256.hex(),
        "chunk_root": sealed.chunk_root.hex(),
        "size": sealed.size,
    }


def _append(tx: Connection, event: Event, actor: str, recording_id: str, details: dict[str, Any], clock: Clock) -> None:
    custody.append(tx, event, actor=actor, recording=recording_id, details=details, clock=clock)
