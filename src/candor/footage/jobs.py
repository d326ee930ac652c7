"""The job that makes renditions.

It can be killed anywhere. What is made is sealed first, then recorded in a transactional step together with its
custody event; a second run makes only what is missing. A wrapped key never becomes the result of a step: it would
outlive the key's destruction in the job's record.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.database import Database
from candor.core.limited import LimitedCancelled, LimitedError, LimitedUnavailable
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.media import MAKERS, RenditionResult, make_renditions
from candor.footage.renditions import JOB, Rendition, renditions_of
from candor.footage.rules import RENDITION_WORDS, RenditionState
from candor.footage.tables import part, rendition
from candor.jobs import Failure, JobContext, Jobs, JobStopped
from candor.store import KeyDestroyed, SealedObject, Vault
from candor.store.tables import vault_object

__all__ = ["register"]

ACTOR = "system:renditions"


def register(
    jobs: Jobs, database: Database, vault: Vault, *, clock: Clock | None = None, scratch: Path | None = None
) -> None:
    """Have this process know how to make renditions. `scratch`: a folder for encrypted temporary files."""
    maker = _Maker(database, vault, clock or SystemClock(), scratch)
    jobs.register(JOB, maker.make, on_failure=maker.give_up)


class _Maker:
    def __init__(self, database: Database, vault: Vault, clock: Clock, scratch: Path | None) -> None:
        self._database, self._vault, self._clock, self._scratch = database, vault, clock, scratch

    def make(self, context: JobContext, params: dict[str, Any]) -> None:
        """Make every rendition of a part that is not ready."""
        part_id = params["part"]
        with self._database.read() as tx:
            source = tx.execute(sa.select(part).where(part.c.id == part_id)).one()
            missing = [found for found in renditions_of(tx, part_id) if found.state is not RenditionState.READY]
        if not missing:
            return
        context.transaction("begin", lambda tx: _set_state(tx, missing, RenditionState.MAKING))
        try:
            with self._database.read() as tx:
                stream = self._vault.open(tx, source.object_id)
            with stream:
                made = make_renditions(
                    cast(BinaryIO, stream),
                    [found.kind.value for found in missing],
                    context.progress,
                    context.cancelled,
                    scratch=self._scratch,
                )
        except (LimitedCancelled, LimitedUnavailable):
            # Stopped from outside: the job goes on later, or was wanted no more. No child: worth another attempt.
            if context.cancelled():
                return
            raise
        except (LimitedError, KeyDestroyed) as error:
            self._fail(context, source, missing, str(error))
            return
        with contextlib.ExitStack() as files:
            for result in made.values():
                files.callback(result.file.close)
            self._keep(context, source, missing, made)

    def _keep(
        self, context: JobContext, source: sa.Row[Any], missing: list[Rendition], made: dict[str, RenditionResult]
    ) -> None:
        for found in missing:
            result = made.get(found.kind.value)
            if result is None:
                words = f"There is nothing in the file to make a {RENDITION_WORDS[found.kind]} of."
                self._fail(context, source, [found], words)
                continue
            with contextlib.closing(result.file):
                sealed = self._vault.seal(found.kind.value, cast(Any, result.file))
            try:
                recorded = context.transaction(f"record {found.kind}", self._recording(source, found, result, sealed))
            except JobStopped:  # nothing was recorded; of footage that is destroyed nothing is left lying about
                self._vault.discard(sealed)
                raise
            if recorded != sealed.object_id:
                self._vault.discard(sealed)

    def _recording(
        self, source: sa.Row[Any], found: Rendition, result: RenditionResult, sealed: SealedObject
    ) -> Callable[[Connection], str]:
        """The transactional step that makes a rendition ready; it returns the object that is."""

        def record(tx: Connection) -> str:
            if not _has_key(tx, source.object_id):
                return ""  # destroyed while this was being made: a copy must not outlive it
            self._vault.record(tx, sealed)
            tx.execute(
                rendition.update()
                .where(rendition.c.id == found.id)
                .values(
                    state=RenditionState.READY.value,
                    object_id=sealed.object_id,
                    media_type=result.media_type,
                    made_by=result.maker,
                    details=result.details,
                    problem=None,
                    ready_at=self._clock.now(),
                )
            )
            details = {
                "rendition": found.id,
                "kind": found.kind.value,
                "sha256": sealed.sha256.hex(),
                "chunk_root": sealed.chunk_root.hex(),
                "size": sealed.size,
                "parent_sha256": source.sha256.hex(),
                "maker": result.maker,
            }
            self._append(tx, Event.RENDITION_MADE, source.recording_id, details)
            return sealed.object_id

        return record

    def _fail(self, context: JobContext, source: sa.Row[Any], missing: list[Rendition], problem: str) -> None:
        for found in missing:
            context.transaction(f"fail {found.kind}", self._failing(source, found, problem))

    def _failing(self, source: sa.Row[Any], found: Rendition, problem: str) -> Callable[[Connection], None]:
        def fail(tx: Connection) -> None:
            if not _set_state(tx, [found], RenditionState.FAILED, problem):
                return
            details = {
                "rendition": found.id,
                "kind": found.kind.value,
                "parent_sha256": source.sha256.hex(),
                "maker": MAKERS[found.kind.value],
                "problem": problem,
            }
            self._append(tx, Event.RENDITION_FAILED, source.recording_id, details)

        return fail

    def give_up(self, tx: Connection, failure: Failure) -> None:
        """Put on record that what the job has not made will not come, in the transaction that ends the job."""
        part_id = failure.job.params["part"]
        source = tx.execute(sa.select(part).where(part.c.id == part_id)).first()
        if source is None:
            return
        for found in renditions_of(tx, part_id):
            if found.state is not RenditionState.READY:
                self._failing(source, found, failure.problem)(tx)

    def _append(self, tx: Connection, event: Event, recording_id: str, details: dict[str, Any]) -> None:
        custody.append(tx, event, actor=ACTOR, recording=recording_id, details=details, clock=self._clock)


def _has_key(tx: Connection, object_id: str) -> bool:
    """Whether an object still has its key; held so until the transaction ends."""
    query = sa.select(vault_object.c.key_destroyed_at).where(vault_object.c.object_id == object_id)
    return tx.execute(query.with_for_update(read=True)).scalar_one() is None


def _set_state(tx: Connection, which: list[Rendition], state: RenditionState, problem: str | None = None) -> int:
    """Set the state of those that are not ready; how many that were."""
    chosen = rendition.c.id.in_([found.id for found in which]), rendition.c.state != RenditionState.READY.value
    values: dict[str, Any] = {"state": state.value} | ({} if problem is None else {"problem": problem})
    return tx.execute(rendition.update().where(*chosen).values(values)).rowcount
