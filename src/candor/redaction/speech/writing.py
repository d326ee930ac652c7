"""Writing out what is said in a part: what the job does.

It can be killed anywhere. Sound is decoded anew each time, which is quick; what was heard is sealed stretch by stretch,
recorded in transactional steps, and not heard again. What is said never becomes the result of a step: it would outlive
the text in the job's record. A transcript that is removed, or whose recording is destroyed, has no row or no key any
more: then what was heard is thrown away, and the job ends.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.limited import (
    LimitedCancelled,
    LimitedError,
    LimitedHeldUp,
    LimitedKilled,
    LimitedUnavailable,
)
from candor.core.settings import Settings
from candor.footage.tables import part
from candor.footage.transcribing import add_version, append_made, has_key
from candor.footage.transcript_tables import transcript, transcript_stretch
from candor.footage.transcript_text import Cue, TranscriptText, Word, gathered
from candor.footage.transcripts import KIND, TranscriptState
from candor.jobs import Failure, JobContext, JobStopped
from candor.redaction.errors import RedactionError
from candor.redaction.speech.activity import Activity, passages, speech_in
from candor.redaction.speech.decoding import Pcm, decoded
from candor.redaction.speech.transcribers import Transcriber, transcriber_for
from candor.redaction.speech.ways import Way
from candor.store import KeyDestroyed, ObjectArchived, SealedObject, StoreError, Vault

__all__ = ["Writer"]

ACTOR: Final = "system:transcripts"
#: How much of the work decoding and finding speech are, and where writing out ends.
_DECODED, _FOUND, _WRITTEN = 0.1, 0.15, 0.98


@dataclass(frozen=True)
class _Source:
    """What is listened to, and for which transcript."""

    transcript_id: str
    recording_id: str
    number: int
    object_id: str
    sha256: bytes
    way: Way
    language: str


class Writer:
    """Writes out transcripts. `scratch`: a folder for encrypted temporary files; `load`: gives the machine of a way and
    a language; `stretch`: so much of the sound is sealed at a time, in milliseconds, which is what a kill costs."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        settings: Settings,
        clock: Clock,
        scratch: Path | None = None,
        *,
        load: Callable[[Way, Settings, str], Transcriber | None] = transcriber_for,
        stretch: int = 120_000,
    ) -> None:
        self._database, self._vault, self._settings = database, vault, settings
        self._clock, self._scratch, self._load, self._stretch = clock, scratch, load, stretch

    def write(self, context: JobContext, params: dict[str, Any]) -> None:
        """Write out one transcript."""
        with self._database.read() as tx:
            source = _source(tx, params["transcript"], context.job_id)
        if source is None:
            return  # removed meanwhile, or finished
        context.transaction("begin", lambda tx: _set(tx, source.transcript_id, state=TranscriptState.MAKING.value))
        try:
            machine = self._load(source.way, self._settings, source.language)
            with self._sound(context, source) as pcm:
                activity = speech_in(
                    pcm, progress=lambda done: context.progress(_DECODED + done * (_FOUND - _DECODED)),
                    cancelled=context.cancelled,
                )  # fmt: skip
                if activity is None or not self._hear(context, source, pcm, activity, machine):
                    return
        except (LimitedCancelled, LimitedHeldUp, LimitedKilled, LimitedUnavailable):
            if context.cancelled():
                return
            raise
        except (LimitedError, KeyDestroyed, ObjectArchived, RedactionError) as error:
            context.transaction("fail", self._failing(source.transcript_id, str(error)))
            return
        self._finish(context, source, activity, machine)

    def _sound(self, context: JobContext, source: _Source) -> Pcm:
        with self._database.read() as tx:
            stream = self._vault.open(tx, source.object_id)
        with stream:
            return decoded(
                cast(BinaryIO, stream),
                progress=lambda done: context.progress(_DECODED * done),
                cancelled=context.cancelled,
                scratch=self._scratch,
            )

    # hearing

    def _hear(
        self, context: JobContext, source: _Source, pcm: Pcm, activity: Activity, machine: Transcriber | None
    ) -> bool:
        """Write out every passage that was not yet; False when that is wanted no more."""
        if machine is None:
            return True
        with self._database.read() as tx:
            number, heard_until = _so_far(tx, source.transcript_id)
        waiting: list[Word] = []
        language, since = source.language, heard_until
        left = [one for one in passages(activity.speech) if one[0] >= heard_until]
        for place, (begin, until) in enumerate(left):
            if context.cancelled():
                return False
            heard = machine.hear(pcm.read(begin, until), language)
            language = language or heard.language
            waiting += _moved(heard.words, begin, until)
            context.progress(_FOUND + (_WRITTEN - _FOUND) * until / max(1, pcm.milliseconds))
            if until - since >= self._stretch or place == len(left) - 1:
                text = TranscriptText((Cue(begin, until, tuple(waiting)),) if waiting else (), language)
                if not self._keep_stretch(context, source, number, until, text):
                    return False
                number, since, waiting = number + 1, until, []
        return True

    def _keep_stretch(
        self, context: JobContext, source: _Source, number: int, until: int, text: TranscriptText
    ) -> bool:
        def keep(tx: Connection, sealed: SealedObject) -> None:
            self._vault.record(tx, sealed)
            row = {"transcript_id": source.transcript_id, "number": number, "until_ms": until}
            tx.execute(transcript_stretch.insert().values(**row, object_id=sealed.object_id))

        return self._sealed(context, source, f"stretch {number}", text, keep)

    def _sealed(
        self,
        context: JobContext,
        source: _Source,
        step: str,
        text: TranscriptText,
        keep: Callable[[Connection, SealedObject], None],
    ) -> bool:
        """Seal a text and record it in a transactional step, unless the transcript or the footage is gone; whether it
        is there."""
        sealed = self._vault.seal(KIND, io.BytesIO(text.to_bytes()))

        def record(tx: Connection) -> str:
            if not has_key(tx, source.object_id) or not _held(tx, source.transcript_id, context.job_id):
                return ""
            keep(tx, sealed)
            return sealed.object_id

        try:
            recorded = context.transaction(step, record)
        except JobStopped:
            self._vault.discard(sealed)
            raise
        if recorded != sealed.object_id:
            self._vault.discard(sealed)
        return bool(recorded)

    # the end

    def _finish(self, context: JobContext, source: _Source, activity: Activity, machine: Transcriber | None) -> None:
        """Join the stretches into the first version; what they were is gone then."""
        with self._database.read() as tx:
            stretches = _stretches(tx, source.transcript_id)
            texts = [self._text(tx, one) for one in stretches]
        words = [word for text in texts for word in text.words]
        language = next((text.language for text in texts if text.language), source.language)
        text = TranscriptText(gathered(words), language, activity.speech)
        name = activity.name if machine is None else machine.name
        remarks = [one for one in (activity.remark, None if machine is None else machine.remark) if one]

        def keep(tx: Connection, sealed: SealedObject) -> None:
            now = self._clock.now()
            sha256, rough = (None, False) if machine is None else (machine.sha256, machine.rough)
            values: dict[str, Any] = {"state": TranscriptState.READY.value, "engine": name, "rough": rough}
            values |= {"engine_sha256": sha256}
            values |= {"language": language, "problem": None, "remark": " ".join(remarks) or None, "ready_at": now}
            _set(tx, source.transcript_id, **values)
            add_version(tx, self._vault, source.transcript_id, 1, text, sealed, author=ACTOR, clock=self._clock)
            for object_id in stretches:
                self._vault.destroy_key(tx, object_id)
            mine = transcript_stretch.c.transcript_id == source.transcript_id
            tx.execute(transcript_stretch.delete().where(mine))
            append_made(tx, source.transcript_id, text, sealed, actor=ACTOR, clock=self._clock)

        if self._sealed(context, source, "record", text, keep):
            self._erase(stretches)

    def _text(self, tx: Connection, object_id: str) -> TranscriptText:
        with self._vault.open(tx, object_id) as stream:
            return TranscriptText.from_bytes(stream.read())

    def _erase(self, object_ids: list[str]) -> None:
        """Remove the bytes of stretches, which nobody can read any more; what stays is swept later."""
        for object_id in object_ids:
            with contextlib.suppress(StoreError), self._database.read() as tx:
                self._vault.erase(tx, object_id)

    # failing

    def _failing(self, transcript_id: str, problem: str) -> Callable[[Connection], None]:
        def fail(tx: Connection) -> None:
            stretches = _stretches(tx, transcript_id)
            for object_id in stretches:
                self._vault.destroy_key(tx, object_id)
            tx.execute(transcript_stretch.delete().where(transcript_stretch.c.transcript_id == transcript_id))
            _set(tx, transcript_id, state=TranscriptState.FAILED.value, problem=problem)

        return fail

    def give_up(self, tx: Connection, failure: Failure) -> None:
        """Say that nothing will come of it, in the transaction that ends the job."""
        found = _source(tx, failure.job.params["transcript"], failure.job.id)
        if found is not None:
            self._failing(found.transcript_id, failure.problem)(tx)


def _source(tx: Connection, transcript_id: str, job_id: str) -> _Source | None:
    """What the job is to do; None when the transcript is gone, ready, or another job's."""
    query = sa.select(transcript, part.c.recording_id, part.c.number, part.c.object_id, part.c.sha256)
    row = tx.execute(
        query.join(part, part.c.id == transcript.c.part_id).where(transcript.c.id == transcript_id)
    ).first()
    open_states = (TranscriptState.WAITING.value, TranscriptState.MAKING.value)
    if row is None or row.job_id != job_id or row.state not in open_states:
        return None
    way, language = Way(row.wanted["by"]), str(row.wanted["language"])
    return _Source(transcript_id, row.recording_id, row.number, row.object_id, row.sha256, way, language)


def _set(tx: Connection, transcript_id: str, **values: Any) -> None:
    tx.execute(transcript.update().where(transcript.c.id == transcript_id).values(values))


def _held(tx: Connection, transcript_id: str, job_id: str) -> bool:
    """Whether the transcript is still there and this job's; held so until the transaction ends."""
    query = sa.select(transcript.c.job_id).where(transcript.c.id == transcript_id).with_for_update()
    return tx.scalar(query) == job_id


def _stretches(tx: Connection, transcript_id: str) -> list[str]:
    query = sa.select(transcript_stretch.c.object_id).where(transcript_stretch.c.transcript_id == transcript_id)
    return list(tx.scalars(query.order_by(transcript_stretch.c.number)))


def _so_far(tx: Connection, transcript_id: str) -> tuple[int, int]:
    """The number of the next stretch, and up to where everything was heard."""
    columns = sa.func.count(), sa.func.max(transcript_stretch.c.until_ms)
    count, until = tx.execute(sa.select(*columns).where(transcript_stretch.c.transcript_id == transcript_id)).one()
    return int(count), int(until or 0)


def _moved(words: tuple[Word, ...], begin: int, until: int) -> list[Word]:
    """Words of a passage at their place in the part, within the passage."""
    return [replace(word, begin=min(until, begin + word.begin), until=min(until, begin + word.until)) for word in words]
